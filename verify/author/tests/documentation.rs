//! The pages that `cargo doc` shows of our own losses say all that they should, and stay small.

use loss_codegen::compile::{Compiled, compile, emit_all};
use loss_codegen::page::{Gates, Surroundings, table};
use loss_codegen::source::SourceFile;
use loss_specs::SPECS;

/// So many bytes a drawing may have.
const LARGEST_DRAWING: usize = 3_000;

fn ours() -> Vec<Compiled> {
    let sources: Vec<SourceFile> =
        SPECS.iter().map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() }).collect();
    compile(&sources).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()))
}

struct Page {
    loss: Compiled,
    text: String,
    aliases: Vec<String>,
}

/// The documentation of the first type of each loss's module: the loss itself, unless a parameter's words come before it.
fn pages() -> Vec<Page> {
    let compiled = ours();
    let surroundings = Surroundings { library: None, measured: &[], gates: Gates::Open, root: Some("loss_runtime") };
    let file: syn::File = syn::parse2(emit_all(&compiled, surroundings)).expect("it is Rust");
    let page = |loss: Compiled| {
        let module = file.items.iter().find_map(|item| match item {
            syn::Item::Mod(module) if module.ident == loss.spec.name => module.content.as_ref(),
            _ => None,
        });
        let (_, items) = module.expect("each loss has a module");
        let name = loss.spec.name.replace('_', "");
        let attributes = items.iter().find_map(|item| match item {
            syn::Item::Struct(item) if item.ident.to_string().to_lowercase() == name => Some(&item.attrs),
            _ => None,
        });
        let (mut lines, mut aliases) = (Vec::new(), Vec::new());
        for attribute in attributes.expect("and a type") {
            match &attribute.meta {
                syn::Meta::NameValue(pair) => {
                    if let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value {
                        lines.push(text.value());
                    }
                }
                syn::Meta::List(list) if list.path.is_ident("doc") => {
                    aliases.push(list.tokens.to_string().replace("alias = ", "").trim_matches('"').to_owned());
                }
                syn::Meta::List(_) | syn::Meta::Path(_) => {}
            }
        }
        Page { loss, text: lines.join("\n"), aliases }
    };
    compiled.into_iter().map(page).collect()
}

#[test]
fn every_page_says_all_that_is_known() {
    for Page { loss, text, .. } in pages() {
        let name = &loss.spec.name;
        for part in
            ["\n# Formula\n", "<summary>Gradient", "\n# Shape\n", "\n# Domain\n", "\n# Reductions\n", "\n# Source\n"]
        {
            assert!(text.contains(part), "{name} lacks {part:?}");
        }
        let (spec, guide) = (&loss.spec, &loss.spec.guide);
        for (part, is_known) in [
            ("**Use it when** ", guide.use_when.is_some()),
            ("\n# Relations\n", !spec.relations.is_empty()),
            ("\n# Examples\n", !spec.examples.is_empty()),
            ("\n# In other libraries\n", spec.pytorch.is_some() || !guide.aliases.is_empty()),
        ] {
            assert_eq!(text.contains(part), is_known, "{name}: {part:?}");
        }
        assert_eq!(text.contains("\n# Ties\n"), !loss.spec.knots.is_empty(), "{name}");
        assert!(text.contains(loss.source.text.trim()), "{name}: the spec is there, word for word");
    }
}

#[test]
fn every_loss_is_drawn_and_its_drawing_is_small() {
    for Page { loss, text, .. } in pages() {
        let name = &loss.spec.name;
        let drawing = text.split("<div><svg").nth(1).and_then(|rest| rest.split("</div>").next());
        let drawing = format!("<svg{}", drawing.unwrap_or_else(|| panic!("{name} is not drawn")));
        assert!(drawing.len() < LARGEST_DRAWING, "{name}: {} bytes", drawing.len());
        let tree = roxmltree::Document::parse(&drawing).unwrap_or_else(|error| panic!("{name}: {error}"));
        let lines = tree.descendants().filter(|node| node.attribute("stroke-width").is_some());
        assert!(lines.clone().count() >= 2, "{name}: value and gradient");
        assert!(
            lines.clone().all(|line| line.attribute("d").is_some_and(|path| path.contains('L'))),
            "{name}: each has a line"
        );
    }
}

#[test]
fn every_formula_on_a_page_is_well_formed() {
    for Page { loss, text, .. } in pages() {
        let formulas: Vec<&str> = text.split("<math").skip(1).collect();
        assert!(formulas.len() > 1, "{}", loss.spec.name);
        for formula in formulas {
            let (formula, _) = formula.split_once("</math>").expect("it ends");
            let formula = format!("<math{formula}</math>");
            if let Err(error) = roxmltree::Document::parse(&formula) {
                panic!("{}: {error} in {formula}", loss.spec.name);
            }
        }
    }
}

#[test]
fn every_loss_is_found_by_its_names_elsewhere() {
    for Page { loss, aliases, .. } in pages() {
        let spec = &loss.spec;
        if let Some((function, _)) = &spec.pytorch {
            assert!(aliases.contains(function), "{}: {aliases:?}", spec.name);
            let class = |alias: &String| alias.starts_with("torch.nn.") && alias.ends_with("Loss");
            assert!(aliases.iter().any(class), "{}: {aliases:?}", spec.name);
        }
        for (_, names) in &spec.guide.aliases {
            let own = spec.name.replace('_', "");
            let found = |name: &&String| name.to_lowercase() == own || aliases.contains(name);
            assert!(names.iter().all(|name| found(&name)), "{}: {aliases:?}", spec.name);
        }
    }
}

#[test]
fn the_table_names_every_loss_once_with_its_task() {
    let compiled = ours();
    let table = table(compiled.iter().map(|loss| &loss.spec), "");
    assert!(!table.contains("| Other |"), "every loss of ours has a task");
    for loss in &compiled {
        let own = loss.spec.name.replace('_', "");
        let rows = table.lines().filter(|row| {
            row.split('`').nth(1).is_some_and(|name| row.starts_with("| [`") && name.to_lowercase() == own)
        });
        assert_eq!(rows.count(), 1, "{}", loss.spec.name);
    }
}
