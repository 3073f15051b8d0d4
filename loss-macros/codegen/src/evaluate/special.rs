//! Functions that are special enough to be in no library here, to the few digits that a drawing shows.

/// The derivative of `log(gamma(x))` for positive numbers, else NaN: raised to where its asymptotic series is good to ten digits
/// (Abramowitz and Stegun, 6.3.5 and 6.3.18).
pub(super) fn digamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    sum + x.ln() - 0.5 / x - y * (1.0 / 12.0 - y * (1.0 / 120.0 - y / 252.0))
}

/// The logarithm of the standard normal distribution function; far out on the left by its asymptotic series (26.2.12 there), since the
/// function itself is below all numbers.
pub(super) fn log_normal_cdf(x: f64) -> f64 {
    if x > -20.0 {
        return (0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)).ln();
    }
    let y = 1.0 / (x * x);
    -0.5 * x * x - (-x * (2.0 * std::f64::consts::PI).sqrt()).ln() + (2.5 * y - 1.0) * y
}

#[cfg(test)]
mod tests {
    use super::{digamma, log_normal_cdf};

    #[test]
    fn digamma_is_the_slope_of_the_logarithm_of_gamma() {
        assert!((digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-10, "less Euler's constant");
        for x in [0.25, 0.5, 3.0, 20.0] {
            let step = 1e-5;
            let quotient = (libm::lgamma(x + step) - libm::lgamma(x - step)) / (2.0 * step);
            assert!((digamma(x) - quotient).abs() < 1e-7 * quotient.abs().max(1.0), "{x}");
        }
        assert!(digamma(0.0).is_nan() && digamma(f64::NAN).is_nan());
    }

    #[test]
    fn the_normal_distribution_has_one_tail() {
        assert!((log_normal_cdf(0.0) + std::f64::consts::LN_2).abs() < 1e-15);
        let (series, function) = (log_normal_cdf(-20.0), log_normal_cdf(-20.0 + 1e-12));
        assert!((series / function - 1.0).abs() < 1e-8, "both ways meet: {series} {function}");
        assert!(log_normal_cdf(-1e3) < -5e5 && log_normal_cdf(9.0) > -1e-15);
    }
}
