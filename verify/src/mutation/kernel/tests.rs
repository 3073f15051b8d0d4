//! What a fault is there for: the check that is asked first passes on the loss as it is, and fails on the loss with the fault.

use loss_runtime::Loss;

use crate::audit::Status;
use crate::checks::CHECKS;
use crate::registry::{Registry, losses};
use crate::specimen::{BENT, PICKED, REGISTRY};
use crate::subject::{Effort, Subject};

use super::fault::{Fault, faults};
use super::loss::Faulty;

fn status(check: &str, loss: &'static dyn Loss, registry: &'static Registry) -> Status {
    let check = CHECKS.iter().find(|known| known.name == check).expect("there is such a check");
    // As the audit does, to which a panic is a failure.
    check.record(&Subject { loss, registry }, &Effort { seed: 5, points: 20 }).0.status
}

/// The check tells each of a loss's faults that are asked for, of which there are so many.
#[track_caller]
fn tells(check: &str, loss: &'static dyn Loss, registry: &'static Registry, count: usize, wanted: fn(Fault) -> bool) {
    let name = loss.info().name;
    assert_eq!(status(check, loss, registry), Status::Passed, "{check} on {name}");
    let faults: Vec<Fault> = faults(loss.info()).into_iter().filter(|&fault| wanted(fault)).collect();
    assert_eq!(faults.len(), count, "{name}: {faults:?}");
    for fault in faults {
        let faulty: &'static Faulty = Box::leak(Box::new(Faulty::new(loss, fault)));
        assert_eq!(status(check, faulty, registry), Status::Failed, "{check} on {name} with {fault:?}");
        faulty.retire();
    }
}

#[test]
fn a_condition_that_is_not_looked_at_is_told_by_what_is_not_refused() {
    let unchecked = |fault| matches!(fault, Fault::InputUnchecked(_) | Fault::ParamUnchecked(_));
    tells("errors_write_nothing", BENT, &REGISTRY, 1, unchecked);
    let weighted = losses().losses.iter().find(|loss| loss.info().name == "huber").expect("there is such a loss");
    tells("errors_write_nothing", *weighted, losses(), 2, unchecked);
}

#[test]
fn a_dropped_row_that_counts_or_is_not_nothing_is_told() {
    let dropped = |fault| matches!(fault, Fault::DroppedCounted | Fault::DroppedUnwritten | Fault::DroppedNegative);
    tells("ignored_rows_change_nothing", PICKED, &REGISTRY, 3, dropped);
}
