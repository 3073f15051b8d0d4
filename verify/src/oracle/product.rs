//! Hessian-vector products: difference quotients, along the direction, of the gradient that the rules give, with every case decided as it is
//! at the point itself. No rule for a second derivative is needed.

use std::collections::BTreeSet;

use loss_codegen::expr::InputId;
use loss_codegen::model::{Spec, Variant};

use super::arithmetic::Arithmetic;
use super::call::{is_dropped, places};
use super::data::{Data, Element, Values};
use super::dual::Tangents;
use super::evaluate::{Attempt, Evaluator, Interruption, Place};
use super::real::Real;
use super::{Failure, Oracle};

/// The largest step is `2^STEP` times the smallest number that moves, or times 1 if all are larger: the error of the method is about the
/// square of that.
const STEP: i64 = -100;
/// The step, what is wanted of the quotient, and some bits to spare.
const FIRST: usize = 256;
const LAST: usize = 16384;
/// The quotient's evaluation error is relative `2^-KNOWN`, or absolute as the format that is asked about has digits.
const KNOWN: i64 = 70;

/// The product of each row's Hessian in an input with a direction, each times the upstream gradient of its place, for every element of the
/// input; nothing where the row holds a number that is not finite, along which there is no step, or no precision decides it. No more is known
/// of them than the digits above `least`, the smallest number of a format, and some below it.
///
/// # Errors
/// The data does not fit, or a tie decides what the loss reads.
pub fn products(
    spec: &Spec,
    variant: &Variant,
    data: &Data,
    (of, direction): (InputId, &[f64]),
    upstream: &[f64],
    least: f64,
) -> Result<Vec<Option<Real>>, Failure> {
    let oracle = Oracle::new(spec, variant, data)?;
    let arithmetic = Arithmetic::new(FIRST);
    let evaluator = Evaluator::new(oracle.question, FIRST, BTreeSet::new());
    let numbers = data.inputs[usize::from(of.0)].as_ref().map(|input| &input.values);
    let Some(Values::Real(numbers)) = numbers else { return Ok(Vec::new()) };
    let line = Line { oracle: &oracle, of, numbers, direction, spare: 16 - exponent(least) };
    let mut sums: Vec<Option<Real>> = vec![Some(Real::zero()); numbers.len()];
    for (place, &upstream) in places(spec, variant, data).iter().zip(upstream) {
        if is_dropped(&evaluator, place).map_err(failure)? {
            continue;
        }
        let elements = line.elements_of(place).map_err(failure)?;
        let own = line.product(place, &elements)?;
        for element in elements {
            let scaled = own.as_ref().and_then(|own| {
                let slope = own.get(&element).cloned().unwrap_or_else(Real::zero);
                arithmetic.multiply(&Real::from_f64(upstream), &slope).ok()
            });
            sums[element.place] = match (sums[element.place].take(), scaled) {
                (Some(sum), Some(own)) => arithmetic.add(&sum, &own).ok(),
                (Some(_), None) | (None, _) => None,
            };
        }
    }
    Ok(sums)
}

fn failure(interruption: Interruption) -> Failure {
    match interruption {
        Interruption::Undecided => Failure::Undecided { precision: FIRST },
        Interruption::Malformed(malformed) => malformed.into(),
    }
}

/// A line through the point that the data is, in one input.
struct Line<'l, 'a> {
    oracle: &'l Oracle<'a>,
    of: InputId,
    numbers: &'l [f64],
    direction: &'l [f64],
    /// A quotient that is known to `2^-spare` is known to every digit that the format can hold.
    spare: i64,
}

/// Of the largest power of two that is no larger.
fn exponent(number: f64) -> i64 {
    number.abs().log2().floor() as i64
}

impl Line<'_, '_> {
    /// The elements that the gradient of a place has slopes for.
    fn elements_of(&self, place: &Place) -> Attempt<BTreeSet<Element>> {
        let evaluator = Evaluator::new(self.oracle.question, FIRST, BTreeSet::from([self.of]));
        Ok(evaluator.real(self.oracle.variant.loss, place)?.1.into_keys().collect())
    }

    /// How the gradient of a place moves along the line, if it can be told.
    fn product(&self, place: &Place, elements: &BTreeSet<Element>) -> Result<Option<Tangents>, Failure> {
        let all = || elements.iter().map(|element| (self.numbers[element.place], self.direction[element.place]));
        if all().any(|(x, v)| !x.is_finite() || !v.is_finite()) {
            return Ok(None);
        }
        let Some(fastest) = all().filter(|(_, v)| *v != 0.0).map(|(_, v)| exponent(v)).max() else {
            return self.standing(place, elements);
        };
        let smallest = all().filter(|(x, v)| *x != 0.0 && *v != 0.0).map(|(x, _)| exponent(x)).min();
        let step = STEP + smallest.unwrap_or(0).min(0) - fastest;
        let mut precision = FIRST;
        loop {
            match self.quotient(place, elements, step, precision) {
                Ok(slopes) if slopes.values().all(|slope| slope.is_known_to(KNOWN) || slope.is_within(self.spare)) => {
                    return Ok(Some(slopes));
                }
                Err(Interruption::Malformed(malformed)) => return Err(malformed.into()),
                Ok(_) | Err(Interruption::Undecided) if precision < LAST => precision *= 2,
                Ok(_) | Err(Interruption::Undecided) => return Ok(None),
            }
        }
    }

    /// Nothing moves, so that every product is 0; but of a gradient that is no number it is none.
    fn standing(&self, place: &Place, elements: &BTreeSet<Element>) -> Result<Option<Tangents>, Failure> {
        let evaluator = Evaluator::new(self.oracle.question, FIRST, BTreeSet::from([self.of]));
        let (_, gradient) = evaluator.real(self.oracle.variant.loss, place).map_err(failure)?;
        let of = |element: &Element| match gradient.get(element) {
            Some(slope) if slope.is_nan() || slope.is_infinite() => Real::Nan,
            Some(_) | None => Real::zero(),
        };
        Ok(Some(elements.iter().map(|element| (*element, of(element))).collect()))
    }

    fn quotient(&self, place: &Place, elements: &BTreeSet<Element>, step: i64, precision: usize) -> Attempt<Tangents> {
        let wrt = || BTreeSet::from([self.of]);
        let arithmetic = Arithmetic::new(precision);
        let question = self.oracle.question;
        let gradient = |distance: &Real| -> Attempt<Tangents> {
            let here = Evaluator::new(question, precision, wrt());
            let mut there = Evaluator::new(question, precision, wrt()).decided_as(here);
            for element in elements {
                let (x, v) = (self.numbers[element.place], self.direction[element.place]);
                let moved = arithmetic.multiply(&Real::from_f64(v), distance)?;
                there = there.with_moved(*element, arithmetic.add(&Real::from_f64(x), &moved)?);
            }
            Ok(there.real(self.oracle.variant.loss, place)?.1)
        };
        let distance = Real::power_of_two(step);
        let (above, mut below) = (gradient(&distance)?, gradient(&distance.negated())?);
        let mut slopes = Tangents::new();
        for element in elements {
            let above = above.get(element).cloned().unwrap_or_else(Real::zero);
            let below = below.remove(element).unwrap_or_else(Real::zero);
            let quotient = arithmetic.divide(&arithmetic.subtract(&above, &below)?, &Real::power_of_two(step + 1))?;
            slopes.insert(*element, quotient);
        }
        Ok(slopes)
    }
}
