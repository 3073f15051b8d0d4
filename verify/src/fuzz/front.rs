//! Any text is compiled or refused with a reason at a place that exists, and a formula that is read prints as itself.

use std::sync::OnceLock;

use loss_author::files::of_program;
use loss_codegen::compile::{Compiled, Failure, compile_beside, emit_one, library};
use loss_codegen::document::Document;
use loss_codegen::elaborate::Library;
use loss_codegen::formula::ast::Ast;
use loss_codegen::formula::parser::parse;
use loss_codegen::formula::print::print;
use loss_codegen::formula::text::FormulaText;
use loss_codegen::page::{Gates, Surroundings};
use loss_codegen::source::SourceFile;
use loss_codegen::yaml::parse_document;

use super::bytes::Bytes;
use super::mutate::mutated;

/// The first byte says what the others are: a formula, a spec, or changes to one of our own specs.
///
/// # Panics
/// If the compiler panics, refuses without a reason or at a place outside the text, makes code that is no Rust, or prints a formula
/// as another one.
pub fn front_end(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    match bytes.byte() % 3 {
        0 => formula(&String::from_utf8_lossy(bytes.rest())),
        1 => spec(String::from_utf8_lossy(bytes.rest()).into_owned()),
        _ => {
            let texts: Vec<&str> = loss_specs::SPECS.iter().map(|spec| spec.text).collect();
            spec(mutated(&texts, &mut bytes));
        }
    }
}

fn formula(text: &str) {
    match parse(&FormulaText::plain(text, 0)) {
        Ok(ast) => prints_as_itself(&ast),
        Err(error) => {
            assert!(!error.message.is_empty(), "refused without a reason: {text:?}");
            assert!(text.get(error.span.start..error.span.end).is_some(), "{:?} is no place in {text:?}", error.span);
        }
    }
}

fn prints_as_itself(ast: &Ast) {
    let printed = print(ast);
    let again = parse(&FormulaText::plain(printed.as_str(), 0));
    let again = again.unwrap_or_else(|error| panic!("`{printed}` does not parse: {}", error.message));
    let [first, second] = [ast, &again].map(|ast| format!("{:?}", ast.without_places()));
    assert_eq!(first, second, "`{printed}` is another formula");
}

fn spec(text: String) {
    let source = SourceFile { path: "specs/fuzzed.yaml".to_owned(), text };
    if let Ok(document) = parse_document(&source) {
        formulas(&document).iter().for_each(prints_as_itself);
    }
    // A spec's name is its file's stem; what comes after that is worth seeing.
    let named = source.text.lines().find_map(|line| line.strip_prefix("name:"));
    let path = named.map_or(source.path, |name| format!("specs/{}.yaml", name.trim()));
    let source = SourceFile { path, ..source };
    match compile_beside(std::slice::from_ref(&source), beside().clone()) {
        Ok(compiled) => compiled.iter().for_each(becomes_rust),
        Err(failures) => failures.iter().for_each(has_reasons),
    }
}

/// The trees that a document holds whole.
fn formulas(document: &Document) -> Vec<Ast> {
    let lets = document.lets.iter().map(|entry| entry.body.to_ast());
    let domains = document.inputs.iter().filter_map(|(_, input)| input.domain.clone());
    let relations = document.relations.iter().map(|relation| relation.equals.clone());
    std::iter::once(document.loss.to_ast()).chain(lets).chain(domains).chain(relations).collect()
}

fn becomes_rust(compiled: &Compiled) {
    let tokens =
        emit_one(compiled, beside(), Surroundings { library: None, measured: &[], gates: Gates::Open, root: None });
    if let Err(error) = syn::parse2::<syn::File>(tokens) {
        panic!("the code of `{}` is no Rust: {error}", compiled.spec.name);
    }
}

fn has_reasons(failure: &Failure) {
    assert!(failure.diagnostics.has_errors(), "refused without a reason");
    for diagnostic in &failure.diagnostics {
        let span = diagnostic.span;
        assert!(
            failure.source.text.get(span.start..span.end).is_some(),
            "{span:?} is no place: {}",
            diagnostic.message
        );
    }
    assert!(failure.rendered().iter().all(|text| !text.is_empty()));
}

/// Our specs, which any spec may call.
fn beside() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| library(&of_program(loss_specs::SPECS)))
}
