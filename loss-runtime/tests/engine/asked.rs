//! What a call is put together from, and what tools read of a loss.

use loss_runtime::call::{Call, Partial, Reduction, Request, Upstream};
use loss_runtime::{Loss, Shape, Stored, Tensor, run};

use crate::losses::{ENTROPY, SMOOTH, input};

#[test]
fn a_reduction_is_what_its_name_says() {
    assert_eq!(Reduction::from("none"), Reduction::None);
    assert_eq!(Reduction::from("sum"), Reduction::Sum);
    assert_eq!(Reduction::from("mean"), Reduction::MEAN);
    assert_eq!(Reduction::from("batchmean"), Reduction::Named("batchmean"));
    for (reduction, is_none) in [
        (Reduction::None, true),
        (Reduction::Named("none"), true),
        (Reduction::Sum, false),
        (Reduction::Named("sum"), false),
        (Reduction::MEAN, false),
    ] {
        assert_eq!(reduction.is_none(), is_none, "{reduction:?}");
        let mut call = Call::default();
        call.inputs[..2].fill(Some(Tensor::from(&[1.0, 2.0]).into()));
        let outcome = run(&SMOOTH, &call, Request::value(reduction)).unwrap();
        assert_eq!(outcome.reduced().is_err(), is_none, "{reduction:?}");
    }
}

#[test]
fn a_request_asks_for_no_more_than_it_says() {
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from(&[3.0, 0.5]).into());
    call.inputs[1] = Some(Tensor::from(&[1.0, 0.5]).into());
    let ask = |request: Request<'_, f64>| run(&SMOOTH, &call, request).unwrap();
    let value = ask(Request::value(Reduction::MEAN));
    let mean = Partial { sum: 1.5, divisor: Some(2.0) };
    assert_eq!((value.value, value.partial, value.none_len), (Some(0.75), mean, 2));
    let partial = ask(Request::partial(Reduction::MEAN));
    assert_eq!((partial.value, partial.partial, partial.none_len), (None, mean, 2));
    let mut elements = [f64::NAN; 2];
    let values = ask(Request::elements(&mut elements));
    assert_eq!((values.value, values.partial, values.none_len), (None, Partial::default(), 2));
    assert_eq!(elements, [1.5, 0.0]);
    let mut gradient = [f64::NAN; 2];
    let mut request = Request::backward(Reduction::MEAN, Upstream::Scalar(4.0));
    request.gradients[1] = Some(&mut gradient);
    let backward = ask(request);
    assert_eq!((backward.value, backward.partial, backward.none_len), (None, Partial::default(), 2));
    assert_eq!(gradient, [-2.0, 0.0]);
}

#[test]
fn a_shape_has_as_many_places_as_its_extents_span() {
    let table: [(&[usize], usize); 6] =
        [(&[], 1), (&[3], 3), (&[2, 3, 4], 24), (&[0], 0), (&[5, 0, usize::MAX], 0), (&[usize::MAX, 3], usize::MAX)];
    for (extents, len) in table {
        let shape = Shape::new(extents).unwrap();
        assert_eq!((shape.extents(), shape.len(), shape.is_empty()), (extents, len, len == 0), "{extents:?}");
    }
    assert_eq!(format!("{:?}", Shape::new(&[2, 3]).unwrap()), "[2, 3]");
    assert_eq!(Shape::new(&[1; 9]), None);
    assert_ne!(Shape::new(&[2, 3]), Shape::new(&[2, 3, 1]));
    assert_ne!(Shape::new(&[2, 3]), Shape::new(&[2, 4]));
    assert_eq!(Shape::new(&[2, 3]), Shape::new(&[2, 3]));
}

#[test]
fn a_buffer_has_room_for_its_numbers() {
    fn has_room<S: Stored>(number: S::Compute) {
        for len in [0, 1, 5] {
            let mut values = vec![S::round(number); len];
            let slot = S::slot(&mut values);
            assert_eq!((slot.len(), slot.is_empty()), (len, len == 0));
        }
    }
    has_room::<f32>(1.0);
    has_room::<f64>(1.0);
    #[cfg(feature = "half")]
    has_room::<half::bf16>(1.0);
    #[cfg(feature = "half")]
    has_room::<half::f16>(1.0);
}

#[test]
fn tools_are_told_what_rows_share_and_what_has_a_gradient_of_their_own() {
    // Of the loss: logits with a gradient, a label for each row, a table that all rows share.
    let told = ENTROPY.info().inputs.iter().map(|input| (input.is_shared(), input.has_row_gradients()));
    assert!(told.eq([(false, true), (false, false), (true, false)]));
    let shared = input("table", &[1], true);
    assert_eq!((shared.is_shared(), shared.has_row_gradients()), (true, false));
}
