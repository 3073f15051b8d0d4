//! Curves of value, gradient and curvature, one above the other on the same horizontal axis, as inline SVG.

use std::fmt::Write;

use loss_codegen::scale::{Scale, range_of};

use crate::audit::{Plot, PlotKnot};
use crate::number::{Number, short};

use super::html::Escaped;

/// The width of every plot, in its own pixels.
pub(super) const WIDTH: f64 = 300.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = WIDTH - 8.0;
/// Where the horizontal axis begins and ends.
pub(super) const HORIZONTAL: (f64, f64) = (LEFT, RIGHT);
const VALUE: (f64, f64) = (6.0, 116.0);
const GRADIENT: (f64, f64) = (134.0, 214.0);
const CURVATURE: (f64, f64) = (232.0, 292.0);
/// The room for ticks and title below the last panel.
const BELOW: f64 = 38.0;
const HORIZONTAL_TICKS: usize = 6;
/// What parts the number that varies from what all else is, in a plot's title.
const WHERE: &str = ", where ";

/// Which of the curves.
#[derive(Clone, Copy)]
enum Curve {
    Value,
    Gradient,
    Curvature,
}

impl Curve {
    fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Gradient => "gradient",
            Self::Curvature => "curvature",
        }
    }

    /// The pixels of its panel, top and bottom.
    fn panel(self) -> (f64, f64) {
        match self {
            Self::Value => VALUE,
            Self::Gradient => GRADIENT,
            Self::Curvature => CURVATURE,
        }
    }

    fn ticks(self) -> usize {
        match self {
            Self::Value => 5,
            Self::Gradient | Self::Curvature => 3,
        }
    }
}

/// The plot as an `svg` element in a `figure`.
pub(super) fn figure(plot: &Plot) -> String {
    let mut out = String::new();
    write_figure(&mut out, plot).expect("writing to a string does not fail");
    out
}

fn write_figure(out: &mut String, plot: &Plot) -> std::fmt::Result {
    let Some((low, high)) = horizontal_range(&plot.x) else {
        return Ok(());
    };
    let x = Scale::new((low, high), (LEFT, RIGHT));
    let (axis, fixed) = split_title(&plot.title);
    let has_curvature = plot.curvature.iter().any(|curvature| curvature.0.is_finite());
    let bottom = if has_curvature { CURVATURE.1 } else { GRADIENT.1 };
    let knots: Vec<&PlotKnot> = plot.knots.iter().filter(|knot| x.holds(knot.x.0)).collect();
    out.push_str("<figure class=\"plot\">");
    caption(out, [fixed, &plot.variant])?;
    write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\"><title>Value, gradient and curvature over {}</title>",
        bottom + BELOW,
        Escaped(&plot.title)
    )?;
    let curves = [(Curve::Value, &plot.value), (Curve::Gradient, &plot.gradient), (Curve::Curvature, &plot.curvature)];
    for (curve, y) in curves.into_iter().take(if has_curvature { 3 } else { 2 }) {
        panel(out, curve, &x, &plot.x, y, &knots)?;
    }
    for (at, label) in x.ticks(HORIZONTAL_TICKS) {
        let pixel = x.pixel(at);
        write!(
            out,
            "<text class=\"tick\" x=\"{pixel:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            bottom + 16.0
        )?;
    }
    write!(
        out,
        "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text></svg>",
        f64::midpoint(LEFT, RIGHT),
        bottom + BELOW - 5.0,
        Escaped(axis)
    )?;
    key(out, &knots)?;
    out.push_str("</figure>");
    Ok(())
}

/// What varies, and what all else is.
pub(super) fn split_title(title: &str) -> (&str, &str) {
    title.split_once(WHERE).unwrap_or((title, ""))
}

/// What is the same all along the curve.
pub(super) fn caption(out: &mut String, parts: [&str; 2]) -> std::fmt::Result {
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    write!(out, "<figcaption>{}</figcaption>", Escaped(unbroken(&shortened(&parts.join(", ")))))
}

/// A text in which numbers with many decimals have four, and a sign that there are more.
fn shortened(text: &str) -> String {
    const MOST: usize = 8;
    const KEPT: usize = 4;
    let mut parts = text.split('.');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push('.');
        let decimals = part.bytes().take_while(u8::is_ascii_digit).count();
        if decimals > MOST {
            out.push_str(&format!("{}…{}", &part[..KEPT], &part[decimals..]));
        } else {
            out.push_str(part);
        }
    }
    out
}

/// A list of equations whose lines break between two of them only.
fn unbroken(equations: &str) -> String {
    let (mut depth, mut before) = (0_i32, ' ');
    let set = |character: char| {
        depth += i32::from(character == '[') - i32::from(character == ']');
        let breaks = depth == 0 && std::mem::replace(&mut before, character) == ',';
        if character == ' ' && !breaks { '\u{a0}' } else { character }
    };
    equations.chars().map(set).collect()
}

/// What the dashed lines are.
fn key(out: &mut String, knots: &[&PlotKnot]) -> std::fmt::Result {
    let mut labels: Vec<&str> = knots.iter().map(|knot| knot.label.as_str()).collect();
    labels.sort_unstable();
    labels.dedup();
    if labels.is_empty() {
        out.push_str("<p></p>");
        return Ok(());
    }
    let labels: Vec<String> = labels.into_iter().map(|label| format!("<code>{}</code>", Escaped(label))).collect();
    write!(out, "<p class=\"key\"><i aria-hidden=\"true\"></i>knot: {}</p>", labels.join(", "))
}

fn horizontal_range(x: &[Number]) -> Option<(f64, f64)> {
    let finite = || x.iter().map(|number| number.0).filter(|number| number.is_finite());
    Some((finite().reduce(f64::min)?, finite().reduce(f64::max)?))
}

fn panel(
    out: &mut String,
    curve: Curve,
    x: &Scale,
    places: &[Number],
    heights: &[Number],
    knots: &[&PlotKnot],
) -> std::fmt::Result {
    let (top, bottom) = curve.panel();
    let range = range_of(heights.iter().map(|number| number.0)).unwrap_or((-1.0, 1.0));
    let y = Scale::new(range, (bottom, top));
    write!(
        out,
        "<rect class=\"frame\" x=\"{LEFT}\" y=\"{top}\" width=\"{:.1}\" height=\"{:.1}\"/>",
        RIGHT - LEFT,
        bottom - top
    )?;
    let (name, middle) = (curve.name(), f64::midpoint(top, bottom));
    write!(
        out,
        "<text class=\"key {name}\" x=\"9\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 9 {middle})\">{name}</text>"
    )?;
    for (at, label) in y.ticks(curve.ticks()) {
        let pixel = y.pixel(at);
        let class = if at == 0.0 { "zero" } else { "grid" };
        write!(
            out,
            "<line class=\"{class}\" x1=\"{LEFT}\" y1=\"{pixel:.1}\" x2=\"{RIGHT}\" y2=\"{pixel:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            LEFT - 8.0,
            pixel + 4.0
        )?;
    }
    for (at, _) in x.ticks(HORIZONTAL_TICKS) {
        let pixel = x.pixel(at);
        write!(out, "<line class=\"grid\" x1=\"{pixel:.1}\" y1=\"{top}\" x2=\"{pixel:.1}\" y2=\"{bottom}\"/>")?;
    }
    for knot in knots {
        let pixel = x.pixel(knot.x.0);
        write!(
            out,
            "<line class=\"knot\" x1=\"{pixel:.1}\" y1=\"{top}\" x2=\"{pixel:.1}\" y2=\"{bottom}\"><title>{}</title></line>",
            Escaped(&knot.label)
        )?;
    }
    for run in runs(x, &y, places, heights, knots, bottom - top) {
        write!(out, "<polyline class=\"{}\" points=\"", curve.name())?;
        for (pixel_x, pixel_y) in &run {
            write!(out, "{pixel_x:.1},{pixel_y:.1} ")?;
        }
        out.push_str("\"/>");
    }
    for knot in knots {
        if let Some(height) = height_at(places, heights, knot.x.0).filter(|&height| y.holds(height)) {
            write!(
                out,
                "<circle class=\"{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.2\"><title>{} {} at the knot {}</title></circle>",
                curve.name(),
                x.pixel(knot.x.0),
                y.pixel(height),
                curve.name(),
                short(height),
                Escaped(&knot.label)
            )?;
        }
    }
    Ok(())
}

/// The height of the curve exactly at a place, if it was computed there.
fn height_at(places: &[Number], heights: &[Number], place: f64) -> Option<f64> {
    places.iter().zip(heights).find(|(x, _)| x.0 == place).map(|(_, height)| height.0)
}

/// The curve as runs of pixels without a break. It breaks where it is not finite or leaves the panel, and where it jumps at a knot:
/// a line across a jump would show values that the function does not have.
fn runs(
    x: &Scale,
    y: &Scale,
    places: &[Number],
    heights: &[Number],
    knots: &[&PlotKnot],
    panel_height: f64,
) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut current: Vec<(f64, f64)> = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for (place, height) in places.iter().map(|number| number.0).zip(heights.iter().map(|number| number.0)) {
        let visible = x.holds(place) && y.holds(height);
        let jumps = before.is_some_and(|(place_before, height_before)| {
            (y.pixel(height) - y.pixel(height_before)).abs() > 0.04 * panel_height
                && knots.iter().any(|knot| (place_before..=place).contains(&knot.x.0))
        });
        if !visible || jumps {
            runs.push(std::mem::take(&mut current));
        }
        if visible {
            current.push((x.pixel(place), y.pixel(height)));
        }
        before = Some((place, height));
    }
    runs.push(current);
    runs.retain(|run| run.len() > 1);
    runs
}

#[cfg(test)]
mod tests {
    use super::{figure, shortened};
    use crate::audit::{Plot, PlotKnot};
    use crate::number::Number;

    fn absolute_value() -> Plot {
        let x: Vec<f64> = (-40..=40).map(|k| f64::from(k) / 10.0).collect();
        let numbers = |f: fn(f64) -> f64| x.iter().map(|&x| Number(f(x))).collect();
        Plot {
            title: "input - target <r>".to_owned(),
            variant: String::new(),
            x: numbers(|x| x),
            value: numbers(f64::abs),
            gradient: numbers(|x| if x == 0.0 { 0.0 } else { x.signum() }),
            curvature: numbers(|x| if x == 0.0 { f64::NAN } else { 0.0 }),
            knots: vec![PlotKnot { x: Number(0.0), label: "r == 0".to_owned() }],
        }
    }

    #[test]
    fn a_jump_at_a_knot_is_not_bridged() {
        let svg = figure(&absolute_value());
        assert_eq!(svg.matches("<polyline class=\"value\"").count(), 1, "the value is continuous");
        assert_eq!(svg.matches("<polyline class=\"gradient\"").count(), 2, "the gradient is not");
        assert_eq!(svg.matches("<polyline class=\"curvature\"").count(), 2, "there is none at the knot");
        assert_eq!(svg.matches("<circle").count(), 2, "the chosen value and subgradient are dots");
        assert!(svg.contains("<title>gradient 0 at the knot r == 0</title>"));
        assert!(svg.contains("input - target &lt;r&gt;"));
    }

    #[test]
    fn a_curve_breaks_where_it_is_not_finite() {
        let mut plot = absolute_value();
        plot.knots.clear();
        plot.value[20] = Number(f64::NAN);
        plot.value[60] = Number(f64::INFINITY);
        assert_eq!(figure(&plot).matches("<polyline class=\"value\"").count(), 3);
    }

    #[test]
    fn what_is_fixed_stands_above_and_what_the_dashes_are_below() {
        let mut plot = absolute_value();
        plot.title = "x = input[0], where input = [x, 0]".to_owned();
        plot.variant = "margin = 1".to_owned();
        plot.knots.push(PlotKnot { x: Number(1.0), label: "r == 0".to_owned() });
        let svg = figure(&plot);
        assert!(svg.contains("<figcaption>input\u{a0}=\u{a0}[x,\u{a0}0], margin\u{a0}=\u{a0}1</figcaption>"), "{svg}");
        assert!(svg.contains(">x = input[0]</text></svg>"), "{svg}");
        assert!(svg.contains("knot: <code>r == 0</code></p>"), "one label, however often it is met");
    }

    #[test]
    fn long_decimals_are_cut_in_captions() {
        assert_eq!(shortened("a = [0.3333333333333333, 0.25], e.g. -1.5e-3"), "a = [0.3333…, 0.25], e.g. -1.5e-3");
    }

    #[test]
    fn nothing_to_plot_is_nothing() {
        assert_eq!(figure(&Plot::default()), "");
    }
}
