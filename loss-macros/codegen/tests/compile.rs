//! Several specs at once: all that is wrong with each, and nothing twice.

use loss_codegen::compile::compile;
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

#[test]
fn what_has_no_kernel_yet_is_told_where_the_loss_is_written() {
    let told = |loss: &str| {
        let mut spec = spec("picked", loss, "");
        let inputs = "{ axes: [N, C], gradient: true }\n  a: { axes: [N], label: class_index(C) }\n  \
                      b: { axes: [N], label: class_index(C) }\n  flag: { axes: [N], label: flag }";
        spec.text = spec.text.replace("{ axes: [N], gradient: true }", inputs);
        let told = compile(&[spec]).err().map(|failures| failures[0].rendered().concat()).unwrap_or_default();
        told.lines().map(str::to_owned).take(5).collect::<Vec<_>>()
    };
    assert_eq!(
        told("input[if flag then a else b]"),
        [
            "error[E0604]: picking by anything but a class label is not supported yet",
            "  --> specs/picked.yaml:9:7",
            "   |",
            " 9 | loss: input[if flag then a else b]",
            "   |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ help: pick with an input whose label is `class_index`",
        ]
    );
    let cases = "{ cases: [ { when: flag, value: \"input[if flag then a else b]\" }, { otherwise: \"input[a]\" } ] }";
    assert_eq!(told(cases)[1], "  --> specs/picked.yaml:9:18", "the first case");
}
