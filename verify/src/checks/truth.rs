//! Values and gradients of the compiled kernels against the oracle, which interprets the formula as written to any precision.

mod condition;
mod data;
mod edges;
mod one;

use loss_codegen::compile::Compiled;
use loss_codegen::model::Variant;
use loss_runtime::{Element, Error, Reduction, Upstream};

use crate::audit::{Accuracy, FailedInput, Quantity};
use crate::generators::{Extents, Random};
use crate::number::Number;
use crate::oracle::Failure;
use crate::oracle::call::{CallOutcome, call, summand};
use crate::oracle::real::Real;
use crate::oracle::ulp::{Format, ulps};
use crate::subject::{Effort, Subject};

use super::probe::{Found, Probe, find};

use super::sample::{Sample, each_pair, has_second_axis};
use super::{Finding, Tally, tolerance};

use condition::Conditions;

pub(super) use data::{data_of, variant_of};
pub(super) use edges::sharpen;
pub(crate) use one::{OneBatch, hold_against_oracle};

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

/// The sum and every reduction that the spec names, with its gradients, in both types.
pub(super) fn reductions_match_oracle(subject: &Subject, effort: &Effort) -> Finding {
    let mut finding = measure(subject, effort, "reductions_match_oracle", Wanted::Reductions);
    // The distances reported are those of `none`.
    finding.evidence.accuracy.clear();
    finding
}

#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Values,
    Gradients,
    Reductions,
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

/// Few and small: that a kernel gives a row of any batch the same bits is for other checks.
fn sizes(subject: &Subject, wanted: Wanted) -> Vec<Extents> {
    if !has_second_axis(subject.loss.info()) {
        return vec![Extents::rows([8]), Extents::rows([3, 5])];
    }
    let rows = |rows, extent| Extents { rows, extent };
    match wanted {
        Wanted::Values | Wanted::Gradients => {
            vec![rows(vec![4], 3), rows(vec![2], 1), rows(vec![2, 2], 2), rows(vec![2], 17), rows(vec![1], 33)]
        }
        Wanted::Reductions => vec![rows(vec![4], 3), rows(vec![2, 2], 2)],
    }
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
    each_pair::<T>(subject, effort, &name, &sizes(subject, wanted), edges::sharpen, tally, |sample, random, tally| {
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
    let Some(variant) = variant_of(compiled, sample.generator.setting()) else {
        return tally.fail(&sample.describe(), || ("a variant of the spec".to_owned(), "none".to_owned()));
    };
    let places = match find(sample.loss, &sample.batch, Probe::default()) {
        Ok(found) => found.elements.len(),
        Err(refusal) => {
            return tally.fail(&sample.describe(), || ("an answer".to_owned(), refusal.to_string()));
        }
    };
    let mut upstream = || T::from_f64(if random.chance(0.5) { 0.37 } else { -2.0 });
    let mut held = Held { sample, compiled, variant, wanted, seen, tally };
    if wanted == Wanted::Reductions {
        for reduction in std::iter::once("sum").chain(sample.info.reductions.iter().map(|reduction| reduction.name)) {
            held.hold(reduction, &[upstream()]);
        }
    } else {
        let upstream: Vec<T> = (0..places).map(|_| upstream()).collect();
        held.hold("none", &upstream);
    }
}

/// A batch held against the oracle.
struct Held<'s, T> {
    sample: &'s Sample<'s, T>,
    compiled: &'static Compiled,
    variant: &'static Variant,
    wanted: Wanted,
    seen: &'s mut Seen,
    tally: &'s mut Tally,
}

impl<T: Element + Format> Held<'_, T> {
    fn hold(&mut self, reduction: &str, upstream: &[T]) {
        let (sample, spec) = (self.sample, &self.compiled.spec);
        let data = data_of(spec, sample.info, &sample.batch, sample.extents);
        let (given, weights) = match upstream {
            &[one] if reduction != "none" => (Upstream::Scalar(one), vec![one.to_f64()]),
            each => (Upstream::Each(each), data::in_oracle_order(sample, each)),
        };
        let probe = Probe { reduction: Reduction::from(reduction), upstream: given, ..Probe::default() };
        let truth = call(spec, self.variant, &data, reduction, &weights);
        let (found, truth) = match (find(sample.loss, &sample.batch, probe), truth) {
            (Ok(found), Ok(truth)) => (found, truth),
            (Err(Error::ZeroDivisor { .. }), Err(Failure::ZeroDivisor)) => return self.tally.pass(1),
            // A tie of numbers that are equal but not known exactly: nothing can be said of this batch.
            (Ok(_), Err(Failure::Undecided { .. })) => return self.tally.leave_undecided(),
            (found, truth) => {
                let expected = truth.map_or_else(|failure| failure.to_string(), |_| "an answer".to_owned());
                let actual = found.map_or_else(|refusal| refusal.to_string(), |_| "an answer".to_owned());
                let what = format!("{reduction}; {}", sample.describe());
                return self.tally.fail(&what, || (expected, actual));
            }
        };
        let conditions = match summand(spec, self.variant, reduction) {
            None => Conditions::new::<T>(spec, self.variant, &data, weights),
            Some(summand) => {
                let sum = (summand, found.outcome.partial.divisor.unwrap_or(1.0));
                Conditions::of_sum::<T>(spec, self.variant, &data, sum, weights[0])
            }
        };
        let mut judge =
            Judge { sample, reduction, is_reduced: found.outcome.value.is_some(), conditions, truth: &truth };
        if self.wanted != Wanted::Gradients {
            judge.values(&found, self.seen, self.tally);
        }
        if self.wanted != Wanted::Values {
            judge.gradients(&found, self.seen, self.tally);
        }
    }
}

/// A batch, the truth about it, and how well conditioned its results are.
struct Judge<'s, T> {
    sample: &'s Sample<'s, T>,
    reduction: &'s str,
    is_reduced: bool,
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
        let actual = match found.outcome.value {
            Some(reduced) => vec![reduced],
            None => data::elements_in_oracle_order(self.sample, &found.elements),
        };
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
        let (number, exact) = (actual.to_f64(), truth.to_f64());
        if distance > tolerance::ORACLE_ULPS && number.is_finite() && exact.is_finite() {
            let unit_of = |size: f64| size.max(T::MIN_POSITIVE.to_f64()) * T::EPSILON.to_f64();
            let spread = match result {
                Result::Value(_) if self.is_reduced => self.conditions.spread_of_sum(),
                Result::Value(_) | Result::Gradient(..) => self.conditions.spread(result),
            };
            distance = distance.min((number - exact).abs() / (unit_of(exact.abs()) + spread));
            // A step beside a kink the derivative is another, and which side a rounded number falls on is its rounding's choice.
            if distance > tolerance::ORACLE_ULPS
                && let (Result::Gradient(..), Some((low, high))) = (result, self.conditions.range(result))
            {
                let outside = (low - number).max(number - high).max(0.0);
                distance = (outside / (unit_of(exact.abs().max(number.abs())) + spread)).min(distance);
            }
        }
        // The upstream gradient scales a derivative: one that does not fit the type cannot be scaled back into it.
        if let Result::Gradient(..) = result
            && number.is_infinite()
            && number * exact > 0.0
            && T::from_f64(exact / self.conditions.upstream(result)).to_f64() == number
        {
            distance = 0.0;
        }
        if distance.is_infinite()
            && exact.is_nan()
            && let Some(limit) = self.conditions.limit(result)
        {
            distance = ulps(actual, &Real::from_f64(limit));
        }
        seen.add(quantity.clone(), distance, || self.describe());
        if distance <= tolerance::ORACLE_ULPS {
            tally.pass(1);
        } else {
            let sample = self.sample.describe();
            let what = format!("{} of {}, {}, {sample}", String::from(quantity), self.reduction, place_text(result));
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
