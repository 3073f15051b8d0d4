//! Shares and sigmoids less a label keep the digits of what they lack to 1, in value and gradient.

mod interpreter;
mod nodes;

use interpreter::{Row, evaluate};
use loss_codegen::differentiate::differentiate;
use loss_codegen::expr::{AxisId, AxisSet, Binary, Comparison, Expr, ExprId, Graph, InputId, Reducer, Type, Unary};
use loss_codegen::lower::lower;
use loss_codegen::stabilize::stabilize;
use nodes::{input, rows};

const CLASSES: AxisId = AxisId(1);

fn binary(g: &mut Graph, function: Binary, x: ExprId, y: ExprId) -> ExprId {
    g.add(Expr::Binary(function, x, y))
}

fn square(g: &mut Graph, x: ExprId) -> ExprId {
    let two = g.integer(2);
    binary(g, Binary::Power, x, two)
}

fn reduce(g: &mut Graph, reducer: Reducer, value: ExprId) -> ExprId {
    g.add(Expr::Reduce { reducer, axes: AxisSet::of(CLASSES), filter: None, value, order: None })
}

/// As a formula writes it: `exp(x - logsumexp(C, x))`.
fn softmax(g: &mut Graph, x: ExprId) -> ExprId {
    let whole = reduce(g, Reducer::Logsumexp, x);
    let logarithm = binary(g, Binary::Subtract, x, whole);
    g.add(Expr::Unary(Unary::Exp, logarithm))
}

fn label(g: &mut Graph) -> ExprId {
    g.intern(Expr::Input(InputId(1)), Type::Index(CLASSES), rows())
}

fn one_hot(g: &mut Graph) -> ExprId {
    let label = label(g);
    let place = g.add(Expr::Index(CLASSES));
    let is_it = g.add(Expr::Compare(Comparison::Equal, place, label));
    let (one, zero) = (g.one(), g.zero());
    g.add(Expr::If(is_it, one, zero))
}

/// Value and gradient with respect to input 0 of what is lowered.
fn computed(g: &mut Graph, root: ExprId, row: &Row) -> (f64, Vec<f64>) {
    let (stable, _) = stabilize(g, &[root]);
    let cotangent = differentiate(g, stable[0], &[InputId(0)]).expect("differentiable")[0];
    let lowered = lower(g, &[stable[0], cotangent]);
    let gradient = (0..row.inputs[0].len()).map(|place| evaluate(g, lowered[1], row, place)).collect();
    (evaluate(g, lowered[0], row, 0), gradient)
}

fn is_near(expected: f64, actual: f64, claim: &str) {
    let share = ((expected - actual) / expected).abs();
    assert!(expected == actual || share < 2e-15, "{claim}: {actual:e}, and should be {expected:e}");
}

fn logits(logits: &[f64], label: usize) -> Row {
    Row { inputs: vec![logits.to_vec(), vec![0.0]], labels: vec![0, label], classes: logits.len(), params: vec![] }
}

#[test]
fn the_square_of_a_confident_softmax_less_its_label_keeps_its_digits() {
    for mirrored in [false, true] {
        for (label, largest) in [(0, 50.0), (1, 50.0), (2, 30.0)] {
            let mut g = Graph::new();
            let x = input(&mut g, 0, rows().union(AxisSet::of(CLASSES)));
            let (share, target) = (softmax(&mut g, x), one_hot(&mut g));
            let (from, less) = if mirrored { (target, share) } else { (share, target) };
            let miss = binary(&mut g, Binary::Subtract, from, less);
            let miss = square(&mut g, miss);
            let root = reduce(&mut g, Reducer::Sum, miss);
            let (value, gradient) = computed(&mut g, root, &logits(&[largest, 0.0, 0.0], label));
            // Each share, and what it lacks, without a difference.
            let e = f64::exp(-largest);
            let shares = [1.0 / (1.0 + 2.0 * e), e / (1.0 + 2.0 * e), e / (1.0 + 2.0 * e)];
            let lacking = [2.0 * e / (1.0 + 2.0 * e), (1.0 + e) / (1.0 + 2.0 * e), (1.0 + e) / (1.0 + 2.0 * e)];
            let miss = |place: usize| if place == label { -lacking[place] } else { shares[place] };
            is_near((0..3).map(|place| miss(place).powi(2)).sum(), value, "value");
            for place in 0..3 {
                // 2 p (d - sum(d p)), with the place's own part of the sum taken off on paper.
                let others: f64 = (0..3).filter(|&other| other != place).map(|other| miss(other) * shares[other]).sum();
                let slope = 2.0 * shares[place] * (miss(place) * lacking[place] - others);
                is_near(slope, gradient[place], &format!("gradient at {place}, label {label}, logit {largest}"));
            }
        }
    }
}

#[test]
fn one_less_the_share_of_the_label_keeps_its_digits() {
    let mut g = Graph::new();
    let x = input(&mut g, 0, rows().union(AxisSet::of(CLASSES)));
    let (share, index, one) = (softmax(&mut g, x), label(&mut g), g.one());
    let own = g.add(Expr::Pick { value: share, axis: CLASSES, index });
    let root = binary(&mut g, Binary::Subtract, one, own);
    let (value, gradient) = computed(&mut g, root, &logits(&[50.0, 0.0, 0.0], 0));
    let e = f64::exp(-50.0);
    let lacking = 2.0 * e / (1.0 + 2.0 * e);
    is_near(lacking, value, "value");
    is_near(-lacking / (1.0 + 2.0 * e), gradient[0], "gradient of the label");
    is_near(e / (1.0 + 2.0 * e).powi(2), gradient[1], "gradient of another");
}

#[test]
fn the_square_of_a_confident_sigmoid_less_its_label_keeps_its_digits() {
    // The last two differ from 1 by less than the sigmoid does, and by more.
    for label in [0.0, 1.0, 0.25, 1.0 - f64::EPSILON, 1.0 - 1e-9] {
        for x in [24.0, 40.0, -40.0, 0.5, 800.0] {
            let mut g = Graph::new();
            let (input, target) = (input(&mut g, 0, rows()), input(&mut g, 1, rows()));
            let share = g.add(Expr::Unary(Unary::Sigmoid, input));
            let miss = binary(&mut g, Binary::Subtract, share, target);
            let root = square(&mut g, miss);
            let row = Row { inputs: vec![vec![x], vec![label]], labels: vec![], classes: 1, params: vec![] };
            let (value, gradient) = computed(&mut g, root, &row);
            let e = f64::exp(-f64::abs(x));
            let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
            let miss = if x > 0.0 { (1.0 - label) - small } else { small - label };
            is_near(miss * miss, value, &format!("value at {x}, {label}"));
            is_near(2.0 * miss * small * large, gradient[0], &format!("gradient at {x}, {label}"));
        }
    }
}

#[test]
fn a_sigmoid_less_one_is_what_it_lacks() {
    let mut g = Graph::new();
    let x = input(&mut g, 0, rows());
    let (share, one) = (g.add(Expr::Unary(Unary::Sigmoid, x)), g.one());
    let root = binary(&mut g, Binary::Subtract, share, one);
    let row = Row { inputs: vec![vec![50.0]], labels: vec![], classes: 1, params: vec![] };
    let (value, gradient) = computed(&mut g, root, &row);
    is_near(-f64::exp(-50.0), value, "value");
    is_near(f64::exp(-50.0), gradient[0], "gradient");
}
