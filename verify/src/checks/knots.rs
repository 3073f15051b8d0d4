//! The declared knots: on the surface itself the kernel's gradient is the formula's and the declared one, and across it the formula is
//! as smooth as declared, no less and no more.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::InputId;
use loss_codegen::formula::print::print;
use loss_codegen::model::Spec;
use loss_runtime::info::InputInfo;

use crate::audit::{KnotRecord, Status};
use crate::generators::{Extents, Generator, Setting};
use crate::oracle::data::{Data, Element, Values};
use crate::oracle::difference::Side;
use crate::oracle::real::Real;
use crate::oracle::ulp::ulps;
use crate::oracle::{Oracle, Outcome};
use crate::subject::{Effort, Subject};

use super::curves::{Knot, Line, Scene, lines};
use super::examples::batch;
use super::probe::{Found, show};
use super::sample::generators;
use super::{Finding, Tally, tolerance};

/// What other plain numbers are.
const PLAIN: [f64; 3] = [0.0, 0.5, 2.0];
/// So many points of a knot on one line are enough.
const ENOUGH: usize = 4;
/// A difference quotient over 1e-40 that is larger than this is that of a jump.
const JUMP: f64 = 1e25;
/// A step that is exact beside every number tried here.
const STEP: f64 = 1.0 / (1u64 << 30) as f64;

/// Every declared knot, wherever a point of simple numbers lies exactly on its surface.
pub(super) fn knots_are_as_declared(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let spec = &compiled.spec;
    if spec.knots.is_empty() {
        return Finding::skipped("the spec declares no knot");
    }
    let mut tally = Tally::new(subject, effort);
    let mut seen: Vec<Seen> = spec.knots.iter().map(|_| Seen::default()).collect();
    for generator in generators(subject, &mut tally) {
        let words = generator.setting().describe(subject.loss);
        let Some(scene) = Scene::new(subject, compiled, &generator) else {
            tally.fail(&words, || ("a variant of the spec".to_owned(), "none".to_owned()));
            continue;
        };
        for knot in &scene.knots {
            seen[knot.place].expect(scene.place, &words);
        }
        for input in (0..spec.inputs.len()).filter(|&input| spec.inputs[input].has_row_gradients()) {
            for line in lines(scene.info, &generator, input, &scene.extents, &PLAIN) {
                walk(subject, &scene, &line, &words, &mut seen, &mut tally);
            }
        }
    }
    visit_examples(subject, compiled, &mut seen, &mut tally);
    let mut records = Vec::new();
    let mut remarks = Vec::new();
    for (entry, seen) in spec.knots.iter().zip(&seen) {
        let at = print(&entry.at);
        let (status, remark) = seen.verdict(Smooth::of(&entry.smooth.value));
        if status == Status::Failed && seen.failed == 0 {
            tally.fail(&at, || (entry.smooth.value.clone(), remark.clone()));
        } else if !remark.is_empty() {
            remarks.push(format!("{at}: {remark}"));
        }
        let gradient: Vec<String> =
            entry.gradient.iter().map(|(input, gradient)| format!("{}: {}", input.value, print(gradient))).collect();
        records.push(KnotRecord {
            at,
            when: entry.when.as_ref().map(print),
            smooth: entry.smooth.value.clone(),
            gradient: (!gradient.is_empty()).then(|| gradient.join(", ")),
            because: entry.because.as_ref().map(|because| because.value.clone()),
            status,
        });
    }
    let mut finding = tally.finding();
    if records.iter().any(|record| record.status == Status::Undecided) {
        finding.status = finding.status.max(Status::Undecided);
    }
    remarks.splice(..0, (!finding.detail.is_empty()).then_some(finding.detail));
    finding.detail = remarks.join("; ");
    finding.evidence.knots = records;
    finding
}

/// Looks for points of a line that lie on one surface alone, and looks at each.
fn walk(subject: &Subject, scene: &Scene<'_>, line: &Line, setting: &str, seen: &mut [Seen], tally: &mut Tally) {
    let mut met = vec![0; scene.knots.len()];
    for x in places(line) {
        if met.iter().all(|&met| met >= ENOUGH) || (subject.is_mutant() && tally.failed() > 0) {
            break;
        }
        visit(subject, scene, line, x, setting, &mut met, seen, tally);
    }
}

/// Looks at a point of a line if it lies on one surface alone, of which too few points have been met.
#[expect(clippy::too_many_arguments, reason = "a point, where it is from, and what has been seen so far")]
fn visit(
    subject: &Subject,
    scene: &Scene<'_>,
    line: &Line,
    x: f64,
    setting: &str,
    met: &mut [usize],
    seen: &mut [Seen],
    tally: &mut Tally,
) {
    let Some((batch, found)) = scene.answer(subject, line, x, tally) else { return };
    let data = scene.data(&batch);
    let oracle = match Oracle::new(scene.spec(), &scene.variant, &data) {
        Ok(oracle) => oracle,
        Err(malformed) => {
            return tally.fail(&line.words, || ("data that fits the spec".to_owned(), format!("{malformed:?}")));
        }
    };
    let on: Vec<usize> = (0..scene.knots.len()).filter(|&at| is_on(&oracle, &scene.knots[at])).collect();
    // Where two surfaces meet, neither shows what it is like on its own.
    let [at] = on[..] else { return };
    if met[at] >= ENOUGH {
        return;
    }
    let Ok(truth) = oracle.loss(&[]) else { return };
    if !truth.value.to_f64().is_finite() {
        return;
    }
    let what = format!("{}; {}, {setting}", print(&scene.knots[at].entry.at), line.words);
    let spot = Spot { scene, line, x, what, knot: &scene.knots[at], data: &data, oracle: &oracle, truth: &truth };
    met[at] += 1;
    spot.look(&found, &mut seen[scene.knots[at].place], tally);
}

/// Looks at the rows of the spec's examples that lie on a surface: a knot that no simple numbers meet is met where its author says.
fn visit_examples(subject: &Subject, compiled: &'static Compiled, seen: &mut [Seen], tally: &mut Tally) {
    let info = subject.loss.info();
    let Some(input) = info.inputs.iter().position(InputInfo::has_row_gradients) else { return };
    for (place, example) in compiled.spec.examples.iter().enumerate() {
        let Ok(mut batch) = batch(info, &example.given) else { continue };
        for (value, param) in batch.params.iter_mut().zip(info.params) {
            if value.is_nan() {
                *value = param.default.unwrap_or(f64::NAN);
            }
        }
        let present = batch.inputs.iter().map(Option::is_some).collect();
        let setting = Setting { params: batch.params.clone(), present };
        let words = setting.describe(subject.loss);
        // An example of an error is no point.
        let Ok(generator) = Generator::new(subject.loss, setting) else { continue };
        let Some(mut scene) = Scene::new(subject, compiled, &generator) else { continue };
        let Some(extents) = Extents::of(info, &batch) else { continue };
        scene.extents = Extents::rows([1]).with_extent(extents.extent);
        for row in 0..extents.row_count() {
            let alone = batch.rows(info, &extents, &[row]);
            let title = format!("examples[{place}], row {row}");
            if let Some((line, x)) = Line::through(info, alone, input, generator.family(input), title) {
                let mut met = vec![0; scene.knots.len()];
                visit(subject, &scene, &line, x, &words, &mut met, seen, tally);
            }
        }
    }
}

/// Whether a point lies on a surface for sure.
fn is_on(oracle: &Oracle<'_>, knot: &Knot<'_>) -> bool {
    knot.when.iter().chain([&knot.at]).all(|&condition| oracle.condition(condition, &[]) == Ok(Some(true)))
}

/// Numbers at which surfaces are likely to lie: multiples of 1/8, and what the parameters and the other inputs are.
fn places(line: &Line) -> Vec<f64> {
    let (numbers, params) = line.landmarks();
    let mut places: Vec<f64> =
        (0..=64).flat_map(|eighths| [0.125, -0.125].map(|eighth| eighth * f64::from(eighths))).collect();
    for number in numbers.iter().chain([&0.0]) {
        places.push(*number);
        places.extend(params.iter().flat_map(|param| [number + param, number - param]));
    }
    let mut distinct: Vec<f64> = Vec::new();
    for place in places {
        if !distinct.contains(&place) {
            distinct.push(place);
        }
    }
    distinct
}

/// How smooth a formula is across a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Smooth {
    /// The value jumps.
    Jump,
    /// The value is continuous, its derivative is not.
    C0,
    /// The derivative is continuous.
    C1,
    /// The second derivative is, too.
    C2,
}

impl Smooth {
    fn of(word: &str) -> Option<Self> {
        match word {
            "jump" => Some(Self::Jump),
            "C0" => Some(Self::C0),
            "C1" => Some(Self::C1),
            "C2" => Some(Self::C2),
            _ => None,
        }
    }
}

/// What was seen of one knot.
#[derive(Default)]
struct Seen {
    /// The variants in which it may be met: their places, in words, and whether it was.
    variants: Vec<(usize, String, bool)>,
    points: u64,
    failed: u64,
    /// Pairs of one-sided derivatives.
    sides: u64,
    jumps: u64,
    kinks: u64,
}

impl Seen {
    fn expect(&mut self, variant: usize, words: &str) {
        if !self.variants.iter().any(|(known, ..)| *known == variant) {
            self.variants.push((variant, words.to_owned(), false));
        }
    }

    /// What it comes to, and why, unless that is plain.
    fn verdict(&self, smooth: Option<Smooth>) -> (Status, String) {
        let undecided = |why: String| (Status::Undecided, why);
        if self.failed > 0 {
            return (Status::Failed, format!("{} of {} points fail", self.failed, self.points));
        }
        if self.points == 0 {
            return undecided(
                "no point of simple numbers was found on the surface; add an example with a row that lies on it"
                    .to_owned(),
            );
        }
        if self.sides == 0 {
            return undecided("no one-sided derivative was decided".to_owned());
        }
        match smooth {
            None => return undecided("the smoothness is no word of the language".to_owned()),
            Some(Smooth::Jump) if self.jumps == 0 => {
                return (Status::Failed, format!("no jump at any of {} points", self.points));
            }
            Some(Smooth::C0) if self.kinks == 0 => {
                return (Status::Failed, format!("both sides have one derivative at each of {} points", self.points));
            }
            Some(Smooth::Jump | Smooth::C0 | Smooth::C1 | Smooth::C2) => {}
        }
        match self.variants.iter().find(|(.., met)| !met) {
            Some((_, words, _)) if words.is_empty() => undecided("not met with the defaults".to_owned()),
            Some((_, words, _)) => {
                undecided(format!("not met with {words}; add an example with a row that lies on it"))
            }
            None => (Status::Passed, String::new()),
        }
    }
}

/// A point on a surface.
struct Spot<'a> {
    scene: &'a Scene<'a>,
    knot: &'a Knot<'a>,
    line: &'a Line,
    x: f64,
    what: String,
    data: &'a Data,
    oracle: &'a Oracle<'a>,
    truth: &'a Outcome,
}

/// The derivatives from below and from above.
type Sides = (f64, f64);

impl Spot<'_> {
    fn look(&self, found: &Found<f64>, seen: &mut Seen, tally: &mut Tally) {
        seen.points += 1;
        seen.variants.iter_mut().filter(|(variant, ..)| *variant == self.scene.place).for_each(|(.., met)| *met = true);
        let failed = tally.failed();
        for (input, gradient) in found.gradients.iter().enumerate() {
            for (place, &actual) in gradient.iter().flatten().enumerate() {
                let element = Element { input: InputId(input as u8), place };
                self.gradient(element, actual, tally);
                self.smoothness(element, actual, seen, tally);
            }
        }
        seen.failed += u64::from(tally.failed() > failed);
    }

    /// The kernel's gradient is that of the formula, and the declared one.
    fn gradient(&self, element: Element, actual: f64, tally: &mut Tally) {
        let formula = self.derivative(self.truth, element);
        self.compare("the formula's gradient", element, actual, &formula, tally);
        for (input, declared) in &self.knot.gradient {
            if *input != usize::from(element.input.0) {
                continue;
            }
            match self.oracle.expression(*declared, &self.place(element)) {
                Ok(declared) => self.compare("the declared gradient", element, actual, &declared.value, tally),
                Err(failure) => self.fail("the declared gradient", element, ("a number", &failure.to_string()), tally),
            }
        }
    }

    fn smoothness(&self, element: Element, actual: f64, seen: &mut Seen, tally: &mut Tally) {
        let Some(smooth) = Smooth::of(&self.knot.entry.smooth.value) else { return };
        let side = |side| self.oracle.finite_difference(&[], element, side).ok().map(|quotient| quotient.to_f64());
        let (Some(below), Some(above)) = (side(Side::Below), side(Side::Above)) else { return };
        seen.sides += 1;
        let jumps = !(below.abs() < JUMP && above.abs() < JUMP);
        let kinks = !jumps && !agree((below, above), tolerance::KNOT_SIDES);
        seen.jumps += u64::from(jumps);
        seen.kinks += u64::from(kinks);
        let sides = format!("{below:e} from below, {above:e} from above");
        match smooth {
            Smooth::Jump => {}
            Smooth::C0 | Smooth::C1 | Smooth::C2 if jumps => {
                self.fail("the value across the knot", element, ("no jump", &sides), tally);
            }
            Smooth::C0 => {
                let slack = tolerance::KNOT_SIDES * (1.0 + below.abs().max(above.abs()));
                if actual >= below.min(above) - slack && actual <= below.max(above) + slack {
                    tally.pass(1);
                } else {
                    let actual = format!("{}; {sides}", show(actual));
                    self.fail("the chosen gradient", element, ("one between the sides", &actual), tally);
                }
            }
            Smooth::C1 | Smooth::C2 if kinks => {
                self.fail("the gradient across the knot", element, ("one derivative", &sides), tally);
            }
            Smooth::C1 => tally.pass(1),
            Smooth::C2 => match self.second(element) {
                Some((below, above)) if !agree((below, above), tolerance::KNOT_SECOND_SIDES) => {
                    let sides = format!("{below:e} from below, {above:e} from above");
                    self.fail("the second derivative across the knot", element, ("one derivative", &sides), tally);
                }
                Some(_) => tally.pass(1),
                None => {}
            },
        }
    }

    /// The second derivatives from below and from above; none if the oracle cannot tell, or a side lies outside the domain.
    fn second(&self, element: Element) -> Option<Sides> {
        let here = self.derivative(self.truth, element).to_f64();
        let quotient = |step: f64| {
            let mut data = self.data.clone();
            let moved = match &mut data.inputs[usize::from(element.input.0)].as_mut()?.values {
                Values::Real(values) => values.get_mut(element.place)?,
                Values::Condition(_) | Values::Integer(_) => return None,
            };
            *moved += step;
            let oracle = Oracle::new(self.scene.spec(), &self.scene.variant, &data).ok()?;
            let there = self.derivative(&oracle.loss(&[]).ok()?, element).to_f64();
            let quotient = (there - here) / step;
            quotient.is_finite().then_some(quotient)
        };
        Some((quotient(-STEP)?, quotient(STEP)?))
    }

    /// The formula's derivative with respect to an element; zero of one that the value does not depend on.
    fn derivative(&self, outcome: &Outcome, element: Element) -> Real {
        outcome.gradient.get(&element).cloned().unwrap_or_else(Real::zero)
    }

    /// The place of an element: in its row, along the axis beside the rows.
    fn place(&self, element: Element) -> Vec<usize> {
        let spec: &Spec = self.scene.spec();
        (0..spec.axes.len()).map(|axis| if axis == 0 { 0 } else { element.place }).collect()
    }

    fn compare(&self, what: &str, element: Element, actual: f64, expected: &Real, tally: &mut Tally) {
        let distance = ulps(actual, expected);
        if distance <= tolerance::ORACLE_ULPS {
            tally.pass(1);
        } else {
            let compared = (format!("{:e}", expected.to_f64()), show(actual));
            tally.fail_at(&self.words(what, element), compared, Some(distance), self.line.failed(self.x));
        }
    }

    fn fail(&self, what: &str, element: Element, (expected, actual): (&str, &str), tally: &mut Tally) {
        let compared = (expected.to_owned(), actual.to_owned());
        tally.fail_at(&self.words(what, element), compared, None, self.line.failed(self.x));
    }

    fn words(&self, what: &str, element: Element) -> String {
        let name = self.scene.info.inputs[usize::from(element.input.0)].name;
        format!("{what} with respect to {name}[{}] at {}", element.place, self.what)
    }
}

/// Whether two derivatives are one.
fn agree((below, above): Sides, share: f64) -> bool {
    (above - below).abs() <= share * (1.0 + below.abs().max(above.abs()))
}
