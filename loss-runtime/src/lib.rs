//! Loss functions generated from specs.

pub mod info;
pub mod kernel;
pub mod lane;
mod math;
