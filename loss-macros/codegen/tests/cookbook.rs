//! Every spec that `specs/README.md` and `README.md` print compiles as it stands there, beside the losses that there are.

use std::fs;
use std::path::{Path, PathBuf};

use loss_codegen::compile::compile;
use loss_codegen::source::SourceFile;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The losses that formulas and relations may call.
fn losses() -> Vec<SourceFile> {
    let entries =
        fs::read_dir(root().join("specs")).expect("the folder of specs").map(|entry| entry.expect("an entry"));
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|kind| kind == "yaml")).collect();
    paths.sort();
    let read = |path: &PathBuf| SourceFile {
        path: format!("specs/{}", path.file_name().expect("a name").to_string_lossy()),
        text: fs::read_to_string(path).expect("a readable spec"),
    };
    paths.iter().map(read).collect()
}

/// The whole specs among the YAML blocks of a page, each completed as the cookbook says.
fn recipes(page: &str) -> Vec<SourceFile> {
    let text = fs::read_to_string(root().join(page)).expect("a readable page").replace("\r\n", "\n");
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks
        .filter_map(|block| {
            let name = block.strip_prefix("name: ")?.lines().next()?;
            let mut text = format!("{block}\n");
            for (key, value) in [
                ("summary", "A recipe."),
                ("reference", "[ a cookbook ]"),
                ("reduction", "{ default: mean, mean: elements }"),
            ] {
                if !text.contains(&format!("\n{key}: ")) {
                    text.push_str(&format!("{key}: {value}\n"));
                }
            }
            Some(SourceFile { path: format!("specs/{name}.yaml"), text })
        })
        .collect()
}

#[test]
fn every_printed_spec_compiles_without_a_word() {
    let losses = losses();
    let mut left: Vec<SourceFile> = recipes("specs/README.md").into_iter().chain(recipes("README.md")).collect();
    // The stages of the first spec, the fourteen of the cookbook, and the README's own.
    assert!(left.len() >= 17, "only {} are found", left.len());
    while !left.is_empty() {
        // Those of one name, such as the stages of one spec, cannot be compiled together.
        let mut together: Vec<SourceFile> = Vec::new();
        for recipe in std::mem::take(&mut left) {
            let is_there = together.iter().any(|other| other.path == recipe.path);
            if is_there { left.push(recipe) } else { together.push(recipe) }
        }
        let others = losses.iter().filter(|loss| together.iter().all(|recipe| recipe.path != loss.path));
        match compile(&together.iter().chain(others).cloned().collect::<Vec<_>>()) {
            Ok(compiled) => {
                let words = compiled.iter().map(|compiled| compiled.warnings.render(&compiled.source));
                assert_eq!(words.collect::<String>(), "");
            }
            Err(failures) => panic!("{}", failures.iter().flat_map(|failure| failure.rendered()).collect::<String>()),
        }
    }
}
