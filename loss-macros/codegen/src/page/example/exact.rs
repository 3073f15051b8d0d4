//! Whether rounding has no part in an example.

use std::collections::BTreeSet;

use crate::compile::Compiled;
use crate::document::{Data, ExampleEntry};
use crate::evaluate::{Evaluator, Point, default_params};
use crate::model::{ParamValue, Spec, Variant};

use super::Array;

/// Whether each element of an example is computed without rounding. Only examples whose inputs have as many numbers each, one for an
/// element, are looked at.
pub(super) fn is_exact(compiled: &Compiled, example: &ExampleEntry) -> bool {
    let spec = &compiled.spec;
    compiled.variants.iter().find(|variant| picks(spec, variant, example)).is_some_and(|variant| {
        points(spec, variant, example).is_some_and(|points| {
            let slopes = BTreeSet::new();
            points.iter().all(|point| {
                let value = Evaluator::new(&variant.graph, point, &slopes).at(variant.loss, 0);
                value.is_some_and(|value| value.is_exact)
            })
        })
    })
}

fn given<'e>(example: &'e ExampleEntry, name: &str) -> Option<&'e Data> {
    example.given.iter().find(|(given, _)| given.value == name).map(|(_, data)| data)
}

/// Whether the example's call is one of this variant.
fn picks(spec: &Spec, variant: &Variant, example: &ExampleEntry) -> bool {
    let key = &variant.key;
    let mut inputs = spec.inputs.iter().zip(&key.inputs_present);
    let mut optional = spec.params.iter().zip(&key.params_present).filter(|(param, _)| param.optional);
    let mut params = spec.params.iter().zip(&key.statics);
    inputs.all(|(input, &present)| given(example, &input.name).is_some() == present)
        && optional.all(|(param, &present)| given(example, &param.name).is_some() == present)
        && params.all(|(param, fixed)| match (fixed, given(example, &param.name)) {
            (None, _) => true,
            (Some(fixed), None) => param.default.as_ref() == Some(fixed),
            (Some(ParamValue::Switch(on)), Some(Data::Boolean(given))) => *on == given.value,
            (Some(ParamValue::Word(word)), Some(Data::Word(given))) => *word == given.value,
            (Some(ParamValue::Number(number)), Some(Data::Number(given))) => given.value.parse() == Ok(number.to_f64()),
            (Some(ParamValue::Switch(_) | ParamValue::Word(_) | ParamValue::Number(_)), Some(_)) => false,
        })
}

/// A point for each element.
fn points(spec: &Spec, variant: &Variant, example: &ExampleEntry) -> Option<Vec<Point>> {
    let mut params = default_params(spec, variant)?;
    for (param, value) in spec.params.iter().zip(&mut params) {
        if let Some(Data::Number(text)) = given(example, &param.name) {
            *value = text.value.parse().ok()?;
        }
    }
    let mut count = None;
    let mut columns = Vec::new();
    for input in &spec.inputs {
        let Some(data) = given(example, &input.name) else {
            columns.push(Vec::new());
            continue;
        };
        let number = |text: &&str| match *text {
            "true" => Some(1.0),
            "false" => Some(0.0),
            text => text.parse().ok(),
        };
        let column = Array::of(data)?.numbers.iter().map(number).collect::<Option<Vec<f64>>>()?;
        if *count.get_or_insert(column.len()) != column.len() {
            return None;
        }
        columns.push(column);
    }
    let point = |place: usize| {
        let inputs = columns.iter().map(|column| column.get(place).map(|&number| vec![number]).unwrap_or_default());
        Point { inputs: inputs.collect(), params: params.clone(), extent: 1 }
    };
    Some((0..count?).map(point).collect())
}
