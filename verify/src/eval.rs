//! The conformance port: cases in, answers out, one JSON object a line.
//!
//! A case is `{"id", "loss", "dtype", "options", "inputs", "upstream"}`, an answer `{"id", "value", "grads"}` or `{"id", "error"}`.
//! A line that is not a case is answered by an error, and the next line is read as if nothing had happened.

mod answer;
mod arrays;
mod case;
mod compute;
mod name;

use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use loss_runtime::Loss;

pub use answer::{Answer, Figures, Named, Refusal};
pub use arrays::{ArrayData, CaseArray, Kind};
pub use case::{Case, Dtype, OptionValue};
pub use compute::compute;
pub use name::find;

/// Answers every line of `from` on `to`, flushing after each, until `from` ends.
///
/// # Errors
/// If reading or writing fails. No content of a line is an error.
pub fn eval(losses: &[&'static dyn Loss], from: impl BufRead, mut to: impl Write) -> io::Result<()> {
    for line in from.split(b'\n') {
        writeln!(to, "{}", answer(losses, &line?))?;
        to.flush()?;
    }
    Ok(())
}

/// The answer to one line, as JSON.
#[must_use]
pub fn answer(losses: &[&'static dyn Loss], line: &[u8]) -> String {
    let (id, case) = case::read(line);
    let computed = case.and_then(|case| {
        // The runtime does not panic on any input; should it, the other cases still deserve their answers.
        catch_unwind(AssertUnwindSafe(|| compute(losses, &case))).unwrap_or_else(|_| {
            Err(Refusal { kind: "internal", message: "the computation stopped by a panic".to_owned() })
        })
    });
    answer::write(&id, &computed)
}

/// The case on a line.
///
/// # Errors
/// If the line is not one.
pub fn read_case(line: &[u8]) -> Result<Case, Refusal> {
    case::read(line).1
}

#[cfg(test)]
mod tests;
