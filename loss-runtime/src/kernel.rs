//! What the compiler generates and the drivers run: formulas as straight-line lane code, with no knowledge of loads, tails,
//! layouts or threads.
//!
//! A kernel computes one root formula (the loss of one place, another summand, or a divisor's summand) at every *place*, and,
//! fused, its derivative with respect to every input with a gradient. There are two kinds. An [`Elementwise`] kernel needs nothing
//! but the values at its own place. A [`RowWise`] kernel reduces over the second axis first, in passes over the row.

use crate::call::MAX_INPUTS;
use crate::lane::Lane;

/// The place of the curvature among a kernel's gradients: it lies in memory as the input does that it is of.
pub const CURVATURE: usize = MAX_INPUTS;

/// The place of the direction of a Hessian-vector product among a kernel's inputs, and of the product among its gradients. A kernel has
/// one or a curvature, and both lie in memory as the input does that they are of.
pub const DIRECTION: usize = CURVATURE;

/// The place of what rows contribute to the gradient of what they all share, among a kernel's gradients. It is the only one then.
pub const CONTRIBUTION: usize = CURVATURE;

/// The numbers of a call that are the same at every place, from which a kernel computes its uniforms.
#[derive(Clone, Copy, Debug)]
pub struct CallConstants<'a> {
    /// Every parameter's value, rounded to the compute type: switches as 0 and 1, choices by their place in the list.
    pub params: &'a [f64],
    /// The extent of the kernel's second axis (1 if it has none).
    pub extent: f64,
    /// [`uniform::reciprocal`](crate::uniform::reciprocal) for the compute type.
    pub reciprocal: fn(f64) -> [f64; 3],
}

/// A kernel without reductions: `I` inputs, `U` uniforms, `G` gradients.
pub trait Elementwise<const I: usize, const U: usize, const G: usize>: 'static {
    /// The spec input behind each of the `I` values, by its place in `LossInfo::inputs`, or [`DIRECTION`].
    const INPUTS: [usize; I];
    /// The spec input behind each gradient, or [`CURVATURE`], [`DIRECTION`] or [`CONTRIBUTION`]; each of them varies along all axes of the loss.
    const GRADIENTS: [usize; G];

    /// What is the same at every place, computed once a call in `f64` and then rounded.
    fn uniforms(call: &CallConstants<'_>) -> [f64; U];

    /// The formula at one place.
    fn value<L: Lane>(token: L::Token, u: &[L; U], x: &[L; I]) -> L;

    /// The formula and its cotangents, given that of the formula.
    fn fused<L: Lane>(token: L::Token, u: &[L; U], x: &[L; I], upstream: L) -> (L, [L; G]);
}

/// How an accumulator takes in contributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulate {
    /// Not used in this pass.
    Nothing,
    /// The reproducible sum; starts at 0.
    Sum,
    /// The largest, starts at `-inf`; a NaN makes it NaN.
    Max,
    /// The smallest, starts at `inf`; a NaN makes it NaN.
    Min,
    /// The largest that is not NaN, starts at `-inf`: the shift of an exponential, whose sum carries the NaN.
    Shift,
}

/// Where a per-row value of a [`RowWise`] kernel comes from. Inputs by their place in `LossInfo::inputs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowSource {
    /// An input along rows (or a single number, the same for every row). Labels arrive as numbers: a class index as its place,
    /// a sign as 1 or -1, a condition as 1 or 0.
    Input(usize),
    /// `values[label]`: an input along the second axis, shared or not, at the place a class-index input names in this row.
    /// In a dropped row, place 0.
    Gather {
        /// What is read.
        values: usize,
        /// The class-index input.
        label: usize,
    },
}

/// A kernel with reductions over the second axis, as a list of passes over a row.
///
/// Per row: `start`; then for each pass, `step` at every place of the row into the `A` accumulators, and `join`; then `row`, and
/// `element` at every place. Each of the `E` element inputs varies along rows and the second axis, each of the `R` row values along
/// rows, each of the `S` shared inputs along the second axis alone, the `U` uniforms along nothing. `V` values of the row's own pass
/// from one stage to the next. There are `G` gradients along both axes and `H` along rows.
pub trait RowWise<
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
>: 'static
{
    /// The spec input behind each element value, or [`DIRECTION`].
    const ELEMENTS: [usize; E];
    /// Where each row value comes from.
    const ROWS: [RowSource; R];
    /// The spec input behind each shared value.
    const SHARED: [usize; S];
    /// The spec input behind each gradient along both axes.
    const ELEMENT_GRADIENTS: [usize; G];
    /// The spec input behind each gradient along rows.
    const ROW_GRADIENTS: [usize; H];
    /// The passes that reduce, in order, and what each does with its accumulators.
    const PASSES: &'static [[Accumulate; A]];
    /// Whether the value varies along the second axis (`element` gives it) or not (`row` gives it).
    const VALUE_PER_ELEMENT: bool;
    /// The pass whose `step` also gives an element value that `element` needs again for the first gradient along both axes, and that is worth storing in
    /// between, in a tile or in that gradient's buffer. A kernel without such gradients has none.
    const SPILL: Option<usize>;
    /// Whether nothing that this gradient needs reads the values of its input after that pass: where the gradient is to take their place, and no other
    /// gradient along both axes is wanted, the spilled ones may do so first, and later passes and `element` get numbers that mean nothing instead of the input's.
    const SPILL_REPLACES: bool = false;

    /// What is the same at every place, computed once a call in `f64` and then rounded.
    fn uniforms(call: &CallConstants<'_>) -> [f64; U];

    /// The row's own values before the first pass. `upstream` is meaningful only if the value is per row.
    fn start<L: Lane>(token: L::Token, u: &[L; U], r: &[L; R], upstream: L) -> [L; V];

    /// What pass `P` adds to its accumulators at one place, and the value to spill (anything, if this pass does not).
    /// `index` is the place on the second axis. `upstream` is meaningful only if the value is per element.
    fn step<L: Lane, const P: usize>(
        token: L::Token,
        u: &[L; U],
        v: &[L; V],
        x: &[L; E],
        s: &[L; S],
        index: L,
        upstream: L,
    ) -> ([L; A], L);

    /// The row's own values after pass `P`.
    fn join<L: Lane, const P: usize>(token: L::Token, u: &[L; U], v: &mut [L; V], accumulated: &[L; A]);

    /// The value (if it is per row) and the gradients along rows.
    fn row<L: Lane>(token: L::Token, u: &[L; U], v: &[L; V]) -> (L, [L; H]);

    /// The value (if it is per element) and the gradients along both axes. `spilled` is what pass `SPILL` gave here.
    #[expect(clippy::too_many_arguments, reason = "each is a different kind of operand")]
    fn element<L: Lane>(
        token: L::Token,
        u: &[L; U],
        v: &[L; V],
        x: &[L; E],
        s: &[L; S],
        index: L,
        upstream: L,
        spilled: L,
    ) -> (L, [L; G]);
}
