//! What the walk across rows reads at one place of the second axis: a value for every lane.

use crate::call::Upstream;
use crate::drive::MAX_LANES;
use crate::drive::block::Stretch;
use crate::drive::scratch::{convert, pick, spread};
use crate::job::{Job, Slot, Values};
use crate::lane::{Lane, Real};
use crate::registry::Element;

/// How a value of every lane is loaded from, or stored to, a slice: lane `l` at place `c` is at `base + c * stride + l * lane`.
#[derive(Clone, Copy)]
pub(super) struct Path {
    pub(super) base: usize,
    pub(super) stride: usize,
    pub(super) lane: usize,
}

impl Path {
    /// That of rows in an input, or in a slice that begins at offset `from` of the caller's.
    #[inline(always)]
    pub(super) fn of<T>(job: &Job<'_, T>, input: usize, rows: &Stretch, from: usize) -> Self {
        let view = &job.inputs[input];
        let [_, stride, lane] = view.strides;
        Self { base: view.offset(rows.outer, 0, rows.inner) - from, stride, lane }
    }

    /// Whether so many lanes lie in a slice as they lie in a vector.
    #[inline(always)]
    pub(super) fn is_whole<L: Lane>(self, len: usize) -> bool {
        self.lane == 1 && len == L::LANES
    }

    #[inline(always)]
    pub(super) fn load_whole<L: Lane>(self, token: L::Token, from: &[L::Scalar], place: usize) -> L {
        let at = self.base + place * self.stride;
        L::load(token, &from[at..at + L::LANES])
    }

    #[inline(always)]
    pub(super) fn load<L: Lane>(self, token: L::Token, from: &[L::Scalar], place: usize, len: usize) -> L {
        if self.is_whole::<L>(len) {
            return self.load_whole(token, from, place);
        }
        let mut lanes = [L::Scalar::ONE; MAX_LANES];
        pick(from, self.base + place * self.stride, self.lane, &mut lanes[..len]);
        L::load(token, &lanes[..L::LANES])
    }

    #[inline(always)]
    pub(super) fn store<L: Lane>(self, vector: L, to: &mut [L::Scalar], place: usize, len: usize) {
        let at = self.base + place * self.stride;
        if self.is_whole::<L>(len) {
            vector.store(&mut to[at..at + L::LANES]);
        } else {
            let mut lanes = [L::Scalar::ZERO; MAX_LANES];
            vector.store(&mut lanes[..L::LANES]);
            spread(&lanes[..len], to, at, self.lane);
        }
    }

    /// The same where the slice may be of another type.
    #[inline(always)]
    pub(super) fn put<L: Lane>(self, vector: L, to: &mut Slot<'_, L::Scalar>, place: usize, len: usize) {
        if let Some(to) = to.native() {
            return self.store(vector, to, place, len);
        }
        let mut lanes = [L::Scalar::ZERO; MAX_LANES];
        vector.store(&mut lanes[..L::LANES]);
        to.write(&lanes[..len], self.base + place * self.stride, self.lane);
    }
}

/// The values of an element input.
#[derive(Clone, Copy)]
pub(super) struct Column<'c, T> {
    /// In the compute type; empty if they have to be converted.
    pub(super) values: &'c [T],
    pub(super) path: Path,
    /// Which input it is, if they have to be converted.
    pub(super) converted: Option<usize>,
}

/// Everything a place's kernel reads but the row's own values.
pub(super) struct Reader<'c, 'a, L: Lane, const E: usize, const S: usize> {
    pub(super) token: L::Token,
    pub(super) job: &'c Job<'a, L::Scalar>,
    /// How many lanes a column has: all of them in a tile.
    pub(super) len: usize,
    /// How many lanes hold a row.
    pub(super) rows: usize,
    pub(super) columns: [Column<'c, L::Scalar>; E],
    /// Whether every column is there to be loaded, a vector for a place.
    pub(super) is_whole: bool,
    pub(super) shared: [usize; S],
    pub(super) upstream: Upstream<'c, L::Scalar>,
    pub(super) upstream_path: Path,
}

impl<T: Element, L: Lane<Scalar = T>, const E: usize, const S: usize> Reader<'_, '_, L, E, S> {
    #[inline(always)]
    pub(super) fn elements(&self, place: usize) -> [L; E] {
        let mut x = [L::splat(self.token, 0.0); E];
        for e in 0..E {
            let Column { values, path, converted } = &self.columns[e];
            // One question for all columns, answered once a block: a place of a short row is little more than its loads.
            x[e] = if self.is_whole {
                path.load_whole(self.token, values, place)
            } else {
                let mut lanes = [T::ONE; MAX_LANES];
                let at = path.base + place * path.stride;
                match converted {
                    Some(input) => convert(&self.job.inputs[*input], at, path.lane, &mut lanes[..self.len]),
                    None => pick(values, at, path.lane, &mut lanes[..self.len]),
                }
                L::load(self.token, &lanes[..L::LANES])
            };
        }
        x
    }

    #[inline(always)]
    pub(super) fn shared(&self, place: usize) -> [L; S] {
        let mut s = [L::splat(self.token, 0.0); S];
        for i in 0..S {
            let view = &self.job.inputs[self.shared[i]];
            let at = place * view.strides[1];
            let value = if let Values::Native(values) = view.values { values[at] } else { view.number(at) };
            s[i] = L::from_scalar(self.token, value);
        }
        s
    }

    /// The upstream gradient of a place, where the value is per element.
    #[inline(always)]
    pub(super) fn upstream(&self, place: usize) -> L {
        match self.upstream {
            Upstream::One => L::splat(self.token, 1.0),
            Upstream::Scalar(upstream) => L::from_scalar(self.token, upstream),
            Upstream::Each(each) => self.upstream_path.load(self.token, each, place, self.rows),
            Upstream::Converted(each) => {
                let path = self.upstream_path;
                let mut lanes = [T::ONE; MAX_LANES];
                each.convert(path.base + place * path.stride, path.lane, &mut lanes[..self.rows]);
                L::load(self.token, &lanes[..L::LANES])
            }
        }
    }
}

#[cfg(test)]
mod tests;
