//! Two records of one loss.

use crate::audit::{
    Accuracy, CheckRecord, ClaimRecord, Goldens, KnotRecord, LossRecord, MutationSummary, Standing, Status,
};
use crate::report::{count, seconds, ulps};

use super::{Change, Direction};

/// Times differ between runs of the same thing: only larger changes are worth a line.
const SLOWER: f64 = 1.5;
/// The least time, in seconds, whose change is worth a line.
const LONG: f64 = 1.0;

/// What differs. `whole`: both records have all that there is, so that what is missing is gone.
pub(super) fn loss(old: &LossRecord, new: &LossRecord, whole: bool) -> Vec<Change> {
    let mut changes = Changes { all: Vec::new(), whole };
    changes.moved("status", Some(old.status()), Some(new.status()), Status::word);
    for (before, after) in pairs(&old.checks, &new.checks, |check: &CheckRecord| check.name.clone()) {
        let name = before.or(after).map(|check| check.name.as_str()).unwrap_or_default();
        changes.moved(
            &format!("check {name}"),
            before.map(|check| check.status),
            after.map(|check| check.status),
            Status::word,
        );
    }
    let claim = |claim: &ClaimRecord| claim.claim.clone();
    for (before, after) in pairs(&old.claims, &new.claims, claim) {
        let text = before.or(after).map(|claim| claim.claim.as_str()).unwrap_or_default();
        changes.moved(
            &format!("claim `{text}`"),
            before.map(|claim| rank(claim.standing)),
            after.map(|claim| rank(claim.standing)),
            |(_, word)| word,
        );
    }
    let knot = |knot: &KnotRecord| (knot.at.clone(), knot.when.clone());
    for (before, after) in pairs(&old.knots, &new.knots, knot) {
        let text = before.or(after).map(|knot| knot.at.as_str()).unwrap_or_default();
        changes.moved(
            &format!("knot `{text}`"),
            before.map(|knot| knot.status),
            after.map(|knot| knot.status),
            Status::word,
        );
    }
    changes.accuracy(&old.accuracy, &new.accuracy);
    changes.goldens(old.goldens.as_ref(), new.goldens.as_ref());
    changes.mutation(old.mutation.as_ref(), new.mutation.as_ref());
    changes.effort(old, new);
    changes.all
}

/// A loss that the older audit does not have.
pub(super) fn appeared(new: &LossRecord) -> Vec<Change> {
    let status = new.status();
    let direction = match status {
        Status::Passed | Status::Skipped => Direction::Other,
        Status::Undecided | Status::Failed => Direction::Worse,
    };
    vec![Change { direction, text: format!("a new loss: {}", status.word()) }]
}

/// Standings from best to worst.
fn rank(standing: Standing) -> (u8, &'static str) {
    let rank = match standing {
        Standing::Proved => 0,
        Standing::Tested => 1,
        Standing::Undecided => 2,
        Standing::Violated => 3,
    };
    (rank, standing.word())
}

/// What has the same key in both lists, in the newer one's order; what is in one alone after it.
fn pairs<'a, T, K: PartialEq>(
    old: &'a [T],
    new: &'a [T],
    key: impl Fn(&T) -> K,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let both = new.iter().map(|after| (old.iter().find(|before| key(before) == key(after)), Some(after)));
    let gone = old.iter().filter(|before| new.iter().all(|after| key(after) != key(before)));
    both.chain(gone.map(|before| (Some(before), None))).collect()
}

struct Changes {
    all: Vec<Change>,
    whole: bool,
}

impl Changes {
    fn add(&mut self, direction: Direction, text: String) {
        self.all.push(Change { direction, text });
    }

    /// Something whose states have an order, the best first.
    fn moved<S: PartialOrd + Copy>(
        &mut self,
        what: &str,
        old: Option<S>,
        new: Option<S>,
        word: impl Fn(S) -> &'static str,
    ) {
        match (old, new) {
            (Some(old), Some(new)) if old != new => {
                let direction = if new < old { Direction::Better } else { Direction::Worse };
                self.add(direction, format!("{what}: {} -> {}", word(old), word(new)));
            }
            // What is new and wrong shows in the status of the loss.
            (None, Some(new)) if self.whole => self.add(Direction::Other, format!("{what} is new: {}", word(new))),
            (Some(old), None) if self.whole => {
                self.add(Direction::Worse, format!("{what} is gone; it was {}", word(old)))
            }
            (Some(_) | None, Some(_) | None) => {}
        }
    }

    /// A distance of which less is better.
    fn distance(&mut self, what: &str, old: f64, new: f64) {
        // NaN, which no distance is, would be the worst.
        let direction = match new.total_cmp(&old) {
            std::cmp::Ordering::Less => Direction::Better,
            std::cmp::Ordering::Greater => Direction::Worse,
            std::cmp::Ordering::Equal => return,
        };
        let (mut before, mut after) = (ulps(old), ulps(new));
        if before == after {
            (before, after) = (old.to_string(), new.to_string());
        }
        self.add(direction, format!("{what}: {before} -> {after} ULP"));
    }

    fn accuracy(&mut self, old: &[Accuracy], new: &[Accuracy]) {
        let key = |accuracy: &Accuracy| (accuracy.dtype.clone(), accuracy.direction.clone());
        for (before, after) in pairs(old, new, key) {
            let Some(any) = before.or(after) else { continue };
            let what = format!("{} {}", any.dtype, String::from(any.direction.clone()));
            match (before, after) {
                (Some(before), Some(after)) => {
                    self.distance(&format!("{what}, largest distance"), before.max_ulp.0, after.max_ulp.0);
                    self.distance(&format!("{what}, 99.9 % within"), before.p999_ulp.0, after.p999_ulp.0);
                    if let (Some(before), Some(after)) = (before.searched_ulp, after.searched_ulp) {
                        self.distance(&format!("{what}, largest that a search meets"), before.0, after.0);
                    }
                }
                (Some(_), None) if self.whole => self.add(Direction::Worse, format!("{what} is no longer measured")),
                (None, Some(_)) if self.whole => self.add(Direction::Other, format!("{what} is measured now")),
                (Some(_) | None, Some(_) | None) => {}
            }
        }
    }

    fn goldens(&mut self, old: Option<&Goldens>, new: Option<&Goldens>) {
        let Some(old) = old else { return };
        let Some(new) = new else {
            if self.whole {
                self.add(Direction::Worse, "recorded answers are no longer replayed".to_owned());
            }
            return;
        };
        if old.failed != new.failed {
            let direction = if new.failed < old.failed { Direction::Better } else { Direction::Worse };
            self.add(direction, format!("recorded answers that differ: {} -> {}", old.failed, new.failed));
        }
        if old.passed != new.passed {
            let direction = if new.passed > old.passed { Direction::Better } else { Direction::Worse };
            self.add(direction, format!("recorded answers that agree: {} -> {}", old.passed, new.passed));
        }
        if old.declared_different != new.declared_different {
            let (old, new) = (old.declared_different, new.declared_different);
            self.add(Direction::Other, format!("recorded answers that differ as declared: {old} -> {new}"));
        }
    }

    fn mutation(&mut self, old: Option<&MutationSummary>, new: Option<&MutationSummary>) {
        let (Some(old), Some(new)) = (old, new) else {
            match (old, new) {
                (Some(_), None) => self.add(Direction::Other, "deliberate faults were not tried this time".to_owned()),
                (None, Some(_)) => self.add(Direction::Other, "deliberate faults are tried now".to_owned()),
                (None, None) | (Some(_), Some(_)) => {}
            }
            return;
        };
        for ((kind, before), (_, after)) in old.kinds().into_iter().zip(new.kinds()) {
            // Shares by cross-multiplication; of no faults none is missed.
            let share =
                |killed: u64, total: u64| if total == 0 { (1, 1) } else { (u128::from(killed), u128::from(total)) };
            let ((k, n), (l, m)) = (share(before.killed, before.total), share(after.killed, after.total));
            let direction = match (l * n).cmp(&(k * m)) {
                std::cmp::Ordering::Less => Direction::Worse,
                std::cmp::Ordering::Greater => Direction::Better,
                std::cmp::Ordering::Equal if before == after => continue,
                std::cmp::Ordering::Equal => Direction::Other,
            };
            let text = format!(
                "{kind} faults found: {} of {} -> {} of {}",
                before.killed, before.total, after.killed, after.total
            );
            self.add(direction, text);
        }
        for survivor in new.survivors.iter().filter(|survivor| !old.survivors.contains(survivor)) {
            self.add(Direction::Worse, format!("a fault survives: {survivor}"));
        }
        for killed in old.survivors.iter().filter(|survivor| !new.survivors.contains(survivor)) {
            self.add(Direction::Better, format!("no longer survives: {killed}"));
        }
    }

    /// How much was looked at, and how long it took.
    fn effort(&mut self, old: &LossRecord, new: &LossRecord) {
        if old.points() != new.points() && self.whole {
            self.add(Direction::Other, format!("points: {} -> {}", count(old.points()), count(new.points())));
        }
        let (short, long) = (old.seconds.min(new.seconds), old.seconds.max(new.seconds));
        if long > LONG && long > SLOWER * short && self.whole {
            self.add(Direction::Other, format!("time: {} -> {}", seconds(old.seconds), seconds(new.seconds)));
        }
    }
}
