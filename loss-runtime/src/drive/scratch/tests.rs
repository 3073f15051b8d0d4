use std::vec::Vec;

use super::runs;
use crate::job::Geometry;

#[test]
fn stretches_of_a_line_are_as_long_as_the_last_axis_that_has_one() {
    // The extents, the strides, from where on and how many; then the place, offset, stride and length of each stretch.
    type Case = ([usize; 3], [usize; 3], usize, usize, &'static [[usize; 4]]);
    let cases: [Case; 7] = [
        ([2, 3, 4], [100, 10, 2], 0, 9, &[[0, 0, 2, 4], [4, 10, 2, 4], [8, 20, 2, 1]]),
        ([2, 3, 4], [100, 10, 2], 10, 4, &[[0, 24, 2, 2], [2, 100, 2, 2]]),
        ([2, 3, 2], [100, 10, 0], 3, 3, &[[0, 10, 0, 1], [1, 20, 0, 2]]),
        // Without an inner axis, along the second one.
        ([2, 5, 1], [100, 10, 7], 3, 6, &[[0, 30, 10, 2], [2, 100, 10, 4]]),
        ([2, 2, 1], [100, 10, 7], 0, 4, &[[0, 0, 10, 2], [2, 100, 10, 2]]),
        // Without either, along the first: all at once.
        ([9, 1, 1], [100, 10, 7], 2, 6, &[[0, 200, 100, 6]]),
        ([1, 1, 1], [100, 10, 7], 0, 1, &[[0, 0, 100, 1]]),
    ];
    for ([outer, extent, inner], strides, start, len, expected) in cases {
        let mut found = Vec::new();
        runs(&Geometry { outer, extent, inner }, strides, start, len, |at, offset, stride, count| {
            found.push([at, offset, stride, count]);
        });
        assert_eq!(found, expected, "{outer} {extent} {inner} from {start}");
    }
}
