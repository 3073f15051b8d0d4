//! A spec's text to [`Document`]. The only user of serde_yaml.
//!
//! serde_yaml says what the file holds, but keeps neither places nor the source text of numbers, and loses a duplicate key. So a
//! scanner of our own reads the part of YAML that specs use, with places, and the two must agree on every scalar: where the
//! scanner misreads YAML, the file is refused, never misunderstood.

mod agree;
mod block;
mod claims;
mod commas;
mod data;
mod entries;
mod fields;
mod flow;
mod formulas;
pub mod keys;
mod lines;
mod node;
mod reader;
mod scanner;
mod shape;

use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::source::SourceFile;
use crate::yaml::node::Node;
use crate::yaml::scanner::Stopped;

/// The document of a file.
///
/// # Errors
/// Everything that is wrong with the file, sorted by place. A file that is not YAML has a single error.
pub fn parse_document(source: &SourceFile) -> Result<Document, Diagnostics> {
    let node = match tree(&source.text) {
        Ok(node) => node,
        Err(diagnostics) => return Err(indented_by_a_tab(&source.text, diagnostics)),
    };
    let (document, mut diagnostics) = entries::document(&node);
    diagnostics.sort();
    match document {
        Some(document) if !diagnostics.has_errors() => Ok(document),
        Some(_) | None => Err(diagnostics),
    }
}

/// The file as a tree that both readers agree on.
fn tree(text: &str) -> Result<Node, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    if let Some(error) = lines::control_character(text) {
        diagnostics.push(error);
        return Err(diagnostics);
    }
    let shape = shape::read(text);
    let scanned = scanner::scan(text, &mut diagnostics);
    if diagnostics.has_errors() {
        diagnostics.sort();
        return Err(diagnostics);
    }
    let node = match (shape, scanned) {
        (Ok(shape), Ok(node)) => agree::check(&node, &shape).map(|()| node),
        (Ok(_), Err(stopped)) => Err(stopped.error),
        (Err(error), Err(Stopped { open: Some(open), .. })) => Err(shape::at_open_bracket(error, open, text)),
        (Err(error), Ok(_) | Err(_)) => Err(error),
    };
    node.map_err(|error| {
        diagnostics.push(error);
        diagnostics
    })
}

/// Where a tab indents the line of the first error, that is what is wrong there.
fn indented_by_a_tab(text: &str, diagnostics: Diagnostics) -> Diagnostics {
    let first = diagnostics.iter().map(|diagnostic| diagnostic.span).min();
    let Some((first, tab)) = first.and_then(|span| Some((span, lines::tab_before(text, span)?))) else {
        return diagnostics;
    };
    let mut found = Diagnostics::new();
    found.push(tab);
    diagnostics.into_iter().filter(|diagnostic| diagnostic.span != first).for_each(|other| found.push(other));
    found
}
