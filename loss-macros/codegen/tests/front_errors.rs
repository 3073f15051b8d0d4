//! Each bad spec under `errors/front` gives exactly the text beside it. `BLESS=1` writes the texts anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use loss_codegen::codes::Code;
use loss_codegen::source::SourceFile;
use loss_codegen::yaml::parse_document;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors/front")
}

/// The stems of the files with this extension.
fn stems(extension: &str) -> BTreeSet<String> {
    fs::read_dir(folder())
        .expect("the folder of bad specs exists")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().expect("a stem").to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_bad_spec_gives_the_expected_text() {
    let bless = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for stem in stems("yaml") {
        let text = fs::read_to_string(folder().join(format!("{stem}.yaml"))).expect("a readable spec");
        let source = SourceFile { path: format!("specs/{stem}.yaml"), text };
        let diagnostics = parse_document(&source).expect_err(&stem);
        let rendered = diagnostics.render(&source);
        let code = stem.split('_').next().unwrap_or_default().to_uppercase();
        assert!(
            diagnostics.iter().any(|diagnostic| diagnostic.code.id() == code),
            "{stem} gives no {code}:\n{rendered}"
        );
        let expected = folder().join(format!("{stem}.txt"));
        if bless {
            fs::write(expected, &rendered).expect("a writable folder");
        } else if fs::read_to_string(expected).unwrap_or_default() != rendered {
            wrong.push(format!("{stem}:\n{rendered}"));
        }
    }
    assert!(wrong.is_empty(), "not as expected (BLESS=1 accepts them):\n{}", wrong.join("\n"));
}

#[test]
fn every_code_of_the_front_end_has_a_bad_spec_and_every_text_a_spec() {
    let specs = stems("yaml");
    for code in Code::ALL.iter().filter(|code| code.id().starts_with("E00") || code.id().starts_with("E01")) {
        let id = code.id().to_lowercase();
        assert!(specs.iter().any(|stem| stem.starts_with(&id)), "no bad spec for {id}, {}", code.title());
    }
    assert_eq!(stems("txt"), specs);
}
