//! Values that do not lie as a kernel reads or writes them: gathered and converted to scratch space, and back.

use crate::job::{Geometry, Job, Slot, Values, View};
use crate::lane::Real;
use crate::registry::Element;

/// Calls `run(at, offset, stride, len)` for every stretch of places on a line, from `start` on.
#[inline(always)]
pub(super) fn runs(
    geometry: &Geometry,
    strides: [usize; 3],
    start: usize,
    len: usize,
    mut run: impl FnMut(usize, usize, usize, usize),
) {
    let Geometry { outer, extent, inner } = *geometry;
    let axis = if inner > 1 {
        2
    } else if extent > 1 {
        1
    } else {
        0
    };
    let axis_extent = [outer, extent, inner][axis];
    let mut at = 0;
    while at < len {
        let place = geometry.coordinates(start + at);
        let count = (axis_extent - place[axis]).min(len - at);
        let offset = place[0] * strides[0] + place[1] * strides[1] + place[2] * strides[2];
        run(at, offset, strides[axis], count);
        at += count;
    }
}

/// The values of places from `start` on, in the order of the geometry.
#[inline(never)]
pub(super) fn gather<T: Element>(view: &View<'_, T>, geometry: &Geometry, start: usize, to: &mut [T]) {
    runs(geometry, view.strides, start, to.len(), |at, offset, stride, count| {
        convert(view, offset, stride, &mut to[at..at + count]);
    });
}

/// Values on a line, as numbers.
#[inline(never)]
pub(super) fn convert<T: Element>(view: &View<'_, T>, offset: usize, stride: usize, to: &mut [T]) {
    match view.values {
        Values::Native(values) if stride == 1 => to.copy_from_slice(&values[offset..offset + to.len()]),
        Values::Native(values) if stride == 0 => to.fill(values[offset]),
        Values::Native(values) => {
            for (step, to) in to.iter_mut().enumerate() {
                *to = values[offset + step * stride];
            }
        }
        Values::Labels(values) => values.convert(offset, stride, to),
        // There is a reader of its own for what is overwritten.
        Values::InPlace => to.fill(T::NAN),
        Values::Absent => to.fill(T::ZERO),
    }
}

/// 1 for places whose row is not dropped, 0 for the others.
#[inline(never)]
pub(super) fn live<T: Element>(job: &Job<'_, T>, geometry: &Geometry, start: usize, to: &mut [T]) {
    for (at, live) in to.iter_mut().enumerate() {
        let [outer, _, inner] = geometry.coordinates(start + at);
        *live = if job.is_dropped(outer, inner) { T::ZERO } else { T::ONE };
    }
}

/// Puts gradients of places from `start` on where the input's own strides say: `base` is the offset of `to`'s first value. A gradient of
/// a broadcast input is added to what is there.
#[inline(never)]
pub(super) fn scatter<T: Element>(
    view: &View<'_, T>,
    geometry: &Geometry,
    start: usize,
    from: &[T],
    to: &mut Slot<'_, T>,
    base: usize,
) {
    runs(geometry, view.strides, start, from.len(), |at, offset, stride, count| {
        put(view.broadcast, &from[at..at + count], to, offset - base, stride);
    });
}

/// Writes, or adds, values on a line.
#[inline(never)]
pub(super) fn put<T: Element>(add: bool, from: &[T], to: &mut Slot<'_, T>, offset: usize, stride: usize) {
    if add {
        to.add(from, offset, stride);
    } else {
        to.write(from, offset, stride);
    }
}

/// Values `stride` apart, one for each lane that is in use. Out of line, with the lanes in memory: loops over lanes are long code.
#[inline(never)]
pub(super) fn pick<T: Real>(from: &[T], at: usize, stride: usize, to: &mut [T]) {
    if stride == 1 {
        to.copy_from_slice(&from[at..at + to.len()]);
    } else {
        for (lane, to) in to.iter_mut().enumerate() {
            *to = from[at + lane * stride];
        }
    }
}

/// The other way round.
#[inline(never)]
pub(super) fn spread<T: Real>(from: &[T], to: &mut [T], at: usize, stride: usize) {
    if stride == 1 {
        to[at..at + from.len()].copy_from_slice(from);
    } else {
        for (lane, from) in from.iter().enumerate() {
            to[at + lane * stride] = *from;
        }
    }
}

/// Sets the gradient of a whole input to +0.0; what lies between its rows is not touched.
#[inline(never)]
pub(super) fn clear<T: Element>(view: &View<'_, T>, geometry: &Geometry, to: &mut Slot<'_, T>) {
    // An axis that the input does not have would only clear the same places again.
    let geometry = view.own_places(geometry);
    runs(&geometry, view.strides, 0, geometry.places(), |_, offset, stride, count| to.clear(offset, stride, count));
}

#[cfg(test)]
mod tests;
