//! A loss's formula and gradients as equations for people: the formula as the spec writes it, and its exact derivative, before anything
//! is done for accuracy or speed.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::compile::Compiled;
use crate::describe::{Case, Definition, Definitions, definitions as describe_all};
use crate::differentiate::differentiate;
use crate::document::Formula;
use crate::explain::variant_name;
use crate::expr::{AxisId, AxisSet, Expr, ExprId, Graph, InputId, ParamId};
use crate::formula::print::print;
use crate::model::{Spec, Variant};
use crate::plan::{Plan, with_labels};
use crate::rewrite::{rebuild, rewrite};

/// `name = formula`, or a formula for each of several cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Equation {
    /// The name.
    pub name: String,
    /// What a function of the spec's own is called with; nothing for a plain definition.
    pub arguments: Vec<String>,
    /// The axes along which it varies, rows left out.
    pub axes: Vec<String>,
    /// One, or one for each branch, the first that holds counting.
    pub cases: Vec<Case>,
}

/// The gradients of a variant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derivation {
    /// What is fixed in the variant; empty if there is only one.
    pub variant: String,
    /// One for each input with a gradient, named `grad_INPUT`, for an upstream gradient of 1.
    pub gradients: Vec<Equation>,
    /// What recurs in them.
    pub shared: Vec<Equation>,
}

/// The definitions of a spec in order, then the loss.
#[must_use]
pub fn equations(spec: &Spec, variants: &[Variant]) -> Vec<Equation> {
    let axes = |name: &str| {
        let typed = variants.iter().find_map(|variant| {
            let (_, id) = variant.lets.iter().find(|(known, _)| known == name)?;
            Some(variant.graph.axes(*id))
        });
        axis_names(spec, typed.unwrap_or(AxisSet::EMPTY))
    };
    let mut all: Vec<Equation> = (spec.lets.iter())
        .map(|definition| Equation {
            name: definition.name.value.clone(),
            arguments: definition.arguments.clone().unwrap_or_default(),
            axes: axes(&definition.name.value),
            cases: written(&definition.body),
        })
        .collect();
    let of_loss = variants.first().map_or(AxisSet::EMPTY, |variant| variant.graph.axes(variant.loss));
    all.push(Equation {
        name: "loss".to_owned(),
        arguments: Vec::new(),
        axes: axis_names(spec, of_loss),
        cases: written(&spec.loss),
    });
    all
}

fn written(formula: &Formula) -> Vec<Case> {
    match formula {
        Formula::Scalar(ast) => vec![Case { when: None, value: print(ast) }],
        Formula::Cases(cases) => {
            (cases.iter()).map(|case| Case { when: case.when.as_ref().map(print), value: print(&case.value) }).collect()
        }
    }
}

/// The gradients in everything that the compiler makes kernels of its own for, the plainest first.
#[must_use]
pub fn derivations(compiled: &Compiled) -> Vec<Derivation> {
    let mut plans: Vec<&Plan> = compiled.plans.iter().collect();
    plans.sort_by_key(|plan| plainness(plan));
    plans.into_iter().filter_map(|plan| derivation(compiled, plan)).collect()
}

/// The gradients in the plainest of these kernels.
#[must_use]
pub fn plainest_derivation(compiled: &Compiled) -> Option<Derivation> {
    derivation(compiled, compiled.plans.iter().min_by_key(|plan| plainness(plan))?)
}

fn plainness(plan: &Plan) -> (usize, Reverse<usize>) {
    let inputs = plan.key.inputs_present.iter().filter(|&&present| present).count();
    (inputs, Reverse(plan.zero.len()))
}

/// A variant with its exact gradients, in a graph of their own.
pub(crate) struct Differentiated {
    pub(crate) graph: Graph,
    pub(crate) loss: ExprId,
    /// The inputs with a gradient that are present.
    pub(crate) inputs: Vec<InputId>,
    /// Theirs, for an upstream gradient of 1.
    pub(crate) gradients: Vec<ExprId>,
    /// The spec's definitions.
    pub(crate) lets: Vec<ExprId>,
}

/// Differentiates a variant, some of whose parameters may be 0; none where the derivative has no form.
pub(crate) fn differentiated(spec: &Spec, variant: &Variant, zero: &[ParamId]) -> Option<Differentiated> {
    let mut graph = with_labels(spec, variant);
    let inputs: Vec<InputId> = (0..spec.inputs.len())
        .filter(|&place| spec.inputs[place].has_row_gradients() && variant.key.inputs_present[place])
        .map(|place| InputId(place as u8))
        .collect();
    let lets: Vec<ExprId> = variant.lets.iter().map(|(_, id)| *id).collect();
    let written: Vec<ExprId> = lets.iter().copied().chain([variant.loss]).collect();
    let mut of_plan = HashMap::new();
    rewrite(&mut graph, &written, &mut of_plan, &mut |graph, id, expr| match expr {
        Expr::Param(param) if zero.contains(&param) => graph.zero(),
        other => rebuild(graph, id, other),
    });
    let cotangents = differentiate(&mut graph, of_plan[&variant.loss], &inputs).ok()?;
    let roots: Vec<ExprId> =
        cotangents.iter().copied().chain(lets.iter().chain([&variant.loss]).map(|id| of_plan[id])).collect();
    let mut plain = HashMap::new();
    rewrite(&mut graph, &roots, &mut plain, &mut |graph, id, expr| match expr {
        Expr::Upstream => graph.one(),
        other => rebuild(graph, id, other),
    });
    Some(Differentiated {
        loss: plain[&of_plan[&variant.loss]],
        gradients: cotangents.iter().map(|id| plain[id]).collect(),
        lets: lets.iter().map(|id| plain[&of_plan[id]]).collect(),
        graph,
        inputs,
    })
}

fn derivation(compiled: &Compiled, plan: &Plan) -> Option<Derivation> {
    let spec = &compiled.spec;
    let variant = compiled.variants.iter().find(|variant| variant.key == plan.key)?;
    let Differentiated { graph, inputs, gradients, lets, .. } = differentiated(spec, variant, &plan.zero)?;
    let mut given = HashMap::new();
    for ((name, _), id) in variant.lets.iter().zip(lets) {
        given.entry(id).or_insert_with(|| name.clone());
    }
    let named: Vec<(String, ExprId)> = (inputs.iter().zip(gradients))
        .map(|(input, id)| (format!("grad_{}", spec.inputs[usize::from(input.0)].name), id))
        .collect();
    let Definitions { formulas, shared } = describe_all(spec, &graph, &given, &named);
    let mut gradients: Vec<Equation> = formulas.into_iter().map(|formula| equation(spec, formula)).collect();
    // A gradient varies as its input does, however plain it is.
    for (gradient, input) in gradients.iter_mut().zip(&inputs) {
        gradient.axes = axis_names(spec, spec.inputs[usize::from(input.0)].axes.iter().copied().collect());
    }
    let variant = (compiled.plans.len() > 1).then(|| variant_name(spec, plan));
    Some(Derivation {
        variant: variant.unwrap_or_default(),
        gradients,
        shared: shared.into_iter().map(|definition| equation(spec, definition)).collect(),
    })
}

fn equation(spec: &Spec, definition: Definition) -> Equation {
    Equation {
        name: definition.name,
        arguments: Vec::new(),
        axes: axis_names(spec, definition.axes),
        cases: definition.cases,
    }
}

/// The names of axes, rows left out.
pub(crate) fn axis_names(spec: &Spec, axes: AxisSet) -> Vec<String> {
    axes.iter().filter(|&axis| axis != AxisId::ROWS).map(|axis| spec.axes[usize::from(axis.0)].name.clone()).collect()
}
