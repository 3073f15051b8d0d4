//! Faults in the kernels of a Hessian-vector product.

use std::sync::Arc;

use loss_codegen::plan::{Plan, Program};

use crate::interpret::WorkProgram;
use crate::mutation::record::Fate;

use super::second::broken;
use super::{Change, Given, refused};

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
    let broken = broken(plan, given, &product.kernel, (&[], product.stable), change)?;
    let mut program = WorkProgram::new(&Arc::new(plan.graph.clone()), program);
    program.products[at].1 = broken;
    Ok(program)
}
