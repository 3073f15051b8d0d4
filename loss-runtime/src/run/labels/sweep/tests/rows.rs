//! Rows of probabilities.

use core::ops::Range;
use std::vec;
use std::vec::Vec;

use super::super::all_simplex;
use super::admitted;
use crate::info::Label;
use crate::job::{Geometry, Values, View};
use crate::lane::Isa;
use crate::registry::Element;
use crate::tensor::LabelSlice;

/// Rows of probabilities, as the sweep sees them.
struct Simplex<T> {
    values: Vec<T>,
    strides: [usize; 3],
    geometry: Geometry,
}

impl<T: Element> Simplex<T> {
    /// Rows of unequal multiples of 2^-24 that add up to 1 without rounding, no two columns alike.
    fn new(outer: usize, extent: usize, inner: usize, strides: [usize; 3]) -> Self {
        let geometry = Geometry { outer, extent, inner };
        let len = (outer - 1) * strides[0] + (extent - 1) * strides[1] + (inner - 1) * strides[2] + 1;
        // What lies in gaps is no probability.
        let mut rows = Self { values: vec![T::from_f64(-7.0); len], strides, geometry };
        let unit = 2f64.powi(-24);
        let each = (0.5 / unit / extent as f64) as usize;
        for o in 0..outer {
            for i in 0..inner {
                let mut rest = 1.0;
                for e in 1..extent {
                    let value = (each - (e * 7 + o * 3 + i) % (each / 2 + 1)) as f64 * unit;
                    rest -= value;
                    rows.set([o, e, i], value);
                }
                rows.set([o, 0, i], rest);
            }
        }
        rows
    }

    fn at(&self, place: [usize; 3]) -> usize {
        place.iter().zip(self.strides).map(|(place, stride)| place * stride).sum()
    }

    fn get(&self, place: [usize; 3]) -> f64 {
        self.values[self.at(place)].to_f64()
    }

    fn set(&mut self, place: [usize; 3], value: f64) {
        let at = self.at(place);
        self.values[at] = T::from_f64(value);
    }

    fn passes(&self, isa: Isa) -> bool {
        self.part_passes(0..self.geometry.outer, isa)
    }

    fn part_passes(&self, outer: Range<usize>, isa: Isa) -> bool {
        let view = View { values: Values::Native(&self.values), strides: self.strides, broadcast: false };
        all_simplex(&view, &self.geometry, outer, admitted(Label::Simplex, None), isa)
    }
}

/// Rows that lie as vectors are: along a line, with and without gaps between rows, and side by side.
const LIES: [(usize, usize, usize, [usize; 3]); 19] = [
    (1, 1, 1, [1, 1, 0]),
    (3, 2, 1, [2, 1, 0]),
    (3, 5, 1, [9, 1, 0]),
    (2, 16, 1, [16, 1, 0]),
    (2, 33, 1, [33, 1, 0]),
    (2, 64, 1, [70, 1, 0]),
    (2, 131, 1, [131, 1, 0]),
    (1, 1000, 1, [1000, 1, 0]),
    // So many short rows that some are transposed, and some are left, in either type.
    (16, 1, 1, [1, 1, 0]),
    (37, 5, 1, [5, 1, 0]),
    (19, 16, 1, [17, 1, 0]),
    (18, 32, 1, [32, 1, 0]),
    (17, 4, 1, [0, 1, 0]),
    (2, 3, 2, [6, 2, 1]),
    (2, 5, 8, [40, 8, 1]),
    (2, 4, 16, [64, 16, 1]),
    (3, 4, 21, [84, 21, 1]),
    (2, 3, 40, [130, 40, 1]),
    // All rows see the same ones.
    (3, 6, 1, [0, 1, 0]),
];

fn sweeps_rows<T: Element>(isa: Isa) {
    for (outer, extent, inner, strides) in LIES {
        let mut rows = Simplex::<T>::new(outer, extent, inner, strides);
        let what = std::format!("{isa} {} {:?} {strides:?}", T::NAME, rows.geometry);
        assert!(rows.passes(isa), "{what}");
        for o in 0..outer {
            for e in 0..extent {
                for i in 0..inner {
                    let place = [o, e, i];
                    let value = rows.get(place);
                    // Near enough to 1, and too far from it on either side.
                    for (off, expected) in [(0.0009, true), (0.0011, false), (-0.0009, true), (-0.0011, false)] {
                        rows.set(place, value + off);
                        let in_range = (0.0..=1.0).contains(&rows.get(place));
                        assert_eq!(rows.passes(isa), expected && in_range, "{what}: {off} at {place:?}");
                    }
                    rows.set(place, value);
                    // No probabilities, though the sum is right.
                    if extent > 1 {
                        let other = [o, (e + 1) % extent, i];
                        let own = rows.get(other);
                        rows.set(place, -0.25);
                        rows.set(other, own + value + 0.25);
                        assert!(!rows.passes(isa), "{what}: {place:?} is negative");
                        rows.set(other, own);
                    }
                    rows.set(place, f64::NAN);
                    assert!(rows.passes(isa), "{what}: a NaN at {place:?}");
                    rows.set(place, value);
                }
            }
        }
    }
}

#[test]
fn rows_that_add_up_to_1_pass_and_one_that_does_not_is_found_wherever_it_lies() {
    for isa in Isa::available() {
        sweeps_rows::<f32>(isa);
        sweeps_rows::<f64>(isa);
    }
}

#[test]
fn of_some_rows_no_other_is_looked_at() {
    for isa in Isa::available() {
        for (outer, extent, inner, strides) in
            LIES.into_iter().filter(|(outer, _, _, strides)| *outer > 2 && strides[0] > 0)
        {
            for part in [1..outer - 1, 0..outer - 1, 1..outer, 2..2] {
                let mut rows = Simplex::<f32>::new(outer, extent, inner, strides);
                for row in (0..outer).filter(|row| !part.contains(row)) {
                    rows.set([row, extent - 1, inner - 1], 2.0);
                }
                let what = std::format!("{isa} {:?} {strides:?} {part:?}", rows.geometry);
                assert!(rows.part_passes(part.clone(), isa), "{what}");
                for row in part.clone() {
                    let right = rows.get([row, 0, 0]);
                    rows.set([row, 0, 0], -1.0);
                    assert!(!rows.part_passes(part.clone(), isa), "{what}: {row}");
                    rows.set([row, 0, 0], right);
                }
            }
        }
    }
}

#[test]
fn only_a_sum_that_rounding_may_have_moved_is_left_to_a_closer_look() {
    for isa in Isa::available() {
        // Many lanes are summed side by side, so few additions follow each other.
        let mut row = Simplex::<f32>::new(1, 8192, 1, [8192, 1, 0]);
        row.set([0, 0, 0], row.get([0, 0, 0]) + 0.001 - 3e-5);
        assert!(row.passes(isa), "{isa}");
        // Across rows they all do.
        let mut rows = Simplex::<f32>::new(1, 40, 16, [640, 16, 1]);
        rows.set([0, 7, 3], rows.get([0, 7, 3]) + 0.001 - 8e-6);
        assert!(rows.passes(isa), "{isa}");
        let mut rows = Simplex::<f64>::new(1, 40, 16, [640, 16, 1]);
        rows.set([0, 7, 3], rows.get([0, 7, 3]) + 0.001 - 1e-13);
        assert!(rows.passes(isa), "{isa}");
        // So they do where they are transposed first.
        let mut rows = Simplex::<f32>::new(16, 32, 1, [32, 1, 0]);
        rows.set([5, 7, 0], rows.get([5, 7, 0]) + 0.001 - 8e-6);
        assert!(rows.passes(isa), "{isa}");
        rows.set([5, 7, 0], rows.get([5, 7, 0]) + 7e-6);
        assert!(!rows.passes(isa), "{isa}");
        // Exactly as far as is allowed, but for what may be lost.
        let mut rows = Simplex::<f32>::new(1, 40, 16, [640, 16, 1]);
        rows.set([0, 7, 3], rows.get([0, 7, 3]) + 0.001 - 1e-6);
        assert!(!rows.passes(isa), "{isa}");
    }
}

#[test]
fn rows_that_do_not_lie_as_vectors_are_left_to_a_closer_look() {
    let isa = Isa::detect();
    for (inner, strides) in [(1, [8, 2, 0]), (2, [16, 4, 2]), (1, [1, 0, 0])] {
        assert!(!Simplex::<f32>::new(1, 4, inner, strides).passes(isa), "{strides:?}");
    }
    // All places of the second axis at one.
    let values = [1.0_f64; 4];
    let view = View { values: Values::Native(&values), strides: [1, 0, 1], broadcast: true };
    let geometry = Geometry { outer: 1, extent: 1, inner: 4 };
    assert!(!all_simplex(&view, &geometry, 0..geometry.outer, admitted(Label::Simplex, None), isa));
    // A float type that is not narrower.
    let view = View { values: Values::<f32>::Labels(LabelSlice::F64(&[1.0])), strides: [1, 1, 0], broadcast: false };
    let geometry = Geometry { outer: 1, extent: 1, inner: 1 };
    assert!(!all_simplex(&view, &geometry, 0..geometry.outer, admitted(Label::Simplex, None), isa));
}

#[cfg(feature = "half")]
mod half_precision {
    use half::{bf16, f16};

    use super::*;
    use crate::drive::BLOCK;

    /// Half of the last digit of a number below 1, which is as much as one may have been rounded by.
    const HALF_DIGIT: f64 = 1.0 / 2048.0;

    /// Rows of equal numbers but for the first of each, which makes them add up to 1.
    fn rows(outer: usize, extent: usize, stride: usize) -> Vec<f16> {
        let row = |place| match place {
            0 => 1.0 - (extent - 1) as f64 * HALF_DIGIT,
            place if place < extent => HALF_DIGIT,
            // What lies in gaps is no probability.
            _ => -7.0,
        };
        (0..outer * stride).map(|at| f16::from_f64(row(at % stride))).collect()
    }

    fn passes<T: Element>(values: LabelSlice<'_>, geometry: Geometry, strides: [usize; 3]) -> bool {
        let view = View { values: Values::<T>::Labels(values), strides, broadcast: false };
        all_simplex(&view, &geometry, 0..geometry.outer, admitted(Label::Simplex, None), Isa::detect())
    }

    #[test]
    fn rows_may_be_off_by_what_the_type_rounds_too() {
        for (outer, extent, stride) in [
            (3, 1, 1),
            (3, 5, 5),
            (3, 8, 11),
            (3, 9, 9),
            // More than one block of rows, and rows of which a block holds one.
            (BLOCK / 7 + 37, 7, 7),
            (3, BLOCK / 2 + 1, BLOCK / 2 + 1),
            (3, BLOCK, BLOCK),
            (3, 2 * BLOCK + 11, 2 * BLOCK + 20),
        ] {
            let (geometry, strides) = (Geometry { outer, extent, inner: 1 }, [stride, 1, 0]);
            let mut values = rows(outer, extent, stride);
            for row in 0..outer {
                let first = values[row * stride];
                // Three are more than any row may be off by, and not more than one of this type.
                for (halves, expected) in [(0.0, true), (3.0, true), (4.0, false), (200.0, false)] {
                    values[row * stride] = f16::from_f64(first.to_f64() - halves * HALF_DIGIT);
                    for passes in [passes::<f32>, passes::<f64>] {
                        let passes = passes(LabelSlice::F16(&values), geometry, strides);
                        assert_eq!(passes, expected, "{halves} half digits in row {row} of {extent}");
                    }
                }
                values[row * stride] = first;
            }
        }
        for (off, expected) in [(0.0, true), (2f64.powi(-8), true), (3.0 * 2f64.powi(-8), false)] {
            let geometry = Geometry { outer: 2, extent: 3, inner: 1 };
            let values = [0.5, 0.25, 0.25, 0.5, 0.25, 0.25 - off].map(bf16::from_f64);
            assert_eq!(passes::<f32>(LabelSlice::Bf16(&values), geometry, [3, 1, 0]), expected, "{off}");
        }
    }

    #[test]
    fn a_sum_exactly_as_far_off_as_is_allowed_gets_no_certain_answer() {
        let mut left = 0.001 + 2f64.powi(-8);
        let mut values = [bf16::ONE; 9];
        for value in &mut values[1..] {
            *value = bf16::from_f64(left);
            if value.to_f64() > left {
                *value = bf16::from_bits(value.to_bits() - 1);
            }
            left -= value.to_f64();
        }
        let geometry = Geometry { outer: 1, extent: 9, inner: 1 };
        assert!(!passes::<f64>(LabelSlice::Bf16(&values), geometry, [9, 1, 0]));
        values[4] = bf16::ZERO;
        assert!(passes::<f64>(LabelSlice::Bf16(&values), geometry, [9, 1, 0]));
    }

    #[test]
    fn what_is_no_probability_is_found_at_every_place() {
        for (outer, extent) in [(3, BLOCK + 9), (BLOCK / 30 + 20, 30)] {
            let geometry = Geometry { outer, extent, inner: 1 };
            let strides = [extent, 1, 0];
            let mut values = rows(outer, extent, extent);
            assert!(passes::<f32>(LabelSlice::F16(&values), geometry, strides));
            for at in 0..values.len() {
                // So little that the sum is near enough.
                let right = core::mem::replace(&mut values[at], f16::from_f64(-1e-5));
                if at % extent != 0 {
                    assert!(!passes::<f32>(LabelSlice::F16(&values), geometry, strides), "{at} of {extent}");
                }
                values[at] = f16::NAN;
                assert!(passes::<f32>(LabelSlice::F16(&values), geometry, strides), "{at} of {extent}");
                values[at] = right;
            }
        }
    }

    #[test]
    fn rows_that_do_not_lie_as_vectors_are_left_to_a_closer_look() {
        let values = [1.0; 4].map(f16::from_f64);
        for (inner, strides) in [(4, [4, 4, 1]), (1, [1, 2, 0])] {
            let geometry = Geometry { outer: 1, extent: 1, inner };
            assert!(!passes::<f32>(LabelSlice::F16(&values), geometry, strides), "{strides:?}");
        }
    }
}
