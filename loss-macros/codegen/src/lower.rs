//! From formulas and their derivatives to what lanes compute: every composite function is written out in primitives, so that the parts
//! two of them share (the exponential of a sigmoid and of a softplus, the maximum and sum of a softmax and of its logarithm) are one node.
//!
//! What remains: arithmetic, square root, integer powers, selections, the functions of the lane library, picks of inputs by labels, and
//! the reductions sum, max, min and shift.

mod complement;
mod expectation;
mod mixture;
mod pick;

use std::collections::HashMap;

use crate::expr::{AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, Reducer, Type, Unary};
use crate::rewrite::{rebuild, rewrite};

use complement::Complements;
use expectation::Expectations;
pub use pick::pick;

/// The lowered form of each root.
pub fn lower(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let roots = &mixture::merge(graph, roots);
    let mut done = HashMap::new();
    let mut known = Known::default();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| lower_node(graph, &mut known, id, expr));
    roots.iter().map(|root| done[root]).collect()
}

/// What is known of lowered nodes beyond what they are.
#[derive(Default)]
struct Known {
    /// The parts of each logsumexp.
    softmaxes: HashMap<ExprId, Softmax>,
    complements: Complements,
    expectations: Expectations,
}

/// A logsumexp's parts. `shift` is the largest value; the places that attain it are kept out of `rest`, so that nothing is lost when one
/// of them outweighs all others.
#[derive(Clone, Copy)]
struct Softmax {
    /// Of what, over which places.
    value: ExprId,
    axes: AxisSet,
    filter: Option<ExprId>,
    shift: ExprId,
    /// Sum of exp(x - shift) over the places below the largest.
    rest: ExprId,
    /// How many attain the largest, less one.
    more: ExprId,
    /// Sum of exp(x - shift) over all places.
    total: ExprId,
}

fn lower_node(g: &mut Graph, known: &mut Known, id: ExprId, expr: Expr) -> ExprId {
    match expr {
        // What is at most a half is no share that a label comes near to.
        Expr::Unary(Unary::Sigmoid, x) if !is_never_positive(g, x) => {
            let opposite = g.negate(x);
            let (share, complement) = (sigmoid(g, x), sigmoid(g, opposite));
            known.complements.note(share, complement);
            share
        }
        Expr::Unary(function, x) => lower_unary(g, function, x),
        Expr::Binary(Binary::Subtract, x, y) => {
            known.complements.difference(g, x, y).unwrap_or_else(|| g.subtract(x, y))
        }
        Expr::Binary(function, x, y) => lower_binary(g, known, function, x, y),
        Expr::Reduce { reducer: Reducer::Expectation, value, order: Some(logsumexp), .. } => {
            let softmax = parts(&known.softmaxes, logsumexp);
            known.expectations.mean(g, softmax, value)
        }
        Expr::Reduce { reducer, axes, filter, value, order } => {
            lower_reduction(g, &mut known.softmaxes, reducer, axes, filter, value, order)
        }
        Expr::Pick { value, axis, index } => pick(g, value, axis, index),
        Expr::If(condition, value, otherwise) => lower_if(g, condition, value, otherwise),
        // A dropped row is never computed, so a label that may be ignored is there in every row that is.
        Expr::Given(_) => g.add(Expr::Boolean(true)),
        Expr::Constant(_)
        | Expr::Boolean(_)
        | Expr::Input(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream
        | Expr::Compare(..)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Not(_)
        | Expr::Indicator(_) => rebuild(g, id, expr),
    }
}

/// At the labelled place everything is known once a row: `if index(C) == t then e else f` reads `e[t]`.
fn lower_if(g: &mut Graph, condition: ExprId, value: ExprId, otherwise: ExprId) -> ExprId {
    let value = match labelled_place(g, condition) {
        Some((axis, label)) if !pick::reads_upstream_along(g, value, axis) => pick(g, value, axis, label),
        _ => value,
    };
    if g.ty(value) == Type::Condition {
        return choose_condition(g, condition, value, otherwise);
    }
    g.choose(condition, value, otherwise)
}

/// A selection between conditions, in connectives. Where what selects is unordered, so is the whole, though both conditions be false.
fn choose_condition(g: &mut Graph, condition: ExprId, value: ExprId, otherwise: ExprId) -> ExprId {
    let opposite = g.not(condition);
    let (one, other) = (g.and(condition, value), g.and(opposite, otherwise));
    let chosen = g.or(one, other);
    if !g.may_be_unordered(condition) {
        return chosen;
    }
    let is_unordered = g.and(condition, opposite);
    g.or(chosen, is_unordered)
}

/// The axis and the label, if a condition is `index(axis) == label`.
fn labelled_place(g: &Graph, condition: ExprId) -> Option<(AxisId, ExprId)> {
    let Expr::Compare(Comparison::Equal, x, y) = g.expr(condition) else { return None };
    for (place, label) in [(x, y), (y, x)] {
        if let (Expr::Index(axis), Expr::Input(_)) = (g.expr(place), g.expr(label)) {
            return (!g.axes(label).contains(axis)).then_some((axis, label));
        }
    }
    None
}

fn lower_unary(g: &mut Graph, function: Unary, x: ExprId) -> ExprId {
    let zero = g.zero();
    match function {
        // x itself at 0, and at NaN.
        Unary::Sign => {
            let (above, below) = (g.compare(Comparison::Greater, x, zero), g.compare(Comparison::Less, x, zero));
            let (one, minus_one) = (g.one(), g.integer(-1));
            let not_above = g.choose(below, minus_one, x);
            g.choose(above, one, not_above)
        }
        Unary::Relu => relu(g, x),
        Unary::Sigmoid => sigmoid(g, x),
        Unary::Softplus => {
            let (decay, _) = logistic(g, x);
            let tail = g.apply(Unary::Log1p, decay);
            if is_never_positive(g, x) {
                return tail;
            }
            let linear = relu(g, x);
            g.plus(linear, tail)
        }
        Unary::LogCosh => log_cosh(g, x),
        Unary::Detach | Unary::Weighed => x,
        Unary::Negate
        | Unary::Abs
        | Unary::Sqrt
        | Unary::Exp
        | Unary::Expm1
        | Unary::Log
        | Unary::Log1p
        | Unary::Sin
        | Unary::Cos
        | Unary::Tan
        | Unary::Sinh
        | Unary::Cosh
        | Unary::Tanh
        | Unary::Atan
        | Unary::Acos
        | Unary::Lgamma
        | Unary::Digamma
        | Unary::Erf
        | Unary::LogNormalCdf
        | Unary::PowerOfTwo => g.apply(function, x),
    }
}

fn sigmoid(g: &mut Graph, x: ExprId) -> ExprId {
    let (decay, divisor) = logistic(g, x);
    if is_never_positive(g, x) {
        return g.divide(decay, divisor);
    }
    let (zero, one) = (g.zero(), g.one());
    let rising = g.compare(Comparison::GreaterEqual, x, zero);
    let numerator = g.choose(rising, one, decay);
    g.divide(numerator, divisor)
}

/// Whether a node is a size, negated.
fn is_never_positive(g: &Graph, x: ExprId) -> bool {
    matches!(g.expr(x), Expr::Unary(Unary::Negate, x) if matches!(g.expr(x), Expr::Unary(Unary::Abs, _)))
}

/// Written so that a NaN falls through.
fn relu(g: &mut Graph, x: ExprId) -> ExprId {
    let zero = g.zero();
    let off = g.compare(Comparison::LessEqual, x, zero);
    g.choose(off, zero, x)
}

/// `exp(-abs(x))`, which never overflows, and one more.
fn logistic(g: &mut Graph, x: ExprId) -> (ExprId, ExprId) {
    let magnitude = g.apply(Unary::Abs, x);
    let falling = g.negate(magnitude);
    let decay = g.apply(Unary::Exp, falling);
    let one = g.one();
    (decay, g.plus(one, decay))
}

/// With z = abs(x): near 0 `log1p(cosh(z) - 1)`, where cosh(z) - 1 = u^2 / (2 (1 + u)) for u = expm1(z), all positive; far out
/// `z + (log1p(exp(-2 z)) - log(2))`.
fn log_cosh(g: &mut Graph, x: ExprId) -> ExprId {
    let z = g.apply(Unary::Abs, x);
    let (one, two, far) = (g.one(), g.integer(2), g.integer(8));
    let u = g.apply(Unary::Expm1, z);
    let square = g.times(u, u);
    let shifted = g.plus(one, u);
    let divisor = g.times(two, shifted);
    let quotient = g.divide(square, divisor);
    let near = g.apply(Unary::Log1p, quotient);
    let doubled = g.times(two, z);
    let falling = g.negate(doubled);
    let decay = g.apply(Unary::Exp, falling);
    let tail = g.apply(Unary::Log1p, decay);
    let log_two = g.apply(Unary::Log, two);
    let offset = g.subtract(tail, log_two);
    let asymptote = g.plus(z, offset);
    let beyond = g.compare(Comparison::Greater, z, far);
    g.choose(beyond, asymptote, near)
}

fn lower_binary(g: &mut Graph, known: &mut Known, function: Binary, x: ExprId, y: ExprId) -> ExprId {
    match function {
        Binary::Multiply => product(g, x, y),
        // A weight of 0 removes the value; a NaN weight falls through.
        Binary::Weigh => {
            let zero = g.zero();
            let removed = g.compare(Comparison::Equal, x, zero);
            let weighted = product(g, x, y);
            g.choose(removed, zero, weighted)
        }
        Binary::Max | Binary::Min => {
            let wins = if function == Binary::Max { Comparison::Greater } else { Comparison::Less };
            let won = g.compare(wins, x, y);
            g.choose(won, x, y)
        }
        Binary::Logaddexp => {
            let ahead = g.compare(Comparison::Greater, x, y);
            let larger = g.choose(ahead, x, y);
            let lead = g.subtract(x, y);
            let (decay, _) = logistic(g, lead);
            let tail = g.apply(Unary::Log1p, decay);
            let sum = g.plus(larger, tail);
            // Equal, both perhaps infinite: the difference would be NaN.
            let level = g.compare(Comparison::Equal, x, y);
            let two = g.integer(2);
            let log_two = g.apply(Unary::Log, two);
            let doubled = g.plus(x, log_two);
            g.choose(level, doubled, sum)
        }
        Binary::StraightThrough => x,
        Binary::Power => power(g, x, y),
        Binary::Share | Binary::ShareOfOthers => {
            let softmax = parts(&known.softmaxes, y);
            let (own, others) = (share(g, softmax, x), share_of_others(g, softmax, x));
            known.complements.note(own, others);
            if function == Binary::Share { own } else { others }
        }
        Binary::Excess => {
            let softmax = parts(&known.softmaxes, x);
            let lead = g.subtract(softmax.shift, y);
            let tail = tail(g, softmax);
            g.plus(lead, tail)
        }
        Binary::Others => others(g, x, y),
        Binary::Deviation => known.expectations.deviation(g, x, y),
        Binary::Add | Binary::Subtract | Binary::Divide => g.combine(function, x, y),
    }
}

/// A product of something per element with something per row over something per row divides once a row, not once an element.
fn product(g: &mut Graph, x: ExprId, y: ExprId) -> ExprId {
    if let Some(product) = step_by_step(g, x, y).or_else(|| step_by_step(g, y, x)) {
        return product;
    }
    for (row, element) in [(x, y), (y, x)] {
        if let Expr::Binary(Binary::Divide, numerator, denominator) = g.expr(element)
            && g.axes(numerator).contains_all(g.axes(row))
            && g.axes(numerator) != g.axes(row)
            && g.axes(numerator) != g.axes(denominator)
        {
            let scale = g.divide(row, denominator);
            return g.times(numerator, scale);
        }
        if let Expr::If(condition, value, otherwise) = g.expr(element)
            && g.axes(element) != g.axes(row)
            && labelled_place(g, condition).is_some()
        {
            let value = product(g, row, value);
            let otherwise = product(g, row, otherwise);
            return g.choose(condition, value, otherwise);
        }
    }
    g.times(x, y)
}

/// `w * (r * r)` as `(w * r) * r`: where abs(r) <= 1 each step is smaller, else larger, so that none overflows or, unless w is subnormal
/// itself, loses digits where the product does not.
fn step_by_step(g: &mut Graph, weight: ExprId, power: ExprId) -> Option<ExprId> {
    let Expr::Binary(Binary::Multiply, lower, base) = g.expr(power) else { return None };
    if weight == power || !is_power_of(g, lower, base) {
        return None;
    }
    let lower = product(g, weight, lower);
    Some(g.times(lower, base))
}

/// Whether a node is the base to a whole power, perhaps times a constant that enlarges nothing.
fn is_power_of(g: &Graph, id: ExprId, base: ExprId) -> bool {
    match g.expr(id) {
        _ if id == base => true,
        Expr::Binary(Binary::Multiply, x, y) if y == base => {
            is_power_of(g, x, base) || g.constant(x).is_some_and(|constant| constant.to_f64().abs() <= 1.0)
        }
        _ => false,
    }
}

fn power(g: &mut Graph, x: ExprId, p: ExprId) -> ExprId {
    match g.constant(p).and_then(Constant::as_integer) {
        Some(2) => g.times(x, x),
        Some(3) => {
            let square = g.times(x, x);
            g.times(square, x)
        }
        Some(-1) => {
            let one = g.one();
            g.divide(one, x)
        }
        _ => g.combine(Binary::Power, x, p),
    }
}

/// A sum less one of its places. The places of the largest size are added apart from the rest, so that nothing of the rest is lost where
/// one of them is left out.
fn others(g: &mut Graph, x: ExprId, sum: ExprId) -> ExprId {
    let Expr::Reduce { reducer: Reducer::Sum, axes, filter, value, .. } = g.expr(sum) else {
        return g.subtract(sum, x);
    };
    let zero = g.zero();
    let magnitude = g.apply(Unary::Abs, value);
    let largest = g.reduce(Reducer::Shift, axes, filter, magnitude);
    let is_largest = g.compare(Comparison::Equal, magnitude, largest);
    let below = g.choose(is_largest, zero, value);
    let rest = g.reduce(Reducer::Sum, axes, filter, below);
    let attains = g.choose(is_largest, value, zero);
    let most = g.reduce(Reducer::Sum, axes, filter, attains);
    let size = g.apply(Unary::Abs, x);
    let outweighs = g.compare(Comparison::Equal, size, largest);
    let (left, most_left) = (g.subtract(rest, x), g.subtract(most, x));
    let without_largest = g.plus(most_left, rest);
    let without_other = g.plus(left, most);
    g.choose(outweighs, without_largest, without_other)
}

fn share(g: &mut Graph, softmax: Softmax, x: ExprId) -> ExprId {
    let weight = exponential(g, x, softmax.shift);
    g.divide(weight, softmax.total)
}

fn share_of_others(g: &mut Graph, softmax: Softmax, x: ExprId) -> ExprId {
    let largest = g.compare(Comparison::Equal, x, softmax.shift);
    let without_largest = g.plus(softmax.rest, softmax.more);
    let weight = exponential(g, x, softmax.shift);
    let without_other = g.subtract(softmax.total, weight);
    let others = g.choose(largest, without_largest, without_other);
    g.divide(others, softmax.total)
}

/// `exp(x - shift)`, which is 1 where x is the largest, infinite ones included.
fn exponential(g: &mut Graph, x: ExprId, shift: ExprId) -> ExprId {
    let largest = g.compare(Comparison::Equal, x, shift);
    let difference = g.subtract(x, shift);
    let exp = g.apply(Unary::Exp, difference);
    let one = g.one();
    g.choose(largest, one, exp)
}

/// `logsumexp - shift`
fn tail(g: &mut Graph, softmax: Softmax) -> ExprId {
    let others = g.plus(softmax.rest, softmax.more);
    g.apply(Unary::Log1p, others)
}

/// The parts of a logsumexp, by its lowered node.
fn parts(softmaxes: &HashMap<ExprId, Softmax>, logsumexp: ExprId) -> Softmax {
    softmaxes[&logsumexp]
}

fn softmax(g: &mut Graph, axes: AxisSet, filter: Option<ExprId>, value: ExprId) -> Softmax {
    let shift = g.reduce(Reducer::Shift, axes, filter, value);
    let largest = g.compare(Comparison::Equal, value, shift);
    let difference = g.subtract(value, shift);
    let exp = g.apply(Unary::Exp, difference);
    let zero = g.zero();
    let below = g.choose(largest, zero, exp);
    let rest = g.reduce(Reducer::Sum, axes, filter, below);
    // A NaN is no largest; it makes `rest` NaN.
    let attains = g.add(Expr::Indicator(largest));
    let count = g.reduce(Reducer::Sum, axes, filter, attains);
    let one = g.one();
    let more = g.subtract(count, one);
    let total = g.plus(rest, count);
    Softmax { value, axes, filter, shift, rest, more, total }
}

fn lower_reduction(
    g: &mut Graph,
    softmaxes: &mut HashMap<ExprId, Softmax>,
    reducer: Reducer,
    axes: AxisSet,
    filter: Option<ExprId>,
    value: ExprId,
    order: Option<ExprId>,
) -> ExprId {
    match reducer {
        Reducer::Sum => sum(g, axes, filter, value),
        Reducer::Mean => {
            let total = sum(g, axes, filter, value);
            let count = count(g, axes, filter);
            g.divide(total, count)
        }
        Reducer::Logsumexp => {
            let parts = softmax(g, axes, filter, value);
            let tail = tail(g, parts);
            let logsumexp = g.plus(parts.shift, tail);
            softmaxes.insert(logsumexp, parts);
            logsumexp
        }
        // True as soon as one is; unordered if none is and one is unordered.
        Reducer::Any => any(g, axes, filter, value),
        Reducer::All => {
            let fails = g.not(value);
            let some_fail = any(g, axes, filter, fails);
            g.not(some_fail)
        }
        Reducer::Norm => {
            let order = order.unwrap_or_else(|| g.integer(2));
            norm(g, axes, filter, value, order)
        }
        Reducer::Max | Reducer::Min | Reducer::Shift | Reducer::SimplexThreshold | Reducer::Expectation => {
            g.reduce(reducer, axes, filter, value)
        }
    }
}

fn sum(g: &mut Graph, axes: AxisSet, filter: Option<ExprId>, value: ExprId) -> ExprId {
    // What stands at the labelled place alone is its own sum.
    if filter.is_none()
        && let Expr::If(condition, here, elsewhere) = g.expr(value)
        && g.is_integer(elsewhere, 0)
        && let Some((axis, label)) = labelled_place(g, condition)
        && AxisSet::of(axis) == axes
        && !pick::reads_upstream_along(g, here, axis)
    {
        return pick(g, here, axis, label);
    }
    g.reduce(Reducer::Sum, axes, filter, value)
}

fn count(g: &mut Graph, axes: AxisSet, filter: Option<ExprId>) -> ExprId {
    match filter {
        Some(filter) => {
            let chosen = g.add(Expr::Indicator(filter));
            g.reduce(Reducer::Sum, axes, None, chosen)
        }
        None => {
            let all: Vec<AxisId> = axes.iter().collect();
            all.into_iter().fold(g.one(), |product, axis| {
                let size = g.add(Expr::Size(axis));
                g.times(product, size)
            })
        }
    }
}

fn any(g: &mut Graph, axes: AxisSet, filter: Option<ExprId>, condition: ExprId) -> ExprId {
    let zero = g.zero();
    let holds = g.add(Expr::Indicator(condition));
    let count = g.reduce(Reducer::Sum, axes, filter, holds);
    let some = g.compare(Comparison::Greater, count, zero);
    if !g.may_be_unordered(condition) {
        return some;
    }
    let one = g.one();
    let strict = g.choose(condition, one, zero);
    let count = g.reduce(Reducer::Sum, axes, filter, strict);
    let ordered = g.compare(Comparison::Greater, count, zero);
    g.or(some, ordered)
}

/// `m * (sum (abs(x) / m)^p)^(1/p)` with m the largest abs(x): nothing overflows on the way.
fn norm(g: &mut Graph, axes: AxisSet, filter: Option<ExprId>, value: ExprId, order: ExprId) -> ExprId {
    let magnitude = g.apply(Unary::Abs, value);
    if g.is_integer(order, 1) {
        return g.reduce(Reducer::Sum, axes, filter, magnitude);
    }
    let largest = g.reduce(Reducer::Max, axes, filter, magnitude);
    if g.constant(order) == Some(Constant::Infinity) {
        return largest;
    }
    let ratio = g.divide(magnitude, largest);
    let raised = power(g, ratio, order);
    let total = g.reduce(Reducer::Sum, axes, filter, raised);
    let root = if g.is_integer(order, 2) {
        g.apply(Unary::Sqrt, total)
    } else {
        let one = g.one();
        let inverse = g.divide(one, order);
        g.add(Expr::Binary(Binary::Power, total, inverse))
    };
    let scaled = g.times(largest, root);
    let (zero, infinity) = (g.zero(), g.number(Constant::Infinity));
    // 0 and inf stand for themselves (of nothing, the largest is -inf: also 0).
    let flat = g.compare(Comparison::LessEqual, largest, zero);
    let endless = g.compare(Comparison::Equal, largest, infinity);
    let norm = g.choose(endless, infinity, scaled);
    let norm = g.choose(flat, zero, norm);
    if g.constant(order).is_some() {
        return norm;
    }
    let unbounded = g.compare(Comparison::Equal, order, infinity);
    g.choose(unbounded, largest, norm)
}
