//! Linear maps of cotangents in which zeros stay zero: what is not selected and what a weight removes, whatever it meets.

use crate::expr::{Binary, Comparison, Expr, ExprId, Graph, Unary};

/// `cotangent * factor`, where a zero of the cotangent stays zero, and a zero factor removes what a weight weighs.
pub(crate) fn chain(graph: &mut Graph, cotangent: ExprId, factor: ExprId) -> ExprId {
    if let Expr::Unary(Unary::Weighed, value) = graph.expr(cotangent) {
        let is_constant = graph.constant(factor).is_some();
        let weighed = through_zeros(graph, value, &mut |graph, value| {
            if is_constant { graph.times(value, factor) } else { graph.weigh(factor, value) }
        });
        return graph.apply(Unary::Weighed, weighed);
    }
    through_zeros(graph, cotangent, &mut |graph, cotangent| match graph.expr(factor) {
        Expr::If(c, a, b) if may_choose_zero(graph, factor) => {
            let value = chain(graph, cotangent, a);
            let otherwise = chain(graph, cotangent, b);
            graph.choose(c, value, otherwise)
        }
        _ if graph.is_integer(factor, 0) => factor,
        _ => match (graph.expr(cotangent), graph.constant(factor)) {
            // Constants of a chain meet: 0.5 * 2 is 1.
            (Expr::Binary(Binary::Multiply, rest, constant), Some(_)) if graph.constant(constant).is_some() => {
                let product = graph.times(constant, factor);
                graph.times(rest, product)
            }
            _ => graph.times(cotangent, factor),
        },
    })
}

/// `cotangent / divisor`, where a zero of the cotangent stays zero.
pub(super) fn chain_quotient(graph: &mut Graph, cotangent: ExprId, divisor: ExprId) -> ExprId {
    through_zeros(graph, cotangent, &mut |graph, cotangent| graph.divide(cotangent, divisor))
}

/// The cotangent where a condition holds (or where it does not), 0 elsewhere. Under the weights: what a weight removes is not decided.
pub(super) fn selected(graph: &mut Graph, condition: ExprId, holds: bool, cotangent: ExprId) -> ExprId {
    let select = |graph: &mut Graph| {
        let zero = graph.zero();
        let (value, otherwise) = if holds { (cotangent, zero) } else { (zero, cotangent) };
        graph.choose(condition, value, otherwise)
    };
    match graph.expr(cotangent) {
        _ if graph.is_integer(cotangent, 0) => cotangent,
        // What is always decided stays outside, where sums see it.
        _ if !graph.may_be_unordered(condition) => select(graph),
        Expr::Binary(Binary::Weigh, weight, value) => {
            let value = selected(graph, condition, holds, value);
            graph.weigh(weight, value)
        }
        Expr::Unary(sign @ (Unary::Negate | Unary::Weighed), inner) => {
            let inner = selected(graph, condition, holds, inner);
            graph.apply(sign, inner)
        }
        // What stands in a branch that is not selected is not decided either.
        Expr::If(outer, a, b) if may_choose_zero(graph, cotangent) => {
            let value = selected(graph, condition, holds, a);
            let otherwise = selected(graph, condition, holds, b);
            graph.choose(outer, value, otherwise)
        }
        _ => select(graph),
    }
}

/// Whether a selection, or one inside it, has a branch that is 0.
fn may_choose_zero(graph: &Graph, id: ExprId) -> bool {
    match graph.expr(id) {
        Expr::If(_, a, b) => [a, b].into_iter().any(|x| graph.is_integer(x, 0) || may_choose_zero(graph, x)),
        _ => false,
    }
}

/// Applies a linear map under the selections, weights and signs of a cotangent.
pub(super) fn through_zeros(
    graph: &mut Graph,
    cotangent: ExprId,
    map: &mut dyn FnMut(&mut Graph, ExprId) -> ExprId,
) -> ExprId {
    match graph.expr(cotangent) {
        _ if graph.is_integer(cotangent, 0) => cotangent,
        Expr::If(c, a, b) if may_choose_zero(graph, cotangent) => {
            let value = through_zeros(graph, a, map);
            let otherwise = through_zeros(graph, b, map);
            graph.choose(c, value, otherwise)
        }
        Expr::Binary(Binary::Weigh, weight, value) => {
            let mapped = through_zeros(graph, value, map);
            graph.weigh(weight, mapped)
        }
        Expr::Unary(sign @ (Unary::Negate | Unary::Weighed), inner) => {
            let mapped = through_zeros(graph, inner, map);
            graph.apply(sign, mapped)
        }
        // The sum stays one, that the map is computed once; it is 0 where every term is removed.
        Expr::Binary(Binary::Add | Binary::Subtract, ..) => {
            let removed = removed(graph, cotangent);
            let mapped = map(graph, cotangent);
            removed.map_or(mapped, |removed| {
                let zero = graph.zero();
                graph.choose(removed, zero, mapped)
            })
        }
        _ => map(graph, cotangent),
    }
}

/// Where the weights of a cotangent leave nothing of it; none if some of it has no weight.
pub(super) fn removed(graph: &mut Graph, cotangent: ExprId) -> Option<ExprId> {
    match graph.expr(cotangent) {
        Expr::Binary(Binary::Weigh, weight, value) => {
            let zero = graph.zero();
            let is_zero = graph.compare(Comparison::Equal, weight, zero);
            Some(match removed(graph, value) {
                Some(inner) => graph.or(is_zero, inner),
                None => is_zero,
            })
        }
        Expr::Unary(Unary::Negate | Unary::Weighed, inner) => removed(graph, inner),
        Expr::Binary(Binary::Add | Binary::Subtract, x, y) => {
            let (x, y) = (removed(graph, x)?, removed(graph, y)?);
            Some(graph.and(x, y))
        }
        _ => None,
    }
}
