//! Proofs that two formulas compute the same: one graph after simplification, but for comparisons that differ only where both sides are
//! equal, and where both branches are one formula there.

use std::collections::HashMap;

use loss_codegen::expr::{Binary, Comparison, Expr, ExprId, Graph, Unary};
use loss_codegen::rewrite::{map_operands, reachable, rebuild, rewrite};

/// The nodes of another graph in this one, simplified, the operands of what commutes in one order.
pub(super) fn taken_over(graph: &mut Graph, from: &Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut known: HashMap<ExprId, ExprId> = HashMap::new();
    for id in reachable(from, roots.iter().copied()) {
        let expr = map_operands(from.expr(id), &mut |operand| known[&operand]);
        let new = if expr.operands().next().is_none() {
            graph.intern(expr, from.ty(id), from.axes(id))
        } else {
            ordered(graph, id, expr)
        };
        known.insert(id, new);
    }
    roots.iter().map(|root| known[root]).collect()
}

/// Nodes of this graph, likewise.
pub(super) fn simplified(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    replaced(graph, roots, &|_, _| None)
}

/// A node through the simplifying constructors. Operands commute by the order in which they were made.
fn ordered(graph: &mut Graph, id: ExprId, expr: Expr) -> ExprId {
    let sorted = |x: ExprId, y: ExprId| if x <= y { (x, y) } else { (y, x) };
    let expr = match expr {
        Expr::Binary(function @ (Binary::Add | Binary::Multiply | Binary::Max | Binary::Min), x, y) => {
            let (x, y) = sorted(x, y);
            Expr::Binary(function, x, y)
        }
        Expr::And(x, y) => {
            let (x, y) = sorted(x, y);
            Expr::And(x, y)
        }
        Expr::Or(x, y) => {
            let (x, y) = sorted(x, y);
            Expr::Or(x, y)
        }
        Expr::Compare(comparison @ (Comparison::Equal | Comparison::NotEqual), x, y) => {
            let (x, y) = sorted(x, y);
            Expr::Compare(comparison, x, y)
        }
        other => other,
    };
    rebuild(graph, id, expr)
}

/// Roots in which some nodes are replaced by others, simplified.
fn replaced(graph: &mut Graph, roots: &[ExprId], by: &dyn Fn(&mut Graph, ExprId) -> Option<ExprId>) -> Vec<ExprId> {
    let mut done = HashMap::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| by(graph, id).unwrap_or_else(|| ordered(graph, id, expr)));
    roots.iter().map(|root| done[root]).collect()
}

/// Why two lists of simplified nodes compute the same; none if that is not shown.
pub(super) fn proof(graph: &mut Graph, ours: &[ExprId], theirs: &[ExprId]) -> Option<String> {
    if ours == theirs {
        return Some("one graph after simplification".to_owned());
    }
    if ours.len() != theirs.len() {
        return None;
    }
    let mut pairing = Pairing { graph, known: HashMap::new() };
    let all = ours.iter().zip(theirs).all(|(&our, &their)| pairing.alike(our, their));
    all.then(|| {
        "one graph after simplification, but for a comparison where both sides are equal; there both branches are one formula"
            .to_owned()
    })
}

struct Pairing<'g> {
    graph: &'g mut Graph,
    known: HashMap<(ExprId, ExprId), bool>,
}

impl Pairing<'_> {
    fn alike(&mut self, ours: ExprId, theirs: ExprId) -> bool {
        if ours == theirs {
            return true;
        }
        if let Some(&known) = self.known.get(&(ours, theirs)) {
            return known;
        }
        let (our, their) = (self.graph.expr(ours), self.graph.expr(theirs));
        let found = match (our, their) {
            (Expr::If(c, x, y), Expr::If(d, v, w)) if c != d => {
                self.alike(x, v)
                    && self.alike(y, w)
                    && sides(self.graph, c, d).is_some_and(|(left, right)| self.one_where_equal((x, y), (left, right)))
            }
            _ => {
                let head = |expr: Expr| map_operands(expr, &mut |_| ours);
                head(our) == head(their)
                    && our.operands().next().is_some()
                    && self.graph.axes(ours) == self.graph.axes(theirs)
                    && our.operands().zip(their.operands()).all(|(our, their)| self.alike(our, their))
            }
        };
        self.known.insert((ours, theirs), found);
        found
    }

    /// Whether two branches are one formula where two sides are equal: at once, or for each sign of what an absolute value is taken of.
    fn one_where_equal(&mut self, (x, y): (ExprId, ExprId), (left, right): (ExprId, ExprId)) -> bool {
        if self.one_by_substitution([x, y, left, right]) {
            return true;
        }
        let absolute = reachable(self.graph, [left, right]).into_iter().find_map(|id| match self.graph.expr(id) {
            Expr::Unary(Unary::Abs, of) => Some(of),
            _ => None,
        });
        let Some(of) = absolute else { return false };
        [1, -1, 0].into_iter().all(|sign| {
            let signed = replaced(self.graph, &[x, y, left, right], &|graph, id| with_sign(graph, id, of, sign));
            signed.try_into().is_ok_and(|signed| self.one_by_substitution(signed))
        })
    }

    fn one_by_substitution(&mut self, [x, y, left, right]: [ExprId; 4]) -> bool {
        [(left, right), (right, left)].into_iter().any(|(old, new)| {
            // A side that holds the other cannot be put in its place.
            let holds = reachable(self.graph, [new]).contains(&old) && old != new;
            let branches = replaced(self.graph, &[x, y], &|_, id| (id == old).then_some(new));
            !holds && branches[0] == branches[1]
        })
    }
}

/// The sides of two comparisons that differ only where these are equal.
fn sides(graph: &Graph, ours: ExprId, theirs: ExprId) -> Option<(ExprId, ExprId)> {
    let (Expr::Compare(our, x, y), Expr::Compare(their, v, w)) = (graph.expr(ours), graph.expr(theirs)) else {
        return None;
    };
    let strict = |comparison: Comparison| match comparison {
        Comparison::Less | Comparison::LessEqual => Some(Comparison::Less),
        Comparison::Greater | Comparison::GreaterEqual => Some(Comparison::Greater),
        Comparison::Equal | Comparison::NotEqual => None,
    };
    let turned = |comparison: Comparison| match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::Greater => Comparison::Less,
        other => other,
    };
    let (our, their) = (strict(our)?, strict(their)?);
    ((x, y) == (v, w) && our == their || (x, y) == (w, v) && our == turned(their)).then_some((x, y))
}

/// What a node is, given the sign of another one; none if that tells nothing.
fn with_sign(graph: &mut Graph, id: ExprId, of: ExprId, sign: i128) -> Option<ExprId> {
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
