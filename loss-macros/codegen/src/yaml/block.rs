//! Block maps, block lists and `|` blocks: what indentation makes.

use crate::diagnostic::Diagnostic;
use crate::formula::text::FormulaText;
use crate::source::Span;
use crate::yaml::node::{Node, NodeKind, Scalar, Style};
use crate::yaml::scanner::{Scanner, begins_blank};

impl Scanner<'_> {
    /// The value that begins here, in this column. What belongs to it stands in column `least` or further right.
    pub(super) fn block(&mut self, column: usize, least: usize) -> Result<Node, Diagnostic> {
        self.deeper(|scanner| {
            scanner.skip_properties();
            if scanner.is_indicator('-') {
                scanner.block_list(column)
            } else if scanner.is_indicator('?') {
                Err(scanner.unsupported("`?` keys", 1, "write `key: value`"))
            } else if scanner.key_follows() {
                scanner.block_map(column)
            } else {
                scanner.inline(least)
            }
        })
    }

    /// Whether a scalar and a `:` stand here on one line.
    fn key_follows(&mut self) -> bool {
        let start = self.at;
        let found = match self.peek() {
            Some('{' | '[' | '|' | '>' | '&' | '*' | '!' | '#') | None => false,
            // What is wrong with the quotes is reported when the scalar is read for good.
            Some('"' | '\'') => {
                let silent = &mut crate::diagnostic::Diagnostics::new();
                let mut ahead = Scanner::ahead(self.text, self.at, silent);
                let read = ahead.quoted().is_ok();
                ahead.skip_blanks();
                read && ahead.is_indicator(':')
            }
            Some(_) => {
                self.plain_end(false);
                self.skip_blanks();
                self.is_indicator(':')
            }
        };
        self.at = start;
        found
    }

    fn block_map(&mut self, column: usize) -> Result<Node, Diagnostic> {
        let mut entries = Vec::new();
        let start = self.at;
        let mut end = start;
        loop {
            let key = self.key()?;
            let value = self.value(column)?;
            end = end.max(key.span.end).max(value.span.end);
            entries.push((key, value));
            match self.next_content() {
                Some(next) if next == column && !self.is_indicator('-') => {
                    self.skip_properties();
                    if !self.key_follows() {
                        return Err(self.unexpected());
                    }
                }
                // No list or map around this one holds what stands further right: it is reported there.
                Some(_) | None => break,
            }
        }
        Ok(Node { kind: NodeKind::Map(entries), span: Span::new(start, end) })
    }

    /// A key and its `:`.
    fn key(&mut self) -> Result<Scalar, Diagnostic> {
        let key = if matches!(self.peek(), Some('"' | '\'')) {
            self.quoted()?
        } else {
            let start = self.at;
            let end = self.plain_end(false);
            self.plain_scalar(start, end)
        };
        self.skip_blanks();
        if !self.is_indicator(':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(key)
    }

    /// The value of a key that stands in this column.
    fn value(&mut self, column: usize) -> Result<Node, Diagnostic> {
        let absent = Node::scalar(self.nothing());
        self.skip_blanks();
        self.skip_properties();
        if self.comment().is_none() && !begins_line_end(self.rest()) {
            if self.is_indicator('-') {
                return Err(self.unexpected());
            }
            return self.inline(column + 1);
        }
        match self.next_content() {
            Some(next) if next > column => self.block(next, column + 1),
            // A list may stand in the column of its key.
            Some(next) if next == column && self.is_indicator('-') => self.deeper(|scanner| scanner.block_list(next)),
            Some(_) | None => Ok(absent),
        }
    }

    fn block_list(&mut self, column: usize) -> Result<Node, Diagnostic> {
        let mut items = Vec::new();
        let start = self.at;
        let mut end = start;
        loop {
            self.at += 1;
            let absent = Node::scalar(self.nothing());
            let item = match self.next_content() {
                Some(next) if next > column => self.block(next, column + 1)?,
                Some(_) | None => absent,
            };
            end = end.max(item.span.end);
            items.push(item);
            match self.next_content() {
                Some(next) if next == column && self.is_indicator('-') => {}
                Some(_) | None => break,
            }
        }
        Ok(Node { kind: NodeKind::List(items), span: Span::new(start, end) })
    }

    /// A value that is no block map or list.
    fn inline(&mut self, least: usize) -> Result<Node, Diagnostic> {
        match self.peek() {
            Some('{' | '[') => {
                let node = self.flow()?;
                self.finish_line()?;
                Ok(node)
            }
            Some('"' | '\'') => {
                let scalar = self.quoted()?;
                self.finish_line()?;
                Ok(Node::scalar(scalar))
            }
            Some('|') => self.literal(least).map(Node::scalar),
            Some('>') => {
                let error = self.unsupported("folded scalars", 1, "write `|`, which keeps the lines, or one line");
                self.diagnostics.push(error);
                self.literal(least).map(Node::scalar)
            }
            Some(_) | None => Ok(Node::scalar(self.plain_line(least))),
        }
    }

    /// A plain scalar up to the end of its line.
    fn plain_line(&mut self, least: usize) -> Scalar {
        let start = self.at;
        let end = self.plain_end(false);
        let mut scalar = self.plain_scalar(start, end);
        self.skip_blanks();
        scalar.comment = self.comment();
        let line_end = self.at + self.rest().find('\n').unwrap_or(self.rest().len());
        if scalar.comment.is_some() {
            self.at = line_end;
        }
        if begins_line_end(self.rest()) && self.next_content().is_some_and(|column| column >= least) {
            let error = if self.key_follows() { self.key_too_far_right() } else { self.many_lines(scalar.span) };
            self.diagnostics.push(error);
            while self.next_content().is_some_and(|column| column >= least) {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            }
        }
        scalar
    }

    /// A `|` block. (A folded one is scanned alike, after its error.)
    fn literal(&mut self, least: usize) -> Result<Scalar, Diagnostic> {
        self.at += 1;
        let chomping = self.peek().filter(|sign| matches!(sign, '-' | '+'));
        self.at += usize::from(chomping.is_some());
        if self.peek().is_some_and(|digit| digit.is_ascii_digit()) {
            return Err(self.unsupported("indentation indicators", 1, "begin the block with its least indented line"));
        }
        self.finish_line()?;
        self.at += self.rest().find('\n').map_or(self.rest().len(), |newline| newline + 1);
        let mut lines: Vec<(usize, &str)> = Vec::new();
        let mut indent = None;
        while !self.rest().is_empty() {
            let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
            let content = line.trim_end_matches('\n').trim_end_matches('\r');
            let depth = content.len() - content.trim_start_matches(' ').len();
            if !content.trim_start_matches(' ').is_empty() {
                if depth < indent.unwrap_or(least) {
                    break;
                }
                indent.get_or_insert(depth);
            }
            lines.push((self.at, content));
            self.at += line.len();
        }
        let indent = indent.unwrap_or(0);
        let mut text = String::new();
        let mut places = Vec::new();
        for (start, line) in &lines {
            let cut = indent.min(line.len());
            places.push((text.len(), start + cut));
            text.push_str(&line[cut..]);
            text.push('\n');
        }
        let content = text.trim_end_matches('\n').len();
        match chomping {
            Some('+') => {}
            Some(_) => text.truncate(content),
            None => text.truncate(if content == 0 { 0 } else { content + 1 }),
        }
        let text = FormulaText::new(text, places);
        let begin = text.as_str().len() - text.as_str().trim_start().len();
        let span = if content == 0 { Span::new(self.at, self.at) } else { text.span(begin, content) };
        Ok(Scalar { text, style: Style::Block, span, comment: None })
    }
}

fn begins_line_end(text: &str) -> bool {
    begins_blank(text) && !text.starts_with([' ', '\t'])
}
