//! Values, what is known of them, and traps, each by a formula.

use std::collections::BTreeSet;

use super::number::{Number, text};
use super::{Evaluator, Point, Trap, default_params, guess};
use crate::compile::{Compiled, compile};
use crate::expr::{AxisId, Binary, Comparison, Constant, Expr, ExprId, Graph, Unary};
use crate::rewrite::reachable;
use crate::source::SourceFile;

/// A spec with this formula over two numbers, a label and a row; the formula is the right side of a sum that uses them all.
fn probe(formula: &str) -> Compiled {
    let text = format!(
        "name: probe\nsummary: Probe.\nreference: [ none ]\ninputs:\n  x: {{ axes: [N], gradient: true }}\n  \
         y: {{ axes: [N], gradient: true }}\n  label: {{ axes: [N], label: class_index(C) }}\n  \
         v: {{ axes: [N, C], gradient: true }}\nparams:\n  p: {{ default: 0.5, domain: \"0 < p < 2\" }}\n\
         loss: \"(x + y + p + v[label] + sum(C, v)) + ({formula})\"\nreduction: {{ default: mean, mean: elements }}\n"
    );
    let source = SourceFile { path: "specs/probe.yaml".to_owned(), text };
    compile(&[source]).unwrap_or_else(|failures| panic!("{}", failures[0].rendered().join("\n"))).remove(0)
}

/// The formula's value at x, y and v, and what went wrong on the way.
fn told(formula: &str, x: f64, y: f64, v: &[f64]) -> (Option<Number>, Vec<Trap>) {
    let compiled = probe(formula);
    let variant = &compiled.variants[0];
    let Expr::Binary(Binary::Add, _, root) = variant.graph.expr(variant.loss) else { panic!("no sum") };
    let point = Point { inputs: vec![vec![x], vec![y], vec![1.0], v.to_vec()], params: vec![0.5], extent: v.len() };
    // The derivative is wanted of everything.
    let slopes: BTreeSet<ExprId> = reachable(&variant.graph, [root]).into_iter().collect();
    let mut evaluator = Evaluator::new(&variant.graph, &point, &slopes);
    let value = evaluator.at(root, 0);
    (value, evaluator.traps().into_iter().map(|(_, trap)| trap).collect())
}

const ROW: &[f64] = &[1.0, -2.0, 4.0];

fn exact(number: f64) -> Option<Number> {
    Some(Number::exact(number))
}

fn rounded(number: f64) -> Option<Number> {
    Some(Number::rounded(number))
}

#[test]
fn values_are_what_formulas_say_and_exact_where_nothing_is_rounded() {
    let cases: &[(&str, Option<Number>)] = &[
        ("0.75", exact(0.75)),
        ("0.1", rounded(0.1)),
        ("inf", exact(f64::INFINITY)),
        ("p", exact(0.5)),
        ("size(C)", exact(3.0)),
        ("sum(C where index(C) == label, v)", exact(-2.0)),
        ("x + y", exact(2.75)),
        ("x - y", exact(-2.25)),
        ("x * y", exact(0.625)),
        ("y / x", exact(10.0)),
        ("x / y", rounded(0.1)),
        ("x * 0.1", rounded(0.25 * 0.1)),
        ("0.1 + x", rounded(0.35)),
        ("x + 0.1", rounded(0.35)),
        ("x + 1e20", rounded(1e20)),
        ("1e20 + x", rounded(1e20)),
        ("y / 0.1", rounded(25.0)),
        ("0.1 / x", rounded(0.4)),
        ("(0.1 + x)^2", rounded(0.35 * 0.35)),
        ("y^2", exact(6.25)),
        ("y^0.5", rounded(2.5f64.sqrt())),
        ("x^p", rounded(0.5)),
        ("weigh(x, y)", exact(0.625)),
        ("weigh(x - x, log(-y))", exact(0.0)),
        ("max(x, y)", exact(2.5)),
        ("min(x, y)", exact(0.25)),
        ("max(0.1, y)", exact(2.5)),
        ("min(0.1, y)", rounded(0.1)),
        // Rounding decides which of the two it is.
        ("max(x, 0.1 + 0.15)", rounded(0.25)),
        ("max(-log(x - x), 0.1)", exact(f64::INFINITY)),
        ("max(0.1, -log(x - x))", exact(f64::INFINITY)),
        ("min(-log(x - x), 0.1)", rounded(0.1)),
        ("if -log(x - x) > 0.1 then x else y", exact(0.25)),
        ("if 0.1 < -log(x - x) then x else y", exact(0.25)),
        // An infinite sum of rounded numbers may be one too large.
        ("if 1e308 * exp(y) > 0.1 then x else y", None),
        ("if 0.1 < 1e308 * exp(y) then x else y", None),
        ("logaddexp(x, y)", rounded((0.25f64.exp() + 2.5f64.exp()).ln())),
        ("logaddexp(y, x)", rounded((0.25f64.exp() + 2.5f64.exp()).ln())),
        ("-y", exact(-2.5)),
        ("abs(-y)", exact(2.5)),
        ("sign(-y)", exact(-1.0)),
        ("sign(y)", exact(1.0)),
        ("sign(y - y)", exact(0.0)),
        ("relu(y)", exact(2.5)),
        ("relu(-y)", exact(0.0)),
        ("detach(y)", exact(2.5)),
        ("sqrt(x)", exact(0.5)),
        ("sqrt(y)", rounded(2.5f64.sqrt())),
        ("exp(y - y)", exact(1.0)),
        ("exp(y)", rounded(2.5f64.exp())),
        ("expm1(y)", rounded(2.5f64.exp_m1())),
        ("log(y)", rounded(2.5f64.ln())),
        ("log(4 * x)", exact(0.0)),
        ("log1p(y)", rounded(2.5f64.ln_1p())),
        ("sin(y)", rounded(2.5f64.sin())),
        ("cos(y)", rounded(2.5f64.cos())),
        ("tan(y)", rounded(2.5f64.tan())),
        ("sinh(y)", rounded(2.5f64.sinh())),
        ("cosh(y)", rounded(2.5f64.cosh())),
        ("tanh(y)", rounded(2.5f64.tanh())),
        ("atan(y)", rounded(2.5f64.atan())),
        ("acos(x)", rounded(0.25f64.acos())),
        ("acos(4 * x)", exact(0.0)),
        ("sigmoid(y - y)", exact(0.5)),
        ("softplus(y)", rounded(2.5f64.exp().ln_1p())),
        ("softplus(-y)", rounded((-2.5f64).exp().ln_1p())),
        ("softplus(y - y)", rounded(std::f64::consts::LN_2)),
        ("erf(y - y)", exact(0.0)),
        ("lgamma(4 * x)", exact(0.0)),
        ("sum(C, v)", exact(3.0)),
        ("mean(C, v)", exact(1.0)),
        ("max(C, v)", exact(4.0)),
        ("min(C, v)", exact(-2.0)),
        ("max(C, 0.1 * v)", rounded(0.4)),
        ("sum(C where v > 0, v)", exact(5.0)),
        ("sum(C where v > 9, v)", exact(0.0)),
        ("max(C where v > 9, v)", exact(f64::NEG_INFINITY)),
        ("min(C where v > 9, v)", exact(f64::INFINITY)),
        ("logsumexp(C, v)", rounded(4.0 + ((-3.0f64).exp() + (-6.0f64).exp() + 1.0).ln())),
        ("logsumexp(C where v > 9, v)", exact(f64::NEG_INFINITY)),
        ("norm(C, v, 2)", rounded(21.0f64.sqrt())),
        ("norm(C, v - v, 2)", exact(0.0)),
        ("norm(C, v, inf)", rounded(4.0)),
        ("norm(C, v, 1)", rounded(7.0)),
        ("v[label]", exact(-2.0)),
        ("if any(C, v < 0) then x else y", exact(0.25)),
        ("if any(C, v < -2) then x else y", exact(2.5)),
        ("if all(C, v < 5) then x else y", exact(0.25)),
        ("if all(C, v < 4) then x else y", exact(2.5)),
        ("if x < y and y < 3 then x else y", exact(0.25)),
        ("if x > y and log(-y) < 3 then x else y", exact(2.5)),
        ("if x < y or log(-y) < 3 then x else y", exact(0.25)),
        ("if x > y or y > 3 then x else y", exact(2.5)),
        ("if not x < y then x else y", exact(2.5)),
        ("if x < x then x else y", exact(2.5)),
        ("if x <= x then x else y", exact(0.25)),
        ("if x > x then x else y", exact(2.5)),
        ("if x >= x then x else y", exact(0.25)),
        ("if p == 1 then x else y", exact(2.5)),
        ("if p != 1 then x else y", exact(0.25)),
        // Rounding decides.
        ("if exp(y) <= exp(y) then x else y", None),
        ("if 0.1 + 0.15 <= x then x else y", None),
        ("if x <= 0.1 + 0.15 then x else y", None),
        ("if exp(y) < 12.1825 then x else y", None),
        ("if exp(y) < 12.183 then x else y", exact(0.25)),
        ("if exp(y) > 12.183 then x else y", exact(2.5)),
        ("if 1000 * exp(y) < 12182.494 then x else y", None),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|&(formula, expected)| {
            let (found, traps) = told(formula, 0.25, 2.5, ROW);
            let is_same = match (found, expected) {
                (Some(found), Some(expected)) => {
                    found.is_exact == expected.is_exact
                        && (found.number == expected.number
                            || !expected.is_exact && (found.number / expected.number - 1.0).abs() < 1e-14)
                }
                (found, expected) => found == expected,
            };
            (!is_same || !traps.is_empty())
                .then(|| format!("{formula}: expected {expected:?}, found {found:?} with {traps:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_undefined_at_defined_numbers_is_a_trap() {
    const POWER: Trap = Trap::OutOfDomain("a power of a negative number by no fixed integer");
    const LOG: Trap = Trap::OutOfDomain("the logarithm of a negative number");
    const ROOT: Trap = Trap::OutOfDomain("the square root of a negative number");
    let zero = [0.0, 1.0, 1.0];
    let cases: &[(&str, [f64; 2], &[Trap])] = &[
        ("log(x)", [-1.0, 0.0], &[LOG]),
        ("log(x)", [0.0, 0.0], &[]),
        ("log1p(x)", [-2.0, 0.0], &[LOG]),
        ("log1p(x)", [-1.0, 0.0], &[]),
        ("log1p(x)", [-0.5, 0.0], &[]),
        ("sqrt(x)", [-1.0, 0.0], &[ROOT]),
        ("sqrt(x)", [0.0, 0.0], &[Trap::InfiniteDerivative("`sqrt`")]),
        ("sqrt(x)", [1.0, 0.0], &[]),
        ("acos(x)", [1.5, 0.0], &[Trap::OutOfDomain("the arc cosine of a number beyond 1")]),
        ("acos(x)", [-1.5, 0.0], &[Trap::OutOfDomain("the arc cosine of a number beyond 1")]),
        ("acos(x)", [-1.0, 0.0], &[]),
        ("x / y", [0.0, 0.0], &[Trap::OutOfDomain("0 / 0")]),
        ("x / y", [0.0, 1.0], &[]),
        ("x / y", [1.0, 0.0], &[]),
        ("x / y", [f64::INFINITY, f64::NEG_INFINITY], &[Trap::OutOfDomain("inf / inf")]),
        ("x / y", [f64::INFINITY, 1.0], &[]),
        ("x * y", [0.0, f64::INFINITY], &[Trap::ZeroTimesInfinity]),
        ("x * y", [f64::INFINITY, 0.0], &[Trap::ZeroTimesInfinity]),
        ("x * y", [f64::INFINITY, 1.0], &[]),
        ("x * y", [0.0, 1.0], &[]),
        ("weigh(x, y)", [0.0, f64::INFINITY], &[]),
        ("x + y", [f64::INFINITY, f64::NEG_INFINITY], &[Trap::InfinityMinusInfinity]),
        ("x + y", [f64::INFINITY, f64::INFINITY], &[]),
        ("x - y", [f64::INFINITY, f64::INFINITY], &[Trap::InfinityMinusInfinity]),
        ("x - y", [f64::INFINITY, f64::NEG_INFINITY], &[]),
        ("x^y", [-2.0, 0.5], &[POWER]),
        ("x^y", [-2.0, 2.0], &[POWER]),
        ("x^2", [-2.0, 0.0], &[]),
        ("x^y", [2.0, 0.5], &[]),
        ("x^y", [0.0, 0.5], &[Trap::InfiniteDerivative("a power below 1")]),
        ("x^y", [0.0, 1e-6], &[]),
        ("x^y", [0.0, 1.0], &[]),
        ("x^y", [0.0, 0.0], &[]),
        ("x^y", [1.0, 0.5], &[]),
        // What is rounded may be on the right side.
        ("log(exp(x) - exp(x) - 1e-9)", [1.0, 0.0], &[]),
        ("log(exp(x) - exp(x) - 1e-3)", [1.0, 0.0], &[LOG]),
        // What is not chosen is not computed.
        ("if x < 0 then log(x) else x", [1.0, 0.0], &[]),
        ("weigh(y, log(x))", [-1.0, 0.0], &[]),
        ("mean(C where v > 9, v)", [0.0, 0.0], &[Trap::OutOfDomain("the mean of nothing")]),
    ];
    let mut wrong = Vec::new();
    for &(formula, [x, y], expected) in cases {
        let (value, traps) = told(formula, x, y, &zero);
        if traps != expected {
            wrong.push(format!("{formula} at {x}, {y}: expected {expected:?}, found {traps:?}, {value:?}"));
        }
    }
    let rows: &[(&str, &[f64], &[Trap])] = &[
        ("sum(C, v)", &[f64::INFINITY, 1.0, f64::NEG_INFINITY], &[Trap::InfinityMinusInfinity]),
        ("mean(C, v)", &[f64::INFINITY, 1.0, f64::NEG_INFINITY], &[Trap::InfinityMinusInfinity]),
        ("sum(C, v)", &[f64::INFINITY, 1.0, f64::INFINITY], &[]),
        ("sum(C, v)", &[1.0, 1.0, f64::NEG_INFINITY], &[]),
        ("max(C, v)", &[f64::INFINITY, 1.0, f64::NEG_INFINITY], &[]),
    ];
    for &(formula, row, expected) in rows {
        let (value, traps) = told(formula, 0.0, 0.0, row);
        if traps != expected {
            wrong.push(format!("{formula} of {row:?}: expected {expected:?}, found {traps:?}, {value:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nan_reaches_what_it_meets() {
    let row = [f64::NAN, 1.0, 2.0];
    for formula in ["max(x, y)", "min(x, y)", "relu(x)", "sign(x)", "if x < y then 1 else 2", "max(C, v)", "min(C, v)"]
    {
        let (value, traps) = told(formula, f64::NAN, 1.0, &row);
        assert!(value.is_some_and(|value| value.number.is_nan()), "{formula}: {value:?}");
        assert_eq!(traps, [], "{formula}");
    }
}

#[test]
fn a_turned_comparison_and_a_guessed_one_come_out_otherwise() {
    let compiled = probe("if x < y then x else (if exp(y) <= exp(y) then y else 7)");
    let variant = &compiled.variants[0];
    let Expr::Binary(Binary::Add, _, root) = variant.graph.expr(variant.loss) else { panic!("no sum") };
    let Expr::If(condition, ..) = variant.graph.expr(root) else { panic!("no selection") };
    let point = |x: f64| Point { inputs: vec![vec![x], vec![2.5], vec![0.0], vec![1.0]], params: vec![0.5], extent: 1 };
    let (slopes, (near, far)) = (BTreeSet::new(), (point(0.25), point(9.0)));
    let plain = Evaluator::new(&variant.graph, &near, &slopes).at(root, 0);
    let turned = Evaluator::new(&variant.graph, &near, &slopes).with_turned(condition).at(root, 0);
    let guessed = Evaluator::new(&variant.graph, &near, &slopes).with_turned(condition).guessing().at(root, 0);
    let undecided = Evaluator::new(&variant.graph, &far, &slopes).at(root, 0);
    let turned_far = Evaluator::new(&variant.graph, &far, &slopes).with_turned(condition).at(root, 0);
    assert_eq!([plain, turned, undecided, turned_far], [exact(0.25), None, None, exact(9.0)]);
    assert_eq!(guessed, exact(2.5));
    let mut evaluator = Evaluator::new(&variant.graph, &near, &slopes);
    assert_eq!(evaluator.at(root, 1), None, "there is no such place");
    assert!(!evaluator.has_met(root, 0) && evaluator.at(root, 0).is_some() && evaluator.has_met(root, 0));
    assert!(
        !reachable(&variant.graph, [root]).iter().all(|&id| evaluator.has_met(id, 0)),
        "one branch is not looked at"
    );
}

#[test]
fn a_guessed_comparison_with_one_nan_is_nan() {
    let nan = Number::exact(f64::NAN);
    for [x, y] in [[nan, Number::exact(1.0)], [Number::exact(1.0), nan], [nan, nan]] {
        assert!(guess(Comparison::Less, x, y).number.is_nan());
    }
    assert_eq!(guess(Comparison::Less, Number::exact(1.0), Number::exact(2.0)).number, 1.0);
}

#[test]
fn points_and_numbers_are_shown_as_people_write_them() {
    let compiled = probe("x");
    let inputs = vec![vec![0.1 + 0.2], vec![], vec![1.0], vec![1.0, -0.5]];
    let point = Point { inputs, params: vec![0.5], extent: 2 };
    assert_eq!(point.describe(&compiled.spec), "x = 0.3, label = 1, v = [1, -0.5]");
    assert_eq!([text(f64::NAN), text(f64::NEG_INFINITY), text(-1_234_567.0)], ["NaN", "-inf", "-1234570"]);
}

#[test]
fn parameters_take_their_defaults_or_a_number_that_their_condition_admits() {
    let compiled = probe("x");
    assert_eq!(default_params(&compiled.spec, &compiled.variants[0]), Some(vec![0.5]));
    for (domain, expected) in
        [("0.3 < p < 0.7", Some(0.5)), ("-2 < p < 0", Some(-1.0)), ("p > 1", Some(2.0)), ("p > 9", None)]
    {
        let text = format!(
            "name: probe\nsummary: Probe.\nreference: [ none ]\ninputs:\n  x: {{ axes: [N], gradient: true }}\nparams:\n  \
             p: {{ domain: \"{domain}\" }}\nloss: p * x\nreduction: {{ default: mean, mean: elements }}\n"
        );
        let compiled =
            compile(&[SourceFile { path: "specs/probe.yaml".to_owned(), text }]).expect("it compiles").remove(0);
        let found = default_params(&compiled.spec, &compiled.variants[0]);
        assert_eq!(found, expected.map(|number| vec![number]), "{domain}");
    }
}

#[test]
fn what_only_kernels_have_is_not_known() {
    let mut compiled = probe("x");
    let graph = &mut compiled.variants[0].graph;
    let zero = graph.zero();
    let power = graph.add(Expr::Unary(Unary::PowerOfTwo, zero));
    let across_rows = graph.add(Expr::Pick { value: zero, axis: AxisId::ROWS, index: zero });
    let (point, slopes) = (Point { inputs: vec![], params: vec![], extent: 1 }, BTreeSet::new());
    let mut evaluator = Evaluator::new(graph, &point, &slopes);
    assert_eq!([evaluator.at(power, 0), evaluator.at(across_rows, 0)], [None, None]);
}

#[test]
fn shares_of_a_logsumexp_are_known_unless_it_is_infinite() {
    let mut graph = Graph::new();
    let [three, one, infinity] =
        [Constant::integer(3), Constant::integer(1), Constant::Infinity].map(|x| graph.number(x));
    let (point, slopes) = (Point { inputs: vec![], params: vec![], extent: 1 }, BTreeSet::new());
    let cases = [
        (Binary::Share, [one, three], rounded((-2.0f64).exp())),
        (Binary::ShareOfOthers, [one, three], rounded(1.0 - (-2.0f64).exp())),
        (Binary::Excess, [three, one], rounded(2.0)),
        (Binary::Deviation, [three, one], rounded(2.0)),
        (Binary::Others, [one, three], rounded(2.0)),
        (Binary::Share, [infinity, infinity], None),
        (Binary::ShareOfOthers, [one, infinity], None),
    ];
    for (function, [x, y], expected) in cases {
        let id = graph.combine(function, x, y);
        let found = Evaluator::new(&graph, &point, &slopes).at(id, 0);
        assert_eq!(found.map(|found| found.is_exact), expected.map(|expected| expected.is_exact), "{function:?}");
        let difference = found.map_or(0.0, |found| found.number) - expected.map_or(0.0, |expected| expected.number);
        assert!(difference.abs() < 1e-15, "{function:?}: {found:?} for {expected:?}");
    }
}
