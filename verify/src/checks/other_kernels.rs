//! Relations that are nothing but a call of a loss, between kernels: this loss's, and those of the loss that is called. A class index is
//! a row that is certain, an error has no direction, a curve is another one in other units.

use std::collections::BTreeSet;

use loss_codegen::document::RelationEntry;
use loss_codegen::expr::{Expr, ExprId, Type};
use loss_codegen::formula::ast::{Ast, AstKind, Call, NamedArgument};
use loss_codegen::formula::print::print;
use loss_codegen::model::{Spec, Variant};
use loss_codegen::rewrite::reachable;
use loss_runtime::Loss;
use loss_runtime::info::Label;

use crate::generators::{Batch, Column, Extents, Random, Values};
use crate::oracle::Oracle;
use crate::subject::{Effort, Subject};

use super::claims::{At, Scope, each_claim, is_per_element};
use super::geometry::refused;
use super::probe::{Found, Probe, find};
use super::{Finding, Tally, tolerance};

/// Every such relation, in value and, where an input is handed on as it is, in gradient.
pub(super) fn kernels_agree_with_others(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    let relations: Vec<(&RelationEntry, &Call, &'static dyn Loss)> =
        compiled.spec.relations.iter().filter_map(|relation| called(subject, relation)).collect();
    if relations.is_empty() {
        return Finding::skipped("no relation is a call of a loss and nothing else");
    }
    let words = relations.iter().map(|(relation, ..)| format!("the kernels of {}", print(&relation.equals))).collect();
    let state = |claim: usize, scope: Scope<'static, '_>| Typed::new(scope, relations[claim]);
    let look = |_: usize, typed: &Option<Typed>, at: &At<'_>, _: &mut Random, tally: &mut Tally| {
        if let Some(typed) = typed {
            typed.look(at, tally);
        }
    };
    let mut finding = each_claim(subject, effort, "kernels_agree_with_others", compiled, words, state, look);
    // The claims are those of the relations, which are reported once.
    finding.evidence.claims.clear();
    finding
}

/// The loss that a relation calls, if it does nothing else.
fn called<'s>(
    subject: &Subject,
    relation: &'s RelationEntry,
) -> Option<(&'s RelationEntry, &'s Call, &'static dyn Loss)> {
    let AstKind::Call(call) = &relation.equals.kind else { return None };
    let other = subject.registry.losses.iter().copied().find(|loss| loss.info().name == call.name.value)?;
    let is_plain = relation.limit.is_none() && relation.with.is_empty() && relation.up_to.is_none();
    // A loss of single numbers that is called for every place of an axis has other rows.
    let has_same_axes = other.info().axes.len() == subject.loss.info().axes.len();
    (is_plain && has_same_axes && call.axes.is_empty() && call.filter.is_none()).then_some((relation, call, other))
}

/// An argument for an input.
enum Argument {
    /// One of this loss's own inputs, as it is.
    Own(usize),
    Formula(ExprId),
}

/// A relation in a variant.
struct Typed {
    spec: &'static Spec,
    other: &'static dyn Loss,
    variant: Variant,
    when: Option<ExprId>,
    /// For each input of the other loss.
    inputs: Vec<Option<Argument>>,
    /// For each of its parameters.
    params: Vec<Option<ExprId>>,
    words: String,
}

impl Typed {
    fn new(
        mut scope: Scope<'static, '_>,
        (relation, call, other): (&RelationEntry, &Call, &'static dyn Loss),
    ) -> Option<Self> {
        let named = |name: &str| {
            let argument = call.named.iter().find(|(other, _)| other.value == name);
            argument.and_then(|(_, argument)| match argument {
                NamedArgument::Formula(ast) => Some(ast),
                NamedArgument::Axis(_) => None,
            })
        };
        let when = match &relation.when {
            Some(when) => Some(scope.typed(when, &[])?),
            None => None,
        };
        let own = |ast: &Ast| match &ast.kind {
            AstKind::Name(name) => scope.compiled.spec.inputs.iter().position(|input| input.name == *name),
            AstKind::Number(_)
            | AstKind::Boolean(_)
            | AstKind::Unary(..)
            | AstKind::Binary(..)
            | AstKind::If(..)
            | AstKind::Pick(..)
            | AstKind::Call(_) => None,
        };
        let arguments: Vec<Option<(&Ast, Option<usize>)>> = (other.info().inputs.iter().enumerate())
            .map(|(place, input)| call.arguments.get(place).or_else(|| named(input.name)).map(|ast| (ast, own(ast))))
            .collect();
        let mut inputs = Vec::new();
        for argument in arguments {
            inputs.push(match argument {
                Some((_, Some(own))) if scope.variant.key.inputs_present[own] => Some(Argument::Own(own)),
                Some((ast, _)) => Some(Argument::Formula(scope.typed(ast, &[])?)),
                None => None,
            });
        }
        let mut params = Vec::new();
        for param in other.info().params {
            params.push(match named(param.name) {
                Some(ast) => Some(scope.typed(ast, &[])?),
                None => None,
            });
        }
        let words = print(&relation.equals);
        Some(Typed { spec: &scope.compiled.spec, other, variant: scope.variant, when, inputs, params, words })
    }

    fn look(&self, at: &At<'_>, tally: &mut Tally) {
        let sample = at.sample;
        let dropped = sample.batch.dropped_rows(sample.info, sample.extents);
        let rows: Vec<usize> = (0..dropped.len()).filter(|&row| !dropped[row] && self.speaks(at, row)).collect();
        if rows.is_empty() {
            return;
        }
        let Some(batch) = self.arguments(at, &rows) else { return };
        let own = match find(sample.loss, &sample.batch.rows(sample.info, sample.extents, &rows), Probe::default()) {
            Ok(own) => own,
            Err(refusal) => return refused(sample, &refusal, tally),
        };
        match find(self.other, &batch, Probe::default()) {
            Ok(other) => self.compare(at, &rows, &own, (&other, &batch), tally),
            Err(refusal) => tally.fail(&format!("{}; {}", self.words, sample.describe()), || {
                ("an answer of both".to_owned(), refusal.to_string())
            }),
        }
    }

    /// Whether the relation's condition holds everywhere in a row.
    fn speaks(&self, at: &At<'_>, row: usize) -> bool {
        let Some(when) = self.when else { return true };
        let along = if is_per_element(&self.variant) { at.sample.extents.extent } else { 1 };
        (0..along).all(|place| {
            let oracle = Oracle::new(self.spec, &self.variant, at.data);
            let axes = self.spec.axes.len().min(2);
            oracle.is_ok_and(|oracle| oracle.condition(when, &[row, place][..axes]) == Ok(Some(true)))
        })
    }

    /// The other loss's inputs and parameters for some rows.
    fn arguments(&self, at: &At<'_>, rows: &[usize]) -> Option<Batch<f64>> {
        let (sample, info) = (at.sample, self.other.info());
        let oracle = Oracle::new(self.spec, &self.variant, at.data).ok()?;
        let axes = self.spec.axes.len().min(2);
        let number = |id: ExprId, place: [usize; 2]| {
            let place = &place[..axes];
            // A switch or a flag that is handed on, as the call has it: 1 or 0.
            if self.variant.graph.ty(id) == Type::Condition {
                return oracle.condition(id, place).ok()?.map(|truth| f64::from(u8::from(truth)));
            }
            Some(oracle.expression(id, place).ok()?.value.to_f64())
        };
        let extents = Extents { rows: vec![rows.len()], extent: sample.extents.extent };
        let own = sample.batch.rows(sample.info, sample.extents, rows);
        let mut inputs = Vec::new();
        for (input, argument) in info.inputs.iter().zip(&self.inputs) {
            inputs.push(match argument {
                None => None,
                Some(Argument::Own(place)) => own.inputs[*place].clone(),
                Some(Argument::Formula(id)) => {
                    let shape = extents.shape(info, input);
                    let mut values = vec![0.0; shape.iter().product()];
                    for (at, &row) in rows.iter().enumerate() {
                        for along in 0..extents.per_row(info, input) {
                            let place = extents.place(info, input, at, along).unwrap_or(along);
                            values[place] = number(*id, [row, along])?;
                        }
                    }
                    let values = match input.label {
                        Label::ClassIndex | Label::Group => Values::Whole(values.iter().map(|&x| x as i64).collect()),
                        Label::Flag => Values::Condition(values.iter().map(|&x| x != 0.0).collect()),
                        Label::Real
                        | Label::Nonnegative
                        | Label::Positive
                        | Label::Probability
                        | Label::Binary
                        | Label::MultiHot
                        | Label::Sign
                        | Label::Count
                        | Label::Simplex => Values::Real(values),
                    };
                    Some(Column { shape, values })
                }
            });
        }
        let params = self.params.iter().map(|param| match param {
            Some(id) => number(*id, [rows[0], 0]),
            None => Some(f64::NAN),
        });
        Some(Batch { inputs, params: params.collect::<Option<Vec<f64>>>()? })
    }

    fn compare(
        &self,
        at: &At<'_>,
        rows: &[usize],
        own: &Found<f64>,
        (other, arguments): (&Found<f64>, &Batch<f64>),
        tally: &mut Tally,
    ) {
        let sample = at.sample;
        let handed_on = (self.inputs.iter().enumerate()).filter_map(|(place, argument)| match argument {
            Some(Argument::Own(input)) if self.reads_once(*input) => Some((*input, place)),
            Some(Argument::Own(_) | Argument::Formula(_)) | None => None,
        });
        let mut outputs = vec![("value".to_owned(), &own.elements, &other.elements)];
        for (input, place) in handed_on {
            if let (Some(own), Some(other)) = (&own.gradients[input], &other.gradients[place]) {
                outputs.push((format!("gradient of {}", sample.info.inputs[input].name), own, other));
            }
        }
        let batches = || [&sample.batch, arguments].into_iter();
        let numbers =
            batches().flat_map(|batch| batch.inputs.iter().flatten()).filter_map(|column| column.values.reals());
        let params = batches().flat_map(|batch| &batch.params);
        // What is infinite says nothing of how the rest is rounded; a parameter that is left to its default is NaN.
        let finite = numbers.flatten().chain(params).map(|number| number.abs()).filter(|size| size.is_finite());
        let largest = finite.fold(1.0, f64::max);
        for (name, own, other) in outputs {
            let wrong = (own.len() != other.len()).then_some(own.len().min(other.len())).or_else(|| {
                own.iter().zip(other.iter()).position(|(a, b)| {
                    let apart = tolerance::OTHER_KERNEL * (largest + a.abs());
                    !tolerance::within(*a, *b, apart)
                })
            });
            match wrong {
                None => tally.pass(rows.len() as u64),
                Some(place) => {
                    let what = format!("{}; {name}, place {place}; {}", self.words, sample.describe());
                    let show = |numbers: &[f64]| format!("{:?}", numbers.get(place));
                    tally.fail(&what, || (show(other), show(own)));
                }
            }
        }
    }

    /// Whether one argument alone reads an input.
    fn reads_once(&self, input: usize) -> bool {
        let reads = |argument: &Option<Argument>| match argument {
            None => false,
            Some(Argument::Own(own)) => *own == input,
            Some(Argument::Formula(id)) => {
                let graph = &self.variant.graph;
                let read: BTreeSet<usize> = reachable(graph, [*id])
                    .into_iter()
                    .filter_map(|id| match graph.expr(id) {
                        Expr::Input(input) => Some(usize::from(input.0)),
                        _ => None,
                    })
                    .collect();
                read.contains(&input)
            }
        };
        self.inputs.iter().filter(|argument| reads(argument)).count() == 1
    }
}
