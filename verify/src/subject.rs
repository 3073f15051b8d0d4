//! What is audited, and how hard.

use std::collections::BTreeMap;
use std::sync::{OnceLock, PoisonError, RwLock};

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
        if let Some(compiled) = stand_in(self.loss) {
            return Some(compiled);
        }
        compiled_specs().iter().find(|compiled| compiled.spec.name == self.name())
    }

    /// Whether it has a fault on purpose: then what matters is that a check fails, not how simply the failure can be shown.
    #[must_use]
    pub fn is_mutant(&self) -> bool {
        stand_in(self.loss).is_some()
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
        Self { seed: 1, points: 1_000 }
    }
}

/// The specs of losses that stand in for others, by where the loss lies in memory. None of them is ever freed.
static STAND_INS: RwLock<BTreeMap<usize, &'static Compiled>> = RwLock::new(BTreeMap::new());

/// States that a loss with a fault is to be held against this spec. The loss must be of a type with a size, or it has no place of its own.
pub(crate) fn holds_against(mutant: &'static dyn Loss, compiled: &'static Compiled) {
    STAND_INS.write().unwrap_or_else(PoisonError::into_inner).insert(address(mutant), compiled);
}

fn stand_in(loss: &'static dyn Loss) -> Option<&'static Compiled> {
    STAND_INS.read().unwrap_or_else(PoisonError::into_inner).get(&address(loss)).copied()
}

fn address(loss: &'static dyn Loss) -> usize {
    (std::ptr::from_ref(loss)).cast::<()>().addr()
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
