use std::vec::Vec;

use super::{Search, ignored, none_dropped};
use crate::info::{InputInfo, Label};
use crate::job::{Dropped, Geometry, Job, Values, View};
use crate::lane::Isa;
use crate::tensor::LabelSlice;

static TARGET: InputInfo = InputInfo { ignore: Some(0), ..InputInfo::plain("target", &[0], Label::ClassIndex) };

/// A call of `outer` x 4 x `inner` places with class indices for its second input, of which -100 drops a row.
fn job<'a>(labels: &'a [i64], outer: usize, inner: usize, strides: [usize; 3]) -> Job<'a, f32> {
    let mut job = Job::blank(Isa::detect(), None);
    job.geometry = Geometry { outer, extent: 4, inner };
    job.inputs[1] = View { values: Values::Labels(LabelSlice::I64(labels)), strides, broadcast: false };
    job.dropped = Some(Dropped { input: 1, value: -100.0 });
    job
}

fn search<'s, 'a>(job: &'s Job<'a, f32>) -> Search<'s, 'a, f32> {
    Search { declared: &TARGET, view: &job.inputs[1], job, ignored: ignored(job, 1) }
}

/// Whether one sweep finds all labels admitted.
fn all_pass(job: &Job<'_, f32>) -> bool {
    search(job).all_pass()
}

/// Ways in which labels lie, without gaps: along rows, in rows of several, and one for all.
const FLAT: [(usize, usize, [usize; 3]); 4] =
    [(7, 1, [1, 0, 0]), (3, 5, [5, 0, 1]), (1, 6, [6, 0, 1]), (9, 1, [0, 0, 0])];

/// A class for each place that has a label of its own.
fn classes(outer: usize, inner: usize, strides: [usize; 3]) -> Vec<i64> {
    let len = if strides[0] == 0 { 1 } else { outer * inner };
    (0..len as i64).map(|label| label % 4).collect()
}

#[test]
fn rows_are_kept_without_a_look_at_each_if_no_label_drops_one() {
    for (outer, inner, strides) in FLAT {
        let mut labels = classes(outer, inner, strides);
        assert!(none_dropped(&job(&labels, outer, inner, strides)), "{strides:?}");
        for at in 0..labels.len() {
            let right = core::mem::replace(&mut labels[at], -100);
            assert!(!none_dropped(&job(&labels, outer, inner, strides)), "{strides:?}: {at}");
            labels[at] = right;
        }
    }
    let mut cannot = job(&[0, 1], 2, 1, [1, 0, 0]);
    cannot.dropped = None;
    assert!(!none_dropped(&cannot), "there is nothing to be done");
}

#[test]
fn labels_pass_in_one_sweep_if_each_is_a_class_or_drops_its_row() {
    for (outer, inner, strides) in FLAT {
        let mut labels = classes(outer, inner, strides);
        assert!(all_pass(&job(&labels, outer, inner, strides)), "{strides:?}");
        for at in 0..labels.len() {
            for (label, expected) in [(-100, true), (4, false), (-1, false)] {
                let right = core::mem::replace(&mut labels[at], label);
                assert_eq!(all_pass(&job(&labels, outer, inner, strides)), expected, "{strides:?}: {label} at {at}");
                labels[at] = right;
            }
        }
    }
}

#[test]
fn a_value_drops_rows_in_the_input_that_is_declared_to() {
    let mut job = job(&[0, -100], 2, 1, [1, 0, 0]);
    assert_eq!([0, 1, 2].map(|input| ignored(&job, input)), [None, Some(-100.0), None]);
    job.dropped = None;
    assert_eq!(ignored(&job, 1), None);
    assert!(!all_pass(&job), "then it is no class");
}

#[test]
fn one_label_for_all_rows_may_drop_them_all() {
    for value in [-100, 1 << 53, i64::MAX] {
        let labels = [value];
        let mut one = job(&labels, 9, 1, [0, 0, 0]);
        one.inputs[1].broadcast = true;
        one.dropped = Some(Dropped { input: 1, value: value as f64 });
        assert_eq!(search(&one).first_label(), None, "{value}");
        one.dropped = Some(Dropped { input: 1, value: 7.0 });
        assert!(search(&one).first_label().is_some(), "{value} is no class");
    }
}

#[test]
fn labels_with_gaps_between_them_are_not_swept() {
    // What lies in the gaps would be judged too.
    let labels = [0, 9, 1, 9, 2];
    let gaps = job(&labels, 3, 1, [2, 0, 0]);
    assert!(!all_pass(&gaps) && !none_dropped(&gaps));
}
