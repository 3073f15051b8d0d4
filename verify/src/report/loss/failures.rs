//! What failed or is undecided, with all that is needed to see it again.

use std::fmt::{Result, Write};

use crate::audit::{Failure, LossRecord, Status};

use super::super::html::{Escaped, ulps};

/// The checks that did not pass, each with its first failures.
pub(super) fn failures(out: &mut String, loss: &LossRecord) -> Result {
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
