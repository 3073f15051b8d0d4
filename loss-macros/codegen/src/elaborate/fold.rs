//! What constants decide: comparisons of them, and exponents made of them.

use std::cmp::Ordering;

use crate::expr::{Binary, Comparison, Constant, Expr, ExprId, Graph, Unary};
use crate::rational::Rational;

/// The truth of a comparison whose sides are both known.
pub(super) fn comparison(graph: &Graph, comparison: Comparison, left: ExprId, right: ExprId) -> Option<bool> {
    order(graph, left, right).map(|order| holds(comparison, order))
}

/// Whether a comparison holds of two things in this order.
pub(super) fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::LessEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterEqual => order.is_ge(),
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
    }
}

/// The order of two constants, infinities included.
pub(super) fn order(graph: &Graph, left: ExprId, right: ExprId) -> Option<Ordering> {
    let infinite = |id| match graph.constant(id) {
        Some(Constant::Infinity) => 1,
        Some(Constant::NegativeInfinity) => -1,
        Some(Constant::Decimal { .. } | Constant::Pi | Constant::Nan) | None => 0,
    };
    match (infinite(left), infinite(right)) {
        (0, 0) => exact(graph, left)?.compare(exact(graph, right)?),
        (0, sign) => exact(graph, left).map(|_| 0.cmp(&sign)),
        (sign, 0) => exact(graph, right).map(|_| sign.cmp(&0)),
        (left, right) => Some(left.cmp(&right)),
    }
}

/// The exact value of an expression of finite constants and arithmetic.
pub(super) fn exact(graph: &Graph, id: ExprId) -> Option<Rational> {
    match graph.expr(id) {
        Expr::Constant(constant) => Rational::of(constant),
        Expr::Unary(Unary::Negate, x) => exact(graph, x)?.negate(),
        Expr::Binary(Binary::Add, x, y) => exact(graph, x)?.add(exact(graph, y)?),
        Expr::Binary(Binary::Subtract, x, y) => exact(graph, x)?.add(exact(graph, y)?.negate()?),
        Expr::Binary(Binary::Multiply, x, y) => exact(graph, x)?.multiply(exact(graph, y)?),
        Expr::Binary(Binary::Divide, x, y) => exact(graph, x)?.divide(exact(graph, y)?),
        Expr::Boolean(_)
        | Expr::Input(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream
        | Expr::Indicator(_)
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Compare(..)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Not(_)
        | Expr::If(..)
        | Expr::Pick { .. }
        | Expr::Reduce { .. }
        | Expr::Given(_) => None,
    }
}

/// An exponent, as one integer constant where static values make it one: only then is the power defined below zero.
pub(super) fn exponent(graph: &mut Graph, id: ExprId) -> ExprId {
    match exact(graph, id).and_then(Rational::as_integer) {
        Some(integer) => graph.add(Expr::Constant(Constant::integer(integer))),
        None => id,
    }
}

/// `-x`, where `x` is a literal the negative literal.
pub(super) fn negate(graph: &mut Graph, id: ExprId) -> ExprId {
    let negative = match graph.constant(id) {
        Some(Constant::Decimal { digits, exponent }) => {
            digits.checked_neg().map(|digits| Constant::decimal(digits, exponent))
        }
        Some(Constant::Infinity) => Some(Constant::NegativeInfinity),
        Some(Constant::NegativeInfinity) => Some(Constant::Infinity),
        Some(Constant::Nan) => Some(Constant::Nan),
        Some(Constant::Pi) | None => None,
    };
    graph.add(match negative {
        Some(constant) => Expr::Constant(constant),
        None => Expr::Unary(Unary::Negate, id),
    })
}
