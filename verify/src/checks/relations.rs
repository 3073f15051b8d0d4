//! The declared relations: what a spec says that its loss is equal to, value and gradient, in exact arithmetic on both sides.

use std::collections::BTreeMap;

use loss_codegen::compile::Compiled;
use loss_codegen::document::{Formula, RelationEntry};
use loss_codegen::elaborate::{Library, elaborate_in};
use loss_codegen::expr::{Constant, Expr, ExprId, InputId};
use loss_codegen::formula::ast::Ast;
use loss_codegen::formula::print::print;
use loss_codegen::model::{Spec, Variant};

use crate::audit::{ClaimRecord, Standing};
use crate::generators::Extents;
use crate::oracle::data::{Data, Number};
use crate::oracle::real::Real;
use crate::oracle::{Failure, Oracle, Outcome};
use crate::subject::{Effort, Subject};

use super::curves::library;
use super::sample::{Sample, each, has_second_axis};
use super::truth::{data_of, variant_of};
use super::{Finding, Tally};

/// One in this many of the effort's points: both sides take their time.
const SHARE: u64 = 20;
/// How far apart the two sides may be, as a share of them: both are exact but for their rounding to `f64`.
const ROUNDED: f64 = 1e-14;
/// What a free variable of a relation is, one after the other, where its domain admits it.
const FREE: [(i128, i32); 5] = [(5, -1), (3, 0), (-1, 0), (125, -3), (-25, -1)];
/// How far from its limit a parameter is tried, and how far apart the two sides may then be, as a share of one plus their size.
const NEAR_LIMIT: (f64, f64) = (1e-13, 1e-9);

/// Every relation, wherever its condition holds.
pub(super) fn relations_hold(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let relations = &compiled.spec.relations;
    if relations.is_empty() {
        return Finding::skipped("the spec declares no relation");
    }
    let mut tally = Tally::new(subject, effort);
    let mut claims = Claims { compiled, library: library(subject), stated: BTreeMap::new() };
    let mut met = vec![(0, 0); relations.len()];
    let effort = Effort { points: effort.points.div_ceil(SHARE), ..*effort };
    let extents: &[usize] = if has_second_axis(subject.loss.info()) { &[3, 1, 4] } else { &[1] };
    let sizes: Vec<Extents> = extents.iter().map(|&extent| Extents::rows([4]).with_extent(extent)).collect();
    each::<f64>(subject, &effort, "relations_hold", &sizes, &mut tally, |sample, _, tally| {
        for (place, met) in met.iter_mut().enumerate() {
            let before = (tally.points(), tally.failed());
            claims.look(place, sample, tally);
            met.0 += tally.points() - before.0;
            met.1 += tally.failed() - before.1;
        }
    });
    let records = relations.iter().zip(met).map(|(relation, (points, failed))| {
        let standing = match (points, failed) {
            (0, _) => Standing::Undecided,
            (_, 0) => Standing::Tested,
            _ => Standing::Violated,
        };
        ClaimRecord { claim: words(relation), standing, detail: format!("{points} points") }
    });
    let records: Vec<ClaimRecord> = records.collect();
    for record in records.iter().filter(|record| record.standing == Standing::Undecided) {
        tally.fail(&record.claim, || ("a point at which it says something".to_owned(), "none".to_owned()));
    }
    let mut finding = tally.finding();
    finding.evidence.claims = records;
    finding
}

fn words(relation: &RelationEntry) -> String {
    let when = relation.when.as_ref().map(|when| format!(", when {}", print(when)));
    let limit = relation.limit.as_ref().map(|(name, goal)| format!(", as {} -> {}", name.value, print(goal)));
    let up_to = relation.up_to.as_ref().map(|name| format!(", up to a function of {}", name.value));
    let further: Vec<String> = [when, limit, up_to].into_iter().flatten().collect();
    format!("equals {}{}", print(&relation.equals), further.concat())
}

/// The relations of a spec as expressions in its variants.
struct Claims {
    compiled: &'static Compiled,
    library: Library,
    /// By variant and relation: one for each choice of the free variables.
    stated: BTreeMap<(usize, usize), Vec<Stated>>,
}

/// A relation in the graph of a variant.
struct Stated {
    variant: Variant,
    equals: ExprId,
    /// What must hold: domains of free variables, and the relation's own condition.
    conditions: Vec<ExprId>,
    /// What a parameter goes to.
    goal: Option<(usize, ExprId)>,
    /// What the free variables are.
    free: String,
}

impl Claims {
    fn look(&mut self, relation: usize, sample: &Sample<'_, f64>, tally: &mut Tally) {
        let spec = &self.compiled.spec;
        let Some(chosen) = variant_of(self.compiled, sample.generator.setting()) else { return };
        let place = self.compiled.variants.iter().position(|variant| std::ptr::eq(variant, chosen)).unwrap_or(0);
        let entry = &spec.relations[relation];
        let library = &self.library;
        let stated = self.stated.entry((place, relation)).or_insert_with(|| state_all(spec, chosen, library, entry));
        let data = data_of(spec, sample.info, &sample.batch, sample.extents);
        let dropped = sample.batch.dropped_rows(sample.info, sample.extents);
        for stated in stated {
            let along = stated
                .variant
                .graph
                .axes(stated.variant.loss)
                .iter()
                .any(|axis| axis != loss_codegen::expr::AxisId::ROWS);
            let extent = if along { sample.extents.extent } else { 1 };
            for row in (0..sample.extents.row_count()).filter(|&row| !dropped[row]) {
                for place in 0..extent {
                    // What no precision decides says nothing.
                    if let Ok(Some(sides)) = stated.sides(spec, entry, &data, &[row, place][..spec.axes.len().min(2)]) {
                        stated.judge(entry, &sides, &format!("{}; row {row}, place {place}", sample.describe()), tally);
                    }
                }
            }
        }
    }
}

/// Both sides at a place, and how far apart they may be.
struct Sides {
    loss: Outcome,
    other: Outcome,
    apart: f64,
}

fn state_all(spec: &Spec, variant: &Variant, library: &Library, relation: &RelationEntry) -> Vec<Stated> {
    let choices = if relation.with.is_empty() { 1 } else { FREE.len() };
    (0..choices).filter_map(|choice| state(spec, variant, library, relation, choice)).collect()
}

/// A relation for one choice of its free variables; none where it has no meaning in this variant, which the compiler has judged.
fn state(spec: &Spec, variant: &Variant, library: &Library, relation: &RelationEntry, choice: usize) -> Option<Stated> {
    let mut variant = variant.clone();
    let mut extra = Vec::new();
    let mut free = String::new();
    for (place, (name, _)) in relation.with.iter().enumerate() {
        let (digits, exponent) = FREE[(choice + place) % FREE.len()];
        let constant = Constant::decimal(digits, exponent);
        free.push_str(&format!(", {} = {}", name.value, constant.to_f64()));
        extra.push((name.value.as_str(), variant.graph.add(Expr::Constant(constant))));
    }
    let mut typed = |ast: &Ast| elaborate_in(spec, &mut variant, library, &Formula::Scalar(ast.clone()), &extra).ok();
    let domains = relation.with.iter().map(|(_, domain)| domain).chain(&relation.when);
    let conditions = domains.map(&mut typed).collect::<Option<Vec<ExprId>>>()?;
    let goal = match &relation.limit {
        Some((name, goal)) => Some((spec.params.iter().position(|param| param.name == name.value)?, typed(goal)?)),
        None => None,
    };
    let equals = typed(&relation.equals)?;
    Some(Stated { variant, equals, conditions, goal, free })
}

impl Stated {
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
        let other = oracle.expression(self.equals, place)?;
        let (mut near, mut apart) = (data.clone(), ROUNDED);
        if let Some((param, goal)) = self.goal {
            let goal = oracle.expression(goal, place)?.value.to_f64();
            let value = if goal.is_finite() { goal + NEAR_LIMIT.0 } else { goal.signum() / NEAR_LIMIT.0 };
            near.params[param] = Some(Number::Float(value));
            apart = NEAR_LIMIT.1;
        }
        let mut loss = Oracle::new(spec, &self.variant, &near)?.loss(place)?;
        let mut other = other;
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
        let zero = Real::zero();
        let elements = sides.loss.gradient.keys().chain(sides.other.gradient.keys());
        let elements: std::collections::BTreeSet<_> = elements.collect();
        let gradients = elements.into_iter().map(|element| {
            let of = |side: &Outcome| side.gradient.get(element).unwrap_or(&zero).to_f64();
            (
                format!("gradient of input {}, place {}", element.input.0, element.place),
                of(&sides.loss),
                of(&sides.other),
            )
        });
        let values = [("value".to_owned(), sides.loss.value.to_f64(), sides.other.value.to_f64())];
        let wrong = values.into_iter().chain(gradients).find(|(_, a, b)| !self.agree(*a, *b, sides.apart));
        match wrong {
            None => tally.pass(1),
            Some((quantity, loss, other)) => {
                let what = format!("{}{}; {quantity}; {what}", words(relation), self.free);
                tally.fail(&what, || (format!("{other:e}"), format!("{loss:e}")));
            }
        }
    }

    fn agree(&self, a: f64, b: f64, apart: f64) -> bool {
        let size = if self.goal.is_some() { 1.0 + b.abs() } else { a.abs().max(b.abs()) };
        // Both may be NaN, infinite, or zero.
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= apart * size + f64::MIN_POSITIVE
    }
}
