//! A call's places, as a kernel can take them: as they lie, or gathered and converted into scratch space a block at a time. Nothing here is
//! compiled for a kernel, only for as many inputs and gradients as it has.

use core::ops::Range;

use super::super::in_place::taken;
use super::super::scratch::{gather, live, scatter};
use super::super::split::Part;
use super::super::{CHUNK, MAX_VIRTUAL};
use super::places::{Places, Running, Seed};
use crate::call::Upstream;
use crate::job::{Geometry, Job, Slot, Values, View};
use crate::prefetch::{is_far, prefetch_read};
use crate::registry::Element;
use crate::tensor::LabelSlice;

/// A kernel over places that lie one after the other.
pub(super) type Run<'k, T, const I: usize, const G: usize> = &'k dyn Fn(&mut Places<'_, T, I, G>, &mut Running<T>);

/// A call and a kernel of it.
pub(super) struct Walk<'w, 'a, T, const I: usize, const G: usize> {
    pub(super) job: &'w Job<'a, T>,
    /// The kernel's inputs and gradients, by their places in the call.
    pub(super) inputs: [usize; I],
    pub(super) gradients: [usize; G],
    /// Whether it computes gradients.
    pub(super) fused: bool,
    pub(super) run: Run<'w, T, I, G>,
}

/// Where an input's numbers come from.
#[derive(Clone, Copy)]
enum Source<'a, T> {
    /// They lie place after place.
    Here(&'a [T]),
    /// They lie place after place, in another type.
    Converted(LabelSlice<'a>),
    /// They lie otherwise.
    Gathered,
}

impl<'a, T> Source<'a, T> {
    fn of(view: &View<'a, T>, geometry: &Geometry) -> Self {
        match view.values {
            Values::Native(values) if view.is_flat(geometry) => Self::Here(values),
            Values::Labels(values) if view.is_flat(geometry) => Self::Converted(values),
            Values::Native(_) | Values::Labels(_) | Values::InPlace | Values::Absent => Self::Gathered,
        }
    }
}

/// Room for a block. Vectors that cross from one line of the cache to the next take twice as long.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Space<T, const B: usize>([T; B]);

impl<T: Element, const B: usize> Space<T, B> {
    const CLEARED: Self = Self([T::ZERO; B]);
}

/// How many places are gathered or converted at a time: enough to make up for what a block costs, few enough for the first cache. With 512 calls
/// in half precision take up to 7 % longer; with 1024, short ones do (`verify/benches/NOTES.md`).
const STAGED: usize = 768;
/// For calls of no more: room has to be cleared before it is used.
const FEW_STAGED: usize = 64;
const _: () = assert!(STAGED.is_multiple_of(MAX_VIRTUAL) && FEW_STAGED.is_multiple_of(MAX_VIRTUAL));

/// How the numbers of a call lie.
struct Lie<'a, 'o, T, const I: usize, const G: usize> {
    geometry: Geometry,
    sources: [Source<'a, T>; I],
    slots: [Option<Slot<'o, T>>; G],
    /// Whether a gradient's places lie one after the other.
    flat: [bool; G],
}

impl<T, const I: usize, const G: usize> Lie<'_, '_, T, I, G> {
    /// Whether most of what is read and written comes from memory.
    fn is_far(&self, part: &Part<'_, T>) -> bool {
        let written = self.slots.iter().filter(|slot| slot.is_some()).count() + usize::from(part.elements.is_some());
        is_far::<T>(self.geometry.places() * (I + written))
    }
}

impl<'a, T: Element, const I: usize, const G: usize> Walk<'_, 'a, T, I, G> {
    /// Does some units of work, and sums them.
    #[inline(never)]
    pub(super) fn leaf(&self, units: Range<usize>, part: &mut Part<'_, T>) -> f64 {
        let geometry = self.job.places();
        let places = units.start * CHUNK..geometry.places().min(units.end.saturating_mul(CHUNK));
        let mut sums = Running::new(places.len(), self.job.accumulate_f64);
        let mut lie = Lie { geometry, sources: [Source::Gathered; I], slots: [const { None }; G], flat: [true; G] };
        for i in 0..I {
            lie.sources[i] = Source::of(&self.job.inputs[self.inputs[i]], &geometry);
        }
        for g in 0..G {
            let view = &self.job.inputs[self.gradients[g]];
            lie.slots[g] = if self.fused { part.gradients[self.gradients[g]].take() } else { None };
            lie.flat[g] = view.is_flat(&geometry) && !view.broadcast;
        }
        match self.whole(&mut lie, &places, part) {
            Some(mut whole) => (self.run)(&mut whole, &mut sums),
            None if places.len() <= FEW_STAGED => self.blocks::<FEW_STAGED>(&mut lie, places, part, &mut sums),
            None => self.blocks::<STAGED>(&mut lie, places, part, &mut sums),
        }
        sums.sum()
    }

    /// All of the places as they lie, if a kernel can take them so.
    fn whole<'p>(
        &self,
        lie: &'p mut Lie<'a, '_, T, I, G>,
        places: &Range<usize>,
        part: &'p mut Part<'_, T>,
    ) -> Option<Places<'p, T, I, G>>
    where
        'a: 'p,
    {
        let is_here = |source: &Source<'_, T>| matches!(source, Source::Here(_));
        let is_native = |slot: &Option<Slot<'_, T>>| slot.as_ref().is_none_or(Slot::is_native);
        let lies = lie.sources.iter().all(is_here)
            && is_native(&part.elements)
            && lie.slots.iter().zip(lie.flat).all(|(slot, flat)| slot.is_none() || flat && is_native(slot));
        if !lies || self.job.dropped.is_some() {
            return None;
        }
        let len = places.len();
        let mut inputs: [&[T]; I] = [&[]; I];
        for (input, source) in inputs.iter_mut().zip(lie.sources) {
            if let Source::Here(values) = source {
                *input = &values[places.clone()];
            }
        }
        let rest = lie.is_far(part).then_some(inputs);
        let upstream = match self.job.upstream {
            Upstream::One => Seed::Same(T::ONE),
            Upstream::Scalar(upstream) => Seed::Same(upstream),
            Upstream::Each(each) => Seed::Each(&each[places.clone()]),
            Upstream::Converted(_) => return None,
        };
        let mut gradients = [const { None }; G];
        for (g, slot) in lie.slots.iter_mut().enumerate() {
            let at = places.start - part.gradients_at[self.gradients[g]];
            gradients[g] = slot.as_mut().and_then(Slot::native).map(|slot| &mut slot[at..at + len]);
        }
        let at = places.start - part.elements_at;
        let elements = part.elements.as_mut().and_then(Slot::native).map(|slot| &mut slot[at..at + len]);
        Some(Places { len, inputs, rest, upstream, live: None, elements, gradients })
    }

    /// The places a block at a time, by way of scratch space.
    fn blocks<const B: usize>(
        &self,
        lie: &mut Lie<'a, '_, T, I, G>,
        places: Range<usize>,
        part: &mut Part<'_, T>,
        sums: &mut Running<T>,
    ) {
        let mut inputs = [Space::<T, B>::CLEARED; I];
        let mut gradients = [Space::<T, B>::CLEARED; G];
        // What few calls need is not cleared for the others.
        let (mut space_0, mut space_1, mut space_2);
        let elements: &mut [T] = if part.elements.as_ref().is_some_and(|slot| !slot.is_native()) {
            space_0 = Space::<T, B>::CLEARED;
            &mut space_0.0
        } else {
            &mut []
        };
        let upstream: &mut [T] = if matches!(self.job.upstream, Upstream::Converted(_)) {
            space_1 = Space::<T, B>::CLEARED;
            &mut space_1.0
        } else {
            &mut []
        };
        let alive: &mut [T] = if self.job.dropped.is_some() {
            space_2 = Space::<T, B>::CLEARED;
            &mut space_2.0
        } else {
            &mut []
        };
        let is_far = lie.is_far(part);
        for start in places.clone().step_by(B) {
            let len = B.min(places.end - start);
            if is_far {
                self.prefetch(lie, part, start + B..places.end.min(start + 2 * B));
            }
            let upstream = match self.job.upstream {
                Upstream::One => Seed::Same(T::ONE),
                Upstream::Scalar(upstream) => Seed::Same(upstream),
                Upstream::Each(each) => Seed::Each(&each[start..start + len]),
                Upstream::Converted(each) => {
                    each.convert(start, 1, &mut upstream[..len]);
                    Seed::Each(&upstream[..len])
                }
            };
            let live = self.job.dropped.is_some().then(|| {
                live(self.job, &lie.geometry, start, &mut alive[..len]);
                &alive[..len]
            });
            // Before a gradient is written over what is read.
            let inputs = self.read(lie, part, start..start + len, &mut inputs);
            let mut wanted = [const { None }; G];
            for (g, (Space(space), slot)) in gradients.iter_mut().zip(&mut lie.slots).enumerate() {
                wanted[g] = slot.as_mut().map(|slot| match slot.native() {
                    // It lies as the kernel writes it.
                    Some(slot) if lie.flat[g] => &mut slot[start - part.gradients_at[self.gradients[g]]..][..len],
                    Some(_) | None => &mut space[..len],
                });
            }
            (self.run)(
                &mut Places {
                    len,
                    inputs,
                    rest: None,
                    upstream,
                    live,
                    elements: part.elements.as_mut().map(|slot| match slot.native() {
                        Some(slot) => &mut slot[start - part.elements_at..][..len],
                        None => &mut elements[..len],
                    }),
                    gradients: wanted,
                },
                sums,
            );
            if let Some(slot) = &mut part.elements
                && !slot.is_native()
            {
                slot.write(&elements[..len], start - part.elements_at, 1);
            }
            for (g, slot) in lie.slots.iter_mut().enumerate() {
                let Some(slot) = slot else { continue };
                if lie.flat[g] && slot.is_native() {
                    continue;
                }
                let (from, at) = (&gradients[g].0[..len], part.gradients_at[self.gradients[g]]);
                if lie.flat[g] {
                    slot.write(from, start - at, 1);
                } else {
                    scatter(&self.job.inputs[self.gradients[g]], &lie.geometry, start, from, slot, at);
                }
            }
        }
    }

    /// Fetches a block to come.
    fn prefetch(&self, lie: &Lie<'a, '_, T, I, G>, part: &Part<'_, T>, block: Range<usize>) {
        for source in &lie.sources {
            match source {
                Source::Here(values) => prefetch_read(values, block.clone()),
                Source::Converted(values) => values.prefetch(block.clone()),
                Source::Gathered => {}
            }
        }
        for g in (0..G).filter(|&g| lie.flat[g]) {
            let from = part.gradients_at[self.gradients[g]];
            if let Some(slot) = &lie.slots[g] {
                slot.prefetch(block.start - from..block.end.max(block.start) - from);
            }
        }
    }

    /// The inputs of a block: as they lie, or in this space.
    fn read<'p, const B: usize>(
        &self,
        lie: &Lie<'a, '_, T, I, G>,
        part: &Part<'_, T>,
        block: Range<usize>,
        spaces: &'p mut [Space<T, B>; I],
    ) -> [&'p [T]; I]
    where
        'a: 'p,
    {
        let mut inputs: [&'p [T]; I] = [&[]; I];
        for (i, space) in spaces.iter_mut().enumerate() {
            let space = &mut space.0[..block.len()];
            inputs[i] = match lie.sources[i] {
                Source::Here(values) => &values[block.clone()],
                Source::Converted(values) => {
                    values.convert(block.start, 1, space);
                    space
                }
                Source::Gathered => {
                    let view = &self.job.inputs[self.inputs[i]];
                    match taken(self.job, self.inputs[i], self.gradients, &lie.slots, &part.gradients_at) {
                        Some(taken) => taken.gather(view, &lie.geometry, block.start, space),
                        None => gather(view, &lie.geometry, block.start, space),
                    }
                    space
                }
            };
        }
        inputs
    }
}

#[cfg(test)]
mod tests;
