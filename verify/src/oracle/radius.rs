//! Upper bounds of an error: 31 significant bits and a 64-bit exponent, every operation rounded up. Small enough to be copied,
//! with a range that nothing in a loss leaves.

use dashu_base::BitTest;
use dashu_float::Repr;

/// A bound `mantissa * 2^exponent`; the mantissa has 31 bits, or is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Radius {
    // Compared field by field: with normalised mantissas the larger exponent is the larger bound.
    exponent: i64,
    mantissa: u64,
}

impl PartialOrd for Radius {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Radius {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.exponent, self.mantissa).cmp(&(other.exponent, other.mantissa))
    }
}

const BITS: u32 = 31;

impl Radius {
    /// No error.
    pub(super) const ZERO: Radius = Radius { mantissa: 0, exponent: i64::MIN };

    /// `2^exponent`.
    pub(super) fn power_of_two(exponent: i64) -> Self {
        Radius { mantissa: 1 << (BITS - 1), exponent: exponent.saturating_sub(i64::from(BITS) - 1) }
    }

    /// Whether there is no error.
    pub(super) fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// An exponent `e` with `self < 2^e`; nothing for no error.
    pub(super) fn top(self) -> Option<i64> {
        (!self.is_zero()).then(|| self.exponent.saturating_add(i64::from(BITS)))
    }

    fn up(mut mantissa: u64, mut exponent: i64) -> Self {
        if mantissa == 0 {
            return Self::ZERO;
        }
        let length = 64 - mantissa.leading_zeros();
        if length > BITS {
            let shift = length - BITS;
            mantissa = (mantissa >> shift) + u64::from(mantissa & ((1 << shift) - 1) != 0);
            exponent = exponent.saturating_add(i64::from(shift));
            if mantissa >> BITS != 0 {
                mantissa >>= 1;
                exponent += 1;
            }
        } else {
            let shift = BITS - length;
            mantissa <<= shift;
            exponent = exponent.saturating_sub(i64::from(shift));
        }
        Radius { mantissa, exponent }
    }

    /// At least `self + other`.
    pub(super) fn plus(self, other: Self) -> Self {
        let (large, small) = if self >= other { (self, other) } else { (other, self) };
        if small.is_zero() {
            return large;
        }
        let shift = large.exponent.saturating_sub(small.exponent);
        let small = if shift >= 32 { 1 } else { small.mantissa.div_ceil(1 << shift) };
        Self::up(large.mantissa + small, large.exponent)
    }

    /// At least `self * other`.
    pub(super) fn times(self, other: Self) -> Self {
        if self.is_zero() || other.is_zero() {
            return Self::ZERO;
        }
        Self::up(self.mantissa * other.mantissa, self.exponent.saturating_add(other.exponent))
    }

    /// At least `self / other`, where `other` is a lower bound and not zero.
    pub(super) fn over(self, other: Self) -> Self {
        if self.is_zero() || other.is_zero() {
            return Self::ZERO;
        }
        Self::up(
            (self.mantissa << 32) / other.mantissa + 1,
            self.exponent.saturating_sub(other.exponent).saturating_sub(32),
        )
    }

    /// `self * 2^shift`.
    pub(super) fn shifted(self, shift: i64) -> Self {
        if self.is_zero() { self } else { Radius { exponent: self.exponent.saturating_add(shift), ..self } }
    }

    /// The least of these bounds that is not below `|x|`.
    pub(super) fn above(x: &Repr<2>) -> Self {
        let (top, exact, exponent) = leading(x);
        if top == 0 { Self::ZERO } else { Self::up(top + u64::from(!exact), exponent) }
    }

    /// One of these bounds that is not above `|x|`, and zero only for zero.
    pub(super) fn below(x: &Repr<2>) -> Self {
        let (top, _, exponent) = leading(x);
        Self::up(top, exponent)
    }
}

/// The leading 31 bits of `|x|` (cut), whether nothing was cut, and their exponent.
fn leading(x: &Repr<2>) -> (u64, bool, i64) {
    let (_, words) = x.significand().as_sign_words();
    let exponent = x.exponent() as i64;
    let Some((&last, rest)) = words.split_last() else { return (0, true, 0) };
    let length = last.bit_len() as u32;
    if length >= BITS {
        let shift = length - BITS;
        let exact = rest.is_empty() && last & ((1 << shift) - 1) == 0;
        return (last >> shift, exact, exponent + 64 * rest.len() as i64 + i64::from(shift));
    }
    match rest.split_last() {
        None => (last, true, exponent),
        Some((&next, lower)) => {
            let take = BITS - length;
            let top = (last << take) | (next >> (64 - take));
            let exact = lower.is_empty() && next << take == 0;
            (top, exact, exponent + 64 * rest.len() as i64 - i64::from(take))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dashu_int::IBig;

    #[test]
    fn bounds_enclose_the_number_they_bound() {
        for digits in [1u128, 3, 0x7fff_ffff, 0x8000_0001, u128::MAX, (1 << 64) + 1, (1 << 70) - 1, 5 << 61] {
            let x = Repr::new(IBig::from(digits), -7);
            for (bound, sign) in [(Radius::above(&x), 1), (Radius::below(&x), -1)] {
                let bound: Repr<2> = Repr::new(IBig::from(bound.mantissa), bound.exponent as isize);
                let order = bound.cmp(&x) as i32;
                assert!(order * sign >= 0, "{digits} {bound:?}");
            }
        }
    }

    #[test]
    fn sums_products_and_quotients_round_up() {
        let third = Radius::power_of_two(0).over(Radius::up(3, 0));
        assert!(third.times(Radius::up(3, 0)) >= Radius::power_of_two(0));
        assert!(third.times(Radius::up(3, 0)) < Radius::up(1 << 20 | 1, -20));
        let one = Radius::power_of_two(0);
        assert!(one.plus(Radius::power_of_two(-200)) > one);
        assert_eq!(one.plus(one), Radius::power_of_two(1));
        assert_eq!(one.plus(Radius::ZERO), one);
    }
}
