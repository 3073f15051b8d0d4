//! A claim and the batch at which it is looked at.

use loss_codegen::expr::ExprId;
use loss_codegen::model::Spec;

use crate::checks::Tally;
use crate::checks::claims::{is_per_element, places};
use crate::checks::probe::{Found, Probe, find};
use crate::checks::sample::Sample;
use crate::checks::truth::data_of;
use crate::generators::{Batch, Random, Values};
use crate::oracle::Oracle;
use crate::oracle::data::Data;

use super::{Claim, Typed, close};

/// A claim, and the batch at which it is looked at.
pub(super) struct Scene<'s> {
    pub(super) spec: &'s Spec,
    pub(super) sample: &'s Sample<'s, f64>,
    pub(super) found: &'s Found<f64>,
    pub(super) claim: &'s Claim<'s>,
    pub(super) typed: &'s Typed,
    pub(super) data: &'s Data,
}

/// A row, and a place along the second axis.
pub(super) type Place = [usize; 2];

/// What a second batch gave, and what was done to the first.
pub(super) struct Other {
    pub(super) batch: Batch<f64>,
    pub(super) found: Found<f64>,
}

impl Scene<'_> {
    /// Looks at every value. Nothing is said where the claim gives nothing.
    pub(super) fn each_value(&self, tally: &mut Tally, judge: impl Fn(&Self, &Place, f64) -> Option<(bool, String)>) {
        for place in places(self.sample, &self.typed.variant) {
            let value = self.found.elements[self.at(&place)];
            if let Some((holds, expected)) = judge(self, &place, value) {
                self.tell(holds, &place, (expected, format!("{value:e}")), tally);
            }
        }
    }

    fn tell(&self, holds: bool, place: &Place, compared: (String, String), tally: &mut Tally) {
        if holds {
            tally.pass(1);
        } else {
            tally.fail(&format!("{}; at {place:?}; {}", self.claim.words(), self.sample.describe()), || compared);
        }
    }

    /// Where a place's value lies among those of `none`.
    pub(super) fn at(&self, &[row, place]: &Place) -> usize {
        let layout = &self.sample.info.inputs[self.sample.info.layout];
        if is_per_element(&self.typed.variant) {
            self.sample.extents.place(self.sample.info, layout, row, place).unwrap_or(row)
        } else {
            row
        }
    }

    /// The exact value of an expression of the claim's variant.
    pub(super) fn truth(&self, id: ExprId, place: &Place) -> Option<f64> {
        self.truth_of(self.data, id, place)
    }

    /// The same for other data.
    pub(super) fn truth_of(&self, data: &Data, id: ExprId, place: &Place) -> Option<f64> {
        let oracle = Oracle::new(self.spec, &self.typed.variant, data).ok()?;
        let place = &place[..self.spec.axes.len().min(2)];
        oracle.expression(id, place).ok().map(|outcome| outcome.value.to_f64())
    }

    /// One of the claim's formulas.
    pub(super) fn formula(&self, which: usize, place: &Place) -> Option<f64> {
        self.truth(*self.typed.formulas.get(which)?, place)
    }

    /// The claim's formula, as a condition.
    pub(super) fn condition(&self, place: &Place) -> Option<bool> {
        let oracle = Oracle::new(self.spec, &self.typed.variant, self.data).ok()?;
        oracle.condition(*self.typed.formulas.first()?, &place[..self.spec.axes.len().min(2)]).ok()?
    }

    /// A batch as the oracle reads it.
    pub(super) fn data_of(&self, batch: &Batch<f64>) -> Data {
        data_of(self.spec, self.sample.info, batch, self.sample.extents)
    }

    /// The input that the claim names first.
    pub(super) fn input(&self) -> Option<usize> {
        self.named(self.claim.names.first()?)
    }

    /// The input of a name.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.sample.info.inputs.iter().position(|input| input.name == name)
    }

    /// The batch with every number of the claim's input changed; none where the loss refuses it.
    pub(super) fn moved(&self, change: impl Fn(f64, usize) -> f64) -> Option<Other> {
        let mut batch = self.sample.batch.clone();
        let Values::Real(values) = &mut batch.inputs[self.input()?].as_mut()?.values else { return None };
        values.iter_mut().enumerate().for_each(|(place, number)| *number = change(*number, place));
        self.answered(batch)
    }

    /// The batch with the claim's input drawn anew, and the batch a small part of the way there.
    pub(super) fn drawn_anew(&self, random: &mut Random) -> Vec<Other> {
        self.input().map_or_else(Vec::new, |input| self.far_and_near(&[input], random))
    }

    /// The batch with some inputs drawn anew, and the batch a small part of the way there.
    pub(super) fn far_and_near(&self, inputs: &[usize], random: &mut Random) -> Vec<Other> {
        /// What bends on a small scale only is not seen from afar.
        const NEAR: f64 = 1.0 / 64.0;
        let drawn = self.sample.generator.batch(self.sample.extents, random);
        let (mut far, mut near) = (self.sample.batch.clone(), self.sample.batch.clone());
        for &input in inputs {
            far.inputs[input].clone_from(&drawn.inputs[input]);
            let Some(there) = drawn.inputs[input].as_ref().and_then(|column| column.values.reals()) else { continue };
            if let Some(Values::Real(here)) = near.inputs[input].as_mut().map(|column| &mut column.values) {
                here.iter_mut().zip(there).for_each(|(here, there)| *here += NEAR * (there - *here));
            }
        }
        [far, near].into_iter().filter_map(|batch| self.answered(batch)).collect()
    }

    /// What the kernels give for a batch; none where they refuse it.
    pub(super) fn answered(&self, batch: Batch<f64>) -> Option<Other> {
        let found = find(self.sample.loss, &batch, Probe::default()).ok()?;
        Some(Other { batch, found })
    }

    /// The values of another batch are those of this one, but for what is done to each.
    ///
    /// `done` ends the sentence that says what was expected: "1 of the negated numbers".
    pub(super) fn unchanged(&self, other: Option<&Other>, done: &str, change: impl Fn(f64) -> f64, tally: &mut Tally) {
        let Some(other) = other else { return };
        self.each_value(tally, |scene, place, value| {
            let (expected, there) = (change(value), other.found.elements[scene.at(place)]);
            let size = scene.largest(place) + expected.abs();
            (expected.is_finite() && there.is_finite())
                .then(|| (close(expected, there, size), format!("{expected:e} {done}, not {there:e}")))
        });
    }

    /// The largest number that any input holds in a row.
    pub(super) fn largest(&self, place: &Place) -> f64 {
        let numbers =
            (0..self.sample.info.inputs.len()).flat_map(|input| self.row(&self.sample.batch, input, place[0]));
        numbers.fold(0.0, |size: f64, number| size.max(number.abs()))
    }

    /// The numbers that an input holds in a row.
    pub(super) fn row(&self, batch: &Batch<f64>, input: usize, row: usize) -> Vec<f64> {
        let Some(column) = batch.inputs[input].as_ref() else { return Vec::new() };
        let values: Vec<f64> = (0..column.values.len()).map(|place| column.values.number(place)).collect();
        self.in_row(&values, input, row)
    }

    fn in_row(&self, values: &[f64], input: usize, row: usize) -> Vec<f64> {
        let (info, extents) = (self.sample.info, self.sample.extents);
        let per_row = extents.per_row(info, &info.inputs[input]);
        let place = |along| extents.place(info, &info.inputs[input], row, along).unwrap_or(along);
        (0..per_row).filter_map(|along| values.get(place(along)).copied()).collect()
    }

    /// An input and the gradient with respect to it, at all places that the value at a place depends on.
    pub(super) fn near(
        &self,
        input: usize,
        batch: &Batch<f64>,
        found: &Found<f64>,
        place: &Place,
    ) -> Option<(Vec<f64>, Vec<f64>)> {
        let numbers = self.row(batch, input, place[0]);
        let gradient = self.in_row(found.gradients[input].as_ref()?, input, place[0]);
        Some(if is_per_element(&self.typed.variant) && numbers.len() > 1 {
            (vec![numbers[place[1]]], vec![gradient[place[1]]])
        } else {
            (numbers, gradient)
        })
    }

    /// The claim's input and the gradient with respect to it in this batch.
    pub(super) fn here(&self, place: &Place) -> Option<(Vec<f64>, Vec<f64>)> {
        self.near(self.input()?, &self.sample.batch, self.found, place)
    }

    /// The same in another batch.
    pub(super) fn there(&self, other: &Other, place: &Place) -> Option<(Vec<f64>, Vec<f64>)> {
        self.near(self.input()?, &other.batch, &other.found, place)
    }
}
