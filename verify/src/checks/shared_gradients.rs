//! Gradients with respect to what all rows share, parameters, single numbers and tables: sums over the whole batch.

pub(super) mod reproducible;

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{InputId, ParamId};
use loss_runtime::call::{MAX_PARAMS, Want};
use loss_runtime::info::{InputInfo, Label, LossInfo};
use loss_runtime::lane::Isa;
use loss_runtime::registry::Shared;
use loss_runtime::{Element as Float, Error, Execution, Outcome, Partial, Reduction, Request, Upstream, run};

use crate::generators::{Batch, Column, Extents, Random, Values};
use crate::oracle::call::{CallOutcome, axes_of_result, call};
use crate::oracle::data::{Data, Element};
use crate::oracle::{Failure, Oracle};
use crate::subject::{Effort, Subject};

use super::departing::departs_everywhere;
use super::differences::{Witness, witness};
use super::extrapolation::{STEPS, Walk};
use super::sample::{Sample, each, has_second_axis};
use super::truth::{data_of, in_oracle_order, variant_of};
use super::{Finding, Tally, tolerance};

/// One in this many of the effort's points: each is a sum that the oracle makes several times.
const SHARE: u64 = 20;

/// A number that all rows share and has a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number {
    of: Shared,
    /// Its place in the input.
    place: usize,
}

/// The numbers that all rows share and have a gradient, where they are given.
fn shared<T: Float>(info: &LossInfo, batch: &Batch<T>) -> Vec<Number> {
    let params = info.params.iter().enumerate();
    let params = params.filter(|(place, param)| param.gradient && !(param.optional && batch.params[*place].is_nan()));
    let params = params.map(|(place, _)| Number { of: Shared::Param(place), place: 0 });
    let inputs = info.inputs.iter().zip(&batch.inputs).enumerate();
    let inputs = inputs.filter(|(_, (input, _))| is_sum(input)).flat_map(|(at, (_, column))| {
        let len = column.as_ref().map_or(0, |column| column.values.len());
        (0..len).map(move |place| Number { of: Shared::Input(at), place })
    });
    params.chain(inputs).collect()
}

/// Whether an input has a gradient that is a sum over rows.
fn is_sum(input: &InputInfo) -> bool {
    input.gradient && input.is_shared()
}

fn has_any(info: &LossInfo) -> bool {
    info.params.iter().any(|param| param.gradient) || info.inputs.iter().any(is_sum)
}

fn name(info: &LossInfo, number: Number) -> String {
    match number.of {
        Shared::Param(at) => info.params[at].name.to_owned(),
        Shared::Input(at) if info.inputs[at].axes.is_empty() => info.inputs[at].name.to_owned(),
        Shared::Input(at) => format!("{}[{}]", info.inputs[at].name, number.place),
    }
}

/// What a call gave.
struct Found<T> {
    /// The gradients, in the order that was asked for.
    gradients: Vec<f64>,
    outcome: Outcome<T>,
}

/// How a batch is run.
#[derive(Clone, Copy)]
struct Way<'a, T> {
    reduction: Reduction<'a>,
    upstream: Upstream<'a, T>,
    execution: Execution,
    want: Want,
}

impl<'a, T> Way<'a, T> {
    fn plain(reduction: Reduction<'a>, upstream: Upstream<'a, T>) -> Self {
        let execution = Execution { isa: None::<Isa>, threads: Some(1) };
        Self { reduction, upstream, execution, want: Want::Value }
    }
}

/// Runs a batch for all of these gradients at once.
fn find<T: Float>(
    sample: &Sample<'_, T>,
    batch: &Batch<T>,
    all: &[Number],
    way: Way<'_, T>,
) -> Result<Found<T>, Error> {
    let mut call = batch.call();
    call.execution = way.execution;
    let mut params = [f64::NAN; MAX_PARAMS];
    let len = |column: &Option<Column<T>>| column.as_ref().map_or(0, |column| column.values.len());
    let mut inputs: Vec<Vec<T>> = batch.inputs.iter().map(|column| vec![T::NAN; len(column)]).collect();
    let mut request =
        Request { reduction: way.reduction, upstream: way.upstream, want: way.want, ..Request::default() };
    let wanted = |of: Shared| all.iter().any(|number| number.of == of);
    for (place, (slot, number)) in request.params.iter_mut().zip(&mut params).enumerate() {
        *slot = wanted(Shared::Param(place)).then_some(number);
    }
    for (place, (slot, buffer)) in request.gradients.iter_mut().zip(&mut inputs).enumerate() {
        *slot = wanted(Shared::Input(place)).then_some(buffer.as_mut_slice());
    }
    let outcome = run(sample.loss, &call, request)?;
    let gradients = all.iter().map(|number| match number.of {
        Shared::Param(at) => params[at],
        Shared::Input(at) => inputs[at][number.place].to_f64(),
    });
    Ok(Found { gradients: gradients.collect(), outcome })
}

/// The gradients of parameters and shared numbers against the oracle's, in every reduction.
pub(super) fn shared_gradients_match_oracle(subject: &Subject, effort: &Effort) -> Finding {
    let info = subject.loss.info();
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    if !has_any(info) {
        return Finding::skipped("nothing that all rows share has a gradient");
    }
    let mut tally = Tally::new(subject, effort);
    let effort = Effort { points: effort.points.div_ceil(SHARE), ..*effort };
    let sizes: Vec<Extents> = if has_second_axis(info) {
        let rows = [Extents::rows([1]), Extents::rows([3]), Extents::rows([5]), Extents::rows([2, 3])];
        rows.into_iter().zip([3, 7, 2, 3]).map(|(rows, extent)| rows.with_extent(extent)).collect()
    } else {
        [1, 7, 19].map(|rows| Extents::rows([rows])).into()
    };
    each::<f64>(subject, &effort, "shared_gradients f64", &sizes, &mut tally, |sample, random, tally| {
        exact(sample, compiled, random, tally);
        if !departs_everywhere(compiled) {
            quotients(sample, compiled, tally);
            extrapolated(sample, tally);
        }
    });
    each::<f32>(subject, &effort, "shared_gradients f32", &sizes, &mut tally, |sample, random, tally| {
        exact(sample, compiled, random, tally);
    });
    tally.finding()
}

/// Compares the gradients of one batch in `none`, `sum` and every named reduction.
fn exact<T: Float>(sample: &Sample<'_, T>, compiled: &'static Compiled, random: &mut Random, tally: &mut Tally) {
    let all = shared(sample.info, &sample.batch);
    let Some(variant) = variant_of(compiled, sample.generator.setting()) else {
        return tally.fail(&sample.describe(), || ("a variant of the spec".to_owned(), "none".to_owned()));
    };
    let spec = &compiled.spec;
    let data_of = |batch: &Batch<T>| data_of(spec, sample.info, batch, sample.extents);
    let data = data_of(&sample.batch);
    let moved = [1.0, -1.0].map(|sign| data_of(&nudged(sample, sign)));
    let named = sample.info.reductions.iter().map(|reduction| reduction.name);
    for reduction in ["none", "sum"].into_iter().chain(named) {
        let places: usize = if reduction == "none" {
            axes_of_result(spec, variant).into_iter().map(|axis| data.extent(axis)).product()
        } else {
            1
        };
        let upstream: Vec<T> = (0..places).map(|_| T::from_f64(random.below(9) as f64 / 4.0 - 0.75)).collect();
        let exactly: Vec<f64> = match upstream.as_slice() {
            [one] => vec![one.to_f64()],
            each => in_oracle_order(sample, each),
        };
        let ask = |data: &Data| call(spec, variant, data, reduction, &exactly);
        let way = Way::plain(Reduction::from(reduction), Upstream::Each(&upstream));
        let (truth, found) = match (ask(&data), find(sample, &sample.batch, &all, way)) {
            (Err(Failure::ZeroDivisor), Err(Error::ZeroDivisor { .. })) => {
                tally.pass(1);
                continue;
            }
            (Err(Failure::Undecided { .. }), _) => {
                tally.leave_undecided();
                continue;
            }
            (Ok(truth), Ok(found)) => (truth, found),
            (truth, found) => {
                let truth = truth.map_or_else(|failure| failure.to_string(), |_| "a result".to_owned());
                let found = found.map_or_else(|refusal| refusal.to_string(), |_| "a result".to_owned());
                tally.fail(&format!("{reduction}; {}", sample.describe()), || (truth, found));
                continue;
            }
        };
        let near: Vec<CallOutcome> = moved.iter().filter_map(|data| ask(data).ok()).collect();
        let sizes = sizes(sample, spec, variant, &data, &exactly, reduction);
        for (at, &number) in all.iter().enumerate() {
            let expected = gradient(&truth, number);
            // What the truth moves where every number moves by a unit in its last place.
            let moves = near.iter().map(|near| (gradient(near, number) - expected).abs()).fold(0.0, f64::max);
            let size = sizes[at] / divisor(&found).abs();
            let slack = tolerance::ORACLE_ULPS * (2.0 * moves + T::EPSILON.to_f64() * size + least::<T>(&sample.batch));
            let actual = found.gradients[at];
            if tolerance::within(actual, expected, slack) {
                tally.pass(1);
            } else {
                let what = format!("gradient in {}, {reduction}; {}", name(sample.info, number), sample.describe());
                let expected = format!("{expected:e} ± {slack:e}");
                tally.fail(&what, || (format!("{expected}; {}", numbers(sample)), format!("{actual:e}")));
            }
        }
    }
}

/// What contributions lose that are below the normal numbers of the type: each is a multiple of the smallest number.
fn least<T: Float>(batch: &Batch<T>) -> f64 {
    let places = batch.inputs.iter().flatten().map(|column| column.values.len()).max().unwrap_or(1);
    T::EPSILON.to_f64() * T::MIN_POSITIVE.to_f64() * places as f64
}

fn gradient(outcome: &CallOutcome, number: Number) -> f64 {
    let found = match number.of {
        Shared::Param(at) => outcome.params[at].as_ref(),
        Shared::Input(at) => outcome.gradients[at].as_ref().and_then(|all| all.get(number.place)),
    };
    found.map_or(f64::NAN, |number| number.to_f64())
}

fn divisor<T>(found: &Found<T>) -> f64 {
    found.outcome.partial.divisor.unwrap_or(1.0)
}

/// The sizes of what the places contribute, added up: what the error of a sum is measured by.
fn sizes<T: Float>(
    sample: &Sample<'_, T>,
    spec: &loss_codegen::model::Spec,
    variant: &loss_codegen::model::Variant,
    data: &Data,
    upstream: &[f64],
    reduction: &str,
) -> Vec<f64> {
    let all = shared(sample.info, &sample.batch);
    let mut sizes = vec![0.0; all.len()];
    let Ok(oracle) = Oracle::new(spec, variant, data) else { return sizes };
    let summand = crate::oracle::call::summand(spec, variant, reduction).unwrap_or(variant.loss);
    for (at, place) in places(spec, variant, data).into_iter().enumerate() {
        let Ok(one) = oracle.expression(summand, &place) else { continue };
        let upstream = upstream[if upstream.len() == 1 { 0 } else { at }].abs();
        for (size, &number) in sizes.iter_mut().zip(&all) {
            let own = one.gradient.get(&element(number)).map_or(0.0, |slope| slope.to_f64().abs());
            if own.is_finite() {
                *size += own * upstream;
            }
        }
    }
    sizes
}

fn element(number: Number) -> Element {
    match number.of {
        Shared::Param(at) => Element::of_param(ParamId(at as u8)),
        Shared::Input(at) => Element { input: InputId(at as u8), place: number.place },
    }
}

/// The places of the loss, in the order of `none`.
fn places(spec: &loss_codegen::model::Spec, variant: &loss_codegen::model::Variant, data: &Data) -> Vec<Vec<usize>> {
    let mut places = vec![vec![0; data.extents.len()]];
    for axis in axes_of_result(spec, variant) {
        let along = |place: Vec<usize>| {
            (0..data.extent(axis)).map(move |index| {
                let mut place = place.clone();
                place[usize::from(axis.0)] = index;
                place
            })
        };
        places = places.into_iter().flat_map(along).collect();
    }
    places
}

/// The batch with every real number a unit in its last place larger, or smaller, in size, and parameters likewise.
fn nudged<T: Float>(sample: &Sample<'_, T>, sign: f64) -> Batch<T> {
    let by = 1.0 + sign * T::EPSILON.to_f64();
    let mut batch = sample.batch.clone();
    for (place, (column, info)) in batch.inputs.iter_mut().zip(sample.info.inputs).enumerate() {
        if let (Some(Values::Real(values)), Label::Real | Label::Nonnegative | Label::Positive | Label::Probability) =
            (column.as_mut().map(|column| &mut column.values), info.label)
        {
            // Alternately up and down, and differently in each input, so that differences move too.
            for (at, value) in values.iter_mut().enumerate() {
                let by = if (at + place) % 2 == 0 { by } else { 2.0 - by };
                *value = T::from_f64(value.to_f64() * by);
            }
        }
    }
    for (value, info) in batch.params.iter_mut().zip(sample.info.params) {
        if info.gradient {
            *value *= by;
        }
    }
    batch
}

/// The oracle's derivatives by the rules against difference quotients of its exact values.
fn quotients<T: Float>(sample: &Sample<'_, T>, compiled: &'static Compiled, tally: &mut Tally) {
    let spec = &compiled.spec;
    let Some(variant) = variant_of(compiled, sample.generator.setting()) else { return };
    let data = data_of(spec, sample.info, &sample.batch, sample.extents);
    let Ok(oracle) = Oracle::new(spec, variant, &data) else { return };
    let dropped = sample.batch.dropped_rows(sample.info, sample.extents);
    // A row is as good as any other.
    let Some(place) = places(spec, variant, &data).into_iter().find(|place| !dropped[place[0]]) else { return };
    let Ok(truth) = oracle.loss(&place) else { return tally.leave_undecided() };
    for number in shared(sample.info, &sample.batch) {
        let slope = truth.gradient.get(&element(number)).map_or(0.0, |slope| slope.to_f64());
        if !(truth.value.to_f64().is_finite() && slope.is_finite()) {
            continue;
        }
        match witness(&oracle, &place, element(number), slope) {
            Witness::Agrees => tally.pass(1),
            Witness::Silent => tally.leave_undecided(),
            Witness::Disagrees(quotients) => {
                let what = format!("derivative in {} at {place:?}; {}", name(sample.info, number), sample.describe());
                tally.fail(&what, || (format!("quotients {quotients}"), format!("{slope:e} by the rules")));
            }
        }
    }
}

/// The kernel's gradient of the sum against what is extrapolated from the kernel's own sums.
fn extrapolated(sample: &Sample<'_, f64>, tally: &mut Tally) {
    for number in shared(sample.info, &sample.batch) {
        let way = Way::plain(Reduction::Sum, Upstream::One);
        let Ok(Found { gradients, .. }) = find(sample, &sample.batch, &[number], way) else { continue };
        let at = |x: f64| -> Option<f64> {
            let mut batch = sample.batch.clone();
            match number.of {
                Shared::Param(at) => {
                    batch.params[at] = x;
                    sample.loss.param_in_domain(at, &batch.params).then_some(())?;
                }
                Shared::Input(at) => batch.inputs[at].as_mut()?.values.set(number.place, x).then_some(())?,
            }
            find(sample, &batch, &[], way).ok().map(|found| found.outcome.partial.sum)
        };
        let x = match number.of {
            Shared::Param(at) => sample.batch.params[at],
            Shared::Input(at) => {
                sample.batch.inputs[at].as_ref().map_or(f64::NAN, |one| one.values.number(number.place))
            }
        };
        if !x.is_finite() {
            continue;
        }
        let first = if x == 0.0 { 0.125 } else { x.abs().log2().floor().exp2() / 8.0 };
        let steps: Option<Vec<(f64, f64, f64)>> = (0..STEPS)
            .map(|step| {
                let step = first * (-(step as f64)).exp2();
                Some((at(x - step)?, at(x + step)?, (x + step) - (x - step)))
            })
            .collect();
        let (Some(steps), Some(here)) = (steps, at(x)) else {
            tally.leave_undecided();
            continue;
        };
        let size = terms(sample);
        let noise = size * f64::EPSILON * tolerance::EXTRAPOLATED_ULPS;
        let Some(judgement) = (Walk { gradient: gradients[0], here, steps, noise }).judge() else { continue };
        if judgement.is_right {
            tally.pass(1);
        } else {
            let what = format!("gradient in {}, sum; {}", name(sample.info, number), sample.describe());
            let expected = format!("{:e} within {:e} by extrapolation", judgement.estimate, judgement.bound);
            tally.fail(&what, || (format!("{expected}; {}", numbers(sample)), format!("{:e}", gradients[0])));
        }
    }
}

/// The sizes of the values that a sum adds, and of what goes into them.
fn terms(sample: &Sample<'_, f64>) -> f64 {
    let probe = super::probe::Probe::default();
    let Ok(found) = super::probe::find(sample.loss, &sample.batch, probe) else { return f64::INFINITY };
    let own: f64 = found.elements.iter().map(|value| value.abs()).sum();
    let moves = found.gradients.iter().zip(&sample.batch.inputs).filter_map(|(gradient, column)| {
        let (gradient, column) = (gradient.as_ref()?, column.as_ref()?);
        Some(gradient.iter().enumerate().map(|(at, g)| (g * column.values.number(at)).abs()).sum::<f64>())
    });
    own + moves.sum::<f64>()
}

fn numbers<T: Float>(sample: &Sample<'_, T>) -> String {
    let columns = sample.info.inputs.iter().zip(&sample.batch.inputs).filter_map(|(info, column)| {
        let values = &column.as_ref()?.values;
        let numbers = (0..values.len().min(16)).map(|place| format!("{:e}", values.number(place)));
        Some(format!("{} = [{}]", info.name, numbers.collect::<Vec<_>>().join(", ")))
    });
    columns.collect::<Vec<_>>().join(", ")
}

/// The sums of parts, added up.
fn merged(parts: &[(Partial, Vec<f64>)]) -> (Partial, Vec<f64>) {
    let mut parts = parts.iter();
    let first = parts.next().cloned().unwrap_or_default();
    parts.fold(first, |(partial, gradients), (next, more)| {
        (partial.merge(*next), gradients.iter().zip(more).map(|(a, b)| a + b).collect())
    })
}
