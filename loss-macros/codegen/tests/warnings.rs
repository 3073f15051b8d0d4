//! Each spec under `errors/warned` compiles, with exactly the warnings beside it. `BLESS=1` writes them anew. Sound specs have none.

use std::fs;
use std::path::{Path, PathBuf};

use loss_codegen::codes::Code;
use loss_codegen::compile::{compile, compile_beside, library};
use loss_codegen::source::SourceFile;

fn specs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    paths
}

fn source(path: &Path) -> SourceFile {
    let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
    SourceFile { path: format!("specs/{name}"), text: fs::read_to_string(path).expect("the spec can be read") }
}

/// The warnings of a spec without errors.
fn warnings(text: &str) -> String {
    let name = text.lines().find_map(|line| line.strip_prefix("name: ")).expect("a name");
    let source = SourceFile { path: format!("specs/{name}.yaml"), text: text.to_owned() };
    let compiled = compile(std::slice::from_ref(&source));
    let compiled = compiled.unwrap_or_else(|failures| panic!("{}", failures[0].rendered().concat()));
    compiled[0].warnings.render(&source)
}

#[test]
fn every_pitfall_is_told_with_an_example() {
    let mut told = String::new();
    for path in specs("tests/errors/warned") {
        let printed = warnings(&source(&path).text);
        let expected = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &printed).expect("it can be written");
        }
        assert!(printed.starts_with("warning[W"), "{}: {printed}", path.display());
        assert_eq!(fs::read_to_string(&expected).unwrap_or_default(), printed, "{}", path.display());
        told.push_str(&printed);
    }
    for code in Code::ALL.iter().filter(|code| code.id().starts_with('W')) {
        // Reserved for checks that do not exist yet.
        assert!(told.contains(code.id()), "no spec is warned of {}", code.title());
    }
}

#[test]
fn our_specs_and_the_fixtures_have_no_warning() {
    let ours = specs("../../specs");
    let sources: Vec<SourceFile> = ours.iter().chain(&specs("tests/specs")).map(|path| source(path)).collect();
    let mut seen = 0;
    for path in ours.iter().chain(&specs("tests/specs")) {
        let one = source(path);
        // This one jumps at most of its borders.
        if path.ends_with("stepped.yaml") {
            assert!(warnings(&one.text).contains("warning[W0006]: the loss jumps by"), "{}", warnings(&one.text));
            continue;
        }
        // What is not supported yet has errors, and no warnings to speak of.
        let Ok(compiled) = compile_beside(std::slice::from_ref(&one), library(&sources)) else { continue };
        assert!(compiled[0].warnings.is_empty(), "{}", compiled[0].warnings.render(&one));
        seen += 1;
    }
    assert!(seen >= ours.len(), "{seen} specs");
}

#[test]
fn a_domain_a_case_or_a_weight_that_leaves_the_place_out_is_enough() {
    let spec = |inputs: &str, loss: &str| {
        let rest = "reduction: { default: sum }";
        format!(
            "name: one\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true{inputs} }}\nloss: \"{loss}\"\n{rest}\n"
        )
    };
    for (inputs, loss, warned) in [
        ("", "log(input)", "W0007"),
        (", label: positive", "log(input)", ""),
        (", domain: \"input > 0\"", "log(input)", ""),
        ("", "if input > 0 then log(input) else input - 1", ""),
        ("", "if input > 0 then log(input) else input", ""),
        ("", "sqrt(input^2 + 1)", ""),
        ("", "sqrt(input^2)", "W0003"),
        ("", "detach(sqrt(input^2)) * input", ""),
        ("", "input / input", "W0007"),
        (", label: positive", "input / input", ""),
        (", label: nonnegative", "input * log(input)", "W0001"),
        (", label: nonnegative", "weigh(input, log(input))", ""),
        ("", "log(1 - tanh(40 * input)) * 0.5", ""),
        ("", "if input < 1 then 0 else input - 1", ""),
        ("", "if input < 1 then 0 else input", "W0006"),
        ("", "relu(input)^0.5", "W0003"),
        ("", "acos(input)", "W0007"),
    ] {
        let printed = warnings(&spec(inputs, loss));
        if warned.is_empty() {
            assert_eq!(printed, "", "{inputs} {loss}");
        } else {
            assert!(printed.contains(&format!("warning[{warned}]")), "{inputs} {loss}: {printed}");
        }
    }
}
