//! The cosine of long vectors: their squared lengths overflow where they themselves do not.
//!
//! With s = largest abs(x) and t = largest abs(y), the quotient `dot(x, y) / sqrt((dot(x, x) + e) * (dot(y, y) + f))` is that of x / s and
//! y / t with e / s^2 and f / t^2. It does not depend on s and t, so they are constants for the derivative.

use crate::expr::{AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, Reducer, Unary};

/// A largest absolute value from which a vector is scaled: its square fits into every format, and shorter vectors keep their bits.
const LONG: (i128, i32) = (1, 15);

/// The quotient on scaled vectors, if `numerator / denominator` is one.
pub(super) fn scaled(g: &mut Graph, numerator: ExprId, denominator: ExprId) -> Option<ExprId> {
    let (axes, x, y) = dot(g, numerator)?;
    let Expr::Unary(Unary::Sqrt, radicand) = g.expr(denominator) else { return None };
    let Expr::Binary(Binary::Multiply, first, second) = g.expr(radicand) else { return None };
    let (first, second) = (squared_length(g, first, axes)?, squared_length(g, second, axes)?);
    if (first.vector, second.vector) != (x, y) && (first.vector, second.vector) != (y, x) {
        return None;
    }
    let (own, other) = if first.vector == x { (first, second) } else { (second, first) };
    let (own, other) = (shortened(g, axes, &own), shortened(g, axes, &other));
    let product = g.times(own.vector, other.vector);
    let top = g.reduce(Reducer::Sum, axes, None, product);
    let radicand = g.times(own.square, other.square);
    let root = g.apply(Unary::Sqrt, radicand);
    // Built past `divide`, so that the result is not taken for an unscaled one again: its vectors are products.
    Some(g.add(Expr::Binary(Binary::Divide, top, root)))
}

struct Length {
    vector: ExprId,
    /// What is added to the sum of squares.
    more: Option<ExprId>,
}

struct Shortened {
    vector: ExprId,
    square: ExprId,
}

/// `sum(A, x * y)`
fn dot(g: &Graph, id: ExprId) -> Option<(AxisSet, ExprId, ExprId)> {
    let Expr::Reduce { reducer: Reducer::Sum, axes, filter: None, value, .. } = g.expr(id) else { return None };
    match g.expr(value) {
        // The factors of a scaled vector are left alone.
        Expr::Binary(Binary::Multiply, x, y) if !is_scaled(g, x) && !is_scaled(g, y) => Some((axes, x, y)),
        _ => None,
    }
}

fn is_scaled(g: &Graph, x: ExprId) -> bool {
    match g.expr(x) {
        Expr::Binary(Binary::Multiply, _, scale) => matches!(g.expr(scale), Expr::Binary(Binary::Divide, ..)),
        _ => false,
    }
}

/// `dot(A, x, x)`, or that and something without the axis.
fn squared_length(g: &Graph, id: ExprId, axes: AxisSet) -> Option<Length> {
    let (sum, more) = match g.expr(id) {
        Expr::Binary(Binary::Add, sum, more) if g.axes(more).is_empty() => (sum, Some(more)),
        _ => (id, None),
    };
    let (own_axes, x, y) = dot(g, sum)?;
    (own_axes == axes && x == y).then_some(Length { vector: x, more })
}

/// Also where the squares would underflow, unless something is added to them that does not.
fn short_too(g: &mut Graph, scales: ExprId, largest: ExprId, more: Option<ExprId>) -> ExprId {
    let (zero, short) = (g.zero(), g.number(Constant::decimal(LONG.0, -LONG.1)));
    let is_short = g.compare(Comparison::Less, largest, short);
    let is_there = g.compare(Comparison::Greater, largest, zero);
    let mut may_underflow = g.and(is_short, is_there);
    if let Some(more) = more {
        let alone = g.compare(Comparison::Equal, more, zero);
        may_underflow = g.and(may_underflow, alone);
    }
    g.or(scales, may_underflow)
}

fn shortened(g: &mut Graph, axes: AxisSet, length: &Length) -> Shortened {
    let magnitude = g.apply(Unary::Abs, length.vector);
    let largest = g.reduce(Reducer::Max, axes, None, magnitude);
    let (one, long) = (g.one(), g.number(Constant::decimal(LONG.0, LONG.1)));
    let infinity = g.number(Constant::Infinity);
    let is_long = g.compare(Comparison::Greater, largest, long);
    let is_finite = g.compare(Comparison::Less, largest, infinity);
    let scales = g.and(is_long, is_finite);
    let scales = short_too(g, scales, largest, length.more);
    let scale = g.choose(scales, largest, one);
    let scale = g.apply(Unary::Detach, scale);
    let inverse = g.divide(one, scale);
    let vector = g.times(length.vector, inverse);
    let square = g.times(vector, vector);
    let sum = g.reduce(Reducer::Sum, axes, None, square);
    let square = match length.more {
        Some(more) => {
            let once = g.times(more, inverse);
            let twice = g.times(once, inverse);
            g.plus(sum, twice)
        }
        None => sum,
    };
    Shortened { vector, square }
}
