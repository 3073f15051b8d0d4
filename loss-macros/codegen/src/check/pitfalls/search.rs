//! The points that are tried.

use std::collections::BTreeSet;

use crate::check::settings::ends;
use crate::evaluate::{Evaluator, Point};
use crate::expr::{AxisId, Constant, Expr, InputId};
use crate::model::{Input, Label, Spec, Variant};
use crate::resolve::inputs::holds_number;
use crate::rewrite::reachable;

/// The places of the second axis.
const EXTENT: usize = 2;

/// What is tried of any real number: where formulas bend and where they are worth nothing or one.
const REALS: [f64; 7] = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0];

/// So many points of one row, with these parameters, that meet every declared condition; none of a spec that needs more than a row and one
/// axis.
pub(in crate::check) fn points(spec: &Spec, variant: &Variant, params: &[f64], most: usize) -> Vec<Point> {
    if spec.axes.len() > 2 {
        return Vec::new();
    }
    let named = numbers_named(variant, params);
    let choices: Vec<Vec<Vec<f64>>> = (spec.inputs.iter().zip(&variant.key.inputs_present).enumerate())
        .map(|(place, (input, &present))| {
            let ends = ends_of(variant, place, params);
            if present { rows(input, &named, &ends) } else { vec![Vec::new()] }
        })
        .collect();
    let count = choices.iter().fold(1_usize, |product, rows| product.saturating_mul(rows.len()));
    // Where there are too many, a stride that is prime to most counts goes through all of each input's rows.
    let stride = if count <= most { 1 } else { 1_000_003 };
    let all = (0..count.min(most)).map(|turn| {
        let mut rest = turn.wrapping_mul(stride);
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
fn rows(input: &Input, named: &[f64], ends: &[f64]) -> Vec<Vec<f64>> {
    if let Label::Simplex(_) = input.label {
        return vec![vec![1.0, 0.0], vec![0.0, 1.0], vec![0.5, 0.5], vec![0.25, 0.75]];
    }
    let mut numbers: Vec<f64> = match input.label {
        Label::Real => REALS.into_iter().chain(named.iter().copied()).collect(),
        Label::Nonnegative => vec![0.0, 0.25, 1.0, 3.0],
        Label::Positive => vec![0.25, 1.0, 3.0],
        Label::Probability => vec![0.0, 0.25, 0.5, 1.0],
        Label::Binary | Label::MultiHot(_) | Label::Flag | Label::ClassIndex(_) | Label::Group => vec![0.0, 1.0],
        Label::Sign => vec![1.0, -1.0],
        Label::Count => vec![0.0, 1.0, 2.0],
        // A list has an axis of its own beside that of its label: there are no points of such a spec.
        Label::Simplex(_) | Label::IndexList(_) => Vec::new(),
    };
    let is_quantity = matches!(input.label, Label::Real | Label::Nonnegative | Label::Positive | Label::Probability);
    for &end in ends.iter().filter(|_| is_quantity) {
        if !numbers.contains(&end) && holds_number(input.label, end) {
            numbers.push(end);
        }
    }
    if input.axes.iter().all(|&axis| axis == AxisId::ROWS) {
        return numbers.into_iter().map(|number| vec![number]).collect();
    }
    numbers.iter().flat_map(|&first| numbers.iter().map(move |&second| vec![first, second])).collect()
}

/// Where a formula bends is where it may jump: the numbers of its parameters, and those that it compares with.
fn numbers_named(variant: &Variant, params: &[f64]) -> Vec<f64> {
    let graph = &variant.graph;
    let sides = reachable(graph, [variant.loss])
        .into_iter()
        .flat_map(|id| if let Expr::Compare(_, x, y) = graph.expr(id) { vec![x, y] } else { Vec::new() });
    let compared = sides.filter_map(|side| graph.constant(side));
    let mut named = Vec::new();
    for number in params.iter().copied().chain(compared.map(Constant::to_f64)) {
        let is_simple = number.abs() <= 16.0 && (number * 1024.0).fract() == 0.0;
        for number in [number, -number].into_iter().filter(|_| is_simple) {
            if !REALS.iter().chain(&named).any(|&known| known == number) {
                named.push(number);
            }
        }
    }
    named
}

/// The ends of an input's domain.
fn ends_of(variant: &Variant, place: usize, params: &[f64]) -> Vec<f64> {
    let Some(domain) = variant.input_domains[place] else { return Vec::new() };
    let none = vec![Vec::new(); variant.input_domains.len()];
    let point = Point { inputs: none, params: params.to_vec(), extent: EXTENT };
    ends(&variant.graph, domain, Expr::Input(InputId(place as u8)), &point)
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
