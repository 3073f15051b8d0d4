use super::{Diagnostic, Diagnostics, render_one};
use crate::codes::Code;
use crate::source::{SourceFile, Span};

fn source(text: &str) -> SourceFile {
    SourceFile { path: "specs/one.yaml".to_owned(), text: text.to_owned() }
}

fn at(text: &str, part: &str) -> String {
    let start = text.find(part).expect("the part stands in the text");
    let span = Span::new(start, start + part.len());
    render_one(&Diagnostic::error(Code::UnknownName, span, "odd"), &source(text))
}

/// The last line: the margin and the caret.
fn caret(text: &str, part: &str) -> String {
    at(text, part).lines().last().expect("a rendered diagnostic has lines").to_owned()
}

#[test]
fn a_diagnostic_is_shown_with_place_line_caret_and_help() {
    let text = "name: huber\nloss: 0.5 * r^2 / detla\n";
    let start = text.find("detla").expect("it is there");
    let mut diagnostics = Diagnostics::new();
    diagnostics
        .error(Code::UnknownName, Span::new(start, start + 5), "unknown name `detla` in formula")
        .help("did you mean the parameter `delta`?");
    let expected = "error[E0201]: unknown name `detla` in formula
  --> specs/one.yaml:2:19
   |
 2 | loss: 0.5 * r^2 / detla
   |                   ^^^^^ help: did you mean the parameter `delta`?
";
    assert_eq!(diagnostics.render(&source(text)), expected);
}

#[test]
fn the_caret_stands_below_tabs_wide_and_combining_characters() {
    assert_eq!(caret("\tab", "b"), "   |      ^");
    assert_eq!(caret("損失 x", "x"), "   |      ^");
    assert_eq!(caret("損失 x", "失"), "   |   ^^");
    assert_eq!(caret("e\u{301}x", "x"), "   |  ^");
    assert!(at("é x", "x").contains(":1:3\n"));
    // A control character is shown as one that takes a column.
    assert_eq!(caret("\u{1}x", "x"), "   |  ^");
}

#[test]
fn a_byte_order_mark_is_not_shown() {
    let text = "\u{feff}ab\ncd";
    for (part, place, shown, below) in [("b", "1:2", "ab", " ^"), ("d", "2:2", "cd", " ^")] {
        let line = &place[..1];
        let expected =
            format!("error[E0201]: odd\n  --> specs/one.yaml:{place}\n   |\n {line} | {shown}\n   | {below}\n");
        assert_eq!(at(text, part), expected);
    }
}

#[test]
fn a_long_line_is_cut_around_the_span() {
    let text = format!("{}here{}", "a".repeat(1000), "b".repeat(1000));
    let printed = at(&text, "here");
    let line = printed.lines().nth(3).expect("the line is shown");
    assert_eq!(line, format!(" 1 | …{}here{}…", "a".repeat(80), "b".repeat(115)));
    assert_eq!(caret(&text, "here"), format!("   | {}^^^^", " ".repeat(81)));
    let marked = at(&text, &text).lines().nth(4).expect("carets").to_owned();
    assert!(marked.matches('^').count() <= 201, "{marked}");
}

#[test]
fn a_span_of_many_lines_is_clipped_to_its_first() {
    assert_eq!(caret("ab\r\ncd", "b\r\nc"), "   |  ^");
}

#[test]
fn a_place_outside_the_text_or_inside_a_character_is_shown_all_the_same() {
    for (start, end, place) in
        [(0, 0, "1:1"), (7, 9, "2:1"), (1, 1, "1:1"), (2, 1, "1:2"), (usize::MAX, usize::MAX, "2:1")]
    {
        let diagnostic = Diagnostic::warning(Code::UnknownName, Span { start, end }, "odd");
        let text = render_one(&diagnostic, &source("é\n"));
        let begin = format!("warning[E0201]: odd\n  --> specs/one.yaml:{place}\n");
        assert!(text.starts_with(&begin), "{start}..{end}: {text}");
        assert!(text.ends_with("^\n"), "{text}");
    }
}

#[test]
fn diagnostics_are_rendered_in_the_order_of_their_places() {
    let mut diagnostics = Diagnostics::new();
    diagnostics.error(Code::UnknownName, Span::new(1, 2), "second");
    diagnostics.warning(Code::UnknownName, Span::new(0, 1), "first");
    assert!(diagnostics.has_errors());
    assert_eq!(diagnostics.len(), 2);
    // They stay in the order in which they were found.
    let mut found = Vec::new();
    for diagnostic in &diagnostics {
        found.push(diagnostic.message.as_str());
    }
    assert_eq!(found, ["second", "first"]);
    let text = diagnostics.render(&source("ab"));
    let (first, second) = (text.find("first"), text.find("second"));
    assert!(first.is_some() && first < second, "{text}");
}
