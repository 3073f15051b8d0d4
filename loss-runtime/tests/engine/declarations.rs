//! What a loss declares of its parameters, inputs and axes, and what that asks of a call.

use loss_runtime::call::{Call, MAX_INPUTS, MAX_PARAMS, Reduction, Request, Upstream};
use loss_runtime::info::{AxisInfo, InputInfo, Label, LossInfo, ParamInfo, ParamKind};
use loss_runtime::registry::{Variant, VariantKey};
use loss_runtime::{Array, Element, Error, Labels, Loss, Shape, Tensor, run, shape_of_none};

use crate::losses::{
    LAST, LOG_SOFTMAX, MEAN, ROWS, SECOND, SIGNED, SMOOTH, SPREAD_LAST, SPREAD_SECOND, Toy, info, input, number,
};
use crate::{SERIAL, ask};

fn tensor<'a, T>(numbers: &'a [T], extents: &[usize]) -> Array<'a, T> {
    let shape = Shape::new(extents).unwrap();
    Tensor { data: &numbers[..shape.len()], shape, row_stride: None }.into()
}

/// `t * x` along rows, with these parameters, which it does not read.
fn with_params(params: Vec<ParamInfo>) -> Toy {
    let inputs = const { &[input("x", &[0], true), input("t", &[0], false)] };
    SIGNED.declared(LossInfo { params: params.leak(), ..info("with_params", &[ROWS], inputs, &[], &[MEAN]) })
}

/// What a call with this as the first parameter answers.
fn with_param(loss: &dyn Loss, value: f64) -> Result<(), Error> {
    let mut call = Call::default();
    call.inputs[..2].fill(Some(Tensor::from(&[1.0_f32, 2.0]).into()));
    call.params[0] = value;
    let shape = shape_of_none(loss, &call).map(|_| ());
    let answer = run(loss, &call, Request::value(Reduction::Sum)).map(|_| ());
    assert_eq!(shape, answer);
    answer
}

#[test]
fn parameters_are_of_their_kind() {
    let numbers = [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 1.5, 2.5, 1e6, f64::INFINITY, f64::NEG_INFINITY];
    for (kind, admitted, allowed) in [
        (ParamKind::Real, &numbers[..], ""),
        (ParamKind::Integer, &[0.0, 1.0, 2.0, 3.0, -1.0, 1e6], "a whole number"),
        (ParamKind::OneOf(&[1, 3]), &[1.0, 3.0], "one of the listed integers"),
        (ParamKind::Switch, &[0.0, 1.0], "0 or 1"),
        (ParamKind::Choice(&["one", "two", "three"]), &[0.0, 1.0, 2.0], "the place of one of the listed words"),
    ] {
        let loss = with_params(vec![number("p", kind, 1.0, None)]);
        assert_eq!(with_param(&loss, f64::NAN), Ok(()), "the default");
        for value in numbers {
            let error = Error::Param { name: "p", value, allowed };
            let expected = if admitted.contains(&value) { Ok(()) } else { Err(error) };
            assert_eq!(with_param(&loss, value), expected, "{kind:?}: {value}");
        }
    }
}

#[test]
fn a_parameter_without_a_default_is_given_unless_it_is_optional() {
    let needed = || ParamInfo { default: None, ..number("p", ParamKind::Switch, 0.0, None) };
    let loss = with_params(vec![needed()]);
    assert_eq!(with_param(&loss, f64::NAN), Err(Error::MissingParam { name: "p" }));
    assert_eq!(with_param(&loss, 1.0), Ok(()));
    let loss = with_params(vec![ParamInfo { optional: true, ..needed() }]);
    assert_eq!(with_param(&loss, f64::NAN), Ok(()));
    assert_eq!(with_param(&loss, 1.0), Ok(()));
    assert_eq!(with_param(&loss, 0.5), Err(Error::Param { name: "p", value: 0.5, allowed: "0 or 1" }));
}

#[test]
fn there_are_no_more_parameters_inputs_or_axes_than_a_call_has_room_for() {
    let params = |count| (0..count).map(|_| number("p", ParamKind::Real, 1.0, None)).collect();
    assert_eq!(with_param(&with_params(params(MAX_PARAMS)), 2.0), Ok(()));
    let error = Error::Unsupported { what: "more than 16 parameters" };
    assert_eq!(with_param(&with_params(params(MAX_PARAMS + 1)), 2.0), Err(error));
    let with = |inputs: usize, axes: &'static [AxisInfo]| {
        let inputs: Vec<InputInfo> =
            (0..inputs).map(|place| InputInfo { optional: place > 1, ..input("x", &[0], true) }).collect();
        SIGNED.declared(LossInfo { inputs: inputs.leak(), ..info("with", axes, &[], &[], &[MEAN]) })
    };
    assert_eq!(with_param(&with(MAX_INPUTS, &[ROWS]), f64::NAN), Ok(()));
    let error = Error::Unsupported { what: "more than two axes, or more than 8 inputs" };
    assert_eq!(with_param(&with(MAX_INPUTS + 1, &[ROWS]), f64::NAN), Err(error));
    assert_eq!(with_param(&with(2, &[ROWS, SECOND, LAST]), f64::NAN), Err(error));
}

/// A loss whose parameter must be less than 1, and which expects this one to choose its kernels.
struct Below(Toy, f64);

impl Loss for Below {
    fn info(&self) -> &'static LossInfo {
        self.0.info
    }
    fn param_in_domain(&self, _: usize, params: &[f64]) -> bool {
        params[0] < 1.0
    }
    fn variant_f32(&self, key: &VariantKey<'_>) -> &'static Variant<f32> {
        assert_eq!(key.params, [self.1]);
        self.0.f32
    }
    fn variant_f64(&self, key: &VariantKey<'_>) -> &'static Variant<f64> {
        assert_eq!(key.params, [self.1]);
        self.0.f64
    }
}

#[test]
fn a_parameter_that_rounds_to_another_number_is_judged_as_it_was_given() {
    // Only what becomes 0 or infinite is judged, and seen where kernels are chosen, as that.
    for (given, seen) in [(0.1, 0.1), (1.0 - 1e-12, 1.0 - 1e-12), (1e-60, 0.0), (-1e60, f64::NEG_INFINITY), (0.0, 0.0)]
    {
        let below = Below(with_params(vec![number("p", ParamKind::Real, 0.5, Some("p < 1"))]), seen);
        assert_eq!(with_param(&below, given), Ok(()), "{given}");
    }
    let below = Below(with_params(vec![number("p", ParamKind::Real, 0.5, Some("p < 1"))]), 0.0);
    for value in [1.0, 1e60] {
        assert_eq!(with_param(&below, value), Err(Error::Param { name: "p", value, allowed: "p < 1" }));
    }
}

#[test]
fn one_input_along_rows_may_drop_them() {
    let dropping = |axes| InputInfo { ignore: Some(0), optional: true, ..input("t", axes, false) };
    let loss = |axes, default: Option<f64>| {
        let one = InputInfo { label: Label::Flag, ..dropping(axes) };
        let other = InputInfo { label: Label::Flag, ignore: Some(1), ..dropping(&[0]) };
        let inputs = Box::leak(Box::new([input("x", &[0, 1], true), one, other]));
        let ignored = number("one", ParamKind::Integer, 0.0, None);
        let params = [ParamInfo { default, optional: true, ..ignored }, number("other", ParamKind::Integer, 7.0, None)];
        SMOOTH.declared(info("dropping", &[ROWS, SECOND], inputs, Box::leak(Box::new(params)), &[MEAN])).along(1)
    };
    let live = |loss: &Toy, one: Option<Array<'_, f32>>, other: bool| {
        let mut call = Call::default();
        call.inputs[0] = Some(tensor(&[0.0; 6], &[3, 2]));
        call.inputs[1] = one;
        call.inputs[2] = other.then(|| Labels::from(&[7_u8, 1, 0]).into());
        run(loss, &call, Request::partial(Reduction::MEAN)).map(|outcome| outcome.partial.divisor.unwrap())
    };
    let [labels, zeros] = [[7_i8, 7, 1], [0; 3]];
    let (one, none) = (Some(Array::from(Labels::from(&labels))), None);
    let alone = loss(&[0], Some(7.0));
    assert_eq!(live(&alone, one, false), Ok(1.0));
    assert_eq!(live(&alone, none, true), Ok(2.0));
    assert_eq!(live(&alone, none, false), Ok(3.0));
    let what = "`ignore` on more than one input, or on one that is not along rows alone";
    assert_eq!(live(&alone, one, true), Err(Error::Unsupported { what }));
    // One whose number is absent drops none.
    let zero = Some(Array::from(Labels::from(&zeros)));
    assert_eq!(live(&loss(&[0], None), zero, false), Ok(3.0));
    assert_eq!(live(&loss(&[0], None), zero, true), Ok(2.0));
    for (axes, extents) in [(&[0, 1][..], &[3, 2][..]), (&[1], &[2]), (&[], &[])] {
        let labels = [7_i8; 6];
        let shape = Shape::new(extents).unwrap();
        let one = Labels { shape, ..Labels::from(&labels[..shape.len()]) };
        assert_eq!(live(&loss(axes, Some(7.0)), Some(one.into()), false), Err(Error::Unsupported { what }));
    }
}

#[test]
fn values_may_lie_along_the_second_axis_alone_or_along_none() {
    let inputs = const { &[input("s", &[1], true), input("r", &[1], false), input("x", &[0, 1], false)] };
    let table = SPREAD_SECOND.declared(LossInfo { layout: 2, ..info("table", &[ROWS, SECOND], inputs, &[], &[MEAN]) });
    let inputs = const { &[input("s", &[], true), input("r", &[], false), input("x", &[0, 1], false)] };
    let single =
        SPREAD_SECOND.declared(LossInfo { layout: 2, ..info("single", &[ROWS, SECOND], inputs, &[], &[MEAN]) });
    let numbers = [1.0, 2.0, -3.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let x = tensor(&numbers, &[3, 4, 1]);
    for (loss, extents) in [(table.along(2), &[4][..]), (single.along(0), &[])] {
        let given = tensor(&numbers, extents);
        let mut call = Call::default();
        call.inputs[..3].copy_from_slice(&[Some(given), Some(given), Some(x)]);
        assert_eq!(shape_of_none(&loss, &call).unwrap().extents(), extents);
        let len = extents.iter().product();
        let inputs = [given, given, x];
        let answer = ask(&loss, &inputs, SERIAL, Reduction::MEAN, Upstream::One, Some(len), &[len]).unwrap();
        let squares: Vec<f64> = numbers[..len].iter().map(|x| x * x / 4.0).collect();
        assert_eq!(answer.elements, squares);
        assert_eq!((answer.outcome.none_len, answer.outcome.partial.divisor), (len, Some(len as f64)));
        assert_eq!(answer.outcome.partial.sum, squares.iter().sum::<f64>());
    }
}

#[test]
fn without_the_input_that_gives_the_layout_another_one_does() {
    let optional = |name, axes| InputInfo { optional: true, ..input(name, axes, false) };
    let inputs: &[InputInfo] =
        Box::leak(Box::new([optional("x", &[0, 1]), optional("row", &[0]), optional("table", &[1])]));
    let loss = SPREAD_LAST.declared(info("optional", &[ROWS, LAST], inputs, &[], &[MEAN]));
    let numbers = [0.0_f32; 24];
    let shape = |given: [Option<&[usize]>; 3]| {
        let mut call = Call::default();
        for (slot, extents) in call.inputs.iter_mut().zip(given) {
            *slot = extents.map(|extents| tensor(&numbers, extents));
        }
        shape_of_none(&loss, &call).map(|shape| shape.extents().to_vec())
    };
    assert_eq!(shape([Some(&[2, 3]), None, None]), Ok(vec![2, 3]));
    assert_eq!(shape([None, Some(&[2, 5]), Some(&[4])]), Ok(vec![2, 5, 4]));
    assert_eq!(shape([None, Some(&[2]), None]), Ok(vec![2, 1]));
    assert_eq!(shape([None, None, Some(&[4])]), Ok(vec![4]));
    assert_eq!(shape([None, None, None]), Err(Error::MissingInput { name: "x" }));
    let wrong = |input, expected, found| Err(Error::Dimensions { input, expected, found });
    assert_eq!(shape([None, Some(&[2]), Some(&[])]), wrong("table", 1, 0));
    assert_eq!(shape([None, Some(&[2]), Some(&[4, 2])]), wrong("table", 1, 2));
    assert_eq!(shape([None, None, Some(&[])]), wrong("table", 1, 0));
    assert_eq!(shape([None, None, Some(&[4, 2])]), wrong("table", 1, 2));
    assert_eq!(shape([Some(&[]), None, None]), wrong("x", 2, 0));
    // What is wrong with the input that gives the layout comes before what others are in its eyes.
    let inputs: &[InputInfo] = Box::leak(Box::new([input("single", &[], false), input("table", &[1], false)]));
    let table = SPREAD_LAST.declared(LossInfo { layout: 1, ..info("table", &[ROWS, LAST], inputs, &[], &[MEAN]) });
    let mut call = Call::default();
    call.inputs[0] = Some(tensor(&numbers, &[1]));
    call.inputs[1] = Some(tensor(&numbers, &[4, 2]));
    let error = Error::Dimensions { input: "table", expected: 1, found: 2 };
    assert_eq!(shape_of_none(&table, &call).unwrap_err(), error);
    let empty = Error::EmptyAxis { input: "table", axis: "C" };
    assert_eq!(shape([None, Some(&[2]), Some(&[0])]), Err(empty));
    assert_eq!(shape([None, None, Some(&[0])]), Err(empty));
}

#[test]
fn a_line_is_one_for_all_inputs() {
    let numbers = [0.5_f32; 9];
    let single = const { &[input("one", &[], true), input("other", &[], true)] };
    let single = SIGNED.declared(info("single", &[ROWS], single, &[], &[MEAN]));
    let refused = |loss: &Toy, one: &[usize], other: Array<'_, f32>| {
        let inputs = [tensor(&numbers, one), other];
        ask(loss, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]).expect_err("shapes differ").0
    };
    let plain = with_params(Vec::new());
    for (loss, name) in [(&plain, "t"), (&SMOOTH, "target")] {
        let error = Error::Dimensions { input: name, expected: 1, found: 2 };
        assert_eq!(refused(loss, &[6], tensor(&numbers, &[2, 3])), error);
        let error = Error::Shape { input: name, axis: 0, expected: 6, found: 5 };
        assert_eq!(refused(loss, &[6], tensor(&numbers, &[5])), error);
        let short = Tensor::from((&numbers[..5], [6])).into();
        assert_eq!(refused(loss, &[6], short), Error::Length { input: name, expected: 6, found: 5 });
        let error = ask(loss, &[short; 2], SERIAL, Reduction::Sum, Upstream::One, None, &[]).expect_err("both are").0;
        assert_eq!(error, Error::Length { input: loss.info.inputs[0].name, expected: 6, found: 5 });
    }
    let error = Error::Dimensions { input: "one", expected: 0, found: 1 };
    assert_eq!(refused(&single, &[3], tensor(&numbers, &[3])), error);
}

#[test]
fn a_slice_with_gaps_may_end_with_its_last_row_or_with_a_gap() {
    let numbers = [0.5_f64; 11];
    let sum = |extents: [usize; 2], len| {
        let input = Array::from(Tensor::from((&numbers[..len], extents)).with_row_stride(5));
        ask(&LOG_SOFTMAX, &[input], SERIAL, Reduction::Sum, Upstream::One, None, &[])
            .map(|answer| answer.outcome.none_len)
            .map_err(|(error, _)| error)
    };
    for len in 0..=11 {
        let error = Error::Length { input: "input", expected: 8, found: len };
        assert_eq!(sum([2, 3], len), if (8..=10).contains(&len) { Ok(6) } else { Err(error) });
        assert_eq!(sum([0, 3], len), Ok(0), "of no rows, anything is long enough");
    }
}

#[test]
fn rows_of_a_last_axis_may_have_gaps_where_one_dimension_numbers_them() {
    let numbers = [0.5_f64; 40];
    let sum = |extents: &[usize], stride| {
        let shape = Shape::new(extents).unwrap();
        let len = (extents[0] - 1) * stride + extents[1..].iter().product::<usize>();
        let input = Array::from(Tensor { data: &numbers[..len], shape, row_stride: Some(stride) });
        ask(&SPREAD_LAST, &[input; 2], SERIAL, Reduction::Sum, Upstream::One, None, &[])
            .map(|answer| answer.outcome.none_len)
            .map_err(|(error, _)| error)
    };
    assert_eq!(sum(&[4], 3), Ok(4));
    assert_eq!(sum(&[3, 4], 4), Ok(12));
    assert_eq!(sum(&[3, 4], 6), Ok(12));
    assert_eq!(sum(&[2, 3, 4], 12), Ok(24));
    let what = "a row stride with more than one dimension before the last";
    assert_eq!(sum(&[2, 3, 4], 13), Err(Error::Unsupported { what }));
}

#[test]
fn in_single_precision_places_are_counted_up_to_2_to_the_24() {
    fn shape<T: Element>(extent: usize) -> Result<usize, Error> {
        let mut call = Call::default();
        let zeros = vec![T::ZERO; extent];
        call.inputs[0] = Some(Tensor::from((&zeros, [1, extent])).into());
        shape_of_none(&LOG_SOFTMAX, &call).map(|shape| shape.len())
    }
    let most = 1 << 24;
    assert_eq!(shape::<f32>(most), Ok(most));
    let what = "a second axis of more than 2^24 places in f32";
    for extent in [most + 1, most + 2] {
        assert_eq!(shape::<f32>(extent), Err(Error::Unsupported { what }));
        assert_eq!(shape::<f64>(extent), Ok(extent));
    }
}
