//! The audit of losses that show what the library's own have no need of: losses that are made of others, and gradients with respect to
//! parameters and to numbers that all rows share.

mod losses {
    loss_runtime::losses! { dir = "tests/specimens" }
}

use loss_verify::named_tests;
use loss_verify::registry::Registry;

static SPECIMENS: Registry = Registry::new(losses::LOSSES, losses::SPECS);

fn main() {
    named_tests::run(&SPECIMENS)
}
