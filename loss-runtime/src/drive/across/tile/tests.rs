use super::{TILE_EXTENT, is_tiled, ready_rows};
use crate::drive::counted::{job, view};
use crate::job::{Values, View};
use crate::lane::{Isa, Lane, LaneTask, Real};
use crate::registry::Element;
use crate::tensor::LabelSlice;

/// Whether an input of 4 bytes a number is tiled, and one of 8.
fn are_tiled(extents: [usize; 3], stride: usize) -> [bool; 2] {
    fn one<T: Element>(extents: [usize; 3], stride: usize) -> bool {
        is_tiled::<T>(&job(extents, &[view(&[], [0, stride, 1])]), &[0])
    }
    [one::<f32>(extents, stride), one::<f64>(extents, stride)]
}

#[test]
fn rows_are_tiled_whose_places_follow_each_other() {
    for extent in [1, 2, 8, 9, TILE_EXTENT] {
        for stride in [0, 1, 3, 1024] {
            assert_eq!(are_tiled([5, extent, 1], stride), [true; 2], "{extent} {stride}");
        }
    }
}

#[test]
fn rows_are_tiled_whose_places_crowd_the_cache() {
    for (extents, stride, expected) in [
        ([5, 9, 1024], 1024, [true, true]),
        ([5, TILE_EXTENT, 4096], 4096, [true, true]),
        // A multiple of the bytes that compete in one type and not in the other.
        ([5, 9, 512], 512, [false, true]),
        ([5, TILE_EXTENT, 1536], 1536, [false, true]),
        // So few that there is a line for each, or more than a tile holds.
        ([5, 8, 1024], 1024, [false, false]),
        ([5, 2, 1024], 1024, [false, false]),
        ([5, TILE_EXTENT + 1, 1024], 1024, [false, false]),
        // Places that do not compete: a little off, near each other, or one and the same.
        ([5, 9, 1023], 1023, [false, false]),
        ([5, 9, 1025], 1025, [false, false]),
        ([5, 9, 1020], 1020, [false, false]),
        ([5, 9, 1028], 1028, [false, false]),
        ([5, 9, 256], 256, [false, false]),
        ([5, 9, 2], 2, [false, false]),
        ([5, 9, 1024], 0, [false, false]),
    ] {
        assert_eq!(are_tiled(extents, stride), expected, "{extents:?} {stride}");
    }
}

#[test]
fn one_input_that_crowds_is_enough_if_the_kernel_reads_it() {
    let inputs = [view(&[0.0f32; 0], [0, 1000, 1]), view(&[], [0, 1024, 1])];
    let job = job([5, 9, 1000], &inputs);
    for (read, expected) in [(&[0, 1][..], true), (&[1, 0], true), (&[0], false), (&[], false)] {
        assert_eq!(is_tiled(&job, read), expected, "{read:?}");
    }
}

/// From where on the rows of a view are ready, from an outer place on and so long.
struct Ready<'v, 'a, T>(&'v View<'a, T>, usize, usize);

impl<'a, T: Real> LaneTask<T> for Ready<'_, 'a, T> {
    /// And how many lanes there are.
    type Output = (Option<&'a [T]>, usize);

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, _: L::Token) -> (Option<&'a [T]>, usize) {
        let Self(view, outer, extent) = self;
        (ready_rows::<L>(view, outer, extent), L::LANES)
    }
}

#[test]
fn rows_are_ready_if_all_that_is_read_with_them_is_there() {
    fn check<T: Real>(isa: Isa) {
        let all = [T::ONE; 1000];
        for (strides, outer, extent) in [
            ([5, 1, 0], 0, 5),
            ([5, 1, 0], 3, 5),
            ([8, 1, 0], 7, 8),
            ([16, 1, 0], 2, 16),
            ([17, 1, 0], 2, 17),
            ([40, 1, 0], 1, 32),
            // One row for all.
            ([0, 1, 0], 6, 9),
        ] {
            let ready = |view| T::dispatch(isa, Ready(&view, outer, extent)).0;
            let (_, lanes) = T::dispatch(isa, Ready(&view(&all, strides), outer, extent));
            // A row for each lane, and of the last one whole vectors.
            let numbers = (outer + lanes - 1) * strides[0] + extent.div_ceil(lanes) * lanes;
            for there in [numbers, numbers + 1, all.len()] {
                let rows = ready(view(&all[..there], strides)).map(<[T]>::as_ptr_range);
                assert_eq!(rows, Some(all[outer * strides[0]..there].as_ptr_range()), "{isa:?} {strides:?} {there}");
            }
            for there in [0, numbers / 2, numbers - 1] {
                assert!(ready(view(&all[..there], strides)).is_none(), "{isa:?} {strides:?} {there}");
            }
            // Places that are no neighbours, and numbers of another type.
            for stride in [0, 2] {
                assert!(ready(view(&all, [strides[0], stride, 0])).is_none(), "{isa:?} {strides:?} {stride}");
            }
            let labels = Values::Labels(LabelSlice::U8(&[1; 1000]));
            for values in [labels, Values::InPlace, Values::Absent] {
                assert!(ready(View { values, strides, broadcast: false }).is_none(), "{isa:?} {values:?}");
            }
        }
    }
    for isa in Isa::available() {
        check::<f32>(isa);
        check::<f64>(isa);
    }
}
