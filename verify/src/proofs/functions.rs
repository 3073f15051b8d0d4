//! Functions of what is read: canonical forms, so that what is equal by a known identity is one atom.

use loss_codegen::expr::{Reducer, Unary};

use super::atoms::Atom;
use super::certificate::{Depth, Inequality};
use super::piece::Fact;
use super::polynomial::{Polynomial, Unknown};
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
            Value::Infinite { negative } => return Ok(at_infinity(function, negative)),
            Value::Undefined => return Ok(Value::Undefined),
        };
        let odd = |reader: &mut Self, x: &Quotient| Ok(reader.function(function, &x.negated())?.negated());
        let leads_negative = x.above.leads_negative();
        Ok(Value::Finite(match function {
            Unary::Negate => x.negated(),
            // Its derivative is none of the value's.
            Unary::Detach | Unary::Weighed if self.atoms.quotient_moves(&x) => {
                return Err(Stop::Unreadable("a gradient that is not the derivative"));
            }
            Unary::Detach | Unary::Weighed => x,
            Unary::Abs => {
                if self.is_nonnegative(&x.above)? {
                    x
                } else {
                    x.negated()
                }
            }
            Unary::Relu => {
                if self.is_positive(&x.above)? {
                    x
                } else {
                    Quotient::integer(0)
                }
            }
            Unary::Sign => {
                if self.is_positive(&x.above)? {
                    Quotient::integer(1)
                } else {
                    Quotient::integer(if self.is_nonnegative(&x.above)? { 0 } else { -1 })
                }
            }
            Unary::Sin | Unary::Sinh | Unary::Tanh | Unary::Atan | Unary::Erf if x.is_zero() => x,
            Unary::Sin | Unary::Sinh | Unary::Tanh | Unary::Atan | Unary::Erf if leads_negative => odd(self, &x)?,
            Unary::Cos | Unary::Cosh if x.is_zero() => Quotient::integer(1),
            Unary::Cos | Unary::Cosh | Unary::LogCosh if leads_negative => self.function(function, &x.negated())?,
            // sigmoid(-x) = 1 - sigmoid(x)
            Unary::Sigmoid if self.log_term(&x).is_some() => self.sigmoid_beside_log(&x)?,
            Unary::Sigmoid if leads_negative => Quotient::integer(1).minus(&self.function(function, &x.negated())?),
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
                if let Some(whole) = self.log_of_exponentials(&shifted)? {
                    return Ok(Value::Finite(whole));
                }
                self.function(function, &x)?
            }
            Unary::Lgamma | Unary::Digamma => {
                if !self.is_positive(&x.above)? {
                    return Ok(Value::Undefined);
                }
                self.function(function, &x)?
            }
            Unary::Acos | Unary::Tan | Unary::PowerOfTwo => {
                return Err(Stop::Unreadable("a function that proofs know nothing of"));
            }
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

    /// log(sum(exp(u))) is a logsumexp.
    fn log_of_exponentials(&mut self, x: &Quotient) -> Reading<Option<Quotient>> {
        let Some(unknown) = x.as_polynomial().and_then(Polynomial::as_unknown) else { return Ok(None) };
        let Atom::Reduced(Reducer::Sum, axis, depth, summand) = self.atoms.atom(unknown).clone() else {
            return Ok(None);
        };
        let Some(unknown) = summand.as_polynomial().and_then(Polynomial::as_unknown) else { return Ok(None) };
        let Atom::Function(Unary::Exp, u) = self.atoms.atom(unknown).clone() else { return Ok(None) };
        Ok(Some(self.logsumexp_of(axis, depth, &u)?))
    }

    /// A logarithm that is a term of an argument, whether it is taken away, and what it is of.
    fn log_term(&self, x: &Quotient) -> Option<(Polynomial, bool, Quotient)> {
        x.as_polynomial()?.terms().find_map(|(monomial, coefficient)| {
            let [(unknown, 1)] = monomial.factors() else { return None };
            let Atom::Function(Unary::Log, of) = self.atoms.atom(*unknown) else { return None };
            let is_taken = (-coefficient.clone()).is_one();
            let term = Polynomial::term(monomial.clone(), coefficient.clone());
            (coefficient.is_one() || is_taken).then(|| (term, is_taken, of.clone()))
        })
    }

    /// sigmoid(u + log(k)) = k s / (k s + 1 - s), and sigmoid(u - log(k)) = s / (s + k (1 - s)), of s = sigmoid(u).
    fn sigmoid_beside_log(&mut self, x: &Quotient) -> Reading<Quotient> {
        let Some((term, is_taken, k)) = self.log_term(x) else { return Err(Stop::Unreadable("no logarithm")) };
        let rest = x.minus(&Quotient::of(term));
        let yes = self.unary(Unary::Sigmoid, Value::Finite(rest))?.finite().ok_or(Stop::Unreadable("no number"))?;
        let no = Quotient::integer(1).minus(&yes);
        let (yes, no) = if is_taken { (yes, no.times(&k)) } else { (yes.times(&k), no) };
        Ok(yes.over_positive(&yes.plus(&no)))
    }

    fn logarithm(&mut self, x: &Quotient) -> Reading<Value> {
        if x.as_constant().is_some_and(|number| number.is_one()) {
            return Ok(Value::Finite(Quotient::integer(0)));
        }
        if !self.is_positive(&x.above)? {
            let is_zero = self.is_nonnegative(&x.above)?;
            return Ok(if is_zero { Value::Infinite { negative: true } } else { Value::Nan });
        }
        if let Some(whole) = self.log_of_exponentials(x)? {
            return Ok(Value::Finite(whole));
        }
        // log(exp(u)) = u; log(sigmoid(u)) = u - softplus(u), and log(1 - sigmoid(u)) = -softplus(u).
        if let Some(polynomial) = x.as_polynomial() {
            let rest = Polynomial::one().minus(polynomial);
            for (candidate, is_rest) in [(polynomial.clone(), false), (rest, true)] {
                let Some(unknown) = candidate.as_unknown() else { continue };
                let Atom::Function(function, u) = self.atoms.atom(unknown).clone() else { continue };
                if function == Unary::Exp && !is_rest {
                    return Ok(Value::Finite(u));
                }
                if function == Unary::Sigmoid {
                    let softplus = self.function(Unary::Softplus, &u)?;
                    let value = if is_rest { softplus.negated() } else { u.minus(&softplus) };
                    return Ok(Value::Finite(value));
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
}

/// What functions are at an infinity.
fn at_infinity(function: Unary, negative: bool) -> Value {
    let number = |number| Value::Finite(Quotient::integer(number));
    match (function, negative) {
        (Unary::Sigmoid | Unary::Exp | Unary::Softplus, true) => number(0),
        (Unary::Sigmoid, false) => number(1),
        (Unary::Tanh | Unary::Erf | Unary::Sign, _) => number(if negative { -1 } else { 1 }),
        (Unary::Abs, _) | (Unary::Exp | Unary::Softplus | Unary::Relu | Unary::Sqrt | Unary::Log, false) => {
            Value::Infinite { negative: false }
        }
        (Unary::Relu, true) => number(0),
        _ => Value::Undefined,
    }
}
