//! The formula and its gradient, set as mathematics, and the text they are from.

use crate::compile::Compiled;
use crate::emit::formula_text;
use crate::equations::{Derivation, Equation, equations, plainest_derivation};
use crate::markup::Escaped;
use crate::model::Spec;
use crate::typeset::Typesetter;

use super::prose::fence;

/// A typesetter for what the spec itself writes.
pub(super) fn of_spec<'r>(axes: &'r [(String, Vec<String>)], written: &'r [Equation]) -> Typesetter<'r> {
    let functions = written.iter().filter(|equation| !equation.arguments.is_empty());
    typesetter(axes, written).calling(functions.map(|equation| equation.name.as_str()))
}

/// A typesetter that knows the inputs and these equations.
fn typesetter<'r>(
    axes: &'r [(String, Vec<String>)],
    equations: impl IntoIterator<Item = &'r Equation>,
) -> Typesetter<'r> {
    let inputs = axes.iter().map(|(name, axes)| (name.as_str(), axes.iter().map(String::as_str).collect()));
    let defined = equations
        .into_iter()
        .map(|equation| (equation.name.as_str(), equation.axes.iter().map(String::as_str).collect()));
    Typesetter::new(inputs.chain(defined))
}

/// The axes of each input, rows left out.
pub(super) fn input_axes(spec: &Spec) -> Vec<(String, Vec<String>)> {
    let axes = |input: &crate::model::Input| crate::equations::axis_names(spec, input.axes.iter().copied().collect());
    spec.inputs.iter().map(|input| (input.name.clone(), axes(input))).collect()
}

pub(super) fn section(compiled: &Compiled) -> String {
    let (written, axes) = (equations(&compiled.spec, &compiled.variants), input_axes(&compiled.spec));
    let set = of_spec(&axes, &written);
    let mut text = "\n# Formula\n".to_owned();
    text.push_str(&block(&set, &written));
    if let Some(Derivation { variant, gradients, shared }) =
        plainest_derivation(compiled).filter(|derivation| !derivation.gradients.is_empty())
    {
        let set = typesetter(&axes, written.iter().chain(&shared));
        let with = if variant.is_empty() { String::new() } else { format!(", with {}", Escaped(&variant)) };
        let shared = if shared.is_empty() { String::new() } else { format!("\nwhere\n{}", block(&set, &shared)) };
        text.push_str(&format!(
            "\n<details><summary>Gradient{with}</summary>\n{}{shared}\n</details>\n",
            block(&set, &gradients)
        ));
    }
    let formula = formula_text(&compiled.spec);
    let fence = fence(&formula);
    text.push_str(&format!("\n<details><summary>As text</summary>\n\n{fence}text\n{formula}\n{fence}\n\n</details>\n"));
    text
}

/// Equations below each other. What is too wide scrolls.
fn block(set: &Typesetter<'_>, equations: &[Equation]) -> String {
    let mut text = "\n<div style=\"overflow-x:auto\">\n".to_owned();
    for equation in equations {
        text.push_str(&set.equation(equation).replacen(
            "<math display=\"block\">",
            "<math display=\"block\" style=\"text-align:left;margin:.6em 0;width:max-content;font-size:1.1em\">",
            1,
        ));
        text.push('\n');
    }
    text.push_str("</div>\n");
    text
}
