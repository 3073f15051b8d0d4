//! Proofs of what specs claim of their losses, for every argument, in exact arithmetic.
//!
//! A formula is split into pieces without cases, each a quotient of polynomials in inputs, parameters and, where it has them, values of
//! functions of which bounds are known. A claim about pieces is a set of inequalities, and each holds if its opposite contradicts
//! what is known there, by a certificate in fractions that is multiplied out, or by branch and bound in fractions. Derivatives are the prover's own, of the pieces; it shares
//! nothing with the compiler beyond the typed graph of the formula as written. What whole rows do is shown by rules instead.

mod arithmetic;
mod asymptotes;
mod atoms;
mod branch;
mod cases;
mod certificate;
mod conditions;
mod counterexample;
mod derivative;
mod functions;
mod knots;
mod masses;
mod piece;
mod polynomial;
mod proper;
mod properties;
mod prover;
mod quotient;
mod reader;
mod reductions;
mod relations;
mod row_knots;
mod rules;
mod scene;
mod search;
mod simplex;
mod symmetries;
mod through;
mod witness;

use loss_codegen::expr::ParamId;
use loss_codegen::model::{Spec, Variant};

use prover::Open;

pub use knots::Knot;
pub use properties::Property;
pub use relations::Relation;

/// What became of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds for every argument, and why in a few words.
    Proved(String),
    /// Neither shown nor refuted, and what is in the way.
    Undecided(String),
    /// It does not hold, and where.
    Refuted(String),
    /// It says nothing in this variant.
    Silent,
}

impl From<Result<String, Open>> for Verdict {
    fn from(result: Result<String, Open>) -> Self {
        match result {
            Ok(argument) => Verdict::Proved(argument),
            Err(Open::Because(why)) => Verdict::Undecided(why),
            Err(Open::Silent) => Verdict::Silent,
        }
    }
}

/// Tries to prove a property of a variant, or else to find where it fails.
#[must_use]
pub fn prove_property(spec: &Spec, variant: &Variant, property: &Property<'_>) -> Verdict {
    let prover = prover::Prover { spec, variant };
    match prover.property(property) {
        Verdict::Undecided(why) => prover.counterexample(property).map_or(Verdict::Undecided(why), Verdict::Refuted),
        verdict @ (Verdict::Proved(_) | Verdict::Refuted(_) | Verdict::Silent) => verdict,
    }
}

/// Whether a variant's formula has cases.
#[must_use]
pub fn has_cases(variant: &Variant) -> bool {
    cases::has_cases(variant)
}

/// Tries to prove that every case of a variant's formula is met somewhere.
#[must_use]
pub fn prove_cases(spec: &Spec, variant: &Variant) -> Verdict {
    prover::Prover { spec, variant }.cases()
}

/// Tries to prove that a variant is as smooth across a knot as declared, and no smoother.
#[must_use]
pub fn prove_knot(spec: &Spec, variant: &Variant, knot: &Knot) -> Verdict {
    prover::Prover { spec, variant }.knot(knot)
}

/// Tries to prove a relation of a variant.
#[must_use]
pub fn prove_relation(spec: &Spec, variant: &Variant, relation: &Relation<'_>) -> Verdict {
    prover::Prover { spec, variant }.relation(relation)
}

/// The parameter that stands for a free variable of a claim: one that no spec has.
#[must_use]
pub fn free_variable(spec: &Spec, place: usize) -> ParamId {
    reader::free_variable(spec, place)
}
