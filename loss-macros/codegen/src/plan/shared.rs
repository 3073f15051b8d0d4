//! Gradients of what all rows share: parameters, and inputs that are a single number.
//!
//! Such a gradient is a sum over the places of the loss. Let the shared value be one of its own at every place: the derivative in that is what
//! the place contributes, and a kernel whose *value* it is sums it as any loss is summed, in the same tree.

use std::collections::HashMap;

use crate::differentiate::differentiate;
use crate::expr::{AxisId, AxisSet, Expr, ExprId, Graph, InputId, ParamId, Type};
use crate::lower::lower;
use crate::model::{Spec, VariantKey};
use crate::plan::NotPlanned;
use crate::rewrite::{reachable, rebuild, rewrite};
use crate::schedule::{Roots, Schedule, schedule};

/// Stands for the shared value while it varies: no spec has so many inputs.
const VARYING: InputId = InputId(31);

/// What all rows share and has a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// A parameter.
    Param(ParamId),
    /// An input along nothing.
    Input(InputId),
}

/// A gradient with respect to what all rows share.
#[derive(Clone, Debug)]
pub struct SharedGradient {
    /// Of what.
    pub of: Shared,
    /// What a place contributes, before lowering.
    pub stable: ExprId,
    /// The kernel that sums the contributions.
    pub kernel: Schedule,
}

/// What is shared and has a gradient in a variant.
pub(super) fn shared(spec: &Spec, key: &VariantKey) -> Vec<Shared> {
    let params = spec.params.iter().enumerate().filter(|(place, param)| param.gradient && key.params_present[*place]);
    let params = params.map(|(place, _)| Shared::Param(ParamId(place as u8)));
    let inputs = spec
        .inputs
        .iter()
        .enumerate()
        .filter(|(place, input)| input.gradient && input.axes.is_empty() && key.inputs_present[*place]);
    params.chain(inputs.map(|(place, _)| Shared::Input(InputId(place as u8)))).collect()
}

/// Plans the kernel of one such gradient of a formula along these axes.
pub(super) fn plan(graph: &mut Graph, root: ExprId, axes: AxisSet, of: Shared) -> Result<SharedGradient, NotPlanned> {
    let own = match of {
        Shared::Param(param) => graph.add(Expr::Param(param)),
        Shared::Input(input) => graph.intern(Expr::Input(input), Type::Real, AxisSet::EMPTY),
    };
    let rows = AxisSet::of(AxisId::ROWS);
    // Each element contributes by itself, or each row as a whole.
    let reads_the_row = reachable(graph, [root])
        .into_iter()
        .any(|id| matches!(graph.expr(id), Expr::Reduce { .. } | Expr::Pick { .. }));
    if reads_the_row && axes != rows {
        return Err(NotPlanned::SharedAmongElements(of));
    }
    let varying = graph.intern(Expr::Input(VARYING), Type::Real, axes);
    let moved = replaced(graph, root, own, varying);
    let contribution = differentiate(graph, moved, &[VARYING])?[0];
    let stable = replaced(graph, contribution, varying, own);
    let lowered = lower(graph, &[stable])[0];
    let kernel = schedule(graph, &Roots { value: lowered, gradients: Vec::new(), axes })?;
    Ok(SharedGradient { of, stable, kernel })
}

fn replaced(graph: &mut Graph, root: ExprId, what: ExprId, by: ExprId) -> ExprId {
    let mut done = HashMap::from([(what, by)]);
    rewrite(graph, &[root], &mut done, &mut rebuild);
    done[&root]
}
