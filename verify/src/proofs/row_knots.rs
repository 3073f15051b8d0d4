//! Knots of whole rows, where the loss reads its inputs through a definition that has no knots of its own, as a cosine: it is as smooth
//! across the knot as it is in what it reads. That it is no smoother is seen at a point, by the oracle.

use std::cell::Cell;
use std::collections::BTreeSet;

use loss_codegen::expr::{Binary, Expr, ExprId, InputId, Unary};

use super::certificate::{Depth, Inequality};
use super::counterexample::Order;
use super::knots::{Knot, is_at};
use super::properties::counted;
use super::prover::{Judgement, Open, Prover};
use super::reader::Side;

impl Prover<'_> {
    /// That the loss is as smooth across a knot of its rows as declared, and no smoother.
    pub(super) fn knot_of_rows(&self, knot: &Knot, inputs: &[InputId]) -> Result<String, Open> {
        let definitions = self.variant.lets.iter().map(|(_, id)| *id);
        let Some(read) = definitions.rev().find(|&id| self.is_all_that_is_read(id, knot, inputs)) else {
            return Err("no rule for the knots of a row that is not read through a smooth definition".into());
        };
        let is_apart = Cell::new(false);
        let pieces = self.everywhere(&|reader| {
            if !is_at(reader, knot)? {
                return Ok(Judgement::Silent);
            }
            let value = reader.finite(self.variant.loss)?;
            let [above, below] = [Side::Above, Side::Below].map(|side| self.jet(reader, &[read], side, knot.class));
            let (above, below) = (above?, below?);
            let own = (knot.class > 0).then(|| above[0].minus(&value));
            let gaps: Vec<_> = above.iter().zip(&below).map(|(a, b)| a.minus(b)).collect();
            for gap in own.iter().chain(gaps.iter().take(knot.class)) {
                match reader.shows_zero(gap, "no certificate that both sides are one") {
                    Judgement::Holds => {}
                    judgement @ (Judgement::Silent | Judgement::Open(_)) => return Ok(judgement),
                }
            }
            if let Some(gap) = gaps.get(knot.class) {
                let mut signs = [gap.above.clone(), gap.above.negated()].into_iter();
                let apart = signs.any(|gap| reader.piece.implies(&Inequality::positive(gap), Depth::Pairs));
                is_apart.set(is_apart.get() || apart);
            }
            Ok(Judgement::Holds)
        })?;
        let Some(order) = Order::ALL.get(knot.class).filter(|_| is_apart.get()) else {
            return Err("both sides may be one beyond what is declared".into());
        };
        let Some(point) = self.bend_of_rows(knot, inputs, *order) else {
            return Err("no point was found at which both sides are apart".into());
        };
        let words = "both sides are one up to there in what the loss reads";
        Ok(format!("{words}, and differ in the {}, on {}, as {point}", order.word(), counted(pieces)))
    }

    /// Whether the loss and the surface read some inputs through one expression alone, which is smooth in them wherever it has a value.
    fn is_all_that_is_read(&self, read: ExprId, knot: &Knot, inputs: &[InputId]) -> bool {
        let graph = &self.variant.graph;
        let (mut open, mut seen) = (vec![self.variant.loss, knot.at], BTreeSet::new());
        while let Some(id) = open.pop() {
            if id == read || !seen.insert(id) {
                continue;
            }
            let expr = graph.expr(id);
            if matches!(expr, Expr::Input(input) if inputs.contains(&input)) {
                return false;
            }
            open.extend(expr.operands());
        }
        self.is_smooth_where_defined(read, inputs, false)
    }

    /// Whether an expression has all derivatives wherever it has a value. A root has none at 0; what divides is above 0 or below.
    fn is_smooth_where_defined(&self, id: ExprId, inputs: &[InputId], divides: bool) -> bool {
        if !inputs.iter().any(|&input| self.depends(id, input)) {
            return true;
        }
        let is_smooth = |id| self.is_smooth_where_defined(id, inputs, false);
        match self.variant.graph.expr(id) {
            Expr::Input(_) => true,
            Expr::Unary(function, x) => match function {
                Unary::Sqrt => divides && is_smooth(x),
                Unary::Negate
                | Unary::Exp
                | Unary::Log
                | Unary::Sin
                | Unary::Cos
                | Unary::Tanh
                | Unary::Atan
                | Unary::Sigmoid
                | Unary::Softplus
                | Unary::LogCosh => is_smooth(x),
                _ => false,
            },
            Expr::Binary(Binary::Add | Binary::Subtract | Binary::Multiply, x, y) => is_smooth(x) && is_smooth(y),
            Expr::Binary(Binary::Divide, x, y) => is_smooth(x) && self.is_smooth_where_defined(y, inputs, true),
            Expr::Reduce { reducer, filter: None, value, order: None, .. } => {
                use loss_codegen::expr::Reducer::{Logsumexp, Mean, Sum};
                matches!(reducer, Sum | Mean | Logsumexp) && is_smooth(value)
            }
            _ => false,
        }
    }
}
