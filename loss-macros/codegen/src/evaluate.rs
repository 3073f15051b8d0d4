//! One row, and the value of expressions in it in plain `f64`: whether rounding had a part in it, and where something undefined comes from.

pub(crate) mod number;
mod special;

use std::collections::BTreeSet;

use crate::document::{Data, ExampleEntry};
use crate::expr::{AxisId, Binary, Comparison, Expr, ExprId, Graph, Reducer, Type, Unary};
use crate::model::{Spec, Variant};
use crate::resolve::params::value;

use number::{DOUBT, Number, text};

/// Something undefined that comes from defined numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Trap {
    /// What cannot be computed, in words.
    OutOfDomain(&'static str),
    ZeroTimesInfinity,
    InfinityMinusInfinity,
    /// The function.
    InfiniteDerivative(&'static str),
}

/// The numbers of one row: of each input one, or one for each place of the second axis.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) inputs: Vec<Vec<f64>>,
    pub(crate) params: Vec<f64>,
    pub(crate) extent: usize,
}

impl Point {
    /// The inputs in words.
    pub(crate) fn describe(&self, spec: &Spec) -> String {
        let list = |values: &[f64]| match values {
            [one] => text(*one),
            many => format!("[{}]", many.iter().map(|&value| text(value)).collect::<Vec<_>>().join(", ")),
        };
        let given = spec.inputs.iter().zip(&self.inputs).filter(|(_, values)| !values.is_empty());
        given.map(|(input, values)| format!("{} = {}", input.name, list(values))).collect::<Vec<_>>().join(", ")
    }
}

/// Values of expressions at a point. `None` is what it does not know: other rows, functions that it lacks, a comparison that rounding decides.
pub(crate) struct Evaluator<'a> {
    graph: &'a Graph,
    point: &'a Point,
    /// The expressions whose derivative is wanted.
    slopes: &'a BTreeSet<ExprId>,
    /// A comparison that is taken the other way.
    turned: Option<ExprId>,
    /// Whether a comparison that rounding decides is taken as it comes out.
    guesses: bool,
    /// By expression and place; `None` is one that has not been looked at.
    known: Vec<Option<Option<Number>>>,
    traps: Vec<(ExprId, Trap)>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(graph: &'a Graph, point: &'a Point, slopes: &'a BTreeSet<ExprId>) -> Self {
        let known = vec![None; graph.len() * point.extent];
        Self { graph, point, slopes, turned: None, guesses: false, known, traps: Vec::new() }
    }

    /// Takes comparisons that rounding decides as they come out: enough for a drawing.
    pub(crate) fn guessing(mut self) -> Self {
        self.guesses = true;
        self
    }

    pub(crate) fn with_turned(mut self, comparison: ExprId) -> Self {
        self.turned = Some(comparison);
        self
    }

    pub(crate) fn traps(&self) -> Vec<(ExprId, Trap)> {
        self.traps.clone()
    }

    /// Whether an expression has been looked at there.
    pub(crate) fn has_met(&self, id: ExprId, place: usize) -> bool {
        self.known.get(self.slot(id, place)).is_some_and(Option::is_some)
    }

    /// The value at a place of the second axis; conditions as 1 and 0, unordered as NaN.
    pub(crate) fn at(&mut self, id: ExprId, place: usize) -> Option<Number> {
        if place >= self.point.extent {
            return None;
        }
        let slot = self.slot(id, place);
        if let Some(known) = self.known[slot] {
            return known;
        }
        let value = self.value(id, place);
        self.known[slot] = Some(value);
        value
    }

    fn slot(&self, id: ExprId, place: usize) -> usize {
        id.index() * self.point.extent + place
    }

    fn trap(&mut self, id: ExprId, trap: Trap) {
        self.traps.push((id, trap));
    }

    fn value(&mut self, id: ExprId, place: usize) -> Option<Number> {
        match self.graph.expr(id) {
            Expr::Constant(constant) => Some(Number::written(constant.to_f64())),
            Expr::Boolean(value) => Some(truth(value)),
            Expr::Input(input) => {
                let values = &self.point.inputs[usize::from(input.0)];
                values.get(if values.len() == 1 { 0 } else { place }).copied().map(Number::exact)
            }
            Expr::Param(param) => self.point.params.get(usize::from(param.0)).copied().map(Number::written),
            Expr::Size(axis) => (axis != AxisId::ROWS).then(|| Number::exact(self.point.extent as f64)),
            Expr::Index(axis) => (axis != AxisId::ROWS).then(|| Number::exact(place as f64)),
            Expr::Upstream | Expr::Indicator(_) => None,
            Expr::Given(_) => Some(truth(true)),
            Expr::Unary(function, x) => {
                let x = self.at(x, place)?;
                self.unary(id, function, x)
            }
            Expr::Binary(function, x, y) => self.binary(id, function, [x, y], place),
            Expr::Compare(comparison, x, y) => {
                let [x, y] = [self.at(x, place)?, self.at(y, place)?];
                let decided = if self.guesses { guess(comparison, x, y) } else { compare(comparison, x, y)? };
                let is_turned = self.turned == Some(id) && !decided.number.is_nan();
                Some(if is_turned { truth(decided.number == 0.0) } else { decided })
            }
            Expr::And(x, y) => match self.at(x, place)?.number {
                0.0 => Some(truth(false)),
                _ => self.at(y, place),
            },
            Expr::Or(x, y) => match self.at(x, place)?.number {
                1.0 => Some(truth(true)),
                _ => self.at(y, place),
            },
            Expr::Not(x) => Some(Number::exact(1.0 - self.at(x, place)?.number)),
            Expr::If(condition, value, otherwise) => match self.at(condition, place)?.number {
                1.0 => self.at(value, place),
                0.0 => self.at(otherwise, place),
                _ => Some(Number::exact(f64::NAN)),
            },
            Expr::Pick { value, index, axis } => {
                let index = self.at(index, place)?.number;
                (axis != AxisId::ROWS && index >= 0.0).then(|| self.at(value, index as usize))?
            }
            Expr::Reduce { reducer, axes, filter, value, order } => {
                if axes.iter().any(|axis| axis == AxisId::ROWS) || axes.iter().count() != 1 {
                    return None;
                }
                let mut values = Vec::new();
                for place in 0..self.point.extent {
                    let is_chosen = match filter {
                        Some(filter) => self.at(filter, place)?.number,
                        None => 1.0,
                    };
                    if is_chosen == 1.0 {
                        values.push(self.at(value, place)?);
                    }
                }
                let order = match order {
                    Some(order) => Some(self.at(order, place)?),
                    None => None,
                };
                self.reduce(id, reducer, &values, order)
            }
        }
    }

    fn unary(&mut self, id: ExprId, function: Unary, x: Number) -> Option<Number> {
        let is_negative = x.is_surely_below(0.0);
        let outside = [
            (Unary::Log, is_negative, "the logarithm of a negative number"),
            (Unary::Log1p, x.is_surely_below(-1.0), "the logarithm of a negative number"),
            (Unary::Sqrt, is_negative, "the square root of a negative number"),
            (Unary::Acos, x.kept(|x| -x.abs()).is_surely_below(-1.0), "the arc cosine of a number beyond 1"),
        ];
        if let Some((_, _, what)) = outside.into_iter().find(|(known, is_outside, _)| *known == function && *is_outside)
        {
            self.trap(id, Trap::OutOfDomain(what));
            return Some(Number::exact(f64::NAN));
        }
        if function == Unary::Sqrt && x.is_surely_zero() && self.slopes.contains(&id) {
            self.trap(id, Trap::InfiniteDerivative("`sqrt`"));
        }
        let value = match function {
            Unary::Negate => x.kept(|x| -x),
            Unary::Abs => x.kept(f64::abs),
            Unary::Sign => x.kept(|x| if x == 0.0 || x.is_nan() { x } else { x.signum() }),
            Unary::Relu => x.kept(|x| if x.is_nan() { x } else { x.max(0.0) }),
            Unary::Detach | Unary::Weighed => x,
            Unary::Sqrt => x.through(f64::sqrt, &[0.0, 0.25, 1.0, 4.0, 9.0]),
            Unary::Exp => x.through(f64::exp, &[0.0]),
            Unary::Expm1 => x.through(f64::exp_m1, &[0.0]),
            Unary::Log => x.through(f64::ln, &[0.0, 1.0]),
            Unary::Log1p => x.through(f64::ln_1p, &[-1.0, 0.0]),
            Unary::Sin => x.through(f64::sin, &[0.0]),
            Unary::Cos => x.through(f64::cos, &[0.0]),
            Unary::Tan => x.through(f64::tan, &[0.0]),
            Unary::Sinh => x.through(f64::sinh, &[0.0]),
            Unary::Cosh => x.through(f64::cosh, &[0.0]),
            Unary::Tanh => x.through(f64::tanh, &[0.0]),
            Unary::Atan => x.through(f64::atan, &[0.0]),
            Unary::Acos => x.through(f64::acos, &[1.0]),
            Unary::Sigmoid => x.through(|x| 1.0 / (1.0 + (-x).exp()), &[0.0]),
            Unary::Softplus => x.through(|x| x.max(0.0) + (-x.abs()).exp().ln_1p(), &[]),
            Unary::LogCosh => x.through(|x| x.cosh().ln(), &[0.0]),
            Unary::Lgamma => x.through(libm::lgamma, &[1.0, 2.0]),
            Unary::Erf => x.through(libm::erf, &[0.0]),
            Unary::Digamma => x.through(special::digamma, &[]),
            Unary::LogNormalCdf => x.through(special::log_normal_cdf, &[]),
            Unary::PowerOfTwo => return None,
        };
        Some(value)
    }

    fn binary(&mut self, id: ExprId, function: Binary, [x, y]: [ExprId; 2], place: usize) -> Option<Number> {
        let x = self.at(x, place)?;
        // What is not read is not looked at.
        match function {
            Binary::Weigh if x.number == 0.0 => return Some(x),
            Binary::StraightThrough => return Some(x),
            Binary::Weigh
            | Binary::Add
            | Binary::Subtract
            | Binary::Multiply
            | Binary::Divide
            | Binary::Power
            | Binary::Max
            | Binary::Min
            | Binary::Logaddexp
            | Binary::Share
            | Binary::ShareOfOthers
            | Binary::Excess
            | Binary::Others
            | Binary::Deviation => {}
        }
        // Only an exponent that the spec fixes is known to be whole.
        let is_fixed = self.graph.constant(y).is_some_and(|constant| constant.as_integer().is_some());
        let y = self.at(y, place)?;
        let value = match function {
            Binary::Add => x.plus(y),
            Binary::Subtract => x.plus(y.kept(|y| -y)),
            Binary::Multiply | Binary::Weigh => x.times(y),
            Binary::Divide => x.over(y),
            Binary::Power if !is_fixed && x.number < 0.0 => Number { number: f64::NAN, ..x },
            Binary::Power => x.to_power(y),
            Binary::Max => pick(x, y, x.number >= y.number),
            Binary::Min => pick(x, y, x.number <= y.number),
            Binary::Logaddexp => Number::rounded(x.number.max(y.number) + (-(x.number - y.number).abs()).exp().ln_1p()),
            // Of infinite logits there may be several, which share.
            Binary::Share | Binary::ShareOfOthers if y.number.is_infinite() => return None,
            Binary::Share => Number::rounded((x.number - y.number).exp()),
            Binary::ShareOfOthers => Number::rounded(-(x.number - y.number).exp_m1()),
            Binary::Excess | Binary::Deviation => Number::rounded(x.number - y.number),
            Binary::Others => Number::rounded(y.number - x.number),
            Binary::StraightThrough => return None,
        };
        let surely = |holds: fn(Number) -> bool| holds(x) && holds(y);
        let are_zero = surely(Number::is_surely_zero);
        let are_infinite = surely(Number::is_surely_infinite);
        let is_zero_times_infinity =
            x.is_surely_zero() && y.is_surely_infinite() || x.is_surely_infinite() && y.is_surely_zero();
        let is_below_one = x.is_surely_zero() && y.number > DOUBT && y.is_surely_below(1.0);
        let is_broken = x.is_surely_below(0.0) && !is_fixed;
        let traps = [
            (Binary::Divide, are_zero, Trap::OutOfDomain("0 / 0")),
            (Binary::Divide, are_infinite, Trap::OutOfDomain("inf / inf")),
            (Binary::Multiply, is_zero_times_infinity, Trap::ZeroTimesInfinity),
            (Binary::Add, are_infinite && value.number.is_nan(), Trap::InfinityMinusInfinity),
            (Binary::Subtract, are_infinite && value.number.is_nan(), Trap::InfinityMinusInfinity),
            (Binary::Power, is_broken, Trap::OutOfDomain("a power of a negative number by no fixed integer")),
            (Binary::Power, is_below_one && self.slopes.contains(&id), Trap::InfiniteDerivative("a power below 1")),
        ];
        if let Some((_, _, trap)) = traps.into_iter().find(|(known, is_met, _)| *known == function && *is_met) {
            self.trap(id, trap);
        }
        Some(value)
    }

    fn reduce(&mut self, id: ExprId, reducer: Reducer, values: &[Number], order: Option<Number>) -> Option<Number> {
        let sum = |values: &[Number]| values.iter().fold(Number::exact(0.0), |sum, &value| sum.plus(value));
        let numbers = || values.iter().map(|value| value.number);
        let is_exact = values.iter().all(|value| value.is_exact);
        let value = match reducer {
            Reducer::Sum => sum(values),
            Reducer::Mean => sum(values).over(Number::exact(values.len() as f64)),
            Reducer::Max if numbers().any(f64::is_nan) => Number::exact(f64::NAN),
            Reducer::Min if numbers().any(f64::is_nan) => Number::exact(f64::NAN),
            Reducer::Max | Reducer::Shift => Number { number: numbers().fold(f64::NEG_INFINITY, f64::max), is_exact },
            Reducer::Min => Number { number: numbers().fold(f64::INFINITY, f64::min), is_exact },
            Reducer::Logsumexp => {
                let largest = numbers().fold(f64::NEG_INFINITY, f64::max);
                if largest.is_infinite() {
                    Number { number: largest, is_exact }
                } else {
                    Number::rounded(largest + numbers().map(|x| (x - largest).exp()).sum::<f64>().ln())
                }
            }
            Reducer::Any => truth(numbers().any(|x| x == 1.0)),
            Reducer::All => truth(numbers().all(|x| x == 1.0)),
            Reducer::Norm => {
                let order = order.map_or(2.0, |order| order.number);
                let norm = if order.is_infinite() {
                    numbers().fold(0.0, |largest: f64, x| largest.max(x.abs()))
                } else {
                    numbers().map(|x| x.abs().powf(order)).sum::<f64>().powf(1.0 / order)
                };
                Number { number: norm, is_exact: is_exact && norm == 0.0 }
            }
            Reducer::SimplexThreshold | Reducer::Expectation => return None,
        };
        let has = |infinity: f64| values.iter().any(|value| value.is_exact && value.number == infinity);
        if matches!(reducer, Reducer::Sum | Reducer::Mean) && has(f64::INFINITY) && has(f64::NEG_INFINITY) {
            self.trap(id, Trap::InfinityMinusInfinity);
        }
        if reducer == Reducer::Mean && values.is_empty() {
            self.trap(id, Trap::OutOfDomain("the mean of nothing"));
        }
        (self.graph.ty(id) == Type::Real || matches!(reducer, Reducer::Any | Reducer::All)).then_some(value)
    }
}

/// The default of each parameter, or a number that its condition admits; none if there is no such number.
pub(crate) fn default_params(spec: &Spec, variant: &Variant) -> Option<Vec<f64>> {
    let mut params = vec![f64::NAN; spec.params.len()];
    for (place, param) in spec.params.iter().enumerate() {
        if param.is_static() || !variant.key.params_present[place] {
            continue;
        }
        let tried =
            param.default.as_ref().map_or(vec![1.0, 0.5, 0.25, 2.0, 0.0, -1.0], |value| vec![param.encode(value)]);
        let fits = |value: &f64| {
            let mut params = params.clone();
            params[place] = *value;
            let point = Point { inputs: vec![Vec::new(); spec.inputs.len()], params, extent: 1 };
            let slopes = BTreeSet::new();
            variant.param_domains[place].is_none_or(|domain| {
                Evaluator::new(&variant.graph, &point, &slopes).at(domain, 0).is_none_or(|truth| truth.number == 1.0)
            })
        };
        params[place] = tried.into_iter().find(fits)?;
    }
    Some(params)
}

/// The parameters of an example's call; none if the call is one of another variant.
pub(crate) fn example_params(spec: &Spec, variant: &Variant, example: &ExampleEntry) -> Option<Vec<f64>> {
    let key = &variant.key;
    let mut inputs = spec.inputs.iter().zip(&key.inputs_present);
    if !inputs.all(|(input, &present)| example.data_of(&input.name).is_some() == present) {
        return None;
    }
    let mut params = default_params(spec, variant)?;
    for (place, param) in spec.params.iter().enumerate() {
        let setting = match example.data_of(&param.name) {
            Some(Data::Number(text) | Data::Word(text)) => Some(value(&text.value, &param.kind)?),
            Some(Data::Boolean(truth)) => Some(value(if truth.value { "true" } else { "false" }, &param.kind)?),
            Some(Data::List(..)) => return None,
            None => param.default.clone(),
        };
        let fits = match &key.statics[place] {
            Some(fixed) => setting.as_ref() == Some(fixed),
            None => setting.is_some() == key.params_present[place],
        };
        if !fits {
            return None;
        }
        if let Some(setting) = setting.filter(|_| !param.is_static()) {
            params[place] = param.encode(&setting);
        }
    }
    Some(params)
}

fn truth(holds: bool) -> Number {
    Number::exact(f64::from(u8::from(holds)))
}

/// The one that is chosen, NaN if any is; in doubt it is as inexact as the other.
fn pick(x: Number, y: Number, is_first: bool) -> Number {
    if x.number.is_nan() || y.number.is_nan() {
        return Number::exact(f64::NAN);
    }
    let chosen = if is_first { x } else { y };
    Number { is_exact: x.is_exact && y.is_exact || chosen.is_exact && !x.is_near(y), ..chosen }
}

/// A comparison; none if rounding may decide it.
fn compare(comparison: Comparison, x: Number, y: Number) -> Option<Number> {
    if x.number.is_nan() || y.number.is_nan() {
        return Some(Number::exact(f64::NAN));
    }
    let is_decided = !x.is_near(y) || x.is_exact && y.is_exact;
    is_decided.then(|| guess(comparison, x, y))
}

/// A comparison as it comes out.
fn guess(comparison: Comparison, x: Number, y: Number) -> Number {
    let (x, y) = (x.number, y.number);
    if x.is_nan() || y.is_nan() {
        return Number::exact(f64::NAN);
    }
    truth(match comparison {
        Comparison::Less => x < y,
        Comparison::LessEqual => x <= y,
        Comparison::Greater => x > y,
        Comparison::GreaterEqual => x >= y,
        Comparison::Equal => x == y,
        Comparison::NotEqual => x != y,
    })
}

#[cfg(test)]
mod tests;
