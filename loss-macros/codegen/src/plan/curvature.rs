//! The kernels of a formula's second derivative in the prediction, where the formula is of each place by itself.
//!
//! The gradient, with 1 for what comes in from outside, is a formula like any other: it is brought into its stable form and
//! differentiated. So at a knot the second derivative is that of the case that holds, as the gradient's own rules say: `sign` has
//! the derivative 0, and a condition has none.

use std::collections::HashMap;

use super::{Maker, NotPlanned};
use crate::differentiate::{chain, differentiate};
use crate::expr::{AxisSet, Expr, ExprId, InputId, Unary};
use crate::lower::lower;
use crate::model::DeclaredCurvature;
use crate::rewrite::{reachable, rebuild, rewrite};
use crate::schedule::{CURVATURE, Elementwise, Gradient, Roots, Schedule, schedule};
use crate::stabilize::stabilize;

/// The kernels that write a curvature, and with it the gradient in the prediction.
#[derive(Clone, Debug)]
pub struct Curvature {
    /// The prediction.
    pub of: InputId,
    /// The second derivative.
    pub exact: Bend,
    /// What a step of Newton's divides by, if that is another.
    pub step: Option<Bend>,
}

/// A curvature and its kernel.
#[derive(Clone, Debug)]
pub struct Bend {
    /// The curvature before lowering, times what comes in from outside.
    pub stable: ExprId,
    /// The gradient in the prediction, and the curvature in the slot that is none of an input's.
    pub kernel: Elementwise,
}

impl Maker<'_> {
    /// The curvature of a formula whose gradients are known; `None` where the formula is of whole rows, has no prediction that varies
    /// as it does, or has no second derivative that lanes can compute.
    pub(super) fn curvature(
        &mut self,
        written: ExprId,
        fused: &Schedule,
        gradients: &[(InputId, ExprId)],
    ) -> Result<Option<Curvature>, NotPlanned> {
        let Some(of) = self.spec.prediction() else { return Ok(None) };
        let Some(&(_, cotangent)) = gradients.iter().find(|(input, _)| *input == of) else { return Ok(None) };
        let axes = self.input_axes(of);
        if !matches!(fused, Schedule::Elementwise(_)) || axes != self.axes {
            return Ok(None);
        }
        // What is declared is declared of the loss, not of another summand of a reduction.
        let declared = Some(self.variant).filter(|variant| variant.loss == written);
        let mut second = self.second(cotangent, of)?;
        for declared in declared.iter().flat_map(|variant| &variant.exact).rev() {
            second = match (second, declared.when) {
                (Some(otherwise), _) => Some(self.declared(declared, cotangent, otherwise)),
                (None, None) => Some(self.declared(declared, cotangent, cotangent)),
                (None, Some(_)) => None,
            };
        }
        let Some(second) = second else { return Ok(None) };
        let step = declared.and_then(|variant| variant.step.as_ref());
        let step = step.map(|declared| self.declared(declared, cotangent, second));
        let exact = self.bend(of, axes, cotangent, second)?;
        let step = step.map(|step| self.bend(of, axes, cotangent, step)).transpose()?.flatten();
        Ok(exact.map(|exact| Curvature { of, exact, step }))
    }

    /// The derivative of a cotangent.
    fn second(&mut self, cotangent: ExprId, of: InputId) -> Result<Option<ExprId>, NotPlanned> {
        let mut alone = HashMap::new();
        rewrite(&mut self.graph, &[cotangent], &mut alone, &mut |graph, id, expr| match expr {
            Expr::Upstream => graph.one(),
            _ => rebuild(graph, id, expr),
        });
        let (slope, _) = stabilize(&mut self.graph, &[alone[&cotangent]]);
        // The derivative of `digamma` is no function of lanes.
        let is_last = |id: &ExprId| matches!(self.graph.expr(*id), Expr::Unary(Unary::Digamma, _));
        if reachable(&self.graph, [slope[0]]).iter().any(is_last) {
            return Ok(None);
        }
        Ok(Some(differentiate(&mut self.graph, slope[0], &[of])?[0]))
    }

    /// A declared curvature, times what comes in from outside; another one where it is not declared.
    fn declared(&mut self, declared: &DeclaredCurvature, cotangent: ExprId, otherwise: ExprId) -> ExprId {
        let upstream = self.upstream(cotangent);
        let value = self.stable_of[&declared.value];
        let scaled = chain(&mut self.graph, upstream, value);
        match declared.when {
            None => scaled,
            Some(when) => {
                let when = self.stable_of[&when];
                self.graph.choose(when, scaled, otherwise)
            }
        }
    }

    /// What comes in from outside, as the gradient has it.
    fn upstream(&mut self, cotangent: ExprId) -> ExprId {
        let known = reachable(&self.graph, [cotangent]).into_iter().find(|&id| self.graph.expr(id) == Expr::Upstream);
        let axes = self.axes;
        known.unwrap_or_else(|| self.graph.intern(Expr::Upstream, crate::expr::Type::Real, axes))
    }

    fn bend(
        &mut self,
        of: InputId,
        axes: AxisSet,
        cotangent: ExprId,
        stable: ExprId,
    ) -> Result<Option<Bend>, NotPlanned> {
        let value = self.graph.zero();
        let lowered = lower(&mut self.graph, &[value, cotangent, stable]);
        let gradients = vec![
            Gradient { input: of, axes, cotangent: lowered[1] },
            Gradient { input: CURVATURE, axes, cotangent: lowered[2] },
        ];
        Ok(match schedule(&self.graph, &Roots { value: lowered[0], gradients, axes: self.axes })? {
            Schedule::Elementwise(kernel) => Some(Bend { stable, kernel }),
            Schedule::RowWise(_) => None,
        })
    }
}
