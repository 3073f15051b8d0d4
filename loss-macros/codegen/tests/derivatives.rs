//! Derivatives and lowered forms against plain `f64` evaluation and central differences.

mod interpreter;
mod nodes;

use interpreter::{Row, evaluate};
use loss_codegen::differentiate::differentiate;
use loss_codegen::expr::{
    AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, InputId, Reducer, Type, Unary,
};
use loss_codegen::lower::lower;
use loss_codegen::stabilize::stabilize;
use nodes::{input, rows};

const CLASSES: AxisId = AxisId(1);

fn elements() -> AxisSet {
    rows().union(AxisSet::of(CLASSES))
}

/// The relative difference, absolute near 0.
fn difference(x: f64, y: f64) -> f64 {
    if x == y { 0.0 } else { (x - y).abs() / x.abs().max(y.abs()).max(1.0) }
}

/// Checks, at one row, that the lowered value is the value as written and that every cotangent is the central difference.
fn check(graph: &mut Graph, root: ExprId, row: &Row, inputs: &[u8], claim: &str) {
    let ids: Vec<InputId> = inputs.iter().map(|&place| InputId(place)).collect();
    let (stable, _) = stabilize(graph, &[root]);
    let cotangents = differentiate(graph, stable[0], &ids).expect("differentiable");
    let mut roots = vec![stable[0]];
    roots.extend(&cotangents);
    let lowered = lower(graph, &roots);
    // A loss per element is summed over the row, as a backward pass with cotangent 1 does.
    let total = |graph: &Graph, id: ExprId, row: &Row| -> f64 {
        if graph.axes(id).contains(CLASSES) {
            (0..row.classes).map(|place| evaluate(graph, id, row, place)).sum()
        } else {
            evaluate(graph, id, row, 0)
        }
    };
    let (written, computed) = (total(graph, root, row), total(graph, lowered[0], row));
    assert!(difference(written, computed) < 1e-12, "{claim}: {written} as written, {computed} lowered, at {row:?}");
    for (&place, &cotangent) in inputs.iter().zip(&lowered[1..]) {
        for class in 0..row.inputs[usize::from(place)].len() {
            let at = |h: f64| {
                let mut moved = row.clone();
                moved.inputs[usize::from(place)][class] += h;
                total(graph, root, &moved)
            };
            let h = 1e-5;
            let expected = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            let actual = evaluate(graph, cotangent, row, class);
            assert!(
                difference(expected, actual) < 1e-8,
                "{claim}: gradient of input {place} at {class} is {actual}, the difference quotient {expected}, at {row:?}"
            );
        }
    }
}

fn row(inputs: Vec<Vec<f64>>, labels: Vec<usize>) -> Row {
    let classes = inputs.iter().map(Vec::len).max().unwrap_or(1);
    Row { inputs, labels, classes, params: vec![] }
}

#[test]
fn every_function_of_one_argument_has_its_derivative() {
    let functions = [
        Unary::Negate,
        Unary::Abs,
        Unary::Relu,
        Unary::Sqrt,
        Unary::Exp,
        Unary::Expm1,
        Unary::Log,
        Unary::Log1p,
        Unary::Sin,
        Unary::Cos,
        Unary::Tan,
        Unary::Sinh,
        Unary::Cosh,
        Unary::Tanh,
        Unary::Atan,
        Unary::Acos,
        Unary::Sigmoid,
        Unary::Softplus,
        Unary::LogCosh,
    ];
    for function in functions {
        for x in [0.03, 0.3, 0.77] {
            let mut graph = Graph::new();
            let argument = input(&mut graph, 0, rows());
            let root = graph.add(Expr::Unary(function, argument));
            check(&mut graph, root, &row(vec![vec![x]], vec![]), &[0], &format!("{function:?}"));
        }
    }
}

#[test]
fn a_power_of_a_share_that_falls_below_all_numbers_has_the_derivative_zero() {
    let mut graph = Graph::new();
    let argument = input(&mut graph, 0, rows());
    let zero = graph.zero();
    let (rising, opposite) = (graph.apply(Unary::Sigmoid, argument), graph.negate(argument));
    let (falling, grown) = (graph.apply(Unary::Sigmoid, opposite), graph.apply(Unary::Exp, argument));
    let above = graph.compare(Comparison::Greater, argument, zero);
    let chosen = graph.choose(above, falling, rising);
    let exponent = graph.number(Constant::decimal(3, -1));
    for (base, name) in [(falling, "sigmoid"), (grown, "exp"), (chosen, "a branch")] {
        let root = graph.combine(Binary::Power, base, exponent);
        for x in [-0.8, 0.3] {
            check(&mut graph, root, &row(vec![vec![x]], vec![]), &[0], name);
        }
        let x = if name == "exp" { -800.0 } else { 800.0 };
        check(&mut graph, root, &row(vec![vec![x]], vec![]), &[0], name);
    }
}

#[test]
fn every_function_of_two_arguments_has_its_derivatives() {
    let functions = [
        Binary::Add,
        Binary::Subtract,
        Binary::Multiply,
        Binary::Divide,
        Binary::Power,
        Binary::Max,
        Binary::Min,
        Binary::Logaddexp,
        Binary::Weigh,
    ];
    for function in functions {
        for (x, y) in [(0.4, 1.7), (2.5, 0.3), (1.5, -0.5)] {
            let mut graph = Graph::new();
            let (a, b) = (input(&mut graph, 0, rows()), input(&mut graph, 1, rows()));
            let root = graph.add(Expr::Binary(function, a, b));
            check(&mut graph, root, &row(vec![vec![x], vec![y]], vec![]), &[0, 1], &format!("{function:?}"));
        }
    }
}

#[test]
fn a_shared_argument_collects_from_both_branches_of_a_case() {
    // if a < 1 then 0.5 r^2 else a - 0.5, a = abs(r), r = x - y
    for (x, y) in [(0.25, 0.5), (3.0, 0.5), (-2.0, 0.5)] {
        let mut g = Graph::new();
        let (a, b) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()));
        let r = g.add(Expr::Binary(Binary::Subtract, a, b));
        let magnitude = g.add(Expr::Unary(Unary::Abs, r));
        let (one, two) = (g.one(), g.integer(2));
        let near = g.add(Expr::Compare(Comparison::Less, magnitude, one));
        let square = g.add(Expr::Binary(Binary::Power, r, two));
        let quadratic = g.add(Expr::Binary(Binary::Divide, square, two));
        let half = g.add(Expr::Binary(Binary::Divide, one, two));
        let linear = g.add(Expr::Binary(Binary::Subtract, magnitude, half));
        let root = g.add(Expr::If(near, quadratic, linear));
        check(&mut g, root, &row(vec![vec![x], vec![y]], vec![]), &[0, 1], "smooth l1");
    }
}

fn reduce(g: &mut Graph, reducer: Reducer, value: ExprId, order: Option<ExprId>) -> ExprId {
    g.add(Expr::Reduce { reducer, axes: AxisSet::of(CLASSES), filter: None, value, order })
}

#[test]
fn every_reduction_has_its_derivative() {
    let values = vec![0.3, -1.2, 2.0, 0.7, 0.1];
    for reducer in [Reducer::Sum, Reducer::Mean, Reducer::Max, Reducer::Min, Reducer::Logsumexp] {
        let mut g = Graph::new();
        let x = input(&mut g, 0, elements());
        let root = reduce(&mut g, reducer, x, None);
        check(&mut g, root, &row(vec![values.clone()], vec![]), &[0], &format!("{reducer:?}"));
    }
    for order in [1, 2, 3] {
        let mut g = Graph::new();
        let x = input(&mut g, 0, elements());
        let order_node = g.integer(order);
        let root = reduce(&mut g, Reducer::Norm, x, Some(order_node));
        check(&mut g, root, &row(vec![values.clone()], vec![]), &[0], &format!("norm of order {order}"));
    }
}

/// `logsumexp(C, x) - x[t]` in its parts.
fn cross_entropy(g: &mut Graph) -> ExprId {
    let x = input(g, 0, elements());
    let label = g.intern(Expr::Input(InputId(1)), Type::Index(CLASSES), rows());
    let total = reduce(g, Reducer::Logsumexp, x, None);
    let own = g.add(Expr::Pick { value: x, axis: CLASSES, index: label });
    g.add(Expr::Binary(Binary::Subtract, total, own))
}

#[test]
fn cross_entropy_has_its_gradient_at_every_label() {
    for label in 0..4 {
        let mut g = Graph::new();
        let root = cross_entropy(&mut g);
        let logits = vec![0.3, -1.2, 2.0, 0.7];
        check(&mut g, root, &row(vec![logits, vec![0.0]], vec![0, label]), &[0], "cross entropy");
    }
}

#[test]
fn a_saturated_row_keeps_its_tiny_loss_and_gradient() {
    let mut g = Graph::new();
    let root = cross_entropy(&mut g);
    let (stable, _) = stabilize(&mut g, &[root]);
    let cotangent = differentiate(&mut g, stable[0], &[InputId(0)]).expect("differentiable")[0];
    let lowered = lower(&mut g, &[stable[0], cotangent]);
    let row = row(vec![vec![50.0, 0.0, 0.0], vec![0.0]], vec![0, 0]);
    let rest = 2.0 * (-50.0f64).exp();
    assert_eq!(evaluate(&g, lowered[0], &row, 0), rest.ln_1p());
    let gradient = evaluate(&g, lowered[1], &row, 0);
    assert!(difference(gradient / -rest, 1.0 / (1.0 + rest)) < 1e-15, "{gradient}");
}

#[test]
fn a_probability_written_in_two_cases_keeps_the_digits_of_its_logarithm_and_of_its_complement() {
    let mut g = Graph::new();
    let argument = input(&mut g, 0, rows());
    let (one, zero) = (g.one(), g.zero());
    let p = g.apply(Unary::Sigmoid, argument);
    let falling = g.subtract(one, p);
    let above = g.compare(Comparison::Greater, argument, zero);
    let likely = g.choose(above, falling, p);
    let log = g.apply(Unary::Log, likely);
    let complement = g.subtract(one, likely);
    let (stable, _) = stabilize(&mut g, &[log, complement]);
    let lowered = lower(&mut g, &stable);
    for x in [50.0, -50.0, 800.0] {
        let row = row(vec![vec![x]], vec![]);
        let [log, complement] = [0, 1].map(|root| evaluate(&g, lowered[root], &row, 0));
        assert!(difference(log, -f64::abs(x)) < 1e-14, "log is {log} at {x}");
        assert_eq!(complement, 1.0, "at {x}");
    }
}

#[test]
fn soft_targets_balance_shares_against_targets() {
    // sum(C, weigh(t, logsumexp(C, x) - x))
    for target in [vec![0.0, 1.0, 0.0], vec![0.2, 0.5, 0.3], vec![0.0, 0.0, 1.0]] {
        let mut g = Graph::new();
        let (x, t) = (input(&mut g, 0, elements()), input(&mut g, 1, elements()));
        let total = reduce(&mut g, Reducer::Logsumexp, x, None);
        let surprise = g.add(Expr::Binary(Binary::Subtract, total, x));
        let weighed = g.add(Expr::Binary(Binary::Weigh, t, surprise));
        let root = reduce(&mut g, Reducer::Sum, weighed, None);
        let inputs = row(vec![vec![0.3, 2.0, -1.0], target], vec![]);
        check(&mut g, root, &inputs, &[0], "soft cross entropy");
    }
}

/// `dot(x, y) / sqrt((dot(x, x) + more) * (dot(y, y) + more))`
fn cosine(g: &mut Graph, more: ExprId) -> ExprId {
    let (a, b) = (input(g, 0, elements()), input(g, 1, elements()));
    let dot = |g: &mut Graph, x: ExprId, y: ExprId| {
        let product = g.add(Expr::Binary(Binary::Multiply, x, y));
        reduce(g, Reducer::Sum, product, None)
    };
    let (ab, aa, bb) = (dot(g, a, b), dot(g, a, a), dot(g, b, b));
    let (aa, bb) = (g.plus(aa, more), g.plus(bb, more));
    let norms = g.add(Expr::Binary(Binary::Multiply, aa, bb));
    let root_of_norms = g.add(Expr::Unary(Unary::Sqrt, norms));
    g.add(Expr::Binary(Binary::Divide, ab, root_of_norms))
}

#[test]
fn cosine_has_both_gradients() {
    let mut g = Graph::new();
    let zero = g.zero();
    let root = cosine(&mut g, zero);
    check(&mut g, root, &row(vec![vec![3.0, 4.0, 0.5], vec![-1.0, 2.0, 0.25]], vec![]), &[0, 1], "cosine");
    let quarter = g.number(Constant::decimal(25, -2));
    let root = cosine(&mut g, quarter);
    check(&mut g, root, &row(vec![vec![3.0, 4.0, 0.5], vec![-1.0, 2.0, 0.25]], vec![]), &[0, 1], "cosine of more");
}

#[test]
fn a_cosine_does_not_see_how_long_its_vectors_are() {
    for (more, lengths) in [(0, [1e-300, 1e-100, 1.0, 1e100, 1e300]), (1, [1.0, 1e20, 1e100, 1e150, 1e300])] {
        let mut g = Graph::new();
        let more = g.number(Constant::decimal(more, -20));
        let root = cosine(&mut g, more);
        let (stable, _) = stabilize(&mut g, &[root]);
        let cotangents = differentiate(&mut g, stable[0], &[InputId(0)]).expect("differentiable");
        let lowered = lower(&mut g, &[stable[0], cotangents[0]]);
        for (long, other) in lengths.into_iter().flat_map(|long| lengths.map(|other| (long, other))) {
            let row = row(vec![vec![3.0 * long, 4.0 * long], vec![4.0 * other, 3.0 * other]], vec![]);
            let (value, slope) = (evaluate(&g, lowered[0], &row, 0), evaluate(&g, lowered[1], &row, 0));
            assert!(difference(value, 0.96) < 1e-15, "cosine {value} of lengths {long:e} and {other:e}");
            // b / 25 - 24 / 25 * a / 25
            let share = slope * long / 0.0448;
            assert!(difference(share, 1.0) < 1e-14, "{share} of its slope at lengths {long:e} and {other:e}");
        }
    }
    // As small as the root of what is added: below it the product of two numbers that are no longer normal would be 0.
    let mut g = Graph::new();
    let more = g.number(Constant::decimal(1, -20));
    let root = cosine(&mut g, more);
    let (stable, _) = stabilize(&mut g, &[root]);
    let lowered = lower(&mut g, &stable);
    let value = evaluate(&g, lowered[0], &row(vec![vec![2e-160, 0.0], vec![2e-160, 0.0]], vec![]), 0);
    assert!(difference(value / 4e-300, 1.0) < 1e-14, "{value}");
}

#[test]
fn a_zero_weight_removes_an_infinite_derivative() {
    // weigh(w, log(x)) at w = 0, x = 0: D is weigh(0, 1 / 0) = 0.
    let mut g = Graph::new();
    let (w, x) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()));
    let log = g.add(Expr::Unary(Unary::Log, x));
    let root = g.add(Expr::Binary(Binary::Weigh, w, log));
    let cotangent = differentiate(&mut g, root, &[InputId(1)]).expect("differentiable")[0];
    let lowered = lower(&mut g, &[cotangent]);
    assert_eq!(evaluate(&g, lowered[0], &row(vec![vec![0.0], vec![0.0]], vec![]), 0), 0.0);
}

#[test]
fn the_derivative_of_a_product_with_itself_keeps_the_zeros_of_its_cotangent() {
    // Where it is weighed by 0, is not selected, or weighs by 0 itself, nothing of it is left, though x be infinite, or log(x).
    let mut g = Graph::new();
    let (w, x) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()));
    let square = g.add(Expr::Binary(Binary::Multiply, x, x));
    let weighed = g.add(Expr::Binary(Binary::Weigh, w, square));
    let one = g.add(Expr::Constant(Constant::integer(1)));
    let is_one = g.add(Expr::Compare(Comparison::Equal, w, one));
    let selected = g.add(Expr::If(is_one, square, w));
    let log = g.add(Expr::Unary(Unary::Log, x));
    let weighs = g.add(Expr::Binary(Binary::Weigh, square, log));
    let cotangents = [weighed, selected, weighs].map(|root| {
        let cotangent = differentiate(&mut g, root, &[InputId(1)]).expect("differentiable")[0];
        lower(&mut g, &[cotangent])[0]
    });
    let at = |root: usize, w: f64, x: f64| evaluate(&g, cotangents[root], &row(vec![vec![w], vec![x]], vec![]), 0);
    assert_eq!((at(0, 0.0, f64::INFINITY), at(0, 3.0, 0.5)), (0.0, 3.0));
    assert_eq!((at(1, 0.0, f64::INFINITY), at(1, 1.0, 0.5)), (0.0, 1.0));
    // 2 x log(x) + x
    assert_eq!((at(2, 0.0, 0.0), at(2, 0.0, 1.0)), (0.0, 1.0));
}

#[test]
fn a_zero_weight_removes_a_case_that_is_not_decided_whatever_the_sign() {
    // weigh(w, if x < 1 then x else 2 x), and its negative and the negative of that: at x = NaN, w = 0 leaves nothing of it.
    let mut g = Graph::new();
    let (w, x) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()));
    let one = g.add(Expr::Constant(Constant::integer(1)));
    let below = g.add(Expr::Compare(Comparison::Less, x, one));
    let twice = g.add(Expr::Binary(Binary::Add, x, x));
    let value = g.add(Expr::If(below, x, twice));
    let plain = g.add(Expr::Binary(Binary::Weigh, w, value));
    let negative = g.add(Expr::Unary(Unary::Negate, plain));
    let from_one = g.add(Expr::Binary(Binary::Subtract, one, plain));
    for (root, slope) in [(plain, 1.0), (negative, -1.0), (from_one, -1.0)] {
        let cotangent = differentiate(&mut g, root, &[InputId(1)]).expect("differentiable")[0];
        let lowered = lower(&mut g, &[cotangent]);
        let at = |w: f64, x: f64| evaluate(&g, lowered[0], &row(vec![vec![w], vec![x]], vec![]), 0);
        assert_eq!(at(0.0, f64::NAN), 0.0);
        assert_eq!((at(3.0, 0.5), at(3.0, 1.5)), (3.0 * slope, 6.0 * slope));
        assert!(at(3.0, f64::NAN).is_nan());
    }
}

#[test]
fn what_all_weights_of_a_sum_remove_is_removed_though_it_is_computed_once() {
    // weigh(v, exp(x)) + weigh(w, 2 exp(x)), and their difference: the slopes in exp(x) are added before they are multiplied by exp(x).
    for (function, sign) in [(Binary::Add, 1.0), (Binary::Subtract, -1.0)] {
        let mut g = Graph::new();
        let [v, w, x] = [0, 1, 2].map(|place| input(&mut g, place, rows()));
        let exp = g.add(Expr::Unary(Unary::Exp, x));
        let two = g.add(Expr::Constant(Constant::integer(2)));
        let twice = g.add(Expr::Binary(Binary::Multiply, two, exp));
        let [first, second] =
            [(v, exp), (w, twice)].map(|(weight, value)| g.add(Expr::Binary(Binary::Weigh, weight, value)));
        let root = g.add(Expr::Binary(function, first, second));
        let cotangent = differentiate(&mut g, root, &[InputId(2)]).expect("differentiable")[0];
        let lowered = lower(&mut g, &[cotangent]);
        let at = |v: f64, w: f64, x: f64| evaluate(&g, lowered[0], &row(vec![vec![v], vec![w], vec![x]], vec![]), 0);
        assert_eq!(at(0.0, 0.0, f64::NAN), 0.0);
        assert_eq!(at(0.0, 0.0, f64::INFINITY), 0.0);
        assert_eq!((at(3.0, 0.0, 0.0), at(0.0, 3.0, 0.0), at(3.0, 5.0, 0.0)), (3.0, 6.0 * sign, 3.0 + 10.0 * sign));
        assert!([(3.0, 0.0), (0.0, 3.0), (f64::NAN, 0.0)].iter().all(|&(v, w)| at(v, w, f64::NAN).is_nan()));
    }
}

#[test]
fn what_exponentials_are_written_as_becomes_softplus_and_sigmoid() {
    let mut g = Graph::new();
    let x = input(&mut g, 0, rows());
    let one = g.add(Expr::Constant(Constant::integer(1)));
    let exp = g.add(Expr::Unary(Unary::Exp, x));
    let minus = g.add(Expr::Unary(Unary::Negate, x));
    let [softplus, sigmoid] = [Unary::Softplus, Unary::Sigmoid].map(|function| g.add(Expr::Unary(function, x)));
    let of_minus = g.add(Expr::Unary(Unary::Sigmoid, minus));
    // From either side.
    for (a, b) in [(one, exp), (exp, one)] {
        let sum = g.add(Expr::Binary(Binary::Add, a, b));
        let log = g.add(Expr::Unary(Unary::Log, sum));
        let [share, rest] = [exp, one].map(|above| g.add(Expr::Binary(Binary::Divide, above, sum)));
        for (written, stable) in [(log, softplus), (share, sigmoid), (rest, of_minus)] {
            assert_eq!(stabilize(&mut g, &[written]).0, [stable]);
        }
        let other = g.add(Expr::Binary(Binary::Divide, x, sum));
        assert_eq!(stabilize(&mut g, &[other]).0, [other], "no share");
    }
    let log_of_more = {
        let sum = g.add(Expr::Binary(Binary::Add, one, x));
        g.add(Expr::Unary(Unary::Log, sum))
    };
    let log1p = g.add(Expr::Unary(Unary::Log1p, x));
    assert_eq!(stabilize(&mut g, &[log_of_more]).0, [log1p]);
}

#[test]
fn sums_of_slopes_leave_outside_what_does_not_vary() {
    // A number of the row, added to every place under a product, a quotient and a weight of which one side varies.
    for function in [Binary::Multiply, Binary::Divide, Binary::Weigh] {
        for row_first in [true, false] {
            let mut g = Graph::new();
            let (of_row, other, of_place) =
                (input(&mut g, 0, rows()), input(&mut g, 1, rows()), input(&mut g, 2, elements()));
            let (a, b) = if row_first { (other, of_place) } else { (of_place, other) };
            let factor = g.add(Expr::Binary(function, a, b));
            let product = g.add(Expr::Binary(Binary::Multiply, factor, of_row));
            let root = reduce(&mut g, Reducer::Sum, product, None);
            let data = row(vec![vec![0.75], vec![1.25], vec![0.5, 2.0, 3.0]], vec![]);
            check(&mut g, root, &data, &[0, 1, 2], &format!("{function:?}, {row_first}"));
        }
    }
}

#[test]
fn the_gradient_of_what_all_rows_share_is_refused() {
    let mut g = Graph::new();
    let (x, scale) = (input(&mut g, 0, rows()), input(&mut g, 1, AxisSet::EMPTY));
    let root = g.add(Expr::Binary(Binary::Multiply, x, scale));
    assert!(differentiate(&mut g, root, &[InputId(1)]).is_err());
}

#[test]
fn what_a_weight_too_large_for_the_type_weighs_is_added_before_it_is_weighed() {
    // weigh(exp(t), t - x): exp(t) (t - x) + exp(t) would be inf - inf where the sum is -inf.
    let mut g = Graph::new();
    let (x, t) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()));
    let (weight, excess) = (g.add(Expr::Unary(Unary::Exp, t)), g.add(Expr::Binary(Binary::Subtract, t, x)));
    let root = g.add(Expr::Binary(Binary::Weigh, weight, excess));
    check(&mut g, root, &row(vec![vec![-1.5], vec![-0.25]], vec![]), &[0, 1], "a weight that is an exponential");
    let cotangent = differentiate(&mut g, root, &[InputId(1)]).expect("differentiable")[0];
    let lowered = lower(&mut g, &[cotangent]);
    for (x, t, slope) in [(2000.0, 1000.0, f64::NEG_INFINITY), (999.5, 1000.0, f64::INFINITY), (3.0, -1000.0, 0.0)] {
        assert_eq!(evaluate(&g, lowered[0], &row(vec![vec![x], vec![t]], vec![]), 0), slope, "at {x}, {t}");
    }
}

#[test]
fn a_weighted_power_leaves_the_range_only_where_it_must() {
    for (power, weight, x, expected) in [
        (2, 1e-250, 1e200, 1e150),
        (2, 1e250, 1e-200, 1e-150),
        (2, -1e250, 1e-30, -1e190),
        (3, 1e-300, 1e150, 1e150),
        (3, 1e300, 1e-150, 1e-150),
        (2, 0.0, f64::INFINITY, 0.0),
    ] {
        let mut g = Graph::new();
        let (w, r) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()));
        let power = g.integer(power);
        let power = g.add(Expr::Binary(Binary::Power, r, power));
        let root = g.add(Expr::Binary(Binary::Weigh, w, power));
        let lowered = lower(&mut g, &[root]);
        let actual = evaluate(&g, lowered[0], &row(vec![vec![weight], vec![x]], vec![]), 0);
        assert!(actual == expected || (actual / expected - 1.0).abs() < 1e-15, "{weight} of {x}: {actual}");
    }
    // Half a square that is too large, and under a weight.
    let mut g = Graph::new();
    let (w, r) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()));
    let (half, two) = (g.number(Constant::decimal(5, -1)), g.integer(2));
    let square = g.add(Expr::Binary(Binary::Power, r, two));
    let halved = g.add(Expr::Binary(Binary::Multiply, half, square));
    let weighted = g.add(Expr::Binary(Binary::Weigh, w, halved));
    let lowered = lower(&mut g, &[halved, weighted]);
    let at = |id, w: f64, r: f64| evaluate(&g, id, &row(vec![vec![w], vec![r]], vec![]), 0);
    assert_eq!(at(lowered[0], 1.0, 1.5 * 2f64.powi(511)), 1.125 * 2f64.powi(1022));
    assert_eq!(at(lowered[1], 2f64.powi(-900), 2f64.powi(900)), 2f64.powi(899));
    assert_eq!(at(lowered[1], 2f64.powi(900), 2f64.powi(-900)), 2f64.powi(-901));
}
