//! Which checks find a fault.

use std::time::Instant;

use loss_codegen::compile::Compiled;
use loss_runtime::Loss;

use crate::audit::Status;
use crate::checks::{CHECKS, Check};
use crate::subject::{Effort, Subject};

use super::record::Fate;
use super::run::Court;

/// A loss with a fault, in a registry in which it takes the original's place.
pub(super) fn subject(original: &Subject, mutant: &'static dyn Loss, compiled: &'static Compiled) -> Subject {
    Subject { loss: mutant, registry: original.registry.with_mutant(mutant, compiled) }
}

/// The checks of these names.
pub(super) fn named(names: &[&str]) -> Vec<&'static Check> {
    names.iter().filter_map(|name| CHECKS.iter().find(|check| check.name == *name)).collect()
}

/// All checks but those of these names.
pub(super) fn rest(first: &[&str], left_out: &[&str]) -> Vec<&'static Check> {
    CHECKS.iter().filter(|check| !first.contains(&check.name) && !left_out.contains(&check.name)).collect()
}

/// The checks of these names first, then all others but those that are left out.
pub(super) fn checks(first: &[&str], left_out: &[&str]) -> Vec<&'static Check> {
    named(first).into_iter().chain(rest(first, left_out)).collect()
}

/// Asks the checks one after the other; after the first that finds the fault only as long as there is time.
pub(super) fn judge(mutant: &Subject, checks: &[&'static Check], effort: &Effort, until: Instant) -> Fate {
    let mut by = Vec::new();
    let mut complete = true;
    for check in checks {
        if !by.is_empty() && Instant::now() > until {
            complete = false;
            break;
        }
        match check.record(mutant, effort).0.status {
            Status::Passed | Status::Skipped => {}
            // Neither is a pass: the tests fail, and whoever made the fault is told.
            Status::Undecided | Status::Failed => by.push(check.name.to_owned()),
        }
    }
    if by.is_empty() { Fate::Survived } else { Fate::Killed { by, complete } }
}

/// What further checks make of a mutant that some have judged.
pub(super) fn further(fate: Fate, mutant: &Subject, checks: &[&'static Check], court: &Court) -> Fate {
    let (mut by, was_complete) = match fate {
        Fate::Killed { by, complete } => (by, complete),
        Fate::Survived => (Vec::new(), true),
        fate @ (Fate::Equivalent { .. } | Fate::OtherForm { .. } | Fate::Refused { .. }) => return fate,
    };
    if !was_complete || (!by.is_empty() && Instant::now() > court.until) {
        return Fate::Killed { by, complete: checks.is_empty() && was_complete };
    }
    match judge(mutant, checks, &court.effort, court.until) {
        Fate::Killed { by: more, complete } => {
            by.extend(more);
            Fate::Killed { by, complete }
        }
        _ if by.is_empty() => Fate::Survived,
        _ => Fate::Killed { by, complete: true },
    }
}
