//! What YAML refuses in a way that says little: characters that no text holds, tabs that indent, a second document.

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The first character that YAML does not allow anywhere.
pub(super) fn control_character(text: &str) -> Option<Diagnostic> {
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{85}') || !c.is_control();
    let (start, character) = text.char_indices().find(|(_, character)| !is_allowed(*character))?;
    let message = format!("a control character, U+{:04X}, that no text may hold", u32::from(character));
    let span = Span::new(start, start + character.len_utf8());
    Some(Diagnostic::error(Code::Syntax, span, message).with_help("delete it; an editor may not show it"))
}

/// The tab that indents the line of an error, or the one above it. Within the text of a block it is text.
pub(super) fn tab_before(text: &str, error: Span) -> Option<Diagnostic> {
    const BLOCKS: [&str; 6] = ["|", "|-", "|+", ">", ">-", ">+"];
    let end = error.start.min(text.len());
    let line = text.as_bytes()[..end].iter().filter(|&&byte| byte == b'\n').count();
    let mut start = 0;
    let mut found = None;
    // How far the key is indented whose block goes on.
    let mut block: Option<usize> = None;
    for (number, content) in text.split_inclusive('\n').enumerate().take(line + 1) {
        let blanks = content.len() - content.trim_start_matches([' ', '\t']).len();
        let spaces = content.len() - content.trim_start_matches(' ').len();
        let is_text = !content[blanks..].trim().is_empty();
        block = block.filter(|indent| !is_text || spaces > *indent);
        if number + 1 >= line && is_text && block.is_none() {
            found = found.or(content[..blanks].find('\t').map(|tab| start + tab));
        }
        if block.is_none() && content.split_whitespace().next_back().is_some_and(|last| BLOCKS.contains(&last)) {
            block = Some(spaces);
        }
        start += content.len();
    }
    let tab = found?;
    let error = Diagnostic::error(Code::Syntax, Span::new(tab, tab + 1), "a tab indents this line");
    Some(error.with_help("indent with spaces: YAML knows no tabs there"))
}

/// The line that begins a second document.
pub(super) fn second_document(text: &str) -> Option<Diagnostic> {
    let mut start = 0;
    let mut has_content = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if has_content && (content == "---" || content.starts_with("--- ")) {
            let error =
                Diagnostic::error(Code::UnsupportedYaml, Span::new(start, start + 3), "a second document begins here");
            return Some(error.with_help("a file holds one spec: put the other in a file of its own"));
        }
        has_content |= !(content.is_empty() || content.starts_with(['#', '%']));
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{control_character, second_document, tab_before};
    use crate::source::Span;

    #[test]
    fn a_control_character_is_found_but_for_blanks_and_line_ends() {
        let found = |text: &str| control_character(text).map(|error| (error.span.start, error.span.end));
        assert_eq!(found("é\t\r\n\u{85}"), None);
        assert_eq!(found("é\u{7}b\u{0}"), Some((2, 3)));
        assert_eq!(found("é\u{80}b"), Some((2, 4)));
    }

    #[test]
    fn a_tab_that_indents_is_told_from_one_in_a_text() {
        let found = |text: &str| {
            let place = text.find('!').expect("the error is marked");
            tab_before(text, Span::new(place, place + 1)).map(|tab| tab.span.start)
        };
        assert_eq!(found("a:\n\tb: !\n"), Some(3));
        assert_eq!(found("a:\n  \tb: 1\n  c: !\n"), Some(5));
        assert_eq!(found("a: |\n  x\n  \ty\nb: !\n"), None);
        assert_eq!(found("a: |\n  x\nb:\n\tc: !\n"), Some(12));
        assert_eq!(found("a:\n\n\tb: 1\n  c: 1\n  d: !\n"), None, "two lines above");
    }

    #[test]
    fn the_first_document_may_have_a_mark_and_a_directive() {
        let found = |text: &str| second_document(text).map(|error| (error.span.start, error.span.end));
        assert_eq!(found("---\na: 1\n"), None);
        assert_eq!(found("%YAML 1.2\n# more\n---\na: 1\n"), None);
        assert_eq!(found("a: 1\n---\nb: 1\n"), Some((5, 8)));
        assert_eq!(found("a: 1\n--- # more\nb: 1\n"), Some((5, 8)));
    }
}
