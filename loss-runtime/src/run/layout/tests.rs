use super::{Layout, Views};
use crate::call::{Call, SLOTS};
use crate::info::{AxisInfo, Guide, InputInfo, Label, LossInfo, Position};
use crate::job::{Geometry, View};
use crate::shape::Shape;
use crate::tensor::{Array, Labels, Tensor};

const fn input(name: &'static str, axes: &'static [usize], label: Label, optional: bool) -> InputInfo {
    let gradient = matches!(label, Label::Real) && !optional;
    let broadcast: &[usize] = if optional { &[0] } else { &[] };
    InputInfo { gradient, optional, broadcast, ..InputInfo::plain(name, axes, label) }
}

const fn axis(name: &'static str, position: Position) -> AxisInfo {
    AxisInfo { name, meaning: None, position }
}

const fn loss(axes: &'static [AxisInfo], inputs: &'static [InputInfo]) -> LossInfo {
    LossInfo {
        name: "loss",
        summary: "",
        reference: &[],
        pytorch: None,
        guide: Guide { meaning: None, task: None, use_when: None, aliases: &[] },
        formula: "",
        axes,
        inputs,
        params: &[],
        reductions: &[],
        default_reduction: "sum",
        layout: 0,
        properties: &[],
        curvature: None,
        hessian_products: &[],
    }
}

/// Every place by itself; a weight may be absent, or one for all.
static ALONE: LossInfo = loss(
    &[axis("N", Position::Rows)],
    &[
        input("input", &[0], Label::Real, false),
        input("target", &[0], Label::Binary, false),
        input("weight", &[0], Label::Real, true),
    ],
);

/// Rows of classes.
static CLASSES: LossInfo = loss(
    &[axis("N", Position::Rows), axis("C", Position::Second)],
    &[input("input", &[0, 1], Label::Real, false), input("target", &[0], Label::ClassIndex, false)],
);

const NUMBERS: [f32; 64] = [0.5; 64];
const BYTES: [u8; 64] = [1; 64];

fn numbers<const D: usize>(extents: [usize; D]) -> Tensor<'static, f32> {
    let shape = Shape::new(&extents).unwrap_or_default();
    Tensor { data: &NUMBERS[..shape.len()], shape, row_stride: None }
}

fn bytes<const D: usize>(extents: [usize; D]) -> Labels<'static> {
    let shape = Shape::new(&extents).unwrap_or_default();
    Labels { shape, ..Labels::from(&BYTES[..shape.len()]) }
}

fn call<const K: usize>(inputs: [Option<Array<'static, f32>>; K]) -> Call<'static, f32> {
    let mut call = Call::default();
    call.inputs[..K].copy_from_slice(&inputs);
    call
}

/// Where inputs lie whose calls are seen as one dense line, if this one is.
fn line(info: &'static LossInfo, call: &Call<'static, f32>) -> Option<(Geometry, usize, [[usize; 3]; 3])> {
    let mut views: Views<'_, f32> = [View::ABSENT; SLOTS];
    let layout = Layout::line(info, call, &mut views)?;
    Some((layout.geometry, layout.samples, [0, 1, 2].map(|input| views[input].strides)))
}

/// The same of the layout that a call gets by whichever way.
fn agreed(info: &'static LossInfo, call: &Call<'static, f32>) -> Option<(Geometry, usize, [[usize; 3]; 3])> {
    let mut views: Views<'_, f32> = [View::ABSENT; SLOTS];
    let layout = Layout::agree(info, call, &mut views).ok()?;
    Some((layout.geometry, layout.samples, [0, 1, 2].map(|input| views[input].strides)))
}

#[test]
fn a_call_of_dense_lines_of_one_shape_is_one_line() {
    let given = |tensor: Tensor<'static, f32>| Some(Array::Real(tensor));
    let labels = |labels: Labels<'static>| Some(Array::Labels(labels));
    for len in [0, 1, 2, 33] {
        let geometry = Geometry { outer: len, extent: 1, inner: 1 };
        let mut inputs = [given(numbers([len])), labels(bytes([len])), None];
        let found = Some((geometry, len, [[1, 0, 0], [1, 0, 0], [0, 0, 0]]));
        assert_eq!((line(&ALONE, &call(inputs)), agreed(&ALONE, &call(inputs))), (found, found), "{len}");
        inputs[2] = given(numbers([len]));
        let found = Some((geometry, len, [[1, 0, 0]; 3]));
        assert_eq!((line(&ALONE, &call(inputs)), agreed(&ALONE, &call(inputs))), (found, found), "{len}");
    }
    // Others may be well, and are looked at in the general way.
    let usual = [given(numbers([6])), labels(bytes([6])), given(numbers([6]))];
    let others = [
        ("two dimensions", [given(numbers([2, 3])), labels(bytes([2, 3])), None], true),
        ("none", [given(numbers([])), labels(bytes([])), None], true),
        ("one weight for all", [usual[0], usual[1], given(numbers([1]))], true),
        ("another shape", [usual[0], labels(bytes([3, 2])), None], false),
        ("another length", [usual[0], usual[1], given(numbers([5]))], false),
        ("too few numbers", [given(Tensor { data: &NUMBERS[..5], ..numbers([6]) }), usual[1], None], false),
        ("gaps", [given(Tensor { data: &NUMBERS[..11], ..numbers([6]) }.with_row_stride(2)), usual[1], None], true),
        ("a type without gradients", [labels(bytes([6])), usual[1], None], false),
        ("no layout", [None, usual[1], None], false),
    ];
    for (what, inputs, is_well) in others {
        assert_eq!(line(&ALONE, &call(inputs)), None, "{what}");
        assert_eq!(agreed(&ALONE, &call(inputs)).is_some(), is_well, "{what}");
    }
    let rows = [given(numbers([6])), labels(bytes([])), None];
    assert_eq!(line(&CLASSES, &call(rows)), None, "a second axis");
}

#[test]
fn there_is_no_step_along_an_axis_that_an_input_lacks() {
    let classes = |input, target| {
        let [input, target] = [Array::Real(input), Array::Labels(target)];
        agreed(&CLASSES, &call([Some(input), Some(target)]))
    };
    let found = classes(numbers([3, 4]), bytes([3]));
    let geometry = Geometry { outer: 3, extent: 4, inner: 1 };
    assert_eq!(found, Some((geometry, 3, [[4, 1, 0], [1, 0, 0], [0; 3]])));
    let found = classes(numbers([2, 4, 5]), bytes([2, 5]));
    let geometry = Geometry { outer: 2, extent: 4, inner: 5 };
    assert_eq!(found, Some((geometry, 2, [[20, 5, 1], [5, 0, 1], [0; 3]])));
    // One row.
    let found = classes(numbers([4]), bytes([]));
    let geometry = Geometry { outer: 1, extent: 4, inner: 1 };
    assert_eq!(found, Some((geometry, 4, [[0, 1, 0], [1, 0, 0], [0; 3]])));
}

#[test]
fn rows_that_follow_each_other_in_all_arrays_become_one_line() {
    let dense = [5, 0, 1];
    let one = [0; 3];
    let (few, line) = (Geometry { outer: 3, extent: 1, inner: 5 }, Geometry { outer: 15, extent: 1, inner: 1 });
    for (position, strides, expected) in [
        (None, [dense, dense, dense], Some([[1, 0, 0]; 3])),
        (None, [dense, one, dense], Some([[1, 0, 0], one, [1, 0, 0]])),
        (None, [one, dense, one], Some([one, [1, 0, 0], one])),
        // A gap in any.
        (None, [[7, 0, 1], dense, one], None),
        (None, [dense, dense, [6, 0, 1]], None),
        // Places of a second axis lie between rows.
        (Some(Position::Second), [dense, dense, one], None),
        (Some(Position::Last), [dense, one, one], None),
    ] {
        let mut views: Views<'_, f32> = [View::ABSENT; SLOTS];
        for (view, strides) in views.iter_mut().zip(strides) {
            view.strides = strides;
        }
        let rows = Shape::new(&[3, 5]).unwrap_or_default();
        let mut layout = Layout { geometry: few, samples: 3, rows, position };
        layout.flatten(&mut views);
        let found = [0, 1, 2].map(|input| views[input].strides);
        assert_eq!(layout.geometry, if expected.is_some() { line } else { few }, "{strides:?}");
        assert_eq!(found, expected.unwrap_or(strides), "{strides:?}");
        assert!(views[3..].iter().all(|view| view.strides == one), "{strides:?}");
    }
}
