//! Functions of what is read: canonical forms, so that what is equal by a known identity is one atom; derivatives with respect to the
//! step; reductions over an axis.

use loss_codegen::expr::{AxisId, Comparison, Expr, ExprId, InputId, Reducer, Unary};
use loss_codegen::model::Label;

use super::atoms::{Atom, Place, Where};
use super::certificate::{Depth, Inequality};
use super::piece::Fact;
use super::polynomial::{Monomial, Polynomial, Unknown};
use super::quotient::Quotient;
use super::reader::{Reader, Reading, Stop, Value};

impl Reader<'_> {
    /// A function of a value.
    pub(super) fn unary(&mut self, function: Unary, x: Value) -> Reading<Value> {
        let x = match x {
            Value::Finite(x) => x,
            Value::Infinite { negative } if function == Unary::Negate => {
                return Ok(Value::Infinite { negative: !negative });
            }
            Value::Nan => return Ok(Value::Nan),
            Value::Infinite { .. } | Value::Undefined => return Ok(Value::Undefined),
        };
        let odd = |reader: &mut Self, x: &Quotient| Ok(reader.function(function, &x.negated())?.negated());
        let leads_negative = x.above.leads_negative();
        Ok(Value::Finite(match function {
            Unary::Negate => x.negated(),
            Unary::Detach | Unary::Weighed => x,
            Unary::Abs => if self.is_nonnegative(&x.above)? { x } else { x.negated() },
            Unary::Relu => if self.is_positive(&x.above)? { x } else { Quotient::integer(0) },
            Unary::Sign => {
                if self.is_positive(&x.above)? {
                    Quotient::integer(1)
                } else {
                    Quotient::integer(if self.is_nonnegative(&x.above)? { 0 } else { -1 })
                }
            }
            Unary::Sin | Unary::Sinh | Unary::Tanh | Unary::Atan | Unary::Erf | Unary::Tan if x.is_zero() => x,
            Unary::Sin | Unary::Sinh | Unary::Tanh | Unary::Atan | Unary::Erf | Unary::Tan if leads_negative => {
                odd(self, &x)?
            }
            Unary::Cos | Unary::Cosh if x.is_zero() => Quotient::integer(1),
            Unary::Cos | Unary::Cosh | Unary::LogCosh if leads_negative => self.function(function, &x.negated())?,
            // sigmoid(-x) = 1 - sigmoid(x)
            Unary::Sigmoid if leads_negative => {
                Quotient::integer(1).minus(&self.function(function, &x.negated())?)
            }
            Unary::Sigmoid if x.is_zero() => Quotient::integer(1).over_positive(&Quotient::integer(2)),
            // softplus(-x) = softplus(x) - x
            Unary::Softplus if leads_negative => self.function(function, &x.negated())?.plus(&x),
            Unary::Exp if x.is_zero() => Quotient::integer(1),
            Unary::Expm1 | Unary::Log1p if x.is_zero() => x,
            Unary::Log => return self.logarithm(&x),
            Unary::Sqrt => {
                if !self.is_nonnegative(&x.above)? {
                    return Ok(Value::Undefined);
                }
                self.root(&x)?
            }
            Unary::Log1p => {
                let shifted = x.plus(&Quotient::integer(1));
                if !self.is_positive(&shifted.above)? {
                    return Ok(Value::Undefined);
                }
                self.function(function, &x)?
            }
            Unary::Lgamma | Unary::Digamma => {
                if !self.is_positive(&x.above)? {
                    return Ok(Value::Undefined);
                }
                self.function(function, &x)?
            }
            Unary::Acos | Unary::Tan => return Err(Stop::Unreadable("a function that proofs know nothing of")),
            Unary::Exp
            | Unary::Expm1
            | Unary::Sin
            | Unary::Cos
            | Unary::Sinh
            | Unary::Cosh
            | Unary::Tanh
            | Unary::Atan
            | Unary::Sigmoid
            | Unary::Softplus
            | Unary::Erf
            | Unary::LogNormalCdf
            | Unary::LogCosh => self.function(function, &x)?,
        }))
    }

    fn function(&mut self, function: Unary, x: &Quotient) -> Reading<Quotient> {
        self.introduced(Atom::Function(function, x.clone())).map(Quotient::of)
    }

    fn logarithm(&mut self, x: &Quotient) -> Reading<Value> {
        if x.as_constant().is_some_and(|number| number.is_one()) {
            return Ok(Value::Finite(Quotient::integer(0)));
        }
        if !self.is_positive(&x.above)? {
            return Ok(Value::Undefined);
        }
        // log(exp(u)) = u; log(sigmoid(u)) = u - softplus(u), and log(1 - sigmoid(u)) = -softplus(u).
        if let Some(polynomial) = x.as_polynomial() {
            let rest = Polynomial::one().minus(polynomial);
            for (candidate, is_rest) in [(polynomial.clone(), false), (rest, true)] {
                let Some(unknown) = candidate.as_unknown() else { continue };
                match self.atoms.atom(unknown).clone() {
                    Atom::Function(Unary::Exp, u) if !is_rest => return Ok(Value::Finite(u)),
                    Atom::Function(Unary::Sigmoid, u) => {
                        let softplus = self.function(Unary::Softplus, &u)?;
                        let value = if is_rest { softplus.negated() } else { u.minus(&softplus) };
                        return Ok(Value::Finite(value));
                    }
                    _ => {}
                }
            }
        }
        let value = self.function(Unary::Log, x)?;
        // log(x) >= 0 from 1 on, and <= 0 up to there.
        let beyond = x.minus(&Quotient::integer(1)).above;
        if self.piece.implies(&Inequality::nonnegative(beyond.clone()), Depth::Pairs) {
            self.learn(Fact::Holds(Inequality::nonnegative(value.above.clone())));
        } else if self.piece.implies(&Inequality::nonnegative(beyond.negated()), Depth::Pairs) {
            self.learn(Fact::Holds(Inequality::nonnegative(value.above.negated())));
        }
        Ok(Value::Finite(value))
    }

    /// A square root, with even powers of what is not negative taken out.
    fn root(&mut self, x: &Quotient) -> Reading<Quotient> {
        let mut outside = Quotient::integer(1);
        let mut inside = x.clone();
        let contents: Vec<(Unknown, u32)> = x.above.content().factors().to_vec();
        for (unknown, power) in contents {
            let factor = Polynomial::unknown(unknown);
            if power >= 2 && self.piece.implies(&Inequality::nonnegative(factor.clone()), Depth::Pairs) {
                let half = factor.power(power / 2);
                inside.above = inside.above.over(&half.power(2).content());
                outside = outside.times(&Quotient::of(half));
            }
        }
        if inside.as_constant().is_some_and(|number| number.is_one()) {
            return Ok(outside);
        }
        let positive = self.piece.implies(&Inequality::positive(inside.above.clone()), Depth::Pairs);
        let root = self.function(Unary::Sqrt, &inside)?;
        if positive {
            self.learn(Fact::Holds(Inequality::positive(root.above.clone())));
        }
        Ok(outside.times(&root))
    }

    /// A polynomial where the step is 0.
    pub(super) fn stilled(&mut self, polynomial: &Polynomial) -> Reading<Polynomial> {
        let quotient = self.stilled_quotient(&Quotient::of(polynomial.clone()))?;
        Ok(quotient.above)
    }

    /// A quotient where the step is 0.
    pub(super) fn stilled_quotient(&mut self, quotient: &Quotient) -> Reading<Quotient> {
        let mut still = Vec::new();
        for polynomial in [&quotient.above, &quotient.below] {
            let mut sum = Quotient::integer(0);
            for (monomial, coefficient) in polynomial.terms() {
                let mut term = Quotient::constant(coefficient.clone());
                for (unknown, power) in monomial.factors() {
                    let factor = self.stilled_unknown(*unknown)?;
                    term = term.times(&factor.power(*power));
                }
                sum = sum.plus(&term);
            }
            still.push(sum);
        }
        let [above, below] = &still[..] else { return Err(Stop::Unreadable("no quotient")) };
        self.divided(above, below)?.finite().ok_or(Stop::Unreadable("a divisor that is 0 at the point itself"))
    }

    fn stilled_unknown(&mut self, unknown: Unknown) -> Reading<Quotient> {
        if !self.atoms.moves(unknown) {
            return Ok(Quotient::of(self.piece.simplified(&Polynomial::unknown(unknown))));
        }
        match self.atoms.atom(unknown).clone() {
            Atom::Step => Ok(Quotient::integer(0)),
            Atom::Function(function, x) => {
                let x = self.stilled_quotient(&x)?;
                self.unary(function, Value::Finite(x))?.finite().ok_or(Stop::Unreadable("a value that is infinite"))
            }
            Atom::Power(..) | Atom::Reduced(..) | Atom::Input(..) | Atom::Param(_) | Atom::Size(_) | Atom::Other(_) => {
                Err(Stop::Unreadable("a step within a reduction or a power"))
            }
        }
    }

    /// The derivative with respect to the step.
    pub(super) fn derivative(&mut self, quotient: &Quotient) -> Reading<Quotient> {
        let above = self.polynomial_derivative(&quotient.above)?;
        let below = self.polynomial_derivative(&quotient.below)?;
        let own = Quotient::of(quotient.below.clone());
        let square = own.power(2);
        let numerator = above.times(&own).minus(&below.times(&Quotient::of(quotient.above.clone())));
        Ok(numerator.over_positive(&square))
    }

    fn polynomial_derivative(&mut self, polynomial: &Polynomial) -> Reading<Quotient> {
        let mut sum = Quotient::integer(0);
        for unknown in polynomial.unknowns() {
            if self.atoms.moves(unknown) {
                let outer = Quotient::of(polynomial.derivative(unknown));
                sum = sum.plus(&outer.times(&self.unknown_derivative(unknown)?));
            }
        }
        Ok(sum)
    }

    fn unknown_derivative(&mut self, unknown: Unknown) -> Reading<Quotient> {
        let (function, x) = match self.atoms.atom(unknown).clone() {
            Atom::Step => return Ok(Quotient::integer(1)),
            Atom::Function(function, x) => (function, x),
            Atom::Power(..) | Atom::Reduced(..) | Atom::Input(..) | Atom::Param(_) | Atom::Size(_) | Atom::Other(_) => {
                return Err(Stop::Unreadable("a derivative of a reduction or a power"));
            }
        };
        let inner = self.derivative(&x)?;
        let (y, one) = (Quotient::of(Polynomial::unknown(unknown)), Quotient::integer(1));
        let outer = match function {
            Unary::Exp => y,
            Unary::Expm1 => y.plus(&one),
            Unary::Log => one.over_positive(&x),
            Unary::Log1p => one.over_positive(&x.plus(&one)),
            Unary::Softplus => self.known(Unary::Sigmoid, &x)?,
            Unary::Sigmoid => y.times(&one.minus(&y)),
            Unary::Tanh => one.minus(&y.power(2)),
            Unary::Sinh => self.partner(&y, Unary::Cosh, &x, -1)?,
            Unary::Cosh => self.partner(&y, Unary::Sinh, &x, -1)?,
            Unary::Sin => self.partner(&y, Unary::Cos, &x, 1)?,
            Unary::Cos => self.partner(&y, Unary::Sin, &x, 1)?.negated(),
            Unary::LogCosh => self.known(Unary::Tanh, &x)?,
            Unary::Atan => one.over_positive(&x.power(2).plus(&one)),
            Unary::Sqrt => {
                if !self.piece.implies(&Inequality::positive(x.above.clone()), Depth::Pairs) {
                    return Err(Stop::Unreadable("the slope of a root at 0"));
                }
                one.over_positive(&y.plus(&y))
            }
            Unary::Negate
            | Unary::Abs
            | Unary::Sign
            | Unary::Relu
            | Unary::Tan
            | Unary::Acos
            | Unary::Lgamma
            | Unary::Digamma
            | Unary::Erf
            | Unary::LogNormalCdf
            | Unary::Detach
            | Unary::Weighed => return Err(Stop::Unreadable("a function whose derivative proofs do not know")),
        };
        Ok(outer.times(&inner))
    }

    /// The other function of a pair whose squares make 1: cos and sin, with the sign between them, or cosh and sinh.
    fn partner(&mut self, own: &Quotient, function: Unary, x: &Quotient, sign: i64) -> Reading<Quotient> {
        let other = self.known(function, x)?;
        let (first, second) = if function == Unary::Cosh { (&other, own) } else { (own, &other) };
        let squares = first.power(2).plus(&second.power(2).times(&Quotient::integer(sign)));
        let gap = squares.minus(&Quotient::integer(1)).above;
        self.learn(Fact::Holds(Inequality::nonnegative(gap.clone())));
        self.learn(Fact::Holds(Inequality::nonnegative(gap.negated())));
        Ok(other)
    }

    fn known(&mut self, function: Unary, x: &Quotient) -> Reading<Quotient> {
        let value = self.unary(function, Value::Finite(x.clone()))?;
        value.finite().ok_or(Stop::Unreadable("a value that is infinite"))
    }

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
        match (comparison, reducer) {
            (Comparison::Equal, Reducer::Sum | Reducer::Mean | Reducer::Max | Reducer::Min | Reducer::Logsumexp) => {
                Ok(labelled)
            }
            (Comparison::NotEqual, Reducer::Sum) => {
                let (Value::Finite(all), Value::Finite(one)) = (self.sum(axis, value, place)?, labelled) else {
                    return Ok(Value::Undefined);
                };
                Ok(Value::Finite(all.minus(&one)))
            }
            _ => unreadable,
        }
    }

    fn sum(&mut self, axis: AxisId, value: ExprId, place: &Place) -> Reading<Value> {
        let depth = next_depth(place);
        let each = each(place, axis, depth);
        let read = |reader: &mut Self, elsewhere, place: &Place| {
            reader.within(elsewhere, |reader| reader.at(value, place))
        };
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
    fn summed(&mut self, axis: AxisId, depth: u8, summand: &Quotient) -> Reading<Quotient> {
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
        if self.piece.implies(&Inequality::nonnegative(inside.clone()), Depth::Pairs)
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
        let total = Quotient::of(self.introduced(atom)?.plus(&outside));
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
}

/// How deep a reduction is nested, as far as what it reduces varies with those around it: what does not is the same unknown anywhere.
fn next_depth(place: &Place) -> u8 {
    let depths = place.iter().filter_map(|(_, at)| match at {
        Where::Each(depth) => Some(depth + 1),
        Where::Labelled(_) => None,
    });
    depths.max().unwrap_or(0)
}

/// Each place of an axis.
fn each(place: &Place, axis: AxisId, depth: u8) -> Place {
    with(place, axis, Where::Each(depth))
}

/// The place that a label names.
fn labelled(place: &Place, axis: AxisId, label: InputId) -> Place {
    with(place, axis, Where::Labelled(label))
}

fn with(place: &Place, axis: AxisId, at: Where) -> Place {
    let mut there: Place = place.iter().filter(|(other, _)| *other != axis).copied().collect();
    there.push((axis, at));
    there.sort_unstable();
    there
}
