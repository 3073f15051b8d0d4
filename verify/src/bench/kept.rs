//! How numbers of a type are kept, so that a kernel and the limit move the same bytes of the same memory.

use half::{bf16, f16};
use loss_runtime::Stored;

/// A type that is measured: its numbers lie in memory that is also one of numbers of its compute type.
pub(super) trait Kept: Stored {
    /// Memory for so many of them.
    fn room(len: usize) -> Vec<Self::Compute>;
    /// What it holds.
    fn seen(memory: &[Self::Compute]) -> &[Self];
    /// What it holds, to be changed.
    fn seen_mut(memory: &mut [Self::Compute]) -> &mut [Self];
}

macro_rules! kept_as_computed {
    ($($float:ident)*) => {
        $(impl Kept for $float {
            fn room(len: usize) -> Vec<Self> {
                vec![0.0; len]
            }
            fn seen(memory: &[Self]) -> &[Self] {
                memory
            }
            fn seen_mut(memory: &mut [Self]) -> &mut [Self] {
                memory
            }
        })*
    };
}
kept_as_computed! { f32 f64 }

macro_rules! kept_in_pairs {
    ($($half:ident)*) => {
        $(impl Kept for $half {
            fn room(len: usize) -> Vec<f32> {
                vec![0.0; len.div_ceil(2)]
            }
            fn seen(memory: &[f32]) -> &[Self] {
                bytemuck::cast_slice(memory)
            }
            fn seen_mut(memory: &mut [f32]) -> &mut [Self] {
                bytemuck::cast_slice_mut(memory)
            }
        })*
    };
}
kept_in_pairs! { bf16 f16 }
