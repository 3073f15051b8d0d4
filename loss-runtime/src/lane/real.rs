//! The two float types, and what the kernels must know of their formats.

use super::isa::{self, Isa, LaneTask};
use crate::math::{digamma, normal, scalar};

/// Facts about the binary format that only the vector functions need.
mod format {
    /// A binary interchange format.
    pub trait Format {
        /// Bits of the fraction.
        const FRACTION_BITS: u32;
        /// The exponent field of 1.
        const BIAS: u64;
        /// 1.5 * 2^`FRACTION_BITS`: a number added to it is rounded to a whole number, which its low bits then hold.
        const SHIFTER: f64;
        /// The bit pattern of sqrt(1/2).
        const SQRT_HALF_BITS: u64;
        /// The leading bits of log(2), few enough that a product with any exponent is exact.
        const LN2_HIGH: f64;
        /// The rest of log(2).
        const LN2_LOW: f64;
        /// Above it, e^x overflows.
        const EXP_OVERFLOWS: f64;
        /// Below it, e^x rounds to 0.
        const EXP_VANISHES: f64;
    }
    impl Format for f32 {
        const FRACTION_BITS: u32 = 23;
        const BIAS: u64 = 127;
        const SHIFTER: f64 = 12_582_912.0;
        const SQRT_HALF_BITS: u64 = 0x3f35_04f3;
        const LN2_HIGH: f64 = 0.693_145_751_953_125;
        const LN2_LOW: f64 = 1.428_606_765_330_187e-6;
        const EXP_OVERFLOWS: f64 = 89.0;
        const EXP_VANISHES: f64 = -104.5;
    }
    impl Format for f64 {
        const FRACTION_BITS: u32 = 52;
        const BIAS: u64 = 1023;
        const SHIFTER: f64 = 6_755_399_441_055_744.0;
        const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
        const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
        const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
        const EXP_OVERFLOWS: f64 = 710.0;
        const EXP_VANISHES: f64 = -746.0;
    }
}

pub(crate) use format::Format;

/// A float type that losses are computed in: `f32` or `f64`, and no other.
///
/// The functions are those of the spec language, computed for one number. They share their names with inherent methods of the
/// floats, which win: on a concrete type write `Real::exp(x)`.
pub trait Real:
    Copy
    + Send
    + Sync
    + PartialEq
    + PartialOrd
    + core::fmt::Debug
    + core::fmt::Display
    + Format
    + 'static
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// inf
    const INFINITY: Self;
    /// -inf
    const NEG_INFINITY: Self;
    /// NaN
    const NAN: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// The largest finite number.
    const MAX: Self;
    /// The smallest positive number of full precision.
    const MIN_POSITIVE: Self;
    /// How Rust spells the type.
    const NAME: &'static str;

    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
    /// The same number, widened.
    fn to_f64(self) -> f64;
    /// The bit pattern, in the low bits.
    fn bits(self) -> u64;
    /// The number with this bit pattern, in the low bits.
    fn from_bits(bits: u64) -> Self;
    /// Whether it is NaN.
    fn is_nan(self) -> bool;
    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// The absolute value.
    fn abs(self) -> Self;

    /// Runs a task with the vectors of an instruction set; on a machine without it, with the best that it has.
    fn dispatch<Task: LaneTask<Self>>(isa: Isa, task: Task) -> Task::Output;

    /// e^x
    fn exp(self) -> Self;
    /// e^x - 1
    fn expm1(self) -> Self;
    /// The natural logarithm.
    fn log(self) -> Self;
    /// log(1 + x)
    fn log1p(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The sine.
    fn sin(self) -> Self;
    /// The cosine.
    fn cos(self) -> Self;
    /// The tangent.
    fn tan(self) -> Self;
    /// The hyperbolic sine.
    fn sinh(self) -> Self;
    /// The hyperbolic cosine.
    fn cosh(self) -> Self;
    /// The inverse tangent.
    fn atan(self) -> Self;
    /// The inverse cosine; NaN outside -1..1.
    fn acos(self) -> Self;
    /// The logarithm of the gamma function; inf at 0, NaN below.
    fn lgamma(self) -> Self;
    /// The derivative of [`Real::lgamma`]; -inf at 0, NaN below.
    fn digamma(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// The logarithm of the normal distribution function.
    fn log_normal_cdf(self) -> Self;
    /// x^p; NaN below 0, and where either is NaN. 0 is 0, 1 or inf to the power of a positive number, 0, or a negative one.
    fn pow(self, p: Self) -> Self;
}

macro_rules! real {
    ($float:ident, $bits:ident, $lanes:ident, $pow:path; $($name:ident = $function:expr;)*) => {
        impl Real for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const INFINITY: Self = $float::INFINITY;
            const NEG_INFINITY: Self = $float::NEG_INFINITY;
            const NAN: Self = $float::NAN;
            const EPSILON: Self = $float::EPSILON;
            const MAX: Self = $float::MAX;
            const MIN_POSITIVE: Self = $float::MIN_POSITIVE;
            const NAME: &'static str = stringify!($float);

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn bits(self) -> u64 {
                u64::from($float::to_bits(self))
            }
            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                $float::from_bits(bits as $bits)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $float::is_nan(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $float::is_finite(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }
            #[inline(always)]
            fn dispatch<Task: LaneTask<Self>>(isa: Isa, task: Task) -> Task::Output {
                isa::$lanes(isa, task)
            }
            $(
                #[inline]
                fn $name(self) -> Self {
                    $function(self)
                }
            )*
            #[inline]
            fn pow(self, p: Self) -> Self {
                $pow(self, p)
            }
        }
    };
}

real! { f32, u32, dispatch_f32, scalar::pow_f32;
    exp = pxfm::f_expf;
    expm1 = pxfm::f_expm1f;
    log = pxfm::f_logf;
    log1p = pxfm::f_log1pf;
    tanh = pxfm::f_tanhf;
    sin = pxfm::f_sinf;
    cos = pxfm::f_cosf;
    tan = pxfm::f_tanf;
    sinh = pxfm::f_sinhf;
    cosh = pxfm::f_coshf;
    atan = pxfm::f_atanf;
    acos = pxfm::f_acosf;
    lgamma = scalar::lgamma_f32;
    digamma = digamma::digamma_f32;
    erf = pxfm::f_erff;
    log_normal_cdf = normal::log_normal_cdf_f32;
}

real! { f64, u64, dispatch_f64, scalar::pow_f64;
    exp = pxfm::f_exp;
    expm1 = pxfm::f_expm1;
    log = pxfm::f_log;
    log1p = pxfm::f_log1p;
    tanh = pxfm::f_tanh;
    sin = pxfm::f_sin;
    cos = pxfm::f_cos;
    tan = pxfm::f_tan;
    sinh = pxfm::f_sinh;
    cosh = pxfm::f_cosh;
    atan = pxfm::f_atan;
    acos = pxfm::f_acos;
    lgamma = scalar::lgamma_f64;
    digamma = digamma::digamma;
    erf = pxfm::f_erf;
    log_normal_cdf = normal::log_normal_cdf;
}
