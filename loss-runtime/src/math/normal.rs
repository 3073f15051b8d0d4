//! log(Phi(x)), Phi the normal distribution function.
//!
//! Method: with t = |x| / sqrt(2) and erfcx(t) = e^(t^2) erfc(t), which behaves like 1/t and is the condition's tame part,
//! Phi(-|x|) = erfcx(t)/2 e^(-x^2/2). Left: log(erfcx(t)/2) - x^2/2, two terms of one sign. Right: log1p(-Phi(-x)). x^2 is taken with
//! its rounding error, which e^(-x^2/2) would magnify, and the exponential in two halves, so that a subnormal result is rounded once.
//!
//! Error: at most 4.0 ULP over 800 points from -40 to 40, against mpmath at 60 digits; worst at 24.67, where the result is -1e-134.

use core::f64::consts::FRAC_1_SQRT_2;

/// The logarithm of the normal distribution function.
#[inline]
pub(crate) fn log_normal_cdf(x: f64) -> f64 {
    let square = x * x;
    if square == f64::INFINITY {
        return if x.is_sign_negative() { f64::NEG_INFINITY } else { 0.0 };
    }
    let lost = x.mul_add(x, -square);
    let tame = 0.5 * pxfm::f_erfcx(x.abs() * FRAC_1_SQRT_2);
    if x > 0.0 {
        let half = pxfm::f_exp(-0.25 * square);
        pxfm::f_log1p(-(tame * (1.0 - 0.5 * lost) * half * half))
    } else {
        (pxfm::f_log(tame) - 0.5 * lost) - 0.5 * square
    }
}

/// The same for `f32`, by way of `f64`.
#[inline]
pub(crate) fn log_normal_cdf_f32(x: f32) -> f32 {
    log_normal_cdf(f64::from(x)) as f32
}
