//! The form in which formulas are compared: simplified, with the operands of what commutes in one order, and signs where they change least.

use std::collections::HashMap;

use loss_codegen::expr::{Binary, Comparison, Constant, Expr, ExprId, Graph, ParamId, Unary};
use loss_codegen::rewrite::{map_operands, reachable, rebuild, rewrite};

/// The nodes of another graph in this one, simplified, the operands of what commutes in one order.
pub(in crate::mutation) fn taken_over(graph: &mut Graph, from: &Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut known: HashMap<ExprId, ExprId> = HashMap::new();
    for id in reachable(from, roots.iter().copied()) {
        let expr = map_operands(from.expr(id), &mut |operand| known[&operand]);
        let new = if expr.operands().next().is_none() {
            graph.intern(expr, from.ty(id), from.axes(id))
        } else {
            ordered(graph, id, expr)
        };
        known.insert(id, new);
    }
    roots.iter().map(|root| known[root]).collect()
}

/// Nodes of this graph, likewise.
pub(in crate::mutation) fn simplified(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    replaced(graph, roots, &|_, _| None)
}

/// Nodes of this graph where some parameters are 0, simplified.
pub(in crate::mutation) fn with_zeros(graph: &mut Graph, roots: &[ExprId], zero: &[ParamId]) -> Vec<ExprId> {
    // Once is enough: what is simplified twice may be turned round again.
    if zero.is_empty() {
        return simplified(graph, roots);
    }
    let mut done = HashMap::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| match expr {
        Expr::Param(param) if zero.contains(&param) => graph.zero(),
        _ => rebuild(graph, id, expr),
    });
    let roots: Vec<ExprId> = roots.iter().map(|root| done[root]).collect();
    simplified(graph, &roots)
}

/// A node through the simplifying constructors. Operands commute by the order in which they were made; signs are pulled out of
/// odd functions; even ones drop theirs by themselves.
fn ordered(graph: &mut Graph, id: ExprId, expr: Expr) -> ExprId {
    let sorted = |x: ExprId, y: ExprId| if x <= y { (x, y) } else { (y, x) };
    let negated = |graph: &Graph, id: ExprId| match graph.expr(id) {
        Expr::Unary(Unary::Negate, inner) => Some(inner),
        _ => None,
    };
    let expr = match expr {
        Expr::Unary(odd @ (Unary::Sign | Unary::Sin | Unary::Sinh | Unary::Tan | Unary::Tanh | Unary::Atan), x)
            if negated(graph, x).is_some() =>
        {
            let value = graph.apply(odd, negated(graph, x).unwrap_or(x));
            return graph.negate(value);
        }
        // a - b for b made before a is -(b - a).
        Expr::Binary(Binary::Subtract, x, y) if y < x && graph.constant(x).is_none() && graph.constant(y).is_none() => {
            let difference = graph.subtract(y, x);
            return graph.add(Expr::Unary(Unary::Negate, difference));
        }
        Expr::Binary(Binary::Power, x, p) => {
            let is_even = graph.constant(p).and_then(Constant::as_integer).is_some_and(|power| power % 2 == 0);
            Expr::Binary(Binary::Power, negated(graph, x).filter(|_| is_even).unwrap_or(x), p)
        }
        Expr::Binary(Binary::Divide, x, y) => {
            if graph.is_integer(y, -1) {
                return graph.negate(x);
            }
            if let Some(positive) = negated(graph, y) {
                let quotient = graph.divide(x, positive);
                return graph.negate(quotient);
            }
            expr
        }
        Expr::Binary(function @ (Binary::Add | Binary::Multiply | Binary::Max | Binary::Min), x, y) => {
            let (x, y) = sorted(x, y);
            Expr::Binary(function, x, y)
        }
        Expr::And(x, y) => {
            let (x, y) = sorted(x, y);
            Expr::And(x, y)
        }
        Expr::Or(x, y) => {
            let (x, y) = sorted(x, y);
            Expr::Or(x, y)
        }
        Expr::Compare(comparison @ (Comparison::Equal | Comparison::NotEqual), x, y) => {
            let (x, y) = sorted(x, y);
            Expr::Compare(comparison, x, y)
        }
        // The greater of two sides is always on the right, and -x is compared with 0 as x is.
        Expr::Compare(comparison @ (Comparison::Greater | Comparison::GreaterEqual), x, y) => {
            Expr::Compare(turned(comparison), y, x)
        }
        other => other,
    };
    if let Expr::Compare(comparison, x, y) = expr {
        if let (true, Some(positive)) = (graph.is_integer(y, 0), negated(graph, x)) {
            return ordered(graph, id, Expr::Compare(turned(comparison), positive, y));
        }
        if let (true, Some(positive)) = (graph.is_integer(x, 0), negated(graph, y)) {
            return ordered(graph, id, Expr::Compare(turned(comparison), x, positive));
        }
    }
    // Selections on one condition are one selection.
    if let Expr::Binary(function @ (Binary::Add | Binary::Subtract), x, y) = expr
        && let (Expr::If(c, a, b), Expr::If(d, v, w)) = (graph.expr(x), graph.expr(y))
        && c == d
    {
        let chosen = ordered(graph, id, Expr::Binary(function, a, v));
        let other = ordered(graph, id, Expr::Binary(function, b, w));
        return graph.choose(c, chosen, other);
    }
    let done = rebuild(graph, id, expr);
    match graph.expr(done) {
        Expr::Unary(Unary::Negate, inner) => negative(graph, inner),
        _ => done,
    }
}

/// `-x`, the sign where it changes least: in the branches of a selection, and in what is weighed.
fn negative(graph: &mut Graph, id: ExprId) -> ExprId {
    match graph.expr(id) {
        Expr::If(c, x, y) => {
            let (x, y) = (negative(graph, x), negative(graph, y));
            graph.choose(c, x, y)
        }
        Expr::Binary(Binary::Weigh, weight, x) => {
            let x = negative(graph, x);
            graph.add(Expr::Binary(Binary::Weigh, weight, x))
        }
        Expr::Constant(_) | Expr::Unary(Unary::Negate, _) => graph.negate(id),
        _ => graph.add(Expr::Unary(Unary::Negate, id)),
    }
}

/// The comparison with its sides swapped.
pub(super) fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        Comparison::Equal => Comparison::Equal,
        Comparison::NotEqual => Comparison::NotEqual,
    }
}

/// Roots in which some nodes are replaced by others, simplified.
pub(super) fn replaced(
    graph: &mut Graph,
    roots: &[ExprId],
    by: &dyn Fn(&mut Graph, ExprId) -> Option<ExprId>,
) -> Vec<ExprId> {
    let mut done = HashMap::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| by(graph, id).unwrap_or_else(|| ordered(graph, id, expr)));
    roots.iter().map(|root| done[root]).collect()
}
