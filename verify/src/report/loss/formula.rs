//! What a loss computes: its formula and gradients, set as mathematics, and the text they are from.

use std::fmt::{Result, Write};

use crate::audit::{CaseRecord, DefinitionRecord, DerivationRecord, LossRecord};

use super::super::html::Escaped;
use super::super::math::Typesetter;

/// The formula as the spec has it, then the gradients of each variant, the plainest in sight.
pub(super) fn write(out: &mut String, loss: &LossRecord) -> Result {
    out.push_str("<h2 id=\"formula\">Formula</h2><div class=\"math\">");
    let typesetter = Typesetter::of_spec(&loss.inputs, &loss.definitions);
    loss.definitions.iter().for_each(|definition| out.push_str(&typesetter.definition(definition)));
    out.push_str("</div>");
    source(out, &loss.formula)?;
    let Some((plainest, others)) = loss.derivations.split_first() else { return Ok(()) };
    out.push_str("<h2 id=\"gradient\">Gradient</h2>");
    derivation(out, loss, plainest)?;
    for other in others {
        write!(out, "<details class=\"more\"><summary>{}</summary>", Escaped(&other.variant))?;
        derivation(out, loss, other)?;
        out.push_str("</details>");
    }
    Ok(())
}

fn derivation(out: &mut String, loss: &LossRecord, derivation: &DerivationRecord) -> Result {
    let DerivationRecord { variant, gradients, shared } = derivation;
    if !variant.is_empty() {
        write!(out, "<p class=\"note\">With {}.</p>", Escaped(variant))?;
    }
    let typesetter = Typesetter::new(&loss.inputs, loss.definitions.iter().chain(shared));
    out.push_str("<div class=\"math\">");
    gradients.iter().for_each(|gradient| out.push_str(&typesetter.definition(gradient)));
    if !shared.is_empty() {
        out.push_str("<p class=\"note\">where</p>");
        shared.iter().for_each(|definition| out.push_str(&typesetter.definition(definition)));
    }
    out.push_str("</div>");
    let text: Vec<String> = gradients.iter().chain(shared).map(as_text).collect();
    source(out, &text.join("\n"))
}

/// `name = formula`, cases one a line.
fn as_text(definition: &DefinitionRecord) -> String {
    let DefinitionRecord { name, cases, .. } = definition;
    if let [CaseRecord { when: None, value }] = cases.as_slice() {
        return format!("{name} = {value}");
    }
    let cases = cases.iter().map(|CaseRecord { when, value }| {
        let when = when.as_ref().map_or_else(|| "otherwise".to_owned(), |when| format!("if {when}"));
        format!("\n    {value}  {when}")
    });
    format!("{name} ={}", cases.collect::<String>())
}

fn source(out: &mut String, text: &str) -> Result {
    write!(
        out,
        "<details class=\"more\"><summary>as text</summary><pre class=\"formula\">{}</pre></details>",
        Escaped(text)
    )
}
