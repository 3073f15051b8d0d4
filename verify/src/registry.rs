//! Which losses there are, and what they are made from.

use std::sync::OnceLock;

use loss_author::files::of_program;
use loss_codegen::compile::{Compiled, compile_beside, library};
use loss_codegen::elaborate::Library;
use loss_runtime::{Loss, SpecFile};
use loss_specs::accuracy::{ACCURACY, AccuracyLine};

use crate::subject::Effort;

/// Losses under audit, with their specs.
pub struct Registry {
    /// The losses, in the order in which they are audited.
    pub losses: &'static [&'static dyn Loss],
    specs: &'static [SpecFile],
    /// Losses of the runtime that the specs may call, beside each other.
    others: &'static [SpecFile],
    /// The table of errors of these losses, which says nothing of another crate's, whatever their names.
    pub(crate) accuracy: &'static [AccuracyLine],
    /// What runs the audit.
    program: &'static str,
    /// The registry without the fault, and the spec with it.
    mutant: Option<(&'static Registry, &'static Compiled)>,
    compiled: OnceLock<&'static [Compiled]>,
    /// What the specs may call, where it is not made from `others`.
    callable: Option<Library>,
}

/// Every loss of the runtime.
static RUNTIME: Registry = Registry {
    losses: loss_runtime::LOSSES,
    specs: loss_runtime::SPECS,
    others: &[],
    accuracy: ACCURACY,
    program: "cargo verify",
    mutant: None,
    compiled: OnceLock::new(),
    callable: None,
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
            accuracy: &[],
            program: "cargo run --example audit --",
            mutant: None,
            compiled: OnceLock::new(),
            callable: None,
        }
    }

    /// Losses that have no kernels, the specs that they are made of, and what these may call. It is never freed.
    pub(crate) fn interpreted(
        losses: Vec<&'static dyn Loss>,
        compiled: &'static [Compiled],
        callable: Library,
    ) -> &'static Self {
        Box::leak(Box::new(Registry {
            losses: Vec::leak(losses),
            specs: &[],
            others: &[],
            accuracy: &[],
            program: "cargo verify",
            mutant: None,
            compiled: OnceLock::from(compiled),
            callable: Some(callable),
        }))
    }

    /// The command that audits a loss again, in the same way.
    ///
    /// In another crate it takes an example `audit` whose `main` is [`cli::main`](crate::cli::main); `cargo test` there has the default effort.
    #[must_use]
    pub fn command(&self, loss: &str, effort: &Effort) -> String {
        format!("{} {loss} --seed {} --points {}", self.program, effort.seed, effort.points)
    }

    /// The registry with a loss that has a fault in place of the one of its name, held against another spec. It is never freed.
    pub(crate) fn with_mutant(
        &'static self,
        mutant: &'static dyn Loss,
        compiled: &'static Compiled,
    ) -> &'static Registry {
        let name = mutant.info().name;
        let losses = self.losses.iter().map(|&loss| if loss.info().name == name { mutant } else { loss });
        let mutated = Registry {
            losses: Vec::leak(losses.collect()),
            mutant: Some((self, compiled)),
            compiled: OnceLock::new(),
            callable: None,
            ..*self
        };
        Box::leak(Box::new(mutated))
    }

    /// Whether one of the losses has a fault on purpose.
    pub(crate) fn has_mutant(&self) -> bool {
        self.mutant.is_some()
    }

    /// The spec of a loss, compiled.
    #[must_use]
    pub fn compiled(&self, name: &str) -> Option<&Compiled> {
        match self.mutant {
            Some((_, mutant)) if mutant.spec.name == name => Some(mutant),
            Some((original, _)) => original.compiled(name),
            None => self.all_compiled().iter().find(|compiled| compiled.spec.name == name),
        }
    }

    /// The files of every spec that a formula of these may call; one of the registry's own comes before another of its name.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &'static SpecFile> + Clone + use<> {
        let registry = self.mutant.map_or((self.specs, self.others), |(original, _)| (original.specs, original.others));
        registry.0.iter().chain(registry.1)
    }

    /// Every spec that a formula of these may call.
    #[must_use]
    pub fn library(&self) -> Library {
        let insert = |library: &mut Library, compiled: &Compiled| {
            library.specs.insert(compiled.spec.name.clone(), compiled.spec.clone());
        };
        match self.mutant {
            Some((original, mutant)) => {
                let mut library = original.library();
                insert(&mut library, mutant);
                library
            }
            None => {
                let mut library = self.callable.clone().unwrap_or_else(|| library(&of_program(self.others)));
                self.all_compiled().iter().for_each(|compiled| insert(&mut library, compiled));
                library
            }
        }
    }

    /// Every spec, compiled once a process. They have compiled before, or there would be no losses.
    fn all_compiled(&self) -> &'static [Compiled] {
        self.compiled.get_or_init(|| {
            let compiled = compile_beside(&of_program(self.specs), library(&of_program(self.others)));
            Vec::leak(compiled.unwrap_or_else(|failures| {
                panic!("{}", failures.iter().flat_map(|failure| failure.rendered()).collect::<String>())
            }))
        })
    }
}
