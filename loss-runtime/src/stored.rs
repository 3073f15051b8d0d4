//! What arrays hold: numbers of the type that losses are computed in, or of a narrower one.
//!
//! There are no kernels of narrower types. Inputs are widened a block at a time on their way to a kernel of the compute type, and results
//! are rounded a block at a time on their way out of it, all within the first cache: the bits are those of a call with everything widened
//! before it, and every result rounded once after it.

#[cfg(feature = "half")]
mod half_bits;
#[cfg(feature = "half")]
mod narrow;

use core::fmt::Debug;

use crate::call::{Call, Outcome, Request, Upstream};
use crate::job::Slot;
use crate::registry::{Element, Loss};
use crate::run::{Answers, Supplied};
use crate::tensor::{Array, Tensor};

#[cfg(feature = "half")]
pub(crate) use half_bits::Half;
#[cfg(feature = "half")]
pub(crate) use narrow::{round, single, widen};

/// A type that arrays may hold: `f32` and `f64`, which losses are computed in, and with the cargo feature `half` also `bf16` and `f16`,
/// which are computed in `f32`.
///
/// Inputs, values of `none`, upstream gradients by place, and gradients are of this type, rounded to nearest, ties to even. Reduced
/// values and scalar upstream gradients are of the compute type: the sum of a batch deserves more digits than its parts have, and a
/// scale such as 65536 is more than an `f16` can hold.
pub trait Stored: Copy + Debug + Send + Sync + 'static {
    /// What losses of it are computed in.
    type Compute: Element;

    /// The same number, widened.
    fn widen(self) -> Self::Compute;
    /// The nearest number of this type.
    fn round(number: Self::Compute) -> Self;
    /// An array of it, as a call of the compute type takes it.
    fn array(tensor: Tensor<'_, Self>) -> Array<'_, Self::Compute>;
    /// An upstream gradient for each value of `none`, as a call of the compute type takes it.
    fn each(upstream: &[Self]) -> Upstream<'_, Self::Compute>;
    /// A buffer of it, as a call of the compute type writes to it.
    fn slot(values: &mut [Self]) -> Slot<'_, Self::Compute>;
    /// Answers a usual call at once, if it is one of the compute type.
    fn at_once(
        loss: &dyn Loss,
        supplied: &Supplied<'_, '_, Self>,
        request: &mut Request<'_, Self>,
    ) -> Option<Outcome<Self::Compute>> {
        let _ = (loss, supplied, request);
        None
    }
    /// Hands a call on, as one of the compute type.
    fn compute<R>(call: &Call<'_, Self>, then: impl FnOnce(&Call<'_, Self::Compute>) -> R) -> R;
}

macro_rules! stored_as_computed {
    ($($float:ident)*) => {
        $(impl Stored for $float {
            type Compute = Self;

            #[inline(always)]
            fn widen(self) -> Self {
                self
            }
            #[inline(always)]
            fn round(number: Self) -> Self {
                number
            }
            #[inline(always)]
            fn array(tensor: Tensor<'_, Self>) -> Array<'_, Self> {
                Array::Real(tensor)
            }
            #[inline(always)]
            fn each(upstream: &[Self]) -> Upstream<'_, Self> {
                Upstream::Each(upstream)
            }
            #[inline(always)]
            fn slot(values: &mut [Self]) -> Slot<'_, Self> {
                Slot::Native(values)
            }
            #[inline(always)]
            fn at_once(
                loss: &dyn Loss,
                supplied: &Supplied<'_, '_, Self>,
                request: &mut Request<'_, Self>,
            ) -> Option<Outcome<Self>> {
                Self::answer_at_once(loss, supplied, request)
            }
            #[inline(always)]
            fn compute<R>(call: &Call<'_, Self>, then: impl FnOnce(&Call<'_, Self>) -> R) -> R {
                then(call)
            }
        })*
    };
}
stored_as_computed! { f32 f64 }
