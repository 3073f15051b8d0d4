//! Losses that are made of other losses: what comes along with a call, and what an entry takes over.

use loss_codegen::compile::{Compiled, compile, compile_beside, library};
use loss_codegen::compose::made_of;
use loss_codegen::formula::print::print;
use loss_codegen::model::{Label, ParamKind, ParamValue, Position};
use loss_codegen::source::SourceFile;

const BOUNDED: &str = include_str!("specs/bounded.yaml");
const DROPPING: &str = include_str!("specs/dropping.yaml");

fn source(name: &str, text: &str) -> SourceFile {
    SourceFile { path: format!("specs/{name}.yaml"), text: text.to_owned() }
}

fn spec(name: &str, rest: &str) -> SourceFile {
    let reduction = "reduction: { default: mean, mean: elements }";
    source(name, &format!("name: {name}\nsummary: A trial.\nreference: [ none ]\n{rest}\n{reduction}\n"))
}

fn compiled(name: &str, rest: &str) -> Compiled {
    let sources = [source("bounded", BOUNDED), source("dropping", DROPPING), spec(name, rest)];
    let all = compile(&sources).unwrap_or_else(|failures| panic!("{}", printed(&failures)));
    all.into_iter().find(|compiled| compiled.spec.name == name).expect("it was compiled")
}

fn refused(sources: &[SourceFile]) -> String {
    compile(sources).map_or_else(|failures| printed(&failures), |_| String::new())
}

fn printed(failures: &[loss_codegen::compile::Failure]) -> String {
    failures.iter().flat_map(|failure| failure.rendered()).collect()
}

/// The knots that come along, each as equation, condition and smoothness.
fn carried(compiled: &Compiled) -> Vec<String> {
    let all = compiled.spec.knots.iter().filter(|knot| knot.carried_from.is_some());
    all.map(|knot| {
        let when = knot.when.as_ref().map_or(String::new(), |when| format!(" when {}", print(when)));
        format!("{}{when}: {} of {}", print(&knot.at), knot.smooth.value, knot.carried_from.as_deref().unwrap_or("?"))
    })
    .collect()
}

const INPUTS: &str = "inputs:\n  x: { axes: [N], gradient: true }\n  y: { axes: [N], label: probability }\n";

#[test]
fn a_multiple_of_a_loss_has_its_knots_in_its_own_names() {
    let whole = "params:\n  w: { from: bounded.width }\nlet:\n  part: \"bounded(2 * x, y, width = w, form = halved)\"\nloss: -3 * part + w";
    let text = format!("{INPUTS}{whole}");
    let compiled = compiled("trial", &text);
    assert_eq!(carried(&compiled), ["abs(2 * x - y) == w: C1 of bounded"]);
}

#[test]
fn knots_come_along_through_a_loss_between() {
    let between = spec("between", &format!("{INPUTS}loss: 2 * bounded(x, y)"));
    let outer = spec("outer", &format!("{INPUTS}loss: between(x, y) / 2"));
    // Whichever is read first.
    for sources in [[&between, &outer], [&outer, &between]] {
        let sources = [source("bounded", BOUNDED), sources[0].clone(), sources[1].clone()];
        let all = compile(&sources).unwrap_or_else(|failures| panic!("{}", printed(&failures)));
        let outer = all.iter().find(|compiled| compiled.spec.name == "outer").expect("it was compiled");
        assert_eq!(carried(outer), ["abs(x - y) == 1: C1 of bounded"]);
    }
}

#[test]
fn what_may_smooth_or_sharpen_a_knot_takes_none_over() {
    for loss in [
        "bounded(x, y)^2",
        "bounded(x^2, y)",
        "abs(x) * bounded(x, y)",
        "bounded(x, y) + bounded(-x, y)",
        "if x > 0 then bounded(x, y) else 0",
        "bounded(0.5, y) + x",
        "weigh(x, bounded(x, y))",
    ] {
        let compiled = compiled("trial", &format!("{INPUTS}loss: {loss}"));
        assert_eq!(carried(&compiled), [""; 0], "{loss}");
    }
    let own =
        compiled("trial", &format!("{INPUTS}loss: bounded(x, y)\nknots: [ {{ at: abs(x - y) == 1, smooth: C1 }} ]"));
    assert_eq!(carried(&own), [""; 0]);
}

#[test]
fn knots_come_along_where_the_argument_is_linear_in_what_is_learned() {
    let inputs = "inputs:\n  x: { axes: [N, C], gradient: true }\n  t: { axes: [N], label: class_index(C) }\n  \
                  y: { axes: [N], label: probability }\n";
    for (lets, argument, knot) in [
        ("", "x[t] * 2", "abs(x[t] * 2 - y) == 1"),
        ("", "2 * x[t] / 4", "abs(2 * x[t] / 4 - y) == 1"),
        ("", "y - -x[t]", "abs(y - -x[t] - y) == 1"),
        ("", "(3 * x)[t]", "abs((3 * x)[t] - y) == 1"),
        ("", "x[t] * x[t]", ""),
        ("", "2 / x[t]", ""),
        ("", "y + exp(x[t])", ""),
        ("", "exp(x[t]) * y", ""),
        ("", "(x^2)[t]", ""),
        ("", "2 * exp(x[t])", ""),
        ("z: 2 * y\n", "x[t] * exp(z)", "abs(x[t] * exp(z) - y) == 1"),
        ("z: 2 * x[t]\n", "z + y", "abs(z + y - y) == 1"),
        ("z: exp(x[t])\n", "z + y", ""),
        // What a function reads is not followed.
        ("z(e): 2 * e\n", "x[t] * z(y)", ""),
    ] {
        let lets = if lets.is_empty() { String::new() } else { format!("let:\n  {lets}") };
        let compiled = compiled("trial", &format!("{inputs}{lets}loss: \"bounded({argument}, y)\""));
        let expected: &[String] = if knot.is_empty() { &[] } else { &[format!("{knot}: C1 of bounded")] };
        assert_eq!(carried(&compiled), expected, "{argument}");
    }
}

#[test]
fn a_knot_at_what_the_call_leaves_out_does_not_come_along() {
    let called = "inputs:\n  x: { axes: [N], gradient: true }\nparams:\n  k: { optional: true, domain: 0 < k < inf }\n  \
                  form: { kind: choice, values: [near, far], default: near }\n\
                  loss: \"scale * (if given(k) then (if abs(x) < k then x^2 else 2 * k * abs(x) - k^2) else x^2)\"\n\
                  let:\n  scale: if form == near then 1 else 2\n  border: \"if given(k) then k else 1\"\n  past(e): abs(e) - border\n\
                  knots:\n  - { at: abs(x) == k, smooth: C1, when: given(k) }\n  - { at: past(x) == 0, smooth: C2 }";
    let of = |name: &str, params: &str, call: &str| {
        let caller = format!("inputs:\n  x: {{ axes: [N], gradient: true }}\n{params}loss: 3 * {call}");
        let sources = [spec("called", called), spec(name, &caller)];
        let all = compile(&sources).unwrap_or_else(|failures| panic!("{}", printed(&failures)));
        carried(all.iter().find(|compiled| compiled.spec.name == name).expect("it was compiled"))
    };
    assert_eq!(of("without", "", "called(x)"), [""; 0]);
    assert_eq!(
        of("with", "params:\n  width: { default: 1, domain: 0 < width < inf }\n", "called(x, k = width)"),
        [
            "abs(x) == width when given(width): C1 of called",
            "abs(x) - (if given(width) then width else 1) == 0: C2 of called"
        ]
    );
}

#[test]
fn a_knot_of_one_form_comes_along_where_the_call_chooses_that_form() {
    let called = "inputs:\n  x: { axes: [N], gradient: true }\nparams:\n  k: { default: 4 }\n  form: { kind: choice, values: [near, far], default: near }\n\
                  loss: if form == near then relu(x - 3)^2 else relu(x - k)^2\n\
                  knots: [ { at: x == 3, smooth: C1, when: form == near }, { at: x == k, smooth: C1, when: form != near } ]";
    for (call, knot) in
        [("called(x)", "x == 3"), ("called(x, form = far)", "x == 4"), ("called(x, form = far, k = w)", "x == w")]
    {
        let caller =
            format!("inputs:\n  x: {{ axes: [N], gradient: true }}\nparams:\n  w: {{ default: 2 }}\nloss: w * {call}");
        let all = compile(&[spec("called", called), spec("caller", &caller)]);
        let all = all.unwrap_or_else(|failures| panic!("{}", printed(&failures)));
        let caller = all.iter().find(|compiled| compiled.spec.name == "caller").expect("it was compiled");
        assert_eq!(carried(caller), [format!("{knot}: C1 of called")], "{call}");
    }
}

#[test]
fn a_knot_over_an_axis_comes_along_over_the_axis_of_the_call() {
    let called = "inputs:\n  x: { axes: [N, C], gradient: true }\nparams:\n  k: { optional: true, domain: 0 < k < inf }\n\
                  loss: \"relu(sum(C, x))^2 + relu(sum(C, x - border))^2\"\n\
                  let:\n  border: \"if given(k) then k else 1\"\n\
                  knots:\n  - { at: \"sum(C, x) == 0\", smooth: C1 }\n  - { at: \"sum(C, x - border) == 0\", smooth: C1 }";
    let caller = "inputs:\n  y: { axes: [N, D], gradient: true }\nloss: called(2 * y, C = D)";
    let all = compile(&[spec("called", called), spec("caller", caller)]);
    let all = all.unwrap_or_else(|failures| panic!("{}", printed(&failures)));
    let caller = all.iter().find(|compiled| compiled.spec.name == "caller").expect("it was compiled");
    assert_eq!(carried(caller), ["sum(D, 2 * y) == 0: C1 of called"]);
}

#[test]
fn an_entry_takes_over_what_it_does_not_say() {
    let text = "inputs:\n  x: { axes: [N], gradient: true }\n  how: { from: bounded.target }\n  share: { from: bounded.weight, meaning: ours }\n\
                params:\n  w: { from: bounded.width, default: 2 }\n  form: { from: bounded }\n\
                loss: bounded(x, how, share, width = w, form = form)";
    let compiled = compiled("trial", text);
    let spec = &compiled.spec;
    let how = &spec.inputs[1];
    assert_eq!((how.label, how.axes.len(), how.gradient), (Label::Probability, 1, false));
    assert_eq!(how.meaning.as_deref(), Some("how likely it is"));
    let share = &spec.inputs[2];
    assert!(share.default.is_some());
    assert_eq!(share.domain.as_ref().map(print).as_deref(), Some("0 <= share < inf"));
    assert_eq!(share.meaning.as_deref(), Some("ours"));
    let w = &spec.params[0];
    assert_eq!(w.domain_text.as_deref(), Some("0 < w < inf"));
    assert_eq!(w.default.as_ref().map(|value| w.encode(value)), Some(2.0));
    assert_eq!(spec.params[1].kind, ParamKind::Choice(vec!["plain".to_owned(), "halved".to_owned()]));
    // One for each word and presence of the share.
    assert_eq!(compiled.variants.len(), 4);
}

#[test]
fn what_an_entry_says_of_its_absence_replaces_what_is_said_there() {
    for (weight, call, default, is_optional) in [
        ("{ from: bounded }", "bounded(x, y, weight)", Some("1"), false),
        ("{ from: bounded, default: 3 }", "bounded(x, y, weight)", Some("3"), false),
        ("{ from: bounded, optional: true }", "if given(weight) then bounded(x, y, weight) else 0", None, true),
    ] {
        let compiled = compiled("trial", &format!("{INPUTS}  weight: {weight}\nloss: {call}"));
        let input = &compiled.spec.inputs[2];
        let stands_in = match &input.default {
            Some(ParamValue::Number(number)) => Some(number.to_string()),
            Some(ParamValue::Switch(_) | ParamValue::Word(_)) | None => None,
        };
        assert_eq!((stands_in.as_deref(), input.optional), (default, is_optional), "{weight}");
    }
}

#[test]
fn an_axis_comes_along_as_it_is_declared_there_unless_it_is_declared_here() {
    for (there, axes, meaning, position) in [
        ("{ meaning: places, position: 1 }", "", Some("places"), Position::Second),
        ("{ position: 1 }", "", None, Position::Second),
        ("{ meaning: places }", "", Some("places"), Position::Last),
        ("{ meaning: places, position: 1 }", "axes:\n  N: { meaning: rows }\n", Some("places"), Position::Second),
        ("{ meaning: places, position: 1 }", "axes:\n  L: { meaning: ours }\n", Some("ours"), Position::Last),
    ] {
        let wide = format!("axes:\n  L: {there}\ninputs:\n  x: {{ axes: [N, L], gradient: true }}\nloss: sum(L, x)");
        let trial = format!("{axes}inputs:\n  x: {{ from: wide, gradient: true }}\nloss: wide(x) / 2");
        let all = compile(&[spec("wide", &wide), spec("trial", &trial)]);
        let all = all.unwrap_or_else(|failures| panic!("{}", printed(&failures)));
        let trial = all.iter().find(|compiled| compiled.spec.name == "trial").expect("it was compiled");
        let [_, axis] = &trial.spec.axes[..] else { panic!("rows and places") };
        assert_eq!(
            (axis.name.as_str(), axis.meaning.as_deref(), axis.position),
            ("L", meaning, position),
            "{there} {axes}"
        );
    }
}

#[test]
fn rows_that_are_dropped_there_are_dropped_here() {
    let text = "inputs:\n  scores: { from: dropping.input, gradient: true }\n  target: { from: dropping }\n  limit: { axes: [N], domain: limit <= 2 }\n\
                params:\n  skipped: { from: dropping }\nloss: dropping(scores, target, limit)";
    let compiled = compiled("trial", text);
    let target = &compiled.spec.inputs[1];
    assert!(matches!(target.label, Label::ClassIndex(_)));
    assert!(target.ignore.is_some());
    assert_eq!(
        compiled.spec.params[0].default.as_ref().map(|value| compiled.spec.params[0].encode(value)),
        Some(-100.0)
    );
}

#[test]
fn specs_that_take_over_from_each_other_are_found_in_any_order_and_a_circle_is_refused() {
    let first =
        spec("first", "inputs:\n  x: { axes: [N], gradient: true }\nparams:\n  k: { from: second }\nloss: k * x");
    let second =
        spec("second", "inputs:\n  x: { axes: [N], gradient: true }\nparams:\n  k: { from: third }\nloss: k * x");
    let third = |k: &str| {
        spec("third", &format!("inputs:\n  x: {{ axes: [N], gradient: true }}\nparams:\n  k: {k}\nloss: k * x"))
    };
    let all = compile(&[first.clone(), second.clone(), third("{ default: 3 }")]);
    let all = all.unwrap_or_else(|failures| panic!("{}", printed(&failures)));
    assert!(all.iter().all(|compiled| compiled.spec.params[0].default.is_some()));
    let message = refused(&[first, second.clone(), third("{ from: second }")]);
    assert_eq!(message.matches("error[E0206]").count(), 2, "{message}");
    assert!(message.contains("`second` -> `third` -> `second`"), "{message}");
    // What is wrong is said where it is wrong.
    let broken = refused(&[second, third("{ default: k }")]);
    assert!(broken.contains("third.yaml") && !broken.contains("second.yaml"), "{broken}");
}

#[test]
fn another_crate_composes_losses_of_the_library_and_follows_their_change() {
    let ours =
        spec("ours", &format!("{INPUTS}params:\n  w: {{ from: bounded.width }}\nloss: bounded(x, y, width = w)"));
    let compile = |bounded: &str| {
        let library = library(&[source("bounded", bounded)]);
        let all = compile_beside(std::slice::from_ref(&ours), library.clone());
        let compiled = all.unwrap_or_else(|failures| panic!("{}", printed(&failures))).remove(0);
        assert_eq!(made_of(&compiled.spec, &library), ["bounded"]);
        compiled
    };
    let before = compile(BOUNDED);
    let after =
        compile(&BOUNDED.replace("default: 1.0, domain: \"0 < width < inf\"", "default: 4.0, domain: \"width > 3\""));
    let default = |compiled: &Compiled| {
        compiled.spec.params[0].default.as_ref().map(|value| compiled.spec.params[0].encode(value))
    };
    assert_eq!((default(&before), default(&after)), (Some(1.0), Some(4.0)));
    assert_eq!(after.spec.params[0].domain_text.as_deref(), Some("w > 3"));
}

#[test]
fn the_derivative_of_a_composed_loss_is_that_of_its_formula() {
    let composed = compiled("trial", &format!("{INPUTS}loss: bounded(2 * x, y, width = 3)"));
    let written = compiled(
        "trial",
        &format!(
            "{INPUTS}loss:\n  cases:\n    - {{ when: abs(2 * x - y) <= 3, value: \"1 * 0.5 * (2 * x - y)^2\" }}\n    \
             - {{ otherwise: \"1 * 3 * (abs(2 * x - y) - 0.5 * 3)\" }}"
        ),
    );
    let text = |compiled: &Compiled| {
        let whole = loss_codegen::explain::explain(compiled);
        whole.split("variant:").nth(1).unwrap_or_default().to_owned()
    };
    assert!(text(&composed).contains("grad_x"), "{}", text(&composed));
    assert_eq!(text(&composed), text(&written));
}

#[test]
fn an_argument_is_what_the_label_of_the_called_loss_takes() {
    for (label, taken, refused_ones) in [
        ("real", ["x", "-1", "inf"].as_slice(), [].as_slice()),
        ("nonnegative", &["0", "abs(x)"], &["-1", "x"]),
        ("count", &["0", "2"], &["-1", "x"]),
        ("positive", &["1", "exp(x)"], &["0", "-1", "abs(x)"]),
        ("probability", &["0", "1", "sigmoid(x)"], &["-1", "2", "2 * sigmoid(x)"]),
        ("binary", &["0", "1", "if x > 0 then 1 else 0"], &["-1", "0.5", "2", "sign(x)"]),
        ("multi_hot(C)", &["0", "1", "if x > 0 then 1 else 0"], &["-1", "0.5", "2", "sign(x)"]),
        ("sign", &["1", "-1", "if x > 0 then 1 else -1"], &["0", "2", "sign(x)"]),
        // To a thousandth, of two classes.
        (
            "simplex(C)",
            &["softmax(C, x)", "0.4996 + 0 * x", "0.5004 + 0 * x"],
            &["sigmoid(x)", "0.4994 + 0 * x", "0.5006 + 0 * x", "x / sum(C, x)"],
        ),
    ] {
        let axes = "inputs:\n  x: { axes: [N, C], gradient: true }";
        let inner = spec("inner", &format!("{axes}\n  y: {{ axes: [N, C], label: {label} }}\nloss: x * weigh(0, y)"));
        for (arguments, is_taken) in [(taken, true), (refused_ones, false)] {
            for argument in arguments {
                let domain = "inputs:\n  x: { axes: [N, C], gradient: true, domain: -inf < x < inf }";
                let outer = spec("outer", &format!("{domain}\nloss: \"inner(x, {argument})\""));
                let told = refused(&[inner.clone(), outer]);
                let is_refused = told.contains("error[E0314]: `inner` does not take this for `y`");
                assert_eq!((told.is_empty(), is_refused), (is_taken, !is_taken), "{label}, {argument}: {told}");
            }
        }
    }
}

#[test]
fn a_parameter_that_may_be_infinite_is_none_that_must_be_finite() {
    let caller = |domain: &str| {
        let params = format!("params:\n  w: {{ default: 1, domain: {domain} }}");
        spec("caller", &format!("{INPUTS}{params}\nloss: bounded(x, y, width = w)"))
    };
    let told = |domain: &str| refused(&[source("bounded", BOUNDED), caller(domain)]);
    assert_eq!(told("0 < w < inf"), "");
    assert!(told("0 < w <= inf").contains("it does not at w = inf"), "{}", told("0 < w <= inf"));
}

#[test]
fn a_mistake_in_a_called_loss_is_placed_in_its_own_file() {
    let inner = spec("inner", &format!("{INPUTS}loss: x + z * y"));
    let outer = spec("outer", &format!("{INPUTS}loss: inner(x, y) + 1"));
    let failures = compile_beside(&[outer], library(&[inner])).expect_err("`z` is unknown");
    let told = printed(&failures);
    assert!(told.contains("in the formula of `inner`, at specs/inner.yaml:7:11: unknown name `z`"), "{told}");
    assert!(told.contains("help: mend `inner` there\n"), "{told}");
}

#[test]
fn a_called_loss_that_is_defined_by_itself_is_refused() {
    let inner = spec("inner", &format!("{INPUTS}let:\n  near: near + x\n  far(a): far(a) * y\nloss: near + far(x)"));
    let outer = spec("outer", &format!("{INPUTS}loss: inner(x, y)"));
    let told = refused(&[inner, outer]);
    assert!(told.contains("`near` reads itself") && told.contains("`far` calls itself"), "{told}");
}
