//! Making and judging the mutants of losses.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
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
    /// All mutants that there is time for, and who finds them as far as there is.
    Full,
    /// All mutants; every check is asked about as many of them, spread over the family, as a quarter of an hour is enough for.
    Thorough,
}

impl Depth {
    /// So many mutants of a family at most.
    fn most(self, family: Family) -> usize {
        match (self, family) {
            (Self::Quick, Family::Spec) => 30,
            (Self::Quick, Family::Compiler) => 14,
            (Self::Quick, Family::Kernel) => 12,
            (Self::Full | Self::Thorough, _) => usize::MAX,
        }
    }

    /// How long a family may ask for further checks that find what one has found.
    fn spare(self) -> Duration {
        match self {
            Self::Quick => Duration::ZERO,
            Self::Full => Duration::from_secs(4),
            Self::Thorough => Duration::from_secs(15 * 60),
        }
    }

    /// How long a family may take.
    fn time(self) -> Duration {
        match self {
            Self::Quick => Duration::from_secs(3),
            Self::Full => Duration::from_secs(600),
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
    /// When no more mutants are judged.
    pub(super) deadline: Instant,
    /// What is known of mutants, by their description.
    known: HashMap<String, Fate>,
}

impl Court {
    /// It begins now.
    fn new(depth: Depth, seed: u64) -> Self {
        // Checks look at every size and setting however few points are asked for.
        let (now, effort) = (Instant::now(), Effort { seed, points: 20 });
        Self { effort, until: now + depth.spare(), deadline: now + depth.time(), known: HashMap::new() }
    }

    /// The same where only what no check found before is judged again, and what is described as such a mutant is.
    fn knowing(self, before: Option<&FamilyRecord>) -> Self {
        let mutants = || before.into_iter().flat_map(|record| &record.mutants);
        let is_open = |fate: &Fate| matches!(fate, Fate::Survived | Fate::OtherForm { .. });
        let mut known: HashMap<String, Fate> =
            mutants().map(|mutant| (mutant.describe(), mutant.fate.clone())).collect();
        for mutant in mutants().filter(|mutant| is_open(&mutant.fate)) {
            known.remove(&mutant.describe());
        }
        Self { known, ..self }
    }
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
        Self { record: MutantRecord::open(operator, place, before, after), fault }
    }
}

/// What was judged of a family, and how many mutants there was no time for.
pub(super) struct Judged {
    pub(super) mutants: Vec<MutantRecord>,
    pub(super) not_reached: usize,
}

/// So many mutants are judged at a time at most: each borrows kernels, of which there is a number.
const MOST_AT_A_TIME: usize = 4;

/// Judges at most so many mutants, as long as there is time.
pub(super) fn judged<M: Send + Sync>(
    mutants: Vec<Mutant<M>>,
    most: usize,
    court: &Court,
    fate: impl Fn(&M) -> Fate + Sync,
) -> Judged {
    let order = spread(mutants.len(), court.effort.seed);
    let wanted = &order[..order.len().min(most)];
    let (mut done, mut open) = (Vec::new(), Vec::new());
    for &at in wanted {
        let record = &mutants[at].record;
        match court.known.get(&record.describe()) {
            Some(fate) => done.push((at, MutantRecord { fate: fate.clone(), ..record.clone() })),
            None => open.push(at),
        }
    }
    let (next, done) = (AtomicUsize::new(0), Mutex::new(done));
    // Threads of their own, not tasks: a check that waits for its tasks would begin with another mutant meanwhile.
    let work = || {
        while Instant::now() <= court.deadline
            && let Some(&at) = open.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let Mutant { record, fault } = &mutants[at];
            let record = MutantRecord { fate: fate(fault), ..record.clone() };
            if let Ok(mut done) = done.lock() {
                done.push((at, record));
            }
        }
    };
    let at_a_time = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_AT_A_TIME);
    std::thread::scope(|scope| {
        (0..at_a_time).for_each(|_| {
            scope.spawn(work);
        });
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    let not_reached = wanted.len() - done.len();
    Judged { mutants: done.into_iter().map(|(_, record)| record).collect(), not_reached }
}

/// The places of a list, any first few of which are spread over all of it; the seed says where it begins.
fn spread(count: usize, seed: u64) -> Vec<usize> {
    let step = golden_step(count as u64) as usize;
    (0..count).map(|turn| (seed as usize % count + turn * step) % count).collect()
}

/// A step by which a walk round so many places meets all of them, any first few spread over all: steps of the golden section fall into the
/// largest gap that is left. It shares no factor with the number.
pub(super) fn golden_step(count: u64) -> u64 {
    let common = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let near = (u128::from(count) * 618 / 1000) as u64;
    (near..).find(|&step| step > 0 && common(step, count) == 1).unwrap_or(1)
}

/// Whether there are such mutants of a loss as [`run_contributions`] makes.
#[must_use]
pub fn has_contributions(subject: &Subject) -> bool {
    kernel::has_contributions(subject.loss.info())
}

/// Makes and judges the kernel mutants of gradients of what all rows share.
#[must_use]
pub fn run_contributions(subject: &Subject, seed: u64) -> FamilyRecord {
    let Judged { mutants, not_reached } = kernel::of_contributions(subject, &Court::new(Depth::Full, seed));
    FamilyRecord { not_reached: not_reached as u64, ..FamilyRecord::new(Family::Kernel, mutants) }
}

/// Makes and judges the mutants of one family of a loss.
#[must_use]
pub fn run_family(subject: &Subject, family: Family, depth: Depth, seed: u64) -> FamilyRecord {
    judge_family(subject, family, depth, &Court::new(depth, seed))
}

fn judge_family(subject: &Subject, family: Family, depth: Depth, court: &Court) -> FamilyRecord {
    let most = depth.most(family);
    let Judged { mutants, not_reached } = match family {
        Family::Spec => spec::judged(subject, court, most),
        Family::Compiler => compiler::judged(subject, court, most),
        Family::Kernel => kernel::judged(subject, court, most),
    };
    FamilyRecord { not_reached: not_reached as u64, ..FamilyRecord::new(family, mutants) }
}

/// Makes and judges all mutants of some losses; of those that an earlier run judged, only what survived.
#[must_use]
pub fn run_mutation(
    subjects: &[Subject],
    depth: Depth,
    seed: u64,
    before: Option<&MutationRun>,
    progress: &dyn Progress,
) -> MutationRun {
    let start = Instant::now();
    let date = utc(SystemTime::now());
    let losses = subjects.iter().map(|subject| {
        let start = Instant::now();
        let before = before.and_then(|run| run.losses.iter().find(|loss| loss.name == subject.name()));
        let families = Family::ALL.map(|family| {
            progress.begins(subject.name(), &format!("{} mutants", family.word()));
            let before = before.and_then(|loss| loss.families.iter().find(|record| record.family == family));
            let record = judge_family(subject, family, depth, &Court::new(depth, seed).knowing(before));
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
    use std::time::{Duration, Instant};

    use super::{Court, Depth, Family, FamilyRecord, Fate, Mutant, judged, spread};

    #[test]
    fn what_was_judged_before_is_not_judged_again_and_needs_no_time() {
        let mutants =
            || (0..4).map(|at| Mutant::new("swap", format!("place {at}"), String::new(), String::new(), at)).collect();
        let killed = |name: &str| Fate::Killed { by: vec![name.to_owned()], complete: true };
        let court = Court::new(Depth::Thorough, 1);
        let first = judged(mutants(), 4, &court, |&at| if at < 2 { killed("first") } else { Fate::Survived });
        let before = FamilyRecord::new(Family::Compiler, first.mutants);
        let again = court.knowing(Some(&before));
        let fates = |court: &Court| {
            let judged = judged(mutants(), 4, court, |_| killed("second"));
            let fates = judged.mutants.into_iter().map(|mutant| (mutant.place, mutant.fate));
            (fates.collect::<Vec<_>>(), judged.not_reached)
        };
        let place = |at: usize| format!("place {at}");
        let all = [killed("first"), killed("first"), killed("second"), killed("second")];
        let all: Vec<(String, Fate)> = all.into_iter().enumerate().map(|(at, fate)| (place(at), fate)).collect();
        assert_eq!(fates(&again), (all.clone(), 0));
        let late = Court { deadline: Instant::now() - Duration::from_secs(1), ..again };
        assert_eq!(fates(&late), (all[..2].to_vec(), 2));
    }

    #[test]
    fn every_mutant_has_its_turn_and_the_first_are_spread() {
        for count in [1, 2, 7, 100, 101] {
            let mut all = spread(count, 3);
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
        let mut first: Vec<usize> = spread(100, 0).into_iter().take(5).collect();
        first.sort_unstable();
        assert!(first.windows(2).all(|pair| pair[1] - pair[0] > 10), "{first:?}");
        assert!(spread(0, 3).is_empty());
    }
}
