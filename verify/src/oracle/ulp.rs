//! From the truth to a float format: rounding, and errors in units of the last place.

use std::cmp::Ordering;

use dashu_float::round::mode::HalfEven;
use dashu_float::{Context, FBig, Repr};

use super::ball::{Ball, sign_of, top};
use super::real::Real;

/// A binary float format.
pub trait Format: Copy + PartialEq {
    /// Significant bits, the leading one included.
    const DIGITS: i64;
    /// `2^LEAST` is the smallest normal number.
    const LEAST: i64;
    /// `2^BEYOND` is the first power of two that is too large.
    const BEYOND: i64;

    /// The value as an `f64`, exactly.
    fn widen(self) -> f64;

    /// The value of an `f64` that is one of this format's.
    fn narrow(value: f64) -> Self;
}

impl Format for f32 {
    const DIGITS: i64 = 24;
    const LEAST: i64 = -126;
    const BEYOND: i64 = 128;

    fn widen(self) -> f64 {
        f64::from(self)
    }

    fn narrow(value: f64) -> Self {
        value as f32
    }
}

impl Format for f64 {
    const DIGITS: i64 = 53;
    const LEAST: i64 = -1022;
    const BEYOND: i64 = 1024;

    fn widen(self) -> f64 {
        self
    }

    fn narrow(value: f64) -> Self {
        value
    }
}

/// The exponent of the unit of the last place at x: the subnormal step below the smallest normal number.
fn unit<F: Format>(x: &Repr<2>) -> i64 {
    top(x).map_or(F::LEAST, |top| (top - 1).clamp(F::LEAST, F::BEYOND - 1)) - (F::DIGITS - 1)
}

/// The float nearest to an exact number: ties to even, infinite from half a unit above the largest.
pub(super) fn nearest_of<F: Format>(x: &Repr<2>) -> F {
    let infinity = if sign_of(x) == Ordering::Less { f64::NEG_INFINITY } else { f64::INFINITY };
    let Some(top) = top(x) else { return F::narrow(0.0) };
    if top > F::BEYOND {
        return F::narrow(infinity);
    }
    if top < F::LEAST - F::DIGITS {
        return F::narrow(0.0);
    }
    let unit = unit::<F>(x);
    let (digits, exponent) = x.clone().into_parts();
    let scaled = FBig::from_repr(Repr::<2>::new(digits, exponent - unit as isize), Context::<HalfEven>::new(0));
    let whole = i64::try_from(scaled.to_int().value()).unwrap_or(0);
    // At most 2^DIGITS units: an exact product, in two steps because the unit alone may be subnormal.
    let value = whole as f64 * power_of_two(unit / 2) * power_of_two(unit - unit / 2);
    F::narrow(if value.abs() >= power_of_two(F::BEYOND - 1) * 2.0 { infinity } else { value })
}

fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The float nearest to the truth, ties to even; nothing if the truth is not known well enough to say.
pub fn nearest<F: Format>(truth: &Real) -> Option<F> {
    let signed = |negative: &bool, size: f64| F::narrow(if *negative { -size } else { size });
    match truth {
        Real::Nan => Some(F::narrow(f64::NAN)),
        Real::Infinity { negative } => Some(signed(negative, f64::INFINITY)),
        Real::Extreme { negative, log } => {
            Some(signed(negative, if log.sign().ok()? == Ordering::Less { 0.0 } else { f64::INFINITY }))
        }
        Real::Finite(ball) => {
            let (low, high) = ball.ends();
            let (low, high) = (nearest_of::<F>(&low), nearest_of::<F>(&high));
            (low == high).then_some(low)
        }
    }
}

/// The distance of a result from the truth in units of the last place of its format at the truth.
///
/// NaN matches NaN only and an infinity that infinity only, or a finite truth that rounds to it; any other pair with one of these is
/// infinitely far apart. Below the smallest normal number the unit is the subnormal step. Of a truth that is known to a ball, the
/// midpoint counts.
pub fn ulps<F: Format>(actual: F, truth: &Real) -> f64 {
    let actual = actual.widen();
    let matches = |yes: bool| if yes { 0.0 } else { f64::INFINITY };
    match truth {
        Real::Nan => matches(actual.is_nan()),
        Real::Infinity { .. } => matches(actual == truth.to_f64()),
        Real::Extreme { log, .. } if log.sign() != Ok(Ordering::Less) => matches(actual == truth.to_f64()),
        Real::Extreme { .. } => distance::<F>(actual, &Repr::zero()),
        Real::Finite(ball) => distance::<F>(actual, &ball.middle),
    }
}

fn distance<F: Format>(actual: f64, truth: &Repr<2>) -> f64 {
    if actual.is_nan() || actual.is_infinite() {
        let same = actual == nearest_of::<F>(truth).widen();
        return if same { 0.0 } else { f64::INFINITY };
    }
    let difference = Ball::from_f64(actual).plus(&Ball::exact(truth.clone()).negated(), 64);
    difference.shifted(-unit::<F>(truth)).to_f64().abs()
}

/// The relative distance of a result from the truth; zero only if both are zero, infinite where `ulps` is.
pub fn relative<F: Format>(actual: F, truth: &Real) -> f64 {
    match (ulps(actual, truth), truth) {
        (0.0, _) => 0.0,
        (distance, Real::Finite(ball)) if distance.is_finite() && top(&ball.middle).is_some() => {
            let difference = Ball::from_f64(actual.widen()).plus(&Ball::exact(ball.middle.clone()).negated(), 64);
            difference.over(&Ball::exact(ball.middle.clone()), 64).map_or(f64::INFINITY, |ratio| ratio.to_f64().abs())
        }
        (_, Real::Nan | Real::Infinity { .. } | Real::Extreme { .. } | Real::Finite(_)) => f64::INFINITY,
    }
}
