//! Whether what is asked for exists and fits where it goes.

use super::layout::lengths;
use crate::call::{Call, Curvature, MAX_INPUTS};
use crate::error::Error;
use crate::info::LossInfo;
use crate::tensor::Array;

/// Checks that every gradient asked for exists, and that its slice has the length of its input's.
pub(super) fn check<T>(
    info: &'static LossInfo,
    call: &Call<'_, T>,
    gradients: &[Option<&mut [T]>; MAX_INPUTS],
) -> Result<(), Error> {
    for (place, slot) in gradients.iter().enumerate() {
        let Some(slot) = slot else { continue };
        let declared = info.inputs.get(place);
        let input = declared.map_or("", |declared| declared.name);
        let given = call.inputs[place].as_ref().filter(|_| declared.is_some_and(|declared| declared.gradient));
        let Some(given) = given else {
            return Err(Error::NoGradient { input });
        };
        fits(input, given, slot)?;
    }
    Ok(())
}

/// A curvature that exists, and where it goes.
pub(super) struct Bend<'o, T> {
    pub(super) which: Curvature,
    /// The input that it is of.
    pub(super) input: usize,
    pub(super) slot: &'o mut [T],
}

/// Checks that the curvature asked for exists, and that its slice has the length of its input's.
pub(super) fn bend<'o, T>(
    info: &'static LossInfo,
    call: &Call<'_, T>,
    curvature: Option<(Curvature, &'o mut [T])>,
) -> Result<Option<Bend<'o, T>>, Error> {
    let Some((which, slot)) = curvature else { return Ok(None) };
    let Some(declared) = &info.curvature else { return Err(Error::NoCurvature { loss: info.name }) };
    let given = call.inputs[declared.input].as_ref().ok_or(Error::NoCurvature { loss: info.name })?;
    fits("curvature", given, slot)?;
    Ok(Some(Bend { which, input: declared.input, slot }))
}

/// Checks that a slice has the length of an input's.
fn fits<T>(output: &'static str, given: &Array<'_, T>, slot: &[T]) -> Result<(), Error> {
    let (least, most) = match given {
        Array::Real(tensor) => lengths(&tensor.shape, tensor.row_stride),
        Array::Labels(labels) => lengths(&labels.shape, labels.row_stride),
    };
    if !(least..=most).contains(&slot.len()) {
        return Err(Error::OutputLength { output, expected: least, found: slot.len() });
    }
    Ok(())
}
