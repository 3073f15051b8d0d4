//! The loops that run a kernel over a batch. They know loads, tails, layouts, scratch space and threads, and nothing of formulas.
//!
//! A result's bits depend on the numbers and on the geometry, never on the instruction set, the number of threads, or whether the
//! values had to be gathered or converted. Nothing is allocated.
#![expect(
    clippy::needless_range_loop,
    reason = "several arrays of lanes are walked in step, and their lengths are constants"
)]

mod across;
mod along;
mod block;
#[cfg(test)]
mod counted;
mod domain;
mod elementwise;
mod in_place;
mod row_wise;
mod rows;
mod scratch;
mod split;

pub use domain::first_violation;
pub use elementwise::{elementwise_forward, elementwise_fused, line_forward, line_fused};
pub use row_wise::row_wise;
pub(crate) use split::reduce_parts;

use crate::lane::MAX_LANES;

/// How many vectors a reproducible sum keeps going at once. Element `i` of a chunk goes to lane `i` modulo the lanes of all of them.
pub(crate) const VECTORS: usize = 4;
/// The most lanes of those vectors together.
const MAX_VIRTUAL: usize = 64;
/// How many elements are summed in the compute type before `f64` takes over.
pub(crate) const CHUNK: usize = 8192;
// A chunk begins at lane 0, so the lane of a place is its remainder in the row as well as in the chunk.
const _: () = assert!(CHUNK.is_multiple_of(MAX_VIRTUAL));
/// How many elements are gathered or converted at a time: small enough for the first cache, a multiple of all lanes.
pub(crate) const BLOCK: usize = 512;
