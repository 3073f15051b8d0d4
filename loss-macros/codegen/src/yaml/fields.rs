//! A map whose keys are those of the language.

use crate::codes::Code;
use crate::diagnostic::{Diagnostics, suggest};
use crate::document::Formula;
use crate::formula::ast::Ast;
use crate::formula::lexer::is_number;
use crate::source::{Span, Spanned};
use crate::yaml::commas;
use crate::yaml::keys::{Key, Takes};
use crate::yaml::node::{Node, NodeKind, Scalar, Style};
use crate::yaml::reader::Reader;

/// The values of a map by key.
pub(super) struct Fields<'n> {
    entries: &'n [(Scalar, Node)],
    span: Span,
    what: String,
    /// The keys that an unknown one was probably meant to be.
    meant: Vec<String>,
}

impl<'n> Fields<'n> {
    /// The map, its unknown keys reported.
    pub(super) fn check(
        entries: &'n [(Scalar, Node)],
        span: Span,
        what: &str,
        keys: &[Key],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let allowed: Vec<&str> = keys.iter().map(|key| key.name).collect();
        commas::in_fields(entries, what, &allowed, diagnostics);
        let mut meant = Vec::new();
        for (key, value) in entries {
            let known = keys.iter().find(|known| known.name == key.as_str());
            match known.map(|known| known.takes) {
                Some(Takes::Text) => words(key.as_str(), value, diagnostics),
                Some(Takes::List(Takes::Text)) => list_of_words(key.as_str(), value, diagnostics),
                Some(_) | None => {}
            }
            if key.as_str().is_empty() || allowed.contains(&key.as_str()) {
                continue;
            }
            let message = format!("unknown key `{}` in `{what}`", key.as_str());
            let list = format!("the keys here are `{}`", allowed.join("`, `"));
            let near = suggest(key.as_str(), allowed.iter().copied());
            meant.extend(near.map(str::to_owned));
            let help = match near {
                Some(near) if allowed.len() == 1 => format!("did you mean `{near}`?"),
                Some(near) => format!("did you mean `{near}`? {list}"),
                None => list,
            };
            diagnostics.error(Code::UnknownKey, key.span, message).help(help);
        }
        Fields { entries, span, what: what.to_owned(), meant }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| value)
    }

    /// The value of a key that must be there.
    pub(super) fn require(&self, reader: &mut Reader, key: &str) -> Option<&'n Node> {
        let value = self.get(key);
        // Of one that is misspelt all has been said.
        if value.is_none() && !self.meant.iter().any(|meant| meant == key) {
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

/// Words for people are no number and no condition.
fn words(key: &str, value: &Node, diagnostics: &mut Diagnostics) {
    let NodeKind::Scalar(scalar) = &value.kind else { return };
    let text = scalar.as_str();
    let is_value = is_number(text.trim_start_matches('-')) || matches!(text, "true" | "false");
    if is_value && scalar.style == Style::Plain {
        let message = format!("`{key}` takes words, found `{text}`");
        diagnostics.error(Code::WrongKind, scalar.span, message).help("write what people are to read, or quote it");
    }
}

/// A list of words has at least one.
fn list_of_words(key: &str, value: &Node, diagnostics: &mut Diagnostics) {
    let NodeKind::List(items) = &value.kind else { return };
    if items.is_empty() {
        let message = format!("`{key}` lists nothing");
        diagnostics.error(Code::WrongKind, value.span, message).help(format!("write `{key}: [ \"…\" ]`"));
    }
    items.iter().for_each(|item| words(key, item, diagnostics));
}
