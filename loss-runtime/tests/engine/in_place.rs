//! A gradient in place of its input has the bits of one in a buffer of its own.

use loss_runtime::call::{Call, Execution, MAX_INPUTS, OwnCall, Reduction, Request, Upstream};
use loss_runtime::lane::Isa;
use loss_runtime::{Array, Element, Error, Labels, Loss, Tensor, TensorMut, run, run_in_place};

use crate::losses::{
    AT_ONCE, DOT, ENTROPY, LOG_SOFTMAX, LOG_SOFTMAX_DROPPING, PROPORTIONS, SHARES_ENTROPY, SIGNED, SMOOTH,
    SPREAD_SECOND, TOLD, WEIGHTED_SECOND, WEIGHTED_SQUARE,
};
use crate::{assert_bits, numbers, round};

/// An array that may be overwritten.
#[derive(Clone, Copy)]
struct Given<'a, T> {
    array: Array<'a, T>,
}

fn given<'a, T, A: Into<Array<'a, T>>>(array: A) -> Given<'a, T> {
    Given { array: array.into() }
}

fn agree<T: Element>(loss: &dyn Loss, inputs: &[Given<'_, T>], len: usize, executions: &[Execution]) {
    let mut whole = Call::<T>::default();
    for (slot, input) in whole.inputs.iter_mut().zip(inputs) {
        *slot = Some(input.array);
    }
    let numbers_of = |input: usize| match inputs[input].array {
        Array::Real(tensor) => tensor,
        Array::Labels(_) => panic!("labels have no gradient"),
    };
    let wanted: Vec<usize> = (0..inputs.len()).filter(|&input| loss.info().inputs[input].gradient).collect();
    let ups = round::<T>(&numbers(len, 77));
    for (reduction, upstream) in
        [(Reduction::None, Upstream::Each(&ups[..])), (Reduction::Sum, Upstream::Scalar(T::from_f64(-2.0)))]
    {
        for &execution in executions {
            let call = Call { execution, ..whole };
            for &taken in &wanted {
                let buffers = || -> Vec<Vec<T>> {
                    wanted.iter().map(|&input| vec![T::from_f64(7.0); numbers_of(input).data.len()]).collect()
                };
                let (mut elements, mut gradients) = (vec![T::ZERO; len], buffers());
                // What lies between rows is left alone: it holds what the input holds there.
                let place = wanted.iter().position(|&input| input == taken).unwrap();
                gradients[place].copy_from_slice(numbers_of(taken).data);
                let mut request = Request { reduction, upstream, elements: Some(&mut elements), ..Request::default() };
                for (&input, gradient) in wanted.iter().zip(&mut gradients) {
                    request.gradients[input] = Some(gradient);
                }
                let expected = run(loss, &call, request).unwrap();

                let (mut own_elements, mut own_gradients) = (vec![T::ZERO; len], buffers());
                let mut overwritten = numbers_of(taken).data.to_vec();
                let mut call = call;
                call.inputs[taken] = None;
                let mut request =
                    Request { reduction, upstream, elements: Some(&mut own_elements), ..Request::default() };
                for (&input, gradient) in wanted.iter().zip(&mut own_gradients).filter(|(input, _)| **input != taken) {
                    request.gradients[input] = Some(gradient);
                }
                let tensor = numbers_of(taken);
                let values = TensorMut { data: &mut overwritten, shape: tensor.shape, row_stride: tensor.row_stride };
                let found = run_in_place(loss, &call, request, taken, values).unwrap();
                own_gradients[place] = overwritten;
                let what = format!("{} {taken} {reduction:?} {execution:?} {:?}", loss.info().name, tensor.shape);
                assert_eq!(expected, found, "{what}");
                assert_bits(&elements, &own_elements, &format!("{what}: values"));
                for (own, gradient) in own_gradients.iter().zip(&gradients) {
                    assert_bits(gradient, own, &what);
                }

                // Alone, as no other gradient keeps the input from being overwritten before the last pass.
                let mut overwritten = tensor.data.to_vec();
                let values = TensorMut { data: &mut overwritten, shape: tensor.shape, row_stride: tensor.row_stride };
                run_in_place(loss, &call, Request { upstream, ..Request::value(reduction) }, taken, values).unwrap();
                assert_bits(&gradients[place], &overwritten, &format!("{what}, alone"));
            }
        }
    }
}

fn isas() -> Vec<Execution> {
    Isa::available().map(|isa| Execution { isa: Some(isa), threads: Some(1) }).collect()
}

fn every_loss<T: Element>() {
    for n in (0..=70).chain([511, 512, 513, 8192 + 17]) {
        let (x, y) = (round::<T>(&numbers(n, 1)), round::<T>(&numbers(n, 2)));
        agree(&SMOOTH, &[given(Tensor::from(&x)), given(Tensor::from(&y))], n, &isas());
    }
    for n in [1, 17, 600] {
        let x = round::<T>(&numbers(n, 7));
        let signs: Vec<i64> = (0..n as i64).map(|at| [1, -1, 7][at as usize % 3]).collect();
        agree(&SIGNED, &[given(Tensor::from(&x)), given(Labels::from(&signs))], n, &isas());
    }
    for (rows, extent) in
        [(1, 1), (19, 3), (16, 16), (17, 33), (5, 128), (3, 129), (33, 192), (2, 1000), (2, 8192 + 17), (1100, 10)]
    {
        let n = rows * extent;
        let (x, y) = (round::<T>(&numbers(n, 11)), round::<T>(&numbers(n, 17)));
        let (table, own) = (round::<T>(&numbers(extent, 12)), round::<T>(&numbers(rows, 18)));
        let table = table.iter().map(|w| T::from_f64(w.to_f64() + 2.5)).collect::<Vec<T>>();
        let classes: Vec<i64> =
            (0..rows).map(|row| if row % 7 == 3 { -100 } else { ((row * 31) % extent) as i64 }).collect();
        let shape = [rows, extent];
        let (table, classes) = (given(Tensor::from(&table)), given(Labels::from(&classes)));
        // The gradient of what nothing depends on is 0, in its place too.
        let unread = given(Tensor::from((&y, shape)));
        agree(&LOG_SOFTMAX_DROPPING, &[given(Tensor::from((&x, shape))), classes, table, unread], n, &isas());
        agree(&ENTROPY, &[given(Tensor::from((&x, shape))), classes, table], rows, &isas());
        agree(&LOG_SOFTMAX, &[given(Tensor::from((&x, shape)))], n, &isas());
        agree(&SHARES_ENTROPY, &[given(Tensor::from((&x, shape))), given(Tensor::from((&y, shape)))], rows, &isas());
        let weights: Vec<T> = y.iter().map(|y| y.abs()).collect();
        agree(
            &WEIGHTED_SQUARE,
            &[given(Tensor::from((&x, shape))), given(Tensor::from((&weights, shape)))],
            n,
            &isas(),
        );
        let scale = round::<T>(&numbers(extent, 19));
        let dot = [
            given(Tensor::from((&x, shape))),
            given(Tensor::from((&y, shape))),
            given(Tensor::from(&own)),
            given(Tensor::from(&scale)),
        ];
        agree(&DOT, &dot, rows, &isas());
        // Rows with gaps.
        let wide = round::<T>(&numbers(rows * (extent + 3), 21));
        let gaps = Tensor { data: &wide[..], ..Tensor::from((&x, shape)) }.with_row_stride(extent + 3);
        agree(&LOG_SOFTMAX, &[given(gaps)], n, &isas());
        agree(&ENTROPY, &[given(gaps), classes, table], rows, &isas());
        agree(&SMOOTH, &[given(gaps), given(Tensor::from((&x, shape)))], n, &isas());
        // A row with gaps, and a number for each row.
        let apart = round::<T>(&numbers(3 * extent.max(rows), 22));
        let line = Tensor::from(&apart[..3 * extent]);
        let line = Tensor { shape: Tensor::from(&x[..extent]).shape, ..line }.with_row_stride(3);
        agree(&LOG_SOFTMAX, &[given(line)], extent, &isas());
        let each = Tensor::from(&apart[..3 * rows]);
        let each = Tensor { shape: Tensor::from(&x[..rows]).shape, ..each }.with_row_stride(3);
        agree(&DOT, &[dot[0], dot[1], given(each), dot[3]], rows, &isas());
    }
}

#[test]
fn a_gradient_in_place_has_the_bits_of_one_in_a_buffer() {
    every_loss::<f32>();
    every_loss::<f64>();
}

#[test]
fn places_after_the_second_axis_are_overwritten_where_none_is_read_for_another() {
    // Answered at once, and a block at a time.
    for shape @ [outer, extent, inner] in [[2, 3, 4], [3, 5, 1], [2, 40, 13], [2, 40, 130]] {
        let n = outer * extent * inner;
        let (x, share) = (round::<f32>(&numbers(n, 31)), vec![0.25_f32; n]);
        let both = [given(Tensor::from((&x, shape))), given(Tensor::from((&share, shape)))];
        agree(&SPREAD_SECOND, &both, n, &isas());
        // Where what is asked is not answered at once: a condition, and a row of numbers for all.
        agree(&WEIGHTED_SECOND, &both, n, &isas());
        agree(&PROPORTIONS, &[both[0], given(Tensor::from((&shares(shape), shape)))], n, &isas());
    }
}

/// Rows of equal shares.
fn shares([outer, extent, inner]: [usize; 3]) -> Vec<f32> {
    vec![1.0 / extent as f32; outer * extent * inner]
}

#[test]
fn a_usual_call_is_answered_at_once() {
    let (x, y) = (round::<f64>(&numbers(1025, 32)), round::<f64>(&numbers(1025, 33)));
    let answered = |n: usize, row_stride: Option<usize>| {
        let mut values = x[..n].to_vec();
        let mut call = Call::<f64>::default();
        call.inputs[1] = Some(Tensor::from(&y[..n]).into());
        let tensor = TensorMut { row_stride, ..TensorMut::from(&mut values[..]) };
        run_in_place(&TOLD, &call, Request::value(Reduction::Sum), 0, tensor)
            .map(|outcome| outcome.partial.sum == AT_ONCE)
    };
    for n in [1, 2, 64, 65, 1024] {
        assert_eq!(answered(n, None), Ok(true), "{n} places");
        // As a loss's own methods ask, and so many that the general way answers.
        for n in [n, 1025] {
            let mut values = x[..n].to_vec();
            let inputs = [None, Some(Tensor::from(&y[..n]).into())];
            let call = OwnCall { inputs, params: [1.0], execution: Execution::default() };
            let request = Request::value(Reduction::Sum);
            let outcome = call.run_in_place(&TOLD, request, 0, TensorMut::from(&mut values[..])).unwrap();
            assert_eq!(outcome.partial.sum == AT_ONCE, n <= 1024, "{n} places");
        }
    }
    assert_eq!(answered(1025, None), Ok(false), "more than are copied");
    assert_eq!(answered(0, None), Ok(false), "nothing");
    assert_eq!(answered(8, Some(1)), Ok(false), "a stride");
    // An error is that of the general way.
    let mut values = [0.5_f32; 8];
    let mut call = Call::default();
    call.inputs[1] = Some(Tensor::from(&[0.25; 9]).into());
    let error = run_in_place(&TOLD, &call, Request::value(Reduction::Sum), 0, (&mut values).into()).unwrap_err();
    assert_eq!(error, Error::Shape { input: "target", axis: 0, expected: 8, found: 9 });
    assert_eq!(values, [0.5; 8], "something was written");
}

#[cfg(feature = "parallel")]
#[test]
fn threads_change_no_bit() {
    let executions = [1, 2, 3, 7].map(|threads| Execution { isa: None, threads: Some(threads) });
    let pool = rayon::ThreadPoolBuilder::new().num_threads(7).build().unwrap();
    pool.install(|| {
        let n = (1 << 19) + 77;
        let (x, y) = (round::<f32>(&numbers(n, 1)), round::<f32>(&numbers(n, 2)));
        agree(&SMOOTH, &[given(Tensor::from(&x)), given(Tensor::from(&y))], n, &executions);
        for (rows, extent) in [(2003, 150), (50_021, 6)] {
            let x = round::<f32>(&numbers(rows * extent, 3));
            let logits = given(Tensor::from((&x, [rows, extent])));
            agree(&LOG_SOFTMAX, &[logits], rows * extent, &executions);
            agree(&SHARES_ENTROPY, &[logits, logits], rows, &executions);
            let classes: Vec<i64> = (0..rows).map(|row| ((row * 31) % extent) as i64).collect();
            let table = vec![1.5_f32; extent];
            agree(&ENTROPY, &[logits, given(Labels::from(&classes)), given(Tensor::from(&table))], rows, &executions);
        }
    });
}

#[test]
fn what_cannot_be_done_in_place_is_refused_and_nothing_is_written() {
    let refused = |loss: &dyn Loss, call: &Call<'_, f32>, input: usize, extents: &[usize]| {
        let shape = loss_runtime::Shape::new(extents).unwrap();
        let mut values = vec![0.5_f32; shape.len()];
        let tensor = TensorMut { data: &mut values, shape, row_stride: None };
        let answer = run_in_place(loss, call, Request::value(Reduction::Sum), input, tensor);
        assert!(values.iter().all(|value| *value == 0.5), "something was written");
        answer.unwrap_err()
    };
    let x = [0.5_f32; 12];
    // With dimensions after the second axis.
    let call = Call::default();
    assert!(matches!(refused(&LOG_SOFTMAX, &call, 0, &[2, 3, 2]), Error::Unsupported { .. }));
    // A weight that rows share: its gradient is a sum.
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from((&x, [3, 4])).into());
    assert!(matches!(refused(&WEIGHTED_SQUARE, &call, 1, &[3]), Error::Unsupported { .. }));
    // An input without a gradient, and one that the call has already.
    assert!(matches!(refused(&SIGNED, &Call::default(), 1, &[12]), Error::NoGradient { .. }));
    assert!(matches!(refused(&SIGNED, &Call::default(), MAX_INPUTS, &[12]), Error::NoGradient { .. }));
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from(&x).into());
    call.inputs[1] = Some(Tensor::from(&x).into());
    assert!(matches!(refused(&SMOOTH, &call, 0, &[12]), Error::Unsupported { .. }));
    // What any call is refused for.
    call.inputs[0] = None;
    assert!(matches!(refused(&SMOOTH, &call, 0, &[11]), Error::Shape { .. }));
}
