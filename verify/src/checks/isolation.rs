//! A NaN must not leak through the lanes of a vector.

use loss_runtime::{Element, Upstream};

use crate::generators::{Extents, Random};
use crate::subject::{Effort, Subject};

use super::geometry::{refused, upstream_each};
use super::probe::{Found, Probe, find, same, show};
use super::sample::{Sample, each, has_second_axis};
use super::{Finding, Tally};

/// A NaN at every place of a batch, one at a time.
pub(super) fn nan_stays_in_its_row(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(subject.loss.info()) {
        [(17, 5), (3, 37), (35, 2)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        vec![Extents::rows([67]), Extents::rows([131])]
    };
    each::<f32>(subject, effort, "nan_stays_in_its_row f32", &sizes, &mut tally, at_every_place);
    each::<f64>(subject, effort, "nan_stays_in_its_row f64", &sizes, &mut tally, at_every_place);
    if tally.points() == 0 {
        return Finding::skipped("no input can hold a NaN");
    }
    tally.finding()
}

fn at_every_place<T: Element>(sample: &Sample<'_, T>, random: &mut Random, tally: &mut Tally) {
    let upstream = match upstream_each(sample, random) {
        Ok(upstream) => upstream,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    let probe = || Probe { upstream: Upstream::Each(&upstream), ..Probe::default() };
    let clean = match find(sample.loss, &sample.batch, probe()) {
        Ok(clean) => clean,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    for (place_of_input, input) in sample.info.inputs.iter().enumerate() {
        if sample.batch.inputs[place_of_input].is_none() || !sample.generator.family(place_of_input).admits_nan() {
            continue;
        }
        for row in 0..sample.extents.row_count() {
            let along = random.below(sample.extents.per_row(sample.info, input));
            let Some(place) = sample.extents.place(sample.info, input, row, along) else {
                break;
            };
            let mut batch = sample.batch.clone();
            if let Some(column) = &mut batch.inputs[place_of_input] {
                column.values.set(place, f64::NAN);
            }
            match find(sample.loss, &batch, probe()) {
                Ok(stained) => other_rows(sample, &clean, &stained, row, input.name, tally),
                Err(refusal) => refused(sample, &refusal, tally),
            }
        }
    }
}

/// Compares all rows but one.
fn other_rows<T: Element>(
    sample: &Sample<'_, T>,
    clean: &Found<T>,
    stained: &Found<T>,
    row: usize,
    stained_input: &str,
    tally: &mut Tally,
) {
    let rows = sample.extents.row_count();
    let per_row = clean.elements.len() == rows;
    let layout = &sample.info.inputs[sample.info.layout];
    let mut outputs =
        vec![("value of none".to_owned(), &clean.elements, &stained.elements, (!per_row).then_some(layout))];
    for (input, (a, b)) in sample.info.inputs.iter().zip(clean.gradients.iter().zip(&stained.gradients)) {
        if let (Some(a), Some(b)) = (a, b) {
            outputs.push((format!("gradient of {}", input.name), a, b, Some(input)));
        }
    }
    for (name, clean, stained, like) in outputs {
        for other in (0..rows).filter(|&other| other != row) {
            let extent = like.map_or(1, |input| sample.extents.per_row(sample.info, input));
            for along in 0..extent {
                let place = like.map_or(Some(other), |input| sample.extents.place(sample.info, input, other, along));
                // A gradient that rows share is meant to hear of it.
                let Some(place) = place else { continue };
                if same(clean[place], stained[place]) {
                    tally.pass(1);
                } else {
                    let what = format!(
                        "{name}, row {other}, after a NaN in {stained_input}, row {row}; {}",
                        sample.describe()
                    );
                    tally.fail(&what, || (show(clean[place]), show(stained[place])));
                }
            }
        }
    }
}
