//! The points that are tried.

use std::collections::BTreeSet;

use crate::evaluate::{Evaluator, Point, default_params};
use crate::expr::AxisId;
use crate::model::{Input, Label, Spec, Variant};

/// The places of the second axis.
const EXTENT: usize = 2;

/// What is tried of any real number: where formulas bend and where they are worth nothing or one.
const REALS: [f64; 7] = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0];

/// So many points of one row that meet every declared condition; none of a spec that needs more than a row and one axis.
pub(super) fn points(spec: &Spec, variant: &Variant, most: usize) -> Vec<Point> {
    default_params(spec, variant).map_or(Vec::new(), |params| points_with(spec, variant, &params, most))
}

/// The same with these parameters.
pub(in crate::check) fn points_with(spec: &Spec, variant: &Variant, params: &[f64], most: usize) -> Vec<Point> {
    let is_simple = spec.axes.len() <= 2 && !spec.inputs.iter().any(|input| matches!(input.label, Label::IndexList(_)));
    if !is_simple {
        return Vec::new();
    }
    let choices: Vec<Vec<Vec<f64>>> = (spec.inputs.iter().zip(&variant.key.inputs_present))
        .map(|(input, &present)| if present { rows(input, params) } else { vec![Vec::new()] })
        .collect();
    let count = choices.iter().fold(1_usize, |product, rows| product.saturating_mul(rows.len()));
    // Where there are too many, a stride that is prime to most counts goes through all of each input's rows.
    let stride = if count <= most { 1 } else { 1_000_003 };
    let all = (0..count.min(most)).map(|turn| {
        let mut rest = turn.wrapping_mul(stride) % count;
        let inputs = choices.iter().map(|rows| {
            let row = rows[rest % rows.len()].clone();
            rest /= rows.len();
            row
        });
        Point { inputs: inputs.collect(), params: params.to_vec(), extent: EXTENT }
    });
    all.filter(|point| is_admitted(variant, point)).collect()
}

/// The rows that are tried of an input: one number, or one for each place of the second axis.
fn rows(input: &Input, params: &[f64]) -> Vec<Vec<f64>> {
    if let Label::Simplex(_) = input.label {
        return vec![vec![1.0, 0.0], vec![0.0, 1.0], vec![0.5, 0.5], vec![0.25, 0.75]];
    }
    let numbers: Vec<f64> = match input.label {
        Label::Real => {
            // Where a parameter says that a formula bends is where it may jump.
            let named = params.iter().copied().filter(|param| param.is_finite() && param.abs() <= 16.0);
            let named = named.flat_map(|param| [param, -param]).filter(|&param| (param * 1024.0).fract() == 0.0);
            REALS.into_iter().chain(named.filter(|param| !REALS.contains(param))).collect()
        }
        Label::Nonnegative => vec![0.0, 0.25, 1.0, 3.0],
        Label::Positive => vec![0.25, 1.0, 3.0],
        Label::Probability => vec![0.0, 0.25, 0.5, 1.0],
        Label::Binary | Label::MultiHot(_) | Label::Flag | Label::ClassIndex(_) | Label::Group => vec![0.0, 1.0],
        Label::Sign => vec![1.0, -1.0],
        Label::Count => vec![0.0, 1.0, 2.0],
        Label::Simplex(_) | Label::IndexList(_) => Vec::new(),
    };
    if input.axes.iter().all(|&axis| axis == AxisId::ROWS) {
        return numbers.into_iter().map(|number| vec![number]).collect();
    }
    numbers.iter().flat_map(|&first| numbers.iter().map(move |&second| vec![first, second])).collect()
}

/// Whether the numbers surely meet the conditions on the inputs.
fn is_admitted(variant: &Variant, point: &Point) -> bool {
    let slopes = BTreeSet::new();
    variant.input_domains.iter().zip(&point.inputs).all(|(domain, values)| {
        let Some(domain) = domain.filter(|_| !values.is_empty()) else { return true };
        let mut evaluator = Evaluator::new(&variant.graph, point, &slopes);
        (0..point.extent).all(|place| evaluator.at(domain, place).is_some_and(|truth| truth.number == 1.0))
    })
}
