//! The table of all losses.

use std::fmt::Write;

use crate::audit::{Accuracy, Audit, Direction, Goldens, LossRecord, MutationSummary, Standing};

use super::html::{Escaped, badge, count, nearly_all, seconds, ulps};
use super::loss::share;

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
        "<div class=\"scroll card\"><table class=\"summary\"><caption>All losses</caption><thead>\
         <tr><th scope=\"col\" rowspan=\"2\">Loss</th><th scope=\"col\" rowspan=\"2\">Status</th>\
         <th scope=\"colgroup\" colspan=\"2\" class=\"group\"><span>f32, ULP</span></th>\
         <th scope=\"colgroup\" colspan=\"2\" class=\"group\"><span>f64, ULP</span></th>\
         <th scope=\"colgroup\" colspan=\"3\" class=\"group\"><span>Properties</span></th>\
         <th scope=\"colgroup\" colspan=\"2\" class=\"group\"><span>PyTorch’s answers</span></th>\
         <th scope=\"col\" rowspan=\"2\" class=\"number\">Faults<br>found</th>\
         <th scope=\"col\" rowspan=\"2\" class=\"number\">Compared</th>\
         <th scope=\"col\" rowspan=\"2\" class=\"number\">ISAs ×<br>threads</th>\
         <th scope=\"col\" rowspan=\"2\" class=\"number\">Time</th></tr><tr>",
    );
    for title in ["value", "gradient", "value", "gradient", "proved", "tested", "open", "agree", "differ"] {
        out.push_str("<th scope=\"col\" class=\"number\">");
        out.push_str(title);
        out.push_str("</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for loss in &audit.losses {
        row(&mut out, loss).expect("writing to a string does not fail");
    }
    out.push_str("</tbody></table></div>");
    out
}

fn row(out: &mut String, loss: &LossRecord) -> std::fmt::Result {
    let name = Escaped(&loss.name);
    write!(
        out,
        "<tr><th scope=\"row\"><a href=\"losses/{name}.html\">{name}</a></th><td>{}</td>",
        badge(loss.status())
    )?;
    for (dtype, direction) in ACCURACY {
        match loss.worst_accuracy(dtype, direction) {
            Some(accuracy) => accuracy_cell(out, accuracy)?,
            None => out.push_str("<td class=\"number none\">–</td>"),
        }
    }
    claims_cells(out, loss)?;
    match &loss.goldens {
        Some(goldens) => goldens_cells(out, goldens)?,
        None => out.push_str("<td class=\"number none\">–</td><td class=\"number none\">–</td>"),
    }
    match &loss.mutation {
        Some(mutation) => mutation_cell(out, mutation)?,
        None => out.push_str("<td class=\"number none\">–</td>"),
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

/// How many are proved, tested, and neither or worse.
fn claims_cells(out: &mut String, loss: &LossRecord) -> std::fmt::Result {
    let with = |standing| loss.claims_with(standing);
    let (open, violated) = (with(Standing::Undecided), with(Standing::Violated));
    for count in [with(Standing::Proved), with(Standing::Tested)] {
        let none = if count == 0 { " none" } else { "" };
        write!(out, "<td class=\"number{none}\">{count}</td>")?;
    }
    match (open, violated) {
        (0, 0) => write!(out, "<td class=\"number none\">0</td>"),
        (open, 0) => write!(out, "<td class=\"number\">{open}</td>"),
        (0, violated) => write!(out, "<td class=\"number\"><b class=\"bad\">{violated} violated</b></td>"),
        (open, violated) => {
            write!(out, "<td class=\"number\">{open}, <b class=\"bad\">{violated} violated</b></td>")
        }
    }
}

/// The share of deliberate faults that were found, of each kind in its title.
fn mutation_cell(out: &mut String, mutation: &MutationSummary) -> std::fmt::Result {
    let kinds = mutation.kinds().map(|(kind, score)| format!("{kind} {} of {}", score.killed, score.total));
    write!(out, "<td class=\"number\" title=\"{}\">{}</td>", kinds.join(", "), share(mutation.all()))
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
