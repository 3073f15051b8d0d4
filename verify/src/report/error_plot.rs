//! Distances from the truth as dots over a logarithmic axis with both signs: small numbers in the middle, large ones at the ends.

mod axis;

use std::fmt::Write;

use crate::audit::{ErrorCurve, Quantity};

use super::html::{Escaped, ulps};
use super::plot::{HORIZONTAL, WIDTH, caption, split_title};
use axis::{Magnitudes, Ulps};

const TOP: f64 = 6.0;
const PANEL: f64 = 84.0;
const BETWEEN: f64 = 18.0;
const BELOW: f64 = 38.0;

/// A figure for each line along which distances were measured: a panel for the value and each gradient, a colour for each type.
pub(super) fn figures(curves: &[ErrorCurve]) -> Vec<String> {
    let mut groups: Vec<Vec<&ErrorCurve>> = Vec::new();
    for curve in curves.iter().filter(|curve| !curve.x.is_empty()) {
        let same_line = |other: &&ErrorCurve| other.title == curve.title && other.variant == curve.variant;
        match groups.iter_mut().find(|group| group.first().is_some_and(same_line)) {
            Some(group) => group.push(curve),
            None => groups.push(vec![curve]),
        }
    }
    groups.iter().filter_map(|group| figure(group)).collect()
}

fn figure(curves: &[&ErrorCurve]) -> Option<String> {
    let first = curves.first()?;
    let x = Magnitudes::over(curves.iter().flat_map(|curve| &curve.x).map(|x| x.0), HORIZONTAL)?;
    let mut quantities: Vec<&Quantity> = curves.iter().map(|curve| &curve.quantity).collect();
    quantities.sort_unstable();
    quantities.dedup();
    let mut out = String::from("<figure class=\"plot errors\">");
    match write_figure(&mut out, first, curves, &x, &quantities) {
        // Writing to a string does not fail.
        Ok(()) | Err(std::fmt::Error) => Some(out),
    }
}

fn write_figure(
    out: &mut String,
    first: &ErrorCurve,
    curves: &[&ErrorCurve],
    x: &Magnitudes,
    quantities: &[&Quantity],
) -> std::fmt::Result {
    let (axis, fixed) = split_title(&first.title);
    caption(out, [fixed, &first.variant])?;
    let bottom = TOP + quantities.len() as f64 * (PANEL + BETWEEN) - BETWEEN;
    write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\"><title>Distance from the exact result over {}</title>",
        bottom + BELOW,
        Escaped(&first.title)
    )?;
    for (place, quantity) in quantities.iter().enumerate() {
        let top = TOP + place as f64 * (PANEL + BETWEEN);
        let shown: Vec<&&ErrorCurve> = curves.iter().filter(|curve| curve.quantity == **quantity).collect();
        panel(out, x, quantity, (top, top + PANEL), &shown)?;
    }
    for (at, label) in x.ticks() {
        write!(
            out,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            x.pixel(at),
            bottom + 16.0
        )?;
    }
    write!(
        out,
        "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text></svg>",
        f64::midpoint(HORIZONTAL.0, HORIZONTAL.1),
        bottom + BELOW - 5.0,
        Escaped(axis)
    )?;
    let mut types: Vec<&str> = curves.iter().map(|curve| curve.dtype.as_str()).collect();
    types.sort_unstable();
    types.dedup();
    out.push_str("<p class=\"key\">");
    for dtype in types {
        let largest = curves.iter().filter(|curve| curve.dtype == dtype).flat_map(|curve| &curve.ulp);
        let largest = largest.map(|ulp| ulp.0).fold(0.0, f64::max);
        let dtype = Escaped(dtype);
        write!(
            out,
            "<span><b class=\"dot {dtype}\" aria-hidden=\"true\"></b>{dtype}: at most {}</span>",
            ulps(largest)
        )?;
    }
    out.push_str("</p></figure>");
    Ok(())
}

fn panel(
    out: &mut String,
    x: &Magnitudes,
    quantity: &Quantity,
    (top, bottom): (f64, f64),
    curves: &[&&ErrorCurve],
) -> std::fmt::Result {
    let (left, right) = HORIZONTAL;
    let y = Ulps::over(curves.iter().flat_map(|curve| &curve.ulp).map(|ulp| ulp.0), (bottom, top));
    write!(
        out,
        "<rect class=\"frame\" x=\"{left}\" y=\"{top}\" width=\"{:.1}\" height=\"{:.1}\"/>",
        right - left,
        bottom - top
    )?;
    let name = match quantity {
        Quantity::Value => "value",
        Quantity::Gradient(_) => "gradient",
        Quantity::Curvature(_) => "curvature",
        Quantity::StepCurvature(_) => "step curvature",
        Quantity::HessianProduct(_) => "Hessian product",
    };
    let middle = f64::midpoint(top, bottom);
    write!(
        out,
        "<text class=\"key\" x=\"9\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 9 {middle})\">{name}</text>"
    )?;
    for (at, label) in y.ticks() {
        let pixel = y.pixel(at);
        write!(
            out,
            "<line class=\"grid\" x1=\"{left}\" y1=\"{pixel:.1}\" x2=\"{right}\" y2=\"{pixel:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            left - 8.0,
            pixel + 4.0
        )?;
    }
    for (at, _) in x.ticks() {
        let pixel = x.pixel(at);
        write!(out, "<line class=\"grid\" x1=\"{pixel:.1}\" y1=\"{top}\" x2=\"{pixel:.1}\" y2=\"{bottom}\"/>")?;
    }
    let half = y.pixel(0.5);
    write!(
        out,
        "<line class=\"knot\" x1=\"{left}\" y1=\"{half:.1}\" x2=\"{right}\" y2=\"{half:.1}\"><title>half a unit: the rounding that nothing can avoid</title></line>"
    )?;
    for curve in curves {
        // Dots are strokes without a length: far shorter than a circle each.
        write!(out, "<path class=\"dots {}\" d=\"", Escaped(&curve.dtype))?;
        for (at, ulp) in curve.x.iter().zip(&curve.ulp) {
            write!(out, "M{:.1},{:.1}h0", x.pixel(at.0), y.pixel(ulp.0))?;
        }
        out.push_str("\"/>");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::figures;
    use crate::audit::{ErrorCurve, Quantity};
    use crate::number::Number;

    fn curve(dtype: &str, quantity: Quantity, ulp: &[f64]) -> ErrorCurve {
        ErrorCurve {
            title: "input, where target = <0>".to_owned(),
            variant: "beta = 1".to_owned(),
            dtype: dtype.to_owned(),
            quantity,
            x: (0..ulp.len()).map(|k| Number(10f64.powi(k as i32) * if k % 2 == 0 { 1.0 } else { -1.0 })).collect(),
            ulp: ulp.iter().map(|&ulp| Number(ulp)).collect(),
        }
    }

    #[test]
    fn a_line_is_a_figure_and_a_quantity_a_panel() {
        let gradient = || Quantity::Gradient("input".to_owned());
        let mut other = curve("f32", Quantity::Value, &[0.5]);
        other.variant = "beta = 0".to_owned();
        let drawn = figures(&[
            curve("f32", Quantity::Value, &[0.25, 1.5]),
            curve("f64", Quantity::Value, &[0.5, 0.5]),
            curve("f32", gradient(), &[0.0, f64::INFINITY]),
            other,
            curve("f64", gradient(), &[]),
        ]);
        assert_eq!(drawn.len(), 2);
        assert_eq!(drawn[0].matches("class=\"frame\"").count(), 2);
        assert_eq!(drawn[0].matches("<path").count(), 3);
        assert_eq!(drawn[0].matches("h0").count(), 6, "every point is drawn, an infinite distance at the top");
        assert!(drawn[0].contains("f32: at most ∞</span>") && drawn[0].contains("f64: at most 0.50</span>"));
        assert!(drawn[0].contains("over input, where target = &lt;0&gt;</title>"));
        for figure in drawn {
            roxmltree::Document::parse(&figure).expect("it is well-formed");
        }
    }
}
