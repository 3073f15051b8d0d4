use super::first_violation;
use crate::drive::BLOCK;
use crate::drive::counted::{IsPositive, counted, job, view};
use crate::job::Job;
use crate::lane::MAX_LANES;

fn violation(job: &Job<'_, f32>) -> (Option<usize>, usize) {
    let (found, counts) = counted(|| first_violation::<f32, IsPositive, 1, 0>(job));
    (found, counts.value)
}

#[test]
fn nothing_is_looked_at_beyond_the_block_of_the_first_violation() {
    // What is looked at again where the violation is.
    const AGAIN: usize = 4 * MAX_LANES;
    for extent in [1, 8, 4096] {
        let mut values = std::vec![1.0; 4096];
        assert_eq!(violation(&job([4096 / extent, extent, 1], &[view(&values, [extent, 1, 0])])), (None, 4096));
        for at in [4095, 2048, BLOCK, BLOCK - 1, 70, 0] {
            values[at] = 0.0;
            let (found, looked_at) = violation(&job([4096 / extent, extent, 1], &[view(&values, [extent, 1, 0])]));
            assert_eq!(found, Some(at));
            assert!(looked_at <= (at / BLOCK + 1) * BLOCK + AGAIN, "{looked_at} places for {at}");
        }
    }
}

#[test]
fn rows_that_interleave_are_looked_at_to_the_end_of_their_outer_place() {
    // Four outer places of two blocks each; the row that comes first has its violation last.
    let (extent, inner) = (BLOCK, 2);
    let mut values = std::vec![1.0; 4 * extent * inner];
    let outer = extent * inner;
    for at in [outer + 3, outer + outer - 2] {
        values[at] = 0.0;
        let (found, looked_at) = violation(&job([4, extent, inner], &[view(&values, [outer, inner, 1])]));
        assert_eq!(found, Some(at));
        assert!(looked_at <= 2 * outer + 8 * MAX_LANES, "{looked_at} places");
    }
}

#[test]
fn places_are_looked_at_once_along_an_axis_that_the_input_lacks() {
    let mut values = std::vec![1.0; 64];
    for (strides, own) in [([0, 1, 0], 64), ([1, 0, 0], 16), ([0, 0, 0], 1)] {
        let (found, looked_at) = violation(&job([16, 64, 1], &[view(&values, strides)]));
        assert_eq!(found, None);
        assert!(looked_at < own + MAX_LANES, "{looked_at} places for {strides:?}");
    }
    values[5] = -1.0;
    assert_eq!(violation(&job([16, 64, 1], &[view(&values, [0, 1, 0])])).0, Some(5));
    assert_eq!(violation(&job([16, 64, 1], &[view(&values, [1, 0, 0])])).0, Some(5 * 64));
}
