//! Rows whose label says that they do not count.

use loss_runtime::{Element, Error, Reduction, Upstream};

use crate::generators::{Batch, Random};
use crate::subject::{Effort, Subject};

use super::geometry::{refused, sizes};
use super::probe::{Found, Probe, compare, find, show};
use super::sample::{Sample, each};
use super::{Finding, Tally};

/// Fills ignored rows with what would be seen anywhere, and looks for it.
pub(super) fn ignored_rows_change_nothing(subject: &Subject, effort: &Effort) -> Finding {
    if !subject.loss.info().inputs.iter().any(|input| input.ignore.is_some()) {
        return Finding::skipped("no label is ignored");
    }
    let mut tally = Tally::new(subject, effort);
    let sizes = sizes(subject);
    each::<f32>(subject, effort, "ignored_rows_change_nothing f32", &sizes, &mut tally, other_contents);
    each::<f64>(subject, effort, "ignored_rows_change_nothing f64", &sizes, &mut tally, other_contents);
    tally.finding()
}

fn other_contents<T: Element>(sample: &Sample<'_, T>, _: &mut Random, tally: &mut Tally) {
    let dropped = sample.batch.dropped_rows(sample.info, sample.extents);
    if !dropped.contains(&true) {
        return;
    }
    let named = sample.info.reductions.iter().map(|reduction| Reduction::Named(reduction.name));
    for reduction in [Reduction::None, Reduction::Sum].into_iter().chain(named) {
        let probe = || Probe { reduction, upstream: Upstream::Scalar(T::from_f64(-2.0)), ..Probe::default() };
        let clean = match find(sample.loss, &sample.batch, probe()) {
            Ok(clean) => clean,
            Err(Error::ZeroDivisor { .. }) => continue,
            Err(refusal) => return refused(sample, &refusal, tally),
        };
        if reduction == Reduction::None {
            nothing_in_dropped_rows(sample, &clean, &dropped, tally);
        }
        // The last one breaks the label of most inputs, which must not be looked at there.
        for filling in [f64::NAN, f64::INFINITY, -12_345.0] {
            match find(sample.loss, &filled(sample, &dropped, filling), probe()) {
                Ok(found) => {
                    let what = format!("{reduction:?}, ignored rows filled with {filling}; {}", sample.describe());
                    compare(sample.loss, &clean, &found, &what, tally);
                }
                Err(refusal) => refused(sample, &refusal, tally),
            }
        }
    }
}

/// The batch with another number everywhere in dropped rows, but in the labels that drop them.
fn filled<T: Element>(sample: &Sample<'_, T>, dropped: &[bool], filling: f64) -> Batch<T> {
    let mut batch = sample.batch.clone();
    for (column, input) in batch.inputs.iter_mut().zip(sample.info.inputs) {
        let Some(column) = column.as_mut().filter(|_| input.ignore.is_none()) else {
            continue;
        };
        for row in (0..dropped.len()).filter(|&row| dropped[row]) {
            for along in 0..sample.extents.per_row(sample.info, input) {
                if let Some(place) = sample.extents.place(sample.info, input, row, along) {
                    column.values.set(place, filling);
                }
            }
        }
    }
    batch
}

/// Every output of a dropped row is +0.
fn nothing_in_dropped_rows<T: Element>(sample: &Sample<'_, T>, found: &Found<T>, dropped: &[bool], tally: &mut Tally) {
    let layout = &sample.info.inputs[sample.info.layout];
    let per_row = found.elements.len() == dropped.len();
    let mut outputs = vec![("value of none".to_owned(), &found.elements, (!per_row).then_some(layout))];
    for (input, gradient) in sample.info.inputs.iter().zip(&found.gradients) {
        if let Some(gradient) = gradient {
            outputs.push((format!("gradient of {}", input.name), gradient, Some(input)));
        }
    }
    for (name, output, like) in outputs {
        for row in (0..dropped.len()).filter(|&row| dropped[row]) {
            for along in 0..like.map_or(1, |input| sample.extents.per_row(sample.info, input)) {
                let place = like.map_or(Some(row), |input| sample.extents.place(sample.info, input, row, along));
                let Some(place) = place else { continue };
                if output[place].bits() == T::ZERO.bits() {
                    tally.pass(1);
                } else {
                    let what = format!("{name}, ignored row {row}; {}", sample.describe());
                    tally.fail(&what, || ("+0".to_owned(), show(output[place])));
                }
            }
        }
    }
}
