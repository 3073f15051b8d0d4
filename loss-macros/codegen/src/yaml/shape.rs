//! What serde_yaml reads in a file, duplicate keys kept.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::yaml::lines;

/// A value without places. Numbers are not kept: their text is taken from the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Nothing,
    Boolean(bool),
    Number,
    Text(String),
    List(Vec<Shape>),
    Map(Vec<(Shape, Shape)>),
}

pub(super) fn read(text: &str) -> Result<Shape, Diagnostic> {
    // The reader takes a byte order mark for a document of its own.
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = text.len() - bare.len();
    let shape = serde_yaml::from_str(bare).map_err(|error| {
        let error = diagnose(&error, bare);
        let span = Span::new(error.span.start + mark, error.span.end + mark);
        Diagnostic { span, ..error }
    })?;
    if shape == Shape::Nothing {
        return Err(
            Diagnostic::error(Code::Syntax, Span::new(0, 0), "the file is empty").with_help("begin with `name:`")
        );
    }
    Ok(shape)
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape::Nothing)
    }

    fn visit_none<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape::Nothing)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Shape, E> {
        Ok(Shape::Boolean(value))
    }

    fn visit_i64<E: Error>(self, _value: i64) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_u64<E: Error>(self, _value: u64) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_i128<E: Error>(self, _value: i128) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_u128<E: Error>(self, _value: u128) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_f64<E: Error>(self, _value: f64) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Shape, E> {
        Ok(Shape::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Shape, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Shape::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Shape, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Shape::Map(entries))
    }

    /// A tagged value; the scanner refuses the tag itself.
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Shape, A::Error> {
        let (_tag, value): (Shape, _) = access.variant()?;
        value.newtype_variant()
    }
}

/// serde_yaml's error at its place.
fn diagnose(error: &serde_yaml::Error, text: &str) -> Diagnostic {
    let message = error.to_string();
    // The place is in the span; what the parser was about to read is of no use to the author.
    let message = message.split(" at line ").next().unwrap_or_default().split(", while ").next().unwrap_or_default();
    let start = error.location().map_or(0, |place| offset(text, place.line(), place.column()));
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    let span = Span::new(start, start + length);
    let diagnostic = Diagnostic::error(Code::Syntax, span, message);
    if message.contains("more than one document")
        && let Some(second) = lines::second_document(text)
    {
        second
    } else if message.contains("mapping values are not allowed") {
        Diagnostic { message: "no key can stand here, so no `:` may follow".to_owned(), ..diagnostic }
            .with_help("quote a text that holds `: `, and check the indentation")
    } else if message == "did not find expected key" {
        Diagnostic { message: "expected a key of the map above".to_owned(), ..diagnostic }
            .with_help("begin all keys of a map in one column")
    } else if message.contains("cannot start any token") {
        diagnostic.with_help("indent with spaces, and quote a text that begins with `@`, `%` or a backtick")
    } else if message.contains("recursion limit") {
        Diagnostic { message: "lists and maps that nest too deeply".to_owned(), ..diagnostic }
            .with_help("no key of a spec needs it")
    } else if message.contains("did not find expected ',' or") {
        diagnostic.with_help("close the `{` or `[`, and quote a text within it that holds `, [ ] { }`")
    } else {
        diagnostic
    }
}

/// YAML notices a missing bracket lines later, where it is of no use: the error is then moved to the bracket that is open.
pub(super) fn at_open_bracket(error: Diagnostic, open: usize, text: &str) -> Diagnostic {
    let noticed = error.span.start.max(open);
    if !text[open..noticed].contains('\n') {
        return error;
    }
    let message = format!("this `{}` is not closed as it should be", &text[open..=open]);
    Diagnostic { message, span: Span::new(open, open + 1), ..error }
}

/// The byte at a line and column, both from 1, the column in characters.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let line = text[start..].split('\n').next().unwrap_or_default();
    start + line.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>()
}
