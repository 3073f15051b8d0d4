use super::{Curves, Sample, curves};
use crate::compile::compile;
use crate::elaborate::Library;
use crate::source::SourceFile;

/// The curves of a loss with these inputs, and these lines below them.
fn drawn(inputs: &str, rest: &str) -> Option<Curves> {
    let text = format!(
        "name: one\nsummary: A loss.\nreference: [ by hand ]\ninputs:\n{inputs}\n{rest}\nreduction: {{ default: sum }}\n"
    );
    let source = SourceFile { path: "specs/one.yaml".to_owned(), text };
    let compiled = compile(&[source]).unwrap_or_else(|failures| panic!("{:?}", failures[0].rendered()));
    curves(&compiled[0], &Library::default())
}

fn at(curves: &Curves, curve: usize, x: f64) -> Sample {
    let samples = curves.curves[curve].pieces.iter().flatten().copied();
    samples.min_by(|a, b| (a.x - x).abs().total_cmp(&(b.x - x).abs())).expect("there is a sample")
}

const REALS: &str = "  input: { axes: [N], gradient: true }\n  target: { axes: [N], gradient: true }";

#[test]
fn a_kink_parts_the_curve_and_has_the_declared_gradient() {
    let rest = "params:\n  slope: { default: 4.0 }\nloss: relu(input - target - 0.3) * slope\n\
                knots:\n  - { at: input - target == 0.3, smooth: C0, gradient: { input: 0.25 * slope } }";
    let curves = drawn(REALS, rest).expect("it is pointwise");
    assert_eq!(
        (curves.over.as_str(), &curves.fixed[..]),
        ("input", &["target = 0", "slope = 4"].map(String::from)[..])
    );
    let [curve] = &curves.curves[..] else { panic!("one curve") };
    assert_eq!(curve.pieces.len(), 2);
    assert!(
        curve.pieces.iter().all(|piece| piece.windows(2).all(|pair| pair[0].x < pair[1].x)),
        "each place is there once"
    );
    let [knot] = &curve.knots[..] else { panic!("one knot") };
    assert!((knot.x - 0.3).abs() < 1e-9 && knot.gradient == 1.0, "{knot:?}");
    assert_eq!(at(&curves, 0, -1.0), Sample { x: -1.0, value: 0.0, gradient: 0.0 });
    assert!((at(&curves, 0, 1.0).value - 2.8).abs() < 1e-12);
    assert_eq!(at(&curves, 0, 1.0).gradient, 4.0);
}

#[test]
fn a_distant_knot_is_in_sight_and_one_of_another_variant_is_not() {
    let rest = "params:\n  far: { default: 20.0 }\nlet:\n  a: abs(input - target)\n\
                loss: if a < far then a^2 else far * (2 * a - far)\n\
                knots:\n  - { at: a == far, smooth: C1 }\n  - { at: a == 2 * far, when: far > 21, smooth: C1 }";
    let curves = drawn(REALS, rest).expect("it is pointwise");
    let knots: Vec<f64> = curves.curves[0].knots.iter().map(|knot| knot.x.round()).collect();
    assert_eq!(knots, [-20.0, 20.0]);
    assert!(at(&curves, 0, 100.0).x >= 30.0);
}

#[test]
fn each_label_has_a_curve() {
    let inputs = "  input: { axes: [N], gradient: true }\n  target: { axes: [N], label: sign }";
    let curves = drawn(inputs, "loss: softplus(-target * input)").expect("it is pointwise");
    let settings: Vec<&str> = curves.curves.iter().map(|curve| curve.setting.as_str()).collect();
    assert_eq!(settings, ["target = 1", "target = -1"]);
    assert!((at(&curves, 0, 0.0).gradient + 0.5).abs() < 1e-12);
    assert!((at(&curves, 1, 2.0).value - 2.126_928).abs() < 1e-6);
}

#[test]
fn of_a_row_one_number_varies() {
    let inputs = "  input: { axes: [N, C], gradient: true }\n  target: { axes: [N], label: class_index(C) }";
    let curves = drawn(inputs, "loss: logsumexp(C, input) - input[target]").expect("a row is enough");
    assert_eq!((curves.over.as_str(), &curves.fixed[..]), ("x", &["input = [x, 0]".to_owned()][..]));
    assert!((at(&curves, 0, 0.0).gradient + 0.5).abs() < 1e-12, "its share less one");
    assert!((at(&curves, 1, 0.0).gradient - 0.5).abs() < 1e-12);
}

#[test]
fn a_condition_on_the_input_bounds_the_curve() {
    let inputs =
        "  input: { axes: [N], gradient: true, domain: input >= -1 }\n  target: { axes: [N], label: positive }";
    let curves = drawn(inputs, "loss: (input - target)^2").expect("it is pointwise");
    assert_eq!(at(&curves, 0, -3.0).x, -1.0);
    assert_eq!(curves.fixed, ["target = 1"]);
}

#[test]
fn what_a_call_must_choose_is_the_first_that_it_may_be() {
    let value = |kind: &str, slope: &str| {
        let rest = format!("params:\n  how: {{ kind: {kind} }}\nloss: (input - target) * ({slope})");
        at(&drawn(REALS, &rest).expect("it is pointwise"), 0, 1.0).value
    };
    assert_eq!(value("choice, values: [twice, thrice]", "if how == twice then 2 else 3"), 2.0);
    assert_eq!(value("choice, values: [twice, thrice], default: thrice", "if how == twice then 2 else 3"), 3.0);
    assert_eq!(value("switch", "if how then 2 else 3"), 3.0);
    assert_eq!(value("switch, default: true", "if how then 2 else 3"), 2.0);
    assert_eq!(value("integer, values: [5, 4]", "how"), 5.0);
    assert_eq!(value("integer, values: [5, 4], default: 4", "how"), 4.0);
}

#[test]
fn a_knot_is_marked_once_and_where_what_is_0_begins_and_ends() {
    let knots = |at: &[&str]| -> Vec<f64> {
        let knots: String = at.iter().map(|at| format!("\n  - {{ at: {at}, smooth: C1 }}")).collect();
        let curves = drawn(REALS, &format!("loss: (input - target)^2\nknots:{knots}")).expect("it is pointwise");
        curves.curves[0].knots.iter().map(|knot| knot.x).collect()
    };
    assert_eq!(knots(&["input - target == 2"]), [2.0]);
    assert_eq!(knots(&["input - target == 2", "target - input == -2"]), [2.0]);
    assert_eq!(knots(&["input - target == 0", "input - target == 1e-9"]), [0.0], "nobody sees two");
    assert_eq!(knots(&["input - target == 100", "input - target == 100.00005"]).len(), 1);
    assert_eq!(knots(&["input - target == 100", "input - target == 100.0005"]).len(), 2);
    assert_eq!(knots(&["abs(input - target) == 2.5 or input - target == 1"]), [-2.5, 1.0, 2.5]);
    // It touches 0 from above, and from below.
    assert_eq!(knots(&["abs(input - target) == 0"]), [0.0]);
    assert_eq!(knots(&["0 == abs(input - target)"]), [0.0]);
    // It is 0 to one side, or between two ends.
    assert_eq!(knots(&["relu(input - target - 1) == 0"]), [1.0]);
    assert_eq!(knots(&["relu(target - input - 1) == 0"]), [-1.0]);
    assert_eq!(knots(&["relu(abs(input - target) - 1) == 0"]), [-1.0, 1.0]);
    // Between two places of the grid.
    assert_eq!(knots(&["relu(input - target - 1.1875) == 0"]), [1.1875]);
    assert_eq!(knots(&["relu(target - input - 1.1875) == 0"]), [-1.1875]);
    assert_eq!(knots(&["relu(abs(input - target) - 0.0625) == 0"]), [-0.0625, 0.0625]);
}

#[test]
fn what_is_not_varied_is_0_or_what_its_condition_admits() {
    let fixed = |target: &str, loss: &str| {
        let inputs = format!("  input: {{ axes: [N, C], gradient: true }}\n  target: {{ axes: [N, C]{target} }}");
        drawn(&inputs, &format!("loss: {loss}")).expect("it is drawn").fixed
    };
    assert_eq!(fixed("", "(input - target)^2"), ["target = 0"]);
    assert_eq!(fixed(", domain: 0 <= target", "(input - target)^2"), ["target = 1"]);
    assert_eq!(fixed(", domain: target < 0.4", "(input - target)^2"), ["target = 0.25"]);
    assert_eq!(fixed(", domain: target < 0", "(input - target)^2"), ["target = -1"]);
    // A row of its own, which is not parallel to the one that varies.
    assert_eq!(fixed("", "dot(C, input, target)"), ["input = [x, 1]", "target = [1, 0]"]);
}

#[test]
fn one_point_is_no_curve() {
    let inputs = "  input: { axes: [N], gradient: true, domain: input >= 3 }";
    assert_eq!(drawn(inputs, "loss: input^2"), None);
}
