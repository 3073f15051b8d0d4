//! Rows of probabilities: which are admitted, and which row is named.

#[cfg(feature = "half")]
use half::{bf16, f16};
use loss_runtime::call::{Reduction, Upstream};
use loss_runtime::info::{InputInfo, Label};
use loss_runtime::tensor::LabelSlice;
use loss_runtime::{Element, Error, Labels, Shape, Tensor};

use crate::losses::{MEAN, PROPORTIONS, ROWS, SECOND, info, input};
use crate::{SERIAL, ask};

/// How far from 1 a row may sum.
const TOLERANCE: f64 = 1e-3;

/// A type that probabilities come in.
trait Share: Copy + 'static {
    /// How far a number may be from the one that it was rounded from, where that is more than a sum may be off for other reasons.
    const ROUNDING: f64;
    fn of(number: f64) -> Self;
    fn number(self) -> f64;
    fn slice(shares: &[Self]) -> LabelSlice<'_>;
}

macro_rules! share {
    ($type:ident, $variant:ident, $rounding:expr, $of:expr, $number:expr) => {
        impl Share for $type {
            const ROUNDING: f64 = $rounding;
            fn of(number: f64) -> Self {
                $of(number)
            }
            fn number(self) -> f64 {
                $number(self)
            }
            fn slice(shares: &[Self]) -> LabelSlice<'_> {
                LabelSlice::$variant(shares)
            }
        }
    };
}
share!(f32, F32, 0.0, |x| x as f32, f64::from);
share!(f64, F64, 0.0, |x| x, |x| x);
// Eight binary digits, and eleven.
#[cfg(feature = "half")]
share!(bf16, Bf16, 1.0 / 256.0, bf16::from_f64, bf16::to_f64);
#[cfg(feature = "half")]
share!(f16, F16, 1.0 / 2048.0, f16::from_f64, f16::to_f64);

/// What a call answers whose rows are these; they are `[outer, inner]`. It is refused exactly where values of `none` are.
fn answer<T: Element, S: Share>(shape: [usize; 3], shares: &[S]) -> Result<f64, Error> {
    let ones = vec![T::ONE; shares.len()];
    let shares = Labels { data: S::slice(shares), shape: Shape::new(&shape).unwrap(), row_stride: None };
    let inputs = [Tensor::from((&ones, shape)).into(), shares.into()];
    match ask(&PROPORTIONS, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]) {
        Ok(answer) => Ok(answer.outcome.partial.sum),
        Err((error, untouched)) => {
            assert!(untouched);
            Err(error)
        }
    }
}

fn a_row_that_is_off_is_named<T: Element, S: Share>() {
    let tolerance = TOLERANCE + S::ROUNDING;
    for extent in [2, 3, 15, 16, 17, 64, 65, 130, 700] {
        for inner in [1, 5, 16, 37] {
            let (shape, rows) = ([3, extent, inner], 3 * inner);
            let mut shares = vec![S::of(1.0 / extent as f64); rows * extent];
            // What rounding leaves.
            let rest = 1.0 - extent as f64 * shares[0].number();
            for (row, place) in [(0, 0), (inner, extent / 2), (rows / 2, extent - 1), (rows - 1, extent / 3)] {
                let what = |excess: f64| format!("{}, {shape:?}, row {row}, place {place}, {excess}", T::NAME);
                let at = row / inner * extent * inner + place * inner + row % inner;
                let even = shares[at];
                for excess in [-1.5, -1.1, -0.9, 0.9, 1.1, 1.5].map(|part| part * tolerance) {
                    let shared = even.number() + rest + excess;
                    shares[at] = S::of(shared);
                    // The number itself may not be held so exactly.
                    let excess = excess + (shares[at].number() - shared);
                    if shares[at].number() < 0.0 || (0.95..1.05).contains(&(excess.abs() / tolerance)) {
                        continue;
                    }
                    match answer::<T, S>(shape, &shares) {
                        Ok(_) => assert!(excess.abs() < tolerance, "{}", what(excess)),
                        Err(Error::RowSum { row: found, sum, .. }) => {
                            assert!(excess.abs() > tolerance && found == row, "{}", what(excess));
                            assert!((sum - 1.0 - excess).abs() < 1e-4, "{}: {sum}", what(excess));
                        }
                        Err(error) => panic!("{}: {error}", what(excess)),
                    }
                }
                // A sum that is right does not make up for a place that is not.
                shares[at] = S::of(-2.0);
                let error = answer::<T, S>(shape, &shares).expect_err("there is a negative probability");
                let named = matches!(error, Error::Label { row: r, column, .. } if r == row && column == Some(place));
                assert!(named, "{}: {error}", what(-2.0));
                // NaN is for the formula to answer.
                shares[at] = S::of(f64::NAN);
                assert!(answer::<T, S>(shape, &shares).is_ok_and(f64::is_nan), "{}", what(f64::NAN));
                shares[at] = even;
            }
        }
    }
}

/// Rows of a few numbers among zeros: a sum of 1 is right, and none but those between 0 and 1 may add up to it.
fn few_numbers_among_zeros<T: Element, S: Share>() {
    let numbers = [&[1.0][..], &[0.5, 0.5], &[1.0, 1.0], &[0.5, 1.5], &[2.0, -1.0], &[0.5, 0.5, 1.0], &[0.5], &[]];
    for (extent, inner) in [(3, 1), (64, 1), (70, 1), (130, 1), (600, 1), (3, 7), (20, 16), (5, 33)] {
        let places = [0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 40, 48, 63, 64, 69, 100, 129, 511, 512, 599];
        let places: Vec<usize> = places.into_iter().filter(|place| *place < extent).collect();
        for few in numbers {
            let is_fine = few.iter().all(|x| (0.0..=1.0).contains(x)) && few.iter().sum::<f64>() == 1.0;
            for turn in 0..places.len().pow(2) {
                // All rows alike, so that one sound row hides nothing.
                let mut shares = vec![S::of(0.0); extent * inner];
                let at = |nth: usize| places[(turn % places.len() + nth * (1 + turn / places.len())) % places.len()];
                let mut row = vec![0.0; extent];
                for (nth, number) in few.iter().enumerate() {
                    // The next one that is free.
                    let free = (0..extent).map(|step| (at(nth) + step) % extent).find(|place| row[*place] == 0.0);
                    row[free.unwrap()] = *number;
                }
                for (place, share) in row.iter().enumerate() {
                    shares[place * inner..][..inner].fill(S::of(*share));
                }
                let answer = answer::<T, S>([1, extent, inner], &shares);
                assert_eq!(answer.is_ok(), is_fine, "{}: rows of {extent}, {inner} of them: {row:?}", T::NAME);
            }
        }
    }
}

macro_rules! in_every_type {
    ($test:ident) => {
        $test::<f32, f32>();
        $test::<f64, f64>();
        $test::<f32, f64>();
        $test::<f64, f32>();
        #[cfg(feature = "half")]
        {
            $test::<f32, bf16>();
            $test::<f32, f16>();
            $test::<f64, f16>();
        }
    };
}

#[test]
fn a_row_that_is_off_is_named_wherever_it_lies() {
    in_every_type!(a_row_that_is_off_is_named);
}

#[test]
fn a_sum_of_one_is_of_numbers_between_0_and_1() {
    in_every_type!(few_numbers_among_zeros);
}

#[test]
fn probabilities_are_judged_as_they_were_given() {
    // In single precision this is 1.
    let shares = [0.0, 1.0 + 1e-12, 0.5, 0.5];
    let error = answer::<f32, f64>([2, 2, 1], &shares).expect_err("more than 1");
    assert!(matches!(error, Error::Label { row: 0, column: Some(1), .. }), "{error}");
}

/// A row of a few numbers that sum to this as exactly as the type allows.
fn summing_to<S: Share>(sum: f64) -> Vec<S> {
    let mut row = vec![S::of(1.0)];
    let mut rest = sum - 1.0;
    while rest > 1e-14 {
        let part = S::of(rest * (1.0 - 1.0 / 64.0));
        row.push(part);
        rest -= part.number();
    }
    row
}

#[test]
fn the_tolerance_is_exact() {
    fn exact<T: Element, S: Share>() {
        let tolerance = TOLERANCE + S::ROUNDING;
        for (sum, is_fine) in [(1.0 + tolerance * (1.0 - 5e-10), true), (1.0 + tolerance * (1.0 + 5e-10), false)] {
            let row: Vec<S> = summing_to(sum);
            assert_eq!(answer::<T, S>([1, row.len(), 1], &row).is_ok(), is_fine, "{}: {sum}", T::NAME);
        }
    }
    exact::<f32, f32>();
    exact::<f64, f64>();
    exact::<f32, f64>();
    #[cfg(feature = "half")]
    exact::<f32, bf16>();
    // Numbers that single precision loses beside 1, one behind the other in a vector, make the sum too large.
    for (extent, inner, step) in [(63, 1, 16), (64 * 9, 1, 64), (64 * 64, 1, 64), (60, 16, 1)] {
        let tiny = 2.0_f32.powi(-24);
        let lost: Vec<usize> = (step..extent - 1).step_by(step).collect();
        let mut row = vec![0.0; extent];
        row[0] = 1.0;
        lost.iter().for_each(|place| row[*place] = tiny);
        row[extent - 1] = 0.001 - lost.len() as f32 / 2.0 * tiny;
        let shares: Vec<f32> = row.iter().flat_map(|share| vec![*share; inner]).collect();
        let error = answer::<f32, f32>([1, extent, inner], &shares).expect_err("the sum is more than 1.001");
        assert!(matches!(error, Error::RowSum { row: 0, .. }), "{error}");
    }
}

#[test]
fn one_number_for_a_whole_row_is_1() {
    fn one_number<T: Element, S: Share>() {
        let declared = InputInfo { label: Label::Simplex, broadcast: &[1], ..input("share", &[0, 1], false) };
        let inputs: &'static [InputInfo] = Box::leak(Box::new([input("input", &[0, 1], true), declared]));
        let loss = PROPORTIONS.declared(info("one", &[ROWS, SECOND], inputs, &[], &[MEAN]));
        for inner in [1, 4] {
            let answer = |share: f64| {
                let (ones, shares) = (vec![T::ONE; 4 * inner], vec![S::of(share); 2 * inner]);
                let shape = Shape::new(&[2, 1, inner]).unwrap();
                let share = Labels { data: S::slice(&shares), shape, row_stride: None }.into();
                let inputs = [Tensor::from((&ones, [2, 2, inner])).into(), share];
                ask(&loss, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]).map_err(|(error, _)| error)
            };
            assert!(answer(1.0).is_ok());
            assert_eq!(answer(0.5).unwrap_err(), Error::RowSum { input: "share", row: 0, sum: 0.5 });
        }
    }
    in_every_type!(one_number);
}

#[test]
fn rows_side_by_side_are_not_taken_for_rows_one_after_the_other() {
    fn side_by_side<T: Element, S: Share>() {
        let [wrong, right] = [[0.5, 0.5, 0.25, 0.25], [0.25, 0.5, 0.75, 0.5]].map(|shares| shares.map(S::of));
        let error = answer::<T, S>([1, 2, 2], &wrong).expect_err("the sums are 0.75");
        assert_eq!(error, Error::RowSum { input: "share", row: 0, sum: 0.75 });
        assert!(answer::<T, S>([1, 2, 2], &right).is_ok());
    }
    in_every_type!(side_by_side);
}

#[test]
fn numbers_between_those_of_a_table_are_not_read() {
    fn of_a_table<T: Element, S: Share>() {
        let table = InputInfo { label: Label::Simplex, ..input("share", &[1], false) };
        let inputs: &'static [InputInfo] = Box::leak(Box::new([input("input", &[0, 1], true), table]));
        let loss = PROPORTIONS.declared(info("table", &[ROWS, SECOND], inputs, &[], &[MEAN]));
        let answer = |shares: &[f64], stride, inner: usize| {
            let shares: Vec<S> = shares.iter().map(|share| S::of(*share)).collect();
            let shape = Shape::new(&[2]).unwrap();
            let share = Labels { data: S::slice(&shares), shape, row_stride: Some(stride) }.into();
            let ones = vec![T::ONE; 6 * inner];
            let input = Tensor::from((&ones, [3, 2, inner])).into();
            ask(&loss, &[input, share], SERIAL, Reduction::Sum, Upstream::One, None, &[])
                .map(|answer| answer.outcome.partial.sum)
                .map_err(|(error, _)| error)
        };
        for inner in [1, 4] {
            let sum = 1.5 * inner as f64;
            assert_eq!(answer(&[0.25, 9.0, 0.75], 2, inner), Ok(sum));
            assert_eq!(answer(&[0.25, 0.75], 1, inner), Ok(sum));
            let error = Error::RowSum { input: "share", row: 0, sum: 0.75 };
            assert_eq!(answer(&[0.25, 0.75, 0.5], 2, inner), Err(error));
        }
    }
    in_every_type!(of_a_table);
}
