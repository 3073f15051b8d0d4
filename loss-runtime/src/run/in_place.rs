//! A call whose gradient takes the place of an input.
//!
//! It is checked whole, with the input lent to be read, and only then the input is lent to be overwritten: so nothing is written on an
//! error, and no slice is read and written under two names. A usual call of a few numbers is answered at once, of a copy of the input.

use core::mem;

use super::layout::given;
use super::{
    Answers, Asked, Checked, Chosen, Supplied, check, finished, fits, outputs, run_kernel, shared, shared_gradients,
    write_values,
};
use crate::call::{Call, MAX_INPUTS, Outcome, OwnCall, Request, SLOTS};
use crate::error::Error;
use crate::info::Position;
use crate::job::{Job, Slot, Values, View};
use crate::lane::Isa;
use crate::registry::{Element, Loss};
use crate::shape::Shape;
use crate::stored::Stored;
use crate::tensor::{Array, Tensor, TensorMut};

/// Computes what is asked for, as [`run`](super::run) does and with the same bits, and writes the gradient of one input, by its place in
/// `LossInfo::inputs`, over the input's own values. The call must hold all other inputs, and the request ask for no other gradient of
/// this one, and for no second derivative.
///
/// No second array of the input's size is needed: values are copied to scratch space a block at a time before their gradients are written.
///
/// # Errors
/// As [`run`](super::run); nothing is written then. Refused is also a gradient that does not lie as its input does: of an input that is
/// broadcast, and, in losses of whole rows, of places that follow the second axis, as the pixels of `[N, C, height, width]` do.
pub fn run_in_place<'o, T: Stored>(
    loss: &dyn Loss,
    call: &Call<'_, T>,
    mut request: Request<'o, T>,
    input: usize,
    mut values: TensorMut<'o, T>,
) -> Result<Outcome<T::Compute>, Error> {
    if let Some(supplied) = Supplied::of(loss.info(), call)
        && let Some(outcome) = at_once(loss, &supplied, &mut request, input, &mut values)
    {
        return Ok(outcome);
    }
    in_general(loss, call, request, input, values)
}

impl<T: Stored, const I: usize, const P: usize> OwnCall<'_, T, I, P> {
    /// [`run_in_place`], for the loss whose call this is.
    ///
    /// # Errors
    /// As [`run_in_place`].
    #[inline]
    pub fn run_in_place<'o>(
        self,
        loss: &dyn Loss,
        mut request: Request<'o, T>,
        input: usize,
        mut values: TensorMut<'o, T>,
    ) -> Result<Outcome<T::Compute>, Error> {
        let supplied = Supplied { inputs: &self.inputs, params: &self.params, execution: self.execution };
        match at_once(loss, &supplied, &mut request, input, &mut values) {
            Some(outcome) => Ok(outcome),
            None => in_general(loss, &self.into(), request, input, values),
        }
    }
}

/// Answers a usual call at once, or leaves it as it is: one of so few numbers that the input is copied whole.
fn at_once<'o, T: Stored>(
    loss: &dyn Loss,
    supplied: &Supplied<'_, '_, T>,
    request: &mut Request<'o, T>,
    input: usize,
    values: &mut TensorMut<'o, T>,
) -> Option<Outcome<T::Compute>> {
    if size_of::<T>() != size_of::<T::Compute>() {
        // Of another type no call is answered at once.
        return None;
    }
    // Room has to be cleared before it is used.
    match values.data.len() {
        0..=64 => copied::<T, 64>(loss, supplied, request, input, values),
        65..=1024 => copied::<T, 1024>(loss, supplied, request, input, values),
        _ => None,
    }
}

/// The same, with room for a copy of `N` numbers.
#[inline(never)]
fn copied<'o, T: Stored, const N: usize>(
    loss: &dyn Loss,
    supplied: &Supplied<'_, '_, T>,
    request: &mut Request<'o, T>,
    input: usize,
    values: &mut TensorMut<'o, T>,
) -> Option<Outcome<T::Compute>> {
    let mut room = [*values.data.first()?; N];
    let copy = room.get_mut(..values.data.len())?;
    copy.copy_from_slice(values.data);
    let mut inputs = [const { None }; MAX_INPUTS];
    let inputs = inputs.get_mut(..supplied.inputs.len())?;
    inputs.copy_from_slice(supplied.inputs);
    if inputs.get(input)?.is_some() || request.gradients.get(input)?.is_some() {
        return None;
    }
    inputs[input] = Some(Array::from(Tensor { data: copy, shape: values.shape, row_stride: values.row_stride }));
    // The request has the slice for as long as the call takes.
    request.gradients[input] = Some(mem::take(&mut values.data));
    let outcome = T::at_once(loss, &Supplied { inputs, ..*supplied }, request);
    values.data = request.gradients[input].take().unwrap_or_default();
    outcome
}

/// Checks a call whole, and then lends it the input.
#[inline(never)]
fn in_general<T: Stored>(
    loss: &dyn Loss,
    call: &Call<'_, T>,
    request: Request<'_, T>,
    input: usize,
    values: TensorMut<'_, T>,
) -> Result<Outcome<T::Compute>, Error> {
    let TensorMut { data, shape, row_stride } = values;
    let lent = Lent { input, slot: T::slot(data), shape, row_stride };
    T::compute(call, |call| T::Compute::answer_in_place(loss, call, Asked::new(request), lent))
}

/// An input that is to be read and then overwritten.
#[derive(Debug)]
pub struct Lent<'o, T> {
    /// By its place in `LossInfo::inputs`.
    input: usize,
    slot: Slot<'o, T>,
    shape: Shape,
    row_stride: Option<usize>,
}

pub(super) fn answer<'a, T: Element>(
    loss: &dyn Loss,
    call: &Call<'a, T>,
    asked: Asked<'_, T>,
    lent: Lent<'_, T>,
) -> Result<Outcome<T>, Error> {
    let info = loss.info();
    let Asked { reduction, upstream, mut outputs, curvature, product, mut params, want } = asked;
    let Lent { input, slot, shape, row_stride } = lent;
    if !info.inputs.get(input).is_some_and(|declared| declared.gradient) {
        return Err(Error::NoGradient { input: info.inputs.get(input).map_or("", |declared| declared.name) });
    }
    if call.inputs[input].is_some() || outputs.gradients[input].is_some() || curvature.is_some() || product.is_some() {
        return Err(Error::Unsupported {
            what: "an input or a gradient beside one in whose place it goes, or a second derivative",
        });
    }
    let reduction = Chosen::find(info, reduction)?;

    let mut whole: Call<'_, T> = *call;
    whole.inputs[input] = Some(slot.array(shape, row_stride));
    let mut job = Job::blank(Isa::Scalar, whole.execution.threads);
    let Checked { layout, variant } = check(loss, &whole, &mut job)?;
    let view = &job.inputs[input];
    if view.broadcast || info.inputs[input].is_shared() {
        return Err(Error::Unsupported { what: "a gradient that is a sum over an axis in place of its input" });
    }
    let none_len = layout.none_len(variant.axes);
    outputs::check(info, &whole, &job, &outputs.gradients)?;
    fits(reduction, &upstream, &outputs, none_len)?;
    let of = reduction.summand(variant);
    let kernel = of.unwrap_or(&variant.loss);
    if !kernel.of_places && layout.position == Some(Position::Second) && job.geometry.inner > 1 {
        return Err(Error::Unsupported {
            what: "a gradient in place of its input, of rows with dimensions after the second axis",
        });
    }
    shared::check(info, kernel, &params)?;
    let divisor = reduction.divisor(info, variant, &job, &layout)?;
    if divisor == 0.0 {
        return Err(Error::ZeroDivisor { reduction: reduction.name(info) });
    }
    shared_gradients(kernel, &job, (upstream, divisor), want, &mut outputs, &mut params);
    if of.is_some() {
        write_values(variant, &job, &mut outputs);
    }

    // The same job without a trace of the input's slice.
    let views = job.inputs.map(|view| (view.strides, view.broadcast));
    let mut inputs = [const { View::<T>::ABSENT }; SLOTS];
    for (place, (own, (strides, broadcast))) in inputs.iter_mut().zip(views).enumerate() {
        let array = call.inputs.get(place).and_then(Option::as_ref);
        *own = View { values: array.map_or(Values::Absent, given), strides, broadcast };
    }
    inputs[input].values = Values::InPlace;
    let Job { isa, threads, geometry, per_element, params, params_len, dropped, accumulate_f64, .. } = job;
    let upstream = upstream.over(divisor);
    let job =
        Job { isa, threads, geometry, per_element, inputs, params, params_len, dropped, upstream, accumulate_f64 };
    outputs.gradients[input] = Some(slot);
    let sum = run_kernel(kernel, &job, &mut outputs, want);
    Ok(finished(reduction, sum, divisor, want, none_len))
}
