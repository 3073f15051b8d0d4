//! A real number as far as it is known: a binary midpoint and a bound of the distance from it. A ball of radius zero *is* its
//! midpoint, so that ties of exact numbers are decided exactly.

use std::cmp::Ordering;

use dashu_base::Sign;
use dashu_float::round::mode::HalfEven;
use dashu_float::{Context, FBig, Repr};
use dashu_int::{IBig, UBig};

use super::radius::Radius;

/// The precision at hand does not decide the question: ask again with more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided;

/// Every real number within `radius` of `middle`.
#[derive(Clone, Debug)]
pub struct Ball {
    pub(super) middle: Repr<2>,
    pub(super) radius: Radius,
}

/// A sum or product of exact numbers stays exact while it has at most this many bits: enough for any sum and any product of two
/// sums of two `f64`s, which is what ties are made of.
const EXACT_BITS: i64 = 4400;

impl Ball {
    /// Zero.
    pub fn zero() -> Self {
        Self::exact(Repr::zero())
    }

    /// One.
    pub fn one() -> Self {
        Self::exact(Repr::one())
    }

    /// An integer.
    pub fn integer(value: i128) -> Self {
        Self::exact(Repr::new(IBig::from(value), 0))
    }

    /// `2^exponent`.
    pub fn power_of_two(exponent: i64) -> Self {
        Self::exact(Repr::new(IBig::ONE, exponent as isize))
    }

    /// A number known exactly.
    pub(super) fn exact(middle: Repr<2>) -> Self {
        Ball { middle, radius: Radius::ZERO }
    }

    /// A finite float, exactly.
    pub fn from_f64(value: f64) -> Self {
        let bits = value.to_bits();
        let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
        let (digits, exponent) =
            if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent as isize - 1075) };
        let digits = IBig::from(digits);
        Self::exact(Repr::new(if value < 0.0 { -digits } else { digits }, exponent))
    }

    /// Anything within the bound of zero.
    pub(super) fn around_zero(radius: Radius) -> Self {
        Ball { middle: Repr::zero(), radius }
    }

    /// The same midpoint, less certain.
    pub(super) fn widened(mut self, by: Radius) -> Self {
        self.radius = self.radius.plus(by);
        self
    }

    /// A number that is within one of two.
    pub(super) fn or(self, other: &Self, precision: usize) -> Self {
        let apart = self.plus(&other.negated(), precision).size();
        self.widened(apart)
    }

    /// Whether the number is known exactly.
    pub fn is_exact(&self) -> bool {
        self.radius.is_zero()
    }

    /// Whether it is zero, exactly.
    pub fn is_zero(&self) -> bool {
        self.is_exact() && self.middle.significand().is_zero()
    }

    /// Whether it is one, exactly.
    pub fn is_one(&self) -> bool {
        self.is_exact() && self.middle.is_one()
    }

    /// The integer it is exactly, if it is one of less than 128 bits.
    pub fn as_integer(&self) -> Option<i128> {
        let exponent = usize::try_from(self.middle.exponent()).ok()?;
        if !self.is_exact() || exponent + self.middle.digits() > 126 {
            return None;
        }
        i128::try_from(self.middle.significand().clone() << exponent).ok()
    }

    /// An exponent `e` with `|middle| < 2^e`, and `2^(e-1) <= |middle|`; nothing for a middle of zero.
    pub(super) fn top(&self) -> Option<i64> {
        top(&self.middle)
    }

    /// At least the size of every number in the ball.
    pub(super) fn size(&self) -> Radius {
        Radius::above(&self.middle).plus(self.radius)
    }

    /// The sign.
    ///
    /// # Errors
    /// The ball holds numbers of both signs.
    pub fn sign(&self) -> Result<Ordering, Undecided> {
        let middle = sign_of(&self.middle);
        if self.is_exact() || Radius::below(&self.middle) > self.radius { Ok(middle) } else { Err(Undecided) }
    }

    /// The order of two numbers.
    ///
    /// # Errors
    /// The balls overlap.
    pub fn order(&self, other: &Self) -> Result<Ordering, Undecided> {
        if self.is_exact() && other.is_exact() {
            let order = self.middle.cmp(&other.middle);
            let zeros = self.middle.significand().is_zero() && other.middle.significand().is_zero();
            return Ok(if zeros { Ordering::Equal } else { order });
        }
        // 64 bits are enough to tell the balls apart wherever they are apart by more than a sliver; with more precision they
        // shrink.
        self.plus(&other.negated(), 64).sign()
    }

    /// `-x`, exactly.
    pub fn negated(&self) -> Self {
        if self.middle.significand().is_zero() {
            return self.clone();
        }
        Ball { middle: -self.middle.clone(), radius: self.radius }
    }

    /// `x * 2^shift`, exactly.
    pub fn shifted(&self, shift: i64) -> Self {
        if self.middle.significand().is_zero() {
            return Ball { middle: Repr::zero(), radius: self.radius.shifted(shift) };
        }
        let (digits, exponent) = self.middle.clone().into_parts();
        Ball { middle: Repr::new(digits, exponent + shift as isize), radius: self.radius.shifted(shift) }
    }

    /// `x + y`: exact if both are and the sum is short; otherwise to `precision` bits.
    pub fn plus(&self, other: &Self, precision: usize) -> Self {
        if self.is_zero() {
            return other.clone();
        }
        if other.is_zero() {
            return self.clone();
        }
        let precision = if self.is_exact() && other.is_exact() && span(&self.middle, &other.middle) <= EXACT_BITS {
            0
        } else {
            precision
        };
        let sum = Context::<HalfEven>::new(precision).add(&self.middle, &other.middle);
        Self::rounded(sum, precision).widened(self.radius.plus(other.radius))
    }

    /// `x * y`: exact if both are and the product is short; otherwise to `precision` bits.
    pub fn times(&self, other: &Self, precision: usize) -> Self {
        if self.is_zero() || other.is_zero() {
            return Self::zero();
        }
        if self.is_one() {
            return other.clone();
        }
        if other.is_one() {
            return self.clone();
        }
        let short = (self.middle.digits() + other.middle.digits()) as i64 <= EXACT_BITS;
        let precision = if self.is_exact() && other.is_exact() && short { 0 } else { precision };
        let product = Context::<HalfEven>::new(precision).mul(&self.middle, &other.middle);
        let mut product = Self::rounded(product, precision);
        if !other.is_exact() {
            product = product.widened(Radius::above(&self.middle).times(other.radius));
        }
        if !self.is_exact() {
            product = product.widened(other.size().times(self.radius));
        }
        product
    }

    /// `x / y`, to `precision` bits, exact where it terminates within them.
    ///
    /// # Errors
    /// The divisor is not known to half of its size.
    pub fn over(&self, other: &Self, precision: usize) -> Result<Self, Undecided> {
        if other.is_one() || self.is_zero() {
            return other.sign().map(|_| self.clone());
        }
        let size = Radius::below(&other.middle).shifted(-1);
        if size.is_zero() || other.radius > size {
            return Err(Undecided);
        }
        let quotient = Context::<HalfEven>::new(precision).div(&self.middle, &other.middle);
        let quotient = Self::rounded(quotient, precision);
        if self.is_exact() && other.is_exact() {
            return Ok(quotient);
        }
        let error = quotient.size().times(other.radius).plus(self.radius).over(size);
        Ok(quotient.widened(error))
    }

    /// Wraps what a kernel of the float crate returned: correctly rounded to `precision` bits.
    pub(super) fn rounded(result: dashu_float::math::FpResult<FBig<HalfEven, 2>>, precision: usize) -> Self {
        match result {
            Ok(dashu_base::Approximation::Exact(value)) => Self::exact(value.into_repr()),
            Ok(dashu_base::Approximation::Inexact(value, _)) => {
                let middle = value.into_repr();
                // Half a unit of the last place, and as much again for a result that rounded up to the next power of two.
                let error = top(&middle).map_or_else(unknown, |top| Radius::power_of_two(top - precision as i64));
                Ball { middle, radius: error }
            }
            // Arguments are finite and in the domain, and exponents are kept far from the crate's limits.
            Err(_) => Self::around_zero(unknown()),
        }
    }

    /// Whether the number is known to a relative `2^-bits`, or to be smaller than any float could tell from zero.
    pub fn is_known_to(&self, bits: i64) -> bool {
        self.is_exact()
            || self.radius <= Radius::below(&self.middle).shifted(-bits)
            || self.size() < Radius::power_of_two(BENEATH)
    }

    /// Whether it is known to an absolute `2^-bits`.
    pub fn is_within(&self, bits: i64) -> bool {
        self.radius <= Radius::power_of_two(-bits)
    }

    /// The midpoint, rounded to the nearest float.
    pub fn to_f64(&self) -> f64 {
        super::ulp::nearest_of::<f64>(&self.middle)
    }

    /// The bounds of the ball, to far more digits than a float has.
    pub(super) fn ends(&self) -> (Repr<2>, Repr<2>) {
        let Some(top) = self.radius.top() else { return (self.middle.clone(), self.middle.clone()) };
        let radius = Self::power_of_two(top);
        let context = Context::<HalfEven>::new(EXACT_BITS as usize);
        let end = |sum: dashu_float::math::FpResult<FBig<HalfEven, 2>>| Self::rounded(sum, EXACT_BITS as usize).middle;
        (end(context.sub(&self.middle, &radius.middle)), end(context.add(&self.middle, &radius.middle)))
    }
}

/// A bound beyond everything: nothing is known.
fn unknown() -> Radius {
    Radius::power_of_two(1 << 61)
}

/// Numbers below `2^BENEATH` round to zero in every format, with room to spare.
const BENEATH: i64 = -1200;

/// An exponent `e` with `2^(e-1) <= |x| < 2^e`; nothing for zero.
pub(super) fn top(x: &Repr<2>) -> Option<i64> {
    (!x.significand().is_zero()).then(|| x.exponent() as i64 + x.digits() as i64)
}

/// How many bits a sum of the two may need.
fn span(x: &Repr<2>, y: &Repr<2>) -> i64 {
    let high = top(x).max(top(y)).unwrap_or(0);
    high - (x.exponent() as i64).min(y.exponent() as i64) + 1
}

/// The order of a number and zero, which has no sign.
pub(super) fn sign_of(x: &Repr<2>) -> Ordering {
    if x.significand().is_zero() {
        return Ordering::Equal;
    }
    match x.sign() {
        Sign::Positive => Ordering::Greater,
        Sign::Negative => Ordering::Less,
    }
}

/// `numerator / denominator`, to `precision` bits.
pub(super) fn fraction(numerator: IBig, denominator: &UBig, precision: usize) -> Ball {
    let denominator = Repr::new(IBig::from(denominator.clone()), 0);
    Ball::rounded(Context::<HalfEven>::new(precision).div(&Repr::new(numerator, 0), &denominator), precision)
}
