//! Whether rounding has no part in an example.

use std::collections::BTreeSet;

use crate::compile::Compiled;
use crate::document::ExampleEntry;
use crate::evaluate::{Evaluator, Point, example_params};
use crate::model::Spec;

use super::Array;

/// Whether each element of an example is computed without rounding. Only examples whose inputs have as many numbers each, one for an
/// element, are looked at.
pub(super) fn is_exact(compiled: &Compiled, example: &ExampleEntry) -> bool {
    let spec = &compiled.spec;
    let called = compiled.variants.iter().find_map(|variant| Some((variant, example_params(spec, variant, example)?)));
    let Some((variant, params)) = called else { return false };
    let Some(points) = points(spec, &params, example) else { return false };
    let slopes = BTreeSet::new();
    points.iter().all(|point| {
        let value = Evaluator::new(&variant.graph, point, &slopes).at(variant.loss, 0);
        value.is_some_and(|value| value.is_exact)
    })
}

/// A point for each element.
fn points(spec: &Spec, params: &[f64], example: &ExampleEntry) -> Option<Vec<Point>> {
    let mut count = None;
    let mut columns = Vec::new();
    for input in &spec.inputs {
        let Some(data) = example.data_of(&input.name) else {
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
        Point { inputs: inputs.collect(), params: params.to_vec(), extent: 1 }
    };
    Some((0..count?).map(point).collect())
}
