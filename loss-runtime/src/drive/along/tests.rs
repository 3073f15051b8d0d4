use super::{CACHE, is_contiguous, is_stored_as_is};
use crate::drive::counted::{Squares, counted, job, view};
use crate::drive::row_wise;
use crate::job::{Outputs, Slot, Values, View};
use crate::lane::MAX_LANES;
use crate::registry::Element;
use crate::tensor::LabelSlice;

#[test]
fn rows_of_neighbours_in_the_compute_type_are_loaded_as_they_are() {
    let numbers = [0.0f32; 4];
    for (values, of_the_type) in [
        (Values::Native(&numbers[..]), true),
        (Values::Labels(LabelSlice::F32(&numbers)), false),
        (Values::InPlace, false),
        (Values::Absent, false),
    ] {
        for stride in 0..4 {
            for broadcast in [false, true] {
                let view = View { values, strides: [4, stride, 1], broadcast };
                assert_eq!(is_contiguous(&view), of_the_type && stride == 1, "{view:?}");
            }
        }
    }
}

#[test]
fn gradients_are_stored_as_they_are_that_are_neighbours_and_no_sums() {
    let mut numbers = [0.0f32; 4];
    for stride in 0..4 {
        for broadcast in [false, true] {
            let view = View { values: Values::Absent, strides: [4, stride, 1], broadcast };
            let is_stored = is_stored_as_is(&view, &Slot::Native(&mut numbers));
            assert_eq!(is_stored, stride == 1 && !broadcast, "{view:?}");
            #[cfg(feature = "half")]
            assert!(!is_stored_as_is(&view, &Slot::F16(&mut [half::f16::ZERO; 4])), "{view:?}");
        }
    }
}

#[test]
fn so_many_rows_are_worked_on_together_as_the_cache_holds() {
    fn check<T: Element>() {
        // Of the input and of its gradient.
        let held = CACHE / size_of::<T>() / 2;
        let lanes = if size_of::<T>() == 4 { MAX_LANES } else { MAX_LANES / 2 };
        for (extent, rows) in [
            (33, lanes),
            (held / lanes, lanes),
            (held / lanes + 1, lanes - 1),
            (held / 2, 2),
            (held / 2 + 1, 1),
            (held + 1, 1),
        ] {
            let values = std::vec![T::ONE; extent];
            let job = job([lanes, extent, 1], &[view(&values, [0, 1, 0])]);
            let (sum, counts) = counted(|| row_wise::<T, Squares, 1, 0, 0, 0, 1, 2, 1, 0>(&job, &mut Outputs::none()));
            assert_eq!(sum, (lanes * extent) as f64);
            assert_eq!(counts.start / lanes, lanes.div_ceil(rows), "{extent}");
        }
    }
    check::<f32>();
    check::<f64>();
}
