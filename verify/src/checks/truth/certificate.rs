//! The error certificate: how far values and gradients are from the truth over the whole domain, judged by the table of errors.

mod search;

use loss_codegen::compile::Compiled;
use loss_runtime::Element;
use loss_specs::accuracy::AccuracyLine;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::audit::{Accuracy, Quantity, Status};
use crate::budgets::{limit, line, no_longer_needed};
use crate::generators::{Extents, Random};
use crate::oracle::call::axes_of_result;
use crate::oracle::ulp::Format;
use crate::subject::{Effort, Subject};

use super::super::sample::{Sample, generators, has_second_axis};
use super::super::{Finding, Tally, tolerance};
use super::points::drawn;
use super::{Cases, Early, Limits, Seen, Wanted, compare};

use search::climbed;

/// So many rows are in one batch of a loss of one number a row.
const ROWS: u64 = 32;
/// A row of classes costs as much as so many rows of one number.
const ROW_COST: u64 = 8;
/// An audit of so many points searches for larger errors than these meet, and begins with some of them however many more there are: a more
/// thorough one finds what this one does.
pub(crate) const SEARCHED: u64 = 10_000;
/// So many searches there are for each quantity, or one for each setting if that is more.
const SEARCHES: usize = 48;

/// Measures every quantity in both types, and holds each against its budget.
pub(in crate::checks) fn errors_are_within_budget(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let mut tally = Tally::new(subject, effort);
    let (mut accuracy, narrow) = measured_in::<f32>(subject, effort, compiled, &mut tally);
    let (wide_accuracy, wide) = measured_in::<f64>(subject, effort, compiled, &mut tally);
    accuracy.extend(wide_accuracy);
    let early = narrow + wide;
    let slack = accuracy.iter().filter_map(|accuracy| {
        no_longer_needed(line(subject, &accuracy.dtype, &accuracy.direction)?, accuracy, effort)
    });
    let slack: Vec<String> = slack.collect();
    for slack in &slack {
        tally.fail(slack, || ("the smallest budget that holds".to_owned(), "a larger one".to_owned()));
    }
    let mut finding = tally.finding();
    if finding.status == Status::Passed && line(subject, "f32", &Quantity::Value).is_none() {
        finding.detail = "no line in the table of errors: held against the general goal".to_owned();
    }
    if early > 0 {
        let separator = if finding.detail.is_empty() { "" } else { "; " };
        finding.detail.push_str(&format!(
            "{separator}{early} results are infinite or NaN because a step of the formula is too large for the type"
        ));
    }
    finding.evidence.accuracy = accuracy;
    finding
}

/// Whether every value of `none` has a place of its own: its formula is one of numbers, not of rows.
pub(in crate::checks) fn is_pointwise(compiled: &Compiled) -> bool {
    compiled.variants.iter().all(|variant| axes_of_result(&compiled.spec, variant).len() == compiled.spec.axes.len())
}

/// Holds every value and gradient of a batch against what the table of errors promises.
pub(in crate::checks) fn judge<T: Element + Format>(
    subject: &Subject,
    compiled: &'static Compiled,
    sample: &Sample<'_, T>,
    random: &mut Random,
    tally: &mut Tally,
) {
    let limits = limits(subject, compiled, T::NAME, |line| Some(line.bound()));
    compare(sample, compiled, Wanted::Results, &limits, random, &mut Seen::default(), tally);
}

/// What the lines of the table allow, and the goal where there is none or it allows nothing.
fn limits(
    subject: &Subject,
    compiled: &Compiled,
    dtype: &str,
    allowed: impl Fn(&AccuracyLine) -> Option<f64>,
) -> Limits {
    let goal = if is_pointwise(compiled) { tolerance::POINTWISE_GOAL } else { tolerance::ROW_GOAL };
    let inputs = subject.loss.info().inputs.iter().filter(|input| input.has_row_gradients());
    let quantities =
        std::iter::once(Quantity::Value).chain(inputs.map(|input| Quantity::Gradient(input.name.to_owned())));
    let budgets = quantities.filter_map(|quantity| {
        let allowed = allowed(line(subject, dtype, &quantity)?)?;
        Some((quantity, allowed))
    });
    Limits { goal, budgets: budgets.collect(), early: Early::Counts, cases: Cases::Around }
}

fn measured_in<T: Element + Format>(
    subject: &Subject,
    effort: &Effort,
    compiled: &'static Compiled,
    tally: &mut Tally,
) -> (Vec<Accuracy>, u64) {
    let of_sample = limits(subject, compiled, T::NAME, |line| Some(limit(line, effort)));
    // What the table rests on is the search of one seed; that of another may find worse, as long as it is within the goal.
    let of_search = limits(subject, compiled, T::NAME, |line| {
        (effort.seed == line.seed && effort.points >= line.effort).then(|| line.bound())
    });
    let generators = generators(subject, tally);
    let is_pointwise = is_pointwise(compiled);
    let sizes = match (has_second_axis(subject.loss.info()), is_pointwise) {
        (false, _) => vec![Extents::rows([ROWS as usize])],
        (true, true) => vec![Extents::rows([ROWS as usize / 4]).with_extent(4)],
        (true, false) => [(4, 3), (1, 17), (2, 2), (8, 1), (1, 33), (2, 5)]
            .map(|(rows, extent)| Extents::rows([rows]).with_extent(extent))
            .to_vec(),
    };
    let cost = if is_pointwise { ROWS } else { ROWS * ROW_COST };
    let batches_of = |points: u64| (points / cost).max(generators.len() as u64) as usize;
    // Batch after batch has a seed of its own, so that a quick audit looks at the first points of a thorough one. Each setting meets
    // each size.
    let sample = |batch: usize, random: &mut Random| {
        let generator = &generators[batch % generators.len()];
        let extents = &sizes[(batch / generators.len() + batch) % sizes.len()];
        let batch = drawn::<T>(generator, extents, random);
        Sample { loss: subject.loss, info: subject.loss.info(), generator, extents, batch }
    };
    let random = |batch: usize| Random::named(effort.seed, &format!("certificate {} {batch}", T::NAME));
    let looks: Vec<(Seen, Tally)> = (0..batches_of(effort.points))
        .into_par_iter()
        .map(|batch| {
            let mut random = random(batch);
            let sample = sample(batch, &mut random);
            let (mut seen, mut found) = (Seen::default(), tally.fresh());
            compare(&sample, compiled, Wanted::Results, &of_sample, &mut random, &mut seen, &mut found);
            (seen, found)
        })
        .collect();
    let searched_from = if effort.points < SEARCHED { 0 } else { batches_of(SEARCHED) };
    let starts = starts(&looks[..searched_from], generators.len());
    let climbs: Vec<(Seen, Tally)> = starts
        .into_par_iter()
        .map(|(quantity, batch, row)| {
            let mut random = random(batch);
            let (sample, mut found) = (sample(batch, &mut random), tally.fresh());
            (climbed(&sample, row, &quantity, compiled, &of_search, &mut random, &mut found), found)
        })
        .collect();
    let mut seen = |all: Vec<(Seen, Tally)>| {
        all.into_iter().fold(Seen::default(), |mut sum, (seen, found)| {
            sum.extend(seen);
            tally.add(found);
            sum
        })
    };
    let (sample, search) = (seen(looks), seen(climbs));
    let early = sample.early;
    let mut accuracy = sample.accuracy(T::NAME);
    for found in search.accuracy(T::NAME) {
        accuracy.iter_mut().filter(|of| of.direction == found.direction).for_each(|of| with_search(of, &found));
    }
    (accuracy, early)
}

/// Adds what a search met to what its sample says.
fn with_search(sample: &mut Accuracy, search: &Accuracy) {
    sample.searched_ulp = Some(search.max_ulp);
    sample.raw_max_ulp.0 = sample.raw_max_ulp.0.max(search.raw_max_ulp.0);
    if search.max_ulp.0 > sample.max_ulp.0 {
        sample.worst.clone_from(&search.worst);
    }
}

/// Where searches for larger errors begin: for each quantity, the worst row of each of some batches, of every setting as many. The worst of
/// all batches would not do: they are of one kind, and all would climb one hill. Batches are of one setting after the other, in turns.
fn starts(looks: &[(Seen, Tally)], settings: usize) -> Vec<(Quantity, usize, usize)> {
    let turns = looks.len() / settings.max(1);
    let chosen = SEARCHES.div_ceil(settings.max(1)).min(turns);
    let batches = (0..chosen).flat_map(|at| {
        let first = at * turns / chosen * settings;
        first..first + settings
    });
    let starts = batches.flat_map(|batch| {
        let (seen, _) = &looks[batch];
        let quantities = seen.quantities.iter().map(|known| &known.quantity);
        quantities.filter_map(move |quantity| Some((quantity.clone(), batch, seen.worst_row(quantity)?.1)))
    });
    starts.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::checks::Tally;
    use crate::subject::{Effort, Subject};

    use super::{Quantity, SEARCHES, Seen, starts};

    /// Where searches begin in so many batches, the worst row of each of which is row 3.
    fn begun(batches: usize, settings: usize) -> Vec<usize> {
        let subject = &Subject::all(crate::registry::losses())[0];
        let looks: Vec<(Seen, Tally)> = (0..batches)
            .map(|_| {
                let mut seen = Seen::default();
                seen.add(Quantity::Value, 1.0, 1.0, || (Some(3), String::new()));
                // What is of no row is not searched from.
                seen.add(Quantity::Gradient("shared".to_owned()), 1.0, 1.0, || (None, String::new()));
                (seen, Tally::new(subject, &Effort::default()))
            })
            .collect();
        let all = starts(&looks, settings);
        assert!(all.iter().all(|(quantity, _, row)| (quantity, *row) == (&Quantity::Value, 3)));
        all.into_iter().map(|(_, batch, _)| batch).collect()
    }

    #[test]
    fn searches_begin_in_batches_far_apart_of_every_setting() {
        for (batches, settings) in [(312, 4), (40, 4), (40, 6), (3, 4), (120, 60), (0, 2)] {
            let begun = begun(batches, settings);
            let once: BTreeSet<usize> = begun.iter().copied().collect();
            assert_eq!(once.len(), begun.len());
            let turns = batches / settings;
            for setting in 0..settings {
                let of_it = once.iter().filter(|&&batch| batch % settings == setting).count();
                assert_eq!(of_it, SEARCHES.div_ceil(settings).min(turns), "{setting} of {settings} in {batches}");
            }
            let last = once.last().map_or(0, |last| last / settings);
            assert!(
                last + turns.div_ceil(SEARCHES.div_ceil(settings)) >= turns,
                "nothing late is begun with: {once:?}"
            );
        }
    }
}
