//! What conditions say: those that always hold of each other, and one of what lies in the branch that it selects.

use loss_codegen::expr::{Comparison, Expr, ExprId, Graph, Type, Unary};
use loss_codegen::model::{Label, Spec};
use loss_codegen::rewrite::reachable;

use super::limits::is_nonnegative;
use super::normal::turned;

/// What the labels of inputs say of them, as conditions on these in some formulas.
pub(in crate::mutation) fn of_labels(graph: &mut Graph, spec: &Spec, roots: &[ExprId]) -> Vec<ExprId> {
    let (zero, one) = (graph.zero(), graph.one());
    let mut all = Vec::new();
    for id in reachable(graph, roots.iter().copied()) {
        let Expr::Input(input) = graph.expr(id) else { continue };
        if graph.ty(id) != Type::Real {
            continue;
        }
        // A direction is no input of the spec, and may be any number.
        let Some(declared) = spec.inputs.get(usize::from(input.0)) else { continue };
        let (from_zero, to_one) = match declared.label {
            Label::Nonnegative | Label::Positive | Label::Count => (true, false),
            Label::Probability | Label::Binary | Label::MultiHot(_) | Label::Flag | Label::Simplex(_) => (true, true),
            Label::Real | Label::Sign | Label::ClassIndex(_) | Label::Group | Label::IndexList(_) => (false, false),
        };
        if from_zero {
            all.push(graph.add(Expr::Compare(Comparison::LessEqual, zero, id)));
        }
        if to_one {
            all.push(graph.add(Expr::Compare(Comparison::LessEqual, id, one)));
        }
    }
    all
}

/// The conditions of which one is made that holds where all of them do.
pub(super) fn conjuncts(graph: &Graph, condition: ExprId) -> Vec<ExprId> {
    match graph.expr(condition) {
        Expr::And(x, y) => [conjuncts(graph, x), conjuncts(graph, y)].concat(),
        _ => vec![condition],
    }
}

/// What a condition is, if that is known.
pub(super) fn decided(graph: &Graph, facts: &[ExprId], condition: ExprId) -> Option<bool> {
    match graph.expr(condition) {
        Expr::Boolean(value) => Some(value),
        Expr::Not(x) => decided(graph, facts, x).map(|holds| !holds),
        Expr::Compare(Comparison::Less, x, y) | Expr::Compare(Comparison::Greater, y, x)
            if graph.is_integer(y, 0) && is_nonnegative(graph, facts, x) =>
        {
            Some(false)
        }
        Expr::Compare(comparison, x, y) => facts.iter().find_map(|&fact| {
            let Expr::Compare(known, v, w) = graph.expr(fact) else { return None };
            let known = match (v, w) {
                pair if pair == (x, y) => known,
                pair if pair == (y, x) => turned(known),
                _ => return None,
            };
            match (known, comparison) {
                (Comparison::Less, Comparison::Less | Comparison::LessEqual | Comparison::NotEqual)
                | (Comparison::LessEqual, Comparison::LessEqual)
                | (Comparison::Greater, Comparison::Greater | Comparison::GreaterEqual | Comparison::NotEqual)
                | (Comparison::GreaterEqual, Comparison::GreaterEqual) => Some(true),
                (Comparison::Less, Comparison::Greater | Comparison::GreaterEqual | Comparison::Equal)
                | (Comparison::LessEqual, Comparison::Greater)
                | (Comparison::Greater, Comparison::Less | Comparison::LessEqual | Comparison::Equal)
                | (Comparison::GreaterEqual, Comparison::Less) => Some(false),
                (Comparison::LessEqual | Comparison::GreaterEqual | Comparison::Equal | Comparison::NotEqual, _) => {
                    None
                }
            }
        }),
        _ => None,
    }
}

/// The sides of two comparisons that differ only where these are equal.
pub(super) fn sides(graph: &Graph, ours: ExprId, theirs: ExprId) -> Option<(ExprId, ExprId)> {
    let (Expr::Compare(our, x, y), Expr::Compare(their, v, w)) = (graph.expr(ours), graph.expr(theirs)) else {
        return None;
    };
    let strict = |comparison: Comparison| match comparison {
        Comparison::Less | Comparison::LessEqual => Some(Comparison::Less),
        Comparison::Greater | Comparison::GreaterEqual => Some(Comparison::Greater),
        Comparison::Equal | Comparison::NotEqual => None,
    };
    let (our, their) = (strict(our)?, strict(their)?);
    ((x, y) == (v, w) && our == their || (x, y) == (w, v) && our == turned(their)).then_some((x, y))
}

/// What a node is, given the sign of another one; none if that tells nothing.
pub(super) fn with_sign(graph: &mut Graph, id: ExprId, of: ExprId, sign: i128) -> Option<ExprId> {
    let is_zero = |graph: &Graph, id: ExprId| graph.is_integer(id, 0);
    match graph.expr(id) {
        _ if id == of && sign == 0 => Some(graph.zero()),
        Expr::Unary(Unary::Abs, x) if x == of => Some(match sign {
            1 => of,
            0 => graph.zero(),
            _ => graph.negate(of),
        }),
        Expr::Unary(Unary::Sign, x) if x == of => Some(graph.integer(sign)),
        Expr::Compare(comparison, x, y) if (x == of && is_zero(graph, y)) || (y == of && is_zero(graph, x)) => {
            let sign = if x == of { sign } else { -sign };
            let holds = match comparison {
                Comparison::Less => sign < 0,
                Comparison::LessEqual => sign <= 0,
                Comparison::Greater => sign > 0,
                Comparison::GreaterEqual => sign >= 0,
                Comparison::Equal => sign == 0,
                Comparison::NotEqual => sign != 0,
            };
            Some(graph.add(Expr::Boolean(holds)))
        }
        _ => None,
    }
}
