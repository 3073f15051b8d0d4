//! What a call takes and gives: shapes, domains, reductions, ties, and what others do otherwise.

use crate::compile::Compiled;
use crate::document::KnotEntry;
use crate::emit::{hessian_vector_method, step_text};
use crate::equations::equations;
use crate::expr::{AxisId, InputId};
use crate::formula::print::print;
use crate::model::{Divisor, Input, Label, Param, ParamKind, ParamValue, Spec};
use crate::typeset::Typesetter;

use super::formula::{input_axes, of_spec};
use super::prose::{Links, prose, within_line};

/// The inputs of a call.
pub(super) fn shape(spec: &Spec) -> String {
    let mut text = "\n# Shape\n".to_owned();
    for input in &spec.inputs {
        let axes: Vec<&str> = input.axes.iter().map(|axis| spec.axes[usize::from(axis.0)].name.as_str()).collect();
        let optional = if input.may_be_absent() { ", optional" } else { "" };
        let meaning = input.meaning.as_deref().map_or(String::new(), |meaning| format!(": {}", prose(meaning)));
        text.push_str(&format!("- `{}` `[{}]`{optional}{meaning}.\n", input.name, axes.join(", ")));
    }
    text
}

/// What each input and parameter may hold; whatever breaks it is an error, so this is the domain of the function.
pub(super) fn domain(spec: &Spec) -> String {
    let mut text = "\n# Domain\n".to_owned();
    for input in &spec.inputs {
        let domain = condition(input.domain.as_ref().map(print));
        let default = default(input.default.as_ref(), "absent");
        text.push_str(&format!("- `{}`: {}{domain}{default}.\n", input.name, convention(input, spec)));
    }
    for param in &spec.params {
        let domain = condition(param.domain.as_ref().map(print));
        let default = match &param.default {
            None if param.optional => "; by default absent".to_owned(),
            given => default(given.as_ref(), "left out"),
        };
        let meaning = param.meaning.as_deref().map_or(String::new(), |meaning| format!(" ({})", prose(meaning)));
        let gradient = if param.gradient { "; the reduced loss has a gradient in it" } else { "" };
        text.push_str(&format!("- `{}`{meaning}: {}{domain}{default}{gradient}.\n", param.name, kind(param)));
    }
    text
}

fn default(value: Option<&ParamValue>, when: &str) -> String {
    match value {
        None => String::new(),
        Some(ParamValue::Number(number)) => format!("; {number} where it is {when}"),
        Some(ParamValue::Switch(on)) => format!("; {on} where it is {when}"),
        Some(ParamValue::Word(word)) => format!("; `{word}` where it is {when}"),
    }
}

fn condition(domain: Option<String>) -> String {
    domain.map_or(String::new(), |domain| format!(", `{domain}`"))
}

fn kind(param: &Param) -> String {
    match &param.kind {
        ParamKind::Real => "a real number".to_owned(),
        ParamKind::Integer => "an integer".to_owned(),
        ParamKind::StaticInteger(values) => {
            format!("one of {}", values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        ParamKind::Switch => "true or false".to_owned(),
        ParamKind::Choice(words) => format!("one of `{}`", words.join("`, `")),
    }
}

/// What the second derivative is of, and what is declared of it.
pub(super) fn curvature(spec: &Spec, prediction: InputId) -> String {
    let name = &spec.inputs[usize::from(prediction.0)].name;
    let mut text = format!("\n# Curvature\nIn `{name}`.");
    for (_, term) in spec.curvature.iter().flat_map(|curvature| &curvature.terms) {
        let Some(value) = &term.value else { continue };
        let says = match term.claim.value.as_str() {
            "majorizes" => "makes a parabola that touches the loss and lies nowhere below it",
            "dominates" => "is never smaller",
            "positive" => "is positive, and may stand in for it",
            _ => "is the same",
        };
        let when = term.when.as_ref().map_or(String::new(), |when| format!(", where `{}`", print(when)));
        text.push_str(&format!(" `{}` {says}{when}.", print(&value.to_ast())));
    }
    let step = step_text(spec).map_or("the second derivative".to_owned(), |step| format!("`{step}`"));
    text.push_str(&format!(" `grad_hess_into` gives {step}.\n"));
    text
}

/// The inputs in which there are Hessian-vector products, and the methods that give them; nothing if there are none.
pub(super) fn hessian_products(spec: &Spec) -> String {
    let products = spec.hessian_products.iter().map(|&input| {
        format!("in `{}` by `{}`", spec.inputs[usize::from(input.0)].name, hessian_vector_method(spec, input))
    });
    let products: Vec<String> = products.collect();
    if products.is_empty() {
        return String::new();
    }
    format!(
        "\n# Hessian-vector products\n{}: the Hessian of each row's loss times a direction, scaled as gradients are, without the Hessian.\n",
        products.join(", ").replacen("in ", "In ", 1)
    )
}

/// The sentence that a label's convention puts into the documentation.
pub(crate) fn convention(input: &Input, spec: &Spec) -> String {
    let axis = |axis: AxisId| spec.axes[usize::from(axis.0)].name.clone();
    match input.label {
        Label::Real => "any number".to_owned(),
        Label::Nonnegative => "numbers that are not negative".to_owned(),
        Label::Positive => "positive numbers".to_owned(),
        Label::Probability => "probabilities: numbers from 0 to 1".to_owned(),
        Label::Binary => "labels 0 or 1".to_owned(),
        Label::MultiHot(c) => format!("labels 0 or 1 for each place of `{}`", axis(c)),
        Label::Sign => "labels 1 or -1".to_owned(),
        Label::Flag => "flags: true or false".to_owned(),
        Label::Count => "whole numbers that are not negative".to_owned(),
        Label::Simplex(c) => format!("probabilities that sum to 1 along `{}`", axis(c)),
        Label::ClassIndex(c) => match input.ignore {
            Some(param) => format!(
                "the place of a class on `{}`, counted from 0, or the value of `{}` to leave the row out",
                axis(c),
                spec.params[usize::from(param.0)].name
            ),
            None => format!("the place of a class on `{}`, counted from 0", axis(c)),
        },
        Label::IndexList(c) => format!("places on `{}`, ended by -1", axis(c)),
        Label::Group => "group numbers: equal or not equal".to_owned(),
    }
}

/// What a batch is divided by.
pub(super) fn reductions(compiled: &Compiled) -> String {
    let spec = &compiled.spec;
    with_typesetter(compiled, |set| {
        let mut text = "\n# Reductions\n- `none`: every element's loss.\n- `sum`: their sum.\n".to_owned();
        for reduction in &spec.reductions {
            let divisor = match &reduction.over {
                Divisor::Elements => "the number of elements".to_owned(),
                Divisor::Samples => "the extent of the first dimension".to_owned(),
                Divisor::Sum(formula) => {
                    format!("the sum of {}", within_line(&set.inline(&print(&formula.to_ast()))))
                }
            };
            let summed = match &reduction.of {
                Some(of) => format!("the sum of {}", within_line(&set.inline(&print(&of.to_ast())))),
                None => "the sum".to_owned(),
            };
            text.push_str(&format!("- `{}`: {summed}, divided by {divisor}.\n", reduction.name));
        }
        text.push_str(&format!("\nBy default `{}`.\n", spec.default_reduction));
        text
    })
}

/// What the gradient is where the formula is not smooth, or where it is another's on purpose.
pub(super) fn ties(compiled: &Compiled, links: &Links<'_>) -> String {
    let spec = &compiled.spec;
    if spec.knots.is_empty() && spec.surrogates.is_empty() {
        return String::new();
    }
    with_typesetter(compiled, |set| {
        let mut text = "\n# Ties\n".to_owned();
        for knot in &spec.knots {
            text.push_str(&tie(knot, set, links));
        }
        for surrogate in &spec.surrogates {
            text.push_str(&format!(
                "- The gradient of `{}` is on purpose not the derivative: {}.\n",
                surrogate.of.value,
                prose(&surrogate.because.value)
            ));
        }
        text
    })
}

fn tie(knot: &KnotEntry, set: &Typesetter<'_>, links: &Links<'_>) -> String {
    let inline = |ast| within_line(&set.inline(&print(ast)));
    let when = knot.when.as_ref().map_or(String::new(), |when| format!(", when {}", inline(when)));
    let smooth = match knot.smooth.value.as_str() {
        "jump" => "the value jumps".to_owned(),
        "C0" => "the slope jumps".to_owned(),
        "C1" => "value and slope are continuous, the second derivative jumps".to_owned(),
        other => format!("smooth to order {}", prose(other.trim_start_matches('C'))),
    };
    let gradients: Vec<String> =
        knot.gradient.iter().map(|(input, ast)| format!("{} for `{}`", inline(ast), input.value)).collect();
    let gradient =
        if gradients.is_empty() { String::new() } else { format!("; there the gradient is {}", gradients.join(", ")) };
    let because = knot.because.as_ref().map_or(String::new(), |because| format!(" ({})", prose(&because.value)));
    let as_in = knot
        .carried_from
        .as_ref()
        .map_or(String::new(), |loss| format!(", as in {}", links.link(loss).unwrap_or_else(|| format!("`{loss}`"))));
    format!("- At {}{when}: {smooth}{as_in}{gradient}{because}.\n", inline(&knot.at))
}

/// What others call it, and where PyTorch answers otherwise.
pub(super) fn elsewhere(spec: &Spec) -> String {
    let mut text = String::new();
    if spec.pytorch.is_some() || !spec.guide.aliases.is_empty() {
        text.push_str("\n# In other libraries\n");
    }
    let (pytorch, others): (Vec<_>, Vec<_>) =
        spec.guide.aliases.iter().partition(|(library, _)| library.as_str() == "PyTorch");
    if let Some((function, when)) = &spec.pytorch {
        let named: String = pytorch.iter().flat_map(|(_, names)| names).map(|name| format!(", `{name}`")).collect();
        let when = when.as_ref().map_or(String::new(), |when| format!(", where {}", prose(when)));
        text.push_str(&format!("- PyTorch: `torch.nn.functional.{function}`{named}{when}\n"));
    }
    let left = if spec.pytorch.is_some() { &[][..] } else { &pytorch[..] };
    for (library, names) in left.iter().chain(&others) {
        text.push_str(&format!("- {}: `{}`\n", prose(library), names.join("`, `")));
    }
    if !spec.differences.is_empty() {
        text.push_str("\n<details><summary>Where PyTorch answers otherwise, and why</summary>\n\n");
        for difference in &spec.differences {
            text.push_str(&format!("- {}: {}.\n", prose(&difference.what.value), prose(&difference.because.value)));
        }
        text.push_str("\n</details>\n");
    }
    text
}

pub(super) fn with_typesetter<R>(compiled: &Compiled, write: impl FnOnce(&Typesetter<'_>) -> R) -> R {
    let (written, axes) = (equations(&compiled.spec, &compiled.variants), input_axes(&compiled.spec));
    write(&of_spec(&axes, &written))
}
