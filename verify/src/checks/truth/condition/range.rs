//! Where a step of a formula is too large for a type, so that a result may be lost that is not.

use loss_codegen::expr::{Binary, Constant, Expr, ExprId, Graph, Reducer, Type};

use super::Result;
use crate::oracle::Oracle;
use crate::oracle::data::Data;

/// The largest upstream gradient that results are asked for with: slopes that it enlarges beyond the range are too large.
const UPSTREAM: f64 = 2.0;

/// The steps of a formula on the way to one result.
pub(super) struct Steps<'a> {
    pub(super) oracle: &'a Oracle<'a>,
    pub(super) graph: &'a Graph,
    pub(super) data: &'a Data,
    /// The type's largest number.
    pub(super) largest: f64,
    pub(super) result: Result,
}

impl Steps<'_> {
    /// Whether an expression at a place, or any that it is made of there, or a slope of one of these, is larger than the type's largest
    /// number.
    pub(super) fn leave_range(&self, id: ExprId, place: &[usize]) -> bool {
        if self.graph.ty(id) == Type::Real && self.is_too_large(id, place) {
            return true;
        }
        let expr = self.graph.expr(id);
        match expr {
            Expr::If(condition, yes, no) => match self.oracle.condition(condition, place) {
                Ok(Some(true)) => self.leave_range(yes, place),
                Ok(Some(false)) => self.leave_range(no, place),
                Ok(None) | Err(_) => self.leave_range(yes, place) || self.leave_range(no, place),
            },
            Expr::Reduce { reducer, axes, value, .. } => {
                let places: Vec<Vec<usize>> = axes.iter().fold(vec![place.to_vec()], |places, axis| {
                    let along = |place: Vec<usize>| {
                        (0..self.data.extent(axis)).map(move |index| {
                            let mut place = place.clone();
                            place[usize::from(axis.0)] = index;
                            place
                        })
                    };
                    places.into_iter().flat_map(along).collect()
                });
                let sum_of_sizes: f64 = places.iter().map(|place| self.size(value, place)).sum();
                // A mean is a sum before it is divided.
                (reducer == Reducer::Mean && sum_of_sizes > self.largest)
                    || places.iter().any(|place| self.leave_range(value, place))
            }
            _ => expr.operands().any(|operand| self.leave_range(operand, place)),
        }
    }

    fn is_too_large(&self, id: ExprId, place: &[usize]) -> bool {
        let Ok(outcome) = self.oracle.expression(id, place) else { return false };
        // A whole power is no excuse: kernels multiply what stands beside it by its base, time after time.
        if outcome.value.to_f64().abs() > self.largest && !is_whole_power(self.graph, id) {
            return true;
        }
        let slopes = outcome.gradient.values().map(|slope| slope.to_f64().abs());
        slopes.fold(0.0, f64::max) > self.largest / UPSTREAM || self.has_large_factor(id, place)
    }

    /// The slope of a product along one of its factors is the other.
    fn has_large_factor(&self, id: ExprId, place: &[usize]) -> bool {
        let (Result::Gradient(..), Expr::Binary(Binary::Multiply | Binary::Weigh, x, y)) =
            (self.result, self.graph.expr(id))
        else {
            return false;
        };
        let mut factors = [x, y].into_iter().filter(|&factor| !is_whole_power(self.graph, factor));
        factors.any(|factor| self.size(factor, place) > self.largest / UPSTREAM)
    }

    /// How large an expression is; 0 where it has no value.
    fn size(&self, id: ExprId, place: &[usize]) -> f64 {
        self.oracle.expression(id, place).map_or(0.0, |outcome| outcome.value.to_f64().abs())
    }
}

fn is_whole_power(graph: &Graph, id: ExprId) -> bool {
    match graph.expr(id) {
        Expr::Binary(Binary::Power, _, exponent) => {
            graph.constant(exponent).and_then(Constant::as_integer).is_some_and(|n| n > 0)
        }
        _ => false,
    }
}
