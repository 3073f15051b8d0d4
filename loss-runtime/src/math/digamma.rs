//! digamma(x), the derivative of log(gamma(x)).

/// The derivative of the logarithm of the gamma function; -inf at 0, NaN below.
#[inline]
pub(crate) fn digamma(x: f64) -> f64 {
    if x < 0.0 {
        f64::NAN
    } else if x == 0.0 {
        f64::NEG_INFINITY
    } else {
        pxfm::f_digamma(x)
    }
}

/// The same for `f32`, by way of `f64`.
#[inline]
pub(crate) fn digamma_f32(x: f32) -> f32 {
    digamma(f64::from(x)) as f32
}
