//! Where a selection on an unordered condition needs a NaN of its own.
//!
//! On lanes, a comparison with a NaN is false, so the `otherwise` branch is taken. If that branch is NaN by itself whenever what is
//! compared is NaN, nothing is to be done; else the result must be made NaN.

use crate::expr::{Binary, Constant, Expr, ExprId, Graph, Reducer, Unary};

/// Whether `if condition then … else otherwise` must turn an unordered condition into a NaN.
pub(super) fn needs_guard(graph: &Graph, condition: ExprId, otherwise: ExprId) -> bool {
    graph.may_be_unordered(condition)
        && compared(graph, condition).into_iter().any(|source| !nan_with(graph, otherwise, origin(graph, source)))
}

/// What a condition compares and may be NaN.
fn compared(graph: &Graph, condition: ExprId) -> Vec<ExprId> {
    match graph.expr(condition) {
        Expr::Compare(_, x, y) => [x, y].into_iter().filter(|&id| !graph.is_never_nan(id)).collect(),
        expr => expr.operands().flat_map(|operand| compared(graph, operand)).collect(),
    }
}

/// The value behind functions that are NaN exactly where their argument is.
fn origin(graph: &Graph, id: ExprId) -> ExprId {
    match graph.expr(id) {
        Expr::Unary(Unary::Negate | Unary::Abs, x) => origin(graph, x),
        _ => id,
    }
}

/// Whether `id` is certainly NaN wherever `source` is.
fn nan_with(graph: &Graph, id: ExprId, source: ExprId) -> bool {
    if id == source {
        return true;
    }
    if id < source {
        return false;
    }
    match graph.expr(id) {
        Expr::Unary(_, x) => nan_with(graph, x, source),
        // x^0 is 1 whatever x is.
        Expr::Binary(Binary::Power, x, p) => {
            graph.constant(p).and_then(Constant::as_integer).is_some_and(|n| n != 0) && nan_with(graph, x, source)
        }
        Expr::Binary(_, x, y) => nan_with(graph, x, source) || nan_with(graph, y, source),
        Expr::If(condition, x, y) => {
            unordered_with(graph, condition, source) || (nan_with(graph, x, source) && nan_with(graph, y, source))
        }
        Expr::Reduce { reducer: Reducer::Sum | Reducer::Max | Reducer::Min, filter: None, value, .. } => {
            nan_with(graph, value, source)
        }
        _ => false,
    }
}

fn unordered_with(graph: &Graph, condition: ExprId, source: ExprId) -> bool {
    match graph.expr(condition) {
        Expr::Compare(_, x, y) => nan_with(graph, x, source) || nan_with(graph, y, source),
        Expr::Not(x) => unordered_with(graph, x, source),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
