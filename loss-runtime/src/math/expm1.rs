//! e^x - 1.
//!
//! Method: with x = n log(2) + r as in `exp` and s = 2^n, e^x - 1 = (s - 1) + s (e^r - 1), and e^r - 1 = r + r^2 P(r), P minimax.
//! What (s - 1) + s r loses to rounding (Fast2Sum: |s - 1| >= |s r| or s = 1), what r loses, and the 1 that s - 1 loses when n is
//! large all go into one small term, which is added last. Where 2^n would overflow before the result does, 2^(n-1) is used and the
//! result doubled.
//!
//! Error: `f32` at most 0.887 ULP (all of magnitude 1/8 to 16 and every seventh of the others, against a correctly rounded `f64` result),
//! worst at 0.35484526. `f64`: at most 1.5 ULP, checked against 300 bits by `tests/math`.

use super::estrin;
use super::exp::{Bias, reduce};
use crate::lane::{Format, Lane};

/// e^x - 1.
#[inline(always)]
pub(crate) fn f32<L: Lane<Scalar = f32>>(x: L) -> L {
    // -1 to the last bit below -20; 88 < 127.5 log(2).
    // P on |r| <= log(2)/2, relative error of e^r - 1 2^-32.
    minus_one(
        x,
        -20.0,
        88.0,
        #[inline(always)]
        |r| {
            estrin!(r.token(), r;
        0.1666666567325592, 0.041666362434625626, 0.008333389647305012, 0.0013940627686679363, 0.00019845877250190824)
        },
    )
}

/// e^x - 1.
#[inline(always)]
pub(crate) fn f64<L: Lane<Scalar = f64>>(x: L) -> L {
    // -1 to the last bit below -40; 709 < 1023.5 log(2).
    // P on |r| <= log(2)/2, relative error of e^r - 1 2^-61.7.
    minus_one(
        x,
        -40.0,
        709.0,
        #[inline(always)]
        |r| {
            estrin!(r.token(), r;
        0.16666666666666677, 0.04166666666666651, 0.008333333333321691, 0.0013888888888962366, 0.00019841269885967537,
        2.4801587172549252e-05, 2.7557244372422164e-06, 2.755740263294718e-07, 2.5108979542226146e-08, 2.0875333188499696e-09)
        },
    )
}

/// The method above. Below `bottom` the result is -1; above `large` it must be computed with half the power.
#[inline(always)]
fn minus_one<L: Lane>(x: L, bottom: f64, large: f64, polynomial: impl Fn(L) -> L) -> L {
    let t = x.token();
    let one = L::splat(t, 1.0);
    let bounded = x
        .max_ignoring_nan(L::splat(t, bottom))
        .min_ignoring_nan(L::splat(t, L::Scalar::EXP_OVERFLOWS));
    let reduced = reduce(bounded, Bias::Once);
    let r = reduced.high + reduced.low;
    let r_lost = (reduced.high - r) + reduced.low;

    let is_large = bounded.gt(L::splat(t, large));
    // A unit in the last place of `shifted` is one in n.
    let shifted = L::select(is_large, reduced.shifted - one, reduced.shifted);
    let s = shifted.shl_bits(L::Scalar::FRACTION_BITS);
    let s_minus_one = s - one;
    let s_lost = (s - s_minus_one) - one;
    let linear = s * r;
    let sum = s_minus_one + linear;
    let sum_lost = linear - (sum - s_minus_one);
    // P's first step, from 1/2, apart from the others: it alone rounds at full size.
    let p = polynomial(r).mul_add(r, L::splat(t, 0.5));
    let rest = (r * r).mul_add(p, r_lost);
    let result = sum + s.mul_add(rest, sum_lost + s_lost);
    let result = L::select(is_large, result + result, result);
    // The sum above has no room for the sign of zero.
    L::select(x.eq(L::splat(t, 0.0)), x, result)
}
