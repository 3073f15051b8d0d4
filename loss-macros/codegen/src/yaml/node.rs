//! The tree of a YAML file with places.

use crate::formula::text::FormulaText;
use crate::source::{Span, Spanned};

/// A value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Scalar, Node)>),
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
}

/// A scalar by its text, whatever YAML takes it for.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub(super) text: FormulaText,
    pub(super) style: Style,
    /// The content's place, inside the quotes.
    pub(super) span: Span,
    /// A comment behind a plain scalar on its line.
    pub(super) comment: Option<Span>,
}

impl Scalar {
    pub(super) fn as_str(&self) -> &str {
        self.text.as_str()
    }

    pub(super) fn spanned(&self) -> Spanned<String> {
        Spanned {
            value: self.as_str().to_owned(),
            span: self.span,
        }
    }

    /// Whether nothing is written at all: YAML's null.
    pub(super) fn is_absent(&self) -> bool {
        self.style == Style::Plain && self.as_str().is_empty()
    }
}

impl Node {
    pub(super) fn scalar(scalar: Scalar) -> Self {
        let span = scalar.span;
        Node {
            kind: NodeKind::Scalar(scalar),
            span,
        }
    }

    /// What it is, for messages.
    pub(super) fn kind_name(&self) -> &'static str {
        match &self.kind {
            NodeKind::Scalar(scalar) if scalar.is_absent() => "nothing",
            NodeKind::Scalar(_) => "a single value",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }
}
