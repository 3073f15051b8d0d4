//! Gradients with respect to what all rows share: each is the sum that a kernel of its own gives.

use crate::call::{MAX_PARAMS, Upstream};
use crate::error::Error;
use crate::info::LossInfo;
use crate::job::{Job, Outputs};
use crate::registry::{Element, Kernel, Shared};

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
    for shared in kernel.shared {
        let sum = || scale.after * (shared.run)(&job.with_upstream(scale.before), &mut Outputs::none());
        match shared.of {
            Shared::Param(param) => {
                if let Some(slot) = &mut slots[param] {
                    **slot = sum();
                }
            }
            Shared::Input(input) => {
                if let Some(mut slot) = outputs.gradients[input].take() {
                    slot.write(&[T::from_f64(sum())], 0, 1);
                }
            }
        }
    }
}
