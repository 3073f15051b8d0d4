//! A formula's text, and where each of its characters stands in the file.

use crate::source::Span;

/// The text of a scalar as the reader decoded it. Escapes and the indentation of a `|` block are in the file but not in the
/// text, so the offsets of the two run apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormulaText {
    text: String,
    /// Where a stretch of text begins, in the text and in the file; from there both run alike up to the next one.
    places: Vec<(usize, usize)>,
}

impl FormulaText {
    /// A text that stands in the file as it is, from byte `start` on.
    pub fn plain(text: impl Into<String>, start: usize) -> Self {
        FormulaText { text: text.into(), places: vec![(0, start)] }
    }

    /// A text whose stretches stand at these places: (offset in the text, offset in the file), both ascending.
    pub fn new(text: String, places: Vec<(usize, usize)>) -> Self {
        FormulaText { text, places }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The place in the file of a range of the text.
    pub fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.at(start), self.at(end))
    }

    /// A part of the text, blanks at both ends left out.
    pub fn trimmed(&self, start: usize, end: usize) -> FormulaText {
        let part = &self.text[start..end];
        let start = start + (part.len() - part.trim_start().len());
        let text = part.trim().to_owned();
        let after = self.places[self.begun(start)..].iter().map(|(begin, file)| (begin - start, *file));
        let places = std::iter::once((0, self.at(start))).chain(after).collect();
        FormulaText { text, places }
    }

    fn at(&self, offset: usize) -> usize {
        let (begin, file) = self.places[..self.begun(offset)].last().copied().unwrap_or_default();
        file + (offset - begin)
    }

    /// How many stretches begin at an offset or before it.
    fn begun(&self, offset: usize) -> usize {
        self.places.partition_point(|(begin, _)| *begin <= offset)
    }
}
