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

    /// The declared curvature, where there is one: what is read there may be any number.
    fn declared(&self, which: Bend, place: &[usize]) -> Result<Option<Real>, Failure> {
        let (Bend::Step, Some(step)) = (which, &self.variant.step) else { return Ok(None) };
        let holds = step.when.map(|when| self.condition(when, place)).transpose()?;
        match holds {
            None | Some(Some(true)) => Ok(Some(self.expression(step.value, place)?.value)),
            Some(None) => Ok(Some(Real::Nan)),
            Some(Some(false)) => Ok(None),
        }
    }

    /// The second derivative where the element is not finite: 0 if the gradient is, as where a weight of 0 removes what reads it; otherwise nothing
    /// is known, for there is no quotient.
    fn removed(&self, place: &[usize], element: Element) -> Result<Option<Real>, Failure> {
        let slope = self.loss(place)?.gradient.remove(&element);
        Ok(slope.is_none_or(|slope| slope.is_zero()).then(Real::zero))
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

/// A curvature of every element of an input, each times the upstream gradient of its place; nothing where no precision decides it, or the
/// element is not finite and what is asked for is neither declared nor removed. `upstream` has one value for each value of `none`.
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
        let (here, element) = (&place[..data.extents.len()], Element { input: of, place: at });
        let own = match oracle.declared(which, here) {
            Ok(None) if numbers[at].is_finite() => oracle.second_derivative(here, element).map(Some),
            Ok(None) => oracle.removed(here, element),
            known => known,
        };
        let own = match own {
            Ok(own) => own,
            Err(Failure::Undecided { .. }) => None,
            Err(failure) => return Err(failure),
        };
        let scaled = own.and_then(|own| arithmetic.multiply(&Real::from_f64(upstream), &own).ok());
        sums[at] = match (sums[at].take(), scaled) {
            (Some(sum), Some(own)) => arithmetic.add(&sum, &own).ok(),
            (Some(_), None) | (None, _) => None,
        };
    }
    Ok(sums)
}

/// Whether no curvature is declared at any place of a call, so that the one in its stead is the second derivative everywhere.
///
/// # Errors
/// The data does not fit, or no precision decides where one is declared.
pub fn declares_nothing(spec: &Spec, variant: &Variant, data: &Data) -> Result<bool, Failure> {
    let oracle = Oracle::new(spec, variant, data)?;
    for place in places(spec, variant, data) {
        if oracle.declared(Bend::Step, &place[..data.extents.len()])?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
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

#[cfg(test)]
mod tests {
    use loss_codegen::expr::{InputId, ParamId};

    use super::{Bend, bends, declares_nothing};
    use crate::oracle::data::{Data, Values};
    use crate::oracle::real::Real;
    use crate::registry::losses;
    use crate::subject::Subject;

    /// A loss of one place, all of whose inputs and no parameter but the first are given: its curvature in the first input, and whether
    /// another one is declared.
    fn curvature(name: &str, which: Bend, inputs: &[f64], param: Option<f64>) -> (Option<Real>, bool) {
        let all = Subject::all(losses());
        let subject = all.iter().find(|subject| subject.name() == name).expect("there is one");
        let compiled = subject.compiled().expect("it has a spec");
        let spec = &compiled.spec;
        let given = |variant: &&loss_codegen::model::Variant| {
            variant.key.inputs_present.iter().enumerate().all(|(at, &is_given)| is_given == (at < inputs.len()))
        };
        let variant = compiled.variants.iter().find(given).expect("there is such a variant");
        let data = (0..).zip(inputs).fold(Data::new(spec, vec![1; spec.axes.len()]), |data, (place, &value)| {
            data.with_input(spec, InputId(place), Values::Real(vec![value]))
        });
        let data = param.into_iter().fold(data, |data, value| data.with_param(ParamId(0), value));
        let all = bends(spec, variant, &data, (which, InputId(0)), &[-2.0]).expect("the data fits");
        (all[0].clone(), !declares_nothing(spec, variant, &data).expect("the data fits"))
    }

    #[test]
    fn beside_what_is_not_finite_a_curvature_is_what_is_declared_or_removed_and_nothing_else_is_known() {
        let (exact, step) = (Bend::Exact, Bend::Step);
        let removed = |inputs: &[f64]| curvature("bce_with_logits", exact, inputs, None).0.map(|bend| bend.to_f64());
        assert_eq!(removed(&[f64::NAN, 0.25, 0.0, 3.0]), Some(0.0));
        assert_eq!(removed(&[f64::NAN, 1.0, 2.0, 0.0]), Some(0.0));
        assert_eq!(removed(&[f64::NEG_INFINITY, 0.25, 0.0, 3.0]), Some(0.0));
        assert_eq!(removed(&[f64::NEG_INFINITY, 0.25, 2.0, 3.0]), None);
        assert_eq!(removed(&[f64::NAN, 0.25, 2.0, 3.0]), None);
        assert_eq!(removed(&[0.0, 0.25, 2.0, 1.0]), Some(-1.0));
        let smooth = |which, input: f64| curvature("smooth_l1", which, &[input, 0.0], Some(0.5));
        assert!(matches!(smooth(step, f64::NAN), (Some(Real::Nan), true)));
        assert!(matches!(smooth(exact, f64::NAN), (None, true)));
        assert_eq!(smooth(step, f64::INFINITY).0.map(|bend| bend.to_f64()), Some(0.0));
        let absolute = curvature("smooth_l1", step, &[f64::NAN, 0.0], Some(0.0));
        assert!(matches!(absolute, (None, false)), "{absolute:?}");
    }
}
