//! The declared relations: what a spec says that its loss is equal to, value and gradient, in exact arithmetic on both sides.

use std::collections::BTreeSet;

use loss_codegen::document::RelationEntry;
use loss_codegen::expr::{Binary, Constant, Expr, ExprId, InputId};
use loss_codegen::formula::print::print;
use loss_codegen::model::{Spec, Variant};

use crate::oracle::data::{Data, Number};
use crate::oracle::real::Real;
use crate::oracle::{Failure, Oracle, Outcome};
use crate::subject::{Effort, Subject};

use super::claims::{Scope, each_claim, places};
use super::{Finding, Tally, tolerance};

/// What a free variable of a relation is, one after the other, where its domain admits it: digits and a power of ten.
const FREE: [(i128, i32); 5] = [(5, -1), (3, 0), (-1, 0), (125, -3), (-25, -1)];
/// How far from its limit a parameter is tried, as a power of ten.
const NEAR_LIMIT: i32 = -13;

/// Every relation, wherever its condition holds.
pub(super) fn relations_hold(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let spec = &compiled.spec;
    if spec.relations.is_empty() {
        return Finding::skipped("the spec declares no relation");
    }
    let state = |claim: usize, scope: Scope<'static, '_>| equalities(&scope, &spec.relations[claim]);
    let words = spec.relations.iter().map(words).collect();
    each_claim(subject, effort, "relations_hold", compiled, words, state, |claim, equalities, at, _, tally| {
        let relation = &spec.relations[claim];
        for equality in equalities {
            for place in places(at.sample, &equality.variant) {
                let what = format!("{}; at {place:?}", at.sample.describe());
                match equality.sides(spec, relation, at.data, &place[..spec.axes.len().min(2)]) {
                    Ok(Some(sides)) => equality.judge(relation, &sides, &what, tally),
                    // What no precision decides says nothing.
                    Ok(None) | Err(Failure::Undecided { .. }) => {}
                    Err(failure) => tally.fail(&what, || ("two sides".to_owned(), failure.to_string())),
                }
            }
        }
    })
}

/// The relation in words.
pub(super) fn words(relation: &RelationEntry) -> String {
    let when = relation.when.as_ref().map(|when| format!(", when {}", print(when)));
    let limit = relation.limit.as_ref().map(|(name, goal)| format!(", as {} -> {}", name.value, print(goal)));
    let up_to = relation.up_to.as_ref().map(|name| format!(", up to a function of {}", name.value));
    let further: Vec<String> = [when, limit, up_to].into_iter().flatten().collect();
    format!("equals {}{}", print(&relation.equals), further.concat())
}

/// A relation in the graph of a variant, for one choice of its free variables.
struct Equality {
    variant: Variant,
    equals: ExprId,
    /// What must hold: domains of free variables, and the relation's own condition.
    conditions: Vec<ExprId>,
    /// What a parameter goes to.
    goal: Option<(usize, ExprId)>,
    /// What the free variables are.
    free: String,
}

fn equalities(scope: &Scope<'_, '_>, relation: &RelationEntry) -> Vec<Equality> {
    let choices = if relation.with.is_empty() { 1 } else { FREE.len() };
    (0..choices).filter_map(|choice| Equality::new(scope.clone(), relation, choice)).collect()
}

/// A number right beside a limit: above it or below it by turns, or far out where it is infinite.
fn beside(variant: &mut Variant, goal: ExprId, choice: usize) -> ExprId {
    let graph = &mut variant.graph;
    let sign = if choice.is_multiple_of(2) { 1 } else { -1 };
    match graph.constant(goal) {
        Some(Constant::Infinity) => graph.add(Expr::Constant(Constant::decimal(1, -NEAR_LIMIT))),
        Some(Constant::NegativeInfinity) => graph.add(Expr::Constant(Constant::decimal(-1, -NEAR_LIMIT))),
        Some(Constant::Decimal { .. } | Constant::Pi | Constant::Nan) | None => {
            let step = graph.add(Expr::Constant(Constant::decimal(sign, NEAR_LIMIT)));
            graph.add(Expr::Binary(Binary::Add, goal, step))
        }
    }
}

/// Both sides at a place, and how far apart they may be.
struct Sides {
    loss: Outcome,
    other: Outcome,
    apart: f64,
}

impl Equality {
    fn new(mut scope: Scope<'_, '_>, relation: &RelationEntry, choice: usize) -> Option<Self> {
        let limited = |name: &str| relation.limit.as_ref().filter(|(moved, _)| moved.value == name);
        let mut extra = Vec::new();
        let mut free = String::new();
        let mut is_free = false;
        for (place, (name, _)) in relation.with.iter().enumerate() {
            let value = if let Some((_, goal)) = limited(&name.value) {
                is_free = true;
                let goal = scope.typed(goal, &extra)?;
                free.push_str(&format!(", {} near its limit", name.value));
                beside(&mut scope.variant, goal, choice)
            } else {
                let (digits, exponent) = FREE[(choice + place) % FREE.len()];
                let constant = Constant::decimal(digits, exponent);
                free.push_str(&format!(", {} = {}", name.value, constant.to_f64()));
                scope.variant.graph.add(Expr::Constant(constant))
            };
            extra.push((name.value.as_str(), value));
        }
        let domains = relation.with.iter().map(|(_, domain)| domain).chain(&relation.when);
        let conditions = domains.map(|domain| scope.typed(domain, &extra)).collect::<Option<Vec<ExprId>>>()?;
        let goal = match &relation.limit {
            Some(_) if is_free => None,
            Some((name, goal)) => {
                let param = scope.compiled.spec.params.iter().position(|param| param.name == name.value)?;
                Some((param, scope.typed(goal, &extra)?))
            }
            None => None,
        };
        let equals = scope.typed(&relation.equals, &extra)?;
        Some(Equality { variant: scope.variant, equals, conditions, goal, free })
    }

    /// Both sides; nothing where the relation does not speak.
    fn sides(
        &self,
        spec: &Spec,
        relation: &RelationEntry,
        data: &Data,
        place: &[usize],
    ) -> Result<Option<Sides>, Failure> {
        let oracle = Oracle::new(spec, &self.variant, data)?;
        for &condition in &self.conditions {
            if oracle.condition(condition, place)? != Some(true) {
                return Ok(None);
            }
        }
        let mut other = oracle.expression(self.equals, place)?;
        let mut near = data.clone();
        let apart = if relation.limit.is_some() { tolerance::LIMIT } else { tolerance::RELATION };
        if let Some((param, goal)) = self.goal {
            let goal = oracle.expression(goal, place)?.value.to_f64();
            let apart = Constant::decimal(1, NEAR_LIMIT).to_f64();
            let value = if goal.is_finite() { goal + apart } else { goal.signum() / apart };
            near.params[param] = Some(Number::Float(value));
        }
        let mut loss = Oracle::new(spec, &self.variant, &near)?.loss(place)?;
        if let Some(name) = &relation.up_to {
            let input = spec.inputs.iter().position(|input| input.name == name.value).map(|at| InputId(at as u8));
            for side in [&mut loss, &mut other] {
                side.value = Real::zero();
                side.gradient.retain(|element, _| Some(element.input) != input);
            }
        }
        Ok(Some(Sides { loss, other, apart }))
    }

    fn judge(&self, relation: &RelationEntry, sides: &Sides, what: &str, tally: &mut Tally) {
        match Self::parting(relation, sides) {
            None => tally.pass(1),
            Some((quantity, loss, other)) => {
                let what = format!("{}{}; {quantity}; {what}", words(relation), self.free);
                tally.fail(&what, || (format!("{other:e}"), format!("{loss:e}")));
            }
        }
    }

    /// The first quantity in which the sides differ, and what it is on either.
    fn parting(relation: &RelationEntry, sides: &Sides) -> Option<(String, f64, f64)> {
        let zero = Real::zero();
        let elements: BTreeSet<_> = sides.loss.gradient.keys().chain(sides.other.gradient.keys()).collect();
        let gradients = elements.into_iter().map(|element| {
            let of = |side: &Outcome| side.gradient.get(element).unwrap_or(&zero).to_f64();
            let quantity = format!("gradient of input {}, place {}", element.input.0, element.place);
            (quantity, of(&sides.loss), of(&sides.other))
        });
        let values = [("value".to_owned(), sides.loss.value.to_f64(), sides.other.value.to_f64())];
        values.into_iter().chain(gradients).find(|(_, a, b)| !Self::agree(relation, *a, *b, sides.apart))
    }

    fn agree(relation: &RelationEntry, a: f64, b: f64, apart: f64) -> bool {
        let size = if relation.limit.is_some() { 1.0 + b.abs() } else { a.abs().max(b.abs()) };
        // Both may be NaN, infinite, or zero.
        tolerance::within(a, b, apart * size + f64::MIN_POSITIVE)
    }
}
