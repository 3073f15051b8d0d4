//! Values and derivatives of the functions of one and two arguments, one line of the language's table each.

use std::cmp::Ordering;

use loss_codegen::expr::{Binary, Unary};

use super::arithmetic::{Arithmetic, Decided};
use super::ball::{Ball, Undecided};
use super::dual::{Tangents, negate, poison};
use super::real::Real;

/// A real number and its derivatives.
pub(super) type RealDual = (Real, Tangents);

impl Arithmetic {
    /// The value of a function of one argument.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn unary(&self, function: Unary, x: &Real) -> Decided {
        match function {
            Unary::Negate => Ok(x.negated()),
            Unary::Weighed => Ok(x.clone()),
            Unary::Abs => x.abs(),
            Unary::Sign => Ok(match x.sign()? {
                None => Real::Nan,
                Some(order) => Real::integer(order as i128),
            }),
            Unary::Relu => Ok(match x.sign()? {
                None => Real::Nan,
                Some(Ordering::Greater) => x.clone(),
                Some(Ordering::Less | Ordering::Equal) => Real::zero(),
            }),
            Unary::Sqrt => self.sqrt(x),
            Unary::Exp => self.exp(x),
            Unary::Expm1 => self.expm1(x),
            Unary::Log => self.ln(x),
            Unary::Log1p => self.ln1p(x),
            Unary::Sin => self.sin(x),
            Unary::Cos => self.cos(x),
            Unary::Tan => self.tan(x),
            Unary::Sinh => self.sinh(x),
            Unary::Cosh => self.cosh(x),
            Unary::Tanh => self.tanh(x),
            Unary::Atan => self.atan(x),
            Unary::Acos => self.acos(x),
            Unary::Sigmoid => self.sigmoid(x),
            Unary::Softplus => self.softplus(x),
            Unary::Lgamma => self.lgamma(x),
            Unary::Digamma => self.digamma(x),
            Unary::Erf => self.erf(x),
            Unary::LogNormalCdf => self.log_normal_cdf(x),
            Unary::Detach => Ok(x.clone()),
            Unary::LogCosh => self.log_cosh(x),
            Unary::PowerOfTwo => self.power_of_two(x),
        }
    }

    /// The derivatives of a function of one argument, from its argument, its value and the argument's derivatives.
    pub(super) fn unary_tangents(&self, function: Unary, x: &Real, value: &Real, t: &Tangents) -> Decided<Tangents> {
        if t.is_empty() {
            return Ok(Tangents::new());
        }
        let one = Real::one();
        let slope = match function {
            Unary::Negate => return Ok(negate(t)),
            Unary::Weighed => return Ok(t.clone()),
            // `if x > 0 then Dx else 0`: the zero of a case that is not selected is absent.
            Unary::Relu => {
                return Ok(match x.sign()? {
                    None => poison([t]),
                    Some(Ordering::Greater) => t.clone(),
                    Some(Ordering::Less | Ordering::Equal) => Tangents::new(),
                });
            }
            Unary::Sign | Unary::Detach => return Ok(Tangents::new()),
            Unary::Log => return self.quotients(t, x),
            Unary::Log1p => return self.quotients(t, &self.add(&one, x)?),
            Unary::Abs => self.unary(Unary::Sign, x)?,
            Unary::Sqrt => self.divide(&Real::power_of_two(-1), value)?,
            Unary::Exp => value.clone(),
            Unary::Expm1 => self.exp(x)?,
            Unary::Sin => self.cos(x)?,
            Unary::Cos => self.sin(x)?.negated(),
            Unary::Tan => self.add(&one, &self.multiply(value, value)?)?,
            Unary::Sinh => self.cosh(x)?,
            Unary::Cosh => self.sinh(x)?,
            // 1 - tanh^2 without the cancellation
            Unary::Tanh => {
                let c = self.cosh(x)?;
                self.divide(&one, &self.multiply(&c, &c)?)?
            }
            Unary::Atan => self.divide(&one, &self.add(&one, &self.multiply(x, x)?)?)?,
            Unary::Acos => {
                let product = self.multiply(&self.subtract(&one, x)?, &self.add(&one, x)?)?;
                self.divide(&Real::integer(-1), &self.sqrt(&product)?)?
            }
            Unary::Sigmoid => self.multiply(value, &self.sigmoid(&x.negated())?)?,
            Unary::Softplus => self.sigmoid(x)?,
            Unary::Lgamma => self.digamma(x)?,
            Unary::Digamma => self.trigamma(x)?,
            Unary::Erf => {
                let density = self.exp(&self.multiply(x, x)?.negated())?;
                let root = self.sqrt(&Real::Finite(self.pi()))?;
                self.divide(&self.multiply(&Real::integer(2), &density)?, &root)?
            }
            Unary::LogNormalCdf => self.log_normal_cdf_slope(x)?,
            Unary::LogCosh => self.tanh(x)?,
            Unary::PowerOfTwo => Real::zero(),
        };
        self.scaled(&slope, t)
    }

    /// The value and derivatives of a function of two arguments that reads both. `weigh`, `straight_through` and powers with a
    /// static exponent are not among them.
    pub(super) fn binary(&self, function: Binary, (x, tx): RealDual, (y, ty): RealDual) -> Decided<RealDual> {
        match function {
            Binary::Add => Ok((self.add(&x, &y)?, self.united(tx, ty)?)),
            Binary::Subtract => Ok((self.subtract(&x, &y)?, self.united(tx, negate(&ty))?)),
            Binary::Multiply => {
                let tangents = self.united(self.scaled(&y, &tx)?, self.scaled(&x, &ty)?)?;
                Ok((self.multiply(&x, &y)?, tangents))
            }
            Binary::Divide => {
                let value = self.divide(&x, &y)?;
                let mut tangents = self.quotients(&tx, &y)?;
                if !ty.is_empty() {
                    let slope = self.divide(&value, &y)?.negated();
                    tangents = self.united(tangents, self.scaled(&slope, &ty)?)?;
                }
                Ok((value, tangents))
            }
            Binary::Power => self.power(&x, &tx, &y, &ty),
            Binary::Max => self.select(Ordering::Greater, (x, tx), (y, ty)),
            Binary::Min => self.select(Ordering::Less, (x, tx), (y, ty)),
            Binary::Logaddexp => {
                let value = self.logaddexp(&x, &y)?;
                if tx.is_empty() && ty.is_empty() {
                    return Ok((value, tx));
                }
                let (mut of_x, mut of_y) = (Real::power_of_two(-1), Real::power_of_two(-1));
                let both_the_same_infinity =
                    x.is_infinite() && y.is_infinite() && self.compare(&x, &y)? == Some(Ordering::Equal);
                if !both_the_same_infinity {
                    of_x = self.sigmoid(&self.subtract(&x, &y)?)?;
                    of_y = self.sigmoid(&self.subtract(&y, &x)?)?;
                }
                Ok((value, self.united(self.scaled(&of_x, &tx)?, self.scaled(&of_y, &ty)?)?))
            }
            Binary::Weigh
            | Binary::StraightThrough
            | Binary::Share
            | Binary::ShareOfOthers
            | Binary::Excess
            | Binary::Others
            | Binary::Deviation => Err(Undecided),
        }
    }

    /// The larger (smaller) of two; both, evenly, if they are equal.
    fn select(&self, wanted: Ordering, (x, tx): RealDual, (y, ty): RealDual) -> Decided<RealDual> {
        match self.compare(&x, &y)? {
            None => Ok((Real::Nan, poison([&tx, &ty]))),
            Some(Ordering::Equal) => {
                let half = Real::power_of_two(-1);
                Ok((x, self.united(self.scaled(&half, &tx)?, self.scaled(&half, &ty)?)?))
            }
            Some(order) => Ok(if order == wanted { (x, tx) } else { (y, ty) }),
        }
    }

    /// `x^n` with a static integer.
    pub(super) fn power_static(&self, x: &Real, tx: &Tangents, n: i128) -> Decided<RealDual> {
        let value = self.power_integer(x, n)?;
        if n == 0 || tx.is_empty() {
            return Ok((value, Tangents::new()));
        }
        let slope = self.multiply(&Real::integer(n), &self.power_integer(x, n - 1)?)?;
        // `x^0` reads no x, so that a linear piece keeps its slope at NaN.
        let slope = if n == 1 { Real::one() } else { slope };
        Ok((value, self.scaled(&slope, tx)?))
    }

    /// `x^p`: `p x^(p-1) Dx + weigh(x^p, log(x)) Dp`.
    fn power(&self, x: &Real, tx: &Tangents, p: &Real, tp: &Tangents) -> Decided<RealDual> {
        let value = self.power_real(x, p)?;
        let mut tangents = Tangents::new();
        if !tx.is_empty() {
            let slope = if x.is_negative()? {
                Real::Nan
            } else if p.is_zero() {
                Real::zero()
            } else {
                self.multiply(p, &self.power_real(x, &self.subtract(p, &Real::one())?)?)?
            };
            tangents = self.scaled(&slope, tx)?;
        }
        if !tp.is_empty() {
            let slope = self.weigh(&value, || self.ln(x))?;
            tangents = self.united(tangents, self.scaled(&slope, tp)?)?;
        }
        Ok((value, tangents))
    }

    /// `weigh(w, e)`: 0 where w is 0, whatever e is. A w that may be 0 or not makes no difference to a finite e.
    pub(super) fn weigh(&self, w: &Real, e: impl FnOnce() -> Decided) -> Decided {
        if w.is_zero() {
            return Ok(Real::zero());
        }
        let e = e()?;
        match (&e, w.sign()) {
            (_, Ok(_)) | (Real::Finite(_) | Real::Extreme { .. }, Err(Undecided)) => self.multiply(w, &e),
            (Real::Nan | Real::Infinity { .. }, Err(Undecided)) => Err(Undecided),
        }
    }

    /// `1 / count`, as a weight.
    pub(super) fn share(&self, count: usize) -> Decided {
        self.divide(&Real::one(), &Real::Finite(Ball::integer(count as i128)))
    }
}
