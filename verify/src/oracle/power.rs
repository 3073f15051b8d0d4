//! Powers: `x^n` with a static integer for every x, and `x^p` for x >= 0.

use std::cmp::Ordering;

use super::arithmetic::{Arithmetic, Decided};
use super::real::Real;

/// Exponents up to this are raised by squaring, which keeps exact numbers exact.
const SQUARED: u128 = 1 << 20;

impl Arithmetic {
    /// `x^n`: `x^0` is 1, and a negative power of 0, which has no sign, is `inf`.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn power_integer(&self, x: &Real, n: i128) -> Decided {
        if x.is_nan() {
            return Ok(Real::Nan);
        }
        if n == 0 {
            return Ok(Real::one());
        }
        if x.is_zero() {
            return Ok(if n > 0 { Real::zero() } else { Real::INFINITY });
        }
        let size = n.unsigned_abs();
        if size > SQUARED {
            let odd = size % 2 == 1;
            let value = self.power_real(&x.abs()?, &Real::integer(n))?;
            return Ok(if odd && x.is_negative()? { value.negated() } else { value });
        }
        let mut value = x.clone();
        for bit in (0..size.ilog2()).rev() {
            value = self.multiply(&value, &value)?;
            if size >> bit & 1 == 1 {
                value = self.multiply(&value, x)?;
            }
        }
        if n > 0 { Ok(value) } else { self.divide(&Real::one(), &value) }
    }

    /// `x^p`: below 0 NaN; at 0 it is 0, 1 or `inf` as p is positive, zero or negative.
    ///
    /// # Errors
    /// More precision is needed.
    pub fn power_real(&self, x: &Real, p: &Real) -> Decided {
        let (Some(sign), Some(direction)) = (x.sign()?, p.sign()?) else { return Ok(Real::Nan) };
        if sign == Ordering::Less {
            return Ok(Real::Nan);
        }
        if direction == Ordering::Equal || x.is_one() {
            return Ok(Real::one());
        }
        let rises = direction == Ordering::Greater;
        let extreme = |grows: bool| if grows { Real::INFINITY } else { Real::zero() };
        if sign == Ordering::Equal || x.is_infinite() {
            return Ok(extreme((sign != Ordering::Equal) == rises));
        }
        if p.is_infinite() {
            let above_one = self.compare(x, &Real::one())? == Some(Ordering::Greater);
            return Ok(extreme(above_one == rises));
        }
        if let Real::Finite(exponent) = p {
            match exponent.as_integer() {
                Some(n) if n.unsigned_abs() <= SQUARED => return self.power_integer(x, n),
                Some(_) | None => {}
            }
            match exponent.shifted(1).as_integer() {
                Some(n) if n.unsigned_abs() <= SQUARED => return self.power_integer(&self.sqrt(x)?, n),
                Some(_) | None => {}
            }
        }
        self.exp(&self.multiply(p, &self.ln(x)?)?)
    }
}
