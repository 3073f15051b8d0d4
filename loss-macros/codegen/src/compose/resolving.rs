//! Resolving files in an order in which each finds resolved what it takes over.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::compose::knots;
use crate::compose::origins::{origins, take_over};
use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::elaborate::Library;
use crate::model::Spec;
use crate::resolve::attempt;
use crate::source::{SourceFile, Span};

/// A file that was read, and what became of it.
pub(crate) struct Resolved<'s> {
    /// The file.
    pub(crate) source: &'s SourceFile,
    /// As it is written, with what it takes over.
    pub(crate) document: Document,
    /// Its meaning, where it has one.
    pub(crate) spec: Option<Spec>,
    /// What is wrong with it.
    pub(crate) diagnostics: Diagnostics,
}

/// Resolves files that may name each other and those of a library, which they are added to.
pub(crate) fn resolve_all<'s>(read: Vec<(&'s SourceFile, Document)>, library: &mut Library) -> Vec<Resolved<'s>> {
    let mut files: Vec<Resolved<'s>> = read
        .into_iter()
        .map(|(source, document)| Resolved { source, document, spec: None, diagnostics: Diagnostics::new() })
        .collect();
    let mut waiting: Vec<usize> = (0..files.len()).collect();
    loop {
        let names: BTreeSet<String> = waiting.iter().map(|&place| files[place].document.name.value.clone()).collect();
        let must_wait = |document: &Document| {
            origins(document).any(|(loss, _)| loss != document.name.value && names.contains(loss))
        };
        let (rest, ready): (Vec<usize>, Vec<usize>) =
            waiting.iter().copied().partition(|&place| must_wait(&files[place].document));
        if ready.is_empty() {
            break;
        }
        for place in ready {
            resolve_one(&mut files[place], library);
        }
        waiting = rest;
    }
    for &place in &waiting {
        if let Some((circle, span)) = circle(place, &waiting, &files) {
            let help = format!("it goes `{}`: one of them must declare its own", circle.join("` -> `"));
            let message = "the specs take over from each other in a circle";
            files[place].diagnostics.error(Code::CycleOfSpecs, span, message).help(help);
        }
    }
    for file in &mut files {
        if let Some(spec) = &mut file.spec {
            spec.knots.extend(knots::carried(spec, library));
        }
    }
    // Only now: a knot is taken over as it is declared, once.
    for spec in files.iter().filter_map(|file| file.spec.as_ref()) {
        library.specs.insert(spec.name.clone(), spec.clone());
    }
    files
}

fn resolve_one(file: &mut Resolved<'_>, library: &mut Library) {
    take_over(&mut file.document, library, &mut file.diagnostics);
    let is_sound = !file.diagnostics.has_errors();
    let (spec, mut found) = attempt(&file.document, file.source);
    // What was not taken over is missed: that is a consequence.
    let told: Vec<Span> = file.diagnostics.iter().map(|diagnostic| diagnostic.span).collect();
    found.retain(|diagnostic| !told.contains(&diagnostic.span));
    file.diagnostics.extend(found);
    file.spec = spec.filter(|_| is_sound);
    library.specs.extend(file.spec.iter().map(|spec| (spec.name.clone(), spec.clone())));
}

/// The way from a file back to itself, and the place where it sets out; none for one that only leads into a circle.
fn circle<'f>(start: usize, waiting: &[usize], files: &'f [Resolved<'_>]) -> Option<(Vec<&'f str>, Span)> {
    let named = |name: &str| waiting.iter().copied().find(|&place| files[place].document.name.value == name);
    let goal = files[start].document.name.value.as_str();
    let mut ways: Vec<Vec<(usize, Option<Span>)>> = vec![vec![(start, None)]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        let (last, _) = way[way.len() - 1];
        for (loss, span) in origins(&files[last].document) {
            let first = way.get(1).and_then(|(_, span)| *span).unwrap_or(span);
            if loss == goal {
                let names = way.iter().map(|&(place, _)| files[place].document.name.value.as_str());
                return Some((names.chain([goal]).collect(), first));
            }
            if let Some(next) = named(loss)
                && seen.insert(next)
            {
                ways.push([way.as_slice(), &[(next, Some(first))]].concat());
            }
        }
    }
    None
}
