//! The table of errors is about the losses there are, in an order that a diff can be read in, and its budgets follow from its errors.

use std::collections::BTreeSet;

use loss_specs::SPECS;
use loss_specs::accuracy::{ACCURACY, AccuracyLine, up_to_half};

fn key(line: &AccuracyLine) -> (&'static str, &'static str, &'static str) {
    (line.loss, line.dtype, line.quantity)
}

#[test]
fn every_line_is_about_a_loss_and_stands_once() {
    let names: BTreeSet<&str> = SPECS.iter().map(|spec| spec.name).collect();
    for line in ACCURACY {
        assert!(names.contains(line.loss), "there is no loss `{}`", line.loss);
        assert!(["f32", "f64"].contains(&line.dtype), "{line:?}");
    }
    assert!(ACCURACY.is_sorted_by(|one, other| key(one) < key(other)));
}

#[test]
fn a_budget_is_the_largest_error_up_to_the_next_half() {
    for line in ACCURACY {
        assert_eq!(line.budget, up_to_half(line.max_ulp), "{line:?}");
        assert!(line.p999_ulp <= line.max_ulp && line.max_ulp.max(line.searched_ulp) <= line.raw_max_ulp, "{line:?}");
        assert!(line.points > 0, "{line:?}");
    }
}

#[test]
fn errors_go_up_to_halves_and_never_below_the_least() {
    assert_eq!([0.0, 0.5, 0.501, 1.0, 2.3].map(up_to_half), [0.5, 0.5, 1.0, 1.0, 2.5]);
}
