//! The table of all losses at the head of the page.

use std::fmt::Write;

use crate::audit::{Accuracy, Audit, Direction, LossRecord};

use super::html::{Escaped, badge, count, seconds, ulps};

/// The four columns of accuracy.
const ACCURACY: [(&str, Direction); 4] = [
    ("f32", Direction::Forward),
    ("f32", Direction::Backward),
    ("f64", Direction::Forward),
    ("f64", Direction::Backward),
];

/// The table, as HTML.
pub(super) fn table(audit: &Audit) -> String {
    let mut out = String::from(
        "<div class=\"scroll\"><table class=\"summary\"><thead>\
         <tr><th rowspan=\"2\">Loss</th><th rowspan=\"2\">Status</th>\
         <th colspan=\"2\" class=\"group\">f32, max / p99.9 ULP</th><th colspan=\"2\" class=\"group\">f64, max / p99.9 ULP</th>\
         <th rowspan=\"2\" class=\"number\">Points</th><th rowspan=\"2\">PyTorch answers</th>\
         <th rowspan=\"2\">Same bits on</th><th rowspan=\"2\" class=\"number\">Time</th></tr>\
         <tr><th class=\"number\">forward</th><th class=\"number\">backward</th>\
         <th class=\"number\">forward</th><th class=\"number\">backward</th></tr></thead><tbody>",
    );
    for loss in &audit.losses {
        row(&mut out, loss).expect("writing to a string does not fail");
    }
    out.push_str("</tbody></table></div>");
    out
}

fn row(out: &mut String, loss: &LossRecord) -> std::fmt::Result {
    let name = Escaped(&loss.name);
    write!(out, "<tr><th scope=\"row\"><a href=\"#{name}\">{name}</a></th><td>{}</td>", badge(loss.status()))?;
    for (dtype, direction) in ACCURACY {
        match loss.worst_accuracy(dtype, direction) {
            Some(accuracy) => accuracy_cell(out, accuracy)?,
            None => out.push_str("<td class=\"number none\">–</td>"),
        }
    }
    write!(out, "<td class=\"number\">{}</td>", count(loss.points()))?;
    match &loss.goldens {
        Some(goldens) => {
            write!(out, "<td title=\"{}\">{} agree", Escaped(&goldens.source), goldens.passed)?;
            if goldens.declared_different > 0 {
                write!(out, ", {} differ as declared", goldens.declared_different)?;
            }
            if goldens.failed > 0 {
                write!(out, ", <b class=\"bad\">{} differ</b>", goldens.failed)?;
            }
            out.push_str("</td>");
        }
        None => out.push_str("<td class=\"none\">–</td>"),
    }
    match &loss.bitwise {
        Some(bitwise) => write!(
            out,
            "<td title=\"instruction sets: {}; threads: {:?}; {} batch sizes; {} outputs compared\">{} ISAs, {} thread counts</td>",
            Escaped(bitwise.isas.join(", ")),
            bitwise.threads,
            bitwise.sizes,
            bitwise.compared,
            bitwise.isas.len(),
            bitwise.threads.len()
        )?,
        None => out.push_str("<td class=\"none\">–</td>"),
    }
    write!(out, "<td class=\"number\">{}</td></tr>", seconds(loss.seconds))
}

fn accuracy_cell(out: &mut String, accuracy: &Accuracy) -> std::fmt::Result {
    let quantity = String::from(accuracy.direction.clone());
    write!(
        out,
        "<td class=\"number\" title=\"{}: worst at {}; {} points\">{} <small>/ {}</small></td>",
        Escaped(quantity),
        Escaped(&accuracy.worst),
        accuracy.points,
        ulps(accuracy.max_ulp.0),
        ulps(accuracy.p999_ulp.0)
    )
}
