//! Value and gradient along a line on which one number varies, for drawings: what the formula says, in plain `f64`.

mod knots;
mod scene;

use std::collections::BTreeSet;

use crate::compile::Compiled;
use crate::elaborate::Library;
use crate::equations::{Differentiated, differentiated};
use crate::evaluate::{Evaluator, Point};
use crate::expr::{ExprId, Graph};

use knots::Surfaces;
use scene::Scene;

/// Curves over one input, one for each of a few settings of the others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Curves {
    /// What varies.
    pub(crate) over: String,
    /// What is the same on all curves, in words.
    pub(crate) fixed: Vec<String>,
    pub(crate) curves: Vec<Curve>,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Curve {
    /// What is special to it, in words; empty if it is the only one.
    pub(crate) setting: String,
    /// Places, values and gradients, in pieces between knots.
    pub(crate) pieces: Vec<Vec<Sample>>,
    /// What is chosen at the knots.
    pub(crate) knots: Vec<Sample>,
}

/// A place of a curve. A height that is not known is NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) x: f64,
    pub(crate) value: f64,
    pub(crate) gradient: f64,
}

/// So many places are looked at.
const STEPS: i32 = 96;
/// How close to a knot a piece ends, as a share of the whole: less than a drawing shows, and far more than rounding.
const BESIDE: f64 = 1e-4;

/// The curves of a loss over its first input with a gradient, with the defaults of all else; none where there is nothing to draw.
pub(crate) fn curves(compiled: &Compiled, library: &Library) -> Option<Curves> {
    let spec = &compiled.spec;
    let variant = scene::default_variant(compiled)?;
    let Differentiated { graph, loss, inputs, gradients, .. } = differentiated(spec, variant, &[])?;
    let scene = Scene::new(spec, variant)?;
    let gradient = inputs.iter().zip(gradients).find(|(input, _)| **input == scene.over)?.1;
    let drawn = Drawn { graph: &graph, loss, gradient };
    let surfaces = Surfaces::new(spec, variant, library, scene.over);
    let marks: Vec<Vec<knots::Mark>> = scene.settings.iter().map(|setting| surfaces.marks(&scene, setting)).collect();
    let (low, high) = scene.range(marks.iter().flatten().map(|mark| mark.x));
    let curves: Vec<Curve> = (scene.settings.iter().zip(&marks))
        .map(|(setting, marks)| {
            let at = |x: f64| drawn.sample(scene.point(setting, x)?, x);
            let mut pieces = Vec::new();
            let mut start = low;
            let beside = BESIDE * (high - low);
            for end in marks.iter().map(|mark| mark.x - beside).chain([high]) {
                pieces.push(piece(start, end, (high - low) / f64::from(STEPS), &at));
                start = end + 2.0 * beside;
            }
            pieces.retain(|piece| piece.len() > 1);
            let knots = marks.iter().filter_map(|mark| Some(mark.of(at(mark.x)?))).collect();
            Curve { setting: setting.words.clone(), pieces, knots }
        })
        .collect();
    let is_drawn = curves.iter().all(|curve| !curve.pieces.is_empty());
    is_drawn.then(|| Curves { over: scene.over_text(), fixed: scene.fixed.clone(), curves })
}

/// The places between two ends, and these: those of a grid that is the same for all pieces, so that numbers there have few digits.
fn piece(start: f64, end: f64, step: f64, at: &impl Fn(f64) -> Option<Sample>) -> Vec<Sample> {
    if end <= start {
        return Vec::new();
    }
    let (first, beyond) = ((start / step).floor() as i64 + 1, (end / step).ceil() as i64);
    let inner = (first..beyond).map(|k| k as f64 * step).filter(|x| (start..end).contains(x));
    [start].into_iter().chain(inner).chain([end]).filter_map(at).collect()
}

/// What is drawn.
struct Drawn<'g> {
    graph: &'g Graph,
    loss: ExprId,
    gradient: ExprId,
}

impl Drawn<'_> {
    /// The heights at a point; none where there is no value.
    fn sample(&self, point: Point, x: f64) -> Option<Sample> {
        let slopes = BTreeSet::new();
        let mut evaluator = Evaluator::new(self.graph, &point, &slopes).guessing();
        let value = evaluator.at(self.loss, 0)?.number;
        let gradient = evaluator.at(self.gradient, 0).map_or(f64::NAN, |gradient| gradient.number);
        value.is_finite().then_some(Sample { x, value, gradient })
    }
}

#[cfg(test)]
mod tests;
