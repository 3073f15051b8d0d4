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
