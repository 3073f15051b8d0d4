//! A kernel over places that lie one after the other in memory, and the sums of chunks of them.

use core::marker::PhantomData;

use super::super::{CHUNK, MAX_LANES, MAX_VIRTUAL, VECTORS};
use crate::kernel::Elementwise;
use crate::lane::{Isa, Lane, LaneTask, Real};
use crate::prefetch::{ahead, prefetch_read, prefetch_write};
use crate::registry::Element;
use crate::sum::{Cascade, halve};

/// What the gradient of each value is multiplied by.
#[derive(Clone, Copy)]
pub(super) enum Seed<'b, T> {
    Same(T),
    Each(&'b [T]),
}

/// Places that lie one after the other in every slice.
pub(super) struct Places<'b, T, const I: usize, const G: usize> {
    pub(super) len: usize,
    pub(super) inputs: [&'b [T]; I],
    /// The inputs from these places on, if what comes after is to be fetched ahead.
    pub(super) rest: Option<[&'b [T]; I]>,
    pub(super) upstream: Seed<'b, T>,
    /// 0 for places whose row is dropped.
    pub(super) live: Option<&'b [T]>,
    pub(super) elements: Option<&'b mut [T]>,
    /// Of these places, and perhaps of those after them.
    pub(super) gradients: [Option<&'b mut [T]>; G],
}

impl<T: Copy, const I: usize, const G: usize> Places<'_, T, I, G> {
    /// Some of the places.
    #[inline(always)]
    fn part(&mut self, start: usize, len: usize) -> Places<'_, T, I, G> {
        let mut gradients = [const { None }; G];
        for (part, whole) in gradients.iter_mut().zip(&mut self.gradients) {
            *part = whole.as_mut().map(|whole| &mut whole[start..]);
        }
        Places {
            len,
            inputs: self.inputs.map(|whole| &whole[start..start + len]),
            rest: self.rest.map(|rest| rest.map(|whole| &whole[start..])),
            upstream: match self.upstream {
                Seed::Same(upstream) => Seed::Same(upstream),
                Seed::Each(each) => Seed::Each(&each[start..start + len]),
            },
            live: self.live.map(|whole| &whole[start..start + len]),
            elements: self.elements.as_mut().map(|whole| &mut whole[start..start + len]),
            gradients,
        }
    }
}

/// A sum of places that come one after the other: each time but the last a whole number of turns of all lanes, so that every place of a chunk has
/// the lane that it has when they come at once.
pub(super) struct Running<T> {
    /// The sums of the chunk that has begun: place `i` of it is in lane `i` modulo all lanes.
    lanes: [T; MAX_VIRTUAL],
    /// Takes the place of `lanes` where the spec accumulates in `f64`.
    wide: Option<[f64; MAX_VIRTUAL]>,
    /// How many places of that chunk have been summed.
    count: usize,
    /// How many places are still to come.
    left: usize,
    chunks: Cascade,
}

impl<T: Real> Running<T> {
    /// Nothing yet of this many places.
    #[inline(always)]
    pub(super) fn new(places: usize, accumulate_f64: bool) -> Self {
        let mut sums =
            Self { lanes: [T::ZERO; MAX_VIRTUAL], wide: None, count: 0, left: places, chunks: Cascade::new() };
        if accumulate_f64 {
            sums.wide = Some([0.0; MAX_VIRTUAL]);
        }
        sums
    }

    /// The sum, once all places have come.
    pub(super) fn sum(&self) -> f64 {
        self.chunks.sum()
    }
}

/// Runs a kernel over places.
#[inline(always)]
pub(super) fn run_places<T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool>(
    isa: Isa,
    uniforms: &[f64; U],
    places: &mut Places<'_, T, I, G>,
    sums: &mut Running<T>,
) where
    T: Element,
    K: Elementwise<I, U, G>,
{
    T::dispatch(isa, Task::<T, K, I, U, G, FUSED> { uniforms, places, sums, kernel: PhantomData });
}

struct Task<'t, 'p, T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool> {
    uniforms: &'t [f64; U],
    places: &'t mut Places<'p, T, I, G>,
    sums: &'t mut Running<T>,
    kernel: PhantomData<K>,
}

impl<T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool> LaneTask<T>
    for Task<'_, '_, T, K, I, U, G, FUSED>
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) {
        let Self { uniforms, places, sums, kernel: _ } = self;
        let mut u = [L::splat(token, 0.0); U];
        for i in 0..U {
            u[i] = L::splat(token, uniforms[i]);
        }
        let mut start = 0;
        while start < places.len {
            let len = (CHUNK - sums.count).min(places.len - start);
            places.part(start, len).run::<L, K, U, FUSED>(token, &u, sums);
            sums.count += len;
            sums.left -= len;
            if sums.count == CHUNK || sums.left == 0 {
                sums.end_chunk::<L>(token);
            }
            start += len;
        }
    }
}

impl<T: Real> Running<T> {
    /// Adds up the lanes, and begins anew.
    #[inline(always)]
    fn end_chunk<L: Lane<Scalar = T>>(&mut self, token: L::Token) {
        let sum = match &mut self.wide {
            Some(wide) => {
                let mut lanes = core::mem::replace(wide, [0.0; MAX_VIRTUAL]);
                halve(&mut lanes, VECTORS * L::LANES)
            }
            // Nothing came to the other vectors: with them, a sum of a few numbers would take longer than the numbers. They would change
            // nothing: no lane is -0.0, since each began at 0.0.
            None if self.count <= L::LANES => {
                let mut lanes = [0.0; MAX_LANES];
                L::load(token, &self.lanes[..L::LANES]).store_f64(&mut lanes[..L::LANES]);
                halve(&mut lanes, L::LANES)
            }
            None => {
                let mut lanes = [0.0; MAX_VIRTUAL];
                for q in 0..VECTORS {
                    let at = q * L::LANES;
                    L::load(token, &self.lanes[at..at + L::LANES]).store_f64(&mut lanes[at..at + L::LANES]);
                }
                halve(&mut lanes, VECTORS * L::LANES)
            }
        };
        if self.left > 0 {
            self.lanes = [T::ZERO; MAX_VIRTUAL];
        }
        self.count = 0;
        self.chunks.push(sum);
    }
}

impl<T: Element, const I: usize, const G: usize> Places<'_, T, I, G> {
    /// Runs a kernel over places of one chunk, of which the first goes to the first lane.
    #[inline(always)]
    fn run<L, K, const U: usize, const FUSED: bool>(mut self, token: L::Token, u: &[L; U], sums: &mut Running<T>)
    where
        L: Lane<Scalar = T>,
        K: Elementwise<I, U, G>,
    {
        let mut start = 0;
        if let Some(upstream) = self.plain_upstream::<L>(sums) {
            start = self.run_plain::<L, K, U, FUSED>(token, u, L::from_scalar(token, upstream), sums);
        }
        while start < self.len {
            let len = L::LANES.min(self.len - start);
            self.run_vector::<L, K, U, FUSED>(token, u, start, len, sums);
            start += len;
        }
    }

    /// The upstream gradient of all places, if they are for [`run_plain`](Self::run_plain), which is worth it for a turn of all lanes or more.
    #[inline(always)]
    fn plain_upstream<L: Lane<Scalar = T>>(&self, sums: &Running<T>) -> Option<T> {
        let is_plain =
            self.len >= VECTORS * L::LANES && self.live.is_none() && self.elements.is_none() && sums.wide.is_none();
        match self.upstream {
            Seed::Same(upstream) if is_plain => Some(upstream),
            Seed::Same(_) | Seed::Each(_) => None,
        }
    }

    /// The usual cases: nothing wanted but the sum and all gradients, or one of the first two. Returns how far it came.
    #[inline(always)]
    fn run_plain<L, K, const U: usize, const FUSED: bool>(
        &mut self,
        token: L::Token,
        u: &[L; U],
        upstream: L,
        sums: &mut Running<T>,
    ) -> usize
    where
        L: Lane<Scalar = T>,
        K: Elementwise<I, U, G>,
    {
        let wanted = self.gradients.each_ref().map(Option::is_some);
        if const { !FUSED || G == 0 } {
            return self.run_wanting::<L, K, U, FUSED, 0>(token, u, upstream, sums);
        }
        if wanted.iter().all(|wanted| *wanted) {
            return self.run_wanting::<L, K, U, FUSED, { usize::MAX }>(token, u, upstream, sums);
        }
        if const { G > 1 } && wanted.iter().filter(|wanted| **wanted).count() == 1 {
            if wanted[0] {
                return self.run_wanting::<L, K, U, FUSED, 0b01>(token, u, upstream, sums);
            }
            if wanted[1] {
                return self.run_wanting::<L, K, U, FUSED, 0b10>(token, u, upstream, sums);
            }
        }
        0
    }

    /// Four vectors at a time, and the gradients that have a bit in `WANTED`. There is no question in the loop: beyond each, the compiler would
    /// compute what is not needed before it, and vectors that wait do not stay in registers.
    #[inline(always)]
    fn run_wanting<L, K, const U: usize, const FUSED: bool, const WANTED: usize>(
        &mut self,
        token: L::Token,
        u: &[L; U],
        upstream: L,
        sums: &mut Running<T>,
    ) -> usize
    where
        L: Lane<Scalar = T>,
        K: Elementwise<I, U, G>,
    {
        let width = VECTORS * L::LANES;
        let mut vectors = [L::splat(token, 0.0); VECTORS];
        for q in 0..VECTORS {
            vectors[q] = L::load(token, &sums.lanes[q * L::LANES..(q + 1) * L::LANES]);
        }
        let mut start = 0;
        while start + width <= self.len {
            if let Some(rest) = self.rest {
                self.prefetch_ahead::<WANTED>(&rest, start, width);
            }
            let mut inputs: [&[T]; I] = [&[]; I];
            for i in 0..I {
                inputs[i] = &self.inputs[i][start..start + width];
            }
            let mut gradients = [[L::splat(token, 0.0); G]; VECTORS];
            for q in 0..VECTORS {
                let at = q * L::LANES;
                let mut x = [L::splat(token, 0.0); I];
                for i in 0..I {
                    x[i] = L::load(token, &inputs[i][at..at + L::LANES]);
                }
                let (value, gradient) = place::<L, K, I, U, G, FUSED>(token, u, &x, upstream);
                vectors[q] = vectors[q] + value;
                gradients[q] = gradient;
            }
            for g in 0..G {
                if WANTED >> g & 1 == 1
                    && let Some(slot) = &mut self.gradients[g]
                {
                    let slot = &mut slot[start..start + width];
                    for q in 0..VECTORS {
                        gradients[q][g].store(&mut slot[q * L::LANES..(q + 1) * L::LANES]);
                    }
                }
            }
            start += width;
        }
        for q in 0..VECTORS {
            vectors[q].store(&mut sums.lanes[q * L::LANES..(q + 1) * L::LANES]);
        }
        start
    }

    /// Fetches what is read and written after some places.
    #[inline(always)]
    fn prefetch_ahead<const WANTED: usize>(&self, rest: &[&[T]; I], start: usize, len: usize) {
        for i in 0..I {
            prefetch_read(rest[i], ahead::<T>(start, len));
        }
        for g in 0..G {
            if WANTED >> g & 1 == 1
                && let Some(slot) = &self.gradients[g]
            {
                prefetch_write(slot, ahead::<T>(start, len));
            }
        }
    }

    /// One vector, perhaps not full, with everything that can be asked of it.
    #[inline(always)]
    fn run_vector<L, K, const U: usize, const FUSED: bool>(
        &mut self,
        token: L::Token,
        u: &[L; U],
        start: usize,
        len: usize,
        sums: &mut Running<T>,
    ) where
        L: Lane<Scalar = T>,
        K: Elementwise<I, U, G>,
    {
        let zero = L::splat(token, 0.0);
        let mut x = [zero; I];
        for i in 0..I {
            x[i] = load(token, self.inputs[i], start, len);
        }
        let upstream = match self.upstream {
            Seed::Same(upstream) => L::from_scalar(token, upstream),
            Seed::Each(each) => load(token, each, start, len),
        };
        let (mut value, mut gradient) = place::<L, K, I, U, G, FUSED>(token, u, &x, upstream);
        if let Some(live) = self.live {
            let live = load::<L>(token, live, start, len).ne(zero);
            value = L::select(live, value, zero);
            for g in 0..G {
                gradient[g] = L::select(live, gradient[g], zero);
            }
        }
        if let Some(elements) = &mut self.elements {
            store(value, elements, start, len);
        }
        for g in 0..G {
            if let Some(slot) = &mut self.gradients[g] {
                store(gradient[g], slot, start, len);
            }
        }
        let value = L::select(L::first_lanes(token, len), value, zero);
        let q = start / L::LANES % VECTORS;
        match &mut sums.wide {
            None => {
                let sum = &mut sums.lanes[q * L::LANES..(q + 1) * L::LANES];
                (L::load(token, sum) + value).store(sum);
            }
            Some(wide) => {
                let mut lanes = [0.0; MAX_VIRTUAL];
                value.store_f64(&mut lanes[..L::LANES]);
                for lane in 0..L::LANES {
                    wide[q * L::LANES + lane] += lanes[lane];
                }
            }
        }
    }
}

/// A vector of places, perhaps not full.
#[inline(always)]
pub(in crate::drive) fn load<L: Lane>(token: L::Token, from: &[L::Scalar], start: usize, len: usize) -> L {
    let from = &from[start..start + len];
    if len == L::LANES { L::load(token, from) } else { L::load_partial(token, from, L::Scalar::ZERO) }
}

/// The other way round.
#[inline(always)]
fn store<L: Lane>(vector: L, to: &mut [L::Scalar], start: usize, len: usize) {
    let to = &mut to[start..start + len];
    if len == L::LANES { vector.store(to) } else { vector.store_partial(to) }
}

/// The kernel at one vector of places; without gradients, zeros in their stead.
#[inline(always)]
fn place<L, K, const I: usize, const U: usize, const G: usize, const FUSED: bool>(
    token: L::Token,
    u: &[L; U],
    x: &[L; I],
    upstream: L,
) -> (L, [L; G])
where
    L: Lane,
    K: Elementwise<I, U, G>,
{
    if FUSED { K::fused(token, u, x, upstream) } else { (K::value(token, u, x), [L::splat(token, 0.0); G]) }
}

#[cfg(test)]
mod tests;
