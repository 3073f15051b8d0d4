//! A share, or a sigmoid, less a number: near 1 its digits are in what it lacks.

use std::collections::HashMap;

use crate::expr::{Binary, Comparison, Constant, Expr, ExprId, Graph};

/// Of lowered shares and sigmoids, what each of them lacks to 1, computed without a difference.
#[derive(Default)]
pub(super) struct Complements(HashMap<ExprId, ExprId>);

impl Complements {
    pub(super) fn note(&mut self, share: ExprId, complement: ExprId) {
        self.0.insert(share, complement);
        self.0.insert(complement, share);
    }

    /// `x - y` where one is a share, and the other a label: 1, a number that was given, or a choice of such.
    pub(super) fn difference(&self, g: &mut Graph, x: ExprId, y: ExprId) -> Option<ExprId> {
        if let Some(&complement) = self.0.get(&x)
            && let Some(difference) = less(g, Share { share: x, complement }, y)
        {
            return Some(difference);
        }
        let &complement = self.0.get(&y)?;
        let difference = less(g, Share { share: y, complement }, x)?;
        Some(g.negate(difference))
    }
}

#[derive(Clone, Copy)]
struct Share {
    share: ExprId,
    complement: ExprId,
}

fn less(g: &mut Graph, of: Share, label: ExprId) -> Option<ExprId> {
    match g.expr(label) {
        Expr::Constant(_) if g.is_integer(label, 1) => Some(g.negate(of.complement)),
        Expr::If(condition, a, b) => {
            let [in_a, in_b] = [a, b].map(|label| less(g, of, label));
            if in_a.is_none() && in_b.is_none() {
                return None;
            }
            let [a, b] =
                [(in_a, a), (in_b, b)].map(|(known, label)| known.unwrap_or_else(|| g.subtract(of.share, label)));
            Some(super::lower_if(g, condition, a, b))
        }
        // 1 - label is exact where the difference may cancel.
        Expr::Input(_) | Expr::Pick { .. } => {
            let (one, half) = (g.one(), g.number(Constant::decimal(5, -1)));
            let is_large = g.compare(Comparison::Greater, of.share, half);
            let lacking = g.subtract(one, label);
            let near = g.subtract(lacking, of.complement);
            // Not `subtract`: the difference as it stands, of what is no longer large.
            let far = g.add(Expr::Binary(Binary::Subtract, of.share, label));
            Some(g.choose(is_large, near, far))
        }
        _ => None,
    }
}
