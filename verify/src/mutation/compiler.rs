//! Faults of the compiler, put into what it makes of a right spec: a node of a derivative or of a lowered form, or a step of a schedule.
//! The plan is interpreted, and held against the formula as written.

mod nodes;
mod steps;

use std::collections::HashMap;
use std::sync::Arc;

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{ExprId, Graph, InputId};
use loss_codegen::lower::lower;
use loss_codegen::model::Variant;
use loss_codegen::plan::{Plan, Program};
use loss_codegen::rewrite::rewrite;
use loss_codegen::schedule::{Gradient, Roots, Schedule, schedule};

use crate::checks::names::check_names;
use crate::subject::Subject;

use super::interpret::{Interpreted, Work, WorkPlan, WorkProgram};
use super::judge::{checks, judge, subject};
use super::record::Fate;
use super::run::{self, Court, Judged, Mutant};
use super::same::{Known, proof, simplified, taken_over};
use super::spec::signs;

/// What finds most faults first; what looks only at how kernels are run, or not at kernels at all, never.
const FIRST: &[&str] = check_names![
    "examples_hold",
    "pytorch_answers_replay",
    "gradient_matches_oracle",
    "value_matches_oracle",
    "reductions_match_oracle",
];
const LEFT_OUT: &[&str] = check_names![
    "relations_hold",
    "claims_are_proved",
    "large_sums_are_exact",
    "partials_merge_to_the_whole",
    "outputs_do_not_depend_on_each_other",
    "isas_agree",
    "threads_agree",
    "layout_changes_nothing",
    "forward_equals_fused",
    "batch_equals_rows_alone",
    "nan_stays_in_its_row",
    "gradient_linear_in_upstream",
    "sum_is_sum_of_none",
    "errors_write_nothing",
    // The faults are in values and gradients alone.
    "curvature_matches_oracle",
    "curvature_is_reproducible",
    "curvature_claims_hold",
    "value_and_gradient_are_drawn",
];

/// A fault in a plan.
#[derive(Clone)]
pub(super) struct Fault {
    /// Which plan.
    plan: usize,
    /// Which of its programs: the loss, or a reduction's summand.
    program: Part,
    change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Loss,
    Summand(usize),
    Divisor(usize),
}

#[derive(Clone)]
enum Change {
    /// A node of the cotangents before they are lowered.
    Derivative(ExprId, nodes::Alternative),
    /// A node of what is scheduled.
    Lowered(ExprId, nodes::Alternative),
    /// A step of the fused schedule.
    Step(steps::Step),
}

/// The mutants of what the compiler makes of a loss, and what becomes of them.
pub(super) fn judged(original: &Subject, court: &Court, most: usize) -> Judged {
    let Some(compiled) = original.compiled() else { return Judged { mutants: Vec::new(), not_reached: 0 } };
    run::judged(mutants(compiled), most, court, |fault| fate(original, compiled, fault, court))
}

fn mutants(compiled: &Compiled) -> Vec<Mutant<Fault>> {
    let mut all = Vec::new();
    for (at, plan) in compiled.plans.iter().enumerate() {
        let summands = plan.reductions.iter().enumerate();
        let summands = summands.filter_map(|(of, reduction)| Some((Part::Summand(of), reduction.of.as_ref()?)));
        for (part, program) in std::iter::once((Part::Loss, &plan.loss)).chain(summands) {
            let mut add = |operator: &str, place: String, before: String, after: String, change: Change| {
                let place = format!("plan {at}, {place}");
                all.push(Mutant::new(operator, place, before, after, Fault { plan: at, program: part, change }));
            };
            let name = if part == Part::Loss { "loss" } else { "summand" };
            let cotangents: Vec<ExprId> = program.derivatives.iter().map(|(_, cotangent)| *cotangent).collect();
            for (id, alternative) in nodes::alternatives(&plan.graph, &cotangents) {
                let words = nodes::words(&plan.graph, id);
                let place = format!("derivative of the {name}, node {}", id.index());
                add(alternative.operator(), place, words, alternative.words(), Change::Derivative(id, alternative));
            }
            let lowered: Vec<ExprId> = roots(&program.fused);
            for (id, alternative) in nodes::alternatives(&plan.graph, &lowered) {
                let words = nodes::words(&plan.graph, id);
                let place = format!("kernel of the {name}, node {}", id.index());
                add(alternative.operator(), place, words, alternative.words(), Change::Lowered(id, alternative));
            }
            for step in steps::steps(&plan.graph, &program.fused) {
                let words = step.words();
                add("schedule", format!("schedule of the {name}"), String::new(), words, Change::Step(step));
            }
        }
        for (of, reduction) in plan.reductions.iter().enumerate() {
            let Some(over) = &reduction.over else { continue };
            for (id, alternative) in nodes::alternatives(&plan.graph, &roots(over)) {
                let words = nodes::words(&plan.graph, id);
                let place = format!("plan {at}, divisor, node {}", id.index());
                let (operator, after) = (alternative.operator(), alternative.words());
                let fault = Fault { plan: at, program: Part::Divisor(of), change: Change::Lowered(id, alternative) };
                all.push(Mutant::new(operator, place, words, after, fault));
            }
        }
    }
    all
}

/// What a schedule computes: the value, then the cotangents.
fn roots(schedule: &Schedule) -> Vec<ExprId> {
    let (value, gradients) = outputs(schedule);
    std::iter::once(value).chain(gradients.iter().map(|gradient| gradient.cotangent)).collect()
}

fn outputs(schedule: &Schedule) -> (ExprId, Vec<Gradient>) {
    match schedule {
        Schedule::Elementwise(kernel) => (kernel.value, kernel.gradients.clone()),
        Schedule::RowWise(kernel) => {
            (kernel.value, kernel.element_gradients.iter().chain(&kernel.row_gradients).copied().collect())
        }
    }
}

/// What happens to a mutant. A stage that finds its input broken may give up.
fn fate(original: &Subject, compiled: &'static Compiled, fault: &Fault, court: &Court) -> Fate {
    let broken = std::panic::AssertUnwindSafe(|| broken(compiled, fault));
    match std::panic::catch_unwind(broken) {
        Err(_) => refused("a stage of the compiler gives up"),
        Ok(Err(fate)) => fate,
        Ok(Ok(plans)) => {
            let loss: &'static Interpreted =
                Box::leak(Box::new(Interpreted::new(original.loss, original.loss.info(), compiled, plans)));
            let mutant = subject(original, loss, compiled);
            let fate = judge(&mutant, &checks(FIRST, LEFT_OUT), &court.effort, court.until);
            loss.retire();
            fate
        }
    }
}

/// What a plan is made from, as far as proofs need it.
struct Given<'g> {
    variant: &'g Variant,
    signs: &'g [InputId],
}

/// What must hold of parameters and inputs.
fn domains(variant: &Variant) -> Vec<ExprId> {
    variant.param_domains.iter().chain(&variant.input_domains).copied().flatten().collect()
}

/// The plans of a loss with a fault in one; or the fate of a mutant that cannot be run, or computes the same.
fn broken(compiled: &Compiled, fault: &Fault) -> Result<Vec<WorkPlan>, Fate> {
    let mut plans: Vec<WorkPlan> = compiled.plans.iter().map(WorkPlan::new).collect();
    let plan = &compiled.plans[fault.plan];
    let Some(variant) = compiled.variants.iter().find(|variant| variant.key == plan.key) else {
        return Err(refused("the plan has no variant"));
    };
    let given = Given { variant, signs: &signs(&compiled.spec) };
    let broken = &mut plans[fault.plan];
    let nothing = || refused("there is no such kernel");
    match fault.program {
        Part::Loss => broken.loss = mutated(plan, &given, &plan.loss, &fault.change)?,
        Part::Summand(at) => {
            let program = plan.reductions[at].of.as_ref().ok_or_else(nothing)?;
            broken.reductions[at].0 = Some(mutated(plan, &given, program, &fault.change)?);
        }
        Part::Divisor(at) => {
            let over = plan.reductions[at].over.as_ref().ok_or_else(nothing)?;
            let Change::Lowered(id, alternative) = &fault.change else { return Err(nothing()) };
            broken.reductions[at].1 = Some(scheduled(plan, &given, over, *id, alternative)?);
        }
    }
    Ok(plans)
}

/// A program with a fault; the fate of one that cannot be run, or computes the same.
fn mutated(plan: &Plan, given: &Given<'_>, program: &Program, change: &Change) -> Result<WorkProgram, Fate> {
    let whole = |schedule: &Schedule, graph: &Arc<Graph>| Work {
        graph: Arc::clone(graph),
        schedule: schedule.clone(),
        slip: None,
    };
    match change {
        Change::Lowered(id, alternative) => Ok(WorkProgram {
            forward: match scheduled(plan, given, &program.forward, *id, alternative) {
                Ok(work) => work,
                // The value alone does without the node.
                Err(Fate::Equivalent { .. }) => whole(&program.forward, &Arc::new(plan.graph.clone())),
                Err(other) => return Err(other),
            },
            fused: scheduled(plan, given, &program.fused, *id, alternative)?,
            ..WorkProgram::new(&Arc::new(plan.graph.clone()), program)
        }),
        Change::Derivative(id, alternative) => {
            let mut graph = plan.graph.clone();
            let cotangents: Vec<ExprId> = program.derivatives.iter().map(|(_, cotangent)| *cotangent).collect();
            let broken = with_alternative(&mut graph, &cotangents, (*id, alternative), given)?;
            let mut whole_roots = vec![program.stable];
            whole_roots.extend(broken);
            let lowered = lower(&mut graph, &whole_roots);
            let gradients = outputs(&program.fused).1;
            let axes = |input| gradients.iter().find(|gradient| gradient.input == input).map(|gradient| gradient.axes);
            let gradients = program.derivatives.iter().zip(&lowered[1..]).filter_map(|((input, _), &cotangent)| {
                Some(Gradient { input: *input, axes: axes(*input)?, cotangent })
            });
            let roots = Roots { value: lowered[0], gradients: gradients.collect(), axes: plan.axes };
            let fused = schedule(&graph, &roots).map_err(|reason| refused(&format!("{reason:?}")))?;
            let graph = Arc::new(graph);
            Ok(WorkProgram { fused: whole(&fused, &graph), ..WorkProgram::new(&graph, program) })
        }
        Change::Step(step) => {
            let graph = Arc::new(plan.graph.clone());
            let mut fused = whole(&program.fused, &graph);
            step.apply(&mut fused);
            Ok(WorkProgram { fused, ..WorkProgram::new(&graph, program) })
        }
    }
}

fn refused(message: &str) -> Fate {
    Fate::Refused { message: message.to_owned() }
}

/// A schedule of the same outputs, one node of which is another.
fn scheduled(
    plan: &Plan,
    given: &Given<'_>,
    of: &Schedule,
    id: ExprId,
    alternative: &nodes::Alternative,
) -> Result<Work, Fate> {
    let mut graph = plan.graph.clone();
    let broken = with_alternative(&mut graph, &roots(of), (id, alternative), given)?;
    let gradients = outputs(of).1.into_iter().zip(&broken[1..]);
    let gradients = gradients.map(|(gradient, &cotangent)| Gradient { cotangent, ..gradient }).collect();
    let roots = Roots { value: broken[0], gradients, axes: plan.axes };
    let schedule = schedule(&graph, &roots).map_err(|reason| refused(&format!("{reason:?}")))?;
    Ok(Work { graph: Arc::new(graph), schedule, slip: None })
}

/// Roots in which a node is replaced.
fn with_alternative(
    graph: &mut Graph,
    roots: &[ExprId],
    (id, alternative): (ExprId, &nodes::Alternative),
    given: &Given<'_>,
) -> Result<Vec<ExprId>, Fate> {
    let Some(other) = alternative.add_to(graph, id) else { return Err(refused("the node has no such alternative")) };
    let mut done = HashMap::from([(id, other)]);
    rewrite(graph, roots, &mut done, &mut |graph, id, expr| if expr == graph.expr(id) { id } else { graph.add(expr) });
    let broken: Vec<ExprId> = roots.iter().map(|root| done[root]).collect();
    let (ours, theirs) = (simplified(graph, roots), simplified(graph, &broken));
    let Given { variant, signs } = given;
    let facts = taken_over(graph, &variant.graph, &domains(variant));
    match proof(graph, &ours, &theirs, &Known { facts: &facts, signs }) {
        Some(proof) => Err(Fate::Equivalent { proof }),
        None => Ok(broken),
    }
}

#[cfg(test)]
mod tests;
