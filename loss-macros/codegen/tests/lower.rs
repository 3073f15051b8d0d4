//! What formulas become for lanes to compute.

mod interpreter;
mod nodes;

use interpreter::{Row, evaluate};
use loss_codegen::expr::{AxisId, AxisSet, Binary, Comparison, Expr, ExprId, Graph, InputId, Reducer, Type};
use loss_codegen::lower::lower;
use loss_codegen::rewrite::reachable;
use nodes::{input, rows};

#[test]
fn a_small_whole_power_is_products_or_a_quotient() {
    let mut g = Graph::new();
    let x = input(&mut g, 0, rows());
    let mut power = |exponent: i128| {
        let exponent = g.integer(exponent);
        let power = g.add(Expr::Binary(Binary::Power, x, exponent));
        let lowered = lower(&mut g, &[power])[0];
        g.expr(lowered)
    };
    let powers = [-2, -1, 0, 1, 2, 3, 4].map(&mut power);
    let (one, square) = (g.one(), g.times(x, x));
    let [minus_two, four] = [-2, 4].map(|exponent| g.integer(exponent));
    assert_eq!(
        powers,
        [
            Expr::Binary(Binary::Power, x, minus_two),
            Expr::Binary(Binary::Divide, one, x),
            g.expr(one),
            g.expr(x),
            Expr::Binary(Binary::Multiply, x, x),
            Expr::Binary(Binary::Multiply, square, x),
            Expr::Binary(Binary::Power, x, four),
        ]
    );
}

const CLASSES: AxisId = AxisId(1);

/// `index(C) == label`
fn is_labelled(g: &mut Graph) -> ExprId {
    let place = g.intern(Expr::Index(CLASSES), Type::Index(CLASSES), AxisSet::of(CLASSES));
    let label = g.intern(Expr::Input(InputId(1)), Type::Index(CLASSES), rows());
    g.add(Expr::Compare(Comparison::Equal, place, label))
}

/// `if index(C) == label then value else 0`, lowered.
fn at_the_label(g: &mut Graph, value: ExprId) -> Expr {
    let (is_it, zero) = (is_labelled(g), g.zero());
    let whole = g.add(Expr::If(is_it, value, zero));
    let lowered = lower(g, &[whole])[0];
    let Expr::If(_, value, _) = g.expr(lowered) else { panic!("it stays a selection") };
    g.expr(value)
}

#[test]
fn at_the_labelled_place_inputs_are_picked_and_cotangents_are_not() {
    let mut g = Graph::new();
    let elements = rows().union(AxisSet::of(CLASSES));
    let scores = g.intern(Expr::Input(InputId(0)), Type::Real, elements);
    assert!(matches!(at_the_label(&mut g, scores), Expr::Pick { value, .. } if value == scores));
    let upstream = g.intern(Expr::Upstream, Type::Real, elements);
    assert_eq!(at_the_label(&mut g, upstream), Expr::Upstream);
    let beside = g.times(upstream, scores);
    assert_eq!(at_the_label(&mut g, beside), Expr::Binary(Binary::Multiply, upstream, scores));
    // One number a row is known there too.
    let of_row = g.intern(Expr::Upstream, Type::Real, rows());
    let beside = g.times(of_row, scores);
    let Expr::Binary(Binary::Multiply, factor, picked) = at_the_label(&mut g, beside) else { panic!("a product") };
    assert!(factor == of_row && matches!(g.expr(picked), Expr::Pick { value, .. } if value == scores));
}

#[test]
fn a_sum_of_what_is_at_the_labelled_place_alone_is_that() {
    let mut g = Graph::new();
    let elements = rows().union(AxisSet::of(CLASSES));
    let scores = g.intern(Expr::Input(InputId(0)), Type::Real, elements);
    let upstream = g.intern(Expr::Upstream, Type::Real, elements);
    let (is_it, zero, one) = (is_labelled(&mut g), g.zero(), g.one());
    let is_positive = g.add(Expr::Compare(Comparison::Greater, scores, zero));
    let both = AxisSet::of(CLASSES).union(AxisSet::of(AxisId(2)));
    let mut is_picked = |here, elsewhere, axes, filter| {
        let value = g.add(Expr::If(is_it, here, elsewhere));
        let sum = g.add(Expr::Reduce { reducer: Reducer::Sum, axes, filter, value, order: None });
        let lowered = lower(&mut g, &[sum])[0];
        matches!(g.expr(lowered), Expr::Pick { value, .. } if value == here)
    };
    let along = AxisSet::of(CLASSES);
    assert!(is_picked(scores, zero, along, None));
    // Something elsewhere, what only each place knows, places left out, and an axis more.
    assert!(!is_picked(scores, one, along, None));
    assert!(!is_picked(upstream, zero, along, None));
    assert!(!is_picked(scores, zero, along, Some(is_positive)));
    assert!(!is_picked(scores, zero, both, None));
}

#[test]
fn a_selection_between_conditions_is_written_in_connectives_and_says_the_same() {
    // For each of three conditions an input that makes it true, false or unordered.
    const TRUTHS: [f64; 3] = [1.0, -1.0, f64::NAN];
    let mut g = Graph::new();
    let zero = g.zero();
    let conditions = [0, 1, 2].map(|place| {
        let x = input(&mut g, place, rows());
        g.add(Expr::Compare(Comparison::Greater, x, zero))
    });
    let constants = [true, false].map(|truth| g.add(Expr::Boolean(truth)));
    let (one, two) = (g.one(), g.integer(2));
    for value in [conditions[1], constants[0], constants[1]] {
        for otherwise in [conditions[2], constants[0], constants[1]] {
            let selection = g.add(Expr::If(conditions[0], value, otherwise));
            let written = g.add(Expr::If(selection, one, two));
            let lowered = lower(&mut g, &[written])[0];
            assert!(
                reachable(&g, [lowered]).into_iter().all(|id| match g.expr(id) {
                    Expr::If(..) => g.ty(id) == Type::Real,
                    expr => !matches!(expr, Expr::Boolean(_)),
                }),
                "no selection of a condition is left"
            );
            for inputs in TRUTHS.into_iter().flat_map(|a| TRUTHS.map(|b| TRUTHS.map(|c| [a, b, c]))).flatten() {
                let inputs = inputs.map(|number| vec![number]).to_vec();
                let row = Row { inputs, labels: vec![], classes: 1, params: vec![] };
                let [expected, found] = [written, lowered].map(|id| evaluate(&g, id, &row, 0).to_bits());
                assert_eq!(found, expected, "{row:?}");
            }
        }
    }
}
