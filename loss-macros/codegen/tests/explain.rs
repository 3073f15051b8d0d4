//! Each spec under `explained` is explained by exactly the text beside it. `BLESS=1` writes the texts anew.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::path::Path;

use loss_codegen::compile::compile;
use loss_codegen::explain::explain;
use loss_codegen::source::SourceFile;

#[test]
fn cases_gradients_and_knots_of_a_pointwise_loss_are_shown() {
    assert_explained("bent");
}

#[test]
fn stable_forms_variants_and_passes_of_a_row_wise_loss_are_shown() {
    assert_explained("surprise");
}

fn assert_explained(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explained");
    let (spec, beside) = (folder.join(format!("{name}.yaml")), folder.join(format!("{name}.txt")));
    let source = SourceFile { path: format!("{name}.yaml"), text: fs::read_to_string(spec).unwrap() };
    let explanation = match compile(&[source]) {
        Ok(compiled) => explain(&compiled[0]),
        Err(failures) => panic!("{}", failures.iter().flat_map(|failure| failure.rendered()).collect::<String>()),
    };
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&beside, &explanation).unwrap();
    }
    assert_eq!(
        explanation,
        fs::read_to_string(beside).unwrap(),
        "not as expected (BLESS=1 accepts it):\n{explanation}"
    );
}
