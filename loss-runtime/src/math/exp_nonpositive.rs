//! e^x for x <= 0 alone: minus a distance, or what lies below a maximum. Of NaN, NaN.
//!
//! Method: that of `exp`, with its bits. What overflows need not be thought of, so 2^n is made at once, lifted to a normal number, and
//! one multiplication by a constant takes it down again, which rounds where the result is subnormal and nowhere else: a quarter
//! fewer operations.
//!
//! Error: that of `exp`.

use super::exp::{Bias, LIFT, polynomial_f32, polynomial_f64, reduce, remainder};
use crate::lane::{Format, Lane};

#[inline(always)]
fn exp<L: Lane>(x: L, polynomial: impl Fn(L) -> L) -> L {
    let t = x.token();
    // Beyond it e^x stays 0. Keeps NaN.
    let reduced = reduce(x.max_ignoring_nan(L::splat(t, L::Scalar::EXP_VANISHES)), Bias::Lifted);
    let power = reduced.shifted.shl_bits(L::Scalar::FRACTION_BITS);
    let lifted = power.mul_add(remainder(&reduced, polynomial), power);
    lifted * L::splat(t, const { f64::from_bits((<f64 as Format>::BIAS - LIFT) << <f64 as Format>::FRACTION_BITS) })
}

/// e^x, x <= 0.
#[inline(always)]
pub(crate) fn f32<L: Lane<Scalar = f32>>(x: L) -> L {
    exp(
        x,
        #[inline(always)]
        |r| polynomial_f32(r),
    )
}

/// e^x, x <= 0.
#[inline(always)]
pub(crate) fn f64<L: Lane<Scalar = f64>>(x: L) -> L {
    exp(
        x,
        #[inline(always)]
        |r| polynomial_f64(r),
    )
}
