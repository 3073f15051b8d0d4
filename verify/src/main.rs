//! The program `loss-verify`: audits loss functions and answers conformance cases.

use std::process::ExitCode;

use loss_verify::cli::main as run;
use loss_verify::registry::losses;

fn main() -> ExitCode {
    run(losses())
}
