//! The losses that a loss is made of, and those that are made of it.

use crate::compose::calls::calls;
use crate::compose::made_of;
use crate::elaborate::Library;
use crate::formula::ast::{Ast, AstKind};
use crate::formula::print::print;
use crate::model::Spec;

use super::prose::Links;

pub(super) fn section(spec: &Spec, library: &Library, links: &Links<'_>) -> String {
    let mut text = String::new();
    let parts = made_of(spec, library);
    if !parts.is_empty() {
        text.push_str("\n# Made of\n");
        for part in parts {
            let name = links.link(part).unwrap_or_else(|| format!("`{part}`"));
            text.push_str(&format!("- {name}, as {}.\n", written(spec, part).join(", ")));
        }
        text.push_str("\nIts derivatives, ties, labels and accuracy are those of the whole formula.\n");
    }
    let wholes: Vec<String> = (library.specs.values())
        .filter(|other| other.name != spec.name && made_of(other, library).contains(&spec.name.as_str()))
        .filter_map(|other| links.link(&other.name))
        .collect();
    if !wholes.is_empty() {
        text.push_str(&format!("\n# Part of\n{}.\n", wholes.join(", ")));
    }
    text
}

/// Each call of a loss as the spec writes it, once.
fn written(spec: &Spec, part: &str) -> Vec<String> {
    let bodies: Vec<Ast> =
        spec.lets.iter().map(|entry| &entry.body).chain([&spec.loss]).map(|formula| formula.to_ast()).collect();
    let mut texts: Vec<String> = Vec::new();
    for call in bodies.iter().flat_map(calls).filter(|call| call.name.value == part) {
        let call = Ast { kind: AstKind::Call(Box::new(call.clone())), span: call.name.span };
        let text = format!("`{}`", print(&call));
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}
