//! Faults in a kernel of second derivatives: of a curvature, or of a Hessian-vector product.

use std::sync::Arc;

use loss_codegen::expr::ExprId;
use loss_codegen::lower::lower;
use loss_codegen::plan::Plan;
use loss_codegen::schedule::{Gradient, Roots, Schedule, schedule};

use crate::interpret::Work;
use crate::mutation::record::Fate;

use super::{Change, Given, outputs, refused, scheduled, whole, with_alternative};

/// The kernel `right` with a fault, and what it writes: `beside` as it is, and then `stable`; the fate of one that cannot be run, or computes the
/// same.
pub(super) fn broken(
    plan: &Plan,
    given: &Given<'_>,
    right: &Schedule,
    (beside, stable): (&[ExprId], ExprId),
    change: &Change,
) -> Result<Work, Fate> {
    match change {
        Change::Lowered(id, alternative) => scheduled(plan, given, right, *id, alternative),
        Change::Derivative(id, alternative) => {
            let mut graph = plan.graph.clone();
            let broken = with_alternative(&mut graph, &[stable], (*id, alternative), given)?;
            let roots: Vec<ExprId> = [graph.zero()].into_iter().chain(beside.iter().copied()).chain(broken).collect();
            let lowered = lower(&mut graph, &roots);
            let gradients = outputs(right).1.into_iter().zip(&lowered[1..]);
            let gradients = gradients.map(|(gradient, &cotangent)| Gradient { cotangent, ..gradient }).collect();
            let roots = Roots { value: lowered[0], gradients, axes: plan.axes };
            let schedule = schedule(&graph, &roots).map_err(|reason| refused(&format!("{reason:?}")))?;
            Ok(Work { graph: Arc::new(graph), schedule, slip: None })
        }
        Change::Step(step) => {
            if let Some(proof) = step.proof(&plan.graph, right) {
                return Err(Fate::Equivalent { proof });
            }
            let mut work = whole(right, &Arc::new(plan.graph.clone()));
            step.apply(&mut work);
            Ok(work)
        }
    }
}
