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

/// What sums are multiplied by once they are complete, and the upstream gradients that are multiplied before.
pub(super) fn scales<T: Element>(upstream: Upstream<'_, T>, divisor: f64) -> (f64, Upstream<'_, T>) {
    match upstream {
        Upstream::One => (1.0 / divisor, Upstream::One),
        Upstream::Scalar(upstream) | Upstream::Each(&[upstream]) => (upstream.to_f64() / divisor, Upstream::One),
        Upstream::Each(_) => (1.0, upstream),
    }
}

/// Writes the gradients that are asked for. Those of inputs are taken out of the outputs, which the other kernels know nothing of.
pub(super) fn write<T: Element>(
    kernel: &Kernel<T>,
    job: &Job<'_, T>,
    (scale, upstream): (f64, Upstream<'_, T>),
    outputs: &mut Outputs<'_, T>,
    slots: &mut Slots<'_>,
) {
    for shared in kernel.shared {
        let sum = || scale * (shared.run)(&job.with_upstream(upstream), &mut Outputs::none());
        match shared.of {
            Shared::Param(param) => {
                if let Some(slot) = &mut slots[param] {
                    **slot = sum();
                }
            }
            Shared::Input(input) => {
                if let Some(slot) = outputs.gradients[input].take() {
                    let gradient = T::from_f64(sum());
                    slot.iter_mut().take(1).for_each(|place| *place = gradient);
                }
            }
        }
    }
}
