//! What the graphs of variants look like.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;

use loss_codegen::document::Formula;
use loss_codegen::elaborate::{Library, MOST_VARIANTS, elaborate, elaborate_in, spec_variants, variant_count};
use loss_codegen::expr::{
    AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, InputId, Reducer, Type, Unary,
};
use loss_codegen::model::{ParamValue, Position, Spec, Variant, VariantKey};
use loss_codegen::resolve::resolve;
use loss_codegen::source::SourceFile;
use loss_codegen::yaml::parse_document;

const ROWS: AxisId = AxisId::ROWS;
const CLASSES: AxisId = AxisId(1);

fn spec_of(name: &str, text: &str) -> Spec {
    let source = SourceFile { path: format!("specs/{name}.yaml"), text: text.to_owned() };
    let document = parse_document(&source).map_err(|e| e.render(&source)).unwrap();
    resolve(&document, &source).map_err(|e| e.render(&source)).unwrap()
}

fn fixture(name: &str) -> Spec {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/specs/{name}.yaml"));
    spec_of(name, &std::fs::read_to_string(path).unwrap())
}

/// A spec over logits, a label and a weight, with this loss.
fn with_loss(loss: &str) -> Spec {
    spec_of(
        "probe",
        &format!(
            "name: probe\nsummary: Probe.\nreference: [ none ]\ninputs:\n  input: {{ axes: [N, C], gradient: true }}\n  target: {{ axes: [N], label: class_index(C) }}\n  weight: {{ axes: [C], default: 1 }}\nloss: \"{loss}\"\nreduction: {{ default: mean, mean: elements }}\n"
        )
        .replace("loss: \"", "let:\n  used: weight[target]\nloss: \"0 * used + "),
    )
}

fn library(names: &[&str]) -> Library {
    let mut library = Library::default();
    for name in names {
        library.specs.insert((*name).to_owned(), fixture(name));
    }
    library
}

fn first(spec: &Spec, library: &Library) -> Variant {
    elaborate(spec, &spec_variants(spec).unwrap()[0], library).unwrap()
}

/// The right side of the sum that `with_loss` makes.
fn probed(variant: &Variant) -> ExprId {
    match variant.graph.expr(variant.loss) {
        Expr::Binary(Binary::Add, _, right) => right,
        other => panic!("no sum: {other:?}"),
    }
}

fn find(graph: &Graph, root: ExprId, wanted: impl Fn(Expr) -> bool) -> usize {
    let mut seen = std::collections::BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            waiting.extend(graph.expr(id).operands());
        }
    }
    seen.into_iter().filter(|id| wanted(graph.expr(*id))).count()
}

#[test]
fn axes_begin_with_rows_and_keep_their_default_positions() {
    let spec = fixture("listed");
    let names: Vec<&str> = spec.axes.iter().map(|axis| axis.name.as_str()).collect();
    assert_eq!(names, ["N", "C", "L", "M"]);
    let positions: Vec<Position> = spec.axes.iter().map(|axis| axis.position).collect();
    assert_eq!(positions, [Position::Rows, Position::Second, Position::Last, Position::Last]);
    assert_eq!(spec.axes[2].size, Some(CLASSES));
    assert_eq!(spec.axes[3].like, Some(ROWS));
    assert_eq!(spec.layout, InputId(0));
}

#[test]
fn variants_are_all_combinations_with_the_defaults_first() {
    let spec = fixture("switched");
    let keys = spec_variants(&spec).unwrap();
    assert_eq!(keys.len(), 2 * 2 * 3);
    assert_eq!(
        keys[0].statics,
        [
            Some(ParamValue::Switch(false)),
            Some(ParamValue::Word("plain".into())),
            Some(ParamValue::Number(Constant::integer(2)))
        ]
    );
    let distinct = keys.iter().enumerate().all(|(place, key)| !keys[..place].contains(key));
    assert!(distinct, "{keys:?}");
    let optional = fixture("labelled");
    assert_eq!(spec_variants(&optional).unwrap().len(), 8);
    assert_eq!((variant_count(&spec), variant_count(&optional)), (12, 8));
}

#[test]
fn a_spec_may_have_as_many_variants_as_the_most_and_none_more() {
    let with_optional = |count: usize| {
        let names: Vec<String> = (0..count).map(|place| format!("k{place}")).collect();
        let params: String = names.iter().map(|name| format!("  {name}: {{ optional: true }}\n")).collect();
        let terms: String = names.iter().map(|name| format!(" + (if given({name}) then {name} else 0)")).collect();
        spec_of(
            "many",
            &format!(
                "name: many\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N], gradient: true }}\nparams:\n{params}loss: input{terms}\nreduction: {{ default: sum }}\n"
            ),
        )
    };
    assert_eq!(spec_variants(&with_optional(6)).unwrap().len(), MOST_VARIANTS);
    let spec = with_optional(7);
    let told = spec_variants(&spec).unwrap_err().render(&spec.file);
    assert!(
        told.starts_with("error[E0312]: 128 variants: a spec has at most 64\n   --> specs/many.yaml:14:7\n"),
        "{told}"
    );
}

#[test]
fn choices_are_equal_where_their_words_are() {
    let text = |sign: &str| {
        format!(
            "name: two\nsummary: s.\nreference: [ r ]\ninputs:\n  x: {{ axes: [N], gradient: true }}\nparams:\n  \
             a: {{ kind: choice, values: [low, high], default: low }}\n  b: {{ kind: choice, values: [low, high], default: low }}\n\
             loss: \"if a {sign} b then x else 2 * x\"\nreduction: {{ default: sum }}\n"
        )
    };
    for (sign, holds) in [("==", [true, false, false, true]), ("!=", [false, true, true, false])] {
        let spec = spec_of("two", &text(sign));
        let plain = spec_variants(&spec).unwrap().into_iter().map(|key| {
            let variant = elaborate(&spec, &key, &Library::default()).unwrap();
            variant.graph.expr(variant.loss) == Expr::Input(InputId(0))
        });
        assert_eq!(plain.collect::<Vec<_>>(), holds, "{sign}");
    }
}

#[test]
fn what_is_made_of_the_default_of_an_absent_table_picks_itself() {
    for picked in [
        "weight[target]",
        "sqrt(weight)[target]",
        "max(2, weight)[target]",
        "max(weight, 2)[target]",
        "(if weight > 2 then 1 else 2)[target]",
        "times(2)[target]",
        "stepped(2)[target]",
        "there(weight)",
        "there(2 * weight)",
        "there_of(2, weight)",
        "squared(weight, 1)[target]",
        "squared(1, 1, weight = weight)[target]",
    ] {
        let text = format!(
            "name: picks\nsummary: s.\nreference: [ r ]\ninputs:\n  input: {{ axes: [N, C], gradient: true }}\n  \
             target: {{ axes: [N], label: class_index(C) }}\n  weight: {{ axes: [C], default: 1 }}\nlet:\n  \
             plain: 2 * input\n  times(x): x * weight\n  stepped(x):\n    cases:\n      - {{ when: weight > 2, value: x }}\n      - {{ otherwise: 2 * x }}\n  \
             there(w): w[target]\n  there_of(x, w): x * w[target]\n\
             loss: \"{picked} + 0 * (plain + times(1) + stepped(1) + there(input) + there_of(1, input))\"\nreduction: {{ default: sum }}\n"
        );
        let spec = spec_of("picks", &text);
        for key in spec_variants(&spec).unwrap() {
            if let Err(found) = elaborate(&spec, &key, &library(&["squared"])) {
                panic!("{picked}, {:?}: {}", key.inputs_present, found.render(&spec.file));
            }
        }
    }
}

#[test]
fn an_optional_parameter_of_a_called_loss_is_there_where_it_is_given() {
    let spec = spec_of(
        "caller",
        "name: caller\nsummary: s.\nreference: [ r ]\ninputs:\n  x: { axes: [N, C], gradient: true }\n  y: { axes: [N], label: class_index(C) }\nparams:\n  low: { optional: true }\nloss: labelled(x, y, floor = low)\nreduction: { default: sum }\n",
    );
    for key in spec_variants(&spec).unwrap() {
        let variant = elaborate(&spec, &key, &library(&["labelled"])).unwrap();
        let floors = find(&variant.graph, variant.loss, |expr| matches!(expr, Expr::Binary(Binary::Max, ..)));
        assert_eq!(floors, usize::from(key.params_present[0]));
    }
}

#[test]
fn static_branches_are_gone() {
    let spec = fixture("switched");
    let library = library(&[]);
    for key in spec_variants(&spec).unwrap() {
        let variant = elaborate(&spec, &key, &library).unwrap();
        let ifs = find(&variant.graph, variant.loss, |expr| matches!(expr, Expr::If(..)));
        assert_eq!(ifs, 0);
        let powers = find(&variant.graph, variant.loss, |expr| matches!(expr, Expr::Binary(Binary::Power, ..)));
        let is_quadratic = key.statics[0] == Some(ParamValue::Switch(true));
        assert_eq!(powers, usize::from(is_quadratic), "{key:?}");
        let halves = find(&variant.graph, variant.loss, |expr| expr == Expr::Constant(Constant::decimal(5, -1)));
        assert_eq!(halves, usize::from(key.statics[1] == Some(ParamValue::Word("halved".into()))), "{key:?}");
    }
}

#[test]
fn an_absent_input_is_its_default_and_picks_itself() {
    let spec = with_loss("logsumexp(C, input)");
    let keys = spec_variants(&spec).unwrap();
    let is_pick = |expr| matches!(expr, Expr::Pick { .. });
    for key in keys {
        let variant = elaborate(&spec, &key, &Library::default()).unwrap();
        let picks = find(&variant.graph, variant.loss, is_pick);
        assert_eq!(picks, usize::from(key.inputs_present[2]));
        assert_eq!(variant.lets.len(), 1);
        if !key.inputs_present[2] {
            assert_eq!(variant.graph.constant(variant.lets[0].1), Some(Constant::integer(1)));
        }
    }
}

#[test]
fn softmax_is_the_exponential_of_a_difference() {
    let spec = with_loss("softmax(C, input)");
    let variant = first(&spec, &Library::default());
    let graph = &variant.graph;
    let Expr::Unary(Unary::Exp, difference) = graph.expr(probed(&variant)) else { panic!() };
    let Expr::Binary(Binary::Subtract, x, total) = graph.expr(difference) else { panic!() };
    assert_eq!(graph.expr(x), Expr::Input(InputId(0)));
    let axes = AxisSet::of(CLASSES);
    let lse = Expr::Reduce { reducer: Reducer::Logsumexp, axes, filter: None, value: x, order: None };
    assert_eq!(graph.expr(total), lse);
    assert_eq!(graph.axes(total), AxisSet::of(ROWS));
    assert_eq!(graph.axes(difference), AxisSet::of(ROWS).union(axes));
}

#[test]
fn dot_one_hot_and_norm_are_made_of_simpler_parts() {
    let spec = with_loss("dot(C, input, one_hot(C, target)) + norm(C, input, inf)");
    let variant = first(&spec, &Library::default());
    let graph = &variant.graph;
    let Expr::Binary(Binary::Add, inner, norm) = graph.expr(variant.loss) else { panic!() };
    let Expr::Reduce { reducer: Reducer::Norm, order: Some(order), .. } = graph.expr(norm) else { panic!() };
    assert_eq!(graph.constant(order), Some(Constant::Infinity));
    let Expr::Binary(Binary::Add, _, dot) = graph.expr(inner) else { panic!() };
    let Expr::Reduce { reducer: Reducer::Sum, value, .. } = graph.expr(dot) else { panic!() };
    let Expr::Binary(Binary::Multiply, _, hot) = graph.expr(value) else { panic!() };
    let Expr::If(hit, one, zero) = graph.expr(hot) else { panic!() };
    let Expr::Compare(Comparison::Equal, here, label) = graph.expr(hit) else { panic!() };
    assert_eq!(graph.expr(here), Expr::Index(CLASSES));
    assert_eq!(graph.ty(label), Type::Index(CLASSES));
    assert_eq!((graph.constant(one), graph.constant(zero)), (Some(Constant::integer(1)), Some(Constant::integer(0))));
}

#[test]
fn equal_parts_are_one_node() {
    let spec = with_loss("(logsumexp(C, input) - input[target]) * (logsumexp(C, input) - input[target])");
    let variant = first(&spec, &Library::default());
    let Expr::Binary(Binary::Multiply, x, y) = variant.graph.expr(probed(&variant)) else { panic!() };
    assert_eq!(x, y);
}

#[test]
fn a_call_of_another_spec_is_its_loss_with_its_own_names() {
    let library = library(&["squared"]);
    let text = "name: caller\nsummary: Calls.\nreference: [ none ]\ninputs:\n  r: { axes: [N], gradient: true }\nloss: squared(r, 2 * r)\nreduction: { default: mean, mean: elements }\n";
    let variant = first(&spec_of("caller", text), &library);
    let graph = &variant.graph;
    // weigh(1, (r - 2 r)^2): the `r` of the called spec is its own.
    let Expr::Binary(Binary::Weigh, weight, square) = graph.expr(variant.loss) else { panic!() };
    assert_eq!(graph.constant(weight), Some(Constant::integer(1)));
    let Expr::Binary(Binary::Power, difference, two) = graph.expr(square) else { panic!() };
    assert_eq!(graph.constant(two), Some(Constant::integer(2)));
    let Expr::Binary(Binary::Subtract, x, _) = graph.expr(difference) else { panic!() };
    assert_eq!(graph.expr(x), Expr::Input(InputId(0)));
}

#[test]
fn a_call_renames_axes_where_it_says_so() {
    let library = library(&["labelled"]);
    let text = |call: &str| {
        format!(
            "name: caller\nsummary: Calls.\nreference: [ none ]\naxes:\n  D: {{ position: last }}\ninputs:\n  input: {{ axes: [N, D], gradient: true }}\n  target: {{ axes: [N], label: class_index(D) }}\nloss: {call}\nreduction: {{ default: mean, mean: elements }}\n"
        )
    };
    let variant = first(&spec_of("caller", &text("labelled(input, target, C = D)")), &library);
    let reduced = |expr| matches!(expr, Expr::Reduce { axes, .. } if axes == AxisSet::of(AxisId(1)));
    assert_eq!(find(&variant.graph, variant.loss, reduced), 1);
    let spec = spec_of("caller", &text("labelled(input, target)"));
    assert!(elaborate(&spec, &spec_variants(&spec).unwrap()[0], &library).is_err());
}

#[test]
fn static_arithmetic_makes_integer_exponents_and_decides_comparisons() {
    let spec = with_loss("(if 0.1 + 0.2 == 0.3 then sum(C, input^(3 - 2)) else sum(C, input^0.5))");
    let variant = first(&spec, &Library::default());
    let Expr::Reduce { value, .. } = variant.graph.expr(probed(&variant)) else { panic!() };
    let Expr::Binary(Binary::Power, _, exponent) = variant.graph.expr(value) else { panic!() };
    assert_eq!(variant.graph.constant(exponent), Some(Constant::integer(1)));
}

#[test]
fn comparisons_of_constants_are_decided_by_their_exact_values() {
    for (condition, holds) in [
        ("0.1 + 0.2 == 0.3", true),
        ("1 / 3 < 0.3333333333333333", false),
        ("0.5 - 2 * 0.25 != 0", false),
        ("-1 < -0.5", true),
        ("-inf < -1e30", true),
        ("-1e30 <= -inf", false),
        ("1e30 < inf", true),
        ("inf <= 1e30", false),
        ("-inf < inf", true),
        ("inf <= -inf", false),
        ("inf <= inf", true),
        ("-inf >= -inf", true),
    ] {
        let variant = first(&with_loss(&format!("(if {condition} then input else 2 * input)")), &Library::default());
        let is_taken = variant.graph.expr(probed(&variant)) == Expr::Input(InputId(0));
        assert_eq!(is_taken, holds, "{condition}");
    }
}

#[test]
fn given_is_static_for_what_may_be_absent_and_dynamic_for_dropped_rows_and_lists() {
    let spec = fixture("labelled");
    for key in spec_variants(&spec).unwrap() {
        let variant = elaborate(&spec, &key, &Library::default()).unwrap();
        assert_eq!(find(&variant.graph, variant.loss, |expr| matches!(expr, Expr::If(..) | Expr::Given(_))), 0);
        let reads_margin = find(&variant.graph, variant.loss, |expr| expr == Expr::Input(InputId(3)));
        assert_eq!(reads_margin, usize::from(key.inputs_present[3]));
    }
    let listed = fixture("listed");
    let variant = first(&listed, &Library::default());
    assert!(find(&variant.graph, variant.loss, |expr| expr == Expr::Given(InputId(1))) > 0);
}

#[test]
fn a_pick_by_a_place_of_a_like_axis_moves_the_value_there() {
    let variant = first(&fixture("listed"), &Library::default());
    let moved = |expr| matches!(expr, Expr::Pick { axis: ROWS, .. });
    assert_eq!(find(&variant.graph, variant.loss, moved), 1);
    assert_eq!(variant.graph.axes(variant.loss), AxisSet::of(ROWS));
}

#[test]
fn domains_that_always_hold_are_left_out() {
    let spec = fixture("squared");
    let keys: Vec<VariantKey> = spec_variants(&spec).unwrap();
    let present = elaborate(&spec, &keys[0], &Library::default()).unwrap();
    assert_eq!(present.input_domains.iter().filter(|domain| domain.is_some()).count(), 1);
    let absent = elaborate(&spec, &keys[1], &Library::default()).unwrap();
    assert_eq!(absent.input_domains, [None, None, None]);
}

#[test]
fn claims_share_the_nodes_of_their_variant() {
    let spec = fixture("squared");
    let library = library(&["squared"]);
    let mut variant = first(&spec, &library);
    let nodes = variant.graph.len();
    let again = elaborate_in(&spec, &mut variant, &library, &spec.loss, &[]).unwrap();
    assert_eq!((again, variant.graph.len()), (variant.loss, nodes));
    let swapped = Formula::Scalar(spec.relations[0].equals.clone());
    let swapped = elaborate_in(&spec, &mut variant, &library, &swapped, &[]).unwrap();
    assert_ne!(swapped, variant.loss);
    assert_eq!(variant.graph.axes(swapped), variant.graph.axes(variant.loss));
}
