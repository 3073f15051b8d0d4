//! Values and gradients of the compiled kernels against the oracle, which interprets the formula as written to any precision.

pub(super) mod certificate;
mod condition;
mod data;
mod decided;
mod edges;
mod forms;
pub(super) mod narrow;
mod one;
mod points;
pub(super) mod product;
pub(super) mod second;
mod second_order;

use loss_codegen::compile::Compiled;
use loss_codegen::model::Variant;
use loss_runtime::{Element, Error, Reduction, Upstream};

use crate::audit::{Accuracy, FailedInput, Quantity};
use crate::generators::{Extents, Random};
use crate::number::{Number, short};
use crate::oracle::Failure;
use crate::oracle::call::{CallOutcome, call, summand};
use crate::oracle::real::Real;
use crate::oracle::ulp::{Format, ulps};
use crate::subject::{Effort, Subject};

use super::probe::{Found, Probe, find};

use super::sample::{Sample, each_pair, has_second_axis};
use super::{Finding, Tally, tolerance};

use condition::Conditions;

pub(super) use data::{data_of, in_oracle_order, variant_of};
pub(super) use edges::sharpen;
pub(crate) use forms::{Compared, Forms, Of};
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
    measure(subject, effort, "reductions_match_oracle", Wanted::Reductions)
}

#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Values,
    Gradients,
    /// Both of these.
    Results,
    Reductions,
}

/// How far a result may be from the truth.
struct Limits {
    /// Beyond this a distance is measured by the condition of the result.
    goal: f64,
    /// Beyond these it fails; where there is none, beyond the goal.
    budgets: Vec<(Quantity, f64)>,
    /// What is made of a result that is infinite or NaN, and not the true one, because a step of the formula is too large for the type.
    early: Early,
    cases: Cases,
}

/// Which case of a formula a result may be of.
#[derive(Clone, Copy, PartialEq)]
enum Cases {
    /// Beside a kink that of either side: a rounded number may fall on the other.
    Around,
    /// The one that holds. How exact the result is, is not asked again.
    Holding,
}

/// What becomes of a result that is lost on the way, where a step is too large.
#[derive(Clone, Copy, PartialEq)]
enum Early {
    Fails,
    /// It is counted by itself: the numbers are so large that the formula as written cannot be computed in the type.
    Counts,
}

impl Limits {
    /// One limit for all.
    const fn same(goal: f64) -> Self {
        Self { goal, budgets: Vec::new(), early: Early::Fails, cases: Cases::Around }
    }

    fn of(&self, quantity: &Quantity) -> f64 {
        self.budgets.iter().find(|(other, _)| other == quantity).map_or(self.goal, |(_, budget)| *budget)
    }
}

const TOLERATED: Limits = Limits::same(tolerance::ORACLE_ULPS);
const DECIDED: Limits =
    Limits { goal: tolerance::ORACLE_ULPS, budgets: Vec::new(), early: Early::Fails, cases: Cases::Holding };

fn measure(subject: &Subject, effort: &Effort, check: &str, wanted: Wanted) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let mut tally = Tally::new(subject, effort);
    let effort = Effort { points: effort.points.div_ceil(SHARE), ..*effort };
    measure_in::<f32>(subject, &effort, check, compiled, wanted, &mut tally);
    measure_in::<f64>(subject, &effort, check, compiled, wanted, &mut tally);
    if wanted == Wanted::Gradients {
        on_knots_in::<f32>(subject, &effort, check, compiled, &mut tally);
        on_knots_in::<f64>(subject, &effort, check, compiled, &mut tally);
    }
    tally.finding()
}

/// Gradients where no rounding decides between cases.
fn on_knots_in<T: Element + Format>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    compiled: &'static Compiled,
    tally: &mut Tally,
) {
    let (wanted, mut seen) = (Wanted::Gradients, Seen::default());
    let name = format!("{check} on knots {}", T::NAME);
    each_pair::<T>(subject, effort, &name, &sizes(subject, wanted), decided::settle, tally, |sample, random, tally| {
        compare(sample, compiled, wanted, &DECIDED, random, &mut seen, tally);
    });
}

/// Few and small: that a kernel gives a row of any batch the same bits is for other checks.
fn sizes(subject: &Subject, wanted: Wanted) -> Vec<Extents> {
    if !has_second_axis(subject.loss.info()) {
        return vec![Extents::rows([8]), Extents::rows([3, 5])];
    }
    let rows = |rows, extent| Extents { rows, extent };
    match wanted {
        Wanted::Values | Wanted::Gradients | Wanted::Results => {
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
) {
    let mut seen = Seen::default();
    let name = format!("{check} {}", T::NAME);
    each_pair::<T>(subject, effort, &name, &sizes(subject, wanted), edges::sharpen, tally, |sample, random, tally| {
        compare(sample, compiled, wanted, &TOLERATED, random, &mut seen, tally);
    });
}

/// Holds one batch against the oracle.
fn compare<T: Element + Format>(
    sample: &Sample<'_, T>,
    compiled: &'static Compiled,
    wanted: Wanted,
    limits: &Limits,
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
    let mut held = Held { sample, compiled, variant, wanted, limits, seen, tally };
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
    limits: &'s Limits,
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
        let is_reduced = found.outcome.value.is_some();
        let mut judge = Judge { sample, reduction, is_reduced, limits: self.limits, conditions, truth: &truth };
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
    limits: &'s Limits,
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
        let raw = ulps(actual, truth);
        let mut distance = raw;
        let (limit, goal) = (self.limits.of(&quantity), self.limits.goal);
        let (number, exact) = (actual.to_f64(), truth.to_f64());
        if self.limits.cases == Cases::Holding {
            if decided::is_of_the_case(number, truth) {
                return tally.pass(1);
            }
            return self.fail(result, quantity, (actual, truth), None, tally);
        }
        // What is nearer than the worst so far changes neither that nor the verdict.
        let matters = distance > goal && (distance > limit || distance > seen.worst(&quantity));
        if matters && number.is_finite() && exact.is_finite() {
            let unit_of = |size: f64| size.max(T::MIN_POSITIVE.to_f64()) * T::EPSILON.to_f64();
            let spread = match result {
                Result::Value(_) if self.is_reduced => self.conditions.spread_of_sum(),
                Result::Value(_) | Result::Gradient(..) => self.conditions.spread(result),
            };
            distance = distance.min((number - exact).abs() / (unit_of(exact.abs()) + spread));
            // A step beside a kink the derivative is another, and which side a rounded number falls on is its rounding's choice.
            if distance > goal
                && let (Result::Gradient(..), Some((low, high))) = (result, self.conditions.range(result))
            {
                let outside = (low - number).max(number - high).max(0.0);
                distance = (outside / (unit_of(exact.abs().max(number.abs())) + spread)).min(distance);
            }
        }
        if distance.is_infinite()
            && exact.is_nan()
            && let Some(near) = self.conditions.limit(result)
        {
            distance = ulps(actual, &Real::from_f64(near));
        }
        if number.is_infinite()
            && number.signum() == exact.signum()
            && matches!(result, Result::Gradient(..))
            && self.conditions.derivative_leaves_range::<T>(result, exact)
        {
            match self.limits.early {
                Early::Counts => seen.early += 1,
                Early::Fails => tally.pass(1),
            }
            return;
        }
        if distance.is_infinite()
            && self.limits.early == Early::Counts
            && !number.is_finite()
            && self.conditions.leaves_range::<T>(result)
        {
            seen.early += 1;
            return;
        }
        let raw = if raw.is_finite() { raw } else { distance };
        seen.add(quantity.clone(), distance, raw, || (self.conditions.row(result), self.describe(result)));
        if distance <= limit {
            tally.pass(1);
        } else {
            self.fail(result, quantity, (actual, truth), Some(distance), tally);
        }
    }

    fn fail(
        &self,
        result: Result,
        quantity: Quantity,
        (actual, truth): (T, &Real),
        distance: Option<f64>,
        tally: &mut Tally,
    ) {
        let sample = self.sample.describe();
        let what = format!("{} of {}, {}, {sample}", String::from(quantity), self.reduction, place_text(result));
        let expected = format!("{:e}", truth.to_f64());
        let found = format!("{:e} ({:#x})", actual.to_f64(), actual.bits());
        tally.fail_at(&what, (expected, found), distance, self.inputs());
    }

    /// The setting and the row of a result.
    fn describe(&self, result: Result) -> String {
        let Sample { info, batch, extents, generator, loss } = self.sample;
        let row = self.conditions.row(result).unwrap_or(0);
        let alone = batch.rows(info, extents, &[row]);
        let columns = info.inputs.iter().zip(&alone.inputs);
        let inputs: Vec<String> = columns
            .filter_map(|(info, column)| {
                let values = &column.as_ref()?.values;
                let mut numbers: Vec<String> = (0..values.len().min(6)).map(|at| short(values.number(at))).collect();
                numbers.extend((values.len() > 6).then(|| "...".to_owned()));
                Some(match &numbers[..] {
                    [one] => format!("{} = {one}", info.name),
                    several => format!("{} = [{}]", info.name, several.join(", ")),
                })
            })
            .collect();
        let setting = generator.setting().describe(*loss);
        let comma = if setting.is_empty() { "" } else { ", " };
        format!("{}{comma}{setting}: {}", T::NAME, inputs.join(", "))
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
    quantities: Vec<Distances>,
    /// Results that are lost because a step of the formula is too large.
    early: u64,
}

/// The distances of one quantity.
struct Distances {
    quantity: Quantity,
    all: Vec<f64>,
    worst: f64,
    raw_worst: f64,
    /// In which row of its batch the worst is, and where that is in words.
    row: Option<usize>,
    text: String,
}

impl Seen {
    fn worst(&self, quantity: &Quantity) -> f64 {
        self.quantities.iter().find(|known| known.quantity == *quantity).map_or(0.0, |known| known.worst)
    }

    /// The worst of one batch that is of a row, and the row.
    fn worst_row(&self, quantity: &Quantity) -> Option<(f64, usize)> {
        let known = self.quantities.iter().find(|known| known.quantity == *quantity)?;
        Some((known.worst, known.row?))
    }

    fn of(&mut self, quantity: Quantity) -> &mut Distances {
        let known = self.quantities.iter().position(|known| known.quantity == quantity);
        let place = known.unwrap_or_else(|| {
            let (all, text) = (Vec::new(), String::new());
            self.quantities.push(Distances { quantity, all, worst: -1.0, raw_worst: 0.0, row: None, text });
            self.quantities.len() - 1
        });
        &mut self.quantities[place]
    }

    fn add(&mut self, quantity: Quantity, distance: f64, raw: f64, describe: impl FnOnce() -> (Option<usize>, String)) {
        let known = self.of(quantity);
        known.all.push(distance);
        known.raw_worst = known.raw_worst.max(raw);
        if distance > known.worst {
            known.worst = distance;
            (known.row, known.text) = describe();
        }
    }

    /// Adds what was seen elsewhere.
    fn extend(&mut self, other: Self) {
        self.early += other.early;
        for Distances { quantity, all, worst, raw_worst, row, text } in other.quantities {
            let known = self.of(quantity);
            known.all.extend(all);
            known.raw_worst = known.raw_worst.max(raw_worst);
            if worst > known.worst {
                (known.worst, known.row, known.text) = (worst, row, text);
            }
        }
    }

    fn accuracy(self, dtype: &str) -> Vec<Accuracy> {
        let quantities = self.quantities.into_iter();
        quantities
            .map(|Distances { quantity, mut all, worst, raw_worst, text, row: _ }| {
                all.sort_by(f64::total_cmp);
                let place = (all.len() * 999).div_ceil(1000).saturating_sub(1);
                Accuracy {
                    dtype: dtype.to_owned(),
                    direction: quantity,
                    max_ulp: Number(worst),
                    searched_ulp: None,
                    p999_ulp: Number(all.get(place).copied().unwrap_or(0.0).min(worst)),
                    raw_max_ulp: Number(raw_worst),
                    worst: text,
                    points: all.len() as u64,
                }
            })
            .collect()
    }
}
