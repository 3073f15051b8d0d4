//! A call as a user makes it, and what it moves.

use std::hint::black_box;

use loss_runtime::info::{InputInfo, Label, LossInfo};
use loss_runtime::lane::Isa;
use loss_runtime::{Call, Element, Error, Loss, Reduction, Request, Want, run};

use crate::generators::{Batch, Family, Generator, Random, Values, settings};

use super::limit::{Bytes, move_bytes};
use super::timing::{Times, in_turns};
use super::{Size, Way};

/// A batch of a loss with its common options, optional inputs left out, and room for the gradients of its predictions.
pub(super) struct Workload<T> {
    loss: &'static dyn Loss,
    batch: Batch<T>,
    gradients: Vec<Option<Vec<T>>>,
}

/// Whether an input holds what a model gives. Where an input is a label, all others with a gradient are; where none is, the first.
fn is_prediction(info: &LossInfo, place: usize) -> bool {
    let differentiable = |input: &InputInfo| input.gradient && !input.optional && input.default.is_none();
    let has_label = info.inputs.iter().any(|input| input.label != Label::Real && !input.optional);
    let input = &info.inputs[place];
    let first = info.inputs.iter().position(differentiable) == Some(place);
    differentiable(input) && (first || (has_label && input.label == Label::Real))
}

impl<T: Element> Workload<T> {
    pub(super) fn new(loss: &'static dyn Loss, size: &Size) -> Result<Self, Error> {
        let info = loss.info();
        let setting =
            settings(loss).into_iter().next().ok_or(Error::Unsupported { what: "a loss without settings" })?;
        let generator = Generator::new(loss, setting)?.without_dropped_rows();
        let mut batch: Batch<T> = generator.batch(&size.extents(), &mut Random::new(1));
        for (column, input) in batch.inputs.iter_mut().zip(info.inputs) {
            if input.optional || input.default.is_some() {
                *column = None;
            }
        }
        // The generators' numbers are meant to be hard. What a model gives seldom overflows or is subnormal, which some processors are
        // slow at.
        let mut random = Random::new(2);
        for (place, column) in batch.inputs.iter_mut().enumerate() {
            if let Some(Values::Real(values)) = column.as_mut().map(|column| &mut column.values) {
                tame(generator.family(place), values, &mut random);
            }
        }
        let gradients = (0..info.inputs.len())
            .map(|place| {
                let column = batch.inputs[place].as_ref()?;
                is_prediction(info, place).then(|| vec![T::ZERO; column.values.len()])
            })
            .collect();
        let workload = Self { loss, batch, gradients };
        let call: Call<'_, T> = workload.batch.call();
        run(loss, &call, Request::value(Reduction::Sum))?;
        Ok(workload)
    }

    /// How many numbers the input has that gives the layout.
    pub(super) fn elements(&self) -> usize {
        self.batch.inputs[self.loss.info().layout].as_ref().map_or(1, |column| column.values.len().max(1))
    }

    /// How many bytes go in and out.
    pub(super) fn bytes(&self, way: Way) -> usize {
        let read = self.batch.inputs.iter().flatten().map(|column| match &column.values {
            Values::Real(values) => size_of_val(values.as_slice()),
            Values::Whole(values) => size_of_val(values.as_slice()),
            Values::Condition(values) => size_of_val(values.as_slice()),
        });
        let written = self.gradients.iter().flatten().map(|values| size_of_val(values.as_slice()));
        read.sum::<usize>() + if way == Way::Forward { 0 } else { written.sum() }
    }

    /// Makes one call, on one thread.
    pub(super) fn call_once(&mut self, way: Way, isa: Isa) {
        let Self { loss, batch, gradients } = self;
        let mut call: Call<'_, T> = batch.call();
        call.execution.threads = Some(1);
        call.execution.isa = Some(isa);
        ask(*loss, &call, way, gradients);
    }

    /// Times calls, and the limit, in turns.
    pub(super) fn time(&mut self, way: Way, threads: usize, isa: Isa, milliseconds: u64) -> (Times, Times) {
        let Self { loss, batch, gradients } = self;
        let gradients = std::cell::RefCell::new(gradients);
        let mut call: Call<'_, T> = batch.call();
        call.execution.threads = Some(threads);
        call.execution.isa = Some(isa);
        let mut kernel = || ask(*loss, &call, way, &mut gradients.borrow_mut());
        let mut limit = || {
            let mut gradients = gradients.borrow_mut();
            let mut bytes = Bytes { reads: Vec::new(), writes: Vec::new(), labels: Vec::new() };
            for column in batch.inputs.iter().flatten() {
                match &column.values {
                    Values::Real(values) => bytes.reads.push(values),
                    Values::Whole(values) => bytes.labels.push(values),
                    Values::Condition(_) => {}
                }
            }
            if way != Way::Forward {
                bytes.writes.extend(gradients.iter_mut().flatten().map(Vec::as_mut_slice));
            }
            move_bytes(bytes, isa, threads);
        };
        in_turns(milliseconds, &mut kernel, &mut limit)
    }
}

/// One call as a user makes it.
fn ask<T: Element>(loss: &'static dyn Loss, call: &Call<'_, T>, way: Way, gradients: &mut [Option<Vec<T>>]) {
    let reduction = Reduction::Named(loss.info().default_reduction);
    let want = if way == Way::Backward { Want::Nothing } else { Want::Value };
    let mut request = Request { reduction, want, ..Request::default() };
    if way != Way::Forward {
        for (slot, gradient) in request.gradients.iter_mut().zip(gradients) {
            *slot = gradient.as_deref_mut();
        }
    }
    // What was answered once is answered again.
    if let Ok(outcome) = run(loss, black_box(call), request) {
        black_box(outcome);
    }
}

/// Puts numbers that a model would give in the place of those that are meant to be hard.
fn tame<T: Element>(family: Family, values: &mut [T], random: &mut Random) {
    let (low, high) = match family {
        Family::Real => (-3.0, 3.0),
        Family::Nonnegative | Family::Positive | Family::Probability => (0.01, 0.99),
        Family::Binary
        | Family::Sign
        | Family::Flag
        | Family::Count
        | Family::Simplex
        | Family::ClassIndex { .. }
        | Family::Group => {
            return;
        }
    };
    for value in values {
        *value = T::from_f64(random.between(low, high));
    }
}
