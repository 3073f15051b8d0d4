//! Faults of the compiler, put into what it makes of a right spec: a node of a derivative or of a lowered form, or a step of a schedule.
//! The plan is interpreted, and held against the formula as written.

mod bends;
mod forms;
mod nodes;
mod products;
mod second;
mod steps;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{ExprId, Graph, ParamId};
use loss_codegen::lower::lower;
use loss_codegen::model::{Spec, Variant};
use loss_codegen::plan::{Plan, Program};
use loss_codegen::rewrite::rewrite;
use loss_codegen::schedule::{Gradient, Roots, Schedule, schedule};

use crate::checks::names::check_names;
use crate::subject::{Effort, Subject};

use super::judge::{further, judge, named, rest, subject};
use super::record::{Fate, MutantRecord};
use super::run::{self, Court, Judged, Mutant};
use super::same::{Known, of_labels, proof, taken_over, with_zeros};
use super::spec::signs;
use crate::interpret::{Interpreted, Work, WorkPlan, WorkProgram};

use bends::{Which, with_broken_curvature};
use products::with_broken_product;

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
    // These faults are in values and gradients alone.
    "curvature_matches_oracle",
    "curvature_is_reproducible",
    "curvature_claims_hold",
    "hessian_product_matches_oracle",
    "hessian_product_matches_kernel_differences",
    "hessian_product_obeys_laws",
    "hessian_product_is_reproducible",
    "value_and_gradient_are_drawn",
];
/// What asks for curvatures; nothing else meets their kernels.
const OF_CURVATURE: &[&str] = check_names!["curvature_matches_oracle", "curvature_is_reproducible"];
/// What asks for Hessian-vector products; nothing else meets their kernels.
const OF_PRODUCTS: &[&str] = check_names![
    "hessian_product_matches_oracle",
    "hessian_product_obeys_laws",
    "hessian_product_matches_kernel_differences",
];

/// What survives is looked at again with so many times as many points: what is lost are digits where numbers are of a kind.
const PATIENCE: u64 = 100;
/// For kernels that two or three checks look at there is time for more.
const PATIENCE_OF_SECOND_DERIVATIVES: u64 = 1000;
/// What asks then how many digits are left, if the plans without a fault keep as many.
const OF_DIGITS: &[&str] = check_names!["errors_are_within_budget"];

/// A fault in a plan.
#[derive(Clone)]
pub(super) struct Fault {
    /// Which plan.
    plan: usize,
    /// Which of its programs: the loss, or a reduction's summand.
    program: Part,
    kernel: Kernel,
    change: Change,
}

/// Which of a program's kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernel {
    /// Those of value and gradients.
    Gradients,
    /// That of the second derivative, or of what is declared in its stead.
    Curvature(Which),
    /// That of a Hessian-vector product, by its place among the program's.
    Product(usize),
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
    let original = Original { subject: original, compiled, plans: right(compiled), keeps_digits: OnceLock::new() };
    run::judged(mutants(compiled), most, court, |fault| fate(&original, fault, court))
}

/// A loss without a fault.
struct Original<'o> {
    subject: &'o Subject,
    compiled: &'static Compiled,
    plans: Vec<Arc<WorkPlan>>,
    /// Whether its plans, interpreted, are as exact as its kernels.
    keeps_digits: OnceLock<bool>,
}

impl Original<'_> {
    /// A loss that computes by these plans.
    fn with(&self, plans: Vec<Arc<WorkPlan>>) -> (&'static Interpreted, Subject) {
        interpreted(self.subject, self.compiled, plans)
    }

    /// Whether the plans as they are pass what asks for digits, with the patience that it asks their faults with.
    fn keeps_digits(&self, court: &Court) -> bool {
        *self.keeps_digits.get_or_init(|| {
            let (loss, unchanged) = self.with(self.plans.clone());
            let patient = Effort { points: court.effort.points * PATIENCE, ..court.effort };
            let fate = judge(&unchanged, &named(OF_DIGITS), &patient, court.until);
            loss.retire();
            fate == Fate::Survived
        })
    }
}

/// A loss that computes by some plans, and where it takes the original's place.
fn interpreted(
    original: &Subject,
    compiled: &'static Compiled,
    plans: Vec<Arc<WorkPlan>>,
) -> (&'static Interpreted, Subject) {
    let loss: &'static Interpreted =
        Box::leak(Box::new(Interpreted::new(original.loss, original.loss.info(), compiled, plans)));
    (loss, subject(original, loss, compiled))
}

/// The plans of a loss as they are.
fn right(compiled: &Compiled) -> Vec<Arc<WorkPlan>> {
    compiled.plans.iter().map(|plan| Arc::new(WorkPlan::new(plan))).collect()
}

fn mutants(compiled: &Compiled) -> Vec<Mutant<Fault>> {
    let mut all = Vec::new();
    for (at, plan) in compiled.plans.iter().enumerate() {
        let summands = plan.reductions.iter().enumerate();
        let summands = summands.filter_map(|(of, reduction)| Some((Part::Summand(of), reduction.of.as_ref()?)));
        for (part, program) in std::iter::once((Part::Loss, &plan.loss)).chain(summands) {
            let name = if part == Part::Loss { "loss" } else { "summand" };
            let gradients: Vec<ExprId> = program.derivatives.iter().map(|(_, cotangent)| *cotangent).collect();
            let of_gradients = Source {
                words: ["derivative", "kernel", "schedule"].map(|what| format!("{what} of the {name}")),
                kernel: Kernel::Gradients,
                derivatives: gradients,
                schedule: Cow::Borrowed(&program.fused),
            };
            let of_curvatures = Which::ALL.into_iter().filter_map(|which| {
                let bend = which.of(program.curvature.as_ref()?)?;
                Some(Source {
                    words: which.words().map(|what| format!("{what} of the {name}")),
                    kernel: Kernel::Curvature(which),
                    derivatives: vec![bend.stable],
                    schedule: Cow::Owned(Schedule::Elementwise(bend.kernel.clone())),
                })
            });
            let of_products = program.products.iter().enumerate().map(|(at, product)| Source {
                words: products::WORDS.map(|what| format!("{what} of the {name}")),
                kernel: Kernel::Product(at),
                derivatives: vec![product.stable],
                schedule: Cow::Borrowed(&product.kernel),
            });
            for source in std::iter::once(of_gradients).chain(of_curvatures).chain(of_products) {
                all.extend(source.mutants(&plan.graph).map(|(record, change)| {
                    let place = format!("plan {at}, {}", record.place);
                    let fault = Fault { plan: at, program: part, kernel: source.kernel, change };
                    Mutant { record: MutantRecord { place, ..record }, fault }
                }));
            }
        }
        for (of, reduction) in plan.reductions.iter().enumerate() {
            let Some(over) = &reduction.over else { continue };
            for (id, alternative) in nodes::alternatives(&plan.graph, &roots(over)) {
                let words = nodes::words(&plan.graph, id);
                let place = format!("plan {at}, divisor, node {}", id.index());
                let (operator, after) = (alternative.operator(), alternative.words());
                let change = Change::Lowered(id, alternative);
                let fault = Fault { plan: at, program: Part::Divisor(of), kernel: Kernel::Gradients, change };
                all.push(Mutant::new(operator, place, words, after, fault));
            }
        }
    }
    all
}

/// Some kernels of a program, and what they are made from.
struct Source<'p> {
    /// What is changed, in words: derivatives, nodes of the kernel, steps of its schedule.
    words: [String; 3],
    kernel: Kernel,
    derivatives: Vec<ExprId>,
    schedule: Cow<'p, Schedule>,
}

impl Source<'_> {
    fn mutants(&self, graph: &Graph) -> impl Iterator<Item = (MutantRecord, Change)> {
        let [derivative, kernel, schedule] = &self.words;
        let of_nodes = |what: &str, roots: &[ExprId], change: fn(ExprId, nodes::Alternative) -> Change| {
            let alternatives = nodes::alternatives(graph, roots).into_iter().map(|(id, alternative)| {
                let place = format!("{what}, node {}", id.index());
                let (before, after) = (nodes::words(graph, id), alternative.words());
                (MutantRecord::open(alternative.operator(), place, before, after), change(id, alternative))
            });
            alternatives.collect::<Vec<_>>()
        };
        let mut all = of_nodes(derivative, &self.derivatives, Change::Derivative);
        all.extend(of_nodes(kernel, &roots(&self.schedule), Change::Lowered));
        all.extend(steps::steps(graph, &self.schedule).into_iter().map(|step| {
            let record = MutantRecord::open("schedule", schedule.clone(), String::new(), step.words());
            (record, Change::Step(step))
        }));
        all.into_iter()
    }
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
fn fate(original: &Original<'_>, fault: &Fault, court: &Court) -> Fate {
    let Original { compiled, plans: right, .. } = original;
    let made = |proofs: Proofs| {
        let broken = std::panic::AssertUnwindSafe(|| broken(compiled, right, fault, proofs));
        std::panic::catch_unwind(broken).unwrap_or_else(|_| Err(refused("a stage of the compiler gives up")))
    };
    let plans = match made(Proofs::LeftOut) {
        Ok(plans) => plans,
        Err(fate) => return fate,
    };
    let faulty = Arc::clone(&plans[fault.plan]);
    let (loss, mutant) = original.with(plans);
    let (first, rest) = match fault.kernel {
        Kernel::Gradients => (named(FIRST), rest(FIRST, LEFT_OUT)),
        Kernel::Curvature(_) => (named(OF_CURVATURE), Vec::new()),
        Kernel::Product(_) => (named(OF_PRODUCTS), Vec::new()),
    };
    let fate = match judge(&mutant, &first, &court.effort, court.until) {
        Fate::Survived => {
            made(Proofs::Tried).map_or_else(|fate| fate, |_| further(Fate::Survived, &mutant, &rest, court))
        }
        fate => further(fate, &mutant, &rest, court),
    };
    let fate = match fate {
        Fate::Survived => {
            let patience = match fault.kernel {
                Kernel::Gradients => PATIENCE,
                Kernel::Curvature(_) | Kernel::Product(_) => PATIENCE_OF_SECOND_DERIVATIVES,
            };
            let patient = Effort { points: court.effort.points * patience, ..court.effort };
            match judge(&mutant, &first, &patient, court.until) {
                Fate::Survived if fault.kernel == Kernel::Gradients && original.keeps_digits(court) => {
                    judge(&mutant, &named(OF_DIGITS), &patient, court.until)
                }
                fate => fate,
            }
        }
        fate => fate,
    };
    let fate = match fate {
        Fate::Survived => {
            let (right_loss, unchanged) = original.with(right.clone());
            let losses = [&unchanged, &mutant];
            let plans = (right[fault.plan].as_ref(), faulty.as_ref());
            let fate = forms::fate(losses, (compiled, fault.plan), plans, court.effort.seed);
            right_loss.retire();
            fate
        }
        fate => fate,
    };
    loss.retire();
    fate
}

/// Whether equivalent mutants are looked for. Most mutants are killed, in less time than it takes to see that no proof is there.
#[derive(Clone, Copy)]
enum Proofs {
    LeftOut,
    Tried,
}

/// What a plan is made from, as far as proofs need it.
struct Given<'g> {
    /// Whether a mutant that computes the same is told from others.
    proofs: Proofs,
    spec: &'g Spec,
    variant: &'g Variant,
    /// Parameters that are 0 wherever the plan is chosen.
    zero: &'g [ParamId],
}

/// What must hold of parameters and inputs.
fn domains(variant: &Variant) -> Vec<ExprId> {
    variant.param_domains.iter().chain(&variant.input_domains).copied().flatten().collect()
}

/// The plans of a loss with a fault in one; or the fate of a mutant that cannot be run, or computes the same.
fn broken(
    compiled: &Compiled,
    right: &[Arc<WorkPlan>],
    fault: &Fault,
    proofs: Proofs,
) -> Result<Vec<Arc<WorkPlan>>, Fate> {
    let plan = &compiled.plans[fault.plan];
    let Some(variant) = compiled.variants.iter().find(|variant| variant.key == plan.key) else {
        return Err(refused("the plan has no variant"));
    };
    let given = Given { proofs, spec: &compiled.spec, variant, zero: &plan.zero };
    let mut broken = WorkPlan::clone(&right[fault.plan]);
    let nothing = || refused("there is no such kernel");
    match fault.program {
        Part::Loss => broken.loss = mutated(plan, &given, &plan.loss, fault)?,
        Part::Summand(at) => {
            let program = plan.reductions[at].of.as_ref().ok_or_else(nothing)?;
            broken.reductions[at].0 = Some(mutated(plan, &given, program, fault)?);
        }
        Part::Divisor(at) => {
            let over = plan.reductions[at].over.as_ref().ok_or_else(nothing)?;
            let Change::Lowered(id, alternative) = &fault.change else { return Err(nothing()) };
            broken.reductions[at].1 = Some(scheduled(plan, &given, over, *id, alternative)?);
        }
    }
    let mut plans = right.to_vec();
    plans[fault.plan] = Arc::new(broken);
    Ok(plans)
}

/// A program with a fault; the fate of one that cannot be run, or computes the same.
fn mutated(plan: &Plan, given: &Given<'_>, program: &Program, fault: &Fault) -> Result<WorkProgram, Fate> {
    match fault.kernel {
        Kernel::Gradients => {}
        Kernel::Curvature(which) => return with_broken_curvature(plan, given, program, which, &fault.change),
        Kernel::Product(at) => return with_broken_product(plan, given, program, at, &fault.change),
    }
    match &fault.change {
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
            if let Some(proof) = step.proof(&plan.graph, &program.fused) {
                return Err(Fate::Equivalent { proof });
            }
            let graph = Arc::new(plan.graph.clone());
            let mut fused = whole(&program.fused, &graph);
            step.apply(&mut fused);
            Ok(WorkProgram { fused, ..WorkProgram::new(&graph, program) })
        }
    }
}

/// A schedule as it is.
fn whole(schedule: &Schedule, graph: &Arc<Graph>) -> Work {
    Work { graph: Arc::clone(graph), schedule: schedule.clone(), slip: None }
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

/// Roots in which others take the place of some nodes, and nothing is simplified.
fn with_others(graph: &mut Graph, roots: &[ExprId], mut others: HashMap<ExprId, ExprId>) -> Vec<ExprId> {
    rewrite(graph, roots, &mut others, &mut |graph, id, expr| {
        if expr == graph.expr(id) { id } else { graph.add(expr) }
    });
    roots.iter().map(|root| others[root]).collect()
}

/// Roots in which a node is replaced.
fn with_alternative(
    graph: &mut Graph,
    roots: &[ExprId],
    (id, alternative): (ExprId, &nodes::Alternative),
    given: &Given<'_>,
) -> Result<Vec<ExprId>, Fate> {
    let Some(other) = alternative.add_to(graph, id) else { return Err(refused("the node has no such alternative")) };
    let broken = with_others(graph, roots, HashMap::from([(id, other)]));
    let Given { spec, variant, zero, .. } = given;
    match given.proofs {
        Proofs::LeftOut => return Ok(broken),
        Proofs::Tried => {}
    }
    let (ours, theirs) = (with_zeros(graph, roots, zero), with_zeros(graph, &broken, zero));
    let mut facts = taken_over(graph, &variant.graph, &domains(variant));
    facts.extend(of_labels(graph, spec, &[ours.as_slice(), theirs.as_slice()].concat()));
    match proof(graph, &ours, &theirs, &Known { facts: &facts, signs: &signs(spec) }) {
        Some(proof) => Err(Fate::Equivalent { proof }),
        None => Ok(broken),
    }
}

#[cfg(test)]
mod tests;
