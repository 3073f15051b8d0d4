//! Counting points and keeping the first failures.

use crate::audit::{FailedInput, Failure, Status};
use crate::number::Number;
use crate::subject::{Effort, Subject};

use super::{Evidence, Finding};

/// How many failures are kept in full.
const KEPT: usize = 4;

/// What a check has seen so far.
#[derive(Clone)]
pub struct Tally {
    subject: Subject,
    effort: Effort,
    points: u64,
    failed: u64,
    undecided: u64,
    failures: Vec<Failure>,
}

impl Tally {
    /// Nothing so far.
    #[must_use]
    pub fn new(subject: &Subject, effort: &Effort) -> Self {
        Self { subject: *subject, effort: *effort, points: 0, failed: 0, undecided: 0, failures: Vec::new() }
    }

    /// Nothing so far, of the same loss.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self { failures: Vec::new(), points: 0, failed: 0, undecided: 0, ..*self }
    }

    /// Whether there is room for another failure in full.
    #[must_use]
    pub fn keeps_more(&self) -> bool {
        self.failures.len() < KEPT
    }

    /// Adds what was seen elsewhere.
    pub fn add(&mut self, other: Self) {
        self.points += other.points;
        self.failed += other.failed;
        self.undecided += other.undecided;
        self.failures.extend(other.failures);
        self.failures.truncate(KEPT);
    }

    /// Keeps the first failure of a simpler case, if there is one, in place of its own.
    pub fn tell_of(&mut self, simpler: Option<Self>) {
        if let Some(simpler) = simpler {
            self.failures = simpler.failures;
            self.failures.truncate(1);
        }
    }

    /// How many points were looked at.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.points
    }

    /// How many of them failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// The first failure, if there is one.
    #[must_use]
    pub fn first_failure(&self) -> Option<&Failure> {
        self.failures.first()
    }

    /// Gives failures their inputs that have none.
    pub fn show(&mut self, inputs: impl Fn() -> Vec<FailedInput>) {
        let without = self.failures.iter_mut().filter(|failure| failure.inputs.is_empty());
        without.for_each(|failure| failure.inputs = inputs());
    }

    /// Counts points that passed.
    pub fn pass(&mut self, points: u64) {
        self.points += points;
    }

    /// Counts a case of which nothing can be said.
    pub fn leave_undecided(&mut self) {
        self.undecided += 1;
    }

    /// Counts a point that failed; `compared` gives what was expected and what came out.
    pub fn fail(&mut self, what: &str, compared: impl FnOnce() -> (String, String)) {
        let (expected, actual) = if self.failures.len() < KEPT { compared() } else { Default::default() };
        self.fail_with(Failure { what: what.to_owned(), expected, actual, ..Failure::default() });
    }

    /// Counts a point that failed, with a distance and the inputs.
    pub fn fail_at(
        &mut self,
        what: &str,
        (expected, actual): (String, String),
        ulps: Option<f64>,
        inputs: Vec<FailedInput>,
    ) {
        self.fail_with(Failure {
            what: what.to_owned(),
            inputs,
            expected,
            actual,
            ulps: ulps.map(Number),
            ..Failure::default()
        });
    }

    fn fail_with(&mut self, mut failure: Failure) {
        self.points += 1;
        self.failed += 1;
        if self.failures.len() < KEPT {
            failure.seed = self.effort.seed;
            failure.command = self.subject.registry.command(self.subject.name(), &self.effort);
            self.failures.push(failure);
        }
    }

    /// What it comes to: a check that saw no point at all shows nothing.
    #[must_use]
    pub fn finding(self) -> Finding {
        let status = if self.failed > 0 {
            Status::Failed
        } else if self.points == 0 {
            Status::Undecided
        } else {
            Status::Passed
        };
        let detail = match status {
            Status::Failed => format!("{} of {} points fail", self.failed, self.points),
            Status::Undecided => "no point was looked at".to_owned(),
            Status::Passed if self.undecided > 0 => format!("{} cases are undecided", self.undecided),
            Status::Passed | Status::Skipped => String::new(),
        };
        Finding { status, points: self.points, detail, failures: self.failures, evidence: Evidence::default() }
    }
}
