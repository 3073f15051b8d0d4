//! What has no kernel, and why.

use loss_codegen::expr::{AxisId, AxisSet, Binary, Expr, ExprId, Graph, InputId, Reducer, Type};
use loss_codegen::schedule::{NotSchedulable, Roots, schedule};

fn rows() -> AxisSet {
    AxisSet::of(AxisId::ROWS)
}

const SECOND: AxisId = AxisId(1);
const THIRD: AxisId = AxisId(2);

/// Why a formula of a number of each row cannot be scheduled.
fn refusal(formula: impl Fn(&mut Graph, ExprId) -> ExprId) -> Option<NotSchedulable> {
    let mut graph = Graph::new();
    let number = graph.intern(Expr::Input(InputId(0)), Type::Real, rows());
    let value = formula(&mut graph, number);
    schedule(&graph, &Roots { value, gradients: Vec::new(), axes: rows() }).err()
}

fn of_elements(graph: &mut Graph, input: u8, axes: &[AxisId]) -> ExprId {
    let axes = axes.iter().copied().collect::<AxisSet>().union(rows());
    graph.intern(Expr::Input(InputId(input)), Type::Real, axes)
}

fn reduced(graph: &mut Graph, reducer: Reducer, axis: AxisId, value: ExprId) -> ExprId {
    graph.add(Expr::Reduce { reducer, axes: AxisSet::of(axis), filter: None, value, order: None })
}

#[test]
fn a_number_of_each_row_and_a_sum_over_its_elements_have_kernels() {
    assert_eq!(refusal(|_, number| number), None);
    let sum = |graph: &mut Graph, _| {
        let elements = of_elements(graph, 1, &[SECOND]);
        reduced(graph, Reducer::Sum, SECOND, elements)
    };
    assert_eq!(refusal(sum), None);
}

#[test]
fn what_reads_other_rows_has_none() {
    let over_rows = |graph: &mut Graph, number| reduced(graph, Reducer::Sum, AxisId::ROWS, number);
    let count = |graph: &mut Graph, number| {
        let count = graph.intern(Expr::Size(AxisId::ROWS), Type::Real, AxisSet::EMPTY);
        graph.add(Expr::Binary(Binary::Divide, number, count))
    };
    let place = |graph: &mut Graph, number| {
        let place = graph.intern(Expr::Index(AxisId::ROWS), Type::Real, rows());
        graph.add(Expr::Binary(Binary::Multiply, number, place))
    };
    assert_eq!(refusal(over_rows), Some(NotSchedulable::ReducesRows));
    assert_eq!(refusal(count), Some(NotSchedulable::ReducesRows));
    assert_eq!(refusal(place), Some(NotSchedulable::ReducesRows));
}

#[test]
fn what_varies_along_two_axes_beside_the_rows_has_none() {
    let over_both = |graph: &mut Graph, _| {
        let elements = of_elements(graph, 1, &[SECOND, THIRD]);
        let over_one = reduced(graph, Reducer::Sum, THIRD, elements);
        reduced(graph, Reducer::Sum, SECOND, over_one)
    };
    assert_eq!(refusal(over_both), Some(NotSchedulable::TwoAxes));
}

#[test]
fn what_is_still_to_be_lowered_has_none() {
    let unlowered = |graph: &mut Graph, _| {
        let elements = of_elements(graph, 1, &[SECOND]);
        reduced(graph, Reducer::Logsumexp, SECOND, elements)
    };
    let picked_by_a_formula = |graph: &mut Graph, number| {
        let elements = of_elements(graph, 1, &[SECOND]);
        let opposite = graph.negate(number);
        graph.intern(Expr::Pick { axis: SECOND, value: elements, index: opposite }, Type::Real, rows())
    };
    assert_eq!(refusal(unlowered), Some(NotSchedulable::Reduction));
    assert_eq!(refusal(picked_by_a_formula), Some(NotSchedulable::Pick));
}
