//! What the compiler made of a spec, as text: formula, stable forms, gradients, passes.

use std::fmt::Write;

use crate::compile::Compiled;
use crate::describe::describe;
use crate::emit::formula_text;
use crate::expr::{Expr, ExprId, Reducer};
use crate::formula::print::print;
use crate::model::Spec;
use crate::plan::Plan;
use crate::schedule::{RowWise, Schedule};

/// Everything about one loss, for a terminal.
pub fn explain(compiled: &Compiled) -> String {
    let spec = &compiled.spec;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_spec(&mut text, spec);
    for plan in &compiled.plans {
        let _ = write_plan(&mut text, spec, plan);
    }
    text
}

fn write_spec(text: &mut String, spec: &Spec) -> std::fmt::Result {
    writeln!(text, "{}: {}\n", spec.name, spec.summary)?;
    writeln!(text, "formula")?;
    for line in formula_text(spec).lines() {
        writeln!(text, "    {line}")?;
    }
    if !spec.knots.is_empty() {
        writeln!(text, "\nknots")?;
        for knot in &spec.knots {
            let when = knot.when.as_ref().map_or(String::new(), |when| format!(" when {}", print(when)));
            writeln!(text, "    {}{when}: {}", print(&knot.at), knot.smooth.value)?;
            for (input, gradient) in &knot.gradient {
                writeln!(text, "        gradient of {} is {}", input.value, print(gradient))?;
            }
            if let Some(because) = &knot.because {
                writeln!(text, "        because {}", because.value)?;
            }
        }
    }
    Ok(())
}

fn write_plan(text: &mut String, spec: &Spec, plan: &Plan) -> std::fmt::Result {
    writeln!(text, "\nvariant: {}", variant_name(spec, plan))?;
    for rewrite in &plan.stabilizations {
        writeln!(text, "    {}", rewrite.describe())?;
    }
    for &(input, derivative) in &plan.loss.derivatives {
        let name = &spec.inputs[usize::from(input.0)].name;
        writeln!(text, "    gradient of {name} = {}", describe(spec, &plan.graph, &plan.names, derivative))?;
    }
    match &plan.loss.fused {
        Schedule::Elementwise(kernel) => {
            writeln!(text, "    one pass, element by element, over {} inputs", kernel.inputs.len())
        }
        Schedule::RowWise(kernel) => write_passes(text, spec, plan, kernel),
    }
}

fn write_passes(text: &mut String, spec: &Spec, plan: &Plan, kernel: &RowWise) -> std::fmt::Result {
    for (pass, reductions) in kernel.passes.iter().enumerate() {
        writeln!(text, "    pass {} over the row", pass + 1)?;
        for &id in reductions {
            writeln!(text, "        {}", describe_reduction(spec, plan, id))?;
        }
    }
    if !kernel.element_gradients.is_empty() || kernel.value_per_element {
        writeln!(text, "    last pass: writes at every element")?;
    }
    if let Some((pass, _)) = kernel.spill {
        writeln!(text, "    pass {} leaves an element value in the gradient's buffer for the last", pass + 1)?;
    }
    Ok(())
}

fn describe_reduction(spec: &Spec, plan: &Plan, id: ExprId) -> String {
    let kind = match plan.graph.expr(id) {
        Expr::Reduce { reducer: Reducer::Sum, .. } => "sum",
        Expr::Reduce { reducer: Reducer::Max | Reducer::Shift, .. } => "max",
        Expr::Reduce { reducer: Reducer::Min, .. } => "min",
        _ => "reduction",
    };
    format!("{kind}: {}", describe(spec, &plan.graph, &plan.names, id))
}

/// What is fixed in a plan: `weight absent, log_target = true`.
pub fn variant_name(spec: &Spec, plan: &Plan) -> String {
    let mut parts = Vec::new();
    for (place, input) in spec.inputs.iter().enumerate() {
        if input.may_be_absent() {
            let there = if plan.key.inputs_present[place] { "given" } else { "absent" };
            parts.push(format!("{} {there}", input.name));
        }
    }
    for (place, param) in spec.params.iter().enumerate() {
        if let Some(value) = &plan.key.statics[place] {
            let value = match value {
                crate::model::ParamValue::Number(number) => number.to_f64().to_string(),
                crate::model::ParamValue::Switch(on) => on.to_string(),
                crate::model::ParamValue::Word(word) => word.clone(),
            };
            parts.push(format!("{} = {value}", param.name));
        }
        if plan.zero.iter().any(|zero| usize::from(zero.0) == place) {
            parts.push(format!("{} = 0", param.name));
        }
    }
    if parts.is_empty() { "the only one".to_owned() } else { parts.join(", ") }
}
