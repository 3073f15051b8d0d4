//! What is true is proved, and what is false is not.

use loss_codegen::compile::{Compiled, compile};
use loss_codegen::document::{Formula, PropertyEntry};
use loss_codegen::elaborate::{Library, elaborate_in};
use loss_codegen::expr::{Constant, Expr, ExprId};
use loss_codegen::source::SourceFile;

use super::{Property, Verdict, prove_property};

#[test]
fn try_all() {
    for spec in loss_specs::SPECS {
        let _ = spec;
    }
    let sources: Vec<SourceFile> = loss_specs::SPECS
        .iter()
        .map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() })
        .collect();
    let compiled = compile(&sources).expect("they compile");
    for one in &compiled {
        for (name, entry) in &one.spec.properties {
            for variant in &one.variants {
                let start = std::time::Instant::now();
                for (of, formulas) in claims(&name.value, entry) {
                    let mut variant = variant.clone();
                    let ids: Vec<ExprId> = formulas
                        .iter()
                        .map(|ast| {
                            elaborate_in(&one.spec, &mut variant, &Library::default(), &Formula::Scalar(ast.clone()), &[])
                                .expect("typed")
                        })
                        .collect();
                    let property = Property { name: &name.value, of: of.as_deref(), formulas: ids };
                    let verdict = prove_property(&one.spec, &variant, &property);
                    println!("{} {} {:?}: {:?} {:?}", one.spec.name, name.value, of, verdict, start.elapsed());
                }
            }
        }
    }
}

fn claims(name: &str, entry: &PropertyEntry) -> Vec<(Option<String>, Vec<loss_codegen::formula::ast::Ast>)> {
    use loss_codegen::formula::ast::AstKind;
    let bare = |ast: &loss_codegen::formula::ast::Ast| match &ast.kind {
        AstKind::Name(name) => Some(name.clone()),
        _ => None,
    };
    match entry {
        PropertyEntry::Formula(ast) => vec![(None, vec![ast.clone()])],
        PropertyEntry::List(list) if name == "bounded" => vec![(None, list.clone())],
        PropertyEntry::List(list) => list.iter().map(|ast| (bare(ast), Vec::new())).collect(),
        PropertyEntry::Map(map) => map
            .iter()
            .map(|(of, ast)| {
                (Some(of.value.clone()), if name == "shift_invariant_in" { Vec::new() } else { vec![ast.clone()] })
            })
            .collect(),
    }
}
