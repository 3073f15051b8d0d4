//! The laws of options pass on losses that are right, and fail on one with the fault that each is there to find.

use loss_author::files::of_program;
use loss_codegen::compile::{compile_beside, library};
use loss_runtime::Loss;

use super::{CHECKS, Finding};
use crate::audit::Status;
use crate::registry::losses;
use crate::specimen::faulty::{Fault, faulty, named};
use crate::subject::{Effort, Subject};

const EFFORT: Effort = Effort { seed: 5, points: 100 };

fn look(check: &str, loss: &'static dyn Loss) -> Finding {
    let check = CHECKS.iter().find(|known| known.name == check).expect("there is such a check");
    (check.run)(&Subject { loss, registry: losses() }, &EFFORT)
}

#[track_caller]
fn tells(check: &str, loss: &str, fault: &Fault) {
    let right = look(check, named(loss));
    assert_eq!(right.status, Status::Passed, "{check} on {loss}: {:#?}", right.failures);
    let wrong = look(check, faulty(loss, fault));
    assert_eq!(wrong.status, Status::Failed, "{check} on {loss} with a fault");
}

#[test]
fn a_weight_that_is_not_read_is_told_by_rows_that_are_there_twice() {
    for loss in ["l1", "huber", "bce_with_logits", "cross_entropy", "cross_entropy_soft"] {
        tells("weight_two_is_the_row_twice", loss, &Fault::InputDropped("weight"));
    }
}

#[test]
fn a_weight_that_is_not_read_is_told_by_rows_that_are_gone() {
    for loss in ["l1", "huber", "bce_with_logits"] {
        tells("weight_zero_is_no_row", loss, &Fault::InputDropped("weight"));
    }
    assert_eq!(look("weight_zero_is_no_row", named("nll")).status, Status::Skipped);
}

#[test]
fn a_wrong_default_is_told_by_leaving_it_out() {
    for loss in ["huber", "nll"] {
        tells("absent_is_the_default", loss, &Fault::WrongDefault("weight", 0.5));
    }
}

#[test]
fn wrong_kernels_for_a_part_that_is_off_are_told_by_one_that_is_nearly_off() {
    let other = Fault::OtherWhereZero("label_smoothing", "nll");
    tells("switched_off_is_weighed_by_nothing", "cross_entropy", &other);
    assert_eq!(look("switched_off_is_weighed_by_nothing", named("huber")).status, Status::Skipped);
}

#[test]
fn a_class_index_is_a_row_that_is_certain() {
    tells("kernels_agree_with_others", "cross_entropy", &Fault::InputDropped("weight"));
    tells("kernels_agree_with_others", "smooth_l1", &Fault::OtherWhereZero("beta", "mse"));
    assert_eq!(look("kernels_agree_with_others", named("cross_entropy_soft")).status, Status::Passed);
}

#[test]
fn wrong_kernels_are_told_by_results_in_narrow_types() {
    for loss in ["l1", "huber", "cross_entropy"] {
        tells("narrow_results_are_rounded_once", loss, &Fault::InputDropped("weight"));
    }
}

#[test]
fn wrong_curvatures_are_told() {
    tells("curvature_matches_oracle", "huber", &Fault::CurvaturesSwapped);
    for check in ["curvature_matches_oracle", "curvature_is_reproducible"] {
        tells(check, "mse", &Fault::CurvatureCounts);
        assert_eq!(look(check, named("cosine_embedding")).status, Status::Skipped);
    }
}

#[test]
fn wrong_hessian_vector_products_are_told() {
    for loss in ["cross_entropy", "cosine_embedding"] {
        for check in ["hessian_product_matches_kernel_differences", "hessian_product_obeys_laws"] {
            tells(check, loss, &Fault::HessianIsIdentity);
        }
        tells("hessian_product_is_reproducible", loss, &Fault::HessianProductCounts);
    }
    // The oracle takes its time to make a failure simple.
    tells("hessian_product_matches_oracle", "cosine_embedding", &Fault::HessianIsIdentity);
    assert_eq!(look("hessian_product_matches_oracle", named("mse")).status, Status::Skipped);
}

#[test]
fn curvatures_that_are_declared_wrongly_are_told() {
    let check = "curvature_claims_hold";
    for loss in ["huber", "smooth_l1", "bce_with_logits", "l1"] {
        let right = look(check, named(loss));
        assert_eq!(right.status, Status::Passed, "{check} on {loss}: {:#?}", right.failures);
    }
    for (loss, right, wrong) in [
        ("huber", "delta / max(a, delta)", "0.99 * delta / max(a, delta)"),
        ("smooth_l1", "value: 1 / beta", "value: 0.9 / beta"),
        ("bce_with_logits", "0.25 * weight", "0.24 * weight"),
        ("bce_with_logits", "claim: majorizes", "claim: exact"),
        ("l1", "value: weight, when", "value: -weight, when"),
    ] {
        let files = of_program(loss_runtime::SPECS);
        let mut file =
            files.iter().find(|file| file.path.ends_with(&format!("/{loss}.yaml"))).expect("there is one").clone();
        assert!(file.text.contains(right), "{right} in {loss}");
        file.text = file.text.replacen(right, wrong, 1);
        let compiled = compile_beside(&[file], library(&files)).expect("it means something");
        let registry =
            losses().with_mutant(named(loss), Box::leak(Box::new(compiled.into_iter().next().expect("one"))));
        let check = CHECKS.iter().find(|known| known.name == check).expect("there is such a check");
        let found = (check.run)(&Subject { loss: named(loss), registry }, &EFFORT);
        assert_eq!(found.status, Status::Failed, "{wrong} in {loss}");
    }
}
