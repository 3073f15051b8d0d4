//! Kernels that reduce over the second axis: which rows are worked on together, and in which order they are summed.

use core::marker::PhantomData;
use core::ops::Range;

use super::across::{Across, TileSpace, WINDOW_VECTORS, is_tiled};
use super::along::Along;
use super::in_place::begin;
use super::rows::{Sweep, walks_along};
use super::split::{Cut, Part, Work, leaf_units, sum_units};
use crate::job::{Job, Outputs};
use crate::kernel::RowWise;
use crate::lane::{Lane, LaneTask};
use crate::registry::Element;
use crate::sum::Cascade;

/// Runs a kernel with reductions: its values, and the gradients it has.
pub fn row_wise<
    T,
    K,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
>(
    job: &Job<'_, T>,
    outputs: &mut Outputs<'_, T>,
) -> f64
where
    T: Element,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    let computes = |input| K::ELEMENT_GRADIENTS.contains(&input) || K::ROW_GRADIENTS.contains(&input);
    if let Some(sum) = begin(job, outputs, row_wise::<T, K, E, R, S, U, A, V, G, H>, computes) {
        return sum;
    }
    let plan = Plan::<T, K, E, R, S, U, A, V, G, H> { job, kernel: PhantomData };
    let units = job.geometry.rows().div_ceil(unit_rows(job));
    let values = job.geometry.places().saturating_mul(E + G).saturating_mul(K::PASSES.len() + 1);
    let leaf = leaf_units(job, outputs, units, values);
    sum_units(&plan, 0..units, leaf, Part::whole(outputs))
}

/// How many rows are summed by themselves before the tree of all takes over.
fn group_rows(extent: usize) -> usize {
    match 65536 / extent.max(1) {
        0 => 1,
        rows @ 1..16 => rows,
        rows => (rows / 16 * 16).min(1024),
    }
}

/// How many rows a unit of work has. Rows that differ in the inner place alone interleave in memory, and stay together.
fn unit_rows<T>(job: &Job<'_, T>) -> usize {
    let geometry = &job.geometry;
    if geometry.inner == 1 { group_rows(geometry.extent) } else { geometry.inner.max(1) }
}

/// A kernel over a call, in units of rows.
struct Plan<
    'j,
    'a,
    T,
    K,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
> {
    job: &'j Job<'a, T>,
    kernel: PhantomData<fn() -> K>,
}

impl<
    T,
    K,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
> Work<T> for Plan<'_, '_, T, K, E, R, S, U, A, V, G, H>
where
    T: Element,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    fn leaf(&self, units: Range<usize>, part: &mut Part<'_, T>) -> f64 {
        K::units(self.job, units, part)
    }

    fn cut(&self, unit: usize) -> Cut {
        let row = unit * unit_rows(self.job);
        let outer = row / self.job.geometry.inner;
        Cut {
            elements: if self.job.per_element { row * self.job.geometry.extent } else { row },
            gradients: self.job.inputs.each_ref().map(|view| view.offset(outer, 0, 0)),
        }
    }
}

/// A method of the kernel, so that the compiler keeps its code with the kernel's: editing one loss recompiles one.
trait Units<
    T: Element,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
>: RowWise<E, R, S, U, A, V, G, H> + Sized
{
    fn units(job: &Job<'_, T>, units: Range<usize>, part: &mut Part<'_, T>) -> f64 {
        let uniforms = Self::uniforms(&job.constants());
        let kernel = PhantomData::<Self>;
        // Two functions, because one with both loops takes the compiler far longer than twice as long.
        if walks_along(job) {
            T::dispatch(job.isa, Task::<T, Self, E, R, S, U, A, V, G, H, true> { job, uniforms, units, part, kernel })
        } else {
            T::dispatch(job.isa, Task::<T, Self, E, R, S, U, A, V, G, H, false> { job, uniforms, units, part, kernel })
        }
    }
}

impl<
    T,
    K,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
> Units<T, E, R, S, U, A, V, G, H> for K
where
    T: Element,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
}

struct Task<
    'j,
    'a,
    'o,
    'p,
    T,
    K,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
    const ALONG: bool,
> {
    job: &'j Job<'a, T>,
    uniforms: [f64; U],
    units: Range<usize>,
    part: &'o mut Part<'p, T>,
    kernel: PhantomData<K>,
}

impl<
    T,
    K,
    const E: usize,
    const R: usize,
    const S: usize,
    const U: usize,
    const A: usize,
    const V: usize,
    const G: usize,
    const H: usize,
    const ALONG: bool,
> LaneTask<T> for Task<'_, '_, '_, '_, T, K, E, R, S, U, A, V, G, H, ALONG>
where
    T: Element,
    K: RowWise<E, R, S, U, A, V, G, H>,
{
    type Output = f64;
    const IS_LONG: bool = true;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> f64 {
        let Self { job, uniforms, units, part, kernel: _ } = self;
        let mut sweep = Sweep::<L, K, E, R, S, U, A, V, G, H>::new(token, job, &uniforms, part);
        if ALONG {
            let mut along = Along::new(&sweep);
            return sum_groups(
                job,
                units,
                #[inline(always)]
                |rows| sweep.group_along(&mut along, rows),
            );
        }
        // Only space that is used is cleared.
        let mut one_vector;
        let mut window;
        let tiles = if !is_tiled(job, &K::ELEMENTS) {
            None
        } else if job.geometry.inner == 1 {
            one_vector = TileSpace::<T, E, G, 1>::new();
            Some(one_vector.tiles::<L>())
        } else {
            window = TileSpace::<T, E, G, WINDOW_VECTORS>::new();
            Some(window.tiles::<L>())
        };
        let mut across = Across::<L, E, A, G>::new(token, tiles);
        sum_groups(
            job,
            units,
            #[inline(always)]
            |rows| sweep.group_across(&mut across, rows),
        )
    }
}

/// Sums units of groups of rows: the groups of a unit, and the units, each as a [`Cascade`].
#[inline(always)]
fn sum_groups<T>(job: &Job<'_, T>, units: Range<usize>, mut group: impl FnMut(Range<usize>) -> f64) -> f64 {
    let unit_rows = unit_rows(job);
    let group_rows = group_rows(job.geometry.extent);
    let mut sum = Cascade::new();
    for unit in units {
        let end = job.geometry.rows().min((unit + 1) * unit_rows);
        let mut groups = Cascade::new();
        let mut start = unit * unit_rows;
        while start < end {
            let rows = start..end.min(start + group_rows);
            start = rows.end;
            groups.push(group(rows));
        }
        sum.push(groups.sum());
    }
    sum.sum()
}
