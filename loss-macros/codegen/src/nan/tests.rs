//! A guard where the other branch may be a number though what is compared is NaN, and none where it is NaN by itself.

use super::{is_covered, needs_guard, settled};
use crate::expr::{AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, InputId, Reducer, Type, Unary};

/// A graph with two inputs along rows and classes, and the number 1.
struct Scene {
    graph: Graph,
    x: ExprId,
    y: ExprId,
    one: ExprId,
}

impl Scene {
    fn new() -> Self {
        let mut graph = Graph::new();
        let axes = AxisSet::of(AxisId::ROWS).union(classes());
        let [x, y] = [0, 1].map(|place| graph.intern(Expr::Input(InputId(place)), Type::Real, axes));
        let one = graph.add(Expr::Constant(Constant::integer(1)));
        Scene { graph, x, y, one }
    }

    fn unary(&mut self, function: Unary, x: ExprId) -> ExprId {
        self.graph.add(Expr::Unary(function, x))
    }

    fn binary(&mut self, function: Binary, x: ExprId, y: ExprId) -> ExprId {
        self.graph.add(Expr::Binary(function, x, y))
    }

    /// `x < 1`
    fn below_one(&mut self, x: ExprId) -> ExprId {
        self.graph.add(Expr::Compare(Comparison::Less, x, self.one))
    }

    fn reduced(&mut self, reducer: Reducer, filter: Option<ExprId>, value: ExprId) -> ExprId {
        self.graph.add(Expr::Reduce { reducer, axes: classes(), filter, value, order: None })
    }
}

fn classes() -> AxisSet {
    AxisSet::of(AxisId(1))
}

/// Whether `if x < 1 then … else otherwise` has a guard.
fn is_guarded(otherwise: impl Fn(&mut Scene) -> ExprId) -> bool {
    let mut scene = Scene::new();
    let condition = scene.below_one(scene.x);
    let otherwise = otherwise(&mut scene);
    needs_guard(&scene.graph, condition, otherwise)
}

#[test]
fn what_is_compared_makes_its_functions_nan() {
    assert!(!is_guarded(|scene| scene.x));
    assert!(is_guarded(|scene| scene.y));
    assert!(is_guarded(|scene| scene.one));
    assert!(!is_guarded(|scene| scene.unary(Unary::Exp, scene.x)));
    assert!(is_guarded(|scene| scene.unary(Unary::Exp, scene.y)));
    for [a, b] in [[true, false], [false, true]] {
        let pick = |scene: &Scene, is_x: bool| if is_x { scene.x } else { scene.y };
        assert!(!is_guarded(|scene| scene.binary(Binary::Multiply, pick(scene, a), pick(scene, b))));
    }
    assert!(is_guarded(|scene| scene.binary(Binary::Multiply, scene.y, scene.one)));
}

#[test]
fn what_a_weight_may_remove_and_what_only_leads_a_gradient_need_not_be_nan() {
    assert!(!is_guarded(|scene| scene.binary(Binary::Weigh, scene.x, scene.y)));
    assert!(is_guarded(|scene| scene.binary(Binary::Weigh, scene.y, scene.x)));
    assert!(!is_guarded(|scene| scene.binary(Binary::StraightThrough, scene.x, scene.y)));
    assert!(is_guarded(|scene| scene.binary(Binary::StraightThrough, scene.y, scene.x)));
}

#[test]
fn a_power_is_nan_with_its_base_unless_the_exponent_is_zero() {
    let power = |exponent: i128| {
        move |scene: &mut Scene| {
            let exponent = scene.graph.add(Expr::Constant(Constant::integer(exponent)));
            scene.binary(Binary::Power, scene.x, exponent)
        }
    };
    assert!(!is_guarded(power(2)) && !is_guarded(power(-1)));
    assert!(is_guarded(power(0)));
    assert!(is_guarded(|scene| scene.binary(Binary::Power, scene.x, scene.y)), "y may be 0");
    assert!(is_guarded(|scene| scene.binary(Binary::Power, scene.y, scene.one)));
}

#[test]
fn a_choice_is_nan_if_both_branches_are_or_if_it_is_unordered_itself() {
    let choice = |condition_on_x: bool, yes_is_x: bool, no_is_x: bool| {
        move |scene: &mut Scene| {
            let pick = |scene: &Scene, is_x: bool| if is_x { scene.x } else { scene.y };
            let condition = scene.below_one(pick(scene, condition_on_x));
            let (yes, no) = (pick(scene, yes_is_x), pick(scene, no_is_x));
            scene.graph.add(Expr::If(condition, yes, no))
        }
    };
    assert!(!is_guarded(choice(false, true, true)));
    assert!(is_guarded(choice(false, true, false)) && is_guarded(choice(false, false, true)));
    assert!(!is_guarded(choice(true, false, false)));
    assert!(!is_guarded(|scene| {
        let condition = scene.below_one(scene.x);
        let condition = scene.graph.add(Expr::Not(condition));
        scene.graph.add(Expr::If(condition, scene.y, scene.one))
    }));
    assert!(!is_guarded(|scene| {
        let condition = scene.graph.add(Expr::Compare(Comparison::Less, scene.one, scene.x));
        scene.graph.add(Expr::If(condition, scene.y, scene.one))
    }));
    assert!(is_guarded(|scene| {
        let (x, y) = (scene.below_one(scene.x), scene.below_one(scene.y));
        let either = scene.graph.add(Expr::Or(x, y));
        scene.graph.add(Expr::If(either, scene.y, scene.one))
    }));
}

#[test]
fn a_reduction_of_all_places_is_nan_with_one_of_them() {
    for reducer in [Reducer::Sum, Reducer::Max, Reducer::Min] {
        assert!(!is_guarded(|scene| scene.reduced(reducer, None, scene.x)), "{reducer:?}");
        assert!(is_guarded(|scene| scene.reduced(reducer, None, scene.y)), "{reducer:?}");
        let filtered = |scene: &mut Scene| {
            let filter = scene.below_one(scene.y);
            scene.reduced(reducer, Some(filter), scene.x)
        };
        assert!(is_guarded(filtered), "{reducer:?}");
    }
    assert!(is_guarded(|scene| scene.reduced(Reducer::Norm, None, scene.x)));
}

#[test]
fn a_power_of_two_passes_over_nan() {
    assert!(is_guarded(|scene| scene.unary(Unary::PowerOfTwo, scene.x)));
}

#[test]
fn what_is_compared_at_other_places_is_no_sign_of_what_is_here() {
    let mut scene = Scene::new();
    let condition = scene.below_one(scene.x);
    let any = scene.reduced(Reducer::Any, None, condition);
    let label = scene.graph.intern(Expr::Input(InputId(2)), Type::Index(AxisId(1)), AxisSet::of(AxisId::ROWS));
    let picked = scene.graph.add(Expr::Pick { value: condition, axis: AxisId(1), index: label });
    for elsewhere in [any, picked] {
        assert!(needs_guard(&scene.graph, elsewhere, scene.x));
        let both = scene.graph.add(Expr::And(condition, elsewhere));
        assert!(needs_guard(&scene.graph, both, scene.x));
    }
}

#[test]
fn a_selection_between_a_value_and_itself_is_left_out_where_the_value_is_nan_by_itself() {
    let mut scene = Scene::new();
    let condition = scene.below_one(scene.x);
    let (own, others) = (scene.unary(Unary::Exp, scene.x), scene.unary(Unary::Exp, scene.y));
    let weighed = scene.binary(Binary::Weigh, scene.y, scene.x);
    let mut of = |value: ExprId| {
        let selection = scene.graph.add(Expr::If(condition, value, value));
        let doubled = scene.graph.add(Expr::Binary(Binary::Add, selection, selection));
        let [settled] = settled(&mut scene.graph, &[doubled])[..] else { panic!("one root") };
        settled == scene.graph.add(Expr::Binary(Binary::Add, value, value))
    };
    assert!(of(own) && !of(others) && !of(weighed));
    let two = scene.graph.add(Expr::If(condition, own, others));
    assert_eq!(settled(&mut scene.graph, &[two]), [two]);
}

#[test]
fn every_number_that_is_compared_counts_and_one_that_is_never_nan_does_not() {
    let guarded = |compare: &dyn Fn(&mut Scene) -> ExprId, otherwise: &dyn Fn(&mut Scene) -> ExprId| {
        let mut scene = Scene::new();
        let (condition, otherwise) = (compare(&mut scene), otherwise(&mut scene));
        needs_guard(&scene.graph, condition, otherwise)
    };
    let both = |scene: &mut Scene| {
        let (x, y) = (scene.below_one(scene.x), scene.below_one(scene.y));
        scene.graph.add(Expr::And(x, y))
    };
    assert!(guarded(&both, &|scene| scene.x) && guarded(&both, &|scene| scene.y));
    assert!(!guarded(&both, &|scene| scene.binary(Binary::Add, scene.x, scene.y)));
    // |x| and -x are NaN exactly where x is, and exp(x) by itself is something else.
    for function in [Unary::Abs, Unary::Negate] {
        let of_x = |scene: &mut Scene| {
            let value = scene.unary(function, scene.x);
            scene.below_one(value)
        };
        assert!(!guarded(&of_x, &|scene| scene.x), "{function:?}");
    }
    let exponential = |scene: &mut Scene| {
        let value = scene.unary(Unary::Exp, scene.x);
        scene.below_one(value)
    };
    assert!(guarded(&exponential, &|scene| scene.y));
    let mut scene = Scene::new();
    scene.graph.declare_never_nan(InputId(0));
    let condition = scene.below_one(scene.x);
    assert!(!needs_guard(&scene.graph, condition, scene.y));
    let other = scene.below_one(scene.y);
    let either = scene.graph.add(Expr::Or(condition, other));
    assert!(!needs_guard(&scene.graph, either, scene.y), "x is never NaN");
}

#[test]
fn a_selection_is_covered_where_all_that_it_goes_into_is_nan_without_it() {
    let mut scene = Scene::new();
    let condition = scene.below_one(scene.x);
    let selection = scene.graph.add(Expr::If(condition, scene.y, scene.one));
    assert!(needs_guard(&scene.graph, condition, scene.one));
    let exponential = scene.unary(Unary::Exp, scene.x);
    let covered = scene.binary(Binary::Add, selection, exponential);
    let weighed = scene.binary(Binary::Weigh, selection, exponential);
    let beside = scene.binary(Binary::Add, selection, scene.y);
    let of = |roots: &[ExprId]| is_covered(&scene.graph, roots, selection, condition);
    assert!(of(&[covered]) && of(&[covered, exponential]));
    // One of several, a weight that may be 0, and another number.
    assert!(!of(&[covered, beside]) && !of(&[weighed]) && !of(&[beside]) && !of(&[selection]));
    // What it does not go into does not count.
    assert!(of(&[covered, scene.y]));

    // Two selections that each would be NaN by the other's guard are covered by neither.
    let other = scene.graph.add(Expr::If(condition, scene.one, scene.y));
    let both = scene.binary(Binary::Multiply, selection, other);
    assert!(!is_covered(&scene.graph, &[both], selection, condition));
    let branches = scene.graph.add(Expr::If(condition, exponential, scene.x));
    let sum = scene.binary(Binary::Add, selection, branches);
    assert!(is_covered(&scene.graph, &[sum], selection, condition), "either branch is NaN");

    // Every number that is compared counts, and one of another place is not known.
    let compared = scene.graph.add(Expr::Compare(Comparison::Less, scene.x, scene.y));
    let of_both = scene.graph.add(Expr::If(compared, scene.y, scene.one));
    let with_x = scene.binary(Binary::Add, of_both, exponential);
    let with_both = scene.binary(Binary::Add, with_x, scene.y);
    assert!(!is_covered(&scene.graph, &[with_x], of_both, compared));
    assert!(is_covered(&scene.graph, &[with_both], of_both, compared));
    let largest = scene.reduced(Reducer::Max, None, scene.y);
    let elsewhere = scene.below_one(largest);
    let far = scene.graph.add(Expr::If(elsewhere, scene.y, scene.one));
    let with_y = scene.binary(Binary::Add, far, scene.y);
    assert!(!is_covered(&scene.graph, &[with_y], far, elsewhere));
}
