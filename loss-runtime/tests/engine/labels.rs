//! Which numbers each kind of input holds, in every type that it comes in, and which wrong one is named first.

#[cfg(feature = "half")]
use half::{bf16, f16};
use loss_runtime::call::{Reduction, Upstream};
use loss_runtime::info::{AxisInfo, InputInfo, Label, ParamKind};
use loss_runtime::tensor::LabelSlice;
use loss_runtime::{Element, Error, Labels, Shape, Tensor};

use crate::losses::{MEAN, ROWS, SECOND, SIGNED, SPREAD_SECOND, Toy, WEIGHTED_SECOND, info, input, number};
use crate::{SERIAL, ask};

/// Numbers at which kinds of inputs differ.
const NUMBERS: [f64; 24] = [
    0.0,
    1.0,
    -1.0,
    2.0,
    -2.0,
    4.0,
    5.0,
    7.0,
    255.0,
    -128.0,
    0.5,
    -0.5,
    1.5,
    1.0078125,
    -1.0078125,
    65536.0,
    -65536.0,
    2_147_483_648.0,
    9_223_372_036_854_775_808.0,
    -9_223_372_036_854_775_808.0,
    1e-30,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// How many places the second axis has.
const EXTENT: usize = 5;
/// The number that drops a row, where one does.
const IGNORED: f64 = -2.0;

/// The numbers of the list that a kind admits. NaN is for the formula to answer, where the kind is one of real numbers.
fn admits(label: Label, x: f64) -> bool {
    let is_whole = x.is_finite() && x.fract() == 0.0;
    match label {
        Label::Real | Label::Group => true,
        Label::Nonnegative => x.is_nan() || x >= 0.0,
        Label::Positive => x.is_nan() || x > 0.0,
        Label::Probability => x.is_nan() || [0.0, 1.0, 0.5, 1e-30].contains(&x),
        Label::Binary | Label::MultiHot | Label::Flag => [0.0, 1.0].contains(&x),
        Label::Sign => [1.0, -1.0].contains(&x),
        Label::Count => is_whole && x >= 0.0,
        Label::ClassIndex => [0.0, 1.0, 2.0, 4.0].contains(&x),
        Label::Simplex => unreachable!("it is not of each number"),
    }
}

const LABELS: [Label; 11] = [
    Label::Real,
    Label::Nonnegative,
    Label::Positive,
    Label::Probability,
    Label::Binary,
    Label::MultiHot,
    Label::Sign,
    Label::Flag,
    Label::Count,
    Label::ClassIndex,
    Label::Group,
];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
}

/// Whether a kind of input comes in a kind of type.
fn comes_in(label: Label, kind: Kind) -> bool {
    let kinds: &[Kind] = match label {
        Label::Real | Label::Nonnegative | Label::Positive | Label::Probability | Label::Simplex => &[Kind::Float],
        Label::Binary | Label::MultiHot | Label::Flag => &[Kind::Bool, Kind::Signed, Kind::Unsigned, Kind::Float],
        Label::Sign => &[Kind::Signed, Kind::Float],
        Label::Count => &[Kind::Signed, Kind::Unsigned, Kind::Float],
        Label::ClassIndex | Label::Group => &[Kind::Signed, Kind::Unsigned],
    };
    kinds.contains(&kind)
}

/// A type that labels come in.
trait Number: Copy + 'static {
    const KIND: Kind;
    const NAME: &'static str;
    /// The number, if the type holds it.
    fn holding(number: f64) -> Option<Self>;
    fn slice(values: &[Self]) -> LabelSlice<'_>;
}

macro_rules! number {
    ($type:ident, $kind:ident, $variant:ident, $number:ident => $holding:expr) => {
        impl Number for $type {
            const KIND: Kind = Kind::$kind;
            const NAME: &'static str = stringify!($type);
            fn holding($number: f64) -> Option<Self> {
                $holding
            }
            fn slice(values: &[Self]) -> LabelSlice<'_> {
                LabelSlice::$variant(values)
            }
        }
    };
}
macro_rules! whole {
    ($($type:ident $kind:ident $variant:ident)*) => {
        $(number!($type, $kind, $variant, x => if x.fract() == 0.0 { $type::try_from(x as i128).ok() } else { None });)*
    };
}
macro_rules! float {
    ($($type:ident $variant:ident $round:expr, $widen:expr;)*) => {
        $(number!($type, Float, $variant, x => {
            let held: $type = $round(x);
            (x.is_nan() || $widen(held) == x).then_some(held)
        });)*
    };
}
number!(bool, Bool, Bool, x => if x == 0.0 { Some(false) } else if x == 1.0 { Some(true) } else { None });
whole! {
    i8 Signed I8 i16 Signed I16 i32 Signed I32 i64 Signed I64
    u8 Unsigned U8 u16 Unsigned U16 u32 Unsigned U32 u64 Unsigned U64 usize Unsigned Usize
}
float! { f32 F32 |x: f64| x as f32, f64::from; f64 F64 |x: f64| x, |x: f64| x; }
#[cfg(feature = "half")]
float! { bf16 Bf16 bf16::from_f64, bf16::to_f64; f16 F16 f16::from_f64, f16::to_f64; }

/// A loss whose second input holds this, along the rows, as its first one is or not.
fn holding(label: Label, ignored: bool, alike: bool) -> Toy {
    let declared = InputInfo { label, ignore: ignored.then_some(0), ..input("label", &[0], false) };
    let inputs = Box::leak(Box::new([input("input", if alike { &[0] } else { &[0, 1] }, true), declared]));
    let params = if ignored { const { &[number("ignored", ParamKind::Integer, IGNORED, None)] } } else { &[][..] };
    let (code, axes): (_, &[AxisInfo]) = if alike { (&SPREAD_SECOND, &[ROWS]) } else { (&SIGNED, AXES) };
    code.declared(info("holding", axes, inputs, params, &[MEAN]))
}

/// What calls answer with these labels: one with a second axis, and where the label has no need of that nor drops rows, one that is
/// answered at once.
fn answers<T: Element, V: Number>(label: Label, ignored: bool, labels: &[V]) -> Vec<Result<(), Error>> {
    let numbers = vec![T::ZERO; labels.len() * EXTENT];
    let rows = labels.len();
    let target = Labels { data: V::slice(labels), ..Labels::from(&vec![false; rows]) }.into();
    let answer = |alike: bool, input: Tensor<'_, T>| {
        let loss = holding(label, ignored, alike);
        match ask(&loss, &[input.into(), target], SERIAL, Reduction::Sum, Upstream::One, None, &[]) {
            Ok(_) => Ok(()),
            Err((error, untouched)) => {
                assert!(untouched);
                Err(error)
            }
        }
    };
    let apart = answer(false, Tensor::from((&numbers, [rows, EXTENT])));
    let has_line = !ignored && !matches!(label, Label::ClassIndex | Label::Group);
    let alike = has_line.then(|| answer(true, Tensor::from(&numbers[..rows])));
    [apart].into_iter().chain(alike).collect()
}

fn every_number_in<T: Element, V: Number>() {
    for label in LABELS {
        for ignored in [false, true] {
            if !comes_in(label, V::KIND) {
                let one = V::holding(1.0).unwrap();
                for answer in answers::<T, V>(label, ignored, &[one]) {
                    assert_eq!(answer, Err(Error::InputType { input: "label", given: V::NAME, label }));
                }
                continue;
            }
            let is_fine = |x: f64| admits(label, x) || ignored && x == IGNORED;
            let fine: Vec<V> = NUMBERS.iter().filter(|x| is_fine(**x)).filter_map(|x| V::holding(*x)).collect();
            for n in [1, 70, 530] {
                let mut labels: Vec<V> = fine.iter().copied().cycle().take(n).collect();
                let what = format!("{label:?} in {} for {}, {n} of them", V::NAME, T::NAME);
                assert!(answers::<T, V>(label, ignored, &labels).iter().all(Result::is_ok), "{what}");
                for bad in NUMBERS.into_iter().filter(|x| !is_fine(*x)) {
                    let Some(held) = V::holding(bad) else { continue };
                    for row in [0, n / 4, n / 2, 3 * n / 4, n - 1] {
                        let before = std::mem::replace(&mut labels[row], held);
                        for answer in answers::<T, V>(label, ignored, &labels) {
                            let Err(Error::Label { input: "label", row: found, column: None, value, .. }) = answer
                            else {
                                panic!("{what}: {bad} in row {row} gives {answer:?}");
                            };
                            assert!(found == row && (value == bad || value.is_nan() && bad.is_nan()), "{what}: {bad}");
                        }
                        labels[row] = before;
                    }
                }
            }
        }
    }
}

#[test]
fn each_kind_of_input_holds_its_numbers_in_every_type_and_no_others() {
    macro_rules! every {
        ($($type:ident)*) => {
            $(every_number_in::<f32, $type>();
            every_number_in::<f64, $type>();)*
        };
    }
    every! { bool i8 i16 i32 i64 u8 u16 u32 u64 usize f32 f64 }
    #[cfg(feature = "half")]
    every! { bf16 f16 }
}

#[test]
fn the_only_class_is_0() {
    let labels = [0_i64, 0, 1, 0];
    let loss = holding(Label::ClassIndex, true, true);
    let answer = |labels: &[i64]| {
        let inputs = [Tensor::from(&[0.0_f64; 4]).into(), Labels::from(labels).into()];
        ask(&loss, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]).map(|answer| answer.outcome.value)
    };
    assert!(answer(&[0, 0, IGNORED as i64, 0]).is_ok());
    let error = answer(&labels).unwrap_err().0;
    assert!(matches!(error, Error::Label { row: 2, value: 1.0, extent: 1, .. }), "{error}");
}

const AXES: &[AxisInfo] = &[ROWS, SECOND];

#[test]
fn of_two_wrong_numbers_the_one_in_the_earlier_row_is_named_and_then_that_of_the_earlier_input() {
    let label = |name| InputInfo { label: Label::Nonnegative, ..input(name, &[0, 1], false) };
    let declared = |code: &Toy, one: InputInfo| {
        let inputs = Box::leak(Box::new([input("input", &[0, 1], true), one, label("other")]));
        code.declared(info("two", AXES, inputs, &[], &[MEAN]))
    };
    let two_labels = declared(&SIGNED, label("one"));
    let domain = "one >= 0";
    let with_condition = declared(&WEIGHTED_SECOND, InputInfo { domain: Some(domain), ..input("one", &[0, 1], false) });
    let (shape, rows) = ([2, 3, 4], 8);
    let fine = [1.0_f32; 24];
    let with_wrong = |row: usize, place: usize| {
        let mut numbers = fine;
        numbers[row / 4 * 12 + place * 4 + row % 4] = -1.0;
        numbers
    };
    for one in 0..rows {
        for other in 0..rows {
            // The one that comes later in memory need not lie in the later row.
            let (a, b) = (with_wrong(one, 2), with_wrong(other, 0));
            let inputs = [&fine, &a, &b].map(|numbers| Tensor::from((numbers, shape)).into());
            let error = |loss| {
                let asked = ask(loss, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]);
                asked.expect_err("two numbers are wrong").0
            };
            let (input, row, column) = if one <= other { ("one", one, 2) } else { ("other", other, 0) };
            let (label, column, extent) = (Label::Nonnegative, Some(column), 3);
            let expected = Error::Label { input, row, column, value: -1.0, label, extent };
            assert_eq!(error(&two_labels), expected);
            let index = one / 4 * 12 + 8 + one % 4;
            let broken = Error::Domain { input: "one", index, value: -1.0, domain };
            assert_eq!(error(&with_condition), if one <= other { broken } else { expected });
        }
    }
}

#[test]
fn the_number_that_drops_a_row_is_admitted_where_it_drops_alone() {
    let target = InputInfo { label: Label::Sign, ignore: Some(0), ..input("target", &[0], false) };
    let flag = InputInfo { label: Label::Flag, ..input("flag", &[0], false) };
    let inputs = Box::leak(Box::new([input("input", &[0], true), target, flag]));
    let params = const { &[number("ignored", ParamKind::Integer, IGNORED, None)] };
    let loss = SIGNED.declared(info("flagged", &[ROWS], inputs, params, &[MEAN]));
    let drop = IGNORED as i8;
    let answer = |targets: [i8; 3], flags: [i8; 3]| {
        let x = [0.0_f64; 3];
        let inputs = [Tensor::from(&x).into(), Labels::from(&targets).into(), Labels::from(&flags).into()];
        ask(&loss, &inputs, SERIAL, Reduction::MEAN, Upstream::One, None, &[])
            .map(|answer| answer.outcome.partial.divisor)
            .map_err(|(error, _)| error)
    };
    assert_eq!(answer([1, drop, -1], [1, 0, 1]), Ok(Some(2.0)));
    let (label, value, extent) = (Label::Flag, IGNORED, 1);
    let error = Error::Label { input: "flag", row: 2, column: None, value, label, extent };
    assert_eq!(answer([1, drop, -1], [1, 0, drop]), Err(error));
    assert_eq!(answer([1, 1, -1], [1, 0, drop]), Err(error));
    // What is wrong with a row that is dropped does not matter.
    assert_eq!(answer([1, drop, -1], [1, drop, 0]), Ok(Some(2.0)));
}

#[test]
fn what_dropped_rows_have_of_their_own_is_not_looked_at_and_what_rows_share_is() {
    let weight = InputInfo { label: Label::Nonnegative, broadcast: &[0, 1], ..input("weight", &[0, 1], false) };
    let table = InputInfo { label: Label::Nonnegative, ..input("table", &[1], false) };
    let target = InputInfo { label: Label::Sign, ignore: Some(0), ..input("target", &[0], false) };
    let inputs = Box::leak(Box::new([input("input", &[0, 1], true), weight, target, table]));
    let params = const { &[number("ignored", ParamKind::Integer, IGNORED, None)] };
    let loss = SIGNED.declared(info("dropping", AXES, inputs, params, &[MEAN]));
    let (one, drop) = (1_i8, IGNORED as i8);
    // Four rows of three places; a number of the weight or of the table may be wrong.
    type Found = Option<(&'static str, usize, usize)>;
    let answer = |inner: usize, targets: [i8; 4], extents: &[usize], wrong: Option<usize>, in_table: Option<usize>| {
        let numbers = |len: usize, wrong: Option<usize>| -> Vec<f64> {
            (0..len).map(|place| if Some(place) == wrong { -1.0 } else { 1.0 }).collect()
        };
        let shape = Shape::new(extents).unwrap();
        let (x, weight, table) = (numbers(12, None), numbers(shape.len(), wrong), numbers(3, in_table));
        let weight = Tensor { data: &weight[..], shape, row_stride: None };
        let inputs = [
            Tensor::from((&x, [4 / inner, 3, inner])).into(),
            weight.into(),
            Labels::from((&targets, [4 / inner, inner])).into(),
            Tensor::from(&table).into(),
        ];
        match ask(&loss, &inputs, SERIAL, Reduction::Sum, Upstream::One, None, &[]) {
            Ok(_) => None,
            Err((Error::Label { input, row, column: Some(column), .. }, true)) => Some((input, row, column)),
            Err((error, _)) => panic!("{error}"),
        }
    };
    let (live, dropped) = ([one; 4], [drop; 4]);
    let all_but = |row: usize| std::array::from_fn(|own| if own == row { drop } else { one });
    for inner in [1, 2, 4] {
        let outer = 4 / inner;
        let answer =
            |targets, extents: &[usize], wrong, in_table| -> Found { answer(inner, targets, extents, wrong, in_table) };
        let full = [outer, 3, inner];
        // A row's own.
        for row in 0..4 {
            let wrong = Some(row / inner * 3 * inner + inner + row % inner);
            assert_eq!(answer(live, &full, wrong, None), Some(("weight", row, 1)));
            assert_eq!(answer(all_but(row), &full, wrong, None), None);
            for extents in [&[outer, 1, inner][..], &[outer, inner]] {
                assert_eq!(answer(live, extents, Some(row), None), Some(("weight", row, 0)));
                assert_eq!(answer(all_but(row), extents, Some(row), None), None);
            }
        }
        // What all rows share.
        for targets in [live, all_but(0), dropped] {
            assert_eq!(answer(targets, &full, None, None), None);
            assert_eq!(answer(targets, &full, None, Some(2)), Some(("table", 0, 2)));
            for extents in [&[1, 3, 1][..], &[3]] {
                assert_eq!(answer(targets, extents, Some(2), None), Some(("weight", 0, 2)));
            }
            for extents in [&[1, 1, 1][..], &[]] {
                assert_eq!(answer(targets, extents, Some(0), None), Some(("weight", 0, 0)));
            }
        }
    }
}
