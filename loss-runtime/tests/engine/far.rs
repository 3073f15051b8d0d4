//! Arrays so large that memory is asked for them ahead: what is asked changes no result, also where nothing comes after.

use loss_runtime::call::{Call, Reduction, Request, Upstream};
use loss_runtime::{Element, Stored, Tensor, TensorMut, run, run_in_place};

use crate::losses::{LOG_SOFTMAX, SHARES_ENTROPY, SMOOTH};
use crate::{SERIAL, ask, assert_bits, numbers, round};

/// From how many bytes on that are read and written.
const FAR: usize = 1 << 24;

/// So many places that two inputs and two gradients of them are far, and half of them are not. Not a whole number of vectors.
const PLACES: usize = FAR / (4 * size_of::<f32>()) + 37;

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

#[test]
fn far_rows_have_the_bits_of_near_ones() {
    let extent = FAR / (4 * size_of::<f32>()) + 37;
    let (x, y) = (round::<f32>(&numbers(2 * extent, 3)), round::<f32>(&numbers(2 * extent, 4)));
    let row = |at: usize| at * extent..(at + 1) * extent;
    let one = |x: &[f32], rows: usize| {
        let n = rows * extent;
        let input = [Tensor::from((x, [rows, extent])).into()];
        ask(&LOG_SOFTMAX, &input, SERIAL, Reduction::None, Upstream::One, Some(n), &[n]).unwrap()
    };
    let two = |x: &[f32], y: &[f32], rows: usize| {
        let n = rows * extent;
        let inputs = [Tensor::from((x, [rows, extent])).into(), Tensor::from((y, [rows, extent])).into()];
        ask(&SHARES_ENTROPY, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[n, n]).unwrap()
    };
    let (far, far_two) = (one(&x, 2), two(&x, &y, 2));
    for at in 0..2 {
        let near = one(&x[row(at)], 1);
        assert_bits(&far.elements[row(at)], &near.elements, "values");
        assert_bits(&far.gradients[0][row(at)], &near.gradients[0], "gradient");
        let near = two(&x[row(at)], &y[row(at)], 1);
        for input in 0..2 {
            assert_bits(&far_two.gradients[input][row(at)], &near.gradients[input], &format!("input {input}"));
        }
    }
}
