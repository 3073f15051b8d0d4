//! Nodes that graphs built by hand begin with.

use loss_codegen::expr::{AxisId, AxisSet, Expr, ExprId, Graph, InputId, Type};

/// What has one number a row.
pub(crate) fn rows() -> AxisSet {
    AxisSet::of(AxisId::ROWS)
}

/// The input at this place, of real numbers along these axes.
pub(crate) fn input(graph: &mut Graph, place: u8, axes: AxisSet) -> ExprId {
    graph.intern(Expr::Input(InputId(place)), Type::Real, axes)
}
