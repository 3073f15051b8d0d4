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
                let height = |x: f64| at(x, surface.difference);
                let is_zero = |x: f64| height(x).map(|height| height == 0.0);
                let is_below = |x: f64| height(x).filter(|height| *height != 0.0).map(f64::is_sign_negative);
                let x = match (*below == 0.0, *above == 0.0) {
                    // The last place of a stretch of zeros, and the first.
                    (true, false) => border(*low, *high, is_zero).0,
                    (false, true) => border(*low, *high, is_zero).1,
                    (false, false) if below.is_sign_negative() != above.is_sign_negative() => {
                        let (before, after) = border(*low, *high, is_below);
                        f64::midpoint(before, after)
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

/// The places between which the crossings are looked for: close to 0 a grid of eighths, then ever farther apart, to
/// beyond 1000.
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

/// The last place where something is as it is at the lower end, and the first where it is not: neighbours, or one place where there is no
/// saying.
fn border(mut low: f64, mut high: f64, is: impl Fn(f64) -> Option<bool>) -> (f64, f64) {
    let at_low = is(low);
    // Halving as often as a number has bits.
    for _ in 0..52 {
        let middle = f64::midpoint(low, high);
        match is(middle) {
            None => return (middle, middle),
            known if known == at_low => low = middle,
            Some(_) => high = middle,
        }
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn far_out_a_few_places_reach_far() {
        let grid = grid();
        assert!(grid.is_sorted() && grid.contains(&0.0) && grid.last() > Some(&1000.0));
        assert!(grid.iter().zip(grid.iter().rev()).all(|(x, opposite)| *x == -opposite), "symmetric");
        let is_close = |pair: &[f64]| pair[1] - pair[0] <= 0.125;
        assert!(grid.windows(2).filter(|pair| -4.0 < pair[1] && pair[0] < 4.0).all(is_close), "close between -4 and 4");
    }
}
