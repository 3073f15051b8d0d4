//! Rows walked along the second axis: lanes are neighbours in a row. The rows' own values are computed for a block of rows at once.
//!
//! Where arrays come from memory, the first pass over a block would wait for it, and those that follow do not: so the last one fetches the next block,
//! and the first one what gradients will be written to. Rows too long for a near cache are left to the processor, which guesses their streams.

mod line;

use core::ops::Range;

use super::block::Block;
use super::rows::{Sweep, identity, settle, take, take_one};
use super::scratch::{convert, put};
use super::{BLOCK, CHUNK, MAX_LANES, VECTORS};
use crate::call::Upstream;
use crate::job::{Slot, Values, View};
use crate::kernel::{Accumulate, RowWise};
use crate::lane::{Lane, Real};
use crate::registry::Element;
use crate::sum::Runs;

use line::{Line, Upstreams, first_index, next_index, store, vectors};

/// How many bytes of a block's rows may be in use between one pass and the next: they should stay in the second cache, beside those of the next block
/// where that is fetched ahead.
const CACHE: usize = 256 * 1024;

/// The scratch space of [`Sweep`] along rows.
pub(super) struct Along<T, const E: usize, const S: usize, const G: usize> {
    /// How many rows to work on together.
    rows: usize,
    /// Whether to fetch ahead: what comes from memory, and a block at a time is little enough to stay until its turn.
    fetches: bool,
    /// Only where something does not lie as the kernel reads and writes it.
    lines: Option<Lines<T, E, S>>,
    /// Where there are `lines`.
    results: Option<Results<T, G>>,
}

/// Scratch space for what is read.
struct Lines<T, const E: usize, const S: usize> {
    elements: [[T; BLOCK]; E],
    shared: [[T; BLOCK]; S],
    upstream: [T; BLOCK],
}

/// Scratch space for what is written.
struct Results<T, const G: usize> {
    values: [T; BLOCK],
    gradients: [[T; BLOCK]; G],
}

/// Whether a row's gradient can be stored as it is.
fn is_stored_as_is<T>(view: &View<'_, T>, slot: &Slot<'_, T>) -> bool {
    slot.is_native() && view.strides[1] == 1 && !view.broadcast
}

/// Whether a row of an input can be loaded as it is.
fn is_contiguous<T>(view: &View<'_, T>) -> bool {
    matches!(view.values, Values::Native(_)) && view.strides[1] == 1
}

/// `len` values of a row, from `start` on, and perhaps what follows them in memory.
#[inline(always)]
fn line<'l, T: Element>(
    view: &'l View<'_, T>,
    outer: usize,
    start: usize,
    len: usize,
    space: Option<&'l mut [T; BLOCK]>,
) -> &'l [T] {
    let offset = view.offset(outer, start, 0);
    if let Values::Native(values) = view.values
        && view.strides[1] == 1
    {
        return &values[offset..];
    }
    match space {
        Some(space) => {
            convert(view, offset, view.strides[1], &mut space[..len]);
            &space[..len]
        }
        None => &[],
    }
}

/// Combines the vectors of an accumulator: the top of a tree.
#[inline(always)]
fn crown<L: Lane>(kind: Accumulate, [a, b, c, d]: [L; VECTORS]) -> L {
    take(kind, take(kind, a, c), take(kind, b, d))
}

/// The part of the tree below one vector, for a vector of each row of a block; row `i` comes to lane `i`.
///
/// Two vectors, interleaved, are two vectors of which the first holds what the tree adds to the second: so a step halves the number of vectors,
/// and of lanes that a row has in each.
#[inline(always)]
fn halve_rows<L: Lane>(kind: Accumulate, rows: &mut [L; MAX_LANES]) -> L {
    let mut half = L::LANES / 2;
    while half > 0 {
        for i in 0..half {
            let (low, high) = rows[i].interleave(rows[i + half]);
            rows[i] = take(kind, low, high);
        }
        half /= 2;
    }
    rows[0]
}

/// The part of the tree below one vector.
#[inline(always)]
fn halve_vector<L: Lane>(kind: Accumulate, vector: L) -> L::Scalar {
    let mut lanes = [L::Scalar::ZERO; MAX_LANES];
    vector.store(&mut lanes[..L::LANES]);
    halve_one(kind, &mut lanes, L::LANES)
}

/// The same of lanes in memory: loops over lanes are long code.
#[inline(never)]
fn halve_one<T: Real>(kind: Accumulate, lanes: &mut [T; MAX_LANES], width: usize) -> T {
    let mut half = width / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] = take_one(kind, lanes[lane], lanes[lane + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// An accumulator of a long row after one more chunk: sums go on in `f64`.
#[inline(always)]
fn join_chunks<L: Lane>(kind: Accumulate, so_far: L::Scalar, sum: &mut f64, chunk: L, is_first: bool) -> L::Scalar {
    let found = halve_vector(kind, chunk);
    match kind {
        Accumulate::Sum => {
            *sum += found.to_f64();
            L::Scalar::from_f64(*sum)
        }
        Accumulate::Nothing | Accumulate::Max | Accumulate::Min | Accumulate::Shift => {
            if is_first {
                found
            } else {
                take_one(kind, so_far, found)
            }
        }
    }
}

/// Values that are the same for a whole row.
#[inline(always)]
fn splat_row<L: Lane, const V: usize>(token: L::Token, stored: &[[L::Scalar; MAX_LANES]; V], lane: usize) -> [L; V] {
    let mut row = [L::splat(token, 0.0); V];
    for i in 0..V {
        row[i] = L::from_scalar(token, stored[i][lane]);
    }
    row
}

#[inline(always)]
fn store_rows<L: Lane, const V: usize>(v: &[L; V]) -> [[L::Scalar; MAX_LANES]; V] {
    let mut stored = [[L::Scalar::ZERO; MAX_LANES]; V];
    for i in 0..V {
        v[i].store(&mut stored[i][..L::LANES]);
    }
    stored
}

impl<T: Element, const E: usize, const S: usize, const G: usize> Along<T, E, S, G> {
    #[inline(always)]
    pub(super) fn new<L, K, const R: usize, const U: usize, const A: usize, const V: usize, const H: usize>(
        sweep: &Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
    ) -> Self
    where
        L: Lane<Scalar = T>,
        K: RowWise<E, R, S, U, A, V, G, H>,
    {
        let inputs = &sweep.job.inputs;
        let read = K::ELEMENTS.iter().chain(&K::SHARED).all(|input| is_contiguous(&inputs[*input]))
            && !(sweep.job.per_element && matches!(sweep.job.upstream, Upstream::Converted(_)));
        let mut slots = sweep.element_gradients.iter().zip(K::ELEMENT_GRADIENTS);
        let written = slots.all(|(slot, input)| slot.as_ref().is_none_or(|slot| is_stored_as_is(&inputs[input], slot)))
            && !(K::VALUE_PER_ELEMENT && sweep.elements.as_ref().is_some_and(|elements| !elements.is_native()));
        let staged = !read || !written;
        let zeros = [T::ZERO; BLOCK];
        let lines = staged.then_some(Lines { elements: [zeros; E], shared: [zeros; S], upstream: zeros });
        let results = staged.then_some(Results { values: zeros, gradients: [zeros; G] });
        let bytes = sweep.job.geometry.extent * size_of::<T>() * (E + G).max(1);
        Self { rows: (CACHE / bytes).clamp(1, L::LANES), fetches: sweep.is_far && bytes <= CACHE, lines, results }
    }

    #[inline(always)]
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// How many places of a row to look at between trips to the scratch space, or fetching ahead.
    #[inline(always)]
    fn step(&self) -> usize {
        if self.lines.is_some() || self.fetches { BLOCK } else { CHUNK }
    }

    /// Works on a block of rows; adds their values to `sum`.
    #[inline(always)]
    pub(super) fn block<L, K, const R: usize, const U: usize, const A: usize, const V: usize, const H: usize>(
        &mut self,
        sweep: &mut Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
        block: &Block,
        sum: &mut Runs,
    ) where
        L: Lane<Scalar = T>,
        K: RowWise<E, R, S, U, A, V, G, H>,
    {
        let token = sweep.token;
        let r = sweep.row_values(block);
        let upstream = sweep.row_upstream(block);
        let mut v = K::start(token, &sweep.u, &r, upstream);
        macro_rules! passes {
            ($($pass:literal)*) => {
                // Decided before code is made: a pass that the kernel does not have costs the compiler nothing.
                $(if const { $pass < K::PASSES.len() } {
                    self.pass::<L, K, R, U, A, V, H, $pass>(sweep, block, &mut v);
                })*
            };
        }
        passes!(0 1 2 3 4 5 6 7);
        let (value, gradients) = K::row(token, &sweep.u, &v);
        let mut totals = [0.0; MAX_LANES];
        if sweep.wants_elements() {
            let stored = store_rows(&v);
            for lane in 0..block.rows.len {
                if block.live[lane] {
                    let v = splat_row(token, &stored, lane);
                    totals[lane] = self.elements(sweep, block.rows.outer + lane, &v);
                } else {
                    Self::clear_row(sweep, block.rows.outer + lane);
                }
            }
        }
        sweep.finish(block, value, gradients, &totals, sum);
    }

    /// Puts +0.0 wherever a dropped row has a place.
    #[inline(always)]
    fn clear_row<L, K, const R: usize, const U: usize, const A: usize, const V: usize, const H: usize>(
        sweep: &mut Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
        outer: usize,
    ) where
        L: Lane<Scalar = T>,
        K: RowWise<E, R, S, U, A, V, G, H>,
    {
        let extent = sweep.job.geometry.extent;
        let zeros = [T::ZERO; BLOCK];
        for (slot, input) in sweep.element_gradients.iter_mut().zip(K::ELEMENT_GRADIENTS) {
            let view = &sweep.job.inputs[input];
            if let Some(slot) = slot
                && !view.broadcast
            {
                let mut at = 0;
                while at < extent {
                    let len = BLOCK.min(extent - at);
                    let offset = view.offset(outer, at, 0) - sweep.gradients_at[input];
                    put(false, &zeros[..len], slot, offset, view.strides[1]);
                    at += len;
                }
            }
        }
        if K::VALUE_PER_ELEMENT
            && let Some(elements) = &mut sweep.elements
        {
            let at = outer * extent - sweep.elements_at;
            elements.clear(at, 1, extent);
        }
    }

    /// Pass `P` over a block of rows.
    #[inline(always)]
    fn pass<L, K, const R: usize, const U: usize, const A: usize, const V: usize, const H: usize, const P: usize>(
        &mut self,
        sweep: &mut Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
        block: &Block,
        v: &mut [L; V],
    ) where
        L: Lane<Scalar = T>,
        K: RowWise<E, R, S, U, A, V, G, H>,
    {
        let token = sweep.token;
        let stored = store_rows(v);
        let kinds = K::PASSES[P];
        let extent = sweep.job.geometry.extent;
        // Rows of one chunk are brought down to a number each for all of them at once, longer ones one by one.
        let mut vectors = [[L::splat(token, 0.0); MAX_LANES]; A];
        let mut numbers = [[T::ZERO; MAX_LANES]; A];
        for lane in 0..block.rows.len {
            if !block.live[lane] {
                continue;
            }
            let v = splat_row(token, &stored, lane);
            let mut sums = [0.0; A];
            let mut start = 0;
            while start < extent {
                let chunk = start..extent.min(start + CHUNK);
                let found = self.reduce::<L, K, R, U, A, V, H, P>(sweep, block.rows.outer + lane, &v, chunk.clone());
                for a in 0..A {
                    if extent <= CHUNK {
                        vectors[a][lane] = found[a];
                    } else {
                        numbers[a][lane] = join_chunks(kinds[a], numbers[a][lane], &mut sums[a], found[a], start == 0);
                    }
                }
                start = chunk.end;
            }
        }
        let mut accumulated = [L::splat(token, 0.0); A];
        for a in 0..A {
            let all = if extent <= CHUNK {
                halve_rows(kinds[a], &mut vectors[a])
            } else {
                L::load(token, &numbers[a][..L::LANES])
            };
            accumulated[a] = settle(token, kinds[a], all);
        }
        K::join::<L, P>(token, &sweep.u, v, &accumulated);
    }

    /// Pass `P` over a chunk of one row: a vector for each accumulator.
    #[inline(always)]
    fn reduce<L, K, const R: usize, const U: usize, const A: usize, const V: usize, const H: usize, const P: usize>(
        &mut self,
        sweep: &mut Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
        outer: usize,
        v: &[L; V],
        chunk: Range<usize>,
    ) -> [L; A]
    where
        L: Lane<Scalar = T>,
        K: RowWise<E, R, S, U, A, V, G, H>,
    {
        let (token, job, u) = (sweep.token, sweep.job, sweep.u);
        let extent = job.geometry.extent;
        let kinds = K::PASSES[P];
        let step = self.step();
        let width = VECTORS * L::LANES;
        let spills = K::SPILL == Some(P) && sweep.spills();
        let mut accumulators = [[L::splat(token, 0.0); VECTORS]; A];
        for a in 0..A {
            accumulators[a] = [L::splat(token, identity(kinds[a])); VECTORS];
        }
        let mut start = chunk.start;
        while start < chunk.end {
            let len = step.min(chunk.end - start);
            if self.fetches {
                if P == 0 {
                    sweep.prefetch_gradients(outer, start..start + len);
                }
                if P + 1 == K::PASSES.len() && !sweep.wants_elements() {
                    sweep.prefetch_inputs(outer + self.rows, start..start + len);
                }
            }
            let (xs, ss, space) = Self::lines(&mut self.lines, sweep, outer, start, len, false);
            let first = outer * extent + start;
            let upstream = Upstreams::new(token, job.upstream, first, len, job.per_element, space);
            let mut spill = None;
            if spills {
                let input = K::ELEMENT_GRADIENTS[0];
                let offset = job.inputs[input].offset(outer, start, 0) - sweep.gradients_at[input];
                let slot = sweep.element_gradients[0].as_mut().and_then(Slot::native);
                spill = slot.map(|slot| &mut slot[offset..offset + len]);
            }
            let mut index = first_index(token, start);
            let mut at = 0;
            while at + width <= len {
                for q in 0..VECTORS {
                    let at = at + q * L::LANES;
                    let (x, s) = (vectors::<L, E, true>(token, &xs, at, 0), vectors::<L, S, true>(token, &ss, at, 0));
                    let index = next_index(&mut index);
                    let upstream = upstream.load::<true>(token, at, 0);
                    let (contributions, spilled) = K::step::<L, P>(token, &u, v, &x, &s, index, upstream);
                    for a in 0..A {
                        accumulators[a][q] = take(kinds[a], accumulators[a][q], contributions[a]);
                    }
                    if let Some(spill) = &mut spill {
                        store::<L, true>(spilled, spill, at, 0);
                    }
                }
                at += width;
            }
            if at < len {
                // A copy, so that an index that is not constant does not keep the loop above out of registers.
                let mut rest = accumulators;
                while at < len {
                    let count = L::LANES.min(len - at);
                    let (x, s) =
                        (vectors::<L, E, false>(token, &xs, at, count), vectors::<L, S, false>(token, &ss, at, count));
                    let index = next_index(&mut index);
                    let upstream = upstream.load::<false>(token, at, count);
                    let (contributions, spilled) = K::step::<L, P>(token, &u, v, &x, &s, index, upstream);
                    let inside = L::first_lanes(token, count);
                    let q = at / L::LANES % VECTORS;
                    for a in 0..A {
                        let nothing = L::splat(token, identity(kinds[a]));
                        rest[a][q] = take(kinds[a], rest[a][q], L::select(inside, contributions[a], nothing));
                    }
                    if let Some(spill) = &mut spill {
                        store::<L, false>(spilled, spill, at, count);
                    }
                    at += count;
                }
                accumulators = rest;
            }
            start += len;
        }
        let mut result = [L::splat(token, 0.0); A];
        for a in 0..A {
            result[a] = crown(kinds[a], accumulators[a]);
        }
        result
    }

    /// The last pass over one row: its gradients, and its values if there is one for every place. Gives their sum.
    #[inline(always)]
    fn elements<L, K, const R: usize, const U: usize, const A: usize, const V: usize, const H: usize>(
        &mut self,
        sweep: &mut Sweep<'_, '_, '_, L, K, E, R, S, U, A, V, G, H>,
        outer: usize,
        v: &[L; V],
    ) -> f64
    where
        L: Lane<Scalar = T>,
        K: RowWise<E, R, S, U, A, V, G, H>,
    {
        let job = sweep.job;
        let extent = job.geometry.extent;
        let step = self.step();
        let spills = sweep.spills();
        let mut total = 0.0;
        let mut chunk = 0;
        while chunk < extent {
            let chunk_end = extent.min(chunk + CHUNK);
            let mut sums = [L::splat(sweep.token, 0.0); VECTORS];
            let mut start = chunk;
            while start < chunk_end {
                let len = step.min(chunk_end - start);
                if self.fetches {
                    sweep.prefetch_inputs(outer + self.rows, start..start + len);
                }
                let (xs, ss, space) = Self::lines(&mut self.lines, sweep, outer, start, len, spills);
                let first = outer * extent + start;
                let upstream = Upstreams::new(sweep.token, job.upstream, first, len, job.per_element, space);
                let (value_space, mut spaces) = match &mut self.results {
                    Some(results) => (Some(&mut results.values), Some(results.gradients.iter_mut())),
                    None => (None, None),
                };
                let mut elements: Option<&mut [T]> = None;
                if K::VALUE_PER_ELEMENT
                    && let Some(slot) = &mut sweep.elements
                {
                    let at = first - sweep.elements_at;
                    elements = match slot.native() {
                        Some(slot) => Some(&mut slot[at..at + len]),
                        None => value_space.map(|space| &mut space[..len]),
                    };
                }
                let mut gradients: [Option<&mut [T]>; G] = [const { None }; G];
                for (g, slot) in sweep.element_gradients.iter_mut().enumerate() {
                    let view = &job.inputs[K::ELEMENT_GRADIENTS[g]];
                    let space = spaces.as_mut().and_then(Iterator::next);
                    let Some(slot) = slot else { continue };
                    gradients[g] = if !is_stored_as_is(view, slot) {
                        space.map(|space| &mut space[..len])
                    } else if let Some(slot) = slot.native() {
                        let offset = view.offset(outer, start, 0) - sweep.gradients_at[K::ELEMENT_GRADIENTS[g]];
                        Some(&mut slot[offset..offset + len])
                    } else {
                        None
                    };
                }
                let mut at = 0;
                let mut line = Line {
                    token: sweep.token,
                    u: &sweep.u,
                    v,
                    xs,
                    ss,
                    upstream,
                    index: first_index(sweep.token, start),
                    spills,
                    elements: elements.take(),
                    gradients,
                };
                // Where only gradients are wanted there is no sum that vectors would have to wait for.
                let turns = if K::VALUE_PER_ELEMENT { VECTORS } else { 1 };
                while at + turns * L::LANES <= len {
                    for q in 0..turns {
                        let value = line.vector::<K, R, A, H, true>(at + q * L::LANES, L::LANES);
                        if K::VALUE_PER_ELEMENT {
                            sums[q] = sums[q] + value;
                        }
                    }
                    at += turns * L::LANES;
                }
                if at < len {
                    // A copy, for the reason given in `reduce`.
                    let mut rest = sums;
                    while at < len {
                        let count = L::LANES.min(len - at);
                        let value = line.vector::<K, R, A, H, false>(at, count);
                        if K::VALUE_PER_ELEMENT {
                            let inside = L::first_lanes(sweep.token, count);
                            let sum = &mut rest[at / L::LANES % VECTORS];
                            *sum = *sum + L::select(inside, value, L::splat(sweep.token, 0.0));
                        }
                        at += count;
                    }
                    sums = rest;
                }
                if let Some(results) = &self.results {
                    if K::VALUE_PER_ELEMENT
                        && let Some(slot) = &mut sweep.elements
                        && !slot.is_native()
                    {
                        slot.write(&results.values[..len], first - sweep.elements_at, 1);
                    }
                    for (g, slot) in sweep.element_gradients.iter_mut().enumerate() {
                        let input = K::ELEMENT_GRADIENTS[g];
                        let view = &job.inputs[input];
                        if let Some(slot) = slot
                            && !is_stored_as_is(view, slot)
                        {
                            let offset = view.offset(outer, start, 0) - sweep.gradients_at[input];
                            put(view.broadcast, &results.gradients[g][..len], slot, offset, view.strides[1]);
                        }
                    }
                }
                start += len;
            }
            if K::VALUE_PER_ELEMENT {
                total += halve_vector(Accumulate::Sum, crown(Accumulate::Sum, sums)).to_f64();
            }
            chunk = chunk_end;
        }
        total
    }

    /// The element and the shared inputs of a row, from `start` on, and space for upstream gradients. Where spilled values have taken the place of an
    /// input, nothing that is read is in its line.
    #[inline(always)]
    #[expect(clippy::type_complexity, reason = "three kinds of lines")]
    fn lines<'l, 's, L, K, const R: usize, const U: usize, const A: usize, const V: usize, const H: usize>(
        lines: &'l mut Option<Lines<T, E, S>>,
        sweep: &Sweep<'s, '_, '_, L, K, E, R, S, U, A, V, G, H>,
        outer: usize,
        start: usize,
        len: usize,
        is_spilled: bool,
    ) -> ([&'l [T]; E], [&'l [T]; S], Option<&'l mut [T; BLOCK]>)
    where
        L: Lane<Scalar = T>,
        K: RowWise<E, R, S, U, A, V, G, H>,
        's: 'l,
    {
        let job = sweep.job;
        let mut xs: [&[T]; E] = [&[]; E];
        let mut ss: [&[T]; S] = [&[]; S];
        let (mut element_spaces, mut shared_spaces, upstream) = match lines {
            Some(Lines { elements, shared, upstream }) => {
                (Some(elements.iter_mut()), Some(shared.iter_mut()), Some(upstream))
            }
            None => (None, None, None),
        };
        for (x, input) in xs.iter_mut().zip(K::ELEMENTS) {
            let (view, space) = (&job.inputs[input], element_spaces.as_mut().and_then(Iterator::next));
            *x = match (sweep.taken(input), space) {
                (Some(_), Some(space)) if is_spilled && K::ELEMENT_GRADIENTS.first() == Some(&input) => &space[..len],
                (Some(taken), Some(space)) => {
                    taken.read(view.offset(outer, start, 0), view.strides[1], &mut space[..len]);
                    &space[..len]
                }
                (_, space) => line(view, outer, start, len, space),
            };
        }
        for (s, input) in ss.iter_mut().zip(K::SHARED) {
            *s = line(&job.inputs[input], 0, start, len, shared_spaces.as_mut().and_then(Iterator::next));
        }
        (xs, ss, upstream)
    }
}

#[cfg(test)]
mod tests;
