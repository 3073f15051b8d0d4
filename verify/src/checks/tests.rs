//! Every check passes on losses that are right, and fails on one with the fault that it is there to find.

use loss_runtime::Loss;

use super::{CHECKS, Check, Finding};
use crate::audit::Status;
use crate::registry::Registry;
use crate::specimen::{BENT, PICKED, REGISTRY, SIGNED, SKEWED, SOFT, TWO_FACED, UNSTEADY, WRONG_MEAN};
use crate::subject::{Effort, Subject};

const EFFORT: Effort = Effort { seed: 5, points: 1 };

fn check(name: &str) -> &'static Check {
    CHECKS.iter().find(|check| check.name == name).expect("there is such a check")
}

fn look(name: &str, loss: &'static dyn Loss) -> Finding {
    (check(name).run)(&Subject { loss, registry: &REGISTRY }, &EFFORT)
}

fn passes(name: &str, loss: &'static dyn Loss) {
    let finding = look(name, loss);
    assert_eq!(finding.status, Status::Passed, "{name} on {}: {:#?}", loss.info().name, finding.failures);
    assert!(finding.points > 0);
}

fn fails(name: &str, loss: &'static dyn Loss) {
    let finding = look(name, loss);
    assert_eq!(finding.status, Status::Failed, "{name} on {}: {finding:#?}", loss.info().name);
    let failure = finding.failures.first().expect("a failure is shown");
    assert_ne!(failure.expected, failure.actual);
    assert_eq!(failure.command, format!("cargo run --example audit -- {} --seed 5 --points 1", loss.info().name));
}

#[test]
fn names_are_distinct_and_claims_are_sentences() {
    for (place, check) in CHECKS.iter().enumerate() {
        assert!(CHECKS[..place].iter().all(|other| other.name != check.name), "{}", check.name);
        assert!(
            check.claim.ends_with('.') && check.claim.starts_with(|first: char| first.is_uppercase()),
            "{}",
            check.claim
        );
    }
}

#[test]
fn rows_alone() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("batch_equals_rows_alone", loss);
    }
    fails("batch_equals_rows_alone", UNSTEADY);
}

#[test]
fn layouts() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("layout_changes_nothing", loss);
    }
    fails("layout_changes_nothing", UNSTEADY);
}

#[test]
fn forward_and_fused() {
    for loss in [BENT, PICKED, SOFT] {
        passes("forward_equals_fused", loss);
    }
    fails("forward_equals_fused", TWO_FACED);
}

#[test]
fn narrow_types() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("narrow_types_are_widened", loss);
    }
    fails("narrow_types_are_widened", UNSTEADY);
}

#[test]
fn in_place() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("gradient_in_place_is_the_same", loss);
    }
    fails("gradient_in_place_is_the_same", UNSTEADY);
}

#[test]
fn instruction_sets() {
    for loss in [BENT, PICKED, SOFT] {
        passes("isas_agree", loss);
    }
    // Plain code is always one of them.
    assert!(
        loss_runtime::lane::Isa::available().count() > 1
            || cfg!(not(any(target_arch = "x86_64", target_arch = "aarch64")))
    );
    fails("isas_agree", UNSTEADY);
}

#[test]
fn threads() {
    for loss in [BENT, PICKED, SOFT] {
        passes("threads_agree", loss);
    }
    fails("threads_agree", UNSTEADY);
}

#[test]
fn nan_isolation() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("nan_stays_in_its_row", loss);
    }
    fails("nan_stays_in_its_row", UNSTEADY);
}

/// What these fail on is among the faults of kernels: `mutation::kernel::tests`.
#[test]
fn refusals() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("errors_write_nothing", loss);
    }
}

#[test]
fn sums() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("sum_is_sum_of_none", loss);
    }
    fails("sum_is_sum_of_none", UNSTEADY);
    fails("sum_is_sum_of_none", WRONG_MEAN);
}

#[test]
fn the_reference_sum_keeps_what_a_plain_sum_loses() {
    let terms = [1e16, 1.0, 1.0, -1e16];
    assert_eq!((super::sums::exact_sum(terms.into_iter()), terms.into_iter().sum::<f64>()), (2.0, 0.0));
    assert_eq!(super::sums::exact_sum([f64::INFINITY, 1.0].into_iter()), f64::INFINITY);
}

#[test]
fn parts_of_batches() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("partials_merge_to_the_whole", loss);
    }
    fails("partials_merge_to_the_whole", UNSTEADY);
}

#[test]
fn sets_of_outputs() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("outputs_do_not_depend_on_each_other", loss);
    }
    fails("outputs_do_not_depend_on_each_other", TWO_FACED);
}

#[test]
fn what_is_left_out() {
    passes("absent_is_the_default", BENT);
    fails("absent_is_the_default", UNSTEADY);
    assert_eq!(look("absent_is_the_default", SIGNED).status, Status::Skipped);
}

#[test]
fn upstream_gradients() {
    for loss in [BENT, SIGNED, PICKED, SOFT] {
        passes("gradient_linear_in_upstream", loss);
    }
    fails("gradient_linear_in_upstream", SKEWED);
}

/// Likewise.
#[test]
fn ignored_rows() {
    passes("ignored_rows_change_nothing", PICKED);
    assert_eq!(look("ignored_rows_change_nothing", BENT).status, Status::Skipped);
}

#[test]
fn recorded_answers() {
    let replay = |loss: &'static dyn Loss| {
        let alone = Box::leak(Box::new(Registry::new(Box::leak(Box::new([loss])), &[])));
        (check("pytorch_answers_replay").run)(&Subject { loss, registry: alone }, &EFFORT)
    };
    let goldens = |finding: &Finding| finding.evidence.goldens.clone().expect("cases are recorded of its function");
    let (right, wrong) = (replay(BENT), replay(SKEWED));
    let (right, wrong) = (goldens(&right), goldens(&wrong));
    // Most cases of the function have an upstream gradient other than 1, which counts twice in the wrong one.
    assert!(right.passed >= 40, "{right:?}");
    assert!(wrong.failed >= 20 && wrong.passed < right.passed, "{wrong:?}");
    assert_eq!(replay(SIGNED).status, Status::Skipped, "PyTorch has no such function");
}

#[test]
fn a_panic_is_a_failure_and_not_the_end() {
    fn falls(_: &Subject, _: &Effort) -> Finding {
        panic!("for the test")
    }
    let check = Check { name: "falls", claim: "Falls.", run: falls };
    let (record, _) = check.record(&Subject { loss: BENT, registry: &REGISTRY }, &EFFORT);
    assert_eq!(record.status, Status::Failed);
    assert_eq!(record.failures[0].actual, "for the test");
}
