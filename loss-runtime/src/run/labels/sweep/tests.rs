mod rows;

use std::vec;
use std::vec::Vec;

use super::{Admitted, all_admitted, none_equals};
use crate::drive::BLOCK;
use crate::info::Label;
use crate::job::Values;
use crate::lane::Isa;
use crate::registry::Element;
use crate::tensor::{LabelSlice, Labels};

/// Shorter than a vector, and around one of them, several, and what is converted at a time.
const LENGTHS: [usize; 15] = [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 130, 2 * BLOCK + 3];

/// The numbers that a label admits, and some that it does not.
const FLOATS: [(Label, &[f64], &[f64]); 11] = [
    (Label::Real, &[-1.5, 0.0, f64::INFINITY, f64::NAN], &[]),
    (Label::Group, &[-1.0, 0.0, 7.0], &[]),
    (Label::Nonnegative, &[0.0, -0.0, 2.5, f64::INFINITY, f64::NAN], &[-0.25, f64::NEG_INFINITY]),
    (Label::Positive, &[0.25, 3.0, f64::INFINITY, f64::NAN], &[0.0, -0.0, -2.0]),
    (Label::Probability, &[0.0, 0.25, 1.0, f64::NAN], &[-0.25, 1.25, f64::INFINITY]),
    (Label::Binary, &[0.0, -0.0, 1.0], &[0.5, -1.0, 2.0, f64::NAN]),
    (Label::MultiHot, &[0.0, 1.0], &[0.5, -1.0, f64::NAN]),
    (Label::Flag, &[0.0, 1.0], &[0.5, 3.0, f64::NAN]),
    (Label::Sign, &[1.0, -1.0], &[0.0, 2.0, -0.5, f64::NAN]),
    (Label::Count, &[0.0, 1.0, 200.0], &[-1.0, 0.5, f64::INFINITY, f64::NAN]),
    (Label::ClassIndex, &[0.0, 1.0, 4.0], &[-1.0, 0.5, 5.0, f64::NAN]),
];

/// A label, which value is ignored, and integers that are admitted and that are not.
type Judged = (Label, Option<f64>, &'static [i64], &'static [i64]);

/// There are 5 classes.
const INTEGERS: [Judged; 9] = [
    (Label::ClassIndex, None, &[0, 3, 4], &[5, -1, i64::MAX, i64::MIN]),
    (Label::ClassIndex, Some(-100.0), &[0, 4, -100], &[5, -1, -99, i64::MAX]),
    (Label::ClassIndex, Some(255.0), &[0, 4, 255], &[5, 254, -1]),
    (Label::Binary, None, &[0, 1], &[2, -1, i64::MIN]),
    (Label::MultiHot, None, &[0, 1], &[2, -1]),
    (Label::Flag, None, &[0, 1], &[2, -1]),
    (Label::Count, None, &[0, 1, i64::MAX], &[-1, i64::MIN]),
    (Label::Sign, None, &[1, -1], &[0, 2, -2, i64::MIN]),
    (Label::Group, None, &[0, -7, i64::MAX], &[]),
];

fn admitted(label: Label, ignored: Option<f64>) -> Admitted {
    Admitted { label, extent: 5, ignored }
}

/// As many values as there are places, of all that are good, and after them one that is not and must not be looked at.
fn line(len: usize, good: &[f64], bad: &[f64]) -> Vec<f64> {
    good.iter().copied().cycle().take(len).chain(bad.iter().copied().take(1)).collect()
}

/// Holds the sweep to the numbers of [`FLOATS`], in slices that `given` makes of them.
fn sweeps_floats<T: Element, S>(convert: impl Fn(f64) -> S, given: impl Fn(&[S]) -> Values<'_, T>, isa: Isa) {
    for (label, good, bad) in FLOATS {
        for len in LENGTHS {
            let mut values: Vec<S> = line(len, good, bad).into_iter().map(&convert).collect();
            let sweep = |values: &[S]| all_admitted(&given(values), 0..len, admitted(label, None), isa);
            assert!(sweep(&values), "{isa} {} {label:?} {len}", T::NAME);
            for at in 0..len {
                // In a long line, every place is looked at with one of the wrong values.
                let few = if len > 33 { 1 } else { bad.len() };
                for wrong in bad.iter().cycle().skip(at).take(few.min(bad.len())) {
                    let right = core::mem::replace(&mut values[at], convert(*wrong));
                    assert!(!sweep(&values), "{isa} {} {label:?}: {wrong} at {at} of {len}", T::NAME);
                    values[at] = right;
                }
            }
        }
    }
}

#[test]
fn a_float_that_is_not_admitted_is_found_at_every_place_and_none_else() {
    for isa in Isa::available() {
        sweeps_floats::<f32, f32>(|x| x as f32, |values| Values::Native(values), isa);
        sweeps_floats::<f64, f64>(|x| x, |values| Values::Native(values), isa);
        sweeps_floats::<f32, f64>(|x| x, |values| Values::Labels(LabelSlice::F64(values)), isa);
        sweeps_floats::<f64, f32>(|x| x as f32, |values| Values::Labels(LabelSlice::F32(values)), isa);
    }
}

#[cfg(feature = "half")]
#[test]
fn so_is_one_of_half_precision() {
    use half::{bf16, f16};
    for isa in Isa::available() {
        sweeps_floats::<f32, bf16>(bf16::from_f64, |values| Values::Labels(LabelSlice::Bf16(values)), isa);
        sweeps_floats::<f64, bf16>(bf16::from_f64, |values| Values::Labels(LabelSlice::Bf16(values)), isa);
        sweeps_floats::<f32, f16>(f16::from_f64, |values| Values::Labels(LabelSlice::F16(values)), isa);
        sweeps_floats::<f64, f16>(f16::from_f64, |values| Values::Labels(LabelSlice::F16(values)), isa);
    }
}

/// Holds the sweep to those numbers of [`INTEGERS`] that a type has.
fn sweeps_integers<S: TryFrom<i64> + Copy>(isa: Isa)
where
    for<'v> Labels<'v>: From<&'v [S]>,
{
    let fitting = |values: &[i64]| values.iter().filter_map(|value| S::try_from(*value).ok()).collect::<Vec<_>>();
    for (label, ignored, good, bad) in INTEGERS {
        let (good, bad) = (fitting(good), fitting(bad));
        for len in [1, 2, 15, 64, 130] {
            let mut values: Vec<S> = good.iter().cycle().take(len).chain(bad.iter().take(1)).copied().collect();
            let sweep = |values: &[S]| {
                let (values, admitted) = (Labels::from(values).data, admitted(label, ignored));
                let single = all_admitted::<f32>(&Values::Labels(values), 0..len, admitted, isa);
                assert_eq!(all_admitted::<f64>(&Values::Labels(values), 0..len, admitted, isa), single);
                single
            };
            let name = Labels::from(good.as_slice()).data.type_name();
            assert!(sweep(&values), "{isa} {name} {label:?} {len}");
            for at in 0..len {
                for (which, wrong) in bad.iter().enumerate() {
                    let right = core::mem::replace(&mut values[at], *wrong);
                    assert!(!sweep(&values), "{isa} {name} {label:?}: wrong one {which} at {at} of {len}");
                    values[at] = right;
                }
            }
        }
    }
}

#[test]
fn an_integer_that_is_not_admitted_is_found_at_every_place_and_none_else() {
    for isa in Isa::available() {
        sweeps_integers::<u8>(isa);
        sweeps_integers::<i8>(isa);
        sweeps_integers::<u16>(isa);
        sweeps_integers::<i16>(isa);
        sweeps_integers::<u32>(isa);
        sweeps_integers::<i32>(isa);
        sweeps_integers::<u64>(isa);
        sweeps_integers::<i64>(isa);
        sweeps_integers::<usize>(isa);
    }
}

#[test]
fn of_some_places_no_other_is_looked_at() {
    fn sees_only<T: Element>(values: &Values<'_, T>, len: usize, label: Label) {
        for isa in Isa::available() {
            let sweep = |places| all_admitted(values, places, admitted(label, None), isa);
            assert!(sweep(1..len - 1), "{isa} {values:?}");
            assert!(!sweep(0..len - 1) && !sweep(1..len) && sweep(1..1), "{isa} {values:?}");
        }
    }
    for len in [3, 40, 2 * BLOCK + 9] {
        let at_ends = |good: f64, bad: f64| {
            let mut values = vec![good; len];
            (values[0], values[len - 1]) = (bad, bad);
            values
        };
        let signs = at_ends(-1.0, 0.5);
        let single: Vec<f32> = signs.iter().map(|sign| *sign as f32).collect();
        sees_only(&Values::Native(&signs), len, Label::Sign);
        sees_only(&Values::Native(&single), len, Label::Sign);
        sees_only::<f32>(&Values::Labels(LabelSlice::F64(&signs)), len, Label::Sign);
        #[cfg(feature = "half")]
        {
            let narrow: Vec<half::f16> = signs.iter().map(|sign| half::f16::from_f64(*sign)).collect();
            sees_only::<f32>(&Values::Labels(LabelSlice::F16(&narrow)), len, Label::Sign);
        }
        let classes: Vec<i64> = at_ends(4.0, 5.0).into_iter().map(|class| class as i64).collect();
        let labels = Values::<f32>::Labels(LabelSlice::I64(&classes));
        sees_only(&labels, len, Label::ClassIndex);
        let isa = Isa::detect();
        assert!(none_equals(&labels, 1..len - 1, 5.0, isa) && !none_equals(&labels, 1..len, 5.0, isa));
        assert!(!none_equals(&labels, 0..len - 1, 5.0, isa));
    }
}

#[test]
fn conditions_pass_where_they_are_admitted() {
    let values = Values::Labels(LabelSlice::Bool(&[true, false, false]));
    for (label, expected) in [(Label::Binary, true), (Label::Flag, true), (Label::MultiHot, true), (Label::Sign, false)]
    {
        assert_eq!(all_admitted::<f32>(&values, 0..3, admitted(label, None), Isa::detect()), expected, "{label:?}");
    }
}

#[test]
fn what_is_not_there_is_not_wrong() {
    for values in [Values::<f32>::Absent, Values::InPlace] {
        assert!(all_admitted(&values, 0..3, admitted(Label::Positive, None), Isa::detect()));
        assert!(none_equals(&values, 0..3, 0.0, Isa::detect()));
    }
}

#[test]
fn a_dropped_value_that_several_integers_round_to_gets_no_certain_answer() {
    let isa = Isa::detect();
    // The numbers that these labels are, and so whether their rows are dropped, are told by a look at each.
    let most = 1_u64 << 53;
    let far = [most + 1, 1 << 63, u64::MAX];
    for value in [most as f64, (1_u64 << 63) as f64, u64::MAX as f64] {
        for label in far {
            let labels = Values::Labels(LabelSlice::U64(core::slice::from_ref(&label)));
            assert!(!all_admitted::<f32>(&labels, 0..1, admitted(Label::ClassIndex, Some(value)), isa), "{label}");
            assert!(!none_equals::<f32>(&labels, 0..1, value, isa), "{label}");
        }
    }
    let labels = Values::Labels(LabelSlice::I64(&[i64::MIN]));
    assert!(!all_admitted::<f64>(&labels, 0..1, admitted(Label::ClassIndex, Some(-1e30)), isa));
    let labels = Values::Labels(LabelSlice::U64(&[most - 1, 4]));
    assert!(all_admitted::<f64>(&labels, 0..2, admitted(Label::ClassIndex, Some((most - 1) as f64)), isa));
    assert!(none_equals::<f64>(&labels, 0..2, (most - 2) as f64, isa));
    assert!(!none_equals::<f64>(&labels, 0..2, (most - 1) as f64, isa));
}

#[test]
fn the_search_for_a_label_finds_it_at_every_place_and_none_else() {
    for isa in Isa::available() {
        for len in [1, 2, 31, 64, 130] {
            // What follows is not looked at.
            let mut labels: Vec<i64> = (0..len as i64).chain([-100]).collect();
            let absent =
                |labels: &[i64]| none_equals::<f32>(&Values::Labels(LabelSlice::I64(labels)), 0..len, -100.0, isa);
            assert!(absent(&labels), "{isa} {len}");
            for at in 0..len {
                labels[at] = -100;
                assert!(!absent(&labels), "{isa} {at} of {len}");
                labels[at] = at as i64;
            }
        }
    }
    // The compute type is not that of labels which drop rows.
    assert!(!none_equals(&Values::Native(&[1.0_f32]), 0..1, -100.0, Isa::detect()));
}
