//! The derivative of every primitive: what it hands to its operands, given its own cotangent. The edges are those of the language's
//! tables.

use super::{Contribution, NotDifferentiable, Reverse, chain, chain_quotient, selected, through_zeros};
use crate::expr::{AxisId, AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, Reducer, Unary};

impl Reverse<'_> {
    /// Hands the operands of `id` their contributions.
    pub(super) fn propagate(&mut self, id: ExprId, expr: Expr, cotangent: ExprId) -> Result<(), NotDifferentiable> {
        match expr {
            Expr::Unary(function, x) => {
                let contribution = self.unary(id, function, x, cotangent);
                self.hand(x, id, contribution)
            }
            Expr::Binary(function, x, y) => self.binary(id, function, x, y, cotangent),
            Expr::If(condition, x, y) => {
                let to_x = selected(self.graph, condition, true, cotangent);
                self.hand(x, id, to_x)?;
                let to_y = selected(self.graph, condition, false, cotangent);
                self.hand(y, id, to_y)
            }
            Expr::Pick { value, axis, index } => {
                let place = self.graph.add(Expr::Index(axis));
                let here = self.graph.compare(Comparison::Equal, place, index);
                let here_alone = selected(self.graph, here, true, cotangent);
                let along = self.graph.axes(id).union(AxisSet::of(axis));
                self.give_along(value, along, Contribution::Plain(here_alone))
            }
            Expr::Reduce { reducer, axes, filter, value, order } => {
                self.reduction(id, reducer, axes, filter, value, order, cotangent)
            }
            // Conditions and leaves have no derivative; `depends` keeps cotangents from them.
            Expr::Constant(_)
            | Expr::Boolean(_)
            | Expr::Input(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::Indicator(_)
            | Expr::Given(_) => Ok(()),
        }
    }

    fn hand(&mut self, node: ExprId, user: ExprId, cotangent: ExprId) -> Result<(), NotDifferentiable> {
        self.give(node, user, Contribution::Plain(cotangent))
    }

    fn unary(&mut self, id: ExprId, function: Unary, x: ExprId, t: ExprId) -> ExprId {
        let g = &mut *self.graph;
        match function {
            Unary::Negate => g.negate(t),
            Unary::Weighed => t,
            // 0 at 0: the even share of both sides.
            Unary::Abs => {
                let sign = g.apply(Unary::Sign, x);
                chain(g, t, sign)
            }
            Unary::Sign | Unary::Detach | Unary::PowerOfTwo => g.zero(),
            // 0 at 0: the hinge.
            Unary::Relu => {
                let zero = g.zero();
                let above = g.compare(Comparison::Greater, x, zero);
                selected(g, above, true, t)
            }
            // inf at 0.
            Unary::Sqrt => {
                let half = g.number(Constant::decimal(5, -1));
                let halved = chain(g, t, half);
                chain_quotient(g, halved, id)
            }
            Unary::Exp => chain(g, t, id),
            Unary::Expm1 => {
                let exp = g.apply(Unary::Exp, x);
                chain(g, t, exp)
            }
            Unary::Log => chain_quotient(g, t, x),
            Unary::Log1p => {
                let one = g.one();
                let shifted = g.plus(one, x);
                chain_quotient(g, t, shifted)
            }
            Unary::Sin => {
                let cos = g.apply(Unary::Cos, x);
                chain(g, t, cos)
            }
            Unary::Cos => {
                let sin = g.apply(Unary::Sin, x);
                let product = chain(g, t, sin);
                g.negate(product)
            }
            Unary::Tan => {
                let cos = g.apply(Unary::Cos, x);
                let once = chain_quotient(g, t, cos);
                chain_quotient(g, once, cos)
            }
            Unary::Sinh => {
                let cosh = g.apply(Unary::Cosh, x);
                chain(g, t, cosh)
            }
            Unary::Cosh => {
                let sinh = g.apply(Unary::Sinh, x);
                chain(g, t, sinh)
            }
            // 1 - tanh^2 as 4 s(2x) s(-2x), which does not cancel.
            Unary::Tanh => {
                let two = g.integer(2);
                let doubled = g.times(two, x);
                let opposite = g.negate(doubled);
                let (rising, falling) = (g.apply(Unary::Sigmoid, doubled), g.apply(Unary::Sigmoid, opposite));
                let four = g.integer(4);
                let scaled = chain(g, t, four);
                let once = chain(g, scaled, rising);
                chain(g, once, falling)
            }
            Unary::Atan => {
                let (one, two) = (g.one(), g.integer(2));
                let square = g.combine(Binary::Power, x, two);
                let divisor = g.plus(one, square);
                chain_quotient(g, t, divisor)
            }
            // -inf at 1 and -1.
            Unary::Acos => {
                let one = g.one();
                let (below, above) = (g.subtract(one, x), g.plus(one, x));
                let square = g.times(below, above);
                let divisor = g.apply(Unary::Sqrt, square);
                let quotient = chain_quotient(g, t, divisor);
                g.negate(quotient)
            }
            Unary::Sigmoid => {
                let opposite = g.negate(x);
                let falling = g.apply(Unary::Sigmoid, opposite);
                let once = chain(g, t, id);
                chain(g, once, falling)
            }
            Unary::Softplus => {
                let sigmoid = g.apply(Unary::Sigmoid, x);
                chain(g, t, sigmoid)
            }
            Unary::Lgamma => {
                let digamma = g.apply(Unary::Digamma, x);
                chain(g, t, digamma)
            }
            // Only in derivatives, and second derivatives of `lgamma` are not generated.
            Unary::Digamma => g.number(Constant::Nan),
            Unary::Erf => {
                let two = g.integer(2);
                let square = g.combine(Binary::Power, x, two);
                let falling = g.negate(square);
                let bell = g.apply(Unary::Exp, falling);
                let pi = g.number(Constant::Pi);
                let root = g.apply(Unary::Sqrt, pi);
                let scale = g.divide(two, root);
                let scaled = chain(g, t, scale);
                chain(g, scaled, bell)
            }
            // phi(x) / Phi(x) = exp(-x^2 / 2 - log(2 pi) / 2 - log Phi(x))
            Unary::LogNormalCdf => {
                let (two, half) = (g.integer(2), g.number(Constant::decimal(5, -1)));
                let square = g.combine(Binary::Power, x, two);
                let halved = g.times(half, square);
                let pi = g.number(Constant::Pi);
                let turn = g.times(two, pi);
                let log_turn = g.apply(Unary::Log, turn);
                let constant = g.times(half, log_turn);
                let exponent = g.plus(halved, constant);
                let exponent = g.plus(exponent, id);
                let exponent = g.negate(exponent);
                let ratio = g.apply(Unary::Exp, exponent);
                chain(g, t, ratio)
            }
            Unary::LogCosh => {
                let tanh = g.apply(Unary::Tanh, x);
                chain(g, t, tanh)
            }
        }
    }

    fn binary(
        &mut self,
        id: ExprId,
        function: Binary,
        x: ExprId,
        y: ExprId,
        t: ExprId,
    ) -> Result<(), NotDifferentiable> {
        match function {
            Binary::Add => {
                self.hand(x, id, t)?;
                self.hand(y, id, t)
            }
            Binary::Subtract => {
                self.hand(x, id, t)?;
                let negated = self.graph.negate(t);
                self.hand(y, id, negated)
            }
            // Twice the cotangent, which may be the same for a whole row, instead of two equal parts at every place.
            Binary::Multiply if x == y => {
                let two = self.graph.integer(2);
                self.power(id, x, two, t)
            }
            Binary::Multiply => {
                let (to_x, to_y) = (chain(self.graph, t, y), chain(self.graph, t, x));
                self.hand(x, id, to_x)?;
                self.hand(y, id, to_y)
            }
            // Dx / y - (x / y) / y * Dy
            Binary::Divide => {
                let to_x = chain_quotient(self.graph, t, y);
                self.hand(x, id, to_x)?;
                let once = chain(self.graph, t, id);
                let twice = chain_quotient(self.graph, once, y);
                let to_y = self.graph.negate(twice);
                self.hand(y, id, to_y)
            }
            Binary::Power => self.power(id, x, y, t),
            Binary::Max => self.extreme(id, Comparison::Greater, x, y, t),
            Binary::Min => self.extreme(id, Comparison::Less, x, y, t),
            // Where both are the same infinity they share evenly: sigmoid(inf - inf) would be NaN.
            Binary::Logaddexp => {
                for (own, other) in [(x, y), (y, x)] {
                    let g = &mut *self.graph;
                    let lead = g.subtract(own, other);
                    let share = g.apply(Unary::Sigmoid, lead);
                    let level = g.compare(Comparison::Equal, own, other);
                    let half = g.number(Constant::decimal(5, -1));
                    let share = g.choose(level, half, share);
                    let to_own = chain(g, t, share);
                    self.hand(own, id, to_own)?;
                }
                Ok(())
            }
            // weigh(Dw, e) + weigh(w, De)
            Binary::Weigh => {
                let weighed = chain(self.graph, t, y);
                let to_weight = self.graph.apply(Unary::Weighed, weighed);
                self.hand(x, id, to_weight)?;
                let to_value = through_zeros(self.graph, t, &mut |graph, t| graph.weigh(x, t));
                self.hand(y, id, to_value)
            }
            Binary::StraightThrough => self.hand(y, id, t),
            // d share = share * (1 - share) * (dx - dl), with l's own dependence on x in l.
            Binary::Share => {
                let once = chain(self.graph, t, id);
                self.hand(x, id, once)?;
                let negated = self.graph.negate(once);
                self.hand(y, id, negated)
            }
            Binary::ShareOfOthers => {
                let share = self.graph.combine(Binary::Share, x, y);
                let once = chain(self.graph, t, share);
                let negated = self.graph.negate(once);
                self.hand(x, id, negated)?;
                self.hand(y, id, once)
            }
            Binary::Others => {
                let negated = self.graph.negate(t);
                self.hand(x, id, negated)?;
                self.hand(y, id, t)
            }
            Binary::Excess | Binary::Deviation => {
                self.hand(x, id, t)?;
                let negated = self.graph.negate(t);
                self.hand(y, id, negated)
            }
        }
    }

    /// `p * x^(p-1) * Dx + weigh(x^p, log(x)) * Dp`
    fn power(&mut self, id: ExprId, x: ExprId, p: ExprId, t: ExprId) -> Result<(), NotDifferentiable> {
        let g = &mut *self.graph;
        let one = g.one();
        let lower = g.subtract(p, one);
        let power = g.combine(Binary::Power, x, lower);
        let scaled = chain(g, t, p);
        self.power_to_base(id, x, (p, power), scaled)?;
        if self.depends(p) {
            let slope = slope_of_exponent(self.graph, id, x);
            let to_power = chain(self.graph, t, slope);
            self.hand(p, id, to_power)?;
        }
        Ok(())
    }

    /// What a power hands to its base, or to a branch of it; `slope` is its exponent and the power with one less.
    fn power_to_base(
        &mut self,
        id: ExprId,
        base: ExprId,
        (p, lower): (ExprId, ExprId),
        scaled: ExprId,
    ) -> Result<(), NotDifferentiable> {
        let g = &mut *self.graph;
        // x^(p-1) times the x of the base's own derivative is x^p: at p < 1 the factors are inf and 0 where x falls below all numbers.
        if let Expr::Unary(Unary::Exp, z) = g.expr(base) {
            let to_z = chain(g, scaled, id);
            return self.hand(z, id, to_z);
        }
        if let Expr::Unary(Unary::Sigmoid, z) = g.expr(base) {
            let opposite = g.negate(z);
            let falling = g.apply(Unary::Sigmoid, opposite);
            let once = chain(g, scaled, id);
            let to_z = chain(g, once, falling);
            return self.hand(z, id, to_z);
        }
        if let Expr::If(condition, x, y) = g.expr(base) {
            let to_x = selected(g, condition, true, scaled);
            let to_y = selected(g, condition, false, scaled);
            self.power_to_base(id, x, (p, lower), to_x)?;
            return self.power_to_base(id, y, (p, lower), to_y);
        }
        let to_base = times_lower_power(g, p, lower, scaled);
        self.hand(base, id, to_base)
    }

    /// Of the larger (smaller); equal: half to each.
    fn extreme(
        &mut self,
        id: ExprId,
        wins: Comparison,
        x: ExprId,
        y: ExprId,
        t: ExprId,
    ) -> Result<(), NotDifferentiable> {
        for (own, other) in [(x, y), (y, x)] {
            let g = &mut *self.graph;
            let (zero, half) = (g.zero(), g.number(Constant::decimal(5, -1)));
            let shared = chain(g, t, half);
            let level = g.compare(Comparison::Equal, own, other);
            let not_won = g.choose(level, shared, zero);
            let won = g.compare(wins, own, other);
            let to_own = g.choose(won, t, not_won);
            self.hand(own, id, to_own)?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one node")]
    fn reduction(
        &mut self,
        id: ExprId,
        reducer: Reducer,
        axes: AxisSet,
        filter: Option<ExprId>,
        value: ExprId,
        order: Option<ExprId>,
        t: ExprId,
    ) -> Result<(), NotDifferentiable> {
        if axes.contains(AxisId::ROWS) {
            return Err(NotDifferentiable::SumsOverRows);
        }
        let along = filter.map_or(AxisSet::EMPTY, |f| self.graph.axes(f)).union(self.graph.axes(value));
        let along = along.union(axes);
        let contribution = match reducer {
            Reducer::Sum => Contribution::Plain(t),
            Reducer::Mean => {
                let count = self.count(axes, filter, value);
                Contribution::Plain(chain_quotient(self.graph, t, count))
            }
            // Evenly among all that attain it.
            Reducer::Max | Reducer::Min => Contribution::Plain(self.evenly(axes, filter, value, id, t)),
            Reducer::Logsumexp => {
                if filter.is_none() {
                    return self.give_along(value, along, Contribution::Share { logsumexp: id, cotangent: t });
                }
                let share = self.graph.combine(Binary::Share, value, id);
                Contribution::Plain(chain(self.graph, t, share))
            }
            // The mean of D over the places above the threshold.
            Reducer::SimplexThreshold => {
                let g = &mut *self.graph;
                let above = g.compare(Comparison::Greater, value, id);
                let above = match filter {
                    Some(filter) => g.and(filter, above),
                    None => above,
                };
                let count = self.count(axes, Some(above), value);
                let g = &mut *self.graph;
                let shared = chain_quotient(g, t, count);
                let zero = g.zero();
                Contribution::Plain(g.choose(above, shared, zero))
            }
            Reducer::Norm => {
                let order = order.unwrap_or_else(|| self.graph.integer(2));
                Contribution::Plain(self.norm(axes, filter, value, order, id, t))
            }
            // Only in second derivatives, and third ones are not generated.
            Reducer::Expectation => Contribution::Plain(self.graph.number(Constant::Nan)),
            Reducer::Any | Reducer::All | Reducer::Shift => return Ok(()),
        };
        let contribution = match (filter, contribution) {
            (Some(filter), Contribution::Plain(cotangent)) => {
                Contribution::Plain(selected(self.graph, filter, true, cotangent))
            }
            (_, contribution) => contribution,
        };
        self.give_along(value, along, contribution)
    }

    /// How many places are chosen.
    fn count(&mut self, axes: AxisSet, filter: Option<ExprId>, _value: ExprId) -> ExprId {
        let g = &mut *self.graph;
        match filter {
            None => {
                let sizes: Vec<_> = axes.iter().collect();
                sizes.into_iter().fold(g.one(), |product, axis| {
                    let size = g.add(Expr::Size(axis));
                    g.times(product, size)
                })
            }
            Some(filter) => {
                let (one, zero) = (g.one(), g.zero());
                let counted = g.choose(filter, one, zero);
                g.reduce(Reducer::Sum, axes, None, counted)
            }
        }
    }

    /// The cotangent shared by the places whose value equals the reduction.
    fn evenly(&mut self, axes: AxisSet, filter: Option<ExprId>, value: ExprId, id: ExprId, t: ExprId) -> ExprId {
        let g = &mut *self.graph;
        let mut attains = g.compare(Comparison::Equal, value, id);
        if let Some(filter) = filter {
            attains = g.and(filter, attains);
        }
        let count = self.count(axes, Some(attains), value);
        let g = &mut *self.graph;
        let shared = chain_quotient(g, t, count);
        let zero = g.zero();
        g.choose(attains, shared, zero)
    }

    /// `sign(x) * (abs(x) / norm)^(order - 1)`; at norm 0: 0; of infinite order: evenly among the largest.
    fn norm(
        &mut self,
        axes: AxisSet,
        filter: Option<ExprId>,
        value: ExprId,
        order: ExprId,
        id: ExprId,
        t: ExprId,
    ) -> ExprId {
        let magnitude = self.graph.apply(Unary::Abs, value);
        let sign = self.graph.apply(Unary::Sign, value);
        let slope = if self.graph.constant(order) == Some(Constant::Infinity) {
            let shared = self.evenly(axes, filter, magnitude, id, t);
            chain(self.graph, shared, sign)
        } else if self.graph.is_integer(order, 1) {
            chain(self.graph, t, sign)
        } else if self.graph.is_integer(order, 2) {
            let scaled = self.graph.divide(value, id);
            chain(self.graph, t, scaled)
        } else {
            let g = &mut *self.graph;
            let one = g.one();
            let lower = g.subtract(order, one);
            let ratio = g.divide(magnitude, id);
            let power = g.combine(Binary::Power, ratio, lower);
            // The slopes of a sum do not depend on its size, even if that is infinite.
            let is_sum = g.compare(Comparison::Equal, order, one);
            let power = g.choose(is_sum, one, power);
            let signed = chain(g, t, sign);
            chain(g, signed, power)
        };
        let g = &mut *self.graph;
        let zero = g.zero();
        let flat = g.compare(Comparison::Equal, id, zero);
        g.choose(flat, zero, slope)
    }
}

/// `scaled * base^(p-1)`, where `scaled` has the factor `p` already.
pub(super) fn plain_power(g: &mut Graph, base: ExprId, p: ExprId, scaled: ExprId) -> ExprId {
    let one = g.one();
    let exponent = g.subtract(p, one);
    let lower = g.combine(Binary::Power, base, exponent);
    times_lower_power(g, p, lower, scaled)
}

fn times_lower_power(g: &mut Graph, p: ExprId, lower: ExprId, scaled: ExprId) -> ExprId {
    let to_base = chain(g, scaled, lower);
    if g.constant(p).is_some() {
        return to_base;
    }
    // At p = 0 the power is 1 everywhere, though x^(p-1) may be infinite.
    let zero = g.zero();
    let flat = g.compare(Comparison::Equal, p, zero);
    g.choose(flat, zero, to_base)
}

/// `weigh(x^p, log(x))`
pub(super) fn slope_of_exponent(g: &mut Graph, power: ExprId, base: ExprId) -> ExprId {
    let log = g.apply(Unary::Log, base);
    g.weigh(power, log)
}
