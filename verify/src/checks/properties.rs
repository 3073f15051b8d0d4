//! The declared properties, tested on the compiled kernels.
//!
//! A property over inputs is looked at by a second batch that differs from the first in the input it speaks of: moved, negated, scaled,
//! shifted, or drawn anew. Bounds and conditions are formulas, and exact.

mod asymptotes;
mod proper;
mod scene;
mod shape;
mod symmetry;
mod through;

use loss_codegen::compile::Compiled;
use loss_codegen::document::PropertyEntry;
use loss_codegen::expr::{Expr, ExprId, Unary};
use loss_codegen::formula::ast::{Ast, AstKind};
use loss_codegen::formula::print::print;
use loss_codegen::model::Variant;
use loss_codegen::property::{Direction, Property, ray};
use loss_codegen::rewrite::rewrite;

use crate::generators::Random;
use crate::subject::{Effort, Subject};

use super::claims::{Scope, each_claim};
use super::probe::{Probe, find};
use super::{Finding, Tally, tolerance};

use scene::Scene;

/// Every property, at every place where it says something.
pub(super) fn properties_hold(subject: &Subject, effort: &Effort) -> Finding {
    match subject.compiled() {
        Some(compiled) => hold(subject, effort, compiled),
        None => Finding::skipped("the loss has no spec"),
    }
}

/// The properties that a spec declares, on a loss's kernels.
fn hold(subject: &Subject, effort: &Effort, compiled: &'static Compiled) -> Finding {
    let spec = &compiled.spec;
    if spec.properties.is_empty() {
        return Finding::skipped("the spec declares no property");
    }
    // A property of several inputs is several claims.
    let claims: Vec<Claim<'_>> =
        spec.properties.iter().flat_map(|(name, value)| Claim::all(&name.value, value)).collect();
    let words = claims.iter().map(Claim::words).collect();
    let state = |claim: usize, scope: Scope<'static, '_>| claims[claim].typed(scope);
    each_claim(subject, effort, "properties_hold", compiled, words, state, |claim, typed, at, random, tally| {
        let (Some(typed), Ok(found)) = (typed, find(at.sample.loss, &at.sample.batch, Probe::default())) else {
            return;
        };
        let scene = Scene { spec, sample: at.sample, found: &found, claim: &claims[claim], typed, data: at.data };
        look(&scene, random, tally);
    })
}

/// A property, of one input where it speaks of each of several.
pub(super) struct Claim<'s> {
    pub(super) property: Property,
    /// The names of inputs, definitions, or axes that it speaks of.
    pub(super) names: Vec<&'s str>,
    /// Where an input goes.
    pub(super) direction: Option<Direction>,
    pub(super) formulas: Vec<&'s Ast>,
}

impl<'s> Claim<'s> {
    pub(super) fn all(name: &'s str, value: &'s PropertyEntry) -> Vec<Self> {
        // A spec with another name does not compile.
        let Some(property) = Property::named(name) else { return Vec::new() };
        let alone = Claim { property, names: Vec::new(), direction: None, formulas: Vec::new() };
        match value {
            PropertyEntry::Formula(ast) => vec![Claim { formulas: vec![ast], ..alone }],
            PropertyEntry::List(list) => {
                let names = list.iter().filter_map(bare_name);
                match property {
                    Property::Bounded => vec![Claim { formulas: list.iter().collect(), ..alone }],
                    // All together.
                    Property::Through => {
                        vec![Claim { names: names.collect(), formulas: list.iter().collect(), ..alone }]
                    }
                    Property::SymmetricIn | Property::AntisymmetricIn => {
                        vec![Claim { names: names.collect(), ..alone }]
                    }
                    Property::EvenIn
                    | Property::OddIn
                    | Property::ConvexIn
                    | Property::IncreasingIn
                    | Property::DecreasingIn
                    | Property::PermutationEquivariant
                    // These take something else.
                    | Property::Nonnegative
                    | Property::ZeroIff
                    | Property::StronglyConvexIn
                    | Property::LipschitzIn
                    | Property::LipschitzSupIn
                    | Property::SmoothIn
                    | Property::HomogeneousIn
                    | Property::ScaleInvariantIn
                    | Property::ShiftInvariantIn
                    | Property::GradientSumsToZeroIn
                    | Property::Asymptotes
                    | Property::ProperIn => {
                        names.map(|name| Claim { names: vec![name], formulas: Vec::new(), ..alone }).collect()
                    }
                }
            }
            PropertyEntry::Map(map) => map
                .iter()
                .map(|(key, ast)| {
                    let (name, direction) = match ray(&key.value) {
                        Some((name, direction)) => (name, Some(direction)),
                        None => (key.value.as_str(), None),
                    };
                    let is_axis = matches!(property, Property::ShiftInvariantIn | Property::GradientSumsToZeroIn);
                    let formulas = if is_axis { Vec::new() } else { vec![ast] };
                    Claim { property, names: vec![name], direction, formulas }
                })
                .collect(),
        }
    }

    pub(super) fn words(&self) -> String {
        let direction = match self.direction {
            Some(Direction::Up) => " -> inf",
            Some(Direction::Down) => " -> -inf",
            None => "",
        };
        // What a loss reads its inputs through is a list of names, and nothing more.
        let is_named = self.property == Property::Through;
        let formulas: Vec<String> = self.formulas.iter().filter(|_| !is_named).map(|ast| print(ast)).collect();
        let space = if self.names.is_empty() { "" } else { " " };
        let colon = if formulas.is_empty() { "" } else { ": " };
        format!("{}{space}{}{direction}{colon}{}", self.property.name(), self.names.join(", "), formulas.join(", "))
    }

    fn typed(&self, mut scope: Scope<'static, '_>) -> Option<Typed> {
        let formulas = self.formulas.iter().map(|ast| scope.typed(ast, &[])).collect::<Option<Vec<ExprId>>>()?;
        let name = self.names.first().filter(|_| matches!(self.property, Property::EvenIn | Property::OddIn));
        let definition = name.and_then(|name| scope.variant.lets.iter().find(|(other, _)| other == name));
        let negated = definition.map(|(_, id)| *id).map(|id| negated(&mut scope.variant, id));
        Some(Typed { variant: scope.variant, formulas, negated })
    }
}

fn bare_name(ast: &Ast) -> Option<&str> {
    match &ast.kind {
        AstKind::Name(name) => Some(name),
        AstKind::Number(_)
        | AstKind::Boolean(_)
        | AstKind::Unary(..)
        | AstKind::Binary(..)
        | AstKind::If(..)
        | AstKind::Pick(..)
        | AstKind::Call(_) => None,
    }
}

/// A claim's formulas in the graph of a variant.
struct Typed {
    variant: Variant,
    formulas: Vec<ExprId>,
    /// The loss with the definition that the claim names negated.
    negated: Option<ExprId>,
}

fn negated(variant: &mut Variant, definition: ExprId) -> ExprId {
    let mut done = std::collections::HashMap::new();
    let loss = variant.loss;
    rewrite(&mut variant.graph, &[loss], &mut done, &mut |graph, id, expr| {
        // Not simplified: what simplifies away would be compared with itself.
        let same = if expr == graph.expr(id) { id } else { graph.add(expr) };
        if id == definition { graph.add(Expr::Unary(Unary::Negate, same)) } else { same }
    });
    done[&loss]
}

/// Looks at a claim at a batch.
fn look(scene: &Scene<'_>, random: &mut Random, tally: &mut Tally) {
    match scene.claim.property {
        Property::Nonnegative => scene.each_value(tally, |scene, place, value| {
            (scene.condition(place)? && !value.is_nan())
                .then(|| (value >= 0.0, "a number that is not negative".to_owned()))
        }),
        Property::ZeroIff => scene.each_value(tally, |scene, place, value| {
            let zero = scene.condition(place)?;
            // What underflows is no zero of the loss.
            let is_zero = value == 0.0 && scene.truth(scene.typed.variant.loss, place)? == 0.0;
            (!value.is_nan()).then(|| (is_zero == zero, if zero { "0".to_owned() } else { "not 0".to_owned() }))
        }),
        Property::Bounded => scene.each_value(tally, |scene, place, value| {
            let (low, high) = (scene.formula(0, place)?, scene.formula(1, place)?);
            let slack = |bound: f64| if bound.is_finite() { tolerance::PROPERTY * bound.abs() } else { 0.0 };
            let inside = value >= low - slack(low) && value <= high + slack(high);
            (!value.is_nan()).then(|| (inside, format!("{low} to {high}")))
        }),
        Property::EvenIn => symmetry::negated(scene, 1.0, tally),
        Property::OddIn => symmetry::negated(scene, -1.0, tally),
        Property::SymmetricIn => symmetry::swapped(scene, 1.0, tally),
        Property::AntisymmetricIn => symmetry::swapped(scene, -1.0, tally),
        Property::HomogeneousIn => symmetry::homogeneous(scene, tally),
        Property::ScaleInvariantIn => symmetry::scale_invariant(scene, tally),
        Property::ShiftInvariantIn => symmetry::shifted(scene, tally),
        Property::GradientSumsToZeroIn => symmetry::gradient_sums_to_zero(scene, tally),
        Property::PermutationEquivariant => symmetry::permuted(scene, tally),
        Property::ConvexIn | Property::StronglyConvexIn => shape::above_its_tangent(scene, random, tally),
        Property::IncreasingIn => shape::monotone(scene, 1.0, tally),
        Property::DecreasingIn => shape::monotone(scene, -1.0, tally),
        Property::LipschitzIn => shape::lipschitz(scene, shape::Norm::Euclidean, random, tally),
        Property::LipschitzSupIn => shape::lipschitz(scene, shape::Norm::Largest, random, tally),
        Property::SmoothIn => shape::smooth(scene, random, tally),
        Property::Through => through::reads_nothing_else(scene, random, tally),
        Property::Asymptotes => asymptotes::comes_to(scene, tally),
        Property::ProperIn => proper::is_least_where_labels_are_likely(scene, random, tally),
    }
}

/// Whether two numbers are the same but for rounding, where numbers of a size meet.
fn close(a: f64, b: f64, size: f64) -> bool {
    tolerance::within(a, b, tolerance::PROPERTY * size + f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests;
