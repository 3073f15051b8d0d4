//! The whole page.

use std::fmt::Write;

use crate::audit::{Audit, Status};

use super::html::{Escaped, badge, seconds};
use super::{loss, summary};

const STYLE: &str = include_str!("style.css");

/// The report as one HTML page: style and plots inline, nothing fetched, light and dark.
#[must_use]
pub fn page(audit: &Audit) -> String {
    let mut out = String::new();
    match write_page(&mut out, audit) {
        // Writing to a string does not fail.
        Ok(()) | Err(std::fmt::Error) => out,
    }
}

fn write_page(out: &mut String, audit: &Audit) -> std::fmt::Result {
    write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Loss audit</title><style>{STYLE}</style></head><body><main>"
    )?;
    write!(
        out,
        "<header class=\"top\" id=\"top\"><h1>Loss audit</h1>{}<p class=\"verdict\">{}</p>",
        badge(overall(audit)),
        verdict(audit)
    )?;
    write!(
        out,
        "<dl class=\"meta\"><div><dt>Date</dt><dd>{}</dd></div><div><dt>Machine</dt><dd>{}</dd></div>\
         <div><dt>Instruction sets</dt><dd>{}</dd></div><div><dt>Seed</dt><dd>{}</dd></div>\
         <div><dt>Time</dt><dd>{}</dd></div><div><dt>Version</dt><dd>{}</dd></div></dl></header>",
        Escaped(&audit.date),
        Escaped(&audit.machine),
        Escaped(audit.isas.join(", ")),
        audit.seed,
        Escaped(seconds(audit.seconds)),
        Escaped(&audit.tool_version)
    )?;
    out.push_str(&summary::table(audit));
    out.push_str(
        "<p class=\"note\">ULP: the largest distance from the exact result, in units in the last place (after a slash that which 99.9 % of the \
         points stay within); beyond 4, in what the exact result moves by when each number that goes in moves by one such unit. \
         Hover over it for the point. Compared: numbers that some check held against others. \
         Everything here is also in <a href=\"audit.json\">audit.json</a>.</p>",
    );
    for record in &audit.losses {
        out.push_str(&loss::section(record));
    }
    out.push_str("</main></body></html>\n");
    Ok(())
}

/// The worst that became of any loss.
fn overall(audit: &Audit) -> Status {
    audit.losses.iter().map(crate::audit::LossRecord::status).max().unwrap_or(Status::Undecided)
}

/// The result in one sentence.
fn verdict(audit: &Audit) -> String {
    let plural = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let checks: Vec<String> = [Status::Failed, Status::Undecided, Status::Passed, Status::Skipped]
        .into_iter()
        .map(|status| (status, audit.checks_with(status)))
        .filter(|&(status, count)| count > 0 || status == Status::Failed)
        .map(|(status, count)| format!("{count} {}", status.word()))
        .collect();
    let losses = match audit.losses.iter().map(|loss| loss.name.as_str()).collect::<Vec<_>>().as_slice() {
        [only] => format!("<code>{}</code>", Escaped(only)),
        all => plural(all.len(), "loss").replace("losss", "losses"),
    };
    format!("{losses}, checks: {}.", checks.join(", "))
}
