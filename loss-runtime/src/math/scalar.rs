//! Functions without a vector form, one number at a time: those of `pxfm`, with the edges of the spec language.
//!
//! `pxfm` asks the processor for fused multiply-add by itself, so its bits depend on the machine wherever it is not correctly rounded; they
//! never depend on the instruction set that a kernel was dispatched to. Measured within 0.5 ULP, `tests/math` allows 1.

/// The logarithm of the gamma function; inf at 0, NaN below.
#[inline]
pub(crate) fn lgamma_f32(x: f32) -> f32 {
    if x < 0.0 {
        f32::NAN
    } else {
        pxfm::f_lgammaf(x)
    }
}

/// The logarithm of the gamma function; inf at 0, NaN below.
#[inline]
pub(crate) fn lgamma_f64(x: f64) -> f64 {
    if x < 0.0 { f64::NAN } else { pxfm::f_lgamma(x) }
}

macro_rules! pow {
    ($name:ident, $float:ident, $pow:path) => {
        /// x^p; NaN below 0, and where either is NaN.
        #[inline]
        pub(crate) fn $name(x: $float, p: $float) -> $float {
            if x < 0.0 || x.is_nan() || p.is_nan() {
                return $float::NAN;
            }
            // Zero has no sign here: (-0)^-1 is inf.
            $pow(x.abs(), p)
        }
    };
}

pow!(pow_f32, f32, pxfm::f_powf);
pow!(pow_f64, f64, pxfm::f_pow);
