use std::vec::Vec;

use super::{TILE_EXTENT, take, take_one, walks_along};
use crate::drive::counted::{Counts, Squares, counted, job, view};
use crate::drive::row_wise;
use crate::job::{Outputs, Slot, View};
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

/// What [`Squares`] computes for these outputs, whose input has these strides and perhaps is broadcast.
fn squares(
    [outer, extent, inner]: [usize; 3],
    (input, broadcast): ([usize; 3], bool),
    outputs: &mut Outputs<'_, f32>,
) -> Counts {
    let values: Vec<f32> = (0..2 * outer * extent * inner).map(|i| (i % 7) as f32).collect();
    let input = View { broadcast, ..view(&values, input) };
    let job = job([outer, extent, inner], &[input]);
    counted(|| row_wise::<f32, Squares, 1, 0, 0, 0, 1, 2, 1, 0>(&job, outputs)).1
}

#[test]
fn places_are_not_visited_again_if_no_gradient_is_wanted() {
    for [outer, extent, inner] in SHAPES {
        let places = outer * extent * inner;
        let counts = squares([outer, extent, inner], ([extent * inner, inner, 1], false), &mut Outputs::none());
        assert_eq!((counts.step, counts.element), (places, 0), "{outer} {extent} {inner}");
    }
}

#[test]
fn what_a_pass_spills_is_computed_once_where_its_gradient_can_hold_it() {
    for [outer, extent, inner] in SHAPES {
        let places = outer * extent * inner;
        let flat = [extent * inner, inner, 1];
        let is_along = inner == 1 && extent > TILE_EXTENT;
        let is_tiled = [1, 1024].contains(&inner) && !is_along;
        let check = |strides: [usize; 3], broadcast, is_spilled| {
            let mut gradient = std::vec![0.0f32; 2 * places];
            let mut outputs = Outputs::none();
            outputs.gradients[0] = Some(Slot::Native(&mut gradient));
            let counts = squares([outer, extent, inner], (strides, broadcast), &mut outputs);
            let expected = (if is_spilled { places } else { 2 * places }, places);
            assert_eq!((counts.step, counts.element), expected, "{outer} {extent} {inner} {strides:?} {broadcast}");
            for place in 0..places {
                let at = place / extent / inner * strides[0]
                    + place / inner % extent * strides[1]
                    + place % inner * strides[2];
                assert_eq!(gradient[at], 2.0 * (at % 7) as f32, "{outer} {extent} {inner} {strides:?} {broadcast}");
            }
        };
        check(flat, false, true);
        // To a sum nothing can be spilled, although here there is one summand for each, but to a tile.
        check(flat, true, is_tiled);
        // Places further apart than neighbours are staged, where rows are walked along.
        check(flat.map(|stride| 2 * stride), false, !is_along);
        #[cfg(feature = "half")]
        {
            let mut gradient = std::vec![half::bf16::ZERO; places];
            let mut outputs = Outputs::none();
            outputs.gradients[0] = Some(Slot::Bf16(&mut gradient));
            let counts = squares([outer, extent, inner], (flat, false), &mut outputs);
            let steps = if is_tiled { places } else { 2 * places };
            assert_eq!((counts.step, counts.element), (steps, places), "{outer} {extent} {inner}");
        }
    }
}
