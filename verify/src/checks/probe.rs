//! Running one batch, with outputs that show what was written.

use loss_runtime::call::MAX_PARAMS;
use loss_runtime::info::{InputInfo, LossInfo};
use loss_runtime::lane::Isa;
use loss_runtime::{Element, Error, Execution, Loss, Outcome, Reduction, Request, Upstream, run, shape_of_none};

use crate::generators::Batch;

/// How a batch is run.
#[derive(Clone, Copy)]
pub(super) struct Probe<'a, T> {
    pub(super) reduction: Reduction<'a>,
    pub(super) upstream: Upstream<'a, T>,
    pub(super) isa: Option<Isa>,
    pub(super) threads: Option<usize>,
}

impl<T> Default for Probe<'_, T> {
    fn default() -> Self {
        Self { reduction: Reduction::None, upstream: Upstream::One, isa: None, threads: Some(1) }
    }
}

/// What came out.
#[derive(Clone, Debug)]
pub(super) struct Found<T> {
    /// The values of `none`; empty under another reduction.
    pub(super) elements: Vec<T>,
    /// By input; `None` for those without gradient or absent.
    pub(super) gradients: Vec<Option<Vec<T>>>,
    /// The gradients of parameters; the poison for those without one, or where they are not asked for.
    pub(super) params: [f64; MAX_PARAMS],
    pub(super) outcome: Outcome<T>,
}

/// A NaN that no computation makes: an output that still holds it was not written.
pub(super) fn poison<T: Element>() -> T {
    T::from_bits(T::NAN.bits() | 0x2a5a5)
}

/// Runs a batch: values (for `none`), the reduced value, and every gradient that rows or places have of their own.
pub(super) fn find<T: Element>(loss: &dyn Loss, batch: &Batch<T>, probe: Probe<'_, T>) -> Result<Found<T>, Error> {
    find_among(loss, batch, probe, Gradients::OfRows)
}

/// The same, with the gradients of what all rows share.
pub(super) fn find_all<T: Element>(loss: &dyn Loss, batch: &Batch<T>, probe: Probe<'_, T>) -> Result<Found<T>, Error> {
    find_among(loss, batch, probe, Gradients::All)
}

/// Which gradients are asked for.
#[derive(Clone, Copy, PartialEq)]
enum Gradients {
    /// Those that rows or places have of their own.
    OfRows,
    /// Those of what all rows share too.
    All,
}

fn find_among<T: Element>(
    loss: &dyn Loss,
    batch: &Batch<T>,
    probe: Probe<'_, T>,
    which: Gradients,
) -> Result<Found<T>, Error> {
    let mut gradients = match which {
        Gradients::OfRows => gradient_buffers(loss, batch),
        Gradients::All => buffers(loss, batch, |input| input.gradient),
    };
    let mut call = batch.call();
    call.execution = Execution { isa: probe.isa, threads: probe.threads };
    let none_len = shape_of_none(loss, &call)?.len();
    let wants_elements = probe.reduction == Reduction::None;
    let mut elements = vec![poison::<T>(); if wants_elements { none_len } else { 0 }];
    let mut params = [poison(); MAX_PARAMS];
    let mut request = Request {
        reduction: probe.reduction,
        upstream: probe.upstream,
        elements: wants_elements.then_some(elements.as_mut_slice()),
        ..Request::default()
    };
    for (slot, gradient) in request.gradients.iter_mut().zip(&mut gradients) {
        *slot = gradient.as_deref_mut();
    }
    if which == Gradients::All {
        ask_params(loss.info(), batch, &mut request.params, &mut params);
    }
    let outcome = run(loss, &call, request)?;
    Ok(Found { elements, gradients, params, outcome })
}

/// Asks for the gradient of each parameter that has one and is given.
pub(super) fn ask_params<'p, T>(
    info: &LossInfo,
    batch: &Batch<T>,
    slots: &mut [Option<&'p mut f64>; MAX_PARAMS],
    gradients: &'p mut [f64; MAX_PARAMS],
) {
    for (place, (slot, gradient)) in slots.iter_mut().zip(gradients).enumerate().take(info.params.len()) {
        *slot = asks(info, batch, place).then_some(gradient);
    }
}

/// Whether a parameter has a gradient, and is given.
pub(super) fn asks<T>(info: &LossInfo, batch: &Batch<T>, place: usize) -> bool {
    info.params[place].gradient && !(info.params[place].optional && batch.params[place].is_nan())
}

/// A poisoned buffer for each gradient that rows or places have of their own.
pub(super) fn gradient_buffers<T: Element>(loss: &dyn Loss, batch: &Batch<T>) -> Vec<Option<Vec<T>>> {
    // What all rows share has a gradient that is a sum: `shared_gradients` looks at those.
    buffers(loss, batch, InputInfo::has_row_gradients)
}

fn buffers<T: Element>(loss: &dyn Loss, batch: &Batch<T>, wanted: impl Fn(&InputInfo) -> bool) -> Vec<Option<Vec<T>>> {
    let inputs = loss.info().inputs.iter().zip(&batch.inputs);
    inputs
        .map(|(input, column)| {
            let own = column.as_ref().filter(|_| wanted(input));
            let reals = own.and_then(|column| column.values.reals())?;
            Some(vec![poison::<T>(); reals.len()])
        })
        .collect()
}

/// Whether two numbers are the same: bit for bit, but that one computed NaN is as good as another. The poison is no computed NaN.
pub(super) fn same<T: Element>(a: T, b: T) -> bool {
    let poison = poison::<T>().bits();
    a.bits() == b.bits() || (a.is_nan() && b.is_nan() && a.bits() != poison && b.bits() != poison)
}

/// The first place at which two slices differ.
pub(super) fn first_difference<T: Element>(a: &[T], b: &[T]) -> Option<usize> {
    if a.len() != b.len() {
        return Some(a.len().min(b.len()));
    }
    a.iter().zip(b).position(|(&a, &b)| !same(a, b))
}

/// A number and its bits.
pub(super) fn show<T: Element>(number: T) -> String {
    format!("{number} ({:#x})", number.bits())
}

/// Compares two results whole; `what` says of what.
pub(super) fn compare<T: Element>(
    loss: &dyn Loss,
    expected: &Found<T>,
    actual: &Found<T>,
    what: &str,
    tally: &mut super::Tally,
) {
    let mut slices = vec![("value of none".to_owned(), expected.elements.as_slice(), actual.elements.as_slice())];
    for (input, (a, b)) in loss.info().inputs.iter().zip(expected.gradients.iter().zip(&actual.gradients)) {
        if let (Some(a), Some(b)) = (a, b) {
            slices.push((format!("gradient of {}", input.name), a, b));
        }
    }
    for (name, a, b) in slices {
        match first_difference(a, b) {
            None => tally.pass(a.len() as u64),
            Some(place) => {
                let at = |slice: &[T]| slice.get(place).map_or_else(|| "nothing".to_owned(), |&number| show(number));
                tally.fail(&format!("{name}, place {place}; {what}"), || (at(a), at(b)));
            }
        }
    }
    let reduced = |found: &Found<T>| (found.outcome.value, found.outcome.partial);
    let ((value_a, partial_a), (value_b, partial_b)) = (reduced(expected), reduced(actual));
    let same_value = match (value_a, value_b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if same_value && same(partial_a.sum, partial_b.sum) && partial_a.divisor == partial_b.divisor {
        tally.pass(1);
    } else {
        tally.fail(&format!("reduced value; {what}"), || {
            (format!("{:?}, {:?}", value_a, partial_a), format!("{:?}, {:?}", value_b, partial_b))
        });
    }
}
