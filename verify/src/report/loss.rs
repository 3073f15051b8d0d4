//! The section of one loss.

use std::fmt::{Result, Write};

use crate::audit::{Accuracy, CheckRecord, Failure, LossRecord, Standing, Status};

use super::html::{Escaped, badge, count, nearly_all, seconds, ulps};
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
        "<section id=\"{name}\" class=\"loss\"><header><h2><a href=\"#{name}\">{name}</a></h2>{}<a class=\"up\" href=\"#top\">all losses</a></header>",
        badge(loss.status())
    )?;
    write!(out, "<p class=\"lead\">{}</p>", Escaped(&loss.summary))?;
    failures(out, loss)?;
    write!(out, "<h3>Formula</h3><pre class=\"formula\">{}</pre>", Escaped(&loss.formula))?;
    if !loss.plots.is_empty() {
        out.push_str("<h3>Value and gradient</h3><div class=\"plots\">");
        loss.plots.iter().for_each(|plot| out.push_str(&figure(plot)));
        out.push_str("</div>");
    }
    conventions(out, loss)?;
    accuracy(out, loss)?;
    checks(out, &loss.checks)?;
    claims(out, loss)?;
    knots(out, loss)?;
    goldens(out, loss)?;
    differences(out, loss)?;
    references(out, loss)?;
    out.push_str("</section>");
    Ok(())
}

fn conventions(out: &mut String, loss: &LossRecord) -> Result {
    out.push_str(
        "<div class=\"columns\"><div><h3>Inputs</h3><div class=\"scroll\"><table><thead><tr><th>Name</th><th>Shape</th><th>Holds</th><th>Gradient</th></tr></thead><tbody>",
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
        out.push_str("<h3>Parameters</h3><div class=\"scroll\"><table><thead><tr><th>Name</th><th>Default</th><th>Kind</th></tr></thead><tbody>");
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
    out.push_str("<h3>Reductions</h3><div class=\"scroll\"><table><thead><tr><th>Name</th><th>Divides by</th></tr></thead><tbody>");
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
            Escaped(seconds(check.seconds))
        )?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}

fn failures(out: &mut String, loss: &LossRecord) -> Result {
    for check in &loss.checks {
        let open = match check.status {
            Status::Failed => " open",
            Status::Undecided => "",
            Status::Passed | Status::Skipped => continue,
        };
        let (word, detail) = (check.status.word(), if check.detail.is_empty() { &check.claim } else { &check.detail });
        write!(
            out,
            "<details class=\"finding {word}\"{open}><summary><b>{}</b> {word}: {}</summary>",
            Escaped(&check.name),
            Escaped(detail)
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
    write!(out, "<dt>seed</dt><dd><code>{}</code></dd>", failure.seed)?;
    write!(out, "<dt>reproduce</dt><dd><code class=\"command\">{}</code></dd></dl>", Escaped(&failure.command))?;
    if !failure.inputs.is_empty() {
        out.push_str("<ul class=\"inputs\">");
        for input in &failure.inputs {
            write!(out, "<li><code>{} = {}</code>", Escaped(&input.name), Escaped(&input.decimal))?;
            for other in [&input.hex, &input.bits].into_iter().filter(|text| !text.is_empty()) {
                write!(out, " <small><code>{}</code></small>", Escaped(other))?;
            }
            out.push_str("</li>");
        }
        out.push_str("</ul>");
    }
    out.push_str("</div>");
    Ok(())
}

fn accuracy(out: &mut String, loss: &LossRecord) -> Result {
    if loss.accuracy.is_empty() {
        return Ok(());
    }
    let share = loss.accuracy.iter().any(|accuracy| nearly_all(accuracy).is_some());
    let share_title = if share { "<th class=\"number\">99.9 %</th>" } else { "" };
    write!(
        out,
        "<h3>Accuracy</h3><p class=\"note\">Distance from the exact result, in units in the last place; 0.5 is the rounding that nothing can avoid. Beyond 4, in what the exact result moves by when each number that goes in moves by one such unit.</p>\
         <div class=\"scroll\"><table class=\"accuracy\"><thead><tr><th>Type</th><th>Of</th><th class=\"number\">Largest</th>{share_title}\
         <th class=\"number\">Points</th><th>Worst at</th></tr></thead><tbody>"
    )?;
    let mut by_type: Vec<&Accuracy> = loss.accuracy.iter().collect();
    by_type.sort_by_key(|accuracy| &accuracy.dtype);
    for accuracy in by_type {
        write!(
            out,
            "<tr><td><code>{}</code></td><td class=\"word\">{}</td><td class=\"number\">{}</td>",
            Escaped(&accuracy.dtype),
            Escaped(String::from(accuracy.direction.clone())),
            ulps(accuracy.max_ulp.0)
        )?;
        if share {
            write!(out, "<td class=\"number\">{}</td>", nearly_all(accuracy).as_deref().unwrap_or("–"))?;
        }
        write!(out, "<td class=\"number\">{}</td><td>{}</td></tr>", count(accuracy.points), point(&accuracy.worst))?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}

/// A point: the call in sight, its numbers at a click.
fn point(text: &str) -> String {
    match text.split_once(": ") {
        Some((call, numbers)) => format!(
            "<details class=\"point\"><summary>{}</summary><code>{}</code></details>",
            Escaped(call),
            Escaped(numbers)
        ),
        None => format!("<code class=\"point\">{}</code>", Escaped(text)),
    }
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
        "<h3>Recorded answers</h3><p>{}: {} agree, {} differ as declared, {} differ otherwise.</p>",
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
