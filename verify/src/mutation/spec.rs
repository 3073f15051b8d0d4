//! Faults in a spec. A mutated file is compiled like any other, and its plans are interpreted.

mod edits;
mod formulas;

use std::sync::Arc;

use loss_codegen::compile::{Compiled, compile};
use loss_codegen::differentiate::differentiate;
use loss_codegen::expr::{ExprId, Graph, InputId};
use loss_codegen::model::{Divisor, Label, Spec, Variant};
use loss_codegen::source::SourceFile;
use loss_runtime::SpecFile;

use crate::checks::names::check_names;
use crate::subject::Subject;

use super::judge::{judge, named, subject};
use super::record::Fate;
use super::run::{self, Court, Judged, Mutant};
use super::same::{Known, of_labels, proof, simplified, taken_over};
use crate::interpret::{Interpreted, WorkPlan, describe};

use edits::{Edit, edits};

/// What a spec claims of itself, and what is recorded elsewhere. None of these compares a kernel with the formula it is made from.
const CLAIMS: &[&str] = check_names![
    "examples_hold",
    "pytorch_answers_replay",
    "differences_are_declared",
    "properties_hold",
    "relations_hold",
    "knots_are_as_declared",
];

/// The mutants of a loss's spec, and what becomes of them.
pub(super) fn judged(original: &Subject, court: &Court, most: usize) -> Judged {
    let Some(compiled) = original.compiled() else { return Judged { mutants: Vec::new(), not_reached: 0 } };
    let mutants = edits(&compiled.source).into_iter().map(|edit| {
        let (operator, before, after) = (edit.operator, edit.before.clone(), edit.after.clone());
        Mutant::new(operator, edit.place(&compiled.source), before, after, edit)
    });
    run::judged(mutants.collect(), most, court, |edit| fate(original, compiled, edit, court))
}

fn fate(original: &Subject, compiled: &'static Compiled, edit: &Edit, court: &Court) -> Fate {
    let source = SourceFile { path: compiled.source.path.clone(), text: edit.apply(&compiled.source.text) };
    let mut mutated = match alone(&source, original.name(), original.registry.sources()) {
        Ok(mutated) => mutated,
        Err(message) => return Fate::Refused { message },
    };
    if let Some(proof) = equivalent(compiled, &mutated) {
        return Fate::Equivalent { proof };
    }
    let info = describe(&mutated);
    let plans = std::mem::take(&mut mutated.plans).iter().map(|plan| Arc::new(WorkPlan::new(plan))).collect();
    // The audit holds specs for ever; a mutant's is given away without its plans, which are most of it.
    let mutated: &'static Compiled = Box::leak(Box::new(mutated));
    let loss: &'static Interpreted = Box::leak(Box::new(Interpreted::new(original.loss, info, mutated, plans)));
    let mutant = subject(original, loss, mutated);
    let fate = judge(&mutant, &named(CLAIMS), &court.effort, court.until);
    loss.retire();
    fate
}

/// A file compiled with the specs that it needs.
fn alone<'s>(
    source: &SourceFile,
    name: &str,
    others: impl Iterator<Item = &'s SpecFile> + Clone,
) -> Result<Compiled, String> {
    let mut sources = vec![source.clone()];
    let mut at = 0;
    while at < sources.len() {
        for spec in others.clone() {
            let stem = stem(spec.path);
            let is_new = stem != name && sources.iter().all(|known| self::stem(&known.path) != stem);
            if is_new && sources[at].text.contains(stem) {
                sources.push(SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() });
            }
        }
        at += 1;
    }
    match compile(&sources) {
        Ok(compiled) => {
            let found = compiled.into_iter().find(|compiled| compiled.spec.name == name);
            found.ok_or_else(|| "the loss is gone".to_owned())
        }
        Err(failures) => {
            let first = failures.iter().flat_map(|failure| failure.diagnostics.iter()).next();
            Err(first.map_or_else(|| "no message".to_owned(), |diagnostic| diagnostic.message.clone()))
        }
    }
}

/// The name of a file's loss.
fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.split('.').next().unwrap_or(file)
}

/// Why a mutated spec computes the same as the original: values, gradients, and what reductions sum.
fn equivalent(original: &Compiled, mutated: &Compiled) -> Option<String> {
    if !is_same(&original.spec, &mutated.spec) || original.variants.len() != mutated.variants.len() {
        return None;
    }
    let mut proofs = Vec::new();
    let signs = signs(&original.spec);
    for (ours, theirs) in original.variants.iter().zip(&mutated.variants) {
        if ours.key != theirs.key {
            return None;
        }
        let facts: Vec<ExprId> = ours.param_domains.iter().chain(&ours.input_domains).copied().flatten().collect();
        let (our_graph, our_roots) = roots(&original.spec, ours)?;
        let (their_graph, their_roots) = roots(&mutated.spec, theirs)?;
        let mut graph = Graph::new();
        let mut facts = taken_over(&mut graph, &our_graph, &facts);
        let ours = taken_over(&mut graph, &our_graph, &our_roots);
        let theirs = taken_over(&mut graph, &their_graph, &their_roots);
        // Once more: what was made by another order may simplify further.
        let (ours, theirs) = (simplified(&mut graph, &ours), simplified(&mut graph, &theirs));
        facts.extend(of_labels(&mut graph, &original.spec, &[ours.as_slice(), theirs.as_slice()].concat()));
        proofs.push(proof(&mut graph, &ours, &theirs, &Known { facts: &facts, signs: &signs })?);
    }
    proofs.into_iter().max_by_key(String::len)
}

/// Whether two specs describe a loss alike, formulas aside.
fn is_same(ours: &Spec, theirs: &Spec) -> bool {
    let divisor = |divisor: &Divisor| match divisor {
        Divisor::Elements => 0,
        Divisor::Samples => 1,
        Divisor::Sum(_) => 2,
    };
    let inputs = ours.inputs.iter().zip(&theirs.inputs);
    let params = ours.params.iter().zip(&theirs.params);
    let reductions = ours.reductions.iter().zip(&theirs.reductions);
    ours.default_reduction == theirs.default_reduction
        && inputs.into_iter().all(|(ours, theirs)| ours.ignore == theirs.ignore && ours.default == theirs.default)
        && params.into_iter().all(|(ours, theirs)| ours.default == theirs.default)
        && reductions.into_iter().all(|(ours, theirs)| divisor(&ours.over) == divisor(&theirs.over))
}

/// The inputs that are 1 or -1.
pub(super) fn signs(spec: &Spec) -> Vec<InputId> {
    let inputs = (0u8..).zip(&spec.inputs);
    inputs.filter(|(_, input)| input.label == Label::Sign).map(|(at, _)| InputId(at)).collect()
}

/// All that a variant computes.
fn roots(spec: &Spec, variant: &Variant) -> Option<(Graph, Vec<ExprId>)> {
    let mut graph = variant.graph.clone();
    let inputs: Vec<InputId> = (0u8..)
        .zip(spec.inputs.iter().zip(&variant.key.inputs_present))
        .filter(|(_, (input, present))| input.gradient && **present)
        .map(|(at, _)| InputId(at))
        .collect();
    let mut roots = vec![variant.loss];
    for reduction in &variant.reductions {
        roots.extend(reduction.of.iter().chain(&reduction.over));
    }
    let summands = std::iter::once(variant.loss).chain(variant.reductions.iter().filter_map(|reduction| reduction.of));
    for summand in summands {
        roots.extend(differentiate(&mut graph, summand, &inputs).ok()?);
    }
    Some((graph, roots))
}

#[cfg(test)]
mod tests;
