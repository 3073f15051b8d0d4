//! The declared properties, tested on the compiled kernels.
//!
//! A property over inputs is looked at by a second batch that differs from the first in the one input it speaks of: moved, negated,
//! scaled, shifted, or drawn anew. Bounds and conditions are formulas, and exact.

use loss_codegen::document::PropertyEntry;
use loss_codegen::expr::{Expr, ExprId, Unary};
use loss_codegen::formula::ast::{Ast, AstKind};
use loss_codegen::formula::print::print;
use loss_codegen::model::{Spec, Variant};
use loss_codegen::rewrite::rewrite;
use loss_runtime::info::{Label, LossInfo};

use crate::generators::{Batch, Extents, Random, Values};
use crate::oracle::Oracle;
use crate::oracle::data::Data;
use crate::subject::{Effort, Subject};

use super::claims::{Scope, each_claim, is_per_element, places};
use super::probe::{Found, Probe, find};
use super::sample::Sample;
use super::{Finding, Tally};

/// How far rounding may carry what should hold, as a share of the numbers that meet.
const ROUNDED: f64 = 1e-10;

/// Every property, at every place where it says something.
pub(super) fn properties_hold(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let spec = &compiled.spec;
    if spec.properties.is_empty() {
        return Finding::skipped("the spec declares no property");
    }
    // A property of several inputs is several claims.
    let claims: Vec<Claim<'_>> =
        spec.properties.iter().flat_map(|(name, value)| Claim::all(&name.value, value)).collect();
    let words = claims.iter().map(Claim::words).collect();
    let state = |claim: usize, scope: Scope<'_>| claims[claim].typed(scope);
    each_claim(subject, effort, "properties_hold", compiled, words, state, |claim, typed, at, random, tally| {
        let (Some(typed), Ok(found)) = (typed, find(at.sample.loss, &at.sample.batch, Probe::default())) else {
            return;
        };
        let scene = Scene { spec, sample: at.sample, found: &found, claim: &claims[claim], typed, data: at.data };
        scene.look(random, tally);
    })
}

/// A property, of one input where it speaks of several.
pub(super) struct Claim<'s> {
    pub(super) property: &'s str,
    /// The name of an input, a definition, or an axis.
    pub(super) name: Option<&'s str>,
    pub(super) formulas: Vec<&'s Ast>,
}

impl<'s> Claim<'s> {
    pub(super) fn all(property: &'s str, value: &'s PropertyEntry) -> Vec<Self> {
        match value {
            PropertyEntry::Formula(ast) => vec![Claim { property, name: None, formulas: vec![ast] }],
            PropertyEntry::List(bounds) if property == "bounded" => {
                vec![Claim { property, name: None, formulas: bounds.iter().collect() }]
            }
            PropertyEntry::List(names) => {
                names.iter().map(|ast| Claim { property, name: bare_name(ast), formulas: Vec::new() }).collect()
            }
            PropertyEntry::Map(map) => map
                .iter()
                .map(|(name, ast)| {
                    let formulas = if property == "shift_invariant_in" { Vec::new() } else { vec![ast] };
                    Claim { property, name: Some(&name.value), formulas }
                })
                .collect(),
        }
    }

    pub(super) fn words(&self) -> String {
        let formulas: Vec<String> = self.formulas.iter().map(|ast| print(ast)).collect();
        let name = self.name.map(|name| format!(" {name}")).unwrap_or_default();
        let colon = if formulas.is_empty() { "" } else { ": " };
        format!("{}{name}{colon}{}", self.property, formulas.join(", "))
    }

    fn typed(&self, mut scope: Scope<'_>) -> Option<Typed> {
        let formulas = self.formulas.iter().map(|ast| scope.typed(ast, &[])).collect::<Option<Vec<ExprId>>>()?;
        let definition = self.name.and_then(|name| scope.variant.lets.iter().find(|(other, _)| other == name));
        let negated = definition.map(|(_, id)| *id).map(|id| negated(&mut scope.variant, id));
        Some(Typed { variant: scope.variant, formulas, negated })
    }
}

fn bare_name(ast: &Ast) -> Option<&str> {
    match &ast.kind {
        AstKind::Name(name) => Some(name),
        _ => None,
    }
}

/// A claim's formulas in the graph of a variant.
struct Typed {
    variant: Variant,
    formulas: Vec<ExprId>,
    /// The loss with the definition that the claim names negated.
    negated: Option<ExprId>,
}

fn negated(variant: &mut Variant, definition: ExprId) -> ExprId {
    let mut done = std::collections::HashMap::new();
    let loss = variant.loss;
    rewrite(&mut variant.graph, &[loss], &mut done, &mut |graph, id, expr| {
        // Not simplified: what simplifies away would be compared with itself.
        let same = if expr == graph.expr(id) { id } else { graph.add(expr) };
        if id == definition { graph.add(Expr::Unary(Unary::Negate, same)) } else { same }
    });
    done[&loss]
}

/// A claim, and the batch at which it is looked at.
struct Scene<'s> {
    spec: &'s Spec,
    sample: &'s Sample<'s, f64>,
    found: &'s Found<f64>,
    claim: &'s Claim<'s>,
    typed: &'s Typed,
    data: &'s Data,
}

/// What a second batch gave, and what was done to the first.
struct Other {
    batch: Batch<f64>,
    found: Found<f64>,
}

impl Scene<'_> {
    fn look(&self, random: &mut Random, tally: &mut Tally) {
        match self.claim.property {
            "nonnegative" => self.each_value(tally, |scene, place, value| {
                (scene.condition(place)? && !value.is_nan())
                    .then(|| (value >= 0.0, "a number that is not negative".to_owned()))
            }),
            "zero_iff" => self.each_value(tally, |scene, place, value| {
                let zero = scene.condition(place)?;
                // What underflows is no zero of the loss.
                let is_zero = value == 0.0 && scene.truth(scene.typed.variant.loss, place)? == 0.0;
                (!value.is_nan()).then(|| (is_zero == zero, if zero { "0".to_owned() } else { "not 0".to_owned() }))
            }),
            "bounded" => self.each_value(tally, |scene, place, value| {
                let (low, high) = (scene.formula(0, place)?, scene.formula(1, place)?);
                let slack = |bound: f64| if bound.is_finite() { ROUNDED * bound.abs() } else { 0.0 };
                let inside = value >= low - slack(low) && value <= high + slack(high);
                (!value.is_nan()).then(|| (inside, format!("{low} to {high}")))
            }),
            "even_in" => match self.typed.negated {
                Some(negated) => self.each_value(tally, |scene, place, value| {
                    let there = scene.truth(negated, place)?;
                    let size = scene.largest(place) + there.abs();
                    there.is_finite().then(|| (close(value, there, size), format!("{there:e} for the negative")))
                }),
                None => self.unchanged(self.moved(|number, _| -number), |value| value, tally),
            },
            "homogeneous_in" => {
                let degree = places(self.sample, &self.typed.variant).first().and_then(|place| self.formula(0, place));
                let factor = degree.map_or(f64::NAN, |degree| 2.0_f64.powf(degree));
                self.unchanged(self.moved(|number, _| 2.0 * number), |value| factor * value, tally);
            }
            "shift_invariant_in" => self.unchanged(self.moved(|number, _| number + 3.0), |value| value, tally),
            "permutation_equivariant" => self.permuted(tally),
            "convex_in" => self.above_its_tangent(self.drawn_anew(random), tally),
            "increasing_in" => self.monotone(1.0, tally),
            "decreasing_in" => self.monotone(-1.0, tally),
            "lipschitz_in" => self.slopes(self.found, None, tally),
            "smooth_in" => {
                if let Some(other) = self.drawn_anew(random) {
                    self.slopes(&other.found, Some(&other.batch), tally);
                }
            }
            unknown => tally.fail(unknown, || ("a property that is tested".to_owned(), "one that is not".to_owned())),
        }
    }

    /// Looks at every value. Nothing is said where the claim gives nothing.
    fn each_value(&self, tally: &mut Tally, judge: impl Fn(&Self, &[usize; 2], f64) -> Option<(bool, String)>) {
        for place in places(self.sample, &self.typed.variant) {
            let value = self.found.elements[self.at(&place)];
            if let Some((holds, expected)) = judge(self, &place, value) {
                self.tell(holds, &place, (expected, format!("{value:e}")), tally);
            }
        }
    }

    fn tell(&self, holds: bool, place: &[usize; 2], compared: (String, String), tally: &mut Tally) {
        if holds {
            tally.pass(1);
        } else {
            tally.fail(&format!("{}; at {place:?}; {}", self.claim.words(), self.sample.describe()), || compared);
        }
    }

    /// Where a place's value lies among those of `none`.
    fn at(&self, &[row, place]: &[usize; 2]) -> usize {
        let layout = &self.sample.info.inputs[self.sample.info.layout];
        if is_per_element(&self.typed.variant) {
            self.sample.extents.place(self.sample.info, layout, row, place).unwrap_or(row)
        } else {
            row
        }
    }

    fn truth(&self, id: ExprId, place: &[usize; 2]) -> Option<f64> {
        let oracle = Oracle::new(self.spec, &self.typed.variant, self.data).ok()?;
        let place = &place[..self.spec.axes.len().min(2)];
        oracle.expression(id, place).ok().map(|outcome| outcome.value.to_f64())
    }

    fn formula(&self, which: usize, place: &[usize; 2]) -> Option<f64> {
        self.truth(*self.typed.formulas.get(which)?, place)
    }

    fn condition(&self, place: &[usize; 2]) -> Option<bool> {
        let oracle = Oracle::new(self.spec, &self.typed.variant, self.data).ok()?;
        oracle.condition(*self.typed.formulas.first()?, &place[..self.spec.axes.len().min(2)]).ok()?
    }

    fn input(&self) -> Option<usize> {
        self.sample.info.inputs.iter().position(|input| Some(input.name) == self.claim.name)
    }

    /// The batch with every number of the claim's input changed; none where the loss refuses it.
    fn moved(&self, change: impl Fn(f64, usize) -> f64) -> Option<Other> {
        let mut batch = self.sample.batch.clone();
        let Values::Real(values) = &mut batch.inputs[self.input()?].as_mut()?.values else { return None };
        values.iter_mut().enumerate().for_each(|(place, number)| *number = change(*number, place));
        self.answered(batch)
    }

    /// The batch with the claim's input drawn anew.
    fn drawn_anew(&self, random: &mut Random) -> Option<Other> {
        let input = self.input()?;
        let mut batch = self.sample.batch.clone();
        batch.inputs[input] = self.sample.generator.batch(self.sample.extents, random).inputs[input].clone();
        self.answered(batch)
    }

    fn answered(&self, batch: Batch<f64>) -> Option<Other> {
        let found = find(self.sample.loss, &batch, Probe::default()).ok()?;
        Some(Other { batch, found })
    }

    /// The values of another batch are those of this one, but for what is done to each.
    fn unchanged(&self, other: Option<Other>, change: impl Fn(f64) -> f64, tally: &mut Tally) {
        let Some(other) = other else { return };
        self.each_value(tally, |scene, place, value| {
            let (expected, there) = (change(value), other.found.elements[scene.at(place)]);
            let size = scene.size(&scene.sample.batch, place) + expected.abs();
            (expected.is_finite() && there.is_finite())
                .then(|| (close(expected, there, size), format!("{expected:e}, not {there:e}")))
        });
    }

    /// The largest number that the claim's input holds in a row.
    fn size(&self, batch: &Batch<f64>, place: &[usize; 2]) -> f64 {
        let Some(input) = self.input() else { return 0.0 };
        self.row(batch, input, place[0]).iter().fold(0.0, |size: f64, number| size.max(number.abs()))
    }

    /// The largest number that any input holds in a row.
    fn largest(&self, place: &[usize; 2]) -> f64 {
        let numbers =
            (0..self.sample.info.inputs.len()).flat_map(|input| self.row(&self.sample.batch, input, place[0]));
        numbers.fold(0.0, |size: f64, number| size.max(number.abs()))
    }

    /// The numbers that an input holds in a row.
    fn row(&self, batch: &Batch<f64>, input: usize, row: usize) -> Vec<f64> {
        let values = batch.inputs[input].as_ref().and_then(|column| column.values.reals()).unwrap_or_default();
        self.in_row(values, input, row)
    }

    fn in_row(&self, values: &[f64], input: usize, row: usize) -> Vec<f64> {
        let (info, extents) = (self.sample.info, self.sample.extents);
        let per_row = extents.per_row(info, &info.inputs[input]);
        let place = |along| extents.place(info, &info.inputs[input], row, along).unwrap_or(along);
        (0..per_row).filter_map(|along| values.get(place(along)).copied()).collect()
    }

    /// The claim's input and the gradient with respect to it, at all places that the value at a place depends on.
    fn near(&self, batch: &Batch<f64>, found: &Found<f64>, place: &[usize; 2]) -> Option<(Vec<f64>, Vec<f64>)> {
        let input = self.input()?;
        let numbers = self.row(batch, input, place[0]);
        let gradient = self.in_row(found.gradients[input].as_ref()?, input, place[0]);
        Some(if is_per_element(&self.typed.variant) && numbers.len() > 1 {
            (vec![numbers[place[1]]], vec![gradient[place[1]]])
        } else {
            (numbers, gradient)
        })
    }

    /// A convex loss lies above its tangents.
    fn above_its_tangent(&self, other: Option<Other>, tally: &mut Tally) {
        let Some(other) = other else { return };
        self.each_value(tally, |scene, place, value| {
            let (here, gradient) = scene.near(&scene.sample.batch, scene.found, place)?;
            let (there, _) = scene.near(&other.batch, &other.found, place)?;
            let steps = here.iter().zip(&there).zip(&gradient).map(|((here, there), slope)| slope * (there - here));
            let (rise, size) = steps.fold((0.0, 0.0), |(rise, size), step| (rise + step, size + step.abs()));
            let (tangent, above) = (value + rise, other.found.elements[scene.at(place)]);
            (tangent.is_finite() && above.is_finite()).then(|| {
                let slack = ROUNDED * (value.abs() + above.abs() + size);
                (above >= tangent - slack, format!("{above:e} is at least {tangent:e}"))
            })
        });
    }

    /// A larger number gives no smaller (`sign` 1) or no larger (-1) loss, and the gradient says so.
    fn monotone(&self, sign: f64, tally: &mut Tally) {
        let Some(other) = self.moved(|number, place| number + 0.25 * (1 + place % 3) as f64) else { return };
        self.each_value(tally, |scene, place, value| {
            let (_, gradient) = scene.near(&scene.sample.batch, scene.found, place)?;
            let there = other.found.elements[scene.at(place)];
            let rises = sign * (there - value) >= -ROUNDED * (value.abs() + there.abs());
            let points = gradient.iter().all(|slope| sign * slope >= 0.0 || slope.is_nan());
            (value.is_finite() && there.is_finite())
                .then(|| (rises && points, format!("then {there:e}, with a gradient of {gradient:?}")))
        });
    }

    /// The gradient is no larger than the bound or, beside another batch, changes no faster.
    fn slopes(&self, found: &Found<f64>, batch: Option<&Batch<f64>>, tally: &mut Tally) {
        self.each_value(tally, |scene, place, _| {
            let bound = scene.formula(0, place)?;
            let (here, own) = scene.near(&scene.sample.batch, scene.found, place)?;
            let (change, distance) = match batch {
                None => (length(own.iter().copied()), 1.0),
                Some(batch) => {
                    let (there, other) = scene.near(batch, found, place)?;
                    let change = length(own.iter().zip(&other).map(|(a, b)| a - b));
                    (change, length(here.iter().zip(&there).map(|(a, b)| a - b)))
                }
            };
            let slack =
                ROUNDED * (length(own.iter().copied()) + bound.abs() * (distance + length(here.iter().copied())));
            (!change.is_nan() && distance.is_finite() && bound.is_finite()).then(|| {
                (
                    change <= bound * distance + slack,
                    format!("a gradient within {:e}, not {change:e}", bound * distance),
                )
            })
        });
    }

    /// The places of an axis in another order, labels included.
    fn permuted(&self, tally: &mut Tally) {
        let (info, extents) = (self.sample.info, self.sample.extents);
        let from = |along: usize| (along + 1) % extents.extent;
        let mut batch = self.sample.batch.clone();
        for (input, column) in batch.inputs.iter_mut().enumerate() {
            let Some(column) = column else { continue };
            column.values = permuted(info, extents, input, &column.values, &from);
        }
        let Some(other) = self.answered(batch) else { return };
        // A label may have become the ignored one.
        let dropped = other.batch.dropped_rows(info, extents);
        self.each_value(tally, |scene, place, value| {
            let along = (place[1] + extents.extent - 1) % extents.extent;
            let there = other.found.elements[scene.at(&[place[0], along])];
            let size = scene.largest(place) + value.abs();
            (!dropped[place[0]] && value.is_finite() && there.is_finite())
                .then(|| (close(value, there, size), format!("{value:e}, not {there:e}")))
        });
    }
}

/// An input with place `from(p)` of the second axis at p.
fn permuted(
    info: &LossInfo,
    extents: &Extents,
    input: usize,
    values: &Values<f64>,
    from: &impl Fn(usize) -> usize,
) -> Values<f64> {
    let declared = &info.inputs[input];
    if declared.label == Label::ClassIndex {
        let Values::Whole(labels) = values else { return values.clone() };
        let is_class = |label: i64| (0..extents.extent as i64).contains(&label);
        // Class `from(p)` is now at p.
        let moved = |label: i64| (label + extents.extent as i64 - 1) % extents.extent as i64;
        return Values::Whole(labels.iter().map(|&label| if is_class(label) { moved(label) } else { label }).collect());
    }
    if extents.per_row(info, declared) == 1 {
        return values.clone();
    }
    let rows = if extents.place(info, declared, 0, 0).is_some() { extents.row_count() } else { 1 };
    let place = |row, along| extents.place(info, declared, row, along).unwrap_or(along);
    let mut picks: Vec<usize> = (0..values.len()).collect();
    for row in 0..rows {
        (0..extents.extent).for_each(|along| picks[place(row, along)] = place(row, from(along)));
    }
    values.pick(&picks)
}

fn close(a: f64, b: f64, size: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= ROUNDED * size + f64::MIN_POSITIVE
}

fn length(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.map(|number| number * number).sum::<f64>().sqrt()
}
