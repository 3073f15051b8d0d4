//! Whether a fault is none: whether a kernel's formulas, as they became, are another form of what they were. A branch that keeps digits where
//! a share is nearly 1 may be left out and no number is another but for its last digits; as long as these stay within all bounds nobody can
//! call that wrong.

use std::collections::HashMap;

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{ExprId, Graph, InputId};
use loss_codegen::schedule::Schedule;

use crate::checks::Forms;
use crate::interpret::{Work, WorkPlan, WorkProgram};
use crate::mutation::record::Fate;
use crate::subject::Subject;

use super::{Fault, outputs, with_others};

/// At so many places at least are forms held against each other, or nothing is said.
const LEAST: u64 = 100;
/// For so many places that agree one may be undecided: ties of numbers that are equal but not known exactly, as the mean of equal numbers is with them.
const UNDECIDED: u64 = 3;

/// The fate of a fault that no check finds.
pub(super) fn fate(
    original: &Subject,
    compiled: &'static Compiled,
    (right, broken): (&WorkPlan, &WorkPlan),
    fault: &Fault,
    seed: u64,
) -> Fate {
    let mut places = 0;
    for (right, broken, along) in works(right, broken) {
        let mut graph = Graph::clone(&broken.graph);
        let Some(pairs) = pairs(&mut graph, right, broken) else { return Fate::Survived };
        if pairs.is_empty() {
            continue;
        }
        let forms = Forms { plan: &compiled.plans[fault.plan], graph, pairs: &pairs, along };
        let found = forms.agreement(original, compiled, seed);
        if found.different > 0 || found.undecided * UNDECIDED > found.same {
            return Fate::Survived;
        }
        places += found.same;
    }
    if places < LEAST { Fate::Survived } else { Fate::OtherForm { places } }
}

/// The kernels of a plan, each beside what it became; and the input along which it goes in a direction, if it does.
fn works<'w>(right: &'w WorkPlan, broken: &'w WorkPlan) -> Vec<(&'w Work, &'w Work, Option<usize>)> {
    let mut all = of_program(&right.loss, &broken.loss);
    for ((of, over), (their_of, their_over)) in right.reductions.iter().zip(&broken.reductions) {
        all.extend(of.iter().zip(their_of).flat_map(|(of, their)| of_program(of, their)));
        all.extend(over.iter().zip(their_over).map(|(over, their)| (over, their, None)));
    }
    all
}

fn of_program<'w>(right: &'w WorkProgram, broken: &'w WorkProgram) -> Vec<(&'w Work, &'w Work, Option<usize>)> {
    let values = [(&right.forward, &broken.forward, None), (&right.fused, &broken.fused, None)];
    let bends = [(&right.exact, &broken.exact), (&right.step, &broken.step)];
    let bends = bends.into_iter().filter_map(|(right, broken)| Some((right.as_ref()?, broken.as_ref()?, None)));
    let products = right.products.iter().zip(&broken.products);
    let products = products.map(|((along, right), (_, broken))| (right, broken, Some(*along)));
    values.into_iter().chain(bends).chain(products).collect()
}

/// What two kernels write, but for what is one node; none if what is wrong is not in their formulas. What a fault made of a plan's graph
/// has all of that graph in it.
fn pairs(graph: &mut Graph, right: &Work, broken: &Work) -> Option<Vec<(ExprId, ExprId)>> {
    if broken.slip.is_some() {
        return None;
    }
    let ((our_value, ours), (their_value, theirs)) = (outputs_of(right), outputs_of(broken));
    let mut pairs = vec![(our_value, their_value)];
    for (input, our) in &ours {
        pairs.push((*our, theirs.iter().find(|(their, _)| their == input)?.1));
    }
    // What is not accumulated is 0.
    let zero = graph.zero();
    let nothing: HashMap<ExprId, ExprId> = dropped(right, broken).into_iter().map(|id| (id, zero)).collect();
    let roots: Vec<ExprId> = pairs.iter().map(|(_, their)| *their).collect();
    for (pair, their) in pairs.iter_mut().zip(with_others(graph, &roots, nothing)) {
        pair.1 = their;
    }
    pairs.retain(|(our, their)| our != their);
    Some(pairs)
}

fn outputs_of(work: &Work) -> (ExprId, Vec<(InputId, ExprId)>) {
    let (value, gradients) = outputs(&work.schedule);
    (value, gradients.iter().map(|gradient| (gradient.input, gradient.cotangent)).collect())
}

/// The reductions that a kernel reads as another one does, and that its passes leave out; nothing where the formulas are others.
fn dropped(right: &Work, broken: &Work) -> Vec<ExprId> {
    match (&right.schedule, &broken.schedule) {
        (Schedule::RowWise(ours), Schedule::RowWise(theirs)) if outputs_of(right) == outputs_of(broken) => {
            let left = theirs.passes.concat();
            ours.passes.concat().into_iter().filter(|id| !left.contains(id)).collect()
        }
        _ => Vec::new(),
    }
}
