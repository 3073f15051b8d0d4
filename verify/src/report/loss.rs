//! The section of one loss.

use std::fmt::{Result, Write};

use crate::audit::{CheckRecord, Failure, LossRecord, Standing, Status};

use super::html::{Escaped, badge, count, seconds, ulps};
use super::plot::figure;

/// The section, as HTML.
pub(super) fn section(loss: &LossRecord) -> String {
    let mut out = String::new();
    write_section(&mut out, loss).expect("writing to a string does not fail");
    out
}

fn write_section(out: &mut String, loss: &LossRecord) -> Result {
    let name = Escaped(&loss.name);
    write!(
        out,
        "<section id=\"{name}\" class=\"loss\"><header><h2><a href=\"#{name}\">{name}</a></h2>{}</header>",
        badge(loss.status())
    )?;
    write!(out, "<p class=\"lead\">{}</p>", Escaped(&loss.summary))?;
    failures(out, loss)?;
    out.push_str("<div class=\"columns\"><div>");
    write!(out, "<h3>Formula</h3><pre class=\"formula\">{}</pre>", Escaped(&loss.formula))?;
    conventions(out, loss)?;
    out.push_str("</div><div>");
    for plot in &loss.plots {
        out.push_str(&figure(plot));
    }
    out.push_str("</div></div>");
    checks(out, &loss.checks)?;
    accuracy(out, loss)?;
    claims(out, loss)?;
    knots(out, loss)?;
    goldens(out, loss)?;
    differences(out, loss)?;
    references(out, loss)?;
    out.push_str("</section>");
    Ok(())
}

fn conventions(out: &mut String, loss: &LossRecord) -> Result {
    out.push_str("<h3>Conventions</h3><div class=\"scroll\"><table><thead><tr><th>Input</th><th>Shape</th><th>Holds</th><th>Gradient</th></tr></thead><tbody>");
    for input in &loss.inputs {
        write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td><code>{}</code></td><td>{}{}</td><td>{}</td></tr>",
            Escaped(&input.name),
            Escaped(&input.axes),
            Escaped(&input.label),
            notes(&input.notes),
            if input.gradient { "yes" } else { "no" }
        )?;
    }
    out.push_str("</tbody></table></div>");
    if !loss.params.is_empty() {
        out.push_str("<div class=\"scroll\"><table><thead><tr><th>Parameter</th><th>Kind</th><th>Default</th></tr></thead><tbody>");
        for param in &loss.params {
            write!(
                out,
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}{}</td><td><code>{}</code></td></tr>",
                Escaped(&param.name),
                Escaped(&param.kind),
                notes(&param.notes),
                Escaped(&param.default)
            )?;
        }
        out.push_str("</tbody></table></div>");
    }
    out.push_str("<div class=\"scroll\"><table><thead><tr><th>Reduction</th><th>Divides by</th></tr></thead><tbody>");
    for reduction in &loss.reductions {
        let default = if reduction.default { " <small>default</small>" } else { "" };
        write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code>{default}</th><td>{}</td></tr>",
            Escaped(&reduction.name),
            Escaped(&reduction.divisor)
        )?;
    }
    out.push_str("</tbody></table></div>");
    if !loss.variants.is_empty() {
        write!(out, "<p class=\"note\">Variants: {}.</p>", Escaped(loss.variants.join("; ")))?;
    }
    Ok(())
}

fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| format!("<br><small>{}</small>", Escaped(note))).collect()
}

fn checks(out: &mut String, checks: &[CheckRecord]) -> Result {
    out.push_str(
        "<h3>Checks</h3><div class=\"scroll\"><table class=\"checks\"><thead><tr><th>Status</th><th>Check</th><th>What it shows</th>\
         <th class=\"number\">Points</th><th class=\"number\">Time</th></tr></thead><tbody>",
    );
    for check in checks {
        let detail = if check.detail.is_empty() {
            String::new()
        } else {
            format!("<br><small>{}</small>", Escaped(&check.detail))
        };
        write!(
            out,
            "<tr><td>{}</td><th scope=\"row\"><code>{}</code></th><td>{}{detail}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            badge(check.status),
            Escaped(&check.name),
            Escaped(&check.claim),
            count(check.points),
            seconds(check.seconds)
        )?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}

fn failures(out: &mut String, loss: &LossRecord) -> Result {
    for check in loss.checks.iter().filter(|check| check.status == Status::Failed) {
        write!(
            out,
            "<details class=\"failure\" open><summary><b>{}</b> failed: {}</summary>",
            Escaped(&check.name),
            Escaped(if check.detail.is_empty() { &check.claim } else { &check.detail })
        )?;
        for failure in &check.failures {
            write_failure(out, failure)?;
        }
        out.push_str("</details>");
    }
    Ok(())
}

fn write_failure(out: &mut String, failure: &Failure) -> Result {
    write!(out, "<div class=\"case\"><p>{}</p><dl>", Escaped(&failure.what))?;
    write!(out, "<dt>expected</dt><dd><code>{}</code></dd>", Escaped(&failure.expected))?;
    write!(out, "<dt>actual</dt><dd><code>{}</code></dd>", Escaped(&failure.actual))?;
    if let Some(distance) = failure.ulps {
        write!(out, "<dt>distance</dt><dd>{} ULP</dd>", ulps(distance.0))?;
    }
    for input in &failure.inputs {
        write!(
            out,
            "<dt><code>{}</code></dt><dd><code>{}</code> <small><code>{}</code> <code>{}</code></small></dd>",
            Escaped(&input.name),
            Escaped(&input.decimal),
            Escaped(&input.hex),
            Escaped(&input.bits)
        )?;
    }
    write!(out, "<dt>seed</dt><dd><code>{}</code></dd>", failure.seed)?;
    write!(out, "<dt>reproduce</dt><dd><code class=\"command\">{}</code></dd></dl></div>", Escaped(&failure.command))
}

fn accuracy(out: &mut String, loss: &LossRecord) -> Result {
    if loss.accuracy.is_empty() {
        return Ok(());
    }
    out.push_str(
        "<h3>Accuracy</h3><p class=\"note\">Distance from the exact result, in units in the last place; 0.5 is the rounding that nothing can avoid.</p>\
         <div class=\"scroll\"><table><thead><tr><th>Type</th><th>Of</th><th class=\"number\">Max</th>\
         <th class=\"number\">p99.9</th><th class=\"number\">Points</th><th>Worst at</th></tr></thead><tbody>",
    );
    for accuracy in &loss.accuracy {
        write!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"point\"><code>{}</code></td></tr>",
            Escaped(&accuracy.dtype),
            Escaped(String::from(accuracy.direction.clone())),
            ulps(accuracy.max_ulp.0),
            ulps(accuracy.p999_ulp.0),
            count(accuracy.points),
            Escaped(&accuracy.worst)
        )?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}

fn claims(out: &mut String, loss: &LossRecord) -> Result {
    if loss.claims.is_empty() {
        return Ok(());
    }
    out.push_str("<h3>Properties and relations</h3><div class=\"scroll\"><table><tbody>");
    for claim in &loss.claims {
        let class = match claim.standing {
            Standing::Proved | Standing::Tested => "passed",
            Standing::Undecided => "undecided",
            Standing::Violated => "failed",
        };
        write!(
            out,
            "<tr><td><span class=\"badge {class}\">{}</span></td><td><code>{}</code></td><td><small>{}</small></td></tr>",
            claim.standing.word(),
            Escaped(&claim.claim),
            Escaped(&claim.detail)
        )?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}

fn knots(out: &mut String, loss: &LossRecord) -> Result {
    if loss.knots.is_empty() {
        return Ok(());
    }
    out.push_str(
        "<h3>Knots</h3><div class=\"scroll\"><table><thead><tr><th>Status</th><th>At</th><th>Smooth</th><th>Gradient there</th><th>Because</th></tr></thead><tbody>",
    );
    for knot in &loss.knots {
        let when =
            knot.when.as_ref().map(|when| format!("<br><small>when {}</small>", Escaped(when))).unwrap_or_default();
        write!(
            out,
            "<tr><td>{}</td><td><code>{}</code>{when}</td><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            badge(knot.status),
            Escaped(&knot.at),
            Escaped(&knot.smooth),
            Escaped(knot.gradient.as_deref().unwrap_or("")),
            Escaped(knot.because.as_deref().unwrap_or(""))
        )?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}

fn goldens(out: &mut String, loss: &LossRecord) -> Result {
    let Some(goldens) = &loss.goldens else { return Ok(()) };
    write!(
        out,
        "<h3>Recorded answers</h3><p>{}: {} agree, {} differ as declared, {} differ.</p>",
        Escaped(&goldens.source),
        goldens.passed,
        goldens.declared_different,
        goldens.failed
    )?;
    if !goldens.names.is_empty() {
        write!(
            out,
            "<details><summary>The {} that differ</summary><p class=\"names\"><code>{}</code></p></details>",
            goldens.names.len(),
            Escaped(goldens.names.join(" "))
        )?;
    }
    Ok(())
}

fn differences(out: &mut String, loss: &LossRecord) -> Result {
    if loss.differences.is_empty() {
        return Ok(());
    }
    out.push_str(
        "<h3>Differences from PyTorch</h3><div class=\"scroll\"><table class=\"differences\"><thead><tr><th>What</th><th>Given</th><th>Ours</th><th>PyTorch’s</th><th>Because</th></tr></thead><tbody>",
    );
    for difference in &loss.differences {
        write!(
            out,
            "<tr><td>{}</td><td><code>{}</code></td><td><code>{}</code></td><td><code>{}</code></td><td>{}</td></tr>",
            Escaped(&difference.what),
            Escaped(&difference.given),
            Escaped(&difference.ours),
            Escaped(&difference.theirs),
            Escaped(&difference.because)
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
    out.push_str("<h3>References</h3><ul>");
    for reference in &all {
        write!(out, "<li>{}</li>", Escaped(reference))?;
    }
    out.push_str("</ul>");
    Ok(())
}
