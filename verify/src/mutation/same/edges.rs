//! Formulas at infinity, at NaN and at 0, where what holds of numbers need not hold: `0 * x` is not 0 for every `x`.

use std::collections::BTreeMap;

use loss_codegen::expr::{AxisId, Binary, Constant, Expr, ExprId, Graph, InputId, Reducer, Type, Unary};
use loss_codegen::rewrite::reachable;

use super::super::run::golden_step;
use super::Known;
use crate::interpret::machine::{binary, compare, power, unary};

/// So many points are looked at; of more, so many that are spread over all.
const MOST_POINTS: u64 = 8_000;
/// What inputs are.
const INPUTS: [f64; 8] = [f64::NEG_INFINITY, -2.0, -0.5, 0.0, 0.25, 1.0, f64::INFINITY, f64::NAN];
/// What parameters are, as far as the facts let them.
const PARAMS: [f64; 5] = [-1.0, 0.0, 0.25, 1.0, 3.0];
/// What gradients from outside are.
const UPSTREAM: [f64; 2] = [1.0, -0.5];

/// Along the second axis there are so many places.
const EXTENT: usize = 2;

/// A node at a place of the second axis; 0 for one that does not vary along it.
type Place = (ExprId, usize);

/// Whether no point tells two lists of formulas apart at which inputs are infinite, NaN or 0 where the facts let them. Not where there is
/// no such point, nor of formulas that are not computed here.
pub(super) fn no_edge_tells_apart(graph: &Graph, given: &Known<'_>, ours: &[ExprId], theirs: &[ExprId]) -> bool {
    let roots = || ours.iter().chain(theirs).chain(given.facts).copied();
    let nodes = reachable(graph, roots());
    if nodes.iter().any(|&id| matches!(graph.expr(id), Expr::Reduce { reducer, .. } if !is_computed(reducer))) {
        return false;
    }
    let leaves: Vec<(Place, &[f64])> = nodes
        .into_iter()
        .filter_map(|id| Some((id, values(graph, given.signs, id)?)))
        .flat_map(|(id, values)| places(graph, id).map(move |place| ((id, place), values)))
        .collect();
    let mut is_met = false;
    points(&leaves.iter().map(|(_, values)| values.len()).collect::<Vec<_>>()).into_iter().all(|point| {
        let set = |((place, values), at): (&(Place, &[f64]), usize)| (*place, values[at]);
        let mut known: BTreeMap<Place, f64> = leaves.iter().zip(point).map(set).collect();
        let mut at = |id: ExprId, place: usize| value(graph, (id, place), &mut known);
        if given.facts.iter().any(|&fact| places(graph, fact).any(|place| at(fact, place) != 1.0)) {
            return true;
        }
        is_met = true;
        let mut pairs = ours.iter().zip(theirs);
        pairs.all(|(&our, &their)| (0..EXTENT).all(|place| agree(at(our, place), at(their, place))))
    }) && is_met
}

/// Which value each leaf has at each point, given how many each has: all combinations, or so many that are spread over all.
fn points(counts: &[usize]) -> Vec<Vec<usize>> {
    let count = counts.iter().fold(1_u64, |count, &values| count.saturating_mul(values as u64));
    // It shares no factor with any of the counts: every leaf goes through all its values.
    let step = golden_step(count);
    (0..count.min(MOST_POINTS))
        .map(|turn| {
            let mut point = (u128::from(turn) * u128::from(step) % u128::from(count)) as u64;
            let digit = |&values: &usize| {
                let digit = point % values as u64;
                point /= values as u64;
                digit as usize
            };
            counts.iter().map(digit).collect()
        })
        .collect()
}

fn is_computed(reducer: Reducer) -> bool {
    match reducer {
        Reducer::Sum
        | Reducer::Mean
        | Reducer::Max
        | Reducer::Min
        | Reducer::Shift
        | Reducer::Any
        | Reducer::All
        | Reducer::Logsumexp
        | Reducer::Norm => true,
        Reducer::SimplexThreshold | Reducer::Expectation => false,
    }
}

/// The places at which a node is one by one.
fn places(graph: &Graph, id: ExprId) -> std::ops::Range<usize> {
    let varies = graph.axes(id).iter().any(|axis| axis != AxisId::ROWS);
    0..if varies { EXTENT } else { 1 }
}

fn agree(x: f64, y: f64) -> bool {
    let is_near = || (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1.0);
    x == y || x.is_nan() && y.is_nan() || x.is_finite() && y.is_finite() && is_near()
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
        Expr::Binary(Binary::StraightThrough, x, _) => at(x),
        Expr::Binary(function, x, y) => function_of_two(function, at(x), at(y)),
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
        Expr::Reduce { reducer, filter, value: of, order, .. } => {
            let order = order.map_or(f64::NAN, |order| value(graph, (order, 0), known));
            let mut chosen = Vec::new();
            for place in 0..EXTENT {
                match filter.map_or(1.0, |filter| value(graph, (filter, place), known)) {
                    0.0 => {}
                    1.0 => chosen.push(value(graph, (of, place), known)),
                    // Undecided, and so is the whole.
                    _ => chosen.push(f64::NAN),
                }
            }
            reduced(reducer, &chosen, order)
        }
        // Leaves, which are known.
        Expr::Input(_) | Expr::Param(_) | Expr::Upstream | Expr::Given(_) => f64::NAN,
    };
    known.insert((id, place), found);
    found
}

fn reduced(reducer: Reducer, values: &[f64], order: f64) -> f64 {
    let sum = || values.iter().sum::<f64>();
    let is_nan = values.iter().any(|value| value.is_nan());
    let extreme = |start: f64, of: fn(f64, f64) -> f64| values.iter().fold(start, |so_far, &value| of(so_far, value));
    let decided = |by: f64, otherwise: f64| match values.contains(&by) {
        true => by,
        false if is_nan => f64::NAN,
        false => otherwise,
    };
    match reducer {
        Reducer::Sum => sum(),
        Reducer::Mean => sum() / values.len() as f64,
        Reducer::Max | Reducer::Min | Reducer::Logsumexp if is_nan => f64::NAN,
        Reducer::Max | Reducer::Shift => extreme(f64::NEG_INFINITY, f64::max),
        Reducer::Min => extreme(f64::INFINITY, f64::min),
        Reducer::Any => decided(1.0, 0.0),
        Reducer::All => decided(0.0, 1.0),
        Reducer::Logsumexp => match extreme(f64::NEG_INFINITY, f64::max) {
            largest if largest.is_infinite() => largest,
            largest => largest + values.iter().map(|value| (value - largest).exp()).sum::<f64>().ln(),
        },
        Reducer::Norm if is_nan => f64::NAN,
        Reducer::Norm if order == f64::INFINITY => values.iter().fold(0.0, |largest, value| value.abs().max(largest)),
        Reducer::Norm => values.iter().map(|value| value.abs().powf(order)).sum::<f64>().powf(1.0 / order),
        Reducer::SimplexThreshold | Reducer::Expectation => f64::NAN,
    }
}

/// A function of two numbers, before it is lowered too.
fn function_of_two(function: Binary, x: f64, y: f64) -> f64 {
    match function {
        Binary::Max | Binary::Min if x.is_nan() || y.is_nan() => f64::NAN,
        Binary::Max => x.max(y),
        Binary::Min => x.min(y),
        Binary::Logaddexp if x == y => x + std::f64::consts::LN_2,
        Binary::Logaddexp if x.is_nan() || y.is_nan() => f64::NAN,
        Binary::Logaddexp => x.max(y) + (-(x - y).abs()).exp().ln_1p(),
        Binary::Share => (x - y).exp(),
        Binary::ShareOfOthers => -(x - y).exp_m1(),
        Binary::Excess | Binary::Deviation => x - y,
        Binary::Others => y - x,
        Binary::Add
        | Binary::Subtract
        | Binary::Multiply
        | Binary::Divide
        | Binary::Power
        | Binary::Weigh
        | Binary::StraightThrough => binary(function, x, y),
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

    use std::collections::BTreeSet;

    use super::{Known, MOST_POINTS, agree, no_edge_tells_apart, points};

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
            no_edge_tells_apart(&graph, &Known { facts, signs: &[] }, &[ours], &[theirs])
        };
        assert!(!agree(&[], weighed, product), "0 * inf");
        assert!(!agree(&[is_at_least], weighed, product));
        assert!(agree(&[is_at_least, is_at_most], weighed, product), "0 <= y <= 1");
        assert!(agree(&[], product, product) && !agree(&[], product, x));
        assert!(
            no_edge_tells_apart(&graph, &Known { facts: &[], signs: &[InputId(1)] }, &[weighed], &[product]),
            "1 or -1"
        );
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
            no_edge_tells_apart(&graph, &Known { facts, signs: &[] }, &[ours], &[theirs])
        };
        assert!(agree(&[], sum, sum) && !agree(&[], sum, largest) && !agree(&[], picked, largest));
        assert!(!agree(&[], sum, positive) && agree(&facts, sum, positive));
        assert!(!agree(&[], nothing, zero), "0 times an infinite logit");
    }

    #[test]
    fn infinities_agree_with_themselves_alone() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        assert!(agree(inf, inf) && agree(nan, nan) && agree(1.0, 1.0 + 1e-12));
        assert!(!agree(inf, 1.0) && !agree(1.0, inf) && !agree(inf, -inf) && !agree(nan, inf) && !agree(1.0, nan));
    }

    #[test]
    fn every_leaf_has_every_value_however_many_there_are() {
        for counts in [vec![8, 3], vec![8, 8, 8, 8, 5, 2], vec![8; 30]] {
            let points = points(&counts);
            assert!(points.len() as u64 <= MOST_POINTS);
            for (leaf, &count) in counts.iter().enumerate() {
                let met: BTreeSet<usize> = points.iter().map(|point| point[leaf]).collect();
                // Of thirty leaves the last digits are beyond what 64 bits count.
                assert!(met.len() == count || leaf > 20, "leaf {leaf} of {counts:?}: {met:?}");
            }
        }
    }

    #[test]
    fn where_no_point_is_admitted_nothing_is_shown() {
        let mut graph = Graph::new();
        let x = graph.intern(Expr::Input(InputId(0)), Type::Real, AxisSet::of(AxisId::ROWS));
        let (zero, one) = (graph.zero(), graph.one());
        let never = graph.add(Expr::Compare(Comparison::Less, one, zero));
        assert!(!no_edge_tells_apart(&graph, &Known { facts: &[never], signs: &[] }, &[x], &[x]));
    }
}
