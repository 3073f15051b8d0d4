//! Rows of probabilities: which are admitted, and which row is named.
#![cfg(feature = "classification")]

use loss_runtime::{CrossEntropySoft, Error};

/// How far from 1 a row may sum.
const TOLERANCE: f32 = 1e-3;

/// What a call answers whose rows are even but for one, which sums to 1 plus `excess`. The rows are `[outer, inner]`.
fn answer([outer, extent, inner]: [usize; 3], row: usize, excess: f32) -> Result<f32, Error> {
    let places = outer * extent * inner;
    let logits = vec![0.5_f32; places];
    let mut target = vec![1.0 / extent as f32; places];
    let first = row / inner * extent * inner + row % inner;
    target[first] += excess;
    let shape = [outer, extent, inner];
    CrossEntropySoft::new().forward((&logits, shape), (&target, shape))
}

#[test]
fn a_row_that_is_off_is_named_wherever_it_lies() {
    for extent in [2, 3, 15, 16, 17, 64, 65, 130, 700] {
        for inner in [1, 5, 16, 37] {
            let rows = 3 * inner;
            for row in [0, inner, rows / 2, rows - 1] {
                let shape = [3, extent, inner];
                for excess in [0.9 * TOLERANCE, -0.9 * TOLERANCE] {
                    assert!(answer(shape, row, excess).is_ok(), "{shape:?}, row {row}, {excess}");
                }
                for excess in [1.1 * TOLERANCE, -1.1 * TOLERANCE] {
                    let error = answer(shape, row, excess).expect_err("the row is off by more than is admitted");
                    assert!(
                        matches!(error, Error::RowSum { row: found, .. } if found == row),
                        "{shape:?}, row {row}: {error}"
                    );
                }
                // A sum that is right does not make up for a place that is not.
                let error = answer(shape, row, -2.0).expect_err("there is a negative probability");
                assert!(matches!(error, Error::Label { row: found, column: Some(0), .. } if found == row), "{error}");
                // NaN is for the formula to answer.
                assert!(answer(shape, row, f32::NAN).is_ok_and(f32::is_nan), "{shape:?}, row {row}: NaN");
            }
        }
    }
}
