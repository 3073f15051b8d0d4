//! Numbers as they are written: exact, whatever type a kernel computes in.

use std::fmt;

/// A constant, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `digits * 10^exponent`, with no trailing zero in `digits` (and exponent 0 for 0). May be negative.
    Decimal {
        /// The significant digits.
        digits: i128,
        /// The power of ten.
        exponent: i32,
    },
    /// The ratio of a circle's circumference to its diameter.
    Pi,
    /// Positive infinity.
    Infinity,
    /// Negative infinity.
    NegativeInfinity,
    /// Not a number.
    Nan,
}

impl Constant {
    /// An integer.
    pub fn integer(value: i128) -> Self {
        Self::decimal(value, 0)
    }

    /// `digits * 10^exponent`, normalised.
    pub fn decimal(mut digits: i128, mut exponent: i32) -> Self {
        if digits == 0 {
            exponent = 0;
        }
        while digits != 0 && digits % 10 == 0 {
            digits /= 10;
            exponent += 1;
        }
        Constant::Decimal { digits, exponent }
    }

    /// Reads a number as formulas and YAML write it: `12`, `0.1`, `-1e-12`, `inf`, `-inf`, `nan`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "inf" | ".inf" => return Some(Constant::Infinity),
            "-inf" | "-.inf" => return Some(Constant::NegativeInfinity),
            "nan" | ".nan" => return Some(Constant::Nan),
            "pi" => return Some(Constant::Pi),
            _ => {}
        }
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], rest[at + 1..].parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let exponent = exponent.checked_sub(fraction.len() as i32)?;
        Some(Self::decimal(if negative { -digits } else { digits }, exponent))
    }

    /// The value as an integer, if it is one that fits.
    pub fn as_integer(self) -> Option<i128> {
        match self {
            Constant::Decimal { digits, exponent } if exponent >= 0 => {
                10i128.checked_pow(exponent.unsigned_abs())?.checked_mul(digits)
            }
            _ => None,
        }
    }

    /// The nearest `f64`.
    pub fn to_f64(self) -> f64 {
        match self {
            // The standard library's decimal parser rounds correctly.
            Constant::Decimal { digits, exponent } => format!("{digits}e{exponent}").parse().unwrap_or(f64::NAN),
            Constant::Pi => std::f64::consts::PI,
            Constant::Infinity => f64::INFINITY,
            Constant::NegativeInfinity => f64::NEG_INFINITY,
            Constant::Nan => f64::NAN,
        }
    }
}

/// As formulas write it: plainly near 1, with an exponent far from it.
impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (digits, exponent) = match *self {
            Constant::Decimal { digits, exponent } => (digits, exponent),
            Constant::Pi => return f.write_str("pi"),
            Constant::Infinity => return f.write_str("inf"),
            Constant::NegativeInfinity => return f.write_str("-inf"),
            Constant::Nan => return f.write_str("nan"),
        };
        if digits < 0 {
            f.write_str("-")?;
        }
        let digits = digits.unsigned_abs().to_string();
        // How many digits stand before the point.
        let whole = i64::from(exponent) + digits.len() as i64;
        match usize::try_from(whole) {
            Ok(whole @ 1..=16) if whole >= digits.len() => write!(f, "{digits:0<whole$}"),
            Ok(whole @ 1..=16) => write!(f, "{}.{}", &digits[..whole], &digits[whole..]),
            _ if (-4..=0).contains(&whole) => write!(f, "0.{}{digits}", "0".repeat(whole.unsigned_abs() as usize)),
            _ => {
                let (first, rest) = digits.split_at(1);
                let point = if rest.is_empty() { "" } else { "." };
                write!(f, "{first}{point}{rest}e{}", whole - 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Constant;

    #[test]
    fn a_constant_is_printed_as_short_as_people_write_it_and_reads_back() {
        for (text, printed) in [
            ("0", "0"),
            ("1", "1"),
            ("-100", "-100"),
            ("0.1", "0.1"),
            ("-12.50", "-12.5"),
            ("1.0e2", "100"),
            ("0.00001", "0.00001"),
            ("0.000001", "1e-6"),
            ("1.5E-7", "1.5e-7"),
            ("1e300", "1e300"),
            ("-1.25e300", "-1.25e300"),
            ("1e15", "1000000000000000"),
            ("1e16", "1e16"),
            ("1e-400", "1e-400"),
            ("0.3333333333333333333333", "0.3333333333333333333333"),
            ("-inf", "-inf"),
            ("nan", "nan"),
            ("pi", "pi"),
        ] {
            let constant = Constant::parse(text).expect("it is a number");
            assert_eq!(constant.to_string(), printed);
            assert_eq!(Constant::parse(printed), Some(constant));
        }
    }
}
