//! Proofs that two formulas compute the same, in exact arithmetic: they are walked side by side, and each pair of parts is one node, one
//! polynomial, one but for order and signs, or one in each case of a sign, of a label, or of a tie; what no input gets to is left out. What
//! is shown so holds of numbers, and is tried at infinities, NaN and 0 before it counts.

use std::collections::HashSet;

use loss_codegen::expr::{AxisId, Binary, Comparison, Expr, ExprId, Graph, InputId, Unary};
use loss_codegen::rewrite::{map_operands, reachable};

mod conditions;
mod edges;
mod limits;
mod normal;
mod polynomial;

pub(super) use conditions::of_labels;
use conditions::{conjuncts, decided, sides, with_sign};
use edges::no_edge_tells_apart;
use limits::{absorbed, is_known_at_least, is_nan_with, is_nonnegative, is_unordered_with, without_zeros};
use normal::{replaced, turned};
pub(super) use normal::{simplified, taken_over, with_zeros};
use polynomial::one_polynomial;

/// What is known of what goes in.
pub(super) struct Known<'k> {
    /// Conditions that always hold.
    pub(super) facts: &'k [ExprId],
    /// Inputs that are 1 or -1.
    pub(super) signs: &'k [InputId],
}

/// Why two lists of simplified nodes compute the same; none if that is not shown.
pub(super) fn proof(graph: &mut Graph, ours: &[ExprId], theirs: &[ExprId], given: &Known<'_>) -> Option<String> {
    if ours == theirs {
        return Some("one graph after simplification".to_owned());
    }
    if ours.len() != theirs.len() {
        return None;
    }
    let facts = given.facts.iter().flat_map(|&fact| conjuncts(graph, fact)).collect();
    let mut pairing = Pairing { graph, facts, signs: given.signs, path: Vec::new(), known: HashSet::new(), steps: 0 };
    let all = ours.iter().zip(theirs).all(|(&our, &their)| pairing.alike(our, their));
    // What is shown holds of numbers; at infinity and NaN, with which a product of 0 is not 0, formulas are held against each other.
    (all && no_edge_tells_apart(graph, given, ours, theirs)).then(|| {
        "one formula: parts are equal as polynomials on a grid that determines them, in exact arithmetic, or differ only where two \
         sides are equal and both branches are one, or where no input gets, by cases of signs; and no infinity or NaN that was tried tells them apart"
            .to_owned()
    })
}

/// A proof gives up after so many pairs.
const MOST_STEPS: usize = 20_000;

/// Conditions, and whether each holds.
type Path = Vec<(ExprId, bool)>;

/// Two formulas walked side by side.
struct Pairing<'g> {
    graph: &'g mut Graph,
    facts: Vec<ExprId>,
    signs: &'g [InputId],
    /// The conditions under which the pair at hand is selected.
    path: Path,
    /// Pairs that are alike under a path.
    known: HashSet<(ExprId, ExprId, Path)>,
    steps: usize,
}

impl Pairing<'_> {
    fn alike(&mut self, ours: ExprId, theirs: ExprId) -> bool {
        if ours == theirs || self.known.contains(&(ours, theirs, self.path.clone())) {
            return true;
        }
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return false;
        }
        let conditions: Vec<ExprId> = self.path.iter().map(|(condition, _)| *condition).collect();
        let found = self.excluded(&conditions)
            || self.alike_in_parts(ours, theirs)
            || self.alike_in_another_order(ours, theirs, false)
            || self.alike_by_path(ours, theirs)
            || one_polynomial(self.graph, ours, theirs)
            || self.alike_by_signs(ours, theirs)
            || self.alike_by_labels(ours, theirs);
        if found {
            self.known.insert((ours, theirs, self.path.clone()));
        }
        found
    }

    fn alike_in_parts(&mut self, ours: ExprId, theirs: ExprId) -> bool {
        let (our, their) = (self.graph.expr(ours), self.graph.expr(theirs));
        if let (Expr::If(c, x, y), Expr::If(d, v, w)) = (our, their) {
            let same = c == d || self.one_condition(c, d);
            let tie = if same { None } else { sides(self.graph, c, d) };
            // Where the sides are equal the strict comparison takes its second branch, the other one its first.
            let taken = if is_strict(self.graph, c) { (y, v) } else { (x, w) };
            return (same || tie.is_some())
                && self.alike_where(c, true, x, v)
                && self.alike_where(c, false, y, w)
                && tie.is_none_or(|tie| self.one_where_equal(taken, tie));
        }
        if self.one_condition(ours, theirs) {
            return true;
        }
        // A selection of which one branch is left: the other must be the same where it would be selected.
        for (selection, other) in [(our, theirs), (their, ours)] {
            let Expr::If(condition, x, y) = selection else { continue };
            if self.alike_where(condition, false, y, other) && self.one_where(condition, true, x, other) {
                return true;
            }
            if self.alike_where(condition, true, x, other) && self.one_where(condition, false, y, other) {
                return true;
            }
        }
        if matches!(our, Expr::If(..)) || matches!(their, Expr::If(..)) {
            return false;
        }
        let head = |expr: Expr| map_operands(expr, &mut |_| ours);
        if head(our) != head(their)
            || our.operands().next().is_none()
            || self.graph.axes(ours) != self.graph.axes(theirs)
        {
            return false;
        }
        // The places of a reduction, and what a label picks, are other places: what is known here is not known there.
        let is_elsewhere = matches!(our, Expr::Reduce { .. } | Expr::Pick { .. });
        let path = is_elsewhere.then(|| std::mem::take(&mut self.path));
        let found = our.operands().zip(their.operands()).all(|(our, their)| self.alike(our, their));
        if let Some(path) = path {
            self.path = path;
        }
        found
    }

    /// Whether two sums, products or quotients are one, or opposite, but for the order of two parts and for where signs stand: none of
    /// that rounds.
    fn alike_in_another_order(&mut self, ours: ExprId, theirs: ExprId, opposite: bool) -> bool {
        let ((our, our_sign), (their, their_sign)) = (unsigned(self.graph, ours), unsigned(self.graph, theirs));
        if our_sign || their_sign {
            return self.alike_but_for_sign(our, their, opposite ^ our_sign ^ their_sign);
        }
        match (self.graph.expr(ours), self.graph.expr(theirs)) {
            (
                Expr::Binary(our @ (Binary::Add | Binary::Subtract), x, y),
                Expr::Binary(their @ (Binary::Add | Binary::Subtract), v, w),
            ) => {
                let sign = |function: Binary| function == Binary::Subtract;
                let (y, second) = ((y, sign(our)), (w, sign(their)));
                [((v, false), second), (second, (v, false))].into_iter().any(|(first, second)| {
                    self.alike_but_for_sign(x, first.0, opposite ^ first.1)
                        && self.alike_but_for_sign(y.0, second.0, opposite ^ y.1 ^ second.1)
                })
            }
            (Expr::Binary(Binary::Multiply, x, y), Expr::Binary(Binary::Multiply, v, w)) => {
                [(v, w), (w, v)].into_iter().any(|(v, w)| {
                    let signs = if opposite { [(true, false), (false, true)].as_slice() } else { &[(false, false)] };
                    signs.iter().any(|&(first, second)| {
                        self.alike_but_for_sign(x, v, first) && self.alike_but_for_sign(y, w, second)
                    })
                })
            }
            (Expr::Binary(Binary::Divide, x, y), Expr::Binary(Binary::Divide, v, w)) => {
                self.alike_but_for_sign(x, v, opposite) && self.alike(y, w)
            }
            (Expr::If(c, x, y), Expr::If(d, v, w)) if opposite && c == d => {
                [(true, x, v), (false, y, w)].into_iter().all(|(holds, x, v)| {
                    self.path.push((c, holds));
                    let found = self.alike_but_for_sign(x, v, true);
                    self.path.pop();
                    found
                })
            }
            _ => false,
        }
    }

    fn alike_but_for_sign(&mut self, ours: ExprId, theirs: ExprId, opposite: bool) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return false;
        }
        if opposite {
            self.graph.negate(ours) == theirs || self.alike_in_another_order(ours, theirs, true)
        } else {
            self.alike(ours, theirs)
        }
    }

    /// Whether two comparisons hold at the same places, because a fact leaves only one way in which both can.
    fn one_condition(&self, ours: ExprId, theirs: ExprId) -> bool {
        let (Expr::Compare(our, x, y), Expr::Compare(their, v, w)) = (self.graph.expr(ours), self.graph.expr(theirs))
        else {
            return false;
        };
        let their = match (v, w) {
            pair if pair == (x, y) => their,
            pair if pair == (y, x) => turned(their),
            _ => return false,
        };
        let (x, y) = (read(self.graph, x), read(self.graph, y));
        let at_least = |low: ExprId, high: ExprId| self.is_at_least(low, high);
        let pair = |one: Comparison, other: Comparison| (our, their) == (one, other) || (their, our) == (one, other);
        (pair(Comparison::Equal, Comparison::LessEqual) || pair(Comparison::NotEqual, Comparison::Greater))
            && at_least(y, x)
            || (pair(Comparison::Equal, Comparison::GreaterEqual) || pair(Comparison::NotEqual, Comparison::Less))
                && at_least(x, y)
    }

    /// Whether two formulas are one for each value of a label that is 1 or -1.
    fn alike_by_labels(&mut self, ours: ExprId, theirs: ExprId) -> bool {
        let nodes = reachable(self.graph, [ours, theirs]);
        let label = nodes
            .into_iter()
            .find(|&id| matches!(self.graph.expr(id), Expr::Input(input) if self.signs.contains(&input)));
        label.is_some_and(|label| {
            is_here_alone(self.graph, &[ours, theirs], label)
                && [1, -1].into_iter().all(|sign| {
                    let put = |graph: &mut Graph, id: ExprId| (id == label).then(|| graph.integer(sign));
                    let put = replaced(self.graph, &[ours, theirs], &put);
                    let again = simplified(self.graph, &put);
                    again[0] == again[1] || one_polynomial(self.graph, again[0], again[1])
                })
        })
    }

    fn alike_where(&mut self, condition: ExprId, holds: bool, ours: ExprId, theirs: ExprId) -> bool {
        self.path.push((condition, holds));
        let found = self.alike(ours, theirs);
        self.path.pop();
        found
    }

    /// Whether two formulas are one for each sign that what they compare with 0 can have here. Where it is NaN, both are NaN: by
    /// themselves, or because a condition on the way is unordered.
    fn alike_by_signs(&mut self, ours: ExprId, theirs: ExprId) -> bool {
        let compared = reachable(self.graph, [ours, theirs]).into_iter().filter_map(|id| match self.graph.expr(id) {
            Expr::Compare(_, x, y) if self.graph.is_integer(y, 0) => Some(x),
            Expr::Compare(_, x, y) if self.graph.is_integer(x, 0) => Some(y),
            Expr::Unary(Unary::Sign, x) => Some(x),
            _ => None,
        });
        let mut compared: Vec<ExprId> = compared.filter(|&id| self.graph.constant(id).is_none()).collect();
        compared.dedup();
        compared.into_iter().take(4).any(|of| {
            let is_nan = [ours, theirs].iter().all(|&id| is_nan_with(self.graph, id, of));
            (is_nan || self.path.iter().any(|(condition, _)| is_unordered_with(self.graph, *condition, of)))
                && [1, -1, 0].into_iter().all(|sign| self.one_with_sign(&[ours, theirs], of, sign))
        })
    }

    /// Whether all of some formulas are one where a node has this sign, or no input gets there.
    fn one_with_sign(&mut self, formulas: &[ExprId], of: ExprId, sign: i128) -> bool {
        let roots: Vec<ExprId> = formulas.iter().copied().chain(self.path.iter().map(|(id, _)| *id)).collect();
        if !is_here_alone(self.graph, &roots, of) {
            return false;
        }
        let signed = replaced(self.graph, &roots, &|graph, id| with_sign(graph, id, of, sign));
        let (formulas, conditions) = signed.split_at(formulas.len());
        let conditions = simplified(self.graph, conditions);
        let unreachable = self.excluded(&conditions);
        let formulas = simplified(self.graph, formulas);
        let formulas = without_zeros(self.graph, &self.facts, &formulas);
        unreachable
            || formulas
                .iter()
                .all(|&formula| formula == formulas[0] || one_polynomial(self.graph, formula, formulas[0]))
    }

    /// Whether one of the path's conditions, in another form, is known not to be as the path says.
    fn excluded(&self, conditions: &[ExprId]) -> bool {
        self.path.iter().zip(conditions).any(|((_, holds), &condition)| {
            decided(self.graph, &self.facts, condition).is_some_and(|decided| decided != *holds)
        })
    }

    /// Whether two branches are one formula where two sides are equal: at once, or for each sign of what is compared with 0 on the way
    /// or of which an absolute value is taken; or no input gets there.
    fn one_where_equal(&mut self, (x, y): (ExprId, ExprId), (left, right): (ExprId, ExprId)) -> bool {
        if self.one_by_substitution(&[x, y], (left, right)) {
            return true;
        }
        let absolute = reachable(self.graph, [left, right]).into_iter().find_map(|id| match self.graph.expr(id) {
            Expr::Unary(Unary::Abs, of) => Some(of),
            _ => None,
        });
        let Some(of) = absolute else { return false };
        [1, -1, 0].into_iter().all(|sign| {
            let mut roots = vec![x, y, left, right];
            roots.extend(self.path.iter().map(|(id, _)| *id));
            if !is_here_alone(self.graph, &roots, of) {
                return false;
            }
            let signed = replaced(self.graph, &roots, &|graph, id| with_sign(graph, id, of, sign));
            self.excluded(&signed[4..]) || self.one_by_substitution(&signed[..2], (signed[2], signed[3]))
        })
    }

    /// Whether two formulas are one where a condition holds, or where it does not, and that is where two sides are equal. Where it is
    /// unordered, the second must be NaN.
    fn one_where(&mut self, condition: ExprId, holds: bool, x: ExprId, y: ExprId) -> bool {
        let Some((left, right)) = self.equality(condition, holds) else { return false };
        let mut sides = [left, right].into_iter().filter(|&side| self.graph.constant(side).is_none());
        sides.all(|side| is_nan_with(self.graph, y, side)) && self.one_by_substitution(&[x, y], (left, right))
    }

    /// Whether two formulas are alike because the last condition on the way makes two sides equal.
    fn alike_by_path(&mut self, ours: ExprId, theirs: ExprId) -> bool {
        let Some(&(condition, holds)) = self.path.last() else { return false };
        let Some((left, right)) = self.equality(condition, holds) else { return false };
        [(left, right), (right, left)].into_iter().any(|(old, new)| {
            if self.graph.constant(old).is_some()
                || reachable(self.graph, [new]).contains(&old)
                || !is_here_alone(self.graph, &[ours, theirs], old)
            {
                return false;
            }
            let put = replaced(self.graph, &[ours, theirs], &|_, id| (id == old).then_some(new));
            let again = simplified(self.graph, &put);
            // What else is on the way may be of the side that was replaced: it is left out, which shows less and nothing false.
            let path = std::mem::take(&mut self.path);
            let found = again != [ours, theirs] && self.alike(again[0], again[1]);
            self.path = path;
            found
        })
    }

    /// The sides that are equal where a condition holds, or where it does not.
    fn equality(&self, condition: ExprId, holds: bool) -> Option<(ExprId, ExprId)> {
        let Expr::Compare(comparison, left, right) = self.graph.expr(condition) else { return None };
        let at_least = |low: ExprId, high: ExprId| self.is_at_least(low, high);
        let is_equality = match (comparison, holds) {
            (Comparison::Equal, true) | (Comparison::NotEqual, false) => true,
            (Comparison::LessEqual, true) | (Comparison::Greater, false) => at_least(right, left),
            (Comparison::GreaterEqual, true) | (Comparison::Less, false) => at_least(left, right),
            (Comparison::Equal | Comparison::LessEqual | Comparison::GreaterEqual, false)
            | (Comparison::NotEqual | Comparison::Greater | Comparison::Less, true) => false,
        };
        is_equality.then_some((left, right))
    }

    /// Whether one side is never below another.
    fn is_at_least(&self, low: ExprId, high: ExprId) -> bool {
        (self.graph.is_integer(low, 0) && is_nonnegative(self.graph, &self.facts, high))
            || is_known_at_least(self.graph, &self.facts, (low, high))
    }

    fn one_by_substitution(&mut self, branches: &[ExprId], (left, right): (ExprId, ExprId)) -> bool {
        [(left, right), (right, left)].into_iter().any(|(old, new)| {
            // A side that holds the other cannot be put in its place; nor is a constant one thing everywhere.
            let holds = old != new && reachable(self.graph, [new]).contains(&old);
            if holds || self.graph.constant(old).is_some() {
                return false;
            }
            let mut roots = branches.to_vec();
            roots.extend(self.path.iter().map(|(id, _)| *id));
            if !is_here_alone(self.graph, &roots, old) {
                return false;
            }
            let put = |graph: &mut Graph, id: ExprId| match graph.expr(id) {
                _ if id == old => Some(new),
                // Where a number is 0, so is its size.
                Expr::Unary(Unary::Abs, x) if x == old && graph.is_integer(new, 0) => Some(new),
                _ => None,
            };
            let put = replaced(self.graph, &roots, &put);
            let again = simplified(self.graph, &put);
            let branches = without_zeros(self.graph, &self.facts, &again[..2]);
            let (one, other) = (branches[0], branches[1]);
            self.excluded(&again[2..])
                || one == other
                || one_polynomial(self.graph, one, other)
                || absorbed(self.graph, one, other)
        })
    }
}

/// A node without the signs before it, and whether they turn it round.
fn unsigned(graph: &Graph, id: ExprId) -> (ExprId, bool) {
    match graph.expr(id) {
        Expr::Unary(Unary::Negate, inner) => {
            let (inner, sign) = unsigned(graph, inner);
            (inner, !sign)
        }
        _ => (id, false),
    }
}

/// Whether a comparison does not hold where its sides are equal.
fn is_strict(graph: &Graph, condition: ExprId) -> bool {
    matches!(graph.expr(condition), Expr::Compare(Comparison::Less | Comparison::Greater, ..))
}

/// Whether a node is read at the place at hand alone, so that what is known of it here is known of all of it: it is one for all places,
/// or no reduction and no label reads it elsewhere.
fn is_here_alone(graph: &Graph, roots: &[ExprId], of: ExprId) -> bool {
    graph.axes(of).iter().all(|axis| axis == AxisId::ROWS)
        || reachable(graph, roots.iter().copied())
            .into_iter()
            .filter(|&id| matches!(graph.expr(id), Expr::Reduce { .. } | Expr::Pick { .. }))
            .all(|id| !reachable(graph, [id]).contains(&of))
}

/// What a label picks is one of the values that it picks from.
fn read(graph: &Graph, id: ExprId) -> ExprId {
    match graph.expr(id) {
        Expr::Pick { value, .. } => value,
        _ => id,
    }
}
