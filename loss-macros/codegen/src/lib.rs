//! The compiler from loss specs to Rust, as a library. One stage, one module; a stage is a function from its input to its output.

pub mod check;
pub mod codes;
pub mod diagnostic;
pub mod document;
pub mod elaborate;
pub mod expr;
pub mod formula;
pub mod model;
mod rational;
pub mod resolve;
pub mod source;
pub mod yaml;
