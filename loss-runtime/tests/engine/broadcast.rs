//! Inputs that lack an axis: they give the values of their expansion, and their gradient is a sum over it.

use loss_runtime::call::{Reduction, Upstream};
use loss_runtime::{Array, Element, Labels, Shape, Tensor};

use crate::losses::{DOT_BROADCAST, LOG_SOFTMAX_DROPPING, WEIGHTED_SECOND, WEIGHTED_SQUARE};
use crate::{SERIAL, ask, assert_close, bits, numbers, round, tensor};

#[test]
fn without_reductions_values_are_those_of_the_expansion() {
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
            assert_eq!(bits(&one.gradients[0]), bits(&other.gradients[0]));
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

/// [outer, extent, inner]: in tiles, along rows, across them, and in tiles again because places crowd the cache.
const SHAPES: [[usize; 3]; 8] =
    [[19, 3, 1], [40, 16, 1], [5, 100, 1], [2, 9000, 1], [3, 6, 21], [1, 40, 50], [2, 21, 1024], [1, 9, 2048]];

fn dot_is_right<T: Element>() {
    // Whole quarters: sums and products are exact in any order.
    let quarters = |count, seed| numbers(count, seed).iter().map(|x| (x * 4.0).round() / 4.0).collect::<Vec<f64>>();
    for shape in SHAPES {
        let [outer, extent, inner] = shape;
        let (n, rows) = (outer * extent * inner, outer * inner);
        let (xs, ys, ts, ss) = (quarters(n, 1), quarters(n, 2), quarters(rows, 3), quarters(extent, 4));
        let (x, t, s) = (round::<T>(&xs), round::<T>(&ts), round::<T>(&ss));
        let row_of = |at: usize| at / (extent * inner) * inner + at % inner;
        let column_of = |at: usize| at / inner % extent;
        let run = |y: Tensor<'_, T>| {
            let len = y.data.len();
            let inputs = [tensor(&x, &shape), y, tensor(&t, &[outer, inner]), tensor(&s, &[extent])].map(Array::from);
            let lengths = [n, len, rows];
            ask(&DOT_BROADCAST, &inputs, SERIAL, Reduction::None, Upstream::One, Some(rows), &lengths).unwrap()
        };
        type Place<'p> = &'p dyn Fn(usize) -> usize;
        let cases: [(&[usize], Place<'_>); 5] = [
            (&[outer, 1, inner], &row_of),
            (&[outer, inner], &row_of),
            (&[1, extent, 1], &column_of),
            (&[extent], &column_of),
            (&[], &|_| 0),
        ];
        for (own, place) in cases {
            let what = format!("{own:?} in {shape:?}");
            let len = own.iter().product();
            let mut sums = vec![0.0; len];
            for at in 0..n {
                sums[place(at)] += ts[row_of(at)] * ss[column_of(at)] * xs[at];
            }
            let y = round::<T>(&ys[..len]);
            let full: Vec<T> = (0..n).map(|at| y[place(at)]).collect();
            let (answer, expanded) = (run(tensor(&y, own)), run(tensor(&full, &shape)));
            assert_eq!(answer.outcome.partial.sum.to_bits(), expanded.outcome.partial.sum.to_bits(), "{what}");
            assert_eq!(bits(&answer.elements), bits(&expanded.elements), "{what}");
            assert_eq!(bits(&answer.gradients[0]), bits(&expanded.gradients[0]), "{what}");
            assert_eq!(bits(&answer.gradients[2]), bits(&expanded.gradients[2]), "{what}");
            assert!(answer.gradients[1].iter().zip(&sums).all(|(found, sum)| found.to_f64() == *sum), "{what}");
        }
    }
}

#[test]
fn with_reductions_values_are_those_of_the_expansion_and_gradients_are_sums() {
    dot_is_right::<f32>();
    dot_is_right::<f64>();
}

/// What a pass leaves for the last one in a tile, or in a gradient's buffer that has a place of its own for it, is elsewhere computed again.
#[test]
fn nothing_is_kept_in_a_gradient_that_is_a_sum() {
    for shape in SHAPES {
        let [outer, _, inner] = shape;
        // A power of two, so that the share of each place is exact.
        let shape @ [_, extent, _] = [outer, shape[1].next_power_of_two(), inner];
        let (n, rows) = (shape.iter().product::<usize>(), outer * inner);
        let (x, unread, table) = (round::<f32>(&numbers(rows, 5)), vec![0.0_f32; n], vec![1.0_f32; extent]);
        let labels = vec![0_u8; rows];
        let labels = Labels { shape: Shape::new(&[outer, inner]).unwrap(), ..Labels::from(&labels) };
        let inputs = [
            tensor(&x, &[outer, 1, inner]).into(),
            labels.into(),
            tensor(&table, &[extent]).into(),
            tensor(&unread, &shape).into(),
        ];
        // Of each place: all seeds, times its share, less its own seed, which is 2 at the first place of a row and else 0. It sums to 0.
        let seeds: Vec<f32> = (0..n).map(|at| if at / inner % extent == 0 { 2.0 } else { 0.0 }).collect();
        let upstream = Upstream::Each(&seeds);
        let lengths = [rows, 0, 0, n];
        let answer = ask(&LOG_SOFTMAX_DROPPING, &inputs, SERIAL, Reduction::None, upstream, Some(n), &lengths).unwrap();
        let value = (extent as f64).ln();
        answer.elements.iter().for_each(|found| assert_close(*found, value, 12.0, "log of the extent"));
        assert!(answer.gradients[0].iter().all(|gradient| gradient.abs() < 1e-5), "{shape:?}");
        let forward = ask(&LOG_SOFTMAX_DROPPING, &inputs, SERIAL, Reduction::None, upstream, Some(n), &[]).unwrap();
        assert_eq!(bits(&forward.elements), bits(&answer.elements), "{shape:?}");
        assert!(answer.gradients[3].iter().all(|gradient| gradient.to_bits() == 0), "nothing depends on it");
    }
}
