//! Second derivatives: difference quotients of the gradient that the rules give, with every case decided as it is at the place itself.
//! So at a knot the quotient is that of the case that holds there, which is what the language means by a second derivative; and no
//! rule for one is needed.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use loss_codegen::expr::{Binary, Expr, ExprId, InputId, Unary};
use loss_codegen::model::{Spec, Variant};

use super::arithmetic::Arithmetic;
use super::call::{is_dropped, places};
use super::data::{Data, Element, Values};
use super::dual::{Dual, Tangents, negate};
use super::evaluate::{Attempt, Evaluator, Interruption, Place};
use super::real::Real;
use super::{Failure, Oracle};

/// `h = 2^STEP` times the size of x: the error of the method is about `h^2`.
const STEP: i64 = -133;
const FIRST: usize = 512;
const LAST: usize = 16384;
/// The quotient's evaluation error is relative `2^-KNOWN`, or the quotient rounds to zero in every format.
const KNOWN: i64 = 70;

/// Which curvature of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bend {
    /// The second derivative.
    Exact,
    /// The declared one that a step of Newton's divides by, where there is one; elsewhere the second derivative.
    Step,
}

impl Oracle<'_> {
    /// The second derivative of the loss at a place with respect to one element.
    ///
    /// # Errors
    /// The element is not a finite real number, or no precision decides the gradients beside it.
    pub fn second_derivative(&self, place: &[usize], element: Element) -> Result<Real, Failure> {
        self.second_derivative_at(self.variant.loss, &self.place(place)?, element)
    }

    /// The curvature of the loss at a place with respect to one element.
    ///
    /// # Errors
    /// As [`Self::second_derivative`].
    pub fn bend(&self, which: Bend, place: &[usize], element: Element) -> Result<Real, Failure> {
        if let (Bend::Step, Some(step)) = (which, &self.variant.step) {
            let holds = step.when.map(|when| self.condition(when, place)).transpose()?;
            match holds {
                None | Some(Some(true)) => return Ok(self.expression(step.value, place)?.value),
                Some(None) => return Ok(Real::Nan),
                Some(Some(false)) => {}
            }
        }
        self.second_derivative(place, element)
    }

    fn second_derivative_at(&self, id: ExprId, place: &Place, element: Element) -> Result<Real, Failure> {
        let around = self.around(element, STEP)?;
        let mut precision = FIRST;
        loop {
            match self.slope_of_gradient(id, place, element, &around.size, around.step, precision) {
                Ok(quotient) if quotient.is_known_to(KNOWN) => return Ok(quotient),
                Err(Interruption::Malformed(malformed)) => return Err(malformed.into()),
                Ok(_) | Err(Interruption::Undecided) if precision < LAST => precision *= 2,
                Ok(_) | Err(Interruption::Undecided) => return Err(Failure::Undecided { precision }),
            }
        }
    }

    fn slope_of_gradient(
        &self,
        id: ExprId,
        place: &Place,
        element: Element,
        x: &Real,
        step: i64,
        precision: usize,
    ) -> Attempt<Real> {
        let wrt = || BTreeSet::from([element.input]);
        let arithmetic = Arithmetic::new(precision);
        let gradient = |value: Real| -> Attempt<Real> {
            let here = Evaluator::new(self.question, precision, wrt());
            let there = Evaluator::new(self.question, precision, wrt()).with_moved(element, value).decided_as(here);
            Ok(there.real(id, place)?.1.remove(&element).unwrap_or_else(Real::zero))
        };
        let distance = Real::power_of_two(step);
        let above = gradient(arithmetic.add(x, &distance)?)?;
        let below = gradient(arithmetic.subtract(x, &distance)?)?;
        Ok(arithmetic.divide(&arithmetic.subtract(&above, &below)?, &Real::power_of_two(step + 1))?)
    }
}

/// A curvature of every element of an input, each times the upstream gradient of its place; nothing where the element is not finite or
/// no precision decides it. `upstream` has one value for each value of `none`.
///
/// # Errors
/// The data does not fit.
pub fn bends(
    spec: &Spec,
    variant: &Variant,
    data: &Data,
    (which, of): (Bend, InputId),
    upstream: &[f64],
) -> Result<Vec<Option<Real>>, Failure> {
    let oracle = Oracle::new(spec, variant, data)?;
    let arithmetic = Arithmetic::new(FIRST);
    let evaluator = Evaluator::new(oracle.question, FIRST, BTreeSet::new());
    let numbers = data.inputs[usize::from(of.0)].as_ref().map(|input| &input.values);
    let Some(Values::Real(numbers)) = numbers else { return Ok(Vec::new()) };
    let mut sums: Vec<Option<Real>> = vec![Some(Real::zero()); numbers.len()];
    for (place, &upstream) in places(spec, variant, data).iter().zip(upstream) {
        let at = evaluator.locate(of, place).map_err(failure)?.1;
        if is_dropped(&evaluator, place).map_err(failure)? {
            continue;
        }
        let own = if numbers[at].is_finite() {
            match oracle.bend(which, &place[..data.extents.len()], Element { input: of, place: at }) {
                Ok(own) => Some(own),
                Err(Failure::Undecided { .. }) => None,
                Err(failure) => return Err(failure),
            }
        } else {
            None
        };
        let scaled = own.and_then(|own| arithmetic.multiply(&Real::from_f64(upstream), &own).ok());
        sums[at] = match (sums[at].take(), scaled) {
            (Some(sum), Some(own)) => arithmetic.add(&sum, &own).ok(),
            (Some(_), None) | (None, _) => None,
        };
    }
    Ok(sums)
}

fn failure(interruption: Interruption) -> Failure {
    match interruption {
        Interruption::Undecided => Failure::Undecided { precision: FIRST },
        Interruption::Malformed(malformed) => malformed.into(),
    }
}

impl Evaluator<'_> {
    /// What an expression with cases is where these are decided by another evaluator; nothing for other expressions, and for those
    /// whose cases are not ordered.
    pub(super) fn decided(&self, here: &Self, id: ExprId, place: &Place) -> Attempt<Option<Dual>> {
        let graph = self.question.graph;
        match graph.expr(id) {
            Expr::Compare(..) => Ok(Some((*here.at(id, place)?).clone())),
            Expr::Unary(function @ (Unary::Abs | Unary::Sign | Unary::Relu), x) => {
                let Some(sign) = here.real(x, place)?.0.sign()? else { return Ok(None) };
                Ok(Some(self.of_one_sign(function, sign, x, place)?))
            }
            Expr::Binary(function @ (Binary::Max | Binary::Min), x, y) => {
                let order = self.arithmetic.compare(&here.real(x, place)?.0, &here.real(y, place)?.0)?;
                let order = if function == Binary::Max { order } else { order.map(Ordering::reverse) };
                match order {
                    None => Ok(None),
                    Some(Ordering::Greater) => Ok(Some((*self.at(x, place)?).clone())),
                    Some(Ordering::Less) => Ok(Some((*self.at(y, place)?).clone())),
                    Some(Ordering::Equal) => {
                        let ((x, tx), (y, ty)) = (self.real(x, place)?, self.real(y, place)?);
                        let value = self.arithmetic.half(&self.arithmetic.add(&x, &y)?)?;
                        let both = self.arithmetic.united(tx, ty)?;
                        let mut tangents = Tangents::new();
                        for (element, t) in both {
                            tangents.insert(element, self.arithmetic.half(&t)?);
                        }
                        Ok(Some(Dual::real(value, tangents)))
                    }
                }
            }
            _ => Ok(None),
        }
    }

    /// `abs`, `sign` or `relu` of what is above zero, below it, or on it: there each is 0, and so is its derivative.
    fn of_one_sign(&self, function: Unary, sign: Ordering, x: ExprId, place: &Place) -> Attempt<Dual> {
        let own = || self.real(x, place).map(|(value, tangents)| Dual::real(value, tangents));
        let opposite = || self.real(x, place).map(|(value, t)| Dual::real(value.negated(), negate(&t)));
        Ok(match (function, sign) {
            (Unary::Abs | Unary::Relu, Ordering::Greater) => own()?,
            (Unary::Abs, Ordering::Less) => opposite()?,
            (Unary::Sign, Ordering::Greater) => Dual::constant(Real::one()),
            (Unary::Sign, Ordering::Less) => Dual::constant(Real::one().negated()),
            _ => Dual::constant(Real::zero()),
        })
    }
}
