//! Numbers in JSON, infinities and NaN included.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A float that JSON can hold: a number, or one of the strings `"nan"`, `"inf"`, `"-inf"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Number(pub f64);

impl Number {
    /// A number from a word, if it is one of the three.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "nan" => Some(Self(f64::NAN)),
            "inf" => Some(Self(f64::INFINITY)),
            "-inf" => Some(Self(f64::NEG_INFINITY)),
            _ => None,
        }
    }
}

/// How a number that JSON has no way to write is written.
pub(crate) fn word_for(number: f64) -> Option<&'static str> {
    if number.is_nan() {
        Some("nan")
    } else if number.is_infinite() {
        Some(if number > 0.0 { "inf" } else { "-inf" })
    } else {
        None
    }
}

/// A finite number as a hexadecimal float, which is exact: `0x1.8p-3`.
pub(crate) fn hexadecimal(number: f64) -> String {
    if let Some(word) = word_for(number) {
        return word.to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number == 0.0 {
        return format!("{sign}0x0p+0");
    }
    // A subnormal number is normal after a multiplication that is exact.
    let (scaled, shift) = if number.is_subnormal() { (number * 2f64.powi(64), 64) } else { (number, 0) };
    let bits = scaled.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i64 - 1023 - shift;
    let digits = format!("{:013x}", bits & ((1 << 52) - 1));
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    format!("{sign}0x1{point}{digits}p{exponent:+}")
}

/// A number in as few characters as read well: `0.001`, but `1e-12`.
pub(crate) fn short(number: f64) -> String {
    let (plain, scientific) = (number.to_string(), format!("{number:e}"));
    if plain.len() > scientific.len() + 3 { scientific } else { plain }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match word_for(self.0) {
            Some(word) => serializer.serialize_str(word),
            None => serializer.serialize_f64(self.0),
        }
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"nan\", \"inf\" or \"-inf\"")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
        Ok(Number(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
        Ok(Number(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
        Ok(Number(value as f64))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Number, E> {
        Number::from_word(value).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(value), &self))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number, or what JSON has no way to write.",
            "anyOf": [{ "type": "number" }, { "enum": ["nan", "inf", "-inf"] }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, hexadecimal, short};

    #[test]
    fn every_number_survives_json_with_its_bits() {
        for value in [0.0, -0.0, 0.1, 1.0 / 3.0, 5e-324, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let text = serde_json::to_string(&Number(value)).expect("a number has a JSON form");
            let read: Number = serde_json::from_str(&text).expect("what was written can be read");
            assert_eq!(read.0.to_bits(), value.to_bits(), "{text}");
        }
    }

    #[test]
    fn few_characters_are_as_few_as_read_well() {
        let numbers = [1.0, -100.0, 0.001, 1e-12, 1e300, 2.5e-10, f64::INFINITY, 1.0 / 3.0];
        let texts = ["1", "-100", "0.001", "1e-12", "1e300", "2.5e-10", "inf", "0.3333333333333333"];
        assert_eq!(numbers.map(short), texts);
    }

    #[test]
    fn hexadecimal_floats_are_exact() {
        let numbers = [1.0, -0.1875, 0.0, -0.0, f64::from(0.1_f32), 5e-324, f64::MIN_POSITIVE / 4.0, f64::MAX];
        let texts = [
            "0x1p+0",
            "-0x1.8p-3",
            "0x0p+0",
            "-0x0p+0",
            "0x1.99999ap-4",
            "0x1p-1074",
            "0x1p-1024",
            "0x1.fffffffffffffp+1023",
        ];
        assert_eq!(numbers.map(hexadecimal), texts);
    }

    #[test]
    fn other_words_are_no_numbers() {
        assert!(serde_json::from_str::<Number>("\"NaN\"").is_err());
        assert!(serde_json::from_str::<Number>("null").is_err());
    }
}
