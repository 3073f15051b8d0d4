//! Cases, from their text.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::number::Number;

use super::answer::{Refusal, quoted};
use super::arrays::{self, CaseArray};

/// The compute type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dtype {
    /// `f32`
    F32,
    /// `f64`
    #[default]
    F64,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Switch(bool),
    /// A word.
    Word(String),
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The loss, by any name that [`find`](super::find) knows.
    pub loss: String,
    /// The compute type.
    pub dtype: Dtype,
    /// The reduction; the loss's default if `None`.
    pub reduction: Option<String>,
    /// The parameters that are given.
    pub options: Vec<(String, OptionValue)>,
    /// The inputs that are given.
    pub inputs: Vec<(String, CaseArray)>,
    /// The gradient of what comes after; ones if `None`.
    pub upstream: Option<CaseArray>,
}

/// A line's fields, each still as text: a bad field must not lose the id.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    loss: Option<&'a RawValue>,
    #[serde(borrow)]
    dtype: Option<&'a RawValue>,
    #[serde(borrow)]
    options: Option<&'a RawValue>,
    #[serde(borrow)]
    inputs: Option<&'a RawValue>,
    #[serde(borrow)]
    upstream: Option<&'a RawValue>,
}

/// Reads a line: its id, `null` if it has none, and the case.
pub(super) fn read(line: &[u8]) -> (Box<RawValue>, Result<Case, Refusal>) {
    let bad = |message: String| (RawValue::NULL.to_owned(), Err(Refusal::new("json", message)));
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => return bad(error.to_string()),
    };
    // Some programs begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
    // A list would be read as the fields in order; a case is an object.
    if !text.starts_with('{') {
        return bad(if text.is_empty() { "the line is empty" } else { "a case is a JSON object" }.to_owned());
    }
    match serde_json::from_str::<Line<'_>>(text) {
        Ok(line) => match line.id.map_or(Ok(()), readable) {
            Ok(()) => (line.id.unwrap_or(RawValue::NULL).to_owned(), read_case(&line)),
            Err(error) => bad(format!("`id`: {error}")),
        },
        Err(error) => bad(error.to_string()),
    }
}

/// A reader of the answer might give up on an id that is nested too deeply.
fn readable(id: &RawValue) -> serde_json::Result<()> {
    if id.get().starts_with(['[', '{']) { serde_json::from_str::<Value>(id.get()).map(drop) } else { Ok(()) }
}

fn read_case(line: &Line<'_>) -> Result<Case, Refusal> {
    let loss = field(line.loss)?;
    let loss = loss.as_str().ok_or_else(|| Refusal::new("case", "`loss` is a name"))?.to_owned();
    let dtype = match &field(line.dtype)? {
        Value::Null => Dtype::default(),
        Value::String(word) if word == "f32" => Dtype::F32,
        Value::String(word) if word == "f64" => Dtype::F64,
        _ => return Err(Refusal::new("case", "`dtype` is `f32` or `f64`")),
    };
    let mut reduction = None;
    let mut options = Vec::new();
    for (name, value) in object("options", line.options)? {
        let value = match value {
            // An option that is null is one that is not given.
            Value::Null => continue,
            Value::Bool(value) => OptionValue::Switch(value),
            Value::String(word) if name != "reduction" => {
                Number::from_word(&word).map_or(OptionValue::Word(word), |number| OptionValue::Number(number.0))
            }
            Value::String(word) => OptionValue::Word(word),
            Value::Number(number) => match number.as_f64() {
                Some(number) => OptionValue::Number(number),
                None => return Err(Refusal::new("case", format!("option {} is too large a number", quoted(&name)))),
            },
            Value::Array(_) | Value::Object(_) => {
                return Err(Refusal::new(
                    "case",
                    format!("option {} is a number, a word, true or false", quoted(&name)),
                ));
            }
        };
        match (name.as_str(), value) {
            ("reduction", OptionValue::Word(word)) => reduction = Some(word),
            ("reduction", OptionValue::Number(_) | OptionValue::Switch(_)) => {
                return Err(Refusal::new("case", "`reduction` is a name"));
            }
            (_, value) => options.push((name, value)),
        }
    }
    let mut inputs = Vec::new();
    for (name, value) in object("inputs", line.inputs)? {
        if !value.is_null() {
            let array = arrays::read(&name, &value)?;
            inputs.push((name, array));
        }
    }
    let upstream = field(line.upstream)?;
    let upstream = if upstream.is_null() { None } else { Some(arrays::read("upstream", &upstream)?) };
    Ok(Case { loss, dtype, reduction, options, inputs, upstream })
}

/// A field as a value; `null` if it is not there.
fn field(raw: Option<&RawValue>) -> Result<Value, Refusal> {
    raw.map_or(Ok(Value::Null), |raw| {
        serde_json::from_str(raw.get()).map_err(|error| Refusal::new("json", error.to_string()))
    })
}

/// The entries of a field that is an object; none if it is not there.
fn object(name: &str, raw: Option<&RawValue>) -> Result<Vec<(String, Value)>, Refusal> {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else { return Ok(Vec::new()) };
    if !raw.get().starts_with('{') {
        return Err(Refusal::new("case", format!("`{name}` is an object")));
    }
    let Entries(entries) =
        serde_json::from_str(raw.get()).map_err(|error| Refusal::new("json", format!("`{name}`: {error}")))?;
    Ok(entries)
}

/// An object whose keys differ.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries: Vec<(String, Value)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom(format!("{} is there twice", quoted(&key))));
            }
            entries.push((key, value));
        }
        Ok(Entries(entries))
    }
}
