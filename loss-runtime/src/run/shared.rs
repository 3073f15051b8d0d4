//! Gradients with respect to what all rows share: each sums what the rows contribute, which a kernel of its own gives.

use alloc::vec;
use alloc::vec::Vec;

use crate::call::{MAX_PARAMS, Upstream};
use crate::error::Error;
use crate::info::LossInfo;
use crate::job::{Geometry, Job, Outputs, Slot, Values, View};
use crate::kernel::CONTRIBUTION;
use crate::registry::{Contributions, Element, Kernel, Run, Shared};
use crate::sum::Compensated;

/// Where such gradients go.
pub(super) type Slots<'o> = [Option<&'o mut f64>; MAX_PARAMS];

/// Checks that every gradient of a parameter that is asked for exists.
pub(super) fn check<T>(info: &'static LossInfo, kernel: &Kernel<T>, slots: &Slots<'_>) -> Result<(), Error> {
    for (place, _) in slots.iter().enumerate().filter(|(_, slot)| slot.is_some()) {
        if kernel.shared.iter().all(|shared| shared.of != Shared::Param(place)) {
            return Err(Error::NoParamGradient { param: info.params.get(place).map_or("", |param| param.name) });
        }
    }
    Ok(())
}

/// Whether the gradient of an input is such a sum.
pub(super) fn is_shared_input<T>(kernel: &Kernel<T>, input: usize) -> bool {
    kernel.shared.iter().any(|shared| shared.of == Shared::Input(input))
}

/// What such gradients are multiplied by.
#[derive(Clone, Copy)]
pub(super) struct Scale<'a, T> {
    /// Once a sum is complete.
    after: f64,
    /// Before numbers are added.
    before: Upstream<'a, T>,
}

impl<'a, T: Element> Scale<'a, T> {
    pub(super) fn new(upstream: Upstream<'a, T>, divisor: f64) -> Self {
        match upstream.alone() {
            Some(alone) => Self { after: alone / divisor, before: Upstream::One },
            None => Self { after: 1.0, before: upstream },
        }
    }
}

/// Writes the gradients that are asked for. Those of inputs are taken out of the outputs, which the other kernels know nothing of.
pub(super) fn write<T: Element>(
    kernel: &Kernel<T>,
    job: &Job<'_, T>,
    scale: Scale<'_, T>,
    outputs: &mut Outputs<'_, T>,
    slots: &mut Slots<'_>,
) {
    // A copy is large, and no call without such a gradient should pay for it.
    let job = || job.with_upstream(scale.before);
    for shared in kernel.shared {
        match shared.of {
            Shared::Param(param) => {
                if let Some(slot) = &mut slots[param] {
                    **slot = scale.after * total(shared.contributions, &job());
                }
            }
            Shared::Input(input) => {
                if let Some(mut slot) = outputs.gradients[input].take() {
                    write_input(shared.contributions, &job(), input, scale.after, &mut slot);
                }
            }
        }
    }
}

/// Writes the gradient of an input: one number, or one for each of its places along the second axis.
fn write_input<T: Element>(
    contributions: Contributions<T>,
    job: &Job<'_, T>,
    input: usize,
    scale: f64,
    slot: &mut Slot<'_, T>,
) {
    let rounded = |sum: f64| [T::from_f64(scale * sum)];
    let stride = job.inputs[input].strides[1];
    match contributions {
        Contributions::PerElement(run) if stride != 0 => {
            for (place, sum) in column_sums(run, job, job.geometry.extent).iter().enumerate() {
                slot.write(&rounded(sum.value()), place * stride, 1);
            }
        }
        Contributions::Summed(_) | Contributions::PerRow(_) | Contributions::PerElement(_) => {
            slot.write(&rounded(total(contributions, job)), 0, 1);
        }
    }
}

/// All contributions, summed.
fn total<T: Element>(contributions: Contributions<T>, job: &Job<'_, T>) -> f64 {
    match contributions {
        Contributions::Summed(run) => run(job, &mut Outputs::none()),
        Contributions::PerRow(run) => summed(&column_sums(run, job, 1)),
        Contributions::PerElement(run) => summed(&column_sums(run, job, job.geometry.extent)),
    }
}

fn summed(columns: &[Compensated]) -> f64 {
    let mut sum = Compensated::default();
    columns.iter().for_each(|column| sum.add_sum(*column));
    sum.value()
}

/// About how many contributions are written before they are added: few enough to be in the second cache still, and enough for several threads
/// to write them. Sums do not depend on it.
const AT_A_TIME: usize = 1 << 18;

/// The sums over rows of what each of the `extent` places of a row contributes. Rows are added one after the other, whatever thread
/// wrote their contributions, so that bits depend on the numbers alone.
fn column_sums<T: Element>(run: Run<T>, job: &Job<'_, T>, extent: usize) -> Vec<Compensated> {
    let Geometry { outer, inner, .. } = job.geometry;
    let width = extent * inner;
    let mut sums = vec![Compensated::default(); extent];
    if outer * width == 0 {
        return sums;
    }
    let most = (AT_A_TIME / width).clamp(1, outer);
    let mut space = vec![T::ZERO; most * width];
    // A view has a stride of 0 along an axis that it lacks.
    let stride = |stride: usize, extent: usize| if extent > 1 { stride } else { 0 };
    let strides = [width, stride(inner, extent), stride(1, inner)];
    for start in (0..outer).step_by(most) {
        let count = most.min(outer - start);
        let written = &mut space[..count * width];
        let mut part = job.part(start..start + count);
        part.inputs[CONTRIBUTION] = View { values: Values::Absent, strides, broadcast: false };
        let mut outputs = Outputs::none();
        outputs.gradients[CONTRIBUTION] = Some(Slot::Native(written));
        run(&part, &mut outputs);
        for row in written.chunks_exact(width) {
            if inner == 1 {
                sums.iter_mut().zip(row).for_each(|(sum, place)| sum.add(place.to_f64()));
                continue;
            }
            for (sum, places) in sums.iter_mut().zip(row.chunks_exact(inner)) {
                places.iter().for_each(|place| sum.add(place.to_f64()));
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests;
