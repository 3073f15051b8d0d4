//! How many deliberate faults the audit finds in a loss.

use std::fmt::{Result, Write};

use crate::audit::{LossRecord, MutationSummary, Score};

use super::super::html::Escaped;

/// Scores, what survived, and which checks were needed; nothing where it was not measured.
pub(super) fn write(out: &mut String, loss: &LossRecord) -> Result {
    let Some(mutation) = &loss.mutation else { return Ok(()) };
    let MutationSummary { equivalent, other_form, survivors, alone, .. } = mutation;
    out.push_str(
        "<h2 id=\"mutation\">Deliberate faults</h2><p class=\"note\">Each fault was put in alone; it is found if any check fails.</p>\
         <div class=\"scroll\"><table><thead><tr><th scope=\"col\">In</th><th scope=\"col\" class=\"number\">Found</th>\
         <th scope=\"col\" class=\"number\">Of</th><th scope=\"col\">Share</th></tr></thead><tbody>",
    );
    for (kind, score) in mutation.kinds().into_iter().filter(|(_, score)| score.total > 0) {
        write!(
            out,
            "<tr><th scope=\"row\">{kind}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>",
            score.killed,
            score.total,
            share(score)
        )?;
    }
    out.push_str("</tbody></table></div>");
    if equivalent + other_form > 0 {
        write!(
            out,
            "<p class=\"note\">Not counted: {equivalent} that are proved to compute the same, and {other_form} that no check finds and that are \
             the same function in another form, as far as exact arithmetic was tried: they round otherwise.</p>"
        )?;
    }
    list(out, "Survivors", survivors)?;
    let alone: Vec<String> = alone.iter().map(|(check, count)| format!("{check}: {count}")).collect();
    list(out, "Found by one check alone", &alone)
}

/// A share with one decimal, rounded down: 100 % means all.
pub(in crate::report) fn share(Score { killed, total }: Score) -> String {
    if total == 0 {
        return "–".to_owned();
    }
    let tenths = u128::from(killed) * 1000 / u128::from(total);
    if tenths == 1000 { "100 %".to_owned() } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

fn list(out: &mut String, title: &str, items: &[String]) -> Result {
    if items.is_empty() {
        return Ok(());
    }
    write!(out, "<h3>{title}</h3><ul>")?;
    for item in items {
        write!(out, "<li>{}</li>", Escaped(item))?;
    }
    out.push_str("</ul>");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::share;
    use crate::audit::Score;

    #[test]
    fn a_hundred_percent_is_all_of_them() {
        let of = |killed, total| share(Score { killed, total });
        assert_eq!([of(10, 10), of(9_999, 10_000), of(1, 3), of(0, 0)], ["100 %", "99.9 %", "33.3 %", "–"]);
    }
}
