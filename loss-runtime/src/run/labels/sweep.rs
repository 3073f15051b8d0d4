//! Whether every value of an input is admitted, in one sweep without regard to rows, or in several side by side.
//!
//! A yes is certain. A no means that [`super`] has to look: at the value that is wrong, at one in a row that is dropped, or at a sum that this
//! sweep is too coarse for.

mod narrow;

use core::ops::Range;

use super::{Admitted, SIMPLEX_TOLERANCE};
use crate::drive::VECTORS;
use crate::info::Label;
use crate::job::{Geometry, Values, View};
use crate::lane::transpose::{for_each_lane, transpose};
use crate::lane::{Isa, Lane, LaneTask, MAX_LANES, Real};
use crate::registry::Element;
use crate::tensor::{LabelSlice, LabelTest, LabelType};

/// Whether the values at some places are admitted.
pub(super) fn all_admitted<T: Element>(
    values: &Values<'_, T>,
    places: Range<usize>,
    admitted: Admitted,
    isa: Isa,
) -> bool {
    match values {
        Values::Native(values) => T::dispatch(isa, Floats { values: &values[places], admitted }),
        Values::Labels(values @ (LabelSlice::F32(_) | LabelSlice::F64(_))) => values.all(places, admitted),
        Values::Labels(values) if values.is_narrow() => narrow::all_admitted::<T>(*values, places, admitted, isa),
        Values::Labels(values) => T::dispatch(isa, Integers { values: *values, places, admitted }),
        Values::InPlace | Values::Absent => true,
    }
}

/// Whether some rows, counted along the outermost axis, are probabilities that add up to 1, if they lie as rows of vectors do.
pub(super) fn all_simplex<T: Element>(
    view: &View<'_, T>,
    geometry: &Geometry,
    outer: Range<usize>,
    admitted: Admitted,
    isa: Isa,
) -> bool {
    let values = match view.values {
        Values::Native(values) => values,
        Values::Labels(values) if values.is_narrow() => {
            return narrow::all_simplex(view, values, geometry, outer, admitted, isa);
        }
        Values::Labels(_) | Values::InPlace | Values::Absent => return false,
    };
    let Geometry { extent, inner, .. } = *geometry;
    let rows = Rows { values, strides: view.strides, outer, extent, inner, tolerance: SIMPLEX_TOLERANCE };
    let lies = if inner == 1 { view.strides[1] == 1 } else { view.strides[2] == 1 };
    lies && view.strides[1] > 0 && T::dispatch(isa, rows)
}

/// Whether none of the labels at some places is `value`.
pub(super) fn none_equals<T: Element>(values: &Values<'_, T>, places: Range<usize>, value: f64, isa: Isa) -> bool {
    match values {
        Values::Native(_) => false,
        Values::Labels(values) => {
            integer(value).is_some_and(|value| T::dispatch(isa, Absent { values: *values, places, value }))
        }
        Values::InPlace | Values::Absent => true,
    }
}

/// The integer that a number is, if it is one, and no other integer's nearest number too, as those from 2^53 on are.
fn integer(number: f64) -> Option<i64> {
    let is_one = number % 1.0 == 0.0 && f64::abs(number) < (1_u64 << f64::MANTISSA_DIGITS) as f64;
    is_one.then_some(number as i64)
}

/// Numbers of the compute type.
struct Floats<'v, T> {
    values: &'v [T],
    admitted: Admitted,
}

impl<T: Element> LaneTask<T> for Floats<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> bool {
        let zero = L::splat(token, 0.0);
        let one = L::splat(token, 1.0);
        let values = self.values;
        match self.admitted.label {
            Label::Real | Label::Group => true,
            Label::Nonnegative => none_is::<L>(
                token,
                values,
                #[inline(always)]
                |x| x.lt(zero),
            ),
            Label::Positive => none_is::<L>(
                token,
                values,
                #[inline(always)]
                |x| x.le(zero),
            ),
            Label::Probability | Label::Simplex => none_is::<L>(
                token,
                values,
                #[inline(always)]
                |x| x.lt(zero) | x.gt(one),
            ),
            Label::Binary | Label::MultiHot | Label::Flag => none_is::<L>(
                token,
                values,
                #[inline(always)]
                |x| x.ne(zero) & x.ne(one),
            ),
            Label::Sign => none_is::<L>(
                token,
                values,
                #[inline(always)]
                |x| x.abs().ne(one),
            ),
            // Rare as floats.
            Label::Count | Label::ClassIndex => {
                values.iter().fold(true, |all, value| all & self.admitted.passes(value.to_f64()))
            }
        }
    }
}

/// Whether something holds of no value; 1 must be one of which it does not.
#[inline(always)]
fn none_is<L: Lane>(token: L::Token, values: &[L::Scalar], wrong: impl Fn(L) -> L::Mask) -> bool {
    let width = VECTORS * L::LANES;
    let mut blocks = values.chunks_exact(width);
    let mut found = [L::first_lanes(token, 0); VECTORS];
    for block in &mut blocks {
        for (q, found) in found.iter_mut().enumerate() {
            *found = *found | wrong(L::load(token, &block[q * L::LANES..(q + 1) * L::LANES]));
        }
    }
    let [a, b, c, d] = found;
    let mut any = (a | b) | (c | d);
    for rest in blocks.remainder().chunks(L::LANES) {
        any = any | wrong(L::load_partial(token, rest, L::Scalar::ONE));
    }
    !L::mask_any(any)
}

/// Labels that are not floats.
struct Integers<'v> {
    values: LabelSlice<'v>,
    places: Range<usize>,
    admitted: Admitted,
}

impl<T: Real> LaneTask<T> for Integers<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, _: L::Token) -> bool {
        let Self { values, places, admitted } = self;
        // 0 is admitted wherever a range is looked at.
        let ignored = admitted.ignored.and_then(integer).unwrap_or(0);
        match admitted.label {
            Label::ClassIndex => values.all(places, UpTo { last: (admitted.extent as u64).wrapping_sub(1), ignored }),
            Label::Binary | Label::MultiHot | Label::Flag => values.all(places, UpTo { last: 1, ignored }),
            Label::Count => values.all(places, UpTo { last: i64::MAX as u64, ignored }),
            Label::Sign => values.all(places, OneOrMinusOne),
            Label::Real | Label::Group => true,
            Label::Nonnegative | Label::Positive | Label::Probability | Label::Simplex => false,
        }
    }
}

/// Integers from 0 on, and the one that drops its row.
#[derive(Clone, Copy)]
struct UpTo {
    last: u64,
    ignored: i64,
}

impl LabelTest for UpTo {
    #[inline(always)]
    fn passes<V: LabelType>(self, value: V) -> bool {
        let value = value.saturating();
        (value as u64 <= self.last) | (value == self.ignored)
    }
}

#[derive(Clone, Copy)]
struct OneOrMinusOne;

impl LabelTest for OneOrMinusOne {
    #[inline(always)]
    fn passes<V: LabelType>(self, value: V) -> bool {
        value.saturating().unsigned_abs() == 1
    }
}

/// The search for an integer.
struct Absent<'v> {
    values: LabelSlice<'v>,
    places: Range<usize>,
    value: i64,
}

impl<T: Real> LaneTask<T> for Absent<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, _: L::Token) -> bool {
        self.values.all(self.places, Not(self.value))
    }
}

#[derive(Clone, Copy)]
struct Not(i64);

impl LabelTest for Not {
    #[inline(always)]
    fn passes<V: LabelType>(self, value: V) -> bool {
        value.saturating() != self.0
    }
}

/// Rows of probabilities.
struct Rows<'v, T> {
    values: &'v [T],
    strides: [usize; 3],
    outer: Range<usize>,
    extent: usize,
    inner: usize,
    /// How far an exact sum may be from 1.
    tolerance: f64,
}

impl<T: Element> LaneTask<T> for Rows<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<L: Lane<Scalar = T>>(self, token: L::Token) -> bool {
        let &Self { ref outer, extent, inner, .. } = &self;
        if inner == 1 {
            let mut rest = outer.clone();
            if extent <= SHORT_ROW {
                while rest.len() >= L::LANES && self.are_loaded::<L>(rest.start) {
                    if !self.transposed::<L>(token, rest.start) {
                        return false;
                    }
                    rest.start += L::LANES;
                }
            }
            return rest.into_iter().all(|row| {
                let start = row * self.strides[0];
                along::<L>(token, &self.values[start..start + extent], self.tolerance)
            });
        }
        outer.clone().all(|row| {
            let mut at = 0;
            let mut all = true;
            while at < inner {
                let len = L::LANES.min(inner - at);
                all &= self.across::<L>(token, row, at..at + len);
                at += len;
            }
            all
        })
    }
}

/// Up to which length neighbouring rows are transposed: what is asked once a row would take longer than its additions.
const SHORT_ROW: usize = 32;

impl<T: Real> Rows<'_, T> {
    /// Whether whole vectors of neighbouring rows are there: what follows a row is read along with it.
    #[inline(always)]
    fn are_loaded<L: Lane<Scalar = T>>(&self, outer: usize) -> bool {
        let last = (outer + L::LANES - 1) * self.strides[0];
        last + self.extent.next_multiple_of(L::LANES) <= self.values.len()
    }

    /// Neighbouring rows, a lane each.
    #[inline(always)]
    fn transposed<L: Lane<Scalar = T>>(&self, token: L::Token, outer: usize) -> bool {
        let (zero, one) = (L::splat(token, 0.0), L::splat(token, 1.0));
        let extent = self.extent;
        let mut wrong = L::first_lanes(token, 0);
        let mut sum = zero;
        for start in (0..extent).step_by(L::LANES) {
            let vectors = transpose::<L>(for_each_lane!(lane => if lane < L::LANES {
                L::load(token, &self.values[(outer + lane) * self.strides[0] + start..])
            } else {
                zero
            }));
            for (lane, x) in vectors.into_iter().enumerate() {
                if lane < L::LANES.min(extent - start) {
                    wrong = wrong | x.lt(zero) | x.gt(one);
                    sum = sum + x;
                }
            }
        }
        let off = (sum - one).abs().gt(L::splat(token, sure::<T>(self.tolerance, extent)));
        !L::mask_any(wrong | off)
    }

    /// Rows side by side.
    #[inline(always)]
    fn across<L: Lane<Scalar = T>>(&self, token: L::Token, outer: usize, inner: Range<usize>) -> bool {
        let (zero, one) = (L::splat(token, 0.0), L::splat(token, 1.0));
        let mut wrong = L::first_lanes(token, 0);
        let mut sum = zero;
        for place in 0..self.extent {
            let start = outer * self.strides[0] + place * self.strides[1];
            let line = &self.values[start + inner.start..start + inner.end];
            let x = if inner.len() == L::LANES { L::load(token, line) } else { L::load_partial(token, line, T::ZERO) };
            wrong = wrong | x.lt(zero) | x.gt(one);
            sum = sum + x;
        }
        let off = (sum - one).abs().gt(L::splat(token, sure::<T>(self.tolerance, self.extent)));
        !L::mask_any(wrong | (off & L::first_lanes(token, inner.len())))
    }
}

/// One row.
#[inline(always)]
fn along<L: Lane>(token: L::Token, row: &[L::Scalar], tolerance: f64) -> bool {
    let (zero, one) = (L::splat(token, 0.0), L::splat(token, 1.0));
    let mut wrong = [L::first_lanes(token, 0); VECTORS];
    let mut sums = [zero; VECTORS];
    let mut blocks = row.chunks_exact(VECTORS * L::LANES);
    for block in &mut blocks {
        for q in 0..VECTORS {
            let x = L::load(token, &block[q * L::LANES..(q + 1) * L::LANES]);
            wrong[q] = wrong[q] | x.lt(zero) | x.gt(one);
            sums[q] = sums[q] + x;
        }
    }
    let [mut any, b, c, d] = wrong;
    let mut sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for rest in blocks.remainder().chunks(L::LANES) {
        let x = L::load_partial(token, rest, L::Scalar::ZERO);
        any = any | x.lt(zero) | x.gt(one);
        sum = sum + x;
    }
    any = (any | b) | (c | d);
    let mut lanes = [L::Scalar::ZERO; MAX_LANES];
    sum.store(&mut lanes[..L::LANES]);
    let sum: f64 = lanes[..L::LANES].iter().map(|lane| lane.to_f64()).sum();
    let steps = row.len() / (VECTORS * L::LANES) + 8;
    // Not the other way round: a row with a NaN passes.
    let off = f64::abs(sum - 1.0) > sure::<L::Scalar>(tolerance, steps);
    !off & !L::mask_any(any)
}

/// How far a sum after so many rounded additions may be from 1 if the exact one is within the tolerance for certain.
#[inline(always)]
fn sure<T: Real>(tolerance: f64, steps: usize) -> f64 {
    tolerance - 1.01 * steps as f64 * T::EPSILON.to_f64()
}

#[cfg(test)]
mod tests;
