//! The audit of losses that are made of the library's: what holds of a loss written out holds of a composed one.

mod losses {
    loss_runtime::losses! {
        files = [
            "tests/composed/dpo.yaml",
            "tests/composed/distillation.yaml",
            "tests/composed/ratio_huber.yaml",
        ]
    }
}

use loss_verify::named_tests;
use loss_verify::registry::Registry;

static COMPOSED: Registry = Registry::new(losses::LOSSES, losses::SPECS);

fn main() {
    named_tests::run(&COMPOSED)
}
