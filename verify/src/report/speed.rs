//! The page of the benchmark: how far each loss is from what memory allows.

use std::fmt::Write;

use crate::bench::{BenchRun, Measurement, Way};

use super::document::document;
use super::html::Escaped;

/// The width of the chart, in its own pixels.
const WIDTH: f64 = 760.0;
const LEFT: f64 = 230.0;
const RIGHT: f64 = WIDTH - 64.0;
const ROW: f64 = 18.0;
const TOP: f64 = 26.0;
/// The ratios at the ends of the logarithmic axis, and those that are marked.
const ENDS: (f64, f64) = (0.5, 64.0);
const TICKS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// The page, as HTML.
#[must_use]
pub fn speed_page(run: &BenchRun) -> String {
    let mut body = String::new();
    match write_page(&mut body, run) {
        // Writing to a string does not fail.
        Ok(()) | Err(std::fmt::Error) => document("Speed", &body),
    }
}

fn write_page(out: &mut String, run: &BenchRun) -> std::fmt::Result {
    write!(
        out,
        "<main><header class=\"top\"><h1>Speed</h1><dl class=\"meta\"><div><dt>Date</dt><dd>{}</dd></div>\
         <div><dt>Machine</dt><dd>{}</dd></div></dl></header>\
         <p>The time of a call over that of moving the same bytes and computing nothing, measured in turns. 1 is as fast as memory \
         allows; the axis is logarithmic. Bars are value and gradients in one call.</p>",
        Escaped(&run.date),
        Escaped(&run.machine)
    )?;
    for (title, lines) in charts(run) {
        write!(out, "<h2>{}</h2><figure class=\"card scroll\">", Escaped(&title))?;
        chart(out, &title, &lines)?;
        out.push_str("</figure>");
    }
    table(out, run)?;
    write!(
        out,
        "<p class=\"note\">Everything here is also in <a href=\"{0}\">{0}</a>. <code>cargo verify bench</code> measures again.</p></main>",
        BenchRun::FILE
    )
}

/// The bars, by type, threads and instruction set.
fn charts(run: &BenchRun) -> Vec<(String, Vec<&Measurement>)> {
    let mut charts: Vec<(String, Vec<&Measurement>)> = Vec::new();
    for line in run.measurements.iter().filter(|line| line.way == Way::Fused) {
        let threads = if line.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", line.threads) };
        let title = format!("{}, {threads}, {}", line.dtype.name(), line.isa);
        match charts.iter_mut().find(|(known, _)| *known == title) {
            Some((_, lines)) => lines.push(line),
            None => charts.push((title, vec![line])),
        }
    }
    charts
}

fn pixel(ratio: f64) -> f64 {
    let (low, high) = ENDS;
    let share = (ratio.clamp(low, high) / low).ln() / (high / low).ln();
    LEFT + share * (RIGHT - LEFT)
}

fn chart(out: &mut String, title: &str, lines: &[&Measurement]) -> std::fmt::Result {
    let height = TOP + ROW * lines.len() as f64 + 6.0;
    write!(
        out,
        "<svg class=\"speed\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         aria-label=\"Times the limit: {}\">",
        Escaped(title)
    )?;
    for tick in TICKS {
        let x = pixel(tick);
        write!(
            out,
            "<line class=\"{}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{}\"/><text class=\"tick\" x=\"{x:.1}\" y=\"14\">{tick}×</text>",
            if tick == 1.0 { "limit" } else { "grid" },
            TOP - 6.0,
            height - 4.0
        )?;
    }
    for (place, line) in lines.iter().enumerate() {
        let y = TOP + ROW * place as f64;
        let (from, to) = (pixel(ENDS.0), pixel(line.ratio()));
        write!(
            out,
            "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{} {}</text><rect class=\"bar\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
             height=\"{:.1}\"/><text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{:.2}</text>",
            LEFT - 8.0,
            y + 13.0,
            Escaped(&line.loss),
            Escaped(&line.size),
            y + 3.0,
            (to - from).max(1.0),
            ROW - 6.0,
            to + 6.0,
            y + 13.0,
            line.ratio()
        )?;
    }
    out.push_str("</svg>");
    Ok(())
}

fn table(out: &mut String, run: &BenchRun) -> std::fmt::Result {
    out.push_str(
        "<h2>All figures</h2><div class=\"scroll card\"><table class=\"summary\"><caption>All figures</caption><thead><tr>\
         <th scope=\"col\">Loss</th><th scope=\"col\">Shape</th><th scope=\"col\">Way</th><th scope=\"col\">Type</th>\
         <th scope=\"col\">ISA</th><th scope=\"col\" class=\"number\">Threads</th><th scope=\"col\" class=\"number\">ns a call</th>\
         <th scope=\"col\" class=\"number\">ns an element</th><th scope=\"col\" class=\"number\">limit</th>\
         <th scope=\"col\" class=\"number\">ratio</th></tr></thead><tbody>",
    );
    for line in &run.measurements {
        let per_element = 1e9 / line.elements as f64;
        write!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td>\
             <td class=\"number\">{:.0}</td><td class=\"number\">{:.3}</td><td class=\"number\">{:.3}</td><td class=\"number\">{:.2}</td></tr>",
            Escaped(&line.loss),
            Escaped(&line.size),
            line.way.name(),
            line.dtype.name(),
            Escaped(&line.isa),
            line.threads,
            line.kernel.least * 1e9,
            line.kernel.least * per_element,
            line.limit.least * per_element,
            line.ratio()
        )?;
    }
    out.push_str("</tbody></table></div>");
    Ok(())
}
