//! Rows become columns.

use super::{Lane, MAX_LANES};

/// One round of [`transpose`] over the first `2 * half` vectors: those of the first half interleaved with those of the second.
#[inline(always)]
fn round<L: Lane>(v: [L; MAX_LANES]) -> [L; MAX_LANES] {
    // Spelled out: an array that a loop runs over lives in memory, and this one must not.
    let half = const { L::LANES / 2 };
    let (a0, a1) = v[0].interleave(v[half]);
    let (b0, b1) = v[1].interleave(v[half + 1]);
    let (c0, c1) = v[2].interleave(v[half + 2]);
    let (d0, d1) = v[3].interleave(v[half + 3]);
    if const { L::LANES == 8 } {
        return [a0, a1, b0, b1, c0, c1, d0, d1, v[8], v[9], v[10], v[11], v[12], v[13], v[14], v[15]];
    }
    let (e0, e1) = v[4].interleave(v[12]);
    let (f0, f1) = v[5].interleave(v[13]);
    let (g0, g1) = v[6].interleave(v[14]);
    let (h0, h1) = v[7].interleave(v[15]);
    [a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1, g0, g1, h0, h1]
}

/// Rows become columns: lane `j` of vector `i` and lane `i` of vector `j` change places, in the first [`Lane::LANES`] vectors.
///
/// Each round interleaves the vectors of the first half with those of the second; as many rounds as there are bits in a lane's number
/// bring that number to where the vector's was.
#[inline(always)]
pub(crate) fn transpose<L: Lane>(vectors: [L; MAX_LANES]) -> [L; MAX_LANES] {
    let three = round(round(round(vectors)));
    if const { L::LANES == 8 } { three } else { round(three) }
}

/// A value for each of a vector's lanes.
macro_rules! for_each_lane {
    ($lane:ident => $value:expr) => {
        for_each_lane!($lane => $value; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    // Spelled out for the reason given in `round`.
    ($lane:ident => $value:expr; $($number:literal)*) => {
        [$({
            let $lane: usize = $number;
            $value
        }),*]
    };
}

pub(crate) use for_each_lane;
