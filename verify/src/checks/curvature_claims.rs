//! What specs declare of second derivatives: each entry of `curvature`, in exact arithmetic.

use loss_codegen::document::{CurvatureTerm, Formula};
use loss_codegen::expr::{ExprId, InputId};
use loss_codegen::formula::print::print;
use loss_codegen::model::{Spec, Variant};

use crate::generators::Random;
use crate::oracle::arithmetic::{Arithmetic, Decided};
use crate::oracle::data::{Data, Element, Values};
use crate::oracle::real::Real;
use crate::oracle::{Failure, Oracle};
use crate::subject::{Effort, Subject};

use super::Finding;
use super::claims::{Scope, each_claim, places};

/// What is known of a value, a slope and a curvature is this share of it, at least.
const KNOWN_SHARE: f64 = 1e-20;
/// The precision of sums and products of what is known: more than it.
const PRECISION: usize = 256;
/// How far from a place the loss is looked at beside its parabola, in units of one and of the number there.
const AWAY: [f64; 8] = [1e-3, 0.1, 0.5, 1.0, 2.0, 5.0, 30.0, 1e4];

/// Every entry of `curvature` that gives a value, wherever its condition holds.
pub(super) fn curvature_claims_hold(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let Some(curvature) = &compiled.spec.curvature else {
        return Finding::skipped("the spec declares no curvature");
    };
    let terms: Vec<&CurvatureTerm> =
        curvature.terms.iter().map(|(_, term)| term).filter(|term| term.value.is_some()).collect();
    if terms.is_empty() {
        return Finding::skipped("the second derivative is left to the compiler");
    }
    if subject.loss.info().curvature.is_none() {
        return Finding::skipped("the second derivative is one of whole rows, which is not computed");
    }
    let Some(of) = compiled.spec.prediction() else { return Finding::skipped("there is no prediction") };
    let all = terms.iter().map(|term| words(term)).collect();
    let state = |claim: usize, scope: Scope<'static, '_>| Stated::new(scope, terms[claim]);
    each_claim(subject, effort, "curvature_claims_hold", compiled, all, state, |claim, stated, at, random, tally| {
        let Some(stated) = stated else { return };
        for place in places(at.sample, &stated.variant) {
            let place = &place[..compiled.spec.axes.len().min(2)];
            let what = format!("{}; at {place:?}; {}", words(terms[claim]), at.sample.describe());
            match stated.judge(&terms[claim].claim.value, of, at.data, place, random) {
                Ok(Verdict::Silent) | Err(Failure::Undecided { .. }) => {}
                Ok(Verdict::Holds) => tally.pass(1),
                Ok(Verdict::Fails { expected, actual }) => tally.fail(&what, || (expected, actual)),
                Err(failure) => tally.fail(&what, || ("a truth".to_owned(), failure.to_string())),
            }
        }
    })
}

fn words(term: &CurvatureTerm) -> String {
    let value = term.value.as_ref().map_or(String::new(), |value| print(&value.to_ast()));
    let when = term.when.as_ref().map_or(String::new(), |when| format!(", when {}", print(when)));
    format!("curvature {value} {}{when}", term.claim.value)
}

enum Verdict {
    Holds,
    /// The claim says nothing here, or nothing is known.
    Silent,
    Fails {
        expected: String,
        actual: String,
    },
}

impl Verdict {
    fn of(holds: bool, expected: impl FnOnce() -> String, actual: impl FnOnce() -> String) -> Self {
        if holds { Self::Holds } else { Self::Fails { expected: expected(), actual: actual() } }
    }
}

/// An entry in the graph of a variant.
struct Stated {
    spec: &'static Spec,
    variant: Variant,
    when: Option<ExprId>,
    value: ExprId,
}

impl Stated {
    fn new(mut scope: Scope<'static, '_>, term: &CurvatureTerm) -> Option<Self> {
        let when = match &term.when {
            Some(when) => Some(scope.typed(when, &[])?),
            None => None,
        };
        let value = scope.typed(&term.value.as_ref().map(Formula::to_ast)?, &[])?;
        Some(Stated { spec: &scope.compiled.spec, variant: scope.variant, when, value })
    }

    fn judge(
        &self,
        claim: &str,
        of: InputId,
        data: &Data,
        place: &[usize],
        random: &mut Random,
    ) -> Result<Verdict, Failure> {
        let oracle = Oracle::new(self.spec, &self.variant, data)?;
        if let Some(when) = self.when
            && oracle.condition(when, place)? != Some(true)
        {
            return Ok(Verdict::Silent);
        }
        let declared = oracle.expression(self.value, place)?.value;
        if claim == "positive" {
            let holds = declared.to_f64() > 0.0;
            return Ok(Verdict::of(holds, || "> 0".to_owned(), || show(&declared)));
        }
        let loss = oracle.loss(place)?;
        let mut elements = loss.gradient.iter().filter(|(element, _)| element.input == of);
        let (Some((&element, slope)), None) = (elements.next(), elements.next()) else { return Ok(Verdict::Silent) };
        let Some(x) = number_at(data, element).filter(|x| x.is_finite()) else { return Ok(Verdict::Silent) };
        if !slope.to_f64().is_finite() || !loss.value.to_f64().is_finite() || declared.is_infinite() {
            return Ok(Verdict::Silent);
        }
        if claim == "majorizes" {
            let touching = Parabola { x, value: loss.value.clone(), slope: slope.clone(), curvature: declared };
            return self.lies_above(&touching, data, place, element, random);
        }
        let exact = oracle.second_derivative(place, element)?;
        let (bound, second) = (declared.to_f64(), exact.to_f64());
        // Two numbers that are the same to eighty bits are the same to a rounding of each.
        let slack = 4.0 * f64::EPSILON * bound.abs().max(second.abs()) + f64::MIN_POSITIVE;
        Ok(match claim {
            "exact" => Verdict::of((bound - second).abs() <= slack, || format!("{second:e}"), || show(&declared)),
            _ => Verdict::of(bound >= second - slack, || format!(">= {second:e}"), || show(&declared)),
        })
    }

    /// Whether the loss lies nowhere above a parabola, at some places on both sides of where they touch.
    fn lies_above(
        &self,
        touching: &Parabola,
        data: &Data,
        place: &[usize],
        element: Element,
        random: &mut Random,
    ) -> Result<Verdict, Failure> {
        let mut holds = Verdict::Silent;
        for away in AWAY {
            let unit = if random.chance(0.5) { 1.0 } else { touching.x.abs().max(f64::MIN_POSITIVE) };
            let distance = away * unit * random.between(0.5, 1.5) * if random.chance(0.5) { 1.0 } else { -1.0 };
            let y = touching.x + distance;
            let moved = with_number(data, element, y);
            let there = match Oracle::new(self.spec, &self.variant, &moved)?.loss(place) {
                Ok(there) => there.value,
                Err(Failure::Undecided { .. }) => continue,
                Err(failure) => return Err(failure),
            };
            // Beyond its domain a loss may be infinite or nothing.
            if !there.to_f64().is_finite() {
                continue;
            }
            let Ok(above) = touching.at(y) else { continue };
            let (above, loss) = (above.to_f64(), there.to_f64());
            let rounding = 4.0 * f64::EPSILON * above.abs().max(loss.abs());
            let slack = rounding + touching.doubt(y) + f64::MIN_POSITIVE;
            if loss > above + slack {
                let expected = format!("at most {above:e} at {y:e}, {distance:e} away");
                return Ok(Verdict::Fails { expected, actual: format!("{loss:e}") });
            }
            holds = Verdict::Holds;
        }
        Ok(holds)
    }
}

/// What touches the loss at a place.
struct Parabola {
    x: f64,
    value: Real,
    slope: Real,
    curvature: Real,
}

impl Parabola {
    fn at(&self, y: f64) -> Decided {
        let arithmetic = Arithmetic::new(PRECISION);
        let distance = arithmetic.subtract(&Real::from_f64(y), &Real::from_f64(self.x))?;
        let bend = arithmetic.multiply(&arithmetic.half(&self.curvature)?, &distance)?;
        let rise = arithmetic.multiply(&arithmetic.add(&self.slope, &bend)?, &distance)?;
        arithmetic.add(&self.value, &rise)
    }

    /// How much of its height is not known: a share of the largest of what adds up to it.
    fn doubt(&self, y: f64) -> f64 {
        let distance = (y - self.x).abs();
        let terms =
            [self.value.to_f64(), self.slope.to_f64() * distance, self.curvature.to_f64() * distance * distance];
        terms.into_iter().map(|term| term.abs() * KNOWN_SHARE).fold(0.0, f64::max)
    }
}

fn show(number: &Real) -> String {
    format!("{:e}", number.to_f64())
}

fn number_at(data: &Data, element: Element) -> Option<f64> {
    match &data.inputs[usize::from(element.input.0)].as_ref()?.values {
        Values::Real(values) => values.get(element.place).copied(),
        Values::Condition(_) | Values::Integer(_) => None,
    }
}

fn with_number(data: &Data, element: Element, number: f64) -> Data {
    let mut data = data.clone();
    if let Some(input) = &mut data.inputs[usize::from(element.input.0)]
        && let Values::Real(values) = &mut input.values
        && let Some(slot) = values.get_mut(element.place)
    {
        *slot = number;
    }
    data
}
