//! Hessian-vector products against central differences of gradients, what they are at knots, and what has none.

mod interpreter;

use interpreter::{Row, evaluate};
use loss_codegen::compile::{Compiled, compile};
use loss_codegen::explain::explain;
use loss_codegen::schedule::{DIRECTION, Schedule};
use loss_codegen::source::SourceFile;

/// A spec of logits, and of the numbers and the label that the formula names beside them.
fn compiled(loss: &str, more: &str) -> Result<Compiled, String> {
    let names = |name: &str| loss.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
    let beside = [("u", "  u: { axes: [N, C] }\n"), ("t", "  t: { axes: [N], label: class_index(C) }\n")];
    let beside: String = beside.iter().filter(|(name, _)| names(name)).map(|(_, line)| *line).collect();
    let text = format!(
        "name: trial\nsummary: A trial.\nreference: [ none ]\ninputs:\n  x: {{ axes: [N, C], gradient: true }}\n{beside}\
         loss: \"{loss}\"\nreduction: {{ default: mean, mean: elements }}\nhessian_products: [ x ]\n{more}"
    );
    let source = SourceFile { path: "specs/trial.yaml".to_owned(), text };
    compile(&[source])
        .map(|mut all| all.remove(0))
        .map_err(|failures| failures.iter().flat_map(|failure| failure.rendered()).collect())
}

const DIRECTIONS: usize = DIRECTION.0 as usize;

fn row(x: &[f64], direction: &[f64], label: usize) -> Row {
    let mut inputs = vec![vec![0.0]; DIRECTIONS + 1];
    inputs[0] = x.to_vec();
    inputs[1] = (0..x.len()).map(|place| 0.3 * place as f64 - 0.5).collect();
    inputs[DIRECTIONS] = direction.to_vec();
    Row { inputs, labels: vec![label; 3], classes: x.len(), params: vec![] }
}

/// The product as a formula and as it is lowered, and by differences of the gradient.
fn products(compiled: &Compiled, x: &[f64], direction: &[f64], label: usize) -> Vec<[f64; 3]> {
    let plan = &compiled.plans[0];
    let [product] = plan.loss.products.as_slice() else { panic!("one product") };
    let lowered = match &product.kernel {
        Schedule::Elementwise(kernel) => kernel.gradients[0].cotangent,
        Schedule::RowWise(kernel) => kernel.element_gradients[0].cotangent,
    };
    let at = |h: f64, place: usize| {
        let moved: Vec<f64> = x.iter().zip(direction).map(|(x, v)| x + h * v).collect();
        evaluate(&plan.graph, plan.loss.derivatives[0].1, &row(&moved, direction, label), place)
    };
    let here = row(x, direction, label);
    (0..x.len())
        .map(|place| {
            let h = 1e-4;
            let central = |h: f64| at(h, place) - at(-h, place);
            let expected = (8.0 * central(h) - central(2.0 * h)) / (12.0 * h);
            [
                evaluate(&plan.graph, product.stable, &here, place),
                evaluate(&plan.graph, lowered, &here, place),
                expected,
            ]
        })
        .collect()
}

#[test]
fn products_are_slopes_of_gradients() {
    let formulas = [
        "logsumexp(C, x) - x[t]",
        "-log_softmax(C, x)[t]",
        "sum(C, u * softmax(C, x)^2)",
        "logsumexp(C, x / (1 + u^2)) * sum(C, x)",
        "logsumexp(C where index(C) != t, x^2)",
        "0.9 * (logsumexp(C, x) - x[t]) + 0.1 * mean(C, logsumexp(C, x) - x)",
        "norm(C, x, 2)",
        "norm(C, x, 3) * mean(C, x)",
        "sum(C where index(C) != t, relu(1 + x - x[t])^2)",
        "max(C, x)^2 + min(C, x)^3",
        "mean(C, x * u)^2 * log(1 + sum(C, x^2))",
        "dot(C, x, u) / sqrt((dot(C, x, x) + 0.01) * (dot(C, u, u) + 0.01))",
        "sum(C, abs(x)^1.5) + sum(C, sigmoid(x)^2.5) + sum(C, exp(x)^0.5 * u)",
        "weigh(sum(C, x^2), logsumexp(C, x))",
        "sum(C, (x^2 + 1)^x[t])",
        "if sum(C, x) > 0 then sum(C, x^3) else logsumexp(C, 2 * x)",
        "sum(C, logaddexp(x, u) * atan(x) + erf(x) - log1p(x^2) * tanh(u * x))",
        "u * softmax(C, x) + x^3",
        "softmax(C, x)[t]^2",
        "log(1 - softmax(C, x)[t])",
        "sum(C, x^2 * softmax(C, u)) + sum(C, x^3 * log(1 - softmax(C, u)))",
    ];
    for formula in formulas {
        let compiled = compiled(formula, "").unwrap_or_else(|message| panic!("{message}"));
        let points: [(&[f64], &[f64], usize); 3] = [
            (&[0.4, -0.7, 1.9], &[1.0, -0.5, 0.25], 0),
            (&[-1.2, 2.1, 0.3, 0.8], &[0.1, 2.0, -1.0, 0.7], 2),
            (&[5.0, -1.5], &[-0.4, 1.1], 1),
        ];
        for (x, direction, label) in points {
            for [stable, lowered, expected] in products(&compiled, x, direction, label) {
                let near = |a: f64, b: f64, share: f64| (a - b).abs() <= share * a.abs().max(1.0);
                assert!(near(stable, expected, 1e-8), "{formula} at {x:?}: {stable}, by differences {expected}");
                assert!(near(stable, lowered, 1e-11), "{formula} at {x:?}: {stable}, lowered {lowered}");
            }
        }
    }
}

#[test]
fn what_is_left_of_a_sure_class_keeps_its_digits() {
    let compiled = compiled("logsumexp(C, x) - x[t]", "").unwrap_or_else(|message| panic!("{message}"));
    // p_0 (1 - p_0) and -p_0 p_1, with p_1 = exp(-60), far below what a difference from 1 can tell.
    let found = products(&compiled, &[60.0, 0.0], &[1.0, 0.0], 0);
    let share = (-60.0_f64).exp();
    let lowered: Vec<f64> = found.iter().map(|[_, lowered, _]| *lowered).collect();
    assert!((lowered[0] / share - 1.0).abs() < 1e-14 && (lowered[1] / share + 1.0).abs() < 1e-14, "{lowered:?}");
    // A direction that is the same everywhere leads nowhere, and one that is nearly so keeps what differs.
    let level = products(&compiled, &[0.1, 0.2, 0.3], &[0.1; 3], 0);
    assert!(level.iter().all(|[_, lowered, _]| *lowered == 0.0), "{level:?}");
    let step = 2f64.powi(-40);
    let [own, ..] = products(&compiled, &[0.0, 0.0], &[1.0 + step, 1.0], 0)[0..1] else { panic!("one") };
    assert_eq!(own[1], 0.25 * step);
}

#[test]
fn the_share_of_a_class_moves_by_how_much_faster_it_moves_than_the_mean() {
    for (loss, lead) in [
        ("softmax(C, x)[t]^2", "deviation(direction[t], "),
        ("log(1 - softmax(C, x)[t])", "deviation(direction[t], "),
        ("sum(C, u * softmax(C, x)^2)", "deviation(direction, "),
    ] {
        let text = explain(&compiled(loss, "").unwrap_or_else(|message| panic!("{message}")));
        assert!(text.contains(lead), "{loss}: {text}");
    }
}

#[test]
fn a_power_of_what_falls_below_all_numbers_does_not_bend() {
    for loss in ["sum(C, sigmoid(x)^0.5)", "sum(C, exp(x)^0.5)"] {
        let root = compiled(loss, "").unwrap_or_else(|message| panic!("{message}"));
        let found = products(&root, &[-800.0, -1000.0], &[1.0, -2.0], 0);
        assert!(found.iter().all(|[_, lowered, _]| *lowered == 0.0), "{loss}: {found:?}");
    }
}

#[test]
fn at_a_knot_the_case_that_holds_decides() {
    let hinge = compiled("sum(C, relu(x)^2)", "").unwrap_or_else(|message| panic!("{message}"));
    let found: Vec<f64> = products(&hinge, &[0.0, 1e-300, -1.0], &[3.0; 3], 0).iter().map(|all| all[0]).collect();
    assert_eq!(found, [0.0, 6.0, 0.0]);
}

#[test]
fn what_does_not_bend_has_products_of_zero() {
    let linear = compiled("sum(C, x * u)", "").unwrap_or_else(|message| panic!("{message}"));
    assert!(products(&linear, &[1.0, 2.0], &[3.0, 4.0], 0).iter().all(|all| all[0] == 0.0 && all[1] == 0.0));
}

#[test]
fn a_spec_that_asks_for_none_has_none_and_one_that_cannot_have_any_is_refused() {
    let loss = "logsumexp(C, x) - x[t]";
    let text = explain(&compiled(loss, "").unwrap_or_else(|message| panic!("{message}")));
    assert!(text.contains("hessian_in_x_times_direction ="), "{text}");
    let source = SourceFile {
        path: "specs/plain.yaml".to_owned(),
        text: "name: plain\nsummary: A trial.\nreference: [ none ]\ninputs:\n  x: { axes: [N, C], gradient: true }\n\
               loss: \"logsumexp(C, x)\"\nreduction: { default: mean, mean: elements }\n"
            .to_owned(),
    };
    let plain = compile(&[source]).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
    assert!(plain[0].plans[0].loss.products.is_empty());
    let refused = compiled("sum(C, lgamma(x^2 + 1))", "").expect_err("there is no second derivative");
    assert!(refused.contains("`lgamma` has no second derivative yet") && refused.contains("hessian_products: [ x ]"));
}
