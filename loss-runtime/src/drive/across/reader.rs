//! What the walk across rows reads at one place of the second axis: a value for every lane.

use crate::call::Upstream;
use crate::drive::MAX_LANES;
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
    #[inline(always)]
    pub(super) fn load<L: Lane>(self, token: L::Token, from: &[L::Scalar], place: usize, len: usize) -> L {
        let at = self.base + place * self.stride;
        if self.lane == 1 && len == L::LANES {
            return L::load(token, &from[at..at + L::LANES]);
        }
        let mut lanes = [L::Scalar::ONE; MAX_LANES];
        pick(from, at, self.lane, &mut lanes[..len]);
        L::load(token, &lanes[..L::LANES])
    }

    #[inline(always)]
    pub(super) fn store<L: Lane>(self, vector: L, to: &mut [L::Scalar], place: usize, len: usize) {
        let at = self.base + place * self.stride;
        if self.lane == 1 && len == L::LANES {
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

/// Where the values of an element input are.
#[derive(Clone, Copy)]
pub(super) enum Column<'c, T> {
    /// In the compute type.
    Slice(&'c [T], Path),
    /// To be converted, from this offset on.
    Converted(usize, Path),
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
    pub(super) shared: [usize; S],
    pub(super) upstream: Upstream<'c, L::Scalar>,
    pub(super) upstream_path: Path,
}

impl<T: Element, L: Lane<Scalar = T>, const E: usize, const S: usize> Reader<'_, '_, L, E, S> {
    #[inline(always)]
    pub(super) fn elements(&self, place: usize) -> [L; E] {
        let mut x = [L::splat(self.token, 0.0); E];
        for e in 0..E {
            x[e] = match self.columns[e] {
                Column::Slice(values, path) => path.load(self.token, values, place, self.len),
                Column::Converted(input, path) => {
                    let mut lanes = [T::ONE; MAX_LANES];
                    let at = path.base + place * path.stride;
                    convert(&self.job.inputs[input], at, path.lane, &mut lanes[..self.len]);
                    L::load(self.token, &lanes[..L::LANES])
                }
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

    #[inline(always)]
    pub(super) fn upstream(&self, place: usize) -> L {
        match self.upstream {
            Upstream::One => L::splat(self.token, 1.0),
            Upstream::Scalar(upstream) => L::from_scalar(self.token, upstream),
            Upstream::Each(each) if self.job.per_element => self.upstream_path.load(self.token, each, place, self.rows),
            Upstream::Converted(each) if self.job.per_element => {
                let path = self.upstream_path;
                let mut lanes = [T::ONE; MAX_LANES];
                each.convert(path.base + place * path.stride, path.lane, &mut lanes[..self.rows]);
                L::load(self.token, &lanes[..L::LANES])
            }
            Upstream::Each(_) | Upstream::Converted(_) => L::splat(self.token, 0.0),
        }
    }

    #[inline(always)]
    pub(super) fn index(&self, place: usize) -> L {
        L::splat(self.token, place as f64)
    }
}
