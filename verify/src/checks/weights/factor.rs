//! Whether an input is a factor of an expression, as written.

use loss_codegen::expr::{Binary, Expr, ExprId, Graph, InputId, Reducer, Unary};

/// The power of an input that comes out of an expression as a factor, for factors that are not negative: 0 if it is not read. Nothing
/// where none comes out, or where that is not to be seen.
pub(super) fn degree(graph: &Graph, id: ExprId, input: InputId) -> Option<u32> {
    let of = |id: ExprId| degree(graph, id, input);
    let agree = |x: ExprId, y: ExprId| of(x).filter(|own| of(y) == Some(*own));
    match graph.expr(id) {
        Expr::Input(own) => Some(u32::from(own == input)),
        Expr::Unary(Unary::Negate | Unary::Detach | Unary::Weighed | Unary::Abs | Unary::Relu, x) => of(x),
        Expr::Binary(Binary::Multiply | Binary::Weigh, x, y) => Some(of(x)? + of(y)?),
        Expr::Binary(Binary::Divide, x, y) => of(x)?.checked_sub(of(y)?),
        Expr::Binary(Binary::Add | Binary::Subtract | Binary::Max | Binary::Min, x, y) => agree(x, y),
        Expr::If(condition, x, y) => agree(x, y).filter(|_| of(condition) == Some(0)),
        Expr::Pick { value, index, .. } => of(value).filter(|_| of(index) == Some(0)),
        Expr::Reduce { reducer: Reducer::Sum | Reducer::Mean | Reducer::Max | Reducer::Min, filter, value, .. } => {
            of(value).filter(|_| filter.is_none_or(|filter| of(filter) == Some(0)))
        }
        Expr::Constant(_)
        | Expr::Boolean(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream
        | Expr::Given(_)
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Compare(..)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Not(_)
        | Expr::Indicator(_)
        | Expr::Reduce { .. } => graph.expr(id).operands().all(|operand| of(operand) == Some(0)).then_some(0),
    }
}

/// Whether an expression is 0 where the input is 0, whatever else it reads.
pub(super) fn removes(graph: &Graph, id: ExprId, input: InputId) -> bool {
    let of = |id: ExprId| removes(graph, id, input);
    match graph.expr(id) {
        Expr::Input(own) => own == input,
        Expr::Pick { value, .. } | Expr::Unary(Unary::Negate | Unary::Detach, value) => of(value),
        Expr::Binary(Binary::Weigh, weight, _) => of(weight),
        Expr::Binary(Binary::Add | Binary::Subtract, x, y) => of(x) && of(y),
        Expr::Reduce { reducer: Reducer::Sum | Reducer::Mean, filter: None, value, .. } => of(value),
        Expr::Constant(_)
        | Expr::Boolean(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream
        | Expr::Given(_)
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Compare(..)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Not(_)
        | Expr::Indicator(_)
        | Expr::If(..)
        | Expr::Reduce { .. } => false,
    }
}
