//! Everything that can be wrong with a spec, reported in one go: each variant is typed on its own, and each error told once.

mod arguments;
mod claims;
mod examples;
mod graph;
mod pitfalls;
pub(crate) mod properties;
mod settings;
mod shapes;
pub mod support;

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::compose::{Resolved, resolve_all};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::Document;
use crate::elaborate::reach::CaseLog;
use crate::elaborate::variants::{one_too_many, too_many};
use crate::elaborate::{Library, spec_variants, trace};
use crate::model::{Spec, Variant};
use crate::source::{SourceFile, Span};

/// Resolves and checks a file: all mistakes in one go, the checks' own too where those of resolving leave the meaning clear.
///
/// # Errors
/// Everything that [`resolve`](crate::resolve::resolve()) and [`check`] find.
pub fn diagnose(document: &Document, source: &SourceFile, library: &Library) -> Result<Spec, Diagnostics> {
    let mut library = library.clone();
    let mut files = resolve_all(vec![(source, document.clone())], &mut library);
    let Some(Resolved { document, spec, diagnostics: found, .. }) = files.pop() else { return Err(Diagnostics::new()) };
    let diagnostics = all(&document, spec.as_ref(), found, &library);
    spec.filter(|_| !diagnostics.has_errors()).ok_or(diagnostics)
}

/// What resolving found, and what the checks find where there is a spec to check. A name that nothing reads is most often one that a
/// formula misspells, and then that is all there is to say.
pub(crate) fn all(document: &Document, spec: Option<&Spec>, found: Diagnostics, library: &Library) -> Diagnostics {
    let mut diagnostics = found;
    if let Some(spec) = spec {
        diagnostics.extend(check(document, spec, library));
    }
    if diagnostics.iter().any(|diagnostic| diagnostic.code == Code::UnknownName) {
        diagnostics.retain(|diagnostic| diagnostic.code != Code::UnusedName);
    }
    diagnostics
}

/// Checks a resolved spec against the rules of the language. What the language allows but the kernels cannot compute yet is
/// [`support::unsupported`]'s matter.
pub fn check(document: &Document, spec: &Spec, library: &Library) -> Diagnostics {
    let mut findings = Findings::default();
    other_specs_names(document, library, &mut findings);
    let variants = typed_variants(document, spec, library, &mut findings);
    claims::check(document, spec, library, &variants, &mut findings);
    properties::check(spec, library, &variants, &mut findings);
    examples::check(document, spec, &variants, &mut findings);
    findings.diagnostics
}

/// Diagnostics that hold each finding once, however many variants make it.
#[derive(Default)]
pub(crate) struct Findings {
    diagnostics: Diagnostics,
    seen: BTreeSet<(usize, usize, String)>,
}

impl Findings {
    /// Adds one, unless it is known.
    fn push(&mut self, diagnostic: Diagnostic) {
        let key = (diagnostic.span.start, diagnostic.span.end, diagnostic.message.clone());
        if self.seen.insert(key) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether there is one of this kind at a place.
    fn has(&self, code: Code, span: Span) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.code == code && diagnostic.span == span)
    }

    /// Whether one of this kind says so already.
    fn says(&self, code: Code, message: &str) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.code == code && diagnostic.message == message)
    }

    /// Adds all of a variant's.
    fn extend(&mut self, diagnostics: Diagnostics) {
        diagnostics.iter().for_each(|diagnostic| self.push(diagnostic.clone()));
    }

    /// Adds an error.
    fn error(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let mut one = Diagnostics::new();
        one.error(code, span, message.into()).help(help.into());
        self.extend(one);
    }
}

fn other_specs_names(document: &Document, library: &Library, findings: &mut Findings) {
    let inputs = document.inputs.iter().map(|(name, _)| name);
    let params = document.params.iter().map(|(name, _)| name);
    let lets = document.lets.iter().map(|entry| &entry.name);
    for name in inputs.chain(params).chain(lets) {
        if library.specs.contains_key(&name.value) || name.value == document.name.value {
            let message = format!("the name `{}` is reserved", name.value);
            findings.error(Code::ReservedName, name.span, message, "it is the name of a loss; choose another");
        }
    }
}

/// At how many points a spec is searched for pitfalls, so that a check takes no time.
const MOST_POINTS: usize = 512;

/// At how many more with parameters that are not at their defaults.
const MOST_VARIED_POINTS: usize = 2048;

fn typed_variants(document: &Document, spec: &Spec, library: &Library, findings: &mut Findings) -> Vec<Variant> {
    let keys = match spec_variants(spec) {
        Ok(keys) => keys,
        Err(_) => {
            let params = document.params.iter().map(|(name, _)| name);
            let mut names = params.chain(document.inputs.iter().map(|(name, _)| name));
            let one = names.find(|name| one_too_many(spec) == Some(name.value.as_str()));
            let mut diagnostics = Diagnostics::new();
            too_many(spec, one.map_or(document.name.span, |name| name.span), &mut diagnostics);
            findings.extend(diagnostics);
            return Vec::new();
        }
    };
    let mut cases = CaseLog::default();
    let mut variants = Vec::new();
    let mut places = Vec::new();
    let mut demands = Vec::new();
    for key in &keys {
        let elaboration = trace(spec, key, library);
        cases.merge(&elaboration.cases);
        findings.extend(elaboration.diagnostics);
        if let Some(variant) = elaboration.variant {
            graph::check(document, spec, &variant, &elaboration.places, findings);
            places.push(elaboration.places);
            demands.push(elaboration.demands);
            variants.push(variant);
        }
    }
    // A variant with errors may have stopped short of the cases it would reach.
    if variants.len() == keys.len() {
        for place in cases.unreachable() {
            let help = "the first case that holds is taken, and those before it leave nothing for this one: \
                        remove it, or move it up";
            findings.error(Code::UnreachableCase, place, "this case is never reached", help);
        }
    }
    if !findings.diagnostics.has_errors() {
        for (variant, demands) in variants.iter().zip(&demands) {
            arguments::check(spec, variant, MOST_POINTS.div_ceil(keys.len()), demands, findings);
        }
    }
    // What is wrong comes before what looks wrong.
    if !findings.diagnostics.has_errors() {
        for (variant, places) in variants.iter().zip(&places) {
            let effort = pitfalls::Effort {
                plain: MOST_POINTS.div_ceil(keys.len()),
                varied: MOST_VARIED_POINTS.div_ceil(keys.len()),
            };
            pitfalls::check(spec, variant, library, effort, places, findings);
        }
    }
    variants
}
