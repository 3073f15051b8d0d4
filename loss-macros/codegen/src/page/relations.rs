//! Formulas that equal the loss, other losses among them.

use crate::compile::Compiled;
use crate::compose::calls::called;
use crate::formula::ast::Ast;
use crate::formula::print::print;
use crate::markup::Escaped;

use super::conventions::with_typesetter;
use super::prose::{Links, within_line};

/// A formula of more characters may not fit into a line, and mathematics does not break.
const WIDE: usize = 60;
const SCROLLS: &str = "display:inline-block;max-width:100%;overflow-x:auto;vertical-align:bottom";

pub(super) fn section(compiled: &Compiled, links: &Links<'_>) -> String {
    let relations = &compiled.spec.relations;
    if relations.is_empty() {
        return String::new();
    }
    with_typesetter(compiled, |set| {
        let mut text = "\n# Relations\n".to_owned();
        for relation in relations {
            let inline = |ast: &Ast| within_line(&set.inline(&print(ast)));
            let mut conditions: Vec<String> =
                relation.when.iter().map(|when| format!("when {}", inline(when))).collect();
            conditions.extend(relation.limit.iter().map(|(param, to)| {
                format!("in the limit {} → {}", within_line(&set.inline(&param.value)), inline(to))
            }));
            conditions.extend(relation.with.iter().map(|(_, domain)| format!("for {}", inline(domain))));
            conditions.extend(
                relation.up_to.iter().map(|input| format!("up to what depends on `{}` alone", Escaped(&input.value))),
            );
            let conditions: String = conditions.iter().map(|condition| format!(", {condition}")).collect();
            let because = relation.because.as_ref().map_or(String::new(), |because| links.prose(&because.value));
            let because = if because.is_empty() { because } else { format!(": {because}") };
            let see: Vec<String> = called(&relation.equals).iter().filter_map(|name| links.link(name)).collect();
            let see = if see.is_empty() { String::new() } else { format!(" (see {})", see.join(", ")) };
            let equals = print(&relation.equals);
            let equals = match within_line(&set.inline(&equals)) {
                wide if equals.len() > WIDE => format!("<span style=\"{SCROLLS}\">{wide}</span>"),
                narrow => narrow,
            };
            text.push_str(&format!("- It is {equals}{conditions}{because}{see}.\n"));
        }
        text
    })
}
