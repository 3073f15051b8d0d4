//! Arrays of `bf16` and `f16`: every result is that of the widened numbers, rounded once.

use half::{bf16, f16};
use loss_runtime::call::{Call, Execution, Outcome, Reduction, Request, Upstream};
use loss_runtime::lane::Isa;
use loss_runtime::tensor::LabelSlice;
use loss_runtime::{Array, Error, Labels, Loss, Shape, Stored, Tensor, run, shape_of_none};

use crate::losses::{DOT, ENTROPY, LOG_SOFTMAX, SIGNED, SMOOTH, SMOOTH_WIDE, WEIGHTED_SECOND, WEIGHTED_SQUARE};
use crate::numbers;

/// An input, in numbers that every type here holds.
#[derive(Clone)]
enum Given {
    Numbers { values: Vec<f32>, shape: Vec<usize>, row_stride: Option<usize> },
    Whole { values: Vec<i64>, shape: Vec<usize> },
}

/// Numbers in -2..2 of 8 bits, which all types hold.
fn given(shape: &[usize], seed: u64) -> Given {
    let values = numbers(shape.iter().product(), seed).into_iter().map(|x| (x * 64.0).round() as f32 / 64.0).collect();
    Given::Numbers { values, shape: shape.to_vec(), row_stride: None }
}

/// The same in 0..4.
fn weights(shape: &[usize], seed: u64) -> Given {
    let Given::Numbers { values, shape, row_stride } = given(shape, seed) else { unreachable!() };
    Given::Numbers { values: values.into_iter().map(|x| x + 2.0).collect(), shape, row_stride }
}

/// Numbers with gaps between rows.
fn with_gaps(shape: &[usize], gap: usize, seed: u64) -> Given {
    let line: usize = shape[1..].iter().product();
    let stride = line + gap;
    let Given::Numbers { values, .. } = given(&[shape[0] * stride], seed) else { unreachable!() };
    Given::Numbers { values, shape: shape.to_vec(), row_stride: Some(stride) }
}

/// What a call gave, widened.
#[derive(Debug, PartialEq)]
struct Answer {
    elements: Vec<u32>,
    gradients: Vec<Vec<u32>>,
    outcome: Outcome<f32>,
}

const UNTOUCHED: f32 = -12352.0;

fn answer<S: Stored<Compute = f32>>(
    loss: &dyn Loss,
    inputs: &[Given],
    execution: Execution,
    reduction: Reduction<'_>,
    upstream: &[f32],
) -> Result<Answer, Error> {
    let narrow = |values: &[f32]| values.iter().map(|&value| S::round(value)).collect::<Vec<S>>();
    let stored: Vec<Vec<S>> = inputs
        .iter()
        .map(|input| match input {
            Given::Numbers { values, .. } => narrow(values),
            Given::Whole { .. } => Vec::new(),
        })
        .collect();
    let mut call = Call { execution, ..Call::default() };
    for (slot, (input, stored)) in call.inputs.iter_mut().zip(inputs.iter().zip(&stored)) {
        *slot = Some(match input {
            Given::Numbers { shape, row_stride, .. } => {
                Array::Real(Tensor { data: stored, shape: Shape::new(shape).unwrap(), row_stride: *row_stride })
            }
            Given::Whole { values, shape } => Array::Labels(Labels {
                data: LabelSlice::I64(values),
                shape: Shape::new(shape).unwrap(),
                row_stride: None,
            }),
        });
    }
    let len = shape_of_none(loss, &call)?.len();
    let ups = narrow(&upstream.iter().copied().cycle().take(len).collect::<Vec<f32>>());
    let mut elements = vec![S::round(UNTOUCHED); if reduction.is_none() { len } else { 0 }];
    let mut gradients: Vec<Vec<S>> = (loss.info().inputs.iter().zip(&stored))
        .map(|(input, stored)| if input.gradient { vec![S::round(UNTOUCHED); stored.len()] } else { Vec::new() })
        .collect();
    let mut request = Request { reduction, ..Request::default() };
    if reduction.is_none() {
        request.elements = Some(&mut elements);
        request.upstream = Upstream::Each(&ups);
    } else {
        request.upstream = Upstream::Scalar(65536.0);
    }
    for (slot, gradient) in
        request.gradients.iter_mut().zip(&mut gradients).filter(|(_, gradient)| !gradient.is_empty())
    {
        *slot = Some(gradient);
    }
    let outcome = run(loss, &call, request)?;
    // Rounded to the type at hand, so that results of the compute type can be compared after rounding.
    let bits = |values: Vec<S>| values.into_iter().map(|value| value.widen().to_bits()).collect();
    Ok(Answer { elements: bits(elements), gradients: gradients.into_iter().map(bits).collect(), outcome })
}

fn rounded<S: Stored<Compute = f32>>(wide: Answer) -> Answer {
    let round = |bits: Vec<u32>| -> Vec<u32> {
        bits.into_iter().map(|bits| S::round(f32::from_bits(bits)).widen().to_bits()).collect()
    };
    Answer {
        elements: round(wide.elements),
        gradients: wide.gradients.into_iter().map(round).collect(),
        outcome: wide.outcome,
    }
}

fn agree<S: Stored<Compute = f32>>(loss: &'static dyn Loss, inputs: &[Given], executions: &[Execution]) {
    let upstream = [0.375, -2.0, 1.0, -0.015625, 3.0];
    let named = loss.info().reductions.iter().map(|reduction| Reduction::Named(reduction.name));
    for reduction in [Reduction::None, Reduction::Sum].into_iter().chain(named) {
        let wide = answer::<f32>(loss, inputs, Execution { isa: None, threads: Some(1) }, reduction, &upstream);
        let empty = matches!(wide, Err(Error::ZeroDivisor { .. }));
        assert!(wide.is_ok() || empty, "{wide:?}");
        let wide = wide.map(rounded::<S>);
        for execution in executions {
            let narrow = answer::<S>(loss, inputs, *execution, reduction, &upstream);
            let shapes: Vec<_> = inputs
                .iter()
                .map(|input| match input {
                    Given::Numbers { shape, row_stride, .. } => (shape, *row_stride),
                    Given::Whole { shape, .. } => (shape, None),
                })
                .collect();
            let name = core::any::type_name::<S>();
            assert!(wide == narrow, "{name} {}, {reduction:?}, {execution:?}, {shapes:?}", loss.info().name);
        }
    }
}

fn both(loss: &'static dyn Loss, inputs: &[Given]) {
    let isas: Vec<Execution> = Isa::available().map(|isa| Execution { isa: Some(isa), threads: Some(1) }).collect();
    agree::<bf16>(loss, inputs, &isas);
    agree::<f16>(loss, inputs, &isas);
}

fn labels(rows: usize, extent: usize) -> Vec<i64> {
    (0..rows).map(|row| if row % 7 == 3 { -100 } else { ((row * 31) % extent) as i64 }).collect()
}

#[test]
fn places_are_widened_and_rounded() {
    for n in (0..=130).chain([495, 511, 512, 513, 1024, 8191, 8192, 8193, 17_000]) {
        both(&SMOOTH, &[given(&[n], 1), given(&[n], 2)]);
        both(&SMOOTH_WIDE, &[given(&[n], 1), given(&[n], 2)]);
    }
    for (rows, extent) in [(3, 5), (7, 130), (2, 700), (600, 2)] {
        both(&SMOOTH, &[with_gaps(&[rows, extent], 3, 3), with_gaps(&[rows, extent], 1, 4)]);
        both(&WEIGHTED_SQUARE, &[given(&[rows, extent], 5), weights(&[rows, extent], 6)]);
        both(&WEIGHTED_SECOND, &[given(&[rows, extent, 3], 5), weights(&[rows, extent, 3], 6)]);
    }
}

#[test]
fn dropped_places_are_zero() {
    for n in [1, 17, 600] {
        let values = (0..n as i64).map(|at| [1, -1, 7][at as usize % 3]).collect();
        both(&SIGNED, &[given(&[n], 7), Given::Whole { values, shape: vec![n] }]);
    }
}

#[test]
fn rows_are_widened_and_rounded_along_and_across() {
    for (rows, extent) in [
        (1, 1),
        (19, 3),
        (16, 16),
        (17, 33),
        (5, 128),
        (3, 129),
        (33, 192),
        (2, 1000),
        (2, 8192 + 17),
        (1100, 10),
        (1024, 12),
    ] {
        let class = Given::Whole { values: labels(rows, extent), shape: vec![rows] };
        both(&ENTROPY, &[given(&[rows, extent], 11), class.clone(), weights(&[extent], 12)]);
        both(&ENTROPY, &[with_gaps(&[rows, extent], 5, 11), class, weights(&[extent], 12)]);
        let class = Given::Whole { values: labels(rows, extent), shape: vec![1, rows] };
        both(&ENTROPY, &[given(&[1, extent, rows], 13), class, weights(&[extent], 12)]);
        both(&LOG_SOFTMAX, &[given(&[rows, extent], 14)]);
        both(&LOG_SOFTMAX, &[with_gaps(&[rows, extent], 2, 14)]);
        both(&LOG_SOFTMAX, &[given(&[1, extent, rows], 15)]);
        let shape = [rows, extent];
        both(&DOT, &[given(&shape, 16), given(&shape, 17), given(&[rows], 18), given(&[extent], 19)]);
    }
}

#[cfg(feature = "parallel")]
#[test]
fn threads_change_no_bit() {
    let n = (1 << 19) + 77;
    let executions = [1, 2, 3, 7].map(|threads| Execution { isa: None, threads: Some(threads) });
    let pool = rayon::ThreadPoolBuilder::new().num_threads(7).build().unwrap();
    pool.install(|| {
        agree::<bf16>(&SMOOTH, &[given(&[n], 1), given(&[n], 2)], &executions);
        let (rows, extent) = (2003, 150);
        let class = Given::Whole { values: labels(rows, extent), shape: vec![rows] };
        agree::<f16>(&ENTROPY, &[with_gaps(&[rows, extent], 1, 11), class, weights(&[extent], 12)], &executions);
        for (rows, extent) in [(2003, 40), (30_011, 3)] {
            agree::<bf16>(&LOG_SOFTMAX, &[given(&[rows, extent], 14)], &executions);
        }
    });
}

#[test]
fn a_gradient_that_is_a_sum_is_refused() {
    let (x, weight) = ([bf16::ONE; 6], [bf16::ONE; 3]);
    let mut call = Call::<bf16>::default();
    call.inputs[0] = Some(Tensor::from((&x, [2, 3])).into());
    call.inputs[1] = Some(Tensor::from(&weight).into());
    let mut gradient = [bf16::NEG_ONE; 3];
    let mut request = Request::value(Reduction::Sum);
    request.gradients[1] = Some(&mut gradient);
    let refused = run(&WEIGHTED_SQUARE, &call, request);
    assert!(
        matches!(refused, Err(Error::Unsupported { .. } | Error::Shape { .. } | Error::Dimensions { .. })),
        "{refused:?}"
    );
    assert_eq!(gradient, [bf16::NEG_ONE; 3]);
}

#[test]
fn types_may_be_mixed() {
    // Numbers of a narrower type beside those of the compute type: read as they are.
    let (x, y) = ([bf16::ONE, bf16::from_f32(-0.5)], [0.25_f32, 1.0]);
    let mut call = Call::<f32>::default();
    call.inputs[0] = Some(Labels::from(&x).into());
    call.inputs[1] = Some(Tensor::from(&y).into());
    let mut gradient = [0.0; 2];
    let mut request = Request::value(Reduction::Sum);
    request.gradients[0] = Some(&mut gradient);
    let mixed = run(&SMOOTH, &call, request).unwrap();
    let wide = [1.0_f32, -0.5];
    call.inputs[0] = Some(Tensor::from(&wide).into());
    let mut expected = [0.0; 2];
    let mut request = Request::value(Reduction::Sum);
    request.gradients[0] = Some(&mut expected);
    assert_eq!(mixed, run(&SMOOTH, &call, request).unwrap());
    assert_eq!(gradient, expected);
    // Numbers of the compute type in a call of a narrower one: the gradient is rounded to that.
    let (x, y) = ([0.501_f32, -0.25], [0.25_f32, 1.0]);
    let mut call = Call::<bf16>::default();
    call.inputs[0] = Some(Labels::from(&x).into());
    call.inputs[1] = Some(Labels::from(&y).into());
    let mut gradient = [bf16::NAN; 2];
    let mut request = Request::value(Reduction::Sum);
    request.gradients[0] = Some(&mut gradient);
    run(&SMOOTH, &call, request).unwrap();
    assert_eq!(gradient, [bf16::from_f32(0.251), bf16::NEG_ONE]);
}

/// Every number of both types, those half way between two, and every number through the buffers of a call whose gradient it is.
#[test]
fn every_number_is_widened_exactly_and_rounded_to_nearest_even() {
    fn every<H: Stored<Compute = f32> + PartialEq>(from_bits: fn(u16) -> H, all_bits: fn(H) -> u16) {
        let all: Vec<H> = (0..=u16::MAX).map(from_bits).filter(|x| x.widen().is_finite()).collect();
        for pair in all.windows(2) {
            let (low, high) = (f64::from(pair[0].widen()), f64::from(pair[1].widen()));
            if low == high || low.is_sign_negative() != high.is_sign_negative() {
                continue;
            }
            let middle = f64::midpoint(low, high);
            let nearer = |number: f64| H::round(number as f32);
            assert!(nearer(low + (high - low) * 0.25) == pair[0] && nearer(low + (high - low) * 0.75) == pair[1]);
            let even = if all_bits(pair[0]).is_multiple_of(2) { pair[0] } else { pair[1] };
            assert!(nearer(middle) == even, "{low} {high}");
        }
        // By way of buffers, as by way of single numbers.
        let mut slot_values: Vec<H> = vec![H::round(0.0); all.len()];
        let zeros = vec![H::round(0.0); all.len()];
        let mut call = Call::<H>::default();
        call.inputs[0] = Some(Tensor::from(&all).into());
        call.inputs[1] = Some(Tensor::from(&zeros).into());
        let mut request = Request::backward(Reduction::Sum, Upstream::One);
        request.gradients[0] = Some(&mut slot_values);
        run(&SMOOTH, &call, request).unwrap();
        for (x, gradient) in all.iter().zip(&slot_values) {
            let slope = if x.widen().abs() < 1.0 { *x } else { H::round(x.widen().signum()) };
            assert_eq!(gradient.widen().to_bits(), slope.widen().to_bits(), "{x:?}");
        }
    }
    every::<bf16>(bf16::from_bits, bf16::to_bits);
    every::<f16>(f16::from_bits, f16::to_bits);
}
