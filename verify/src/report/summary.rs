//! The table of all losses at the head of the page.

use std::fmt::Write;

use crate::audit::{Accuracy, Audit, Direction, Goldens, LossRecord};

use super::html::{Escaped, badge, count, nearly_all, seconds, ulps};

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
        "<div class=\"scroll card\"><table class=\"summary\"><thead>\
         <tr><th rowspan=\"2\">Loss</th><th rowspan=\"2\">Status</th>\
         <th colspan=\"2\" class=\"group\"><span>f32, ULP</span></th><th colspan=\"2\" class=\"group\"><span>f64, ULP</span></th>\
         <th colspan=\"2\" class=\"group\"><span>PyTorch’s answers</span></th>\
         <th rowspan=\"2\" class=\"number\">Compared</th><th rowspan=\"2\" class=\"number\">Same bits on<br>ISAs × threads</th>\
         <th rowspan=\"2\" class=\"number\">Time</th></tr>\
         <tr><th class=\"number\">value</th><th class=\"number\">gradient</th>\
         <th class=\"number\">value</th><th class=\"number\">gradient</th>\
         <th class=\"number\">agree</th><th class=\"number\">differ</th></tr></thead><tbody>",
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
    match &loss.goldens {
        Some(goldens) => goldens_cells(out, goldens)?,
        None => out.push_str("<td class=\"number none\">–</td><td class=\"number none\">–</td>"),
    }
    write!(out, "<td class=\"number\">{}</td>", count(loss.points()))?;
    match &loss.bitwise {
        Some(bitwise) => write!(
            out,
            "<td class=\"number\" title=\"instruction sets: {}; threads: {:?}; {} batch sizes; {} outputs compared\">{} × {}</td>",
            Escaped(bitwise.isas.join(", ")),
            bitwise.threads,
            bitwise.sizes,
            bitwise.compared,
            bitwise.isas.len(),
            bitwise.threads.len()
        )?,
        None => out.push_str("<td class=\"number none\">–</td>"),
    }
    write!(out, "<td class=\"number\">{}</td></tr>", Escaped(seconds(loss.seconds)))
}

/// How many agree, and how many differ: those that do as declared are no failure.
fn goldens_cells(out: &mut String, goldens: &Goldens) -> std::fmt::Result {
    let Goldens { source, passed, declared_different: declared, failed, .. } = goldens;
    write!(out, "<td class=\"number\" title=\"{}\">{passed}</td><td class=\"number\">", Escaped(source))?;
    match (declared, failed) {
        (0, 0) => write!(out, "<span class=\"none\">0</span></td>"),
        (declared, 0) => write!(out, "{declared} <small>declared</small></td>"),
        (0, failed) => write!(out, "<b class=\"bad\">{failed}</b></td>"),
        (declared, failed) => write!(out, "<b class=\"bad\">{failed}</b> + {declared} <small>declared</small></td>"),
    }
}

fn accuracy_cell(out: &mut String, accuracy: &Accuracy) -> std::fmt::Result {
    let quantity = String::from(accuracy.direction.clone());
    let nearly_all = nearly_all(accuracy).map(|distance| format!(" <small>/ {distance}</small>")).unwrap_or_default();
    write!(
        out,
        "<td class=\"number\" title=\"{}: worst at {}; {} points\">{}{nearly_all}</td>",
        Escaped(quantity),
        Escaped(&accuracy.worst),
        accuracy.points,
        ulps(accuracy.max_ulp.0)
    )
}
