//! e^x.
//!
//! Method: x = n log(2) + r with n whole and |r| <= log(2)/2 (Cody and Waite: log(2) in two parts, n times the first exact), so
//! e^x = 2^n e^r. e^r = 1 + (r + r^2 P(r)), P minimax. The last step multiplies twice, by 2^floor(n/2) and 2^ceil(n/2): neither
//! overflows on the way, a subnormal result is rounded once, and a NaN stays one (adding n to the exponent bits would lose it).
//!
//! Error: `f32` at most 0.912 ULP (all of magnitude 1/8 to 16 and every seventh of the others, against a correctly rounded `f64` result),
//! worst at 3.1204946. `f64`: at most 1.5 ULP, checked against 300 bits by `tests/math`.

use super::estrin;
use crate::lane::{Format, Lane};

/// How far the bits of a reduced argument's `shifted` are moved beyond n.
#[derive(Clone, Copy)]
pub(super) enum Bias {
    /// By the exponent field of 1: the low bits of `shifted` are the exponent field of 2^n.
    Once,
    /// By twice that: half of the low bits is an exponent field, of half the power.
    Twice,
    /// By that of 2^[`LIFT`]: the low bits are the exponent field of 2^n lifted, which is a normal number where 2^n is none any more.
    Lifted,
}

/// More than the bits of a fraction, so that a number that is just not 0 yet becomes a normal one; and little beside the largest exponent.
pub(super) const LIFT: u64 = 64;
const _: () = assert!(LIFT > <f64 as Format>::FRACTION_BITS as u64 + 1 && LIFT < <f32 as Format>::BIAS);

/// x = n log(2) + high + low.
pub(super) struct Reduced<L> {
    /// A number whose bit pattern ends in n plus the bias.
    pub(super) shifted: L,
    /// The remainder, before the small part of n log(2) is taken off: exact.
    pub(super) high: L,
    /// The small part of n log(2), negated.
    pub(super) low: L,
}

/// Splits off the multiple of log(2) nearest to x. Meaningful where n plus the bias is a proper exponent; of NaN gives NaN.
#[inline(always)]
pub(super) fn reduce<L: Lane>(x: L, bias: Bias) -> Reduced<L> {
    let t = x.token();
    let bias = match bias {
        Bias::Once => L::Scalar::BIAS,
        Bias::Twice => 2 * L::Scalar::BIAS,
        Bias::Lifted => L::Scalar::BIAS + LIFT,
    };
    let shifter = L::splat(t, L::Scalar::SHIFTER + bias as f64);
    let shifted = x.mul_add(L::splat(t, core::f64::consts::LOG2_E), shifter);
    let n = shifted - shifter;
    let high = n.mul_add(L::splat(t, -L::Scalar::LN2_HIGH), x);
    let low = n * L::splat(t, -L::Scalar::LN2_LOW);
    Reduced { shifted, high, low }
}

/// x where e^x is neither 0 nor infinite for certain, and the bound where it is, beyond which e^x stays what it is. Keeps NaN.
#[inline(always)]
fn clamp<L: Lane>(x: L) -> L {
    let t = x.token();
    x.max_ignoring_nan(L::splat(t, L::Scalar::EXP_VANISHES)).min_ignoring_nan(L::splat(t, L::Scalar::EXP_OVERFLOWS))
}

/// P on |r| <= log(2)/2, relative error of e^r 2^-28.3.
#[inline(always)]
pub(super) fn polynomial_f32<L: Lane<Scalar = f32>>(r: L) -> L {
    estrin!(r.token(), r; 0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 0.0083687175065279, 0.0013814597623422742)
}

/// P on |r| <= log(2)/2, relative error of e^r 2^-56.9.
#[inline(always)]
pub(super) fn polynomial_f64<L: Lane<Scalar = f64>>(r: L) -> L {
    estrin!(r.token(), r;
        0.500000000000001, 0.16666666666666674, 0.04166666666652198, 0.008333333333322207, 0.0013888888947822674,
        0.0001984126988659232, 2.4801487323994545e-05, 2.75572423351802e-06, 2.76326565201054e-07, 2.5110050463333478e-08)
}

/// e^r - 1 = r + r^2 P(r). The small part of r joins the last term, so that r is never rounded where it counts.
#[inline(always)]
pub(super) fn remainder<L: Lane>(reduced: &Reduced<L>, polynomial: impl Fn(L) -> L) -> L {
    let r = reduced.high + reduced.low;
    let rest = (r * r).mul_add(polynomial(r), reduced.low);
    reduced.high + rest
}

/// 2^n (1 + q), rounded once more if subnormal, for the full range.
#[inline(always)]
fn scale<L: Lane>(q: L, shifted: L) -> L {
    let floor = shifted.shr_bits(1);
    let ceil = shifted.sub_bits(floor);
    let bits = L::Scalar::FRACTION_BITS;
    (L::splat(q.token(), 1.0) + q) * floor.shl_bits(bits) * ceil.shl_bits(bits)
}

/// 2^n (1 + q) + 1, where 2^n is a normal number.
#[inline(always)]
fn scale_plus_one<L: Lane>(q: L, shifted: L) -> L {
    let s = shifted.shl_bits(L::Scalar::FRACTION_BITS);
    s.mul_add(q, s + L::splat(q.token(), 1.0))
}

/// e^x.
#[inline(always)]
pub(crate) fn f32<L: Lane<Scalar = f32>>(x: L) -> L {
    let reduced = reduce(clamp(x), Bias::Twice);
    scale(
        remainder(
            &reduced,
            #[inline(always)]
            |r| polynomial_f32(r),
        ),
        reduced.shifted,
    )
}

/// e^x.
#[inline(always)]
pub(crate) fn f64<L: Lane<Scalar = f64>>(x: L) -> L {
    let reduced = reduce(clamp(x), Bias::Twice);
    scale(
        remainder(
            &reduced,
            #[inline(always)]
            |r| polynomial_f64(r),
        ),
        reduced.shifted,
    )
}

/// e^x + 1, rounded once in the end, for 0 <= x <= 40; of NaN, NaN.
#[inline(always)]
pub(super) fn plus_one_f32<L: Lane<Scalar = f32>>(x: L) -> L {
    let reduced = reduce(x, Bias::Once);
    scale_plus_one(
        remainder(
            &reduced,
            #[inline(always)]
            |r| polynomial_f32(r),
        ),
        reduced.shifted,
    )
}

/// e^x + 1, rounded once in the end, for 0 <= x <= 40; of NaN, NaN.
#[inline(always)]
pub(super) fn plus_one_f64<L: Lane<Scalar = f64>>(x: L) -> L {
    let reduced = reduce(x, Bias::Once);
    scale_plus_one(
        remainder(
            &reduced,
            #[inline(always)]
            |r| polynomial_f64(r),
        ),
        reduced.shifted,
    )
}
