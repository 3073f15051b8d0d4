//! The audit as tests: one for each loss and check, named `loss::check`, from the same lists as the program. `cargo test smooth` runs those of
//! every loss whose name contains it, and a new spec has its tests without an edit anywhere.

use libtest_mimic::{Arguments, Failed, Trial};

use crate::audit::{CheckRecord, Status};
use crate::checks::{CHECKS, Check};
use crate::mutation::record::{Family, FamilyRecord};
use crate::mutation::{Depth, advice, has_contributions, run_contributions, run_family};
use crate::registry::Registry;
use crate::subject::{Effort, Subject};

/// Runs the tests that the process's arguments ask for, and exits.
pub fn run(registry: &'static Registry) -> ! {
    let trials = trials(registry, CHECKS.iter().collect());
    let mutants = Subject::all(registry).into_iter().flat_map(|subject| {
        // Faults of the compiler take longer, and some are known to survive: `cargo verify mutants` names them.
        [Family::Spec, Family::Kernel].map(|family| {
            Trial::test(format!("{}::{}_mutants_are_killed", subject.name(), family.word()), move || {
                killed(&run_family(&subject, family, Depth::Quick, Effort::default().seed))
            })
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().chain(mutants).collect()).exit()
}

/// Runs some checks, by name, and puts every fault into what rows contribute to gradients of what they all share, where there are such: for
/// losses that are there to show one thing.
///
/// # Panics
/// If there is no such check.
pub fn run_checks(registry: &'static Registry, names: &[&str]) -> ! {
    let known = |name: &&str| {
        let found = CHECKS.iter().find(|check| check.name == *name);
        found.unwrap_or_else(|| panic!("no check is named `{name}`"))
    };
    let faults = Subject::all(registry).into_iter().filter(has_contributions).map(|subject| {
        Trial::test(format!("{}::contribution_mutants_are_killed", subject.name()), move || {
            let record = run_contributions(&subject, Effort::default().seed);
            match record.not_reached {
                0 => killed(&record),
                left => Err(Failed::from(format!("there was no time for {left} mutants"))),
            }
        })
    });
    let trials = trials(registry, names.iter().map(known).collect());
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().chain(faults).collect()).exit()
}

fn trials(registry: &'static Registry, checks: Vec<&'static Check>) -> Vec<Trial> {
    let of_one = |subject: Subject| {
        checks.iter().map(move |&check| {
            Trial::test(format!("{}::{}", subject.name(), check.name), move || {
                let (record, _) = check.record(&subject, &Effort::default());
                match record.status {
                    Status::Passed | Status::Skipped => Ok(()),
                    Status::Undecided | Status::Failed => Err(Failed::from(message(&record))),
                }
            })
        })
    };
    Subject::all(registry).into_iter().flat_map(of_one).collect()
}

/// Whether the checks find as many of the faults put in on purpose as they should.
fn killed(record: &FamilyRecord) -> Result<(), Failed> {
    if record.judged == 0 {
        return Err(Failed::from("no mutant was judged"));
    }
    if record.reaches_its_goal() {
        return Ok(());
    }
    let survivors: Vec<String> = record.survivors().map(|mutant| format!("  {}", mutant.describe())).collect();
    let (killed, judged) = (record.killed, record.judged);
    let survivors = survivors.join("\n");
    Err(Failed::from(format!("{killed} of {judged} mutants killed; these survive:\n{survivors}\n{}", advice(record))))
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
