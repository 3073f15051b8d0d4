//! The drivers, on kernels written by hand: every length, layout, instruction set and number of threads.
#![expect(clippy::unwrap_used, reason = "a call that is refused where it must not be, or the reverse, ends the test")]

mod asked;
mod at_once;
mod broadcast;
mod checks;
mod declarations;
mod dropped;
mod elementwise;
mod far;
mod in_place;
mod kernels;
mod labels;
mod losses;
#[cfg(feature = "half")]
mod narrow;
mod open;
mod probabilities;
mod row_wise;
mod second_order;
mod shared;
mod split;

use loss_runtime::call::{Call, Execution, MAX_INPUTS, Outcome, Reduction, Request, Upstream};
use loss_runtime::{Array, Element, Error, Loss, Shape, Tensor, run};

/// Numbers in -2..2, the same for the same seed.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // 24 bits, so that the number is the same in both types.
        (state >> 40) as f64 / f64::from(1 << 22) - 2.0
    };
    (0..count).map(|_| next()).collect()
}

fn round<T: Element>(numbers: &[f64]) -> Vec<T> {
    numbers.iter().map(|number| T::from_f64(*number)).collect()
}

fn tensor<'a, T>(data: &'a [T], extents: &[usize]) -> Tensor<'a, T> {
    Tensor { data, shape: Shape::new(extents).unwrap(), row_stride: None }
}

/// What a call gave, with the outputs between guards.
#[derive(Clone, Debug)]
struct Answer<T> {
    outcome: Outcome<T>,
    elements: Vec<T>,
    gradients: Vec<Vec<T>>,
}

/// What stands before and after every output, and in it before the call.
const GUARD: f64 = -12345.0;
const GUARDS: usize = 3;

fn guarded<T: Element>(len: usize) -> Vec<T> {
    vec![T::from_f64(GUARD); len + 2 * GUARDS]
}

fn unguard<T: Element>(mut buffer: Vec<T>) -> Vec<T> {
    let end = buffer.len() - GUARDS;
    assert!(buffer[..GUARDS].iter().chain(&buffer[end..]).all(|value| value.to_f64() == GUARD), "a guard is gone");
    buffer.drain(end..);
    buffer.drain(..GUARDS);
    buffer
}

/// Asks for everything: values of `none` (`len` of them), and gradients of these lengths (0: not asked for).
fn ask<T: Element>(
    loss: &dyn Loss,
    inputs: &[Array<'_, T>],
    execution: Execution,
    reduction: Reduction<'_>,
    upstream: Upstream<'_, T>,
    len: Option<usize>,
    lengths: &[usize],
) -> Result<Answer<T>, (Error, bool)> {
    let mut call = Call { execution, ..Call::default() };
    for (slot, input) in call.inputs.iter_mut().zip(inputs) {
        *slot = Some(*input);
    }
    let mut elements = guarded::<T>(len.unwrap_or(0));
    let mut gradients: Vec<Vec<T>> = lengths.iter().map(|len| guarded(*len)).collect();
    let mut request = Request { reduction, upstream, ..Request::default() };
    if let Some(len) = len {
        request.elements = Some(&mut elements[GUARDS..GUARDS + len]);
    }
    for ((slot, gradient), len) in request.gradients.iter_mut().zip(&mut gradients).zip(lengths) {
        if *len > 0 {
            *slot = Some(&mut gradient[GUARDS..GUARDS + len]);
        }
    }
    assert!(lengths.len() <= MAX_INPUTS);
    match run(loss, &call, request) {
        Ok(outcome) => {
            Ok(Answer { outcome, elements: unguard(elements), gradients: gradients.into_iter().map(unguard).collect() })
        }
        Err(error) => {
            let untouched = elements.iter().chain(gradients.iter().flatten()).all(|value| value.to_f64() == GUARD);
            Err((error, untouched))
        }
    }
}

/// The bits, NaNs all alike.
fn bits<T: Element>(values: &[T]) -> Vec<u64> {
    values.iter().map(|value| if value.is_nan() { u64::MAX } else { value.bits() }).collect()
}

/// Says where the first of many numbers differs.
#[track_caller]
fn assert_bits<T: Element>(one: &[T], other: &[T], what: &str) {
    assert_eq!(one.len(), other.len(), "{what}");
    let (first, second) = (bits(one), bits(other));
    if let Some(at) = (0..one.len()).find(|&at| first[at] != second[at]) {
        panic!("{what}, place {at}: {} and {}, bits {:#x} and {:#x}", one[at], other[at], first[at], second[at]);
    }
}

#[track_caller]
fn assert_same<T: Element>(one: &Answer<T>, other: &Answer<T>, what: &str) {
    assert_eq!(one.outcome.partial.sum.to_bits(), other.outcome.partial.sum.to_bits(), "{what}: sum");
    assert_eq!(one.outcome.partial.divisor, other.outcome.partial.divisor, "{what}: divisor");
    assert_bits(&one.elements, &other.elements, &format!("{what}: values"));
    for (input, (one, other)) in one.gradients.iter().zip(&other.gradients).enumerate() {
        assert_bits(one, other, &format!("{what}: gradient of input {input}"));
    }
}

#[track_caller]
fn assert_close<T: Element>(actual: T, expected: f64, scale: f64, what: &str) {
    let tolerance = T::EPSILON.to_f64() * 40.0 * scale.max(1e-3);
    assert!((actual.to_f64() - expected).abs() <= tolerance, "{what}: {actual} instead of {expected}");
}

/// Lengths at which loops end in every way.
fn lengths() -> impl Iterator<Item = usize> {
    let around = [512, 8192, 16384].into_iter().flat_map(|size| size - 17..=size + 17);
    (0..=130).chain(around)
}

const SERIAL: Execution = Execution { isa: None, threads: Some(1) };
