//! The schema is that of the reader: it is current, admits every spec, and refuses what the reader refuses for its keys.

use std::fs;
use std::path::{Path, PathBuf};

use loss_author::files::folder;
use loss_author::new::{Kind, of_kind};
use loss_author::schema;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The schema, ready to be held against documents.
struct Validator(jsonschema::Validator);

impl Validator {
    fn new() -> Self {
        Self(jsonschema::validator_for(&schema::schema()).expect("it is a valid schema"))
    }

    /// What is wrong with a document, if anything.
    fn refusal(&self, text: &str) -> Option<String> {
        // YAML 1.2, as the language server reads it: the axis `N` is no boolean.
        let options = serde_saphyr::options! { strict_booleans: true };
        let document: Value =
            serde_saphyr::from_str_with_options(text, options).unwrap_or_else(|error| panic!("{error}\n{text}"));
        self.0.validate(&document).err().map(|error| error.to_string())
    }
}

#[test]
fn the_file_is_what_the_program_prints() {
    let path = root().join("specs/schema.json");
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, schema::text()).expect("the schema can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == schema::text(),
        "specs/schema.json is out of date: `cargo verify schema >specs/schema.json` makes it anew"
    );
}

#[test]
fn every_spec_of_ours_is_admitted_and_names_the_schema() {
    let validator = Validator::new();
    for source in folder(&root().join("specs")).expect("our specs can be read") {
        assert_eq!(validator.refusal(&source.text), None, "{}", source.path);
        assert!(source.text.starts_with("# yaml-language-server: $schema=schema.json\n"), "{}", source.path);
    }
}

#[test]
fn every_whole_spec_of_the_handbook_and_of_the_tests_is_admitted() {
    let validator = Validator::new();
    let mut seen = 0;
    for page in ["README.md", "specs/README.md"] {
        let text = fs::read_to_string(root().join(page)).expect("the page can be read");
        let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        for block in blocks.filter(|block| block.starts_with("name:")) {
            // The cookbook leaves out what its recipes do not show.
            let mut whole = block.to_owned();
            for (key, line) in [
                ("summary", "summary: s"),
                ("reference", "reference: [ r ]"),
                ("reduction", "reduction: { default: sum }"),
            ] {
                if !block.lines().any(|line| line.starts_with(&format!("{key}:"))) {
                    whole.push_str(&format!("{line}\n"));
                }
            }
            assert_eq!(validator.refusal(&whole), None, "{page}:\n{whole}");
            seen += 1;
        }
    }
    assert!(seen >= 15, "{seen} specs");
    for kind in [Kind::Pointwise, Kind::Class, Kind::Pair] {
        assert_eq!(validator.refusal(&of_kind("fresh", kind)), None);
    }
    let every =
        fs::read_to_string(root().join("loss-macros/codegen/tests/documents/every_key.yaml")).expect("it can be read");
    assert_eq!(validator.refusal(&every), None);
}

#[test]
fn what_the_reader_refuses_for_its_keys_or_kinds_the_schema_refuses() {
    let validator = Validator::new();
    let place = root().join("loss-macros/codegen/tests/errors/front");
    let mut seen = 0;
    for source in folder(&place).expect("the bad specs can be read") {
        let name = Path::new(&source.path).file_name().expect("a name").to_string_lossy().into_owned();
        if ["e0106", "e0107", "e0108"].iter().any(|code| name.starts_with(code)) {
            assert!(validator.refusal(&source.text).is_some(), "{name} is admitted");
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen} bad specs");
    let huber = fs::read_to_string(root().join("specs/huber.yaml")).expect("it can be read");
    for (right, wrong) in [
        ("smooth: C1", "smooth: C9"),
        ("gradient: true", "gradient: 1"),
        ("nonnegative:", "nonegative:"),
        ("name: huber", "name: Huber"),
    ] {
        assert!(huber.contains(right), "{right}");
        assert!(validator.refusal(&huber.replace(right, wrong)).is_some(), "{wrong} is admitted");
    }
}
