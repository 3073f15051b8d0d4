//! What the compiler has to say about a spec: collected by every stage, shown all together.

mod render;
mod suggest;
#[cfg(test)]
mod tests;

pub use suggest::suggest;

use crate::codes::Code;
use crate::source::{SourceFile, Span};

/// `1 file`, `2 files`
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Whether a spec with this diagnostic can be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but something looks wrong.
    Warning,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Which rule it breaks.
    pub code: Code,
    /// Whether it stops the compiler.
    pub severity: Severity,
    /// What is wrong: lower case, names in backticks.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without help.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic { code, severity: Severity::Error, message: message.into(), span, help: None }
    }

    /// A warning without help.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    /// Adds the help that is printed behind the caret.
    pub fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// The same diagnostic with help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help(help);
        self
    }
}

/// Diagnostics in the order they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None so far.
    pub fn new() -> Self {
        Diagnostics::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Adds an error; the result takes the help: `diagnostics.error(…).help(…)`.
    pub fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.last(Diagnostic::error(code, span, message))
    }

    /// Adds a warning; the result takes the help.
    pub fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.last(Diagnostic::warning(code, span, message))
    }

    fn last(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        let place = self.found.len();
        self.found.push(diagnostic);
        &mut self.found[place]
    }

    /// Whether any of them stops the compiler.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Takes over all of the other's.
    pub fn extend(&mut self, other: Diagnostics) {
        self.found.extend(other.found);
    }

    /// Drops those for which the test is false.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.found.retain(keep);
    }

    /// Puts them in the order of their places; at one place, errors first and otherwise as found.
    pub fn sort(&mut self) {
        self.found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.severity));
    }

    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.found.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them as text, sorted by place, an empty line between two.
    pub fn render(&self, source: &SourceFile) -> String {
        let mut sorted = self.clone();
        sorted.sort();
        let texts: Vec<String> = sorted.iter().map(|diagnostic| render_one(diagnostic, source)).collect();
        texts.join("\n")
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One diagnostic as text: message, place, the line with a caret below the exact characters, and the help. Ends with a line end.
pub fn render_one(diagnostic: &Diagnostic, source: &SourceFile) -> String {
    render::render(diagnostic, source)
}
