//! A compiled plan without its Rust: schedules are run pass by pass as the emitted kernels would run them, in plain `f64`, so that what has no
//! kernels can be audited as a loss like any other: a spec that is being written, or a plan with a fault in it.

mod describe;
mod driver;
pub(crate) mod machine;
mod slots;
mod stand_in;

pub(crate) use describe::describe;
pub(crate) use driver::{Slip, Work};
pub(crate) use slots::{Driver, Lease, Slotted};
pub(crate) use stand_in::{Interpreted, WorkPlan, WorkProgram};
