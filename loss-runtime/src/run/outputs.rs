//! Whether what is asked for exists and fits where it goes.

use super::layout::lengths_of;
use crate::call::{Call, Curvature, MAX_INPUTS, SLOTS};
use crate::error::Error;
use crate::info::LossInfo;
use crate::job::{Job, Slot};
use crate::tensor::Array;

/// Checks that every gradient asked for exists, and that its slice has the length of its input's.
pub(super) fn check<T>(
    info: &'static LossInfo,
    call: &Call<'_, T>,
    job: &Job<'_, T>,
    gradients: &[Option<Slot<'_, T>>; SLOTS],
) -> Result<(), Error> {
    for (place, slot) in gradients.iter().enumerate().take(MAX_INPUTS) {
        let Some(slot) = slot else { continue };
        let declared = info.inputs.get(place);
        let input = declared.map_or("", |declared| declared.name);
        let given = call.inputs[place].as_ref().filter(|_| declared.is_some_and(|declared| declared.gradient));
        let Some(given) = given else {
            return Err(Error::NoGradient { input });
        };
        fits(input, given, slot.len())?;
        if job.inputs[place].broadcast && !slot.is_native() {
            return Err(Error::Unsupported { what: "a gradient in half precision that is a sum over an axis" });
        }
    }
    Ok(())
}

/// A curvature that exists, and where it goes.
pub(super) struct Bend<'o, T> {
    pub(super) which: Curvature,
    /// The input that it is of.
    pub(super) input: usize,
    pub(super) slot: Slot<'o, T>,
}

/// Checks that the curvature asked for exists, and that its slice has the length of its input's.
pub(super) fn bend<'o, T>(
    info: &'static LossInfo,
    call: &Call<'_, T>,
    curvature: Option<(Curvature, Slot<'o, T>)>,
) -> Result<Option<Bend<'o, T>>, Error> {
    let Some((which, slot)) = curvature else { return Ok(None) };
    let Some(declared) = &info.curvature else { return Err(Error::NoCurvature { loss: info.name }) };
    let given = call.inputs[declared.input].as_ref().ok_or(Error::NoCurvature { loss: info.name })?;
    fits("curvature", given, slot.len())?;
    Ok(Some(Bend { which, input: declared.input, slot }))
}

/// Checks that a slice has the length of an input's.
fn fits<T>(output: &'static str, given: &Array<'_, T>, found: usize) -> Result<(), Error> {
    let (least, most) = lengths_of(given);
    if !(least..=most).contains(&found) {
        return Err(Error::OutputLength { output, expected: least, found });
    }
    Ok(())
}
