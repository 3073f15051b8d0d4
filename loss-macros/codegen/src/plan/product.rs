//! The kernels of Hessian-vector products: how the gradient in an input moves as the input moves along a direction.
//!
//! The gradient is a formula like any other; its derivative along the direction (forward mode over reverse mode) is the product of the
//! Hessian in that input with the direction, without the Hessian. What comes in from outside stays a factor of it. At a knot it is that
//! of the case that holds, as for curvatures.

use super::{Maker, NotPlanned};
use crate::differentiate::tangent;
use crate::expr::{Expr, ExprId, InputId, Type, Unary};
use crate::lower::lower;
use crate::nan::settled;
use crate::rewrite::reachable;
use crate::schedule::{DIRECTION, Gradient, Roots, Schedule, schedule};
use crate::stabilize::stabilize;

/// A Hessian-vector product of a formula.
#[derive(Clone, Debug)]
pub struct HessianProduct {
    /// In which input.
    pub of: InputId,
    /// The product before lowering, times what comes in from outside.
    pub stable: ExprId,
    /// The kernel that reads the direction, and writes the product.
    pub kernel: Schedule,
}

impl Maker<'_> {
    /// The products that the spec asks for, of a formula whose gradients are known.
    pub(super) fn products(&mut self, gradients: &[(InputId, ExprId)]) -> Result<Vec<HessianProduct>, NotPlanned> {
        let wanted = self.spec.hessian_products.clone();
        let present = wanted.into_iter().filter_map(|of| gradients.iter().find(|(input, _)| *input == of).copied());
        let gradients: Vec<(InputId, ExprId)> = present.collect();
        gradients.into_iter().map(|(of, gradient)| self.product(of, gradient)).collect()
    }

    fn product(&mut self, of: InputId, gradient: ExprId) -> Result<HessianProduct, NotPlanned> {
        let (gradient, _) = stabilize(&mut self.graph, &[gradient]);
        let gradient = gradient[0];
        // The derivative of `digamma` is no function of lanes.
        let is_last = |id: &ExprId| matches!(self.graph.expr(*id), Expr::Unary(Unary::Digamma, _));
        if reachable(&self.graph, [gradient]).iter().any(is_last) {
            return Err(NotPlanned::HessianProduct(of));
        }
        let axes = self.input_axes(of);
        let direction = self.graph.intern(Expr::Input(DIRECTION), Type::Real, axes);
        let product = tangent(&mut self.graph, gradient, of, direction)?;
        let stable = settled(&mut self.graph, &[product])[0];
        let value = self.graph.zero();
        let lowered = lower(&mut self.graph, &[value, stable]);
        let product = Gradient { input: DIRECTION, axes, cotangent: lowered[1] };
        let kernel = schedule(&self.graph, &Roots { value: lowered[0], gradients: vec![product], axes: self.axes })?;
        Ok(HessianProduct { of, stable, kernel })
    }
}
