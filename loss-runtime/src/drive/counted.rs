//! Kernels that count how often their formulas are computed, and calls for them.

use core::cell::Cell;

use crate::job::{Geometry, Job, Values, View};
use crate::kernel::{Accumulate, CallConstants, Elementwise, RowSource, RowWise};
use crate::lane::{Isa, Lane};
use crate::registry::Element;

/// How often the formulas of [`Squares`] and [`IsPositive`] have been computed: for a vector at a time, but counted by lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) start: usize,
    pub(super) step: usize,
    pub(super) element: usize,
    pub(super) value: usize,
}

std::thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { start: 0, step: 0, element: 0, value: 0 }) };
}

/// What a call computes on this thread.
pub(super) fn counted<R>(call: impl FnOnce() -> R) -> (R, Counts) {
    COUNTS.set(Counts::default());
    let result = call();
    (result, COUNTS.get())
}

fn count(add: impl FnOnce(&mut Counts)) {
    let mut counts = COUNTS.get();
    add(&mut counts);
    COUNTS.set(counts);
}

/// A call of one thread.
pub(super) fn job<'a, T: Element>([outer, extent, inner]: [usize; 3], inputs: &[View<'a, T>]) -> Job<'a, T> {
    let mut job = Job::blank(Isa::detect(), Some(1));
    job.geometry = Geometry { outer, extent, inner };
    job.inputs[..inputs.len()].copy_from_slice(inputs);
    job
}

/// An input that is there.
pub(super) fn view<T>(values: &[T], strides: [usize; 3]) -> View<'_, T> {
    View { values: Values::Native(values), strides, broadcast: false }
}

/// The sum of a row's squares, whose gradient is what the pass spilled times that of the row's value.
pub(super) struct Squares<const PER_ELEMENT: bool = false>;

impl<const PER_ELEMENT: bool> RowWise<1, 0, 0, 0, 1, 2, 1, 0> for Squares<PER_ELEMENT> {
    const ELEMENTS: [usize; 1] = [0];
    const ROWS: [RowSource; 0] = [];
    const SHARED: [usize; 0] = [];
    const ELEMENT_GRADIENTS: [usize; 1] = [0];
    const ROW_GRADIENTS: [usize; 0] = [];
    const PASSES: &'static [[Accumulate; 1]] = &[[Accumulate::Sum]];
    const VALUE_PER_ELEMENT: bool = PER_ELEMENT;
    const SPILL: Option<usize> = Some(0);
    // Both are to be tried.
    const SPILL_REPLACES: bool = !PER_ELEMENT;

    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }

    #[inline(always)]
    fn start<L: Lane>(token: L::Token, _: &[L; 0], _: &[L; 0], upstream: L) -> [L; 2] {
        count(|counts| counts.start += L::LANES);
        [upstream, L::splat(token, 0.0)]
    }

    #[inline(always)]
    fn step<L: Lane, const P: usize>(
        _: L::Token,
        _: &[L; 0],
        _: &[L; 2],
        x: &[L; 1],
        _: &[L; 0],
        _: L,
        _: L,
    ) -> ([L; 1], L) {
        count(|counts| counts.step += L::LANES);
        ([x[0] * x[0]], x[0] + x[0])
    }

    #[inline(always)]
    fn join<L: Lane, const P: usize>(_: L::Token, _: &[L; 0], v: &mut [L; 2], accumulated: &[L; 1]) {
        v[1] = accumulated[0];
    }

    #[inline(always)]
    fn row<L: Lane>(_: L::Token, _: &[L; 0], v: &[L; 2]) -> (L, [L; 0]) {
        (v[1], [])
    }

    #[inline(always)]
    fn element<L: Lane>(
        _: L::Token,
        _: &[L; 0],
        v: &[L; 2],
        _: &[L; 1],
        _: &[L; 0],
        _: L,
        upstream: L,
        spilled: L,
    ) -> (L, [L; 1]) {
        count(|counts| counts.element += L::LANES);
        (spilled, [spilled * if PER_ELEMENT { upstream } else { v[0] }])
    }
}

/// The product of two inputs.
pub(super) struct Product;

impl Elementwise<2, 0, 2> for Product {
    const INPUTS: [usize; 2] = [0, 1];
    const GRADIENTS: [usize; 2] = [0, 1];

    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }

    #[inline(always)]
    fn value<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 2]) -> L {
        x[0] * x[1]
    }

    #[inline(always)]
    fn fused<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 2], upstream: L) -> (L, [L; 2]) {
        (x[0] * x[1], [upstream * x[1], upstream * x[0]])
    }
}

/// A condition: 1 where a number is positive, 0 elsewhere.
pub(super) struct IsPositive;

impl Elementwise<1, 0, 0> for IsPositive {
    const INPUTS: [usize; 1] = [0];
    const GRADIENTS: [usize; 0] = [];

    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }

    #[inline(always)]
    fn value<L: Lane>(token: L::Token, _: &[L; 0], x: &[L; 1]) -> L {
        count(|counts| counts.value += L::LANES);
        let (zero, one) = (L::splat(token, 0.0), L::splat(token, 1.0));
        L::select(x[0].gt(zero), one, zero)
    }

    #[inline(always)]
    fn fused<L: Lane>(token: L::Token, u: &[L; 0], x: &[L; 1], _: L) -> (L, [L; 0]) {
        (Self::value(token, u, x), [])
    }
}
