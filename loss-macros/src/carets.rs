//! Errors of specs as the compiler's own, with its caret in the YAML. Places in files that are not Rust are known to nightly compilers alone: a
//! text that `include_str!` reads has them.

use loss_codegen::compile::Failure;
use loss_codegen::diagnostic::{self, Severity};
use loss_codegen::source;
use proc_macro::{Diagnostic, Level, Literal, Span, TokenStream, TokenTree};

/// Reports everything that is wrong with a file, if the compiler can read it; says whether it did.
pub(crate) fn report(failure: &Failure, absolute: &str) -> bool {
    let Some(text) = included(absolute) else { return false };
    let mut sorted = failure.diagnostics.clone();
    sorted.sort();
    let spans = sorted.iter().map(|found| span(&text, &failure.source.text, found.span));
    let Some(spans) = spans.collect::<Option<Vec<Span>>>() else { return false };
    for (found, span) in sorted.iter().zip(spans) {
        emit(found, span);
    }
    true
}

fn emit(found: &diagnostic::Diagnostic, span: Span) {
    let level = match found.severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
    };
    let mut report = Diagnostic::spanned(span, level, format!("{} [{}]", found.message, found.code.id()));
    if let Some(help) = &found.help {
        report = report.help(help.clone());
    }
    report.emit();
}

/// A file's text, as the compiler reads it.
fn included(absolute: &str) -> Option<Literal> {
    let path = Literal::string(absolute);
    let read: TokenStream = format!("::core::include_str!({path})").parse().ok()?;
    match read.expand_expr().ok()?.into_iter().next()? {
        TokenTree::Literal(text) => Some(text),
        TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) => None,
    }
}

/// A place in a file, to the compiler: which drops the mark of a byte order, and of two bytes that end a line the first. Of several lines it is
/// the first.
fn span(included: &Literal, text: &str, place: source::Span) -> Option<Span> {
    let dropped = |offset: usize| {
        let before = text.get(..offset)?;
        Some(before.matches("\r\n").count() + if before.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 })
    };
    let start = place.start.min(text.len());
    let end = place.end.min(text.len()).max(start);
    let line = text.get(start..end)?.split(['\r', '\n']).next()?.len();
    included.subspan(start - dropped(start)?..start + line - dropped(start)?)
}
