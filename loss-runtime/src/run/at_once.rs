//! The usual call, at once: a few numbers, all arrays of one shape and without gaps, and nothing wrong.
//!
//! It gives what the general way comes to, or nothing: a call that is unusual in any respect, or wrong in any, is left to that way, which
//! says what is wrong. So there are no errors here, and nothing is written before all is known to be well.

use super::labels::all_admitted_alone;
use super::layout::{dimension, shape};
use super::{Chosen, Supplied, finished, params};
use crate::call::{MAX_INPUTS, MAX_PARAMS, Outcome, Request, Want};
use crate::drive::CHUNK;
use crate::info::{Divisor, Label, LossInfo};
use crate::job::Line;
use crate::lane::Isa;
use crate::registry::{Element, Loss, Over, Variant, VariantKey};
use crate::shape::Shape;
use crate::tensor::Array;

/// The most numbers of an array: what one thread sums as one chunk. A longer call does not feel what the general way costs.
const MOST: usize = CHUNK;

/// Answers a call, or leaves it as it is.
pub(super) fn answer<T: Element>(
    loss: &dyn Loss,
    supplied: &Supplied<'_, '_, T>,
    request: &mut Request<'_, T>,
) -> Option<Outcome<T>> {
    let info = loss.info();
    let Supplied { inputs, params: supplied, execution } = supplied;
    if inputs.len() != info.inputs.len() || supplied.len() != info.params.len() {
        return None;
    }
    let shape = shape(inputs.get(info.layout)?.as_ref()?);
    let len = shape.len();
    if len == 0 || len > MOST || asks_for_more(request) {
        return None;
    }
    let mut values: [&[T]; MAX_INPUTS] = [&[]; MAX_INPUTS];
    let mut present = 0;
    let mut all_real = true;
    for (place, ((declared, array), slot)) in info.inputs.iter().zip(*inputs).zip(&mut values).enumerate() {
        match array {
            // Declared conditions are checked by code that reads a layout.
            Some(array) if declared.domain.is_none() => {
                *slot = numbers(array, shape, len)?;
                present |= 1 << place;
                all_real &= matches!(declared.label, Label::Real);
            }
            None if declared.optional || declared.default.is_some() => {}
            Some(_) | None => return None,
        }
    }

    let mut params = [f64::NAN; MAX_PARAMS];
    params::check::<T>(loss, supplied, &mut params).ok()?;
    let params = params.get_mut(..info.params.len())?;
    let variant = T::variant(loss, &VariantKey { params, present });
    for value in &mut *params {
        *value = T::from_f64(*value).to_f64();
    }
    let reduction = Chosen::find(info, request.reduction).ok()?;
    let of = reduction.summand(variant);
    if of.is_some() && request.elements.is_some() {
        return None;
    }
    let lines = of.unwrap_or(&variant.loss).lines.as_ref()?;
    let divisor = counted(reduction, info, variant, (shape, len))?;
    // One number, where the result is one or it is a number for all; of as many as there are values, the general way takes each.
    let upstream = match (request.upstream.count(), reduction) {
        (Some(count), Chosen::None) if count != len => return None,
        (Some(_) | None, _) => T::from_f64(request.upstream.alone()? / divisor),
    };
    let isa = match execution.isa {
        None => Isa::detect(),
        Some(isa) => isa.is_available().then_some(isa)?,
    };
    if !all_real && !info.inputs.iter().zip(&values).all(|(declared, values)| all_admitted_alone(declared, values, isa))
    {
        return None;
    }
    let mut line = Line {
        isa,
        accumulate_f64: variant.accumulate_f64,
        len,
        extent: extent(info, shape)?,
        params,
        inputs: values,
        upstream,
        elements: None,
        gradients: [const { None }; MAX_INPUTS],
    };
    let (own, others) = request.gradients.split_at_mut_checked(info.inputs.len())?;
    let mut is_fused = false;
    for (place, slot) in own.iter_mut().enumerate() {
        let Some(slot) = slot else { continue };
        if slot.len() != len || !info.inputs[place].gradient || present >> place & 1 == 0 {
            return None;
        }
        line.gradients[place] = Some(slot);
        is_fused = true;
    }
    if any(others) {
        return None;
    }
    if let Some(elements) = &mut request.elements {
        if elements.len() != len {
            return None;
        }
        line.elements = Some(elements);
    }
    let sum = if is_fused {
        (lines.fused)(&mut line)
    } else if request.want != Want::Nothing || line.elements.is_some() {
        (lines.forward)(&mut line)
    } else {
        0.0
    };
    Some(finished(reduction, sum, divisor, request.want, len))
}

/// Whether more is asked for than values and gradients of inputs.
fn asks_for_more<T: Element>(request: &Request<'_, T>) -> bool {
    any(&request.params) || request.curvature.is_some() || request.product.is_some()
}

/// Whether any of a few slots is there. All are looked at: a loop that stops at one is slower.
fn any<S>(slots: &[Option<S>]) -> bool {
    slots.iter().fold(false, |any, slot| any | slot.is_some())
}

/// The extent of the second axis; 1 if there is none.
fn extent(info: &LossInfo, shape: &Shape) -> Option<usize> {
    let Some(axis) = info.axes.get(1) else { return Some(1) };
    shape.extents().get(dimension(Some(axis.position), shape)?).copied()
}

/// The divisor, if it is 1 or counts places.
fn counted<T>(reduction: Chosen, info: &LossInfo, variant: &Variant<T>, (shape, len): (&Shape, usize)) -> Option<f64> {
    let Chosen::Named(place) = reduction else { return Some(1.0) };
    let count = match info.reductions[place].divisor {
        Divisor::Elements => len,
        Divisor::Samples => shape.extents().first().copied().unwrap_or(1),
        Divisor::Sum => match variant.reductions.get(place)?.over {
            Some(Over::Places) => len,
            Some(Over::Sum(_)) | None => return None,
        },
    };
    Some(count as f64)
}

/// An array's numbers, if they are of the compute type, of this shape, and lie one after the other.
fn numbers<'a, T: Element>(array: &Array<'a, T>, shape: &Shape, len: usize) -> Option<&'a [T]> {
    let (values, own, row_stride) = match array {
        Array::Real(tensor) => (tensor.data, &tensor.shape, tensor.row_stride),
        Array::Labels(labels) => (T::same_type(labels.data)?, &labels.shape, labels.row_stride),
    };
    (row_stride.is_none() && values.len() == len && own == shape).then_some(values)
}
