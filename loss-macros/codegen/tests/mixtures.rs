//! Mixtures of a loss of yes and one of no: one exponential does for both, and nothing is lost by it.

mod interpreter;
mod nodes;

use interpreter::{Row, evaluate};
use loss_codegen::differentiate::differentiate;
use loss_codegen::expr::{Binary, Expr, ExprId, Graph, InputId, Unary};
use loss_codegen::lower::lower;
use loss_codegen::rewrite::reachable;
use nodes::{input, rows};

const LOGITS: [f64; 10] = [0.0, -0.0, 1e-9, -1e-9, 0.3, -2.5, 40.0, -40.0, 800.0, -800.0];
const YES: [f64; 6] = [0.0, 1.0, 0.5, 0.25, 1e-12, 1.0 - f64::EPSILON];

fn weigh(g: &mut Graph, weight: ExprId, value: ExprId) -> ExprId {
    g.add(Expr::Binary(Binary::Weigh, weight, value))
}

/// `weigh(yes, softplus(-x)) + weigh(no, softplus(x))`, or of another function.
fn mixture(g: &mut Graph, function: Unary, x: ExprId, yes: ExprId, no: ExprId) -> ExprId {
    let opposite = g.negate(x);
    let [for_yes, for_no] = [opposite, x].map(|x| g.add(Expr::Unary(function, x)));
    let (for_yes, for_no) = (weigh(g, yes, for_yes), weigh(g, no, for_no));
    g.add(Expr::Binary(Binary::Add, for_yes, for_no))
}

/// Value and gradient, lowered.
fn lowered(g: &mut Graph, root: ExprId) -> [ExprId; 2] {
    let cotangent = differentiate(g, root, &[InputId(0)]).expect("differentiable")[0];
    let lowered = lower(g, &[root, cotangent]);
    [lowered[0], lowered[1]]
}

/// Value and gradient where the weights are a probability, input 1, and what it lacks to 1.
fn by_a_probability() -> (Graph, [ExprId; 2]) {
    let mut g = Graph::new();
    let (x, yes) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()));
    let one = g.one();
    let no = g.subtract(one, yes);
    let root = mixture(&mut g, Unary::Softplus, x, yes, no);
    let roots = lowered(&mut g, root);
    (g, roots)
}

fn row(inputs: &[f64]) -> Row {
    Row { inputs: inputs.iter().map(|&value| vec![value]).collect(), labels: vec![], classes: 1, params: vec![] }
}

fn is_near(expected: f64, actual: f64, scale: f64, what: &str) {
    let miss = (expected - actual).abs();
    assert!(expected == actual || miss <= 2e-16 * scale, "{what}: {actual:e}, and should be {expected:e}");
}

/// The parts without their mixture: softplus and sigmoid of a number and of its opposite.
fn parts(x: f64) -> ([f64; 2], [f64; 2]) {
    let e = f64::exp(-x.abs());
    let (tail, share) = (e.ln_1p(), e / (1.0 + e));
    let (softplus, sigmoid) = ([tail, x.abs() + tail], [share, 1.0 / (1.0 + e)]);
    if x < 0.0 { (softplus, sigmoid) } else { ([softplus[1], softplus[0]], [sigmoid[1], sigmoid[0]]) }
}

#[test]
fn a_probability_mixes_a_loss_of_yes_and_one_of_no() {
    let (g, [value, slope]) = by_a_probability();
    for x in LOGITS {
        for yes in YES {
            let row = row(&[x, yes]);
            let ([rising, falling], [share, opposite]) = parts(x);
            let expected = yes * falling + (1.0 - yes) * rising;
            is_near(expected, evaluate(&g, value, &row, 0), 2.0 * expected, &format!("value at {x:e}, {yes:e}"));
            let scale = 2.0 * ((1.0 - yes) * share).max(yes * opposite);
            let expected = (1.0 - yes) * share - yes * opposite;
            is_near(expected, evaluate(&g, slope, &row, 0), scale, &format!("slope at {x:e}, {yes:e}"));
        }
    }
}

#[test]
fn weights_of_their_own_stay_apart() {
    let mut g = Graph::new();
    let (x, yes, no) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()), input(&mut g, 2, rows()));
    let root = mixture(&mut g, Unary::Softplus, x, yes, no);
    for root in lowered(&mut g, root) {
        assert_eq!(
            evaluate(&g, root, &row(&[f64::NAN, 0.0, 0.0]), 0),
            0.0,
            "nothing is left of a NaN that nothing weighs"
        );
        assert!(evaluate(&g, root, &row(&[f64::NAN, 0.0, 2.0]), 0).is_nan());
    }
}

#[test]
fn of_other_functions_both_parts_are_computed() {
    type Function = fn(f64) -> f64;
    let table: [(Unary, Function, Function); 3] = [
        (Unary::Exp, f64::exp, f64::exp),
        (Unary::Sinh, f64::sinh, f64::cosh),
        (Unary::Atan, f64::atan, |x| 1.0 / (1.0 + x * x)),
    ];
    for (function, of, derivative) in table {
        let mut g = Graph::new();
        let (x, yes, one) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()), g.one());
        let no = g.subtract(one, yes);
        let root = mixture(&mut g, function, x, yes, no);
        let [value, slope] = lowered(&mut g, root);
        let row = row(&[1.5, 0.25]);
        assert_eq!(evaluate(&g, value, &row, 0), 0.25 * of(-1.5) + 0.75 * of(1.5), "{function:?}");
        let [for_yes, for_no] = [-0.25 * derivative(-1.5), 0.75 * derivative(1.5)];
        let what = format!("slope of {function:?}");
        is_near(for_yes + for_no, evaluate(&g, slope, &row, 0), 2.0 * for_yes.abs().max(for_no.abs()), &what);
    }
}

#[test]
fn a_weight_of_zero_removes_what_is_infinite() {
    let (g, [value, slope]) = by_a_probability();
    for (x, yes, expected) in [
        (f64::INFINITY, 1.0, [0.0, 0.0]),
        (f64::NEG_INFINITY, 0.0, [0.0, 0.0]),
        (f64::NEG_INFINITY, 1.0, [f64::INFINITY, -1.0]),
        (f64::INFINITY, 0.25, [f64::INFINITY, 0.75]),
    ] {
        let row = row(&[x, yes]);
        assert_eq!([value, slope].map(|root| evaluate(&g, root, &row, 0)), expected, "at {x}, {yes}");
    }
    for (x, yes) in [(f64::NAN, 0.0), (f64::NAN, 1.0), (1.0, f64::NAN), (-1.0, f64::NAN)] {
        let row = row(&[x, yes]);
        for root in [value, slope] {
            assert!(evaluate(&g, root, &row, 0).is_nan(), "at {x}, {yes}");
        }
    }
}

#[test]
fn a_mixture_has_one_exponential_one_logarithm_and_one_quotient() {
    let (g, roots) = by_a_probability();
    let nodes: Vec<Expr> = reachable(&g, roots).into_iter().map(|id| g.expr(id)).collect();
    let count = |is_it: fn(&Expr) -> bool| nodes.iter().filter(|expr| is_it(expr)).count();
    assert_eq!(count(|expr| matches!(expr, Expr::Unary(Unary::Exp, _))), 1);
    assert_eq!(count(|expr| matches!(expr, Expr::Unary(Unary::Log1p, _))), 1);
    assert_eq!(count(|expr| matches!(expr, Expr::Binary(Binary::Divide, ..))), 1);
}
