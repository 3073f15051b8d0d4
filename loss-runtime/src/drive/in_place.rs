//! Gradients that take the place of an input: what the input holds is read from the slice that its gradient goes to.
//!
//! Whoever reads copies to scratch space first, a block at a time, and writes a place only after everything that is computed from it has
//! been read: places of one row or none depend on it, and a row's own numbers, a gathered logit too, are read before anything of the row is
//! written. What is written is a gradient, or before it what a pass spills, if the kernel says that nothing reads the input after that
//! (`SPILL_REPLACES`): what later passes copy from there, they do not use.

use super::scratch::{clear, runs};
use crate::job::{Geometry, Job, Outputs, Slot, Values, View};
use crate::registry::{Element, Run};

/// Where an input's values lie: a slice that begins at this offset of the caller's.
pub(super) struct Taken<'s, 'o, T> {
    pub(super) slot: &'s Slot<'o, T>,
    pub(super) from: usize,
}

// By hand: no number has to be copied.
impl<T> Clone for Taken<'_, '_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Taken<'_, '_, T> {}

impl<T: Element> Taken<'_, '_, T> {
    /// Values on a line, as numbers.
    pub(super) fn read(&self, offset: usize, stride: usize, to: &mut [T]) {
        self.slot.read(offset - self.from, stride, to);
    }

    /// Fetches values that lie one after the other, if there are so many.
    pub(super) fn prefetch(&self, offset: usize, len: usize) {
        let at = offset - self.from;
        self.slot.prefetch(at..at + len);
    }

    /// The values of places from `start` on, in the order of the geometry.
    #[inline(never)]
    pub(super) fn gather(&self, view: &View<'_, T>, geometry: &Geometry, start: usize, to: &mut [T]) {
        runs(geometry, view.strides, start, to.len(), |at, offset, stride, count| {
            self.read(offset, stride, &mut to[at..at + count]);
        });
    }
}

/// The slice of an input that its gradient takes the place of, among those of some gradients.
#[inline(always)]
pub(super) fn taken<'s, 'o, T: Element, const G: usize>(
    job: &Job<'_, T>,
    input: usize,
    gradients: [usize; G],
    slots: &'s [Option<Slot<'o, T>>; G],
    from: &[usize],
) -> Option<Taken<'s, 'o, T>> {
    if !matches!(job.inputs[input].values, Values::InPlace) {
        return None;
    }
    let place = gradients.iter().position(|gradient| *gradient == input)?;
    slots[place].as_ref().map(|slot| Taken { slot, from: from[input] })
}

/// Makes the gradients ready that a kernel adds to, or does not compute: they begin, or stay, at 0. Gives the sum if that is all there is to do,
/// because the kernel has run already.
#[inline(always)]
pub(super) fn begin<T: Element>(
    job: &Job<'_, T>,
    outputs: &mut Outputs<'_, T>,
    run: Run<T>,
    computes: impl Fn(usize) -> bool,
) -> Option<f64> {
    for input in 0..outputs.gradients.len() {
        let Some(slot) = &mut outputs.gradients[input] else { continue };
        let view = &job.inputs[input];
        if !computes(input) && matches!(view.values, Values::InPlace) {
            return Some(without_gradient(run, job, outputs, input));
        }
        if view.broadcast || !computes(input) {
            clear(view, &job.geometry, slot);
        }
    }
    None
}

/// Runs a kernel that has no gradient for the input in whose place it would go: the input is read as any other, and then cleared.
fn without_gradient<T: Element>(run: Run<T>, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>, input: usize) -> f64 {
    let Some(mut slot) = outputs.gradients[input].take() else { return run(job, outputs) };
    let sum = {
        let mut others = outputs.reborrow();
        let mut inputs = job.inputs;
        inputs[input] = View { values: slot.values(), ..job.inputs[input] };
        run(&Job { inputs, ..job.clone() }, &mut others)
    };
    clear(&job.inputs[input], &job.geometry, &mut slot);
    sum
}
