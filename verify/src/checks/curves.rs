//! Curves of value, gradient and curvature, for the report: what the kernels compute along a line on which one number of one input varies. Also
//! those lines, and the declared knots as expressions that can be evaluated along them.

use std::cmp::Ordering;

use loss_codegen::compile::Compiled;
use loss_codegen::document::{Formula, KnotEntry};
use loss_codegen::elaborate::elaborate_in;
use loss_codegen::expr::{AxisId, Binary, Comparison, Expr, ExprId, Graph, InputId, Type};
use loss_codegen::formula::ast::Ast;
use loss_codegen::formula::print::print;
use loss_codegen::model::Variant;
use loss_runtime::Error;
use loss_runtime::info::LossInfo;

use crate::audit::{FailedInput, Plot, PlotKnot};
use crate::generators::{Batch, Extents, Family, Generator, Random, Setting, Values, settings};
use crate::number::Number;
use crate::oracle::data::{Data, Element};
use crate::oracle::real::Real;
use crate::oracle::{Failure, Oracle};
use crate::subject::{Effort, Subject};

use super::error_curves::error_curves;
use super::probe::{Found, Probe, find};
use super::sample::has_second_axis;
use super::truth::{data_of, variant_of};
use super::{Finding, Tally, tolerance};

/// So many inputs are drawn.
const MOST_INPUTS: usize = 2;
/// So many curves for each.
const MOST_LINES: usize = 4;
/// So many of the curves of the first input come with one of errors.
const MOST_ERROR_LINES: usize = 2;
/// A second derivative beyond this is the difference quotient across a kink.
const STEEPEST: f64 = 1e15;

/// Draws the first inputs with a gradient, for the most telling labels and parameters.
pub(super) fn value_and_gradient_are_drawn(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let info = subject.loss.info();
    let mut tally = Tally::new(subject, effort);
    let mut scenes = Vec::new();
    for generator in bare_generators(subject, &mut tally) {
        match Scene::new(subject, compiled, &generator) {
            Some(scene) => scenes.push((generator, scene)),
            None => {
                tally.fail(&generator.setting().describe(subject.loss), || ("a variant".to_owned(), "none".to_owned()))
            }
        }
    }
    let (mut plots, mut errors) = (Vec::new(), Vec::new());
    let inputs = (0..info.inputs.len()).filter(|&input| info.inputs[input].has_row_gradients());
    for input in inputs.take(MOST_INPUTS) {
        let mut turns: Vec<(usize, &Scene<'_>, String, Line)> = Vec::new();
        for (late, (generator, scene)) in scenes.iter().enumerate() {
            let setting = generator.setting().describe(subject.loss);
            let lines = lines(info, generator, input, &scene.extents, &[0.0]);
            turns.extend(lines.into_iter().enumerate().map(|(at, line)| (late + at, scene, setting.clone(), line)));
        }
        // The first label under the first setting, then others of either in turn.
        turns.sort_by_key(|(turn, ..)| *turn);
        for (turn, (_, scene, setting, line)) in turns.into_iter().take(MOST_LINES).enumerate() {
            if plots.len() == turn && turn < MOST_ERROR_LINES {
                errors.extend(error_curves(subject, effort, scene, &line, &setting));
            }
            let plot = draw(subject, scene, &line, setting, &mut tally);
            plots.extend((!plot.x.is_empty()).then_some(plot));
        }
    }
    let mut finding = tally.finding();
    finding.evidence.plots = plots;
    finding.evidence.error_curves = errors;
    finding
}

/// A generator for each choice of parameters, without the inputs that may be absent, and with the default for a label that is ignored.
pub(super) fn bare_generators(subject: &Subject, tally: &mut Tally) -> Vec<Generator> {
    let info = subject.loss.info();
    let all = settings(subject.loss);
    let ignoring: Vec<usize> = info.inputs.iter().filter_map(|input| input.ignore).collect();
    let mut generators: Vec<Generator> = Vec::new();
    for setting in &all {
        let bits = |params: &[f64]| params.iter().map(|param| param.to_bits()).collect::<Vec<u64>>();
        let known = generators.iter().any(|other| bits(&other.setting().params) == bits(&setting.params));
        let other = ignoring.iter().any(|&param| setting.params[param].to_bits() != all[0].params[param].to_bits());
        if known || other {
            continue;
        }
        let present = info.inputs.iter().map(|input| !input.optional && input.default.is_none()).collect();
        let bare = Setting { params: setting.params.clone(), present };
        let words = bare.describe(subject.loss);
        match Generator::new(subject.loss, bare) {
            Ok(generator) => generators.push(generator),
            Err(refusal) => {
                tally.fail(&format!("a batch with {words}"), || ("an answer".to_owned(), refusal.to_string()))
            }
        }
    }
    generators
}

/// One curve, with its knots.
fn draw(subject: &Subject, scene: &Scene<'_>, line: &Line, setting: String, tally: &mut Tally) -> Plot {
    let mut plot = Plot { title: line.words.clone(), variant: setting, ..Plot::default() };
    let mut signs: Vec<(f64, Vec<Option<Ordering>>)> = Vec::new();
    for x in line.places() {
        let Some((batch, found)) = scene.answer(subject, line, x, tally) else { continue };
        let gradient = found.gradients[line.input].as_ref().and_then(|gradient| gradient.first());
        let (Some(&value), Some(&gradient)) = (found.elements.first(), gradient) else { continue };
        plot.x.push(Number(x));
        plot.value.push(Number(value));
        plot.gradient.push(Number(gradient));
        plot.curvature.push(Number(f64::NAN));
        let data = scene.data(&batch);
        let oracle = match Oracle::new(scene.spec(), &scene.variant, &data) {
            Ok(oracle) => oracle,
            Err(malformed) => {
                tally.fail(&line.words, || ("data that fits the spec".to_owned(), format!("{malformed:?}")));
                continue;
            }
        };
        signs.push((x, scene.surfaces().map(|(_, surface)| sign(&oracle, surface.difference)).collect()));
        let truth = match oracle.loss(&[]) {
            Ok(truth) => truth,
            // Drawn, but not shown to be right.
            Err(Failure::Undecided { .. }) => continue,
            Err(failure) => {
                tally.fail_at(&line.words, ("a truth".to_owned(), failure.to_string()), None, line.failed(x));
                continue;
            }
        };
        if let (Some(last), Ok(curvature)) = (plot.curvature.last_mut(), oracle.curvature(&[], line.element())) {
            last.0 = Some(curvature.to_f64()).filter(|curvature| curvature.abs() < STEEPEST).unwrap_or(f64::NAN);
        }
        let slope = truth.gradient.get(&line.element()).cloned().unwrap_or_else(Real::zero);
        let wrong = [("value", value, truth.value.to_f64()), ("gradient", gradient, slope.to_f64())].into_iter().find(
            |(_, actual, truth)| {
                // Also where the kernel's number is NaN.
                let near = (actual - truth).abs() <= tolerance::DRAWN * (1.0 + truth.abs());
                truth.is_finite() && !near
            },
        );
        match wrong {
            None => tally.pass(1),
            Some((what, actual, truth)) => {
                let what = format!("{what} of {}; {}", line.words, plot.variant);
                tally.fail_at(&what, (format!("{truth:e}"), format!("{actual:e}")), None, line.failed(x));
            }
        }
    }
    plot.knots = marks(scene, line, &signs);
    draw_knots(subject, scene, line, &mut plot, tally);
    plot
}

/// Makes every knot a place of the plot, where value and gradient are those that the kernel chooses, and the curvature has none.
fn draw_knots(subject: &Subject, scene: &Scene<'_>, line: &Line, plot: &mut Plot, tally: &mut Tally) {
    for knot in &plot.knots {
        let x = knot.x.0;
        for (place, curvature) in plot.x.iter().zip(&mut plot.curvature) {
            if (place.0 - x).abs() <= 2.0 * tolerance::DRAWN_KNOT {
                curvature.0 = f64::NAN;
            }
        }
        let at = plot.x.partition_point(|place| place.0 < x);
        if plot.x.get(at).is_some_and(|place| place.0 == x) {
            continue;
        }
        let Some((_, found)) = scene.answer(subject, line, x, tally) else { continue };
        let gradient = found.gradients[line.input].as_ref().and_then(|gradient| gradient.first());
        if let (Some(&value), Some(&gradient)) = (found.elements.first(), gradient) {
            plot.x.insert(at, knot.x);
            plot.value.insert(at, Number(value));
            plot.gradient.insert(at, Number(gradient));
            plot.curvature.insert(at, Number(f64::NAN));
        }
    }
}

/// Where the line crosses the surfaces of the declared knots.
fn marks(scene: &Scene<'_>, line: &Line, signs: &[(f64, Vec<Option<Ordering>>)]) -> Vec<PlotKnot> {
    let mut marks: Vec<PlotKnot> = Vec::new();
    for (at, (knot, surface)) in scene.surfaces().enumerate() {
        let here = |place: usize| signs.get(place).and_then(|(_, signs)| signs[at]);
        let mut found = Vec::new();
        for place in 0..signs.len() {
            let (x, next) = (signs[place].0, here(place + 1));
            match (here(place), next) {
                (Some(Ordering::Equal), _) => {
                    let before = place.checked_sub(1).and_then(here);
                    // A stretch that lies in the surface has no place of its own.
                    if before != Some(Ordering::Equal) && next != Some(Ordering::Equal) {
                        found.push(x);
                    }
                }
                (Some(low), Some(high)) if high == low.reverse() => {
                    found.push(crossing(scene, line, surface, low, (x, signs[place + 1].0)));
                }
                (Some(_) | None, _) => {}
            }
        }
        for x in found {
            let data = scene.data(&line.at(x));
            let Ok(oracle) = Oracle::new(scene.spec(), &scene.variant, &data) else { continue };
            let mut conditions = knot.when.iter().chain(&surface.conditions);
            let label = format!("{} ({})", print(&knot.entry.at), knot.entry.smooth.value);
            let known =
                marks.iter().any(|mark| mark.label == label && (mark.x.0 - x).abs() <= 2.0 * tolerance::DRAWN_KNOT);
            if !known && conditions.all(|&condition| oracle.condition(condition, &[]) == Ok(Some(true))) {
                marks.push(PlotKnot { x: Number(x), label });
            }
        }
    }
    marks.sort_by(|a, b| a.x.0.total_cmp(&b.x.0));
    marks
}

/// The place between two of opposite signs at which a surface is crossed.
fn crossing(scene: &Scene<'_>, line: &Line, surface: &Surface, sign_low: Ordering, ends: (f64, f64)) -> f64 {
    let (mut low, mut high) = ends;
    while high - low > tolerance::DRAWN_KNOT {
        let middle = 0.5 * (low + high);
        let data = scene.data(&line.at(middle));
        let found = Oracle::new(scene.spec(), &scene.variant, &data).ok();
        match found.and_then(|oracle| sign(&oracle, surface.difference)) {
            Some(Ordering::Equal) | None => return middle,
            Some(found) if found == sign_low => low = middle,
            Some(_) => high = middle,
        }
    }
    let middle = 0.5 * (low + high);
    // A place that is a short decimal is written as one.
    let short = (middle * 1e6).round() / 1e6;
    if (short - middle).abs() <= tolerance::DRAWN_KNOT { short } else { middle }
}

fn sign(oracle: &Oracle<'_>, difference: ExprId) -> Option<Ordering> {
    oracle.expression(difference, &[]).ok()?.value.sign().ok()?
}

/// A variant of a spec with its knots, for batches of one row.
pub(super) struct Scene<'s> {
    pub(super) info: &'static LossInfo,
    compiled: &'s Compiled,
    /// Which variant, by its place in the spec's list.
    pub(super) place: usize,
    /// The variant, its graph grown by the knots.
    pub(super) variant: Variant,
    pub(super) knots: Vec<Knot<'s>>,
    pub(super) extents: Extents,
}

/// A declared knot in the graph of a variant in which it may be met.
pub(super) struct Knot<'s> {
    /// Which one, by its place in the spec's list.
    pub(super) place: usize,
    pub(super) entry: &'s KnotEntry,
    pub(super) at: ExprId,
    pub(super) when: Option<ExprId>,
    surfaces: Vec<Surface>,
    /// The declared gradients, by input.
    pub(super) gradient: Vec<(usize, ExprId)>,
}

/// Where two sides of an equation are equal.
struct Surface {
    /// The left side minus the right one.
    difference: ExprId,
    /// What else must hold.
    conditions: Vec<ExprId>,
}

impl<'s> Scene<'s> {
    /// The scene of the variant that a setting picks; none if there is no such variant.
    pub(super) fn new(subject: &Subject, compiled: &'static Compiled, generator: &Generator) -> Option<Self> {
        let spec = &compiled.spec;
        let chosen = variant_of(compiled, generator.setting())?;
        let place = compiled.variants.iter().position(|variant| std::ptr::eq(variant, chosen))?;
        let library = subject.registry.library();
        let mut variant = chosen.clone();
        let mut typed = |ast: &Ast| elaborate_in(spec, &mut variant, &library, &Formula::Scalar(ast.clone()), &[]).ok();
        let mut knots = Vec::new();
        for (place, entry) in spec.knots.iter().enumerate() {
            // A formula without a meaning in this variant is refused when the spec is compiled, unless `when` is false here.
            let when = match &entry.when {
                None => None,
                Some(when) => match typed(when) {
                    Some(id) => Some(id),
                    None => continue,
                },
            };
            let Some(at) = typed(&entry.at) else { continue };
            let input = |name: &str| spec.inputs.iter().position(|input| input.name == name);
            let gradient =
                entry.gradient.iter().filter_map(|(name, ast)| Some((input(&name.value)?, typed(ast)?))).collect();
            knots.push(Knot { place, entry, at, when, surfaces: Vec::new(), gradient });
        }
        let never = |id: ExprId, graph: &Graph| matches!(graph.expr(id), Expr::Boolean(false));
        knots.retain(|knot| {
            !never(knot.at, &variant.graph) && knot.when.is_none_or(|when| !never(when, &variant.graph))
        });
        for knot in &mut knots {
            knot.surfaces = surfaces(&mut variant.graph, knot.at);
        }
        let along = variant.graph.axes(variant.loss).iter().any(|axis| axis != AxisId::ROWS);
        let info = subject.loss.info();
        // A row of three, unless each of its places has a loss of its own.
        let extent = if has_second_axis(info) && !along { 3 } else { 1 };
        Some(Scene { info, compiled, place, variant, knots, extents: Extents::rows([1]).with_extent(extent) })
    }

    pub(super) fn spec(&self) -> &'s loss_codegen::model::Spec {
        &self.compiled.spec
    }

    /// The kernel's answer at a place of a line; none where the row is dropped, or lies outside the domain.
    pub(super) fn answer(
        &self,
        subject: &Subject,
        line: &Line,
        x: f64,
        tally: &mut Tally,
    ) -> Option<(Batch<f64>, Found<f64>)> {
        let batch = line.at(x);
        if batch.dropped_rows(self.info, &self.extents).contains(&true) {
            return None;
        }
        match find(subject.loss, &batch, Probe::default()) {
            Ok(found) => Some((batch, found)),
            // A condition that no single label tells, as `target <= input`.
            Err(Error::Domain { .. } | Error::Label { .. }) => None,
            Err(refusal) => {
                tally.fail_at(&line.words, ("an answer".to_owned(), refusal.to_string()), None, line.failed(x));
                None
            }
        }
    }

    /// A batch as the oracle reads it.
    pub(super) fn data(&self, batch: &Batch<f64>) -> Data {
        data_of(self.spec(), self.info, batch, &self.extents)
    }

    /// The surfaces of all knots, each with its knot.
    fn surfaces(&self) -> impl Iterator<Item = (&Knot<'s>, &Surface)> {
        self.knots.iter().flat_map(|knot| knot.surfaces.iter().map(move |surface| (knot, surface)))
    }
}

/// The surfaces of an equation, or of several.
fn surfaces(graph: &mut Graph, id: ExprId) -> Vec<Surface> {
    match graph.expr(id) {
        Expr::Compare(Comparison::Equal, left, right) if graph.ty(left) == Type::Real => {
            let difference = graph.add(Expr::Binary(Binary::Subtract, left, right));
            vec![Surface { difference, conditions: Vec::new() }]
        }
        Expr::Or(x, y) => {
            let mut both = surfaces(graph, x);
            both.extend(surfaces(graph, y));
            both
        }
        Expr::And(x, y) => {
            let (mut found, other) = match surfaces(graph, x) {
                none if none.is_empty() => (surfaces(graph, y), x),
                found => (found, y),
            };
            found.iter_mut().for_each(|surface| surface.conditions.push(other));
            found
        }
        Expr::Compare(..)
        | Expr::Boolean(_)
        | Expr::Constant(_)
        | Expr::Input(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream
        | Expr::Indicator(_)
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Not(_)
        | Expr::If(..)
        | Expr::Pick { .. }
        | Expr::Reduce { .. }
        | Expr::Given(_) => Vec::new(),
    }
}

/// Batches of one row that differ in one number: the first one of an input's row.
pub(super) struct Line {
    /// The input.
    pub(super) input: usize,
    /// What varies, and what all else is.
    pub(super) words: String,
    name: &'static str,
    family: Family,
    batch: Batch<f64>,
}

impl Line {
    /// The line through a batch of one row along the first number of an input, and where on it the batch is; none for an input that is
    /// absent or holds no plain numbers.
    pub(super) fn through(
        info: &'static LossInfo,
        batch: Batch<f64>,
        input: usize,
        family: Family,
        words: String,
    ) -> Option<(Self, f64)> {
        let x = *batch.inputs[input].as_ref()?.values.reals()?.first()?;
        Some((Line { input, words, name: info.inputs[input].name, family, batch }, x))
    }

    /// The batch at a place.
    pub(super) fn at(&self, x: f64) -> Batch<f64> {
        let mut batch = self.batch.clone();
        if let Some(column) = &mut batch.inputs[self.input] {
            column.values.set(0, x);
            let rest = column.values.len() - 1;
            if self.family == Family::Simplex {
                (1..=rest).for_each(|place| {
                    column.values.set(place, (1.0 - x) / rest as f64);
                });
            }
        }
        batch
    }

    /// The number that varies.
    pub(super) fn element(&self) -> Element {
        Element { input: InputId(self.input as u8), place: 0 }
    }

    /// What the numbers on it are.
    pub(super) fn family(&self) -> Family {
        self.family
    }

    /// About 100 places, of as few digits as can be: round numbers are among them.
    fn places(&self) -> impl Iterator<Item = f64> + use<> {
        let (low, high, steps) = match self.family {
            Family::Probability | Family::Simplex | Family::Binary => (0.0, 1.0, 128),
            Family::Nonnegative | Family::Positive | Family::Count => (0.0, 4.0, 128),
            Family::Real | Family::Sign | Family::Flag | Family::ClassIndex { .. } | Family::Group => (-3.0, 3.0, 96),
        };
        (0..=steps).map(move |step| low + (high - low) * f64::from(step) / f64::from(steps))
    }

    /// A place as a failure shows it.
    pub(super) fn failed(&self, x: f64) -> Vec<FailedInput> {
        vec![FailedInput::new(format!("{}[0]", self.name), x)]
    }

    /// The numbers at the first places of the other inputs, and the parameters.
    pub(super) fn landmarks(&self) -> (Vec<f64>, Vec<f64>) {
        let others = self.batch.inputs.iter().enumerate().filter(|&(place, _)| place != self.input);
        let numbers = others.filter_map(|(_, column)| column.as_ref()?.values.reals()?.first().copied());
        let params = self.batch.params.iter().copied().filter(|param| param.is_finite());
        (numbers.collect(), params.collect())
    }
}

/// The lines along the first number of an input, one for each choice of the labels; other plain numbers are each of `plain` in turn.
/// None if the setting does without the input.
pub(super) fn lines(
    info: &'static LossInfo,
    generator: &Generator,
    input: usize,
    extents: &Extents,
    plain: &[f64],
) -> Vec<Line> {
    /// More choices show little that is new.
    const MOST: usize = 12;
    let template: Batch<f64> = generator.batch(extents, &mut Random::new(0));
    let Some(own) = template.inputs[input].as_ref().map(|column| column.values.len()) else { return Vec::new() };
    let is_vector = |place: usize| {
        let len = template.inputs[place].as_ref().map_or(0, |column| column.values.len());
        len > 1 && generator.family(place) == Family::Real && info.inputs[place].gradient
    };
    let is_pair = is_vector(input) && (0..info.inputs.len()).any(|other| other != input && is_vector(other));
    let choices: Vec<Vec<Vec<f64>>> = (template.inputs.iter().enumerate())
        .map(|(place, column)| match column {
            None => vec![Vec::new()],
            // The first of a pair of vectors swings past the other one, from end to end of the angle between them.
            Some(_) if place == input && is_pair => vec![unit(own, 1)],
            Some(_) if place == input => {
                vec![vec![f64::from(u8::from(generator.family(place) == Family::Positive)); own]]
            }
            Some(column) if is_vector(place) => vec![unit(column.values.len(), 0)],
            Some(column) => {
                // What may be left out is most often a factor.
                let may_be_absent = info.inputs[place].optional || info.inputs[place].default.is_some();
                let plain = if may_be_absent { &[1.0] } else { plain };
                labels(generator.family(place), column.values.len(), extents.extent, plain)
            }
        })
        .collect();
    let count = choices.iter().map(Vec::len).product::<usize>().min(MOST);
    (0..count)
        .map(|number| {
            let mut batch = template.clone();
            let mut number = number;
            let mut parts = Vec::new();
            for ((place, column), choices) in batch.inputs.iter_mut().enumerate().zip(&choices) {
                let Some(column) = column else { continue };
                let chosen = &choices[number % choices.len()];
                number /= choices.len();
                column.values = match column.values {
                    Values::Real(_) => Values::Real(chosen.clone()),
                    Values::Whole(_) => Values::Whole(chosen.iter().map(|&number| number as i64).collect()),
                    Values::Condition(_) => Values::Condition(chosen.iter().map(|&number| number != 0.0).collect()),
                };
                if place != input {
                    parts.push(format!("{} = {}", info.inputs[place].name, text(chosen)));
                } else if own > 1 && generator.family(input) != Family::Simplex {
                    let rest: Vec<String> = chosen[1..].iter().map(f64::to_string).collect();
                    parts.insert(0, format!("{} = [x, {}]", info.inputs[place].name, rest.join(", ")));
                }
            }
            let (name, family) = (info.inputs[input].name, generator.family(input));
            let first = if own > 1 { format!("x = {name}[0]") } else { name.to_owned() };
            let comma = if parts.is_empty() { "" } else { ", where " };
            Line { input, words: format!("{first}{comma}{}", parts.join(", ")), name, family, batch }
        })
        .collect()
}

/// A vector with a single 1.
fn unit(len: usize, at: usize) -> Vec<f64> {
    (0..len).map(|place| f64::from(u8::from(place == at))).collect()
}

fn text(numbers: &[f64]) -> String {
    match numbers {
        [one] => one.to_string(),
        several => format!("[{}]", several.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// The values of an input that are worth a curve of their own.
fn labels(family: Family, len: usize, extent: usize, plain: &[f64]) -> Vec<Vec<f64>> {
    let even = |values: &[f64]| values.iter().map(|&value| vec![value; len]).collect::<Vec<_>>();
    let units = || (0..len.min(2)).map(|at| unit(len, at)).collect::<Vec<_>>();
    match family {
        Family::Sign => even(&[1.0, -1.0]),
        Family::Binary | Family::Flag | Family::Probability if len > 1 => units(),
        Family::Binary | Family::Flag => even(&[1.0, 0.0]),
        Family::Probability => even(&[1.0, 0.0, 0.5]),
        Family::Simplex if len > 1 => {
            let mut rows = units();
            rows.push(vec![1.0 / len as f64; len]);
            rows
        }
        Family::Simplex => even(&[1.0]),
        Family::ClassIndex { .. } => even(if extent > 1 { &[0.0, 1.0] } else { &[0.0] }),
        Family::Count => even(&[1.0, 0.0, 3.0]),
        Family::Group => even(&[0.0]),
        Family::Nonnegative | Family::Positive => even(&[1.0]),
        Family::Real => even(plain),
    }
}
