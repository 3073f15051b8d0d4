//! Faults in the kernels of a curvature.

use std::sync::Arc;

use loss_codegen::plan::curvature::{Bend, Curvature};
use loss_codegen::plan::{Plan, Program};
use loss_codegen::schedule::Schedule;

use crate::interpret::WorkProgram;
use crate::mutation::record::Fate;

use super::second::broken;
use super::{Change, Given, refused};

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
    // The cotangent of the prediction is written by the same kernel.
    let cotangent = program.derivatives.iter().find(|(input, _)| *input == curvature.of);
    let (_, cotangent) = *cotangent.ok_or_else(|| refused("the prediction has no gradient"))?;
    let broken = broken(plan, given, &right, (&[cotangent], bend.stable), change)?;
    let mut program = WorkProgram::new(&Arc::new(plan.graph.clone()), program);
    match which {
        Which::Exact => program.exact = Some(broken),
        Which::Step => program.step = Some(broken),
    }
    Ok(program)
}
