//! A whole call: dropped rows, the reduction and its divisor, and the gradients of every input.

use loss_codegen::expr::{AxisId, AxisSet, ExprId, InputId, ParamId};
use loss_codegen::model::{Divisor, Spec, Variant};

use super::data::{Data, Element, Malformed};
use super::dual::Tangents;
use super::evaluate::{Attempt, Evaluator, Interruption, Place};
use super::real::Real;
use super::{Failure, KNOWN, Oracle};

/// What a call returns.
#[derive(Clone, Debug)]
pub struct CallOutcome {
    /// The values: one for a reduction; for `none` one for each place of the loss, in row-major order of its axes as the layout
    /// input has them.
    pub values: Vec<Real>,
    /// The gradient of each input that has one, in the order of the input's data; nothing for the others and absent ones.
    pub gradients: Vec<Option<Vec<Real>>>,
    /// The gradient of each parameter that has one; nothing for the others.
    pub params: Vec<Option<Real>>,
}

/// How the elements of a call become its result.
enum Summation {
    None,
    Sum,
    Over { of: ExprId, over: Over },
}

enum Over {
    Elements,
    Samples,
    Expression(ExprId),
}

/// The result of a call. `reduction` is `none`, `sum`, or a name of the spec's; `upstream` has one value for each value of the result.
///
/// # Errors
/// The data does not fit, the divisor is zero, or no precision decides something on the way.
pub fn call(
    spec: &Spec,
    variant: &Variant,
    data: &Data,
    reduction: &str,
    upstream: &[f64],
) -> Result<CallOutcome, Failure> {
    let oracle = Oracle::new(spec, variant, data)?;
    let summation = summation(spec, variant, reduction)?;
    let places = places(spec, variant, data);
    let values = if let Summation::None = summation { places.len() } else { 1 };
    if upstream.len() != values {
        return Err(Malformed::Upstream.into());
    }
    let outcome = oracle.adaptively(|evaluator| attempt(evaluator, variant, &summation, &places, upstream));
    outcome?.ok_or(Failure::ZeroDivisor)
}

/// The axes of a loss, in the order in which the layout input has them.
pub fn axes_of_result(spec: &Spec, variant: &Variant) -> Vec<AxisId> {
    let axes: AxisSet = variant.graph.axes(variant.loss);
    let layout = spec.inputs.get(usize::from(spec.layout.0)).map_or(&[][..], |input| &input.axes);
    let first = layout.iter().copied().filter(|&axis| axes.contains(axis));
    let rest = axes.iter().filter(|axis| !layout.contains(axis));
    first.chain(rest).collect()
}

/// What a reduction adds up; nothing for `none`, and for one that is unknown.
pub fn summand(spec: &Spec, variant: &Variant, reduction: &str) -> Option<ExprId> {
    match summation(spec, variant, reduction).ok()? {
        Summation::None => None,
        Summation::Sum => Some(variant.loss),
        Summation::Over { of, .. } => Some(of),
    }
}

/// The places of the loss, in the order of the result of `none`.
pub(super) fn places(spec: &Spec, variant: &Variant, data: &Data) -> Vec<Place> {
    axes_of_result(spec, variant).into_iter().fold(vec![[0; 8]], |places, axis| {
        let at = usize::from(axis.0);
        let along = |place: Place| {
            (0..data.extent(axis)).map(move |index| {
                let mut place = place;
                place[at] = index;
                place
            })
        };
        places.into_iter().flat_map(along).collect()
    })
}

fn summation(spec: &Spec, variant: &Variant, name: &str) -> Result<Summation, Malformed> {
    match name {
        "none" => return Ok(Summation::None),
        "sum" => return Ok(Summation::Sum),
        _ => {}
    }
    let unknown = || Malformed::Reduction(name.to_owned());
    let at = spec.reductions.iter().position(|reduction| reduction.name == name).ok_or_else(unknown)?;
    let typed = variant.reductions.get(at).ok_or_else(unknown)?;
    let over = match spec.reductions[at].over {
        Divisor::Elements => Over::Elements,
        Divisor::Samples => Over::Samples,
        Divisor::Sum(_) => Over::Expression(typed.over.ok_or_else(unknown)?),
    };
    Ok(Summation::Over { of: typed.of.unwrap_or(variant.loss), over })
}

/// Whether a label of this row says that the row does not count.
pub(super) fn is_dropped(evaluator: &Evaluator<'_>, place: &Place) -> Attempt<bool> {
    let question = evaluator.question;
    for (at, (input, data)) in (0u8..).zip(question.spec.inputs.iter().zip(&question.data.inputs)) {
        if input.ignore.is_some() && data.is_some() && !evaluator.is_given(InputId(at), place)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One attempt at a whole call; nothing if the divisor is zero.
fn attempt(
    evaluator: &Evaluator<'_>,
    variant: &Variant,
    summation: &Summation,
    places: &[Place],
    upstream: &[f64],
) -> Attempt<Option<CallOutcome>> {
    let arithmetic = &evaluator.arithmetic;
    let mut live = Vec::with_capacity(places.len());
    for place in places {
        live.push(!is_dropped(evaluator, place)?);
    }
    let mut gradient = Tangents::new();
    let mut values = Vec::new();
    let summand = match summation {
        Summation::None => {
            for ((place, &live), &upstream) in places.iter().zip(&live).zip(upstream) {
                let mut value = Real::zero();
                if live {
                    let (own, tangents) = evaluator.real(variant.loss, place)?;
                    arithmetic.accumulate(&mut gradient, arithmetic.scaled(&Real::from_f64(upstream), &tangents)?)?;
                    value = own;
                }
                values.push(value);
            }
            return finish(evaluator, values, &gradient).map(Some);
        }
        Summation::Sum => variant.loss,
        Summation::Over { of, .. } => *of,
    };
    let live: Vec<&Place> = places.iter().zip(live).filter_map(|(place, live)| live.then_some(place)).collect();
    let divisor = match summation {
        Summation::None | Summation::Sum => Real::one(),
        Summation::Over { over: Over::Elements, .. } => Real::integer(live.len() as i128),
        Summation::Over { over: Over::Samples, .. } => Real::integer(evaluator.question.data.samples as i128),
        Summation::Over { over: Over::Expression(over), .. } => {
            let mut sum = Real::zero();
            for place in &live {
                sum = arithmetic.add(&sum, &evaluator.real(*over, place)?.0)?;
            }
            // Whether it is zero decides between an error and a number.
            sum.sign()?;
            sum
        }
    };
    if divisor.is_zero() {
        return Ok(None);
    }
    let mut sum = Real::zero();
    for place in live {
        let (value, tangents) = evaluator.real(summand, place)?;
        sum = arithmetic.add(&sum, &value)?;
        arithmetic.accumulate(&mut gradient, tangents)?;
    }
    let scale = arithmetic.divide(&Real::from_f64(upstream[0]), &divisor)?;
    let gradient = arithmetic.scaled(&scale, &gradient)?;
    values.push(arithmetic.divide(&sum, &divisor)?);
    finish(evaluator, values, &gradient).map(Some)
}

/// Lays the gradients out as the inputs are.
fn finish(evaluator: &Evaluator<'_>, values: Vec<Real>, gradient: &Tangents) -> Attempt<CallOutcome> {
    let question = evaluator.question;
    if !values.iter().chain(gradient.values()).all(|number| number.is_known_to(KNOWN)) {
        return Err(Interruption::Undecided);
    }
    let mut gradients: Vec<Option<Vec<Real>>> = (question.spec.inputs.iter().zip(&question.data.inputs))
        .map(|(input, data)| match data {
            Some(data) if input.gradient => Some(vec![Real::zero(); data.values.len()]),
            Some(_) | None => None,
        })
        .collect();
    let params = (0u8..).zip(&question.spec.params).map(|(at, param)| {
        let element = Element::of_param(ParamId(at));
        param.gradient.then(|| gradient.get(&element).cloned().unwrap_or_else(Real::zero))
    });
    let params = params.collect();
    for (element, value) in gradient.iter().filter(|(element, _)| element.param().is_none()) {
        if let Some(gradient) = &mut gradients[usize::from(element.input.0)] {
            gradient[element.place] = value.clone();
        }
    }
    Ok(CallOutcome { values, gradients, params })
}
