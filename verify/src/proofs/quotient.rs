//! Quotients of polynomials. Whoever divides has made sure that the divisor is above 0, so that the sign is that of the dividend.

use dashu_ratio::RBig;

use super::polynomial::Polynomial;

/// `above / below`, with `below` above 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Quotient {
    /// The dividend.
    pub(super) above: Polynomial,
    /// The divisor.
    pub(super) below: Polynomial,
}

impl Quotient {
    /// A polynomial.
    pub(super) fn of(above: Polynomial) -> Self {
        Quotient { above, below: Polynomial::one() }
    }

    /// A number.
    pub(super) fn constant(number: RBig) -> Self {
        Self::of(Polynomial::constant(number))
    }

    /// A whole number.
    pub(super) fn integer(number: i64) -> Self {
        Self::of(Polynomial::integer(number))
    }

    /// Without what both have in common.
    fn reduced(above: Polynomial, below: Polynomial) -> Self {
        if above.is_zero() {
            return Self::of(above);
        }
        let common = above.common_content(&below);
        let (above, below) = (above.over(&common), below.over(&common));
        match below.as_constant() {
            Some(number) => Self::of(above.scaled(&(RBig::ONE / number))),
            None if above == below => Self::integer(1),
            None => Quotient { above, below },
        }
    }

    /// Whether it is 0.
    pub(super) fn is_zero(&self) -> bool {
        self.above.is_zero()
    }

    /// The polynomial, if nothing divides it.
    pub(super) fn as_polynomial(&self) -> Option<&Polynomial> {
        (self.below == Polynomial::one()).then_some(&self.above)
    }

    /// The number, if there are no unknowns.
    pub(super) fn as_constant(&self) -> Option<RBig> {
        self.as_polynomial()?.as_constant()
    }

    /// `self + other`
    pub(super) fn plus(&self, other: &Self) -> Self {
        if self.below == other.below {
            return Self::reduced(self.above.plus(&other.above), self.below.clone());
        }
        let above = self.above.times(&other.below).plus(&other.above.times(&self.below));
        Self::reduced(above, self.below.times(&other.below))
    }

    /// `-self`
    pub(super) fn negated(&self) -> Self {
        Quotient { above: self.above.negated(), below: self.below.clone() }
    }

    /// `self - other`
    pub(super) fn minus(&self, other: &Self) -> Self {
        self.plus(&other.negated())
    }

    /// `self * other`
    pub(super) fn times(&self, other: &Self) -> Self {
        Self::reduced(self.above.times(&other.above), self.below.times(&other.below))
    }

    /// `self / divisor`, where the dividend of the divisor is above 0.
    pub(super) fn over_positive(&self, divisor: &Self) -> Self {
        Self::reduced(self.above.times(&divisor.below), self.below.times(&divisor.above))
    }

    /// `self^n`
    pub(super) fn power(&self, n: u32) -> Self {
        Self::reduced(self.above.power(n), self.below.power(n))
    }
}

#[cfg(test)]
mod tests {
    use super::super::polynomial::Unknown;
    use super::*;

    #[test]
    fn sums_and_products_are_those_of_fractions() {
        let x = Quotient::of(Polynomial::unknown(Unknown(0)));
        let inverse = Quotient::integer(1).over_positive(&x);
        assert_eq!(x.times(&inverse), Quotient::integer(1));
        let sum = x.plus(&inverse);
        assert_eq!(sum.times(&x), x.power(2).plus(&Quotient::integer(1)));
        assert!(sum.minus(&sum).is_zero());
        assert_ne!(sum, x);
        let half = Quotient::integer(1).over_positive(&Quotient::integer(2));
        assert_eq!(half.plus(&half).as_constant(), Some(RBig::ONE));
    }
}
