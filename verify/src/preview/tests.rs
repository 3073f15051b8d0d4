use loss_author::new::{Kind, like, of_kind};
use loss_codegen::compile::{compile_beside, library};
use loss_codegen::source::SourceFile;

use super::{Preview, preview};

fn ours() -> Vec<SourceFile> {
    let specs = loss_specs::SPECS.iter();
    specs.map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() }).collect()
}

fn shown(name: &str, text: String) -> Preview {
    let source = SourceFile { path: format!("specs/{name}.yaml"), text };
    let compiled = compile_beside(std::slice::from_ref(&source), library(&ours()));
    let compiled = compiled.unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
    let all: Vec<SourceFile> =
        ours().into_iter().filter(|other| other.path != source.path).chain([source.clone()]).collect();
    preview(&compiled[0], &library(&all))
}

#[test]
fn nothing_that_our_specs_claim_fails_where_they_are_shown() {
    for source in ours() {
        let name = loss_author::files::stem(&source);
        let preview = shown(&name, source.text);
        assert_eq!(preview.failed, 0, "{name}\n{}", preview.text);
        assert!(preview.values.len() >= 4, "{name} is not shown\n{}", preview.text);
        assert!(preview.text.contains("holds  examples[0]"), "{name}\n{}", preview.text);
    }
}

#[test]
fn a_new_spec_has_sane_values_and_keeps_its_claims() {
    let kinds = [Kind::Pointwise, Kind::Class, Kind::Pair].map(|kind| of_kind("fresh_loss", kind));
    let copies = ours()
        .into_iter()
        .map(|source| like("fresh_loss", &loss_author::files::stem(&source), &ours()).expect("the model is there"));
    for text in kinds.into_iter().chain(copies) {
        let preview = shown("fresh_loss", text);
        assert_eq!(preview.failed, 0, "{}", preview.text);
        assert!(!preview.values.is_empty() && preview.values.iter().all(|value| value.is_finite()), "{}", preview.text);
        let [low, high] = [f64::min, f64::max].map(|of| preview.values.iter().copied().fold(preview.values[0], of));
        assert!(low < high, "the loss is {low} everywhere\n{}", preview.text);
    }
}

#[test]
fn wrong_claims_fail_at_a_point_that_is_named() {
    let huber = || ours().into_iter().find(|source| source.path.contains("huber")).expect("it is there").text;
    for (right, wrong, told) in [
        (
            "nonnegative: true",
            "nonnegative: true\n  bounded: [ 0, 1 ]",
            "bounded: 0, 1: the loss is 2.5 at input = -3, target = 0",
        ),
        (
            "nonnegative: true",
            "nonnegative: true\n  increasing_in: [ input ]",
            "increasing_in: input: the slope is -1 at input = -3",
        ),
        (
            "lipschitz_in: { input: weight * delta",
            "lipschitz_in: { input: weight * delta / 2",
            "lipschitz_in input: weight * delta / 2: the gradient is 1 long",
        ),
        (
            "zero_iff: weight == 0 or input == target",
            "zero_iff: \"input > target\"",
            "zero_iff: input > target: the loss is 0 at input = 0",
        ),
        ("otherwise: \"delta", "otherwise: \"2 * delta", "examples[0]: none is"),
        ("otherwise: \"delta", "otherwise: \"0 * delta", "convex_in: input, target: the loss at input ="),
    ] {
        let text = huber();
        assert!(text.contains(right), "{right}");
        let preview = shown("huber", text.replacen(right, wrong, 1));
        assert!(preview.failed > 0 && preview.text.contains(&format!("FAILS  {told}")), "{wrong}\n{}", preview.text);
    }
}

/// A spec of one place, with a bend as far out as its parameter says.
fn bent(loss: &str, claims: &str) -> String {
    format!(
        "name: bent\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\nparams:\n  \
         far: {{ default: 20.0, domain: \"0 < far < inf\" }}\nloss: {loss}\nreduction: {{ default: sum }}\n{claims}\n"
    )
}

#[test]
fn a_bend_is_shown_wherever_a_parameter_puts_it() {
    let text = bent("min(abs(input), far)", "properties: { convex_in: [ input ] }");
    let preview = shown("bent", text);
    assert!(preview.text.contains("FAILS  convex_in"), "{}", preview.text);
    let shown = |value: &str| preview.text.lines().any(|line| line.split_whitespace().next() == Some(value));
    assert!(["-30", "-20", "-3", "0", "15", "30"].into_iter().all(shown), "{}", preview.text);
}

#[test]
fn a_relation_holds_or_fails_at_a_point_that_is_named() {
    let loss = "min(abs(input), far)";
    for (relation, told) in [
        ("equals: \"bent(-input, far = far)\"", "holds  equals bent(-input, far = far), at"),
        ("equals: abs(input), when: abs(input) < far", "holds  equals abs(input), when abs(input) < far, at"),
        ("equals: abs(input), limit: \"far -> inf\"", "holds  equals abs(input), as far -> inf, at"),
        ("equals: abs(input)", "FAILS  equals abs(input): value is 20, not 30, at input = -30"),
        ("equals: \"min(abs(input) / 2 + 1, far)\"", "FAILS  equals min("),
        ("equals: far, when: input == 7", "equals far, when input == 7: says nothing of the points shown"),
        (
            "equals: \"-t * log(exp(-abs(input) / t) + exp(-far / t))\", with: { t: \"t > 0\" }, limit: \"t -> 0\", \
             when: abs(input) != far and input != 0",
            "holds  equals -t * log(",
        ),
        (
            "equals: \"-t * log(exp(-abs(input) / t) + exp(-far / t))\", with: { t: \"t > 0\" }, limit: \"t -> 1\"",
            "FAILS  equals -t * log(",
        ),
    ] {
        let preview = shown("bent", bent(loss, &format!("relations:\n  - {{ {relation} }}")));
        assert!(preview.text.contains(told), "{relation}\n{}", preview.text);
    }
}

#[test]
fn vectors_and_distributions_differ_from_row_to_row() {
    for label in ["real", "simplex(C)"] {
        let input = |name: &str| format!("  {name}: {{ axes: [N, C], label: {label}, gradient: true }}\n");
        let text = format!(
            "name: three\nsummary: s.\nreference: [ r ]\ninputs:\n{}{}{}loss: norm(C, a - b, 2) + norm(C, b - c, 2) + \
             norm(C, c - a, 2)\nreduction: {{ default: sum }}\n",
            input("a"),
            input("b"),
            input("c"),
        );
        let values = shown("three", text).values;
        assert!(values.len() == 4 && values[1..].iter().all(|value| *value > 0.0), "{label}: {values:?}");
    }
}

#[test]
fn a_pointwise_loss_is_a_table_of_numbers() {
    let text =
        shown("l1", ours().into_iter().find(|source| source.path.ends_with("/l1.yaml")).expect("it is there").text)
            .text;
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["input", "target", "l1", "d", "input", "d", "target"], "{text}");
    assert_eq!(lines[1], ["-3", "0", "3", "-1", "1"], "{text}");
    assert_eq!(lines[5], ["0", "0", "0", "0", "0"], "{text}");
}
