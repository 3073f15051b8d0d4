//! The page with the table of all losses.

use std::fmt::Write;

use crate::audit::{Audit, LossRecord, Status};

use super::document::document;
use super::html::{Escaped, badge, seconds};
use super::summary;

/// The page, as HTML: it links to a page for each loss in `losses/`.
#[must_use]
pub fn page(audit: &Audit) -> String {
    let mut body = String::new();
    match write_page(&mut body, audit) {
        // Writing to a string does not fail.
        Ok(()) | Err(std::fmt::Error) => document("Loss audit", &body),
    }
}

fn write_page(out: &mut String, audit: &Audit) -> std::fmt::Result {
    write!(
        out,
        "<main><header class=\"top\"><h1>Loss audit</h1>{}<p class=\"verdict\">{}</p>",
        badge(overall(audit)),
        verdict(audit)
    )?;
    write!(
        out,
        "<dl class=\"meta\"><div><dt>Date</dt><dd>{}</dd></div><div><dt>Machine</dt><dd>{}</dd></div>\
         <div><dt>Instruction sets</dt><dd>{}</dd></div><div><dt>Seed</dt><dd>{}</dd></div><div><dt>Points</dt><dd>{}</dd></div>\
         <div><dt>Time</dt><dd>{}</dd></div><div><dt>Version</dt><dd>{}</dd></div></dl></header>",
        Escaped(&audit.date),
        Escaped(&audit.machine),
        Escaped(audit.isas.join(", ")),
        audit.seed,
        audit.points,
        Escaped(seconds(audit.seconds)),
        Escaped(&audit.tool_version)
    )?;
    out.push_str(&summary::table(audit));
    findings(out, audit)?;
    out.push_str(
        "<p class=\"note\">ULP: the largest distance of a sample from the exact result, in units in the last place (after a slash that which 99.9 % of the \
         points stay within); beyond 4, in what the exact result moves by when each number that goes in moves by one such unit. \
         Properties: proved for every input, tested at every point looked at, open where neither. \
         Compared: numbers that some check held against others.</p>\
         <p class=\"note\">Everything here is also in <a href=\"audit.json\">audit.json</a>, which \
         <a href=\"audit.schema.json\">audit.schema.json</a> describes; <code>cargo verify diff OLD.json NEW.json</code> says what got better or worse.</p>",
    );
    out.push_str("</main>");
    Ok(())
}

/// What failed or is undecided, with the way to it.
fn findings(out: &mut String, audit: &Audit) -> std::fmt::Result {
    let open: Vec<&LossRecord> = audit.losses.iter().filter(|loss| loss.status() != Status::Passed).collect();
    if open.is_empty() {
        return Ok(());
    }
    out.push_str("<h2>Findings</h2><ul class=\"findings\">");
    for loss in open {
        let name = Escaped(&loss.name);
        for check in loss.checks.iter().filter(|check| matches!(check.status, Status::Failed | Status::Undecided)) {
            let detail = if check.detail.is_empty() { &check.claim } else { &check.detail };
            write!(
                out,
                "<li>{} <a href=\"losses/{name}.html\">{name}</a> <code>{}</code> {}</li>",
                badge(check.status),
                Escaped(&check.name),
                Escaped(detail)
            )?;
        }
    }
    out.push_str("</ul>");
    Ok(())
}

/// The worst that became of any loss.
fn overall(audit: &Audit) -> Status {
    audit.losses.iter().map(crate::audit::LossRecord::status).max().unwrap_or(Status::Undecided)
}

/// The result in one sentence.
fn verdict(audit: &Audit) -> String {
    let checks: Vec<String> = [Status::Failed, Status::Undecided, Status::Passed, Status::Skipped]
        .into_iter()
        .map(|status| (status, audit.checks_with(status)))
        .filter(|&(status, count)| count > 0 || status == Status::Failed)
        .map(|(status, count)| format!("{count} {}", status.word()))
        .collect();
    let losses = match audit.losses.iter().map(|loss| loss.name.as_str()).collect::<Vec<_>>().as_slice() {
        [only] => format!("<code>{}</code>", Escaped(only)),
        all => format!("{} losses", all.len()),
    };
    format!("{losses}, checks: {}.", checks.join(", "))
}
