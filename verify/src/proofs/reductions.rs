//! Reductions over an axis: sums by their terms, and what holds of them because it holds at every place.

use loss_codegen::expr::{AxisId, Comparison, Expr, ExprId, InputId, Reducer};
use loss_codegen::model::Label;

use super::atoms::{Atom, Place, Where};
use super::certificate::{Depth, Inequality};
use super::piece::Fact;
use super::polynomial::{Monomial, Polynomial, Unknown};
use super::quotient::Quotient;
use super::reader::{Reader, Reading, Stop, Value};

impl Reader<'_> {
    /// A reduction over an axis.
    pub(super) fn reduce(
        &mut self,
        reducer: Reducer,
        axis: AxisId,
        filter: Option<ExprId>,
        value: ExprId,
        place: &Place,
    ) -> Reading<Value> {
        if let Some(filter) = filter {
            return self.filtered(reducer, axis, filter, value, place);
        }
        match reducer {
            Reducer::Sum | Reducer::Mean => {
                let total = self.sum(axis, value, place)?;
                let Reducer::Mean = reducer else { return Ok(total) };
                let Value::Finite(total) = total else { return Ok(Value::Undefined) };
                let size = self.introduced(Atom::Size(axis))?;
                Ok(Value::Finite(total.over_positive(&Quotient::of(size))))
            }
            Reducer::Logsumexp => self.logsumexp(axis, value, place),
            Reducer::Max
            | Reducer::Min
            | Reducer::Any
            | Reducer::All
            | Reducer::SimplexThreshold
            | Reducer::Norm
            | Reducer::Expectation
            | Reducer::Shift => Err(Stop::Unreadable("a reduction that proofs know nothing of")),
        }
    }

    /// A sum over the one place that a label names.
    fn filtered(
        &mut self,
        reducer: Reducer,
        axis: AxisId,
        filter: ExprId,
        value: ExprId,
        place: &Place,
    ) -> Reading<Value> {
        let unreadable = Err(Stop::Unreadable("a filter that is no label"));
        let Expr::Compare(comparison, x, y) = self.variant.graph.expr(filter) else { return unreadable };
        let (Expr::Index(_), Expr::Input(label)) = (self.variant.graph.expr(x), self.variant.graph.expr(y)) else {
            return unreadable;
        };
        let labelled = self.within(false, |reader| reader.at(value, &labelled(place, axis, label)))?;
        let of_one_is_it =
            matches!(reducer, Reducer::Sum | Reducer::Mean | Reducer::Max | Reducer::Min | Reducer::Logsumexp);
        if comparison == Comparison::Equal && of_one_is_it {
            return Ok(labelled);
        }
        if comparison != Comparison::NotEqual || reducer != Reducer::Sum {
            return unreadable;
        }
        let (Value::Finite(all), Value::Finite(one)) = (self.sum(axis, value, place)?, labelled) else {
            return Ok(Value::Undefined);
        };
        Ok(Value::Finite(all.minus(&one)))
    }

    fn sum(&mut self, axis: AxisId, value: ExprId, place: &Place) -> Reading<Value> {
        let depth = next_depth(place);
        let each = each(place, axis, depth);
        let read =
            |reader: &mut Self, elsewhere, place: &Place| reader.within(elsewhere, |reader| reader.at(value, place));
        match read(self, false, &each) {
            Ok(Value::Finite(summand)) => {
                let total = self.summed(axis, depth, &summand)?;
                for (bound, sum) in [(summand.clone(), total.clone()), (summand.negated(), total.negated())] {
                    if self.piece.implies(&Inequality::nonnegative(bound.above), Depth::Triples) {
                        self.learn(Fact::Holds(Inequality::nonnegative(sum.above)));
                    }
                }
                Ok(Value::Finite(total))
            }
            Ok(Value::Nan | Value::Infinite { .. } | Value::Undefined) => Ok(Value::Undefined),
            // All places as if none were labelled, and the labelled one in place of that.
            Err(Stop::Labelled(other, label)) if other == axis => {
                let there = labelled(place, axis, label);
                let (all, own, instead) =
                    (read(self, true, &each)?, read(self, false, &there)?, read(self, true, &there)?);
                let (Value::Finite(all), Value::Finite(own), Value::Finite(instead)) = (all, own, instead) else {
                    return Ok(Value::Undefined);
                };
                Ok(Value::Finite(self.summed(axis, depth, &all)?.plus(&own).minus(&instead)))
            }
            Err(stop) => Err(stop),
        }
    }

    /// The sum over all places: what does not vary stands before it.
    pub(super) fn summed(&mut self, axis: AxisId, depth: u8, summand: &Quotient) -> Reading<Quotient> {
        let bit = 1 << depth;
        if self.atoms.polynomial_depths(&summand.below) & bit != 0 {
            let sum = self.introduced(Atom::Reduced(Reducer::Sum, axis, depth, summand.clone()))?;
            return Ok(Quotient::of(sum));
        }
        let mut total = Polynomial::zero();
        for (monomial, coefficient) in summand.above.terms() {
            let mut outside = Polynomial::constant(coefficient.clone());
            let mut inside = Polynomial::one();
            for (unknown, power) in monomial.factors() {
                let factor = Polynomial::unknown(*unknown).power(*power);
                let side = if self.atoms.depths(*unknown) & bit != 0 { &mut inside } else { &mut outside };
                *side = side.times(&factor);
            }
            let sum = self.sum_of(axis, depth, &inside)?;
            total = total.plus(&outside.times(&sum));
        }
        Ok(Quotient::of(total).over_positive(&Quotient::of(summand.below.clone())))
    }

    fn sum_of(&mut self, axis: AxisId, depth: u8, inside: &Polynomial) -> Reading<Polynomial> {
        if inside.as_constant().is_some() {
            return self.introduced(Atom::Size(axis));
        }
        if let Some(unknown) = inside.as_unknown()
            && let Atom::Input(input, _) = self.atoms.atom(unknown)
            && self.spec.inputs[usize::from(input.0)].label == Label::Simplex(axis)
        {
            return Ok(Polynomial::one());
        }
        let sum = self.introduced(Atom::Reduced(Reducer::Sum, axis, depth, Quotient::of(inside.clone())))?;
        let factors: Vec<(Unknown, u32)> = inside.content().factors().to_vec();
        if self.piece.implies(&Inequality::positive(inside.clone()), Depth::Pairs) {
            // An axis has a place.
            self.learn(Fact::Holds(Inequality::positive(sum.clone())));
        } else if self.piece.implies(&Inequality::nonnegative(inside.clone()), Depth::Pairs)
            || factors.iter().all(|(_, power)| power % 2 == 0)
        {
            self.learn(Fact::Holds(Inequality::nonnegative(sum.clone())));
        }
        // Cauchy and Schwarz: the square of the sum of a b is at most that of a^2 times that of b^2.
        if let [(a, 1), (b, 1)] = factors[..] {
            let [squares, others] = [a, b].map(|factor| {
                let square = Quotient::of(Polynomial::unknown(factor).power(2));
                Atom::Reduced(Reducer::Sum, axis, depth, square)
            });
            let (squares, others) = (self.introduced(squares)?, self.introduced(others)?);
            for one in [&squares, &others] {
                self.learn(Fact::Holds(Inequality::nonnegative(one.clone())));
            }
            let gap = squares.times(&others).minus(&sum.power(2));
            self.learn(Fact::Holds(Inequality::nonnegative(gap)));
        }
        Ok(sum)
    }

    /// log(sum(exp(x + c))) = c + log(sum(exp(x))), and at least x at every place.
    fn logsumexp(&mut self, axis: AxisId, value: ExprId, place: &Place) -> Reading<Value> {
        let depth = next_depth(place);
        let own = each(place, axis, depth);
        let Value::Finite(exponent) = self.within(false, |reader| reader.at(value, &own))? else {
            return Ok(Value::Undefined);
        };
        let total = self.logsumexp_of(axis, depth, &exponent)?;
        let mut exponents = vec![exponent];
        for (input, declared) in (0_u8..).zip(&self.spec.inputs) {
            if declared.label == Label::ClassIndex(axis) {
                let there = labelled(place, axis, InputId(input));
                if let Ok(Value::Finite(exponent)) = self.within(false, |reader| reader.at(value, &there)) {
                    exponents.push(exponent);
                }
            }
        }
        for exponent in exponents {
            self.learn(Fact::Holds(Inequality::nonnegative(total.minus(&exponent).above)));
        }
        Ok(Value::Finite(total))
    }

    /// Of what stands at every place, with what does not vary before it.
    pub(super) fn logsumexp_of(&mut self, axis: AxisId, depth: u8, exponent: &Quotient) -> Reading<Quotient> {
        let mut outside = Polynomial::zero();
        let inside = match exponent.as_polynomial() {
            Some(polynomial) => {
                let mut inside = Polynomial::zero();
                for (monomial, coefficient) in polynomial.terms() {
                    let term = Polynomial::term(Monomial::clone(monomial), coefficient.clone());
                    let varies = self.atoms.polynomial_depths(&term) & (1 << depth) != 0;
                    let side = if varies { &mut inside } else { &mut outside };
                    *side = side.plus(&term);
                }
                Quotient::of(inside)
            }
            None => exponent.clone(),
        };
        let atom = Atom::Reduced(Reducer::Logsumexp, axis, depth, inside);
        Ok(Quotient::of(self.introduced(atom)?.plus(&outside)))
    }
}

/// How deep a reduction is nested, as far as what it reduces varies with those around it: what does not is the same unknown anywhere.
pub(super) fn next_depth(place: &Place) -> u8 {
    let depths = place.iter().filter_map(|(_, at)| match at {
        Where::Each(depth) => Some(depth + 1),
        Where::Labelled(_) => None,
    });
    depths.max().unwrap_or(0)
}

/// Each place of an axis.
pub(super) fn each(place: &Place, axis: AxisId, depth: u8) -> Place {
    with(place, axis, Where::Each(depth))
}

/// The place that a label names.
pub(super) fn labelled(place: &Place, axis: AxisId, label: InputId) -> Place {
    with(place, axis, Where::Labelled(label))
}

fn with(place: &Place, axis: AxisId, at: Where) -> Place {
    let mut there: Place = place.iter().filter(|(other, _)| *other != axis).copied().collect();
    there.push((axis, at));
    there.sort_unstable();
    there
}
