use std::vec::Vec;

use super::{TILE_EXTENT, take, take_one, walks_along};
use crate::drive::across::is_tiled;
use crate::drive::counted::{Counts, Squares, counted, job, view};
use crate::drive::row_wise;
use crate::job::{Outputs, Slot, Values, View};
use crate::kernel::Accumulate;
use crate::lane::{Isa, Lane, LaneTask, MAX_LANES, Real};

#[test]
fn rows_are_walked_along_that_are_contiguous_and_longer_than_a_tile() {
    for (extent, inner, expected) in [
        (1, 1, false),
        (TILE_EXTENT, 1, false),
        (TILE_EXTENT + 1, 1, true),
        (10_000, 1, true),
        (TILE_EXTENT + 1, 2, false),
        (10_000, 64, false),
    ] {
        assert_eq!(walks_along::<f32>(&job([5, extent, inner], &[])), expected, "{extent} {inner}");
    }
}

/// [`take`] of two numbers.
struct Take<T>(Accumulate, T, T);

impl<T: Real> LaneTask<T> for Take<T> {
    type Output = T;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> T {
        let Self(kind, accumulator, contribution) = self;
        let mut lanes = [T::ZERO; MAX_LANES];
        take(kind, L::from_scalar(token, accumulator), L::from_scalar(token, contribution))
            .store(&mut lanes[..L::LANES]);
        lanes[0]
    }
}

#[test]
fn single_numbers_are_taken_in_with_the_bits_of_vectors() {
    fn check<T: Real>(isa: Isa) {
        let numbers = [0.0, -0.0, 1.0, -1.0, 1.1, f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(T::from_f64);
        let kinds = [Accumulate::Nothing, Accumulate::Sum, Accumulate::Max, Accumulate::Min, Accumulate::Shift];
        for kind in kinds {
            for one in numbers {
                for other in numbers {
                    let single = take_one(kind, one, other).to_f64();
                    let vector = T::dispatch(isa, Take(kind, one, other)).to_f64();
                    assert!(
                        single.to_bits() == vector.to_bits() || single.is_nan() && vector.is_nan(),
                        "{isa:?} {kind:?} of {one:?} and {other:?}: {single:?}, {vector:?}"
                    );
                }
            }
        }
    }
    for isa in Isa::available() {
        check::<f32>(isa);
        check::<f64>(isa);
    }
}

/// Extents: walked along rows, across short ones, along an inner axis, and there brought into a tile.
const SHAPES: [[usize; 3]; 6] = [[16, 48, 1], [16, 32, 1], [16, 5, 1], [2, 48, 16], [2, 3, 32], [1, 9, 1024]];

/// The number at a place of memory.
fn number(at: usize) -> f32 {
    (at % 7) as f32
}

/// What [`Squares`] computes for these outputs, whose input has these strides and perhaps is broadcast.
fn squares<const PER_ELEMENT: bool>(
    extents: [usize; 3],
    (strides, broadcast): ([usize; 3], bool),
    outputs: &mut Outputs<'_, f32>,
) -> Counts {
    let reach: usize = extents.iter().zip(strides).map(|(extent, stride)| (extent - 1) * stride).sum();
    let values: Vec<f32> = (0..=reach).map(number).collect();
    let mut job = job(extents, &[View { broadcast, ..view(&values, strides) }]);
    job.per_element = PER_ELEMENT;
    counted(|| row_wise::<f32, Squares<PER_ELEMENT>, 1, 0, 0, 0, 1, 2, 1, 0>(&job, outputs)).1
}

/// How many places are computed: of rows side by side, those of whole vectors.
fn computed([outer, extent, inner]: [usize; 3]) -> usize {
    outer * extent * if inner == 1 { 1 } else { inner.next_multiple_of(MAX_LANES) }
}

#[test]
fn places_are_not_visited_again_if_no_gradient_is_wanted() {
    for extents @ [_, extent, inner] in SHAPES {
        let counts = squares::<false>(extents, ([extent * inner, inner, 1], false), &mut Outputs::none());
        assert_eq!((counts.step, counts.element), (computed(extents), 0), "{extents:?}");
    }
}

/// Asks for a gradient, which must be right, and tells whether what a pass spills was computed once.
fn is_spilled(extents: [usize; 3], strides: [usize; 3], broadcast: bool) -> bool {
    let [outer, extent, inner] = extents;
    let mut gradient = std::vec![7.0_f32; 2 * outer * strides[0]];
    let mut outputs = Outputs::none();
    outputs.gradients[0] = Some(Slot::Native(&mut gradient));
    let counts = squares::<false>(extents, (strides, broadcast), &mut outputs);
    let mut expected = std::vec![7.0; gradient.len()];
    for place in 0..outer * extent * inner {
        let at = place / extent / inner * strides[0] + place / inner % extent * strides[1] + place % inner * strides[2];
        expected[at] = 2.0 * number(at);
    }
    let wrong = gradient.iter().zip(&expected).position(|(found, expected)| found != expected);
    assert_eq!(wrong, None, "{extents:?} {strides:?} {broadcast}");
    assert_eq!(counts.element, computed(extents), "{extents:?} {strides:?} {broadcast}");
    counts.step == computed(extents)
}

#[test]
fn what_a_pass_spills_is_computed_once_where_a_tile_or_its_gradient_can_hold_it() {
    for extents @ [_, extent, inner] in SHAPES {
        let flat = [extent * inner, inner, 1];
        let is_along = inner == 1 && extent > TILE_EXTENT;
        let is_tiled = !is_along && is_tiled(&job(extents, &[view(&[0.0_f32; 0], flat)]), &[0]);
        assert!(is_spilled(extents, flat, false), "{extents:?}");
        // To a sum nothing can be spilled, although here there is one summand for each, but to a tile.
        assert_eq!(is_spilled(extents, flat, true), is_tiled, "{extents:?}");
        // Places further apart than neighbours are staged, where rows are walked along.
        assert_eq!(is_spilled(extents, flat.map(|stride| 2 * stride), false), !is_along, "{extents:?}");
        #[cfg(feature = "half")]
        {
            let mut gradient = std::vec![half::bf16::ZERO; extents.iter().product()];
            let mut outputs = Outputs::none();
            outputs.gradients[0] = Some(Slot::Bf16(&mut gradient));
            let counts = squares::<false>(extents, (flat, false), &mut outputs);
            let steps = if is_tiled { 1 } else { 2 } * computed(extents);
            assert_eq!((counts.step, counts.element), (steps, computed(extents)), "{extents:?}");
            assert!(gradient.iter().enumerate().all(|(at, slope)| slope.to_f32() == 2.0 * number(at)), "{extents:?}");
        }
    }
}

#[test]
fn the_last_rows_of_a_window_may_be_fewer_than_a_vector() {
    // Places crowd the cache, and of the rows of a group that are left over some fill a vector and others do not.
    for inner in [1000, 3000, 1024 + 3] {
        assert!(is_spilled([2, 9, inner], [9 * 3072, 3072, 1], false), "{inner}");
    }
}

#[test]
fn values_that_a_pass_spills_are_there_whether_or_not_gradients_are_wanted() {
    for extents @ [_, extent, inner] in SHAPES {
        let places: usize = extents.iter().product();
        let expected: Vec<f32> = (0..places).map(|at| 2.0 * number(at)).collect();
        for wants_gradient in [false, true] {
            let (mut values, mut gradient) = (std::vec![7.0_f32; places], std::vec![7.0_f32; places]);
            let mut outputs = Outputs::none();
            outputs.elements = Some(Slot::Native(&mut values));
            outputs.gradients[0] = wants_gradient.then_some(Slot::Native(&mut gradient));
            squares::<true>(extents, ([extent * inner, inner, 1], false), &mut outputs);
            assert!(values == expected, "{extents:?} {wants_gradient}");
            assert!(!wants_gradient || gradient == expected, "{extents:?}");
        }
    }
}

/// Asks for a gradient in place of its input, which must be right, and tells how many places the pass computed.
fn steps_in_place<const PER_ELEMENT: bool>(extents: [usize; 3]) -> usize {
    let mut numbers: Vec<f32> = (0..extents.iter().product()).map(number).collect();
    let strides = [extents[1] * extents[2], extents[2], 1];
    let mut job = job(extents, &[View { values: Values::InPlace, strides, broadcast: false }]);
    job.per_element = PER_ELEMENT;
    let mut outputs = Outputs::none();
    outputs.gradients[0] = Some(Slot::Native(&mut numbers));
    let (_, counts) = counted(|| row_wise::<f32, Squares<PER_ELEMENT>, 1, 0, 0, 0, 1, 2, 1, 0>(&job, &mut outputs));
    assert!(numbers.iter().enumerate().all(|(at, slope)| *slope == 2.0 * number(at)), "{extents:?} {PER_ELEMENT}");
    counts.step
}

#[test]
fn what_a_pass_spills_takes_the_place_of_the_input_where_nothing_reads_it_any_more() {
    for extents in [[16, 48, 1], [3, 4800, 1]] {
        assert_eq!(steps_in_place::<false>(extents), computed(extents), "{extents:?}");
        assert_eq!(steps_in_place::<true>(extents), 2 * computed(extents), "{extents:?}");
    }
    // In a tile there is room for it.
    assert_eq!(steps_in_place::<false>([16, 5, 1]), computed([16, 5, 1]));
    assert_eq!(steps_in_place::<true>([16, 5, 1]), computed([16, 5, 1]));
}
