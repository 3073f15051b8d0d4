//! What the documentation of a loss says, from its spec.

use super::info::{formula_text, step_text};
use crate::expr::{AxisId, InputId};
use crate::formula::print::print;
use crate::measured::{Measured, accuracy_section};
use crate::model::{Divisor, Input, Label, Param, ParamKind, Spec};

/// The documentation of the struct that a caller uses.
pub(super) fn documentation(spec: &Spec, prediction: Option<InputId>, measured: &[Measured]) -> String {
    let mut text = format!("{}\n\n```text\n{}\n```\n", spec.summary, formula_text(spec));
    text.push_str(&shape(spec));
    text.push_str(&domain(spec));
    text.push_str(&accuracy_section(&spec.name, measured));
    text.push_str(&reductions(spec));
    if let Some(prediction) = prediction {
        text.push_str(&curvature(spec, prediction));
    }
    if !spec.reference.is_empty() {
        text.push_str(&format!("\n# Source\n{}\n", spec.reference.join("; ")));
    }
    text
}

fn shape(spec: &Spec) -> String {
    let mut text = "\n# Shape\n".to_owned();
    for input in &spec.inputs {
        let axes: Vec<&str> = input.axes.iter().map(|axis| spec.axes[usize::from(axis.0)].name.as_str()).collect();
        let optional = if input.may_be_absent() { ", optional" } else { "" };
        let meaning = input.meaning.as_deref().map_or(String::new(), |meaning| format!(": {meaning}"));
        text.push_str(&format!("- `{}` `[{}]`{optional}{meaning}.\n", input.name, axes.join(", ")));
    }
    text
}

/// What each input and parameter may hold; whatever breaks it is an error, so this is the domain of the function.
fn domain(spec: &Spec) -> String {
    let mut text = "\n# Domain\n".to_owned();
    for input in &spec.inputs {
        let domain = condition(input.domain.as_ref().map(print));
        text.push_str(&format!("- `{}`: {}{domain}.\n", input.name, convention(input, spec)));
    }
    for param in &spec.params {
        let domain = condition(param.domain.as_ref().map(print));
        text.push_str(&format!("- `{}`: {}{domain}.\n", param.name, kind(param)));
    }
    text
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

fn reductions(spec: &Spec) -> String {
    let mut text = "\n# Reductions\n`none`, `sum`".to_owned();
    for reduction in &spec.reductions {
        let divisor = match &reduction.over {
            Divisor::Elements => "the number of elements".to_owned(),
            Divisor::Samples => "the extent of the first dimension".to_owned(),
            Divisor::Sum(formula) => format!("the sum of `{}`", print(&formula.to_ast())),
        };
        text.push_str(&format!(", `{}` (over {divisor})", reduction.name));
    }
    text.push_str(&format!("; by default `{}`.\n", spec.default_reduction));
    text
}

/// What the second derivative is of, and what is declared of it.
fn curvature(spec: &Spec, prediction: InputId) -> String {
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

/// The sentence that a label's convention puts into the documentation.
pub(super) fn convention(input: &Input, spec: &Spec) -> String {
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

#[cfg(test)]
mod tests {
    use super::documentation;
    use crate::compile::compile;
    use crate::source::SourceFile;

    #[test]
    fn shape_domain_and_reductions_stand_in_the_documentation() {
        let text = "name: one\nsummary: A loss.\nreference: [ by hand ]\ninputs:\n  \
            input: { axes: [N, C], gradient: true, meaning: logits }\n  \
            target: { axes: [N], label: class_index(C), ignore: skipped }\n  \
            weight: { axes: [C], default: 1, domain: \"0 <= weight < inf\" }\nparams:\n  \
            skipped: { kind: integer, default: -100 }\n  \
            scale: { default: 1e300, domain: \"0 < scale <= 1e300\" }\n  \
            p: { kind: integer, values: [1, 2], default: 1 }\n\
            loss: \"weigh(weight[target], abs(input[target] / scale)^p)\"\n\
            reduction: { default: mean, mean: { over: \"weight[target]\" } }\n";
        let source = SourceFile { path: "specs/one.yaml".to_owned(), text: text.to_owned() };
        let compiled = compile(&[source]).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
        let expected = "A loss.

```text
loss = weigh(weight[target], abs(input[target] / scale)^p)
```

# Shape
- `input` `[N, C]`: logits.
- `target` `[N]`.
- `weight` `[C]`, optional.

# Domain
- `input`: any number.
- `target`: the place of a class on `C`, counted from 0, or the value of `skipped` to leave the row out.
- `weight`: any number, `0 <= weight < inf`.
- `skipped`: an integer.
- `scale`: a real number, `0 < scale <= 1e300`.
- `p`: one of 1, 2.

# Reductions
`none`, `sum`, `mean` (over the sum of `weight[target]`); by default `mean`.

# Source
by hand
";
        assert_eq!(documentation(&compiled[0].spec, None, &[]), expected);
    }
}
