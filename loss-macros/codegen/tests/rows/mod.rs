//! Rows of the numbers that a formula of `probe` is about.

use crate::interpreter::Row;

/// Points at which arithmetic rounds nothing; functions may differ in their last digits.
pub(crate) fn rows() -> Vec<Row> {
    let numbers = [-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 4.0];
    let pairs = numbers.iter().flat_map(|&x| numbers.iter().map(move |&y| (x, y)));
    let row = |(x, y): (f64, f64)| Row {
        inputs: vec![vec![x], vec![y], vec![(x * y).abs()], vec![if x < y { -1.0 } else { 1.0 }], vec![x, y, 0.5]],
        labels: vec![0; 5],
        classes: 3,
        params: vec![0.5],
    };
    pairs.map(row).collect()
}
