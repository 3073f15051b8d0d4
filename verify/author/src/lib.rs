//! Tools for whoever writes a spec. They read specs and call the compiler, and need no kernels: none of them waits for Rust to be compiled.

pub mod check;
pub mod claims;
pub mod cli;
pub mod explain;
pub mod files;
pub mod new;
pub mod overview;
pub mod schema;
