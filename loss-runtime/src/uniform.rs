//! The functions that generated code needs once a call, on plain `f64`.

use crate::lane::{Format, Real};

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

/// What [`Lane::by_reciprocal`](crate::lane::Lane::by_reciprocal) takes for a division by what is the same at every place: a scale for the dividend, and
/// the reciprocal of the divisor with that scale, as the sum of two numbers of the type (as in Brisebarre and Muller, Correctly rounded multiplication by
/// arbitrary precision constants, 2008). Three operations a place, where a division takes as long as ten or more.
///
/// A quotient that needs no rounding is exact, and another one is off by half a unit in its last place and a millionth. So near the least normal number
/// that the last digits of the reciprocal no longer count (below 2^20 times it, 2^50 times in `f64`) what is beyond the half grows; below four times that
/// number it may be a whole unit, and exact are then those whose divisor is a power of two.
pub fn reciprocal<T: Real>(divisor: f64) -> [f64; 3] {
    let round = |number: f64| T::from_f64(number).to_f64();
    let power_of_two = |exponent: i64| f64::from_bits(((f64::BIAS as i64 + exponent) as u64) << f64::FRACTION_BITS);
    let digits = i64::from(T::FRACTION_BITS);
    let divisor = round(divisor);
    // A very large or small divisor is brought nearer to 1, so that neither its reciprocal nor the last digits of that overflow or fall below the normal
    // numbers. What the same does to a dividend is lost, or infinite, only where the quotient is.
    let ordinary = T::BIAS as i64 - digits - 8;
    let scale = match f64::abs(divisor) {
        size if size > power_of_two(ordinary) => power_of_two(-digits - 9),
        size if size < power_of_two(-ordinary) => power_of_two(2 * digits + 18),
        _ => 1.0,
    };
    let scaled = divisor * scale;
    let inverse = 1.0 / scaled;
    if inverse == 0.0 || !inverse.is_finite() {
        return [scale, inverse, inverse];
    }
    let whole = round(inverse);
    let rest = lack::<T>(whole, scaled) * inverse;
    // The second number has the sign of the first and is not 0, even if it says nothing: an infinite number times either is infinite.
    if rest == 0.0 {
        return [scale, whole, whole * power_of_two(-digits - 6)];
    }
    let head = round(whole - whole * (4.0 * T::EPSILON.to_f64()));
    [scale, head, round((whole - head) + rest)]
}

/// What a product near 1 of two numbers of the type lacks to it, as a fused multiply-add would give it: not every machine has one.
fn lack<T: Real>(x: f64, y: f64) -> f64 {
    let product = x * y;
    if 2 * (T::FRACTION_BITS + 1) <= f64::MANTISSA_DIGITS {
        return 1.0 - product;
    }
    // What the product was rounded by, from halves of the digits, whose products need no rounding (Dekker).
    let halves = |number: f64| {
        let grown = number * 134_217_729.0;
        let high = grown - (grown - number);
        (high, number - high)
    };
    let ((x_high, x_low), (y_high, y_low)) = (halves(x), halves(y));
    let rounding = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low;
    (1.0 - product) - rounding
}
