//! Recorded answers of PyTorch, and where ours differ on purpose.

use std::fmt::{Result, Write};

use crate::audit::LossRecord;

use super::super::html::Escaped;

/// How many recorded answers agree.
pub(super) fn goldens(out: &mut String, loss: &LossRecord) -> Result {
    let Some(goldens) = &loss.goldens else { return Ok(()) };
    write!(
        out,
        "<h2>Recorded answers</h2><p>{}: {} agree, {} differ as declared, {} differ otherwise.</p>",
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

/// What the spec declares to differ.
pub(super) fn differences(out: &mut String, loss: &LossRecord) -> Result {
    if loss.differences.is_empty() {
        return Ok(());
    }
    out.push_str(
        "<h2>Differences from PyTorch</h2><div class=\"scroll\"><table class=\"differences\"><thead><tr><th scope=\"col\">What</th><th scope=\"col\">Given</th><th scope=\"col\">Ours</th><th scope=\"col\">PyTorch’s</th><th scope=\"col\">Because</th></tr></thead><tbody>",
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
