//! Gradients with respect to parameters and to numbers that all rows share: what a place contributes, and what has none.

mod interpreter;

use interpreter::{Row, evaluate};
use loss_codegen::compile::{Compiled, compile};
use loss_codegen::explain::explain;
use loss_codegen::plan::shared::{Contributions, Shared};
use loss_codegen::schedule::Schedule;
use loss_codegen::source::SourceFile;

fn compiled(rest: &str) -> Result<Compiled, String> {
    let text = format!("name: trial\nsummary: A trial.\nreference: [ none ]\n{rest}\n");
    let reduction = if text.contains("\nreduction:") { "" } else { "reduction: { default: mean, mean: elements }\n" };
    let source = SourceFile { path: "specs/trial.yaml".to_owned(), text: format!("{text}{reduction}") };
    compile(&[source])
        .map(|mut all| all.remove(0))
        .map_err(|failures| failures.iter().flat_map(|failure| failure.rendered()).collect())
}

/// The line of the explanation that says what a place, or a row, contributes.
fn contribution(rest: &str, name: &str) -> String {
    let compiled = compiled(rest).unwrap_or_else(|message| panic!("{message}"));
    let text = explain(&compiled);
    let heads = ["place", "row"].map(|source| format!("grad_{name}, a {source}'s = "));
    let mut lines = text.lines().map(str::trim_start);
    let found = lines.find_map(|line| heads.iter().find_map(|head| line.strip_prefix(head.as_str())));
    found.unwrap_or_else(|| panic!("no {heads:?} in {text}")).to_owned()
}

const INPUTS: &str = "inputs:\n  x: { axes: [N], gradient: true }\n";
const ROWS: &str = "inputs:\n  x: { axes: [N, C], gradient: true }\n  y: { axes: [N], label: class_index(C) }\n";

#[test]
fn a_place_contributes_its_own_derivative() {
    let params = "params:\n  k: { default: 2, gradient: true }\n";
    assert_eq!(contribution(&format!("{INPUTS}{params}loss: k * x^2"), "k"), "upstream * x^2");
    assert_eq!(contribution(&format!("{INPUTS}{params}loss: exp(k) + x"), "k"), "upstream * exp(k)");
    assert_eq!(contribution(&format!("{INPUTS}{params}loss: detach(k) * x + k * 0"), "k"), "0");
    assert_eq!(contribution(&format!("{INPUTS}{params}loss: relu(x - k)"), "k"), "-grad_x");
}

#[test]
fn a_row_contributes_what_its_places_do() {
    let params = "params:\n  t: { default: 2, gradient: true }\n";
    let text = contribution(&format!("{ROWS}{params}loss: sum(C, t * x) - x[y]"), "t");
    assert_eq!(text, "upstream * sum(C, x)");
}

#[test]
fn a_number_that_all_rows_share_is_as_good_as_a_parameter() {
    let inputs = "inputs:\n  x: { axes: [N], gradient: true }\n  k: { axes: [], gradient: true }\n";
    assert_eq!(contribution(&format!("{inputs}loss: k * x^2"), "k"), "upstream * x^2");
    let compiled = compiled(&format!("{inputs}loss: k * x^2")).unwrap_or_else(|message| panic!("{message}"));
    let shared: Vec<Shared> = compiled.plans[0].loss.shared.iter().map(|gradient| gradient.of).collect();
    assert_eq!(shared.len(), 1);
    assert!(matches!(shared[0], Shared::Input(input) if input.0 == 1));
    // The other kernels know nothing of it.
    assert_eq!(compiled.plans[0].loss.derivatives.len(), 1);
}

#[test]
fn a_loss_without_such_gradients_has_the_kernels_that_it_had() {
    let text = |gradient: &str| {
        let rest = format!("{INPUTS}params:\n  k: {{ default: 2{gradient} }}\nloss: weigh(k, x^2) + abs(x)");
        let compiled = compiled(&rest).unwrap_or_else(|message| panic!("{message}"));
        (compiled.plans.len(), compiled.plans.iter().map(|plan| plan.loss.shared.len()).sum::<usize>())
    };
    assert_eq!(text(""), (2, 0), "one where the weight is 0");
    // What a weight of 0 removes is what its gradient is: no code does without it.
    assert_eq!(text(", gradient: true"), (1, 1));
}

#[test]
fn a_row_contributes_to_each_number_of_a_table() {
    let table = "inputs:\n  x: { axes: [N, C], gradient: true }\n  w: { axes: [C], gradient: true }\n";
    assert_eq!(contribution(&format!("{table}loss: w * x^2"), "w"), "upstream * x^2");
    assert_eq!(contribution(&format!("{table}loss: sum(C, w * x)"), "w"), "upstream * x");
}

/// What the kernel of the first such gradient gives at a place: before lowering and after.
fn contributed(compiled: &Compiled, row: &Row, place: usize) -> [f64; 2] {
    let plan = &compiled.plans[0];
    let gradient = &plan.loss.shared[0];
    let (value, elements, rows) = match &gradient.kernel {
        Schedule::Elementwise(kernel) => (kernel.value, kernel.gradients.clone(), Vec::new()),
        Schedule::RowWise(kernel) => (kernel.value, kernel.element_gradients.clone(), kernel.row_gradients.clone()),
    };
    let lowered = match (gradient.contributions, elements.as_slice(), rows.as_slice()) {
        (Contributions::Summed, [], []) => value,
        (Contributions::PerRow, [], [only]) | (Contributions::PerElement, [only], []) => only.cotangent,
        other => panic!("{other:?}"),
    };
    [gradient.stable, lowered].map(|id| evaluate(&plan.graph, id, row, place))
}

#[test]
fn what_a_row_writes_is_the_slope_of_its_elements_in_what_all_rows_share() {
    let table = "  w: { axes: [C], gradient: true }\n";
    let labelled = "  y: { axes: [N], label: class_index(C) }\n";
    // The loss, and whether it has a value for each element.
    let formulas = [
        (table, "softmax(C, w * x)", true, Contributions::PerElement),
        (table, "w^2 * exp(x)", true, Contributions::PerElement),
        (table, "logsumexp(C, x + w)", false, Contributions::PerElement),
        (table, "exp(x) * (logsumexp(C, x + w) - x[y])", true, Contributions::PerElement),
        (table, "w[y] * (logsumexp(C, w * x) - x[y])", false, Contributions::PerElement),
        (table, "norm(C, x - w, 2) * w[y]", false, Contributions::PerElement),
        ("", "softmax(C, k * x)", true, Contributions::PerRow),
        ("", "abs(x - k * sum(C, x^2))", true, Contributions::PerRow),
    ];
    for (table, loss, has_elements, kind) in formulas {
        let params = if table.is_empty() { "params:\n  k: { default: 2, gradient: true }\n" } else { "" };
        let labelled = if loss.contains("[y]") { labelled } else { "" };
        let inputs = format!("inputs:\n  x: {{ axes: [N, C], gradient: true }}\n{labelled}{table}");
        let rest = format!("{inputs}{params}loss: \"{loss}\"");
        let compiled = compiled(&rest).unwrap_or_else(|message| panic!("{loss}: {message}"));
        assert_eq!(compiled.plans[0].loss.shared[0].contributions, kind, "{loss}");
        let labels = usize::from(loss.contains("[y]"));
        for x in [-1.3, 0.4] {
            let row = |shared: [f64; 3]| Row {
                inputs: if table.is_empty() {
                    [vec![vec![x, 0.3, -0.9]], vec![Vec::new(); labels]].concat()
                } else {
                    [vec![vec![x, 0.3, -0.9]], vec![Vec::new(); labels], vec![shared.to_vec()]].concat()
                },
                labels: vec![0, 1],
                classes: 3,
                params: if table.is_empty() { vec![shared[0]] } else { vec![] },
            };
            let places = if has_elements { 0..3 } else { 0..1 };
            let value = |shared: [f64; 3]| -> f64 {
                let stable = compiled.plans[0].loss.stable;
                places.clone().map(|place| evaluate(&compiled.plans[0].graph, stable, &row(shared), place)).sum()
            };
            let here = [0.7, 1.4, 2.2];
            for at in 0..if table.is_empty() { 1 } else { 3 } {
                let step = |by: f64| {
                    let mut moved = here;
                    moved[at] += by;
                    value(moved)
                };
                let slope = (step(1e-5) - step(-1e-5)) / 2e-5;
                for found in contributed(&compiled, &row(here), at) {
                    let slack = 1e-7 * slope.abs().max(1.0);
                    assert!((found - slope).abs() <= slack, "{loss} at {x}, place {at}: {found} {slope}");
                }
            }
        }
    }
}

#[test]
fn what_is_summed_is_the_slope_of_the_loss_in_the_parameter() {
    let formulas = [
        (INPUTS, "k * x^3 + exp(k * x)"),
        (INPUTS, "relu(k - x)^2 + abs(x)"),
        (INPUTS, "softplus(-k * x) + log1p(x^2 / k)"),
        (INPUTS, "if abs(x) <= k then 0.5 * x^2 else k * (abs(x) - 0.5 * k)"),
        (INPUTS, "weigh(k, x^2) + abs(x)^k"),
        (INPUTS, "log(cosh(x / k)) * detach(k)"),
        (ROWS, "logsumexp(C, x / k) - x[y] / k"),
        (ROWS, "sum(C where index(C) != y, relu(k - x[y] + x)^2) / size(C)"),
        (ROWS, "norm(C, x * k, 2) + max(C, k - x) + x[y]"),
    ];
    let mut seen = 0;
    for (inputs, loss) in formulas {
        let rest = format!("{inputs}params:\n  k: {{ default: 2, gradient: true }}\nloss: \"{loss}\"");
        let compiled = compiled(&rest).unwrap_or_else(|message| panic!("{loss}: {message}"));
        for x in [-1.3, -0.2, 0.4, 1.7] {
            for k in [0.6, 1.1, 2.3] {
                let row = |k: f64| Row {
                    inputs: if inputs == ROWS { vec![vec![x, 0.3, -0.9], vec![]] } else { vec![vec![x]] },
                    labels: vec![0, 1],
                    classes: 3,
                    params: vec![k],
                };
                let value = |k: f64| evaluate(&compiled.plans[0].graph, compiled.plans[0].loss.stable, &row(k), 0);
                let step = 1e-5;
                // What is detached does not move.
                let mut slope = (value(k + step) - value(k - step)) / (2.0 * step);
                if loss.contains("detach") {
                    slope -= (x / k).cosh().ln();
                }
                for found in contributed(&compiled, &row(k), 0) {
                    assert!(
                        (found - slope).abs() <= 1e-7 * slope.abs().max(1.0),
                        "{loss} at {x}, {k}: {found} {slope}"
                    );
                    seen += 1;
                }
            }
        }
    }
    assert_eq!(seen, 9 * 12 * 2);
}
