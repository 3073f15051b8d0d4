//! tanh(x).
//!
//! Method: below a bound b, x + x^3 P(x^2), P minimax; above, 1 - 2 / (e^2|x| + 1) with the sign of x. At b the
//! second part of either form is a third of the result (a half for `f64`) or less, and the errors it brings along shrink with it. For
//! `f32`, b is where the quotient falls below a quarter, and so is rounded twice as finely. Above 10 (20) the result is 1.
//!
//! Error: `f32` at most 0.932 ULP (all of magnitude 1/8 to 16 and every seventh of the others, against a correctly rounded `f64` result),
//! worst at 0.90813804. `f64`: at most 1.5 ULP, checked against 300 bits by `tests/math`.

use super::estrin;
use super::exp;
use crate::lane::Lane;

/// The method above: `b`, beyond what argument the result is 1, P and its first coefficient, and e^x + 1.
#[inline(always)]
fn tanh<L: Lane>(
    x: L,
    b: f64,
    one_from: f64,
    first: f64,
    polynomial: impl Fn(L) -> L,
    exp_plus_one: impl Fn(L) -> L,
) -> L {
    let t = x.token();
    let one = L::splat(t, 1.0);
    let magnitude = x.abs();
    let z = x * x;
    // P's first step apart from the others: it alone rounds at full size.
    let p = polynomial(z).mul_add(z, L::splat(t, first));
    let small = (x * z).mul_add(p, x);
    let bounded = magnitude.min_ignoring_nan(L::splat(t, one_from));
    let large = one - L::splat(t, 2.0) / exp_plus_one(bounded + bounded);
    let large = L::select(x.lt(L::splat(t, 0.0)), -large, large);
    L::select(magnitude.lt(L::splat(t, b)), small, large)
}

/// The hyperbolic tangent.
#[inline(always)]
pub(crate) fn f32<L: Lane<Scalar = f32>>(x: L) -> L {
    tanh(
        x,
        0.98,
        10.0,
        -0.333333283662796,
        // Relative error of tanh 2^-30.9, each coefficient fitted after the ones before it were rounded.
        #[inline(always)]
        |z| {
            estrin!(z.token(), z;
            0.13333174586296082, -0.0539507232606411, 0.021774444729089737, -0.008571457117795944, 0.0030488765332847834,
            -0.0008218968869186938, 0.00011645013728411868)
        },
        #[inline(always)]
        |y| exp::plus_one_f32(y),
    )
}

/// The hyperbolic tangent.
#[inline(always)]
pub(crate) fn f64<L: Lane<Scalar = f64>>(x: L) -> L {
    tanh(
        x,
        0.75,
        20.0,
        -0.3333333333333331,
        // Relative error of tanh 2^-58.3.
        #[inline(always)]
        |z| {
            estrin!(z.token(), z;
            0.1333333333332804, -0.05396825396506842, 0.021869488446226132, -0.008863234088897822,
            0.0035921135220602523, -0.001455736813048973, 0.0005895738175480254, -0.00023764266506156502,
            9.346134340570462e-05, -3.361823428464075e-05, 9.482698634447423e-06, -1.4803760839587877e-06)
        },
        #[inline(always)]
        |y| exp::plus_one_f64(y),
    )
}
