//! Rewrites of formulas as written into forms that lose nothing to rounding or overflow. Each rule is an identity of the extended
//! reals on the whole domain of its left side, and keeps value, derivative, kink choice and NaN; only where the parts of the left side
//! give NaN from infinities alone may the right side give the limit.

mod cosine;

use std::collections::HashMap;

use crate::expr::{AxisSet, Binary, Expr, ExprId, Graph, Reducer, Unary};
use crate::rewrite::{rebuild, rewrite};

/// One rewrite that was made, as text: `log(1 + exp(x)) is computed as softplus(x)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stabilization {
    /// `log(1 + exp(x))` to `softplus(x)`
    Softplus,
    /// `log(1 + x)` to `log1p(x)`
    Log1p,
    /// `exp(x) - 1` to `expm1(x)`
    Expm1,
    /// `log(exp(x))` to `x`
    LogExp,
    /// `1 - sigmoid(x)` to `sigmoid(-x)`
    SigmoidComplement,
    /// `1 / (1 + exp(-x))` to `sigmoid(x)`
    Sigmoid,
    /// `log(sigmoid(x))` to `-softplus(-x)`
    LogSigmoid,
    /// `log(cosh(x))` without its overflow
    LogCosh,
    /// `log(sum(A, exp(x)))` to `logsumexp(A, x)`
    Logsumexp,
    /// `logsumexp(A, x) - x[t]` without its cancellation
    Excess,
    /// `exp(x - logsumexp(A, x))` without its cancellation
    Share,
    /// `dot(A, x, y) / sqrt(dot(A, x, x) * dot(A, y, y))` without its overflow and underflow
    Cosine,
}

impl Stabilization {
    /// What is computed as what.
    pub fn describe(self) -> &'static str {
        match self {
            Stabilization::Softplus => "log(1 + exp(x)) is computed as softplus(x)",
            Stabilization::Log1p => "log(1 + x) is computed as log1p(x)",
            Stabilization::Expm1 => "exp(x) - 1 is computed as expm1(x)",
            Stabilization::LogExp => "log(exp(x)) is computed as x",
            Stabilization::SigmoidComplement => "1 - sigmoid(x) is computed as sigmoid(-x)",
            Stabilization::Sigmoid => "1 / (1 + exp(-x)) is computed as sigmoid(x)",
            Stabilization::LogSigmoid => "log(sigmoid(x)) is computed as -softplus(-x)",
            Stabilization::LogCosh => "log(cosh(x)) is computed without its overflow",
            Stabilization::Logsumexp => "log(sum(A, exp(x))) is computed as logsumexp(A, x)",
            Stabilization::Excess => "logsumexp(A, x) - x[t] is computed without its cancellation",
            Stabilization::Share => "exp(x - logsumexp(A, x)) is computed as a share of the sum",
            Stabilization::Cosine => "dot(A, x, y) / sqrt(dot(A, x, x) * dot(A, y, y)) is computed on scaled vectors",
        }
    }
}

/// The stable form of each root, and what was rewritten.
pub fn stabilize(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, Vec<Stabilization>) {
    let mut done = HashMap::new();
    let mut made = Vec::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| {
        // A rule's result may be the left side of another.
        let mut current = rebuild(graph, id, expr);
        while let Some((better, rule)) = stable_form(graph, current) {
            made.push(rule);
            current = better;
        }
        current
    });
    made.sort_unstable();
    made.dedup();
    (roots.iter().map(|root| done[root]).collect(), made)
}

fn stable_form(g: &mut Graph, id: ExprId) -> Option<(ExprId, Stabilization)> {
    match g.expr(id) {
        Expr::Unary(Unary::Log, x) => {
            log_form(g, x).or_else(|| on_branches(g, x, |g, branch| g.apply(Unary::Log, branch)))
        }
        Expr::Unary(Unary::Log1p, x) => match g.expr(x) {
            Expr::Unary(Unary::Exp, y) => Some((g.apply(Unary::Softplus, y), Stabilization::Softplus)),
            _ => None,
        },
        Expr::Unary(Unary::Exp, x) => {
            // exp(-(l - v)), the inner difference already an excess.
            let Expr::Unary(Unary::Negate, inner) = g.expr(x) else { return None };
            let Expr::Binary(Binary::Excess, l, v) = g.expr(inner) else { return None };
            Some((g.combine(Binary::Share, v, l), Stabilization::Share))
        }
        Expr::Binary(Binary::Subtract, x, y) => difference_form(g, x, y).or_else(|| {
            let is_complement = g.is_integer(x, 1);
            if is_complement { on_branches(g, y, |g, branch| g.subtract(x, branch)) } else { None }
        }),
        Expr::Binary(Binary::Add, x, y) => {
            let minus_one = g.integer(-1);
            let exponential = match (g.expr(x), g.expr(y)) {
                (Expr::Unary(Unary::Exp, z), _) if y == minus_one => z,
                (_, Expr::Unary(Unary::Exp, z)) if x == minus_one => z,
                _ => return None,
            };
            Some((g.apply(Unary::Expm1, exponential), Stabilization::Expm1))
        }
        Expr::Binary(Binary::Divide, x, y) => {
            if let Some(cosine) = cosine::scaled(g, x, y) {
                return Some((cosine, Stabilization::Cosine));
            }
            let exponent = exponent_of_one_plus_exp(g, y)?;
            if g.is_integer(x, 1) {
                let opposite = g.negate(exponent);
                return Some((g.apply(Unary::Sigmoid, opposite), Stabilization::Sigmoid));
            }
            let exp = g.apply(Unary::Exp, exponent);
            (x == exp).then(|| (g.apply(Unary::Sigmoid, exponent), Stabilization::Sigmoid))
        }
        // The share of a place, so that it is known for one.
        Expr::Pick { value, axis, index } => {
            let Expr::Binary(function @ (Binary::Share | Binary::ShareOfOthers), v, l) = g.expr(value) else {
                return None;
            };
            if g.axes(l).contains(axis) {
                return None;
            }
            let own = g.add(Expr::Pick { value: v, axis, index });
            Some((g.combine(function, own, l), Stabilization::Share))
        }
        _ => None,
    }
}

/// A function of a selection as the selection of what it is on each branch, if one of these has a stable form: a probability that is
/// `sigmoid(x)` for yes and `1 - sigmoid(x)` for no.
fn on_branches(
    g: &mut Graph,
    selection: ExprId,
    function: impl Fn(&mut Graph, ExprId) -> ExprId,
) -> Option<(ExprId, Stabilization)> {
    let Expr::If(condition, x, y) = g.expr(selection) else { return None };
    let plain = [function(g, x), function(g, y)];
    let stable = plain.map(|branch| stable_form(g, branch));
    let rule = stable.iter().flatten().map(|(_, rule)| *rule).next()?;
    let [x, y] = [0, 1].map(|side| stable[side].map_or(plain[side], |(branch, _)| branch));
    Some((g.choose(condition, x, y), rule))
}

fn log_form(g: &mut Graph, x: ExprId) -> Option<(ExprId, Stabilization)> {
    match g.expr(x) {
        Expr::Unary(Unary::Exp, y) => Some((y, Stabilization::LogExp)),
        Expr::Unary(Unary::Cosh, y) => Some((g.apply(Unary::LogCosh, y), Stabilization::LogCosh)),
        Expr::Unary(Unary::Sigmoid, y) => {
            let opposite = g.negate(y);
            let softplus = g.apply(Unary::Softplus, opposite);
            Some((g.negate(softplus), Stabilization::LogSigmoid))
        }
        Expr::Binary(Binary::Share, v, l) => {
            let excess = g.combine(Binary::Excess, l, v);
            Some((g.negate(excess), Stabilization::Excess))
        }
        Expr::Binary(Binary::Add, a, b) => {
            if let Some(exponent) = exponent_of_one_plus_exp(g, x) {
                return Some((g.apply(Unary::Softplus, exponent), Stabilization::Softplus));
            }
            let other = if g.is_integer(a, 1) {
                b
            } else if g.is_integer(b, 1) {
                a
            } else {
                return None;
            };
            Some((g.apply(Unary::Log1p, other), Stabilization::Log1p))
        }
        Expr::Binary(Binary::Subtract, a, b) if g.is_integer(a, 1) => {
            let opposite = g.negate(b);
            Some((g.apply(Unary::Log1p, opposite), Stabilization::Log1p))
        }
        Expr::Reduce { reducer: Reducer::Sum, axes, filter, value, order: None } => match g.expr(value) {
            Expr::Unary(Unary::Exp, y) => {
                Some((g.reduce(Reducer::Logsumexp, axes, filter, y), Stabilization::Logsumexp))
            }
            _ => None,
        },
        _ => None,
    }
}

fn difference_form(g: &mut Graph, x: ExprId, y: ExprId) -> Option<(ExprId, Stabilization)> {
    if g.is_integer(x, 1) {
        match g.expr(y) {
            Expr::Unary(Unary::Exp, z) => {
                let expm1 = g.apply(Unary::Expm1, z);
                return Some((g.negate(expm1), Stabilization::Expm1));
            }
            Expr::Unary(Unary::Sigmoid, z) => {
                let opposite = g.negate(z);
                return Some((g.apply(Unary::Sigmoid, opposite), Stabilization::SigmoidComplement));
            }
            Expr::Binary(Binary::Share, v, l) => {
                return Some((g.combine(Binary::ShareOfOthers, v, l), Stabilization::Share));
            }
            _ => {}
        }
    }
    if g.is_integer(y, 1) {
        if let Expr::Unary(Unary::Exp, z) = g.expr(x) {
            return Some((g.apply(Unary::Expm1, z), Stabilization::Expm1));
        }
        // x - 1 is -(1 - x).
        if let Expr::Unary(Unary::Sigmoid, _) | Expr::Binary(Binary::Share, ..) = g.expr(x)
            && let Some((complement, rule)) = difference_form(g, y, x)
        {
            return Some((g.negate(complement), rule));
        }
    }
    if is_place_of(g, y, x) {
        return Some((g.combine(Binary::Excess, x, y), Stabilization::Excess));
    }
    if is_place_of(g, x, y) {
        let excess = g.combine(Binary::Excess, y, x);
        return Some((g.negate(excess), Stabilization::Excess));
    }
    None
}

/// The exponent, if a node is `1 + exp(exponent)`.
fn exponent_of_one_plus_exp(g: &Graph, id: ExprId) -> Option<ExprId> {
    let Expr::Binary(Binary::Add, a, b) = g.expr(id) else { return None };
    let exponential = if g.is_integer(a, 1) {
        b
    } else if g.is_integer(b, 1) {
        a
    } else {
        return None;
    };
    match g.expr(exponential) {
        Expr::Unary(Unary::Exp, exponent) => Some(exponent),
        _ => None,
    }
}

/// Whether `value` is one of the places that `reduction`, a logsumexp over one axis, goes over.
fn is_place_of(g: &Graph, value: ExprId, reduction: ExprId) -> bool {
    let Expr::Reduce { reducer: Reducer::Logsumexp, axes, value: whole, .. } = g.expr(reduction) else {
        return false;
    };
    match g.expr(value) {
        Expr::Pick { value: picked, axis, .. } if AxisSet::of(axis) == axes => picked == whole,
        _ => value == whole,
    }
}
