//! What the spec says of its loss, and how far it is known to hold.

use std::fmt::{Result, Write};

use crate::audit::{LossRecord, Standing};

use super::super::html::{Escaped, badge};
use super::super::math::Typesetter;

/// Properties and relations.
pub(super) fn claims(out: &mut String, loss: &LossRecord) -> Result {
    if loss.claims.is_empty() {
        return Ok(());
    }
    out.push_str("<h2 id=\"properties\">Properties and relations</h2><p class=\"note\">Proved: for every input. Tested: at every point that was looked at.</p>\
         <div class=\"scroll\"><table class=\"claims\"><thead><tr><th scope=\"col\">Standing</th><th scope=\"col\">Claim</th><th scope=\"col\">How it is known</th></tr></thead><tbody>");
    for claim in &loss.claims {
        let (class, mark) = match claim.standing {
            Standing::Proved => ("passed", "∎"),
            Standing::Tested => ("passed", "✓"),
            Standing::Undecided => ("undecided", "?"),
            Standing::Violated => ("failed", "✗"),
        };
        write!(
            out,
            "<tr><td><span class=\"badge {class}\"><i aria-hidden=\"true\">{mark}</i>{}</span></td><th scope=\"row\"><code>{}</code></th><td><small>{}</small></td></tr>",
            claim.standing.word(),
            Escaped(&claim.claim),
            Escaped(&claim.detail)
        )?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}

/// Where the formula is not smooth.
pub(super) fn knots(out: &mut String, loss: &LossRecord) -> Result {
    if loss.knots.is_empty() {
        return Ok(());
    }
    out.push_str(
        "<h2 id=\"knots\">Knots</h2><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Status</th><th scope=\"col\">At</th><th scope=\"col\">Smooth</th><th scope=\"col\">Gradient there</th><th scope=\"col\">Because</th></tr></thead><tbody>",
    );
    let typesetter = Typesetter::of_spec(&loss.inputs, &loss.definitions);
    for knot in &loss.knots {
        let when = knot
            .when
            .as_ref()
            .map(|when| format!("<br><small>when {}</small>", typesetter.inline(when)))
            .unwrap_or_default();
        write!(
            out,
            "<tr><td>{}</td><th scope=\"row\">{}{when}</th><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            badge(knot.status),
            typesetter.inline(&knot.at),
            Escaped(&knot.smooth),
            Escaped(knot.gradient.as_deref().unwrap_or("")),
            Escaped(knot.because.as_deref().unwrap_or(""))
        )?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}
