//! Loss functions generated from specs: forward and backward, vectorised, reproducible to the bit, on plain slices.
//!
//! A loss is a type with its options; inputs are plain slices, or pairs of a slice and its shape.
//!
//! ```
//! use loss_runtime::{CrossEntropy, SmoothL1};
//!
//! # fn main() -> Result<(), loss_runtime::Error> {
//! let (input, target) = ([0.5f32, 3.0], [0.0f32, 1.0]);
//! let mut gradient = [0.0; 2];
//! let value = SmoothL1::new().beta(1.0).forward_backward(&input, &target, &mut gradient)?;
//! assert_eq!((value, gradient), (0.8125, [0.25, 0.5]));
//!
//! let (logits, classes) = ([2.0f64, 0.0, 0.0, 0.0, 0.0, 3.0], [0i64, 2]);
//! let mut each = [0.0; 2];
//! CrossEntropy::new().forward_into((&logits, [2, 3]), &classes, &mut each)?;
//! assert!(each.iter().all(|loss| *loss < 0.3));
//! # Ok(())
//! # }
//! ```
//!
//! | method | gives |
//! | --- | --- |
//! | `forward` | the reduced loss |
//! | `forward_into` | every element's loss, unreduced, in a buffer |
//! | `partial` | the sum and the divisor, which add up over parts of a batch |
//! | `backward` | gradients, given that of what comes after |
//! | `forward_backward` | the reduced loss and its gradients, in one pass |
//! | `forward_backward_into` | every element's loss and the gradients |
//! | `backward_in_place`, `forward_backward_in_place` | the gradient of the first input, written over the input |
//! | `curvature_into` | the second derivative in the prediction, where the loss is of each place by itself |
//! | `hessian_vector_into` | the Hessian of every row's loss in an input times a direction, where the spec asks for it |
//! | `grad_hess_into` | the gradient and what a step of Newton's divides it by, in one pass: for boosting |
//!
//! Arrays are of `f32` or `f64`, or with the cargo feature `half` of `bf16` or `f16` from the crate of that name: computed in `f32`, with the
//! bits of a call with all inputs widened, and every value of an array rounded once. Reduced losses are then `f32`; see [`Stored`].
//!
//! Nothing is allocated, but by a pool of threads, and for gradients of what all rows share: of tables, and of parameters of losses whose elements
//! read whole rows.
//!
//! A loss whose name is known only at run time is found in [`LOSSES`] and called by [`run`].
//!
//! # The losses
//! Names that other libraries use are found by the search above, such as `MeanAbsoluteError` or `BCEWithLogitsLoss`.
#![doc = loss_macros::losses_table!()]
#![no_std]

extern crate alloc;
// Generated code names this crate as its users do.
extern crate self as loss_runtime;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod call;
pub mod drive;
pub mod error;
pub mod info;
pub mod job;
pub mod kernel;
pub mod lane;
mod math;
pub mod prefetch;
pub mod registry;
mod run;
pub mod shape;
mod stored;
mod sum;
pub mod tensor;
pub mod uniform;

pub use call::{Call, Curvature, Execution, HessianProduct, Outcome, Partial, Reduction, Request, Upstream, Want};
pub use error::{Error, Word};
pub use registry::{Element, Loss};
pub use run::{run, run_in_place, shape_of_none};
pub use shape::Shape;
pub use stored::Stored;
pub use tensor::{Array, Labels, Tensor, TensorMut};

/// What generated code needs of the standard library, wherever it is expanded.
#[doc(hidden)]
pub mod export {
    pub use alloc::vec::Vec;
}

/// The file of a spec.
pub use loss_specs::SpecFile;

pub use loss_macros::{losses, losses_table};

// Not for the unit tests: they are of the engine, and every kernel would be compiled a second time.
#[cfg(not(test))]
losses!();
