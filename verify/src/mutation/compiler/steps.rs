//! What could go wrong in a schedule: a value lost, taken from the wrong slot, or never there.

use loss_codegen::expr::{Expr, Graph, Reducer};
use loss_codegen::schedule::{RowWise, Schedule};

use crate::interpret::{Slip, Work};

/// A fault in a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// In how it is run.
    Slip(Slip),
    /// Two gradients along the same axes go to each other's input.
    GradientsSwapped(Along, usize, usize),
    /// A gradient is not written.
    GradientDropped(Along, usize),
    /// A reduction is not accumulated in its pass.
    ReductionDropped(usize, usize),
}

/// Which list of gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Along {
    Elements,
    Rows,
}

impl Step {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Slip(slip) => match slip {
                Slip::PicksNext => "a label picks its neighbour".to_owned(),
                Slip::SpillsShifted => "the value stored by a pass is read one place further".to_owned(),
                Slip::UniformsShifted(at) => format!("uniform {at} holds the next one's value"),
                Slip::CarriedShifted(at) => format!("carried value {at} holds the next one's"),
                Slip::CarriedLost(at) => format!("carried value {at} is not kept"),
                Slip::PassTooShort(pass) => format!("pass {pass} leaves the last place out"),
                Slip::NotReset(pass) => format!("pass {pass} goes on where the row before ended"),
            },
            Self::GradientsSwapped(_, one, other) => format!("gradients {one} and {other} are swapped"),
            Self::GradientDropped(_, at) => format!("gradient {at} is not written"),
            Self::ReductionDropped(pass, at) => format!("reduction {at} of pass {pass} is not accumulated"),
        }
    }

    /// Why the fault changes nothing, if it does not.
    pub(super) fn proof(&self, graph: &Graph, schedule: &Schedule) -> Option<String> {
        let Self::GradientDropped(along, at) = *self else { return None };
        let mut schedule = schedule.clone();
        let is_nothing = graph.is_integer(gradients(&mut schedule, along)[at].cotangent, 0);
        is_nothing.then(|| "drivers write 0 where a kernel writes nothing, and the formula is 0".to_owned())
    }

    pub(super) fn apply(&self, work: &mut Work) {
        match self {
            Self::Slip(slip) => work.slip = Some(*slip),
            Self::GradientsSwapped(along, one, other) => {
                let gradients = gradients(&mut work.schedule, *along);
                let (first, second) = (gradients[*one].input, gradients[*other].input);
                (gradients[*one].input, gradients[*other].input) = (second, first);
            }
            Self::GradientDropped(along, at) => {
                gradients(&mut work.schedule, *along).remove(*at);
            }
            Self::ReductionDropped(pass, at) => {
                if let Schedule::RowWise(kernel) = &mut work.schedule {
                    kernel.passes[*pass].remove(*at);
                }
            }
        }
    }
}

fn gradients(schedule: &mut Schedule, along: Along) -> &mut Vec<loss_codegen::schedule::Gradient> {
    match (schedule, along) {
        (Schedule::Elementwise(kernel), _) => &mut kernel.gradients,
        (Schedule::RowWise(kernel), Along::Elements) => &mut kernel.element_gradients,
        (Schedule::RowWise(kernel), Along::Rows) => &mut kernel.row_gradients,
    }
}

/// Every fault that changes something in a schedule.
pub(super) fn steps(graph: &Graph, schedule: &Schedule) -> Vec<Step> {
    let mut all = Vec::new();
    let (uniforms, lists) = match schedule {
        Schedule::Elementwise(kernel) => (kernel.uniforms.len(), vec![(Along::Elements, kernel.gradients.len())]),
        Schedule::RowWise(kernel) => {
            all.extend(of_rows(graph, kernel));
            let lists = [(Along::Elements, kernel.element_gradients.len()), (Along::Rows, kernel.row_gradients.len())];
            (kernel.uniforms.len(), lists.into())
        }
    };
    if uniforms > 1 {
        all.extend((0..uniforms).map(|at| Step::Slip(Slip::UniformsShifted(at))));
    }
    for (along, count) in lists {
        all.extend((0..count).map(|at| Step::GradientDropped(along, at)));
        all.extend((1..count).map(|at| Step::GradientsSwapped(along, at - 1, at)));
    }
    all
}

fn of_rows(graph: &Graph, kernel: &RowWise) -> Vec<Step> {
    let mut all = Vec::new();
    if kernel.rows.iter().any(|&id| matches!(graph.expr(id), Expr::Pick { .. })) {
        all.push(Step::Slip(Slip::PicksNext));
    }
    if kernel.spill.is_some() {
        all.push(Step::Slip(Slip::SpillsShifted));
    }
    let carried = kernel.carried.len();
    if carried > 1 {
        all.extend((0..carried).map(|at| Step::Slip(Slip::CarriedShifted(at))));
    }
    all.extend((0..carried).map(|at| Step::Slip(Slip::CarriedLost(at))));
    for (pass, reductions) in kernel.passes.iter().enumerate() {
        all.push(Step::Slip(Slip::PassTooShort(pass)));
        all.extend((0..reductions.len()).map(|at| Step::ReductionDropped(pass, at)));
        // A maximum that goes on from another row's shifts exponentials by too much, which shows only where they underflow.
        let sums =
            matches!(reductions.first().map(|&id| graph.expr(id)), Some(Expr::Reduce { reducer: Reducer::Sum, .. }));
        if sums {
            all.push(Step::Slip(Slip::NotReset(pass)));
        }
    }
    all
}
