//! Rows side by side whose places lie far apart: a window of them is brought near first, and its gradients are taken back.
//!
//! A vector of rows alone would touch as many pages as the second axis has places. A window of hundreds of rows reads runs that are long enough
//! for the machine to see them coming, and what it reads stays in the nearest caches for as long as the passes need it.

use super::tile::TILE_EXTENT;
use crate::drive::MAX_LANES;
use crate::drive::scratch::{convert, put};
use crate::job::{Geometry, Job, Slot};
use crate::registry::Element;

/// How many values of an input a window has room for: a few of them fill the second cache to a small part.
const WINDOW: usize = 8192;
/// The narrowest window that is worth its copies.
const NARROWEST: usize = 64;
/// From how many values on, with one outer place, clearing the space costs nothing beside the work.
const WORTH_STAGING: usize = 1 << 18;

/// How a job's rows come to lie one to a lane.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::drive) enum Staging {
    /// They do.
    Direct,
    /// Blocks of short rows, each in one piece, are transposed.
    Transposed,
    /// Places come from far away, so many rows at a time.
    Window(usize),
}

impl Staging {
    pub(in crate::drive) fn of<T>(job: &Job<'_, T>) -> Self {
        let Geometry { extent, inner, .. } = job.geometry;
        if inner == 1 {
            return Self::Transposed;
        }
        let width = WINDOW / extent.max(1) / MAX_LANES * MAX_LANES;
        if width >= NARROWEST && inner.saturating_mul(extent) >= WORTH_STAGING {
            Self::Window(width)
        } else {
            Self::Direct
        }
    }
}

/// Space for transposed blocks.
pub(in crate::drive) type TileSpace<T, const E: usize, const G: usize> = Space<T, E, G, { TILE_EXTENT * MAX_LANES }>;
/// Space for windows.
pub(in crate::drive) type WindowSpace<T, const E: usize, const G: usize> = Space<T, E, G, WINDOW>;

/// Space for the element inputs, and their gradients.
pub(in crate::drive) struct Space<T, const E: usize, const G: usize, const SIZE: usize> {
    elements: [[T; SIZE]; E],
    gradients: [[T; SIZE]; G],
}

impl<T: Element, const E: usize, const G: usize, const SIZE: usize> Space<T, E, G, SIZE> {
    #[inline(always)]
    pub(in crate::drive) fn new() -> Self {
        Self { elements: [[T::ZERO; SIZE]; E], gradients: [[T::ZERO; SIZE]; G] }
    }

    #[inline(always)]
    pub(in crate::drive) fn tiles(&mut self) -> Tiles<'_, T, E, G> {
        Tiles {
            elements: self.elements.each_mut().map(
                #[inline(always)]
                |tile| tile.as_mut_slice(),
            ),
            gradients: self.gradients.each_mut().map(
                #[inline(always)]
                |tile| tile.as_mut_slice(),
            ),
        }
    }
}

/// The element inputs as they are read, and their gradients as they are written: place after place, a vector of rows or more at each.
pub(in crate::drive) struct Tiles<'t, T, const E: usize, const G: usize> {
    pub(in crate::drive) elements: [&'t mut [T]; E],
    pub(in crate::drive) gradients: [&'t mut [T]; G],
}

/// The rows that are near.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) outer: usize,
    /// The first one's inner place.
    pub(super) inner: usize,
    pub(super) len: usize,
    /// How far apart neighbours on the second axis lie in a tile.
    pub(super) width: usize,
}

impl Window {
    /// Brings the places of an input near.
    #[inline(never)]
    pub(super) fn fill<T: Element>(&self, job: &Job<'_, T>, input: usize, tile: &mut [T]) {
        let view = &job.inputs[input];
        for (place, to) in tile.chunks_exact_mut(self.width).enumerate().take(job.geometry.extent) {
            convert(view, view.offset(self.outer, place, self.inner), view.strides[2], &mut to[..self.len]);
        }
    }

    /// Takes gradients back, to a slice that begins at offset `from` of the caller's.
    #[inline(never)]
    pub(super) fn empty<T: Element>(
        &self,
        job: &Job<'_, T>,
        input: usize,
        tile: &[T],
        slot: &mut Slot<'_, T>,
        from: usize,
    ) {
        let view = &job.inputs[input];
        for (place, gradients) in tile.chunks_exact(self.width).enumerate().take(job.geometry.extent) {
            let offset = view.offset(self.outer, place, self.inner) - from;
            put(view.broadcast, &gradients[..self.len], slot, offset, view.strides[2]);
        }
    }
}
