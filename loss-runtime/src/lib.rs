//! Loss functions generated from specs.
#![no_std]

extern crate alloc;
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

pub use call::{Call, Execution, Outcome, Partial, Reduction, Request, Upstream};
pub use error::Error;
pub use registry::{Element, Loss};
pub use run::{run, shape_of_none};
pub use shape::Shape;
pub use tensor::{Array, Labels, Tensor};
