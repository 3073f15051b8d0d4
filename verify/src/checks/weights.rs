//! Weights: a weight of 2 is the row twice, one of 0 is no row.
//!
//! Which inputs are weights is read off the formula as written: those that are a factor of the whole loss. Whether a weight counts in a
//! divisor is read off the divisor's formula in the same way.

mod factor;

use loss_codegen::expr::{ExprId, InputId};
use loss_codegen::model::Variant;
use loss_runtime::info::{Divisor, ReductionInfo};
use loss_runtime::{Element, Error, Reduction};

use crate::generators::{Batch, Extents, Random};
use crate::subject::{Effort, Subject};

use super::geometry::refused;
use super::merged::{near, partial, size};
use super::probe::{Found, Probe, compare, find, same, show};
use super::sample::{Sample, each, has_second_axis};
use super::truth::variant_of;
use super::{Finding, Tally, tolerance};

use factor::{degree, removes};

/// Rows weighed twice against rows that are there twice.
pub(super) fn weight_two_is_the_row_twice(subject: &Subject, effort: &Effort) -> Finding {
    weighed(subject, effort, "weight_two_is_the_row_twice", Law::Twice)
}

/// Rows weighed by 0 against rows that are not there.
pub(super) fn weight_zero_is_no_row(subject: &Subject, effort: &Effort) -> Finding {
    weighed(subject, effort, "weight_zero_is_no_row", Law::Nothing)
}

/// What a weight is set to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Law {
    Twice,
    Nothing,
}

fn weighed(subject: &Subject, effort: &Effort, check: &str, law: Law) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let weights = |variant: &Variant| weights(subject, variant);
    let applies = |input: &usize| law == Law::Twice || is_per_row(subject, *input);
    if !compiled.variants.iter().any(|variant| weights(variant).iter().any(applies)) {
        return Finding::skipped(match law {
            Law::Twice => "no input is a factor of the loss",
            Law::Nothing => "no input weighs rows",
        });
    }
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(subject.loss.info()) {
        [(1, 3), (6, 4), (37, 5)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        [1, 5, 33, 131].map(|rows| Extents::rows([rows])).into()
    };
    each::<f32>(subject, effort, &format!("{check} f32"), &sizes, &mut tally, |sample, random, tally| {
        each_weight(subject, sample, law, random, tally);
    });
    each::<f64>(subject, effort, &format!("{check} f64"), &sizes, &mut tally, |sample, random, tally| {
        each_weight(subject, sample, law, random, tally);
    });
    tally.finding()
}

fn is_per_row(subject: &Subject, input: usize) -> bool {
    subject.loss.info().inputs[input].axes.contains(&0)
}

/// The inputs that are a factor of the loss, and have no gradient.
fn weights(subject: &Subject, variant: &Variant) -> Vec<usize> {
    let inputs = subject.loss.info().inputs;
    let is_factor = |input: usize| degree(&variant.graph, variant.loss, InputId(input as u8)) == Some(1);
    (0..inputs.len())
        .filter(|&input| !inputs[input].gradient && inputs[input].default.is_some() && is_factor(input))
        .collect()
}

fn each_weight<T: Element>(
    subject: &Subject,
    sample: &Sample<'_, T>,
    law: Law,
    random: &mut Random,
    tally: &mut Tally,
) {
    let variant = subject.compiled().and_then(|compiled| variant_of(compiled, sample.generator.setting()));
    let Some(variant) = variant else { return };
    for input in weights(subject, variant) {
        let weight = Weight { sample, variant, input };
        let rows = 0..sample.extents.row_count();
        // A weight that rows share weighs all of them.
        let chosen: Vec<bool> = rows.map(|_| !is_per_row(subject, input) || random.chance(0.5)).collect();
        let done = match law {
            Law::Twice => weight.twice(&chosen, tally),
            Law::Nothing if is_per_row(subject, input) => weight.nothing(&chosen, tally),
            Law::Nothing => Ok(()),
        };
        if let Err(refusal) = done {
            refused(sample, &refusal, tally);
        }
    }
}

/// A weight of a batch.
struct Weight<'s, T> {
    sample: &'s Sample<'s, T>,
    variant: &'s Variant,
    input: usize,
}

impl<T: Element> Weight<'_, T> {
    /// The batch with the weights of the chosen rows multiplied.
    fn multiplied(&self, chosen: &[bool], factor: f64) -> Batch<T> {
        let mut batch = self.sample.batch.clone();
        let info = &self.sample.info.inputs[self.input];
        let Some(column) = batch.inputs[self.input].as_mut() else { return batch };
        let places: Vec<usize> = (0..chosen.len())
            .filter(|&row| chosen[row])
            .flat_map(|row| (0..self.sample.extents.per_row(self.sample.info, info)).map(move |along| (row, along)))
            .filter_map(|(row, along)| self.sample.extents.place(self.sample.info, info, row, along))
            .collect();
        // What rows share is multiplied once.
        let all = (0..column.values.len()).collect();
        for place in if info.axes.contains(&0) { places } else { all } {
            column.values.set(place, factor * column.values.number(place));
        }
        batch
    }

    fn twice(&self, chosen: &[bool], tally: &mut Tally) -> Result<(), Error> {
        let sample = self.sample;
        let doubled = self.multiplied(chosen, 2.0);
        let rows: Vec<usize> =
            (0..chosen.len()).flat_map(|row| std::iter::repeat_n(row, if chosen[row] { 2 } else { 1 })).collect();
        let repeated = sample.batch.rows(sample.info, sample.extents, &rows);
        let (once, now) =
            (find(sample.loss, &sample.batch, Probe::default())?, find(sample.loss, &doubled, Probe::default())?);
        self.each_number(chosen, &once, &now, tally, |number| T::from_f64(2.0 * number.to_f64()));
        self.reductions(&doubled, &repeated, 2.0, tally)
    }

    fn nothing(&self, chosen: &[bool], tally: &mut Tally) -> Result<(), Error> {
        let sample = self.sample;
        let zeroed = self.multiplied(chosen, 0.0);
        let rows: Vec<usize> = (0..chosen.len()).filter(|&row| !chosen[row]).collect();
        let removed = sample.batch.rows(sample.info, sample.extents, &rows);
        let (once, now) =
            (find(sample.loss, &sample.batch, Probe::default())?, find(sample.loss, &zeroed, Probe::default())?);
        self.each_number(chosen, &once, &now, tally, |_| T::ZERO);
        self.reductions(&zeroed, &removed, 1.0, tally)?;
        if removes(&self.variant.graph, self.variant.loss, InputId(self.input as u8)) {
            let stained = find(sample.loss, &self.stained(zeroed, chosen), Probe::default())?;
            compare(sample.loss, &now, &stained, &format!("NaN where the weight is 0; {}", sample.describe()), tally);
        }
        Ok(())
    }

    /// The batch with NaN in the chosen rows, wherever an input can hold it.
    fn stained(&self, mut batch: Batch<T>, chosen: &[bool]) -> Batch<T> {
        let sample = self.sample;
        for (at, (column, info)) in batch.inputs.iter_mut().zip(sample.info.inputs).enumerate() {
            let Some(column) = column.as_mut().filter(|_| at != self.input && sample.generator.family(at).admits_nan())
            else {
                continue;
            };
            for row in (0..chosen.len()).filter(|&row| chosen[row]) {
                for along in 0..sample.extents.per_row(sample.info, info) {
                    if let Some(place) = sample.extents.place(sample.info, info, row, along) {
                        column.values.set(place, f64::NAN);
                    }
                }
            }
        }
        batch
    }

    /// Values and gradients of chosen rows are what they were, but for what is done to each; those of others are what they were.
    fn each_number(
        &self,
        chosen: &[bool],
        once: &Found<T>,
        now: &Found<T>,
        tally: &mut Tally,
        change: impl Fn(T) -> T,
    ) {
        let (sample, info) = (self.sample, self.sample.info);
        let per_row = once.elements.len() == chosen.len();
        let mut outputs = vec![(
            "value of none".to_owned(),
            &once.elements,
            &now.elements,
            (!per_row).then_some(&info.inputs[info.layout]),
        )];
        for (input, (once, now)) in info.inputs.iter().zip(once.gradients.iter().zip(&now.gradients)) {
            if let (Some(once), Some(now)) = (once, now) {
                outputs.push((format!("gradient of {}", input.name), once, now, Some(input)));
            }
        }
        for (name, once, now, like) in outputs {
            for (row, &chosen) in chosen.iter().enumerate() {
                for along in 0..like.map_or(1, |input| sample.extents.per_row(info, input)) {
                    let place = like.map_or(Some(row), |input| sample.extents.place(info, input, row, along));
                    let Some(place) = place else { continue };
                    let expected = if chosen { change(once[place]) } else { once[place] };
                    // Where what comes before is below the normal numbers a factor of 2 rounds, and nothing is said; zeros have no sign.
                    let rounds = chosen && once[place].to_f64().abs() < T::MIN_POSITIVE.to_f64() / T::EPSILON.to_f64();
                    if same(expected, now[place]) || expected == now[place] {
                        tally.pass(1);
                    } else if !rounds || expected == T::ZERO {
                        let what = format!("{name}, row {row}, weighed by {}; {}", self.name(), sample.describe());
                        tally.fail(&what, || (show(expected), show(now[place])));
                    }
                }
            }
        }
    }

    fn name(&self) -> &'static str {
        self.sample.info.inputs[self.input].name
    }

    /// Sums are those of the batch whose rows are repeated or gone; divisors too, where the weight counts in them, and as without weight
    /// elsewhere.
    fn reductions(&self, weighed: &Batch<T>, rows: &Batch<T>, factor: f64, tally: &mut Tally) -> Result<(), Error> {
        let sample = self.sample;
        self.reduction(Reduction::Sum, None, weighed, rows, factor, tally)?;
        for (place, reduction) in sample.info.reductions.iter().enumerate() {
            let typed = self.variant.reductions[place];
            // Of another summand than the loss nothing is known here.
            if typed.of.is_none() {
                let divisor = Some((reduction, typed.over));
                self.reduction(Reduction::Named(reduction.name), divisor, weighed, rows, factor, tally)?;
            }
        }
        Ok(())
    }

    fn reduction(
        &self,
        reduction: Reduction<'_>,
        divisor: Option<(&ReductionInfo, Option<ExprId>)>,
        weighed: &Batch<T>,
        rows: &Batch<T>,
        factor: f64,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let sample = self.sample;
        let (now, expected, before) = (
            partial(sample, weighed, reduction)?,
            partial(sample, rows, reduction)?,
            partial(sample, &sample.batch, reduction)?,
        );
        let slack = 2.0 * factor * tolerance::sum::<T>();
        let sums = near(now.sum, expected.sum, slack * size(sample, reduction)?);
        let counts = divisor.is_some_and(|(info, over)| info.divisor == Divisor::Sum && self.counts_in(over));
        let divisors = match (now.divisor, expected.divisor, before.divisor) {
            (Some(now), Some(expected), _) if counts => near(now, expected, slack * expected.abs()),
            (Some(now), _, Some(before)) => same(now, before),
            (None, None, None) => true,
            (Some(_) | None, _, _) => false,
        };
        if sums && divisors {
            tally.pass(1);
        } else {
            let what = format!("{reduction:?}, weighed by {}; {}", self.name(), sample.describe());
            tally.fail(&what, || (format!("{expected:?}; without weight {before:?}"), format!("{now:?}")));
        }
        Ok(())
    }

    fn counts_in(&self, over: Option<ExprId>) -> bool {
        over.is_some_and(|over| degree(&self.variant.graph, over, InputId(self.input as u8)) == Some(1))
    }
}

#[cfg(test)]
mod tests;
