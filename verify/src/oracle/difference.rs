//! Finite differences of the oracle's own values: a check of the derivative rules that knows none of them.

use std::collections::BTreeSet;

use loss_codegen::expr::ExprId;

use super::data::{Element, Malformed, Values};
use super::evaluate::{Evaluator, Interruption};
use super::real::Real;
use super::{Failure, Oracle};

/// Where the two values are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `(f(x + h) - f(x - h)) / 2h`: the error falls with `h^2`.
    Central,
    /// `(f(x + h) - f(x)) / h`
    Above,
    /// `(f(x) - f(x - h)) / h`
    Below,
}

/// `h = 2^STEP` times the size of x: about 1e-40.
const STEP: i64 = -133;
/// The first precision: h, h again for the difference, and 128 bits to spare.
const FIRST: usize = 512;
const LAST: usize = 16384;
/// The quotient's evaluation error is relative `2^-KNOWN`; what remains is the method's, about h or `h^2`.
const KNOWN: i64 = 70;

impl Oracle<'_> {
    /// The difference quotient of the loss at a place with respect to one element of an input.
    ///
    /// # Errors
    /// The element is not a finite real number, or no precision decides the values.
    pub fn finite_difference(&self, place: &[usize], element: Element, side: Side) -> Result<Real, Failure> {
        self.finite_difference_of(self.variant.loss, place, element, side)
    }

    /// The difference quotient of any real expression of the variant.
    ///
    /// # Errors
    /// The element is not a finite real number, or no precision decides the values.
    pub fn finite_difference_of(
        &self,
        id: ExprId,
        place: &[usize],
        element: Element,
        side: Side,
    ) -> Result<Real, Failure> {
        let place = self.place(place)?;
        let malformed = Malformed::Input(element.input);
        let x = match self.question.data.inputs.get(usize::from(element.input.0)) {
            Some(Some(data)) => match &data.values {
                Values::Real(values) => values.get(element.place).copied().filter(|x| x.is_finite()),
                Values::Condition(_) | Values::Integer(_) => None,
            },
            Some(None) | None => None,
        };
        let x = x.ok_or(malformed)?;
        let size = Real::from_f64(x);
        let exponent = match &size {
            Real::Finite(ball) => ball.top().unwrap_or(0),
            Real::Nan | Real::Infinity { .. } | Real::Extreme { .. } => 0,
        };
        let step = Real::power_of_two(STEP + exponent);
        let mut precision = FIRST;
        loop {
            let at = |value: Real| {
                let evaluator = Evaluator::new(self.question, precision, BTreeSet::new()).with_moved(element, value);
                evaluator.real(id, &place).map(|(value, _)| value)
            };
            let arithmetic = super::arithmetic::Arithmetic::new(precision);
            let quotient = || {
                let above = arithmetic.add(&size, &step)?;
                let below = arithmetic.subtract(&size, &step)?;
                let (low, high, shift) = match side {
                    Side::Central => (below, above, STEP + exponent + 1),
                    Side::Above => (size.clone(), above, STEP + exponent),
                    Side::Below => (below, size.clone(), STEP + exponent),
                };
                let difference = arithmetic.subtract(&at(high)?, &at(low)?)?;
                Ok(arithmetic.divide(&difference, &Real::power_of_two(shift))?)
            };
            match quotient() {
                Ok(quotient) if quotient.is_known_to(KNOWN) => return Ok(quotient),
                Err(Interruption::Malformed(malformed)) => return Err(malformed.into()),
                Ok(_) | Err(Interruption::Undecided) if precision < LAST => precision *= 2,
                Ok(_) | Err(Interruption::Undecided) => return Err(Failure::Undecided { precision }),
            }
        }
    }
}
