//! The scanner: YAML text to a tree with places, for the part of YAML that specs use. It relies on serde_yaml to refuse what is
//! not YAML, and refuses by itself what it does not know.

use crate::codes::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::formula::text::FormulaText;
use crate::source::Span;
use crate::yaml::node::{Node, Scalar, Style};

/// Deeper nesting than this is no spec; the limit keeps the recursion safe.
const MOST_LEVELS: usize = 32;

/// Goes through the text once.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    depth: usize,
    /// The flow brackets that are open here.
    pub(super) open: Vec<usize>,
    pub(super) diagnostics: &'a mut Diagnostics,
}

/// Where the scanner could not go on.
pub(super) struct Stopped {
    pub(super) error: Diagnostic,
    /// The innermost flow bracket that is open there.
    pub(super) open: Option<usize>,
}

/// The tree of a file. What specs do not use is pushed as an error, and the scan goes on; where it cannot, that is the result.
pub(super) fn scan(text: &str, diagnostics: &mut Diagnostics) -> Result<Node, Stopped> {
    let mut scanner = Scanner { text, at: 0, depth: 0, open: Vec::new(), diagnostics };
    scanner.whole().map_err(|error| Stopped { error, open: scanner.open.last().copied() })
}

impl<'a> Scanner<'a> {
    fn whole(&mut self) -> Result<Node, Diagnostic> {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        let Some(column) = self.next_content() else {
            return Ok(Node::scalar(self.nothing()));
        };
        if self.rest().starts_with("---") || self.rest().starts_with('%') {
            let help = "a file holds one spec: leave the line out";
            let length = self.rest().find(['\r', '\n']).unwrap_or(self.rest().len());
            return Err(self.unsupported("document markers", length, help));
        }
        let node = self.block(column, 0)?;
        match self.next_content() {
            None => Ok(node),
            Some(_) => Err(self.unexpected()),
        }
    }

    /// A scanner that looks ahead from a place; what it reports is thrown away.
    pub(super) fn ahead(text: &'a str, at: usize, silent: &'a mut Diagnostics) -> Self {
        Scanner { text, at, depth: 0, open: Vec::new(), diagnostics: silent }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Whether this character stands here with a blank, a line end or the end of the file behind it.
    pub(super) fn is_indicator(&self, indicator: char) -> bool {
        self.rest().strip_prefix(indicator).is_some_and(begins_blank)
    }

    pub(super) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// The comment here, if one begins here: `#` at the start of a line or behind a blank.
    pub(super) fn comment(&self) -> Option<Span> {
        let free = self.text[..self.at]
            .chars()
            .next_back()
            .is_none_or(|before| matches!(before, ' ' | '\t' | '\n' | '\u{feff}'));
        (free && self.rest().starts_with('#')).then(|| {
            let length = self.rest().find(['\r', '\n']).unwrap_or(self.rest().len());
            Span::new(self.at, self.at + length)
        })
    }

    /// Skips blanks, comments and line ends; `None` at the end of the file, else the column of what comes.
    pub(super) fn next_content(&mut self) -> Option<usize> {
        loop {
            self.skip_blanks();
            if let Some(comment) = self.comment() {
                self.at = comment.end;
            }
            match self.peek()? {
                '\r' | '\n' => self.at += 1,
                _ => return Some(self.column()),
            }
        }
    }

    /// Bytes from the start of the line.
    pub(super) fn column(&self) -> usize {
        let before = self.text[..self.at].trim_start_matches('\u{feff}');
        before.len() - before.rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The end of a line behind a value: only blanks and a comment may stand there.
    pub(super) fn finish_line(&mut self) -> Result<(), Diagnostic> {
        self.skip_blanks();
        if let Some(comment) = self.comment() {
            self.at = comment.end;
        }
        match self.peek() {
            None | Some('\r' | '\n') => Ok(()),
            Some(_) => Err(self.unexpected()),
        }
    }

    /// A scalar where nothing is written.
    pub(super) fn nothing(&self) -> Scalar {
        self.plain_scalar(self.at, self.at)
    }

    pub(super) fn plain_scalar(&self, start: usize, end: usize) -> Scalar {
        Scalar {
            text: FormulaText::plain(&self.text[start..end], start),
            style: Style::Plain,
            span: Span::new(start, end),
            comment: None,
        }
    }

    pub(super) fn unexpected(&self) -> Diagnostic {
        let length = self.peek().map_or(0, char::len_utf8);
        let span = Span::new(self.at, self.at + length);
        Diagnostic::error(Code::UnsupportedYaml, span, "this does not belong to the value before it")
            .with_help("check the indentation, or quote the whole text")
    }

    pub(super) fn unsupported(&self, what: &str, length: usize, help: &str) -> Diagnostic {
        let span = Span::new(self.at, self.at + length);
        Diagnostic::error(Code::UnsupportedYaml, span, format!("specs use no {what}")).with_help(help)
    }

    /// An anchor, alias or tag before a value: reported and skipped.
    pub(super) fn skip_properties(&mut self) {
        while let Some(sign @ ('&' | '*' | '!')) = self.peek() {
            let what = match sign {
                '&' => "anchors",
                '*' => "aliases",
                _ => "tags",
            };
            let length = self.rest().find([' ', '\t', '\r', '\n', ',', ']', '}']).unwrap_or(self.rest().len());
            let help = if sign == '!' { "leave it out, or quote the text" } else { "write the value out" };
            let error = self.unsupported(what, length, help);
            self.diagnostics.push(error);
            self.at += length;
            self.skip_blanks();
        }
    }

    pub(super) fn many_lines(&self, span: Span) -> Diagnostic {
        Diagnostic::error(Code::ManyLines, span, "this value goes on over several lines")
            .with_help("keep it on one line, or write a `|` block")
    }

    /// A key here would belong to a value that is no map.
    pub(super) fn key_too_far_right(&self) -> Diagnostic {
        let length = self.rest().find(':').unwrap_or(0);
        let span = Span::new(self.at, self.at + length);
        let message = "a key that stands further right than the one above it, which has its value already";
        Diagnostic::error(Code::ManyLines, span, message).with_help("begin all keys of a map in one column")
    }

    pub(super) fn deeper(
        &mut self,
        rule: impl FnOnce(&mut Self) -> Result<Node, Diagnostic>,
    ) -> Result<Node, Diagnostic> {
        if self.depth == MOST_LEVELS {
            return Err(self.unsupported("nesting as deep as this", 1, "no key of a spec needs it"));
        }
        self.depth += 1;
        let node = rule(self);
        self.depth -= 1;
        node
    }
}

/// Whether a text begins with a blank or a line end, or is empty.
pub(super) fn begins_blank(text: &str) -> bool {
    text.is_empty() || text.starts_with([' ', '\t', '\r', '\n'])
}
