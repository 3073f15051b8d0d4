//! Dropped rows: they have no value, no gradient, and no part in a sum, whatever they hold.

use loss_runtime::call::{Reduction, Upstream};
use loss_runtime::{Array, Element, Labels, Tensor};

use crate::losses::{ENTROPY, LOG_SOFTMAX, LOG_SOFTMAX_DROPPING, SIGNED};
use crate::{SERIAL, ask, bits, numbers, round, tensor};

#[test]
fn dropped_rows_count_nowhere_even_with_nan_in_them() {
    for n in [1, 7, 64, 600, 9000] {
        let xs = numbers(n, 13);
        let labels: Vec<i32> = (0..n).map(|i| [7, 1, -1, -1, 7][i % 5]).collect();
        let with_nan: Vec<f32> = (0..n).map(|i| if labels[i] == 7 { f32::NAN } else { xs[i] as f32 }).collect();
        let inputs = [Array::from(Tensor::from(&with_nan)), Labels::from(&labels).into()];
        let live = labels.iter().filter(|label| **label != 7).count();
        if live == 0 {
            let error = ask(&SIGNED, &inputs, SERIAL, Reduction::MEAN, Upstream::One, None, &[n]).unwrap_err();
            assert_eq!((error.0.kind(), error.1), ("zero_divisor", true));
            continue;
        }
        let mean = ask(&SIGNED, &inputs, SERIAL, Reduction::MEAN, Upstream::One, Some(n), &[n]).unwrap();
        assert_eq!(mean.outcome.partial.divisor, Some(live as f64));
        for i in 0..n {
            if labels[i] == 7 {
                assert_eq!((mean.elements[i].to_bits(), mean.gradients[0][i].to_bits()), (0, 0), "row {i} is dropped");
            } else {
                assert_eq!(mean.elements[i], xs[i] as f32 * labels[i] as f32);
                assert_eq!(mean.gradients[0][i], labels[i] as f32 * (1.0 / live as f64) as f32);
            }
        }
        assert!(mean.outcome.value.unwrap().is_finite());
    }
}

fn a_value_for_every_place<T: Element>() {
    // Tiles, the walk along rows, and the walk across them.
    for [outer, extent, inner] in [[40, 3, 1], [9, 100, 1], [3, 9000, 1], [2, 6, 21], [1, 40, 33]] {
        let (n, rows) = (outer * extent * inner, outer * inner);
        let (x, ups) = (round::<T>(&numbers(n, 1)), round::<T>(&numbers(n, 2)));
        let labels: Vec<i32> = (0..rows).map(|row| if row % 3 == 1 { -100 } else { (row % extent) as i32 }).collect();
        let row_of = |at: usize| at / (extent * inner) * inner + at % inner;
        let drops = |at: usize| labels[row_of(at)] == -100;
        let with_nan: Vec<T> = (0..n).map(|at| if drops(at) { T::NAN } else { x[at] }).collect();
        // Whole quarters: their sum is exact.
        let weights: Vec<f64> = (0..extent).map(|class| (class % 5) as f64 * 0.25).collect();
        let (table, unread) = (round::<T>(&weights), vec![T::ZERO; n]);
        let shape = [outer, extent, inner];
        let target = Labels::from((&labels, [outer, inner]));
        let inputs = [
            tensor(&with_nan, &shape).into(),
            target.into(),
            Tensor::from(&table).into(),
            tensor(&unread, &shape).into(),
        ];
        let up = Upstream::Each(&ups);
        let none = ask(&LOG_SOFTMAX_DROPPING, &inputs, SERIAL, Reduction::None, up, Some(n), &[n]).unwrap();
        let whole =
            ask(&LOG_SOFTMAX, &[tensor(&x, &shape).into()], SERIAL, Reduction::None, up, Some(n), &[n]).unwrap();
        let quiet = |values: &[T]| -> Vec<T> {
            values.iter().enumerate().map(|(at, value)| if drops(at) { T::ZERO } else { *value }).collect()
        };
        assert_eq!(bits(&none.elements), bits(&quiet(&whole.elements)), "{shape:?}");
        assert_eq!(bits(&none.gradients[0]), bits(&quiet(&whole.gradients[0])), "{shape:?}");
        // A row's weight counts at each of its places.
        let mean = ask(&LOG_SOFTMAX_DROPPING, &inputs, SERIAL, Reduction::MEAN, Upstream::One, None, &[]).unwrap();
        let kept = labels.iter().filter_map(|label| usize::try_from(*label).ok());
        let divisor = kept.map(|class| weights[class] * extent as f64).sum();
        assert_eq!(mean.outcome.partial.divisor, Some(divisor), "{shape:?}");
        assert_eq!(mean.outcome.partial.sum.to_bits(), none.outcome.partial.sum.to_bits(), "{shape:?}");
        // As does a summand that does not vary along the row.
        let (up, lengths) = (Upstream::Scalar(T::from_f64(0.5)), [n]);
        let summed = Reduction::Named("entropy");
        let mean = ask(&LOG_SOFTMAX_DROPPING, &inputs, SERIAL, summed, up, None, &lengths).unwrap();
        let live = labels.iter().filter(|label| **label >= 0).count();
        assert_eq!(mean.outcome.partial.divisor, Some((live * extent) as f64), "{shape:?}");
        let up = T::from_f64(0.5 / (live * extent) as f64).to_f64() * extent as f64;
        let up = Upstream::Scalar(T::from_f64(up));
        let sum = ask(&ENTROPY, &inputs[..3], SERIAL, Reduction::Sum, up, None, &lengths).unwrap();
        let expected = sum.outcome.partial.sum * extent as f64;
        assert!((mean.outcome.partial.sum - expected).abs() <= 1e-9 * expected.abs(), "{shape:?}");
        assert_eq!(bits(&mean.gradients[0]), bits(&sum.gradients[0]), "{shape:?}");
    }
}

#[test]
fn dropped_rows_have_no_value_at_any_place() {
    a_value_for_every_place::<f32>();
    a_value_for_every_place::<f64>();
}
