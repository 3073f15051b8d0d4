//! Gradients with respect to what all rows share: sums over rows of what each contributes.

use loss_runtime::call::{Call, Execution, MAX_PARAMS, Reduction, Request, Upstream, Want};
use loss_runtime::drive::{elementwise_forward, elementwise_fused};
use loss_runtime::info::{InputInfo, LossInfo, ParamInfo, ParamKind};
use loss_runtime::kernel::{CONTRIBUTION, CallConstants, Elementwise};
use loss_runtime::lane::Lane;
use loss_runtime::registry::{
    Contributions, Curvatures, Kernel, Run, Shared, SharedGradient, Variant, VariantReduction,
};
use loss_runtime::{Element, Error, Shape, Tensor, TensorMut, run, run_in_place};

use crate::losses::{MEAN, ROWS, SECOND, Toy, info, input, number, toy};
use crate::{numbers, round};

/// `(a + b + z) * s * x`, in which `a` and `b` are parameters, and `s` and `z` inputs that all rows share. `OF` is 0 for the gradient of
/// `x`, 1 for what a place contributes to that of `s`, and 2 for what it contributes to the others, which is also what is summed.
struct Scaled<const OF: usize>;

impl<const OF: usize> Elementwise<3, 2, 1> for Scaled<OF> {
    const INPUTS: [usize; 3] = [0, 1, 2];
    const GRADIENTS: [usize; 1] = [if OF == 0 { 0 } else { CONTRIBUTION }];
    fn uniforms(call: &CallConstants<'_>) -> [f64; 2] {
        [call.params[0], call.params[1]]
    }
    #[inline(always)]
    fn value<L: Lane>(_: L::Token, u: &[L; 2], x: &[L; 3]) -> L {
        (u[0] + u[1] + x[2]) * x[1] * x[0]
    }
    #[inline(always)]
    fn fused<L: Lane>(token: L::Token, u: &[L; 2], x: &[L; 3], upstream: L) -> (L, [L; 1]) {
        let seeded = upstream * (u[0] + u[1] + x[2]);
        match OF {
            0 => (Self::value(token, u, x), [seeded * x[1]]),
            1 => (L::splat(token, 0.0), [seeded * x[0]]),
            _ => (upstream * x[1] * x[0], [upstream * x[1] * x[0]]),
        }
    }
}

macro_rules! scaled {
    ($float:ident, $axes:literal, $each:ident) => {{
        const OF_S: Run<$float> = elementwise_fused::<$float, Scaled<1>, 3, 2, 1>;
        const OF_OTHERS: Run<$float> = elementwise_fused::<$float, Scaled<2>, 3, 2, 1>;
        Variant {
            axes: $axes,
            loss: Kernel {
                forward: elementwise_forward::<$float, Scaled<0>, 3, 2, 1>,
                fused: elementwise_fused::<$float, Scaled<0>, 3, 2, 1>,
                of_places: true,
                lines: None,
                curvatures: Curvatures::NONE,
                products: &[],
                shared: &[
                    SharedGradient { of: Shared::Param(0), contributions: Contributions::Summed(OF_OTHERS) },
                    SharedGradient { of: Shared::Param(1), contributions: Contributions::$each(OF_OTHERS) },
                    SharedGradient { of: Shared::Input(1), contributions: Contributions::$each(OF_S) },
                    SharedGradient { of: Shared::Input(2), contributions: Contributions::$each(OF_OTHERS) },
                ],
            },
            reductions: &[VariantReduction { of: None, over: None }],
            input_domains: &[],
            accumulate_f64: false,
        }
    }};
}
macro_rules! with_table {
    ($float:ident) => {
        scaled!($float, 3, PerElement)
    };
}
macro_rules! along_rows {
    ($float:ident) => {
        scaled!($float, 1, PerRow)
    };
}
const PARAMS: &[ParamInfo] = &[
    number("a", ParamKind::Real, 3.0, None),
    number("b", ParamKind::Real, 2.0, None),
    number("c", ParamKind::Real, 0.0, None),
];
const Z: InputInfo = input("z", &[], true);
static WITH_TABLE_INFO: LossInfo =
    info("table", &[ROWS, SECOND], &[input("x", &[0, 1], true), input("s", &[1], true), Z], PARAMS, &[MEAN]);
toy!(/** A value for every place; `s` is a table. */ WITH_TABLE, WITH_TABLE_INFO, with_table);
static ALONG_ROWS_INFO: LossInfo =
    info("rows", &[ROWS], &[input("x", &[0], true), input("s", &[], true), Z], PARAMS, &[MEAN]);
toy!(/** Without a second axis; `s` is a number. */ ALONG_ROWS, ALONG_ROWS_INFO, along_rows);

/// The single number; with it, what is in parentheses is 4.
const ONE_Z: f64 = -1.0;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
struct Asked<'u, T> {
    reduction: Reduction<'u>,
    upstream: Upstream<'u, T>,
    want: Want,
    threads: Option<usize>,
    in_place: bool,
}

/// The gradients of `x`, `s`, `z`, and of parameters.
type Gradients<T> = (Vec<T>, Vec<T>, T, [f64; 2]);

fn gradients<T: Element>(
    loss: &Toy,
    x: Tensor<'_, T>,
    s: Tensor<'_, T>,
    asked: Asked<'_, T>,
) -> Result<Gradients<T>, Error> {
    let Asked { reduction, upstream, want, threads, in_place } = asked;
    let z = [T::from_f64(ONE_Z)];
    let mut call = Call { execution: Execution { isa: None, threads }, ..Call::default() };
    call.inputs[..3].copy_from_slice(&[Some(x.into()), Some(s.into()), Some(Tensor::from((&z, [])).into())]);
    let (mut of_x, mut of_s, mut of_z) = (x.data.to_vec(), vec![T::from_f64(77.0); s.data.len()], [T::ZERO]);
    let (mut of_a, mut of_b) = (7.0, 7.0);
    let mut request = Request { upstream, want, ..Request::value(reduction) };
    request.gradients[1] = Some(&mut of_s);
    request.gradients[2] = Some(&mut of_z);
    request.params[0] = Some(&mut of_a);
    request.params[1] = Some(&mut of_b);
    if in_place {
        call.inputs[0] = None;
        let lent = TensorMut { data: &mut of_x, shape: x.shape, row_stride: x.row_stride };
        run_in_place(loss, &call, request, 0, lent)?;
    } else {
        request.gradients[0] = Some(&mut of_x);
        run(loss, &call, request)?;
    }
    Ok((of_x, of_s, of_z[0], [of_a, of_b]))
}

/// Whole numbers, whose sums are exact in every type.
fn whole(count: usize, seed: u64) -> Vec<f64> {
    numbers(count, seed).iter().map(|x| (x * 4.0).round()).collect()
}

/// Every request, of rows `[outer, inner]` with `extent` places each, `x` with a gap between rows and `s` with one between places.
fn right<T: Element>(loss: &Toy, [outer, extent, inner]: [usize; 3], gap: usize, s_stride: usize) {
    let (line, stride) = (extent * inner, extent * inner + gap);
    let x = whole(outer * stride, 1);
    let s: Vec<f64> = whole(extent * s_stride, 2);
    let n = outer * line;
    let ups = whole(n, 3);
    let has_table = loss.info.axes.len() > 1;
    let shape = if has_table { Shape::new(&[outer, extent, inner]) } else { Shape::new(&[outer, inner]) }.unwrap();
    let (rounded_x, rounded_s, rounded_ups) = (round::<T>(&x), round::<T>(&s), round::<T>(&ups));
    let given = Tensor { data: &rounded_x[..], shape, row_stride: Some(stride) };
    let shape = if has_table { Shape::new(&[extent]) } else { Shape::new(&[]) }.unwrap();
    let table = Tensor { data: &rounded_s[..], shape, row_stride: has_table.then_some(s_stride) };
    let (minus, each) = (Upstream::Scalar(T::from_f64(-2.0)), Upstream::Each(&rounded_ups[..]));
    for (reduction, upstream, want, threads) in [
        (Reduction::Sum, Upstream::One, Want::Value, Some(1)),
        (Reduction::None, minus, Want::Nothing, None),
        (Reduction::None, each, Want::Partial, Some(3)),
        (Reduction::None, each, Want::Value, None),
        (Reduction::MEAN, minus, Want::Value, Some(1)),
        (Reduction::MEAN, minus, Want::Nothing, Some(1)),
        (Reduction::MEAN, minus, Want::Partial, Some(1)),
    ] {
        for in_place in [false, true] {
            if in_place && has_table && inner > 1 {
                continue;
            }
            let asked = Asked { reduction, upstream, want, threads, in_place };
            let (of_x, of_s, of_z, of_params) = gradients(loss, given, table, asked).unwrap();
            let what = format!("{outer} x {extent} x {inner}, {reduction:?}, {want:?}, {threads:?}");
            let up = |at: usize| match upstream {
                Upstream::One => 1.0,
                Upstream::Scalar(up) => up.to_f64(),
                _ => ups[at],
            };
            let divisor = if reduction == Reduction::MEAN { n as f64 } else { 1.0 };
            let (mut sums, mut sum) = (vec![0.0; extent], 0.0);
            for at in 0..n {
                let (row, place) = (at / line, at % line);
                let (number, column) = (x[row * stride + place], place / inner);
                sums[column] += up(at) * 4.0 * number;
                sum += up(at) * s[column * s_stride] * number;
                // What is no sum is divided for a partial too.
                let slope = T::from_f64(up(at) / divisor).to_f64() * 4.0 * s[column * s_stride];
                assert_eq!(of_x[row * stride + place], T::from_f64(slope), "{what}: gradient of x at {at}");
            }
            for (at, number) in of_x.iter().enumerate().filter(|(at, _)| at % stride >= line) {
                assert_eq!(number.to_f64(), x[at], "{what}: between rows, nothing is written");
            }
            let scale = |sum: f64| if want == Want::Partial { sum } else { sum / divisor };
            let close =
                |found: f64, sum: f64, epsilon: f64| (found - scale(sum)).abs() <= 2.0 * epsilon * scale(sum).abs();
            for (at, number) in of_s.iter().enumerate() {
                if at % s_stride == 0 {
                    let expected = if has_table { sums[at / s_stride] } else { sums.iter().sum() };
                    assert!(close(number.to_f64(), expected, T::EPSILON.to_f64()), "{what}: gradient of s at {at}");
                } else {
                    assert_eq!(number.to_f64(), 77.0, "{what}: between places, nothing is written");
                }
            }
            assert!(close(of_z.to_f64(), sum, T::EPSILON.to_f64()), "{what}: gradient of z {of_z}, {sum}");
            for found in of_params {
                assert!(close(found, sum, f64::EPSILON), "{what}: gradient of a parameter");
            }
        }
    }
}

#[test]
fn what_rows_share_has_the_sum_of_what_they_contribute() {
    for shape in [[1, 1, 1], [5, 3, 1], [1, 70, 1], [7, 5, 3], [2, 1, 40], [40, 2, 17], [3, 200, 1]] {
        for (gap, s_stride) in [(0, 1), (2, 3)] {
            right::<f32>(&WITH_TABLE, shape, gap, s_stride);
            right::<f64>(&WITH_TABLE, shape, gap, s_stride);
        }
    }
    for [outer, inner] in [[1, 1], [5, 1], [70, 1], [7, 3], [2, 40]] {
        for gap in [0, 2] {
            right::<f32>(&ALONG_ROWS, [outer, 1, inner], gap, 1);
            right::<f64>(&ALONG_ROWS, [outer, 1, inner], gap, 1);
        }
    }
}

#[test]
fn many_rows_contribute_a_block_at_a_time() {
    for (shape, gap) in [([5, 4, 1 << 15], 0), ([(1 << 17) + 3, 2, 1], 1), ([2, 2, (1 << 17) + 1], 0)] {
        right::<f32>(&WITH_TABLE, shape, gap, 1);
    }
}

#[test]
fn contributions_that_cancel_leave_the_rest() {
    let asked = Asked {
        reduction: Reduction::Sum,
        upstream: Upstream::One,
        want: Want::Nothing,
        threads: Some(1),
        in_place: false,
    };
    let (large, one) = (1e17, [1.0, 1.0]);
    let x = [large, 3.0, 1.0, large, 1.0, -large, -large, 1.0];
    let (_, of_s, of_z, [_, of_b]) = gradients(&WITH_TABLE, (&x, [4, 2]).into(), Tensor::from(&one), asked).unwrap();
    assert_eq!((of_s, of_z, of_b), (vec![8.0, 16.0], 6.0, 6.0));
    let (_, of_s, of_z, [_, of_b]) = gradients(&ALONG_ROWS, (&x, [8]).into(), (&one[..1], []).into(), asked).unwrap();
    assert_eq!((of_s, of_z, of_b), (vec![24.0], 6.0, 6.0));
}

#[test]
fn of_no_rows_there_is_nothing_to_divide_but_what_adds_up() {
    let none: [f64; 0] = [];
    for extents in [[0, 2, 1], [3, 2, 0]] {
        let x = Tensor::from((&none, extents));
        let answer = |reduction, want, gradient: Option<usize>, param: Option<usize>| {
            let (s, z) = ([1.0; 2], [ONE_Z]);
            let mut call = Call::default();
            call.inputs[..3].copy_from_slice(&[
                Some(x.into()),
                Some(Tensor::from(&s).into()),
                Some(Tensor::from((&z, [])).into()),
            ]);
            let mut request = Request { want, ..Request::value(reduction) };
            let (mut numbers, mut number) = (vec![7.0; gradient.map_or(0, |input| [0, 2, 1][input])], 7.0);
            if let Some(input) = gradient {
                request.gradients[input] = Some(&mut numbers);
            }
            if let Some(param) = param {
                request.params[param] = Some(&mut number);
            }
            run(&WITH_TABLE, &call, request)?;
            if param.is_some() {
                numbers.push(number);
            }
            Ok(numbers)
        };
        let zero = Err(Error::ZeroDivisor { reduction: "mean" });
        for (gradient, param, written) in
            [(Some(1), None, 2), (Some(2), None, 1), (None, Some(0), 1), (None, Some(1), 1)]
        {
            assert_eq!(answer(Reduction::Sum, Want::Value, gradient, param), Ok(vec![0.0; written]));
            assert_eq!(answer(Reduction::MEAN, Want::Partial, gradient, param), Ok(vec![0.0; written]));
            assert_eq!(answer(Reduction::MEAN, Want::Nothing, gradient, param), zero);
            assert_eq!(answer(Reduction::MEAN, Want::Value, gradient, param), zero);
        }
        assert_eq!(answer(Reduction::MEAN, Want::Partial, Some(0), None), zero);
        assert_eq!(answer(Reduction::MEAN, Want::Nothing, None, None), Ok(vec![]));
    }
}

#[test]
fn parameters_without_a_gradient_are_named() {
    let (x, s) = ([1.0; 2], [1.0]);
    let mut call = Call::default();
    call.inputs[..3].copy_from_slice(&[
        Some(Tensor::from(&x).into()),
        Some(Tensor::from((&s, [])).into()),
        Some(Tensor::from((&s, [])).into()),
    ]);
    for (param, name) in [(2, "c"), (3, ""), (MAX_PARAMS - 1, "")] {
        let (mut number, mut other) = (7.0, 7.0);
        let mut request = Request::value(Reduction::Sum);
        request.params[0] = Some(&mut other);
        request.params[param] = Some(&mut number);
        assert_eq!(run(&ALONG_ROWS, &call, request), Err(Error::NoParamGradient { param: name }));
        assert_eq!([number, other], [7.0; 2]);
    }
}

#[cfg(feature = "half")]
#[test]
fn in_half_precision_a_sum_is_rounded_once() {
    use half::bf16;
    // The sum of the first column needs 9 bits: one more than there are.
    let x = [2.0, 0.0, 128.0, 3.0, 129.0, 0.0].map(bf16::from_f64);
    let (s, z) = ([bf16::ONE; 2], [bf16::from_f64(ONE_Z)]);
    let mut call = Call::<bf16>::default();
    call.inputs[..3].copy_from_slice(&[
        Some(Tensor::from((&x, [3, 2])).into()),
        Some(Tensor::from(&s).into()),
        Some(Tensor::from((&z, [])).into()),
    ]);
    let (mut of_s, mut of_z, mut of_a) = ([bf16::ZERO; 2], [bf16::ZERO], 0.0);
    let mut request = Request::value(Reduction::Sum);
    request.gradients[1] = Some(&mut of_s);
    request.gradients[2] = Some(&mut of_z);
    request.params[0] = Some(&mut of_a);
    run(&WITH_TABLE, &call, request).unwrap();
    assert_eq!(of_s.map(bf16::to_f64), [1036.0, 12.0].map(|sum| bf16::from_f64(sum).to_f64()));
    assert_eq!((of_z[0].to_f64(), of_a), (bf16::from_f64(262.0).to_f64(), 262.0));
}
