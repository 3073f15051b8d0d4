//! Plans without a fault are the formula, so that what is found in one with a fault is the fault.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use loss_codegen::compile::Compiled;

use crate::audit::Status;
use crate::checks::Check;
use crate::interpret::WorkPlan;
use crate::mutation::judge::{checks, judge, named};
use crate::mutation::record::Fate;
use crate::registry::losses;
use crate::subject::{Effort, Subject};

use super::{
    Change, FIRST, Fault, Kernel, LEFT_OUT, Mutant, OF_CURVATURE, OF_PRODUCTS, Proofs, broken, forms, interpreted,
    mutants, right,
};

/// One loss's plans as they are.
fn passes(original: &Subject) {
    let compiled = original.compiled().expect("every loss has a spec");
    let (loss, unchanged) = interpreted(original, compiled, right(compiled));
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

/// The losses with the fewest mutants, which take least time.
fn smallest(count: usize) -> Vec<Subject> {
    let mut all: Vec<Subject> = Subject::all(losses()).into_iter().filter(|loss| loss.compiled().is_some()).collect();
    all.sort_by_key(|loss| loss.compiled().map_or(0, |compiled| mutants(compiled).len()));
    all.truncate(count);
    all
}

/// What some checks say of plans with a fault.
fn verdict(
    original: &Subject,
    compiled: &'static Compiled,
    plans: Vec<Arc<WorkPlan>>,
    checks: &[&'static Check],
) -> Fate {
    let (loss, mutant) = interpreted(original, compiled, plans);
    let fate = judge(&mutant, checks, &Effort { seed: 1, points: 20 }, Instant::now());
    loss.retire();
    fate
}

#[test]
fn what_is_proved_to_compute_the_same_is_found_by_no_check() {
    let mut proved = 0;
    for original in smallest(3) {
        let compiled = original.compiled().expect("those without a spec are left out");
        let right = right(compiled);
        for mutant in mutants(compiled).iter().filter(|mutant| mutant.fault.kernel == Kernel::Gradients) {
            if !matches!(broken(compiled, &right, &mutant.fault, Proofs::Tried), Err(Fate::Equivalent { .. })) {
                continue;
            }
            let Ok(plans) = broken(compiled, &right, &mutant.fault, Proofs::LeftOut) else { continue };
            let fate = verdict(&original, compiled, plans, &checks(FIRST, LEFT_OUT));
            assert_eq!(fate, Fate::Survived, "{}: {}", original.name(), mutant.record.describe());
            proved += 1;
        }
    }
    assert!(proved > 0, "no proof was looked at");
}

#[test]
fn what_a_check_finds_is_no_other_form_of_the_same_function() {
    let (mut found, mut again) = (0_u64, 0_u64);
    for original in smallest(3) {
        let compiled = original.compiled().expect("those without a spec are left out");
        let right = right(compiled);
        let all = mutants(compiled);
        let steps = all.iter().filter(|mutant| matches!(mutant.fault.change, Change::Step(_)));
        let formulas = all.iter().filter(|mutant| !matches!(mutant.fault.change, Change::Step(_)));
        for mutant in formulas.step_by(2).chain(steps) {
            let Ok(plans) = broken(compiled, &right, &mutant.fault, Proofs::LeftOut) else { continue };
            let faulty = Arc::clone(&plans[mutant.fault.plan]);
            let by = match mutant.fault.kernel {
                Kernel::Gradients => FIRST,
                Kernel::Curvature(_) => OF_CURVATURE,
                Kernel::Product(_) => OF_PRODUCTS,
            };
            if verdict(&original, compiled, plans.clone(), &named(by)) == Fate::Survived {
                continue;
            }
            let plan = mutant.fault.plan;
            let (loss, wrong) = interpreted(&original, compiled, plans);
            let fate = forms::fate([&original, &wrong], (compiled, plan), (&right[plan], &faulty), 1);
            loss.retire();
            let describe = || format!("{}: {}", original.name(), mutant.record.describe());
            assert!(!matches!(fate, Fate::OtherForm { .. }), "{}: {fate:?}", describe());
            found += 1;
            again += u64::from(matches!(fate, Fate::Killed { .. }));
        }
    }
    assert!(found > 30, "{found} faults were looked at");
    assert!(again * 2 > found, "of {found} faults only {again} are found where formulas differ");
}

#[test]
fn a_wrong_product_is_found_where_its_formula_differs() {
    let all = Subject::all(losses());
    let with = all.iter().filter(|subject| !subject.loss.info().hessian_products.is_empty());
    let of_products = |subject: &Subject| -> Vec<Mutant<Fault>> {
        let all = subject.compiled().map(mutants).unwrap_or_default();
        all.into_iter().filter(|mutant| matches!(mutant.fault.kernel, Kernel::Product(_))).collect()
    };
    let original = with.min_by_key(|subject| of_products(subject).len()).expect("some loss has products");
    let compiled = original.compiled().expect("its products are of its spec");
    let right = right(compiled);
    let (right_loss, unchanged) = interpreted(original, compiled, right.clone());
    let mutants = of_products(original);
    let mut found = 0;
    for mutant in mutants.iter().step_by(mutants.len() / 6) {
        let Ok(plans) = broken(compiled, &right, &mutant.fault, Proofs::LeftOut) else { continue };
        let plan = mutant.fault.plan;
        let faulty = Arc::clone(&plans[plan]);
        let (loss, wrong) = interpreted(original, compiled, plans);
        let fate = forms::fate([&unchanged, &wrong], (compiled, plan), (&right[plan], &faulty), 1);
        loss.retire();
        let by = vec!["hessian_product_matches_oracle where forms differ".to_owned()];
        found += u64::from(fate == Fate::Killed { by, complete: true });
    }
    right_loss.retire();
    assert!(found > 1, "{found} of six faults are found");
}
