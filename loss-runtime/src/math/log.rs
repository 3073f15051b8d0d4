//! log(x).
//!
//! Method: x = 2^e m with sqrt(1/2) <= m < sqrt(2), subnormal numbers multiplied by a power of two first, and
//! log(x) = e log(2) + log(1 + f) with f = m - 1, which is exact. log(2) is split so that e times its leading part is exact; what the sum of
//! that and f loses is recovered (Fast2Sum: e = 0 or |e log(2)| > |f|), so only small terms are rounded before the last addition.
//! - `f32`: log(1 + f) = f + f^2 (f P(f) - 1/2).
//! - `f64`: log(1 + f) = f - (h - s (h + R(s^2))) with h = f^2/2 and s = f / (2 + f), after Ng's `e_log.c` (FreeBSD msun): the
//!   division costs less than the polynomial of twice the degree.
//!
//! Error: `f32` at most 0.889 ULP (all of magnitude 1/8 to 16 and every seventh of the others, against a correctly rounded `f64` result),
//! worst at 1.4048423. `f64`: at most 1.5 ULP, checked against 300 bits by `tests/math`.

use super::estrin;
use crate::lane::{Format, Lane};

/// A positive normal number as 2^exponent (1 + fraction), and the bits from which another power of two can be made.
pub(super) struct Split<L> {
    /// The exponent.
    pub(super) exponent: L,
    /// The mantissa less 1: from sqrt(1/2) - 1 to sqrt(2) - 1.
    pub(super) fraction: L,
    /// A bit pattern whose exponent field is 1 + `BIAS` + exponent (and may spill into the sign).
    pub(super) biased: L,
}

/// Splits a positive normal number; of anything else makes finite nonsense.
#[inline(always)]
pub(super) fn split<L: Lane>(x: L) -> Split<L> {
    let t = x.token();
    let bits = L::Scalar::FRACTION_BITS;
    let sqrt_half = L::splat_bits(t, L::Scalar::SQRT_HALF_BITS);
    // Moves sqrt(1/2) to the pattern of an exact power of two, so that the exponent field steps at sqrt(2) 2^k.
    let offset = ((L::Scalar::BIAS + 1) << bits) - L::Scalar::SQRT_HALF_BITS;
    let biased = x.add_bits(L::splat_bits(t, offset));
    let mantissa = biased
        .and_bits(L::splat_bits(t, (1 << bits) - 1))
        .add_bits(sqrt_half);
    // The field, put into the low bits of 2^FRACTION_BITS, is that number plus the field.
    let unit = (1u64 << bits) as f64;
    let field = biased.shr_bits(bits).or_bits(L::splat(t, unit));
    Split {
        exponent: field - L::splat(t, unit + (L::Scalar::BIAS + 1) as f64),
        fraction: mantissa - L::splat(t, 1.0),
        biased,
    }
}

/// exponent log(2) + log(1 + f + f_lost); `f_lost` is at most half a unit in the last place of 1 + f.
#[inline(always)]
pub(super) fn join_f32<L: Lane<Scalar = f32>>(exponent: L, f: L, f_lost: L) -> L {
    let t = f.token();
    let sum = exponent.mul_add(L::splat(t, f32::LN2_HIGH), f);
    let lost = (f - (sum - exponent * L::splat(t, f32::LN2_HIGH))) + f_lost;
    let small = exponent.mul_add(L::splat(t, f32::LN2_LOW), lost);
    // Relative error of log(1 + f) 2^-30.3.
    let p = estrin!(t, f;
        0.3333331346511841, -0.25000008940696716, 0.2000211924314499, -0.1666799634695053, 0.14219550788402557,
        -0.12405586242675781, 0.11888166517019272, -0.11675669997930527, 0.06746651977300644);
    let q = f.mul_add(p, L::splat(t, -0.5));
    sum + (f * f).mul_add(q, small)
}

/// exponent log(2) + log(1 + f + f_lost); `f_lost` is at most half a unit in the last place of 1 + f.
#[inline(always)]
pub(super) fn join_f64<L: Lane<Scalar = f64>>(exponent: L, f: L, f_lost: L) -> L {
    let t = f.token();
    let sum = exponent.mul_add(L::splat(t, f64::LN2_HIGH), f);
    let lost = (f - (sum - exponent * L::splat(t, f64::LN2_HIGH))) + f_lost;
    let small = exponent.mul_add(L::splat(t, f64::LN2_LOW), lost);
    let s = f / (f + L::splat(t, 2.0));
    let z = s * s;
    // Relative error of log(1 + f) 2^-58.6.
    let r = z
        * estrin!(t, z;
        0.666666666666671, 0.3999999999952002, 0.2857142872923132, 0.22222199097183903, 0.18183571181416072,
        0.15313174249854647, 0.1481041575234646);
    let h = f * f * L::splat(t, 0.5);
    sum + (s.mul_add(h + r, small) - h)
}

/// The logarithm where it is a number, from the exponent and fraction of x times a power of two if x is subnormal; and its limits.
#[inline(always)]
fn log<L: Lane>(x: L, join: impl Fn(L, L, L) -> L) -> L {
    let t = x.token();
    let zero = L::splat(t, 0.0);
    let bits = L::Scalar::FRACTION_BITS;
    let is_subnormal = x.lt(L::splat(
        t,
        crate::lane::Real::to_f64(<L::Scalar as crate::lane::Real>::MIN_POSITIVE),
    ));
    let normal = L::select(is_subnormal, x * L::splat(t, (1u64 << bits) as f64), x);
    let Split {
        exponent, fraction, ..
    } = split(normal);
    let exponent = L::select(
        is_subnormal,
        exponent - L::splat(t, f64::from(bits)),
        exponent,
    );
    let result = join(exponent, fraction, zero);
    let infinity = L::splat(t, f64::INFINITY);
    // Infinity and NaN are their own logarithms; NaN also fails the next comparison, and stays.
    let result = L::select(x.lt(infinity), result, x);
    let below = L::select(x.eq(zero), -infinity, L::splat(t, f64::NAN));
    L::select(x.gt(zero), result, below)
}

/// The natural logarithm.
#[inline(always)]
pub(crate) fn f32<L: Lane<Scalar = f32>>(x: L) -> L {
    log(
        x,
        #[inline(always)]
        |exponent, fraction, lost| join_f32(exponent, fraction, lost),
    )
}

/// The natural logarithm.
#[inline(always)]
pub(crate) fn f64<L: Lane<Scalar = f64>>(x: L) -> L {
    log(
        x,
        #[inline(always)]
        |exponent, fraction, lost| join_f64(exponent, fraction, lost),
    )
}
