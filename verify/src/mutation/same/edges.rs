//! Formulas at infinity, at NaN and at 0, where what holds of numbers need not hold: `0 * x` is not 0 for every `x`.

use std::collections::BTreeMap;

use loss_codegen::expr::{AxisId, Binary, Constant, Expr, ExprId, Graph, InputId, Reducer, Type, Unary};
use loss_codegen::rewrite::reachable;

use super::Known;
use crate::interpret::machine::{binary, compare, power, unary};

/// As many points are looked at; of more, as many spread over all.
const MOST_POINTS: usize = 8_000;
/// What inputs are.
const INPUTS: [f64; 8] = [f64::NEG_INFINITY, -2.0, -0.5, 0.0, 0.25, 1.0, f64::INFINITY, f64::NAN];
/// What parameters are.
const PARAMS: [f64; 3] = [0.25, 1.0, 3.0];
/// What gradients from outside are.
const UPSTREAM: [f64; 2] = [1.0, -0.5];

/// Along the second axis there are so many places.
const EXTENT: usize = 2;

/// A node at a place of the second axis; 0 for one that does not vary along it.
type Place = (ExprId, usize);

/// Whether two lists of formulas agree wherever the facts let inputs be infinite, NaN or 0. Of formulas with a reduction that has no
/// kernel of its own nothing is said.
pub(super) fn agree_at_edges(graph: &Graph, given: &Known<'_>, ours: &[ExprId], theirs: &[ExprId]) -> bool {
    let roots = || ours.iter().chain(theirs).chain(given.facts).copied();
    let nodes = reachable(graph, roots());
    if nodes.iter().any(|&id| matches!(graph.expr(id), Expr::Reduce { reducer, .. } if !is_plain(reducer))) {
        return true;
    }
    let leaves: Vec<(Place, &[f64])> = nodes
        .into_iter()
        .filter_map(|id| Some((id, values(graph, given.signs, id)?)))
        .flat_map(|(id, values)| places(graph, id).map(move |place| ((id, place), values)))
        .collect();
    let count = leaves.iter().fold(1_usize, |count, (_, values)| count.saturating_mul(values.len()));
    (0..count).step_by(count / MOST_POINTS + 1).all(|mut point| {
        let set = |(place, values): &(Place, &[f64])| {
            let value = values[point % values.len()];
            point /= values.len();
            (*place, value)
        };
        let mut known: BTreeMap<Place, f64> = leaves.iter().map(set).collect();
        let mut at = |id: ExprId, place: usize| value(graph, (id, place), &mut known);
        given.facts.iter().any(|&fact| places(graph, fact).any(|place| at(fact, place) != 1.0))
            || ours
                .iter()
                .zip(theirs)
                .all(|(&our, &their)| (0..EXTENT).all(|place| agree(at(our, place), at(their, place))))
    })
}

fn is_plain(reducer: Reducer) -> bool {
    match reducer {
        Reducer::Sum | Reducer::Mean | Reducer::Max | Reducer::Min | Reducer::Shift | Reducer::Any | Reducer::All => {
            true
        }
        Reducer::Logsumexp | Reducer::SimplexThreshold | Reducer::Norm | Reducer::Expectation => false,
    }
}

/// The places at which a node is one by one.
fn places(graph: &Graph, id: ExprId) -> std::ops::Range<usize> {
    let varies = graph.axes(id).iter().any(|axis| axis != AxisId::ROWS);
    0..if varies { EXTENT } else { 1 }
}

fn agree(x: f64, y: f64) -> bool {
    x == y || x.is_nan() && y.is_nan() || (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1.0)
}

/// What a node that is made of no others is at the points; none if it is one of a kind or made of others.
fn values(graph: &Graph, signs: &[InputId], id: ExprId) -> Option<&'static [f64]> {
    match graph.expr(id) {
        Expr::Input(input) if signs.contains(&input) => Some(&[1.0, -1.0]),
        Expr::Input(_) if graph.ty(id) == Type::Condition => Some(&[1.0, 0.0]),
        Expr::Input(_) if graph.ty(id) != Type::Real => Some(&[0.0, 1.0]),
        Expr::Input(_) => Some(&INPUTS),
        Expr::Param(_) => Some(&PARAMS),
        Expr::Upstream => Some(&UPSTREAM),
        Expr::Given(_) => Some(&[1.0, 0.0]),
        _ => None,
    }
}

/// A number, or a condition as 1, 0, and NaN where it is unordered.
fn value(graph: &Graph, (id, place): Place, known: &mut BTreeMap<Place, f64>) -> f64 {
    let place = place.min(places(graph, id).end - 1);
    if let Some(&value) = known.get(&(id, place)) {
        return value;
    }
    let mut at = |id: ExprId| value(graph, (id, place), known);
    let truth = |holds: bool| f64::from(u8::from(holds));
    let found = match graph.expr(id) {
        Expr::Constant(constant) => constant.to_f64(),
        Expr::Boolean(holds) => truth(holds),
        Expr::Unary(function, x) => function_of_one(function, at(x)),
        Expr::Binary(Binary::Weigh, weight, x) => match at(weight) {
            0.0 => 0.0,
            weight => weight * at(x),
        },
        Expr::Binary(Binary::Power, x, p) => {
            match graph.constant(p).and_then(Constant::as_integer).and_then(|whole| i32::try_from(whole).ok()) {
                Some(whole) => power(at(x), whole),
                None => at(x).powf(at(p)),
            }
        }
        Expr::Binary(Binary::Max, x, y) => at(x).max(at(y)),
        Expr::Binary(Binary::Min, x, y) => at(x).min(at(y)),
        Expr::Binary(Binary::StraightThrough, x, _) => at(x),
        Expr::Binary(function, x, y) => binary(function, at(x), at(y)),
        Expr::Compare(comparison, x, y) => compare(comparison, at(x), at(y)),
        Expr::And(x, y) => match (at(x), at(y)) {
            (0.0, _) | (_, 0.0) => 0.0,
            (x, y) => x * y,
        },
        Expr::Or(x, y) => match (at(x), at(y)) {
            (1.0, _) | (_, 1.0) => 1.0,
            (x, y) => x + y,
        },
        Expr::Not(x) => 1.0 - at(x),
        Expr::Indicator(x) => truth(at(x) == 1.0),
        Expr::If(condition, x, y) => match at(condition) {
            1.0 => at(x),
            0.0 => at(y),
            _ => f64::NAN,
        },
        Expr::Size(_) => EXTENT as f64,
        Expr::Index(_) => place as f64,
        Expr::Pick { value: of, index, .. } => {
            let index = at(index) as usize;
            value(graph, (of, index), known)
        }
        Expr::Reduce { reducer, filter, value: of, .. } => {
            let mut chosen = Vec::new();
            for place in 0..EXTENT {
                if filter.is_none_or(|filter| value(graph, (filter, place), known) == 1.0) {
                    chosen.push(value(graph, (of, place), known));
                }
            }
            reduced(reducer, &chosen)
        }
        // Leaves, which are known.
        Expr::Input(_) | Expr::Param(_) | Expr::Upstream | Expr::Given(_) => f64::NAN,
    };
    known.insert((id, place), found);
    found
}

fn reduced(reducer: Reducer, values: &[f64]) -> f64 {
    let (sum, count) = (values.iter().sum::<f64>(), values.len() as f64);
    let is_nan = values.iter().any(|value| value.is_nan());
    let extreme = |start: f64, of: fn(f64, f64) -> f64| values.iter().fold(start, |so_far, &value| of(so_far, value));
    match reducer {
        Reducer::Sum => sum,
        Reducer::Mean => sum / count,
        Reducer::Max | Reducer::Min if is_nan => f64::NAN,
        Reducer::Max | Reducer::Shift => extreme(f64::NEG_INFINITY, f64::max),
        Reducer::Min => extreme(f64::INFINITY, f64::min),
        Reducer::Any => f64::from(u8::from(values.contains(&1.0))),
        Reducer::All => f64::from(u8::from(values.iter().all(|&value| value == 1.0))),
        Reducer::Logsumexp | Reducer::SimplexThreshold | Reducer::Norm | Reducer::Expectation => f64::NAN,
    }
}

/// A function of one number, before it is lowered too.
fn function_of_one(function: Unary, x: f64) -> f64 {
    match function {
        Unary::Sign if x == 0.0 || x.is_nan() => x,
        Unary::Sign => x.signum(),
        Unary::Relu if x.is_nan() => x,
        Unary::Relu => x.max(0.0),
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Unary::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        Unary::Detach | Unary::Weighed => x,
        Unary::LogCosh => x.cosh().ln(),
        lowered => unary(lowered, x),
    }
}

#[cfg(test)]
mod tests {
    use loss_codegen::expr::{AxisId, AxisSet, Binary, Comparison, Expr, ExprId, Graph, InputId, Reducer, Type};

    use super::{Known, agree_at_edges};

    #[test]
    fn a_product_with_zero_is_not_zero_unless_the_other_is_finite() {
        let mut graph = Graph::new();
        let [x, y] =
            [0, 1].map(|input| graph.intern(Expr::Input(InputId(input)), Type::Real, AxisSet::of(AxisId::ROWS)));
        let (zero, one) = (graph.zero(), graph.one());
        let product = graph.add(Expr::Binary(Binary::Multiply, x, y));
        let selected = graph.add(Expr::Compare(Comparison::Equal, x, zero));
        let weighed = graph.add(Expr::If(selected, zero, product));
        let is_at_least = graph.add(Expr::Compare(Comparison::LessEqual, zero, y));
        let is_at_most = graph.add(Expr::Compare(Comparison::LessEqual, y, one));
        let agree = |facts: &[ExprId], ours: ExprId, theirs: ExprId| {
            agree_at_edges(&graph, &Known { facts, signs: &[] }, &[ours], &[theirs])
        };
        assert!(!agree(&[], weighed, product), "0 * inf");
        assert!(!agree(&[is_at_least], weighed, product));
        assert!(agree(&[is_at_least, is_at_most], weighed, product), "0 <= y <= 1");
        assert!(agree(&[], product, product) && !agree(&[], product, x));
        assert!(agree_at_edges(&graph, &Known { facts: &[], signs: &[InputId(1)] }, &[weighed], &[product]), "1 or -1");
    }

    #[test]
    fn rows_are_read_as_reductions_and_labels_read_them() {
        let mut graph = Graph::new();
        let (rows, classes) = (AxisSet::of(AxisId::ROWS), AxisSet::of(AxisId(1)));
        let x = graph.intern(Expr::Input(InputId(0)), Type::Real, rows.union(classes));
        let label = graph.intern(Expr::Input(InputId(1)), Type::Index(AxisId(1)), rows);
        let zero = graph.zero();
        let picked = graph.add(Expr::Pick { value: x, axis: AxisId(1), index: label });
        let [sum, largest] = [Reducer::Sum, Reducer::Max].map(|reducer| graph.reduce(reducer, classes, None, x));
        let is_positive = graph.add(Expr::Compare(Comparison::Less, zero, x));
        let positive = graph.reduce(Reducer::Sum, classes, Some(is_positive), x);
        let nothing = graph.add(Expr::Binary(Binary::Multiply, zero, picked));
        let facts = [is_positive];
        let agree = |facts: &[ExprId], ours: ExprId, theirs: ExprId| {
            agree_at_edges(&graph, &Known { facts, signs: &[] }, &[ours], &[theirs])
        };
        assert!(agree(&[], sum, sum) && !agree(&[], sum, largest) && !agree(&[], picked, largest));
        assert!(!agree(&[], sum, positive) && agree(&facts, sum, positive));
        assert!(!agree(&[], nothing, zero), "0 times an infinite logit");
    }
}
