//! A driver from outside the crate: an interpreter that asks a call for everything it needs, and one that changes the call on the way.

use std::cell::RefCell;

use loss_runtime::call::{Call, Execution, Reduction, Request, Upstream};
use loss_runtime::info::{InputInfo, Label, LossInfo, ParamInfo, ParamKind};
use loss_runtime::job::{Job, Outputs, Place};
use loss_runtime::kernel::CONTRIBUTION;
use loss_runtime::lane::Isa;
use loss_runtime::registry::{Contributions, Curvatures, Kernel, Shared, SharedGradient, Variant, VariantReduction};
use loss_runtime::tensor::LabelSlice;
use loss_runtime::{Array, Element, Labels, Tensor, run};

use crate::losses::{MEAN, ROWS, SECOND, Toy, info, input, number};
use crate::{ask, numbers, round};

/// What a driver is told of a call beside its numbers.
#[derive(Debug, PartialEq)]
struct Told {
    extents: [usize; 3],
    is_per_element: bool,
    isa: Isa,
    threads: Option<usize>,
    params: Vec<f64>,
    broadcast: [bool; 3],
}

thread_local! {
    /// By the last call on this thread.
    static TOLD: RefCell<Option<Told>> = const { RefCell::new(None) };
}

const SCALE: usize = 0;
const INPUT: usize = 0;
const SKIP: usize = 1;
const WEIGHT: usize = 2;

/// `scale * weight * input` at every place that has a value; at the first of the second axis, if the value does not vary along it.
fn interpret<T: Element>(job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
    let told = Told {
        extents: job.extents(),
        is_per_element: job.is_per_element(),
        isa: job.isa(),
        threads: job.threads(),
        params: job.params().to_vec(),
        broadcast: [INPUT, SKIP, WEIGHT].map(|input| job.is_broadcast(input)),
    };
    TOLD.set(Some(told));
    let scale = job.params()[SCALE];
    let of = |input, place| job.number(input, job.offset(input, place));
    let mut sum = 0.0;
    for (at, place) in places(job).enumerate() {
        let up = match job.upstream() {
            Upstream::One => 1.0,
            Upstream::Scalar(upstream) => upstream.to_f64(),
            Upstream::Each(each) => each[at].to_f64(),
            Upstream::Converted(each) => each.number(at),
        };
        let live = if job.drops(place) { 0.0 } else { 1.0 };
        let slope = live * of(WEIGHT, place);
        let value = scale * slope * of(INPUT, place);
        sum += value;
        if let Some(elements) = outputs.elements() {
            elements[at] = T::from_f64(value);
        }
        if let Some(gradient) = outputs.gradient(INPUT) {
            gradient[job.offset(INPUT, place)] = T::from_f64(up * scale * slope);
        }
        if let Some(contribution) = outputs.gradient(CONTRIBUTION) {
            contribution[at] = T::from_f64(up * slope * of(INPUT, place));
        }
    }
    sum
}

/// The same with a scale of 3, an upstream gradient of 2 and no row left out, whatever the call says.
fn interpret_another<T: Element>(job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
    let labels = vec![0; job.extents()[0] * job.extents()[2]];
    let job = job.with_param(SCALE, 3.0).with_upstream(Upstream::Scalar(T::from_f64(2.0)));
    let other = job.with_labels(SKIP, LabelSlice::I64(&labels));
    assert_ne!(dropped(&job), 0, "there is a row to drop");
    assert_eq!((dropped(&other), dropped(&job.without_dropping())), (0, 0));
    interpret(&other, &mut outputs.reborrow())
}

fn dropped<T: Element>(job: &Job<'_, T>) -> usize {
    places(job).filter(|place| job.drops(*place)).count()
}

fn places<T: Element>(job: &Job<'_, T>) -> impl Iterator<Item = Place> {
    let [outer, extent, inner] = job.extents();
    let extent = if job.is_per_element() { extent } else { 1 };
    (0..outer * extent * inner).map(move |at| [at / inner / extent, at / inner % extent, at % inner])
}

/// A loss whose kernel is an interpreter, and whose scale has a gradient.
macro_rules! open {
    ($name:ident, $axes:literal, $run:ident) => {
        static $name: Toy = {
    static F32: Variant<f32> = open!(variant f32, $axes, $run);
    static F64: Variant<f64> = open!(variant f64, $axes, $run);
            Toy { info: &INFO, f32: &F32, f64: &F64 }
        };
    };
    (variant $float:ident, $axes:literal, $run:ident) => {
        Variant {
            axes: $axes,
            loss: Kernel {
                forward: $run::<$float>,
                fused: $run::<$float>,
                of_places: false,
                lines: None,
                curvatures: Curvatures::NONE,
                products: &[],
                shared: &[SharedGradient {
                    of: Shared::Param(SCALE),
                    contributions: Contributions::PerElement(interpret::<$float>),
                }],
            },
            reductions: &[VariantReduction { of: None, over: None }],
            input_domains: &[None, None, None],
            accumulate_f64: false,
        }
    };
}
static INFO: LossInfo = info(
    "open",
    &[ROWS, SECOND],
    &[
        input("input", &[0, 1], true),
        InputInfo { label: Label::Count, ignore: Some(1), ..input("skip", &[0], false) },
        InputInfo { broadcast: &[0, 1], ..input("weight", &[0, 1], false) },
    ],
    &[
        ParamInfo { gradient: true, ..number("scale", ParamKind::Real, 0.5, None) },
        number("ignore", ParamKind::Integer, 7.0, None),
    ],
    &[MEAN],
);
open!(PLACES, 3, interpret);
open!(FIRST_PLACES, 1, interpret);
open!(ANOTHER, 3, interpret_another);

/// Quarters, of which all products and sums here are exact in both types.
fn quarters(count: usize, seed: u64) -> Vec<f64> {
    numbers(count, seed).iter().map(|number| (number * 4.0).round() / 4.0).collect()
}

/// A label for each row, of which every third drops its row.
fn labels(rows: usize) -> Vec<u8> {
    (0..rows).map(|row| if row % 3 == 1 { 7 } else { 0 }).collect()
}

fn a_driver_is_told<T: Element>() {
    let shape @ [outer, extent, inner] = [4, 3, 5];
    let (x, table, skip) = (quarters(60, 81), quarters(3, 82), labels(20));
    let full: Vec<f64> = (0..60).map(|at| table[at / inner % extent]).collect();
    let (x_t, table_t, full_t) = (round::<T>(&x), round::<T>(&table), round::<T>(&full));
    let (input, labels) = (Tensor::from((&x_t, shape)).into(), Labels::from((&skip, [outer, inner])).into());
    let (table, full) = (Array::from(Tensor::from(&table_t)), Array::from(Tensor::from((&full_t, shape))));
    let up = Upstream::Scalar(T::from_f64(4.0));
    let executions = Isa::available().map(|isa| Execution { isa: Some(isa), threads: Some(1) });
    for execution in executions.chain([Execution { isa: None, threads: Some(3) }, Execution::default()]) {
        for (weight, is_table) in [(table, true), (full, false)] {
            for (loss, is_per_element) in [(&PLACES, true), (&FIRST_PLACES, false)] {
                let len = if is_per_element { 60 } else { 20 };
                let inputs = [input, labels, weight];
                let answer = ask(loss, &inputs, execution, Reduction::None, up, Some(len), &[60]).unwrap();
                let told = Told {
                    extents: shape,
                    is_per_element,
                    isa: execution.isa.unwrap_or(Isa::detect()),
                    threads: execution.threads,
                    params: vec![0.5, 7.0],
                    broadcast: [false, false, is_table],
                };
                assert_eq!(TOLD.take(), Some(told));
                let mut sum = 0.0;
                for (at, value) in answer.elements.iter().enumerate() {
                    let extent = if is_per_element { extent } else { 1 };
                    let [o, e, i] = [at / inner / extent, at / inner % extent, at % inner];
                    let place = (o * 3 + e) * inner + i;
                    let slope = if skip[o * inner + i] == 7 { 0.0 } else { 0.5 * table_t[e].to_f64() };
                    assert_eq!(value.to_f64(), slope * x[place], "{place}");
                    assert_eq!(answer.gradients[0][place].to_f64(), 4.0 * slope, "{place}");
                    sum += value.to_f64();
                }
                assert_eq!(answer.outcome.partial.sum, sum);
            }
        }
    }
}

#[test]
fn a_driver_is_told_where_all_lies_and_what_is_asked_for() {
    a_driver_is_told::<f32>();
    a_driver_is_told::<f64>();
}

#[test]
fn a_driver_may_hand_another_call_on() {
    let (x, weight, skip) = (quarters(24, 83), quarters(3, 84), labels(8));
    let inputs =
        [Tensor::from((&x, [4, 3, 2])).into(), Labels::from((&skip, [4, 2])).into(), Tensor::from(&weight).into()];
    let execution = Execution::default();
    let answer = ask(&ANOTHER, &inputs, execution, Reduction::None, Upstream::One, Some(24), &[24]).unwrap();
    for at in 0..24 {
        let weight = weight[at / 2 % 3];
        assert_eq!((answer.elements[at], answer.gradients[0][at]), (3.0 * weight * x[at], 6.0 * weight), "{at}");
    }
    assert_eq!(TOLD.take().map(|told| told.params), Some(vec![3.0, 7.0]));
}

#[test]
fn what_rows_contribute_is_summed_with_the_upstream_gradient_of_each_however_many_there_are() {
    // More than are summed at a time.
    let shape @ [outer, extent, inner] = [50_000, 3, 2];
    let n = outer * extent * inner;
    let (x, weight, ups, skip) = (quarters(n, 85), quarters(extent, 86), quarters(n, 87), labels(outer * inner));
    let mut call = Call::default();
    call.inputs[INPUT] = Some(Tensor::from((&x, shape)).into());
    call.inputs[SKIP] = Some(Labels::from((&skip, [outer, inner])).into());
    call.inputs[WEIGHT] = Some(Tensor::from(&weight).into());
    let mut gradient = f64::NAN;
    let mut request = Request::backward(Reduction::None, Upstream::Each(&ups));
    request.params[SCALE] = Some(&mut gradient);
    run(&PLACES, &call, request).unwrap();
    let is_live = |at: usize| skip[at / inner / extent * inner + at % inner] != 7;
    let live = (0..n).filter(|at| is_live(*at));
    assert_eq!(gradient, live.map(|at| ups[at] * weight[at / inner % extent] * x[at]).sum::<f64>());
}
