//! From a spec to the typed graph of one variant: static branches removed, definitions and calls expanded, every expression typed.
//! The graph is the formula as written; nothing is simplified but what static values decide.

mod call;
mod cases;
mod compare;
pub(crate) mod curvature;
pub(crate) mod demands;
mod domains;
mod fold;
pub(crate) mod formula;
mod frame;
mod inline;
mod name;
mod pick;
pub(crate) mod reach;
pub(crate) mod variants;

use std::collections::{BTreeMap, HashMap};

use crate::diagnostic::Diagnostics;
use crate::document::Formula;
use crate::elaborate::demands::Demand;
use crate::elaborate::formula::Elaborator;
use crate::elaborate::frame::{Frame, Scope};
use crate::elaborate::reach::CaseLog;
use crate::expr::{ExprId, Graph};
use crate::model::{Divisor, Spec, Variant, VariantKey, VariantReduction};
use crate::source::Span;

pub use variants::{MOST_VARIANTS, spec_variants, variant_count};

/// All specs that may call each other, by name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// The specs.
    pub specs: BTreeMap<String, Spec>,
}

/// A variant with what the checks want to know of its making.
#[derive(Debug)]
pub(crate) struct Elaboration {
    /// The variant; `None` if there were errors.
    pub(crate) variant: Option<Variant>,
    /// The errors.
    pub(crate) diagnostics: Diagnostics,
    /// Where each expression is written first.
    pub(crate) places: HashMap<ExprId, Span>,
    /// Which cases were considered, and which can be reached.
    pub(crate) cases: CaseLog,
    /// What the losses that it calls ask of their arguments.
    pub(crate) demands: Vec<Demand>,
}

/// Builds the typed graph of one variant.
///
/// # Errors
/// Everything in this variant that has no meaning: unknown names, types and axes that do not fit, optional things used without
/// `given`, calls that go in a circle.
pub fn elaborate(spec: &Spec, key: &VariantKey, library: &Library) -> Result<Variant, Diagnostics> {
    let elaboration = trace(spec, key, library);
    elaboration.variant.ok_or(elaboration.diagnostics)
}

/// Builds the typed graph of one variant and keeps what the checks need.
pub(crate) fn trace(spec: &Spec, key: &VariantKey, library: &Library) -> Elaboration {
    let mut elaborator = Elaborator::new(spec, library, Graph::new());
    elaborator.calls.push(&spec.name);
    let mut frame = Frame::root(spec, key, &mut elaborator.graph);
    let scope = Scope::whole(spec);
    let loss = elaborator.real_formula(&mut frame, &scope, &spec.loss);
    frame.loss = Some(loss);
    let mut reductions = Vec::new();
    for reduction in &spec.reductions {
        let of = reduction.of.as_ref().map(|of| elaborator.real_formula(&mut frame, &scope, of));
        let over = match &reduction.over {
            Divisor::Elements | Divisor::Samples => None,
            Divisor::Sum(over) => Some(elaborator.real_formula(&mut frame, &scope, over)),
        };
        reductions.push(VariantReduction { of: of.flatten(), over: over.flatten() });
    }
    elaborator.fit_reductions(&frame, &reductions, loss);
    let lets = frame.plain_lets();
    let input_domains = elaborator.input_domains(&mut frame, &scope);
    let param_domains = elaborator.param_domains(&mut frame, &scope);
    let demands = elaborator.demands();
    let Elaborator { graph, diagnostics, places, cases, .. } = elaborator;
    let variant = loss.filter(|_| !diagnostics.has_errors()).map(|loss| Variant {
        key: key.clone(),
        graph,
        loss,
        lets,
        reductions,
        input_domains,
        param_domains,
        exact: Vec::new(),
        step: None,
    });
    Elaboration { variant, diagnostics, places, cases, demands }
}

/// Types a formula of a claim in the scope of a variant, in the variant's own graph. `loss` stands for the variant's loss; `extra`
/// gives more names (the free variables of a relation) the nodes that stand for them.
///
/// # Errors
/// Everything in the formula that has no meaning in this variant.
pub fn elaborate_in(
    spec: &Spec,
    variant: &mut Variant,
    library: &Library,
    formula: &Formula,
    extra: &[(&str, ExprId)],
) -> Result<ExprId, Diagnostics> {
    let mut elaborator = Elaborator::new(spec, library, std::mem::take(&mut variant.graph));
    let mut frame = Frame::root(spec, &variant.key, &mut elaborator.graph);
    frame.loss = Some(Some(variant.loss));
    frame.extra = extra.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect();
    let id = elaborator.formula(&mut frame, &Scope::whole(spec), formula);
    variant.graph = elaborator.graph;
    id.filter(|_| !elaborator.diagnostics.has_errors()).ok_or(elaborator.diagnostics)
}
