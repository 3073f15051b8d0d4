//! One bad spec for each mistake that resolving and checking find, and what is printed for it. `BLESS=1` rewrites the expectations.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use loss_codegen::check;
use loss_codegen::check::support::unsupported;
use loss_codegen::codes::Code;
use loss_codegen::diagnostic::Diagnostics;
use loss_codegen::elaborate::Library;
use loss_codegen::resolve::resolve;
use loss_codegen::source::SourceFile;
use loss_codegen::yaml::parse_document;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn specs(name: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(name))
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    paths
}

fn source(path: &Path) -> SourceFile {
    let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
    SourceFile { path: format!("specs/{name}"), text: fs::read_to_string(path).expect("the spec can be read") }
}

fn library() -> Library {
    let mut library = Library::default();
    for path in specs("specs").into_iter().chain(specs("errors/library")) {
        let source = source(&path);
        let document = parse_document(&source).map_err(|e| e.render(&source)).expect("fixtures parse");
        let spec = resolve(&document, &source).map_err(|e| e.render(&source)).expect("fixtures resolve");
        library.specs.insert(spec.name.clone(), spec);
    }
    library
}

fn diagnose(source: &SourceFile, library: &Library) -> Diagnostics {
    let document = match parse_document(source) {
        Ok(document) => document,
        Err(diagnostics) => return diagnostics,
    };
    match check::diagnose(&document, source, library) {
        Ok(spec) => unsupported(&document, &spec, library),
        Err(diagnostics) => diagnostics,
    }
}

#[test]
fn every_mistake_is_reported_as_expected() {
    let library = library();
    let mut wrong = Vec::new();
    for path in specs("errors/check") {
        let source = source(&path);
        let printed = diagnose(&source, &library).render(&source);
        let expected = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &printed).expect("the expectation can be written");
        }
        assert!(!printed.is_empty(), "{} has no mistake", source.path);
        match fs::read_to_string(&expected) {
            Ok(text) if text == printed => {}
            Ok(text) => wrong.push(format!("{}: expected\n{text}\nprinted\n{printed}", source.path)),
            Err(_) => wrong.push(format!("{}: no expectation; printed\n{printed}", source.path)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_expectation_has_its_spec() {
    for entry in fs::read_dir(folder("errors/check")).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        assert!(path.with_extension("yaml").exists(), "{} has no spec", path.display());
        assert!(path.with_extension("txt").exists(), "{} has no expectation", path.display());
    }
}

#[test]
fn every_rule_of_these_stages_has_a_spec_that_breaks_it() {
    let library = library();
    let shown: BTreeSet<&str> = specs("errors/check")
        .iter()
        .flat_map(|path| diagnose(&source(path), &library))
        .map(|diagnostic| diagnostic.code.id())
        .collect();
    // Those of the front end, and warnings, have tests of their own.
    let is_ours = |code: &&Code| !matches!(code.id().get(..3), Some("E00" | "E01" | "W00"));
    for code in Code::ALL.iter().filter(is_ours) {
        assert!(shown.contains(code.id()), "no spec breaks {} ({})", code.id(), code.title());
    }
}

/// Each stands next to a mistake that has its spec under `errors/check`.
#[test]
fn what_looks_like_a_mistake_and_is_none_is_accepted() {
    const ROWS: &str = "input: { axes: [N], gradient: true }";
    const CLASSES: &str = "input: { axes: [N, C], gradient: true }\n  label: { axes: [N], label: class_index(C) }";
    const LISTS: &str = "input: { axes: [N, C], gradient: true }\n  places: { axes: [N, L], label: index_list(C) }";
    const OPTIONAL: &str = "input: { axes: [N], gradient: true }\n  weight: { axes: [N], optional: true }\nlet:\n  ";
    const SHARED: &str = "input: { axes: [N, C], gradient: true }\n  weight: { axes: [N, C], broadcast: [N, C] }";
    const SPREAD: &str = "input: { axes: [N, C], gradient: true }\n  weight: { axes: [N, C], broadcast: [C] }";
    let example = |weight: &str| {
        let given = format!("input: [[1, 2, 3], [4, 5, 6]], weight: {weight}");
        format!("examples: [ {{ given: {{ {given} }}, expect: {{ sum: 1 }}, source: s }} ]")
    };
    let library = library();
    for (above, loss, below) in [
        (ROWS, "abs(input)", "knots: [ { at: input == 0 and input < 1, smooth: jump } ]"),
        (ROWS, "abs(input)", "knots: [ { at: input == 0 or input == 1, smooth: jump } ]"),
        (ROWS, "abs(input)", "relations: [ { with: { a: a > 0, b: b > a }, equals: abs(input) + 0 * (a - b) } ]"),
        (&format!("{OPTIONAL}or_one(w): if given(w) then w else 1"), "or_one(weight) * input", ""),
        (&format!("{OPTIONAL}times(w, x): if given(w) then w * x else x"), "times(weight, input)", ""),
        (CLASSES, "dot(C, one_hot(C, label), input)", ""),
        // An array of one dimension is a single row.
        (
            CLASSES,
            "input[label]",
            "examples: [ { given: { input: [1, 2], label: 1 }, expect: { none: 2 }, source: s } ]",
        ),
        // What an input may lack, or have once.
        (SHARED, "weight * input", &example("[[1, 2, 3], [4, 5, 6]]")),
        (SHARED, "weight * input", &example("[[1], [2]]")),
        (SHARED, "weight * input", &example("[[1, 2, 3]]")),
        (SHARED, "weight * input", &example("[1, 2]")),
        (SHARED, "weight * input", &example("[1, 2, 3]")),
        (SHARED, "weight * input", &example("1")),
        (SPREAD, "weight * input", &example("[1, 2]")),
        // The places of the second dimension, however many follow.
        (
            "input: { axes: [N, C], label: simplex(C), gradient: true }",
            "input",
            "examples: [ { given: { input: [[[0.5, 0.2], [0.5, 0.8]]] }, expect: { sum: 1 }, source: s } ]",
        ),
        // The largest tolerance.
        (ROWS, "input", "examples: [ { given: { input: [1] }, expect: { sum: 1 }, tolerance: 1e-2, source: s } ]"),
        // What is left above 3.
        (ROWS, "if input < 1 then 0 else if input <= 3 then 1 else if input > 2 then 2 else 3", ""),
        (LISTS, "sum(L, if given(places) then input[places] else 0)", ""),
        (LISTS, "sum(L, if not given(places) then 0 else input[places])", ""),
        (LISTS, "sum(L, if not (given(places) and index(L) == index(L)) then 0 else input[places])", ""),
    ] {
        let text = format!(
            "name: sound\nsummary: s.\nreference: [ r ]\ninputs:\n  {above}\nloss: \"{loss}\"\nreduction: {{ default: sum }}\n{below}\n"
        );
        let source = SourceFile { path: "specs/sound.yaml".to_owned(), text };
        let document = parse_document(&source).map_err(|e| e.render(&source)).expect("it parses");
        let found = check::diagnose(&document, &source, &library).err().map(|e| e.render(&source));
        assert_eq!(found, None, "{above}\n{loss}\n{below}");
    }
}

#[test]
fn sound_specs_have_no_mistakes() {
    let library = library();
    for path in specs("specs") {
        let source = source(&path);
        let document = parse_document(&source).map_err(|e| e.render(&source)).expect("fixtures parse");
        let found = check::check(&document, &library.specs[&document.name.value], &library);
        assert!(!found.has_errors(), "{}", found.render(&source));
    }
}

#[test]
fn a_spec_that_lacks_any_line_or_has_its_halves_swapped_is_diagnosed_and_nothing_panics() {
    let library = library();
    for path in specs("specs").iter().chain(&specs("errors/check")) {
        let whole = source(path);
        let lines: Vec<&str> = whole.text.lines().collect();
        for cut in 0..lines.len() {
            let shortened = [&lines[..cut], &lines[cut + 1..]].concat().join("\n");
            let (left, right) = lines[cut].split_at(lines[cut].len() / 2);
            let turned = whole.text.replace(lines[cut], &format!("{right}{left}"));
            for text in [shortened, turned] {
                let source = SourceFile { path: whole.path.clone(), text };
                if let Ok(document) = parse_document(&source)
                    && let Err(found) = check::diagnose(&document, &source, &library)
                {
                    assert!(found.has_errors(), "{}: refused without a reason", source.path);
                    assert!(!found.render(&source).is_empty());
                }
            }
        }
    }
}
