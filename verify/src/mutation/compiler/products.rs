//! Faults in the kernels of a Hessian-vector product.

use std::sync::Arc;

use loss_codegen::lower::lower;
use loss_codegen::plan::{Plan, Program};
use loss_codegen::schedule::{Gradient, Roots, schedule};

use crate::mutation::interpret::{Work, WorkProgram};
use crate::mutation::record::Fate;

use super::{Change, Given, outputs, refused, scheduled, whole, with_alternative};

/// Its formula, its kernel and its schedule in words.
pub(super) const WORDS: [&str; 3] = ["Hessian-vector product", "product's kernel", "product's schedule"];

/// A program with a fault in one of its products; the fate of one that cannot be run, or computes the same.
pub(super) fn with_broken_product(
    plan: &Plan,
    given: &Given<'_>,
    program: &Program,
    at: usize,
    change: &Change,
) -> Result<WorkProgram, Fate> {
    let Some(product) = program.products.get(at) else { return Err(refused("there is no such kernel")) };
    let right = &product.kernel;
    let broken = match change {
        Change::Lowered(id, alternative) => scheduled(plan, given, right, *id, alternative)?,
        Change::Derivative(id, alternative) => {
            let mut graph = plan.graph.clone();
            let broken = with_alternative(&mut graph, &[product.stable], (*id, alternative), given)?;
            let value = graph.zero();
            let lowered = lower(&mut graph, &[value, broken[0]]);
            let gradients = outputs(right).1.into_iter().zip(&lowered[1..]);
            let gradients = gradients.map(|(gradient, &cotangent)| Gradient { cotangent, ..gradient }).collect();
            let roots = Roots { value: lowered[0], gradients, axes: plan.axes };
            let schedule = schedule(&graph, &roots).map_err(|reason| refused(&format!("{reason:?}")))?;
            Work { graph: Arc::new(graph), schedule, slip: None }
        }
        Change::Step(step) => {
            if let Some(proof) = step.proof(&plan.graph, right) {
                return Err(Fate::Equivalent { proof });
            }
            let mut work = whole(right, &Arc::new(plan.graph.clone()));
            step.apply(&mut work);
            work
        }
    };
    let mut program = WorkProgram::new(&Arc::new(plan.graph.clone()), program);
    program.products[at].1 = broken;
    Ok(program)
}
