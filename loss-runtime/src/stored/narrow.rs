//! The half-precision types, and their conversions.
//!
//! Widening is exact. Rounding is to nearest, ties to even, subnormal results included, and by way of `f32` alone: rounded to `f32` first,
//! an `f64` would be rounded twice.

use half::{bf16, f16};

use super::Stored;
use super::half_bits::Half;
use crate::call::{Call, Upstream};
use crate::job::Slot;
use crate::lane::{Isa, Lane, LaneTask, Real};
use crate::tensor::{Array, LabelSlice, Labels, Tensor};

/// An input, as a call of `f32` takes it.
fn widened<'a, S: Stored<Compute = f32>>(array: Array<'a, S>) -> Array<'a, f32> {
    match array {
        Array::Real(tensor) => S::array(tensor),
        Array::Labels(labels) => Array::Labels(labels),
    }
}

macro_rules! stored_narrower {
    ($half:ident $variant:ident) => {
        impl Stored for $half {
            type Compute = f32;

            #[inline(always)]
            fn widen(self) -> f32 {
                self.widened()
            }
            #[inline(always)]
            fn round(number: f32) -> Self {
                Self::rounded(number)
            }
            fn array(tensor: Tensor<'_, Self>) -> Array<'_, f32> {
                let Tensor { data, shape, row_stride } = tensor;
                Array::Labels(Labels { data: LabelSlice::$variant(data), shape, row_stride })
            }
            fn each(upstream: &[Self]) -> Upstream<'_, f32> {
                Upstream::Converted(LabelSlice::$variant(upstream))
            }
            fn slot(values: &mut [Self]) -> Slot<'_, f32> {
                Slot::$variant(values)
            }
            fn compute<R>(call: &Call<'_, Self>, then: impl FnOnce(&Call<'_, f32>) -> R) -> R {
                let inputs = call.inputs.map(|input| input.map(widened));
                then(&Call { inputs, params: call.params, execution: call.execution })
            }
        }
    };
}
stored_narrower! { bf16 Bf16 }
stored_narrower! { f16 F16 }

/// Numbers to be widened.
struct Widen<'c, H, T> {
    from: &'c [H],
    to: &'c mut [T],
}

impl<H: Half, T: Real> LaneTask<T> for Widen<'_, H, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, _: L::Token) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            *to = T::from_f64(f64::from(from.widened()));
        }
    }
}

/// Numbers to be rounded.
struct Round<'c, H, T> {
    from: &'c [T],
    to: &'c mut [H],
}

impl<H: Half, T: Real> LaneTask<T> for Round<'_, H, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, _: L::Token) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            *to = H::rounded(single(*from));
        }
    }
}

/// A number of the compute type of narrower ones, which is `f32`.
#[inline(always)]
pub(crate) fn single<T: Real>(number: T) -> f32 {
    number.to_f64() as f32
}

/// Widens numbers, one for each place.
pub(crate) fn widen<T: Real>(from: &[impl Half], to: &mut [T]) {
    T::dispatch(Isa::detect(), Widen { from, to });
}

/// Rounds numbers, one for each place.
pub(crate) fn round<T: Real>(from: &[T], to: &mut [impl Half]) {
    T::dispatch(Isa::detect(), Round { from, to });
}
