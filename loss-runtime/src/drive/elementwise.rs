//! Kernels without reductions: every place by itself, in the order of memory.

use core::marker::PhantomData;
use core::ops::Range;

use super::in_place::{begin, taken};
use super::scratch::{gather, live, scatter};
use super::split::{Cut, Part, Work, leaf_units, sum_units};
use super::{BLOCK, CHUNK, MAX_VIRTUAL, VECTORS, halve};
use crate::call::Upstream;
use crate::job::{Job, Outputs, Slot, Values};
use crate::kernel::Elementwise;
use crate::lane::{Lane, LaneTask, Real};
use crate::registry::Element;
use crate::sum::Cascade;
use crate::tensor::LabelSlice;

/// Runs a kernel's values, without gradients.
pub fn elementwise_forward<T, K, const I: usize, const U: usize, const G: usize>(
    job: &Job<'_, T>,
    outputs: &mut Outputs<'_, T>,
) -> f64
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    run(&Plan::<T, K, I, U, G, false> { job, kernel: PhantomData }, outputs)
}

/// Runs a kernel's values and gradients.
pub fn elementwise_fused<T, K, const I: usize, const U: usize, const G: usize>(
    job: &Job<'_, T>,
    outputs: &mut Outputs<'_, T>,
) -> f64
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    if let Some(sum) = begin(job, outputs, elementwise_fused::<T, K, I, U, G>, |input| K::GRADIENTS.contains(&input)) {
        return sum;
    }
    run(&Plan::<T, K, I, U, G, true> { job, kernel: PhantomData }, outputs)
}

/// A kernel over a call, in chunks of places.
struct Plan<'j, 'a, T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool> {
    job: &'j Job<'a, T>,
    kernel: PhantomData<fn() -> K>,
}

fn run<T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool>(
    plan: &Plan<'_, '_, T, K, I, U, G, FUSED>,
    outputs: &mut Outputs<'_, T>,
) -> f64
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    let places = plan.job.places().places();
    let units = places.div_ceil(CHUNK);
    let leaf = leaf_units(plan.job, outputs, units, places * (I + G + 1));
    sum_units(plan, 0..units, leaf, Part::whole(outputs))
}

impl<T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool> Work<T>
    for Plan<'_, '_, T, K, I, U, G, FUSED>
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    fn leaf(&self, units: Range<usize>, part: &mut Part<'_, T>) -> f64 {
        K::chunks::<FUSED>(self.job, units, part)
    }

    fn cut(&self, unit: usize) -> Cut {
        let place = unit * CHUNK;
        let [outer, extent, inner] = self.job.places().coordinates(place);
        Cut { elements: place, gradients: self.job.inputs.each_ref().map(|view| view.offset(outer, extent, inner)) }
    }
}

/// A method of the kernel, so that the compiler keeps its code with the kernel's: editing one loss recompiles one.
trait Chunks<T: Element, const I: usize, const U: usize, const G: usize>: Elementwise<I, U, G> + Sized {
    fn chunks<const FUSED: bool>(job: &Job<'_, T>, units: Range<usize>, part: &mut Part<'_, T>) -> f64 {
        let uniforms = Self::uniforms(&job.constants());
        let kernel = PhantomData::<Self>;
        T::dispatch(job.isa, Chunked::<T, Self, I, U, G, FUSED> { job, uniforms, units, part, kernel })
    }
}

impl<T, K, const I: usize, const U: usize, const G: usize> Chunks<T, I, U, G> for K
where
    T: Element,
    K: Elementwise<I, U, G>,
{
}

struct Chunked<'j, 'a, 'o, 'p, T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool> {
    job: &'j Job<'a, T>,
    uniforms: [f64; U],
    units: Range<usize>,
    part: &'o mut Part<'p, T>,
    kernel: PhantomData<K>,
}

/// Scratch space for what does not lie as the kernel reads and writes it.
struct Scratch<T, const I: usize, const G: usize> {
    inputs: [[T; BLOCK]; I],
    upstream: [T; BLOCK],
    elements: [T; BLOCK],
    gradients: [[T; BLOCK]; G],
    live: [T; BLOCK],
}

impl<T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool> LaneTask<T>
    for Chunked<'_, '_, '_, '_, T, K, I, U, G, FUSED>
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    type Output = f64;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> f64 {
        let Self { job, uniforms, units, part, kernel: _ } = self;
        let geometry = job.places();
        let places = geometry.places();
        let mut u = [L::splat(token, 0.0); U];
        for i in 0..U {
            u[i] = L::splat(token, uniforms[i]);
        }

        // What lies place after place: the kernel reads it there, or it is converted as it lies.
        let mut direct: [Option<&[T]>; I] = [None; I];
        let mut converted: [Option<LabelSlice<'_>>; I] = [None; I];
        for i in 0..I {
            let view = &job.inputs[K::INPUTS[i]];
            match view.values {
                Values::Native(values) if view.is_flat(&geometry) => direct[i] = Some(values),
                Values::Labels(values) if view.is_flat(&geometry) => converted[i] = Some(values),
                Values::Native(_) | Values::Labels(_) | Values::InPlace | Values::Absent => {}
            }
        }
        let mut slots: [Option<Slot<'_, T>>; G] = [const { None }; G];
        let (mut lies, mut flat) = ([true; G], [true; G]);
        let rounded = part.elements.as_ref().is_some_and(|elements| !elements.is_native());
        let upstream_converted = matches!(job.upstream, Upstream::Converted(_));
        let mut staged = job.dropped.is_some() || rounded || upstream_converted || direct.iter().any(Option::is_none);
        for g in 0..G {
            let view = &job.inputs[K::GRADIENTS[g]];
            slots[g] = if FUSED { part.gradients[K::GRADIENTS[g]].take() } else { None };
            lies[g] = view.is_flat(&geometry) && !view.broadcast;
            flat[g] = slots[g].as_ref().is_none_or(|slot| lies[g] && slot.is_native());
            staged |= !flat[g];
        }
        let mut scratch_space;
        let mut scratch = if staged {
            let zeros = [T::ZERO; BLOCK];
            scratch_space =
                Scratch { inputs: [zeros; I], upstream: zeros, elements: zeros, gradients: [zeros; G], live: zeros };
            Some(&mut scratch_space)
        } else {
            None
        };
        let step = if staged { BLOCK } else { CHUNK };

        let mut sum = Cascade::new();
        for unit in units {
            let end = places.min((unit + 1) * CHUNK);
            let mut sums = Sums { vectors: [L::splat(token, 0.0); VECTORS], wide: None };
            if job.accumulate_f64 {
                sums.wide = Some([0.0; MAX_VIRTUAL]);
            }
            let mut start = unit * CHUNK;
            while start < end {
                let len = step.min(end - start);
                let mut inputs: [&[T]; I] = [&[]; I];
                let mut gradients: [Option<&mut [T]>; G] = [const { None }; G];
                let mut elements = None;
                let mut seeds: &[T] = &[];
                let mut alive = None;
                match &mut scratch {
                    None => {
                        for i in 0..I {
                            inputs[i] = &direct[i].unwrap_or(&[])[start..start + len];
                        }
                        for (g, slot) in slots.iter_mut().enumerate() {
                            if let Some(slot) = slot.as_mut().and_then(Slot::native) {
                                let at = start - part.gradients_at[K::GRADIENTS[g]];
                                gradients[g] = Some(&mut slot[at..at + len]);
                            }
                        }
                    }
                    Some(scratch) => {
                        for (i, space) in scratch.inputs.iter_mut().enumerate() {
                            inputs[i] = match (direct[i], converted[i]) {
                                (Some(values), _) => &values[start..start + len],
                                (None, Some(values)) => {
                                    values.convert_here(start, &mut space[..len]);
                                    &space[..len]
                                }
                                (None, None) => {
                                    let input = K::INPUTS[i];
                                    let (view, space) = (&job.inputs[input], &mut space[..len]);
                                    match taken(job, input, K::GRADIENTS, &slots, &part.gradients_at) {
                                        Some(taken) => taken.gather(view, &geometry, start, space),
                                        None => gather(view, &geometry, start, space),
                                    }
                                    space
                                }
                            };
                        }
                        for (g, (space, slot)) in scratch.gradients.iter_mut().zip(&mut slots).enumerate() {
                            if !flat[g] {
                                gradients[g] = Some(&mut space[..len]);
                            } else if let Some(slot) = slot.as_mut().and_then(Slot::native) {
                                let at = start - part.gradients_at[K::GRADIENTS[g]];
                                gradients[g] = Some(&mut slot[at..at + len]);
                            }
                        }
                        if rounded {
                            elements = Some(&mut scratch.elements[..len]);
                        }
                        if let Upstream::Converted(each) = job.upstream {
                            each.convert_here(start, &mut scratch.upstream[..len]);
                            seeds = &scratch.upstream[..len];
                        }
                        if job.dropped.is_some() {
                            live(job, &geometry, start, &mut scratch.live[..len]);
                            alive = Some(&scratch.live[..len]);
                        }
                    }
                }
                if let Some(slot) = part.elements.as_mut().and_then(Slot::native) {
                    let at = start - part.elements_at;
                    elements = Some(&mut slot[at..at + len]);
                }
                let upstream = match job.upstream {
                    Upstream::One => Seed::Same(L::splat(token, 1.0)),
                    Upstream::Scalar(upstream) => Seed::Same(L::from_scalar(token, upstream)),
                    Upstream::Each(each) => Seed::Each(&each[start..start + len]),
                    Upstream::Converted(_) => Seed::Each(seeds),
                };
                let block = Block { len, inputs, upstream, live: alive, elements, gradients };
                block.run::<K, U, FUSED>(token, &u, &mut sums);
                if let Some(scratch) = &mut scratch {
                    if rounded && let Some(slot) = &mut part.elements {
                        slot.write_here(&scratch.elements[..len], start - part.elements_at);
                    }
                    for g in 0..G {
                        let input = K::GRADIENTS[g];
                        if let Some(slot) = &mut slots[g]
                            && !flat[g]
                        {
                            let (from, at) = (&scratch.gradients[g][..len], part.gradients_at[input]);
                            if lies[g] {
                                slot.write_here(from, start - at);
                            } else {
                                scatter(&job.inputs[input], &geometry, start, from, slot, at);
                            }
                        }
                    }
                }
                start += len;
            }
            sum.push(sums.tree());
        }
        sum.sum()
    }
}

/// The sums of a chunk.
struct Sums<L> {
    vectors: [L; VECTORS],
    /// Takes the place of `vectors` where the spec accumulates in `f64`.
    wide: Option<[f64; MAX_VIRTUAL]>,
}

impl<L: Lane> Sums<L> {
    #[inline(always)]
    fn tree(&self) -> f64 {
        let mut lanes = [0.0; MAX_VIRTUAL];
        match &self.wide {
            Some(wide) => lanes = *wide,
            None => {
                for q in 0..VECTORS {
                    self.vectors[q].store_f64(&mut lanes[q * L::LANES..(q + 1) * L::LANES]);
                }
            }
        }
        halve(&mut lanes, VECTORS * L::LANES)
    }
}

/// What the gradient of each value is multiplied by.
enum Seed<'b, L: Lane> {
    Same(L),
    Each(&'b [L::Scalar]),
}

/// Places that lie one after the other in every slice.
struct Block<'b, L: Lane, const I: usize, const G: usize> {
    len: usize,
    inputs: [&'b [L::Scalar]; I],
    upstream: Seed<'b, L>,
    live: Option<&'b [L::Scalar]>,
    elements: Option<&'b mut [L::Scalar]>,
    gradients: [Option<&'b mut [L::Scalar]>; G],
}

impl<L: Lane, const I: usize, const G: usize> Block<'_, L, I, G> {
    #[inline(always)]
    fn run<K, const U: usize, const FUSED: bool>(mut self, token: L::Token, u: &[L; U], sums: &mut Sums<L>)
    where
        K: Elementwise<I, U, G>,
    {
        let mut start = 0;
        if let Seed::Same(upstream) = self.upstream
            && self.live.is_none()
            && self.elements.is_none()
            && sums.wide.is_none()
        {
            start = self.run_plain::<K, U, FUSED>(token, u, upstream, sums);
        }
        while start < self.len {
            let len = L::LANES.min(self.len - start);
            self.run_vector::<K, U, FUSED>(token, u, start, len, sums);
            start += len;
        }
    }

    /// The usual case without a branch: nothing wanted but sum and gradients, four vectors at a time. Returns how far it came.
    #[inline(always)]
    fn run_plain<K, const U: usize, const FUSED: bool>(
        &mut self,
        token: L::Token,
        u: &[L; U],
        upstream: L,
        sums: &mut Sums<L>,
    ) -> usize
    where
        K: Elementwise<I, U, G>,
    {
        let width = VECTORS * L::LANES;
        let mut vectors = sums.vectors;
        let mut start = 0;
        while start + width <= self.len {
            for q in 0..VECTORS {
                let at = start + q * L::LANES;
                let mut x = [L::splat(token, 0.0); I];
                for i in 0..I {
                    x[i] = L::load(token, &self.inputs[i][at..at + L::LANES]);
                }
                let (value, gradient) = place::<L, K, I, U, G, FUSED>(token, u, &x, upstream);
                vectors[q] = vectors[q] + value;
                for g in 0..G {
                    if let Some(slot) = &mut self.gradients[g] {
                        gradient[g].store(&mut slot[at..at + L::LANES]);
                    }
                }
            }
            start += width;
        }
        sums.vectors = vectors;
        start
    }

    /// One vector, perhaps not full, with everything that can be asked of it.
    #[inline(always)]
    fn run_vector<K, const U: usize, const FUSED: bool>(
        &mut self,
        token: L::Token,
        u: &[L; U],
        start: usize,
        len: usize,
        sums: &mut Sums<L>,
    ) where
        K: Elementwise<I, U, G>,
    {
        let zero = L::splat(token, 0.0);
        let mut x = [zero; I];
        for i in 0..I {
            x[i] = load(token, self.inputs[i], start, len);
        }
        let upstream = match self.upstream {
            Seed::Same(upstream) => upstream,
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
            None => sums.vectors[q] = sums.vectors[q] + value,
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
pub(super) fn load<L: Lane>(token: L::Token, from: &[L::Scalar], start: usize, len: usize) -> L {
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
