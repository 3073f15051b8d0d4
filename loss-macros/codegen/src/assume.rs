//! Within a branch, the branch's own condition is decided: `if c then (if c then a else b) + d else e` is `if c then a + d else e`.
//!
//! That holds for unordered conditions too: the whole selection is NaN then.

use std::collections::HashMap;

use crate::expr::{Expr, ExprId, Graph};
use crate::rewrite::{map_operands, rebuild, rewrite};

/// The roots, with every condition decided inside the branches that it selects.
pub(crate) fn decide_conditions(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut done = HashMap::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| match expr {
        Expr::If(condition, value, otherwise) => {
            let value = assume(graph, value, condition, true, &mut HashMap::new());
            let otherwise = assume(graph, otherwise, condition, false, &mut HashMap::new());
            graph.choose(condition, value, otherwise)
        }
        _ => rebuild(graph, id, expr),
    });
    roots.iter().map(|root| done[root]).collect()
}

/// `id` where `condition` is known. A reduction's own places are other places: what is known here is not known there.
fn assume(graph: &mut Graph, id: ExprId, condition: ExprId, truth: bool, done: &mut HashMap<ExprId, ExprId>) -> ExprId {
    if let Some(&known) = done.get(&id) {
        return known;
    }
    let expr = graph.expr(id);
    let decided = match expr {
        Expr::If(inner, value, otherwise) if inner == condition => {
            assume(graph, if truth { value } else { otherwise }, condition, truth, done)
        }
        // Nothing older than the condition can contain it.
        _ if id <= condition => id,
        Expr::Reduce { .. } | Expr::Pick { .. } => id,
        _ => {
            let operands = map_operands(expr, &mut |operand| assume(graph, operand, condition, truth, done));
            if operands == expr { id } else { rebuild(graph, id, operands) }
        }
    };
    done.insert(id, decided);
    decided
}

#[cfg(test)]
mod tests {
    use super::decide_conditions;
    use crate::expr::{
        AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, InputId, Reducer, Type, Unary,
    };

    /// Two inputs along rows and classes, and `x < 1`.
    fn scene() -> (Graph, ExprId, ExprId, ExprId) {
        let mut graph = Graph::new();
        let axes = AxisSet::of(AxisId::ROWS).union(AxisSet::of(AxisId(1)));
        let [x, y] = [0, 1].map(|place| graph.intern(Expr::Input(InputId(place)), Type::Real, axes));
        let one = graph.add(Expr::Constant(Constant::integer(1)));
        let condition = graph.add(Expr::Compare(Comparison::Less, x, one));
        (graph, x, y, condition)
    }

    fn decided(graph: &mut Graph, root: ExprId) -> ExprId {
        decide_conditions(graph, &[root])[0]
    }

    #[test]
    fn a_condition_is_decided_however_deep_in_its_own_branches() {
        let (mut graph, x, y, condition) = scene();
        let inner = graph.add(Expr::If(condition, y, x));
        let [value, otherwise] = [Unary::Exp, Unary::Sinh].map(|function| {
            let sum = graph.add(Expr::Binary(Binary::Add, inner, y));
            graph.add(Expr::Unary(function, sum))
        });
        let root = graph.add(Expr::If(condition, value, otherwise));
        let expected = [(Unary::Exp, y), (Unary::Sinh, x)].map(|(function, own)| {
            let sum = graph.add(Expr::Binary(Binary::Add, own, y));
            graph.add(Expr::Unary(function, sum))
        });
        let expected = graph.add(Expr::If(condition, expected[0], expected[1]));
        let found = decided(&mut graph, root);
        assert_eq!(graph.expr(found), graph.expr(expected));
    }

    #[test]
    fn what_is_beside_the_branches_and_what_other_places_are_stays() {
        let (mut graph, x, y, condition) = scene();
        let inner = graph.add(Expr::If(condition, y, x));
        let axes = AxisSet::of(AxisId(1));
        let all = graph.add(Expr::Reduce { reducer: Reducer::Sum, axes, filter: None, value: inner, order: None });
        let whole = graph.add(Expr::If(condition, all, x));
        assert_eq!(decided(&mut graph, whole), whole, "places of a sum are other places");
        let choice = graph.add(Expr::If(condition, x, y));
        let beside = graph.add(Expr::Binary(Binary::Multiply, choice, inner));
        assert_eq!(decided(&mut graph, beside), beside);
    }
}
