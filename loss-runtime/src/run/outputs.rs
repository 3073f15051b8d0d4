//! Whether what is asked for exists and fits where it goes.

use super::layout::lengths;
use crate::call::{Call, MAX_INPUTS};
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
        let (least, most) = match given {
            Array::Real(tensor) => lengths(&tensor.shape, tensor.row_stride),
            Array::Labels(labels) => lengths(&labels.shape, labels.row_stride),
        };
        if !(least..=most).contains(&slot.len()) {
            return Err(Error::OutputLength { output: input, expected: least, found: slot.len() });
        }
    }
    Ok(())
}
