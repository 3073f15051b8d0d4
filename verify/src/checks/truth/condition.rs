//! How well conditioned a result is: how far the truth moves when what goes in moves by a unit in its last place. An error of a few such
//! moves is that of the input's own rounding, not of the kernel. The sums over a row that a formula is written with count as numbers that
//! go in: each is rounded once, whoever computes it.

use std::collections::{BTreeMap, HashMap};

use loss_codegen::expr::{AxisId, Binary, Constant, Expr, ExprId, Graph, Reducer};
use loss_codegen::model::{Spec, Variant};
use loss_codegen::rewrite::{reachable, rewrite};
use loss_runtime::Element;

use crate::oracle::call::{CallOutcome, axes_of_result, call};
use crate::oracle::data::{Data, Number, Values};
use crate::oracle::real::Real;
use crate::oracle::ulp::Format;

use super::Result;

/// How many units each number moves, so that the difference of the two truths is not lost to rounding.
const STEP: f64 = 16.0;

/// The moves of the results of one batch. Along the rows, and any other axis that the formula only walks, places are looked at one by
/// one, each when one of its results is asked for.
pub(super) struct Conditions<'b> {
    spec: &'b Spec,
    variant: &'b Variant,
    data: &'b Data,
    upstream: &'b [f64],
    /// How far each number moves, as a share of itself.
    relative: f64,
    /// The axes along which places know nothing of each other.
    separate: Vec<AxisId>,
    /// The axes of the results of `none`.
    result_axes: Vec<AxisId>,
    seen: BTreeMap<Vec<usize>, Option<Moves>>,
}

/// How far each result of one place moves, over every number that goes in.
struct Moves {
    values: Vec<f64>,
    gradients: Vec<Option<Vec<f64>>>,
}

/// Where a result is: at which place of each separate axis, and which result of that place.
struct Spot {
    at: Vec<usize>,
    which: usize,
}

impl<'b> Conditions<'b> {
    pub(super) fn new<T: Element + Format>(
        spec: &'b Spec,
        variant: &'b Variant,
        data: &'b Data,
        upstream: &'b [f64],
    ) -> Self {
        let nodes = reachable(&variant.graph, [variant.loss]);
        let is_walked = |axis: AxisId| axis == AxisId::ROWS || !nodes.iter().any(|&id| knows(&variant.graph, id, axis));
        Conditions {
            spec,
            variant,
            data,
            upstream,
            relative: STEP * T::EPSILON.to_f64(),
            separate: (0..spec.axes.len()).map(|axis| AxisId(axis as u8)).filter(|&axis| is_walked(axis)).collect(),
            result_axes: axes_of_result(spec, variant),
            seen: BTreeMap::new(),
        }
    }

    /// The sum of the moves of one result; infinite where the oracle cannot tell.
    pub(super) fn spread(&mut self, result: Result) -> f64 {
        let Spot { at, which } = match result {
            Result::Value(place) => self.spot(&self.result_axes, place),
            Result::Gradient(input, place) => match &self.data.inputs[input] {
                Some(column) => self.spot(&column.axes, place),
                None => return f64::INFINITY,
            },
        };
        if !self.seen.contains_key(&at) {
            let moves = self.moves(&at);
            self.seen.insert(at.clone(), moves);
        }
        let Some(moves) = &self.seen[&at] else { return f64::INFINITY };
        let of_result = match result {
            Result::Value(_) => moves.values.get(which),
            Result::Gradient(input, _) => moves.gradients[input].as_ref().and_then(|all| all.get(which)),
        };
        of_result.copied().unwrap_or(f64::INFINITY)
    }

    fn spot(&self, axes: &[AxisId], place: usize) -> Spot {
        let mut spot = Spot { at: vec![0; self.separate.len()], which: 0 };
        let (mut rest, mut stride) = (place, 1);
        for &axis in axes.iter().rev() {
            let extent = self.data.extent(axis);
            match self.separate.iter().position(|&separate| separate == axis) {
                Some(known) => spot.at[known] = rest % extent,
                None => {
                    spot.which += rest % extent * stride;
                    stride *= extent;
                }
            }
            rest /= extent;
        }
        spot
    }

    fn moves(&self, at: &[usize]) -> Option<Moves> {
        let places = self.separate.iter().zip(at);
        let mut data = places.fold(self.data.clone(), |data, (&axis, &index)| data.at(axis, index));
        let here = |place: &usize| self.spot(&self.result_axes, *place).at == at;
        let upstream: Vec<f64> = (0..self.upstream.len()).filter(here).map(|place| self.upstream[place]).collect();
        let outcome = |variant: &Variant, data: &Data| call(self.spec, variant, data, "none", &upstream).ok();
        let here = outcome(self.variant, &data)?;
        let still = |results: &Vec<Real>| vec![0.0; results.len()];
        let mut moves = Moves {
            values: still(&here.values),
            gradients: here.gradients.iter().map(|results| results.as_ref().map(still)).collect(),
        };
        let mut add = |there: Option<CallOutcome>| {
            let Some(there) = there else { return };
            grow(&mut moves.values, &here.values, &there.values);
            let gradients = here.gradients.iter().zip(&there.gradients);
            for (moves, (here, there)) in moves.gradients.iter_mut().zip(gradients) {
                if let (Some(moves), Some(here), Some(there)) = (moves, here, there) {
                    grow(moves, here, there);
                }
            }
        };
        for input in 0..data.inputs.len() {
            let mut place = 0;
            while let Some(number) = number_at(&mut data, input, place) {
                let original = *number;
                // One that is zero cannot move by a share of itself.
                if original != 0.0 {
                    *number = original * (1.0 + self.relative);
                    add(outcome(self.variant, &data));
                    number_at(&mut data, input, place).into_iter().for_each(|number| *number = original);
                }
                place += 1;
            }
        }
        for place in 0..data.params.len() {
            if let Some(Number::Float(value)) = data.params[place] {
                data.params[place] = Some(Number::Float(value * (1.0 + self.relative)));
                add(outcome(self.variant, &data));
                data.params[place] = Some(Number::Float(value));
            }
        }
        for variant in with_moved_sums(self.variant, self.relative) {
            add(outcome(&variant, &data));
        }
        Some(moves)
    }
}

/// Whether an expression looks along an axis, not only at one place of it.
fn knows(graph: &Graph, id: ExprId, axis: AxisId) -> bool {
    match graph.expr(id) {
        Expr::Reduce { axes, .. } => axes.contains(axis),
        Expr::Pick { axis: picked, .. } => picked == axis,
        Expr::Size(sized) | Expr::Index(sized) => sized == axis,
        _ => false,
    }
}

/// A real number of an input.
fn number_at(data: &mut Data, input: usize, place: usize) -> Option<&mut f64> {
    match &mut data.inputs[input].as_mut()?.values {
        Values::Real(values) => values.get_mut(place),
        Values::Condition(_) | Values::Integer(_) => None,
    }
}

/// Adds one move of each result. One that is no number here or there does not count.
fn grow(moves: &mut [f64], here: &[Real], there: &[Real]) {
    for (move_of, (here, there)) in moves.iter_mut().zip(here.iter().zip(there)) {
        let distance = (there.to_f64() - here.to_f64()).abs();
        if distance.is_finite() {
            *move_of += distance / STEP;
        }
    }
}

/// The variant with each of its sums over a row in turn larger by a share.
fn with_moved_sums(variant: &Variant, relative: f64) -> Vec<Variant> {
    let sums = reachable(&variant.graph, [variant.loss])
        .into_iter()
        .filter(|&id| matches!(variant.graph.expr(id), Expr::Reduce { reducer: Reducer::Sum, .. }));
    // Sixteen digits say all that a float can.
    let factor = Constant::decimal(10_i128.pow(16) + (relative * 1e16) as i128, -16);
    sums.map(|sum| {
        let mut moved = variant.clone();
        let mut done = HashMap::new();
        rewrite(&mut moved.graph, &[variant.loss], &mut done, &mut |graph, id, expr| {
            let same = if expr == graph.expr(id) { id } else { graph.add(expr) };
            if id == sum {
                let factor = graph.add(Expr::Constant(factor));
                graph.add(Expr::Binary(Binary::Multiply, same, factor))
            } else {
                same
            }
        });
        moved.loss = done[&variant.loss];
        moved
    })
    .collect()
}
