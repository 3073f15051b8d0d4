//! Sums, products, quotients, powers and weights of what is read.

use dashu_int::UBig;
use loss_codegen::expr::{Binary, Constant, ExprId, Unary};

use super::atoms::{Atom, Place};
use super::certificate::Inequality;
use super::piece::Fact;
use super::quotient::Quotient;
use super::reader::{Reader, Reading, Stop, TRY, Value};

impl Reader<'_> {
    /// A function of two arguments.
    pub(super) fn binary(&mut self, function: Binary, x: ExprId, y: ExprId, place: &Place) -> Reading<Value> {
        if function == Binary::Weigh {
            return self.weigh(x, y, place);
        }
        let exponent = self.variant.graph.constant(y);
        let x = self.at(x, place)?;
        if function == Binary::StraightThrough {
            return Err(Stop::Unreadable("a gradient that is not the derivative"));
        }
        let y = self.at(y, place)?;
        let (x, y) = match (x, y) {
            (Value::Finite(x), Value::Finite(y)) => (x, y),
            (Value::Nan, _) | (_, Value::Nan) => return Ok(Value::Nan),
            (x, y) => return Ok(with_infinity(function, &x, &y)),
        };
        Ok(Value::Finite(match function {
            Binary::Add => x.plus(&y),
            Binary::Subtract => x.minus(&y),
            Binary::Multiply => x.times(&y),
            Binary::Divide => return self.divided(&x, &y),
            Binary::Power => return self.power(&x, &y, exponent),
            Binary::Max => {
                if self.is_nonnegative(&x.minus(&y).above)? {
                    x
                } else {
                    y
                }
            }
            Binary::Min => {
                if self.is_nonnegative(&x.minus(&y).above)? {
                    y
                } else {
                    x
                }
            }
            // log(exp(x) + exp(y)) = x + softplus(y - x)
            Binary::Logaddexp => match self.unary(Unary::Softplus, Value::Finite(y.minus(&x)))? {
                Value::Finite(rest) => x.plus(&rest),
                Value::Nan | Value::Infinite { .. } | Value::Undefined => return Ok(Value::Undefined),
            },
            Binary::Weigh
            | Binary::StraightThrough
            | Binary::Share
            | Binary::ShareOfOthers
            | Binary::Excess
            | Binary::Others
            | Binary::Deviation => return Err(Stop::Unreadable("part of a derivative")),
        }))
    }

    /// `x / y`. What is 0 by 0 is no number.
    pub(super) fn divided(&mut self, x: &Quotient, y: &Quotient) -> Reading<Value> {
        if self.is_positive(&y.above)? {
            return Ok(Value::Finite(x.over_positive(y)));
        }
        if self.is_nonnegative(&y.above)? {
            let bounds = [x.above.clone(), x.above.negated()].map(Inequality::nonnegative);
            let is_zero = bounds.iter().all(|bound| self.piece.implies(bound, TRY));
            return Ok(if is_zero { Value::Nan } else { Value::Undefined });
        }
        Ok(Value::Finite(x.negated().over_positive(&y.negated())))
    }

    fn power(&mut self, x: &Quotient, y: &Quotient, exponent: Option<Constant>) -> Reading<Value> {
        let whole = exponent.and_then(Constant::as_integer).or_else(|| {
            let number = y.as_constant()?;
            (number.denominator() == &UBig::ONE).then(|| i128::try_from(number.numerator().clone()).ok())?
        });
        /// Higher powers are kept as they are.
        const HIGHEST: i128 = 12;
        match whole {
            Some(n) if (0..=HIGHEST).contains(&n) => Ok(Value::Finite(x.power(n as u32))),
            Some(n) if (-HIGHEST..0).contains(&n) => {
                let power = x.power(n.unsigned_abs() as u32);
                self.divided(&Quotient::integer(1), &power)
            }
            Some(_) | None => {
                if !self.is_positive(&x.above)? {
                    return Ok(Value::Undefined);
                }
                let atom = Atom::Power(x.clone(), y.clone());
                let power = self.introduced(atom)?;
                self.learn(Fact::Holds(Inequality::positive(power.clone())));
                Ok(Value::Finite(Quotient::of(power)))
            }
        }
    }

    /// A weight of 0 removes what has no value.
    fn weigh(&mut self, w: ExprId, e: ExprId, place: &Place) -> Reading<Value> {
        let Value::Finite(w) = self.at(w, place)? else { return Ok(Value::Undefined) };
        match self.at(e, place) {
            Ok(Value::Finite(e)) => Ok(Value::Finite(w.times(&e))),
            Ok(value @ (Value::Nan | Value::Infinite { .. } | Value::Undefined)) => {
                if self.is_zero(&w.above)? {
                    return Ok(Value::Finite(Quotient::integer(0)));
                }
                Ok(if value == Value::Nan { Value::Nan } else { Value::Undefined })
            }
            Err(stop) => Err(stop),
        }
    }
}

/// A sum or a difference of a number and an infinity.
fn with_infinity(function: Binary, x: &Value, y: &Value) -> Value {
    match (function, x, y) {
        (Binary::Add | Binary::Subtract, Value::Infinite { negative }, Value::Finite(_))
        | (Binary::Add, Value::Finite(_), Value::Infinite { negative }) => Value::Infinite { negative: *negative },
        (Binary::Subtract, Value::Finite(_), Value::Infinite { negative }) => Value::Infinite { negative: !negative },
        _ => Value::Undefined,
    }
}
