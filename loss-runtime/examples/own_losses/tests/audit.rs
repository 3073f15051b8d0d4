//! `cargo test` audits every loss of this crate; `cargo test quantile_huber` one.

use loss_verify::{named_tests, registry::Registry};

static OURS: Registry = Registry::new(own_losses::LOSSES, own_losses::SPECS);

fn main() {
    named_tests::run(&OURS)
}
