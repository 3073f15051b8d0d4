//! The compiler from loss specs to Rust, as a library. One stage, one module; a stage is a function from its input to its output.

mod assume;
pub mod check;
pub mod codes;
pub mod compile;
pub mod describe;
pub mod diagnostic;
pub mod differentiate;
pub mod document;
pub mod elaborate;
pub mod emit;
pub mod explain;
pub mod expr;
pub mod formula;
pub mod lower;
pub mod measured;
pub mod model;
pub mod plan;
pub mod property;
mod rational;
pub mod resolve;
pub mod rewrite;
pub mod schedule;
pub mod simplify;
pub mod source;
pub mod stabilize;
pub mod yaml;
