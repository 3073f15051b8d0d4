//! Step 4: every value is what its input holds, and meets the declared condition. Rows in order, inputs in the order declared; dropped
//! rows are not looked at.

mod sweep;

use core::ops::Range;

use crate::call::{Call, MAX_INPUTS};
use crate::drive::reduce_parts;
use crate::error::Error;
use crate::info::{InputInfo, Label, LossInfo};
use crate::job::{Geometry, Job, Values, View};
use crate::lane::Isa;
use crate::registry::{Element, Variant};
use crate::tensor::{LabelTest, LabelType};

use sweep::{all_admitted, all_simplex, none_equals};

/// How far from 1 a row of probabilities may sum.
const SIMPLEX_TOLERANCE: f64 = 1e-3;

/// Finds the first value that is not admitted.
pub(super) fn check<T: Element>(
    info: &'static LossInfo,
    call: &Call<'_, T>,
    job: &Job<'_, T>,
    variant: &Variant<T>,
) -> Result<(), Error> {
    let mut first: Option<(usize, Error)> = None;
    let mut consider = |found: Option<(usize, Error)>| {
        if let Some((row, error)) = found
            && first.as_ref().is_none_or(|(first, _)| row < *first)
        {
            first = Some((row, error));
        }
    };
    for (place, declared) in info.inputs.iter().enumerate().take(MAX_INPUTS) {
        if call.inputs[place].is_none() {
            continue;
        }
        let search = Search { declared, view: &job.inputs[place], job, ignored: ignored(job, place) };
        consider(search.first_label());
        if let Some(domain) = variant.input_domains.get(place).copied().flatten() {
            consider(domain(job).map(|found| search.domain_error(found)));
        }
    }
    first.map_or(Ok(()), |(_, error)| Err(error))
}

/// Whether all numbers of an input are admitted by its label, which must be one that judges each by itself. Declared conditions are not
/// looked at.
pub(super) fn all_admitted_alone<T: Element>(declared: &InputInfo, values: &[T], isa: Isa) -> bool {
    matches!(declared.label, Label::Real) || {
        let admitted = Admitted { label: declared.label, extent: 1, ignored: None };
        all_admitted(&Values::Native(values), 0..values.len(), admitted, isa)
    }
}

/// Whether certainly no row is dropped, though one could be. Loops that need not ask are much faster.
pub(super) fn none_dropped<T: Element>(job: &Job<'_, T>) -> bool {
    job.dropped.is_some_and(|dropped| {
        let view = &job.inputs[dropped.input];
        let own = view.own_places(&job.geometry);
        view.is_flat(&own)
            && all_parts(job.threads, own.places(), own.places(), |places| {
                none_equals(&view.values, places, dropped.value, job.isa)
            })
    })
}

/// Whether something holds of all of some units, which hold `values` numbers, asked on as many threads as there are.
fn all_parts(threads: Option<usize>, units: usize, values: usize, ask: impl Fn(Range<usize>) -> bool + Sync) -> bool {
    reduce_parts(threads, units, values, ask, |left, right| left & right)
}

/// The value that drops a row, if this input can.
fn ignored<T>(job: &Job<'_, T>, place: usize) -> Option<f64> {
    job.dropped.filter(|dropped| dropped.input == place).map(|dropped| dropped.value)
}

/// What one value of an input may be.
#[derive(Clone, Copy)]
struct Admitted {
    label: Label,
    extent: usize,
    /// The value that drops its row: a sweep over integers passes over it, for it has no regard to rows.
    ignored: Option<f64>,
}

impl LabelTest for Admitted {
    #[inline(always)]
    fn passes<V: LabelType>(self, value: V) -> bool {
        let number = value.number();
        match self.label {
            Label::Real | Label::Group => true,
            Label::Nonnegative => number.is_nan() || number >= 0.0,
            Label::Positive => number.is_nan() || number > 0.0,
            Label::Probability | Label::Simplex => number.is_nan() || (0.0..=1.0).contains(&number),
            Label::Binary | Label::MultiHot | Label::Flag => number == 0.0 || number == 1.0,
            Label::Sign => number == 1.0 || number == -1.0,
            Label::Count => number >= 0.0 && number % 1.0 == 0.0,
            // An integer that no float is lies beyond any extent, and so does its nearest one.
            Label::ClassIndex => number % 1.0 == 0.0 && (0.0..self.extent as f64).contains(&number),
        }
    }
}

/// The search for the first value of one input that is not admitted.
struct Search<'s, 'a, T> {
    declared: &'static InputInfo,
    view: &'s View<'a, T>,
    job: &'s Job<'a, T>,
    ignored: Option<f64>,
}

impl<T: Element> Search<'_, '_, T> {
    fn admitted(&self) -> Admitted {
        Admitted { label: self.declared.label, extent: self.job.geometry.extent, ignored: self.ignored }
    }

    fn first_label(&self) -> Option<(usize, Error)> {
        match self.declared.label {
            Label::Real | Label::Group => return None,
            Label::Simplex => {
                if self.all_simplex() {
                    return None;
                }
            }
            Label::Nonnegative
            | Label::Positive
            | Label::Probability
            | Label::Binary
            | Label::MultiHot
            | Label::Sign
            | Label::Flag
            | Label::Count
            | Label::ClassIndex => {
                if self.all_pass() {
                    return None;
                }
            }
        }
        let Geometry { outer, inner, .. } = self.job.geometry;
        if self.is_shared() {
            // One label for all rows may drop them all. What other inputs drop is another matter: this one is judged all the same.
            let drops_all = self.ignored.is_some() && self.job.is_dropped(0, 0);
            return if drops_all { None } else { self.row_error(0, 0).map(|error| (0, error)) };
        }
        (0..outer).find_map(|o| {
            (0..inner).find_map(|i| {
                let error = if self.job.is_dropped(o, i) { None } else { self.row_error(o, i) };
                error.map(|error| (o * inner + i, error))
            })
        })
    }

    /// Whether all values pass, in one sweep without regard to rows. Says no too where there are gaps between rows.
    fn all_pass(&self) -> bool {
        let own = self.view.own_places(&self.job.geometry);
        self.view.is_flat(&own)
            && all_parts(self.job.threads, own.places(), own.places(), |places| {
                all_admitted(&self.view.values, places, self.admitted(), self.job.isa)
            })
    }

    /// Whether all rows add up to 1, in one sweep. Says no too where they do not lie as rows of vectors do, or a sum is too near the bounds.
    fn all_simplex(&self) -> bool {
        let geometry = &self.job.geometry;
        all_parts(self.job.threads, geometry.outer, geometry.places(), |outer| {
            all_simplex(self.view, geometry, outer, self.admitted(), self.job.isa)
        })
    }

    /// Whether all rows see the same values.
    fn is_shared(&self) -> bool {
        let has_rows = self.declared.axes.contains(&0);
        let [outer, _, inner] = self.view.strides;
        !has_rows || (self.view.broadcast && outer == 0 && inner == 0)
    }

    /// What is wrong with one row.
    fn row_error(&self, outer: usize, inner: usize) -> Option<Error> {
        let geometry = &self.job.geometry;
        let has_extent = self.declared.axes.contains(&1);
        let extent = if self.view.strides[1] == 0 { 1 } else { geometry.extent };
        let input = self.declared.name;
        let row = if self.is_shared() { 0 } else { outer * geometry.inner + inner };
        let test = self.admitted();
        let mut sum = 0.0;
        for place in 0..extent {
            let offset = self.view.offset(outer, place, inner);
            let (value, passes) = match self.view.values {
                Values::Native(values) => (values[offset].to_f64(), test.passes(values[offset].to_f64())),
                Values::Labels(values) => (values.number(offset), values.all(offset..offset + 1, test)),
                Values::InPlace | Values::Absent => return None,
            };
            if !passes {
                let (label, column) = (self.declared.label, has_extent.then_some(place));
                return Some(Error::Label { input, row, column, value, label, extent: geometry.extent });
            }
            sum += value;
        }
        // Each of a row's probabilities may have been rounded the same way.
        let tolerance = match self.view.values {
            Values::Labels(values) => SIMPLEX_TOLERANCE + values.rounding(),
            Values::Native(_) | Values::InPlace | Values::Absent => SIMPLEX_TOLERANCE,
        };
        let is_off = self.declared.label == Label::Simplex && f64::abs(sum - 1.0) > tolerance;
        is_off.then_some(Error::RowSum { input, row, sum })
    }

    /// The error for a place at which the declared condition is false, and its row.
    fn domain_error(&self, place: usize) -> (usize, Error) {
        let [outer, extent, inner] = self.job.geometry.coordinates(place);
        let index = self.view.offset(outer, extent, inner);
        let value = self.view.number(index).to_f64();
        let domain = self.declared.domain.unwrap_or("of this input");
        let error = Error::Domain { input: self.declared.name, index, value, domain };
        (outer * self.job.geometry.inner + inner, error)
    }
}

#[cfg(test)]
mod tests;
