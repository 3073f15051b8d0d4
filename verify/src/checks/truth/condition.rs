//! How well conditioned a result is: how far the truth moves when what goes in moves by a unit in its last place. An error of a few such
//! moves is that of the input's own rounding, not of the kernel.
//!
//! The sums over a row that a formula is written with, the slopes of its other reductions, and the bases of its powers count as numbers
//! that go in: each is rounded once, whoever computes it. So does what a step loses below the normal numbers: at most the smallest number there is, but a
//! factor that comes later enlarges it.

mod range;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use loss_codegen::expr::{AxisId, Binary, Constant, Expr, ExprId, Graph, InputId, Reducer, Unary};
use loss_codegen::model::{Spec, Variant};
use loss_codegen::rewrite::{reachable, rewrite};
use loss_runtime::Element;

use crate::oracle::Oracle;
use crate::oracle::call::{CallOutcome, axes_of_result, call};
use crate::oracle::data::{Data, InputData, Number, Values};
use crate::oracle::second::Bend;
use crate::oracle::ulp::Format;

use super::{Result, product, second, tolerance};

use range::Steps;

/// How far each number moves, in units of its last place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// So far that the difference of the two truths is not lost to rounding.
    Wide,
    /// As far as rounding may carry it, either way.
    Near,
    /// From infinity to a number that is large.
    Finite,
}

/// The length of a wide step.
const WIDE: f64 = 16.0;
/// What an infinity is replaced by, and by what again, to see whether there is a limit.
const LARGE: [f64; 2] = [4096.0, 8192.0];

/// The neighbourhoods of one batch. Along the rows, and any other axis that the formula only walks, places are looked at one by one,
/// each when one of its results is asked for.
pub(super) struct Conditions<'b> {
    spec: &'b Spec,
    variant: Cow<'b, Variant>,
    data: &'b Data,
    upstream: Vec<f64>,
    /// What a sum of all values is divided by.
    divisor: f64,
    /// A unit in the last place, as a share of the number.
    unit: f64,
    /// The smallest number there is: what is smaller is rounded to a multiple of it.
    least: f64,
    /// The axes along which places know nothing of each other.
    separate: Vec<AxisId>,
    /// The axes of the results of `none`.
    result_axes: Vec<AxisId>,
    /// What stands in the place of the gradients.
    slopes: Slopes,
    seen: BTreeMap<(Step, Vec<usize>), Option<Neighbours>>,
}

/// What is looked at beside values.
#[derive(Clone, Copy)]
enum Slopes {
    Gradients,
    /// A curvature, in the place of its input's gradient.
    Curvature(Bend, InputId),
    /// The product of the Hessian with a direction, likewise; the direction is the data's last input.
    HessianProduct(InputId),
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
    /// Of the values of `none` and their gradients.
    pub(super) fn new<T: Element + Format>(
        spec: &'b Spec,
        variant: &'b Variant,
        data: &'b Data,
        upstream: Vec<f64>,
    ) -> Self {
        Self::of::<T>(spec, Cow::Borrowed(variant), data, upstream, 1.0)
    }

    /// Of a sum of terms over a divisor, and its gradients.
    pub(super) fn of_sum<T: Element + Format>(
        spec: &'b Spec,
        variant: &'b Variant,
        data: &'b Data,
        (summand, divisor): (ExprId, f64),
        upstream: f64,
    ) -> Self {
        let variant = Variant { loss: summand, ..variant.clone() };
        let places = axes_of_result(spec, &variant).iter().map(|&axis| data.extent(axis)).product();
        Self::of::<T>(spec, Cow::Owned(variant), data, vec![upstream / divisor; places], divisor)
    }

    fn of<T: Element + Format>(
        spec: &'b Spec,
        variant: Cow<'b, Variant>,
        data: &'b Data,
        upstream: Vec<f64>,
        divisor: f64,
    ) -> Self {
        let nodes = reachable(&variant.graph, [variant.loss]);
        let is_walked = |axis: AxisId| axis == AxisId::ROWS || !nodes.iter().any(|&id| knows(&variant.graph, id, axis));
        Conditions {
            spec,
            data,
            upstream,
            divisor,
            unit: T::EPSILON.to_f64(),
            least: T::from_bits(T::ZERO.bits() + 1).to_f64(),
            separate: (0..spec.axes.len()).map(|axis| AxisId(axis as u8)).filter(|&axis| is_walked(axis)).collect(),
            result_axes: axes_of_result(spec, &variant),
            slopes: Slopes::Gradients,
            seen: BTreeMap::new(),
            variant,
        }
    }

    /// Of a curvature of `none`, in the place of its input's gradient.
    pub(super) fn of_curvature<T: Element + Format>(
        spec: &'b Spec,
        variant: &'b Variant,
        data: &'b Data,
        (which, of): (Bend, InputId),
        upstream: Vec<f64>,
    ) -> Self {
        Self { slopes: Slopes::Curvature(which, of), ..Self::new::<T>(spec, variant, data, upstream) }
    }

    /// Of a Hessian-vector product of `none`, in the place of its input's gradient. The data has the direction as one input more, so that it
    /// is moved as all numbers that go in are.
    pub(super) fn of_product<T: Element + Format>(
        spec: &'b Spec,
        variant: &'b Variant,
        data: &'b Data,
        of: InputId,
        upstream: Vec<f64>,
    ) -> Self {
        Self { slopes: Slopes::HessianProduct(of), ..Self::new::<T>(spec, variant, data, upstream) }
    }

    /// How far the sum of all values over the divisor moves in all.
    pub(super) fn spread_of_sum(&mut self) -> f64 {
        (0..self.upstream.len()).map(|place| self.spread(Result::Value(place)) / self.divisor).sum()
    }

    /// How far a result moves in all when each number that goes in moves by a unit in its last place; 0 where the oracle cannot tell.
    /// A move to or from what is no number does not count.
    pub(super) fn spread(&mut self, result: Result) -> f64 {
        let Some((here, there)) = self.around(result, Step::Wide) else { return 0.0 };
        let moved: f64 =
            there.iter().map(|there| (there - here).abs() / WIDE).filter(|distance| distance.is_finite()).sum();
        moved + self.enlarged(result)
    }

    /// What the direction of a Hessian-vector product makes of the smallest number there is: entries of the Hessian that are below the normal
    /// numbers are multiples of it before they meet the direction.
    fn enlarged(&self, result: Result) -> f64 {
        let (Slopes::HessianProduct(_), Some(spot)) = (self.slopes, self.spot(result)) else { return 0.0 };
        let places = self.separate.iter().zip(&spot.at);
        let here = places.fold(self.data.clone(), |data, (&axis, &index)| data.at(axis, index));
        let direction = match here.inputs.last() {
            Some(Some(InputData { values: Values::Real(direction), .. })) => direction.iter().map(|v| v.abs()).sum(),
            Some(_) | None => 0.0,
        };
        let upstream = self.upstream.iter().fold(0.0, |most: f64, upstream| most.max(upstream.abs()));
        self.least * direction * upstream
    }

    /// The least and the greatest of a result nearby, itself included: beside a kink that is a wide range.
    pub(super) fn range(&mut self, result: Result) -> Option<(f64, f64)> {
        let (here, there) = self.around(result, Step::Near)?;
        Some(there.iter().fold((here, here), |(low, high), there| (low.min(*there), high.max(*there))))
    }

    /// The limit of a result as what is infinite grows towards infinity: a formula that says NaN there may have one, and a stable form
    /// of it give it.
    pub(super) fn limit(&mut self, result: Result) -> Option<f64> {
        let (here, there) = self.around(result, Step::Finite)?;
        let &[there] = &there[..] else { return None };
        if there == here {
            Some(here)
        } else {
            (there.abs() > 1.5 * here.abs()).then_some(f64::INFINITY.copysign(there))
        }
    }

    /// The row that a result is of.
    pub(super) fn row(&self, result: Result) -> Option<usize> {
        let rows = self.separate.iter().position(|&axis| axis == AxisId::ROWS)?;
        self.spot(result)?.at.get(rows).copied()
    }

    /// Whether a step of the formula as written, on the way to a result, is too large for the type.
    pub(super) fn leaves_range<T: Element>(&self, result: Result) -> bool {
        let Some(spot) = self.spot(result) else { return false };
        let places = self.separate.iter().zip(&spot.at);
        let data = places.fold(self.data.clone(), |data, (&axis, &index)| data.at(axis, index));
        let Ok(oracle) = Oracle::new(self.spec, &self.variant, &data) else { return false };
        let place = vec![0; data.extents.len()];
        let steps =
            Steps { oracle: &oracle, graph: &self.variant.graph, data: &data, largest: T::MAX.to_f64(), result };
        steps.leave_range(self.variant.loss, &place)
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

    /// The upstream gradients of the values at a place of the separate axes.
    fn upstream_at(&self, at: &[usize]) -> Vec<f64> {
        let is_here = |place: &usize| self.spot(Result::Value(*place)).is_some_and(|spot| spot.at == at);
        (0..self.upstream.len()).filter(is_here).map(|place| self.upstream[place]).collect()
    }

    /// Whether the derivative, before the upstream gradient scales it down to this gradient, is too large for the type: by the rules of the
    /// language the gradient is then infinite, however small its factor. Where several values share the place, whether the sum of their
    /// derivatives is.
    pub(super) fn derivative_leaves_range<T: Element>(&self, result: Result, gradient: f64) -> bool {
        let Some(spot) = self.spot(result) else { return false };
        let largest = self.upstream_at(&spot.at).into_iter().fold(0.0, |size: f64, upstream| size.max(upstream.abs()));
        largest > 0.0 && gradient.abs() / largest > T::MAX.to_f64()
    }

    fn neighbours(&self, at: &[usize], step: Step) -> Option<Neighbours> {
        let places = self.separate.iter().zip(at);
        let mut data = places.fold(self.data.clone(), |data, (&axis, &index)| data.at(axis, index));
        let upstream = self.upstream_at(at);
        let outcome = |variant: &Variant, data: &Data| match self.slopes {
            Slopes::Gradients => call(self.spec, variant, data, "none", &upstream).ok(),
            Slopes::Curvature(which, of) => second::outcome(self.spec, variant, data, (which, of), &upstream).ok(),
            Slopes::HessianProduct(of) => product::outcome(self.spec, variant, data, of, (&upstream, self.least)).ok(),
        };
        if step == Step::Finite {
            let [here, there] = LARGE.map(|large| outcome(&self.variant, &with_finite(&data, large)));
            return Some(Neighbours { here: here?, there: vec![there?] });
        }
        let here = outcome(&self.variant, &data)?;
        let mut there = Vec::new();
        let shares: &[f64] = match step {
            Step::Wide => &[WIDE],
            Step::Near | Step::Finite => &[tolerance::ORACLE_ULPS, -tolerance::ORACLE_ULPS],
        };
        for &units in shares {
            let share = units * self.unit;
            for input in 0..data.inputs.len() {
                let mut place = 0;
                while let Some(number) = number_at(&mut data, input, place) {
                    let original = *number;
                    // One that is zero is exact. The last place of a subnormal number is the smallest number there is, and no step
                    // leads past that.
                    if original != 0.0 {
                        let size = original.abs();
                        let step = units * (size * self.unit).max(self.least);
                        *number = (size + step).max(self.least).copysign(original);
                        there.extend(outcome(&self.variant, &data));
                        number_at(&mut data, input, place).into_iter().for_each(|number| *number = original);
                    }
                    place += 1;
                }
            }
            for place in 0..data.params.len() {
                if let Some(Number::Float(value)) = data.params[place] {
                    data.params[place] = Some(Number::Float(value * (1.0 + share)));
                    there.extend(outcome(&self.variant, &data));
                    data.params[place] = Some(Number::Float(value));
                }
            }
            let moved = with_moved_parts(&self.variant, share);
            there.extend(moved.iter().filter_map(|variant| outcome(variant, &data)));
            // Also beside a kink: what is rounded to 0 lies on neither side of it.
            let moved_steps = with_moved_steps(&self.variant, units * self.least);
            there.extend(moved_steps.iter().filter_map(|variant| outcome(variant, &data)));
        }
        Some(Neighbours { here, there })
    }
}

/// The data with every infinity of its inputs made this large.
fn with_finite(data: &Data, large: f64) -> Data {
    let mut data = data.clone();
    for input in data.inputs.iter_mut().flatten() {
        if let Values::Real(values) = &mut input.values {
            values.iter_mut().filter(|value| value.is_infinite()).for_each(|value| *value = large.copysign(*value));
        }
    }
    data
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

/// The variant with each of its reductions over a row in turn larger by a share, in value or in slope: derivatives are computed from a
/// reduction as it was rounded, and its slopes are rounded shares. Then each base of a power, whose exponent enlarges its rounding.
fn with_moved_parts(variant: &Variant, share: f64) -> Vec<Variant> {
    // Sixteen digits say all that a float can.
    let share = Constant::decimal((share * 1e32) as i128, -32);
    let values = with_each_moved(
        variant,
        |expr| is_rounded(expr, Part::Value),
        |graph, reduction| {
            let fixed = graph.add(Expr::Unary(Unary::Detach, reduction));
            let share = graph.add(Expr::Constant(share));
            graph.add(Expr::Binary(Binary::Multiply, fixed, share))
        },
    );
    let slopes = with_each_moved(
        variant,
        |expr| is_rounded(expr, Part::Slope),
        |graph, reduction| {
            let slope = slope_alone(graph, reduction);
            let share = graph.add(Expr::Constant(share));
            graph.add(Expr::Binary(Binary::Multiply, slope, share))
        },
    );
    let bases = with_each_moved(
        variant,
        |expr| matches!(expr, Expr::Binary(Binary::Power, ..)),
        |graph, power| {
            let Expr::Binary(_, base, exponent) = graph.expr(power) else { return power };
            let share = graph.add(Expr::Constant(share));
            let step = graph.add(Expr::Binary(Binary::Multiply, base, share));
            let moved = graph.add(Expr::Binary(Binary::Add, base, step));
            let moved = graph.add(Expr::Binary(Binary::Power, moved, exponent));
            graph.add(Expr::Binary(Binary::Subtract, moved, power))
        },
    );
    values.into_iter().chain(slopes).chain(bases).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Value,
    Slope,
}

/// Whether rounding reaches a part of a reduction. A logsumexp stands in differences that are computed without its value; the slopes of
/// a sum are 1.
fn is_rounded(expr: &Expr, part: Part) -> bool {
    let Expr::Reduce { reducer, .. } = expr else { return false };
    match reducer {
        Reducer::Sum | Reducer::Mean => part == Part::Value,
        Reducer::Logsumexp => part == Part::Slope,
        Reducer::Norm => true,
        Reducer::Max
        | Reducer::Min
        | Reducer::Shift
        | Reducer::SimplexThreshold
        | Reducer::Any
        | Reducer::All
        | Reducer::Expectation => false,
    }
}

/// Zero, with the derivative of an expression.
fn slope_alone(graph: &mut Graph, id: ExprId) -> ExprId {
    let fixed = graph.add(Expr::Unary(Unary::Detach, id));
    graph.add(Expr::Binary(Binary::Subtract, id, fixed))
}

/// The variant with each step of its formula in turn larger by a number, in value and in slope: what a step below the normal numbers
/// loses, however much what follows enlarges it.
fn with_moved_steps(variant: &Variant, number: f64) -> Vec<Variant> {
    let size = Constant::parse(&format!("{:e}", number.abs())).expect("a float is written as formulas write numbers");
    let is_step = |expr: &Expr| matches!(expr, Expr::Unary(..) | Expr::Binary(..) | Expr::Reduce { .. });
    with_each_moved(variant, is_step, |graph, step| {
        let expr = graph.expr(step);
        let operands: Vec<ExprId> = match expr {
            Expr::Reduce { value, .. } => vec![value],
            _ => expr.operands().collect(),
        };
        let mut all = graph.add(Expr::Constant(Constant::decimal(1, 0)));
        for operand in operands {
            let mut slope = slope_alone(graph, operand);
            if let Expr::Reduce { axes, filter, .. } = expr {
                slope = graph.add(Expr::Reduce { reducer: Reducer::Sum, axes, filter, value: slope, order: None });
            }
            all = graph.add(Expr::Binary(Binary::Add, all, slope));
        }
        let size = graph.add(Expr::Constant(size));
        let moved = graph.add(Expr::Binary(Binary::Multiply, all, size));
        if number < 0.0 { graph.add(Expr::Unary(Unary::Negate, moved)) } else { moved }
    })
}

/// The variant with each expression of a kind in turn larger by what is made of it.
fn with_each_moved(
    variant: &Variant,
    is_moved: impl Fn(&Expr) -> bool,
    by: impl Fn(&mut Graph, ExprId) -> ExprId,
) -> Vec<Variant> {
    let nodes = reachable(&variant.graph, [variant.loss]).into_iter();
    nodes
        .filter(|&id| is_moved(&variant.graph.expr(id)))
        .map(|moving| {
            let mut moved = variant.clone();
            let mut done = HashMap::new();
            rewrite(&mut moved.graph, &[variant.loss], &mut done, &mut |graph, id, expr| {
                let same = if expr == graph.expr(id) { id } else { graph.add(expr) };
                if id != moving {
                    return same;
                }
                let step = by(graph, same);
                graph.add(Expr::Binary(Binary::Add, same, step))
            });
            moved.loss = done[&variant.loss];
            moved
        })
        .collect()
}

#[cfg(test)]
mod tests;
