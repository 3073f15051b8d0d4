//! Kernels without reductions.

use loss_runtime::call::{Execution, Reduction, Upstream};
use loss_runtime::lane::Isa;
use loss_runtime::{Array, Element, Labels, Shape, Tensor};

use crate::losses::{SIGNED, SMOOTH, SMOOTH_WIDE, WEIGHTED_SECOND, WEIGHTED_SQUARE};
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
fn a_broadcast_input_gives_the_values_of_its_expansion_and_its_gradient_is_a_sum() {
    for (rows, extent) in [(1, 1), (5, 3), (70, 130), (3, 9000)] {
        let n = rows * extent;
        let x = round::<f64>(&numbers(n, 10));
        let w: Vec<f64> = numbers(rows, 11).iter().map(|w| w + 3.0).collect();
        let full: Vec<f64> = (0..n).map(|i| w[i / extent]).collect();
        let input = Array::from(Tensor::from((&x, [rows, extent])));
        let expanded = [input, Tensor::from((&full, [rows, extent])).into()];
        let one = ask(&WEIGHTED_SQUARE, &expanded, SERIAL, Reduction::MEAN, Upstream::One, None, &[n, n]).unwrap();
        for narrow in [Tensor::from((&w, [rows])), Tensor::from((&w, [rows, 1]))] {
            let inputs = [input, narrow.into()];
            let other =
                ask(&WEIGHTED_SQUARE, &inputs, SERIAL, Reduction::MEAN, Upstream::One, None, &[n, rows]).unwrap();
            assert_eq!(one.outcome.partial.sum.to_bits(), other.outcome.partial.sum.to_bits());
            assert_eq!(crate::bits(&one.gradients[0]), crate::bits(&other.gradients[0]));
            for row in 0..rows {
                let sum: f64 = one.gradients[1][row * extent..][..extent].iter().sum();
                assert_close(other.gradients[1][row], sum, 4.0, "summed gradient");
            }
        }
    }
}

#[test]
fn every_way_of_broadcasting_reads_the_right_place_and_sums_its_gradient() {
    for [n, c, d] in [[3, 4, 5], [1, 1, 5], [1, 4, 1], [3, 4, 1], [2, 1, 3], [1, 1, 1]] {
        let x = round::<f64>(&numbers(n * c * d, 12));
        // With and without a dimension after the second axis.
        let shapes = if d == 1 { vec![vec![n, c], vec![n, c, 1]] } else { vec![vec![n, c, d]] };
        for shape in shapes {
            // An axis may be there, of extent 1, or missing; of the rows, all dimensions together.
            let mut rows = shape.clone();
            rows.remove(1);
            for row_shape in [rows.clone(), vec![1; rows.len()], vec![]] {
                for second in [Some(c), Some(1), None] {
                    let mut weight_shape = row_shape.clone();
                    if let Some(extent) = second {
                        weight_shape.insert(row_shape.len().min(1), extent);
                    }
                    let own = |all: usize, is_there: bool| if is_there { all } else { 1 };
                    let (has_rows, has_second) = (row_shape == rows, second == Some(c));
                    let place = |at: usize| {
                        let [o, e, i] = [at / d / c, at / d % c, at % d];
                        let row = |coordinate: usize| if has_rows { coordinate } else { 0 };
                        let extents = [own(c, has_second), own(d, has_rows)];
                        (row(o) * extents[0] + if has_second { e } else { 0 }) * extents[1] + row(i)
                    };
                    for gap in if weight_shape.is_empty() { 0..1 } else { 0..3 } {
                        let input = Tensor { data: &x, shape: Shape::new(&shape).unwrap(), row_stride: None };
                        broadcast_is_right(input, &weight_shape, gap, place);
                    }
                }
            }
        }
    }
}

/// The weight of the place `at` is the one at `place(at)`, and after each of its rows there is a gap.
fn broadcast_is_right(input: Tensor<'_, f64>, shape: &[usize], gap: usize, place: impl Fn(usize) -> usize) {
    let x = input.data;
    let what = format!("weight of shape {shape:?} with a gap of {gap} for {:?}", input.shape);
    let line: usize = shape.iter().skip(1).product();
    let row_stride = (gap > 0).then_some(line + gap);
    let lies = |place: usize| place / line * (line + gap) + place % line;
    let rows = shape.first().copied().unwrap_or(1);
    let mut weights = vec![f64::NAN; rows * (line + gap)];
    (0..rows * line).for_each(|place| weights[lies(place)] = place as f64 + 1.0);
    let weight = Tensor { data: &weights, shape: Shape::new(shape).unwrap(), row_stride };
    let (inputs, lengths) = ([input.into(), weight.into()], [x.len(), weights.len()]);
    let ups = numbers(x.len(), 14);
    let up = Upstream::Each(&ups);
    let answer = ask(&WEIGHTED_SECOND, &inputs, SERIAL, Reduction::None, up, Some(x.len()), &lengths).unwrap();
    let mut gradient = vec![0.0; rows * line];
    for at in 0..x.len() {
        let weight = place(at) as f64 + 1.0;
        assert_eq!(answer.elements[at], weight * x[at] * x[at], "{what}: value {at}");
        assert_close(answer.gradients[0][at], ups[at] * weight * 2.0 * x[at], 100.0, &what);
        gradient[place(at)] += ups[at] * x[at] * x[at];
    }
    for (place, gradient) in gradient.iter().enumerate() {
        assert_close(answer.gradients[1][lies(place)], *gradient, 100.0, &what);
    }
    let written = answer.gradients[1].iter().filter(|value| **value != crate::GUARD).count();
    assert_eq!(written, gradient.len(), "{what}: between rows, nothing is written");
}

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
