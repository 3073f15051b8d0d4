//! Reverse-mode differentiation: from a formula to its cotangents, as formulas.
//!
//! A cotangent's chain is not plain multiplication: the zero of an unselected branch or of a weight that removes its value stays zero
//! whatever it meets. `chain` realises that by pulling selections and weights out of products, so that no 0 * inf arises.

mod rules;
mod tangent;
mod zeros;

use std::collections::HashMap;

use crate::assume::decide_conditions;
use crate::expr::{AxisId, AxisSet, Binary, Comparison, Expr, ExprId, Graph, InputId, Reducer, Type, Unary};
use crate::rewrite::reachable;

pub use tangent::tangent;
pub(crate) use zeros::chain;
use zeros::{chain_quotient, removed, selected, through_zeros};

/// Why there is no derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDifferentiable {
    /// The gradient of a value that is the same for every row sums over the whole batch.
    SumsOverRows,
}

/// What a user of a node adds to the node's cotangent.
enum Contribution {
    /// This.
    Plain(ExprId),
    /// `cotangent * share`, the share of the node in this logsumexp: kept apart, because `share - 1` must not cancel.
    Share { logsumexp: ExprId, cotangent: ExprId },
}

/// The cotangents of `root` with respect to each of the inputs, given that of `root` as [`Expr::Upstream`] (made here).
///
/// # Errors
/// The gradient would sum over rows.
pub fn differentiate(graph: &mut Graph, root: ExprId, inputs: &[InputId]) -> Result<Vec<ExprId>, NotDifferentiable> {
    let upstream = graph.intern(Expr::Upstream, Type::Real, graph.axes(root));
    let nodes = reachable(graph, [root]);
    let mut reverse = Reverse { graph, pending: HashMap::new(), leads_to_input: HashMap::new(), axes: Axes::Summed };
    for &id in &nodes {
        reverse.note_dependence(id, inputs);
    }
    reverse.give(root, root, Contribution::Plain(upstream))?;
    let mut gradients = HashMap::new();
    for &id in nodes.iter().rev() {
        let Some(contributions) = reverse.pending.remove(&id) else { continue };
        let cotangent = reverse.total(id, contributions);
        match reverse.graph.expr(id) {
            Expr::Input(input) => {
                gradients.insert(input, cotangent);
            }
            expr => reverse.propagate(id, expr, cotangent)?,
        }
    }
    let found: Vec<ExprId> =
        inputs.iter().map(|input| gradients.get(input).copied().unwrap_or_else(|| graph.zero())).collect();
    Ok(decide_conditions(graph, &found))
}

struct Reverse<'g> {
    graph: &'g mut Graph,
    pending: HashMap<ExprId, Vec<Contribution>>,
    leads_to_input: HashMap<ExprId, bool>,
    axes: Axes,
}

/// What becomes of a contribution along axes that a node lacks.
#[derive(Clone, Copy, PartialEq)]
enum Axes {
    /// It is summed over them.
    Summed,
    /// It stays as it is: the rules are asked for what is linear in them, not for a sum.
    Kept,
}

impl Reverse<'_> {
    fn note_dependence(&mut self, id: ExprId, inputs: &[InputId]) {
        let expr = self.graph.expr(id);
        let depends = match expr {
            Expr::Input(input) => inputs.contains(&input),
            Expr::Unary(Unary::Detach | Unary::Sign | Unary::PowerOfTwo, _) => false,
            Expr::Binary(Binary::StraightThrough, _, path) => self.leads_to_input[&path],
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
            | Expr::If(..)
            | Expr::Indicator(_)
            | Expr::Pick { .. }
            | Expr::Reduce { .. } => {
                self.graph.ty(id) == Type::Real && expr.operands().any(|operand| self.leads_to_input[&operand])
            }
        };
        self.leads_to_input.insert(id, depends);
    }

    fn depends(&self, id: ExprId) -> bool {
        self.leads_to_input.get(&id).is_some_and(|&leads| leads)
    }

    /// Hands `node` a contribution that varies along the axes of `user`, summed over those that `node` lacks.
    fn give(&mut self, node: ExprId, user: ExprId, contribution: Contribution) -> Result<(), NotDifferentiable> {
        let user_axes = self.graph.axes(user);
        self.give_along(node, user_axes, contribution)
    }

    fn give_along(
        &mut self,
        node: ExprId,
        user_axes: AxisSet,
        contribution: Contribution,
    ) -> Result<(), NotDifferentiable> {
        if !self.depends(node) {
            return Ok(());
        }
        let missing = match self.axes {
            Axes::Summed => user_axes.without(self.graph.axes(node)),
            Axes::Kept => AxisSet::EMPTY,
        };
        let contribution = if missing.is_empty() {
            contribution
        } else {
            let mut total = self.plain(node, contribution);
            for axis in missing.iter() {
                if axis == AxisId::ROWS {
                    return Err(NotDifferentiable::SumsOverRows);
                }
                total = sum_along(self.graph, axis, total);
            }
            Contribution::Plain(total)
        };
        if let Contribution::Plain(cotangent) = contribution
            && self.graph.is_integer(cotangent, 0)
        {
            return Ok(());
        }
        self.pending.entry(node).or_default().push(contribution);
        Ok(())
    }

    fn plain(&mut self, node: ExprId, contribution: Contribution) -> ExprId {
        match contribution {
            Contribution::Plain(cotangent) => cotangent,
            Contribution::Share { logsumexp, cotangent } => {
                let share = self.graph.combine(Binary::Share, node, logsumexp);
                chain(self.graph, cotangent, share)
            }
        }
    }

    /// The sum of the contributions to a node. One share and the rest are balanced against each other.
    fn total(&mut self, node: ExprId, contributions: Vec<Contribution>) -> ExprId {
        let mut rest = self.graph.zero();
        let mut share = None;
        for contribution in contributions {
            match contribution {
                Contribution::Share { logsumexp, cotangent } if share.is_none() => share = Some((logsumexp, cotangent)),
                other => {
                    let mut cotangent = self.plain(node, other);
                    if let Expr::Input(_) = self.graph.expr(node) {
                        cotangent = unmarked(self.graph, cotangent);
                    }
                    rest = add_cotangents(self.graph, rest, cotangent);
                }
            }
        }
        match share {
            None => rest,
            Some((logsumexp, cotangent)) => {
                let shares = Shares {
                    own: self.graph.combine(Binary::Share, node, logsumexp),
                    others: self.graph.combine(Binary::ShareOfOthers, node, logsumexp),
                };
                balance(self.graph, cotangent, &shares, rest)
            }
        }
    }
}

struct Shares {
    own: ExprId,
    others: ExprId,
}

/// `cotangent * own + rest` without the cancellation of `own` near 1 against a `rest` near `-cotangent`.
fn balance(graph: &mut Graph, cotangent: ExprId, shares: &Shares, rest: ExprId) -> ExprId {
    if graph.is_integer(rest, 0) {
        return chain(graph, cotangent, shares.own);
    }
    if let Expr::If(condition, value, otherwise) = graph.expr(rest) {
        let value = balance(graph, cotangent, shares, value);
        let otherwise = balance(graph, cotangent, shares, otherwise);
        return graph.choose(condition, value, otherwise);
    }
    if rest == graph.negate(cotangent) {
        let product = chain(graph, cotangent, shares.others);
        return graph.negate(product);
    }
    let half = graph.number(crate::expr::Constant::decimal(5, -1));
    let large = graph.compare(Comparison::Greater, shares.own, half);
    let near = {
        let sum = cancelled_sum(graph, cotangent, rest);
        let lost = chain(graph, cotangent, shares.others);
        graph.subtract(sum, lost)
    };
    let far = {
        let gained = chain(graph, cotangent, shares.own);
        graph.plus(gained, rest)
    };
    let balanced = graph.choose(large, near, far);
    // Where nothing of the cotangent is left, the share is not asked for: it may be NaN, and with it the condition.
    match removed(graph, cotangent) {
        Some(removed) => graph.choose(removed, rest, balanced),
        None => balanced,
    }
}

/// The sum of two cotangents: selections on one condition are joined, and a selection with a zero takes the other summand in.
fn add_cotangents(graph: &mut Graph, x: ExprId, y: ExprId) -> ExprId {
    if graph.is_integer(x, 0) {
        return y;
    }
    if graph.is_integer(y, 0) {
        return x;
    }
    if x == y || Factors::of(graph, x) == Factors::of(graph, y) {
        // The two halves of a square: D(r * (r / b)) is 2 r / b.
        let two = graph.integer(2);
        return chain(graph, y, two);
    }
    let (x, y) = (sign_inside(graph, x), sign_inside(graph, y));
    if let Some(sum) = under_one_weight(graph, x, y, add_cotangents) {
        return sum;
    }
    match (graph.expr(x), graph.expr(y)) {
        (Expr::Unary(Unary::Negate, a), Expr::Unary(Unary::Negate, b)) => {
            let sum = add_cotangents(graph, a, b);
            graph.negate(sum)
        }
        (Expr::If(c, a, b), Expr::If(d, e, f)) if c == d => {
            let value = add_cotangents(graph, a, e);
            let otherwise = add_cotangents(graph, b, f);
            graph.choose(c, value, otherwise)
        }
        (Expr::If(c, a, b), _) if graph.is_integer(a, 0) || graph.is_integer(b, 0) => {
            let value = add_cotangents(graph, a, y);
            let otherwise = add_cotangents(graph, b, y);
            graph.choose(c, value, otherwise)
        }
        (_, Expr::If(_, a, b)) if graph.is_integer(a, 0) || graph.is_integer(b, 0) => add_cotangents(graph, y, x),
        (_, Expr::Unary(Unary::Negate, b)) => subtract_cotangents(graph, x, b),
        (Expr::Unary(Unary::Negate, a), _) => subtract_cotangents(graph, y, a),
        _ => graph.plus(x, y),
    }
}

/// The difference of two cotangents: what both are multiplied with is taken out where the rest then cancels on paper.
fn subtract_cotangents(graph: &mut Graph, x: ExprId, y: ExprId) -> ExprId {
    if let Some(difference) = under_one_weight(graph, x, y, subtract_cotangents) {
        return difference;
    }
    match (graph.expr(x), graph.expr(y)) {
        (Expr::Binary(Binary::Multiply, u, a), Expr::Binary(Binary::Multiply, v, b)) if u == v => {
            let difference = graph.subtract(a, b);
            match graph.expr(difference) {
                Expr::Binary(Binary::Subtract, ..) => graph.subtract(x, y),
                _ => chain(graph, u, difference),
            }
        }
        _ => graph.subtract(x, y),
    }
}

/// Combines what stands under one and the same weight in both.
fn under_one_weight(
    graph: &mut Graph,
    x: ExprId,
    y: ExprId,
    combine: fn(&mut Graph, ExprId, ExprId) -> ExprId,
) -> Option<ExprId> {
    match (graph.expr(x), graph.expr(y)) {
        (Expr::Binary(Binary::Weigh, v, a), Expr::Binary(Binary::Weigh, w, b)) if v == w => {
            let combined = combine(graph, a, b);
            Some(graph.weigh(v, combined))
        }
        (Expr::Unary(Unary::Weighed, a), Expr::Unary(Unary::Weighed, b)) => {
            let combined = combine(graph, a, b);
            Some(graph.apply(Unary::Weighed, combined))
        }
        _ => None,
    }
}

/// What a weight weighs, where no derivative comes any more that could remove it: it stands under one weight with the others.
fn unmarked(graph: &mut Graph, cotangent: ExprId) -> ExprId {
    match graph.expr(cotangent) {
        Expr::Unary(Unary::Weighed, inner) => inner,
        Expr::Unary(Unary::Negate, inner) => {
            let inner = unmarked(graph, inner);
            graph.negate(inner)
        }
        Expr::If(condition, a, b) => {
            let (a, b) = (unmarked(graph, a), unmarked(graph, b));
            graph.choose(condition, a, b)
        }
        _ => cotangent,
    }
}

/// `-(if c then a else b)` as `if c then -a else -b`, so that sums see the selection.
fn sign_inside(graph: &mut Graph, x: ExprId) -> ExprId {
    let Expr::Unary(Unary::Negate, inner) = graph.expr(x) else { return x };
    let Expr::If(condition, a, b) = graph.expr(inner) else { return x };
    let (a, b) = (graph.negate(a), graph.negate(b));
    let (a, b) = (sign_inside(graph, a), sign_inside(graph, b));
    graph.choose(condition, a, b)
}

/// `x + y` where terms of one may be the negated terms of the other: those are left out instead of rounded away.
fn cancelled_sum(graph: &mut Graph, x: ExprId, y: ExprId) -> ExprId {
    let mut terms = Vec::new();
    collect_terms(graph, x, true, &mut terms);
    collect_terms(graph, y, true, &mut terms);
    let mut kept: Vec<(bool, ExprId)> = Vec::new();
    for (positive, term) in terms {
        match kept.iter().position(|&(sign, other)| sign != positive && other == term) {
            Some(opposite) => {
                kept.remove(opposite);
            }
            None => kept.push((positive, term)),
        }
    }
    without_others(graph, &mut kept);
    kept.into_iter().fold(
        graph.zero(),
        |sum, (positive, term)| {
            if positive { graph.plus(sum, term) } else { graph.subtract(sum, term) }
        },
    )
}

/// Joins a sum and the negated term of one of its places.
fn without_others(graph: &mut Graph, terms: &mut Vec<(bool, ExprId)>) {
    let count = terms.len();
    let mut pairs = (0..count).flat_map(|whole| (0..count).map(move |part| (whole, part)));
    let joined = pairs.find_map(|(whole, part)| {
        let opposite = terms[whole].0 != terms[part].0;
        let rest = opposite.then(|| others(graph, terms[whole].1, terms[part].1)).flatten()?;
        Some((whole, part, rest))
    });
    if let Some((whole, part, rest)) = joined {
        terms[whole].1 = rest;
        terms.remove(part);
        without_others(graph, terms);
    }
}

/// `whole - part`, if one is a sum and the other a place of it, both perhaps with the same factors.
fn others(graph: &mut Graph, whole: ExprId, part: ExprId) -> Option<ExprId> {
    match (graph.expr(whole), graph.expr(part)) {
        (Expr::Reduce { reducer: Reducer::Sum, value, .. }, _) if value == part => {
            Some(graph.combine(Binary::Others, part, whole))
        }
        (Expr::Binary(f @ (Binary::Weigh | Binary::Multiply), a, x), Expr::Binary(g, b, y)) if f == g => {
            let (left, right) = if x == y {
                (others(graph, a, b)?, x)
            } else if a == b {
                (a, others(graph, x, y)?)
            } else {
                return None;
            };
            Some(graph.combine(f, left, right))
        }
        _ => None,
    }
}

fn collect_terms(graph: &Graph, sum: ExprId, positive: bool, terms: &mut Vec<(bool, ExprId)>) {
    match graph.expr(sum) {
        Expr::Binary(Binary::Add, a, b) => {
            collect_terms(graph, a, positive, terms);
            collect_terms(graph, b, positive, terms);
        }
        Expr::Binary(Binary::Subtract, a, b) => {
            collect_terms(graph, a, positive, terms);
            collect_terms(graph, b, !positive, terms);
        }
        Expr::Unary(Unary::Negate, a) => collect_terms(graph, a, !positive, terms),
        _ => terms.push((positive, sum)),
    }
}

/// A product in parts, whatever the order in which it multiplies and divides.
#[derive(PartialEq, Eq)]
struct Factors {
    numerators: Vec<ExprId>,
    denominators: Vec<ExprId>,
}

impl Factors {
    fn of(graph: &Graph, product: ExprId) -> Self {
        let mut factors = Factors { numerators: Vec::new(), denominators: Vec::new() };
        factors.collect(graph, product);
        factors.numerators.sort_unstable();
        factors.denominators.sort_unstable();
        factors
    }

    fn collect(&mut self, graph: &Graph, product: ExprId) {
        match graph.expr(product) {
            Expr::Binary(Binary::Multiply, x, y) => {
                self.collect(graph, x);
                self.collect(graph, y);
            }
            Expr::Binary(Binary::Divide, x, y) => {
                self.collect(graph, x);
                self.denominators.push(y);
            }
            _ => self.numerators.push(product),
        }
    }
}

/// The sum of a cotangent along an axis, with what does not vary along it taken out.
fn sum_along(graph: &mut Graph, axis: AxisId, cotangent: ExprId) -> ExprId {
    let varies = |graph: &Graph, id: ExprId| graph.axes(id).contains(axis);
    if !varies(graph, cotangent) {
        let size = graph.add(Expr::Size(axis));
        return chain(graph, cotangent, size);
    }
    match graph.expr(cotangent) {
        Expr::Unary(Unary::Negate, inner) => {
            let sum = sum_along(graph, axis, inner);
            graph.negate(sum)
        }
        // A sum of weights that remove is itself a weight that removes.
        Expr::Binary(Binary::Weigh, weight, value) if !varies(graph, value) => {
            let total = sum_along(graph, axis, weight);
            graph.weigh(total, value)
        }
        Expr::Binary(Binary::Weigh, weight, value) if !varies(graph, weight) => {
            let total = sum_along(graph, axis, value);
            graph.weigh(weight, total)
        }
        Expr::Binary(Binary::Multiply, x, y) if !varies(graph, x) => {
            let total = sum_along(graph, axis, y);
            graph.times(x, total)
        }
        Expr::Binary(Binary::Multiply, x, y) if !varies(graph, y) => {
            let total = sum_along(graph, axis, x);
            graph.times(total, y)
        }
        Expr::Binary(Binary::Divide, x, y) if !varies(graph, y) => {
            let total = sum_along(graph, axis, x);
            graph.divide(total, y)
        }
        Expr::Binary(Binary::Add, x, y) => {
            let (x, y) = (sum_along(graph, axis, x), sum_along(graph, axis, y));
            graph.plus(x, y)
        }
        Expr::If(c, a, b) if !varies(graph, c) => {
            let value = sum_along(graph, axis, a);
            let otherwise = sum_along(graph, axis, b);
            graph.choose(c, value, otherwise)
        }
        _ => graph.reduce(Reducer::Sum, AxisSet::of(axis), None, cotangent),
    }
}
