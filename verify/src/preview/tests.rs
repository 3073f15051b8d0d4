use loss_author::new::{Kind, like, of_kind};
use loss_codegen::compile::{compile_beside, library};
use loss_codegen::source::SourceFile;

use super::{Preview, previews};

fn ours() -> Vec<SourceFile> {
    let specs = loss_specs::SPECS.iter();
    specs.map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() }).collect()
}

fn shown(name: &str, text: String) -> Preview {
    all_shown(&[(name, text)], &ours()).remove(0)
}

fn all_shown(specs: &[(&str, String)], beside: &[SourceFile]) -> Vec<Preview> {
    let source = |(name, text): &(&str, String)| SourceFile { path: format!("specs/{name}.yaml"), text: text.clone() };
    let sources: Vec<SourceFile> = specs.iter().map(source).collect();
    let compiled = compile_beside(&sources, library(beside));
    let compiled = compiled.unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
    let others = beside.iter().filter(|other| sources.iter().all(|source| source.path != other.path));
    let all: Vec<SourceFile> = others.chain(&sources).cloned().collect();
    previews(compiled, library(&all))
}

#[test]
fn nothing_that_our_specs_claim_fails_without_kernels() {
    for source in ours() {
        let name = loss_author::files::stem(&source);
        let preview = shown(&name, source.text);
        assert_eq!(preview.failed, 0, "{name}\n{}", preview.text);
        assert!(preview.values.len() >= 4, "{name} is not shown\n{}", preview.text);
        assert!(preview.held > 2 && preview.text.contains("holds  examples hold"), "{name}\n{}", preview.text);
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
    let claimed = |claim: &str| format!("nonnegative: true\n  {claim}");
    for (right, wrong, told) in [
        ("nonnegative: true", claimed("bounded: [ 0, 1 ]").as_str(), "bounded: 0, 1: "),
        ("nonnegative: true", claimed("increasing_in: [ input ]").as_str(), "increasing_in input: "),
        ("nonnegative: true", claimed("homogeneous_in: { input: 1 }").as_str(), "homogeneous_in input: 1: "),
        (
            "lipschitz_in: { input: weight * delta",
            "lipschitz_in: { input: weight * delta / 2",
            "lipschitz_in input: weight * delta / 2: ",
        ),
        ("zero_iff: weight == 0 or input == target", "zero_iff: \"input > target\"", "zero_iff: input > target: "),
        ("otherwise: \"delta", "otherwise: \"2 * delta", "examples hold: "),
        ("otherwise: \"delta", "otherwise: \"0 * delta", "convex_in input: "),
        // Right where delta is 1, which it is by default.
        ("otherwise: \"delta", "otherwise: \"delta * delta", "equals delta * weigh"),
        ("smooth: C1", "smooth: C2", "knot "),
    ] {
        let text = huber();
        assert!(text.contains(right), "{right}");
        let preview = shown("huber", text.replacen(right, wrong, 1));
        let line = preview.text.lines().find(|line| line.starts_with(&format!("FAILS  {told}")));
        // What is expected, what there is, and where.
        let says = |line: &str| [" is expected, ", " there, at input[0] = "].iter().all(|part| line.contains(part));
        assert!(preview.failed > 0 && line.is_some_and(says), "{wrong}\n{}", preview.text);
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
        ("equals: abs(input)", "FAILS  equals abs(input): "),
        ("equals: \"min(abs(input) / 2 + 1, far)\"", "FAILS  equals min("),
        ("equals: far, when: input == 7", "FAILS  equals far, when input == 7: it says nothing at any point tried"),
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
        let line = preview.text.lines().find(|line| line.starts_with(told));
        assert!(line.is_some(), "{relation}\n{}", preview.text);
        let is_parting = told.starts_with("FAILS") && !told.contains("says nothing");
        let says =
            |line: &str| !is_parting || [" is expected, ", "at input[0] = "].iter().all(|part| line.contains(part));
        assert!(line.is_some_and(says), "{relation}\n{}", preview.text);
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

/// What the library's own losses have no need of: losses that are made of others, conditions that tie parameters to each other, and a mean over
/// what is not 0.
#[test]
fn what_other_specs_claim_holds_too() {
    for (name, text) in [
        ("distillation", include_str!("../../tests/specimens/distillation.yaml")),
        ("hampel", include_str!("../../tests/specimens/hampel.yaml")),
        ("learned_margin", include_str!("../../tests/specimens/learned_margin.yaml")),
        ("ratio_huber", include_str!("../../tests/specimens/ratio_huber.yaml")),
    ] {
        let preview = shown(name, text.to_owned());
        assert!(preview.failed == 0 && preview.held > 1, "{name}\n{}", preview.text);
    }
}

#[test]
fn what_rows_share_is_shown_with_its_gradient() {
    let text = "name: shifted\nsummary: s.\nreference: [ r ]\ninputs:\n  input: { axes: [N, C], gradient: true }\n  \
                bias: { axes: [C], gradient: true }\nparams:\n  scale: { default: 2.0, gradient: true }\n  \
                form: { kind: choice, values: [ plain, twice ], default: twice }\nloss: sum(C, scale * (input + bias)) * \
                (if form == twice then 2 else 1)\nreduction: { default: sum }\n";
    let text = shown("shifted", text.to_owned()).text;
    // Of four rows, whose numbers add up to 5, and to 12 more with the biases of 1.
    let first = text.lines().next();
    assert_eq!(first, Some("scale = 2, d scale = 34, form = twice, bias = 1 1 1, d bias = 16 16 16"), "{text}");
}

#[test]
fn a_claim_may_call_what_is_only_beside_it() {
    let beside = SourceFile {
        path: "specs/doubled.yaml".to_owned(),
        text: bent("2 * min(abs(input), far)", "").replace("bent", "doubled"),
    };
    let text = bent("min(abs(input), far)", "relations:\n  - { equals: \"doubled(input, far = far) / 2\" }");
    let shown = all_shown(&[("bent", text)], &[beside]);
    assert!(shown[0].text.contains("holds  equals doubled(input, far = far) / 2"), "{}", shown[0].text);
}

/// A loss with so many switches: each doubles the variants, of which each takes some kernels.
fn large(name: &str, switches: usize) -> String {
    let params: String = (0..switches).map(|at| format!("  on{at}: {{ kind: switch, default: false }}\n")).collect();
    let terms: String = (0..switches).map(|at| format!(" + (if on{at} then {at} else 0)")).collect();
    format!(
        "name: {name}\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\nparams:\n{params}loss: \
         abs(input){terms}\nreduction: {{ default: mean, mean: elements }}\nproperties: {{ nonnegative: true }}\n"
    )
}

#[test]
fn losses_that_together_take_more_kernels_than_there_can_be_are_tried_in_turn() {
    let names = ["one", "two", "three", "four"];
    let specs: Vec<(&str, String)> = names.into_iter().map(|name| (name, large(name, 4))).collect();
    for preview in all_shown(&specs, &[]) {
        assert_eq!((preview.held, preview.failed, preview.is_too_large), (1, 0, false), "{}", preview.text);
    }
    let too_large = shown("larger", large("larger", 6));
    assert!(too_large.is_too_large && too_large.verdict().contains("left to the audit"), "{}", too_large.text);
}
