//! What is known of formulas by their kind and by facts: sign, order, finiteness, NaN, and what 0 and infinity make of them. Upstream
//! gradients are finite, and that a sum or product of finite numbers may overflow is not regarded.

use loss_codegen::expr::{Binary, Comparison, Constant, Expr, ExprId, Graph, Unary};
use loss_codegen::rewrite::reachable;

use super::normal::replaced;

/// Whether a formula is never below 0, given conditions that always hold.
pub(super) fn is_nonnegative(graph: &Graph, facts: &[ExprId], id: ExprId) -> bool {
    let both = |x: ExprId, y: ExprId| is_nonnegative(graph, facts, x) && is_nonnegative(graph, facts, y);
    let by_itself = match graph.expr(id) {
        Expr::Unary(Unary::Exp | Unary::Abs | Unary::Sqrt | Unary::Sigmoid | Unary::Softplus | Unary::Relu, _) => true,
        Expr::Constant(Constant::Decimal { digits, .. }) => digits >= 0,
        Expr::Binary(Binary::Add | Binary::Multiply | Binary::Divide | Binary::Weigh, x, y) => both(x, y),
        Expr::Binary(Binary::Subtract, x, y) => is_known_at_least(graph, facts, (y, x)),
        Expr::If(_, x, y) => both(x, y),
        _ => false,
    };
    let zero = |low: ExprId| graph.is_integer(low, 0);
    by_itself
        || facts.iter().any(|&fact| lower_and_higher(graph, fact).is_some_and(|(low, high)| zero(low) && high == id))
}

/// Whether a condition says that one side is never below another.
pub(super) fn is_known_at_least(graph: &Graph, facts: &[ExprId], (low, high): (ExprId, ExprId)) -> bool {
    facts.iter().any(|&fact| lower_and_higher(graph, fact) == Some((low, high)))
}

/// The sides of a comparison that orders them.
fn lower_and_higher(graph: &Graph, fact: ExprId) -> Option<(ExprId, ExprId)> {
    match graph.expr(fact) {
        Expr::Compare(Comparison::LessEqual | Comparison::Less, low, high)
        | Expr::Compare(Comparison::GreaterEqual | Comparison::Greater, high, low) => Some((low, high)),
        _ => None,
    }
}

/// Whether a formula is NaN wherever one of its parts is: between them is nothing but arithmetic, and
/// selections that are NaN with it.
pub(super) fn is_nan_with(graph: &Graph, id: ExprId, part: ExprId) -> bool {
    if id == part {
        return true;
    }
    match graph.expr(id) {
        // Its bits alone are read.
        Expr::Unary(Unary::PowerOfTwo, _) => false,
        Expr::Unary(_, x) => is_nan_with(graph, x, part),
        Expr::Binary(Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide, x, y) => {
            is_nan_with(graph, x, part) || is_nan_with(graph, y, part)
        }
        Expr::If(condition, x, y) => {
            is_unordered_with(graph, condition, part) || is_nan_with(graph, x, part) && is_nan_with(graph, y, part)
        }
        _ => false,
    }
}

/// Whether a condition is unordered wherever a part of it is NaN.
pub(super) fn is_unordered_with(graph: &Graph, condition: ExprId, part: ExprId) -> bool {
    match graph.expr(condition) {
        Expr::Compare(_, x, y) => is_nan_with(graph, x, part) || is_nan_with(graph, y, part),
        Expr::Not(x) => is_unordered_with(graph, x, part),
        _ => false,
    }
}

/// Formulas in which products of 0 and something finite are 0, and selections between one and the same are that.
pub(super) fn without_zeros(graph: &mut Graph, facts: &[ExprId], roots: &[ExprId]) -> Vec<ExprId> {
    let vanishes =
        |graph: &Graph, zero: ExprId, other: ExprId| graph.is_integer(zero, 0) && is_finite(graph, facts, other);
    let shorter = |graph: &mut Graph, id: ExprId| match graph.expr(id) {
        Expr::Binary(Binary::Multiply, x, y) if vanishes(graph, x, y) || vanishes(graph, y, x) => Some(graph.zero()),
        Expr::If(condition, x, y) if x == y && is_ordered(graph, facts, condition) => Some(x),
        _ => None,
    };
    let mut roots = roots.to_vec();
    // What a part becomes may let the whole become shorter.
    while reachable(graph, roots.iter().copied()).into_iter().any(|id| shorter(graph, id).is_some()) {
        roots = replaced(graph, &roots, &shorter);
    }
    roots
}

/// Whether a condition is a comparison of finite numbers.
fn is_ordered(graph: &Graph, facts: &[ExprId], condition: ExprId) -> bool {
    match graph.expr(condition) {
        Expr::Compare(_, x, y) => is_finite(graph, facts, x) && is_finite(graph, facts, y),
        Expr::Not(x) => is_ordered(graph, facts, x),
        _ => false,
    }
}

/// Whether a formula is a finite number wherever conditions hold that always do.
fn is_finite(graph: &Graph, facts: &[ExprId], id: ExprId) -> bool {
    match graph.expr(id) {
        Expr::Upstream | Expr::Constant(Constant::Decimal { .. } | Constant::Pi) => true,
        Expr::Unary(Unary::Negate | Unary::Abs, x) => is_finite(graph, facts, x),
        Expr::Binary(Binary::Add | Binary::Subtract | Binary::Multiply, x, y) => {
            is_finite(graph, facts, x) && is_finite(graph, facts, y)
        }
        _ => {
            let is_number = |id: ExprId| matches!(graph.constant(id), Some(Constant::Decimal { .. }));
            let sides = || facts.iter().filter_map(|&fact| Some((fact, lower_and_higher(graph, fact)?)));
            let is_below_infinity = |fact: ExprId, high: ExprId| {
                matches!(graph.expr(fact), Expr::Compare(Comparison::Less | Comparison::Greater, ..))
                    && graph.constant(high) == Some(Constant::Infinity)
            };
            sides().any(|(_, (low, high))| high == id && is_number(low))
                && sides().any(|(fact, (low, high))| low == id && (is_number(high) || is_below_infinity(fact, high)))
        }
    }
}

/// Whether two formulas are infinite or NaN, and one is the other plus or less something finite.
pub(super) fn absorbed(graph: &Graph, ours: ExprId, theirs: ExprId) -> bool {
    let without = |id: ExprId| without_finite(graph, id);
    let ((our, our_sign), (their, their_sign)) = (without(ours), without(theirs));
    our == their && our_sign == their_sign && is_unbounded(graph, our)
}

/// A formula without the finite terms of its sum, and without its signs: what is left, and whether it is negated.
fn without_finite(graph: &Graph, id: ExprId) -> (ExprId, bool) {
    let negated = |(part, sign): (ExprId, bool)| (part, !sign);
    match graph.expr(id) {
        Expr::Unary(Unary::Negate, x) => negated(without_finite(graph, x)),
        Expr::Binary(Binary::Add, x, y) if is_finite(graph, &[], y) => without_finite(graph, x),
        Expr::Binary(Binary::Add, x, y) if is_finite(graph, &[], x) => without_finite(graph, y),
        Expr::Binary(Binary::Subtract, x, y) if is_finite(graph, &[], y) => without_finite(graph, x),
        Expr::Binary(Binary::Subtract, x, y) if is_finite(graph, &[], x) => negated(without_finite(graph, y)),
        _ => (id, false),
    }
}

/// Whether a formula is infinite or NaN.
fn is_unbounded(graph: &Graph, id: ExprId) -> bool {
    match graph.expr(id) {
        Expr::Constant(Constant::Infinity | Constant::NegativeInfinity | Constant::Nan) => true,
        Expr::Unary(Unary::Log, x) => graph.is_integer(x, 0),
        Expr::Unary(Unary::Negate, x) => is_unbounded(graph, x),
        Expr::Binary(Binary::Add | Binary::Subtract | Binary::Multiply, x, y) => {
            is_unbounded(graph, x) || is_unbounded(graph, y)
        }
        _ => false,
    }
}
