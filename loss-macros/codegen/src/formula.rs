//! Formula text to tree and back.

pub mod ast;
mod call;
mod error;
pub mod lexer;
pub mod parser;
pub mod print;
#[cfg(test)]
mod tests;
pub mod text;
mod value_first;
