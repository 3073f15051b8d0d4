//! Arrays as a case writes them.

use loss_runtime::tensor::LabelSlice;
use loss_runtime::{Array, Element, Labels, Shape, Tensor};
use serde_json::Value;

use crate::number::Number;

use super::answer::{Refusal, quoted};

/// What an array's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Floats.
    Float,
    /// Integers.
    Int,
    /// Conditions.
    Bool,
}

/// An array's data, of its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum ArrayData {
    /// Floats, not yet rounded to the compute type.
    Float(Vec<f64>),
    /// Integers.
    Int(Vec<i64>),
    /// Conditions.
    Bool(Vec<bool>),
}

impl ArrayData {
    fn len(&self) -> usize {
        match self {
            Self::Float(data) => data.len(),
            Self::Int(data) => data.len(),
            Self::Bool(data) => data.len(),
        }
    }
}

/// An array.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseArray {
    /// The extents.
    pub shape: Vec<usize>,
    /// The data, row-major.
    pub data: ArrayData,
}

impl CaseArray {
    /// What its numbers are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.data {
            ArrayData::Float(_) => Kind::Float,
            ArrayData::Int(_) => Kind::Int,
            ArrayData::Bool(_) => Kind::Bool,
        }
    }
}

/// An array in the compute type.
#[derive(Debug)]
pub(super) struct Rounded<T> {
    shape: Shape,
    data: RoundedData<T>,
}

#[derive(Debug)]
enum RoundedData<T> {
    Float(Vec<T>),
    Int(Vec<i64>),
    Bool(Vec<bool>),
}

impl<T: Element> Rounded<T> {
    /// Rounds the floats to the compute type.
    pub(super) fn new(name: &str, array: &CaseArray) -> Result<Self, Refusal> {
        let shape = Shape::new(&array.shape)
            .ok_or_else(|| Refusal::new("shape", format!("`{name}` has {} dimensions, too many", array.shape.len())))?;
        let data = match &array.data {
            ArrayData::Float(data) => RoundedData::Float(data.iter().map(|&number| T::from_f64(number)).collect()),
            ArrayData::Int(data) => RoundedData::Int(data.clone()),
            ArrayData::Bool(data) => RoundedData::Bool(data.clone()),
        };
        Ok(Self { shape, data })
    }

    /// As the runtime wants it.
    pub(super) fn array(&self) -> Array<'_, T> {
        let labels = |data| Array::Labels(Labels { data, shape: self.shape, row_stride: None });
        match &self.data {
            RoundedData::Float(data) => Array::Real(Tensor { data, shape: self.shape, row_stride: None }),
            RoundedData::Int(data) => labels(LabelSlice::I64(data)),
            RoundedData::Bool(data) => labels(LabelSlice::Bool(data)),
        }
    }

    /// The numbers, if they are floats.
    pub(super) fn floats(&self) -> Option<&[T]> {
        match &self.data {
            RoundedData::Float(data) => Some(data),
            RoundedData::Int(_) | RoundedData::Bool(_) => None,
        }
    }
}

/// Reads `{"kind", "shape", "data"}`; `kind` is `float` if it is not there.
pub(super) fn read(name: &str, value: &Value) -> Result<CaseArray, Refusal> {
    let name = quoted(name);
    let wrong = |what: &str| Refusal::new("case", format!("{name}: {what}"));
    let object = value.as_object().ok_or_else(|| wrong("an array is an object with `kind`, `shape` and `data`"))?;
    let shape = object.get("shape").and_then(Value::as_array).ok_or_else(|| wrong("`shape` is a list of extents"))?;
    let shape: Option<Vec<usize>> =
        shape.iter().map(|extent| extent.as_u64().and_then(|extent| usize::try_from(extent).ok())).collect();
    let shape = shape.ok_or_else(|| wrong("an extent is a whole number"))?;
    let data = object.get("data").and_then(Value::as_array).ok_or_else(|| wrong("`data` is a flat list"))?;
    let kind = match object.get("kind").map(Value::as_str) {
        None | Some(Some("float")) => Kind::Float,
        Some(Some("int")) => Kind::Int,
        Some(Some("bool")) => Kind::Bool,
        Some(_) => return Err(wrong("`kind` is `float`, `int` or `bool`")),
    };
    let data = match kind {
        Kind::Float => data.iter().map(float).collect::<Option<_>>().map(ArrayData::Float),
        Kind::Int => data.iter().map(integer).collect::<Option<_>>().map(ArrayData::Int),
        Kind::Bool => data.iter().map(condition).collect::<Option<_>>().map(ArrayData::Bool),
    };
    let data = data.ok_or_else(|| {
        wrong(match kind {
            Kind::Float => "a float is a number, \"nan\", \"inf\" or \"-inf\"",
            Kind::Int => "an int is a whole number of 64 bits",
            Kind::Bool => "a bool is true, false, 1 or 0",
        })
    })?;
    let found = data.len();
    let asked = shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent));
    if asked != Some(found) {
        let asked = asked.map_or("too many".to_owned(), |asked| asked.to_string());
        return Err(Refusal::new("shape", format!("{name} has {found} values; its shape asks for {asked}")));
    }
    Ok(CaseArray { shape, data })
}

/// A float, as cases write it.
fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(word) => Number::from_word(word).map(|number| number.0),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    value.as_i64().or_else(|| if value.is_u64() { None } else { value.as_f64().and_then(whole) })
}

fn condition(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| match value.as_i64() {
        Some(0) => Some(false),
        Some(1) => Some(true),
        Some(_) | None => None,
    })
}
