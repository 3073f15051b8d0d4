//! Powers: `x^n` with a static integer for every x, and `x^p` for x >= 0.

use std::cmp::Ordering;

use super::arithmetic::{Arithmetic, Decided};
use super::ball::{Undecided, top};
use super::real::Real;

/// Exponents up to this are raised by squaring, which keeps exact numbers exact.
const SQUARED: u128 = 1 << 20;

impl Arithmetic {
    /// The greatest power of two that is at most `abs(x)`, between the least and the greatest whose reciprocal is a normal `f64` too; of NaN
    /// the greatest, as lanes have it.
    ///
    /// # Errors
    /// More precision is needed.
    pub(super) fn power_of_two(&self, x: &Real) -> Decided {
        const MOST: i64 = 1022;
        let exponent = match x.abs()? {
            Real::Nan | Real::Infinity { .. } => MOST,
            Real::Extreme { log, .. } if log.to_f64() > 0.0 => MOST,
            Real::Extreme { .. } => -MOST,
            Real::Finite(ball) => {
                let (low, high) = ball.ends();
                let exponent = |end| top(end).map_or(-MOST, |top| (top - 1).clamp(-MOST, MOST));
                let (low, high) = (exponent(&low), exponent(&high));
                if low != high {
                    return Err(Undecided);
                }
                low
            }
        };
        Ok(Real::power_of_two(exponent))
    }

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

#[cfg(test)]
mod tests {
    use super::super::arithmetic::Arithmetic;
    use super::super::real::Real;

    #[test]
    fn a_power_of_two_is_that_of_the_exponent_as_lanes_have_it() {
        let arithmetic = Arithmetic::new(192);
        let of = |x: f64| arithmetic.power_of_two(&Real::from_f64(x)).map(|power| power.to_f64());
        for (x, power) in [(1.0, 1.0), (-7.99, 4.0), (0.3, 0.25), (0.0, 2_f64.powi(-1022)), (5e-324, 2_f64.powi(-1022))]
        {
            assert_eq!(of(x), Ok(power), "{x}");
        }
        for x in [f64::MAX, f64::INFINITY, f64::NAN] {
            assert_eq!(of(x), Ok(2_f64.powi(1022)), "{x}");
        }
        // A third times three may be below 1 or not.
        let third = arithmetic.divide(&Real::one(), &Real::integer(3)).expect("3 is not 0");
        let one = arithmetic.multiply(&third, &Real::integer(3)).expect("both are finite");
        assert!(arithmetic.power_of_two(&one).is_err());
    }
}
