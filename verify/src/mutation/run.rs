//! Making and judging the mutants of losses.

use std::time::{Duration, Instant, SystemTime};

use crate::audit_run::{Progress, utc};
use crate::subject::{Effort, Subject};

use super::record::{Family, FamilyRecord, Fate, LossMutation, MutantRecord, MutationRun, SCHEMA_VERSION};
use super::{compiler, kernel, spec};

/// How many mutants are judged, and how much is asked about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// A sample of each family, each mutant up to the first check that finds it: for tests.
    Quick,
    /// Most mutants; who finds them as far as there is time.
    Full,
    /// All mutants, and every check asked about each.
    Thorough,
}

impl Depth {
    /// So many mutants of a family at most.
    fn most(self, family: Family) -> usize {
        match (self, family) {
            (Self::Quick, Family::Spec) => 30,
            (Self::Quick, Family::Compiler) => 14,
            (Self::Quick, Family::Kernel) => 12,
            (Self::Full, Family::Compiler) => 100,
            (Self::Full, Family::Spec | Family::Kernel) | (Self::Thorough, _) => usize::MAX,
        }
    }

    /// How long a family may ask for further checks that find what one has found.
    fn spare(self) -> Duration {
        match self {
            Self::Quick => Duration::ZERO,
            Self::Full => Duration::from_secs(4),
            Self::Thorough => Duration::from_secs(1_000_000),
        }
    }
}

/// How a mutant is judged.
pub(super) struct Court {
    /// How hard each check looks.
    pub(super) effort: Effort,
    /// When checks that only confirm what is known are asked no more.
    pub(super) until: Instant,
}

/// A mutant that has not been judged yet.
pub(super) struct Mutant<M> {
    /// What was done, where.
    pub(super) record: MutantRecord,
    /// The fault.
    pub(super) fault: M,
}

impl<M> Mutant<M> {
    /// A mutant, its fate open.
    pub(super) fn new(operator: &str, place: String, before: String, after: String, fault: M) -> Self {
        let record = MutantRecord { operator: operator.to_owned(), place, before, after, fate: Fate::Survived };
        Self { record, fault }
    }
}

/// Evenly spread over a list, so that every operator and place has its turn; the seed says where it begins.
pub(super) fn sample<M>(mutants: Vec<M>, most: usize, seed: u64) -> Vec<M> {
    let count = mutants.len();
    if count <= most {
        return mutants;
    }
    let first = seed as usize % count;
    let chosen: std::collections::BTreeSet<usize> =
        (0..most).map(|turn| (first + turn * count / most) % count).collect();
    mutants.into_iter().enumerate().filter(|(at, _)| chosen.contains(at)).map(|(_, mutant)| mutant).collect()
}

/// Makes and judges the mutants of one family of a loss.
#[must_use]
pub fn run_family(subject: &Subject, family: Family, depth: Depth, seed: u64) -> FamilyRecord {
    // Checks look at every size and setting however few points are asked for.
    let court = Court { effort: Effort { seed, points: 20 }, until: Instant::now() + depth.spare() };
    let most = depth.most(family);
    let mutants = match family {
        Family::Spec => spec::judged(subject, &court, most),
        Family::Compiler => compiler::judged(subject, &court, most),
        Family::Kernel => kernel::judged(subject, &court, most),
    };
    FamilyRecord::new(family, mutants)
}

/// Makes and judges all mutants of some losses.
#[must_use]
pub fn run_mutation(subjects: &[Subject], depth: Depth, seed: u64, progress: &dyn Progress) -> MutationRun {
    let start = Instant::now();
    let date = utc(SystemTime::now());
    let losses = subjects.iter().map(|subject| {
        let start = Instant::now();
        let families = Family::ALL.map(|family| {
            progress.begins(subject.name(), &format!("{} mutants", family.word()));
            let record = run_family(subject, family, depth, seed);
            progress.ends();
            record
        });
        LossMutation {
            name: subject.name().to_owned(),
            families: families.into(),
            seconds: start.elapsed().as_secs_f64(),
        }
    });
    let losses = losses.collect();
    MutationRun {
        schema_version: SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        date,
        seed,
        seconds: start.elapsed().as_secs_f64(),
        losses,
    }
}

#[cfg(test)]
mod tests {
    use super::sample;

    #[test]
    fn samples_are_spread_and_of_the_size_asked_for() {
        let of = |seed| sample((0..100).collect(), 4, seed);
        assert_eq!(of(0), [0, 25, 50, 75]);
        assert_eq!(of(30), [5, 30, 55, 80]);
        assert_eq!(sample(vec![1, 2], 4, 9), [1, 2]);
    }
}
