//! What is varied and what is fixed, chosen from nothing but what a spec says of its inputs.

use std::collections::BTreeSet;

use crate::compile::Compiled;
use crate::evaluate::number::text;
use crate::evaluate::{Evaluator, Point, default_params};
use crate::expr::{AxisId, Expr, InputId};
use crate::model::{Input, Label, ParamKind, Spec, Variant};
use crate::rewrite::reachable;

/// How far to both sides a curve goes at least.
const REACH: f64 = 3.0;
/// How much further than its outermost knot it goes.
const BEYOND: f64 = 1.5;
/// The places of the second axis of a loss that reads a whole row.
const EXTENT: usize = 2;
/// What is tried for a number, until the condition on it is met. One such as `0 <= target` is met by 0, where most losses
/// say little.
const TRIED: [f64; 5] = [1.0, 0.5, 0.25, 0.0, -1.0];

/// A line through the inputs.
pub(super) struct Scene<'s> {
    spec: &'s Spec,
    variant: &'s Variant,
    /// The input whose first number varies.
    pub(super) over: InputId,
    params: Vec<f64>,
    extent: usize,
    /// What the other numbers of that input are.
    rest: f64,
    /// What is the same on all lines, in words.
    pub(super) fixed: Vec<String>,
    pub(super) settings: Vec<Setting>,
}

/// What the inputs but one are.
pub(super) struct Setting {
    /// What is special to it, in words.
    pub(super) words: String,
    inputs: Vec<Vec<f64>>,
}

/// The variant of a call that gives nothing but what it must.
pub(super) fn default_variant(compiled: &Compiled) -> Option<&Variant> {
    let spec = &compiled.spec;
    compiled.variants.iter().find(|variant| {
        let key = &variant.key;
        let inputs =
            spec.inputs.iter().zip(&key.inputs_present).all(|(input, &present)| present != input.may_be_absent());
        let params = spec.params.iter().zip(&key.params_present).all(|(param, &present)| present != param.optional);
        let statics = spec.params.iter().zip(&key.statics).all(|(param, fixed)| match (&param.default, fixed) {
            (Some(default), Some(fixed)) => default == fixed,
            // Without a default, the first one.
            (None, Some(fixed)) => match &param.kind {
                ParamKind::StaticInteger(values) => {
                    values.first().is_some_and(|&first| param.encode(fixed) == first as f64)
                }
                ParamKind::Switch | ParamKind::Choice(_) => param.encode(fixed) == 0.0,
                ParamKind::Real | ParamKind::Integer => true,
            },
            (Some(_) | None, None) => true,
        });
        inputs && params && statics
    })
}

impl<'s> Scene<'s> {
    /// The lines of a variant; none if it reads more than a row, or no numbers meet its conditions.
    pub(super) fn new(spec: &'s Spec, variant: &'s Variant) -> Option<Self> {
        let has_list = spec.inputs.iter().any(|input| matches!(input.label, Label::IndexList(_)));
        if spec.axes.len() > 2 || has_list {
            return None;
        }
        let is_present = |place: usize| variant.key.inputs_present[place];
        let over = (0..spec.inputs.len()).find(|&place| spec.inputs[place].has_row_gradients() && is_present(place))?;
        let reads_rows = reachable(&variant.graph, [variant.loss]).into_iter().any(|id| {
            matches!(variant.graph.expr(id), Expr::Reduce { .. } | Expr::Pick { .. } | Expr::Index(_) | Expr::Size(_))
        });
        let extent = if reads_rows { EXTENT } else { 1 };
        let is_vector =
            |input: &Input| extent > 1 && has_second_axis(input) && !matches!(input.label, Label::Simplex(_));
        // A vector beside another one must not be parallel to it, or only its sign would count.
        let others = spec.inputs.iter().enumerate().filter(|(place, _)| *place != over && is_present(*place));
        let rest = if others.clone().any(|(_, input)| is_vector(input)) { 1.0 } else { 0.0 };
        let mut scene = Scene {
            spec,
            variant,
            over: InputId(over as u8),
            params: default_params(spec, variant)?,
            extent,
            rest,
            fixed: Vec::new(),
            settings: vec![Setting { words: String::new(), inputs: vec![Vec::new(); spec.inputs.len()] }],
        };
        for (place, input) in others.clone() {
            let choices = scene.choices(place, input)?;
            // The first input of which several are told apart has a curve for each.
            let choices = if scene.settings.len() > 1 { choices[..1].to_vec() } else { choices };
            scene.give(place, &choices);
        }
        let numbers = spec
            .params
            .iter()
            .zip(&scene.params)
            .filter(|(param, number)| !number.is_nan() && matches!(param.kind, ParamKind::Real));
        let numbers: Vec<String> =
            numbers.map(|(param, &number)| format!("{} = {}", param.name, number_text(number))).collect();
        scene.fixed.extend(numbers);
        if extent > 1 {
            let mut row = vec!["x".to_owned()];
            row.resize(extent, number_text(rest));
            scene.fixed.insert(0, format!("{} = [{}]", spec.inputs[over].name, row.join(", ")));
        }
        Some(scene)
    }

    /// What varies, in words.
    pub(super) fn over_text(&self) -> String {
        if self.extent > 1 { "x".to_owned() } else { self.spec.inputs[usize::from(self.over.0)].name.clone() }
    }

    /// A point of a line; none outside the declared domain.
    pub(super) fn point(&self, setting: &Setting, x: f64) -> Option<Point> {
        let point = self.unchecked(setting, x);
        let slopes = BTreeSet::new();
        let mut evaluator = Evaluator::new(&self.variant.graph, &point, &slopes);
        let is_met = (self.variant.input_domains.iter().flatten()).all(|&domain| {
            (0..self.extent).all(|place| evaluator.at(domain, place).is_some_and(|truth| truth.number == 1.0))
        });
        is_met.then_some(point)
    }

    fn unchecked(&self, setting: &Setting, x: f64) -> Point {
        let over = usize::from(self.over.0);
        let mut inputs = setting.inputs.clone();
        inputs[over] = vec![x];
        if has_second_axis(&self.spec.inputs[over]) {
            inputs[over].resize(self.extent, self.rest);
        }
        Point { inputs, params: self.params.clone(), extent: self.extent }
    }

    /// The ends of the lines, given where their knots are.
    pub(super) fn range(&self, knots: impl Iterator<Item = f64>) -> (f64, f64) {
        let reach = knots.fold(REACH, |reach, knot| reach.max(BEYOND * knot.abs())).ceil();
        match self.spec.inputs[usize::from(self.over.0)].label {
            Label::Nonnegative | Label::Positive | Label::Count => (0.0, reach),
            Label::Probability | Label::Binary | Label::MultiHot(_) | Label::Simplex(_) => (0.0, 1.0),
            Label::Real | Label::Sign | Label::Flag | Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => {
                (-reach, reach)
            }
        }
    }

    /// What an input is on the lines: a row for each.
    fn choices(&self, place: usize, input: &Input) -> Option<Vec<Vec<f64>>> {
        let numbers: &[f64] = match input.label {
            Label::Real => return self.admitted(place, input).map(|row| vec![row]),
            Label::Nonnegative | Label::Positive => &[1.0],
            Label::Probability | Label::Binary | Label::MultiHot(_) | Label::Flag => &[1.0, 0.0],
            Label::Sign => &[1.0, -1.0],
            Label::Count => &[1.0, 3.0],
            Label::ClassIndex(_) => &[0.0, 1.0],
            Label::Simplex(_) => return Some(vec![vec![1.0, 0.0], vec![0.5, 0.5]]),
            Label::Group => &[0.0],
            Label::IndexList(_) => return None,
        };
        let extent = if has_second_axis(input) { self.extent } else { 1 };
        Some(numbers.iter().map(|&number| vec![number; extent]).collect())
    }

    /// A number, or a vector, of an input that holds any, but for its condition.
    fn admitted(&self, place: usize, input: &Input) -> Option<Vec<f64>> {
        if self.extent > 1 && has_second_axis(input) {
            let mut row = vec![0.0; self.extent];
            row[0] = 1.0;
            return Some(row);
        }
        let Some(domain) = self.variant.input_domains[place] else { return Some(vec![0.0]) };
        let fits = |number: &f64| {
            let mut inputs = vec![Vec::new(); self.spec.inputs.len()];
            inputs[place] = vec![*number];
            let point = Point { inputs, params: self.params.clone(), extent: self.extent };
            let slopes = BTreeSet::new();
            let mut evaluator = Evaluator::new(&self.variant.graph, &point, &slopes);
            evaluator.at(domain, 0).is_some_and(|truth| truth.number == 1.0)
        };
        TRIED.into_iter().find(fits).map(|number| vec![number])
    }

    fn give(&mut self, place: usize, choices: &[Vec<f64>]) {
        let input = &self.spec.inputs[place];
        let words = |row: &[f64]| format!("{} = {}", input.name, row_text(input, row));
        if let [only] = choices {
            self.fixed.push(words(only));
            self.settings.iter_mut().for_each(|setting| setting.inputs[place] = only.clone());
            return;
        }
        let base = self.settings[0].inputs.clone();
        self.settings = (choices.iter())
            .map(|row| {
                let mut inputs = base.clone();
                inputs[place] = row.clone();
                Setting { words: words(row), inputs }
            })
            .collect();
    }
}

fn has_second_axis(input: &Input) -> bool {
    input.axes.iter().any(|&axis| axis != AxisId::ROWS)
}

fn row_text(input: &Input, row: &[f64]) -> String {
    let one = |number: &f64| {
        if input.label == Label::Flag { (*number == 1.0).to_string() } else { number_text(*number) }
    };
    match row {
        [number] => one(number),
        numbers => format!("[{}]", numbers.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

/// A number with as many digits as one reads, and with an exponent where it is tiny or huge.
fn number_text(number: f64) -> String {
    let plain = text(number);
    if plain.len() > 8 { format!("{number:e}") } else { plain }
}
