//! What is audited, and how hard.

use loss_codegen::compile::Compiled;
use loss_runtime::Loss;

use crate::registry::Registry;

/// One loss under audit.
#[derive(Clone, Copy)]
pub struct Subject {
    /// The loss.
    pub loss: &'static dyn Loss,
    /// The registry it is from: formulas call other losses, and recorded answers name losses in ways that only the whole list resolves.
    pub registry: &'static Registry,
}

impl Subject {
    /// Every loss of a registry.
    #[must_use]
    pub fn all(registry: &'static Registry) -> Vec<Self> {
        registry.losses.iter().map(|&loss| Self { loss, registry }).collect()
    }

    /// Its spec, compiled beside the kernels: what the kernels are held against. `None` for a loss that is not made from one of the specs.
    #[must_use]
    pub fn compiled(&self) -> Option<&'static Compiled> {
        self.registry.compiled(self.name())
    }

    /// Whether it has a fault on purpose: then what matters is that a check fails, not how simply the failure can be shown.
    #[must_use]
    pub fn is_mutant(&self) -> bool {
        self.registry.has_mutant()
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

impl Effort {
    /// About how many points each check looks at in a thorough audit, which may take an hour.
    pub const THOROUGH: u64 = 100_000;
}

impl Default for Effort {
    fn default() -> Self {
        Self { seed: 1, points: 1_000 }
    }
}
