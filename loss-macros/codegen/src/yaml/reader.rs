//! Values of the tree as the kinds that keys take. Each method reports what does not fit and goes on.

use std::collections::HashMap;

use crate::codes::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::yaml::commas;
use crate::yaml::fields::Fields;
use crate::yaml::keys::Key;
use crate::yaml::node::{Node, NodeKind, Scalar, Style};

/// Reads values and collects what is wrong with them.
pub(super) struct Reader {
    pub(super) diagnostics: Diagnostics,
}

impl Reader {
    /// A value of another kind than `what` takes.
    pub(super) fn wrong_kind(&mut self, node: &Node, what: &str, takes: &str) -> &mut Diagnostic {
        let message = format!("`{what}` takes {takes}, found {}", node.kind_name());
        self.diagnostics.error(Code::WrongKind, node.span, message)
    }

    /// The entries of a map whose keys are free.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Scalar, Node)]> {
        let entries = self.map(node, what)?;
        commas::in_entries(entries, what, &mut self.diagnostics);
        Some(entries)
    }

    /// The entries of a map, whatever its keys are.
    fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Scalar, Node)]> {
        let NodeKind::Map(entries) = &node.kind else {
            self.wrong_kind(node, what, "a map").help("write `key: value`, one a line, or `{ key: value }`");
            return None;
        };
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for (key, _) in entries {
            if key.as_str().is_empty() {
                self.diagnostics.error(Code::Syntax, key.span, format!("an empty key under `{what}`"));
            }
            if seen.insert(key.as_str(), key.span).is_some() {
                let message = format!("the key `{}` stands twice under `{what}`", key.as_str());
                self.diagnostics.error(Code::DuplicateKey, key.span, message).help("remove or rename one of them");
            }
        }
        Some(entries)
    }

    /// The entries of a map whose keys are free, each read by `read`, in file order.
    pub(super) fn each<T>(
        &mut self,
        node: &Node,
        what: &str,
        mut read: impl FnMut(&mut Self, &Node, &str) -> Option<T>,
    ) -> Vec<(Spanned<String>, T)> {
        let entries = self.entries(node, what).unwrap_or_default();
        entries.iter().filter_map(|(key, value)| Some((key.spanned(), read(self, value, key.as_str())?))).collect()
    }

    /// A map whose keys are listed.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, what: &str, allowed: &[Key]) -> Option<Fields<'n>> {
        let entries = self.map(node, what)?;
        Some(Fields::check(entries, node.span, what, allowed, &mut self.diagnostics))
    }

    /// The items of a list.
    pub(super) fn items<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        if let NodeKind::List(items) = &node.kind {
            commas::in_items(items, what, &mut self.diagnostics);
            return items;
        }
        self.wrong_kind(node, what, "a list").help("write `[ … ]`, or one `- …` a line");
        &[]
    }

    /// The items of a list, each read by `read`.
    pub(super) fn list<T>(
        &mut self,
        node: &Node,
        what: &str,
        mut read: impl FnMut(&mut Self, &Node, &str) -> Option<T>,
    ) -> Vec<T> {
        self.items(node, what).iter().filter_map(|item| read(self, item, what)).collect()
    }

    /// A scalar that says something.
    pub(super) fn scalar<'n>(&mut self, node: &'n Node, what: &str, takes: &str) -> Option<&'n Scalar> {
        match &node.kind {
            NodeKind::Scalar(scalar) if !scalar.is_absent() => Some(scalar),
            NodeKind::Scalar(_) | NodeKind::List(_) | NodeKind::Map(_) => {
                self.wrong_kind(node, what, takes);
                None
            }
        }
    }

    /// Text, a word, or a number by its source text.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let scalar = self.scalar(node, what, "text")?;
        if scalar.as_str().trim().is_empty() {
            self.diagnostics.error(Code::WrongKind, scalar.span, format!("`{what}` is empty"));
            return None;
        }
        Some(scalar.spanned())
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        let scalar = self.scalar(node, what, "`true` or `false`")?;
        match scalar.as_str() {
            "true" if scalar.style == Style::Plain => Some(true),
            "false" if scalar.style == Style::Plain => Some(false),
            other => {
                let message = format!("`{what}` takes `true` or `false`, found `{other}`");
                let error = self.diagnostics.error(Code::WrongKind, scalar.span, message);
                if matches!(other, "true" | "false") {
                    error.help("write it without quotes");
                }
                None
            }
        }
    }
}
