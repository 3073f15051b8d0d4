//! Kernels that reduce over the second axis, written by hand in the form that the compiler emits.

use loss_runtime::kernel::{Accumulate, CallConstants, RowSource, RowWise};
use loss_runtime::lane::Lane;

/// Weighted softmax cross entropy. Values of a row: label, weight, upstream, shift, sum of exponentials, and the labelled logit, as it is
/// found in a pass and as it is gathered.
pub(crate) struct SoftmaxEntropy;

impl RowWise<1, 3, 0, 0, 2, 7, 1, 0> for SoftmaxEntropy {
    const ELEMENTS: [usize; 1] = [0];
    const ROWS: [RowSource; 3] =
        [RowSource::Input(1), RowSource::Gather { values: 2, label: 1 }, RowSource::Gather { values: 0, label: 1 }];
    const SHARED: [usize; 0] = [];
    const ELEMENT_GRADIENTS: [usize; 1] = [0];
    const ROW_GRADIENTS: [usize; 0] = [];
    const PASSES: &'static [[Accumulate; 2]] =
        &[[Accumulate::Shift, Accumulate::Nothing], [Accumulate::Sum, Accumulate::Sum]];
    const VALUE_PER_ELEMENT: bool = false;
    const SPILL: Option<usize> = Some(1);
    const SPILL_REPLACES: bool = true;
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn start<L: Lane>(token: L::Token, _: &[L; 0], r: &[L; 3], upstream: L) -> [L; 7] {
        let zero = L::splat(token, 0.0);
        [r[0], r[1], upstream, zero, zero, zero, r[2]]
    }
    #[inline(always)]
    fn step<L: Lane, const P: usize>(
        token: L::Token,
        _: &[L; 0],
        v: &[L; 7],
        x: &[L; 1],
        _: &[L; 0],
        index: L,
        _: L,
    ) -> ([L; 2], L) {
        let zero = L::splat(token, 0.0);
        if P == 0 {
            return ([x[0], zero], zero);
        }
        let power = (x[0] - v[3]).exp();
        ([power, L::select(index.eq(v[0]), x[0], zero)], power)
    }
    #[inline(always)]
    fn join<L: Lane, const P: usize>(_: L::Token, _: &[L; 0], v: &mut [L; 7], accumulated: &[L; 2]) {
        if P == 0 {
            v[3] = accumulated[0];
        } else {
            v[4] = accumulated[0];
            v[5] = accumulated[1];
        }
    }
    #[inline(always)]
    fn row<L: Lane>(token: L::Token, _: &[L; 0], v: &[L; 7]) -> (L, [L; 0]) {
        let logit = (v[5] + v[6]) * L::splat(token, 0.5);
        (v[1] * (v[4].log() + v[3] - logit), [])
    }
    #[inline(always)]
    fn element<L: Lane>(
        token: L::Token,
        _: &[L; 0],
        v: &[L; 7],
        _: &[L; 1],
        _: &[L; 0],
        index: L,
        _: L,
        spilled: L,
    ) -> (L, [L; 1]) {
        let (zero, one) = (L::splat(token, 0.0), L::splat(token, 1.0));
        (zero, [v[2] * v[1] * (spilled / v[4] - L::select(index.eq(v[0]), one, zero))])
    }
}

/// The weight of a row's class: the divisor of the weighted mean.
pub(crate) struct WeightOfLabel;

impl RowWise<0, 1, 0, 0, 0, 1, 0, 0> for WeightOfLabel {
    const ELEMENTS: [usize; 0] = [];
    const ROWS: [RowSource; 1] = [RowSource::Gather { values: 2, label: 1 }];
    const SHARED: [usize; 0] = [];
    const ELEMENT_GRADIENTS: [usize; 0] = [];
    const ROW_GRADIENTS: [usize; 0] = [];
    const PASSES: &'static [[Accumulate; 0]] = &[];
    const VALUE_PER_ELEMENT: bool = false;
    const SPILL: Option<usize> = None;
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn start<L: Lane>(_: L::Token, _: &[L; 0], r: &[L; 1], _: L) -> [L; 1] {
        *r
    }
    #[inline(always)]
    fn step<L: Lane, const P: usize>(
        token: L::Token,
        _: &[L; 0],
        _: &[L; 1],
        _: &[L; 0],
        _: &[L; 0],
        _: L,
        _: L,
    ) -> ([L; 0], L) {
        ([], L::splat(token, 0.0))
    }
    #[inline(always)]
    fn join<L: Lane, const P: usize>(_: L::Token, _: &[L; 0], _: &mut [L; 1], _: &[L; 0]) {}
    #[inline(always)]
    fn row<L: Lane>(_: L::Token, _: &[L; 0], v: &[L; 1]) -> (L, [L; 0]) {
        (v[0], [])
    }
    #[inline(always)]
    fn element<L: Lane>(
        token: L::Token,
        _: &[L; 0],
        _: &[L; 1],
        _: &[L; 0],
        _: &[L; 0],
        _: L,
        _: L,
        _: L,
    ) -> (L, [L; 0]) {
        (L::splat(token, 0.0), [])
    }
}

/// `t * sum(C, s * x * y)`: two element inputs, a row input with a gradient, a shared input, an accumulator.
pub(crate) struct ScaledDot;

impl RowWise<2, 1, 1, 0, 1, 3, 2, 1> for ScaledDot {
    const ELEMENTS: [usize; 2] = [0, 1];
    const ROWS: [RowSource; 1] = [RowSource::Input(2)];
    const SHARED: [usize; 1] = [3];
    const ELEMENT_GRADIENTS: [usize; 2] = [0, 1];
    const ROW_GRADIENTS: [usize; 1] = [2];
    const PASSES: &'static [[Accumulate; 1]] = &[[Accumulate::Sum]];
    const VALUE_PER_ELEMENT: bool = false;
    const SPILL: Option<usize> = None;
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn start<L: Lane>(token: L::Token, _: &[L; 0], r: &[L; 1], upstream: L) -> [L; 3] {
        [r[0], upstream, L::splat(token, 0.0)]
    }
    #[inline(always)]
    fn step<L: Lane, const P: usize>(
        token: L::Token,
        _: &[L; 0],
        _: &[L; 3],
        x: &[L; 2],
        s: &[L; 1],
        _: L,
        _: L,
    ) -> ([L; 1], L) {
        ([s[0] * x[0] * x[1]], L::splat(token, 0.0))
    }
    #[inline(always)]
    fn join<L: Lane, const P: usize>(_: L::Token, _: &[L; 0], v: &mut [L; 3], accumulated: &[L; 1]) {
        v[2] = accumulated[0];
    }
    #[inline(always)]
    fn row<L: Lane>(_: L::Token, _: &[L; 0], v: &[L; 3]) -> (L, [L; 1]) {
        (v[0] * v[2], [v[1] * v[2]])
    }
    #[inline(always)]
    fn element<L: Lane>(
        token: L::Token,
        _: &[L; 0],
        v: &[L; 3],
        x: &[L; 2],
        s: &[L; 1],
        _: L,
        _: L,
        _: L,
    ) -> (L, [L; 2]) {
        let scale = v[1] * v[0] * s[0];
        (L::splat(token, 0.0), [scale * x[1], scale * x[0]])
    }
}

/// The negative log-probability of every class: a value for every place, whose gradient needs the sum of the upstream gradients.
pub(crate) struct LogSoftmax;

impl RowWise<1, 0, 0, 0, 2, 3, 1, 0> for LogSoftmax {
    const ELEMENTS: [usize; 1] = [0];
    const ROWS: [RowSource; 0] = [];
    const SHARED: [usize; 0] = [];
    const ELEMENT_GRADIENTS: [usize; 1] = [0];
    const ROW_GRADIENTS: [usize; 0] = [];
    const PASSES: &'static [[Accumulate; 2]] =
        &[[Accumulate::Max, Accumulate::Nothing], [Accumulate::Sum, Accumulate::Sum]];
    const VALUE_PER_ELEMENT: bool = true;
    const SPILL: Option<usize> = Some(1);
    fn uniforms(call: &CallConstants<'_>) -> [f64; 0] {
        super::tell(call);
        []
    }
    #[inline(always)]
    fn start<L: Lane>(token: L::Token, _: &[L; 0], _: &[L; 0], _: L) -> [L; 3] {
        [L::splat(token, 0.0); 3]
    }
    #[inline(always)]
    fn step<L: Lane, const P: usize>(
        token: L::Token,
        _: &[L; 0],
        v: &[L; 3],
        x: &[L; 1],
        _: &[L; 0],
        _: L,
        upstream: L,
    ) -> ([L; 2], L) {
        let zero = L::splat(token, 0.0);
        if P == 0 {
            return ([x[0], zero], zero);
        }
        let power = (x[0] - v[0]).exp();
        ([power, upstream], power)
    }
    #[inline(always)]
    fn join<L: Lane, const P: usize>(_: L::Token, _: &[L; 0], v: &mut [L; 3], accumulated: &[L; 2]) {
        if P == 0 {
            v[0] = accumulated[0];
        } else {
            v[1] = accumulated[0];
            v[2] = accumulated[1];
        }
    }
    #[inline(always)]
    fn row<L: Lane>(token: L::Token, _: &[L; 0], _: &[L; 3]) -> (L, [L; 0]) {
        (L::splat(token, 0.0), [])
    }
    #[inline(always)]
    fn element<L: Lane>(
        _: L::Token,
        _: &[L; 0],
        v: &[L; 3],
        x: &[L; 1],
        _: &[L; 0],
        _: L,
        upstream: L,
        spilled: L,
    ) -> (L, [L; 1]) {
        (v[1].log() + v[0] - x[0], [spilled / v[1] * v[2] - upstream])
    }
}

/// Cross entropy against rows of shares, with both gradients: what a pass spills is for the first, and the second reads the logits. Values of a row:
/// upstream, shift, sum of exponentials, of shares, and of shares times logits.
pub(crate) struct SharesEntropy;

impl RowWise<2, 0, 0, 0, 3, 5, 2, 0> for SharesEntropy {
    const ELEMENTS: [usize; 2] = [0, 1];
    const ROWS: [RowSource; 0] = [];
    const SHARED: [usize; 0] = [];
    const ELEMENT_GRADIENTS: [usize; 2] = [0, 1];
    const ROW_GRADIENTS: [usize; 0] = [];
    const PASSES: &'static [[Accumulate; 3]] =
        &[[Accumulate::Shift, Accumulate::Nothing, Accumulate::Nothing], [Accumulate::Sum; 3]];
    const VALUE_PER_ELEMENT: bool = false;
    const SPILL: Option<usize> = Some(1);
    const SPILL_REPLACES: bool = true;
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn start<L: Lane>(token: L::Token, _: &[L; 0], _: &[L; 0], upstream: L) -> [L; 5] {
        let zero = L::splat(token, 0.0);
        [upstream, zero, zero, zero, zero]
    }
    #[inline(always)]
    fn step<L: Lane, const P: usize>(
        token: L::Token,
        _: &[L; 0],
        v: &[L; 5],
        x: &[L; 2],
        _: &[L; 0],
        _: L,
        _: L,
    ) -> ([L; 3], L) {
        let zero = L::splat(token, 0.0);
        if P == 0 {
            return ([x[0], zero, zero], zero);
        }
        let power = (x[0] - v[1]).exp();
        ([power, x[1], x[0] * x[1]], power)
    }
    #[inline(always)]
    fn join<L: Lane, const P: usize>(_: L::Token, _: &[L; 0], v: &mut [L; 5], accumulated: &[L; 3]) {
        if P == 0 {
            v[1] = accumulated[0];
        } else {
            [v[2], v[3], v[4]] = *accumulated;
        }
    }
    #[inline(always)]
    fn row<L: Lane>(_: L::Token, _: &[L; 0], v: &[L; 5]) -> (L, [L; 0]) {
        ((v[2].log() + v[1]) * v[3] - v[4], [])
    }
    #[inline(always)]
    fn element<L: Lane>(
        token: L::Token,
        _: &[L; 0],
        v: &[L; 5],
        x: &[L; 2],
        _: &[L; 0],
        _: L,
        _: L,
        spilled: L,
    ) -> (L, [L; 2]) {
        (L::splat(token, 0.0), [v[0] * (spilled / v[2] * v[3] - x[1]), v[0] * (v[2].log() + v[1] - x[0])])
    }
}

/// Half way between the least and the greatest number of a row.
pub(crate) struct Midrange;

impl RowWise<1, 0, 0, 0, 2, 2, 0, 0> for Midrange {
    const ELEMENTS: [usize; 1] = [0];
    const ROWS: [RowSource; 0] = [];
    const SHARED: [usize; 0] = [];
    const ELEMENT_GRADIENTS: [usize; 0] = [];
    const ROW_GRADIENTS: [usize; 0] = [];
    const PASSES: &'static [[Accumulate; 2]] = &[[Accumulate::Min, Accumulate::Max]];
    const VALUE_PER_ELEMENT: bool = false;
    const SPILL: Option<usize> = None;
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn start<L: Lane>(token: L::Token, _: &[L; 0], _: &[L; 0], _: L) -> [L; 2] {
        [L::splat(token, 0.0); 2]
    }
    #[inline(always)]
    fn step<L: Lane, const P: usize>(
        token: L::Token,
        _: &[L; 0],
        _: &[L; 2],
        x: &[L; 1],
        _: &[L; 0],
        _: L,
        _: L,
    ) -> ([L; 2], L) {
        ([x[0]; 2], L::splat(token, 0.0))
    }
    #[inline(always)]
    fn join<L: Lane, const P: usize>(_: L::Token, _: &[L; 0], v: &mut [L; 2], accumulated: &[L; 2]) {
        *v = *accumulated;
    }
    #[inline(always)]
    fn row<L: Lane>(token: L::Token, _: &[L; 0], v: &[L; 2]) -> (L, [L; 0]) {
        ((v[0] + v[1]) * L::splat(token, 0.5), [])
    }
    #[inline(always)]
    fn element<L: Lane>(
        token: L::Token,
        _: &[L; 0],
        _: &[L; 2],
        _: &[L; 1],
        _: &[L; 0],
        _: L,
        _: L,
        _: L,
    ) -> (L, [L; 0]) {
        (L::splat(token, 0.0), [])
    }
}
