//! The page of one loss.

mod accuracy;
mod claims;
mod conventions;
mod failures;
mod formula;
mod mutation;
mod pytorch;

use std::fmt::{Result, Write};

use crate::audit::{Audit, CheckRecord, LossRecord};

use super::document::document;
use super::html::{Escaped, badge, count, seconds};
use super::plot::figure;

pub(super) use mutation::share;

/// The page, as HTML.
pub(super) fn page(audit: &Audit, loss: &LossRecord) -> String {
    let mut body = String::new();
    match write_page(&mut body, audit, loss) {
        // Writing to a string does not fail.
        Ok(()) | Err(std::fmt::Error) => document(&format!("{} – loss audit", loss.name), &body),
    }
}

fn write_page(out: &mut String, audit: &Audit, loss: &LossRecord) -> Result {
    neighbours(out, audit, loss)?;
    write!(
        out,
        "<main class=\"loss\"><header class=\"top\"><h1>{}</h1>{}<p class=\"lead\">{}</p></header>",
        Escaped(&loss.name),
        badge(loss.status()),
        Escaped(&loss.summary)
    )?;
    write!(
        out,
        "<p class=\"note\">Everything on this page again: <code class=\"command\">{}</code></p>",
        Escaped(command(audit, loss))
    )?;
    failures::failures(out, loss)?;
    formula::write(out, loss)?;
    conventions::conventions(out, loss)?;
    plots(out, loss);
    accuracy::accuracy(out, loss)?;
    claims::claims(out, loss)?;
    claims::knots(out, loss)?;
    checks(out, audit, loss)?;
    mutation::write(out, loss)?;
    pytorch::goldens(out, loss)?;
    pytorch::differences(out, loss)?;
    references(out, loss)?;
    out.push_str("</main>");
    Ok(())
}

/// The command that looks at a loss as this audit did.
fn command(audit: &Audit, loss: &LossRecord) -> String {
    format!("cargo verify {} --seed {} --points {}", loss.name, audit.seed, audit.points)
}

/// The way to the table, and to the losses before and after.
fn neighbours(out: &mut String, audit: &Audit, loss: &LossRecord) -> Result {
    let at = audit.losses.iter().position(|other| other.name == loss.name);
    let before = at.and_then(|at| audit.losses.get(at.checked_sub(1)?));
    let after = at.and_then(|at| audit.losses.get(at + 1));
    out.push_str("<nav class=\"way\" aria-label=\"Losses\"><a href=\"../index.html\">All losses</a>");
    for (other, relation, text) in [(before, "prev", "← "), (after, "next", "")] {
        let Some(other) = other else { continue };
        let (name, arrow) = (Escaped(&other.name), if relation == "next" { " →" } else { "" });
        write!(out, "<a rel=\"{relation}\" href=\"{name}.html\">{text}{name}{arrow}</a>")?;
    }
    out.push_str("</nav>");
    Ok(())
}

fn plots(out: &mut String, loss: &LossRecord) {
    if !loss.plots.is_empty() {
        out.push_str("<h2 id=\"curves\">Value, gradient and curvature</h2><div class=\"plots\">");
        loss.plots.iter().for_each(|plot| out.push_str(&figure(plot)));
        out.push_str("</div>");
    }
}

fn checks(out: &mut String, audit: &Audit, loss: &LossRecord) -> Result {
    out.push_str(
        "<h2 id=\"checks\">Checks</h2><p class=\"note\">What a check shows opens to the command that runs it again.</p><div class=\"scroll\"><table class=\"checks\"><thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Check</th>\
         <th scope=\"col\">What it shows</th><th scope=\"col\" class=\"number\">Points</th><th scope=\"col\" class=\"number\">Time</th></tr></thead><tbody>",
    );
    for CheckRecord { name, claim, status, points, detail, seconds: time, .. } in &loss.checks {
        let detail = if detail.is_empty() { String::new() } else { format!("<small>{}</small>", Escaped(detail)) };
        write!(
            out,
            "<tr><td>{}</td><th scope=\"row\"><code>{}</code></th>\
             <td><details class=\"again\"><summary>{}</summary><code class=\"command\">{} --check {}</code></details>{detail}</td>\
             <td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            badge(*status),
            Escaped(name),
            Escaped(claim),
            Escaped(command(audit, loss)),
            Escaped(name),
            count(*points),
            Escaped(seconds(*time))
        )?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}

fn references(out: &mut String, loss: &LossRecord) -> Result {
    let pytorch = loss.pytorch.iter().map(|function| format!("torch.nn.functional.{function}"));
    let all: Vec<String> = loss.reference.iter().cloned().chain(pytorch).collect();
    if all.is_empty() {
        return Ok(());
    }
    out.push_str("<h2>References</h2><ul>");
    for reference in &all {
        write!(out, "<li>{}</li>", Escaped(reference))?;
    }
    out.push_str("</ul>");
    Ok(())
}
