//! What is audited, and how hard.

use std::sync::OnceLock;

use loss_codegen::compile::{Compiled, compile};
use loss_codegen::source::SourceFile;
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

    /// Its spec, compiled anew: what the kernels are held against. `None` for a loss that is not made from one of the specs.
    #[must_use]
    pub fn compiled(&self) -> Option<&'static Compiled> {
        compiled_specs().iter().find(|compiled| compiled.spec.name == self.name())
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

/// Every spec, compiled once a process. They have compiled before, or there would be no runtime.
fn compiled_specs() -> &'static [Compiled] {
    static COMPILED: OnceLock<Vec<Compiled>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let sources: Vec<SourceFile> = loss_specs::SPECS
            .iter()
            .map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() })
            .collect();
        compile(&sources).unwrap_or_else(|failures| {
            panic!("{}", failures.iter().flat_map(|failure| failure.rendered()).collect::<String>())
        })
    })
}
