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
/// Not so if it goes into none of them.
pub(crate) fn is_covered(graph: &Graph, roots: &[ExprId], selection: ExprId, condition: ExprId) -> bool {
    let mut sources = Vec::new();
    let are_here = compared(graph, condition, &mut sources);
    let reached: Vec<ExprId> =
        roots.iter().copied().filter(|&root| reachable(graph, [root]).contains(&selection)).collect();
    let is_nan = |source| {
        let mut by_itself =
            Follow { graph, source: origin(graph, source), selections_do: false, known: HashMap::new() };
        reached.iter().all(|&root| by_itself.follows(root))
    };
    are_here && !reached.is_empty() && sources.into_iter().all(is_nan)
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
    Follow { graph, source, selections_do: true, known: HashMap::new() }.follows(id)
}

/// Which values are certainly NaN wherever a source is.
struct Follow<'g> {
    graph: &'g Graph,
    source: ExprId,
    /// Whether selections on what is unordered there are NaN; else they may give either branch.
    selections_do: bool,
    known: HashMap<ExprId, bool>,
}

impl Follow<'_> {
    fn follows(&mut self, id: ExprId) -> bool {
        if id <= self.source {
            return id == self.source;
        }
        if let Some(&known) = self.known.get(&id) {
            return known;
        }
        let follows = self.looked_at(id);
        self.known.insert(id, follows);
        follows
    }

    fn looked_at(&mut self, id: ExprId) -> bool {
        match self.graph.expr(id) {
            // It passes over NaN.
            Expr::Unary(Unary::PowerOfTwo, _) => false,
            Expr::Unary(_, x) => self.follows(x),
            // x^0 is 1 whatever x is.
            Expr::Binary(Binary::Power, x, p) => {
                self.graph.constant(p).and_then(Constant::as_integer).is_some_and(|n| n != 0) && self.follows(x)
            }
            // A weight of 0 removes the value.
            Expr::Binary(Binary::Weigh, w, _) => self.follows(w),
            Expr::Binary(Binary::StraightThrough, x, _) => self.follows(x),
            Expr::Binary(_, x, y) => self.follows(x) || self.follows(y),
            Expr::If(condition, x, y) => {
                (self.selections_do && self.makes_unordered(condition)) || (self.follows(x) && self.follows(y))
            }
            Expr::Reduce { reducer: Reducer::Sum | Reducer::Max | Reducer::Min, filter: None, value, .. } => {
                self.follows(value)
            }
            _ => false,
        }
    }

    fn makes_unordered(&mut self, condition: ExprId) -> bool {
        match self.graph.expr(condition) {
            Expr::Compare(_, x, y) => self.follows(x) || self.follows(y),
            Expr::Not(x) => self.makes_unordered(x),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
