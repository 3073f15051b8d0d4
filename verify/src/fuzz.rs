//! What fuzzers run: each target is a function of arbitrary bytes that panics if it finds something wrong. `verify/fuzz` gives them to
//! libFuzzer; the tests give them every input that once found something, and random ones.

mod bytes;
mod front;
mod kernels;
mod lines;
mod mutate;

pub use front::front_end;
pub use kernels::kernels;
pub use lines::eval_lines;

#[cfg(test)]
mod tests;
