//! A diagnostic as text, in the manner of rustc. `rustc` indents all lines of a macro's message evenly, so the caret keeps its place.

use unicode_width::UnicodeWidthChar;

use super::{Diagnostic, Severity};
use crate::source::{SourceFile, Span, line_and_column};

/// A terminal's tab stops depend on what stands before the line, so a tab is shown as this many spaces.
const TAB: usize = 4;

/// So many characters of a line are shown.
const LONGEST: usize = 200;
/// So many of them before the span.
const MOST_BEFORE: usize = 80;

pub(super) fn render(diagnostic: &Diagnostic, source: &SourceFile) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = Place::find(diagnostic.span, &source.text);
    let (shown, left, carets) = place.show();
    let number = place.line.to_string();
    let margin = " ".repeat(number.len() + 1);
    let mut below = format!("{}{}", " ".repeat(left), "^".repeat(carets));
    if let Some(help) = &diagnostic.help {
        below.push_str(" help: ");
        below.push_str(help);
    }
    let rule = if shown.is_empty() { "|" } else { "| " };
    format!(
        "{severity}[{code}]: {message}\n{margin}--> {path}:{line}:{column}\n{margin} |\n {number} {rule}{shown}\n{margin} | {below}\n",
        code = diagnostic.code.id(),
        message = diagnostic.message,
        path = source.path,
        line = place.line,
        column = place.column,
    )
}

/// A span within the first line that it touches.
struct Place<'a> {
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    /// The line up to the span, the part in the span, and the rest.
    parts: [&'a str; 3],
}

impl<'a> Place<'a> {
    fn find(span: Span, text: &'a str) -> Self {
        let start = boundary(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let line_end = line_start + text[line_start..line_end].trim_end_matches('\r').len();
        let start = start.min(line_end);
        let end = boundary(text, span.end).clamp(start, line_end);
        // A byte order mark is no character of the first line.
        let line_start =
            if line_start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8().min(start) } else { line_start };
        let (line, column) = line_and_column(text, start);
        Place { line, column, parts: [&text[line_start..start], &text[start..end], &text[end..line_end]] }
    }

    /// The parts of a line that is too long to be read, cut around the span.
    fn clipped(&self) -> [String; 3] {
        let [before, marked, after] = self.parts;
        let lengths = self.parts.map(|part| part.chars().count());
        if lengths.iter().sum::<usize>() <= LONGEST {
            return self.parts.map(str::to_owned);
        }
        let before = match lengths[0].checked_sub(MOST_BEFORE) {
            None | Some(0) => before.to_owned(),
            Some(cut) => format!("…{}", before.chars().skip(cut).collect::<String>()),
        };
        let room = LONGEST - before.chars().count();
        let marked = cut(marked, room);
        let after = match room.checked_sub(marked.chars().count()) {
            Some(room) => cut(after, room),
            None => String::new(),
        };
        [before, marked, after]
    }

    /// The line as shown, the width left of the carets, and the number of carets.
    fn show(&self) -> (String, usize, usize) {
        let parts = self.clipped();
        let [before, marked, after] = [visible(&parts[0]), visible(&parts[1]), visible(&parts[2])];
        (format!("{}{}{}", before.0, marked.0, after.0).trim_end().to_owned(), before.1, marked.1.max(1))
    }
}

/// The beginning of a text.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The text as a terminal can show it, and its width there.
fn visible(text: &str) -> (String, usize) {
    let mut shown = String::new();
    let mut width = 0;
    for character in text.chars() {
        if character == '\t' {
            shown.push_str(&" ".repeat(TAB));
            width += TAB;
            continue;
        }
        match character.width() {
            Some(columns) => {
                shown.push(character);
                width += columns;
            }
            None => {
                shown.push('\u{fffd}');
                width += 1;
            }
        }
    }
    (shown, width)
}

/// The nearest character boundary at or before a byte.
fn boundary(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}
