//! A stretch of a row: loading it, and the last pass over it.

use crate::call::Upstream;
use crate::drive::BLOCK;
use crate::drive::rows::spilled_again;
use crate::kernel::RowWise;
use crate::lane::{Lane, Real};

/// A vector of places of a line, perhaps not full: lanes from `len` on hold numbers that mean nothing.
#[inline(always)]
fn load<L: Lane, const FULL: bool>(token: L::Token, from: &[L::Scalar], at: usize, len: usize) -> L {
    if FULL {
        return L::load(token, &from[at..at + L::LANES]);
    }
    match from.get(at..at + L::LANES) {
        // What follows a row is read along with it, and does no harm.
        Some(full) => L::load(token, full),
        None => L::load_partial(token, &from[at..at + len], L::Scalar::ZERO),
    }
}

/// The other way round.
#[inline(always)]
pub(super) fn store<L: Lane, const FULL: bool>(vector: L, to: &mut [L::Scalar], at: usize, len: usize) {
    if FULL {
        vector.store(&mut to[at..at + L::LANES]);
    } else {
        vector.store_partial(&mut to[at..at + len]);
    }
}

/// The places of a line's first vector.
#[inline(always)]
pub(super) fn first_index<L: Lane>(token: L::Token, start: usize) -> L {
    L::splat(token, start as f64) + L::iota(token)
}

/// The places of a vector, which become those of the next one: counting up takes one operation, converting an integer four.
#[inline(always)]
pub(super) fn next_index<L: Lane>(index: &mut L) -> L {
    let here = *index;
    *index = here + L::splat(here.token(), L::LANES as f64);
    here
}

/// One vector of each line.
#[inline(always)]
pub(super) fn vectors<L: Lane, const N: usize, const FULL: bool>(
    token: L::Token,
    lines: &[&[L::Scalar]; N],
    at: usize,
    len: usize,
) -> [L; N] {
    let mut vectors = [L::splat(token, 0.0); N];
    for i in 0..N {
        vectors[i] = load::<L, FULL>(token, lines[i], at, len);
    }
    vectors
}

/// What the gradient of each place's value is multiplied by, where the value is per place.
pub(super) enum Upstreams<'l, L: Lane> {
    Same(L),
    Each(&'l [L::Scalar]),
}

impl<'l, L: Lane> Upstreams<'l, L> {
    /// Those of `len` places from `start` on; `space` is for what has to be converted.
    #[inline(always)]
    pub(super) fn new(
        token: L::Token,
        upstream: Upstream<'l, L::Scalar>,
        start: usize,
        len: usize,
        per_element: bool,
        space: Option<&'l mut [L::Scalar; BLOCK]>,
    ) -> Self {
        match upstream {
            Upstream::One => Self::Same(L::splat(token, 1.0)),
            Upstream::Scalar(upstream) => Self::Same(L::from_scalar(token, upstream)),
            Upstream::Each(each) if per_element => Self::Each(&each[start..start + len]),
            Upstream::Converted(each) if per_element => {
                let space = space.map_or(&mut [][..], |space| &mut space[..len]);
                each.convert(start, 1, space);
                Self::Each(space)
            }
            Upstream::Each(_) | Upstream::Converted(_) => Self::Same(L::splat(token, 0.0)),
        }
    }

    #[inline(always)]
    pub(super) fn load<const FULL: bool>(&self, token: L::Token, at: usize, len: usize) -> L {
        match self {
            Self::Same(upstream) => *upstream,
            Self::Each(each) => load::<L, FULL>(token, each, at, len),
        }
    }
}

/// A stretch of a row in the last pass.
pub(super) struct Line<'l, L: Lane, const E: usize, const S: usize, const U: usize, const V: usize, const G: usize> {
    pub(super) token: L::Token,
    pub(super) u: &'l [L; U],
    pub(super) v: &'l [L; V],
    pub(super) xs: [&'l [L::Scalar]; E],
    pub(super) ss: [&'l [L::Scalar]; S],
    pub(super) upstream: Upstreams<'l, L>,
    /// The places on the second axis of the next vector.
    pub(super) index: L,
    /// Whether the first gradient's slice holds what a pass spilled.
    pub(super) spills: bool,
    pub(super) elements: Option<&'l mut [L::Scalar]>,
    pub(super) gradients: [Option<&'l mut [L::Scalar]>; G],
}

impl<L: Lane, const E: usize, const S: usize, const U: usize, const V: usize, const G: usize>
    Line<'_, L, E, S, U, V, G>
{
    /// Gives the values.
    #[inline(always)]
    pub(super) fn vector<K, const R: usize, const A: usize, const H: usize, const FULL: bool>(
        &mut self,
        at: usize,
        len: usize,
    ) -> L
    where
        K: RowWise<E, R, S, U, A, V, G, H>,
    {
        let token = self.token;
        let x = vectors::<L, E, FULL>(token, &self.xs, at, len);
        let s = vectors::<L, S, FULL>(token, &self.ss, at, len);
        let index = next_index(&mut self.index);
        let upstream = self.upstream.load::<FULL>(token, at, len);
        let spilled = match self.gradients.first() {
            Some(Some(gradient)) if self.spills => load::<L, FULL>(token, gradient, at, len),
            Some(_) | None => {
                spilled_again::<L, K, E, R, S, U, A, V, G, H>(token, self.u, self.v, &x, &s, index, upstream)
            }
        };
        let (value, gradients) = K::element(token, self.u, self.v, &x, &s, index, upstream, spilled);
        if let Some(elements) = &mut self.elements {
            store::<L, FULL>(value, elements, at, len);
        }
        for g in 0..G {
            if let Some(slot) = &mut self.gradients[g] {
                store::<L, FULL>(gradients[g], slot, at, len);
            }
        }
        value
    }
}

#[cfg(test)]
mod tests;
