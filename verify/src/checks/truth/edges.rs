//! Batches made sharper: numbers next to each other, on and around the places where formulas bend, at the ends of what a label or a
//! condition admits, infinite, and NaN.

use loss_runtime::info::{InputInfo, Label};
use loss_runtime::{Element, Loss, Request, run};

use crate::generators::{Batch, Random, Values};

/// The batch with some of its numbers moved to where it matters; of some batches, half of them to the ends.
pub(in crate::checks) fn sharpen<T: Element>(loss: &dyn Loss, mut batch: Batch<T>, random: &mut Random) -> Batch<T> {
    if random.chance(0.2) {
        return ends(loss, batch, random);
    }
    let inputs = loss.info().inputs;
    let plain: Vec<usize> = (0..inputs.len()).filter(|&input| is_plain(&inputs[input])).collect();
    for (input, info) in inputs.iter().enumerate() {
        match info.label {
            Label::Real if is_plain(info) => {
                sharpen_input(loss, &mut batch, input, 0.25, random, |batch, place, random| match random.below(12) {
                    0 => special::<T>(random),
                    1 => 0.0,
                    _ => near(batch, &plain, place, random),
                });
            }
            Label::Real | Label::Nonnegative | Label::Positive | Label::Probability => {
                sharpen_input(loss, &mut batch, input, 0.1, random, |_, _, random| *random.pick(&EXTREMES));
            }
            Label::Binary
            | Label::Sign
            | Label::Flag
            | Label::Count
            | Label::ClassIndex
            | Label::MultiHot
            | Label::Simplex
            | Label::Group => {}
        }
    }
    batch
}

/// The batch with half of its numbers at the ends of all that there is: weights of 0 and shares of 0 and 1 beside plain numbers that are
/// infinite, or NaN. Not both: which of them comes through is nobody's claim.
pub(super) fn ends<T: Element>(loss: &dyn Loss, mut batch: Batch<T>, random: &mut Random) -> Batch<T> {
    const INFINITE: &[f64] = &[0.0, 1.0, f64::INFINITY, f64::NEG_INFINITY];
    const NAN: &[f64] = &[0.0, 1.0, f64::NAN];
    let plain = if random.chance(0.5) { INFINITE } else { NAN };
    for (input, info) in loss.info().inputs.iter().enumerate() {
        let ends = if is_plain(info) { plain } else { &[0.0, 0.0, 1.0] };
        sharpen_input(loss, &mut batch, input, 0.5, random, |_, _, random| *random.pick(ends));
    }
    batch
}

/// Moves a share of an input's numbers, each only if the loss then still answers.
fn sharpen_input<T: Element>(
    loss: &dyn Loss,
    batch: &mut Batch<T>,
    input: usize,
    share: f64,
    random: &mut Random,
    to: impl Fn(&Batch<T>, usize, &mut Random) -> f64,
) {
    for place in 0..reals(batch, input).map_or(0, <[T]>::len) {
        if !random.chance(share) {
            continue;
        }
        let mut number = nudged(T::from_f64(to(batch, place, random)), random);
        let mut swap = |batch: &mut Batch<T>| {
            if let Some(Values::Real(values)) = batch.inputs[input].as_mut().map(|column| &mut column.values) {
                std::mem::swap(&mut values[place], &mut number);
            }
        };
        swap(batch);
        if run(loss, &batch.call(), Request::default()).is_err() {
            swap(batch);
        }
    }
}

/// Whether any number will do.
fn is_plain(info: &InputInfo) -> bool {
    info.label == Label::Real && info.domain.is_none()
}

/// The ends of what a label or a condition may admit, and what lies near them.
const EXTREMES: [f64; 10] = [0.0, 0.0, 1.0, 1.0, 0.5, 1e-30, 1e-8, 1e-4, 1e4, 1e30];

fn reals<T: Element>(batch: &Batch<T>, input: usize) -> Option<&[T]> {
    batch.inputs[input].as_ref()?.values.reals()
}

/// Large numbers are such that their squares are too large for the type.
fn special<T: Element>(random: &mut Random) -> f64 {
    let large = T::MAX.to_f64().powf(0.78);
    *random.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30, -1e30, 1e-30, 120.0, -120.0, large, -large])
}

/// Another number of the same place, plus or minus a parameter or a round number.
fn near<T: Element>(batch: &Batch<T>, plain: &[usize], place: usize, random: &mut Random) -> f64 {
    let other = reals(batch, *random.pick(plain)).and_then(|values| values.get(place)).map_or(0.0, |x| x.to_f64());
    let params = &batch.params;
    let step = match random.below(4) {
        0 => 0.0,
        1 => *random.pick(&[1.0, -1.0, 0.5, -0.5]),
        _ if params.is_empty() => 1.0,
        _ => {
            let param = *random.pick(params);
            if random.chance(0.5) { param } else { -param }
        }
    };
    let base = if random.chance(0.7) { other } else { 0.0 };
    if step.is_finite() { base + step } else { base }
}

/// The number itself, or one of its neighbours.
fn nudged<T: Element>(number: T, random: &mut Random) -> T {
    if !number.is_finite() || number == T::ZERO {
        return number;
    }
    let steps = random.below(7) as i64 - 3;
    let moved = T::from_bits(number.bits().wrapping_add_signed(steps));
    if moved.is_finite() { moved } else { number }
}
