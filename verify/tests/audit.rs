//! One test for each loss and check, named `loss::check`, from the same lists as the program: `cargo test smooth` runs those of every
//! loss whose name begins so, and a new spec has its tests without an edit here.

use libtest_mimic::{Arguments, Failed, Trial};
use loss_verify::audit::{CheckRecord, Status};
use loss_verify::checks::CHECKS;
use loss_verify::registry::losses;
use loss_verify::subject::{Effort, Subject};

/// Fewer points than an audit: tests run at every change.
const EFFORT: Effort = Effort { seed: 1, points: 1_000 };

fn main() {
    let trials = Subject::all(losses()).into_iter().flat_map(|subject| {
        CHECKS.iter().map(move |check| {
            Trial::test(format!("{}::{}", subject.name(), check.name), move || {
                let (record, _) = check.record(&subject, &EFFORT);
                match record.status {
                    Status::Passed | Status::Skipped => Ok(()),
                    Status::Undecided | Status::Failed => Err(Failed::from(message(&record))),
                }
            })
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn message(record: &CheckRecord) -> String {
    let mut message = format!("{}\n{}: {}\n", record.claim, record.status.word(), record.detail);
    for failure in &record.failures {
        message
            .push_str(&format!("{}\n  expected {}\n  actual   {}\n", failure.what, failure.expected, failure.actual));
        if let Some(distance) = failure.ulps {
            message.push_str(&format!("  distance {} ULP\n", distance.0));
        }
        for input in &failure.inputs {
            message.push_str(&format!("  {} = {} ({}, {})\n", input.name, input.decimal, input.hex, input.bits));
        }
        message.push_str(&format!("  seed {}: {}\n", failure.seed, failure.command));
    }
    message
}
