//! Gradients of what all rows share: parameters, and inputs that do not vary along the rows.
//!
//! Such a gradient is a sum of contributions. Let what is shared be another for every one of them, of every place of the loss or of every
//! row: the derivative in that is the contribution.

use std::collections::HashMap;

use crate::differentiate::differentiate;
use crate::expr::{AxisId, AxisSet, Expr, ExprId, Graph, InputId, ParamId, Type};
use crate::lower::lower;
use crate::model::{Spec, VariantKey};
use crate::plan::NotPlanned;
use crate::rewrite::{reachable, rebuild, rewrite};
use crate::schedule::{CONTRIBUTION, Gradient, Roots, Schedule, schedule};

/// Stands for the shared value while it varies: no spec has so many inputs.
const VARYING: InputId = InputId(31);

/// What all rows share and has a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// A parameter.
    Param(ParamId),
    /// An input that does not vary along the rows.
    Input(InputId),
}

/// A gradient with respect to what all rows share.
#[derive(Clone, Debug)]
pub struct SharedGradient {
    /// Of what.
    pub of: Shared,
    /// A contribution, before lowering.
    pub stable: ExprId,
    /// How the kernel gives it.
    pub contributions: Contributions,
    /// The kernel.
    pub kernel: Schedule,
}

/// How a kernel gives what is to be summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contributions {
    /// One number at every place of the loss: it is the kernel's value, and summed as any loss is.
    Summed,
    /// One number a row, written at [`CONTRIBUTION`].
    PerRow,
    /// One number for each place of a row along the second axis, written at [`CONTRIBUTION`].
    PerElement,
}

/// What is shared and has a gradient in a variant.
pub(super) fn shared(spec: &Spec, key: &VariantKey) -> Vec<Shared> {
    let params = spec.params.iter().enumerate().filter(|(place, param)| param.gradient && key.params_present[*place]);
    let params = params.map(|(place, _)| Shared::Param(ParamId(place as u8)));
    let inputs = spec
        .inputs
        .iter()
        .enumerate()
        .filter(|(place, input)| input.gradient && input.is_shared() && key.inputs_present[*place]);
    params.chain(inputs.map(|(place, _)| Shared::Input(InputId(place as u8)))).collect()
}

/// Plans the kernel of one such gradient of a formula along these axes; what is shared varies along axes of its own.
pub(super) fn plan(
    graph: &mut Graph,
    root: ExprId,
    axes: AxisSet,
    (of, own_axes): (Shared, AxisSet),
) -> Result<SharedGradient, NotPlanned> {
    let own = match of {
        Shared::Param(param) => graph.add(Expr::Param(param)),
        Shared::Input(input) => graph.intern(Expr::Input(input), Type::Real, own_axes),
    };
    let rows = AxisSet::of(AxisId::ROWS);
    // An element that reads its row moves with what the whole row reads of a single number, so that the row contributes for all of them.
    let reads_the_row = reachable(graph, [root])
        .into_iter()
        .any(|id| matches!(graph.expr(id), Expr::Reduce { .. } | Expr::Pick { .. }));
    let (contributions, varies_along) = match (own_axes.is_empty(), reads_the_row && axes != rows) {
        (true, false) => (Contributions::Summed, axes),
        (true, true) => (Contributions::PerRow, rows),
        (false, _) => (Contributions::PerElement, own_axes.union(rows)),
    };
    let varying = graph.intern(Expr::Input(VARYING), Type::Real, varies_along);
    let moved = replaced(graph, root, own, varying);
    let contribution = differentiate(graph, moved, &[VARYING])?[0];
    let stable = replaced(graph, contribution, varying, own);
    let value = if contributions == Contributions::Summed { stable } else { graph.zero() };
    let lowered = lower(graph, &[value, stable]);
    let gradients = match contributions {
        Contributions::Summed => Vec::new(),
        Contributions::PerRow | Contributions::PerElement => {
            vec![Gradient { input: CONTRIBUTION, axes: varies_along, cotangent: lowered[1] }]
        }
    };
    let kernel = schedule(graph, &Roots { value: lowered[0], gradients, axes })?;
    Ok(SharedGradient { of, stable, contributions, kernel })
}

fn replaced(graph: &mut Graph, root: ExprId, what: ExprId, by: ExprId) -> ExprId {
    let mut done = HashMap::from([(what, by)]);
    rewrite(graph, &[root], &mut done, &mut rebuild);
    done[&root]
}
