//! Which losses there are, and what they are made from.

use std::sync::OnceLock;

use loss_codegen::compile::{Compiled, compile_beside, library};
use loss_codegen::elaborate::Library;
use loss_codegen::source::SourceFile;
use loss_runtime::{Loss, SpecFile};

use crate::subject::Effort;

/// Losses under audit, with their specs.
pub struct Registry {
    /// The losses, in the order in which they are audited.
    pub losses: &'static [&'static dyn Loss],
    specs: &'static [SpecFile],
    /// Losses of the runtime that the specs may call, beside each other.
    others: &'static [SpecFile],
    /// What runs the audit.
    program: &'static str,
    compiled: OnceLock<Vec<Compiled>>,
}

/// Every loss of the runtime.
static RUNTIME: Registry = Registry {
    losses: loss_runtime::LOSSES,
    specs: loss_runtime::SPECS,
    others: &[],
    program: "cargo verify",
    compiled: OnceLock::new(),
};

/// Every loss of the runtime, in the order of its registry.
#[must_use]
pub fn losses() -> &'static Registry {
    &RUNTIME
}

impl Registry {
    /// The losses of another crate: what `loss_runtime::losses!` calls `LOSSES` and `SPECS` there.
    #[must_use]
    pub const fn new(losses: &'static [&'static dyn Loss], specs: &'static [SpecFile]) -> Self {
        Self {
            losses,
            specs,
            others: loss_runtime::SPECS,
            program: "cargo run --example audit --",
            compiled: OnceLock::new(),
        }
    }

    /// The command that audits a loss again, in the same way.
    ///
    /// In another crate it takes an example `audit` whose `main` is [`cli::main`](crate::cli::main); `cargo test` there has the default effort.
    #[must_use]
    pub fn command(&self, loss: &str, effort: &Effort) -> String {
        format!("{} {loss} --seed {} --points {}", self.program, effort.seed, effort.points)
    }

    /// Every spec, compiled once a process.
    ///
    /// # Panics
    /// If one does not compile. They have compiled before, or there would be no losses.
    pub fn compiled(&self) -> &[Compiled] {
        self.compiled.get_or_init(|| {
            compile_beside(&sources(self.specs), library(&sources(self.others))).unwrap_or_else(|failures| {
                panic!("{}", failures.iter().flat_map(|failure| failure.rendered()).collect::<String>())
            })
        })
    }

    /// Every spec that a formula of these may call.
    #[must_use]
    pub fn library(&self) -> Library {
        let mut library = library(&sources(self.others));
        let own = self.compiled().iter().map(|compiled| (compiled.spec.name.clone(), compiled.spec.clone()));
        library.specs.extend(own);
        library
    }
}

fn sources(specs: &[SpecFile]) -> Vec<SourceFile> {
    specs.iter().map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() }).collect()
}
