//! Arrays so large that what is read and written is fetched ahead: that changes no result, also where nothing comes after.

use loss_runtime::call::{Call, Reduction, Request, Upstream};
use loss_runtime::prefetch::BEYOND_CACHES;
use loss_runtime::{Element, Stored, Tensor, TensorMut, run, run_in_place};

use crate::losses::{LOG_SOFTMAX, SHARES_ENTROPY, SMOOTH};
use crate::{Answer, SERIAL, ask, assert_bits, numbers, round, tensor};

/// So many places that two inputs and two gradients of them are far, and half of them are not. Not a whole number of vectors.
const PLACES: usize = BEYOND_CACHES / (4 * size_of::<f32>()) + 37;

fn gradients<S: Stored<Compute: Element>>(x: &[S], y: &[S], in_place: bool) -> [Vec<S>; 2] {
    let (mut first, mut second) = (x.to_vec(), y.to_vec());
    let mut call = Call { execution: SERIAL, ..Call::default() };
    call.inputs[1] = Some(Tensor::from(y).into());
    let mut request = Request::value(Reduction::Sum);
    request.gradients[1] = Some(&mut second);
    if in_place {
        run_in_place(&SMOOTH, &call, request, 0, TensorMut::from(&mut first[..])).unwrap();
    } else {
        call.inputs[0] = Some(Tensor::from(x).into());
        request.gradients[0] = Some(&mut first);
        run(&SMOOTH, &call, request).unwrap();
    }
    [first, second]
}

fn far_places<S: Stored<Compute: Element>>() {
    let widened = |values: &[S]| values.iter().map(|value| value.widen()).collect::<Vec<_>>();
    let numbers = |seed| -> Vec<S> {
        numbers(PLACES, seed)
            .into_iter()
            .map(|x| S::round(<S::Compute as loss_runtime::lane::Real>::from_f64(x)))
            .collect()
    };
    let (x, y) = (numbers(1), numbers(2));
    let middle = PLACES / 2;
    let near = [gradients(&x[..middle], &y[..middle], false), gradients(&x[middle..], &y[middle..], false)];
    for in_place in [false, true] {
        let far = gradients(&x, &y, in_place);
        for input in 0..2 {
            let near = [&near[0][input][..], &near[1][input]].concat();
            assert_bits(&widened(&far[input]), &widened(&near), &format!("in place: {in_place}, input {input}"));
        }
    }
}

#[test]
fn far_places_have_the_bits_of_near_ones() {
    far_places::<f32>();
    #[cfg(feature = "half")]
    far_places::<half::bf16>();
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
            let near = answer(&x[part.clone()], &y[part.clone()], &half);
            if !near.elements.is_empty() {
                assert_bits(&far.elements[part.clone()], &near.elements, &format!("{shape:?}: values"));
            }
            for (far, near) in far.gradients.iter().zip(&near.gradients) {
                assert_bits(&far[part.clone()], near, &format!("{shape:?}: gradient"));
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
    rows_agree(4, |x, y, shape| {
        let inputs = [tensor(x, shape).into(), tensor(y, shape).into()];
        ask(&SHARES_ENTROPY, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[x.len(); 2]).unwrap()
    });
}
