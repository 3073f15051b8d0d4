//! What is refused, in which order, and that nothing is written then.

use loss_runtime::call::{Call, Execution, Partial, Reduction, Request, Upstream};
use loss_runtime::info::Label;
use loss_runtime::lane::Isa;
use loss_runtime::{Array, Error, Labels, Loss, Shape, Tensor, run, shape_of_none};

use crate::losses::{
    DOT, ENTROPY, FLAGGED, LOG_SOFTMAX, SIGNED, SMOOTH, WEIGHTED_DROPPING, WEIGHTED_SECOND, WEIGHTED_SQUARE,
};
use crate::{SERIAL, ask, tensor};

/// The error of a call that asks for everything, after making sure that nothing was written.
#[track_caller]
fn refused(loss: &dyn Loss, inputs: &[Array<'_, f32>], lengths: &[usize]) -> Error {
    refused_reduction(loss, inputs, Reduction::MEAN, lengths)
}

#[track_caller]
fn refused_reduction(loss: &dyn Loss, inputs: &[Array<'_, f32>], reduction: Reduction<'_>, lengths: &[usize]) -> Error {
    let (error, untouched) =
        ask(loss, inputs, SERIAL, reduction, Upstream::One, None, lengths).expect_err("the call is wrong");
    assert!(untouched, "{error}: something was written");
    error
}

#[test]
fn labels_are_checked_row_by_row_in_the_order_of_the_inputs() {
    let x = [0.5_f32; 12];
    let input = Array::from(Tensor::from((&x, [4, 3])));
    let weight = Array::from(Tensor::from(&[1.0; 3]));
    let labels = [2_i16, -100, 3, -1];
    let error = refused(&ENTROPY, &[input, Labels::from(&labels).into(), weight], &[12]);
    let label = Label::ClassIndex;
    assert_eq!(error, Error::Label { input: "target", row: 2, column: None, value: 3.0, label, extent: 3 });
    assert_eq!(error.to_string(), "input `target`, row 2: 3 is not a class index, 0 to 2");
    // A shared input is seen by the first row already.
    let bad = Tensor::from(&[1.0, 1.0, -0.5]).into();
    let error = refused(&ENTROPY, &[input, Labels::from(&labels).into(), bad], &[12]);
    assert_eq!(error.to_string(), "input `weight`, row 0, place 2: -0.5 is not a number >= 0");
    // A value that the type cannot hold drops nothing; one inside the range drops that class.
    let error = refused(&ENTROPY, &[input, Labels::from(&[0_u8, 1, 2, 255]).into(), weight], &[12]);
    assert_eq!(error.kind(), "label");
    // Nor do labels that would be a class, or the value that drops a row, if their highest bits were lost.
    for bad in [1 << 63, (1 << 63) + 1, u64::MAX, u64::MAX - 99] {
        let error = refused(&ENTROPY, &[input, Labels::from(&[0, 1, bad, 2]).into(), weight], &[12]);
        assert!(matches!(error, Error::Label { row: 2, .. }), "{bad}: {error}");
    }
    for bad in [i64::MIN, i64::MAX, 1 << 32, -101] {
        let error = refused(&ENTROPY, &[input, Labels::from(&[0, 1, -100, bad]).into(), weight], &[12]);
        assert!(matches!(error, Error::Label { row: 3, .. }), "{bad}: {error}");
    }
    let signs = [1.0_f32, f32::NAN, -1.0];
    let error = refused(&SIGNED, &[Tensor::from(&[0.0; 3]).into(), Tensor::from(&signs).into()], &[3]);
    assert!(matches!(error, Error::Label { input: "target", row: 1, .. }), "{error}");
}

#[test]
fn a_label_wrong_at_any_place_is_found() {
    for n in [1, 17, 1000] {
        let x = vec![0.0_f32; n];
        for bad in [0, n / 2, n - 1] {
            let mut signs = vec![-1_i8; n];
            signs[bad] = 0;
            let error = refused(&SIGNED, &[Tensor::from(&x).into(), Labels::from(&signs).into()], &[n]);
            assert!(matches!(error, Error::Label { row, value: 0.0, .. } if row == bad), "{error}");
        }
    }
}

#[test]
fn conditions_are_broken_by_false_alone() {
    let (rows, extent) = (30, 41);
    let x = vec![1.0_f32; rows * extent];
    let input = Array::from(Tensor::from((&x, [rows, extent])));
    for place in [0, 511, 512, 1000, rows * extent - 1] {
        let mut weight = x.clone();
        weight[place] = -2.0;
        let inputs = [input, Tensor::from((&weight, [rows, extent])).into()];
        let error = refused(&WEIGHTED_SQUARE, &inputs, &[x.len()]);
        let domain = "weight >= 0";
        assert_eq!(error, Error::Domain { input: "weight", index: place, value: -2.0, domain });
        weight[place] = f32::NAN;
        let inputs = [input, Tensor::from((&weight, [rows, extent])).into()];
        assert!(ask(&WEIGHTED_SQUARE, &inputs, SERIAL, Reduction::MEAN, Upstream::One, None, &[]).is_ok());
    }
}

#[test]
fn in_interleaved_rows_the_first_row_comes_first() {
    // [1, 2, 3]: place 1 of row 0 lies behind place 0 of row 2.
    let x = [1.0_f32; 6];
    let weight = [1.0_f32, 1.0, -1.0, -2.0, 1.0, 1.0];
    let shape = [1, 2, 3];
    let inputs = [Tensor::from((&x, shape)).into(), Tensor::from((&weight, shape)).into()];
    let error = refused(&WEIGHTED_SECOND, &inputs, &[6]);
    assert!(matches!(error, Error::Domain { index: 3, value: -2.0, .. }), "{error}");
}

#[test]
fn among_many_interleaved_rows_the_first_comes_first_too() {
    // Three samples of 30 x 40 places, in each of which rows interleave. Of the second, row 5 breaks the condition at place 29, long after
    // rows 7 and 39 have done so at places 0 and 12.
    let (extent, inner) = (30, 40);
    let at = |sample: usize, place: usize, row: usize| (sample * extent + place) * inner + row;
    let x = vec![1.0_f32; 3 * extent * inner];
    let shape = [3, extent, inner];
    let broken = |places: &[usize]| {
        let mut weight = x.clone();
        places.iter().for_each(|place| weight[*place] = -1.0);
        let inputs = [Tensor::from((&x, shape)).into(), Tensor::from((&weight, shape)).into()];
        match refused(&WEIGHTED_SECOND, &inputs, &[x.len()]) {
            Error::Domain { index, .. } => index,
            error => panic!("{error}"),
        }
    };
    let (early, late) = ([at(1, 0, 7), at(1, 12, 39)], at(1, 29, 5));
    assert_eq!(broken(&early), early[0]);
    assert_eq!(broken(&[early[0], early[1], late]), late);
    assert_eq!(broken(&[early[0], early[1], late, at(2, 0, 0)]), late);
    assert_eq!(broken(&[early[1], at(2, 3, 4)]), early[1]);
    assert_eq!(broken(&[late, at(1, 28, 5)]), at(1, 28, 5));
}

#[test]
fn conditions_are_found_broken_where_values_lie_apart() {
    let (rows, extent, stride) = (30, 41, 50);
    let x = vec![1.0_f32; rows * extent];
    let input = Array::from(tensor(&x, &[rows, extent]));
    // What lies between rows is not looked at.
    let fine: Vec<f32> = (0..rows * stride).map(|at| if at % stride < extent { 1.0 } else { -7.0 }).collect();
    let weight = tensor(&fine, &[rows, extent]).with_row_stride(stride).into();
    assert!(ask(&WEIGHTED_SQUARE, &[input, weight], SERIAL, Reduction::MEAN, Upstream::One, None, &[]).is_ok());
    for bad in [0, 40, 12 * stride + 7, 29 * stride + 40] {
        let mut weight = fine.clone();
        weight[bad] = -2.0;
        let weight = tensor(&weight, &[rows, extent]).with_row_stride(stride).into();
        let error = refused(&WEIGHTED_SQUARE, &[input, weight], &[x.len()]);
        assert!(matches!(error, Error::Domain { value: -2.0, index, .. } if index == bad), "{error}");
    }
}

#[test]
fn dropped_rows_may_break_conditions_and_what_all_rows_share_may_not() {
    for [outer, extent, inner] in [[700, 3, 1], [3, 41, 30]] {
        let (n, rows) = (outer * extent * inner, outer * inner);
        let x = vec![1.0_f32; n];
        let labels: Vec<i8> = (0..rows).map(|row| if row % 3 == 0 { 7 } else { 1 }).collect();
        let row_of = |at: usize| at / (extent * inner) * inner + at % inner;
        let fine: Vec<f32> = (0..n).map(|at| if row_of(at) % 3 == 0 { -1.0 } else { 1.0 }).collect();
        let shape = [outer, extent, inner];
        let input = Array::from(tensor(&x, &shape));
        let target = Array::from(Labels::from((&labels, [outer, inner])));
        let inputs = [input, tensor(&fine, &shape).into(), target];
        let answer = ask(&WEIGHTED_DROPPING, &inputs, SERIAL, Reduction::MEAN, Upstream::One, None, &[]).unwrap();
        assert_eq!(answer.outcome.value, Some(1.0));
        for bad in [inner + 1, n / 2, n - 1].map(|at| (at..n).chain(0..at).find(|at| row_of(*at) % 3 != 0).unwrap()) {
            let mut weight = fine.clone();
            weight[bad] = -2.0;
            let error = refused(&WEIGHTED_DROPPING, &[input, tensor(&weight, &shape).into(), target], &[n]);
            assert!(matches!(error, Error::Domain { value: -2.0, index, .. } if index == bad), "{error}");
        }
        // Not even where all rows are dropped.
        let mut table = vec![1.0_f32; extent];
        table[extent - 1] = -3.0;
        let gone = vec![7_i8; rows];
        let target = Array::from(Labels::from((&gone, [outer, inner])));
        let error = refused(&WEIGHTED_DROPPING, &[input, Tensor::from(&table).into(), target], &[n]);
        assert!(matches!(error, Error::Domain { value: -3.0, index, .. } if index == extent - 1), "{error}");
    }
}

#[test]
fn shapes_agree_exactly() {
    let x = [0.0_f32; 24];
    let dot = |y: &[usize], t: &[usize], s: &[usize]| {
        let tensor = |extents: &[usize]| {
            let len = extents.iter().product();
            Array::from(Tensor { data: &x[..len], shape: Shape::new(extents).unwrap(), row_stride: None })
        };
        ask(
            &DOT,
            &[tensor(&[2, 3, 4]), tensor(y), tensor(t), tensor(s)],
            SERIAL,
            Reduction::Sum,
            Upstream::One,
            None,
            &[],
        )
    };
    assert!(dot(&[2, 3, 4], &[2, 4], &[3]).is_ok());
    let error = |y, t, s| dot(y, t, s).expect_err("shapes differ").0;
    assert_eq!(error(&[2, 3, 1], &[2, 4], &[3]), Error::Shape { input: "y", axis: 2, expected: 4, found: 1 });
    assert_eq!(error(&[2, 3, 4], &[2], &[3]), Error::Dimensions { input: "t", expected: 2, found: 1 });
    assert_eq!(error(&[2, 3, 4], &[2, 4], &[1]), Error::Shape { input: "s", axis: 0, expected: 3, found: 1 });
    let empty = Tensor::from((&x[..0], [2, 0])).into();
    assert_eq!(refused(&LOG_SOFTMAX, &[empty], &[]), Error::EmptyAxis { input: "input", axis: "C" });
    let short = Tensor::from((&x[..5], [2, 3])).into();
    assert_eq!(refused(&LOG_SOFTMAX, &[short], &[]), Error::Length { input: "input", expected: 6, found: 5 });
    let tight = Tensor::from((&x[..6], [2, 3])).with_row_stride(2).into();
    assert_eq!(refused(&LOG_SOFTMAX, &[tight], &[]), Error::RowStride { input: "input", least: 3, found: 2 });
    let scalar = Tensor::from((&x[..1], [])).into();
    assert_eq!(refused(&LOG_SOFTMAX, &[scalar], &[]).kind(), "shape");
}

#[test]
fn an_empty_batch_has_no_values() {
    let none: [f32; 0] = [];
    let inputs =
        [Array::from(Tensor::from((&none, [0, 3]))), Labels::from(&[0_i32; 0]).into(), Tensor::from(&[1.0; 3]).into()];
    let sum = ask(&ENTROPY, &inputs, SERIAL, Reduction::Sum, Upstream::One, Some(0), &[]).unwrap();
    assert_eq!((sum.outcome.value, sum.outcome.none_len), (Some(0.0), 0));
    assert_eq!(refused(&ENTROPY, &inputs, &[]), Error::ZeroDivisor { reduction: "mean" });
    let inner = [
        Array::from(Tensor::from((&none, [2, 3, 0]))),
        Labels::from((&[0_i32; 0], [2, 0])).into(),
        Tensor::from(&[1.0; 3]).into(),
    ];
    assert!(ask(&ENTROPY, &inner, SERIAL, Reduction::Sum, Upstream::One, Some(0), &[]).is_ok());
}

#[test]
fn weights_that_are_all_zero_have_no_mean() {
    let inputs = [
        Array::from(Tensor::from((&[0.0_f32; 6], [2, 3]))),
        Labels::from(&[0_usize, 1]).into(),
        Tensor::from(&[0.0, 0.0, 1.0]).into(),
    ];
    assert_eq!(refused(&ENTROPY, &inputs, &[6]), Error::ZeroDivisor { reduction: "mean" });
    let mut call = Call::default();
    call.inputs[..3].copy_from_slice(&inputs.map(Some));
    let partial = run(&ENTROPY, &call, Request::partial(Reduction::MEAN)).unwrap().partial;
    assert_eq!(partial, Partial { sum: 0.0, divisor: Some(0.0) });
    assert_eq!(partial.value(), None);
    assert_eq!(partial.merge(Partial { sum: 6.0, divisor: Some(4.0) }).value(), Some(1.5));
    let sum = run(&ENTROPY, &call, Request::partial(Reduction::Sum)).unwrap().partial;
    assert_eq!(sum.merge(Partial { sum: 3.0, divisor: None }).value(), Some(3.0));
    let mut gradient = [0.5; 6];
    let mut request = Request::partial(Reduction::MEAN);
    request.gradients[0] = Some(&mut gradient);
    assert_eq!(run(&ENTROPY, &call, request), Err(Error::ZeroDivisor { reduction: "mean" }));
    assert_eq!(gradient, [0.5; 6]);
}

#[test]
fn types_are_those_of_the_label() {
    let x = Array::from(Tensor::from((&[0.0_f32; 6], [2, 3])));
    let weight = Array::from(Tensor::from(&[1.0_f32; 3]));
    let error = refused(&ENTROPY, &[x, Tensor::from(&[0.0, 1.0]).into(), weight], &[6]);
    assert_eq!(error, Error::InputType { input: "target", given: "f32", label: Label::ClassIndex });
    let error = refused(&ENTROPY, &[Labels::from((&[0_i32; 6], [2, 3])).into(), x, weight], &[6]);
    assert!(matches!(error, Error::InputType { input: "input", given: "i32", .. }), "{error}");
    let unsigned = [Tensor::from(&[0.0_f32; 2]).into(), Labels::from(&[1_u8, 1]).into()];
    assert_eq!(refused(&SIGNED, &unsigned, &[2]).kind(), "input");
    // The other float type is converted, where there is no gradient to give back.
    let narrow = [Labels::from(&[1.0_f64, -1.0]).into(), Labels::from(&[1.0_f64, -1.0]).into()];
    assert_eq!(refused(&SIGNED, &narrow, &[2]).kind(), "input");
    let fine = [Tensor::from(&[0.5_f32, 2.0]).into(), narrow[1]];
    let answer = ask(&SIGNED, &fine, SERIAL, Reduction::Sum, Upstream::One, None, &[2]).unwrap();
    assert_eq!((answer.outcome.value, answer.gradients[0].as_slice()), (Some(-1.5), [1.0, -1.0].as_slice()));
    // Labels of the float type at hand are numbers as any.
    let same = [Labels::from(&[0.5_f32, 2.0]).into(), Labels::from(&[1.0_f32, -1.0]).into()];
    let answer = ask::<f32>(&SIGNED, &same, SERIAL, Reduction::Sum, Upstream::One, None, &[2]).unwrap();
    assert_eq!((answer.outcome.value, answer.gradients[0].as_slice()), (Some(-1.5), [1.0, -1.0].as_slice()));
    let same = [Labels::from(&[0.5_f64, 2.0]).into(), Labels::from(&[1.0_f64, -1.0]).into()];
    let answer = ask::<f64>(&SIGNED, &same, SERIAL, Reduction::Sum, Upstream::One, None, &[2]).unwrap();
    assert_eq!((answer.outcome.value, answer.gradients[0].as_slice()), (Some(-1.5), [1.0, -1.0].as_slice()));
}

#[test]
fn a_type_that_is_refused_is_told_from_those_that_are_not() {
    let floats = "floats, and the compute type where it has a gradient";
    let table = [
        (Label::Real, "a number", floats),
        (Label::Nonnegative, "a number >= 0", floats),
        (Label::Positive, "a number > 0", floats),
        (Label::Probability, "a probability, 0 to 1", floats),
        (Label::Simplex, "a probability, 0 to 1", floats),
        (Label::Binary, "0 or 1", "floats, integers or bool"),
        (Label::MultiHot, "0 or 1", "floats, integers or bool"),
        (Label::Flag, "0 or 1", "floats, integers or bool"),
        (Label::Sign, "1 or -1", "floats or signed integers"),
        (Label::Count, "a whole number >= 0", "floats or integers"),
        (Label::ClassIndex, "a class index", "integers"),
        (Label::Group, "a group", "integers"),
    ];
    for (label, held, types) in table {
        let error = Error::InputType { input: "x", given: "u8", label };
        assert_eq!(error.to_string(), format!("input `x` is given as u8; it holds {held}: {types}"));
    }
}

/// Every type of labels that reads as these numbers, 0 or 1.
macro_rules! every_type {
    ($labels:expr, $check:expr; $($type:ident)*) => {
        $($check(Labels::from(&$labels.map(|label| label as $type)), stringify!($type));)*
    };
}

#[test]
fn conditions_of_every_type_read_alike_and_drop_rows_alike() {
    let x = [0.5_f32, 2.0, -3.0];
    // Which labels there are, which of them drops a row, and the sum over the other rows.
    for (labels, ignored, sum, live) in [
        ([0_u8, 1, 1], 7.0, -1.0, 3.0),
        ([0, 1, 0], 1.0, 0.0, 2.0),
        ([0, 1, 1], 0.0, -1.0, 2.0),
        ([1, 1, 1], 1.0, 0.0, 0.0),
        ([0, 0, 0], 0.0, 0.0, 0.0),
    ] {
        let check = |given: Labels<'_>, what: &str| {
            let mut call = Call::default();
            call.inputs[0] = Some(Tensor::from(&x).into());
            call.inputs[1] = Some(given.into());
            call.params[0] = ignored;
            let partial = run(&FLAGGED, &call, Request::partial(Reduction::MEAN)).unwrap().partial;
            assert_eq!(partial, Partial { sum, divisor: Some(live) }, "{labels:?} as {what}, without {ignored}");
        };
        check(Labels::from(&labels.map(|label| label == 1)), "bool");
        every_type!(labels, check; u8 i8 u16 i16 u32 i32 u64 i64 usize f32 f64);
    }
}

#[test]
fn labels_and_the_value_that_drops_rows_are_told_apart_as_numbers() {
    let x = [0.5_f32, 2.0, -3.0, 1.0];
    let weights = [1.0_f32, 1.0];
    let most = 1_u64 << 53;
    let refused = None;
    // The second label, and how many rows are left if it is well. It is never a class.
    for (label, ignored, live) in [
        (u64::MAX, u64::MAX as f64, Some(1.0)),
        (1 << 63, u64::MAX as f64, refused),
        (most, most as f64, Some(1.0)),
        // The nearest number of 64 bits is that value.
        (most + 1, most as f64, Some(1.0)),
        (most - 2, (most - 1) as f64, refused),
        (most - 1, (most - 1) as f64, Some(1.0)),
        (0, -0.0, Some(1.0)),
    ] {
        let labels = [1, label];
        let mut call = Call::default();
        call.inputs[0] = Some(Tensor::from((&x, [2, 2])).into());
        call.inputs[1] = Some(Labels::from(&labels).into());
        call.inputs[2] = Some(Tensor::from(&weights).into());
        call.params[0] = ignored;
        let found = run(&ENTROPY, &call, Request::partial(Reduction::MEAN));
        let divisor = found.ok().map(|outcome| outcome.partial.divisor.unwrap());
        assert_eq!(divisor, live, "{label} without {ignored}");
    }
}

#[test]
fn what_is_asked_for_must_exist_and_fit() {
    let x = [1.0_f32, 2.0];
    let inputs = [Array::from(Tensor::from(&x)), Labels::from(&[1_i8, -1]).into()];
    assert_eq!(refused(&SIGNED, &inputs, &[2, 2]), Error::NoGradient { input: "target" });
    assert_eq!(refused(&SIGNED, &inputs, &[3]), Error::OutputLength { output: "input", expected: 2, found: 3 });
    let error = refused_reduction(&SIGNED, &inputs, Reduction::Named("median"), &[2]);
    assert_eq!(error.to_string(), "there is no reduction `median`; there are `none`, `sum`, `mean`");
    // The beginning of a long name is enough, cut between characters.
    let longest = "a-name-of-just-thirty-two-bytes!";
    for (name, shown) in [
        (longest.to_owned(), longest.to_owned()),
        (format!("{longest}x"), format!("{longest}…")),
        (format!("{}é", &longest[1..]), format!("{}…", &longest[1..])),
    ] {
        let error = refused_reduction(&SIGNED, &inputs, Reduction::Named(&name), &[2]);
        assert!(error.to_string().starts_with(&format!("there is no reduction `{shown}`;")), "{error}");
    }
    assert_eq!(refused(&SIGNED, &inputs[..1], &[2]), Error::MissingInput { name: "target" });
    let each = |reduction, len| {
        let ups = vec![1.0; len];
        ask(&SIGNED, &inputs, SERIAL, reduction, Upstream::Each(&ups), None, &[2]).map_err(|(error, _)| error)
    };
    assert!(each(Reduction::None, 2).is_ok());
    assert!(each(Reduction::Sum, 1).is_ok());
    assert_eq!(each(Reduction::None, 1).unwrap_err(), Error::Upstream { expected: 2, found: 1 });
    assert_eq!(each(Reduction::Sum, 2).unwrap_err(), Error::Upstream { expected: 1, found: 2 });
    let error = ask(&SIGNED, &inputs, SERIAL, Reduction::Sum, Upstream::One, Some(3), &[]).unwrap_err();
    assert_eq!(error, (Error::OutputLength { output: "elements", expected: 2, found: 3 }, true));
}

#[test]
fn parameters_come_first() {
    let x = [1.0_f32, 2.0];
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from(&x).into());
    for (beta, shown) in [(0.0, "0"), (-1.0, "-1"), (f64::INFINITY, "inf"), (1e60, "1e60"), (1e-60, "1e-60")] {
        call.params[0] = beta;
        let error = run(&SMOOTH, &call, Request::default()).expect_err("beta is not admitted");
        assert_eq!(error.kind(), "param");
        assert!(error.to_string().starts_with(&format!("parameter `beta` is {shown}; ")), "{error}");
    }
    call.params[0] = 2.0;
    assert_eq!(run(&SMOOTH, &call, Request::default()).unwrap_err().kind(), "input");
    call.inputs[1] = Some(Tensor::from(&[0.0, 0.0]).into());
    let sum = run(&SMOOTH, &call, Request { reduction: Reduction::Sum, ..Request::default() }).unwrap();
    assert_eq!(sum.value, Some(0.25 + 1.0));
    let mut call = Call::<f32>::default();
    call.params[0] = 0.5;
    assert_eq!(run(&SIGNED, &call, Request::default()).unwrap_err().kind(), "param");
}

#[test]
fn none_has_the_shape_of_rows_or_of_the_layout() {
    let x = [0.0_f64; 24];
    let mut call = Call::default();
    call.inputs[0] = Some(Tensor::from((&x, [2, 3, 4])).into());
    assert_eq!(shape_of_none(&LOG_SOFTMAX, &call).unwrap().extents(), [2, 3, 4]);
    for shape in [&[24][..], &[4, 6], &[2, 2, 3, 2], &[1, 2, 3, 1, 2, 2, 1, 1]] {
        call.inputs[0] = Some(Tensor { data: &x, shape: Shape::new(shape).unwrap(), row_stride: None }.into());
        assert_eq!(shape_of_none(&LOG_SOFTMAX, &call).unwrap().extents(), shape);
    }
    call.inputs[0] = Some(Tensor::from((&x, [2, 3, 4])).into());
    call.inputs[1] = Some(Labels::from((&[0_u8; 8], [2, 4])).into());
    call.inputs[2] = Some(Tensor::from(&[1.0; 3]).into());
    assert_eq!(shape_of_none(&ENTROPY, &call).unwrap().extents(), [2, 4]);
}

#[test]
fn an_instruction_set_that_is_not_there_is_refused() {
    // No machine has those of two architectures.
    let isa = [Isa::Neon, Isa::Avx512].into_iter().find(|isa| !isa.is_available()).expect("one of them is not there");
    let x = [0.5_f32; 3];
    let input = Array::from(Tensor::from(&x));
    let execution = Execution { isa: Some(isa), threads: Some(1) };
    let asked = ask(&SMOOTH, &[input, input], execution, Reduction::Sum, Upstream::One, None, &[3, 3]);
    let (error, untouched) = asked.expect_err("the call is wrong");
    assert_eq!((error, untouched), (Error::Isa { isa }, true));
    assert!(error.to_string().starts_with(&format!("instruction set `{isa}` is not available")), "{error}");
    assert!(error.to_string().contains(Isa::detect().name()), "{error}");
}
