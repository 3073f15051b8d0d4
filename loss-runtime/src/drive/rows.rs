//! A block of rows, one to a lane: what is the same along and across the second axis.

use core::marker::PhantomData;
use core::ops::Range;

use super::MAX_LANES;
use super::across::{Across, TILE_EXTENT};
use super::along::Along;
use super::block::Block;
use super::in_place::{Taken, taken};
use super::scratch::put;
use super::split::Part;
use crate::call::SLOTS;
use crate::job::{Job, Slot, Values};
use crate::kernel::{Accumulate, RowSource, RowWise};
use crate::lane::{Lane, Real};
use crate::prefetch::is_far;
use crate::registry::Element;
use crate::sum::Runs;

/// The most passes a kernel may have.
pub(super) const MAX_PASSES: usize = 8;

/// Whether rows are walked along the second axis: where they are long and contiguous. This depends on the geometry alone.
pub(super) fn walks_along<T>(job: &Job<'_, T>) -> bool {
    job.geometry.inner == 1 && job.geometry.extent > TILE_EXTENT
}

/// A kernel at work on a part of a call.
pub(super) struct Sweep<
    's,
    'a,
    'o,
    L: Lane,
    K,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
> {
    pub(super) token: L::Token,
    pub(super) job: &'s Job<'a, L::Scalar>,
    pub(super) u: [L; U],
    pub(super) elements: Option<Slot<'o, L::Scalar>>,
    pub(super) elements_at: usize,
    pub(super) element_gradients: [Option<Slot<'o, L::Scalar>>; G],
    pub(super) row_gradients: [Option<Slot<'o, L::Scalar>>; H],
    pub(super) gradients_at: [usize; SLOTS],
    /// Whether most of what is read and written comes from memory.
    pub(super) is_far: bool,
    kernel: PhantomData<K>,
}

impl<
    's,
    'a,
    'o,
    T,
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
> Sweep<'s, 'a, 'o, L, K, E, R, S, U, A, V, G, H>
where
    T: Element,
    L: Lane<Scalar = T>,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    #[inline(always)]
    pub(super) fn new(token: L::Token, job: &'s Job<'a, T>, uniforms: &[f64; U], part: &mut Part<'o, T>) -> Self {
        const {
            assert!(K::PASSES.len() <= MAX_PASSES, "a kernel has at most 8 passes");
            assert!(K::SPILL.is_none() || G > 0, "a kernel that spills has a gradient along both axes");
        };
        let mut u = [L::splat(token, 0.0); U];
        for i in 0..U {
            u[i] = L::splat(token, uniforms[i]);
        }
        let mut element_gradients = [const { None }; G];
        for g in 0..G {
            element_gradients[g] = part.gradients[K::ELEMENT_GRADIENTS[g]].take();
        }
        let mut row_gradients = [const { None }; H];
        for h in 0..H {
            row_gradients[h] = part.gradients[K::ROW_GRADIENTS[h]].take();
        }
        let written = element_gradients.iter().filter(|slot| slot.is_some()).count();
        Self {
            token,
            job,
            u,
            is_far: is_far::<T>(job.geometry.places() * (E + written)),
            elements: part.elements.take(),
            elements_at: part.elements_at,
            element_gradients,
            row_gradients,
            gradients_at: part.gradients_at,
            kernel: PhantomData,
        }
    }

    /// Whether lanes hold neighbours on the second axis.
    #[inline(always)]
    fn walks_along(&self) -> bool {
        walks_along(self.job)
    }

    /// Works on rows in order, walking along the second axis: lanes hold neighbours on it. Gives the sum of their values.
    #[inline(always)]
    pub(super) fn group_along(&mut self, along: &mut Along<T, E, S, G>, rows: Range<usize>) -> f64 {
        let mut sum = Runs::new();
        let mut row = rows.start;
        while row < rows.end {
            let block = Block::new(self.job, row, rows.end.min(row + along.rows()));
            along.block(self, &block, &mut sum);
            row += block.rows.len;
        }
        sum.sum()
    }

    /// Works on rows in order, walking across them: lanes hold rows. Gives the sum of their values.
    #[inline(always)]
    pub(super) fn group_across(&mut self, across: &mut Across<'_, L, E, A, G>, rows: Range<usize>) -> f64 {
        let mut sum = Runs::new();
        let mut row = rows.start;
        while row < rows.end {
            let block = Block::new(self.job, row, rows.end.min(row + L::LANES));
            across.block(self, &block, rows.end, &mut sum);
            row += block.rows.len;
        }
        sum.sum()
    }

    /// Fetches places of a row that will be read, if there is such a row. Out of line: it is called once for hundreds of places, and not for near arrays.
    #[inline(never)]
    pub(super) fn prefetch_inputs(&self, outer: usize, places: Range<usize>) {
        if outer >= self.job.geometry.outer {
            return;
        }
        for input in K::ELEMENTS {
            let view = &self.job.inputs[input];
            if view.strides[1] != 1 {
                continue;
            }
            let at = view.offset(outer, places.start, 0);
            match self.taken(input) {
                Some(taken) => taken.prefetch(at, places.len()),
                None => view.values.prefetch(at..at + places.len()),
            }
        }
    }

    /// Fetches places of a row's gradients that will be written. Those in place of an input are fetched with it.
    #[inline(never)]
    pub(super) fn prefetch_gradients(&self, outer: usize, places: Range<usize>) {
        for (slot, input) in self.element_gradients.iter().zip(K::ELEMENT_GRADIENTS) {
            let view = &self.job.inputs[input];
            if let Some(slot) = slot
                && view.strides[1] == 1
                && !matches!(view.values, Values::InPlace)
            {
                let at = view.offset(outer, places.start, 0) - self.gradients_at[input];
                slot.prefetch(at..at + places.len());
            }
        }
    }

    /// Where an input lies that its gradient takes the place of.
    #[inline(always)]
    pub(super) fn taken(&self, input: usize) -> Option<Taken<'_, 'o, T>> {
        let (job, from) = (self.job, &self.gradients_at);
        taken(job, input, K::ELEMENT_GRADIENTS, &self.element_gradients, from)
            .or_else(|| taken(job, input, K::ROW_GRADIENTS, &self.row_gradients, from))
    }

    /// The row values of a block.
    #[inline(always)]
    pub(super) fn row_values(&self, block: &Block) -> [L; R] {
        let mut values = [L::splat(self.token, 0.0); R];
        for (value, source) in values.iter_mut().zip(K::ROWS) {
            let mut lanes = [T::ONE; MAX_LANES];
            let input = match source {
                RowSource::Input(input) | RowSource::Gather { values: input, .. } => input,
            };
            block.read(self.job, source, self.taken(input), &mut lanes);
            *value = L::load(self.token, &lanes[..L::LANES]);
        }
        values
    }

    /// What the gradient of each row's value is multiplied by. Meaningful only if the value is per row.
    #[inline(always)]
    pub(super) fn row_upstream(&self, block: &Block) -> L {
        let mut lanes = [T::ZERO; MAX_LANES];
        block.read_upstream(self.job, &mut lanes);
        L::load(self.token, &lanes[..L::LANES]) * L::splat(self.token, self.repeat())
    }

    /// How often a row's value counts: at every place of the row, where the loss varies along it and this formula does not.
    #[inline(always)]
    pub(super) fn repeat(&self) -> f64 {
        if self.job.per_element && !K::VALUE_PER_ELEMENT { self.job.geometry.extent as f64 } else { 1.0 }
    }

    /// Whether anything is wanted that only a pass over the places of a row gives.
    #[inline(always)]
    pub(super) fn wants_elements(&self) -> bool {
        K::VALUE_PER_ELEMENT || self.element_gradients.iter().any(Option::is_some)
    }

    /// Whether there is a pass [`RowWise::SPILL`], and the first element gradient's buffer can hold what it gives.
    #[inline(always)]
    pub(super) fn spills(&self) -> bool {
        let (Some(&input), [Some(slot), others @ ..]) = (K::ELEMENT_GRADIENTS.first(), &self.element_gradients[..])
        else {
            return false;
        };
        let view = &self.job.inputs[input];
        let replaces = K::SPILL_REPLACES && others.iter().all(Option::is_none);
        K::SPILL.is_some()
            && slot.is_native()
            && !view.broadcast
            // There the input may still have to be read.
            && (replaces || !matches!(view.values, Values::InPlace))
            && (!self.walks_along() || view.strides[1] == 1)
    }

    /// Puts what a block's rows have of their own in its place, and adds their values to `sum`, row by row.
    #[inline(always)]
    pub(super) fn finish(
        &mut self,
        block: &Block,
        value: L,
        gradients: [L; H],
        totals: &[f64; MAX_LANES],
        sum: &mut Runs,
    ) {
        let mut lanes = [T::ZERO; MAX_LANES];
        for h in 0..H {
            let input = K::ROW_GRADIENTS[h];
            if let Some(slot) = &mut self.row_gradients[h] {
                gradients[h].store(&mut lanes[..L::LANES]);
                block.quiet(&mut lanes);
                let view = &self.job.inputs[input];
                let offset = view.offset(block.rows.outer, 0, block.rows.inner) - self.gradients_at[input];
                let stride = block.lane_stride(self.job, input);
                put(view.broadcast, &lanes[..block.rows.len], slot, offset, stride);
            }
        }
        if K::VALUE_PER_ELEMENT {
            block.add(totals, 1.0, sum);
            return;
        }
        value.store(&mut lanes[..L::LANES]);
        block.quiet(&mut lanes);
        if let Some(elements) = &mut self.elements {
            elements.write(&lanes[..block.rows.len], block.rows.row - self.elements_at, 1);
        }
        let mut values = [0.0; MAX_LANES];
        value.store_f64(&mut values[..L::LANES]);
        block.add(&values, self.repeat(), sum);
    }
}

/// What an accumulator starts at: taking it in changes nothing.
#[inline(always)]
pub(super) fn identity(kind: Accumulate) -> f64 {
    match kind {
        Accumulate::Nothing | Accumulate::Sum => 0.0,
        Accumulate::Max | Accumulate::Shift => f64::NEG_INFINITY,
        Accumulate::Min => f64::INFINITY,
    }
}

/// An accumulator after taking in a contribution, or another accumulator.
#[inline(always)]
pub(super) fn take<L: Lane>(kind: Accumulate, accumulator: L, contribution: L) -> L {
    match kind {
        Accumulate::Nothing => accumulator,
        Accumulate::Sum => accumulator + contribution,
        Accumulate::Max => accumulator.max_propagating_nan(contribution),
        Accumulate::Min => accumulator.min_propagating_nan(contribution),
        Accumulate::Shift => accumulator.max_ignoring_nan(contribution),
    }
}

/// [`take`] of single numbers, with the same bits.
#[inline(always)]
pub(super) fn take_one<T: Real>(kind: Accumulate, accumulator: T, contribution: T) -> T {
    let replaces = match kind {
        Accumulate::Nothing => false,
        // The sum of two floats is the same whether rounded to the compute type at once or by way of `f64`.
        Accumulate::Sum => return T::from_f64(accumulator.to_f64() + contribution.to_f64()),
        Accumulate::Max => contribution > accumulator || contribution.is_nan(),
        Accumulate::Min => contribution < accumulator || contribution.is_nan(),
        Accumulate::Shift => contribution > accumulator,
    };
    if replaces { contribution } else { accumulator }
}

/// A finished accumulator. The sign of an extreme that is 0 would tell in which order it was found.
#[inline(always)]
pub(super) fn settle<L: Lane>(token: L::Token, kind: Accumulate, accumulator: L) -> L {
    match kind {
        Accumulate::Nothing | Accumulate::Sum => accumulator,
        Accumulate::Max | Accumulate::Min | Accumulate::Shift => accumulator + L::splat(token, 0.0),
    }
}

/// What pass [`RowWise::SPILL`] gave at a place, computed again.
#[inline(always)]
pub(super) fn spilled_again<
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
    token: L::Token,
    u: &[L; U],
    v: &[L; V],
    x: &[L; E],
    s: &[L; S],
    index: L,
    upstream: L,
) -> L
where
    L: Lane,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    // A pass's number is a const generic, and an associated constant cannot be one.
    match K::SPILL {
        None => L::splat(token, 0.0),
        Some(0) => K::step::<L, 0>(token, u, v, x, s, index, upstream).1,
        Some(1) => K::step::<L, 1>(token, u, v, x, s, index, upstream).1,
        Some(2) => K::step::<L, 2>(token, u, v, x, s, index, upstream).1,
        Some(3) => K::step::<L, 3>(token, u, v, x, s, index, upstream).1,
        Some(4) => K::step::<L, 4>(token, u, v, x, s, index, upstream).1,
        Some(5) => K::step::<L, 5>(token, u, v, x, s, index, upstream).1,
        Some(6) => K::step::<L, 6>(token, u, v, x, s, index, upstream).1,
        Some(_) => K::step::<L, 7>(token, u, v, x, s, index, upstream).1,
    }
}

#[cfg(test)]
mod tests;
