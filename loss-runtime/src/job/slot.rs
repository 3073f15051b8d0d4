//! Where results go, in the type that the caller keeps them in.

use core::ops::Range;

#[cfg(feature = "half")]
use half::{bf16, f16};

use super::Values;
use crate::lane::Real;
use crate::prefetch::prefetch_write;
use crate::shape::Shape;
#[cfg(feature = "half")]
use crate::stored::{Half, round, single};
use crate::tensor::{Array, Tensor};
#[cfg(feature = "half")]
use crate::tensor::{LabelSlice, Labels};

/// A buffer for results of a kernel of the compute type `T`.
#[derive(Debug)]
#[non_exhaustive]
pub enum Slot<'o, T> {
    /// Of the compute type itself.
    Native(&'o mut [T]),
    /// Of the upper halves of `f32`: results are rounded on the way.
    #[cfg(feature = "half")]
    Bf16(&'o mut [bf16]),
    /// Of half floats: results are rounded on the way.
    #[cfg(feature = "half")]
    F16(&'o mut [f16]),
}

/// The same for whichever type the buffer is of.
macro_rules! of_each {
    ($slot:expr, $values:ident => $then:expr) => {
        match $slot {
            Slot::Native($values) => $then,
            #[cfg(feature = "half")]
            Slot::Bf16($values) => $then,
            #[cfg(feature = "half")]
            Slot::F16($values) => $then,
        }
    };
}

impl<'o, T> Slot<'o, T> {
    /// How many results it has room for.
    #[must_use]
    pub fn len(&self) -> usize {
        of_each!(self, values => values.len())
    }

    /// Whether it has room for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The buffer itself, if it is of the compute type.
    #[inline(always)]
    #[must_use]
    pub fn native(&mut self) -> Option<&mut [T]> {
        match self {
            Self::Native(values) => Some(values),
            #[cfg(feature = "half")]
            Self::Bf16(_) | Self::F16(_) => None,
        }
    }

    /// Whether it is of the compute type.
    #[inline(always)]
    pub(crate) fn is_native(&self) -> bool {
        match self {
            Self::Native(_) => true,
            #[cfg(feature = "half")]
            Self::Bf16(_) | Self::F16(_) => false,
        }
    }

    /// The same buffer, to be handed on.
    pub(crate) fn reborrow(&mut self) -> Slot<'_, T> {
        match self {
            Self::Native(values) => Slot::Native(values),
            #[cfg(feature = "half")]
            Self::Bf16(values) => Slot::Bf16(values),
            #[cfg(feature = "half")]
            Self::F16(values) => Slot::F16(values),
        }
    }

    /// The part before a place, and the one from it on.
    pub(crate) fn split_at(self, place: usize) -> (Self, Self) {
        match self {
            Self::Native(values) => {
                let (before, after) = values.split_at_mut(place);
                (Self::Native(before), Self::Native(after))
            }
            #[cfg(feature = "half")]
            Self::Bf16(values) => {
                let (before, after) = values.split_at_mut(place);
                (Self::Bf16(before), Self::Bf16(after))
            }
            #[cfg(feature = "half")]
            Self::F16(values) => {
                let (before, after) = values.split_at_mut(place);
                (Self::F16(before), Self::F16(after))
            }
        }
    }
}

impl<T: Real> Slot<'_, T> {
    /// Writes results `stride` apart.
    #[inline(never)]
    pub(crate) fn write(&mut self, from: &[T], at: usize, stride: usize) {
        match self {
            Self::Native(to) if stride == 1 => to[at..at + from.len()].copy_from_slice(from),
            Self::Native(to) => scatter(from, to, at, stride, |from| from),
            #[cfg(feature = "half")]
            Self::Bf16(to) if stride == 1 => round(from, &mut to[at..at + from.len()]),
            #[cfg(feature = "half")]
            Self::Bf16(to) => scatter(from, to, at, stride, |from| bf16::rounded(single(from))),
            #[cfg(feature = "half")]
            Self::F16(to) if stride == 1 => round(from, &mut to[at..at + from.len()]),
            #[cfg(feature = "half")]
            Self::F16(to) => scatter(from, to, at, stride, |from| f16::rounded(single(from))),
        }
    }

    /// What it holds, `stride` apart, as numbers.
    #[inline(never)]
    pub(crate) fn read(&self, at: usize, stride: usize, to: &mut [T]) {
        match self {
            Self::Native(from) if stride == 1 => to.copy_from_slice(&from[at..at + to.len()]),
            Self::Native(from) => {
                for (step, to) in to.iter_mut().enumerate() {
                    *to = from[at + step * stride];
                }
            }
            #[cfg(feature = "half")]
            Self::Bf16(from) => LabelSlice::Bf16(from).convert(at, stride, to),
            #[cfg(feature = "half")]
            Self::F16(from) => LabelSlice::F16(from).convert(at, stride, to),
        }
    }

    /// Fetches some places ahead that will be written, if there are so many.
    pub(crate) fn prefetch(&self, places: Range<usize>) {
        of_each!(self, values => prefetch_write(values, places));
    }

    /// What it holds, as the values of an input.
    pub(crate) fn values(&self) -> Values<'_, T> {
        match self {
            Self::Native(values) => Values::Native(values),
            #[cfg(feature = "half")]
            Self::Bf16(values) => Values::Labels(LabelSlice::Bf16(values)),
            #[cfg(feature = "half")]
            Self::F16(values) => Values::Labels(LabelSlice::F16(values)),
        }
    }

    /// What it holds, as an input.
    pub(crate) fn array(&self, shape: Shape, row_stride: Option<usize>) -> Array<'_, T> {
        match self {
            Self::Native(data) => Array::Real(Tensor { data, shape, row_stride }),
            #[cfg(feature = "half")]
            Self::Bf16(data) => Array::Labels(Labels { data: LabelSlice::Bf16(data), shape, row_stride }),
            #[cfg(feature = "half")]
            Self::F16(data) => Array::Labels(Labels { data: LabelSlice::F16(data), shape, row_stride }),
        }
    }

    /// Adds results `stride` apart to what is there; those for one place, where `stride` is 0, to each other first.
    ///
    /// Only to a buffer of the compute type: a sum is not rounded with every addend to a type that is no good for sums, and a call
    /// that would need it is refused.
    #[inline(never)]
    pub(crate) fn add(&mut self, from: &[T], at: usize, stride: usize) {
        let Some(to) = self.native() else { return };
        if stride == 0 {
            let sum: f64 = from.iter().map(|value| value.to_f64()).sum();
            to[at] = T::from_f64(to[at].to_f64() + sum);
        } else {
            for (step, value) in from.iter().enumerate() {
                let place = &mut to[at + step * stride];
                *place = T::from_f64(place.to_f64() + value.to_f64());
            }
        }
    }

    /// Sets `count` results, `stride` apart, to +0.0.
    pub(crate) fn clear(&mut self, at: usize, stride: usize, count: usize) {
        match self {
            Self::Native(to) => zero(to, T::ZERO, at, stride, count),
            #[cfg(feature = "half")]
            Self::Bf16(to) => zero(to, bf16::ZERO, at, stride, count),
            #[cfg(feature = "half")]
            Self::F16(to) => zero(to, f16::ZERO, at, stride, count),
        }
    }
}

#[inline(always)]
fn scatter<T: Copy, V>(from: &[T], to: &mut [V], at: usize, stride: usize, convert: impl Fn(T) -> V) {
    for (step, value) in from.iter().enumerate() {
        to[at + step * stride] = convert(*value);
    }
}

#[inline(always)]
fn zero<V: Copy>(to: &mut [V], zero: V, at: usize, stride: usize, count: usize) {
    match stride {
        1 => to[at..at + count].fill(zero),
        _ => (0..count).for_each(|step| to[at + step * stride] = zero),
    }
}
