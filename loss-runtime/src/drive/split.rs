//! Splitting a call's work over threads, along the tree in which its partial sums are added.
#![cfg_attr(not(feature = "parallel"), expect(unused_imports, reason = "one thread needs no splitting"))]

use core::ops::Range;

use crate::call::SLOTS;
use crate::job::{Job, Outputs, Slot};
use crate::registry::Element;
use crate::sum::split;

/// The part of the outputs that belongs to some of the units of work. A slice begins at offset `*_at` of the caller's.
pub(super) struct Part<'o, T> {
    pub(super) elements: Option<Slot<'o, T>>,
    pub(super) elements_at: usize,
    pub(super) gradients: [Option<Slot<'o, T>>; SLOTS],
    pub(super) gradients_at: [usize; SLOTS],
}

/// Where the outputs of a unit of work begin.
pub(super) struct Cut {
    pub(super) elements: usize,
    pub(super) gradients: [usize; SLOTS],
}

impl<'o, T> Part<'o, T> {
    pub(super) fn whole(outputs: &'o mut Outputs<'_, T>) -> Self {
        Self {
            elements: outputs.elements.as_mut().map(Slot::reborrow),
            elements_at: 0,
            gradients: outputs.gradients.each_mut().map(|slot| slot.as_mut().map(Slot::reborrow)),
            gradients_at: [0; SLOTS],
        }
    }

    fn split(self, cut: &Cut) -> (Self, Self) {
        let (left, right) = cut_slot(self.elements, cut.elements - self.elements_at);
        let mut before = Self { elements: left, gradients: [const { None }; SLOTS], ..self };
        let mut after =
            Self { elements: right, elements_at: cut.elements, gradients_at: cut.gradients, ..before.empty() };
        for (input, slot) in self.gradients.into_iter().enumerate() {
            let at = cut.gradients[input].saturating_sub(self.gradients_at[input]);
            (before.gradients[input], after.gradients[input]) = cut_slot(slot, at);
        }
        (before, after)
    }

    fn empty(&self) -> Self {
        Self {
            elements: None,
            elements_at: self.elements_at,
            gradients: [const { None }; SLOTS],
            gradients_at: self.gradients_at,
        }
    }
}

fn cut_slot<T>(slot: Option<Slot<'_, T>>, at: usize) -> (Option<Slot<'_, T>>, Option<Slot<'_, T>>) {
    match slot {
        Some(slot) => {
            let at = at.min(slot.len());
            let (left, right) = slot.split_at(at);
            (Some(left), Some(right))
        }
        None => (None, None),
    }
}

/// Work in numbered units, each giving a part of the sum and writing a contiguous part of every output.
pub(super) trait Work<T>: Sync {
    /// Does some units, and sums them as a [`Cascade`](crate::sum::Cascade).
    fn leaf(&self, units: Range<usize>, part: &mut Part<'_, T>) -> f64;
    /// Where a unit's outputs begin.
    fn cut(&self, unit: usize) -> Cut;
}

/// Below this many element values, starting threads costs more than they save: the cheapest take 25 µs.
const WORTH_SPLITTING: usize = 1 << 19;
/// About how many element values a thread takes at a time.
const LEAF: usize = 1 << 16;

/// How many units, a power of two, one thread does at a time.
///
/// `values` is how many element values, read or written, there are in all. A gradient that is summed over an axis has no parts.
pub(super) fn leaf_units<T: Element>(job: &Job<'_, T>, outputs: &Outputs<'_, T>, units: usize, values: usize) -> usize {
    let summed = job.inputs.iter().zip(&outputs.gradients).any(|(view, slot)| view.broadcast && slot.is_some());
    if summed { usize::MAX } else { leaf(job.threads, units, values) }
}

/// The same for work that has parts.
fn leaf(threads: Option<usize>, units: usize, values: usize) -> usize {
    if !cfg!(feature = "parallel") || threads == Some(1) || values < WORTH_SPLITTING {
        return usize::MAX;
    }
    let enough = LEAF.div_ceil((values / units.max(1)).max(1));
    let share = threads.map_or(1, |threads| units.div_ceil(threads.max(1)));
    enough.max(share).max(1).next_power_of_two()
}

/// What comes of some units, which hold `values` element values in all: parts of them on as many threads as there are, and their results joined in order.
pub(crate) fn reduce_parts<R: Send>(
    threads: Option<usize>,
    units: usize,
    values: usize,
    map: impl Fn(Range<usize>) -> R + Sync,
    join: impl Fn(R, R) -> R + Sync,
) -> R {
    in_halves(0..units, leaf(threads, units, values), (), &|(), _| ((), ()), &|units, ()| map(units), &join)
}

/// Does units of work, `leaf` of them (a power of two) at a time, on as many threads as there are. The sum does not depend on `leaf`.
pub(super) fn sum_units<'o, T: Element, W: Work<T>>(
    work: &W,
    units: Range<usize>,
    leaf: usize,
    part: Part<'o, T>,
) -> f64 {
    let cut = |part: Part<'o, T>, middle| part.split(&work.cut(middle));
    in_halves(units, leaf, part, &cut, &|units, mut part| work.leaf(units, &mut part), &|left, right| left + right)
}

/// Does units of work along the tree of [`split`], `leaf` of them at a time, and joins what comes of them in order. What they work on is cut where
/// they are.
fn in_halves<S: Send, R: Send>(
    units: Range<usize>,
    leaf: usize,
    space: S,
    cut: &(impl Fn(S, usize) -> (S, S) + Sync),
    work: &(impl Fn(Range<usize>, S) -> R + Sync),
    join: &(impl Fn(R, R) -> R + Sync),
) -> R {
    #[cfg(feature = "parallel")]
    if units.len() > leaf
        && let Some(middle) = split(units.len())
    {
        let middle = units.start + middle;
        let (before, after) = cut(space, middle);
        let (left, right) = rayon::join(
            || in_halves(units.start..middle, leaf, before, cut, work, join),
            || in_halves(middle..units.end, leaf, after, cut, work, join),
        );
        return join(left, right);
    }
    let _ = (leaf, cut, join);
    work(units, space)
}

#[cfg(all(test, feature = "parallel"))]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::{LEAF, WORTH_SPLITTING, reduce_parts};

    /// The parts, as they are joined.
    fn parts(threads: Option<usize>, units: usize, values: usize) -> Vec<core::ops::Range<usize>> {
        let run = || reduce_parts(threads, units, values, |part| vec![part], |left, right| [left, right].concat());
        rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads").install(run)
    }

    #[test]
    fn every_unit_is_in_one_part_and_parts_are_joined_in_order() {
        for (units, each) in [(WORTH_SPLITTING, 1), (WORTH_SPLITTING + 1, 1), (1000, 600), (9, 100_000), (1, 1 << 20)] {
            for threads in [None, Some(2), Some(5)] {
                let parts = parts(threads, units, units * each);
                assert_eq!((parts[0].start, parts[parts.len() - 1].end), (0, units));
                assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start), "{parts:?}");
                assert_eq!(parts.len() > 1, units > 1, "{units} units, {threads:?} threads");
                assert!(parts.len() <= threads.unwrap_or(usize::MAX));
                let but_last = &parts[..parts.len() - 1];
                assert!(but_last.iter().all(|part| part.len() * each >= LEAF || part.len() == 1), "{parts:?}");
            }
        }
    }

    #[test]
    fn for_one_thread_and_of_few_numbers_there_is_one_part() {
        for (threads, units) in [(Some(1), 1 << 20), (None, WORTH_SPLITTING - 1), (None, 0)] {
            assert_eq!(parts(threads, units, units), vec![0..units; 1]);
        }
    }
}
