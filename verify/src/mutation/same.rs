//! Proofs that two formulas compute the same: one graph after simplification, but for comparisons that differ only where both sides are
//! equal, and where both branches are one formula there.

use std::collections::{HashMap, HashSet};

use loss_codegen::expr::{Binary, Comparison, Constant, Expr, ExprId, Graph, InputId, ParamId, Type, Unary};
use loss_codegen::model::{Label, Spec};
use loss_codegen::rewrite::{map_operands, reachable, rebuild, rewrite};

mod limits;
mod polynomial;

use limits::{absorbed, is_known_at_least, is_nan_with, is_nonnegative, without_zeros};
use polynomial::one_polynomial;

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

/// Nodes of this graph where some parameters are 0, simplified.
pub(super) fn with_zeros(graph: &mut Graph, roots: &[ExprId], zero: &[ParamId]) -> Vec<ExprId> {
    // Once is enough: what is simplified twice may be turned round again.
    if zero.is_empty() {
        return simplified(graph, roots);
    }
    let mut done = HashMap::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| match expr {
        Expr::Param(param) if zero.contains(&param) => graph.zero(),
        _ => rebuild(graph, id, expr),
    });
    let roots: Vec<ExprId> = roots.iter().map(|root| done[root]).collect();
    simplified(graph, &roots)
}

/// A node through the simplifying constructors. Operands commute by the order in which they were made; signs are pulled out of
/// odd functions; even ones drop theirs by themselves.
fn ordered(graph: &mut Graph, id: ExprId, expr: Expr) -> ExprId {
    let sorted = |x: ExprId, y: ExprId| if x <= y { (x, y) } else { (y, x) };
    let negated = |graph: &Graph, id: ExprId| match graph.expr(id) {
        Expr::Unary(Unary::Negate, inner) => Some(inner),
        _ => None,
    };
    let expr = match expr {
        Expr::Unary(odd @ (Unary::Sign | Unary::Sin | Unary::Sinh | Unary::Tan | Unary::Tanh | Unary::Atan), x)
            if negated(graph, x).is_some() =>
        {
            let value = graph.apply(odd, negated(graph, x).unwrap_or(x));
            return graph.negate(value);
        }
        // a - b for b made before a is -(b - a).
        Expr::Binary(Binary::Subtract, x, y) if y < x && graph.constant(x).is_none() && graph.constant(y).is_none() => {
            let difference = graph.subtract(y, x);
            return graph.add(Expr::Unary(Unary::Negate, difference));
        }
        Expr::Binary(Binary::Power, x, p) => {
            let is_even = graph.constant(p).and_then(Constant::as_integer).is_some_and(|power| power % 2 == 0);
            Expr::Binary(Binary::Power, negated(graph, x).filter(|_| is_even).unwrap_or(x), p)
        }
        Expr::Binary(Binary::Divide, x, y) => {
            if graph.is_integer(y, -1) {
                return graph.negate(x);
            }
            if let Some(positive) = negated(graph, y) {
                let quotient = graph.divide(x, positive);
                return graph.negate(quotient);
            }
            expr
        }
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
        // The greater of two sides is always on the right, and -x is compared with 0 as x is.
        Expr::Compare(comparison @ (Comparison::Greater | Comparison::GreaterEqual), x, y) => {
            Expr::Compare(turned(comparison), y, x)
        }
        other => other,
    };
    if let Expr::Compare(comparison, x, y) = expr {
        if let (true, Some(positive)) = (graph.is_integer(y, 0), negated(graph, x)) {
            return ordered(graph, id, Expr::Compare(turned(comparison), positive, y));
        }
        if let (true, Some(positive)) = (graph.is_integer(x, 0), negated(graph, y)) {
            return ordered(graph, id, Expr::Compare(turned(comparison), x, positive));
        }
    }
    // Selections on one condition are one selection.
    if let Expr::Binary(function @ (Binary::Add | Binary::Subtract), x, y) = expr
        && let (Expr::If(c, a, b), Expr::If(d, v, w)) = (graph.expr(x), graph.expr(y))
        && c == d
    {
        let chosen = ordered(graph, id, Expr::Binary(function, a, v));
        let other = ordered(graph, id, Expr::Binary(function, b, w));
        return graph.choose(c, chosen, other);
    }
    let done = rebuild(graph, id, expr);
    match graph.expr(done) {
        Expr::Unary(Unary::Negate, inner) => negative(graph, inner),
        _ => done,
    }
}

/// `-x`, the sign where it changes least: in the branches of a selection, and in what is weighed.
fn negative(graph: &mut Graph, id: ExprId) -> ExprId {
    match graph.expr(id) {
        Expr::If(c, x, y) => {
            let (x, y) = (negative(graph, x), negative(graph, y));
            graph.choose(c, x, y)
        }
        Expr::Binary(Binary::Weigh, weight, x) => {
            let x = negative(graph, x);
            graph.add(Expr::Binary(Binary::Weigh, weight, x))
        }
        Expr::Constant(_) | Expr::Unary(Unary::Negate, _) => graph.negate(id),
        _ => graph.add(Expr::Unary(Unary::Negate, id)),
    }
}

/// The comparison with its sides swapped.
fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        Comparison::Equal => Comparison::Equal,
        Comparison::NotEqual => Comparison::NotEqual,
    }
}

/// Roots in which some nodes are replaced by others, simplified.
fn replaced(graph: &mut Graph, roots: &[ExprId], by: &dyn Fn(&mut Graph, ExprId) -> Option<ExprId>) -> Vec<ExprId> {
    let mut done = HashMap::new();
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| by(graph, id).unwrap_or_else(|| ordered(graph, id, expr)));
    roots.iter().map(|root| done[root]).collect()
}

/// What the labels of inputs say of them, as conditions on these in some formulas.
pub(super) fn of_labels(graph: &mut Graph, spec: &Spec, roots: &[ExprId]) -> Vec<ExprId> {
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
    all.then(|| {
        "one formula: parts are equal as polynomials on a grid that determines them, in exact arithmetic, or differ only where two \
         sides are equal and both branches are one, or where no input gets, by cases of signs"
            .to_owned()
    })
}

fn conjuncts(graph: &Graph, condition: ExprId) -> Vec<ExprId> {
    match graph.expr(condition) {
        Expr::And(x, y) => [conjuncts(graph, x), conjuncts(graph, y)].concat(),
        _ => vec![condition],
    }
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
            return (same || tie.is_some())
                && self.alike_where(c, true, x, v)
                && self.alike_where(c, false, y, w)
                && tie.is_none_or(|(left, right)| self.one_where_equal((x, y), (left, right)));
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
        head(our) == head(their)
            && our.operands().next().is_some()
            && self.graph.axes(ours) == self.graph.axes(theirs)
            && our.operands().zip(their.operands()).all(|(our, their)| self.alike(our, their))
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
            [1, -1].into_iter().all(|sign| {
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

    /// Whether two formulas are one for each sign that what they compare with 0 can have here. Where it is NaN, a condition on the way
    /// is unordered, and both are NaN.
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
            let conditions: Vec<ExprId> = self.path.iter().map(|(condition, _)| *condition).collect();
            let strict = reachable(self.graph, conditions).contains(&of);
            strict && [1, -1, 0].into_iter().all(|sign| self.one_with_sign(&[ours, theirs], of, sign))
        })
    }

    /// Whether all of some formulas are one where a node has this sign, or no input gets there.
    fn one_with_sign(&mut self, formulas: &[ExprId], of: ExprId, sign: i128) -> bool {
        let roots: Vec<ExprId> = formulas.iter().copied().chain(self.path.iter().map(|(id, _)| *id)).collect();
        let signed = replaced(self.graph, &roots, &|graph, id| with_sign(graph, id, of, sign));
        let (formulas, conditions) = signed.split_at(formulas.len());
        let conditions = simplified(self.graph, conditions);
        let unreachable = self.excluded(&conditions);
        let formulas = simplified(self.graph, formulas);
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
            let signed = replaced(self.graph, &roots, &|graph, id| with_sign(graph, id, of, sign));
            self.excluded(&signed[4..]) || self.one_by_substitution(&signed[..2], (signed[2], signed[3]))
        })
    }

    /// Whether two formulas are one where a condition holds, or where it does not, and that is where two sides are equal. Where it is
    /// unordered, the second must be NaN.
    fn one_where(&mut self, condition: ExprId, holds: bool, x: ExprId, y: ExprId) -> bool {
        let Some((left, right)) = self.equality(condition, holds) else { return false };
        let side = if self.graph.constant(left).is_some() { right } else { left };
        is_nan_with(self.graph, y, side) && self.one_by_substitution(&[x, y], (left, right))
    }

    /// Whether two formulas are alike because the last condition on the way makes two sides equal.
    fn alike_by_path(&mut self, ours: ExprId, theirs: ExprId) -> bool {
        let Some(&(condition, holds)) = self.path.last() else { return false };
        let Some((left, right)) = self.equality(condition, holds) else { return false };
        [(left, right), (right, left)].into_iter().any(|(old, new)| {
            if self.graph.constant(old).is_some() || reachable(self.graph, [new]).contains(&old) {
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
            let put = |graph: &mut Graph, id: ExprId| match graph.expr(id) {
                _ if id == old => Some(new),
                // Where a number is 0, so is its size.
                Expr::Unary(Unary::Abs, x) if x == old && graph.is_integer(new, 0) => Some(new),
                _ => None,
            };
            let put = replaced(self.graph, &roots, &put);
            let again = simplified(self.graph, &put);
            let [one, other] = [again[0], again[1]].map(|id| without_zeros(self.graph, id));
            self.excluded(&again[2..])
                || one == other
                || one_polynomial(self.graph, one, other)
                || absorbed(self.graph, one, other)
        })
    }
}

/// What a label picks is one of the values that it picks from.
fn read(graph: &Graph, id: ExprId) -> ExprId {
    match graph.expr(id) {
        Expr::Pick { value, .. } => value,
        _ => id,
    }
}

/// What a condition is, if that is known.
fn decided(graph: &Graph, facts: &[ExprId], condition: ExprId) -> Option<bool> {
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
fn sides(graph: &Graph, ours: ExprId, theirs: ExprId) -> Option<(ExprId, ExprId)> {
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
