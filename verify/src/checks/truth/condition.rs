//! How well conditioned a result is: how far the truth moves when what goes in moves by a unit in its last place. An error of a few such
//! moves is that of the input's own rounding, not of the kernel. The sums over a row that a formula is written with count as numbers that
//! go in: each is rounded once, whoever computes it.

use std::collections::{BTreeMap, HashMap};

use loss_codegen::expr::{AxisId, Binary, Constant, Expr, ExprId, Graph, Reducer, Unary};
use loss_codegen::model::{Spec, Variant};
use loss_codegen::rewrite::{reachable, rewrite};
use loss_runtime::Element;

use crate::oracle::call::{CallOutcome, axes_of_result, call};
use crate::oracle::data::{Data, Number, Values};
use crate::oracle::ulp::Format;

use super::Result;

/// How far each number moves, in units of its last place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// So far that the difference of the two truths is not lost to rounding.
    Wide,
    /// To the next number, either way.
    Next,
}

/// The length of a wide step.
const WIDE: f64 = 16.0;

/// The neighbourhoods of one batch. Along the rows, and any other axis that the formula only walks, places are looked at one by one,
/// each when one of its results is asked for.
pub(super) struct Conditions<'b> {
    spec: &'b Spec,
    variant: &'b Variant,
    data: &'b Data,
    upstream: &'b [f64],
    /// A unit in the last place, as a share of the number.
    unit: f64,
    /// The axes along which places know nothing of each other.
    separate: Vec<AxisId>,
    /// The axes of the results of `none`.
    result_axes: Vec<AxisId>,
    seen: BTreeMap<(Step, Vec<usize>), Option<Neighbours>>,
}

/// The truth at one place, and when each number that goes in has moved in turn.
struct Neighbours {
    here: CallOutcome,
    there: Vec<CallOutcome>,
}

/// Where a result is: at which place of each separate axis, and which result of that place.
struct Spot {
    at: Vec<usize>,
    which: Result,
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
            unit: T::EPSILON.to_f64(),
            separate: (0..spec.axes.len()).map(|axis| AxisId(axis as u8)).filter(|&axis| is_walked(axis)).collect(),
            result_axes: axes_of_result(spec, variant),
            seen: BTreeMap::new(),
        }
    }

    /// How far a result moves in all when each number that goes in moves by a unit in its last place; 0 where the oracle cannot tell.
    /// A move to or from what is no number does not count.
    pub(super) fn spread(&mut self, result: Result) -> f64 {
        let Some((here, there)) = self.around(result, Step::Wide) else { return 0.0 };
        there.iter().map(|there| (there - here).abs() / WIDE).filter(|distance| distance.is_finite()).sum()
    }

    /// The least and the greatest of a result at the neighbouring numbers, itself included: beside a kink that is a wide range.
    pub(super) fn range(&mut self, result: Result) -> Option<(f64, f64)> {
        let (here, there) = self.around(result, Step::Next)?;
        Some(there.iter().fold((here, here), |(low, high), there| (low.min(*there), high.max(*there))))
    }

    fn around(&mut self, result: Result, step: Step) -> Option<(f64, Vec<f64>)> {
        let spot = self.spot(result)?;
        let key = (step, spot.at);
        if !self.seen.contains_key(&key) {
            let neighbours = self.neighbours(&key.1, step);
            self.seen.insert(key.clone(), neighbours);
        }
        let Neighbours { here, there } = self.seen[&key].as_ref()?;
        let all = there.iter().filter_map(|there| number_of(there, spot.which));
        Some((number_of(here, spot.which)?, all.collect()))
    }

    fn spot(&self, result: Result) -> Option<Spot> {
        let (axes, place) = match result {
            Result::Value(place) => (&self.result_axes, place),
            Result::Gradient(input, place) => (&self.data.inputs[input].as_ref()?.axes, place),
        };
        let mut at = vec![0; self.separate.len()];
        let (mut rest, mut stride, mut which) = (place, 1, 0);
        for &axis in axes.iter().rev() {
            let extent = self.data.extent(axis);
            match self.separate.iter().position(|&separate| separate == axis) {
                Some(known) => at[known] = rest % extent,
                None => {
                    which += rest % extent * stride;
                    stride *= extent;
                }
            }
            rest /= extent;
        }
        let which = match result {
            Result::Value(_) => Result::Value(which),
            Result::Gradient(input, _) => Result::Gradient(input, which),
        };
        Some(Spot { at, which })
    }

    fn neighbours(&self, at: &[usize], step: Step) -> Option<Neighbours> {
        let places = self.separate.iter().zip(at);
        let mut data = places.fold(self.data.clone(), |data, (&axis, &index)| data.at(axis, index));
        let is_here = |place: &usize| self.spot(Result::Value(*place)).is_some_and(|spot| spot.at == at);
        let upstream: Vec<f64> = (0..self.upstream.len()).filter(is_here).map(|place| self.upstream[place]).collect();
        let outcome = |variant: &Variant, data: &Data| call(self.spec, variant, data, "none", &upstream).ok();
        let here = outcome(self.variant, &data)?;
        let mut there = Vec::new();
        let shares: &[f64] = match step {
            Step::Wide => &[WIDE],
            Step::Next => &[1.0, -1.0],
        };
        for share in shares.iter().map(|units| units * self.unit) {
            for input in 0..data.inputs.len() {
                let mut place = 0;
                while let Some(number) = number_at(&mut data, input, place) {
                    let original = *number;
                    // One that is zero cannot move by a share of itself.
                    if original != 0.0 {
                        *number = original * (1.0 + share);
                        there.extend(outcome(self.variant, &data));
                        number_at(&mut data, input, place).into_iter().for_each(|number| *number = original);
                    }
                    place += 1;
                }
            }
            for place in 0..data.params.len() {
                if let Some(Number::Float(value)) = data.params[place] {
                    data.params[place] = Some(Number::Float(value * (1.0 + share)));
                    there.extend(outcome(self.variant, &data));
                    data.params[place] = Some(Number::Float(value));
                }
            }
            let moved_sums = with_moved_sums(self.variant, share);
            there.extend(moved_sums.iter().filter_map(|variant| outcome(variant, &data)));
        }
        Some(Neighbours { here, there })
    }
}

/// A result of an outcome, if it is a number.
fn number_of(outcome: &CallOutcome, result: Result) -> Option<f64> {
    let real = match result {
        Result::Value(place) => outcome.values.get(place)?,
        Result::Gradient(input, place) => outcome.gradients.get(input)?.as_ref()?.get(place)?,
    };
    Some(real.to_f64()).filter(|number| number.is_finite())
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

/// The variant with each of its sums over a row in turn larger by a share.
fn with_moved_sums(variant: &Variant, share: f64) -> Vec<Variant> {
    let sums = reachable(&variant.graph, [variant.loss])
        .into_iter()
        .filter(|&id| matches!(variant.graph.expr(id), Expr::Reduce { reducer: Reducer::Sum, .. }));
    // Sixteen digits say all that a float can.
    let share = Constant::decimal((share * 1e32) as i128, -32);
    sums.map(|sum| {
        let mut moved = variant.clone();
        let mut done = HashMap::new();
        rewrite(&mut moved.graph, &[variant.loss], &mut done, &mut |graph, id, expr| {
            let same = if expr == graph.expr(id) { id } else { graph.add(expr) };
            if id == sum {
                // The sum moves, but not its derivative: that of a formula is computed from the sum as it was rounded.
                let share = graph.add(Expr::Constant(share));
                let fixed = graph.add(Expr::Unary(Unary::Detach, same));
                let step = graph.add(Expr::Binary(Binary::Multiply, fixed, share));
                graph.add(Expr::Binary(Binary::Add, same, step))
            } else {
                same
            }
        });
        moved.loss = done[&variant.loss];
        moved
    })
    .collect()
}
