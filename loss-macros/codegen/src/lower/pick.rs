//! `value[label]`, carried down to the inputs that vary along the axis.

use std::collections::HashMap;

use crate::expr::{AxisId, Expr, ExprId, Graph};
use crate::rewrite::{map_operands, rebuild};

/// `value` at the place of `axis` that `index` names: what does not vary along the axis stays, inputs are gathered, the place itself is
/// the label.
pub fn pick(graph: &mut Graph, value: ExprId, axis: AxisId, index: ExprId) -> ExprId {
    descend(graph, value, axis, index, &mut HashMap::new())
}

fn descend(
    graph: &mut Graph,
    value: ExprId,
    axis: AxisId,
    index: ExprId,
    done: &mut HashMap<ExprId, ExprId>,
) -> ExprId {
    if !graph.axes(value).contains(axis) {
        return value;
    }
    if let Some(&known) = done.get(&value) {
        return known;
    }
    let picked = match graph.expr(value) {
        Expr::Index(_) => index,
        Expr::Input(_) | Expr::Upstream => graph.add(Expr::Pick { value, axis, index }),
        expr => {
            let moved = map_operands(expr, &mut |operand| descend(graph, operand, axis, index, done));
            rebuild(graph, value, moved)
        }
    };
    done.insert(value, picked);
    picked
}

/// Whether a value reads the cotangent along this axis: that cannot be gathered.
pub(super) fn reads_upstream_along(graph: &Graph, value: ExprId, axis: AxisId) -> bool {
    crate::rewrite::reachable(graph, [value])
        .into_iter()
        .any(|id| graph.expr(id) == Expr::Upstream && graph.axes(id).contains(axis))
}
