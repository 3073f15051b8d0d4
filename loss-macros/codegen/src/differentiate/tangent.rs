//! Forward-mode differentiation: how a formula moves as one of its inputs moves along a direction.
//!
//! The rules are those of reverse mode, read the other way: what a node hands to an operand for a cotangent is linear in it, so for the
//! operand's own move in its place it is what that move adds to the node's. Only what looks at other places is told apart: reverse mode
//! spreads a cotangent over them, forward mode collects their moves.

use std::collections::HashMap;

use super::rules::{plain_power, slope_of_exponent};
use super::{Axes, NotDifferentiable, Reverse, add_cotangents, chain, others, subtract_cotangents, sum_along};
use crate::assume::decide_conditions;
use crate::expr::{AxisId, AxisSet, Binary, Expr, ExprId, Graph, InputId, Reducer, Type, Unary};
use crate::rewrite::reachable;

/// The derivative of `root` along a direction of one input: what `root` gains, to first order, as the input moves by it.
///
/// # Errors
/// The formula sums over the rows.
pub fn tangent(
    graph: &mut Graph,
    root: ExprId,
    input: InputId,
    direction: ExprId,
) -> Result<ExprId, NotDifferentiable> {
    let nodes = reachable(graph, [root]);
    let mut forward = Forward { graph, moves: HashMap::new(), input, direction };
    for id in nodes {
        if forward.graph.ty(id) != Type::Real {
            continue;
        }
        if let Some(own) = forward.own(id)?.filter(|&own| !forward.graph.is_integer(own, 0)) {
            forward.moves.insert(id, own);
        }
    }
    let found = forward.moves.get(&root).copied().unwrap_or_else(|| graph.zero());
    Ok(decide_conditions(graph, &[found])[0])
}

struct Forward<'g> {
    graph: &'g mut Graph,
    /// The move of every node that moves.
    moves: HashMap<ExprId, ExprId>,
    input: InputId,
    direction: ExprId,
}

/// The move of a node; none if it stays.
type Move = Result<Option<ExprId>, NotDifferentiable>;

impl Forward<'_> {
    fn own(&mut self, id: ExprId) -> Move {
        let expr = self.graph.expr(id);
        match expr {
            Expr::Input(input) => Ok((input == self.input).then_some(self.direction)),
            Expr::Unary(Unary::Detach | Unary::Sign | Unary::PowerOfTwo, _) => Ok(None),
            Expr::Unary(_, x) => self.through(id, x),
            Expr::Binary(function, x, y) => self.binary(id, function, x, y),
            Expr::If(condition, x, y) => {
                let (x, y) = (self.moved(x), self.moved(y));
                Ok(Some(self.graph.choose(condition, x, y)))
            }
            Expr::Pick { value, axis, index } => {
                let Some(&step) = self.moves.get(&value) else { return Ok(None) };
                let varies = self.graph.axes(step).contains(axis);
                Ok(Some(if varies { self.graph.add(Expr::Pick { value: step, axis, index }) } else { step }))
            }
            Expr::Reduce { reducer, axes, filter, value, .. } => self.reduction(id, reducer, axes, filter, value),
            Expr::Constant(_)
            | Expr::Boolean(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::Indicator(_)
            | Expr::Given(_) => Ok(None),
        }
    }

    /// The move of a node that may stay: 0 then.
    fn moved(&mut self, id: ExprId) -> ExprId {
        self.moves.get(&id).copied().unwrap_or_else(|| self.graph.zero())
    }

    /// What an operand's move adds to the node's.
    fn through(&mut self, id: ExprId, operand: ExprId) -> Move {
        let Some(&step) = self.moves.get(&operand) else { return Ok(None) };
        let expr = self.graph.expr(id);
        let leads_to_input = HashMap::from([(operand, true)]);
        let mut rule = Reverse { graph: &mut *self.graph, pending: HashMap::new(), leads_to_input, axes: Axes::Kept };
        rule.propagate(id, expr, step)?;
        let handed = rule.pending.remove(&operand);
        Ok(handed.map(|contributions| rule.total(operand, contributions)))
    }

    fn sum(&mut self, x: Option<ExprId>, y: Option<ExprId>) -> Option<ExprId> {
        match (x, y) {
            (Some(x), Some(y)) => Some(add_cotangents(self.graph, x, y)),
            (one, None) | (None, one) => one,
        }
    }

    fn binary(&mut self, id: ExprId, function: Binary, x: ExprId, y: ExprId) -> Move {
        match function {
            Binary::StraightThrough => Ok(self.moves.get(&y).copied()),
            // A weight that does not move, or a value, removes what it is weighed with where it is 0.
            Binary::Weigh => {
                let of_weight = self.moves.get(&x).copied().map(|step| self.graph.weigh(step, y));
                let of_value = self.moves.get(&y).copied().map(|step| self.graph.weigh(x, step));
                Ok(self.sum(of_weight, of_value))
            }
            Binary::Power => {
                let of_base = self.power(id, x, y);
                let of_exponent = self.moves.get(&y).copied().map(|step| {
                    let slope = slope_of_exponent(self.graph, id, x);
                    chain(self.graph, step, slope)
                });
                Ok(self.sum(of_base, of_exponent))
            }
            Binary::Share => Ok(self.lead(x, y).map(|lead| chain(self.graph, lead, id))),
            Binary::ShareOfOthers => Ok(self.lead(x, y).map(|lead| {
                let share = self.graph.combine(Binary::Share, x, y);
                let gained = chain(self.graph, lead, share);
                self.graph.negate(gained)
            })),
            Binary::Excess => Ok(self.lead(y, x).map(|lead| self.graph.negate(lead))),
            Binary::Others => {
                // A sum moves where any of its places does.
                if !self.moves.contains_key(&y) {
                    return Ok(None);
                }
                let (part, whole) = (self.moved(x), self.moved(y));
                let apart = others(self.graph, whole, part);
                Ok(Some(apart.unwrap_or_else(|| subtract_cotangents(self.graph, whole, part))))
            }
            Binary::Add
            | Binary::Subtract
            | Binary::Multiply
            | Binary::Divide
            | Binary::Max
            | Binary::Min
            | Binary::Logaddexp
            | Binary::Deviation => {
                let of_x = self.through(id, x)?;
                let of_y = if x == y { None } else { self.through(id, y)? };
                Ok(self.sum(of_x, of_y))
            }
        }
    }

    /// How much faster `x` moves than a logsumexp of which it is a place: than the mean of all places' moves.
    fn lead(&mut self, x: ExprId, logsumexp: ExprId) -> Option<ExprId> {
        if !self.moves.contains_key(&logsumexp) {
            return None;
        }
        let (own, mean) = (self.moved(x), self.moved(logsumexp));
        let is_place = match self.graph.expr(mean) {
            Expr::Reduce { reducer: Reducer::Expectation, value, .. } => {
                value == own || matches!(self.graph.expr(own), Expr::Pick { value: picked, .. } if picked == value)
            }
            _ => false,
        };
        Some(if is_place {
            self.graph.combine(Binary::Deviation, own, mean)
        } else {
            subtract_cotangents(self.graph, own, mean)
        })
    }

    /// What the base of a power adds to its move. As in reverse mode, x^(p-1) times the x of the base's own derivative is x^p.
    fn power(&mut self, id: ExprId, base: ExprId, p: ExprId) -> Option<ExprId> {
        match self.graph.expr(base) {
            Expr::Unary(Unary::Exp, z) => {
                let step = *self.moves.get(&z)?;
                let scaled = chain(self.graph, step, p);
                Some(chain(self.graph, scaled, id))
            }
            Expr::Unary(Unary::Sigmoid, z) => {
                let step = *self.moves.get(&z)?;
                let scaled = chain(self.graph, step, p);
                let once = chain(self.graph, scaled, id);
                let opposite = self.graph.negate(z);
                let falling = self.graph.apply(Unary::Sigmoid, opposite);
                Some(chain(self.graph, once, falling))
            }
            _ => {
                let step = *self.moves.get(&base)?;
                let scaled = chain(self.graph, step, p);
                Some(plain_power(self.graph, base, p, scaled))
            }
        }
    }

    fn reduction(
        &mut self,
        id: ExprId,
        reducer: Reducer,
        axes: AxisSet,
        filter: Option<ExprId>,
        value: ExprId,
    ) -> Move {
        let Some(&step) = self.moves.get(&value) else { return Ok(None) };
        match reducer {
            Reducer::Any | Reducer::All | Reducer::Shift => Ok(None),
            // The mean of all moves under the shares; of moves that are one number, that number.
            Reducer::Logsumexp => {
                if axes.contains(AxisId::ROWS) {
                    return Err(NotDifferentiable::SumsOverRows);
                }
                let varies = axes.iter().any(|axis| self.graph.axes(step).contains(axis));
                let mean = Expr::Reduce { reducer: Reducer::Expectation, axes, filter, value: step, order: Some(id) };
                Ok(Some(if varies { self.graph.add(mean) } else { step }))
            }
            Reducer::Sum
            | Reducer::Mean
            | Reducer::Max
            | Reducer::Min
            | Reducer::Norm
            | Reducer::SimplexThreshold
            | Reducer::Expectation => {
                let Some(added) = self.through(id, value)? else { return Ok(None) };
                Ok(Some(axes.iter().fold(added, |added, axis| sum_along(self.graph, axis, added))))
            }
        }
    }
}
