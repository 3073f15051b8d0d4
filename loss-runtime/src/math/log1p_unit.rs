//! log(1 + x) for 0 <= x <= 1 alone: what the exponential of a number that is not positive may be. Of NaN, NaN.
//!
//! Method: with s = x / (x + 2), log(1 + x) = 2 artanh(s) = x - s (x - 2 s^2 P(s^2)), P minimax on [0, 1/9]. No power of two has to be
//! split off, and what is subtracted from x is less than half of it.
//!
//! Error: `f32` at most 1 ULP, `f64` at most 1.5 ULP, checked by `tests/math`.

use super::estrin;
use crate::lane::Lane;

#[inline(always)]
fn log1p<L: Lane>(x: L, polynomial: impl Fn(L) -> L) -> L {
    let two = L::splat(x.token(), 2.0);
    let s = x / (x + two);
    let z = s * s;
    let rest = x - two * z * polynomial(z);
    (-s).mul_add(rest, x)
}

/// log(1 + x), 0 <= x <= 1. The polynomial's share of the relative error is 2^-30.7.
#[inline(always)]
pub(crate) fn f32<L: Lane<Scalar = f32>>(x: L) -> L {
    log1p(
        x,
        #[inline(always)]
        |z| estrin!(z.token(), z; 0.3333333730697632, 0.19999444484710693, 0.14308297634124756, 0.10715370625257492, 0.12144776433706284),
    )
}

/// log(1 + x), 0 <= x <= 1. The polynomial's share of the relative error is 2^-58.7.
#[inline(always)]
pub(crate) fn f64<L: Lane<Scalar = f64>>(x: L) -> L {
    log1p(
        x,
        #[inline(always)]
        |z| {
            estrin!(z.token(), z;
                0.33333333333333337, 0.1999999999999703, 0.14285714286248685, 0.11111111063209886, 0.09090911581019342,
                0.07692226510474684, 0.06668393643395801, 0.05858076336268221, 0.054856012066418, 0.034997236708499184,
                0.08229542277153097)
        },
    )
}
