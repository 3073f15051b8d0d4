//! What is known of formulas at the ends of their domains. Upstream gradients are finite.

use loss_codegen::expr::{Binary, Comparison, Constant, Expr, ExprId, Graph, Unary};

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

/// Whether a formula is NaN wherever one of its parts is: between them is nothing but arithmetic.
pub(super) fn is_nan_with(graph: &Graph, id: ExprId, part: ExprId) -> bool {
    if id == part {
        return true;
    }
    match graph.expr(id) {
        Expr::Unary(_, x) => is_nan_with(graph, x, part),
        Expr::Binary(Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide, x, y) => {
            is_nan_with(graph, x, part) || is_nan_with(graph, y, part)
        }
        _ => false,
    }
}

/// A product in which 0 meets nothing but finite numbers, as 0.
pub(super) fn without_zeros(graph: &mut Graph, id: ExprId) -> ExprId {
    let Expr::Binary(Binary::Multiply, x, y) = graph.expr(id) else { return id };
    let (x, y) = (without_zeros(graph, x), without_zeros(graph, y));
    let vanishes = |zero: ExprId, other: ExprId| graph.is_integer(zero, 0) && is_finite(graph, other);
    if vanishes(x, y) || vanishes(y, x) { graph.zero() } else { id }
}

fn is_finite(graph: &Graph, id: ExprId) -> bool {
    match graph.expr(id) {
        Expr::Upstream | Expr::Constant(Constant::Decimal { .. } | Constant::Pi) => true,
        Expr::Unary(Unary::Negate, x) => is_finite(graph, x),
        _ => false,
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
        Expr::Binary(Binary::Add, x, y) if is_finite(graph, y) => without_finite(graph, x),
        Expr::Binary(Binary::Add, x, y) if is_finite(graph, x) => without_finite(graph, y),
        Expr::Binary(Binary::Subtract, x, y) if is_finite(graph, y) => without_finite(graph, x),
        Expr::Binary(Binary::Subtract, x, y) if is_finite(graph, x) => negated(without_finite(graph, y)),
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
