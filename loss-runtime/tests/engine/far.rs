//! Arrays so large that what is read and written is fetched ahead: that changes no result, also where nothing comes after.

use loss_runtime::call::{Call, Execution, Reduction, Request, Upstream};
use loss_runtime::prefetch::BEYOND_CACHES;
use loss_runtime::{Element, Loss, Shape, Stored, TensorMut, run, run_in_place};

use crate::losses::{LOG_SOFTMAX, SHARES_ENTROPY, SMOOTH};
use crate::{Answer, SERIAL, ask, assert_bits, numbers, round, tensor};

/// So many places that two inputs and two gradients of them are far, and half of them are not. Not a whole number of vectors.
const PLACES: usize = BEYOND_CACHES / (4 * size_of::<f32>()) + 137;

/// Both gradients of a loss of two inputs, the first one perhaps in place.
fn gradients<S: Stored<Compute: Element>>(
    loss: &dyn Loss,
    (x, y): (&[S], &[S]),
    shape: &[usize],
    threads: usize,
    in_place: bool,
) -> [Vec<S>; 2] {
    let (mut first, mut second) = (x.to_vec(), y.to_vec());
    let mut call = Call { execution: Execution { isa: None, threads: Some(threads) }, ..Call::default() };
    call.inputs[1] = Some(tensor(y, shape).into());
    let mut request = Request::value(Reduction::Sum);
    request.gradients[1] = Some(&mut second);
    if in_place {
        let place = TensorMut { data: &mut first[..], shape: Shape::new(shape).unwrap(), row_stride: None };
        run_in_place(loss, &call, request, 0, place).unwrap();
    } else {
        call.inputs[0] = Some(tensor(x, shape).into());
        request.gradients[0] = Some(&mut first);
        run(loss, &call, request).unwrap();
    }
    [first, second]
}

/// Whether many rows (or places, where there is one axis) have the gradients that each half of them has.
fn halves_agree<S: Stored<Compute: Element>>(loss: &dyn Loss, shape: &[usize]) {
    let widened = |values: &[S]| values.iter().map(|value| value.widen()).collect::<Vec<_>>();
    let len = shape.iter().product::<usize>();
    let numbers = |seed| -> Vec<S> {
        numbers(len, seed)
            .into_iter()
            .map(|x| S::round(<S::Compute as loss_runtime::lane::Real>::from_f64(x)))
            .collect()
    };
    let (x, y) = (numbers(1), numbers(2));
    let (rows, row) = (shape[0], len / shape[0]);
    let near = [0..rows / 2, rows / 2..rows].map(|half| {
        let places = half.start * row..half.end * row;
        gradients(loss, (&x[places.clone()], &y[places]), &[&[half.len()], &shape[1..]].concat(), 1, false)
    });
    for (threads, in_place) in [(1, false), (1, true), (3, false), (3, true)] {
        let far = gradients(loss, (&x, &y), shape, threads, in_place);
        for input in 0..2 {
            let near = [&near[0][input][..], &near[1][input]].concat();
            let what = format!("{threads} threads, in place: {in_place}, input {input}");
            assert_bits(&widened(&far[input]), &widened(&near), &what);
        }
    }
}

#[test]
fn far_places_have_the_bits_of_near_ones() {
    halves_agree::<f32>(&SMOOTH, &[PLACES]);
    #[cfg(feature = "half")]
    halves_agree::<half::bf16>(&SMOOTH, &[PLACES]);
}

#[test]
fn far_rows_have_the_bits_of_near_ones_in_place_and_on_threads() {
    halves_agree::<f32>(&SHARES_ENTROPY, &[PLACES / 100, 100]);
    #[cfg(feature = "half")]
    halves_agree::<half::bf16>(&SHARES_ENTROPY, &[PLACES / 100, 100]);
}

/// Outer places that are far together, of so many arrays, and each half of which alone is not: a call of all, and of one half after the other. Rows are
/// long, or many make a block, or lie side by side, crowding the cache and not.
fn rows_agree(arrays: usize, answer: impl Fn(&[f32], &[f32], &[usize]) -> Answer<f32>) {
    let extent = BEYOND_CACHES / (2 * arrays * size_of::<f32>()) + 37;
    let crowded = (extent / 21).next_multiple_of(1024);
    let rows = extent / 100 + 1;
    for shape in [vec![2, extent], vec![2 * rows, 100], vec![2, 21, crowded], vec![2, 21, crowded - 5]] {
        let half = [&[shape[0] / 2], &shape[1..]].concat();
        let len = half.iter().product::<usize>();
        let (x, y) = (round::<f32>(&numbers(2 * len, 3)), round::<f32>(&numbers(2 * len, 4)));
        let far = answer(&x, &y, &shape);
        for at in 0..2 {
            let part = at * len..(at + 1) * len;
            let near = answer(&x[part.clone()], &y[part], &half);
            let agree = |far: &[f32], near: &[f32], what| {
                assert_bits(&far[at * near.len()..][..near.len()], near, &format!("{shape:?}: {what}"));
            };
            agree(&far.elements, &near.elements, "values");
            for (far, near) in far.gradients.iter().zip(&near.gradients) {
                agree(far, near, "gradient");
            }
        }
    }
}

#[test]
fn far_rows_have_the_bits_of_near_ones() {
    // Values of single places do not count.
    rows_agree(2, |x, _, shape| {
        let n = x.len();
        let input = [tensor(x, shape).into()];
        ask(&LOG_SOFTMAX, &input, SERIAL, Reduction::None, Upstream::One, Some(n), &[n]).unwrap()
    });
    // Values of rows alone: no pass over the places of a row but those that reduce.
    rows_agree(2, |x, y, shape| {
        let inputs = [tensor(x, shape).into(), tensor(y, shape).into()];
        let rows = x.len() / shape[1];
        ask(&SHARES_ENTROPY, &inputs, SERIAL, Reduction::None, Upstream::One, Some(rows), &[0; 2]).unwrap()
    });
    rows_agree(4, |x, y, shape| {
        let inputs = [tensor(x, shape).into(), tensor(y, shape).into()];
        ask(&SHARES_ENTROPY, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[x.len(); 2]).unwrap()
    });
}
