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
        (NodeKind::List(items), Shape::List(shapes)) if items.len() == shapes.len() => {
            items.iter().zip(shapes).try_for_each(|(item, shape)| check(item, shape))
        }
        (NodeKind::Map(entries), Shape::Map(shapes)) if entries.len() == shapes.len() => {
            entries.iter().zip(shapes).try_for_each(|((key, value), (key_shape, value_shape))| {
                if !scalar_agrees(key, key_shape) {
                    return Err(differs(key.span));
                }
                check(value, value_shape)
            })
        }
        (NodeKind::List(_) | NodeKind::Map(_), _) => Err(differs(node.span)),
    }
}

fn scalar_agrees(scalar: &Scalar, shape: &Shape) -> bool {
    let text = scalar.as_str();
    let plain = scalar.style == Style::Plain;
    match shape {
        Shape::Text(read) => text == read,
        Shape::Nothing => plain && matches!(text, "" | "~" | "null" | "Null" | "NULL"),
        Shape::Boolean(value) => plain && text.eq_ignore_ascii_case(if *value { "true" } else { "false" }),
        Shape::Number => plain && text.contains(|c: char| c.is_ascii_alphanumeric()) && !text.contains([' ', ',']),
        Shape::List(_) | Shape::Map(_) => false,
    }
}

fn differs(span: Span) -> Diagnostic {
    Diagnostic::error(Code::UnsupportedYaml, span, "YAML reads this in a way that specs do not use")
        .with_help("write it as `key: value`, or quote the text")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnostic::Diagnostics;
    use crate::yaml::scanner::scan;
    use crate::yaml::shape::Shape;

    /// The part of a text that YAML reads otherwise, if it reads this.
    fn disputed(text: &str, read: &Shape) -> Option<String> {
        let Ok(node) = scan(text, &mut Diagnostics::new()) else { panic!("`{text}` is scanned") };
        let error = check(&node, read).err()?;
        Some(text[error.span.start..error.span.end].to_owned())
    }

    #[test]
    fn a_scalar_is_what_yaml_takes_it_for() {
        let text = |text: &str| Shape::Text(text.to_owned());
        for (scalar, read, is_agreed) in [
            ("a", text("a"), true),
            ("'1'", text("1"), true),
            ("a", text("b"), false),
            ("~", Shape::Nothing, true),
            ("null", Shape::Nothing, true),
            ("'~'", Shape::Nothing, false),
            ("nil", Shape::Nothing, false),
            ("True", Shape::Boolean(true), true),
            ("true", Shape::Boolean(false), false),
            ("'true'", Shape::Boolean(true), false),
            ("1e-3", Shape::Number, true),
            ("'1'", Shape::Number, false),
            ("1 2", Shape::Number, false),
            ("+.", Shape::Number, false),
            ("a", Shape::List(vec![text("a")]), false),
        ] {
            let expected = (!is_agreed).then(|| scalar.trim_matches('\'').to_owned());
            assert_eq!(disputed(scalar, &read), expected, "{scalar} as {read:?}");
        }
    }

    #[test]
    fn lists_and_maps_agree_in_every_part() {
        let [a, b] = ["a", "b"].map(|text| Shape::Text(text.to_owned()));
        let list = |items: &[&Shape]| Shape::List(items.iter().copied().cloned().collect());
        let map = |entries: &[[&Shape; 2]]| {
            Shape::Map(entries.iter().map(|[key, value]| ((*key).clone(), (*value).clone())).collect())
        };
        for (text, read, wrong) in [
            ("[a, b]", list(&[&a, &b]), ""),
            ("[a, b]", list(&[&a]), "[a, b]"),
            ("[a]", list(&[&a, &b]), "[a]"),
            ("[b]", list(&[&a]), "b"),
            ("[a]", map(&[[&a, &a]]), "[a]"),
            ("{ a: b }", map(&[[&a, &b]]), ""),
            ("{ a: b, b: a }", map(&[[&a, &b]]), "{ a: b, b: a }"),
            ("{ a: b }", map(&[[&a, &b], [&b, &a]]), "{ a: b }"),
            ("{ b: a }", map(&[[&a, &a]]), "b"),
            ("{ a: b }", map(&[[&a, &a]]), "b"),
            ("{ a: b }", list(&[&a]), "{ a: b }"),
        ] {
            assert_eq!(disputed(text, &read).unwrap_or_default(), wrong, "{text} as {read:?}");
        }
    }
}
