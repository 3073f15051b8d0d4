//! Loss functions generated from specs.
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
pub mod registry;
mod run;
pub mod shape;
mod sum;
pub mod tensor;
pub mod uniform;

pub use call::{Call, Execution, Outcome, Partial, Reduction, Request, Upstream, Want};
pub use error::Error;
pub use registry::{Element, Loss};
pub use run::{run, shape_of_none};
pub use shape::Shape;
pub use tensor::{Array, Labels, Tensor};

/// What generated code needs of the standard library, wherever it is expanded.
#[doc(hidden)]
pub mod export {
    pub use alloc::vec::Vec;
}

loss_macros::losses!();
