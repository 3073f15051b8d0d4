//! Hessian-vector products of the compiled kernels against the oracle's, which differentiates the formula as written.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::InputId;
use loss_codegen::model::{Spec, Variant};
use loss_runtime::{Element, Upstream};

use crate::audit::Quantity;
use crate::generators::{Extents, Random};
use crate::oracle::Failure;
use crate::oracle::call::CallOutcome;
use crate::oracle::data::{Data, InputData, Values};
use crate::oracle::product::products;
use crate::oracle::real::Real;
use crate::oracle::ulp::Format;
use crate::subject::{Effort, Subject};

use super::super::probe::{Probe, find};
use super::super::product::{Ask, direction};
use super::super::sample::{Sample, each_refined, has_second_axis};
use super::second_order::{in_place_of_gradient, measured, upstream, worst};
use super::{Conditions, DECIDED, Finding, Judge, Limits, Result, Seen, TOLERATED, Tally};
use super::{data, data_of, decided, edges, variant_of};

/// Every product of `none`, in both types, for upstream gradients that are not 1.
pub(in crate::checks) fn hessian_product_matches_oracle(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    if subject.loss.info().hessian_products.is_empty() {
        return Finding::skipped("the spec asks for no Hessian-vector products");
    }
    measured(subject, effort, |effort, tally| {
        [measure_in::<f32>(subject, effort, compiled, tally), measure_in::<f64>(subject, effort, compiled, tally)]
    })
}

/// Few and small: each truth is that of gradients of hundreds of digits.
fn sizes(subject: &Subject) -> Vec<Extents> {
    if !has_second_axis(subject.loss.info()) {
        return vec![Extents::rows([8])];
    }
    let rows = |rows, extent| Extents { rows, extent };
    vec![rows(vec![4], 3), rows(vec![2], 1), rows(vec![2, 2], 2), rows(vec![1], 17)]
}

/// Holds a type's products against the truth, and says how far the worst is from it.
fn measure_in<T: Element + Format>(
    subject: &Subject,
    effort: &Effort,
    compiled: &'static Compiled,
    tally: &mut Tally,
) -> String {
    let mut seen = Seen::default();
    let sizes = sizes(subject);
    let name = format!("hessian_product_matches_oracle {}", T::NAME);
    each_refined::<T>(subject, effort, &name, &sizes, edges::sharpen, tally, |sample, random, tally| {
        look(sample, compiled, &TOLERATED, random, &mut seen, tally);
    });
    let name = format!("hessian_product_matches_oracle on knots {}", T::NAME);
    each_refined::<T>(subject, effort, &name, &sizes[..1], decided::settle, tally, |sample, random, tally| {
        look(sample, compiled, &DECIDED, random, &mut Seen::default(), tally);
    });
    worst::<T>(seen)
}

/// Holds the products of one batch against the truth.
pub(super) fn look<T: Element + Format>(
    sample: &Sample<'_, T>,
    compiled: &'static Compiled,
    limits: &Limits,
    random: &mut Random,
    seen: &mut Seen,
    tally: &mut Tally,
) {
    let spec = &compiled.spec;
    let Some(variant) = variant_of(compiled, sample.generator.setting()) else {
        return tally.fail(&sample.describe(), || ("a variant of the spec".to_owned(), "none".to_owned()));
    };
    let places = match loss_runtime::shape_of_none(sample.loss, &sample.batch.call()) {
        Ok(shape) => shape.len(),
        Err(refusal) => return tally.fail(&sample.describe(), || ("an answer".to_owned(), refusal.to_string())),
    };
    let upstream: Vec<T> = upstream(places, random);
    let weights = data::in_oracle_order(sample, &upstream);
    for &input in sample.info.hessian_products {
        let direction = direction(sample, input, random);
        let ask = Ask { upstream: Upstream::Each(&upstream), ..Ask::of(input, &direction) };
        let found = match ask.answer(sample.loss, &sample.batch) {
            Ok(found) => data::input_in_oracle_order(sample, input, &found),
            Err(refusal) => return tally.fail(&sample.describe(), || ("an answer".to_owned(), refusal.to_string())),
        };
        let of = InputId(input as u8);
        let direction = data::input_in_oracle_order(sample, input, &direction);
        let data = with_direction(&data_of(spec, sample.info, &sample.batch, sample.extents), of, &direction);
        let least = T::from_bits(T::ZERO.bits() + 1).to_f64();
        let truth = match known(spec, variant, &data, of, (&weights, least)) {
            Ok(truth) => truth,
            Err(Failure::Undecided { .. }) => {
                tally.leave_undecided();
                continue;
            }
            Err(failure) => return tally.fail(&sample.describe(), || ("a truth".to_owned(), failure.to_string())),
        };
        let outcome = in_place_of_gradient(spec, of, &truth);
        let conditions = Conditions::of_product::<T>(spec, variant, &data, of, weights.clone());
        let mut judge = Judge { sample, reduction: "none", is_reduced: false, limits, conditions, truth: &outcome };
        let finite = IN_ITS_STEAD.map(|stead| with_numbers(&data, stead));
        let beside = match beside_what_is_not_finite(sample, (spec, variant, of), &finite, (&upstream, &weights, least))
        {
            Ok(beside) => beside,
            Err(failure) => return tally.fail(&sample.describe(), || ("a truth".to_owned(), failure.to_string())),
        };
        let conditions = Conditions::of_product::<T>(spec, variant, &finite[0], of, weights.clone());
        let mut of_finite = Judge { sample, reduction: "none", is_reduced: false, limits, conditions, truth: &outcome };
        for (place, (actual, truth)) in found.into_iter().zip(&truth).enumerate() {
            let quantity = Quantity::HessianProduct(sample.info.inputs[input].name.to_owned());
            let result = Result::Gradient(input, place);
            // Along what is not finite there is no step.
            match (truth, beside.get(place)) {
                (Some(truth), _) => judge.point(result, quantity, actual, truth, seen, tally),
                (None, Some(Some(truth))) => of_finite.point(result, quantity, actual, truth, seen, tally),
                (None, Some(None) | None) => {}
            }
        }
    }
}

/// What is put for NaN, and how many times the largest number for an infinity, twice.
const IN_ITS_STEAD: [[f64; 2]; 2] = [[0.75, 4096.0], [-3.0, 8192.0]];

/// The data with finite numbers alone.
fn with_numbers(data: &Data, [nan, times]: [f64; 2]) -> Data {
    let largest = |input: &InputData| match &input.values {
        Values::Real(values) => {
            values.iter().map(|value| value.abs()).filter(|size| size.is_finite()).fold(1.0, f64::max)
        }
        Values::Condition(_) | Values::Integer(_) => 1.0,
    };
    let size = times * data.inputs.iter().flatten().map(largest).fold(1.0, f64::max);
    data::finite(data, None, |value| if value.is_nan() { nan } else { size.min(f64::MAX).copysign(value) })
}

/// Products beside numbers that are NaN or infinite. Where the gradient is a number there all the same, as where a weight of 0 removes them or a share
/// of a softmax is 0 or 1, so is the product: what it is whatever stands there. Nothing where that is not one number.
fn beside_what_is_not_finite<T: Element>(
    sample: &Sample<'_, T>,
    (spec, variant, of): (&Spec, &Variant, InputId),
    finite: &[Data; 2],
    (upstream, weights, least): (&[T], &[f64], f64),
) -> std::result::Result<Vec<Option<Real>>, Failure> {
    let input = usize::from(of.0);
    let mut columns = sample.batch.inputs.iter().flatten();
    if columns.all(|column| column.values.reals().is_none_or(|all| all.iter().all(|number| number.is_finite()))) {
        return Ok(Vec::new());
    }
    let probe = Probe { upstream: Upstream::Each(upstream), ..Probe::default() };
    let gradient = find(sample.loss, &sample.batch, probe).ok().and_then(|mut found| found.gradients[input].take());
    let gradient = gradient.map(|gradient| data::input_in_oracle_order(sample, input, &gradient)).unwrap_or_default();
    let [one, other] = finite.each_ref().map(|data| known(spec, variant, data, of, (weights, least)));
    let (one, other) = match (one, other) {
        (Err(Failure::Undecided { .. }), _) | (_, Err(Failure::Undecided { .. })) => return Ok(Vec::new()),
        (one, other) => (one?, other?),
    };
    let all = gradient.into_iter().zip(one.into_iter().zip(other)).map(|(gradient, both)| match both {
        (Some(one), Some(other)) if gradient.is_finite() && one.to_f64() == other.to_f64() => Some(one),
        _ => None,
    });
    Ok(all.collect())
}

/// The data with a direction as one input more, which lies as the input does along which it leads.
pub(super) fn with_direction<T: Element>(data: &Data, of: InputId, direction: &[T]) -> Data {
    let mut data = data.clone();
    let axes = data.inputs[usize::from(of.0)].as_ref().map(|input| input.axes.clone());
    let values = Values::Real(direction.iter().map(|number| number.to_f64()).collect());
    data.inputs.push(axes.map(|axes| InputData { axes, values }));
    data
}

/// The truth about a product, for data with a direction.
fn known(
    spec: &Spec,
    variant: &Variant,
    data: &Data,
    of: InputId,
    (upstream, least): (&[f64], f64),
) -> std::result::Result<Vec<Option<Real>>, Failure> {
    let mut data = data.clone();
    match data.inputs.pop().flatten() {
        Some(InputData { values: Values::Real(direction), .. }) => {
            products(spec, variant, &data, (of, &direction), upstream, least)
        }
        Some(_) | None => Ok(Vec::new()),
    }
}

/// The truth about a product, in the place of its input's gradient; what is not known is NaN.
pub(super) fn outcome(
    spec: &Spec,
    variant: &Variant,
    data: &Data,
    of: InputId,
    (upstream, least): (&[f64], f64),
) -> std::result::Result<CallOutcome, Failure> {
    Ok(in_place_of_gradient(spec, of, &known(spec, variant, data, of, (upstream, least))?))
}
