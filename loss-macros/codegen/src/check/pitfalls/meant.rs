//! Points of the examples whose loss is expected to be NaN: what makes it so is meant.

use crate::check::shapes::{Array, array};
use crate::document::{Data, ExampleEntry};
use crate::evaluate::{Point, default_params};
use crate::expr::Constant;
use crate::model::{Spec, Variant};
use crate::resolve::params::value;

/// One for each row that an example of this variant gives; none of a spec whose rows it does not know how to take apart.
pub(super) fn points(spec: &Spec, variant: &Variant) -> Vec<Point> {
    spec.examples
        .iter()
        .filter(|example| expects_nan(example))
        .flat_map(|example| rows(spec, variant, example))
        .collect()
}

fn expects_nan(example: &ExampleEntry) -> bool {
    let mut waiting: Vec<&Data> = example.expect.values.iter().map(|(_, data)| data).collect();
    while let Some(data) = waiting.pop() {
        match data {
            Data::Number(text) if text.value == "nan" => return true,
            Data::Number(_) | Data::Boolean(_) | Data::Word(_) => {}
            Data::List(parts, _) => waiting.extend(parts),
        }
    }
    false
}

fn rows(spec: &Spec, variant: &Variant, example: &ExampleEntry) -> Vec<Point> {
    let given = |name: &str| example.given.iter().find(|(given, _)| given.value == name).map(|(_, data)| data);
    let Some(params) = params(spec, variant, &given) else { return Vec::new() };
    let mut inputs = Vec::new();
    for (input, &is_present) in spec.inputs.iter().zip(&variant.key.inputs_present) {
        let Some(array) = given(&input.name).map(array).transpose().ok().filter(|array| array.is_some() == is_present)
        else {
            return Vec::new();
        };
        // A dimension for each axis: then they lie in the order of the axes.
        let fits = array.as_ref().is_none_or(|array| array.shape.len() == input.axes.len());
        if !fits || spec.axes.len() > 2 {
            return Vec::new();
        }
        inputs.push((input.is_shared(), array));
    }
    let count = inputs.iter().find_map(|(is_shared, array)| array.as_ref().filter(|_| !is_shared)?.shape.first());
    let row = |place: usize| {
        let values: Option<Vec<Vec<f64>>> =
            inputs.iter().map(|(is_shared, array)| part(*is_shared, array.as_ref(), place)).collect();
        let inputs = values?;
        let extent = inputs.iter().map(Vec::len).max()?;
        Some(Point { inputs, params: params.clone(), extent })
    };
    (0..count.copied().unwrap_or(1)).filter_map(row).collect()
}

/// An input's numbers in a row; none where one is no number.
fn part(is_shared: bool, array: Option<&Array<'_>>, row: usize) -> Option<Vec<f64>> {
    let Some(Array { shape, values }) = array else { return Some(Vec::new()) };
    let (first, length) = match shape.as_slice() {
        _ if is_shared => (0, values.len()),
        [_, inner @ ..] => (row * inner.iter().product::<usize>(), inner.iter().product()),
        [] => (0, values.len()),
    };
    values.get(first..first + length)?.iter().map(|data| number(data)).collect()
}

fn number(data: &Data) -> Option<f64> {
    match data {
        Data::Number(text) => Constant::parse(&text.value).map(Constant::to_f64),
        Data::Boolean(truth) => Some(f64::from(u8::from(truth.value))),
        Data::Word(_) | Data::List(..) => None,
    }
}

/// The parameters of an example; none if it is one of another variant.
fn params<'d>(spec: &Spec, variant: &Variant, given: &impl Fn(&str) -> Option<&'d Data>) -> Option<Vec<f64>> {
    let mut params = default_params(spec, variant)?;
    for (place, param) in spec.params.iter().enumerate() {
        let setting = match given(&param.name) {
            Some(Data::Number(text) | Data::Word(text)) => Some(value(&text.value, &param.kind)?),
            Some(Data::Boolean(truth)) => Some(value(if truth.value { "true" } else { "false" }, &param.kind)?),
            Some(Data::List(..)) => return None,
            None => param.default.clone(),
        };
        let fits = match &variant.key.statics[place] {
            Some(fixed) => setting.as_ref() == Some(fixed),
            None => setting.is_some() == variant.key.params_present[place],
        };
        if !fits {
            return None;
        }
        if let Some(setting) = setting.filter(|_| !param.is_static()) {
            params[place] = param.encode(&setting);
        }
    }
    Some(params)
}
