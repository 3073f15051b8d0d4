//! Curves as a small inline SVG in the colours of the page that it stands on, light or dark.

use std::fmt::{Result, Write};

use crate::curves::{Curve, Curves, Sample};
use crate::markup::Escaped;
use crate::scale::{Scale, range_of};

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 178.0;
/// Top and bottom of both panels.
const PANEL: (f64, f64) = (20.0, 140.0);
const TICKS: usize = 4;
/// How far a simplified line may be from the curve, in pixels.
const BESIDE: f64 = 0.2;
/// The looks of the curves, in order: a colour of rustdoc's themes or of the text, and dashes.
const LOOKS: [(&str, &str); 4] = [
    ("var(--link-color,#3873ad)", ""),
    ("currentColor", "5 3"),
    ("var(--link-color,#3873ad)", "2 2"),
    ("currentColor", "8 2 2 2"),
];

/// One of the two panels.
struct Panel {
    name: &'static str,
    /// Left and right.
    sides: (f64, f64),
    height: fn(&Sample) -> f64,
}

const PANELS: [Panel; 2] = [
    Panel { name: "loss", sides: (34.0, 232.0), height: |sample| sample.value },
    Panel { name: "gradient", sides: (274.0, 472.0), height: |sample| sample.gradient },
];

/// The plot as an `svg` element with its legend.
pub(super) fn figure(name: &str, curves: &Curves) -> String {
    let mut out = String::new();
    match write_figure(&mut out, name, curves) {
        // Writing to a string does not fail.
        Ok(()) | Err(std::fmt::Error) => out,
    }
}

fn write_figure(out: &mut String, name: &str, curves: &Curves) -> Result {
    let all = || curves.curves.iter().flat_map(|curve| curve.pieces.iter().flatten());
    let (low, high) =
        all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), sample| (low.min(sample.x), high.max(sample.x)));
    write!(
        out,
        "\n<div><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{} and its gradient over {}\" \
         style=\"width:100%;max-width:640px;font:10px sans-serif\" fill=\"currentColor\">\n",
        Escaped(name),
        Escaped(&curves.over)
    )?;
    for panel in &PANELS {
        let heights = all().map(panel.height);
        let x = Scale::new((low, high), panel.sides);
        let y = Scale::new(range_of(heights).unwrap_or((-1.0, 1.0)), (PANEL.1, PANEL.0));
        frame(out, panel, &x, &y, &curves.over)?;
        for (curve, (colour, dashes)) in curves.curves.iter().zip(LOOKS.iter().cycle()) {
            line(out, curve, panel, &x, &y, colour, dashes)?;
        }
    }
    out.push_str("</svg></div>\n");
    legend(out, curves)
}

/// Grid, ticks and names.
fn frame(out: &mut String, panel: &Panel, x: &Scale, y: &Scale, over: &str) -> Result {
    let (left, right) = panel.sides;
    let (top, bottom) = PANEL;
    let mut grid = String::new();
    let (mut beside, mut below) = (String::new(), String::new());
    for (at, label) in y.ticks(TICKS) {
        let pixel = y.pixel(at);
        write!(grid, "M{left} {pixel:.1}H{right}")?;
        write!(beside, "<text x=\"{}\" y=\"{:.1}\">{label}</text>", left - 4.0, pixel + 3.5)?;
    }
    for (at, label) in x.ticks(TICKS) {
        let pixel = x.pixel(at);
        write!(grid, "M{pixel:.1} {top}V{bottom}")?;
        write!(below, "<text x=\"{pixel:.1}\" y=\"{}\">{label}</text>", bottom + 13.0)?;
    }
    let middle = f64::midpoint(left, right);
    writeln!(
        out,
        "<path d=\"{grid}\" stroke=\"currentColor\" stroke-opacity=\".15\"></path>\
         <g text-anchor=\"end\">{beside}</g><g text-anchor=\"middle\">{below}\
         <text x=\"{middle}\" y=\"12\" font-weight=\"bold\">{}</text>\
         <text x=\"{middle}\" y=\"{}\" font-style=\"italic\">{}</text></g>",
        panel.name,
        bottom + 28.0,
        Escaped(over)
    )
}

fn line(out: &mut String, curve: &Curve, panel: &Panel, x: &Scale, y: &Scale, colour: &str, dashes: &str) -> Result {
    let mut path = String::new();
    for piece in &curve.pieces {
        for run in piece.split(|sample| !y.holds((panel.height)(sample))) {
            let pixels: Vec<(f64, f64)> =
                run.iter().map(|sample| (x.pixel(sample.x), y.pixel((panel.height)(sample)))).collect();
            for (place, (px, py)) in simplified(&pixels).into_iter().enumerate() {
                write!(path, "{}{px:.1} {py:.1}", if place == 0 { "M" } else { "L" })?;
            }
        }
    }
    let dashes = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
    write!(
        out,
        "<g style=\"color:{colour}\"><path d=\"{path}\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.7\"{dashes}></path>"
    )?;
    for knot in &curve.knots {
        let height = (panel.height)(knot);
        if y.holds(height) {
            write!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"></circle>", x.pixel(knot.x), y.pixel(height))?;
        }
    }
    out.push_str("</g>\n");
    Ok(())
}

/// What the curves are, what the dots are, and what is the same everywhere.
fn legend(out: &mut String, curves: &Curves) -> Result {
    let code = |text: &String| format!("<code>{}</code>", Escaped(text));
    let mut parts: Vec<String> = Vec::new();
    if let [_, _, ..] = curves.curves.as_slice() {
        let looks = ["solid", "dashed", "dotted", "dash-dotted"].into_iter().cycle();
        parts.extend(curves.curves.iter().zip(looks).map(|(curve, look)| format!("{look}: {}", code(&curve.setting))));
    }
    if curves.curves.iter().any(|curve| !curve.knots.is_empty()) {
        parts.push("dots: at knots".to_owned());
    }
    if !curves.fixed.is_empty() {
        parts.push(curves.fixed.iter().map(code).collect::<Vec<_>>().join(", "));
    }
    if parts.is_empty() { Ok(()) } else { writeln!(out, "<p style=\"font-size:.9em\">{}</p>", parts.join("; ")) }
}

/// The points of a line that matter: without the others it is nowhere farther off than [`BESIDE`].
fn simplified(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else { return Vec::new() };
    if points.len() < 3 {
        return points.to_vec();
    }
    let away = |point: &(f64, f64)| {
        let share = (point.0 - first.0) / (last.0 - first.0);
        (point.1 - (first.1 + share * (last.1 - first.1))).abs()
    };
    match points.iter().map(away).enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b)) {
        Some((place, farthest)) if farthest > BESIDE => {
            let mut line = simplified(&points[..=place]);
            line.pop();
            line.extend(simplified(&points[place..]));
            line
        }
        Some(_) | None => vec![first, last],
    }
}

#[cfg(test)]
mod tests {
    use super::{BESIDE, figure, simplified};
    use crate::curves::{Curve, Curves, Sample};

    fn absolute_value() -> Curves {
        let piece = |from: i32, to: i32, gradient: f64| {
            (from..=to).map(|k| Sample { x: f64::from(k) / 8.0, value: f64::from(k).abs() / 8.0, gradient }).collect()
        };
        let curve = Curve {
            setting: String::new(),
            pieces: vec![piece(-24, 0, -1.0), piece(0, 24, 1.0)],
            knots: vec![Sample { x: 0.0, value: 0.0, gradient: 0.0 }],
        };
        Curves { over: "input <r>".to_owned(), fixed: vec!["target = 0".to_owned()], curves: vec![curve] }
    }

    #[test]
    fn a_straight_piece_is_two_points_and_a_jump_is_not_bridged() {
        let svg = figure("bent", &absolute_value());
        roxmltree::Document::parse(svg.split("<p ").next().expect("the plot")).expect("it is well formed");
        let paths: Vec<&str> = svg
            .split("<path d=\"")
            .skip(1)
            .filter(|part| part.contains("fill=\"none\""))
            .map(|part| part.split('"').next().expect("a path"))
            .collect();
        assert_eq!(paths.len(), 2, "value and gradient");
        for path in paths {
            assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 2), "{path}");
        }
        assert_eq!(svg.matches("<circle").count(), 2, "the value and the subgradient at the knot");
        assert!(svg.contains("input &lt;r&gt;") && svg.contains("<code>target = 0</code>"), "{svg}");
        assert!(!svg.trim_start().contains("\n\n"), "a blank line would end the block of HTML");
    }

    #[test]
    fn a_gradient_that_is_nowhere_known_has_an_axis_all_the_same() {
        let mut curves = absolute_value();
        curves.curves[0].pieces.iter_mut().flatten().for_each(|sample| sample.gradient = f64::NAN);
        let svg = figure("bent", &curves);
        let axes: Vec<&str> = svg.split("<g text-anchor=\"end\">").skip(1).collect();
        let labels = |axis: &str| -> Vec<String> {
            let texts = axis.split("</g>").next().unwrap_or_default().split("</text>");
            texts.filter_map(|text| Some(text.split_once('>')?.1.to_owned())).collect()
        };
        assert_eq!(
            axes.into_iter().map(labels).collect::<Vec<_>>(),
            [vec!["0", "1", "2", "3"], vec!["−1.0", "−0.5", "0", "0.5", "1.0"]]
        );
    }

    #[test]
    fn a_simplified_line_keeps_its_corners() {
        let points: Vec<(f64, f64)> = (0..=20).map(|k: i32| (f64::from(k), f64::from((k - 10).abs()))).collect();
        assert_eq!(simplified(&points), [(0.0, 10.0), (10.0, 0.0), (20.0, 10.0)]);
        let bent_by = |height: f64| simplified(&[(0.0, 0.0), (1.0, height), (2.0, 0.0)]).len();
        assert_eq!((bent_by(BESIDE), bent_by(1.01 * BESIDE)), (2, 3), "what nobody sees is left out");
        let circle: Vec<(f64, f64)> = (0..=100).map(|k| (f64::from(k), (1e4 - f64::from(k).powi(2)).sqrt())).collect();
        let line = simplified(&circle);
        assert!((8..30).contains(&line.len()), "{}", line.len());
    }
}
