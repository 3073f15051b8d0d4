//! Kernels without reductions.

use loss_runtime::call::{Execution, Reduction, Upstream};
use loss_runtime::lane::Isa;
use loss_runtime::{Array, Element, Shape, Tensor};

use crate::losses::{SMOOTH, SMOOTH_WIDE, TRIPLE};
use crate::{SERIAL, ask, assert_close, assert_same, lengths, numbers, round};

fn smooth(x: f64, y: f64) -> (f64, f64) {
    let r = x - y;
    if r.abs() < 1.0 { (0.5 * r * r, r) } else { (r.abs() - 0.5, r.signum()) }
}

fn every_length_is_right<T: Element>() {
    for n in lengths() {
        let (xs, ys) = (numbers(n, 1), numbers(n, 2));
        let (x, y) = (round::<T>(&xs), round::<T>(&ys));
        let inputs = [Array::from(Tensor::from(&x)), Tensor::from(&y).into()];
        let upstream = Upstream::Scalar(T::from_f64(0.37));
        let summed = ask(&SMOOTH, &inputs, SERIAL, Reduction::Sum, upstream, None, &[n, n]).unwrap();
        let plain = ask(&SMOOTH, &inputs, SERIAL, Reduction::None, upstream, Some(n), &[n, 0]).unwrap();
        let ups = round::<T>(&numbers(n, 3));
        let each = ask(&SMOOTH, &inputs, SERIAL, Reduction::None, Upstream::Each(&ups), None, &[0, n]).unwrap();
        let forward = ask(&SMOOTH, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]).unwrap();
        let wide = ask(&SMOOTH_WIDE, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]).unwrap();
        let mut sum = 0.0;
        for i in 0..n {
            let (value, slope) = smooth(xs[i], ys[i]);
            sum += value;
            assert_close(plain.elements[i], value, 1.0, "value");
            assert_close(summed.gradients[0][i], 0.37 * slope, 1.0, "gradient");
            assert_close(summed.gradients[1][i], -0.37 * slope, 1.0, "gradient of the target");
            assert_close(plain.gradients[0][i], 0.37 * slope, 1.0, "gradient of none");
            assert_close(each.gradients[1][i], -ups[i].to_f64() * slope, 2.0, "gradient under a vector");
        }
        assert_close(summed.outcome.value.unwrap(), sum, 8.0 * sum, "sum");
        assert_same(
            &forward,
            &ask(&SMOOTH, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]).unwrap(),
            "again",
        );
        // The same numbers are added in the same order, whatever else is asked for.
        for other in [&plain, &each, &forward] {
            assert_eq!(summed.outcome.partial.sum.to_bits(), other.outcome.partial.sum.to_bits(), "sum of {n}");
        }
        assert_close(T::from_f64(wide.outcome.partial.sum), sum, 8.0 * sum, "wide sum");
    }
}

#[test]
fn every_length_is_right_in_both_types() {
    every_length_is_right::<f32>();
    every_length_is_right::<f64>();
}

/// Whatever gradients are asked for, each has its bits and goes to its own place.
#[test]
fn every_choice_of_three_gradients_is_right() {
    for n in [5, 64, 8192 + 70] {
        let numbers = [1, 2, 3].map(|seed| round::<f32>(&numbers(n, seed)));
        let inputs = [0, 1, 2].map(|input| Array::from(Tensor::from(&numbers[input])));
        for chosen in 0..8 {
            let lengths = [0, 1, 2].map(|input| if chosen >> input & 1 == 1 { n } else { 0 });
            let answer = ask(&TRIPLE, &inputs, SERIAL, Reduction::Sum, Upstream::Scalar(0.5), None, &lengths).unwrap();
            let [a, b, c] = &numbers;
            for (input, (one, other)) in
                [(b, c), (a, c), (a, b)].into_iter().enumerate().filter(|(i, _)| lengths[*i] > 0)
            {
                let expected: Vec<f32> = one.iter().zip(other).map(|(one, other)| 0.5 * one * other).collect();
                assert_eq!(answer.gradients[input], expected, "gradient {input} of {lengths:?}");
            }
        }
    }
}

#[test]
fn a_sum_in_f64_is_exact_where_f32_is_not() {
    // 2^24 + 1 + 1 + ...: each 1 alone is lost in f32.
    let x = [[16_777_216.0_f32; 1].as_slice(), &[1.5; 100]].concat();
    let y = vec![0.0_f32; x.len()];
    let inputs = [Array::from(Tensor::from(&x)), Tensor::from(&y).into()];
    let wide = ask(&SMOOTH_WIDE, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]).unwrap();
    assert_eq!(wide.outcome.partial.sum, 16_777_216.0 + 100.0);
}

#[test]
fn instruction_sets_and_threads_change_no_bit() {
    let n = (1 << 19) + 8192 + 77;
    let (x, y) = (round::<f32>(&numbers(n, 4)), round::<f32>(&numbers(n, 5)));
    let ups = round::<f32>(&numbers(n, 6));
    let inputs = [Array::from(Tensor::from(&x)), Tensor::from(&y).into()];
    let up = Upstream::Each(&ups);
    let one = ask(&SMOOTH, &inputs, SERIAL, Reduction::None, up, Some(n), &[n, n]).unwrap();
    for threads in [None, Some(2), Some(3), Some(7)] {
        let execution = Execution { isa: None, threads };
        let other = ask(&SMOOTH, &inputs, execution, Reduction::None, up, Some(n), &[n, n]).unwrap();
        assert_same(&one, &other, &format!("{threads:?} threads"));
    }
    for isa in Isa::available() {
        let execution = Execution { isa: Some(isa), threads: Some(1) };
        let other = ask(&SMOOTH, &inputs, execution, Reduction::None, up, Some(n), &[n, n]).unwrap();
        assert_same(&one, &other, isa.name());
    }
}

#[test]
fn rows_with_gaps_give_the_bits_of_rows_without() {
    for (rows, line, stride) in [(3, 5, 9), (40, 300, 301), (7, 64, 128), (1, 700, 800), (9000, 1, 2)] {
        let n = rows * line;
        let (x, y) = (round::<f32>(&numbers(n, 7)), round::<f32>(&numbers(n, 8)));
        let apart = |dense: &[f32]| {
            let mut apart = vec![f32::NAN; rows * stride];
            for row in 0..rows {
                apart[row * stride..][..line].copy_from_slice(&dense[row * line..][..line]);
            }
            apart
        };
        let (x_apart, y_apart) = (apart(&x), apart(&y));
        let shape = [rows, line];
        let dense = [Array::from(Tensor::from((&x, shape))), Tensor::from((&y, shape)).into()];
        let gaps = [&x_apart, &y_apart].map(|apart| Tensor::from((apart, shape)).with_row_stride(stride).into());
        let ups = round::<f32>(&numbers(n, 9));
        let up = Upstream::Each(&ups);
        let one = ask(&SMOOTH, &dense, SERIAL, Reduction::None, up, Some(n), &[n, n]).unwrap();
        // One with gaps, or the other, or both.
        for inputs in [[gaps[0], dense[1]], [dense[0], gaps[1]], gaps] {
            let lengths = inputs.map(|input| match input {
                Array::Real(tensor) => tensor.data.len(),
                Array::Labels(_) => unreachable!("all are numbers"),
            });
            let mut other = ask(&SMOOTH, &inputs, SERIAL, Reduction::None, up, Some(n), &lengths).unwrap();
            for gradient in other.gradients.iter_mut().filter(|gradient| gradient.len() > n) {
                let spread = std::mem::take(gradient);
                for (at, value) in spread.iter().enumerate() {
                    if at % stride < line {
                        gradient.push(*value);
                    } else {
                        assert_eq!(*value, crate::GUARD as f32, "between rows, nothing is written");
                    }
                }
            }
            assert_same(&one, &other, &format!("{rows} rows of {line}"));
        }
    }
}

#[test]
fn nothing_sums_to_zero_and_has_no_mean() {
    let empty: [f32; 0] = [];
    let inputs = [Array::from(Tensor::from(&empty)), Tensor::from(&empty).into()];
    let sum = ask(&SMOOTH, &inputs, SERIAL, Reduction::Sum, Upstream::One, Some(0), &[]).unwrap();
    assert_eq!((sum.outcome.value, sum.outcome.none_len), (Some(0.0), 0));
    let mean = ask(&SMOOTH, &inputs, SERIAL, Reduction::MEAN, Upstream::One, None, &[]).unwrap_err();
    assert_eq!(mean.0.kind(), "zero_divisor");
    for shape in [[0, 0], [0, 3], [1, 0], [2, 0]] {
        let inputs = [Array::from(Tensor::from((&empty, shape))), Tensor::from((&empty, shape)).into()];
        let sum = ask(&SMOOTH, &inputs, SERIAL, Reduction::Sum, Upstream::One, Some(0), &[]).unwrap();
        assert_eq!((sum.outcome.value, sum.outcome.none_len), (Some(0.0), 0));
    }
}

#[test]
fn a_sample_is_what_lies_at_one_place_of_the_first_dimension() {
    let x = vec![0.5_f32; 9000];
    for shape in [&[9000][..], &[90, 100], &[2, 3, 1500]] {
        let input = Tensor { data: &x[..], shape: Shape::new(shape).unwrap(), row_stride: None };
        let inputs = [Array::from(input), input.into()];
        let mean = ask(&SMOOTH, &inputs, SERIAL, Reduction::Named("batchmean"), Upstream::One, None, &[]).unwrap();
        assert_eq!(mean.outcome.partial.divisor, Some(shape[0] as f64));
    }
}

#[test]
fn a_single_number_is_one_row_and_one_sample() {
    let inputs = [Array::from(Tensor::from((&[3.0_f64], []))), Tensor::from((&[1.0], [])).into()];
    let answer = ask(&SMOOTH, &inputs, SERIAL, Reduction::Named("batchmean"), Upstream::One, None, &[1]).unwrap();
    assert_eq!((answer.outcome.value, answer.gradients[0][0]), (Some(1.5), 1.0));
}
