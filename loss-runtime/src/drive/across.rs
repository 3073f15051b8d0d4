//! Rows walked side by side: every lane is a row. Neighbours along the inner axis are loaded as they lie, unless their places crowd the cache; these,
//! and short rows where there is no inner axis, are brought into a tile first.
//!
//! Sums add up places in the order of the walk along rows: lane `c` modulo 64 (32 for `f64`) there is sum `c` modulo 64 here.

mod reader;
mod tile;

use super::block::{Block, Stretch};
use super::rows::{Sweep, identity, settle, spilled_again, take};
use super::{CHUNK, MAX_LANES, MAX_VIRTUAL, VECTORS};
use crate::job::{Slot, Values};
use crate::kernel::{Accumulate, RowWise};
use crate::lane::{Lane, Real};
use crate::prefetch::prefetch_read;
use crate::registry::Element;
use crate::sum::Runs;

use reader::{Column, Path, Reader};
pub(super) use tile::{TILE_EXTENT, TileSpace, WINDOW_VECTORS, is_tiled};
use tile::{Tile, Tiles, empty_tile, fill_tile};

/// The scratch space of [`Sweep`] across rows.
pub(super) struct Across<'t, L: Lane, const E: usize, const A: usize, const G: usize> {
    sums: Sums<L, A>,
    /// Where short rows are brought first, if they are.
    tiles: Option<Tiles<'t, L::Scalar, E, G>>,
}

/// The sums of a chunk: one for each accumulator of a pass, and for each place modulo all lanes of the walk along rows. Those of a place lie next to each
/// other: a page apart, a processor would take the load of one for the store of another, and wait.
type Sums<L, const A: usize> = [[L; A]; MAX_VIRTUAL];

/// How many sums a chunk of so many places reaches.
#[inline(always)]
fn count_reached<L: Lane>(places: usize) -> usize {
    places.min(VECTORS * L::LANES)
}

/// Adds a contribution to the sum of a chunk's place. Whichever place is the first of its sum begins at 0: what the sum held is of another chunk, and to
/// clear all sums takes longer than a short row's arithmetic.
#[inline(always)]
fn add_to<L: Lane>(sum: &mut L, place: usize, zero: L, contribution: L) {
    let before = if place < VECTORS * L::LANES { zero } else { *sum };
    *sum = before + contribution;
}

/// Adds up the sums that a chunk reaches as a tree, by halves. Those that it does not reach would add +0.0, and change nothing.
#[inline(always)]
fn tree<L: Lane, const A: usize>(kinds: [Accumulate; A], sums: &mut Sums<L, A>, reached: usize) -> [L; A] {
    let mut half = reached.next_power_of_two() / 2;
    let mut pairs = reached - half;
    while half > 0 {
        for lane in 0..pairs {
            for a in 0..A {
                if kinds[a] == Accumulate::Sum {
                    sums[lane][a] = sums[lane][a] + sums[lane + half][a];
                }
            }
        }
        half /= 2;
        pairs = half;
    }
    sums[0]
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
    pub(super) fn new(token: L::Token, tiles: Option<Tiles<'t, T, E, G>>) -> Self {
        Self { sums: [[L::splat(token, 0.0); A]; MAX_VIRTUAL], tiles }
    }

    /// Works on a block of rows, of all up to `end`; adds their values to `total`.
    #[inline(always)]
    pub(super) fn block<K, const R: usize, const S: usize, const U: usize, const V: usize, const H: usize>(
        &mut self,
        sweep: &mut Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
        block: &Block,
        end: usize,
        total: &mut Runs,
    ) where
        K: RowWise<E, R, S, U, A, V, G, H>,
    {
        let (token, job) = (sweep.token, sweep.job);
        let Self { sums, tiles } = self;
        let mut columns = [Column { values: &[], path: Path { base: 0, stride: 0, lane: 1 }, converted: None }; E];
        let mut len = block.rows.len;
        let mut gradient_tiles = None;
        if sweep.is_far && job.geometry.inner > 1 {
            let reads_ahead = tiles.as_ref().map_or(READS_AHEAD, |tiles| tiles.width);
            prefetch_beside(sweep, &block.rows, reads_ahead);
        }
        match tiles {
            Some(Tiles { elements, gradients, width, rows }) => {
                // Rows come in ascending order, and a window ends with its group or its outer place: a block lies whole in the window that is
                // there, or begins the next one.
                if block.rows.row >= rows.row + rows.len {
                    *rows = Stretch::new(job, block.rows.row, end.min(block.rows.row + *width));
                    for (e, tile) in elements.iter_mut().enumerate() {
                        let input = K::ELEMENTS[e];
                        fill_tile::<L>(token, job, input, sweep.taken(input), rows, (tile, *width));
                    }
                }
                let path = Path { base: block.rows.row - rows.row, stride: *width, lane: 1 };
                for (column, tile) in columns.iter_mut().zip(elements) {
                    *column = Column { values: tile, path, converted: None };
                }
                gradient_tiles = Some(&mut **gradients);
                len = L::LANES;
            }
            None => {
                for e in 0..E {
                    let view = &job.inputs[K::ELEMENTS[e]];
                    let path = Path::of(job, K::ELEMENTS[e], &block.rows, 0);
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
        let (extent, inner) = (job.geometry.extent, job.geometry.inner);
        let none = Path {
            base: block.rows.outer * extent * inner + block.rows.inner,
            stride: inner,
            lane: if inner == 1 { extent } else { 1 },
        };
        let rows = block.rows.len;
        let upstream = job.upstream;
        let is_whole = columns.iter().all(|column| column.converted.is_none() && column.path.is_whole::<L>(len));
        let shared = K::SHARED;
        let reader = Reader { token, job, len, rows, columns, is_whole, shared, upstream, upstream_path: none };

        let kept = if K::SPILL.is_none() || sweep.element_gradients.iter().all(Option::is_none) {
            Kept::Nowhere
        } else if gradient_tiles.is_some() {
            Kept::InTile
        } else if sweep.spills() {
            Kept::InGradient
        } else {
            Kept::Nowhere
        };
        let r = sweep.row_values(block);
        let upstream = sweep.row_upstream(block);
        let mut v = K::start(token, &sweep.u, &r, upstream);
        macro_rules! passes {
            ($($pass:literal)*) => {
                // Decided before code is made: a pass that the kernel does not have costs the compiler nothing.
                $(if const { $pass < K::PASSES.len() } {
                    let tile = gradient_tiles.as_deref_mut().and_then(|tiles| tiles.first_mut());
                    pass::<L, K, E, R, S, U, A, V, G, H, $pass>(sweep, block, &reader, sums, (kept, tile), &mut v);
                })*
            };
        }
        passes!(0 1 2 3 4 5 6 7);
        let (value, gradients) = K::row(token, &sweep.u, &v);
        let mut totals = [0.0; MAX_LANES];
        if sweep.wants_elements() {
            totals = elements::<L, K, E, R, S, U, A, V, G, H>(
                sweep,
                block,
                &reader,
                none,
                (kept, gradient_tiles.as_deref_mut()),
                &v,
            );
            if inner == 1
                && let Some(tiles) = gradient_tiles
            {
                for g in 0..G {
                    let input = K::ELEMENT_GRADIENTS[g];
                    if let Some(slot) = &mut sweep.element_gradients[g] {
                        empty_tile::<L>(token, job, input, &block.rows, &tiles[g], slot, sweep.gradients_at[input]);
                    }
                }
            }
        }
        sweep.finish(block, value, gradients, &totals, total);
    }
}

/// How many rows ahead places are fetched that are not copied a window at a time.
const READS_AHEAD: usize = 128;

/// Fetches what comes beside a block, where neighbouring rows lie side by side: each place of theirs lies far from the next, and no processor guesses as
/// many streams.
#[inline(always)]
fn prefetch_beside<
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
    sweep: &Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
    rows: &Stretch,
    reads_ahead: usize,
) where
    L: Lane<Scalar: Element>,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    let (job, extent, inner) = (sweep.job, sweep.job.geometry.extent, sweep.job.geometry.inner);
    let (read, write) = (rows.inner + reads_ahead, rows.inner + L::LANES);
    for input in K::ELEMENTS {
        let view = &job.inputs[input];
        if let Values::Native(values) = view.values
            && read + L::LANES <= inner
            && view.strides[2] == 1
        {
            for place in 0..extent {
                let at = view.offset(rows.outer, place, read);
                prefetch_read(values, at..at + L::LANES);
            }
        }
    }
    for (input, slot) in K::ELEMENT_GRADIENTS.into_iter().zip(&sweep.element_gradients) {
        let view = &job.inputs[input];
        if let Some(slot) = slot
            && write + L::LANES <= inner
            && view.strides[2] == 1
        {
            for place in 0..extent {
                let at = view.offset(rows.outer, place, write) - sweep.gradients_at[input];
                slot.prefetch(at..at + L::LANES);
            }
        }
    }
}

/// Where what a pass spills is kept until the last pass needs it.
#[derive(Clone, Copy)]
enum Kept {
    /// It is computed again.
    Nowhere,
    InTile,
    /// In the buffer that the gradient will be written to.
    InGradient,
}

/// Where the lanes of a vector of rows lie in a [`Tile`].
#[inline(always)]
fn tile_path<L: Lane>() -> Path {
    Path { base: 0, stride: L::LANES, lane: 1 }
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
    sums: &mut Sums<L, A>,
    (kept, tile): (Kept, Option<&mut Tile<L::Scalar>>),
    v: &mut [L; V],
) where
    L: Lane<Scalar: Element>,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    let (token, job, u) = (sweep.token, sweep.job, sweep.u);
    let extent = job.geometry.extent;
    let kinds = K::PASSES[P];
    let mut spill = None;
    if K::SPILL == Some(P) {
        spill = match kept {
            Kept::Nowhere => None,
            Kept::InTile => tile.map(|tile| (tile.as_mut_slice(), tile_path::<L>())),
            Kept::InGradient => {
                let input = K::ELEMENT_GRADIENTS[0];
                let path = Path::of(job, input, &block.rows, sweep.gradients_at[input]);
                sweep.element_gradients[0].as_mut().and_then(Slot::native).map(|slot| (slot, path))
            }
        };
    }
    let zero = L::splat(token, 0.0);
    let mut totals = [[0.0; MAX_LANES]; A];
    let mut found = [zero; A];
    for a in 0..A {
        found[a] = L::splat(token, identity(kinds[a]));
    }
    let mut chunk = 0;
    while chunk < extent {
        let chunk_end = extent.min(chunk + CHUNK);
        let has_sums = kinds.contains(&Accumulate::Sum);
        let reached = if has_sums { count_reached::<L>(chunk_end - chunk) } else { 1 };
        // Extremes are the same in any order: a few vectors suffice to keep them independent, and those stay in registers.
        let mut extremes = [[zero; VECTORS]; A];
        let mut index = L::splat(token, chunk as f64);
        for a in 0..A {
            extremes[a] = [L::splat(token, identity(kinds[a])); VECTORS];
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
                            let sum = &mut sums[place % (VECTORS * L::LANES)][a];
                            add_to(sum, place - chunk, zero, contributions[a]);
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
        // Without sums, nothing that is read.
        let summed = if has_sums { tree(kinds, sums, reached) } else { found };
        for a in 0..A {
            match kinds[a] {
                Accumulate::Sum if extent <= CHUNK => found[a] = summed[a],
                Accumulate::Sum => {
                    add_chunk(&mut totals[a], summed[a]);
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
    /// In its tile, to be transposed.
    Tile,
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
    (kept, mut tiles): (Kept, Option<&mut [Tile<L::Scalar>; G]>),
    v: &[L; V],
) -> [f64; MAX_LANES]
where
    L: Lane<Scalar: Element>,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    let (token, job, u) = (sweep.token, sweep.job, sweep.u);
    let extent = job.geometry.extent;
    let live = L::mask_from_bools(token, &block.live);
    let zero = L::splat(token, 0.0);
    let mut paths = [tile_path::<L>(); G];
    let mut targets = [const { Target::Nowhere }; G];
    // Asked apart from where gradients go: the compiler computes none then that is not wanted.
    let wanted = sweep.element_gradients.each_ref().map(Option::is_some);
    for (g, slot) in sweep.element_gradients.iter_mut().enumerate() {
        let Some(slot) = slot else { continue };
        if job.geometry.inner == 1 && tiles.is_some() {
            targets[g] = Target::Tile;
            continue;
        }
        let input = K::ELEMENT_GRADIENTS[g];
        paths[g] = Path::of(job, input, &block.rows, sweep.gradients_at[input]);
        targets[g] = if job.inputs[input].broadcast {
            Target::Added(slot)
        } else if slot.is_native() {
            slot.native().map_or(Target::Nowhere, Target::Stored)
        } else {
            Target::Rounded(slot)
        };
    }
    let values = Path { base: none.base - sweep.elements_at.min(none.base), ..none };
    let mut sums = [[zero]; MAX_VIRTUAL];
    let mut totals = [0.0; MAX_LANES];
    let mut chunk = 0;
    while chunk < extent {
        let chunk_end = extent.min(chunk + CHUNK);
        let reached = if K::VALUE_PER_ELEMENT { count_reached::<L>(chunk_end - chunk) } else { 1 };
        let mut index = L::splat(token, chunk as f64);
        for place in chunk..chunk_end {
            let x = reader.elements(place);
            let s = reader.shared(place);
            let upstream = if K::VALUE_PER_ELEMENT { reader.upstream(place) } else { zero };
            let spilled = match (kept, &tiles, targets.first()) {
                (Kept::InTile, Some(tiles), _) => tile_path::<L>().load_whole(token, &tiles[0], place),
                (Kept::InGradient, _, Some(Target::Stored(slot))) => paths[0].load(token, slot, place, reader.len),
                _ => spilled_again::<L, K, E, R, S, U, A, V, G, H>(token, &u, v, &x, &s, index, upstream),
            };
            let (value, gradients) = K::element(token, &u, v, &x, &s, index, upstream, spilled);
            index = index + L::splat(token, 1.0);
            if K::VALUE_PER_ELEMENT {
                let value = L::select(live, value, zero);
                let [sum] = &mut sums[place % (VECTORS * L::LANES)];
                add_to(sum, place - chunk, zero, value);
                if let Some(elements) = &mut sweep.elements {
                    values.put(value, elements, place, block.rows.len);
                }
            }
            for g in 0..G {
                if !wanted[g] {
                    continue;
                }
                let gradient = L::select(live, gradients[g], zero);
                match &mut targets[g] {
                    Target::Nowhere => {}
                    Target::Tile => {
                        if let Some(tiles) = &mut tiles {
                            paths[g].store(gradient, &mut tiles[g], place, L::LANES);
                        }
                    }
                    Target::Stored(slot) => paths[g].store(gradient, slot, place, block.rows.len),
                    Target::Rounded(slot) => paths[g].put(gradient, slot, place, block.rows.len),
                    Target::Added(slot) => {
                        let mut lanes = [L::Scalar::ZERO; MAX_LANES];
                        gradient.store(&mut lanes[..L::LANES]);
                        slot.add(&lanes[..block.rows.len], paths[g].base + place * paths[g].stride, paths[g].lane);
                    }
                }
            }
        }
        if K::VALUE_PER_ELEMENT {
            let [sum] = tree([Accumulate::Sum], &mut sums, reached);
            add_chunk(&mut totals, sum);
        }
        chunk = chunk_end;
    }
    totals
}
