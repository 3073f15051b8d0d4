//! Values and gradients of the compiled kernels against the oracle, which interprets the formula as written to any precision.

mod condition;
mod data;
mod edges;

use loss_codegen::compile::Compiled;
use loss_runtime::{Element, Reduction, Upstream};

use crate::audit::{Accuracy, FailedInput, Quantity};
use crate::generators::{Extents, Random};
use crate::number::Number;
use crate::oracle::call::{CallOutcome, call};
use crate::oracle::real::Real;
use crate::oracle::ulp::{Format, ulps};
use crate::subject::{Effort, Subject};

use super::probe::{Found, Probe, find};

use super::sample::{Sample, each_refined, has_second_axis};
use super::{Finding, Tally, tolerance};

use condition::Conditions;

pub(super) use data::{data_of, variant_of};

/// One in this many of the effort's points: the oracle takes its time.
const SHARE: u64 = 20;

/// Every value of `none`, in both types.
pub(super) fn value_matches_oracle(subject: &Subject, effort: &Effort) -> Finding {
    measure(subject, effort, "value_matches_oracle", Wanted::Values)
}

/// Every gradient of `none`, in both types, for upstream gradients that are not 1.
pub(super) fn gradient_matches_oracle(subject: &Subject, effort: &Effort) -> Finding {
    measure(subject, effort, "gradient_matches_oracle", Wanted::Gradients)
}

#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Values,
    Gradients,
}

fn measure(subject: &Subject, effort: &Effort, check: &str, wanted: Wanted) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let mut tally = Tally::new(subject, effort);
    let effort = Effort { points: effort.points.div_ceil(SHARE), ..*effort };
    let mut accuracy = measure_in::<f32>(subject, &effort, check, compiled, wanted, &mut tally);
    accuracy.extend(measure_in::<f64>(subject, &effort, check, compiled, wanted, &mut tally));
    let mut finding = tally.finding();
    finding.evidence.accuracy = accuracy;
    finding
}

fn sizes(subject: &Subject) -> Vec<Extents> {
    if !has_second_axis(subject.loss.info()) {
        return vec![Extents::rows([8]), Extents::rows([3, 5])];
    }
    let rows = |extent| Extents::rows([4]).with_extent(extent);
    vec![
        rows(3),
        rows(1),
        rows(2),
        rows(5),
        Extents::rows([2, 3]).with_extent(4),
        rows(17),
        Extents::rows([1]).with_extent(150),
    ]
}

fn measure_in<T: Element + Format>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    compiled: &'static Compiled,
    wanted: Wanted,
    tally: &mut Tally,
) -> Vec<Accuracy> {
    let mut seen = Seen::default();
    let name = format!("{check} {}", T::NAME);
    each_refined::<T>(subject, effort, &name, &sizes(subject), edges::sharpen, tally, |sample, random, tally| {
        compare(sample, compiled, wanted, random, &mut seen, tally);
    });
    seen.accuracy(T::NAME)
}

/// Holds one batch against the oracle.
fn compare<T: Element + Format>(
    sample: &Sample<'_, T>,
    compiled: &'static Compiled,
    wanted: Wanted,
    random: &mut Random,
    seen: &mut Seen,
    tally: &mut Tally,
) {
    let places = match find(sample.loss, &sample.batch, Probe::default()) {
        Ok(found) => found.elements.len(),
        Err(refusal) => {
            return tally.fail(&sample.describe(), || ("an answer".to_owned(), refusal.to_string()));
        }
    };
    let upstream: Vec<T> = (0..places).map(|_| T::from_f64(if random.chance(0.5) { 0.37 } else { -2.0 })).collect();
    let probe = Probe { reduction: Reduction::None, upstream: Upstream::Each(&upstream), ..Probe::default() };
    let found = match find(sample.loss, &sample.batch, probe) {
        Ok(found) => found,
        Err(refusal) => {
            return tally.fail(&sample.describe(), || ("an answer".to_owned(), refusal.to_string()));
        }
    };
    let Some(variant) = variant_of(compiled, sample.generator.setting()) else {
        return tally.fail(&sample.describe(), || ("a variant of the spec".to_owned(), "none".to_owned()));
    };
    let data = data_of(&compiled.spec, sample.info, &sample.batch, sample.extents);
    let weights: Vec<f64> = data::in_oracle_order(sample, &upstream);
    let truth = match call(&compiled.spec, variant, &data, "none", &weights) {
        Ok(truth) => truth,
        // A tie of numbers that are equal but not known exactly: nothing can be said of this batch.
        Err(crate::oracle::Failure::Undecided { .. }) => return,
        Err(failure) => {
            return tally.fail(&sample.describe(), || ("an answer of the oracle".to_owned(), failure.to_string()));
        }
    };
    let conditions = Conditions::new::<T>(&compiled.spec, variant, &data, &weights);
    let mut judge = Judge { sample, conditions, truth: &truth };
    match wanted {
        Wanted::Values => judge.values(&found, seen, tally),
        Wanted::Gradients => judge.gradients(&found, seen, tally),
    }
}

/// A batch, the truth about it, and how well conditioned its results are.
struct Judge<'s, T> {
    sample: &'s Sample<'s, T>,
    conditions: Conditions<'s>,
    truth: &'s CallOutcome,
}

/// One result, by its place in the truth.
#[derive(Clone, Copy)]
enum Result {
    Value(usize),
    Gradient(usize, usize),
}

impl<T: Element + Format> Judge<'_, T> {
    fn values(&mut self, found: &Found<T>, seen: &mut Seen, tally: &mut Tally) {
        let actual = data::elements_in_oracle_order(self.sample, &found.elements);
        let truth = self.truth;
        for (place, (actual, truth)) in actual.into_iter().zip(&truth.values).enumerate() {
            self.point(Result::Value(place), Quantity::Value, actual, truth, seen, tally);
        }
    }

    fn gradients(&mut self, found: &Found<T>, seen: &mut Seen, tally: &mut Tally) {
        let truth = self.truth;
        for (input, info) in self.sample.info.inputs.iter().enumerate() {
            let (Some(actual), Some(truth)) = (&found.gradients[input], &truth.gradients[input]) else { continue };
            let actual = data::input_in_oracle_order(self.sample, input, actual);
            for (place, (actual, truth)) in actual.into_iter().zip(truth).enumerate() {
                let quantity = Quantity::Gradient(info.name.to_owned());
                self.point(Result::Gradient(input, place), quantity, actual, truth, seen, tally);
            }
        }
    }

    fn point(
        &mut self,
        result: Result,
        quantity: Quantity,
        actual: T,
        truth: &Real,
        seen: &mut Seen,
        tally: &mut Tally,
    ) {
        let mut distance = ulps(actual, truth);
        if distance > tolerance::ORACLE_ULPS && distance.is_finite() {
            let unit = truth.to_f64().abs().max(T::MIN_POSITIVE.to_f64()) * T::EPSILON.to_f64();
            let condition = 1.0 + self.conditions.spread(result) / unit;
            distance /= condition;
            // A step beside a kink the derivative is another, and which side a rounded number falls on is its rounding's choice.
            if distance > tolerance::ORACLE_ULPS
                && let (Result::Gradient(..), Some((low, high))) = (result, self.conditions.range(result))
            {
                let number = actual.to_f64();
                distance = ((low - number).max(number - high).max(0.0) / unit / condition).min(distance);
            }
        }
        seen.add(quantity.clone(), distance, || self.describe());
        if distance <= tolerance::ORACLE_ULPS {
            tally.pass(1);
        } else {
            let what = format!("{} at {}, {}", String::from(quantity), place_text(result), self.sample.describe());
            tally.fail_at(
                &what,
                (
                    format!("{:e}", truth.to_f64()),
                    format!("{actual:e} ({:#x})", actual.bits(), actual = actual.to_f64()),
                ),
                Some(distance),
                self.inputs(),
            );
        }
    }

    fn describe(&self) -> String {
        let inputs: Vec<String> =
            self.inputs().into_iter().take(8).map(|input| format!("{} = {}", input.name, input.decimal)).collect();
        format!("{}: {}", self.sample.describe(), inputs.join(", "))
    }

    fn inputs(&self) -> Vec<FailedInput> {
        let columns = self.sample.info.inputs.iter().zip(&self.sample.batch.inputs);
        columns
            .filter_map(|(info, column)| Some((info.name, column.as_ref()?)))
            .flat_map(|(name, column)| {
                (0..column.values.len().min(24)).map(move |place| {
                    FailedInput::new(format!("{name}[{place}]"), T::from_f64(column.values.number(place)))
                })
            })
            .collect()
    }
}

fn place_text(result: Result) -> String {
    match result {
        Result::Value(place) | Result::Gradient(_, place) => format!("place {place}"),
    }
}

/// Every distance, by quantity.
#[derive(Default)]
struct Seen {
    quantities: Vec<(Quantity, Vec<f64>, f64, String)>,
}

impl Seen {
    fn add(&mut self, quantity: Quantity, distance: f64, describe: impl FnOnce() -> String) {
        let known = self.quantities.iter().position(|(other, ..)| *other == quantity);
        let place = known.unwrap_or_else(|| {
            self.quantities.push((quantity, Vec::new(), -1.0, String::new()));
            self.quantities.len() - 1
        });
        let (_, distances, worst, text) = &mut self.quantities[place];
        distances.push(distance);
        if distance > *worst {
            *worst = distance;
            *text = describe();
        }
    }

    fn accuracy(self, dtype: &str) -> Vec<Accuracy> {
        let quantities = self.quantities.into_iter();
        quantities
            .map(|(direction, mut distances, worst, text)| {
                distances.sort_by(f64::total_cmp);
                let place = (distances.len() * 999).div_ceil(1000).saturating_sub(1);
                Accuracy {
                    dtype: dtype.to_owned(),
                    direction,
                    max_ulp: Number(worst),
                    p999_ulp: Number(distances.get(place).copied().unwrap_or(0.0)),
                    worst: text,
                    points: distances.len() as u64,
                }
            })
            .collect()
    }
}
