//! The compiler from loss specs to Rust, as a library. One stage, one module; a stage is a function from its input to its output.

pub mod codes;
pub mod diagnostic;
pub mod document;
pub mod expr;
pub mod formula;
pub mod model;
pub mod source;
pub mod yaml;
