//! Kernels without reductions: every place by itself, in the order of memory. What lies as the kernel reads and writes it is given to it as it
//! lies (`places`); all else goes through scratch space a block at a time (`walk`), in code that all kernels share.

mod places;
mod walk;

use core::marker::PhantomData;
use core::ops::Range;

use super::CHUNK;
use super::in_place::begin;
use super::split::{Cut, Part, Work, leaf_units, sum_units};
use crate::job::{Job, Line, Outputs};
use crate::kernel::{CallConstants, Elementwise};
use crate::registry::Element;
use crate::uniform::reciprocal;

pub(super) use places::load;
use places::{Places, Running, Seed, run_places};
use walk::Walk;

/// Runs a kernel's values, without gradients.
pub fn elementwise_forward<T, K, const I: usize, const U: usize, const G: usize>(
    job: &Job<'_, T>,
    outputs: &mut Outputs<'_, T>,
) -> f64
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    run(&Plan::<T, K, I, U, G, false> { job, kernel: PhantomData }, outputs)
}

/// Runs a kernel's values and gradients.
pub fn elementwise_fused<T, K, const I: usize, const U: usize, const G: usize>(
    job: &Job<'_, T>,
    outputs: &mut Outputs<'_, T>,
) -> f64
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    if let Some(sum) = begin(job, outputs, elementwise_fused::<T, K, I, U, G>, |input| K::GRADIENTS.contains(&input)) {
        return sum;
    }
    run(&Plan::<T, K, I, U, G, true> { job, kernel: PhantomData }, outputs)
}

/// Runs a kernel's values, without gradients, over a few places that lie one after the other in all arrays.
pub fn line_forward<T, K, const I: usize, const U: usize, const G: usize>(line: &mut Line<'_, '_, T>) -> f64
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    K::line::<false>(line)
}

/// Runs a kernel's values and gradients over a few places that lie one after the other in all arrays.
pub fn line_fused<T, K, const I: usize, const U: usize, const G: usize>(line: &mut Line<'_, '_, T>) -> f64
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    K::line::<true>(line)
}

/// A kernel over a call, in chunks of places.
struct Plan<'j, 'a, T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool> {
    job: &'j Job<'a, T>,
    kernel: PhantomData<fn() -> K>,
}

fn run<T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool>(
    plan: &Plan<'_, '_, T, K, I, U, G, FUSED>,
    outputs: &mut Outputs<'_, T>,
) -> f64
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    let places = plan.job.places().places();
    let units = places.div_ceil(CHUNK);
    let leaf = leaf_units(plan.job, outputs, units, places * (I + G + 1));
    sum_units(plan, 0..units, leaf, Part::whole(outputs))
}

impl<T, K, const I: usize, const U: usize, const G: usize, const FUSED: bool> Work<T>
    for Plan<'_, '_, T, K, I, U, G, FUSED>
where
    T: Element,
    K: Elementwise<I, U, G>,
{
    fn leaf(&self, units: Range<usize>, part: &mut Part<'_, T>) -> f64 {
        K::leaf::<FUSED>(self.job, units, part)
    }

    fn cut(&self, unit: usize) -> Cut {
        let place = unit * CHUNK;
        let [outer, extent, inner] = self.job.places().coordinates(place);
        Cut { elements: place, gradients: self.job.inputs.each_ref().map(|view| view.offset(outer, extent, inner)) }
    }
}

/// A method of the kernel, so that the compiler keeps its code with the kernel's: editing one loss recompiles one.
trait Leaf<T: Element, const I: usize, const U: usize, const G: usize>: Elementwise<I, U, G> + Sized {
    fn leaf<const FUSED: bool>(job: &Job<'_, T>, units: Range<usize>, part: &mut Part<'_, T>) -> f64 {
        let uniforms = Self::uniforms(&job.constants());
        let run = |places: &mut Places<'_, T, I, G>, sums: &mut Running<T>| {
            run_places::<T, Self, I, U, G, FUSED>(job.isa, &uniforms, places, sums);
        };
        Walk { job, inputs: Self::INPUTS, gradients: Self::GRADIENTS, fused: FUSED, run: &run }.leaf(units, part)
    }

    fn line<const FUSED: bool>(line: &mut Line<'_, '_, T>) -> f64 {
        let uniforms = Self::uniforms(&CallConstants {
            params: line.params,
            extent: line.extent as f64,
            reciprocal: reciprocal::<T>,
        });
        let mut gradients = [const { None }; G];
        if FUSED {
            for g in 0..G {
                gradients[g] = line.gradients[Self::GRADIENTS[g]].take();
            }
        }
        let mut places = Places {
            len: line.len,
            inputs: Self::INPUTS.map(|input| line.inputs[input]),
            rest: None,
            upstream: Seed::Same(line.upstream),
            live: None,
            elements: line.elements.take(),
            gradients,
        };
        let mut sums = Running::new(line.len, line.accumulate_f64);
        run_places::<T, Self, I, U, G, FUSED>(line.isa, &uniforms, &mut places, &mut sums);
        sums.sum()
    }
}

impl<T, K, const I: usize, const U: usize, const G: usize> Leaf<T, I, U, G> for K
where
    T: Element,
    K: Elementwise<I, U, G>,
{
}
