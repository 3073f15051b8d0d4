//! The kernels of any loss against the oracle, on numbers of any bits.

use std::sync::OnceLock;

use loss_runtime::info::ParamKind;
use loss_runtime::{Element, Request, run};

use crate::checks::{OneBatch, hold_against_oracle};
use crate::generators::{Batch, Extents, Generator, Random, Values, settings};
use crate::oracle::ulp::Format;
use crate::registry::losses;
use crate::subject::Subject;

use super::bytes::Bytes;

/// The first bytes choose loss, type, setting and size; the others are the numbers.
///
/// # Panics
/// If the kernels are further from the oracle than the audit allows, or refuse what the loss's own description admits.
pub fn kernels(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let (subject, generators) = bytes.pick(subjects());
    if bytes.byte() & 1 == 0 {
        hold::<f32>(subject, bytes.pick(generators), &mut bytes);
    } else {
        hold::<f64>(subject, bytes.pick(generators), &mut bytes);
    }
}

fn hold<T: Element + Format>(subject: &Subject, generator: &Generator, bytes: &mut Bytes<'_>) {
    let mut extents = Extents::rows([1 + bytes.below(3)]);
    if subject.loss.info().axes.len() > 1 {
        extents = extents.with_extent(1 + bytes.below(4));
    }
    let mut batch = generator.batch::<T>(&extents, &mut Random::new(bytes.byte().into()));
    fill_params(subject, &mut batch, bytes);
    fill_inputs(subject, &mut batch, bytes);
    // Not 0: a derivative beyond the type's range is infinite, and 0 times that is NaN, as everywhere.
    let upstream = T::from_f64(*bytes.pick(&[0.37, -2.0, 1.0]));
    let tally = hold_against_oracle(subject, OneBatch { generator, extents: &extents, batch }, upstream);
    let finding = tally.finding();
    assert!(finding.failures.is_empty(), "{}: {:#?}", subject.name(), finding.failures);
}

/// Any number for each real parameter that may be it.
fn fill_params<T: Element>(subject: &Subject, batch: &mut Batch<T>, bytes: &mut Bytes<'_>) {
    for (place, param) in subject.loss.info().params.iter().enumerate() {
        let is_there = !batch.params[place].is_nan();
        if is_there && param.kind == ParamKind::Real && bytes.byte() & 1 == 1 {
            let number = f64::from_bits(bytes.bits());
            let before = std::mem::replace(&mut batch.params[place], number);
            if number.is_nan() || run(subject.loss, &batch.call(), Request::default()).is_err() {
                batch.params[place] = before;
            }
        }
    }
}

/// Any number at each place that may hold it.
fn fill_inputs<T: Element>(subject: &Subject, batch: &mut Batch<T>, bytes: &mut Bytes<'_>) {
    for input in 0..batch.inputs.len() {
        let count = batch.inputs[input].as_ref().and_then(|column| column.values.reals()).map_or(0, <[T]>::len);
        for place in 0..count {
            if bytes.is_spent() {
                return;
            }
            let before = put(batch, input, place, T::from_bits(bytes.bits()));
            if run(subject.loss, &batch.call(), Request::default()).is_err()
                && let Some(before) = before
            {
                put(batch, input, place, before);
            }
        }
    }
}

/// Puts a number at a place, and gives back what was there.
fn put<T: Element>(batch: &mut Batch<T>, input: usize, place: usize, number: T) -> Option<T> {
    let Values::Real(values) = &mut batch.inputs[input].as_mut()?.values else { return None };
    Some(std::mem::replace(&mut values[place], number))
}

/// Every loss with the generators of all settings worth trying.
fn subjects() -> &'static [(Subject, Vec<Generator>)] {
    static SUBJECTS: OnceLock<Vec<(Subject, Vec<Generator>)>> = OnceLock::new();
    SUBJECTS.get_or_init(|| {
        let all = Subject::all(losses()).into_iter();
        all.map(|subject| {
            let settings = settings(subject.loss).into_iter();
            (subject, settings.filter_map(|setting| Generator::new(subject.loss, setting).ok()).collect())
        })
        .filter(|(_, generators): &(Subject, Vec<Generator>)| !generators.is_empty())
        .collect()
    })
}
