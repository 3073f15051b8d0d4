//! The derivative rules against difference quotients of the formula's own values: a witness that knows no rule. The quotients are taken
//! with hundreds of bits and a step of about 1e-40, so that they say as much as the rules do.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::InputId;
use loss_runtime::Element as Float;

use crate::generators::{Extents, Random};
use crate::oracle::call::axes_of_result;
use crate::oracle::data::{Data, Element, Values};
use crate::oracle::difference::Side;
use crate::oracle::real::Real;
use crate::oracle::{Failure, Oracle};
use crate::subject::{Effort, Subject};

use super::departing::{departs, departs_everywhere};
use super::sample::{Sample, each_pair, has_second_axis};
use super::truth::{data_of, sharpen, variant_of};
use super::{Finding, Tally, tolerance};

/// One in this many of the effort's points: a quotient takes its time.
const SHARE: u64 = 10;
/// So many derivatives are looked at in one batch.
const PER_BATCH: usize = 4;

/// Every derivative that the oracle computes by rules is what its values say.
pub(super) fn gradient_matches_differences(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    if departs_everywhere(compiled) {
        return Finding::skipped("the spec says of every gradient that it is not the derivative");
    }
    let mut tally = Tally::new(subject, effort);
    let effort = Effort { points: effort.points.div_ceil(SHARE), ..*effort };
    let sizes = if has_second_axis(subject.loss.info()) {
        vec![Extents::rows([2]).with_extent(3), Extents::rows([1]).with_extent(7)]
    } else {
        vec![Extents::rows([8])]
    };
    let name = "gradient_matches_differences";
    each_pair::<f64>(subject, &effort, name, &sizes, sharpen, &mut tally, |sample, random, tally| {
        look(sample, compiled, random, tally);
    });
    tally.finding()
}

fn look<T: Float>(sample: &Sample<'_, T>, compiled: &'static Compiled, random: &mut Random, tally: &mut Tally) {
    let spec = &compiled.spec;
    let Some(variant) = variant_of(compiled, sample.generator.setting()) else {
        return tally.fail(&sample.describe(), || ("a variant of the spec".to_owned(), "none".to_owned()));
    };
    let data = data_of(spec, sample.info, &sample.batch, sample.extents);
    let oracle = match Oracle::new(spec, variant, &data) {
        Ok(oracle) => oracle,
        Err(malformed) => {
            let malformed = format!("{malformed:?}");
            return tally.fail(&sample.describe(), || ("data that fits the spec".to_owned(), malformed));
        }
    };
    let axes = axes_of_result(spec, variant);
    let dropped = sample.batch.dropped_rows(sample.info, sample.extents);
    for _ in 0..PER_BATCH {
        let mut place = vec![0; data.extents.len()];
        for axis in &axes {
            place[usize::from(axis.0)] = random.below(data.extent(*axis));
        }
        if dropped[place[0]] {
            continue;
        }
        let Some(element) = some_element(sample, &data, random) else { return };
        let truth = match oracle.loss(&place) {
            Ok(truth) => truth,
            Err(Failure::Undecided { .. }) => {
                tally.leave_undecided();
                continue;
            }
            Err(failure) => {
                tally.fail(&sample.describe(), || ("a truth".to_owned(), failure.to_string()));
                continue;
            }
        };
        // One that the value depends on, most of the time; of the others the derivative is 0.
        let depends: Vec<Element> = truth.gradient.keys().copied().collect();
        let element = if depends.is_empty() || random.chance(0.1) { element } else { *random.pick(&depends) };
        // A parameter's derivative is looked at as the sum that it is a part of.
        if element.param().is_some() || departs(variant, element.input) {
            continue;
        }
        let slope = truth.gradient.get(&element).cloned().unwrap_or_else(Real::zero).to_f64();
        if !(truth.value.to_f64().is_finite() && slope.is_finite() && is_finite(&data, element)) {
            continue;
        }
        match witness(&oracle, &place, element, slope) {
            Witness::Agrees => tally.pass(1),
            Witness::Silent => tally.leave_undecided(),
            Witness::Disagrees(quotients) => {
                let input = sample.info.inputs[usize::from(element.input.0)].name;
                let what = format!(
                    "the derivative at {place:?} with respect to {input}[{}]; {}: {}",
                    element.place,
                    sample.describe(),
                    numbers(sample)
                );
                tally.fail(&what, || (format!("quotients {quotients}"), format!("{slope:e} by the rules")));
            }
        }
    }
}

/// An element of an input with a gradient.
fn some_element<T: Float>(sample: &Sample<'_, T>, data: &Data, random: &mut Random) -> Option<Element> {
    let inputs = sample.info.inputs.iter().zip(&data.inputs).enumerate();
    let able: Vec<(usize, usize)> = inputs
        .filter_map(|(input, (info, data))| Some((input, data.as_ref()?.values.len())).filter(|_| info.gradient))
        .filter(|(_, len)| *len > 0)
        .collect();
    if able.is_empty() {
        return None;
    }
    let (input, len) = *random.pick(&able);
    Some(Element { input: InputId(input as u8), place: random.below(len) })
}

fn is_finite(data: &Data, element: Element) -> bool {
    match data.inputs[usize::from(element.input.0)].as_ref().map(|input| &input.values) {
        Some(Values::Real(values)) => values[element.place].is_finite(),
        Some(Values::Condition(_) | Values::Integer(_)) | None => false,
    }
}

/// What difference quotients say of a derivative.
pub(super) enum Witness {
    Agrees,
    /// No precision decides a quotient, or neither side belongs to the domain.
    Silent,
    Disagrees(String),
}

/// Holds a derivative against the central quotient; where that differs, a kink may lie within the step, and the derivative has to lie
/// between the quotients of the two sides. At an end of the domain there is one side alone.
pub(super) fn witness(oracle: &Oracle<'_>, place: &[usize], element: Element, slope: f64) -> Witness {
    let quotient = |side| {
        oracle.finite_difference(place, element, side).ok().map(|quotient| quotient.to_f64()).filter(|q| q.is_finite())
    };
    let slack = |quotient: f64| tolerance::QUOTIENT * slope.abs().max(quotient.abs()) + tolerance::QUOTIENT_STEP;
    let central = quotient(Side::Central);
    if let Some(central) = central
        && (central - slope).abs() <= slack(central)
    {
        return Witness::Agrees;
    }
    let sides: Vec<f64> = [Side::Below, Side::Above].into_iter().filter_map(quotient).collect();
    let Some((low, high)) = sides.iter().copied().map(|q| (q, q)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) else {
        return Witness::Silent;
    };
    if slope >= low - slack(low) && slope <= high + slack(high) {
        return Witness::Agrees;
    }
    // The last step to an end of the domain is no derivative there.
    if central.is_none() && sides.len() < 2 && low.abs() > tolerance::STEEP {
        return Witness::Silent;
    }
    Witness::Disagrees(format!("{central:?} central, {sides:?} of the sides"))
}

fn numbers<T: Float>(sample: &Sample<'_, T>) -> String {
    let columns = sample.info.inputs.iter().zip(&sample.batch.inputs);
    let parts: Vec<String> = columns
        .filter_map(|(info, column)| {
            let values = &column.as_ref()?.values;
            let numbers: Vec<String> =
                (0..values.len().min(16)).map(|place| format!("{:e}", values.number(place))).collect();
            Some(format!("{} = [{}]", info.name, numbers.join(", ")))
        })
        .collect();
    parts.join(", ")
}
