//! Kernels in the form that the compiler emits.

use std::sync::atomic::{AtomicU32, Ordering};

use loss_runtime::kernel::{Accumulate, CallConstants, Elementwise, RowSource, RowWise};
use loss_runtime::lane::Lane;

/// Quadratic near zero, linear in the tails.
pub(super) struct Bent;

impl Elementwise<2, 1, 2> for Bent {
    const INPUTS: [usize; 2] = [0, 1];
    const GRADIENTS: [usize; 2] = [0, 1];
    fn uniforms(call: &CallConstants<'_>) -> [f64; 1] {
        [call.params[0]]
    }
    #[inline(always)]
    fn value<L: Lane>(token: L::Token, u: &[L; 1], x: &[L; 2]) -> L {
        let r = x[0] - x[1];
        let half = L::splat(token, 0.5);
        L::select(r.abs().lt(u[0]), half * r * (r / u[0]), r.abs() - half * u[0])
    }
    #[inline(always)]
    fn fused<L: Lane>(token: L::Token, u: &[L; 1], x: &[L; 2], upstream: L) -> (L, [L; 2]) {
        let r = x[0] - x[1];
        let (zero, one) = (L::splat(token, 0.0), L::splat(token, 1.0));
        let sign = L::select(r.gt(zero), one, L::select(r.lt(zero), -one, r * zero));
        let slope = L::select(r.abs().lt(u[0]), r / u[0], sign);
        (Self::value(token, u, x), [upstream * slope, -(upstream * slope)])
    }
}

/// A kernel that is `Bent` but for its value or what is done to the gradients.
macro_rules! faulty {
    ($(#[$doc:meta])* $name:ident, |$token:ident, $u:ident, $x:ident| $value:expr, |$fused:ident, $upstream:ident| $gradients:expr) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl Elementwise<2, 1, 2> for $name {
            const INPUTS: [usize; 2] = [0, 1];
            const GRADIENTS: [usize; 2] = [0, 1];
            fn uniforms(call: &CallConstants<'_>) -> [f64; 1] {
                Bent::uniforms(call)
            }
            #[inline(always)]
            fn value<L: Lane>($token: L::Token, $u: &[L; 1], $x: &[L; 2]) -> L {
                $value
            }
            #[inline(always)]
            fn fused<L: Lane>(token: L::Token, u: &[L; 1], x: &[L; 2], $upstream: L) -> (L, [L; 2]) {
                let $fused = Bent::fused(token, u, x, $upstream);
                $gradients
            }
        }
    };
}

static CALLS: AtomicU32 = AtomicU32::new(0);

/// Another number at every call: what a read of memory that belongs to nobody looks like.
fn noise() -> f64 {
    f64::from(CALLS.fetch_add(1, Ordering::Relaxed) % 1024)
}

faulty! {
    /// The upstream gradient counts twice.
    Skewed, |token, u, x| Bent::value(token, u, x), |fused, upstream| {
        (fused.0, fused.1.map(|gradient| gradient * upstream))
    }
}
faulty! {
    /// The value differs by a rounding once gradients are asked for.
    TwoFaced, |token, u, x| Bent::value(token, u, x), |fused, upstream| {
        let third = L::splat(upstream.token(), 1.0) / L::splat(upstream.token(), 3.0);
        ((fused.0 + third) - third, fused.1)
    }
}
faulty! {
    /// Nothing is the same twice.
    Unsteady, |token, u, x| Bent::value(token, u, x) + L::splat(token, noise()), |fused, upstream| {
        let noise = L::splat(upstream.token(), noise());
        (fused.0 + noise, fused.1.map(|gradient| gradient + noise))
    }
}
faulty! {
    /// Twice the loss.
    Doubled, |token, u, x| { let value = Bent::value(token, u, x); value + value }, |fused, _upstream| {
        (fused.0 + fused.0, fused.1.map(|gradient| gradient + gradient))
    }
}

/// `-t * x`, with a sign `t`.
pub(super) struct Signed;

impl Elementwise<2, 0, 1> for Signed {
    const INPUTS: [usize; 2] = [0, 1];
    const GRADIENTS: [usize; 1] = [0];
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn value<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 2]) -> L {
        -(x[1] * x[0])
    }
    #[inline(always)]
    fn fused<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 2], upstream: L) -> (L, [L; 1]) {
        (-(x[1] * x[0]), [-(upstream * x[1])])
    }
}

/// `-t * x` for each class, with a share `t`.
pub(super) struct Soft;

impl Elementwise<2, 0, 2> for Soft {
    const INPUTS: [usize; 2] = [0, 1];
    const GRADIENTS: [usize; 2] = [0, 1];
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn value<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 2]) -> L {
        -(x[1] * x[0])
    }
    #[inline(always)]
    fn fused<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 2], upstream: L) -> (L, [L; 2]) {
        (-(x[1] * x[0]), [-(upstream * x[1]), -(upstream * x[0])])
    }
}

/// `sum(C, x^2) / 2 - x[target]`; values of a row: label, labelled value, upstream, sum.
pub(super) struct Picked;

impl RowWise<1, 2, 0, 0, 1, 4, 1, 0> for Picked {
    const ELEMENTS: [usize; 1] = [0];
    const ROWS: [RowSource; 2] = [RowSource::Input(1), RowSource::Gather { values: 0, label: 1 }];
    const SHARED: [usize; 0] = [];
    const ELEMENT_GRADIENTS: [usize; 1] = [0];
    const ROW_GRADIENTS: [usize; 0] = [];
    const PASSES: &'static [[Accumulate; 1]] = &[[Accumulate::Sum]];
    const VALUE_PER_ELEMENT: bool = false;
    const SPILL: Option<usize> = None;
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn start<L: Lane>(token: L::Token, _: &[L; 0], r: &[L; 2], upstream: L) -> [L; 4] {
        [r[0], r[1], upstream, L::splat(token, 0.0)]
    }
    #[inline(always)]
    fn step<L: Lane, const P: usize>(
        _: L::Token,
        _: &[L; 0],
        _: &[L; 4],
        x: &[L; 1],
        _: &[L; 0],
        index: L,
        _: L,
    ) -> ([L; 1], L) {
        ([x[0] * x[0]], index)
    }
    #[inline(always)]
    fn join<L: Lane, const P: usize>(_: L::Token, _: &[L; 0], v: &mut [L; 4], accumulated: &[L; 1]) {
        v[3] = accumulated[0];
    }
    #[inline(always)]
    fn row<L: Lane>(token: L::Token, _: &[L; 0], v: &[L; 4]) -> (L, [L; 0]) {
        (L::splat(token, 0.5) * v[3] - v[1], [])
    }
    #[inline(always)]
    fn element<L: Lane>(
        token: L::Token,
        _: &[L; 0],
        v: &[L; 4],
        x: &[L; 1],
        _: &[L; 0],
        index: L,
        _: L,
        spilled: L,
    ) -> (L, [L; 1]) {
        let (zero, one) = (L::splat(token, 0.0), L::splat(token, 1.0));
        (spilled, [v[2] * (x[0] - L::select(index.eq(v[0]), one, zero))])
    }
}
