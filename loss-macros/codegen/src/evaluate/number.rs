//! Numbers that know whether rounding had a part in them.

/// A number that is not exact may be another one by so much.
pub(crate) const DOUBT: f64 = 1e-6;

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) number: f64,
    pub(crate) is_exact: bool,
}

impl Number {
    pub(crate) fn exact(number: f64) -> Self {
        Self { number, is_exact: true }
    }

    /// As a spec writes it: a tenth is no binary number.
    pub(crate) fn written(number: f64) -> Self {
        Self { number, is_exact: (number * 1024.0).fract() == 0.0 || number.is_infinite() }
    }

    pub(crate) fn rounded(number: f64) -> Self {
        Self { number, is_exact: false }
    }

    pub(crate) fn is_surely_zero(self) -> bool {
        self.is_exact && self.number == 0.0
    }

    pub(crate) fn is_surely_infinite(self) -> bool {
        self.is_exact && self.number.is_infinite()
    }

    pub(crate) fn is_surely_below(self, bound: f64) -> bool {
        self.number < if self.is_exact { bound } else { bound - DOUBT }
    }

    /// Whether rounding may decide which of the two is larger.
    pub(crate) fn is_near(self, other: Self) -> bool {
        if self.number == other.number {
            return true;
        }
        // An infinity is near no other number, unless it is a sum too large for its type.
        let scale = self.number.abs().max(other.number.abs()).max(1.0);
        !self.is_surely_infinite() && !other.is_surely_infinite() && (self.number - other.number).abs() <= DOUBT * scale
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let sum = self.number + other.number;
        // Of an exact sum, taking away either leaves the other.
        let is_whole = sum - self.number == other.number && sum - other.number == self.number;
        Self { number: sum, is_exact: self.is_exact && other.is_exact && (is_whole || sum.is_infinite()) }
    }

    pub(crate) fn times(self, other: Self) -> Self {
        let product = self.number * other.number;
        let lost = self.number.mul_add(other.number, -product);
        Self { number: product, is_exact: self.is_exact && other.is_exact && (lost == 0.0 || product.is_infinite()) }
    }

    pub(crate) fn over(self, other: Self) -> Self {
        let ratio = self.number / other.number;
        let lost = ratio.mul_add(other.number, -self.number);
        Self { number: ratio, is_exact: self.is_exact && other.is_exact && (lost == 0.0 || ratio.is_infinite()) }
    }

    pub(crate) fn to_power(self, exponent: Self) -> Self {
        let power = self.number.powf(exponent.number);
        // Inputs have so few digits that small powers of them are exact.
        let is_small =
            exponent.number.fract() == 0.0 && (0.0..=4.0).contains(&exponent.number) && self.number.abs() <= 16.0;
        let is_edge = self.number == 0.0;
        Self { number: power, is_exact: self.is_exact && exponent.is_exact && (is_small || is_edge) }
    }

    /// A function that is exact at some numbers alone.
    pub(crate) fn through(self, function: fn(f64) -> f64, exact_at: &[f64]) -> Self {
        Self { number: function(self.number), is_exact: self.is_exact && exact_at.contains(&self.number) }
    }

    /// A function that rounds nothing.
    pub(crate) fn kept(self, function: fn(f64) -> f64) -> Self {
        Self { number: function(self.number), ..self }
    }
}

/// A number as people write it.
pub(crate) fn text(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    rounded.to_string()
}
