//! Kernels that reduce over the second axis.

use loss_runtime::call::{Execution, Reduction, Upstream};
use loss_runtime::lane::Isa;
use loss_runtime::{Array, Element, Labels, Loss, Tensor};

use crate::losses::{DOT, ENTROPY, LOG_SOFTMAX, LOG_SOFTMAX_DROPPING, MIDRANGE, SHARES_ENTROPY};
use crate::{Answer, SERIAL, ask, assert_bits, assert_close, assert_same, bits, numbers, round};

/// [rows, extent] turned into [extent, rows].
fn transpose<T: Copy>(values: &[T], rows: usize, extent: usize) -> Vec<T> {
    (0..rows * extent).map(|at| values[at % rows * extent + at / rows]).collect()
}

/// An answer for [1, extent, rows] as one for [rows, extent].
fn transpose_back<T: Copy>(answer: &mut Answer<T>, rows: usize, extent: usize, per_element: bool) {
    for gradient in &mut answer.gradients {
        if gradient.len() == rows * extent && extent > 1 {
            *gradient = transpose(gradient, extent, rows);
        }
    }
    if per_element {
        answer.elements = transpose(&answer.elements, extent, rows);
    }
}

/// The shapes in which the walk along rows, the tiles and the walk across rows all have full and partial vectors.
fn shapes() -> impl Iterator<Item = (usize, usize)> {
    let narrow = (1..=130).map(|extent| (19, extent));
    let wide = [(1, 8192 - 17), (2, 8192), (3, 8192 + 17), (2, 16384 + 70), (5, 1000), (17, 255), (33, 192)];
    let tall = [(1, 3), (2, 3), (16, 2), (1100, 10), (2050, 64), (70, 129), (300, 700)];
    // Across rows, their places crowd the cache.
    let crowded = [(512, 9), (1024, 8), (1024, 21), (2048, 32), (1024, 33)];
    narrow.chain(wide).chain(tall).chain(crowded)
}

fn entropy<T: Element>(x: &[T], labels: &[i64], weight: &[T], rows: usize, extent: usize, nchw: bool) -> Answer<T> {
    let up = Upstream::Scalar(T::from_f64(-2.0));
    let data;
    let input: Tensor<'_, T> = if nchw {
        data = transpose(x, rows, extent);
        (&data, [1, extent, rows]).into()
    } else {
        (x, [rows, extent]).into()
    };
    let target: Labels<'_> = if nchw { (labels, [1, rows]).into() } else { labels.into() };
    let inputs = [input.into(), target.into(), Tensor::from(weight).into()];
    let mut answer = ask(&ENTROPY, &inputs, SERIAL, Reduction::None, up, Some(rows), &[rows * extent]).unwrap();
    let mean = ask(&ENTROPY, &inputs, SERIAL, Reduction::MEAN, up, None, &[]).unwrap();
    answer.outcome = mean.outcome;
    if nchw {
        transpose_back(&mut answer, rows, extent, false);
    }
    answer
}

fn entropy_is_right<T: Element>() {
    for (rows, extent) in shapes() {
        let xs: Vec<f64> = numbers(rows * extent, 21).iter().map(|x| x * 4.0).collect();
        let labels: Vec<i64> =
            (0..rows).map(|row| if row % 7 == 3 { -100 } else { ((row * 31) % extent) as i64 }).collect();
        let ws: Vec<f64> = numbers(extent, 22).iter().map(|w| w + 2.5).collect();
        let (x, weight) = (round::<T>(&xs), round::<T>(&ws));
        let along = entropy(&x, &labels, &weight, rows, extent, false);
        let across = entropy(&x, &labels, &weight, rows, extent, true);
        assert_same(&along, &across, &format!("{rows} rows of {extent}"));
        let (mut sum, mut divisor) = (0.0, 0.0);
        for row in 0..rows {
            let (line, gradient) = (&xs[row * extent..][..extent], &along.gradients[0][row * extent..][..extent]);
            let Ok(label) = usize::try_from(labels[row]) else {
                assert_eq!(along.elements[row].bits(), 0);
                assert!(gradient.iter().all(|value| value.bits() == 0), "a dropped row has no gradient");
                continue;
            };
            let shift = line.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = line.iter().map(|x| (x - shift).exp()).sum();
            let value = ws[label] * (total.ln() + shift - line[label]);
            sum += value;
            divisor += ws[label];
            assert_close(along.elements[row], value, 30.0, "value");
            for c in 0..extent {
                let hit = f64::from(u8::from(c == label));
                let slope = -2.0 * ws[label] * ((line[c] - shift).exp() / total - hit);
                assert_close(gradient[c], slope, 4.0, "gradient");
            }
        }
        if divisor > 0.0 {
            assert_close(along.outcome.value.unwrap(), sum / divisor, 30.0, "weighted mean");
        }
    }
}

#[test]
fn entropy_is_right_along_and_across_with_the_same_bits() {
    entropy_is_right::<f32>();
    entropy_is_right::<f64>();
}

fn dot_is_right<T: Element>() {
    for (rows, extent) in shapes() {
        let n = rows * extent;
        let (xs, ys, ts, ss) = (numbers(n, 31), numbers(n, 32), numbers(rows, 33), numbers(extent, 34));
        let (x, y, t, s) = (round::<T>(&xs), round::<T>(&ys), round::<T>(&ts), round::<T>(&ss));
        let ups = round::<T>(&numbers(rows, 35));
        let up = Upstream::Each(&ups);
        let shape = [rows, extent];
        let table = Array::from(Tensor::from(&s));
        let inputs =
            [Tensor::from((&x, shape)).into(), Tensor::from((&y, shape)).into(), Tensor::from(&t).into(), table];
        let lengths = [n, n, rows];
        let along = ask(&DOT, &inputs, SERIAL, Reduction::None, up, Some(rows), &lengths).unwrap();
        let (tx, ty) = (transpose(&x, rows, extent), transpose(&y, rows, extent));
        let shape = [1, extent, rows];
        let row = Tensor::from((&t, [1, rows]));
        let inputs = [Tensor::from((&tx, shape)).into(), Tensor::from((&ty, shape)).into(), row.into(), table];
        let mut across = ask(&DOT, &inputs, SERIAL, Reduction::None, up, Some(rows), &lengths).unwrap();
        transpose_back(&mut across, rows, extent, false);
        if extent == 1 {
            assert_eq!(bits(&along.elements), bits(&across.elements));
        } else {
            assert_same(&along, &across, &format!("{rows} rows of {extent}"));
        }
        for row in 0..rows {
            let places = row * extent..(row + 1) * extent;
            let up = ups[row].to_f64();
            let dot: f64 = places.clone().map(|at| ss[at % extent] * xs[at] * ys[at]).sum();
            let scale = (extent as f64).sqrt() * 8.0;
            assert_close(along.elements[row], ts[row] * dot, scale, "value");
            assert_close(along.gradients[2][row], up * dot, scale, "gradient along rows");
            for at in places {
                assert_close(along.gradients[0][at], up * ts[row] * ss[at % extent] * ys[at], 16.0, "gradient of x");
                assert_close(along.gradients[1][at], up * ts[row] * ss[at % extent] * xs[at], 16.0, "gradient of y");
            }
        }
    }
}

#[test]
fn dot_is_right_along_and_across_with_the_same_bits() {
    dot_is_right::<f32>();
    dot_is_right::<f64>();
}

fn log_softmax_is_right<T: Element>() {
    for (rows, extent) in shapes() {
        let n = rows * extent;
        let xs = numbers(n, 41);
        let x = round::<T>(&xs);
        let us = numbers(n, 42);
        let ups = round::<T>(&us);
        let input = [Tensor::from((&x, [rows, extent])).into()];
        let along = ask(&LOG_SOFTMAX, &input, SERIAL, Reduction::None, Upstream::Each(&ups), Some(n), &[n]).unwrap();
        let (tx, tups) = (transpose(&x, rows, extent), transpose(&ups, rows, extent));
        let input_across = [Tensor::from((&tx, [1, extent, rows])).into()];
        let up = Upstream::Each(&tups);
        let mut across = ask(&LOG_SOFTMAX, &input_across, SERIAL, Reduction::None, up, Some(n), &[n]).unwrap();
        transpose_back(&mut across, rows, extent, true);
        assert_same(&along, &across, &format!("{rows} rows of {extent}"));
        // Without a gradient nothing is spilled.
        let forward = ask(&LOG_SOFTMAX, &input, SERIAL, Reduction::MEAN, Upstream::One, Some(n), &[]).unwrap();
        assert_eq!(bits(&forward.elements), bits(&along.elements));
        assert_eq!(forward.outcome.partial.sum.to_bits(), along.outcome.partial.sum.to_bits());
        assert_eq!(forward.outcome.partial.divisor, Some(n as f64));
        for row in 0..rows {
            let places = row * extent..(row + 1) * extent;
            let total: f64 = places.clone().map(|at| xs[at].exp()).sum();
            let seeds: f64 = places.clone().map(|at| us[at]).sum();
            for at in places {
                assert_close(along.elements[at], total.ln() - xs[at], 12.0, "value");
                let slope = xs[at].exp() / total * seeds - us[at];
                assert_close(along.gradients[0][at], slope, 8.0 + seeds.abs(), "gradient");
            }
        }
    }
}

#[test]
fn a_value_for_every_place_is_right_along_and_across_with_the_same_bits() {
    log_softmax_is_right::<f32>();
    log_softmax_is_right::<f64>();
}

fn shares_entropy_is_right<T: Element>() {
    for (rows, extent) in shapes() {
        let n = rows * extent;
        let (xs, ts) = (numbers(n, 45), numbers(n, 46));
        let (x, t) = (round::<T>(&xs), round::<T>(&ts));
        let shape = [rows, extent];
        let inputs = [Tensor::from((&x, shape)).into(), Tensor::from((&t, shape)).into()];
        let up = Upstream::Scalar(T::from_f64(-0.75));
        let ask = |lengths: [usize; 2], inputs: &[Array<'_, T>]| {
            ask(&SHARES_ENTROPY, inputs, SERIAL, Reduction::Sum, up, None, &lengths).unwrap()
        };
        let both = ask([n, n], &inputs);
        // Whichever is wanted, with or without a buffer for what is spilled.
        let (first, second) = (ask([n, 0], &inputs), ask([0, n], &inputs));
        let what = format!("{rows} rows of {extent}");
        assert_bits(&both.gradients[0], &first.gradients[0], &what);
        assert_bits(&both.gradients[1], &second.gradients[1], &what);
        let (tx, tt) = (transpose(&x, rows, extent), transpose(&t, rows, extent));
        let shape = [1, extent, rows];
        let across = [Tensor::from((&tx, shape)).into(), Tensor::from((&tt, shape)).into()];
        for lengths in [[n, n], [n, 0], [0, n]] {
            let mut across = ask(lengths, &across);
            transpose_back(&mut across, rows, extent, false);
            for (found, expected) in across.gradients.iter().zip(&both.gradients).filter(|(found, _)| !found.is_empty())
            {
                assert_bits(found, expected, &format!("{what}, across"));
            }
        }
        for row in 0..rows {
            let places = row * extent..(row + 1) * extent;
            let total: f64 = places.clone().map(|at| xs[at].exp()).sum();
            let shares: f64 = places.clone().map(|at| ts[at]).sum();
            for at in places {
                let slope = -0.75 * (xs[at].exp() / total * shares - ts[at]);
                assert_close(both.gradients[0][at], slope, 8.0 + extent as f64 / 8.0, "gradient of the logits");
                assert_close(both.gradients[1][at], -0.75 * (total.ln() - xs[at]), 12.0, "gradient of the shares");
            }
        }
    }
}

#[test]
fn what_is_spilled_for_the_first_of_two_gradients_is_there_or_computed_again() {
    shares_entropy_is_right::<f32>();
    shares_entropy_is_right::<f64>();
}

fn bits_do_not_depend_on_execution(loss: &dyn Loss, inputs: &[Array<'_, f32>], len: usize, lengths: &[usize]) {
    let run =
        |execution| ask(loss, inputs, execution, Reduction::None, Upstream::Scalar(0.37), Some(len), lengths).unwrap();
    let one = run(SERIAL);
    for threads in [None, Some(2), Some(3), Some(7)] {
        assert_same(&one, &run(Execution { isa: None, threads }), &format!("{threads:?} threads"));
    }
    for isa in Isa::available() {
        assert_same(&one, &run(Execution { isa: Some(isa), threads: Some(1) }), isa.name());
    }
}

#[test]
fn instruction_sets_and_threads_change_no_bit() {
    for (outer, extent, inner) in
        [(9000, 10, 1), (300, 1000, 1), (6, 30000, 1), (7, 21, 1003), (3, 11, 1024), (5, 200, 300)]
    {
        let (n, rows) = (outer * extent * inner, outer * inner);
        let (x, y) = (round::<f32>(&numbers(n, 51)), round::<f32>(&numbers(n, 52)));
        let (t, s) = (round::<f32>(&numbers(rows, 53)), round::<f32>(&numbers(extent, 54)));
        let labels: Vec<u32> = (0..rows).map(|row| (row * 7 % extent) as u32).collect();
        let weight: Vec<f32> = s.iter().map(|s| s.abs()).collect();
        let shape = [outer, extent, inner];
        let input = Array::from(Tensor::from((&x, shape)));
        let target = Array::from(Labels::from((&labels, [outer, inner])));
        bits_do_not_depend_on_execution(&ENTROPY, &[input, target, Tensor::from(&weight).into()], rows, &[n]);
        let (other, row) = (Tensor::from((&y, shape)).into(), Tensor::from((&t, [outer, inner])).into());
        bits_do_not_depend_on_execution(&DOT, &[input, other, row, Tensor::from(&s).into()], rows, &[n, n, rows]);
        bits_do_not_depend_on_execution(&LOG_SOFTMAX, &[input], n, &[n]);
        let labels: Vec<i32> = labels.iter().map(|class| if class % 3 == 1 { -100 } else { *class as i32 }).collect();
        let target = Array::from(Labels::from((&labels, [outer, inner])));
        let inputs = [input, target, Tensor::from(&weight).into(), input];
        bits_do_not_depend_on_execution(&LOG_SOFTMAX_DROPPING, &inputs, n, &[n]);
    }
}

#[test]
fn rows_with_gaps_give_the_bits_of_rows_without() {
    for (rows, extent, inner, stride) in [(9, 10, 1, 12), (5, 300, 1, 1000), (3, 6, 21, 130), (2, 9000, 1, 9001)] {
        let line = extent * inner;
        let n = rows * line;
        let x = round::<f64>(&numbers(n, 61));
        let mut apart = vec![f64::NAN; (rows - 1) * stride + line];
        for row in 0..rows {
            apart[row * stride..][..line].copy_from_slice(&x[row * line..][..line]);
        }
        let (len, shape) = (apart.len(), [rows, extent, inner]);
        let run = |input: Tensor<'_, f64>, len| {
            ask(&LOG_SOFTMAX, &[input.into()], SERIAL, Reduction::None, Upstream::Scalar(0.37), Some(n), &[len])
                .unwrap()
        };
        let one = run((&x, shape).into(), n);
        let mut other = run(Tensor::from((&apart, shape)).with_row_stride(stride), len);
        let spread = std::mem::take(&mut other.gradients[0]);
        for (at, value) in spread.iter().enumerate() {
            if at % stride < line {
                other.gradients[0].push(*value);
            } else {
                assert_eq!(*value, crate::GUARD, "between rows, nothing is written");
            }
        }
        assert_same(&one, &other, &format!("{rows} rows of {extent} x {inner}"));
    }
}

#[test]
fn nan_stays_in_its_row_and_dropped_rows_do_not_spread_it() {
    for (rows, extent) in [(40, 10), (5, 300), (3, 9000)] {
        let mut x = round::<f32>(&numbers(rows * extent, 71));
        let weight = vec![1.0_f32; extent];
        let mut labels: Vec<i64> = (0..rows).map(|row| (row % extent) as i64).collect();
        let clean = entropy(&x, &labels, &weight, rows, extent, false);
        for place in [0, 15, 16, extent / 2, extent - 1].into_iter().filter(|place| *place < extent) {
            let before = x[extent + place];
            x[extent + place] = f32::NAN;
            for nchw in [false, true] {
                labels[1] = 1;
                let read = entropy(&x, &labels, &weight, rows, extent, nchw);
                assert!(read.elements[1].is_nan() && read.outcome.value.unwrap().is_nan());
                labels[1] = -100;
                let dropped = entropy(&x, &labels, &weight, rows, extent, nchw);
                assert_eq!(dropped.elements[1].to_bits(), 0);
                assert!(dropped.outcome.value.unwrap().is_finite());
                for row in (0..rows).filter(|row| *row != 1) {
                    for answer in [&read, &dropped] {
                        assert_eq!(answer.elements[row].to_bits(), clean.elements[row].to_bits());
                        let of = |answer: &Answer<f32>| bits(&answer.gradients[0][row * extent..][..extent]);
                        assert_eq!(of(answer), of(&clean));
                    }
                }
                assert_eq!(bits(&dropped.gradients[0][extent..][..extent]), vec![0; extent]);
            }
            labels[1] = 1;
            x[extent + place] = before;
        }
    }
}

#[test]
fn one_dimension_is_one_row() {
    let inputs = [
        Array::from(Tensor::from(&[0.0_f64, 0.0])),
        Labels::from((&[1_u8], [])).into(),
        Tensor::from(&[1.0, 1.0]).into(),
    ];
    let answer = ask(&ENTROPY, &inputs, SERIAL, Reduction::MEAN, Upstream::One, Some(1), &[2]).unwrap();
    assert_close(answer.outcome.value.unwrap(), std::f64::consts::LN_2, 1.0, "log 2");
    assert_eq!(answer.gradients[0], [0.5, -0.5]);
}

/// A vector of which every third number is meant.
fn apart<T: Element>(values: &[T]) -> Vec<T> {
    values.iter().flat_map(|value| [*value, T::NAN, T::NAN]).collect()
}

/// The gradient of such a vector, after making sure that nothing was written in between.
fn together<T: Element>(gradient: &mut Vec<T>) {
    assert!(gradient.iter().enumerate().all(|(at, value)| at % 3 == 0 || value.to_f64() == crate::GUARD));
    *gradient = gradient.iter().step_by(3).copied().collect();
}

#[test]
fn places_of_a_single_row_may_lie_apart() {
    for n in [1, 2, 16, 20, 33, 200, 9000] {
        let [x, y, s] = [81, 82, 83].map(|seed| round::<f32>(&numbers(n, seed)));
        let weight: Vec<f32> = s.iter().map(|s| s.abs()).collect();
        let (label, t) = ([n as u16 / 2], [0.75]);
        let run = |loss: &dyn Loss, inputs: &[Array<'_, f32>], len, gradients: &[usize]| {
            ask(loss, inputs, SERIAL, Reduction::None, Upstream::Scalar(0.37), Some(len), gradients).unwrap()
        };
        let (label, t) = (Array::from(Labels::from((&label, []))), Array::from(Tensor::from((&t, []))));
        let wide = [&x, &y, &s, &weight].map(|values| apart(values));
        let [dense_x, dense_y, dense_s, dense_weight] =
            [&x, &y, &s, &weight].map(|values| Array::from(Tensor::from(values)));
        let [x, y, s, weight] =
            wide.each_ref().map(|data| Tensor { data, ..Tensor::from(&x) }.with_row_stride(3).into());
        let m = 3 * n;
        let expected = run(&LOG_SOFTMAX, &[dense_x], n, &[n]);
        let mut found = run(&LOG_SOFTMAX, &[x], n, &[m]);
        together(&mut found.gradients[0]);
        assert_same(&expected, &found, &format!("a value for each of {n}"));
        let expected = run(&ENTROPY, &[dense_x, label, dense_weight], 1, &[n]);
        let mut found = run(&ENTROPY, &[x, label, weight], 1, &[m]);
        together(&mut found.gradients[0]);
        assert_same(&expected, &found, &format!("entropy of {n}"));
        let expected = run(&DOT, &[dense_x, dense_y, t, dense_s], 1, &[n, n, 1]);
        let mut found = run(&DOT, &[x, y, t, s], 1, &[m, m, 1]);
        found.gradients[..2].iter_mut().for_each(together);
        assert_same(&expected, &found, &format!("dot of {n}"));
    }
}

/// Values of `none`, along rows and across them.
fn midranges<T: Element>(x: &[T], rows: usize, extent: usize) -> [Vec<T>; 2] {
    let across = transpose(x, rows, extent);
    [Tensor::from((x, [rows, extent])).into(), Tensor::from((&across, [1, extent, rows])).into()].map(
        |input: Array<'_, T>| {
            let up = Upstream::One;
            ask(&MIDRANGE, &[input], SERIAL, Reduction::None, up, Some(rows), &[]).unwrap().elements
        },
    )
}

fn extremes_are_right<T: Element>() {
    for (rows, extent) in shapes() {
        let xs = numbers(rows * extent, 91);
        let midrange = |row: &[f64]| {
            let (least, most) = row.iter().fold((f64::MAX, f64::MIN), |(least, most), x| (least.min(*x), most.max(*x)));
            (least + most) * 0.5
        };
        let expected = round::<T>(&xs.chunks(extent).map(midrange).collect::<Vec<_>>());
        for found in midranges(&round::<T>(&xs), rows, extent) {
            assert_eq!(bits(&found), bits(&expected), "{rows} rows of {extent}");
        }
    }
    for extent in [1, 7, 16, 40, 130, 8192 + 40] {
        for place in [0, 15, 38, extent / 2, extent - 1].into_iter().filter(|place| *place < extent) {
            // Zeros of either sign: which was found first would tell in which order they were looked at.
            let mut x = vec![T::from_f64(-0.0); extent];
            assert!(midranges(&x, 1, extent).iter().all(|found| found[0].bits() == 0));
            x[place] = T::ZERO;
            assert!(midranges(&x, 1, extent).iter().all(|found| found[0].bits() == 0));
            x[place] = T::NAN;
            assert!(midranges(&x, 1, extent).iter().all(|found| found[0].is_nan()), "NaN at {place} of {extent}");
        }
    }
}

#[test]
fn extremes_are_right_and_spread_nan() {
    extremes_are_right::<f32>();
    extremes_are_right::<f64>();
}
