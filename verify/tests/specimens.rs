//! Losses that show what the library's own have no need of: losses that are made of others, and gradients with respect to parameters and to
//! what all rows share, and conditions that tie parameters to each other. They are held to what is special to them.

mod losses {
    loss_runtime::losses! { dir = "tests/specimens" }
}

use loss_verify::named_tests;
use loss_verify::registry::Registry;

static SPECIMENS: Registry = Registry::new(losses::LOSSES, losses::SPECS);

fn main() {
    named_tests::run_checks(
        &SPECIMENS,
        &[
            "examples_hold",
            "relations_hold",
            "knots_are_as_declared",
            "reductions_match_oracle",
            "shared_gradients_match_oracle",
            "shared_gradients_are_reproducible",
            "narrow_types_are_widened",
        ],
    )
}
