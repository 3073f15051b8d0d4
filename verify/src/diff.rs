//! What got better or worse between two audits.

mod compare;
mod read;

use std::fmt;

use crate::audit::{Audit, LossRecord};

pub use read::{Unreadable, read};

/// Everything that differs between two audits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// What a reader must know to judge the rest.
    pub notes: Vec<String>,
    /// The losses that are in either, in the newer one's order; those without a change are left out.
    pub losses: Vec<LossDiff>,
    /// How many losses are in both.
    pub compared: usize,
}

/// What differs about one loss.
#[derive(Clone, Debug, PartialEq)]
pub struct LossDiff {
    /// The loss.
    pub name: String,
    /// The worst first.
    pub changes: Vec<Change>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Whether it is for the better.
    pub direction: Direction,
    /// What, and how.
    pub text: String,
}

/// Which way something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// For the worse.
    Worse,
    /// For the better.
    Better,
    /// Neither: for information.
    Other,
}

impl Direction {
    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Other => "note",
        }
    }
}

impl Diff {
    /// How many changes go a way.
    #[must_use]
    pub fn count(&self, direction: Direction) -> usize {
        let changes = self.losses.iter().flat_map(|loss| &loss.changes);
        changes.filter(|change| change.direction == direction).count()
    }
}

/// Compares two audits: what both looked at, and whether what the older one shows is still there.
#[must_use]
pub fn diff(old: &Audit, new: &Audit) -> Diff {
    let mut diff = Diff { notes: notes(old, new), ..Diff::default() };
    for after in &new.losses {
        let changes = match find(old, &after.name) {
            Some(before) => {
                diff.compared += 1;
                compare::loss(before, after, !is_part(old) && !is_part(new))
            }
            None if is_part(old) => Vec::new(),
            None => compare::appeared(after),
        };
        diff.losses.push(LossDiff { name: after.name.clone(), changes });
    }
    if !is_part(new) {
        for before in old.losses.iter().filter(|before| find(new, &before.name).is_none()) {
            let gone = Change { direction: Direction::Worse, text: "the loss is gone".to_owned() };
            diff.losses.push(LossDiff { name: before.name.clone(), changes: vec![gone] });
        }
    }
    diff.losses.iter_mut().for_each(|loss| loss.changes.sort_by_key(|change| change.direction));
    diff.losses.retain(|loss| !loss.changes.is_empty());
    diff
}

fn find<'a>(audit: &'a Audit, name: &str) -> Option<&'a LossRecord> {
    audit.losses.iter().find(|loss| loss.name == name)
}

/// Whether an audit was asked for some losses or checks alone.
fn is_part(audit: &Audit) -> bool {
    !audit.selection.losses.is_empty() || !audit.selection.checks.is_empty()
}

fn notes(old: &Audit, new: &Audit) -> Vec<String> {
    let mut notes = Vec::new();
    for (which, audit) in [("older", old), ("newer", new)] {
        let wanted: Vec<&str> =
            audit.selection.losses.iter().chain(&audit.selection.checks).map(String::as_str).collect();
        if !wanted.is_empty() {
            notes.push(format!("the {which} audit is of {} alone: only what both have is compared", wanted.join(", ")));
        }
    }
    let mut other = |what: &str, old: &dyn fmt::Display, new: &dyn fmt::Display| {
        let (old, new) = (old.to_string(), new.to_string());
        if old != new {
            notes.push(format!("{what}: {old} -> {new}; largest distances depend on it"));
        }
    };
    other("seed", &old.seed, &new.seed);
    other("points", &old.points, &new.points);
    if old.machine != new.machine {
        notes.push(format!("machine: {} -> {}", old.machine, new.machine));
    }
    notes
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        for LossDiff { name, changes } in &self.losses {
            writeln!(f, "{name}")?;
            for Change { direction, text } in changes {
                writeln!(f, "  {:<6}  {text}", direction.word())?;
            }
        }
        let (worse, better) = (self.count(Direction::Worse), self.count(Direction::Better));
        let losses = if self.compared == 1 { "loss" } else { "losses" };
        writeln!(f, "{} {losses} compared: {worse} worse, {better} better", self.compared)
    }
}

#[cfg(test)]
mod tests;
