//! The check that the scanner and serde_yaml read the same.

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::yaml::node::{Node, NodeKind, Scalar, Style};
use crate::yaml::shape::Shape;

pub(super) fn check(node: &Node, shape: &Shape) -> Result<(), Diagnostic> {
    match (&node.kind, shape) {
        (NodeKind::Scalar(scalar), shape) => {
            if scalar_agrees(scalar, shape) {
                Ok(())
            } else {
                Err(differs(scalar.span))
            }
        }
        (NodeKind::List(items), Shape::List(shapes)) if items.len() == shapes.len() => items
            .iter()
            .zip(shapes)
            .try_for_each(|(item, shape)| check(item, shape)),
        (NodeKind::Map(entries), Shape::Map(shapes)) if entries.len() == shapes.len() => entries
            .iter()
            .zip(shapes)
            .try_for_each(|((key, value), (key_shape, value_shape))| {
                if !scalar_agrees(key, key_shape) {
                    return Err(differs(key.span));
                }
                check(value, value_shape)
            }),
        (NodeKind::List(_) | NodeKind::Map(_), _) => Err(differs(node.span)),
    }
}

fn scalar_agrees(scalar: &Scalar, shape: &Shape) -> bool {
    let text = scalar.as_str();
    let plain = scalar.style == Style::Plain;
    match shape {
        Shape::Text(read) => text == read,
        Shape::Nothing => plain && matches!(text, "" | "~" | "null" | "Null" | "NULL"),
        Shape::Boolean(value) => {
            plain && text.eq_ignore_ascii_case(if *value { "true" } else { "false" })
        }
        Shape::Number => {
            plain
                && text.contains(|c: char| c.is_ascii_alphanumeric())
                && !text.contains([' ', ','])
        }
        Shape::List(_) | Shape::Map(_) => false,
    }
}

fn differs(span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::UnsupportedYaml,
        span,
        "YAML reads this in a way that specs do not use",
    )
    .with_help("write it as `key: value`, or quote the text")
}
