//! A gradient that takes the place of its input, against one in a buffer of its own.

use loss_runtime::call::MAX_PARAMS;
use loss_runtime::info::Position;
use loss_runtime::registry::VariantKey;
use loss_runtime::{Call, Element, Error, Execution, Reduction, Request, Shape, TensorMut, Upstream, run_in_place};

use crate::generators::{Random, Values};
use crate::subject::{Effort, Subject};

use super::geometry::{refused, sizes, upstream_each};
use super::probe::{Found, Probe, compare, find, gradient_buffers, poison};
use super::sample::{Sample, each, each_once};
use super::ways::{isas, long_batches, threads, with_threads};
use super::{Finding, Tally};

/// Every input with a gradient, overwritten by it.
pub(super) fn gradient_in_place_is_the_same(subject: &Subject, effort: &Effort) -> Finding {
    if subject.is_mutant() {
        return Finding::skipped("the faults of mutants are made between the kernels and buffers of their own");
    }
    let mut tally = Tally::new(subject, effort);
    let short = sizes(subject);
    let (long, isas, threads) = (long_batches(subject), isas(), threads());
    let name = |what: &str| format!("gradient_in_place_is_the_same {what}");
    each::<f32>(subject, effort, &name("f32"), &short, &mut tally, |s, random, tally| look(s, random, &isas, tally));
    each::<f64>(subject, effort, &name("f64"), &short, &mut tally, |s, random, tally| look(s, random, &isas, tally));
    let skipped = with_threads(|| {
        each_once::<f32>(subject, effort, &name("threads"), &long, &mut tally, |sample, random, tally| {
            look(sample, random, &threads, tally);
        });
    });
    skipped.unwrap_or_else(|| tally.finding())
}

fn look<T: Element>(sample: &Sample<'_, T>, random: &mut Random, ways: &[Execution], tally: &mut Tally) {
    let upstream = match upstream_each(sample, random) {
        Ok(upstream) => upstream,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    for (reduction, upstream) in
        [(Reduction::None, Upstream::Each(&upstream[..])), (Reduction::Sum, Upstream::Scalar(T::from_f64(0.37)))]
    {
        let expected = match find(sample.loss, &sample.batch, Probe { reduction, upstream, ..Probe::default() }) {
            Ok(expected) => expected,
            Err(refusal) => return refused(sample, &refusal, tally),
        };
        for (input, info) in sample.info.inputs.iter().enumerate().filter(|(_, info)| info.has_row_gradients()) {
            for &execution in ways {
                let probe = Probe { reduction, upstream, isa: execution.isa, threads: execution.threads };
                let what = format!("{} in place, {execution:?}; {}", info.name, sample.describe());
                match (overwritten(sample, input, probe), is_possible(sample)) {
                    (None, _) => {}
                    (Some(Ok(found)), true) => compare(sample.loss, &expected, &found, &what, tally),
                    (Some(Err(Error::Unsupported { .. })), false) => tally.pass(1),
                    (Some(Ok(_)), false) => tally.fail(&what, || ("a refusal".to_owned(), "an answer".to_owned())),
                    (Some(Err(refusal)), _) => tally.fail(&what, || ("an answer".to_owned(), refusal.to_string())),
                }
            }
        }
    }
}

/// Whether no row is read whole, or rows lie one after the other, not side by side.
fn is_possible<T: Element>(sample: &Sample<'_, T>) -> bool {
    let call: Call<'_, T> = sample.batch.call();
    let present =
        (0..).zip(&call.inputs).filter(|(_, input)| input.is_some()).fold(0, |all, (place, _)| all | 1 << place);
    let params = &call.params[..sample.info.params.len()];
    let second = sample.info.axes.iter().any(|axis| axis.position == Position::Second);
    T::variant(sample.loss, &VariantKey { params, present }).loss.of_places
        || !second
        || sample.extents.rows.iter().skip(1).product::<usize>() == 1
}

/// The call with one input overwritten; nothing if the batch does not have that.
fn overwritten<T: Element>(
    sample: &Sample<'_, T>,
    input: usize,
    probe: Probe<'_, T>,
) -> Option<Result<Found<T>, Error>> {
    let column = sample.batch.inputs[input].as_ref()?;
    let Values::Real(values) = &column.values else { return None };
    let mut values = values.clone();
    let shape = Shape::new(&column.shape)?;
    let mut call: Call<'_, T> = sample.batch.call();
    let none_len = loss_runtime::shape_of_none(sample.loss, &call).ok()?.len();
    call.inputs[input] = None;
    call.execution = Execution { isa: probe.isa, threads: probe.threads };
    let wants_elements = probe.reduction == Reduction::None;
    let mut elements = vec![poison::<T>(); if wants_elements { none_len } else { 0 }];
    let mut gradients = gradient_buffers(sample.loss, &sample.batch);
    let mut request = Request {
        reduction: probe.reduction,
        upstream: probe.upstream,
        elements: wants_elements.then_some(elements.as_mut_slice()),
        ..Request::default()
    };
    for (place, (slot, gradient)) in request.gradients.iter_mut().zip(&mut gradients).enumerate() {
        *slot = if place == input { None } else { gradient.as_deref_mut() };
    }
    let tensor = TensorMut { data: &mut values, shape, row_stride: None };
    let outcome = match run_in_place(sample.loss, &call, request, input, tensor) {
        Ok(outcome) => outcome,
        Err(refusal) => return Some(Err(refusal)),
    };
    gradients[input] = Some(values);
    Some(Ok(Found { elements, gradients, params: [poison(); MAX_PARAMS], outcome }))
}
