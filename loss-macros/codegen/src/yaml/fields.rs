//! A map whose keys are those of the language.

use crate::codes::Code;
use crate::diagnostic::{Diagnostics, suggest};
use crate::document::Formula;
use crate::formula::ast::Ast;
use crate::source::{Span, Spanned};
use crate::yaml::keys::Key;
use crate::yaml::node::{Node, NodeKind, Scalar, Style};
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
        let mut rest = entries.iter().enumerate();
        while let Some((place, (key, _))) = rest.next() {
            if let Some(text) = text_with_commas(entries, place, &allowed) {
                let name = key.as_str();
                let message = format!("a comma ends the text of `{name}`, and what follows is no key of `{what}`");
                let span = text[0].span.to(text[text.len() - 1].span);
                let whole: Vec<&str> = text.iter().map(|part| part.as_str()).collect();
                let help = format!("quote a text that holds a comma: `{name}: \"{}\"`", whole.join(", "));
                diagnostics.error(Code::CommaCutsText, span, message).help(help);
                rest.nth(text.len() - 2);
                continue;
            }
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

/// The parts of the text at a place of a flow map, if commas that belong to it cut it: `{ source: log 2, the limit }`. A part that
/// follows has no value and is no key.
fn text_with_commas<'n>(entries: &'n [(Scalar, Node)], place: usize, allowed: &[&str]) -> Option<Vec<&'n Scalar>> {
    let NodeKind::Scalar(first) = &entries[place].1.kind else { return None };
    let mut parts = vec![first];
    for (key, value) in &entries[place + 1..] {
        let last = parts[parts.len() - 1];
        let NodeKind::Scalar(nothing) = &value.kind else { break };
        let is_next = (last.span.end..=last.span.end + ", ".len()).contains(&key.span.start);
        let are_plain = last.style == Style::Plain && key.style == Style::Plain;
        if !(is_next && are_plain && nothing.is_absent()) || allowed.contains(&key.as_str()) {
            break;
        }
        parts.push(key);
    }
    (parts.len() > 1).then_some(parts)
}
