//! A checked call, as the drivers see it: where each value lies, and where each result goes.

use core::ops::Range;

use crate::call::{MAX_PARAMS, SLOTS, Upstream};
use crate::kernel::CallConstants;
use crate::lane::Isa;
use crate::prefetch::prefetch_read;
use crate::registry::Element;
use crate::tensor::LabelSlice;
use crate::uniform::reciprocal;

mod line;
mod open;
mod slot;

pub use line::Line;
pub use open::Place;
pub use slot::Slot;

/// The iteration space: `outer` x `extent` x `inner` places, in this order. `extent` is that of the second axis; a *row* is a pair
/// of an outer and an inner place, numbered outer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) outer: usize,
    pub(crate) extent: usize,
    pub(crate) inner: usize,
}

impl Geometry {
    pub(crate) fn places(&self) -> usize {
        self.outer * self.extent * self.inner
    }

    pub(crate) fn rows(&self) -> usize {
        self.outer * self.inner
    }

    /// The outer, second-axis and inner coordinate of a place.
    pub(crate) fn coordinates(&self, place: usize) -> [usize; 3] {
        let inner = place % self.inner;
        let rest = place / self.inner;
        [rest / self.extent, rest % self.extent, inner]
    }
}

/// The values of an input.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values<'a, T> {
    /// The compute type: loaded as they are.
    Native(&'a [T]),
    /// Another type: converted on the way.
    Labels(LabelSlice<'a>),
    /// Where the input's gradient goes, which takes their place: see `drive::in_place`.
    InPlace,
    /// Not given. No kernel of the call's variant reads it.
    Absent,
}

impl<T> Values<'_, T> {
    /// Fetches some places ahead that will be read, if there are so many.
    pub(crate) fn prefetch(&self, places: Range<usize>) {
        match self {
            Self::Native(values) => prefetch_read(values, places),
            Self::Labels(values) => values.prefetch(places),
            Self::InPlace | Self::Absent => {}
        }
    }
}

/// Where an input's values lie: the place (o, e, i) is at `o * strides[0] + e * strides[1] + i * strides[2]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a, T> {
    pub(crate) values: Values<'a, T>,
    pub(crate) strides: [usize; 3],
    /// Whether it lacks an axis that its declaration has: its gradient is then a sum.
    pub(crate) broadcast: bool,
}

impl<T> View<'_, T> {
    pub(crate) const ABSENT: Self = Self { values: Values::Absent, strides: [0; 3], broadcast: false };

    #[inline(always)]
    pub(crate) fn offset(&self, outer: usize, extent: usize, inner: usize) -> usize {
        outer * self.strides[0] + extent * self.strides[1] + inner * self.strides[2]
    }

    /// The places that it has of its own: once along an axis that it lacks.
    pub(crate) fn own_places(&self, geometry: &Geometry) -> Geometry {
        let [outer, extent, inner] = self.strides;
        let own = |stride: usize, extent: usize| if stride == 0 { extent.min(1) } else { extent };
        Geometry {
            outer: own(outer, geometry.outer),
            extent: own(extent, geometry.extent),
            inner: own(inner, geometry.inner),
        }
    }

    /// Whether the places lie one after the other in the order of the geometry.
    pub(crate) fn is_flat(&self, geometry: &Geometry) -> bool {
        let Geometry { outer, extent, inner } = *geometry;
        (inner <= 1 || self.strides[2] == 1)
            && (extent <= 1 || self.strides[1] == inner)
            && (outer <= 1 || self.strides[0] == extent * inner)
    }
}

impl<T: Element> View<'_, T> {
    /// The value at an offset, as a number.
    pub(crate) fn number(&self, offset: usize) -> T {
        match self.values {
            Values::Native(values) => values[offset],
            Values::Labels(values) => T::from_f64(values.number(offset)),
            // There is a reader of its own for what is overwritten.
            Values::InPlace => T::NAN,
            Values::Absent => T::ZERO,
        }
    }
}

/// Which rows are dropped: those where an input has this value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropped {
    pub(crate) input: usize,
    pub(crate) value: f64,
}

/// A checked call. Made by [`run`](crate::run::run), read by the drivers.
#[derive(Clone, Debug)]
pub struct Job<'a, T> {
    pub(crate) isa: Isa,
    /// How many threads may work on it.
    pub(crate) threads: Option<usize>,
    pub(crate) geometry: Geometry,
    /// Whether the value varies along the second axis.
    pub(crate) per_element: bool,
    /// By input, and then the direction of a Hessian-vector product, or where the curvature lies.
    pub(crate) inputs: [View<'a, T>; SLOTS],
    pub(crate) params: [f64; MAX_PARAMS],
    pub(crate) params_len: usize,
    pub(crate) dropped: Option<Dropped>,
    pub(crate) upstream: Upstream<'a, T>,
    pub(crate) accumulate_f64: bool,
}

impl<'a, T: Element> Job<'a, T> {
    /// Nothing yet but how it is to run. Filled in where it lies: it is large, and a copy would cost more than a short call.
    #[inline(always)]
    pub(crate) fn blank(isa: Isa, threads: Option<usize>) -> Self {
        Self {
            isa,
            threads,
            geometry: Geometry { outer: 1, extent: 1, inner: 1 },
            per_element: false,
            inputs: [View::ABSENT; SLOTS],
            params: [f64::NAN; MAX_PARAMS],
            params_len: 0,
            dropped: None,
            upstream: Upstream::One,
            accumulate_f64: false,
        }
    }

    pub(crate) fn constants(&self) -> CallConstants<'_> {
        CallConstants {
            params: &self.params[..self.params_len],
            extent: self.geometry.extent as f64,
            reciprocal: reciprocal::<T>,
        }
    }

    /// The places of a formula without reductions: the rows alone, if it does not vary along the second axis.
    pub(crate) fn places(&self) -> Geometry {
        Geometry { extent: if self.per_element { self.geometry.extent } else { 1 }, ..self.geometry }
    }

    /// Whether a row is dropped.
    #[inline(always)]
    pub(crate) fn is_dropped(&self, outer: usize, inner: usize) -> bool {
        self.dropped.is_some_and(|dropped| self.label_drops(dropped, outer, inner))
    }

    fn label_drops(&self, dropped: Dropped, outer: usize, inner: usize) -> bool {
        let view = &self.inputs[dropped.input];
        let offset = view.offset(outer, 0, inner);
        match view.values {
            Values::Native(values) => values[offset].to_f64() == dropped.value,
            Values::Labels(values) => values.number(offset) == dropped.value,
            // It is labels that drop rows, and these have no gradient.
            Values::InPlace | Values::Absent => false,
        }
    }

    /// The part of the call at these outer places. Inputs are there: what all rows share is summed before one is lent to be overwritten.
    pub(crate) fn part(&self, outer: Range<usize>) -> Self {
        let mut part = self.clone();
        part.geometry.outer = outer.len();
        for view in &mut part.inputs {
            let at = view.offset(outer.start, 0, 0);
            view.values = match view.values {
                Values::Native(values) => Values::Native(values.get(at..).unwrap_or(&[])),
                Values::Labels(values) => Values::Labels(values.starting_at(at)),
                Values::InPlace => Values::InPlace,
                Values::Absent => Values::Absent,
            };
        }
        let Geometry { extent, inner, .. } = self.places();
        part.upstream = self.upstream.starting_at(outer.start * extent * inner);
        part
    }

    /// How many places of the value are in rows that are not dropped.
    pub(crate) fn live_places(&self) -> usize {
        self.live_rows() * if self.per_element { self.geometry.extent } else { 1 }
    }

    /// How many rows are not dropped.
    pub(crate) fn live_rows(&self) -> usize {
        let Geometry { outer, inner, .. } = self.geometry;
        if self.dropped.is_none() {
            return self.geometry.rows();
        }
        (0..outer).map(|o| (0..inner).filter(|i| !self.is_dropped(o, *i)).count()).sum()
    }
}

/// Where the results go. A slice that is absent is not wanted.
#[derive(Debug)]
pub struct Outputs<'o, T> {
    pub(crate) elements: Option<Slot<'o, T>>,
    /// By input, and then the curvature or the Hessian-vector product.
    pub(crate) gradients: [Option<Slot<'o, T>>; SLOTS],
}

impl<T> Outputs<'_, T> {
    /// Nothing is wanted but the sum.
    pub(crate) fn none() -> Self {
        Self { elements: None, gradients: [const { None }; SLOTS] }
    }
}

#[cfg(test)]
mod tests;
