//! The mean of numbers under the shares of a softmax, and how far each of them is from it.
//!
//! Both are taken about a reference that is near: `m = c + sum(p (v - c))` and `x - m = (x - c) - sum(p (v - c))`.
//!
//! - Where one place has more than half of the whole, c is its number. There `x - c` is 0, and what is left is the sum over the *others*: it keeps
//!   its digits however little they have.
//! - Elsewhere c is the mean itself as it comes out at first, so that numbers that are far away and have small shares do not spoil the rest; held
//!   between the least and the largest number, which a mean is and its rounding may not be. So of equal numbers every deviation is 0, and of
//!   numbers that are nearly equal the differences are exact.

use std::collections::HashMap;

use super::{Softmax, exponential};
use crate::expr::{Comparison, ExprId, Graph, Reducer};

/// The expectations met so far, by their lowered node.
#[derive(Default)]
pub(super) struct Expectations(HashMap<ExprId, Mean>);

#[derive(Clone, Copy)]
struct Mean {
    reference: ExprId,
    /// The mean less the reference.
    rest: ExprId,
}

impl Expectations {
    /// The mean of a value under the shares of a softmax.
    pub(super) fn mean(&mut self, g: &mut Graph, softmax: Softmax, value: ExprId) -> ExprId {
        let Softmax { axes, filter, shift, total, .. } = softmax;
        let weight = exponential(g, softmax.value, shift);
        let over_total = |g: &mut Graph, value: ExprId| {
            let weighted = g.times(weight, value);
            let sum = g.reduce(Reducer::Sum, axes, filter, weighted);
            g.divide(sum, total)
        };
        let about = over_total(g, value);
        let least = g.reduce(Reducer::Min, axes, filter, value);
        let most = g.reduce(Reducer::Max, axes, filter, value);
        let (is_low, is_high) =
            (g.compare(Comparison::Less, about, least), g.compare(Comparison::Greater, about, most));
        let held = g.choose(is_high, most, about);
        let held = g.choose(is_low, least, held);
        let is_largest = g.compare(Comparison::Equal, softmax.value, shift);
        let largest = match filter {
            Some(filter) => g.and(filter, is_largest),
            None => is_largest,
        };
        let of_largest = g.reduce(Reducer::Max, axes, Some(largest), value);
        // The largest has the weight 1.
        let two = g.integer(2);
        let outweighs = g.compare(Comparison::Less, total, two);
        let reference = g.choose(outweighs, of_largest, held);
        let lead = g.subtract(value, reference);
        let rest = over_total(g, lead);
        let mean = g.plus(reference, rest);
        self.0.insert(mean, Mean { reference, rest });
        mean
    }

    /// `x - mean`
    pub(super) fn deviation(&self, g: &mut Graph, x: ExprId, mean: ExprId) -> ExprId {
        let Mean { reference, rest } = self.0[&mean];
        let lead = g.subtract(x, reference);
        g.subtract(lead, rest)
    }
}
