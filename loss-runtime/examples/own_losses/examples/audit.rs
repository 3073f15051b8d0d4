//! `cargo run --example audit` writes the report, `cargo run --example audit -- explain quantile_huber` shows a loss: all that `cargo verify` does.

use std::process::ExitCode;

use loss_verify::{cli, registry::Registry};

static OURS: Registry = Registry::new(own_losses::LOSSES, own_losses::SPECS);

fn main() -> ExitCode {
    cli::main(&OURS)
}
