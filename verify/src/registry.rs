//! Which losses there are.

use loss_runtime::Loss;

/// Every loss of the runtime, in the order of its registry.
#[must_use]
pub fn losses() -> &'static [&'static dyn Loss] {
    loss_runtime::LOSSES
}
