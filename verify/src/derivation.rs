//! A loss's formula and gradients as a record holds them: the formula as the spec writes it, and its exact derivative, before anything
//! is done for accuracy or speed.

use std::cmp::Reverse;
use std::collections::HashMap;

use loss_codegen::compile::Compiled;
use loss_codegen::describe::{Case, Definition, Definitions, definitions as describe_all};
use loss_codegen::differentiate::differentiate;
use loss_codegen::document::Formula;
use loss_codegen::explain::variant_name;
use loss_codegen::expr::{AxisId, AxisSet, Expr, ExprId, InputId};
use loss_codegen::formula::print::print;
use loss_codegen::model::Spec;
use loss_codegen::plan::Plan;
use loss_codegen::rewrite::{rebuild, rewrite};

use crate::audit::{CaseRecord, DefinitionRecord, DerivationRecord};

/// The definitions of a spec in order, then the loss.
#[must_use]
pub fn definitions(compiled: &Compiled) -> Vec<DefinitionRecord> {
    let spec = &compiled.spec;
    let axes = |name: &str| {
        let typed = compiled.variants.iter().find_map(|variant| {
            let (_, id) = variant.lets.iter().find(|(known, _)| known == name)?;
            Some(variant.graph.axes(*id))
        });
        axis_names(spec, typed.unwrap_or(AxisSet::EMPTY))
    };
    let mut all: Vec<DefinitionRecord> = (spec.lets.iter())
        .map(|definition| DefinitionRecord {
            name: definition.name.value.clone(),
            arguments: definition.arguments.clone().unwrap_or_default(),
            axes: axes(&definition.name.value),
            cases: written(&definition.body),
        })
        .collect();
    let of_loss = compiled.variants.first().map_or(AxisSet::EMPTY, |variant| variant.graph.axes(variant.loss));
    all.push(DefinitionRecord {
        name: "loss".to_owned(),
        arguments: Vec::new(),
        axes: axis_names(spec, of_loss),
        cases: written(&spec.loss),
    });
    all
}

fn written(formula: &Formula) -> Vec<CaseRecord> {
    match formula {
        Formula::Scalar(ast) => vec![CaseRecord { when: None, value: print(ast) }],
        Formula::Cases(cases) => (cases.iter())
            .map(|case| CaseRecord { when: case.when.as_ref().map(print), value: print(&case.value) })
            .collect(),
    }
}

/// The gradients in everything that the compiler makes kernels of its own for, the plainest first.
#[must_use]
pub fn derivations(compiled: &Compiled) -> Vec<DerivationRecord> {
    let mut plans: Vec<&Plan> = compiled.plans.iter().collect();
    plans.sort_by_key(|plan| {
        let inputs = plan.key.inputs_present.iter().filter(|&&present| present).count();
        (inputs, Reverse(plan.zero.len()))
    });
    plans.into_iter().filter_map(|plan| derivation(compiled, plan)).collect()
}

fn derivation(compiled: &Compiled, plan: &Plan) -> Option<DerivationRecord> {
    let spec = &compiled.spec;
    let variant = compiled.variants.iter().find(|variant| variant.key == plan.key)?;
    let mut graph = variant.graph.clone();
    for (place, input) in spec.inputs.iter().enumerate() {
        if input.label.is_discrete() {
            graph.declare_never_nan(InputId(place as u8));
        }
    }
    let inputs: Vec<InputId> = (0..spec.inputs.len())
        .filter(|&place| spec.inputs[place].gradient && variant.key.inputs_present[place])
        .map(|place| InputId(place as u8))
        .collect();
    let lets: Vec<ExprId> = variant.lets.iter().map(|(_, id)| *id).collect();
    let written: Vec<ExprId> = lets.iter().copied().chain([variant.loss]).collect();
    let mut of_plan = HashMap::new();
    rewrite(&mut graph, &written, &mut of_plan, &mut |graph, id, expr| match expr {
        Expr::Param(param) if plan.zero.contains(&param) => graph.zero(),
        other => rebuild(graph, id, other),
    });
    // The audit finds out whether there are kernels; here it only matters whether there is something to show.
    let cotangents = differentiate(&mut graph, of_plan[&variant.loss], &inputs).ok()?;
    let roots: Vec<ExprId> = cotangents.iter().copied().chain(lets.iter().map(|id| of_plan[id])).collect();
    let mut plain = HashMap::new();
    rewrite(&mut graph, &roots, &mut plain, &mut |graph, id, expr| match expr {
        Expr::Upstream => graph.one(),
        other => rebuild(graph, id, other),
    });
    let mut given = HashMap::new();
    for (name, id) in &variant.lets {
        given.entry(plain[&of_plan[id]]).or_insert_with(|| name.clone());
    }
    let named: Vec<(String, ExprId)> = (inputs.iter().zip(&cotangents))
        .map(|(input, id)| (format!("grad_{}", spec.inputs[usize::from(input.0)].name), plain[id]))
        .collect();
    let Definitions { formulas, shared } = describe_all(spec, &graph, &given, &named);
    let mut gradients: Vec<DefinitionRecord> = formulas.into_iter().map(|formula| record(spec, formula)).collect();
    // A gradient varies as its input does, however plain it is.
    for (gradient, input) in gradients.iter_mut().zip(&inputs) {
        gradient.axes = axis_names(spec, spec.inputs[usize::from(input.0)].axes.iter().copied().collect());
    }
    let variant = (compiled.plans.len() > 1).then(|| variant_name(spec, plan));
    Some(DerivationRecord {
        variant: variant.unwrap_or_default(),
        gradients,
        shared: shared.into_iter().map(|definition| record(spec, definition)).collect(),
    })
}

fn record(spec: &Spec, definition: Definition) -> DefinitionRecord {
    let cases = definition.cases.into_iter().map(|Case { when, value }| CaseRecord { when, value });
    DefinitionRecord {
        name: definition.name,
        arguments: Vec::new(),
        axes: axis_names(spec, definition.axes),
        cases: cases.collect(),
    }
}

/// The names of axes, rows left out.
fn axis_names(spec: &Spec, axes: AxisSet) -> Vec<String> {
    axes.iter().filter(|&axis| axis != AxisId::ROWS).map(|axis| spec.axes[usize::from(axis.0)].name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::{definitions, derivations};
    use crate::audit::{CaseRecord, DefinitionRecord};
    use crate::registry::losses;
    use crate::subject::Subject;

    fn subject(name: &str) -> Subject {
        Subject::all(losses()).into_iter().find(|subject| subject.name() == name).expect("there is one")
    }

    fn case(when: Option<&str>, value: &str) -> CaseRecord {
        CaseRecord { when: when.map(str::to_owned), value: value.to_owned() }
    }

    #[test]
    fn the_gradient_is_that_of_the_formula_for_an_upstream_of_one() {
        let compiled = subject("huber").compiled().expect("it has a spec");
        let all = derivations(compiled);
        assert_eq!(all[0].variant, "weight absent", "the plainest is first");
        let cases = vec![case(Some("a <= delta"), "r"), case(None, "delta * sign(r)")];
        let gradient = DefinitionRecord { name: "grad_input".to_owned(), cases, ..DefinitionRecord::default() };
        assert_eq!(all[0].gradients[0], gradient);
        assert_eq!(all[0].gradients[1].cases, [case(None, "-grad_input")]);
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_parameter_that_is_zero_is_left_out() {
        let compiled = subject("cross_entropy").compiled().expect("it has a spec");
        let plainest = derivations(compiled).remove(0);
        assert_eq!(plainest.variant, "weight absent, label_smoothing = 0");
        let cases = [case(Some("target == index(C)"), "-share_of_others(input, lse)"), case(None, "share(input, lse)")];
        assert_eq!((plainest.gradients[0].cases.as_slice(), plainest.shared.as_slice()), (&cases[..], &[][..]));
    }

    #[test]
    fn a_definition_knows_along_which_axes_it_varies() {
        let compiled = subject("cross_entropy_soft").compiled().expect("it has a spec");
        let axes: Vec<(String, Vec<String>)> =
            definitions(compiled).into_iter().map(|definition| (definition.name, definition.axes)).collect();
        assert!(axes.contains(&("surprise".to_owned(), vec!["C".to_owned()])), "{axes:?}");
        assert!(axes.contains(&("hard".to_owned(), Vec::new())), "{axes:?}");
        assert_eq!(axes.last().map(|(name, _)| name.as_str()), Some("loss"));
        assert_eq!(derivations(compiled)[0].gradients[0].axes, ["C"]);
    }
}
