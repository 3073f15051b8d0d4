//! Flow maps and lists, and the scalars of one line: plain and quoted.

use crate::diagnostic::Diagnostic;
use crate::formula::text::FormulaText;
use crate::source::Span;
use crate::yaml::node::{Node, NodeKind, Scalar, Style};
use crate::yaml::scanner::{Scanner, begins_blank};

impl Scanner<'_> {
    /// A value inside `{ }` or `[ ]`, or one of these itself.
    pub(super) fn flow(&mut self) -> Result<Node, Diagnostic> {
        self.deeper(|scanner| {
            scanner.skip_properties();
            match scanner.peek() {
                Some('{') => scanner.flow_map(),
                Some('[') => scanner.flow_list(),
                Some(_) | None => scanner.flow_scalar().map(Node::scalar),
            }
        })
    }

    fn flow_map(&mut self) -> Result<Node, Diagnostic> {
        let start = self.at;
        self.open.push(start);
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.next_content();
            if self.peek() == Some('}') {
                break;
            }
            self.skip_properties();
            let key = self.flow_scalar()?;
            let mut value = Node::scalar(self.plain_scalar(key.span.end, key.span.end));
            self.next_content();
            if self.peek() == Some(':') {
                self.at += 1;
                value = Node::scalar(self.nothing());
                self.next_content();
                if !matches!(self.peek(), Some(',' | '}')) {
                    value = self.flow()?;
                }
            }
            entries.push((key, value));
            if !self.flow_goes_on('}')? {
                break;
            }
        }
        self.at += 1;
        self.open.pop();
        Ok(Node { kind: NodeKind::Map(entries), span: Span::new(start, self.at) })
    }

    fn flow_list(&mut self) -> Result<Node, Diagnostic> {
        let start = self.at;
        self.open.push(start);
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.next_content();
            if self.peek() == Some(']') {
                break;
            }
            items.push(self.flow()?);
            if !self.flow_goes_on(']')? {
                break;
            }
        }
        self.at += 1;
        self.open.pop();
        Ok(Node { kind: NodeKind::List(items), span: Span::new(start, self.at) })
    }

    /// Whether a `,` follows, rather than the closing bracket.
    fn flow_goes_on(&mut self, close: char) -> Result<bool, Diagnostic> {
        self.next_content();
        match self.peek() {
            Some(',') => {
                self.at += 1;
                Ok(true)
            }
            Some(found) if found == close => Ok(false),
            Some(_) | None => Err(self.unexpected()),
        }
    }

    fn flow_scalar(&mut self) -> Result<Scalar, Diagnostic> {
        if matches!(self.peek(), Some('"' | '\'')) {
            return self.quoted();
        }
        let start = self.at;
        let end = self.plain_end(true);
        if start == end {
            return Err(self.unexpected());
        }
        let mut scalar = self.plain_scalar(start, end);
        self.skip_blanks();
        scalar.comment = self.comment();
        if scalar.comment.is_some() || matches!(self.peek(), Some('\r' | '\n')) {
            self.next_content();
            if !matches!(self.peek(), Some(',' | ']' | '}' | ':') | None) {
                return Err(self.many_lines(scalar.span));
            }
        }
        Ok(scalar)
    }

    /// Goes to the end of a plain scalar on this line, and returns that end.
    pub(super) fn plain_end(&mut self, in_flow: bool) -> usize {
        let start = self.at;
        let mut end = start;
        while let Some(character) = self.peek() {
            let after = &self.rest()[character.len_utf8()..];
            let ends = match character {
                '\r' | '\n' => true,
                '#' => self.comment().is_some(),
                ':' => begins_blank(after) || in_flow && after.starts_with([',', '[', ']', '{', '}']),
                ',' | '[' | ']' | '{' | '}' => in_flow,
                _ => false,
            };
            if ends {
                break;
            }
            self.at += character.len_utf8();
            if !matches!(character, ' ' | '\t') {
                end = self.at;
            }
        }
        self.at = end;
        end
    }

    /// A scalar in single or double quotes.
    pub(super) fn quoted(&mut self) -> Result<Scalar, Diagnostic> {
        let open = self.at;
        let quote = self.peek();
        self.at += 1;
        let mut text = String::new();
        let mut places = vec![(0, self.at)];
        loop {
            let Some(character) = self.peek() else {
                return Err(self.unexpected());
            };
            let here = self.at;
            self.at += character.len_utf8();
            if Some(character) == quote {
                // Within single quotes, two of them stand for one.
                if character == '\'' && self.peek() == Some('\'') {
                    self.at += 1;
                    text.push('\'');
                    places.push((text.len(), self.at));
                    continue;
                }
                break;
            }
            match character {
                '\r' | '\n' => return Err(self.many_lines(Span::new(open + 1, here))),
                '\\' if quote == Some('"') => {
                    places.push((text.len(), here));
                    let decoded = self.escape()?;
                    text.push(decoded);
                    places.push((text.len(), self.at));
                }
                _ => text.push(character),
            }
        }
        let span = Span::new(open + 1, self.at - 1);
        Ok(Scalar { text: FormulaText::new(text, places), style: Style::Quoted, span, comment: None })
    }

    /// The character that an escape stands for, from behind its `\`.
    fn escape(&mut self) -> Result<char, Diagnostic> {
        let Some(sign) = self.peek() else {
            return Err(self.unexpected());
        };
        let digits = match sign {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if matches!(sign, '\r' | '\n') {
            return Err(self.many_lines(Span::new(self.at - 1, self.at)));
        }
        let decoded = match sign {
            '0' => Some('\0'),
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            't' | '\t' => Some('\t'),
            'n' => Some('\n'),
            'v' => Some('\u{b}'),
            'f' => Some('\u{c}'),
            'r' => Some('\r'),
            'e' => Some('\u{1b}'),
            ' ' | '"' | '/' | '\\' => Some(sign),
            'N' => Some('\u{85}'),
            '_' => Some('\u{a0}'),
            'L' => Some('\u{2028}'),
            'P' => Some('\u{2029}'),
            _ => {
                self.rest().get(1..=digits).and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32)
            }
        };
        let decoded = decoded.ok_or_else(|| self.unexpected())?;
        self.at += sign.len_utf8() + digits;
        Ok(decoded)
    }
}
