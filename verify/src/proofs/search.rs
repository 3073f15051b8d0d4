//! Counterexamples: plain numbers at which a claim fails by the oracle's arithmetic, beyond any rounding.

use std::cell::RefCell;
use std::collections::HashMap;

use loss_codegen::expr::{Expr, ExprId, InputId, ParamId, Unary};
use loss_codegen::model::{Label, Variant};
use loss_codegen::rewrite::rewrite;

use crate::oracle::Oracle;

use super::counterexample::{Order, seen};
use super::knots::Knot;
use super::properties::Property;
use super::prover::Prover;
use super::scene::{Scene, Told, told};
use loss_codegen::property::Property as Kind;

/// So many scenes are tried.
const MOST: u64 = 1500;
/// Numbers that are tried for inputs without bounds.
const REALS: [f64; 20] = [
    0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.25, -0.25, 0.125, -0.125, 3.0, -3.0, 1.25, -1.25, 10.0, -10.0, 100.0,
    -100.0, 1000.0,
];
/// How far the second argument of a pair is from the first.
const STEPS: [f64; 12] = [
    0.25,
    -0.25,
    1.0,
    -1.0,
    0.001953125,
    -0.001953125,
    4.0,
    -4.0,
    0.000030517578125,
    -0.000030517578125,
    100.0,
    -100.0,
];
/// The same where far away tells more: that a loss rises like a parabola, however flat, and not like a line.
const FAR_STEPS: [f64; 12] = [0.25, -0.25, 1.0, -1.0, 0.001953125, -0.001953125, 4.0, -4.0, 1e4, -1e4, 1e8, -1e8];
/// By how much a claim must fail, as a share of the numbers that meet: far more than rounding to `f64` makes of exact numbers.
const CLEARLY: f64 = 1e-9;

/// By how much two sides of a surface must be apart, as a share of one plus their size: far more than the step beside it makes.
const APART: f64 = 1e-3;

/// Numbers in a fixed order that looks like none.
struct Draw(u64);

impl Draw {
    fn next(&mut self, choices: usize) -> usize {
        // Knuth's MMIX generator; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % choices.max(1)
    }

    fn one(&mut self, of: &[f64]) -> f64 {
        of[self.next(of.len())]
    }
}

impl Prover<'_> {
    /// A point at which a property fails, in words; none if none of those tried is one.
    pub(super) fn counterexample(&self, property: &Property<'_>) -> Option<String> {
        let input = property.of.and_then(|name| self.input(name));
        let definition = property.of.filter(|_| property.kind == Kind::EvenIn).and_then(|name| self.negated(name));
        let is_other = |scene: &Scene<'_>, here: &Told| {
            let (variant, negated) = definition.as_ref()?;
            let there = (Prover { spec: self.spec, variant }).number(scene, *negated)?;
            let apart = (there - here.value).abs() > CLEARLY * (1.0 + there.abs());
            apart.then(|| format!("the loss is {}, and {there} for the negative", here.value))
        };
        let asked = input.unwrap_or(InputId(0));
        let draw = RefCell::new(Draw(1));
        (0..MOST).find_map(|_| {
            let mut draw = draw.borrow_mut();
            let scene = self.scene(&mut draw);
            if !scene.is_admitted(&scene.data()) {
                return None;
            }
            let here = told(&scene, asked).filter(|told| told.value.is_finite())?;
            let failure = match definition {
                Some(_) => is_other(&scene, &here)?,
                None => self.fails(property, input, &scene, &here, &mut draw)?,
            };
            Some(format!("at {}: {failure}", scene.words()))
        })
    }

    /// A point of a surface on both sides of which a derivative is another, in words.
    pub(super) fn bend_of_rows(&self, knot: &Knot, inputs: &[InputId], order: Order) -> Option<String> {
        let mut draw = Draw(1);
        (0..MOST).find_map(|_| {
            let scene = self.scene(&mut draw);
            let holds = |condition| scene.condition(condition) == Some(true);
            if !scene.is_admitted(&scene.data()) || !holds(knot.at) || !knot.when.is_none_or(holds) {
                return None;
            }
            inputs.iter().find_map(|&input| {
                let [above, below] = [1.0, -1.0].map(|sign| seen(&scene, input, order, sign));
                let (above, below) = (above?, below?);
                // One side of the surface is not enough: along this input the loss may stay on it.
                ((above - below).abs() > APART * (1.0 + above.abs()))
                    .then(|| format!("it is {below} below and {above} above at {}", scene.words()))
            })
        })
    }

    /// The variant with a further expression: the loss with a definition negated.
    fn negated(&self, name: &str) -> Option<(Variant, ExprId)> {
        let (_, definition) = *self.variant.lets.iter().find(|(other, _)| other == name).as_ref()?;
        let mut variant = self.variant.clone();
        let (loss, mut done) = (variant.loss, HashMap::new());
        rewrite(&mut variant.graph, &[loss], &mut done, &mut |graph, id, expr| {
            let same = if expr == graph.expr(id) { id } else { graph.add(expr) };
            if id == *definition { graph.add(Expr::Unary(Unary::Negate, same)) } else { same }
        });
        let negated = *done.get(&loss)?;
        Some((variant, negated))
    }

    /// Plain numbers for everything.
    fn scene(&self, draw: &mut Draw) -> Scene<'_> {
        let mut scene = Scene::empty(self);
        for (place, param) in self.spec.params.iter().enumerate() {
            if !param.is_static() && draw.next(2) == 0 {
                scene.set_param(ParamId(place as u8), draw.one(&[0.5, 1.0, 2.0, 0.0, 0.25, 3.0]));
            }
        }
        for (place, input) in self.spec.inputs.iter().enumerate() {
            let id = InputId(place as u8);
            if !scene.has(id) {
                continue;
            }
            let len = scene.len(id);
            let choices: &[f64] = match input.label {
                Label::Real => &REALS,
                Label::Nonnegative | Label::Count => &[0.0, 1.0, 2.0, 3.0, 10.0],
                Label::Positive => &[1.0, 0.5, 2.0, 10.0],
                Label::Probability => &[0.0, 1.0, 0.5, 0.25],
                Label::Binary | Label::MultiHot(_) | Label::Flag => &[0.0, 1.0],
                Label::Sign => &[1.0, -1.0],
                Label::ClassIndex(_) => &[0.0, 1.0, 2.0],
                Label::Group | Label::IndexList(_) => &[0.0],
                Label::Simplex(_) => &[0.25],
            };
            let mut numbers: Vec<f64> = (0..len).map(|_| draw.one(choices)).collect();
            if let (Label::Simplex(_), Some(first)) = (input.label, numbers.first_mut()) {
                *first = 1.0 - 0.25 * (len - 1) as f64;
            }
            scene.set_input(id, numbers);
        }
        scene.fill();
        scene
    }

    fn fails(
        &self,
        property: &Property<'_>,
        input: Option<InputId>,
        scene: &Scene<'_>,
        here: &Told,
        draw: &mut Draw,
    ) -> Option<String> {
        let number = |which: usize| self.number(scene, *property.formulas.get(which)?);
        match property.kind {
            Kind::Nonnegative => {
                let speaks = scene.condition(*property.formulas.first()?)?;
                (speaks && here.value < -CLEARLY).then(|| format!("the loss is {}", here.value))
            }
            Kind::ZeroIff => {
                let claimed = scene.condition(*property.formulas.first()?)?;
                let far = here.value.abs() > CLEARLY;
                let fails = if claimed { far } else { here.is_zero };
                fails.then(|| format!("the loss is {}", here.value))
            }
            Kind::Bounded => {
                let (low, high) = (number(0)?, number(1)?);
                let slack = |bound: f64| if bound.is_finite() { CLEARLY * (1.0 + bound.abs()) } else { 0.0 };
                let outside = here.value < low - slack(low) || here.value > high + slack(high);
                outside.then(|| format!("the loss is {}, outside {low} to {high}", here.value))
            }
            Kind::EvenIn | Kind::OddIn | Kind::HomogeneousIn | Kind::ScaleInvariantIn | Kind::ShiftInvariantIn => {
                let input = input?;
                if property.kind == Kind::ScaleInvariantIn && !scene.condition(*property.formulas.first()?)? {
                    return None;
                }
                let mut other = scene.clone();
                let numbers = scene.input(input).iter();
                let (numbers, factor): (Vec<f64>, f64) = if property.kind == Kind::EvenIn {
                    (numbers.map(|number| -number).collect(), 1.0)
                } else if property.kind == Kind::OddIn {
                    (numbers.map(|number| -number).collect(), -1.0)
                } else if property.kind == Kind::HomogeneousIn {
                    (numbers.map(|number| 2.0 * number).collect(), 2.0_f64.powf(number(0)?))
                } else if property.kind == Kind::ScaleInvariantIn {
                    (numbers.map(|number| 2.0 * number).collect(), 1.0)
                } else {
                    (numbers.map(|number| number + 3.0).collect(), 1.0)
                };
                other.set_input(input, numbers);
                let there = self.told_within(&other, input)?.value;
                let expected = factor * here.value;
                let apart = (there - expected).abs() > CLEARLY * (1.0 + expected.abs());
                apart.then(|| format!("the loss is {}, and {there} where {}", here.value, other.words()))
            }
            Kind::ConvexIn
            | Kind::StronglyConvexIn
            | Kind::IncreasingIn
            | Kind::DecreasingIn
            | Kind::LipschitzIn
            | Kind::LipschitzSupIn
            | Kind::SmoothIn => {
                let input = input?;
                let steps = if property.kind == Kind::StronglyConvexIn { &FAR_STEPS } else { &STEPS };
                let other = self.beside(scene, input, steps, draw);
                let there = self.told_within(&other, input)?;
                let steps = other.input(input).iter().zip(scene.input(input)).map(|(b, a)| b - a);
                // What other places hold does not matter to the loss of one.
                let steps: Vec<f64> = steps.take(if self.is_pointwise_in(input) { 1 } else { usize::MAX }).collect();
                let words = other.words();
                self.fails_between(property.kind, number(0), here, &there, &steps)
                    .map(|what| format!("{what} ({words})"))
            }
            Kind::SymmetricIn | Kind::AntisymmetricIn => {
                let (a, b) = input.zip(self.input(property.and?))?;
                let mut other = scene.clone();
                other.set_input(a, scene.input(b).to_vec());
                other.set_input(b, scene.input(a).to_vec());
                let there = self.told_within(&other, a)?.value;
                let expected = if property.kind == Kind::SymmetricIn { here.value } else { -here.value };
                let apart = (there - expected).abs() > CLEARLY * (1.0 + expected.abs());
                apart.then(|| format!("the loss is {}, and {there} where {}", here.value, other.words()))
            }
            Kind::GradientSumsToZeroIn
            | Kind::PermutationEquivariant
            | Kind::Through
            | Kind::Asymptotes
            | Kind::ProperIn => None,
        }
    }

    fn fails_between(
        &self,
        property: Kind,
        bound: Option<f64>,
        here: &Told,
        there: &Told,
        steps: &[f64],
    ) -> Option<String> {
        let length = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|n| n * n).sum::<f64>().sqrt();
        let distance = length(&mut steps.iter().copied());
        let rise = there.value - here.value;
        let size = 1.0 + here.value.abs() + there.value.abs();
        if matches!(property, Kind::ConvexIn | Kind::StronglyConvexIn) {
            let curvature = bound.unwrap_or(0.0);
            let tangent: f64 = here.gradient.iter().zip(steps).map(|(slope, step)| slope * step).sum();
            let least = tangent + 0.5 * curvature * distance * distance;
            let bend = if curvature == 0.0 { "its tangent" } else { "its tangent and the declared curvature" };
            return (rise < least - CLEARLY * (size + least.abs()))
                .then(|| format!("the loss rises by {rise} to the other point, and {bend} by {least}"));
        }
        if matches!(property, Kind::IncreasingIn | Kind::DecreasingIn) {
            let sign = if property == Kind::IncreasingIn { 1.0 } else { -1.0 };
            let grows = steps.iter().all(|step| *step >= 0.0);
            return (grows && sign * rise < -CLEARLY * size)
                .then(|| format!("the loss changes by {rise} to the other point"));
        }
        let distance = if property == Kind::LipschitzSupIn {
            steps.iter().fold(0.0_f64, |largest, step| largest.max(step.abs()))
        } else {
            distance
        };
        let allowed = bound.filter(|bound| bound.is_finite())? * distance;
        if matches!(property, Kind::LipschitzIn | Kind::LipschitzSupIn) {
            return (rise.abs() > allowed + CLEARLY * (size + allowed.abs()))
                .then(|| format!("the loss changes by {rise} to the other point, and may by {allowed}"));
        }
        let change = length(&mut here.gradient.iter().zip(&there.gradient).map(|(a, b)| b - a));
        let size = 1.0 + length(&mut here.gradient.iter().copied());
        (change > allowed + CLEARLY * (size + allowed.abs()) && change.is_finite())
            .then(|| format!("the gradient changes by {change} to the other point, and may by {allowed}"))
    }

    /// The same scene with an input moved, for a loss of one place everywhere alike.
    fn beside<'s>(&self, scene: &Scene<'s>, input: InputId, steps: &[f64], draw: &mut Draw) -> Scene<'s> {
        let mut other = scene.clone();
        if self.is_pointwise_in(input) {
            // Across the place where the input equals another, or a little further.
            other.move_input(input, draw.one(steps));
        } else {
            let moved = scene.input(input).iter().map(|number| number + draw.one(steps)).collect();
            other.set_input(input, moved);
        }
        other
    }

    fn told_within(&self, scene: &Scene<'_>, input: InputId) -> Option<Told> {
        if !scene.is_admitted(&scene.data()) {
            return None;
        }
        told(scene, input).filter(|told| told.value.is_finite())
    }

    fn number(&self, scene: &Scene<'_>, id: ExprId) -> Option<f64> {
        let data = scene.data();
        let oracle = Oracle::new(self.spec, self.variant, &data).ok()?;
        oracle.expression(id, &[]).ok().map(|outcome| outcome.value.to_f64())
    }
}
