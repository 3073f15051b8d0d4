//! Short rows, a row a lane: transposed where their places follow each other, copied where neighbouring rows do.

use super::reader::Path;
use crate::drive::MAX_LANES;
use crate::drive::block::Stretch;
use crate::drive::in_place::Taken;
use crate::drive::scratch::{convert, put, spread};
use crate::job::{Job, Slot, Values, View};
use crate::lane::transpose::{for_each_lane, transpose};
use crate::lane::{Lane, Real};
use crate::registry::Element;

/// The longest rows that are transposed.
pub(in crate::drive) const TILE_EXTENT: usize = 32;

/// How many bytes apart places compete for the same few lines of the nearest cache, and how many lines it has for them.
const CROWD_STRIDE: usize = 4096;
const CROWD_LINES: usize = 8;

/// Whether rows that are walked across are brought into a tile first: where their places follow each other, or lie so that no pass would find in the
/// cache what the one before it read, as those of an image's pixel do whose width is a power of two. This says how fast a call is, and changes no bit.
pub(in crate::drive) fn is_tiled<T>(job: &Job<'_, T>, inputs: &[usize]) -> bool {
    let extent = job.geometry.extent;
    let crowds = |input: &usize| {
        let bytes = job.inputs[*input].strides[1] * size_of::<T>();
        bytes > 0 && bytes.is_multiple_of(CROWD_STRIDE)
    };
    job.geometry.inner == 1 || ((CROWD_LINES + 1..=TILE_EXTENT).contains(&extent) && inputs.iter().any(crowds))
}

/// A vector of rows, transposed: place `c` of the row in lane `l` is at `c * LANES + l`.
pub(super) type Tile<T> = [T; TILE_EXTENT * MAX_LANES];

/// How many vectors of neighbouring rows are copied at a time: some lines of the cache for each place, read one after the other, as a processor
/// foresees them.
pub(in crate::drive) const WINDOW_VECTORS: usize = 8;

/// The memory of [`Tiles`], for so many vectors of rows.
pub(in crate::drive) struct TileSpace<T, const E: usize, const G: usize, const VECTORS: usize> {
    elements: [[Tile<T>; VECTORS]; E],
    gradients: [Tile<T>; G],
}

impl<T: Element, const E: usize, const G: usize, const VECTORS: usize> TileSpace<T, E, G, VECTORS> {
    #[inline(always)]
    pub(in crate::drive) fn new() -> Self {
        let tile = [T::ZERO; TILE_EXTENT * MAX_LANES];
        Self { elements: [[tile; VECTORS]; E], gradients: [tile; G] }
    }

    #[inline(always)]
    pub(in crate::drive) fn tiles<L: Lane<Scalar = T>>(&mut self) -> Tiles<'_, T, E, G> {
        Tiles {
            elements: self.elements.each_mut().map(|tiles| tiles.as_flattened_mut()),
            gradients: &mut self.gradients,
            width: VECTORS * L::LANES,
            // None yet.
            rows: Stretch { outer: 0, inner: 0, row: 0, len: 0 },
        }
    }
}

/// Short rows, and what becomes of a vector of them.
pub(in crate::drive) struct Tiles<'t, T, const E: usize, const G: usize> {
    /// The element inputs of neighbouring rows: place `c` of row `r` is at `c * width + r`.
    pub(super) elements: [&'t mut [T]; E],
    /// What a pass leaves for the last one is kept in the first of these; then come gradients that are to be transposed.
    pub(super) gradients: &'t mut [Tile<T>; G],
    /// How many rows there may be.
    pub(super) width: usize,
    /// Those that are there.
    pub(super) rows: Stretch,
}

/// Fills a tile of rows, transposed or place by place. Lanes without a row hold numbers that mean nothing.
#[inline(always)]
pub(super) fn fill_tile<L: Lane>(
    token: L::Token,
    job: &Job<'_, L::Scalar>,
    input: usize,
    taken: Option<Taken<'_, '_, L::Scalar>>,
    rows: &Stretch,
    (tile, width): (&mut [L::Scalar], usize),
) where
    L::Scalar: Element,
{
    if job.geometry.inner == 1 {
        fill_transposed::<L>(token, job, input, taken, rows, tile);
    } else {
        fill_copied(job, input, rows, (tile, width));
    }
}

/// Copies neighbouring rows, place by place.
#[inline(never)]
fn fill_copied<T: Element>(job: &Job<'_, T>, input: usize, rows: &Stretch, (tile, width): (&mut [T], usize)) {
    let path = Path::of(job, input, rows, 0);
    for (place, column) in tile.chunks_mut(width).take(job.geometry.extent).enumerate() {
        convert(&job.inputs[input], path.base + place * path.stride, path.lane, &mut column[..rows.len]);
    }
}

/// The numbers from a block's first row on, if its rows lie as they are transposed. What follows a row, or the block's rows, is read along with
/// them, and does no harm.
#[inline(always)]
fn ready_rows<'a, L: Lane>(view: &View<'a, L::Scalar>, outer: usize, extent: usize) -> Option<&'a [L::Scalar]> {
    let Values::Native(values) = view.values else { return None };
    let last = view.offset(outer + L::LANES - 1, 0, 0);
    let lies = view.strides[1] == 1 && last + extent.next_multiple_of(L::LANES) <= values.len();
    lies.then(|| &values[view.offset(outer, 0, 0)..])
}

/// Transposes rows, one for each lane: place `c` of the row in lane `l` comes to `c * LANES + l`.
#[inline(always)]
fn fill_transposed<L: Lane>(
    token: L::Token,
    job: &Job<'_, L::Scalar>,
    input: usize,
    taken: Option<Taken<'_, '_, L::Scalar>>,
    rows: &Stretch,
    tile: &mut [L::Scalar],
) where
    L::Scalar: Element,
{
    let view = &job.inputs[input];
    let extent = job.geometry.extent;
    let mut space;
    let (values, stride) = match ready_rows::<L>(view, rows.outer, extent) {
        Some(values) => (values, view.strides[0]),
        None => {
            space = [L::Scalar::ZERO; TILE_EXTENT * MAX_LANES];
            gather_rows(job, input, taken, rows, &mut space);
            (&space[..], extent)
        }
    };
    for (start, columns) in tile[..extent * L::LANES].chunks_mut(L::LANES * L::LANES).enumerate() {
        let start = start * L::LANES;
        let count = L::LANES.min(extent - start);
        let zero = L::splat(token, 0.0);
        let vectors = transpose::<L>(for_each_lane!(lane => if lane < L::LANES {
            L::load(token, &values[lane * stride + start..])
        } else {
            zero
        }));
        for lane in 0..L::LANES {
            if lane < count {
                vectors[lane].store(&mut columns[lane * L::LANES..(lane + 1) * L::LANES]);
            }
        }
    }
}

/// How many numbers of so many rows lie in one piece: all, or those of one row.
fn piece_len<T>(view: &View<'_, T>, rows: usize, extent: usize) -> usize {
    if view.strides[..2] == [extent, 1] { rows * extent } else { extent }
}

/// Rows that do not lie as they are read, or are of another type.
#[inline(never)]
fn gather_rows<T: Element>(
    job: &Job<'_, T>,
    input: usize,
    taken: Option<Taken<'_, '_, T>>,
    rows: &Stretch,
    to: &mut Tile<T>,
) {
    let (view, extent) = (&job.inputs[input], job.geometry.extent);
    for (piece, numbers) in to[..rows.len * extent].chunks_mut(piece_len(view, rows.len, extent)).enumerate() {
        let offset = view.offset(rows.outer + piece, 0, 0);
        match taken {
            Some(taken) => taken.read(offset, view.strides[1], numbers),
            None => convert(view, offset, view.strides[1], numbers),
        }
    }
}

/// Transposes the gradients of rows, one for each lane, and puts them where they belong, in a slice that begins at offset `from` of the caller's.
#[inline(always)]
pub(super) fn empty_tile<L: Lane>(
    token: L::Token,
    job: &Job<'_, L::Scalar>,
    input: usize,
    rows: &Stretch,
    tile: &Tile<L::Scalar>,
    slot: &mut Slot<'_, L::Scalar>,
    from: usize,
) where
    L::Scalar: Element,
{
    let view = &job.inputs[input];
    let extent = job.geometry.extent;
    let lies = view.strides[1] == 1 && !view.broadcast;
    let mut space;
    let mut spread_later = None;
    let (to, stride, offset) = match slot {
        Slot::Native(to) if lies => (&mut **to, view.strides[0], view.offset(rows.outer, 0, 0) - from),
        slot => {
            space = [L::Scalar::ZERO; TILE_EXTENT * MAX_LANES];
            spread_later = Some(slot);
            (&mut space[..], extent, 0)
        }
    };
    let end = offset + (rows.len - 1) * stride + extent;
    // Where a row is narrower than a vector, the rest of it may spill into the rows after it, if they are written later: so the last,
    // narrow vectors of the rows come first, and rows in order.
    let mut start = extent.next_multiple_of(L::LANES);
    while start > 0 {
        start -= L::LANES;
        let count = L::LANES.min(extent - start);
        let columns = &tile[start * L::LANES..(start + count) * L::LANES];
        let zero = L::splat(token, 0.0);
        let vectors = transpose::<L>(for_each_lane!(lane => if lane < count {
            L::load(token, &columns[lane * L::LANES..(lane + 1) * L::LANES])
        } else {
            zero
        }));
        for lane in 0..L::LANES {
            if lane < rows.len {
                let at = offset + lane * stride + start;
                if count == L::LANES || (stride == extent && at + L::LANES <= end) {
                    vectors[lane].store(&mut to[at..at + L::LANES]);
                } else {
                    let mut lanes = [L::Scalar::ZERO; MAX_LANES];
                    vectors[lane].store(&mut lanes);
                    spread(&lanes[..count], to, at, 1);
                }
            }
        }
    }
    if let Some(slot) = spread_later {
        spread_rows(job, input, rows, to, slot, from);
    }
}

/// Puts gradients where they belong that do not lie as they are computed.
#[inline(never)]
fn spread_rows<T: Element>(
    job: &Job<'_, T>,
    input: usize,
    rows: &Stretch,
    gradients: &[T],
    slot: &mut Slot<'_, T>,
    from: usize,
) {
    let (view, extent) = (&job.inputs[input], job.geometry.extent);
    for (piece, numbers) in gradients[..rows.len * extent].chunks(piece_len(view, rows.len, extent)).enumerate() {
        put(view.broadcast, numbers, slot, view.offset(rows.outer + piece, 0, 0) - from, view.strides[1]);
    }
}

#[cfg(test)]
mod tests;
