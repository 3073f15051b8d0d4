//! Second derivatives against central differences of gradients, at knots, and where there are none.

mod interpreter;

use interpreter::{Row, evaluate};
use loss_codegen::compile::{Compiled, compile};
use loss_codegen::source::SourceFile;

/// A spec of one input and a weight, with more keys.
fn spec(loss: &str, more: &str) -> Compiled {
    let text = format!(
        "name: bent\nsummary: For a test.\nreference: [ none ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\n  \
         weight: {{ axes: [N] }}\nloss: \"{loss}\"\nreduction: {{ default: mean, mean: elements }}\n{more}"
    );
    let source = SourceFile { path: "specs/bent.yaml".to_owned(), text };
    let compiled = compile(&[source]).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
    compiled.into_iter().next().expect("there is one")
}

fn row(input: f64, weight: f64) -> Row {
    Row { inputs: vec![vec![input], vec![weight]], labels: vec![], classes: 1, params: vec![] }
}

fn gradient(compiled: &Compiled, input: f64, weight: f64) -> f64 {
    let plan = &compiled.plans[0];
    evaluate(&plan.graph, plan.loss.derivatives[0].1, &row(input, weight), 0)
}

fn curvature(compiled: &Compiled, input: f64, weight: f64) -> f64 {
    let plan = &compiled.plans[0];
    let exact = &plan.loss.curvature.as_ref().expect("there is one").exact;
    let stable = evaluate(&plan.graph, exact.stable, &row(input, weight), 0);
    let lowered = evaluate(&plan.graph, exact.kernel.gradients[1].cotangent, &row(input, weight), 0);
    assert!(
        (stable - lowered).abs() <= 1e-12 * stable.abs().max(1.0) || stable.is_nan(),
        "{stable}, lowered {lowered}"
    );
    stable
}

#[test]
fn second_derivatives_are_slopes_of_gradients() {
    let formulas = [
        "weight * input^3",
        "weigh(weight, (input - 0.3)^2)",
        "weight * exp(input) + expm1(2 * input)",
        "log(1 + exp(-weight * input))",
        "weight * log(cosh(input))",
        "log1p(input^2 / weight)",
        "weight * sigmoid(input)",
        "(1 - sigmoid(input))^weight * softplus(-input)",
        "weight * tanh(input)",
        "atan(input) * weight",
        "sqrt(1 + (input / weight)^2) - 1",
        "sin(input) + weight * cos(input)",
        "sinh(input) * weight",
        "abs(input) * input * weight",
        "relu(weight - input)^2",
        "max(input, weight)^2 + min(input, 0.1)^3",
        "if abs(input) < 1 then weight * input^4 else weight * abs(input)",
        "logaddexp(input, weight)",
        "erf(input) * weight",
        "input^2 / (input^2 + weight)",
        "weight * abs(input)^1.5",
    ];
    for formula in formulas {
        let compiled = spec(formula, "");
        for (input, weight) in [(0.4, 1.5), (-0.7, 0.6), (1.9, 2.25), (-2.6, 0.3)] {
            let h = 1e-5;
            let at = |h: f64| gradient(&compiled, input + h, weight);
            let expected = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            let actual = curvature(&compiled, input, weight);
            let difference = (actual - expected).abs() / actual.abs().max(1.0);
            assert!(difference < 1e-8, "{formula} at {input}, {weight}: {actual}, by differences {expected}");
        }
    }
}

#[test]
fn at_a_knot_the_case_that_holds_decides() {
    let inner = spec("if abs(input) <= weight then 0.5 * input^2 else weight * abs(input) - 0.5 * weight^2", "");
    assert_eq!([1.0, 0.5, 2.0].map(|input| curvature(&inner, input, 1.0)), [1.0, 1.0, 0.0]);
    let outer = spec("if abs(input) < weight then 0.5 * input^2 else weight * abs(input) - 0.5 * weight^2", "");
    assert_eq!([1.0, 0.5, 2.0].map(|input| curvature(&outer, input, 1.0)), [0.0, 1.0, 0.0]);
    let hinge = spec("weight * relu(input)^2", "");
    assert_eq!([0.0, 1e-300, -1.0].map(|input| curvature(&hinge, input, 1.0)), [0.0, 2.0, 0.0]);
    assert_eq!(curvature(&spec("weight * abs(input)", ""), 0.0, 1.0), 0.0);
}

#[test]
fn a_declared_curvature_takes_the_step_where_it_is_declared() {
    let more = "curvature:\n  of: input\n  terms:\n    exact: { claim: exact }\n    \
                ratio: { value: 1 / abs(input), when: abs(input) > 1, claim: positive }\n  step: ratio\n";
    let compiled = spec("weight * input^2", more);
    let plan = &compiled.plans[0];
    let step = plan.loss.curvature.as_ref().and_then(|curvature| curvature.step.as_ref()).expect("it is declared");
    let at = |input: f64| evaluate(&plan.graph, step.stable, &row(input, 3.0), 0);
    assert_eq!([at(4.0), at(0.5)], [0.25, 6.0]);
    // `exact` is no formula of its own.
    let exact = spec("weight * input^2", "curvature: { of: input, terms: { e: { claim: exact } }, step: e }\n");
    assert!(exact.plans[0].loss.curvature.as_ref().is_some_and(|curvature| curvature.step.is_none()));
}

#[test]
fn a_declared_second_derivative_is_computed_as_declared() {
    let loss = "sqrt(1 + (input / weight)^2) - 1";
    let derived = spec(loss, "");
    let given = "curvature:\n  of: input\n  terms: { exact: { claim: exact, value: 1 / (weight^2 * (1 + (input / weight)^2)^1.5) } }\n";
    let declared = spec(loss, given);
    for input in [0.3, -2.0, 40.0] {
        let (a, b) = (curvature(&derived, input, 1.5), curvature(&declared, input, 1.5));
        assert!((a - b).abs() < 1e-12 * b.abs().max(1e-3), "{a} {b}");
    }
    // Far out the two terms of the derivative are equal to all digits.
    assert_eq!(curvature(&declared, 1e100, 1.0), 1e-300);
}

#[test]
fn the_prediction_is_the_input_that_is_named_or_the_first() {
    let text = |more: &str| {
        format!(
            "name: bent\nsummary: For a test.\nreference: [ none ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\n  \
             other: {{ axes: [N], gradient: true }}\nloss: \"input^2 + 2 * other^2\"\n\
             reduction: {{ default: mean, mean: elements }}\n{more}"
        )
    };
    let of = |more: &str| {
        let source = SourceFile { path: "specs/bent.yaml".to_owned(), text: text(more) };
        let compiled = compile(&[source]).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
        curvature(&compiled[0], 1.0, 1.0)
    };
    assert_eq!(of(""), 2.0);
    assert_eq!(of("curvature: { of: other, terms: { exact: { claim: exact } } }\n"), 4.0);
}

#[test]
fn another_summand_has_a_curvature_of_its_own() {
    let text = "name: bent\nsummary: For a test.\nreference: [ none ]\ninputs:\n  input: { axes: [N], gradient: true }\n\
                loss: input^2\nreduction: { default: mean, mean: { of: 3 * loss, over: 1 } }\n\
                curvature: { of: input, terms: { e: { claim: exact, value: 2 }, p: { claim: positive, value: 7 } }, step: p }\n";
    let source = SourceFile { path: "specs/bent.yaml".to_owned(), text: text.to_owned() };
    let compiled = compile(&[source]).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
    let plan = &compiled[0].plans[0];
    let bends = |program: &loss_codegen::plan::Program| {
        let curvature = program.curvature.as_ref().expect("there is one");
        let at = |id| evaluate(&plan.graph, id, &row(1.5, 1.0), 0);
        (at(curvature.exact.stable), curvature.step.as_ref().map(|step| at(step.stable)))
    };
    assert_eq!(bends(&plan.loss), (2.0, Some(7.0)));
    assert_eq!(bends(plan.reductions[0].of.as_ref().expect("it has a summand")), (6.0, None));
}

#[test]
fn rows_and_gamma_functions_have_none() {
    assert!(spec("lgamma(input) * weight", "").plans[0].loss.curvature.is_none());
    let given = "curvature: { of: input, terms: { e: { claim: exact, value: weight } } }\n";
    assert_eq!(curvature(&spec("lgamma(input) * weight", given), 1.0, 3.0), 3.0);
    let text = "name: bent\nsummary: For a test.\nreference: [ none ]\ninputs:\n  \
                input: { axes: [N, C], gradient: true }\nloss: \"logsumexp(C, input)\"\n\
                reduction: { default: mean, mean: elements }\n";
    let source = SourceFile { path: "specs/bent.yaml".to_owned(), text: text.to_owned() };
    let compiled = compile(&[source]).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
    assert!(compiled[0].plans[0].loss.curvature.is_none());
}
