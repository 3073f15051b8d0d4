//! How many deliberate faults the audit finds, as a loss's record holds it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The faults that were put into one loss, and how many of them were found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MutationSummary {
    /// The loss.
    pub name: String,
    /// Faults in its spec.
    pub spec: Score,
    /// Faults in what the compiler makes of it.
    pub compiler: Score,
    /// Faults in its kernels.
    pub kernel: Score,
    /// How many were no fault: they compute the same, as is proved. Not in the scores.
    #[serde(default)]
    pub equivalent: u64,
    /// How many were no fault as far as was tried: another form of the same function, which rounds otherwise. Not in the
    /// scores.
    #[serde(default)]
    pub other_form: u64,
    /// Those that nothing found, in words.
    pub survivors: Vec<String>,
    /// How many faults a check found that no other check did.
    pub alone: Vec<(String, u64)>,
}

/// How many of some faults were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// Found by at least one check.
    pub killed: u64,
    /// All of them.
    pub total: u64,
}

impl MutationSummary {
    /// The three kinds, each with its name.
    #[must_use]
    pub fn kinds(&self) -> [(&'static str, Score); 3] {
        [("spec", self.spec), ("compiler", self.compiler), ("kernel", self.kernel)]
    }

    /// All kinds together.
    #[must_use]
    pub fn all(&self) -> Score {
        let kinds = self.kinds();
        Score {
            killed: kinds.iter().map(|(_, score)| score.killed).sum(),
            total: kinds.iter().map(|(_, score)| score.total).sum(),
        }
    }
}
