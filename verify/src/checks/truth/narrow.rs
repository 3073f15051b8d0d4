//! The error certificate of the types that are converted on the way: a result is rounded once more, and that is half a unit.

use half::{bf16, f16};
use loss_codegen::compile::Compiled;
use loss_runtime::{Execution, Reduction, Upstream};

use crate::audit::Quantity;
use crate::generators::Random;
use crate::oracle::Failure;
use crate::oracle::call::{CallOutcome, call};
use crate::oracle::real::Real;
use crate::oracle::ulp::{Format, ulps};
use crate::subject::{Effort, Subject};

use super::super::narrow::{Answer, Narrow, Narrowed};
use super::super::sample::{Sample, each_pair};
use super::super::{Finding, Tally, tolerance};
use super::condition::Conditions;
use super::{Result, SHARE, Seen, Wanted, data, data_of, edges, sizes, variant_of};

/// What rounding once may miss by, in units in the last place.
const ROUNDING: f64 = 0.5;

impl Format for bf16 {
    const DIGITS: i64 = 8;
    const LEAST: i64 = -126;
    const BEYOND: i64 = 128;

    fn widen(self) -> f64 {
        f64::from(self.to_f32())
    }

    fn narrow(value: f64) -> Self {
        Self::from_f32(value as f32)
    }
}

impl Format for f16 {
    const DIGITS: i64 = 11;
    const LEAST: i64 = -14;
    const BEYOND: i64 = 16;

    fn widen(self) -> f64 {
        f64::from(self.to_f32())
    }

    fn narrow(value: f64) -> Self {
        Self::from_f32(value as f32)
    }
}

/// Measures every value and gradient in both types.
pub(in crate::checks) fn narrow_results_are_rounded_once(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    if subject.is_mutant() {
        return Finding::skipped("the faults of mutants are made between the kernels and buffers of the compute type");
    }
    let mut tally = Tally::new(subject, effort);
    let effort = Effort { points: effort.points.div_ceil(SHARE), ..*effort };
    let mut accuracy = Vec::new();
    for (seen, dtype) in [
        (measured::<bf16>(subject, &effort, compiled, &mut tally), bf16::NAME),
        (measured::<f16>(subject, &effort, compiled, &mut tally), f16::NAME),
    ] {
        accuracy.extend(seen.accuracy(dtype));
    }
    let mut finding = tally.finding();
    finding.evidence.accuracy = accuracy;
    finding
}

fn measured<H: Narrow + Format>(
    subject: &Subject,
    effort: &Effort,
    compiled: &'static Compiled,
    tally: &mut Tally,
) -> Seen {
    let mut seen = Seen::default();
    let name = format!("narrow_results_are_rounded_once {}", H::NAME);
    let sizes = sizes(subject, Wanted::Results);
    each_pair::<f32>(subject, effort, &name, &sizes, edges::sharpen, tally, |sample, random, tally| {
        hold::<H>(sample, compiled, random, &mut seen, tally);
    });
    seen
}

/// Holds one batch against the oracle.
fn hold<H: Narrow + Format>(
    sample: &Sample<'_, f32>,
    compiled: &'static Compiled,
    random: &mut Random,
    seen: &mut Seen,
    tally: &mut Tally,
) {
    let narrow = Narrowed::<H>::of(sample.info, sample.extents, &sample.batch);
    let Sample { loss, info, generator, extents, .. } = *sample;
    let wide = Sample { loss, info, generator, extents, batch: narrow.widened() };
    let what = || format!("{}; {}", <H as Narrow>::NAME, wide.describe());
    let Some(variant) = variant_of(compiled, generator.setting()) else {
        return tally.fail(&what(), || ("a variant of the spec".to_owned(), "none".to_owned()));
    };
    let execution = Execution { isa: None, threads: Some(1) };
    let refused = |refusal: loss_runtime::Error| ("an answer".to_owned(), refusal.to_string());
    let places = match narrow.run(loss, Reduction::None, Upstream::One, execution) {
        Ok(answer) => answer.elements.len(),
        Err(refusal) => return tally.fail(&what(), || refused(refusal)),
    };
    let upstream: Vec<H> = (0..places).map(|_| H::round(if random.chance(0.5) { 0.375 } else { -2.0 })).collect();
    let answer = match narrow.run(loss, Reduction::None, Upstream::Each(&upstream), execution) {
        Ok(answer) => answer,
        Err(refusal) => return tally.fail(&what(), || refused(refusal)),
    };
    let upstream: Vec<f32> = upstream.into_iter().map(loss_runtime::Stored::widen).collect();
    let weights = data::in_oracle_order(&wide, &upstream);
    let spec = &compiled.spec;
    let oracle_data = data_of(spec, info, &wide.batch, extents);
    let truth = match call(spec, variant, &oracle_data, "none", &weights) {
        Ok(truth) => truth,
        // A tie of numbers that are equal but not known exactly: nothing can be said of this batch.
        Err(Failure::Undecided { .. }) => return tally.leave_undecided(),
        Err(failure) => return tally.fail(&what(), || (failure.to_string(), "an answer".to_owned())),
    };
    let conditions = Conditions::new::<f32>(spec, variant, &oracle_data, weights);
    Judge { sample: &wide, conditions, truth: &truth }.judge(&answer, seen, tally);
}

/// A batch of widened numbers, the truth about it, and how well conditioned its results are in the compute type.
struct Judge<'s> {
    sample: &'s Sample<'s, f32>,
    conditions: Conditions<'s>,
    truth: &'s CallOutcome,
}

impl Judge<'_> {
    fn judge<H: Narrow + Format>(&mut self, answer: &Answer<H>, seen: &mut Seen, tally: &mut Tally) {
        let truth = self.truth;
        let places: Vec<f32> = (0..answer.elements.len()).map(|place| place as f32).collect();
        let order = data::elements_in_oracle_order(self.sample, &places);
        for (place, (at, truth)) in order.into_iter().zip(&truth.values).enumerate() {
            let actual = answer.elements[at as usize];
            self.point(Result::Value(place), Quantity::Value, actual, truth, seen, tally);
        }
        for (input, info) in self.sample.info.inputs.iter().enumerate() {
            let (Some(actual), Some(truth)) = (&answer.gradients[input], &truth.gradients[input]) else { continue };
            let places: Vec<f32> = (0..actual.len()).map(|place| place as f32).collect();
            let order = data::input_in_oracle_order(self.sample, input, &places);
            for (place, (at, truth)) in order.into_iter().zip(truth).enumerate() {
                let quantity = Quantity::Gradient(info.name.to_owned());
                self.point(Result::Gradient(input, place), quantity, actual[at as usize], truth, seen, tally);
            }
        }
    }

    /// A result may be off by half a unit of its own type, and by what a result of the compute type may be off.
    fn point<H: Narrow + Format>(
        &mut self,
        result: Result,
        quantity: Quantity,
        actual: H,
        truth: &Real,
        seen: &mut Seen,
        tally: &mut Tally,
    ) {
        let raw = ulps(actual, truth);
        let shorter = f64::from(f32::EPSILON) * 2_f64.powi(H::DIGITS as i32 - 1);
        let limit = ROUNDING + tolerance::ORACLE_ULPS * shorter;
        let mut distance = raw;
        let (number, exact) = (Format::widen(actual), truth.to_f64());
        if distance > limit && number.is_finite() && exact.is_finite() {
            let unit = |size: f64| size.abs().max(2_f64.powi(H::LEAST as i32));
            // To the power of two below it, as the distance is measured.
            let unit = 2_f64.powi(unit(exact).log2().floor() as i32 - (H::DIGITS as i32 - 1));
            let mut off = (number - exact).abs();
            // A step beside a kink the derivative is another, and which side a rounded number falls on is its rounding's choice.
            if let (Result::Gradient(..), Some((low, high))) = (result, self.conditions.range(result)) {
                off = off.min((low - number).max(number - high).max(0.0));
            }
            let wide = exact.abs().max(f64::from(f32::MIN_POSITIVE)) * f64::from(f32::EPSILON);
            let allowed = tolerance::ORACLE_ULPS * (wide + self.conditions.spread(result));
            distance = ROUNDING.max((off - allowed).max(0.0) / unit);
        }
        if distance.is_infinite()
            && exact.is_nan()
            && let Some(near) = self.conditions.limit(result)
        {
            distance = ulps(actual, &Real::from_f64(near));
        }
        // A step of the formula that is too large for the compute type loses the result there; `errors_are_within_budget` counts those.
        if distance.is_infinite() && !number.is_finite() && self.conditions.leaves_range::<f32>(result) {
            seen.early += 1;
            return;
        }
        let text = || format!("{}: {}", <H as Narrow>::NAME, self.sample.describe());
        seen.add(quantity.clone(), distance, if raw.is_finite() { raw } else { distance }, || (None, text()));
        if distance <= limit {
            tally.pass(1);
        } else {
            let what = format!("{}, {}", String::from(quantity), text());
            tally.fail(&what, || (format!("{exact:e}"), format!("{number:e}, {distance} units away")));
        }
    }
}
