//! Rows walked side by side: every lane is a row. Neighbours along the inner axis are loaded as they lie, unless their places crowd the cache; these,
//! and short rows where there is no inner axis, are brought into a tile first.
//!
//! Sums add up places in the order of the walk along rows: lane `c` modulo 64 (32 for `f64`) there is accumulator `c` modulo 64 here.

mod reader;
mod tile;

use super::block::Block;
use super::rows::{Sweep, identity, settle, spilled_again, take};
use super::{CHUNK, MAX_LANES, MAX_VIRTUAL, VECTORS};
use crate::job::{Slot, Values};
use crate::kernel::{Accumulate, RowWise};
use crate::lane::{Lane, Real};
use crate::registry::Element;
use crate::sum::Runs;

use reader::{Column, Path, Reader};
pub(super) use tile::{TILE_EXTENT, Tiles, is_tiled};
use tile::{Tile, empty_tile, fill_tile};

/// The scratch space of [`Sweep`] across rows.
pub(super) struct Across<'t, L: Lane, const E: usize, const A: usize, const G: usize> {
    accumulators: [[L; MAX_VIRTUAL]; A],
    /// Where short rows are transposed, if they are.
    tiles: Option<&'t mut Tiles<L::Scalar, E, G>>,
}

/// Sets the accumulators of a chunk with `count` places to 0. Gives how many there are.
#[inline(always)]
fn start<L: Lane>(token: L::Token, accumulators: &mut [L; MAX_VIRTUAL], count: usize) -> usize {
    let width = count.next_power_of_two().min(VECTORS * L::LANES);
    accumulators[..width].fill(L::splat(token, 0.0));
    width
}

/// Adds up accumulators as a tree, by halves. Those that a short row does not reach would add +0.0, and change nothing.
#[inline(always)]
fn tree<L: Lane>(accumulators: &mut [L; MAX_VIRTUAL], width: usize) -> L {
    let mut half = width / 2;
    while half > 0 {
        for lane in 0..half {
            accumulators[lane] = accumulators[lane] + accumulators[lane + half];
        }
        half /= 2;
    }
    accumulators[0]
}

/// Adds the sums of a chunk to those of the chunks before it.
#[inline(always)]
fn add_chunk<L: Lane>(totals: &mut [f64; MAX_LANES], sums: L) {
    let mut lanes = [0.0; MAX_LANES];
    sums.store_f64(&mut lanes[..L::LANES]);
    for lane in 0..L::LANES {
        totals[lane] += lanes[lane];
    }
}

impl<'t, T: Element, L: Lane<Scalar = T>, const E: usize, const A: usize, const G: usize> Across<'t, L, E, A, G> {
    #[inline(always)]
    pub(super) fn new(token: L::Token, tiles: Option<&'t mut Tiles<T, E, G>>) -> Self {
        Self { accumulators: [[L::splat(token, 0.0); MAX_VIRTUAL]; A], tiles }
    }

    /// Works on a block of rows; adds their values to `sum`.
    #[inline(always)]
    pub(super) fn block<K, const R: usize, const S: usize, const U: usize, const V: usize, const H: usize>(
        &mut self,
        sweep: &mut Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
        block: &Block,
        sum: &mut Runs,
    ) where
        K: RowWise<E, R, S, U, A, V, G, H>,
    {
        let (token, job) = (sweep.token, sweep.job);
        let extent = job.geometry.extent;
        let Self { accumulators, tiles } = self;
        let mut gradient_tiles = None;
        let tiled = Path { base: 0, stride: L::LANES, lane: 1 };
        let mut columns = [Column { values: &[], path: tiled, converted: None }; E];
        let mut len = block.len;
        match tiles {
            Some(tiles) => {
                for (e, tile) in tiles.elements.iter_mut().enumerate() {
                    fill_tile::<L>(token, job, K::ELEMENTS[e], sweep.taken(K::ELEMENTS[e]), block, tile);
                    columns[e].values = tile;
                }
                gradient_tiles = Some(&mut tiles.gradients);
                len = L::LANES;
            }
            None => {
                for e in 0..E {
                    let view = &job.inputs[K::ELEMENTS[e]];
                    let path = Path::of(job, K::ELEMENTS[e], block, 0);
                    columns[e] = match view.values {
                        Values::Native(values) => Column { values, path, converted: None },
                        Values::Labels(_) | Values::InPlace | Values::Absent => {
                            Column { values: &[], path, converted: Some(K::ELEMENTS[e]) }
                        }
                    };
                }
            }
        }
        // The place of a value among those of `none`, where they vary along the second axis.
        let inner = job.geometry.inner;
        let none = Path {
            base: block.outer * extent * inner + block.inner,
            stride: inner,
            lane: if inner == 1 { extent } else { 1 },
        };
        let rows = block.len;
        let upstream = job.upstream;
        let is_whole = columns.iter().all(|column| column.converted.is_none() && column.path.is_whole::<L>(len));
        let shared = K::SHARED;
        let reader = Reader { token, job, len, rows, columns, is_whole, shared, upstream, upstream_path: none };

        let r = sweep.row_values(block);
        let upstream = sweep.row_upstream(block);
        let mut v = K::start(token, &sweep.u, &r, upstream);
        macro_rules! passes {
            ($($pass:literal)*) => {
                // Decided before code is made: a pass that the kernel does not have costs the compiler nothing.
                $(if const { $pass < K::PASSES.len() } {
                    let tile = gradient_tiles.as_deref_mut().and_then(|tiles| tiles.first_mut());
                    pass::<L, K, E, R, S, U, A, V, G, H, $pass>(sweep, block, &reader, accumulators, tile, &mut v);
                })*
            };
        }
        passes!(0 1 2 3 4 5 6 7);
        let (value, gradients) = K::row(token, &sweep.u, &v);
        let mut totals = [0.0; MAX_LANES];
        if sweep.wants_elements() {
            totals = elements::<L, K, E, R, S, U, A, V, G, H>(sweep, block, &reader, none, gradient_tiles, &v);
        }
        sweep.finish(block, value, gradients, &totals, sum);
    }
}

/// Pass `P` over a block of rows.
#[inline(always)]
fn pass<
    L,
    K,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
    const P: usize,
>(
    sweep: &mut Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
    block: &Block,
    reader: &Reader<'_, '_, L, E, S>,
    accumulators: &mut [[L; MAX_VIRTUAL]; A],
    tile: Option<&mut Tile<L::Scalar>>,
    v: &mut [L; V],
) where
    L: Lane<Scalar: Element>,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    let (token, job, u) = (sweep.token, sweep.job, sweep.u);
    let extent = job.geometry.extent;
    let kinds = K::PASSES[P];
    let mut spill = None;
    if K::SPILL == Some(P) && sweep.spills() {
        let input = K::ELEMENT_GRADIENTS[0];
        spill = match tile {
            Some(tile) => Some((tile.as_mut_slice(), Path { base: 0, stride: L::LANES, lane: 1 })),
            None => {
                let path = Path::of(job, input, block, sweep.gradients_at[input]);
                sweep.element_gradients[0].as_mut().and_then(Slot::native).map(|slot| (slot, path))
            }
        };
    }
    let mut totals = [[0.0; MAX_LANES]; A];
    let mut found = [L::splat(token, 0.0); A];
    for a in 0..A {
        found[a] = L::splat(token, identity(kinds[a]));
    }
    let mut chunk = 0;
    while chunk < extent {
        let chunk_end = extent.min(chunk + CHUNK);
        let mut widths = [1; A];
        // Extremes are the same in any order: a few vectors suffice to keep them independent, and those stay in registers.
        let mut extremes = [[L::splat(token, 0.0); VECTORS]; A];
        let mut index = L::splat(token, chunk as f64);
        for a in 0..A {
            widths[a] = match kinds[a] {
                Accumulate::Sum => start(token, &mut accumulators[a], chunk_end - chunk),
                Accumulate::Nothing | Accumulate::Max | Accumulate::Min | Accumulate::Shift => {
                    extremes[a] = [L::splat(token, identity(kinds[a])); VECTORS];
                    1
                }
            };
        }
        macro_rules! visit {
            ($place:expr, $extremes:ident, $q:expr) => {
                let place = $place;
                let x = reader.elements(place);
                let s = reader.shared(place);
                let upstream = if K::VALUE_PER_ELEMENT { reader.upstream(place) } else { L::splat(token, 0.0) };
                let (contributions, spilled) = K::step::<L, P>(token, &u, v, &x, &s, index, upstream);
                index = index + L::splat(token, 1.0);
                for a in 0..A {
                    match kinds[a] {
                        Accumulate::Nothing => {}
                        Accumulate::Sum => {
                            let accumulator = &mut accumulators[a][place & (widths[a] - 1)];
                            *accumulator = *accumulator + contributions[a];
                        }
                        Accumulate::Max | Accumulate::Min | Accumulate::Shift => {
                            $extremes[a][$q] = take(kinds[a], $extremes[a][$q], contributions[a]);
                        }
                    }
                }
                if let Some((slot, path)) = &mut spill {
                    path.store(spilled, slot, place, reader.len);
                }
            };
        }
        let mut first = chunk;
        while first + VECTORS <= chunk_end {
            for q in 0..VECTORS {
                visit!(first + q, extremes, q);
            }
            first += VECTORS;
        }
        if first < chunk_end {
            // A copy, so that an index that is not constant does not keep the loop above out of registers.
            let mut rest = extremes;
            for place in first..chunk_end {
                visit!(place, rest, place - first);
            }
            extremes = rest;
        }
        for a in 0..A {
            match kinds[a] {
                Accumulate::Sum if extent <= CHUNK => found[a] = tree(&mut accumulators[a], widths[a]),
                Accumulate::Sum => {
                    add_chunk(&mut totals[a], tree(&mut accumulators[a], widths[a]));
                    let mut lanes = [L::Scalar::ZERO; MAX_LANES];
                    for (lane, total) in lanes.iter_mut().zip(&totals[a]) {
                        *lane = L::Scalar::from_f64(*total);
                    }
                    found[a] = L::load(token, &lanes[..L::LANES]);
                }
                Accumulate::Nothing | Accumulate::Max | Accumulate::Min | Accumulate::Shift => {
                    let [a0, a1, a2, a3] = extremes[a];
                    let all = take(kinds[a], take(kinds[a], a0, a2), take(kinds[a], a1, a3));
                    found[a] = take(kinds[a], found[a], all);
                }
            }
        }
        chunk = chunk_end;
    }
    for a in 0..A {
        found[a] = settle(token, kinds[a], found[a]);
    }
    K::join::<L, P>(token, &u, v, &found);
}

/// Where a gradient of a block goes.
enum Target<'t, 'o, T> {
    Nowhere,
    /// As the kernel computes it.
    Stored(&'t mut [T]),
    /// Rounded to another type.
    Rounded(&'t mut Slot<'o, T>),
    /// Added to what is there.
    Added(&'t mut Slot<'o, T>),
}

/// The last pass over a block of rows: gradients, and values if there is one for every place. Gives the sums of the rows' values.
#[inline(always)]
fn elements<
    L,
    K,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
>(
    sweep: &mut Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
    block: &Block,
    reader: &Reader<'_, '_, L, E, S>,
    none: Path,
    mut tiles: Option<&mut [Tile<L::Scalar>; G]>,
    v: &[L; V],
) -> [f64; MAX_LANES]
where
    L: Lane<Scalar: Element>,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    let (token, job, u) = (sweep.token, sweep.job, sweep.u);
    let extent = job.geometry.extent;
    let spills = sweep.spills();
    let live = L::mask_from_bools(token, &block.live);
    let zero = L::splat(token, 0.0);
    let mut paths = [Path { base: 0, stride: L::LANES, lane: 1 }; G];
    let mut targets = [const { Target::Nowhere }; G];
    let mut tile = tiles.as_deref_mut().map(|tiles| tiles.iter_mut());
    for (g, slot) in sweep.element_gradients.iter_mut().enumerate() {
        let tile = tile.as_mut().and_then(Iterator::next);
        let Some(slot) = slot else { continue };
        let input = K::ELEMENT_GRADIENTS[g];
        targets[g] = match tile {
            Some(tile) => Target::Stored(tile),
            None => {
                paths[g] = Path::of(job, input, block, sweep.gradients_at[input]);
                if job.inputs[input].broadcast {
                    Target::Added(slot)
                } else if slot.is_native() {
                    slot.native().map_or(Target::Nowhere, Target::Stored)
                } else {
                    Target::Rounded(slot)
                }
            }
        };
    }
    let values = Path { base: none.base - sweep.elements_at.min(none.base), ..none };
    let mut sums = [zero; MAX_VIRTUAL];
    let mut totals = [0.0; MAX_LANES];
    let mut chunk = 0;
    while chunk < extent {
        let chunk_end = extent.min(chunk + CHUNK);
        let width = if K::VALUE_PER_ELEMENT { start(token, &mut sums, chunk_end - chunk) } else { 1 };
        let mut index = L::splat(token, chunk as f64);
        for place in chunk..chunk_end {
            let x = reader.elements(place);
            let s = reader.shared(place);
            let upstream = if K::VALUE_PER_ELEMENT { reader.upstream(place) } else { zero };
            let spilled = if K::SPILL.is_some() && spills {
                match targets.first() {
                    Some(Target::Stored(slot)) => paths[0].load(token, slot, place, reader.len),
                    Some(Target::Rounded(_) | Target::Added(_) | Target::Nowhere) | None => zero,
                }
            } else {
                spilled_again::<L, K, E, R, S, U, A, V, G, H>(token, &u, v, &x, &s, index, upstream)
            };
            let (value, gradients) = K::element(token, &u, v, &x, &s, index, upstream, spilled);
            index = index + L::splat(token, 1.0);
            if K::VALUE_PER_ELEMENT {
                let value = L::select(live, value, zero);
                let accumulator = &mut sums[place & (width - 1)];
                *accumulator = *accumulator + value;
                if let Some(elements) = &mut sweep.elements {
                    values.put(value, elements, place, block.len);
                }
            }
            for g in 0..G {
                let gradient = L::select(live, gradients[g], zero);
                match &mut targets[g] {
                    Target::Nowhere => {}
                    Target::Stored(slot) => paths[g].store(gradient, slot, place, reader.len),
                    Target::Rounded(slot) => paths[g].put(gradient, slot, place, reader.len),
                    Target::Added(slot) => {
                        let mut lanes = [L::Scalar::ZERO; MAX_LANES];
                        gradient.store(&mut lanes[..L::LANES]);
                        slot.add(&lanes[..block.len], paths[g].base + place * paths[g].stride, paths[g].lane);
                    }
                }
            }
        }
        if K::VALUE_PER_ELEMENT {
            add_chunk(&mut totals, tree(&mut sums, width));
        }
        chunk = chunk_end;
    }
    if let Some(tiles) = tiles {
        for g in 0..G {
            let input = K::ELEMENT_GRADIENTS[g];
            if let Some(slot) = &mut sweep.element_gradients[g] {
                empty_tile::<L>(token, job, input, block, &tiles[g], slot, sweep.gradients_at[input]);
            }
        }
    }
    totals
}
