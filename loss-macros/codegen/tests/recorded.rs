//! What the compiler makes of specs that between them use nearly all of the language, against what it made of them when that was last
//! judged. The specs are copies that stay as they are when losses and recipes are edited: who edits those records nothing.
//!
//! The audit says whether kernels are right; this says whether they are the ones that it judged: a change of the compiler that is to change
//! nothing is seen to change nothing, and one that changes what nobody expected is seen too. Where the change is meant and `cargo verify`
//! has passed,
//!
//! ```text
//! RECORD=1 cargo test -p loss-codegen --test recorded
//! ```
//!
//! records it anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use loss_codegen::compile::{Compiled, compile, emit_one};
use loss_codegen::elaborate::Library;
use loss_codegen::page::{Gates, Surroundings};
use loss_codegen::source::SourceFile;
use proc_macro2::{TokenStream, TokenTree};

/// The specs, and the record of what was made of them.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded")
}

/// Where what is made is written: as it was when it last was what is recorded, and as it is when it is something else.
fn output(is_recorded: bool) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(if is_recorded { "recorded" } else { "changed" })
}

/// All specs of the folder, and those of other tests that kernels are made of.
fn specs() -> Vec<SourceFile> {
    let entries = fs::read_dir(folder()).expect("the folder of specs").map(|entry| entry.expect("an entry").path());
    let others = ["bounded", "dropping", "labelled", "squared", "switched"]
        .map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/specs/{name}.yaml")));
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|kind| kind == "yaml")).chain(others).collect();
    paths.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
    let read = |path: &PathBuf| SourceFile {
        path: format!("specs/{}", path.file_name().expect("a name").to_string_lossy()),
        text: fs::read_to_string(path).expect("a readable spec").replace("\r\n", "\n"),
    };
    paths.iter().map(read).collect()
}

/// What is made of a spec, a word a line, so that a `diff` shows the words that changed.
#[derive(Default)]
struct Made {
    documentation: String,
    code: String,
}

impl Made {
    fn of(loss: &Compiled, library: &Library) -> Self {
        let surroundings =
            Surroundings { library: None, measured: &[], gates: Gates::Task, root: Some("loss_runtime") };
        let mut made = Self::default();
        made.take(emit_one(loss, library, surroundings));
        made
    }

    fn take(&mut self, tokens: TokenStream) {
        let mut is_attribute = false;
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => {
                    let is_documentation = is_attribute
                        && matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc");
                    if is_documentation {
                        self.documentation.push_str(&format!("{}\n", group.stream()));
                    } else {
                        self.code.push_str(&format!("{:?}\n", group.delimiter()));
                        self.take(group.stream());
                        self.code.push_str("end\n");
                    }
                    is_attribute = false;
                }
                other => {
                    let word = other.to_string();
                    is_attribute = word == "#";
                    self.code.push_str(&format!("{word}\n"));
                }
            }
        }
    }
}

/// A number that tells texts apart: FNV-1a, as no hash of the standard library is promised to stay what it is.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn what_is_made_of_specs_is_what_was_recorded() {
    let specs = specs();
    let compiled = compile(&specs).unwrap_or_else(|failures| panic!("{}", failures[0].rendered().join("\n")));
    let library = Library { specs: compiled.iter().map(|loss| (loss.spec.name.clone(), loss.spec.clone())).collect() };
    let made: Vec<(&str, Made)> =
        compiled.iter().map(|loss| (loss.spec.name.as_str(), Made::of(loss, &library))).collect();
    let mut record = String::from("spec,documentation,code\n");
    for (name, made) in &made {
        let (documentation, code) = (digest(&made.documentation), digest(&made.code));
        writeln!(record, "{name},{documentation:016x},{code:016x}").expect("room for a line");
    }
    let file = folder().join("record.csv");
    if env::var_os("RECORD").is_some() {
        fs::write(&file, record).expect("the record can be written");
        return;
    }
    let known = fs::read_to_string(&file).expect("the record can be read").replace("\r\n", "\n");
    let is_recorded = record == known;
    let folder = output(is_recorded);
    fs::create_dir_all(&folder).expect("a folder for what is made");
    for (name, made) in &made {
        for (kind, text) in [("documentation", &made.documentation), ("code", &made.code)] {
            fs::write(folder.join(format!("{name}.{kind}.txt")), text).expect("what is made can be written");
        }
    }
    let changed = record.lines().filter(|line| !known.lines().any(|known| known == *line));
    let changed: Vec<&str> = changed.filter_map(|line| line.split(',').next()).collect();
    assert!(
        is_recorded,
        "the compiler makes something else of {}. Where this test has passed before the change, `diff -r {} {}` shows what. If it is \
         meant, and `cargo verify` passes, record it: RECORD=1 cargo test -p loss-codegen --test recorded",
        if changed.is_empty() { "no spec that is still there".to_owned() } else { changed.join(", ") },
        output(true).display(),
        folder.display(),
    );
}
