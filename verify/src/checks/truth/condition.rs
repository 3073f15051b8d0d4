//! How well conditioned a result is: how far the truth moves when what goes in moves by a unit in its last place. An error of a few such
//! moves is that of the input's own rounding, not of the kernel. The sums over a row that a formula is written with count as numbers that
//! go in: each is rounded once, whoever computes it.

use std::collections::HashMap;

use loss_codegen::expr::{Binary, Constant, Expr, Reducer};
use loss_codegen::model::Variant;
use loss_codegen::rewrite::{reachable, rewrite};
use loss_runtime::Element;

use crate::oracle::call::{CallOutcome, call};
use crate::oracle::data::{Data, Number, Values};
use crate::oracle::real::Real;
use crate::oracle::ulp::Format;

use super::{Judge, Result};

/// How many units each number moves, so that the difference of the two truths is not lost to rounding.
const STEP: f64 = 16.0;

/// The sum of the moves of one result, over every number that goes in.
pub(super) fn spread<T: Element + Format>(judge: &Judge<'_, T>, result: Result) -> f64 {
    let relative = STEP * T::EPSILON.to_f64();
    let Some(here) = truth(judge, judge.data, result) else { return f64::INFINITY };
    let mut total = 0.0;
    let mut moved = judge.data.clone();
    let move_of = |data: &Data| truth(judge, data, result).map_or(0.0, |there| (there - here).abs() / STEP);
    for input in 0..moved.inputs.len() {
        let count = match &judge.data.inputs[input] {
            Some(column) => match &column.values {
                Values::Real(values) => values.len(),
                Values::Condition(_) | Values::Integer(_) => 0,
            },
            None => 0,
        };
        for place in 0..count {
            let Some(original) = swap(&mut moved, input, place, relative) else { continue };
            total += move_of(&moved);
            restore(&mut moved, input, place, original);
        }
    }
    for variant in with_moved_sums(judge.variant, relative) {
        let outcome = call(&judge.compiled.spec, &variant, judge.data, "none", judge.weights).ok();
        if let Some(there) = outcome.and_then(|outcome| pick(&outcome, result)) {
            total += (there - here).abs() / STEP;
        }
    }
    for place in 0..moved.params.len() {
        if let Some(Number::Float(value)) = moved.params[place] {
            moved.params[place] = Some(Number::Float(value * (1.0 + relative)));
            total += move_of(&moved);
            moved.params[place] = Some(Number::Float(value));
        }
    }
    total
}

fn swap(data: &mut Data, input: usize, place: usize, relative: f64) -> Option<f64> {
    match &mut data.inputs[input].as_mut()?.values {
        Values::Real(values) => {
            let original = values[place];
            values[place] = original * (1.0 + relative);
            Some(original)
        }
        Values::Condition(_) | Values::Integer(_) => None,
    }
}

fn restore(data: &mut Data, input: usize, place: usize, original: f64) {
    if let Some(column) = &mut data.inputs[input]
        && let Values::Real(values) = &mut column.values
    {
        values[place] = original;
    }
}

/// One result of a neighbouring batch; none where the oracle cannot tell, or the result is no number.
fn truth<T: Element + Format>(judge: &Judge<'_, T>, data: &Data, result: Result) -> Option<f64> {
    let outcome = call(&judge.compiled.spec, judge.variant, data, "none", judge.weights).ok()?;
    pick(&outcome, result)
}

fn pick(outcome: &CallOutcome, result: Result) -> Option<f64> {
    let real: &Real = match result {
        Result::Value(place) => outcome.values.get(place)?,
        Result::Gradient(input, place) => outcome.gradients.get(input)?.as_ref()?.get(place)?,
    };
    let number = real.to_f64();
    number.is_finite().then_some(number)
}

/// The variant with each of its sums over a row in turn larger by a share.
fn with_moved_sums(variant: &Variant, relative: f64) -> Vec<Variant> {
    let sums = reachable(&variant.graph, [variant.loss])
        .into_iter()
        .filter(|&id| matches!(variant.graph.expr(id), Expr::Reduce { reducer: Reducer::Sum, .. }));
    // Sixteen digits say all that a float can.
    let factor = Constant::decimal(10_i128.pow(16) + (relative * 1e16) as i128, -16);
    sums.map(|sum| {
        let mut moved = variant.clone();
        let mut done = HashMap::new();
        rewrite(&mut moved.graph, &[variant.loss], &mut done, &mut |graph, id, expr| {
            let same = if expr == graph.expr(id) { id } else { graph.add(expr) };
            if id == sum {
                let factor = graph.add(Expr::Constant(factor));
                graph.add(Expr::Binary(Binary::Multiply, same, factor))
            } else {
                same
            }
        });
        moved.loss = done[&variant.loss];
        moved
    })
    .collect()
}
