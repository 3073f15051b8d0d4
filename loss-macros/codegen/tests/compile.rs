//! Several specs at once: all that is wrong with each, and nothing twice.

use loss_codegen::compile::{compile, emit_all};
use loss_codegen::page::{Gates, Surroundings};
use loss_codegen::source::SourceFile;

fn spec(name: &str, formula: &str, relations: &str) -> SourceFile {
    let text = format!(
        "name: {name}\nsummary: A spec.\nreference: [ none ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\n\
         loss: {formula}\nreduction: {{ default: mean, mean: elements }}\n{relations}"
    );
    SourceFile { path: format!("specs/{name}.yaml"), text }
}

/// The first lines of all diagnostics, file by file.
fn mistakes(sources: &[SourceFile]) -> Vec<String> {
    let failures = compile(sources).err().unwrap_or_default();
    let texts = failures.iter().flat_map(|failure| failure.rendered());
    texts.map(|text| text.lines().next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_resolving_and_what_checking_finds_is_told_together() {
    let mut wrong = spec("wrong", "abs(inptu)", "properties: { nonnegative: true, bent: true }\n");
    wrong.text = wrong.text.replace("mean: elements", "mean: elemnts");
    assert_eq!(
        mistakes(&[spec("right", "abs(input)", ""), wrong]),
        [
            "error[E0201]: unknown name `inptu` in formula",
            "error[E0410]: unknown divisor `elemnts`",
            "error[E0503]: unknown property `bent`",
        ]
    );
}

#[test]
fn a_loss_whose_file_is_broken_is_not_unknown_elsewhere() {
    let caller = spec("caller", "abs(input)", "relations:\n  - { equals: \"called(input)\" }\n");
    let called = spec("called", "abs(input", "");
    let found = mistakes(&[caller.clone(), called]);
    assert_eq!(found, ["error[E0009]: this `(` is never closed"]);
    assert_eq!(mistakes(&[caller]), ["error[E0205]: unknown function `called`"]);
}

#[test]
fn sums_are_in_f64_where_the_spec_says_so() {
    let is_wide = |rest: &str| {
        let compiled = compile(&[spec("summed", "abs(input)", rest)]).expect("it compiles");
        compiled[0].spec.accumulate_f64
    };
    assert_eq!([is_wide(""), is_wide("accumulate: f64\n")], [false, true]);
}

#[test]
fn two_losses_are_two_types() {
    let found = mistakes(&[spec("smooth_1", "abs(input)", ""), spec("smooth1", "abs(input)", "")]);
    assert_eq!(found, ["error[E0204]: `smooth1` and `smooth_1` are one name in Rust"]);
}

#[test]
fn a_condition_on_a_whole_row_is_refused() {
    let mut spec = spec("whole", "sum(C, abs(input))", "");
    spec.text = spec
        .text
        .replace("{ axes: [N], gradient: true }", "{ axes: [N, C], domain: \"sum(C, input) <= 1\", gradient: true }");
    assert_eq!(mistakes(&[spec]), ["error[E0604]: a condition on a whole row is not supported yet"]);
}

/// For each variant of a loss of these inputs, whether its kernel answers calls at once.
fn answers_at_once(inputs: &str, formula: &str) -> Vec<bool> {
    let text = format!(
        "name: asked\nsummary: A spec.\nreference: [ none ]\ninputs:\n{inputs}loss: {formula}\n\
         reduction: {{ default: mean, mean: elements }}\n"
    );
    let compiled = compile(&[SourceFile { path: "specs/asked.yaml".to_owned(), text }])
        .unwrap_or_else(|failures| panic!("{}", failures[0].rendered().join("\n")));
    let surroundings = Surroundings { library: None, measured: &[], gates: Gates::Open, root: None };
    let code = emit_all(&compiled, surroundings).to_string();
    let variants = code.split("const VARIANT").skip(1);
    variants.map(|variant| variant.split("lines :").nth(1).is_some_and(|lines| lines.starts_with(" Some"))).collect()
}

#[test]
fn calls_are_answered_at_once_where_each_place_has_its_own_numbers_and_only_labels_to_check() {
    const INPUT: &str = "  input: { axes: [N], gradient: true }\n";
    let with = |input: &str, formula: &str| answers_at_once(&format!("{INPUT}  other: {input}\n"), formula);
    assert_eq!(answers_at_once(INPUT, "abs(input)"), [true]);
    assert_eq!(with("{ axes: [N], gradient: true }", "abs(input - other)"), [true]);
    assert_eq!(with("{ axes: [N], label: sign }", "relu(1 - other * input)"), [true]);
    assert_eq!(with("{ axes: [N], label: probability }", "other * input"), [true]);
    // Declared conditions, numbers that several places share.
    assert_eq!(with("{ axes: [N], domain: \"other < 7\" }", "other * input"), [false]);
    assert_eq!(with("{ axes: [N], default: 1, domain: \"other < 7\" }", "other * input"), [false, true]);
    assert_eq!(with("{ axes: [] }", "other * input"), [false]);
    // A second axis: all inputs along both, or a table, or a reduction.
    const ROW: &str = "  input: { axes: [N, C], gradient: true }\n";
    let with = |input: &str, formula: &str| answers_at_once(&format!("{ROW}  other: {input}\n"), formula);
    assert_eq!(with("{ axes: [N, C], label: probability }", "other * input"), [true]);
    assert_eq!(with("{ axes: [C] }", "other * input"), [false]);
    assert_eq!(with("{ axes: [N] }", "other * input"), [false]);
    assert_eq!(with("{ axes: [N, C], label: simplex(C) }", "other * input"), [false]);
    assert_eq!(with("{ axes: [N], label: class_index(C) }", "input[other]"), [false]);
    assert_eq!(answers_at_once(ROW, "sum(C, abs(input))"), [false]);
}

#[test]
fn each_loss_is_behind_the_feature_of_its_task_where_that_is_asked_for() {
    let mut ranking = spec("ranked", "abs(input)", "");
    ranking.text.push_str("task: ranking\n");
    let compiled = compile(&[ranking, spec("tasked", "abs(input)", "")]).expect("both compile");
    let code = |gates| {
        let surroundings = Surroundings { library: None, measured: &[], gates, root: None };
        emit_all(&compiled, surroundings).to_string()
    };
    let gate = "# [cfg (feature = \"ranking\")]";
    // The module, the type, and the entry of the list; what has no task is always there.
    assert_eq!(code(Gates::Task).matches(gate).count(), 3);
    assert_eq!(code(Gates::Task).matches("cfg").count(), 3);
    assert_eq!(code(Gates::Open).matches("cfg").count(), 0);
}
