use core::cell::RefCell;
use core::ops::Range;
use std::vec::Vec;

use super::super::places::{Places, Running};
use super::{FEW_STAGED, STAGED, Source, Walk};
use crate::call::Upstream;
use crate::drive::counted::{job, view};
use crate::drive::split::Part;
use crate::job::{Dropped, Geometry, Job, Outputs, Slot, Values, View};
use crate::tensor::LabelSlice;

#[test]
fn numbers_are_gathered_that_do_not_lie_place_after_place() {
    let geometry = Geometry { outer: 3, extent: 4, inner: 2 };
    let (native, labels) = (Values::Native(&[0.0f32; 0][..]), Values::Labels(LabelSlice::U8(&[])));
    for (strides, is_flat) in [([8, 2, 1], true), ([9, 2, 1], false), ([8, 3, 1], false), ([0, 2, 1], false)] {
        let source = |values| Source::of(&View { values, strides, broadcast: false }, &geometry);
        assert_eq!(matches!(source(native), Source::Here(_)), is_flat, "{strides:?}");
        assert_eq!(matches!(source(labels), Source::Converted(_)), is_flat, "{strides:?}");
        for values in [native, labels, Values::InPlace, Values::Absent] {
            let is_there = matches!(values, Values::Native(_) | Values::Labels(_));
            assert_eq!(matches!(source(values), Source::Gathered), !(is_there && is_flat), "{strides:?} {values:?}");
        }
    }
}

/// How many places came at once; whether each input and the gradient came as it lies.
type Came = (usize, [bool; 2], bool);

const PLACES: usize = 2 * STAGED + 100;

/// How the places of a call come to a kernel of two inputs with one gradient, that of the first.
fn walk(job: &Job<'_, f32>, outputs: &mut Outputs<'_, f32>) -> Vec<Came> {
    fn lies(part: &[f32], range: &Range<*const f32>) -> bool {
        range.contains(&part.as_ptr())
    }
    let inputs = [0, 1].map(|input| match job.inputs[input].values {
        Values::Native(values) => values.as_ptr_range(),
        Values::Labels(_) | Values::InPlace | Values::Absent => [0.0; 0].as_ptr_range(),
    });
    let own =
        outputs.gradients[0].as_mut().and_then(Slot::native).map_or([0.0; 0].as_ptr_range(), |own| own.as_ptr_range());
    let came = RefCell::new(Vec::new());
    let run = |places: &mut Places<'_, f32, 2, 1>, _: &mut Running<f32>| {
        let lie = [0, 1].map(|input: usize| lies(places.inputs[input], &inputs[input]));
        let gradient = places.gradients[0].as_deref().is_some_and(|gradient| lies(gradient, &own));
        came.borrow_mut().push((places.len, lie, gradient));
    };
    let walk = Walk { job, inputs: [0, 1], gradients: [0], fused: true, run: &run };
    walk.leaf(0..1, &mut Part::whole(outputs));
    came.into_inner()
}

/// A call of places in a line, both inputs as they lie, whose gradient is wanted; changed before it is run.
fn line(places: usize, change: impl FnOnce(&mut Job<'_, f32>)) -> Vec<Came> {
    let numbers = [[1.0; PLACES]; 2];
    let mut gradient = [0.0; PLACES];
    let mut outputs = Outputs::none();
    outputs.gradients[0] = Some(Slot::Native(&mut gradient));
    let mut job = job([places, 1, 1], &[view(&numbers[0], [1, 0, 0]), view(&numbers[1], [1, 0, 0])]);
    change(&mut job);
    walk(&job, &mut outputs)
}

/// What comes a block at a time.
fn blocks(lie: [bool; 2], gradient: bool) -> [Came; 3] {
    [STAGED, STAGED, 100].map(|len| (len, lie, gradient))
}

#[test]
fn what_lies_as_a_kernel_takes_it_comes_all_at_once() {
    for places in [1, FEW_STAGED, FEW_STAGED + 1, STAGED + 1, PLACES] {
        assert_eq!(line(places, |_| {}), [(places, [true; 2], true)]);
    }
    assert_eq!(line(PLACES, |job| job.upstream = Upstream::Scalar(2.0)), [(PLACES, [true; 2], true)]);
    assert_eq!(line(PLACES, |job| job.upstream = Upstream::Each(&[2.0; PLACES])), [(PLACES, [true; 2], true)]);
}

#[test]
fn what_does_not_comes_a_block_at_a_time() {
    static DOUBLE: [f64; PLACES] = [1.0; PLACES];
    static APART: [f32; 2 * PLACES] = [1.0; 2 * PLACES];
    let converted = Values::Labels(LabelSlice::F64(&DOUBLE));
    // An input of another type, or one that does not lie place after place. The other one comes as it lies.
    assert_eq!(line(PLACES, |job| job.inputs[1].values = converted), blocks([true, false], true));
    assert_eq!(line(PLACES, |job| job.inputs[0].values = converted), blocks([false, true], true));
    assert_eq!(line(PLACES, |job| job.inputs[1] = view(&APART, [2, 0, 0])), blocks([true, false], true));
    assert_eq!(line(PLACES, |job| job.inputs[1] = view(&APART, [0, 0, 0])), blocks([true, false], true));
    // A gradient that is a sum.
    assert_eq!(line(PLACES, |job| job.inputs[0].broadcast = true), blocks([true; 2], false));
    // A gradient lies as it is written all the same where upstream gradients are of another type, and rows that may be dropped.
    assert_eq!(
        line(PLACES, |job| job.upstream = Upstream::Converted(LabelSlice::F64(&DOUBLE))),
        blocks([true; 2], true)
    );
    assert_eq!(line(PLACES, |job| job.dropped = Some(Dropped { input: 1, value: 2.0 })), blocks([true; 2], true));
    // A gradient that takes the place of its input: that is read first.
    let in_place = |job: &mut Job<'_, f32>| job.inputs[0].values = Values::InPlace;
    assert_eq!(line(PLACES, in_place), blocks([false, true], true));
    // A few are one block.
    for places in [1, FEW_STAGED, FEW_STAGED + 1, STAGED] {
        assert_eq!(line(places, |job| job.inputs[1].values = converted), [(places, [true, false], true)]);
    }
}

#[cfg(feature = "half")]
#[test]
fn results_of_another_type_come_a_block_at_a_time() {
    let numbers = [[1.0; PLACES]; 2];
    let inputs = [view(&numbers[0], [1, 0, 0]), View { broadcast: true, ..view(&numbers[1], [1, 0, 0]) }];
    let job = job([PLACES, 1, 1], &inputs);
    let mut halves = std::vec![half::f16::ZERO; PLACES];
    let mut outputs = Outputs::none();
    outputs.gradients[0] = Some(Slot::F16(&mut halves));
    assert_eq!(walk(&job, &mut outputs), blocks([true; 2], false));
    let mut outputs = Outputs::none();
    outputs.elements = Some(Slot::F16(&mut halves));
    assert_eq!(walk(&job, &mut outputs), blocks([true; 2], false));
    // What is not wanted keeps nothing from coming as it lies.
    assert_eq!(walk(&job, &mut Outputs::none()), [(PLACES, [true; 2], false)]);
}
