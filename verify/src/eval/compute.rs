//! From a case to its answer.

use loss_runtime::call::{MAX_INPUTS, MAX_PARAMS};
use loss_runtime::info::{LossInfo, ParamInfo, ParamKind};
use loss_runtime::{Call, Element, Loss, Reduction, Request, Upstream, run, shape_of_none};

use super::answer::{Answer, Figures, Named, Refusal, quoted};
use super::arrays::{CaseArray, Rounded};
use super::case::{Case, Dtype, OptionValue};
use super::name::find;

/// The answer to a case.
///
/// # Errors
/// If the case names something that is not there, or the runtime refuses the call.
pub fn compute(losses: &[&'static dyn Loss], case: &Case) -> Result<Answer, Refusal> {
    let loss = find(losses, &case.loss, &case.inputs)?;
    match case.dtype {
        Dtype::F32 => compute_in::<f32>(loss, case, true),
        Dtype::F64 => compute_in::<f64>(loss, case, false),
    }
}

fn compute_in<T: Element>(loss: &'static dyn Loss, case: &Case, single: bool) -> Result<Answer, Refusal> {
    let info = loss.info();
    let params = params(info, &case.options)?;
    let inputs = inputs::<T>(info, &case.inputs)?;
    let mut call = Call { params, ..Call::default() };
    for (slot, input) in call.inputs.iter_mut().zip(&inputs) {
        *slot = input.as_ref().map(|(_, rounded)| rounded.array());
    }
    let none = shape_of_none(loss, &call)?;
    let reduction = Reduction::from(case.reduction.as_deref().unwrap_or(info.default_reduction));
    let rounded = case.upstream.as_ref().map(|array| Rounded::<T>::new("upstream", array)).transpose()?;
    let upstream = match (&case.upstream, &rounded) {
        (Some(array), Some(rounded)) => {
            let expected: &[usize] = if reduction == Reduction::None { none.extents() } else { &[] };
            upstream(array, rounded, reduction, expected)?
        }
        (None, _) | (_, None) => Upstream::One,
    };
    let mut elements = (reduction == Reduction::None).then(|| vec![T::ZERO; none.len()]);
    let mut gradients: Vec<Option<Vec<T>>> = info
        .inputs
        .iter()
        .zip(&inputs)
        .map(|(input, given)| {
            let floats = given.as_ref().and_then(|(_, rounded)| rounded.floats()).filter(|_| input.gradient);
            floats.map(|floats| vec![T::ZERO; floats.len()])
        })
        .collect();
    let mut request = Request { reduction, upstream, elements: elements.as_deref_mut(), ..Request::default() };
    for (slot, gradient) in request.gradients.iter_mut().zip(&mut gradients) {
        *slot = gradient.as_deref_mut();
    }
    let outcome = run(loss, &call, request)?;

    let figures = |shape: &[usize], data: &[T]| Figures {
        shape: shape.to_vec(),
        data: data.iter().map(|number| number.to_f64()).collect(),
        single,
    };
    let value = match (elements, outcome.value) {
        (Some(elements), _) => figures(none.extents(), &elements),
        (None, Some(value)) => figures(&[], &[value]),
        (None, None) => return Err(Refusal::new("internal", "the runtime gave no value")),
    };
    let grads = info.inputs.iter().zip(&inputs).zip(gradients).filter_map(|((input, given), gradient)| {
        let (array, _) = given.as_ref()?;
        Some(Named { name: input.name, figures: figures(&array.shape, &gradient?) })
    });
    Ok(Answer { value, grads: grads.collect() })
}

type Given<'c, T> = Vec<Option<(&'c CaseArray, Rounded<T>)>>;

/// The inputs in the loss's order.
fn inputs<'c, T: Element>(info: &LossInfo, given: &'c [(String, CaseArray)]) -> Result<Given<'c, T>, Refusal> {
    if info.inputs.len() > MAX_INPUTS {
        return Err(Refusal::new("unsupported", "more inputs than a call can have"));
    }
    let mut inputs: Given<'c, T> = info.inputs.iter().map(|_| None).collect();
    for (name, array) in given {
        let place = info.inputs.iter().position(|input| input.name == name).ok_or_else(|| {
            let known = names(info.inputs.iter().map(|input| input.name));
            Refusal::new("input", format!("`{}` has no input {}; it has {known}", info.name, quoted(name)))
        })?;
        inputs[place] = Some((array, Rounded::new(name, array)?));
    }
    Ok(inputs)
}

/// The parameters in the loss's order; NaN where not given.
fn params(info: &LossInfo, options: &[(String, OptionValue)]) -> Result<[f64; MAX_PARAMS], Refusal> {
    let mut params = [f64::NAN; MAX_PARAMS];
    for (name, value) in options {
        let place = info.params.iter().position(|param| param.name == name).filter(|&place| place < MAX_PARAMS);
        let place = place.ok_or_else(|| {
            let known = names(info.params.iter().map(|param| param.name));
            Refusal::new("option", format!("`{}` has no parameter {}; it has {known}", info.name, quoted(name)))
        })?;
        params[place] = encode(&info.params[place], value)?;
    }
    Ok(params)
}

/// A parameter's value as the runtime wants it.
fn encode(param: &ParamInfo, value: &OptionValue) -> Result<f64, Refusal> {
    let wrong = |allowed: String| Err(Refusal::new("param", format!("parameter `{}` is {allowed}", param.name)));
    match (param.kind, value) {
        // NaN would be taken for absent.
        (_, OptionValue::Number(number)) if number.is_nan() => wrong("never NaN".to_owned()),
        (ParamKind::Real | ParamKind::Integer | ParamKind::OneOf(_), OptionValue::Number(number)) => Ok(*number),
        (ParamKind::Real | ParamKind::Integer | ParamKind::OneOf(_), OptionValue::Switch(_) | OptionValue::Word(_)) => {
            wrong("a number".to_owned())
        }
        (ParamKind::Switch, OptionValue::Switch(switch)) => Ok(f64::from(u8::from(*switch))),
        (ParamKind::Switch, OptionValue::Number(number)) if *number == 0.0 || *number == 1.0 => Ok(*number),
        (ParamKind::Switch, OptionValue::Number(_) | OptionValue::Word(_)) => wrong("true or false".to_owned()),
        (ParamKind::Choice(words), OptionValue::Word(word)) if words.contains(&word.as_str()) => {
            Ok(words.iter().take_while(|known| **known != word.as_str()).count() as f64)
        }
        (ParamKind::Choice(words), OptionValue::Word(_) | OptionValue::Number(_) | OptionValue::Switch(_)) => {
            wrong(format!("one of {}", names(words.iter().copied())))
        }
    }
}

fn upstream<'u, T: Element>(
    array: &CaseArray,
    rounded: &'u Rounded<T>,
    reduction: Reduction<'_>,
    expected: &[usize],
) -> Result<Upstream<'u, T>, Refusal> {
    if array.shape != expected {
        let found = &array.shape;
        return Err(Refusal::new(
            "shape",
            format!("the upstream gradient has shape {found:?}; the value has {expected:?}"),
        ));
    }
    match (rounded.floats(), reduction) {
        (None, _) => Err(Refusal::new("input", "the upstream gradient is of floats")),
        (Some(each), Reduction::None) => Ok(Upstream::Each(each)),
        (Some(each), Reduction::Sum | Reduction::Named(_)) => match each {
            [one] => Ok(Upstream::Scalar(*one)),
            _ => Err(Refusal::new("shape", "the upstream gradient of a reduced value is one number")),
        },
    }
}

fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(", ") }
}
