//! The program `loss-verify`: audits loss functions and answers conformance cases.

use std::process::ExitCode;

use loss_verify::cli::{Application, main as run};
use loss_verify::registry::losses;

fn main() -> ExitCode {
    run(&Application { losses: losses(), generated: |name| Err(format!("no generated code is at hand for `{name}`")) })
}
