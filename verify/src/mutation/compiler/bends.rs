//! Faults in the kernels of a curvature.

use std::sync::Arc;

use loss_codegen::lower::lower;
use loss_codegen::plan::curvature::{Bend, Curvature};
use loss_codegen::plan::{Plan, Program};
use loss_codegen::schedule::{Gradient, Roots, Schedule, schedule};

use crate::mutation::interpret::{Work, WorkProgram};
use crate::mutation::record::Fate;

use super::{Change, Given, outputs, refused, scheduled, whole, with_alternative};

/// Which curvature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The second derivative.
    Exact,
    /// What a step of Newton's divides by, where that is another.
    Step,
}

impl Which {
    pub(super) const ALL: [Self; 2] = [Self::Exact, Self::Step];

    pub(super) fn of(self, curvature: &Curvature) -> Option<&Bend> {
        match self {
            Self::Exact => Some(&curvature.exact),
            Self::Step => curvature.step.as_ref(),
        }
    }

    /// Its derivative, its kernel and its schedule in words.
    pub(super) fn words(self) -> [&'static str; 3] {
        match self {
            Self::Exact => ["second derivative", "curvature kernel", "curvature schedule"],
            Self::Step => ["declared curvature", "declared curvature's kernel", "declared curvature's schedule"],
        }
    }
}

/// A program with a fault in a curvature; the fate of one that cannot be run, or computes the same.
pub(super) fn with_broken_curvature(
    plan: &Plan,
    given: &Given<'_>,
    program: &Program,
    which: Which,
    change: &Change,
) -> Result<WorkProgram, Fate> {
    let Some((curvature, bend)) =
        program.curvature.as_ref().and_then(|curvature| Some((curvature, which.of(curvature)?)))
    else {
        return Err(refused("there is no such kernel"));
    };
    let right = Schedule::Elementwise(bend.kernel.clone());
    let broken = match change {
        Change::Lowered(id, alternative) => scheduled(plan, given, &right, *id, alternative)?,
        Change::Derivative(id, alternative) => {
            let mut graph = plan.graph.clone();
            let broken = with_alternative(&mut graph, &[bend.stable], (*id, alternative), given)?;
            let cotangent = program.derivatives.iter().find(|(input, _)| *input == curvature.of);
            let (_, cotangent) = *cotangent.ok_or_else(|| refused("the prediction has no gradient"))?;
            let value = graph.zero();
            let lowered = lower(&mut graph, &[value, cotangent, broken[0]]);
            let gradients = outputs(&right).1.into_iter().zip(&lowered[1..]);
            let gradients = gradients.map(|(gradient, &cotangent)| Gradient { cotangent, ..gradient }).collect();
            let roots = Roots { value: lowered[0], gradients, axes: plan.axes };
            let schedule = schedule(&graph, &roots).map_err(|reason| refused(&format!("{reason:?}")))?;
            Work { graph: Arc::new(graph), schedule, slip: None }
        }
        Change::Step(step) => {
            if let Some(proof) = step.proof(&plan.graph, &right) {
                return Err(Fate::Equivalent { proof });
            }
            let mut work = whole(&right, &Arc::new(plan.graph.clone()));
            step.apply(&mut work);
            work
        }
    };
    let mut program = WorkProgram::new(&Arc::new(plan.graph.clone()), program);
    match which {
        Which::Exact => program.exact = Some(broken),
        Which::Step => program.step = Some(broken),
    }
    Ok(program)
}
