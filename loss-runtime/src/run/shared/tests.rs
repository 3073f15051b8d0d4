use core::cell::RefCell;

use std::thread_local;
use std::vec::Vec;

use super::{AT_A_TIME, column_sums};
use crate::job::{Geometry, Job, Outputs, Slot};
use crate::kernel::CONTRIBUTION;
use crate::lane::Isa;

thread_local! {
    /// Of every part that contributions were asked of: how many rows, and the strides of what it is to write.
    static PARTS: RefCell<Vec<(usize, [usize; 3])>> = const { RefCell::new(Vec::new()) };
}

/// Contributes the number of every place along the second axis, and writes down that it was asked.
fn places(job: &Job<'_, f32>, outputs: &mut Outputs<'_, f32>) -> f64 {
    let Geometry { outer, extent, inner } = job.geometry;
    let view = &job.inputs[CONTRIBUTION];
    PARTS.with_borrow_mut(|parts| parts.push((outer, view.strides)));
    let Some(Slot::Native(to)) = &mut outputs.gradients[CONTRIBUTION] else { return f64::NAN };
    assert_eq!(to.len(), outer * extent * inner);
    for o in 0..outer {
        for e in 0..extent {
            for i in 0..inner {
                to[view.offset(o, e, i)] = (e + 1) as f32;
            }
        }
    }
    0.0
}

#[test]
fn as_many_rows_contribute_at_a_time_as_there_is_space_for() {
    for (outer, extent, inner, at_a_time, strides) in [
        (3, 1, 1, 3, [1, 0, 0]),
        (5, 4, 1, 5, [4, 1, 0]),
        (5, 1, 4, 5, [4, 0, 1]),
        (5, 3, 2, 5, [6, 2, 1]),
        // 2^18 / 600
        (1000, 600, 1, 436, [600, 1, 0]),
        (1000, 1, 600, 436, [600, 0, 1]),
        (900, 30, 20, 436, [600, 20, 1]),
        // A whole number of rows fits.
        (512, 512, 1, 512, [512, 1, 0]),
        (513, 512, 1, 512, [512, 1, 0]),
        // No row does, and one must.
        (2, AT_A_TIME + 1, 1, 1, [AT_A_TIME + 1, 1, 0]),
    ] {
        let mut job = Job::blank(Isa::detect(), None);
        job.geometry = Geometry { outer, extent, inner };
        job.per_element = true;
        PARTS.take();
        let sums = column_sums(places, &job, extent);
        let rest = if outer % at_a_time == 0 { at_a_time } else { outer % at_a_time };
        let parts = PARTS.take();
        assert_eq!(parts.len(), outer.div_ceil(at_a_time), "{:?}", job.geometry);
        for (place, (rows, own)) in parts.iter().enumerate() {
            let expected = if place + 1 < parts.len() { at_a_time } else { rest };
            assert_eq!((*rows, *own), (expected, strides), "{:?}: part {place}", job.geometry);
        }
        assert_eq!(sums.len(), extent);
        for (place, sum) in sums.iter().enumerate() {
            assert_eq!(sum.value(), ((place + 1) * outer * inner) as f64, "{:?}: {place}", job.geometry);
        }
    }
}
