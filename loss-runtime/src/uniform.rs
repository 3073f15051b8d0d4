//! The functions that generated code needs once a call, on plain `f64`.

use crate::lane::Real;

macro_rules! forward {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $($(#[$doc])* pub fn $name(x: f64) -> f64 { Real::$name(x) })+
    };
}

forward! {
    /// The absolute value.
    abs,
    /// e^x.
    exp,
    /// e^x - 1.
    expm1,
    /// The natural logarithm.
    log,
    /// log(1 + x).
    log1p,
    /// The sine.
    sin,
    /// The cosine.
    cos,
    /// The tangent.
    tan,
    /// The hyperbolic sine.
    sinh,
    /// The hyperbolic cosine.
    cosh,
    /// The hyperbolic tangent.
    tanh,
    /// The inverse tangent.
    atan,
    /// The inverse cosine.
    acos,
    /// The logarithm of the gamma function.
    lgamma,
    /// The derivative of `lgamma`.
    digamma,
    /// The error function.
    erf,
    /// The logarithm of the normal distribution function.
    log_normal_cdf,
}

/// x^p.
pub fn pow(x: f64, p: f64) -> f64 {
    Real::pow(x, p)
}

/// The square root.
pub fn sqrt(x: f64) -> f64 {
    libm::sqrt(x)
}
