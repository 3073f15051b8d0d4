//! Answers, and their text.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::number::word_for;

/// What a case computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The value: of no dimensions if reduced.
    pub value: Figures,
    /// The gradient of each present input that has one.
    pub grads: Vec<Named>,
}

/// An array with its input's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The input.
    pub name: &'static str,
    /// Its gradient.
    pub figures: Figures,
}

/// Numbers with a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The extents.
    pub shape: Vec<usize>,
    /// The numbers, row-major.
    pub data: Vec<f64>,
    /// Whether they are all `f32`, and are written with the digits that one needs.
    pub single: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// In one word: `json`, `case`, `loss`, `option`, `internal`, or one of the runtime's.
    pub kind: &'static str,
    /// In a sentence.
    pub message: String,
}

impl Refusal {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<loss_runtime::Error> for Refusal {
    fn from(error: loss_runtime::Error) -> Self {
        Self { kind: error.kind(), message: error.to_string() }
    }
}

/// A name of the case in backticks, cut if nobody would read it to its end.
pub(super) fn quoted(name: &str) -> String {
    const MOST: usize = 60;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", &name[..end]),
        None => format!("`{name}`"),
    }
}

struct Line<'a> {
    id: &'a RawValue,
    computed: &'a Result<Answer, Refusal>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("id", self.id)?;
        match self.computed {
            Ok(answer) => {
                line.serialize_entry("value", &answer.value)?;
                line.serialize_entry("grads", &Grads(&answer.grads))?;
            }
            Err(refusal) => line.serialize_entry("error", refusal)?,
        }
        line.end()
    }
}

struct Grads<'a>(&'a [Named]);

impl Serialize for Grads<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|named| (named.name, &named.figures)))
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("shape", &self.shape)?;
        map.serialize_entry("data", &Digits { data: &self.data, single: self.single })?;
        map.end()
    }
}

struct Digits<'a> {
    data: &'a [f64],
    single: bool,
}

impl Serialize for Digits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.data.len()))?;
        for &number in self.data {
            match word_for(number) {
                Some(word) => list.serialize_element(word)?,
                None if self.single => list.serialize_element(&(number as f32))?,
                None => list.serialize_element(&number)?,
            }
        }
        list.end()
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("kind", self.kind)?;
        map.serialize_entry("message", &self.message)?;
        map.end()
    }
}

/// An answer as one line of JSON.
pub(super) fn write(id: &RawValue, computed: &Result<Answer, Refusal>) -> String {
    serde_json::to_string(&Line { id, computed }).unwrap_or_else(|error| {
        // Nothing above can fail; if it does, the line still is JSON.
        let message = error.to_string().replace(['"', '\\'], "'");
        format!("{{\"id\":null,\"error\":{{\"kind\":\"internal\",\"message\":\"{message}\"}}}}")
    })
}
