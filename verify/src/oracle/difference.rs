//! Finite differences of the oracle's own values: a check of the derivative rules that knows none of them.

use std::collections::BTreeSet;

use loss_codegen::expr::{ExprId, InputId};

use super::data::{Element, Malformed, Number, Values};
use super::evaluate::{Attempt, Evaluator, Interruption, Place};
use super::functions::RealDual;
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
/// The same for a drawing, which shows three digits: the error of the method is about `2^-120`, and what is known of a gradient is known
/// of the quotient less 60 bits.
const DRAWN_STEP: i64 = -60;
const DRAWN_FIRST: usize = 256;
/// Relative, or absolute where a curvature is zero but not known to be.
const DRAWN: i64 = 34;

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
        let (place, around) = (self.place(place)?, self.around(element, STEP)?);
        let mut precision = FIRST;
        loop {
            match self.quotient(id, &place, &around, side, precision, &BTreeSet::new(), |(value, _)| value) {
                Ok(quotient) if quotient.is_known_to(KNOWN) => return Ok(quotient),
                Err(Interruption::Malformed(malformed)) => return Err(malformed.into()),
                Ok(_) | Err(Interruption::Undecided) if precision < LAST => precision *= 2,
                Ok(_) | Err(Interruption::Undecided) => return Err(Failure::Undecided { precision }),
            }
        }
    }

    /// The second derivative of the loss at a place with respect to one element, for a drawing: the central difference quotient of its
    /// gradient, to about ten digits.
    ///
    /// # Errors
    /// The element is not a finite real number, or the gradients are not known well enough.
    pub fn curvature(&self, place: &[usize], element: Element) -> Result<Real, Failure> {
        let wrt = BTreeSet::from([element.input]);
        let read = |(_, gradient): RealDual| gradient.get(&element).cloned().unwrap_or_else(Real::zero);
        let around = self.around(element, DRAWN_STEP)?;
        match self.quotient(self.variant.loss, &self.place(place)?, &around, Side::Central, DRAWN_FIRST, &wrt, read) {
            Ok(quotient) if quotient.is_known_to(DRAWN) || quotient.is_within(DRAWN) => Ok(quotient),
            Err(Interruption::Malformed(malformed)) => Err(malformed.into()),
            Ok(_) | Err(Interruption::Undecided) => Err(Failure::Undecided { precision: DRAWN_FIRST }),
        }
    }

    /// An element's value and a step from it.
    pub(super) fn around(&self, element: Element, step: i64) -> Result<Around, Malformed> {
        if let Some(param) = element.param() {
            let value = self.question.data.params.get(usize::from(param.0)).copied().flatten();
            let Some(Number::Float(x)) = value else { return Err(Malformed::MissingParam(param)) };
            return Ok(Around::of(element, x, step));
        }
        let x = match self.question.data.inputs.get(usize::from(element.input.0)) {
            Some(Some(data)) => match &data.values {
                Values::Real(values) => values.get(element.place).copied().filter(|x| x.is_finite()),
                Values::Condition(_) | Values::Integer(_) => None,
            },
            Some(None) | None => None,
        };
        Ok(Around::of(element, x.ok_or(Malformed::Input(element.input))?, step))
    }

    /// The difference quotient of something that is read off an expression and its gradient.
    #[expect(clippy::too_many_arguments, reason = "what, where, between which places, and how precisely")]
    fn quotient(
        &self,
        id: ExprId,
        place: &Place,
        Around { element, size, step }: &Around,
        side: Side,
        precision: usize,
        wrt: &BTreeSet<InputId>,
        read: impl Fn(RealDual) -> Real,
    ) -> Attempt<Real> {
        let at = |value: Real| {
            let evaluator = Evaluator::new(self.question, precision, wrt.clone()).with_moved(*element, value);
            evaluator.real(id, place).map(&read)
        };
        let arithmetic = super::arithmetic::Arithmetic::new(precision);
        let distance = Real::power_of_two(*step);
        let above = arithmetic.add(size, &distance)?;
        let below = arithmetic.subtract(size, &distance)?;
        let (low, high, shift) = match side {
            Side::Central => (below, above, step + 1),
            Side::Above => (size.clone(), above, *step),
            Side::Below => (below, size.clone(), *step),
        };
        let difference = arithmetic.subtract(&at(high)?, &at(low)?)?;
        Ok(arithmetic.divide(&difference, &Real::power_of_two(shift))?)
    }
}

/// An element's value, and the exponent of the step from it.
pub(super) struct Around {
    element: Element,
    pub(super) size: Real,
    pub(super) step: i64,
}

impl Around {
    fn of(element: Element, x: f64, step: i64) -> Self {
        let size = Real::from_f64(x);
        let exponent = match &size {
            Real::Finite(ball) => ball.top().unwrap_or(0),
            Real::Nan | Real::Infinity { .. } | Real::Extreme { .. } => 0,
        };
        Self { element, size, step: step + exponent }
    }
}

#[cfg(test)]
mod tests {
    use loss_codegen::expr::InputId;

    use crate::oracle::Oracle;
    use crate::oracle::data::{Data, Element, Values};
    use crate::registry::losses;
    use crate::subject::Subject;

    /// The second derivative with respect to the first input, without the inputs that may be absent.
    fn curvature(name: &str, input: f64, target: f64) -> f64 {
        let all = Subject::all(losses());
        let subject = all.iter().find(|subject| subject.name() == name).expect("there is one");
        let compiled = subject.compiled().expect("it has a spec");
        let spec = &compiled.spec;
        let plainest =
            compiled.variants.iter().min_by_key(|variant| variant.key.inputs_present.iter().filter(|&&p| p).count());
        let values = [input, target].map(|value| Values::Real(vec![value]));
        let data = (0..).zip(values).fold(Data::new(spec, vec![1; spec.axes.len()]), |data, (place, values)| {
            data.with_input(spec, InputId(place), values)
        });
        let oracle = Oracle::new(spec, plainest.expect("there is one"), &data).expect("the data fits");
        let element = Element { input: InputId(0), place: 0 };
        oracle.curvature(&[], element).expect("it is known").to_f64()
    }

    #[test]
    fn curvature_is_the_second_derivative() {
        let near = |actual: f64, expected: f64| assert!((actual - expected).abs() < 1e-9, "{actual} {expected}");
        near(curvature("mse", 0.3, 7.0), 2.0);
        near(curvature("bce_with_logits", 0.0, 0.3), 0.25);
        near(curvature("bce_with_logits", 2.0, 1.0), 0.104_993_585_403_506_5);
        // Zero, but nothing on the way says so exactly.
        near(curvature("kl_div", 1.0, 0.3), 0.0);
    }
}
