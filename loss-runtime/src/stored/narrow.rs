//! The half-precision types, and their conversions.
//!
//! Widening is exact. Rounding is to nearest, ties to even, subnormal results included, and by way of `f32` alone: rounded to `f32` first,
//! an `f64` would be rounded twice.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use super::Stored;
use crate::call::{Call, Upstream};
use crate::job::Slot;
use crate::lane::{Isa, Lane, LaneTask, Real};
use crate::tensor::{Array, LabelSlice, Labels, Tensor};

/// How many numbers go through `f32` at a time.
const PIECE: usize = 64;

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
                self.to_f32()
            }
            #[inline(always)]
            fn round(number: f32) -> Self {
                Self::from_f32(number)
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

/// Numbers to be widened, in vectors: the instruction set never changes what comes out.
struct Widen<'c, T> {
    from: &'c [bf16],
    to: &'c mut [T],
}

impl<T: Real> LaneTask<T> for Widen<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, _: L::Token) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            *to = T::from_f64(f64::from(from.to_f32()));
        }
    }
}

/// Numbers to be rounded, in vectors.
struct Round<'c, T> {
    from: &'c [T],
    to: &'c mut [bf16],
}

impl<T: Real> LaneTask<T> for Round<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, _: L::Token) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            *to = bf16::from_f32(single(*from));
        }
    }
}

/// A number of the compute type of narrower ones, which is `f32`.
#[inline(always)]
pub(crate) fn single<T: Real>(number: T) -> f32 {
    number.to_f64() as f32
}

/// Widens numbers, one for each place.
pub(crate) fn widen_bf16<T: Real>(from: &[bf16], to: &mut [T]) {
    T::dispatch(Isa::detect(), Widen { from, to });
}

/// Rounds numbers, one for each place.
pub(crate) fn round_bf16<T: Real>(from: &[T], to: &mut [bf16]) {
    T::dispatch(Isa::detect(), Round { from, to });
}

/// Widens numbers, one for each place.
pub(crate) fn widen_f16<T: Real>(from: &[f16], to: &mut [T]) {
    let mut piece = [0.0; PIECE];
    for (to, from) in to.chunks_mut(PIECE).zip(from.chunks(PIECE)) {
        let piece = &mut piece[..from.len()];
        from.convert_to_f32_slice(piece);
        for (to, from) in to.iter_mut().zip(&*piece) {
            *to = T::from_f64(f64::from(*from));
        }
    }
}

/// Rounds numbers, one for each place.
pub(crate) fn round_f16<T: Real>(from: &[T], to: &mut [f16]) {
    let mut piece = [0.0; PIECE];
    for (to, from) in to.chunks_mut(PIECE).zip(from.chunks(PIECE)) {
        let piece = &mut piece[..from.len()];
        for (to, from) in piece.iter_mut().zip(from) {
            *to = single(*from);
        }
        to.convert_from_f32_slice(piece);
    }
}
