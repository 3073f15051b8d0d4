//! Changes of a small spec, and proofs.

use loss_codegen::source::SourceFile;

use super::edits::edits;
use super::{alone, equivalent};

const TEXT: &str = "name: bent
summary: Bent.
reference: [ \"by hand\" ]
inputs:
  input: { axes: [N], gradient: true }
params:
  delta: { default: 1.0, domain: \"0 < delta < inf\" }
let:
  a: abs(input)
loss:
  cases:
    - { when: \"a <= delta\", value: 0.5 * input^2 }
    - { otherwise: delta * (a - 0.5 * delta) }
reduction: { default: mean, mean: elements }
";

fn source() -> SourceFile {
    SourceFile { path: "specs/bent.yaml".to_owned(), text: TEXT.to_owned() }
}

#[test]
fn edits_name_their_place_and_most_of_them_compile() {
    let source = source();
    let all = edits(&source);
    let described: Vec<String> = all
        .iter()
        .map(|edit| format!("{} {}: {} -> {}", edit.place(&source), edit.operator, edit.before, edit.after))
        .collect();
    for expected in [
        "specs/bent.yaml:12:16 move a tie: a <= delta -> (a < delta)",
        "specs/bent.yaml:9:6 drop a function: abs(input) -> input",
        "specs/bent.yaml:14:35 another divisor: elements -> samples",
        "specs/bent.yaml:7:21 another default: 1.0 -> 0.5",
    ] {
        assert!(described.iter().any(|edit| edit == expected), "{expected} is not among {described:#?}");
    }
    let compiled = all.iter().filter(|edit| {
        let text = edit.apply(TEXT);
        alone(&SourceFile { path: source.path.clone(), text }, "bent", crate::registry::losses().sources()).is_ok()
    });
    assert!(4 * compiled.count() > 3 * all.len(), "{described:#?}");
}

#[test]
fn a_tie_that_both_branches_share_is_equivalent_and_a_sign_is_not() {
    let compile = |text: String| {
        alone(&SourceFile { path: "specs/bent.yaml".to_owned(), text }, "bent", crate::registry::losses().sources())
            .unwrap_or_else(|message| panic!("{message}"))
    };
    let original = compile(TEXT.to_owned());
    let proof = |from: &str, to: &str| equivalent(&original, &compile(TEXT.replace(from, to)));
    assert!(proof("a <= delta", "a < delta").is_some_and(|proof| proof.contains("both branches")));
    assert!(proof("0.5 * input^2", "input^2 * 0.5").is_some_and(|proof| proof == "one graph after simplification"));
    assert!(proof("a - 0.5", "a + 0.5").is_none());
    assert!(proof("default: 1.0", "default: 0.5").is_none());
}

#[test]
fn the_sign_of_what_an_even_function_reads_is_nothing() {
    let compile = |a: &str| {
        let text = TEXT.replace("a: abs(input)", &format!("a: {a}"));
        alone(&SourceFile { path: "specs/bent.yaml".to_owned(), text }, "bent", crate::registry::losses().sources())
            .unwrap_or_else(|message| panic!("{message}"))
    };
    for function in ["abs", "cosh", "cos"] {
        let original = compile(&format!("{function}(input)"));
        assert!(equivalent(&original, &compile(&format!("{function}(-input)"))).is_some(), "{function}");
        assert!(equivalent(&original, &compile(&format!("-{function}(input)"))).is_none(), "{function}");
    }
}

#[test]
fn another_default_reduction_is_a_fault_where_recorded_answers_can_tell() {
    let is_default = |text: &str| {
        let source = SourceFile { text: text.to_owned(), ..source() };
        edits(&source).iter().any(|edit| edit.operator == "another default reduction")
    };
    assert!(!is_default(TEXT));
    assert!(is_default(&TEXT.replace("inputs:\n", "pytorch: { function: bent_loss }\ninputs:\n")));
}
