//! Where a line crosses a declared knot, and what is chosen there.

use std::collections::BTreeSet;

use crate::document::Formula;
use crate::elaborate::{Library, elaborate_in};
use crate::evaluate::{Evaluator, Point};
use crate::expr::{ExprId, InputId, Type};
use crate::formula::ast::{Ast, AstKind, BinaryOperator};
use crate::model::{Spec, Variant};

use super::Sample;
use super::scene::{Scene, Setting};

/// The surfaces on which the formula is not smooth, in the graph of a variant.
pub(super) struct Surfaces {
    variant: Variant,
    surfaces: Vec<Surface>,
}

struct Surface {
    /// 0 on the surface, and of another sign on each side.
    difference: ExprId,
    when: Option<ExprId>,
    /// The declared gradient.
    gradient: Option<ExprId>,
}

/// A place where a line crosses a surface.
pub(super) struct Mark {
    pub(super) x: f64,
    /// The declared gradient.
    gradient: Option<f64>,
}

impl Mark {
    /// The sample at a knot: with the gradient that is declared.
    pub(super) fn of(&self, sample: Sample) -> Sample {
        Sample { gradient: self.gradient.unwrap_or(sample.gradient), ..sample }
    }
}

impl Surfaces {
    pub(super) fn new(spec: &Spec, variant: &Variant, library: &Library, over: InputId) -> Self {
        let mut variant = variant.clone();
        let mut typed = |ast: &Ast| elaborate_in(spec, &mut variant, library, &Formula::Scalar(ast.clone()), &[]).ok();
        let mut surfaces = Vec::new();
        for knot in &spec.knots {
            // A formula without a meaning in this variant is one of another.
            let when = match &knot.when {
                None => None,
                Some(when) => match typed(when) {
                    Some(id) => Some(id),
                    None => continue,
                },
            };
            let over = &spec.inputs[usize::from(over.0)].name;
            let gradient = knot.gradient.iter().find(|(name, _)| name.value == *over).and_then(|(_, ast)| typed(ast));
            for difference in differences(&knot.at) {
                surfaces.extend(typed(&difference).map(|difference| Surface { difference, when, gradient }));
            }
        }
        surfaces.retain(|surface| variant.graph.ty(surface.difference) == Type::Real);
        Self { variant, surfaces }
    }

    /// The places where a line crosses a surface, in order.
    pub(super) fn marks(&self, scene: &Scene<'_>, setting: &Setting) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for surface in &self.surfaces {
            let at = |x: f64, id: ExprId| self.number(&scene.point(setting, x)?, id);
            let heights: Vec<(f64, Option<f64>)> = grid().into_iter().map(|x| (x, at(x, surface.difference))).collect();
            for pair in heights.windows(2) {
                let [(low, Some(below)), (high, Some(above))] = pair else { continue };
                let is_below = below.is_sign_negative();
                let x = match (*below == 0.0, *above == 0.0) {
                    (true, false) => *low,
                    (false, true) => *high,
                    (false, false) if is_below != above.is_sign_negative() => {
                        crossing((*low, *high), is_below, |x| at(x, surface.difference))
                    }
                    (false, false) | (true, true) => continue,
                };
                let is_met = surface.when.is_none_or(|when| at(x, when) == Some(1.0));
                if is_met && marks.iter().all(|mark| (mark.x - x).abs() > 1e-6 * (1.0 + x.abs())) {
                    marks.push(Mark { x, gradient: surface.gradient.and_then(|gradient| at(x, gradient)) });
                }
            }
        }
        marks.sort_by(|a, b| a.x.total_cmp(&b.x));
        marks
    }

    fn number(&self, point: &Point, id: ExprId) -> Option<f64> {
        let slopes = BTreeSet::new();
        let value = Evaluator::new(&self.variant.graph, point, &slopes).guessing().at(id, 0)?;
        (!value.number.is_nan()).then_some(value.number)
    }
}

/// The places between which the crossings are looked for: close to 0 a grid of eighths, then ever farther apart, to beyond 1000.
fn grid() -> Vec<f64> {
    let near = (-32..=32).map(|k| f64::from(k) / 8.0);
    let far = (0..15).map(|k| 5.0 * 1.5f64.powi(k)).flat_map(|x| [-x, x]);
    let mut grid: Vec<f64> = near.chain(far).collect();
    grid.sort_by(f64::total_cmp);
    grid
}

/// The sides of the equations in a knot, as a difference each.
fn differences(at: &Ast) -> Vec<Ast> {
    match &at.kind {
        AstKind::Binary(BinaryOperator::Equal, left, right) => {
            let kind = AstKind::Binary(BinaryOperator::Subtract, left.clone(), right.clone());
            vec![Ast { kind, span: at.span }]
        }
        AstKind::Binary(BinaryOperator::Or, left, right) => [differences(left), differences(right)].concat(),
        AstKind::Number(_)
        | AstKind::Boolean(_)
        | AstKind::Name(_)
        | AstKind::Unary(..)
        | AstKind::Binary(..)
        | AstKind::If(..)
        | AstKind::Pick(..)
        | AstKind::Call(_) => Vec::new(),
    }
}

fn crossing(ends: (f64, f64), is_below: bool, at: impl Fn(f64) -> Option<f64>) -> f64 {
    let (mut low, mut high) = ends;
    // Halving as often as a number has bits.
    for _ in 0..52 {
        let middle = f64::midpoint(low, high);
        match at(middle) {
            Some(0.0) | None => return middle,
            Some(height) if height.is_sign_negative() == is_below => low = middle,
            Some(_) => high = middle,
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn far_out_a_few_places_reach_far() {
        let grid = grid();
        assert_eq!(grid.len(), 95);
        assert!(grid.is_sorted() && grid[93] < 1000.0 && 1000.0 < grid[94]);
        assert_eq!((grid[0], grid[94]), (-grid[94], 1.5 * grid[93]));
        assert_eq!(&grid[47..51], [0.0, 0.125, 0.25, 0.375]);
    }
}
