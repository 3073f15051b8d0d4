//! Cases, from their text.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::Refusal;
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
    // A list would be read as the fields in order; a case is an object.
    if !text.trim_start().starts_with('{') {
        return bad("a case is a JSON object".to_owned());
    }
    match serde_json::from_str::<Line<'_>>(text) {
        Ok(line) => (line.id.unwrap_or(RawValue::NULL).to_owned(), read_case(&line)),
        Err(error) => bad(error.to_string()),
    }
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
    for (name, value) in object("options", &field(line.options)?)? {
        let value = match value {
            // An option that is null is one that is not given.
            Value::Null => continue,
            Value::Bool(value) => OptionValue::Switch(*value),
            Value::String(word) if name != "reduction" => {
                arrays::float(value).map_or_else(|| OptionValue::Word(word.clone()), OptionValue::Number)
            }
            Value::String(word) => OptionValue::Word(word.clone()),
            Value::Number(number) => match number.as_f64() {
                Some(number) => OptionValue::Number(number),
                None => return Err(Refusal::new("case", format!("option `{name}` is too large a number"))),
            },
            Value::Array(_) | Value::Object(_) => {
                return Err(Refusal::new("case", format!("option `{name}` is a number, a word, true or false")));
            }
        };
        match (name.as_str(), value) {
            ("reduction", OptionValue::Word(word)) => reduction = Some(word),
            ("reduction", OptionValue::Number(_) | OptionValue::Switch(_)) => {
                return Err(Refusal::new("case", "`reduction` is a name"));
            }
            (_, value) => options.push((name.clone(), value)),
        }
    }
    let mut inputs = Vec::new();
    for (name, value) in object("inputs", &field(line.inputs)?)? {
        if !value.is_null() {
            inputs.push((name.clone(), arrays::read(name, value)?));
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

/// The entries of an object; none if it is not there.
fn object<'v>(name: &str, value: &'v Value) -> Result<Vec<(&'v String, &'v Value)>, Refusal> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Object(object) => Ok(object.iter().collect()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Refusal::new("case", format!("`{name}` is an object")))
        }
    }
}
