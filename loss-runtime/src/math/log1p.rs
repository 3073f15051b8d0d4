//! log(1 + x).
//!
//! Method: u = 1 + x, rounded, and c, what the rounding lost (2Sum). With u = 2^e (1 + f) as in `log`, log(1 + x) =
//! e log(2) + log(1 + g), g = f + c 2^-e. Where e = 0 that sum is x itself, exactly, so small x keep every bit; elsewhere what
//! it loses times 1 - g (for 1 / (1 + g)) joins the small terms.
//!
//! Error: `f32` at most 0.889 ULP (all of magnitude 1/8 to 16 and every seventh of the others, against a correctly rounded `f64` result),
//! worst at 0.40484226. `f64`: at most 1.5 ULP, checked against 300 bits by `tests/math`.

use super::log::{Split, join_f32, join_f64, split};
use crate::lane::{Format, Lane};

/// The method above.
#[inline(always)]
fn log1p<L: Lane>(x: L, join: impl Fn(L, L, L) -> L) -> L {
    let t = x.token();
    let zero = L::splat(t, 0.0);
    let one = L::splat(t, 1.0);
    let u = one + x;
    let x_part = u - one;
    let c = (one - (u - x_part)) + (x - x_part);
    let Split {
        exponent,
        fraction,
        biased,
    } = split(u);
    // 2^-e: its exponent field is 2 BIAS + 1 - (BIAS + 1 + e). Nonsense for huge x, where c is nothing beside x.
    let bits = L::Scalar::FRACTION_BITS;
    let field = biased.and_bits(L::splat_bits(t, !((1 << bits) - 1)));
    let scale = L::splat_bits(t, (2 * L::Scalar::BIAS + 1) << bits).sub_bits(field);
    let c = L::select(
        x.lt(L::splat(t, (1u64 << (bits + 2)) as f64)),
        c * scale,
        zero,
    );
    let g = fraction + c;
    let g_lost = c - (g - fraction);
    let result = join(exponent, g, g_lost - g_lost * g);
    let infinity = L::splat(t, f64::INFINITY);
    // Infinity, NaN and both zeros are their own images.
    let result = L::select(x.lt(infinity) & x.ne(zero), result, x);
    let below = L::select(u.eq(zero), -infinity, L::splat(t, f64::NAN));
    L::select(x.gt(L::splat(t, -1.0)), result, below)
}

/// log(1 + x).
#[inline(always)]
pub(crate) fn f32<L: Lane<Scalar = f32>>(x: L) -> L {
    log1p(
        x,
        #[inline(always)]
        |exponent, fraction, lost| join_f32(exponent, fraction, lost),
    )
}

/// log(1 + x).
#[inline(always)]
pub(crate) fn f64<L: Lane<Scalar = f64>>(x: L) -> L {
    log1p(
        x,
        #[inline(always)]
        |exponent, fraction, lost| join_f64(exponent, fraction, lost),
    )
}
