//! Finding the first value that breaks a declared condition.

use core::marker::PhantomData;
use core::ops::Range;

use super::elementwise::load;
use super::scratch::{gather, live};
use super::split::reduce_parts;
use super::{BLOCK, VECTORS};
use crate::job::{Geometry, Job, Values};
use crate::kernel::Elementwise;
use crate::lane::{Lane, LaneTask, MAX_LANES};
use crate::registry::Element;

/// The place of the first violation, rows in order, and places of a row in order. Dropped rows are not looked at.
///
/// The kernel's value is 0 where the condition is false, and 1 elsewhere. Its places are those along the axes that its inputs have;
/// the result counts places of the whole iteration space.
pub fn first_violation<T, K, const I: usize, const U: usize>(job: &Job<'_, T>) -> Option<usize>
where
    T: Element,
    K: Elementwise<I, U, 0>,
{
    K::violation(job)
}

/// A method of the kernel, so that the compiler keeps its code with the kernel's.
trait Violation<T: Element, const I: usize, const U: usize>: Elementwise<I, U, 0> + Sized {
    fn violation(job: &Job<'_, T>) -> Option<usize> {
        let uniforms = Self::uniforms(&job.constants());
        let axes = Self::INPUTS.map(|input| job.inputs[input].strides);
        let along_rows = axes.iter().any(|[outer, _, inner]| *outer != 0 || *inner != 0);
        let along_extent = axes.iter().any(|[_, extent, _]| *extent != 0);
        let Geometry { outer, extent, inner } = job.geometry;
        let own = |is_along, len| if is_along { len } else { 1 };
        let geometry = Geometry {
            outer: own(along_rows, outer),
            extent: own(along_extent, extent),
            inner: own(along_rows, inner),
        };
        let drops = job.dropped.is_some() && along_rows;
        let search = |places| {
            let search =
                Search::<T, Self, I, U> { job, geometry, places, drops, uniforms: &uniforms, kernel: PhantomData };
            T::dispatch(job.isa, search)
        };
        let places = geometry.places();
        let first = reduce_parts(job.threads, places, places * I, search, |left, right| match (left, right) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (left, right) => left.or(right),
        });
        first.map(|first| (first.outer * extent + first.extent) * inner + first.inner)
    }
}

impl<T: Element, K: Elementwise<I, U, 0>, const I: usize, const U: usize> Violation<T, I, U> for K {}

/// A place, in the order of rows and then along each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RowPlace {
    outer: usize,
    inner: usize,
    extent: usize,
}

/// The search at some places along the axes that the kernel's inputs have.
struct Search<'j, 'a, T, K, const I: usize, const U: usize> {
    job: &'j Job<'a, T>,
    geometry: Geometry,
    places: Range<usize>,
    /// Whether a row may be dropped.
    drops: bool,
    uniforms: &'j [f64; U],
    kernel: PhantomData<fn() -> K>,
}

impl<T: Element, K: Elementwise<I, U, 0>, const I: usize, const U: usize> LaneTask<T> for Search<'_, '_, T, K, I, U> {
    type Output = Option<RowPlace>;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> Option<RowPlace> {
        let Self { job, geometry, places, drops, uniforms, .. } = self;
        let mut u = [L::splat(token, 0.0); U];
        for i in 0..U {
            u[i] = L::splat(token, uniforms[i]);
        }

        let mut inputs = [[T::ZERO; BLOCK]; I];
        // They stay as they are where no row is dropped.
        let mut alive = [T::ONE; BLOCK];
        let mut first: Option<RowPlace> = None;
        let Range { mut start, end } = places;
        while start < end {
            // Rows of one outer place interleave: the first violation in memory may not be that of the first row.
            if let Some(RowPlace { outer, .. }) = first
                && (geometry.inner == 1 || geometry.coordinates(start)[0] != outer)
            {
                break;
            }
            let len = BLOCK.min(end - start);
            let mut slices: [&[T]; I] = [&[]; I];
            for (i, space) in inputs.iter_mut().enumerate() {
                let view = &job.inputs[K::INPUTS[i]];
                slices[i] = match view.values {
                    Values::Native(values) if view.is_flat(&geometry) => &values[start..start + len],
                    Values::Native(_) | Values::Labels(_) | Values::InPlace | Values::Absent => {
                        gather(view, &geometry, start, &mut space[..len]);
                        &space[..len]
                    }
                };
            }
            if drops {
                live(job, &geometry, start, &mut alive[..len]);
            }
            let width = VECTORS * L::LANES;
            let mut at = 0;
            while at + width <= len {
                let mut broken = L::first_lanes(token, 0);
                for q in 0..VECTORS {
                    let mut x = [L::splat(token, 0.0); I];
                    for i in 0..I {
                        x[i] = L::load(token, &slices[i][at + q * L::LANES..at + (q + 1) * L::LANES]);
                    }
                    broken = broken | K::value(token, &u, &x).eq(L::splat(token, 0.0));
                }
                if L::mask_any(broken) {
                    break;
                }
                at += width;
            }
            // What is left, or where one of these is.
            while at < len {
                let end = len.min(at + L::LANES);
                let mut x = [L::splat(token, 0.0); I];
                for i in 0..I {
                    x[i] = load(token, slices[i], at, end - at);
                }
                // What fills the last vector may break the condition, which is nobody's fault and not worth a look.
                let broken = K::value(token, &u, &x).eq(L::splat(token, 0.0)) & L::first_lanes(token, end - at);
                if L::mask_any(broken) {
                    let mut lanes = [T::ZERO; MAX_LANES];
                    L::select(broken, L::splat(token, 1.0), L::splat(token, 0.0)).store(&mut lanes[..L::LANES]);
                    for lane in 0..end - at {
                        let [outer, extent, inner] = geometry.coordinates(start + at + lane);
                        if lanes[lane] != T::ZERO && alive[at + lane] != T::ZERO {
                            let place = RowPlace { outer, inner, extent };
                            first = Some(first.map_or(place, |first| first.min(place)));
                        }
                    }
                }
                at = end;
            }
            start += len;
        }
        first
    }
}

#[cfg(test)]
mod tests;
