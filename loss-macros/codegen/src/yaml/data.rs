//! The numbers, words and lists of examples.

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::document::{Data, DifferenceEntry, ExampleEntry, Expectation, ShownDifference};
use crate::formula::lexer::{is_name, is_number};
use crate::source::Spanned;
use crate::yaml::keys;
use crate::yaml::node::{Node, NodeKind, Scalar, Style};
use crate::yaml::reader::Reader;

impl Reader {
    pub(super) fn example(&mut self, node: &Node, what: &str) -> Option<ExampleEntry> {
        let fields = self.fields(node, what, keys::EXAMPLE)?;
        let given = fields.require(self, "given").map(|given| self.each(given, "given", Self::data));
        let expect = fields.require(self, "expect").and_then(|expect| self.expectation(expect, "expect"));
        let source = fields.required_text(self, "source");
        let tolerance = fields.get("tolerance").map(|node| self.number(node, "tolerance"));
        let tolerance = match tolerance {
            Some(number) => Some(number?),
            None => None,
        };
        Some(ExampleEntry { given: given?, expect: expect?, source: source?, tolerance })
    }

    pub(super) fn difference(&mut self, node: &Node, what: &str) -> Option<DifferenceEntry> {
        let fields = self.fields(node, what, keys::DIFFERENCE)?;
        let subject = fields.required_text(self, "what");
        let recorded = fields.list(self, "recorded", Self::text);
        // Recorded answers hold their calls; all else is shown by one.
        let is_shown = recorded.is_empty() || fields.get("given").is_some() || fields.get("theirs").is_some();
        let shown = is_shown.then(|| {
            let given = fields.require(self, "given").map(|given| self.each(given, "given", Self::data));
            let theirs = fields.require(self, "theirs").and_then(|theirs| self.expectation(theirs, "theirs"));
            Some(ShownDifference { given: given?, theirs: theirs? })
        });
        let ours = fields.require(self, "ours").and_then(|ours| self.expectation(ours, "ours"));
        let because = fields.required_text(self, "because");
        let shown = match shown {
            Some(shown) => Some(shown?),
            None => None,
        };
        Some(DifferenceEntry { what: subject?, shown, ours: ours?, because: because?, recorded })
    }

    fn expectation(&mut self, node: &Node, what: &str) -> Option<Expectation> {
        let mut expectation = Expectation::default();
        for (key, value) in self.entries(node, what)? {
            match key.as_str() {
                "gradient" => expectation.gradient = self.each(value, "gradient", Self::data),
                "error" => expectation.error = self.each(value, "error", Self::text),
                reduction => {
                    let data = self.data(value, reduction);
                    expectation.values.extend(data.map(|data| (key.spanned(), data)));
                }
            }
        }
        if matches!(&node.kind, NodeKind::Map(entries) if entries.is_empty()) {
            let message = format!("`{what}` says nothing");
            let help = "give values of `none` or of a reduction, `gradient`, or `error`";
            self.diagnostics.error(Code::WrongKind, node.span, message).help(help);
        }
        Some(expectation)
    }

    fn data(&mut self, node: &Node, what: &str) -> Option<Data> {
        match &node.kind {
            NodeKind::List(items) => {
                let items: Vec<Option<Data>> = items.iter().map(|item| self.data(item, what)).collect();
                Some(Data::List(items.into_iter().collect::<Option<_>>()?, node.span))
            }
            NodeKind::Scalar(scalar) if !scalar.is_absent() => match datum(scalar) {
                Ok(data) => Some(data),
                Err(error) => {
                    self.diagnostics.push(error);
                    None
                }
            },
            NodeKind::Scalar(_) | NodeKind::Map(_) => {
                self.wrong_kind(node, what, "a number, a word, or a list of these");
                None
            }
        }
    }

    fn number(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let scalar = self.scalar(node, what, "a number")?;
        if is_signed_number(scalar.as_str()) {
            return Some(scalar.spanned());
        }
        self.diagnostics.push(no_number(scalar));
        None
    }
}

fn datum(scalar: &Scalar) -> Result<Data, Diagnostic> {
    let text = scalar.as_str();
    let plain = scalar.style == Style::Plain;
    match text {
        "true" | "false" if plain => Ok(Data::Boolean(Spanned { value: text == "true", span: scalar.span })),
        _ if plain && is_signed_number(text) => Ok(Data::Number(scalar.spanned())),
        _ if is_name(text) => Ok(Data::Word(scalar.spanned())),
        _ => Err(no_number(scalar)),
    }
}

/// A number with a sign perhaps, `nan`, `inf` or `-inf`.
fn is_signed_number(text: &str) -> bool {
    matches!(text, "nan" | "inf" | "-inf") || is_number(text.strip_prefix('-').unwrap_or(text))
}

fn no_number(scalar: &Scalar) -> Diagnostic {
    let text = scalar.as_str();
    let error =
        Diagnostic::error(Code::BadData, scalar.span, format!("`{}` is no number and no word", text.escape_debug()));
    let bare = text.trim_start_matches(['-', '+']);
    let sign = if text.starts_with('-') { "-" } else { "" };
    let lower = bare.trim_start_matches('.').to_ascii_lowercase();
    if scalar.style != Style::Plain && is_signed_number(text) {
        error.with_help("write a number without quotes")
    } else if matches!(lower.as_str(), "inf" | "infinity") {
        error.with_help(format!("write `{sign}inf`"))
    } else if lower == "nan" {
        error.with_help("write `nan`")
    } else if is_number(&format!("0{bare}")) {
        let number = if bare.starts_with('.') { format!("0{bare}") } else { bare.to_owned() };
        error.with_help(format!("write `{sign}{number}`"))
    } else if is_number(&format!("{bare}0")) {
        error.with_help(format!("write `{sign}{bare}0`"))
    } else {
        error.with_help("a number is digits, a point, digits, and an exponent such as `e-8`")
    }
}
