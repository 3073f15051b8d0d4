//! The cosine of long and of short vectors: their squared lengths leave the range where they themselves do not.
//!
//! The quotient `dot(x, y) / sqrt((dot(x, x) + e) * (dot(y, y) + f))` is that of x / s and y / t with e / s^2 and f / t^2. It does not
//! depend on s and t, so they are constants for the derivative. They are powers of two, so that nothing is rounded by them, about as large as
//! `max(abs(x)) + sqrt(e)` and its like: then x / s is below 2, and `dot(x, x) / s^2 + e / s^2` at least 1/2.

use crate::expr::{AxisSet, Binary, Expr, ExprId, Graph, Reducer, Unary};

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

fn shortened(g: &mut Graph, axes: AxisSet, length: &Length) -> Shortened {
    let magnitude = g.apply(Unary::Abs, length.vector);
    // Fewer operations than `Max`, which a NaN goes through: it comes to the result by the sums.
    let mut size = g.reduce(Reducer::Shift, axes, None, magnitude);
    if let Some(more) = length.more {
        let more = g.apply(Unary::Abs, more);
        let more = g.apply(Unary::Sqrt, more);
        size = g.plus(size, more);
    }
    let (one, scale) = (g.one(), g.apply(Unary::PowerOfTwo, size));
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
