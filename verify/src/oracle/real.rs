//! Extended real numbers: what a formula denotes. Finite numbers are balls; those whose logarithm is beyond anything a float could
//! hold are kept by that logarithm, so that `log(1 + exp(x))` is right at `x = 1e300` too.

use std::cmp::Ordering;

use super::ball::{Ball, Undecided};

/// An extended real number, or none.
#[derive(Clone, Debug)]
pub enum Real {
    /// Not a number.
    Nan,
    /// An infinity.
    Infinity {
        /// Whether it is the negative one.
        negative: bool,
    },
    /// A finite number.
    Finite(Ball),
    /// A finite number far beyond the range of every float format, or closer to zero than any of them reaches: `±exp(log)`.
    Extreme {
        /// Whether it is below zero.
        negative: bool,
        /// The natural logarithm of its size.
        log: Ball,
    },
}

impl Real {
    /// Positive infinity.
    pub const INFINITY: Real = Real::Infinity { negative: false };
    /// Negative infinity.
    pub const NEGATIVE_INFINITY: Real = Real::Infinity { negative: true };

    /// Zero.
    pub fn zero() -> Self {
        Real::Finite(Ball::zero())
    }

    /// One.
    pub fn one() -> Self {
        Real::Finite(Ball::one())
    }

    /// An integer.
    pub fn integer(value: i128) -> Self {
        Real::Finite(Ball::integer(value))
    }

    /// `2^exponent`.
    pub fn power_of_two(exponent: i64) -> Self {
        Real::Finite(Ball::power_of_two(exponent))
    }

    /// A float, exactly; -0.0 is 0.
    pub fn from_f64(value: f64) -> Self {
        if value.is_nan() {
            Real::Nan
        } else if value.is_infinite() {
            Real::Infinity { negative: value < 0.0 }
        } else {
            Real::Finite(Ball::from_f64(value))
        }
    }

    /// The nearest `f64`, for reports: the midpoint's where the number is only known to a ball.
    pub fn to_f64(&self) -> f64 {
        let signed = |negative: &bool, size: f64| if *negative { -size } else { size };
        match self {
            Real::Nan => f64::NAN,
            Real::Infinity { negative } => signed(negative, f64::INFINITY),
            Real::Finite(ball) => ball.to_f64(),
            Real::Extreme { negative, log } => signed(negative, if log.to_f64() > 0.0 { f64::INFINITY } else { 0.0 }),
        }
    }

    /// Whether it is not a number.
    pub fn is_nan(&self) -> bool {
        matches!(self, Real::Nan)
    }

    /// Whether it is an infinity.
    pub fn is_infinite(&self) -> bool {
        matches!(self, Real::Infinity { .. })
    }

    /// Whether it is zero, exactly.
    pub fn is_zero(&self) -> bool {
        match self {
            Real::Finite(ball) => ball.is_zero(),
            Real::Nan | Real::Infinity { .. } | Real::Extreme { .. } => false,
        }
    }

    /// Whether it is one, exactly.
    pub fn is_one(&self) -> bool {
        match self {
            Real::Finite(ball) => ball.is_one(),
            Real::Nan | Real::Infinity { .. } | Real::Extreme { .. } => false,
        }
    }

    /// Whether it is known to a relative `2^-bits`, or to round to zero in every format.
    pub fn is_known_to(&self, bits: i64) -> bool {
        match self {
            Real::Finite(ball) => ball.is_known_to(bits),
            Real::Nan | Real::Infinity { .. } | Real::Extreme { .. } => true,
        }
    }

    /// Whether it is known to an absolute `2^-bits`.
    pub fn is_within(&self, bits: i64) -> bool {
        match self {
            Real::Finite(ball) => ball.is_within(bits),
            Real::Nan | Real::Infinity { .. } | Real::Extreme { .. } => true,
        }
    }

    /// `-x`
    pub fn negated(&self) -> Self {
        match self {
            Real::Nan => Real::Nan,
            Real::Infinity { negative } => Real::Infinity { negative: !negative },
            Real::Finite(ball) => Real::Finite(ball.negated()),
            Real::Extreme { negative, log } => Real::Extreme { negative: !negative, log: log.clone() },
        }
    }

    /// `abs(x)`
    ///
    /// # Errors
    /// The sign is not decided.
    pub fn abs(&self) -> Result<Self, Undecided> {
        Ok(match self.sign()? {
            Some(Ordering::Less) => self.negated(),
            Some(Ordering::Equal | Ordering::Greater) | None => self.clone(),
        })
    }

    /// The order of the number and zero; nothing for NaN.
    ///
    /// # Errors
    /// The ball holds numbers of both signs.
    pub fn sign(&self) -> Result<Option<Ordering>, Undecided> {
        let of = |negative: &bool| if *negative { Ordering::Less } else { Ordering::Greater };
        Ok(match self {
            Real::Nan => None,
            Real::Finite(ball) => Some(ball.sign()?),
            Real::Infinity { negative } | Real::Extreme { negative, .. } => Some(of(negative)),
        })
    }

    /// Whether it is above zero; a NaN is not.
    ///
    /// # Errors
    /// The ball holds numbers of both signs.
    pub fn is_positive(&self) -> Result<bool, Undecided> {
        Ok(self.sign()? == Some(Ordering::Greater))
    }

    /// Whether it is below zero; a NaN is not.
    ///
    /// # Errors
    /// The ball holds numbers of both signs.
    pub fn is_negative(&self) -> Result<bool, Undecided> {
        Ok(self.sign()? == Some(Ordering::Less))
    }
}
