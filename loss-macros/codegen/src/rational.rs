//! Exact fractions, for decisions about constants: comparisons, and exponents that are integers.

use std::cmp::Ordering;

use crate::expr::Constant;

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rational {
    numerator: i128,
    denominator: i128,
}

impl Rational {
    /// The fraction, unless the denominator is 0 or a part does not fit.
    pub(crate) fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let divisor = i128::try_from(gcd(numerator.unsigned_abs(), denominator.unsigned_abs())).ok()?;
        let sign = denominator.signum();
        Some(Rational {
            numerator: (numerator / divisor).checked_mul(sign)?,
            denominator: (denominator / divisor).checked_mul(sign)?,
        })
    }

    /// The value of a finite constant other than pi, unless it does not fit.
    pub(crate) fn of(constant: Constant) -> Option<Self> {
        match constant {
            Constant::Decimal { digits, exponent } => {
                let power = 10i128.checked_pow(exponent.unsigned_abs())?;
                if exponent >= 0 { Self::new(digits.checked_mul(power)?, 1) } else { Self::new(digits, power) }
            }
            Constant::Pi | Constant::Infinity | Constant::NegativeInfinity | Constant::Nan => None,
        }
    }

    /// The value, if it is whole.
    pub(crate) fn as_integer(self) -> Option<i128> {
        (self.denominator == 1).then_some(self.numerator)
    }

    /// `-self`
    pub(crate) fn negate(self) -> Option<Self> {
        Self::new(self.numerator.checked_neg()?, self.denominator)
    }

    /// `self + other`
    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::new(left.checked_add(right)?, self.denominator.checked_mul(other.denominator)?)
    }

    /// `self * other`
    pub(crate) fn multiply(self, other: Self) -> Option<Self> {
        Self::new(self.numerator.checked_mul(other.numerator)?, self.denominator.checked_mul(other.denominator)?)
    }

    /// `self / other`
    pub(crate) fn divide(self, other: Self) -> Option<Self> {
        self.multiply(Self::new(other.denominator, other.numerator)?)
    }

    /// The order of two fractions, unless a product does not fit.
    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Some(left.cmp(&right))
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Rational {
        Rational::of(Constant::parse(text).expect("a number")).expect("it fits")
    }

    #[test]
    fn tenths_add_up_exactly() {
        assert_eq!(exact("0.1").add(exact("0.2")), Some(exact("0.3")));
        assert_eq!(exact("1").divide(exact("4")), Some(exact("0.25")));
        assert_eq!(exact("0.25").multiply(exact("8")).and_then(Rational::as_integer), Some(2));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_not_wrapped() {
        let large = exact("1e38");
        assert_eq!(large.multiply(large), None);
        assert_eq!(exact("1").divide(exact("0")), None);
        assert_eq!(exact("-1e-3").compare(exact("0")), Some(Ordering::Less));
    }
}
