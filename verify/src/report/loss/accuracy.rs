//! Distances from the truth.

use std::fmt::{Result, Write};

use crate::audit::{Accuracy, LossRecord};

use super::super::error_plot;
use super::super::html::{Escaped, count, nearly_all, ulps};

/// The largest by type and quantity, and where they lie.
pub(super) fn accuracy(out: &mut String, loss: &LossRecord) -> Result {
    if loss.accuracy.is_empty() {
        return Ok(());
    }
    let share = loss.accuracy.iter().any(|accuracy| nearly_all(accuracy).is_some());
    let share_title = if share { "<th scope=\"col\" class=\"number\">99.9 %</th>" } else { "" };
    let searched = loss.accuracy.iter().any(|accuracy| accuracy.searched_ulp.is_some());
    let [searched_title, searched_note] = if searched {
        [
            "<th scope=\"col\" class=\"number\">Searched</th>",
            " Searched: what a search meets that goes on from the worst points of the sample.",
        ]
    } else {
        [""; 2]
    };
    write!(
        out,
        "<h2>Accuracy</h2><p class=\"note\">Distance from the exact result, in units in the last place; 0.5 is the rounding that nothing can avoid. Beyond what is the goal for the loss (2 for numbers, 4 for rows), in what the exact result moves by when each number that goes in moves by one such unit.{searched_note}</p>\
         <div class=\"scroll\"><table class=\"accuracy\"><thead><tr><th scope=\"col\">Type</th><th scope=\"col\">Of</th><th scope=\"col\" class=\"number\">Largest</th>{share_title}{searched_title}\
         <th scope=\"col\" class=\"number\">Points</th><th scope=\"col\">Worst at</th></tr></thead><tbody>"
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
        if searched {
            let met = accuracy.searched_ulp.map_or_else(|| "–".to_owned(), |met| ulps(met.0));
            write!(out, "<td class=\"number\">{met}</td>")?;
        }
        write!(out, "<td class=\"number\">{}</td><td>{}</td></tr>", count(accuracy.points), point(&accuracy.worst))?;
    }
    out.push_str("</tbody></table></div>");
    if !loss.error_curves.is_empty() {
        out.push_str(
            "<p class=\"note\">Along a line, in units in the last place of the exact result and nothing else: where a result is what is left of \
             larger numbers, the dots show it. Dashed: half a unit.</p><div class=\"plots\">",
        );
        error_plot::figures(&loss.error_curves).iter().for_each(|figure| out.push_str(figure));
        out.push_str("</div>");
    }
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
