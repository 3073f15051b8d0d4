//! Calls of a few numbers are answered at once, with the bits of the general way.

use loss_runtime::call::{Call, Curvature, Execution, HessianProduct, Outcome, OwnCall, Reduction, Request, Upstream};
use loss_runtime::info::{InputInfo, Label};
use loss_runtime::lane::Isa;
use loss_runtime::{Array, Element, Error, Loss, Shape, Stored, Tensor, TensorMut, run, run_in_place};

use crate::losses::{
    AT_ONCE, MEAN, ROWS, SMOOTH, SMOOTH_WIDE, SPREAD_LAST, SPREAD_SECOND, TOLD, TOLD_IN_MEAN, info, input,
};
use crate::{SERIAL, ask, assert_same, lengths, numbers, round};

/// The same arrays, with their stride written down: no call of them is answered at once.
fn with_strides<'a, T: Element>(inputs: &[Array<'a, T>; 2], stride: usize) -> [Array<'a, T>; 2] {
    inputs.map(|input| match input {
        Array::Real(tensor) => tensor.with_row_stride(stride).into(),
        Array::Labels(labels) => labels.with_row_stride(stride).into(),
    })
}

fn at_once_and_not<T: Element>() {
    let upstream = Upstream::Scalar(T::from_f64(-0.37));
    for isa in Isa::available() {
        let execution = Execution { isa: Some(isa), threads: None };
        for n in lengths().filter(|n| *n > 0) {
            // A place whose loss is 0 has a gradient of -0.0.
            let (x, mut y) = (round::<T>(&numbers(n, 21)), round::<T>(&numbers(n, 22)));
            y[0] = x[0];
            let inputs = [Array::from(Tensor::from(&x)), Tensor::from(&y).into()];
            let strided = with_strides(&inputs, 1);
            for loss in [&SMOOTH, &SMOOTH_WIDE] {
                for reduction in [Reduction::None, Reduction::Sum, Reduction::MEAN, Reduction::Named("batchmean")] {
                    for (len, lengths) in [(None, [0, 0]), (None, [n, 0]), (Some(n), [0, 0]), (Some(n), [n, n])] {
                        let ask = |inputs| ask(loss, inputs, execution, reduction, upstream, len, &lengths).unwrap();
                        let what = format!("{n} places, {reduction:?}, {isa}");
                        assert_same(&ask(&inputs), &ask(&strided), &what);
                    }
                }
            }
        }
    }
}

#[test]
fn an_answer_at_once_has_the_bits_of_the_general_one() {
    at_once_and_not::<f32>();
    at_once_and_not::<f64>();
}

#[test]
fn usual_calls_are_answered_at_once_and_no_others() {
    let answered = |inputs: &[Array<'_, f64>], reduction, upstream: Upstream<'_, f64>, lengths: &[usize]| {
        let answer = ask(&TOLD, inputs, Execution::default(), reduction, upstream, None, lengths);
        answer.map(|answer| answer.outcome.partial.sum == AT_ONCE)
    };
    let numbers = numbers(8193, 25);
    let of = |n: usize| Array::from(Tensor::from(&numbers[..n]));
    for n in [1, 2, 100, 8192] {
        for reduction in [Reduction::None, Reduction::Sum, Reduction::MEAN] {
            let up = Upstream::Scalar(2.0);
            assert_eq!(answered(&[of(n), of(n)], reduction, up, &[n, n]), Ok(true), "{n} places, {reduction:?}");
        }
    }
    let wants = |inputs: &[Array<'_, f64>], len| {
        ask(&TOLD, inputs, SERIAL, Reduction::MEAN, Upstream::One, Some(len), &[])
            .map(|answer| answer.outcome.partial.sum == AT_ONCE)
    };
    assert_eq!(wants(&[of(8), of(8)], 8), Ok(true), "values too");
    for len in [7, 9] {
        let error = Error::OutputLength { output: "elements", expected: 8, found: len };
        assert_eq!(wants(&[of(8), of(8)], len), Err((error, true)));
    }
    assert_eq!(answered(&[of(8193), of(8193)], Reduction::Sum, Upstream::One, &[]), Ok(false), "more than a chunk");
    let strided = with_strides(&[of(8), of(8)], 1);
    assert_eq!(answered(&strided, Reduction::Sum, Upstream::One, &[]), Ok(false), "a stride");
    let ups = [1.0, 2.0];
    assert_eq!(
        answered(&[of(2), of(2)], Reduction::None, Upstream::Each(&ups), &[2]),
        Ok(false),
        "an upstream for each"
    );
    assert_eq!(answered(&[of(1), of(1)], Reduction::None, Upstream::Each(&ups[..1]), &[1]), Ok(true));
    // What is wrong is told by the general way, and nothing is written.
    let refused = |inputs: &[Array<'_, f64>], reduction, upstream, lengths: &[usize]| {
        answered(inputs, reduction, upstream, lengths).unwrap_err()
    };
    let one = Upstream::Each(&ups[..1]);
    let error = (Error::Upstream { expected: 2, found: 1 }, true);
    assert_eq!(refused(&[of(2), of(2)], Reduction::None, one, &[2]), error);
    assert_eq!(answered(&[of(2), of(2)], Reduction::Sum, one, &[2]), Ok(true), "one for the sum");
    let error = (Error::OutputLength { output: "target", expected: 2, found: 3 }, true);
    assert_eq!(refused(&[of(2), of(2)], Reduction::Sum, Upstream::One, &[2, 3]), error);
    let error = (Error::Shape { input: "target", axis: 0, expected: 2, found: 3 }, true);
    assert_eq!(refused(&[of(2), of(3)], Reduction::Sum, Upstream::One, &[]), error);
}

#[test]
fn a_second_axis_is_found_at_once_where_it_is() {
    let (x, mut share) = (round::<f32>(&numbers(30, 26)), vec![0.5_f32; 30]);
    share[7] = 0.25;
    let shapes: [&[usize]; 4] = [&[30], &[5, 6], &[2, 5, 3], &[1, 30]];
    for loss in [&SPREAD_LAST, &SPREAD_SECOND] {
        for shape in shapes {
            let shaped = |data| Array::from(Tensor { data, shape: Shape::new(shape).unwrap(), row_stride: None });
            let inputs = [shaped(&x), shaped(&share)];
            let strided = with_strides(&inputs, shape[1..].iter().product());
            for reduction in [Reduction::None, Reduction::MEAN, Reduction::Named("batchmean")] {
                let ask = |inputs| ask(loss, inputs, SERIAL, reduction, Upstream::One, Some(30), &[30]).unwrap();
                assert_same(&ask(&inputs), &ask(&strided), &format!("{shape:?}, {reduction:?}"));
            }
        }
    }
    let wrong = [1.5_f32; 30];
    let inputs = [Array::from(Tensor::from(&x)), Tensor::from(&wrong).into()];
    let refusal = ask(&SPREAD_LAST, &inputs, SERIAL, Reduction::MEAN, Upstream::One, Some(30), &[30]).unwrap_err();
    assert_eq!((refusal.0.kind(), refusal.1), ("label", true));
}

#[test]
fn rows_of_rows_are_answered_at_once_alike() {
    let (x, y) = (round::<f32>(&numbers(35, 23)), round::<f32>(&numbers(35, 24)));
    let inputs = [Array::from(Tensor::from((&x, [5, 7]))), Tensor::from((&y, [5, 7])).into()];
    let strided = with_strides(&inputs, 7);
    for reduction in [Reduction::Sum, Reduction::MEAN, Reduction::Named("batchmean")] {
        let ask = |inputs| ask(&SMOOTH, inputs, SERIAL, reduction, Upstream::One, Some(35), &[35, 35]).unwrap();
        assert_same(&ask(&inputs), &ask(&strided), &format!("{reduction:?}"));
    }
}

#[test]
fn inputs_may_be_absent_or_labels_and_have_no_conditions() {
    let answered = |second: InputInfo, given: Option<&[f32]>| {
        let inputs = Box::leak(Box::new([input("input", &[0], true), second]));
        let loss = TOLD.declared(info("told", &[ROWS], inputs, TOLD.info().params, &[MEAN]));
        let mut call = Call::default();
        call.inputs[0] = Some(Tensor::from(&[0.5, 0.25, 2.0]).into());
        call.inputs[1] = given.map(|given| Tensor::from(given).into());
        run(&loss, &call, Request::value(Reduction::MEAN)).map(|outcome| outcome.partial.sum == AT_ONCE)
    };
    let second = || input("second", &[0], false);
    assert_eq!(answered(second(), None), Err(Error::MissingInput { name: "second" }));
    assert_eq!(answered(InputInfo { optional: true, ..second() }, None), Ok(true));
    assert_eq!(answered(InputInfo { default: Some(1.0), ..second() }, None), Ok(true));
    let share = || InputInfo { label: Label::Probability, ..second() };
    assert_eq!(answered(share(), Some(&[0.0, 1.0, 0.5])), Ok(true));
    let wrong = answered(share(), Some(&[0.0, 1.0, 1.5]));
    assert!(matches!(wrong, Err(Error::Label { input: "second", row: 2, .. })), "{wrong:?}");
    assert_eq!(answered(InputInfo { domain: Some("a condition"), ..second() }, Some(&[0.0; 3])), Ok(false));
    let absent = InputInfo { domain: Some("a condition"), optional: true, ..second() };
    assert_eq!(answered(absent, None), Ok(true));
}

/// A loss's own call, and what any loss's call says of the same.
fn own_and_any<T: Stored, const I: usize, const P: usize>(
    own: OwnCall<'_, T, I, P>,
) -> [Result<Outcome<T::Compute>, Error>; 2] {
    let any = run(&SMOOTH, &own.into(), Request::value(Reduction::MEAN));
    [own.run(&SMOOTH, Request::value(Reduction::MEAN)), any]
}

#[test]
fn a_call_of_a_losss_own_gives_what_a_call_of_any_loss_gives() {
    fn check<T: Stored>() {
        let values: Vec<T> = round::<T::Compute>(&numbers(8193, 27)).into_iter().map(T::round).collect();
        for n in [1, 100, 8192, 8193] {
            let array = Some(Array::from(Tensor::from(&values[..n])));
            let strided = Some(Array::from(Tensor::from(&values[..n]).with_row_stride(1)));
            for inputs in [[array, array], [array, strided]] {
                let [own, any] = own_and_any(OwnCall { inputs, params: [f64::NAN], execution: SERIAL });
                assert_eq!(own, any, "{n}");
                assert!(own.is_ok(), "{n}: {own:?}");
            }
        }
        let array = Some(Array::from(Tensor::from(&values[..3])));
        for (params, missing) in [([1.0], [array, None]), ([-1.0], [array, array]), ([1.0], [None, array])] {
            let [own, any] = own_and_any(OwnCall { inputs: missing, params, execution: SERIAL });
            assert_eq!(own, any);
            assert!(own.is_err());
        }
        // Fewer inputs or parameters than the loss has are missing, as those that are left out.
        let [own, any] = own_and_any(OwnCall { inputs: [array], params: [1.0], execution: SERIAL });
        assert_eq!((&own, own.is_err()), (&any, true));
        let [own, any] = own_and_any(OwnCall { inputs: [array, array], params: [], execution: SERIAL });
        assert_eq!((&own, own.is_ok()), (&any, true));
    }
    check::<f32>();
    check::<f64>();
    #[cfg(feature = "half")]
    check::<half::bf16>();
}

#[test]
fn what_does_not_exist_is_refused_however_much_of_it_is_asked_for() {
    let x = [0.5, 0.25, 2.0];
    let mut call = Call::default();
    call.inputs[..2].fill(Some(Tensor::from(&x).into()));
    for count in 1..=3 {
        let mut buffers = vec![[7.0; 3]; count];
        let mut request = Request::value(Reduction::Sum);
        for (slot, buffer) in request.gradients[2..].iter_mut().zip(&mut buffers) {
            *slot = Some(buffer);
        }
        assert_eq!(run(&TOLD, &call, request), Err(Error::NoGradient { input: "" }), "{count} gradients");
        let mut numbers = vec![7.0; count];
        let mut request = Request::value(Reduction::Sum);
        for (slot, number) in request.params.iter_mut().zip(&mut numbers) {
            *slot = Some(number);
        }
        assert_eq!(run(&TOLD, &call, request), Err(Error::NoParamGradient { param: "beta" }), "{count} parameters");
        assert!(numbers.iter().chain(buffers.iter().flatten()).all(|number| *number == 7.0));
    }
    let mut buffer = [7.0; 3];
    let request = Request { curvature: Some((Curvature::Exact, &mut buffer)), ..Request::value(Reduction::Sum) };
    assert_eq!(run(&TOLD, &call, request), Err(Error::NoCurvature { loss: "smooth" }));
    let product = HessianProduct { input: 0, direction: &x, product: &mut buffer };
    let request = Request { product: Some(product), ..Request::value(Reduction::Sum) };
    assert_eq!(run(&TOLD, &call, request), Err(Error::NoHessianProduct { loss: "smooth", input: "input" }));
    assert_eq!(buffer, [7.0; 3]);
}

#[test]
fn a_reduction_may_sum_and_divide_by_what_it_likes() {
    let (x, t) = ([0.5, 1.5, -1.0, 3.0], [1.0, 2.0, -3.0, 0.5]);
    let inputs = [Array::from(Tensor::from(&x)), Tensor::from(&t).into()];
    let ask = |inputs: &[Array<'_, f64>], name, len, lengths: &[usize]| {
        ask(&TOLD_IN_MEAN, inputs, SERIAL, Reduction::Named(name), Upstream::One, len, lengths)
    };
    let strided = with_strides(&inputs, 1);
    let smooth: Vec<f64> = ask(&strided, "sum", Some(4), &[]).unwrap().elements;
    // Without values, the sum alone is another one, and answered at once where any would be.
    let mean = |inputs, len| ask(inputs, "mean", len, &[4, 4]).unwrap();
    assert_eq!(mean(&inputs, None).outcome.partial.sum, AT_ONCE);
    for answer in [mean(&inputs, Some(4)), mean(&strided, Some(4)), mean(&strided, None)] {
        assert_eq!(answer.outcome.partial.sum, 0.25 + 4.5 - 3.0 + 4.5);
        assert_eq!(answer.outcome.partial.divisor, Some(4.0));
        assert_eq!(answer.gradients[0], [0.25, 1.5, 1.5, 0.75]);
        assert_eq!(answer.gradients[1], [0.0625, 0.5625, 0.25, 2.25]);
        assert!(answer.elements.is_empty() || answer.elements == smooth);
    }
    // With the gradient in place of its input.
    let (mut place, mut elements) = (x, [7.0; 4]);
    let mut call = Call::default();
    call.inputs[1] = Some(inputs[1]);
    let request = Request { elements: Some(&mut elements), ..Request::value(Reduction::MEAN) };
    let outcome = run_in_place(&TOLD_IN_MEAN, &call, request, 0, TensorMut::from(&mut place)).unwrap();
    assert_eq!((outcome.value, place, elements.as_slice()), (Some(1.5625), [0.25, 1.5, 1.5, 0.75], &smooth[..]));
    // Divisors.
    let divisor = |inputs, name| ask(inputs, name, None, &[]).map(|answer| answer.outcome.partial);
    let counted = divisor(&inputs, "counted").unwrap();
    assert_eq!((counted.sum, counted.divisor), (AT_ONCE, Some(4.0)));
    assert_eq!(divisor(&strided, "counted").unwrap().divisor, Some(4.0));
    for inputs in [&inputs, &strided] {
        assert_eq!(divisor(inputs, "summed").unwrap().divisor, Some(6.25));
        assert_eq!(divisor(inputs, "summed").unwrap().sum, smooth.iter().sum::<f64>());
        let error = Error::Unsupported { what: "a reduction without its divisor's code" };
        assert_eq!(divisor(inputs, "unknown"), Err((error, true)));
    }
}
