//! What a loss reads its inputs through: seen in the formula itself, of which no way leads past that.

use std::collections::BTreeSet;

use loss_codegen::expr::{Expr, ExprId};

use super::prover::{Open, Prover};

impl Prover<'_> {
    /// Whether every way from the loss to an input ends at one of these expressions.
    pub(super) fn through(&self, read: &[ExprId]) -> Result<String, Open> {
        let graph = &self.variant.graph;
        let (mut open, mut seen) = (vec![self.variant.loss], BTreeSet::new());
        while let Some(id) = open.pop() {
            if read.contains(&id) || !seen.insert(id) {
                continue;
            }
            let expr = graph.expr(id);
            if let Expr::Input(input) = expr {
                let name = &self.spec.inputs[usize::from(input.0)].name;
                return Err(format!("the formula reads `{name}` beside them").into());
            }
            open.extend(expr.operands());
        }
        Ok("no way through the formula leads to an input past them".to_owned())
    }
}
