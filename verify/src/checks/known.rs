//! Checks that are known to fail, each with its reason. One that no longer fails must leave the list.

use serde::Deserialize;

use super::Finding;
use crate::audit::Status;

/// An entry of `known_failures.jsonl`.
#[derive(Deserialize)]
struct Known {
    loss: String,
    check: String,
    because: String,
}

/// Why a check of a loss is known to fail, if it is.
#[must_use]
pub fn known_failure(loss: &str, check: &str) -> Option<String> {
    let lines = include_str!("../../known_failures.jsonl").lines();
    let mut entries = lines.filter_map(|line| serde_json::from_str::<Known>(line).ok());
    entries.find(|known| known.loss == loss && known.check == check).map(|known| known.because)
}

/// What a finding counts as, if the check is known to fail: failing as it is known to is not a pass either.
pub(super) fn judged(mut finding: Finding, loss: &str, check: &str) -> Finding {
    let Some(because) = known_failure(loss, check) else { return finding };
    match finding.status {
        Status::Failed => {
            finding.status = Status::Undecided;
            finding.detail = format!("{}; known: {because}", finding.detail);
        }
        Status::Passed => {
            finding.status = Status::Failed;
            finding.detail = "passes, though known_failures.jsonl says that it fails: take it off the list".to_owned();
        }
        Status::Undecided | Status::Skipped => {}
    }
    finding
}
