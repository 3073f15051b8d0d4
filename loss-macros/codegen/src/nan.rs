//! Where a selection on an unordered condition needs a NaN of its own.
//!
//! On lanes, a comparison with a NaN is false, so the `otherwise` branch is taken. If that branch is NaN by itself whenever what is
//! compared is NaN, nothing is to be done; nor if all that the selection goes into is NaN there without it. Else the result must be made NaN. For the same reason a selection between a value and itself
//! is more than the value, unless that is NaN wherever the condition is unordered: then [`settled`] leaves it out.

use std::collections::HashMap;

use crate::expr::{Binary, Constant, Expr, ExprId, Graph, Reducer, Unary};
use crate::rewrite::{reachable, rebuild, rewrite};

/// The roots without selections between a value and itself. For what is differentiated no more: where the condition is unordered, the derivative of
/// a selection is NaN, and that of the value may be a number.
pub(crate) fn settled(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut done = HashMap::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| match expr {
        Expr::If(condition, value, otherwise) if value == otherwise && !needs_guard(graph, condition, value) => value,
        _ => rebuild(graph, id, expr),
    });
    roots.iter().map(|root| done[root]).collect()
}

/// Whether `if condition then … else otherwise` may be a number though the condition is unordered, were it to take `otherwise` there.
pub(crate) fn needs_guard(graph: &Graph, condition: ExprId, otherwise: ExprId) -> bool {
    if !graph.may_be_unordered(condition) {
        return false;
    }
    let mut sources = Vec::new();
    let are_here = compared(graph, condition, &mut sources);
    !are_here || sources.into_iter().any(|source| !nan_with(graph, otherwise, origin(graph, source)))
}

/// Whether every root that a selection goes into is NaN wherever its condition is unordered, whatever it gives there, and whatever other selections do.
pub(crate) fn is_covered(graph: &Graph, roots: &[ExprId], selection: ExprId, condition: ExprId) -> bool {
    let mut sources = Vec::new();
    compared(graph, condition, &mut sources)
        && roots
            .iter()
            .filter(|&&root| reachable(graph, [root]).contains(&selection))
            .all(|&root| sources.iter().all(|&source| nan_by_itself(graph, root, origin(graph, source))))
}

/// Collects what a condition compares and may be NaN. False if it compares numbers of other places.
fn compared(graph: &Graph, condition: ExprId, sources: &mut Vec<ExprId>) -> bool {
    match graph.expr(condition) {
        Expr::Compare(_, x, y) => {
            sources.extend([x, y].into_iter().filter(|&id| !graph.is_never_nan(id)));
            true
        }
        Expr::Reduce { .. } | Expr::Pick { .. } => !graph.may_be_unordered(condition),
        expr => expr.operands().all(|operand| compared(graph, operand, sources)),
    }
}

/// The value behind functions that are NaN exactly where their argument is.
fn origin(graph: &Graph, id: ExprId) -> ExprId {
    match graph.expr(id) {
        Expr::Unary(Unary::Negate | Unary::Abs, x) => origin(graph, x),
        _ => id,
    }
}

/// Whether `id` is certainly NaN wherever `source` is, selections on what is unordered there being so.
fn nan_with(graph: &Graph, id: ExprId, source: ExprId) -> bool {
    follows(graph, id, source, true)
}

/// The same if such selections may give either branch.
fn nan_by_itself(graph: &Graph, id: ExprId, source: ExprId) -> bool {
    follows(graph, id, source, false)
}

fn follows(graph: &Graph, id: ExprId, source: ExprId, selections_do: bool) -> bool {
    let nan_with = |id| follows(graph, id, source, selections_do);
    if id == source {
        return true;
    }
    if id < source {
        return false;
    }
    match graph.expr(id) {
        // It passes over NaN.
        Expr::Unary(Unary::PowerOfTwo, _) => false,
        Expr::Unary(_, x) => nan_with(x),
        // x^0 is 1 whatever x is.
        Expr::Binary(Binary::Power, x, p) => {
            graph.constant(p).and_then(Constant::as_integer).is_some_and(|n| n != 0) && nan_with(x)
        }
        // A weight of 0 removes the value.
        Expr::Binary(Binary::Weigh, w, _) => nan_with(w),
        Expr::Binary(Binary::StraightThrough, x, _) => nan_with(x),
        Expr::Binary(_, x, y) => nan_with(x) || nan_with(y),
        Expr::If(condition, x, y) => {
            (selections_do && unordered_with(graph, condition, source)) || (nan_with(x) && nan_with(y))
        }
        Expr::Reduce { reducer: Reducer::Sum | Reducer::Max | Reducer::Min, filter: None, value, .. } => {
            nan_with(value)
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
