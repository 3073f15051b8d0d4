//! Which cases can be reached: a `when` that the cases before it leave no room for is an error.
//!
//! Decided for conditions that compare one expression with constants, or with one other expression: the bounds cut the line into
//! cells, and a condition is the set of cells in which it holds.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::elaborate::fold;
use crate::expr::{Expr, ExprId, Graph};
use crate::source::Span;

/// The cases that were considered while typing, by the place of their condition, and whether one of them could be taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct CaseLog {
    reached: BTreeMap<Span, bool>,
}

impl CaseLog {
    /// A case was considered.
    pub(super) fn enter(&mut self, place: Span) {
        self.reached.entry(place).or_insert(false);
    }

    /// A case can be taken.
    pub(super) fn reach(&mut self, place: Span) {
        self.reached.insert(place, true);
    }

    /// Adds what another variant found.
    pub(crate) fn merge(&mut self, other: &CaseLog) {
        for (place, reached) in &other.reached {
            *self.reached.entry(*place).or_insert(false) |= reached;
        }
    }

    /// The conditions that no variant can reach.
    pub(crate) fn unreachable(&self) -> impl Iterator<Item = Span> {
        self.reached.iter().filter(|(_, reached)| !**reached).map(|(place, _)| *place)
    }
}

/// The truth of a condition that is constant.
pub(crate) fn boolean(graph: &Graph, id: ExprId) -> Option<bool> {
    match graph.expr(id) {
        Expr::Boolean(value) => Some(value),
        Expr::Constant(_)
        | Expr::Input(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream
        | Expr::Indicator(_)
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Compare(..)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Not(_)
        | Expr::If(..)
        | Expr::Pick { .. }
        | Expr::Reduce { .. }
        | Expr::Given(_) => None,
    }
}

/// Whether a condition cannot hold where all of `earlier` are false. `false` also means "cannot tell".
pub(super) fn implied_false(graph: &Graph, condition: ExprId, earlier: &[ExprId]) -> bool {
    if earlier.contains(&condition) {
        return true;
    }
    if let Expr::And(x, y) = graph.expr(condition)
        && (implied_false(graph, x, earlier) || implied_false(graph, y, earlier))
    {
        return true;
    }
    let mut subjects = Vec::new();
    atoms(graph, condition, &mut subjects);
    let Some(&(a, b)) = subjects.first() else {
        return false;
    };
    // Which side of the first comparison is the subject is not known: try both.
    [(a, b), (b, a)].into_iter().any(|(subject, bound)| {
        let Some(mut line) = Line::new(graph, subject, bound, &subjects) else {
            return false;
        };
        let relevant: Vec<ExprId> = earlier.iter().copied().filter(|&id| line.admit(graph, id)).collect();
        (0..line.cells()).all(|cell| {
            line.holds(graph, condition, cell) == Some(false)
                || relevant.iter().any(|&id| line.holds(graph, id, cell) == Some(true))
        })
    })
}

/// The sides of every comparison in a condition.
fn atoms(graph: &Graph, id: ExprId, found: &mut Vec<(ExprId, ExprId)>) {
    match graph.expr(id) {
        Expr::Compare(_, x, y) => found.push((x, y)),
        Expr::And(x, y) | Expr::Or(x, y) => {
            atoms(graph, x, found);
            atoms(graph, y, found);
        }
        Expr::Not(x) => atoms(graph, x, found),
        Expr::Constant(_)
        | Expr::Boolean(_)
        | Expr::Input(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream | Expr::Indicator(_)
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::If(..)
        | Expr::Pick { .. }
        | Expr::Reduce { .. }
        // Not a comparison: `holds` gives up on it.
        | Expr::Given(_) => {}
    }
}

/// The values of one expression, cut by bounds: cell 0 lies below all of them, cell 1 is the first bound, and so on.
struct Line {
    subject: ExprId,
    bounds: Vec<ExprId>,
}

impl Line {
    fn new(graph: &Graph, subject: ExprId, bound: ExprId, subjects: &[(ExprId, ExprId)]) -> Option<Line> {
        let mut line = Line { subject, bounds: vec![bound] };
        subjects.iter().all(|&sides| line.cut(graph, sides)).then_some(line)
    }

    fn cells(&self) -> usize {
        2 * self.bounds.len() + 1
    }

    /// Takes in the bounds of an earlier condition, if it is about the same subject.
    fn admit(&mut self, graph: &Graph, id: ExprId) -> bool {
        let mut subjects = Vec::new();
        atoms(graph, id, &mut subjects);
        let before = self.bounds.clone();
        let fits = !subjects.is_empty() && subjects.iter().all(|&sides| self.cut(graph, sides));
        if !fits {
            self.bounds = before;
        }
        fits
    }

    fn cut(&mut self, graph: &Graph, (x, y): (ExprId, ExprId)) -> bool {
        let Some(bound) = self.other_side(x, y) else {
            return false;
        };
        if self.bounds.contains(&bound) {
            return true;
        }
        let mut place = self.bounds.len();
        for (at, known) in self.bounds.iter().enumerate() {
            match fold::order(graph, bound, *known) {
                // Two constants written differently, such as 1 and 2 / 2: one cut is enough, but `holds` looks it up by node.
                None | Some(Ordering::Equal) => return false,
                Some(Ordering::Less) => place = place.min(at),
                Some(Ordering::Greater) => {}
            }
        }
        self.bounds.insert(place, bound);
        true
    }

    fn other_side(&self, x: ExprId, y: ExprId) -> Option<ExprId> {
        if x == self.subject {
            Some(y)
        } else if y == self.subject {
            Some(x)
        } else {
            None
        }
    }

    fn holds(&self, graph: &Graph, id: ExprId, cell: usize) -> Option<bool> {
        match graph.expr(id) {
            Expr::Boolean(value) => Some(value),
            Expr::Compare(comparison, x, y) => {
                let bound = self.other_side(x, y)?;
                let at = 2 * self.bounds.iter().position(|known| *known == bound)? + 1;
                let order = cell.cmp(&at);
                Some(fold::holds(comparison, if x == self.subject { order } else { order.reverse() }))
            }
            Expr::And(x, y) => Some(self.holds(graph, x, cell)? && self.holds(graph, y, cell)?),
            Expr::Or(x, y) => Some(self.holds(graph, x, cell)? || self.holds(graph, y, cell)?),
            Expr::Not(x) => self.holds(graph, x, cell).map(|value| !value),
            Expr::Constant(_)
            | Expr::Input(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Indicator(_)
            | Expr::Unary(..)
            | Expr::Binary(..)
            | Expr::If(..)
            | Expr::Pick { .. }
            | Expr::Reduce { .. }
            | Expr::Given(_) => None,
        }
    }
}
