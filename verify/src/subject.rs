//! What is audited, and how hard.

use loss_runtime::Loss;

/// One loss under audit.
#[derive(Clone, Copy)]
pub struct Subject {
    /// The loss.
    pub loss: &'static dyn Loss,
    /// The registry it is from: recorded answers name losses in ways that only the whole list resolves.
    pub losses: &'static [&'static dyn Loss],
}

impl Subject {
    /// Every loss of a registry.
    #[must_use]
    pub fn all(losses: &'static [&'static dyn Loss]) -> Vec<Self> {
        losses.iter().map(|&loss| Self { loss, losses }).collect()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.loss.info().name
    }
}

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// The seed of every generator.
    pub seed: u64,
    /// About how many points each check looks at; every check looks at all that its claim names, however few these are.
    pub points: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            seed: 1,
            points: 20_000,
        }
    }
}
