//! The compiler from loss specs to Rust, as a library. One stage, one module; a stage is a function from its input to its output.

pub mod document;
pub mod expr;
pub mod formula;
pub mod model;
pub mod source;
pub mod differentiate;
pub mod rewrite;
pub mod simplify;
pub mod stabilize;
pub mod lower;
pub mod schedule;
