//! Plans without a fault are the formula, so that what is found in one with a fault is the fault.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::audit::Status;
use crate::interpret::{Interpreted, WorkPlan};
use crate::mutation::judge::{checks, named, subject};
use crate::registry::losses;
use crate::subject::{Effort, Subject};

use super::{FIRST, LEFT_OUT, OF_CURVATURE, OF_PRODUCTS};

/// One loss's plans as they are.
fn passes(original: &Subject) {
    let compiled = original.compiled().expect("every loss has a spec");
    let plans = compiled.plans.iter().map(|plan| Arc::new(WorkPlan::new(plan))).collect();
    let loss: &'static Interpreted =
        Box::leak(Box::new(Interpreted::new(original.loss, original.loss.info(), compiled, plans)));
    let unchanged = subject(original, loss, compiled);
    let of_kernels_alone = named(OF_CURVATURE).into_iter().chain(named(OF_PRODUCTS));
    for check in checks(FIRST, LEFT_OUT).into_iter().chain(of_kernels_alone) {
        let (record, _) = check.record(&unchanged, &Effort { seed: 1, points: 1 });
        let passed = matches!(record.status, Status::Passed | Status::Skipped);
        assert!(passed, "{}::{}: {:?}", original.name(), check.name, record.failures.first());
    }
    loss.retire();
}

#[test]
fn every_plan_as_it_is_passes_every_check_that_judges_mutants() {
    let (all, next) = (Subject::all(losses()), AtomicUsize::new(0));
    // The longest test there is, and the last to end: on all processors.
    let work = || {
        while let Some(original) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            passes(original);
        }
    };
    std::thread::scope(|scope| {
        (0..std::thread::available_parallelism().map_or(1, NonZero::get).min(4)).for_each(|_| {
            scope.spawn(work);
        });
    });
}
