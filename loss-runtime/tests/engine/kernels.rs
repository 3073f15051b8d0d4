//! Kernels without reductions, written by hand in the form that the compiler emits.

mod rows;

use std::sync::Mutex;
use std::thread::{self, ThreadId};

use loss_runtime::kernel::{CallConstants, Elementwise};
use loss_runtime::lane::Lane;

pub(crate) use rows::{LogSoftmax, Midrange, ScaledDot, SharesEntropy, SoftmaxEntropy, WeightOfLabel};

/// A parameter whose calls tell who ran each of their pieces, where the kernel does.
pub(crate) const TELL: f64 = 4242.0;
/// What they told.
pub(crate) static PIECES: Mutex<Vec<ThreadId>> = Mutex::new(Vec::new());

/// Tells of a piece: each asks once what is the same at every place.
fn tell(call: &CallConstants<'_>) {
    if call.params == [TELL] {
        PIECES.lock().expect("nobody panics while it is locked").push(thread::current().id());
    }
}

/// `beta`-smoothed absolute difference: two inputs, a uniform, two gradients.
pub(crate) struct Smooth;

impl Elementwise<2, 1, 2> for Smooth {
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
        let one = L::splat(token, 1.0);
        let slope = L::select(r.abs().lt(u[0]), r / u[0], L::select(r.gt(L::splat(token, 0.0)), one, -one));
        (Self::value(token, u, x), [upstream * slope, -(upstream * slope)])
    }
}

/// `w * x^2`, with `w` an input that may be broadcast and has a gradient.
pub(crate) struct WeightedSquare;

impl Elementwise<2, 0, 2> for WeightedSquare {
    const INPUTS: [usize; 2] = [0, 1];
    const GRADIENTS: [usize; 2] = [0, 1];
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn value<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 2]) -> L {
        x[1] * x[0] * x[0]
    }
    #[inline(always)]
    fn fused<L: Lane>(token: L::Token, u: &[L; 0], x: &[L; 2], upstream: L) -> (L, [L; 2]) {
        let twice = x[0] + x[0];
        (Self::value(token, u, x), [upstream * x[1] * twice, upstream * x[0] * x[0]])
    }
}

/// `t * x`, over the extent of the second axis.
pub(crate) struct Spread;

impl Elementwise<2, 1, 1> for Spread {
    const INPUTS: [usize; 2] = [0, 1];
    const GRADIENTS: [usize; 1] = [0];
    fn uniforms(call: &CallConstants<'_>) -> [f64; 1] {
        [1.0 / call.extent]
    }
    #[inline(always)]
    fn value<L: Lane>(_: L::Token, u: &[L; 1], x: &[L; 2]) -> L {
        x[1] * x[0] * u[0]
    }
    #[inline(always)]
    fn fused<L: Lane>(token: L::Token, u: &[L; 1], x: &[L; 2], upstream: L) -> (L, [L; 1]) {
        (Self::value(token, u, x), [upstream * x[1] * u[0]])
    }
}

/// The condition `w >= 0` on input 1.
pub(crate) struct NotNegative;

impl Elementwise<1, 0, 0> for NotNegative {
    const INPUTS: [usize; 1] = [1];
    const GRADIENTS: [usize; 0] = [];
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn value<L: Lane>(token: L::Token, _: &[L; 0], x: &[L; 1]) -> L {
        let zero = L::splat(token, 0.0);
        L::select(x[0].lt(zero), zero, L::splat(token, 1.0))
    }
    #[inline(always)]
    fn fused<L: Lane>(token: L::Token, u: &[L; 0], x: &[L; 1], _: L) -> (L, [L; 0]) {
        (Self::value(token, u, x), [])
    }
}

/// `t * x`, with `t` a label along rows.
pub(crate) struct Signed;

impl Elementwise<2, 0, 1> for Signed {
    const INPUTS: [usize; 2] = [0, 1];
    const GRADIENTS: [usize; 1] = [0];
    fn uniforms(_: &CallConstants<'_>) -> [f64; 0] {
        []
    }
    #[inline(always)]
    fn value<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 2]) -> L {
        x[1] * x[0]
    }
    #[inline(always)]
    fn fused<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 2], upstream: L) -> (L, [L; 1]) {
        (x[1] * x[0], [upstream * x[1]])
    }
}

/// `x * y * z`, with a gradient for each.
pub(crate) struct Triple;

impl Elementwise<3, 0, 3> for Triple {
    const INPUTS: [usize; 3] = [0, 1, 2];
    const GRADIENTS: [usize; 3] = [0, 1, 2];
    fn uniforms(call: &CallConstants<'_>) -> [f64; 0] {
        tell(call);
        []
    }
    #[inline(always)]
    fn value<L: Lane>(_: L::Token, _: &[L; 0], x: &[L; 3]) -> L {
        x[0] * x[1] * x[2]
    }
    #[inline(always)]
    fn fused<L: Lane>(token: L::Token, u: &[L; 0], x: &[L; 3], upstream: L) -> (L, [L; 3]) {
        let [a, b, c] = *x;
        (Self::value(token, u, x), [upstream * b * c, upstream * a * c, upstream * a * b])
    }
}
