//! How a loss is called: inputs, parameters, reductions.

use std::fmt::{Result, Write};

use crate::audit::LossRecord;

use super::super::html::Escaped;

/// What a caller hands in, and what comes out divided by what.
pub(super) fn conventions(out: &mut String, loss: &LossRecord) -> Result {
    out.push_str(
        "<h2 id=\"conventions\">Conventions</h2><div class=\"columns\"><div><h3>Inputs</h3><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Shape</th><th scope=\"col\">Holds</th><th scope=\"col\">Gradient</th></tr></thead><tbody>",
    );
    for input in &loss.inputs {
        write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td><code class=\"word\">{}</code></td><td>{}{}</td><td>{}</td></tr>",
            Escaped(&input.name),
            Escaped(&input.axes),
            Escaped(&input.label),
            notes(&input.notes),
            if input.gradient { "yes" } else { "<span class=\"none\">no</span>" }
        )?;
    }
    out.push_str("</tbody></table></div></div><div>");
    if !loss.params.is_empty() {
        out.push_str("<h3>Parameters</h3><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Default</th><th scope=\"col\">Kind</th></tr></thead><tbody>");
        for param in &loss.params {
            write!(
                out,
                "<tr><th scope=\"row\"><code>{}</code></th><td><code class=\"word\">{}</code></td><td>{}{}</td></tr>",
                Escaped(&param.name),
                Escaped(&param.default),
                Escaped(&param.kind),
                notes(&param.notes)
            )?;
        }
        out.push_str("</tbody></table></div>");
    }
    out.push_str("<h3>Reductions</h3><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Divides by</th></tr></thead><tbody>");
    for reduction in &loss.reductions {
        let default = if reduction.default { " <small>default</small>" } else { "" };
        write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code>{default}</th><td>{}</td></tr>",
            Escaped(&reduction.name),
            Escaped(&reduction.divisor)
        )?;
    }
    out.push_str("</tbody></table></div></div></div>");
    if !loss.variants.is_empty() {
        write!(out, "<p class=\"note\">Compiled for each of: {}.</p>", Escaped(loss.variants.join("; ")))?;
    }
    Ok(())
}

fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| format!("<br><small>{}</small>", Escaped(note))).collect()
}
