//! digamma(x), the derivative of log(gamma(x)).
//!
//! Method: `pxfm`, but within 0.2 of the positive zero of digamma, where it keeps its absolute accuracy only (28723 ULP beside the
//! zero, measured): there d P(d) with d = x - zero, the zero in two parts, and P minimax.

/// The positive zero, to double precision, and what that leaves out.
const ZERO: (f64, f64) = (1.461_632_144_968_362_2, 9.549_995_429_965_697e-17);

/// P: digamma(zero + d) / d for |d| <= 0.2, relative error 2^-58; minimax by Remez exchange, 50 digits.
const NEAR_ZERO: [f64; 15] = [
    0.9676722454476212,
    -0.44276316898359236,
    0.2584997609556516,
    -0.16394270544216907,
    0.10782405069094876,
    -0.07219956132044471,
    0.04880428823059517,
    -0.03316111887786085,
    0.02259764141516387,
    -0.015425228232190002,
    0.010539167301863439,
    -0.00718950935964676,
    0.0049154224028567315,
    -0.0036167130260726615,
    0.002481759564177149,
];

/// The derivative of the logarithm of the gamma function; -inf at 0, NaN below.
#[inline]
pub(crate) fn digamma(x: f64) -> f64 {
    if x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    // Exact: x is within a factor of 2 of the zero wherever this is used.
    let d = x - ZERO.0;
    if d.abs() > 0.2 || x.is_nan() {
        return pxfm::f_digamma(x);
    }
    let d = d - ZERO.1;
    d * NEAR_ZERO.iter().rfold(0.0, |sum, c| sum * d + c)
}

/// The same for `f32`, by way of `f64`.
#[inline]
pub(crate) fn digamma_f32(x: f32) -> f32 {
    digamma(f64::from(x)) as f32
}
