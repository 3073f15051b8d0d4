//! A compiled plan without its Rust: schedules are run pass by pass as the emitted kernels would run them, in plain `f64`, so that a
//! plan with a fault in it can be audited as a loss like any other.

mod driver;
mod machine;
mod stand_in;

pub(super) use driver::{Slip, Work};
pub(super) use stand_in::{Interpreted, WorkPlan, WorkProgram};
