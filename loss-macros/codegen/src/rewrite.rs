//! Walking a graph bottom-up and building it anew.

use std::collections::HashMap;

use crate::expr::{Expr, ExprId, Graph};

/// Rebuilds everything under `roots` bottom-up: `rule` sees each node with its operands already rewritten and returns what stands for
/// it. The answers are remembered in `done`, so that several walks share them.
pub fn rewrite(
    graph: &mut Graph,
    roots: &[ExprId],
    done: &mut HashMap<ExprId, ExprId>,
    rule: &mut dyn FnMut(&mut Graph, ExprId, Expr) -> ExprId,
) {
    let mut stack: Vec<ExprId> = roots.to_vec();
    while let Some(&id) = stack.last() {
        if done.contains_key(&id) {
            stack.pop();
            continue;
        }
        let expr = graph.expr(id);
        let before = stack.len();
        stack.extend(expr.operands().filter(|operand| !done.contains_key(operand)));
        if stack.len() > before {
            continue;
        }
        stack.pop();
        let rebuilt = map_operands(expr, &mut |operand| done[&operand]);
        let new = rule(graph, id, rebuilt);
        done.insert(id, new);
    }
}

/// The same kind of node over other operands.
pub fn map_operands(expr: Expr, f: &mut dyn FnMut(ExprId) -> ExprId) -> Expr {
    match expr {
        Expr::Constant(_)
        | Expr::Boolean(_)
        | Expr::Input(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream
        | Expr::Given(_) => expr,
        Expr::Unary(function, x) => Expr::Unary(function, f(x)),
        Expr::Binary(function, x, y) => Expr::Binary(function, f(x), f(y)),
        Expr::Compare(comparison, x, y) => Expr::Compare(comparison, f(x), f(y)),
        Expr::And(x, y) => Expr::And(f(x), f(y)),
        Expr::Or(x, y) => Expr::Or(f(x), f(y)),
        Expr::Not(x) => Expr::Not(f(x)),
        Expr::Indicator(x) => Expr::Indicator(f(x)),
        Expr::If(c, x, y) => Expr::If(f(c), f(x), f(y)),
        Expr::Pick { value, axis, index } => Expr::Pick { value: f(value), axis, index: f(index) },
        Expr::Reduce { reducer, axes, filter, value, order } => {
            Expr::Reduce { reducer, axes, filter: filter.map(&mut *f), value: f(value), order: order.map(f) }
        }
    }
}

/// Builds a node through the simplifying constructors. `id` is the node it comes from, for leaves that carry their own type.
pub fn rebuild(graph: &mut Graph, id: ExprId, expr: Expr) -> ExprId {
    match expr {
        Expr::Constant(_)
        | Expr::Boolean(_)
        | Expr::Input(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream
        | Expr::Given(_) => id,
        Expr::Unary(function, x) => graph.apply(function, x),
        Expr::Binary(function, x, y) => graph.combine(function, x, y),
        Expr::Compare(comparison, x, y) => graph.compare(comparison, x, y),
        Expr::And(x, y) => graph.and(x, y),
        Expr::Or(x, y) => graph.or(x, y),
        Expr::Not(x) => graph.not(x),
        Expr::If(c, x, y) => graph.choose(c, x, y),
        Expr::Pick { .. } | Expr::Indicator(_) => graph.add(expr),
        Expr::Reduce { reducer, axes, filter, value, order: None } => graph.reduce(reducer, axes, filter, value),
        Expr::Reduce { order: Some(_), .. } => graph.add(expr),
    }
}

/// Every node under `roots`, operands before users.
pub fn reachable(graph: &Graph, roots: impl IntoIterator<Item = ExprId>) -> Vec<ExprId> {
    let mut seen = vec![false; graph.len()];
    let mut stack: Vec<ExprId> = roots.into_iter().collect();
    let mut all = Vec::new();
    while let Some(id) = stack.pop() {
        if !std::mem::replace(&mut seen[id.index()], true) {
            all.push(id);
            stack.extend(graph.expr(id).operands());
        }
    }
    // Operands are made before their users, so the order of ids is one.
    all.sort_unstable();
    all
}
