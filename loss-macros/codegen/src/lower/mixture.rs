//! Mixtures of a loss of yes and one of no by a probability: `p softplus(-x) + (1 - p) softplus(x)`, weighed, and the derivative
//! `(1 - p) sigmoid(x) - p sigmoid(-x)`.
//!
//! They are `softplus(-abs(x)) + w abs(x)`, w being `p` where x is negative and `1 - p` elsewhere, and `s - p` or `1 - p - s` with
//! `s = sigmoid(-abs(x))`: one exponential, logarithm and quotient, and less that cancels. A weight of 0 removes what is infinite on either side
//! of the equations; both weights are never 0.

use std::collections::HashMap;

use crate::expr::{Binary, Comparison, Expr, ExprId, Graph, Unary};
use crate::rewrite::{rebuild, rewrite};

/// The roots with every mixture under them written so.
pub(super) fn merge(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut done = HashMap::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| {
        let plain = rebuild(graph, id, expr);
        merged(graph, plain).unwrap_or(plain)
    });
    roots.iter().map(|root| done[root]).collect()
}

fn merged(g: &mut Graph, id: ExprId) -> Option<ExprId> {
    match g.expr(id) {
        Expr::Binary(Binary::Add, x, y) => {
            let (first, second) = (Part::of(g, x, Unary::Softplus)?, Part::of(g, y, Unary::Softplus)?);
            let mixture = Mixture::of(g, first, second)?;
            Some(mixture.value(g))
        }
        Expr::Binary(Binary::Subtract, x, y) => {
            let (plus, minus) = (Part::of(g, x, Unary::Sigmoid)?, Part::of(g, y, Unary::Sigmoid)?);
            let mixture = Mixture::of(g, minus, plus)?;
            Some(mixture.slope(g))
        }
        _ => None,
    }
}

/// `weigh(weight, scale * function(argument))`
#[derive(Clone, Copy)]
struct Part {
    weight: ExprId,
    scale: Option<ExprId>,
    argument: ExprId,
}

impl Part {
    fn of(g: &Graph, id: ExprId, function: Unary) -> Option<Self> {
        let Expr::Binary(Binary::Weigh, weight, value) = g.expr(id) else { return None };
        let argument = |id| match g.expr(id) {
            Expr::Unary(found, x) if found == function => Some(x),
            _ => None,
        };
        if let Some(argument) = argument(value) {
            return Some(Self { weight, scale: None, argument });
        }
        let Expr::Binary(Binary::Multiply, x, y) = g.expr(value) else { return None };
        let (scale, argument) = argument(y).map(|y| (x, y)).or_else(|| Some((y, argument(x)?)))?;
        Some(Self { weight, scale: Some(scale), argument })
    }
}

/// What is mixed, by weights that add up to 1.
struct Mixture {
    /// What the part of `-x` weighs, which speaks for yes.
    yes: ExprId,
    /// What the part of `x` weighs.
    no: ExprId,
    scale: Option<ExprId>,
    x: ExprId,
}

impl Mixture {
    fn of(g: &mut Graph, yes: Part, no: Part) -> Option<Self> {
        let is_one = lacks(g, no.weight, yes.weight) || lacks(g, yes.weight, no.weight);
        (is_one && g.negate(yes.argument) == no.argument && yes.scale == no.scale).then_some(Self {
            yes: yes.weight,
            no: no.weight,
            scale: no.scale,
            x: no.argument,
        })
    }

    fn value(&self, g: &mut Graph) -> ExprId {
        let (magnitude, falling) = self.magnitude(g);
        let tail = g.apply(Unary::Softplus, falling);
        let is_negative = self.is_negative(g);
        let against = g.choose(is_negative, self.yes, self.no);
        let (tail, magnitude) = (self.scaled(g, tail), self.scaled(g, magnitude));
        let linear = g.weigh(against, magnitude);
        g.plus(tail, linear)
    }

    fn slope(&self, g: &mut Graph) -> ExprId {
        let (_, falling) = self.magnitude(g);
        let share = g.apply(Unary::Sigmoid, falling);
        let (below, above) = (g.subtract(share, self.yes), g.subtract(self.no, share));
        let is_negative = self.is_negative(g);
        let slope = g.choose(is_negative, below, above);
        self.scaled(g, slope)
    }

    fn magnitude(&self, g: &mut Graph) -> (ExprId, ExprId) {
        let magnitude = g.apply(Unary::Abs, self.x);
        (magnitude, g.negate(magnitude))
    }

    fn is_negative(&self, g: &mut Graph) -> ExprId {
        let zero = g.zero();
        g.compare(Comparison::Less, self.x, zero)
    }

    fn scaled(&self, g: &mut Graph, value: ExprId) -> ExprId {
        self.scale.map_or(value, |scale| g.times(scale, value))
    }
}

/// Whether a node is `1 - other`.
fn lacks(g: &Graph, id: ExprId, other: ExprId) -> bool {
    matches!(g.expr(id), Expr::Binary(Binary::Subtract, one, less) if g.is_integer(one, 1) && less == other)
}
