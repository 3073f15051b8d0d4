//! A map whose keys are those of the language.

use crate::codes::Code;
use crate::diagnostic::{Diagnostics, suggest};
use crate::document::Formula;
use crate::formula::ast::Ast;
use crate::source::{Span, Spanned};
use crate::yaml::commas;
use crate::yaml::keys::Key;
use crate::yaml::node::{Node, Scalar};
use crate::yaml::reader::Reader;

/// The values of a map by key.
pub(super) struct Fields<'n> {
    entries: &'n [(Scalar, Node)],
    span: Span,
    what: String,
}

impl<'n> Fields<'n> {
    /// The map, its unknown keys reported.
    pub(super) fn check(
        entries: &'n [(Scalar, Node)],
        span: Span,
        what: &str,
        allowed: &[Key],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let allowed: Vec<&str> = allowed.iter().map(|key| key.name).collect();
        commas::in_fields(entries, what, &allowed, diagnostics);
        for (key, _) in entries {
            if key.as_str().is_empty() || allowed.contains(&key.as_str()) {
                continue;
            }
            let message = format!("unknown key `{}` in `{what}`", key.as_str());
            let list = format!("the keys here are `{}`", allowed.join("`, `"));
            let help = match suggest(key.as_str(), allowed.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? {list}"),
                None => list,
            };
            diagnostics.error(Code::UnknownKey, key.span, message).help(help);
        }
        Fields { entries, span, what: what.to_owned() }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| value)
    }

    /// The value of a key that must be there.
    pub(super) fn require(&self, reader: &mut Reader, key: &str) -> Option<&'n Node> {
        let value = self.get(key);
        if value.is_none() {
            let message = format!("`{}` lacks the key `{key}`", self.what);
            reader.diagnostics.error(Code::MissingKey, self.span, message).help(format!("add `{key}: …`"));
        }
        value
    }

    pub(super) fn text(&self, reader: &mut Reader, key: &str) -> Option<Spanned<String>> {
        reader.text(self.get(key)?, key)
    }

    pub(super) fn required_text(&self, reader: &mut Reader, key: &str) -> Option<Spanned<String>> {
        let node = self.require(reader, key)?;
        reader.text(node, key)
    }

    pub(super) fn texts(&self, reader: &mut Reader, key: &str) -> Vec<Spanned<String>> {
        self.list(reader, key, Reader::text)
    }

    /// `false` if the key is absent.
    pub(super) fn flag(&self, reader: &mut Reader, key: &str) -> bool {
        self.get(key).and_then(|node| reader.flag(node, key)).unwrap_or(false)
    }

    pub(super) fn ast(&self, reader: &mut Reader, key: &str) -> Option<Ast> {
        reader.ast(self.get(key)?, key)
    }

    pub(super) fn required_ast(&self, reader: &mut Reader, key: &str) -> Option<Ast> {
        let node = self.require(reader, key)?;
        reader.ast(node, key)
    }

    pub(super) fn formula(&self, reader: &mut Reader, key: &str) -> Option<Formula> {
        reader.formula(self.get(key)?, key)
    }

    pub(super) fn required_formula(&self, reader: &mut Reader, key: &str) -> Option<Formula> {
        let node = self.require(reader, key)?;
        reader.formula(node, key)
    }

    /// Empty if the key is absent.
    pub(super) fn list<T>(
        &self,
        reader: &mut Reader,
        key: &str,
        read: impl FnMut(&mut Reader, &Node, &str) -> Option<T>,
    ) -> Vec<T> {
        self.get(key).map(|node| reader.list(node, key, read)).unwrap_or_default()
    }

    /// Empty if the key is absent.
    pub(super) fn each<T>(
        &self,
        reader: &mut Reader,
        key: &str,
        read: impl FnMut(&mut Reader, &Node, &str) -> Option<T>,
    ) -> Vec<(Spanned<String>, T)> {
        self.get(key).map(|node| reader.each(node, key, read)).unwrap_or_default()
    }
}
