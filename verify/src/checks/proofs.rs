//! What a spec claims, proved for every argument where that can be done. A claim that is not proved stays as tested as it was, and the
//! record says what is in the way.

use loss_codegen::compile::Compiled;
use loss_codegen::elaborate::Library;
use loss_codegen::explain::variant_name;
use loss_codegen::expr::{Expr, ParamId};
use loss_codegen::formula::print::print;
use loss_codegen::model::Variant;

use crate::audit::{ClaimRecord, Standing};
use crate::proofs::{self, Knot, Property, Relation, Verdict};
use crate::subject::{Effort, Subject};

use super::claims::Scope;
use super::properties::Claim;
use super::{Finding, Tally, relations};

/// What is claimed of the cases of every formula that has some.
const CASES: &str = "every case is met somewhere, and of every two only one";

/// Every property, knot and relation, in every variant.
pub(super) fn claims_are_proved(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let records = records(compiled, &subject.registry.library());
    if records.is_empty() {
        return Finding::skipped("the spec claims nothing");
    }
    judged(records, Tally::new(subject, effort))
}

/// What proofs come to: a claim that is refuted fails, and one that is open is neither passed nor failed here.
fn judged(records: Vec<ClaimRecord>, mut tally: Tally) -> Finding {
    let (total, mut open) = (records.len(), 0);
    for record in &records {
        match record.standing {
            Standing::Proved => tally.pass(1),
            Standing::Tested | Standing::Undecided => open += 1,
            Standing::Violated => tally.fail(&record.claim, || ("that it holds".to_owned(), record.detail.clone())),
        }
    }
    if open == total {
        let mut finding = Finding::skipped("none of its claims can be proved yet");
        finding.evidence.claims = records;
        return finding;
    }
    let mut finding = tally.finding();
    let proved = records.iter().filter(|record| record.standing == Standing::Proved).count();
    finding.detail = format!("{proved} of {total} claims are proved");
    finding.evidence.claims = records;
    finding
}

/// Every claim of a spec, and how it stands by proof alone.
fn records(compiled: &'static Compiled, library: &Library) -> Vec<ClaimRecord> {
    let spec = &compiled.spec;
    let mut records = Vec::new();
    if compiled.variants.iter().any(proofs::has_cases) {
        records.push(cases(compiled));
    }
    for (name, value) in &spec.properties {
        for claim in Claim::all(&name.value, value) {
            records.push(in_all(compiled, claim.words(), |variant| {
                property(Scope::of(compiled, library, variant), &claim)
            }));
        }
    }
    for entry in &spec.knots {
        records.extend(smoothness(&entry.smooth.value).map(|class| {
            let when = entry.when.as_ref().map(|when| format!(", when {}", print(when))).unwrap_or_default();
            let words = format!("{} at {}{when}", entry.smooth.value, print(&entry.at));
            in_all(compiled, words, |variant| {
                let mut scope = Scope::of(compiled, library, variant);
                let at = scope.typed(&entry.at, &[]);
                let when = entry.when.as_ref().map(|when| scope.typed(when, &[]));
                let (Some(at), None | Some(Some(_))) = (at, when) else {
                    return Verdict::Undecided("it has no meaning here".to_owned());
                };
                proofs::prove_knot(spec, &scope.variant, &Knot { at, when: when.flatten(), class })
            })
        }));
    }
    for entry in &spec.relations {
        records.push(in_all(compiled, relations::words(entry), |variant| {
            let mut scope = Scope::of(compiled, library, variant);
            let free: Vec<_> = (0..entry.with.len())
                .map(|place| scope.variant.graph.add(Expr::Param(proofs::free_variable(spec, place))))
                .collect();
            let extra: Vec<_> = entry.with.iter().map(|(name, _)| name.value.as_str()).zip(free).collect();
            let domains = entry.with.iter().map(|(_, domain)| domain).chain(&entry.when);
            let conditions = domains.map(|domain| scope.typed(domain, &extra)).collect::<Option<Vec<_>>>();
            let (Some(conditions), Some(equals)) = (conditions, scope.typed(&entry.equals, &extra)) else {
                return Verdict::Undecided("it has no meaning here".to_owned());
            };
            let up_to = entry.up_to.as_ref().map(|name| name.value.as_str());
            let limit = match &entry.limit {
                None => None,
                // The formula goes to the loss, and not the loss to a formula.
                Some((name, _)) if entry.with.iter().any(|(free, _)| free.value == name.value) => {
                    return Verdict::Undecided("a limit of the other side".to_owned());
                }
                Some((name, goal)) => {
                    let param = spec.params.iter().position(|param| param.name == name.value);
                    let goal = scope.typed(goal, &extra);
                    let (Some(param), Some(goal)) = (param, goal) else {
                        return Verdict::Undecided("it has no meaning here".to_owned());
                    };
                    Some((ParamId(param as u8), goal))
                }
            };
            proofs::prove_relation(spec, &scope.variant, &Relation { equals, conditions, up_to, limit })
        }));
    }
    records
}

/// A case that is idle in one variant may be there for another.
fn cases(compiled: &'static Compiled) -> ClaimRecord {
    let verdicts = || compiled.variants.iter().map(|variant| proofs::prove_cases(&compiled.spec, variant));
    let shown = verdicts().find_map(|verdict| match verdict {
        Verdict::Proved(argument) => Some(argument),
        Verdict::Undecided(_) | Verdict::Refuted(_) | Verdict::Silent => None,
    });
    match shown {
        Some(detail) => ClaimRecord { claim: CASES.to_owned(), standing: Standing::Proved, detail },
        None => in_all(compiled, CASES.to_owned(), |variant| proofs::prove_cases(&compiled.spec, variant)),
    }
}

/// How many derivatives a word says are continuous, the value itself counted.
fn smoothness(word: &str) -> Option<usize> {
    ["jump", "C0", "C1", "C2"].iter().position(|other| *other == word)
}

fn property(mut scope: Scope<'static, '_>, claim: &Claim<'_>) -> Verdict {
    let formulas = claim.formulas.iter().map(|ast| scope.typed(ast, &[])).collect::<Option<Vec<_>>>();
    let Some(formulas) = formulas else { return Verdict::Undecided("it has no meaning here".to_owned()) };
    let mut names = claim.names.iter().copied();
    let (of, and, direction) = (names.next(), names.next(), claim.direction);
    let property = Property { kind: claim.property, of, and, direction, formulas };
    proofs::prove_property(&scope.compiled.spec, &scope.variant, &property)
}

/// What a claim comes to in all variants together.
fn in_all(compiled: &'static Compiled, claim: String, prove: impl Fn(&Variant) -> Verdict) -> ClaimRecord {
    let mut arguments: Vec<String> = Vec::new();
    let mut silent = 0;
    for variant in &compiled.variants {
        match prove(variant) {
            Verdict::Proved(argument) => {
                if !arguments.contains(&argument) {
                    arguments.push(argument);
                }
            }
            Verdict::Silent => silent += 1,
            Verdict::Undecided(why) => {
                let of = compiled
                    .plans
                    .iter()
                    .find(|plan| plan.key == variant.key)
                    .map(|plan| variant_name(&compiled.spec, plan));
                let of = of.filter(|_| compiled.variants.len() > 1).map(|name| format!(" ({name})"));
                let detail = format!("the proof is undecided: {why}{}", of.unwrap_or_default());
                return ClaimRecord { claim, standing: Standing::Undecided, detail };
            }
            Verdict::Refuted(counterexample) => {
                return ClaimRecord { claim, standing: Standing::Violated, detail: counterexample };
            }
        }
    }
    if silent == compiled.variants.len() {
        let detail = "the proof is undecided: the claim says nothing".to_owned();
        return ClaimRecord { claim, standing: Standing::Undecided, detail };
    }
    ClaimRecord { claim, standing: Standing::Proved, detail: arguments.join("; ") }
}

#[cfg(test)]
mod false_claims;
#[cfg(test)]
mod tests;
