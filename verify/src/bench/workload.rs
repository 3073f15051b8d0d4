//! A call as a user makes it, and what it moves.

use std::hint::black_box;

use loss_runtime::info::{InputInfo, Label, LossInfo};
use loss_runtime::lane::Isa;
use loss_runtime::tensor::{LabelSlice, TensorMut};
use loss_runtime::{
    Array, Call, Element, Error, Labels, Loss, Reduction, Request, Shape, Tensor, Want, run, run_in_place,
};

use crate::generators::{self, Batch, Family, Generator, Random, Values, settings};

use super::kept::Kept;
use super::limit::{Bytes, move_bytes};
use super::timing::{Times, in_turns};
use super::{Size, Way};

/// A batch of a loss with its common options, optional inputs left out, and room for the gradients of its predictions.
pub(super) struct Workload<S: Kept> {
    loss: &'static dyn Loss,
    columns: Vec<Option<Column<S>>>,
    params: Vec<f64>,
    gradients: Vec<Option<Memory<S>>>,
}

/// Numbers.
struct Memory<S: Kept> {
    memory: Vec<S::Compute>,
    len: usize,
}

impl<S: Kept> Memory<S> {
    fn room(len: usize) -> Self {
        Self { memory: S::room(len), len }
    }

    fn of(numbers: &[S::Compute]) -> Self {
        let mut memory = Self::room(numbers.len());
        for (kept, number) in memory.seen_mut().iter_mut().zip(numbers) {
            *kept = S::round(*number);
        }
        memory
    }

    fn seen(&self) -> &[S] {
        &S::seen(&self.memory)[..self.len]
    }

    fn seen_mut(&mut self) -> &mut [S] {
        &mut S::seen_mut(&mut self.memory)[..self.len]
    }
}

/// One input.
struct Column<S: Kept> {
    shape: Shape,
    values: Given<S>,
}

enum Given<S: Kept> {
    Numbers(Memory<S>),
    Whole(Vec<i64>),
    Conditions(Vec<bool>),
}

impl<S: Kept> Column<S> {
    fn len(&self) -> usize {
        match &self.values {
            Given::Numbers(numbers) => numbers.len,
            Given::Whole(values) => values.len(),
            Given::Conditions(values) => values.len(),
        }
    }

    fn array(&self) -> Array<'_, S> {
        let shape = self.shape;
        let labels = |data| Array::Labels(Labels { data, shape, row_stride: None });
        match &self.values {
            Given::Numbers(numbers) => Array::Real(Tensor { data: numbers.seen(), shape, row_stride: None }),
            Given::Whole(data) => labels(LabelSlice::I64(data)),
            Given::Conditions(data) => labels(LabelSlice::Bool(data)),
        }
    }
}

fn call<'w, S: Kept>(columns: &'w [Option<Column<S>>], params: &[f64]) -> Call<'w, S> {
    let mut call = Call::default();
    for (slot, column) in call.inputs.iter_mut().zip(columns) {
        *slot = column.as_ref().map(Column::array);
    }
    for (slot, param) in call.params.iter_mut().zip(params) {
        *slot = *param;
    }
    call
}

/// Whether an input holds what a model gives. Where an input is a label, all others with a gradient are; where none is, the first.
fn is_prediction(info: &LossInfo, place: usize) -> bool {
    let differentiable = |input: &InputInfo| input.gradient && !input.optional && input.default.is_none();
    let has_label = info.inputs.iter().any(|input| input.label != Label::Real && !input.optional);
    let input = &info.inputs[place];
    let first = info.inputs.iter().position(differentiable) == Some(place);
    differentiable(input) && (first || (has_label && input.label == Label::Real))
}

impl<S: Kept> Workload<S> {
    pub(super) fn new(loss: &'static dyn Loss, size: &Size) -> Result<Self, Error> {
        let info = loss.info();
        let setting =
            settings(loss).into_iter().next().ok_or(Error::Unsupported { what: "a loss without settings" })?;
        let generator = Generator::new(loss, setting)?.without_dropped_rows();
        let mut batch: Batch<S::Compute> = generator.batch(&size.extents(), &mut Random::new(1));
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
        let columns: Vec<Option<Column<S>>> = (batch.inputs.into_iter())
            .map(|column| {
                let generators::Column { shape, values } = column?;
                let values = match values {
                    Values::Real(numbers) => Given::Numbers(Memory::of(&numbers)),
                    Values::Whole(values) => Given::Whole(values),
                    Values::Condition(values) => Given::Conditions(values),
                };
                Some(Column { shape: Shape::new(&shape).unwrap_or_default(), values })
            })
            .collect();
        let gradients = (0..info.inputs.len())
            .map(|place| {
                let column = columns[place].as_ref()?;
                is_prediction(info, place).then(|| Memory::room(column.len()))
            })
            .collect();
        let workload = Self { loss, columns, params: batch.params, gradients };
        run(loss, &call(&workload.columns, &workload.params), Request::value(Reduction::Sum))?;
        Ok(workload)
    }

    /// How many numbers the input has that gives the layout.
    pub(super) fn elements(&self) -> usize {
        self.columns[self.loss.info().layout].as_ref().map_or(1, |column| column.len().max(1))
    }

    /// How many bytes go in and out.
    pub(super) fn bytes(&self, way: Way) -> usize {
        let read = self.columns.iter().flatten().map(|column| match &column.values {
            Given::Numbers(numbers) => size_of_val(numbers.seen()),
            Given::Whole(values) => size_of_val(values.as_slice()),
            Given::Conditions(values) => size_of_val(values.as_slice()),
        });
        let written = self.gradients.iter().flatten().map(|numbers| size_of_val(numbers.seen()));
        read.sum::<usize>() + if way == Way::Forward { 0 } else { written.sum() }
    }

    /// Makes one call, on one thread, by way of `make`.
    pub(super) fn call_once(&mut self, way: Way, isa: Isa, make: &mut dyn FnMut(&mut dyn FnMut())) {
        let Self { loss, columns, params, gradients } = self;
        let mut call = call(columns, params);
        call.execution.threads = Some(1);
        call.execution.isa = Some(isa);
        make(&mut || ask(*loss, &call, way, gradients));
    }

    /// Times calls, and the limit, in turns, if the loss can be asked so.
    pub(super) fn time(&mut self, way: Way, threads: usize, isa: Isa, milliseconds: u64) -> Option<(Times, Times)> {
        match way {
            Way::Forward | Way::Backward | Way::Fused => Some(self.time_apart(way, threads, isa, milliseconds)),
            Way::InPlace => self.time_in_place(threads, isa, milliseconds),
        }
    }

    fn time_apart(&mut self, way: Way, threads: usize, isa: Isa, milliseconds: u64) -> (Times, Times) {
        let Self { loss, columns, params, gradients } = self;
        let gradients = std::cell::RefCell::new(gradients);
        let mut call = call(columns, params);
        call.execution.threads = Some(threads);
        call.execution.isa = Some(isa);
        let mut kernel = || ask(*loss, &call, way, &mut gradients.borrow_mut());
        let mut limit = || {
            let mut gradients = gradients.borrow_mut();
            let mut bytes = read(columns);
            if way != Way::Forward {
                bytes.writes.extend(gradients.iter_mut().flatten().map(|numbers| numbers.memory.as_mut_slice()));
            }
            move_bytes(bytes, isa, threads);
        };
        in_turns(milliseconds, &mut kernel, &mut limit)
    }

    /// The same where the gradient of the first prediction takes the place of its values, if the loss can do that, and go on with what is there then. They
    /// are gradients of gradients after a few calls; the numbers that they were are put back at the end.
    fn time_in_place(&mut self, threads: usize, isa: Isa, milliseconds: u64) -> Option<(Times, Times)> {
        let Self { loss, columns, params, gradients } = self;
        let place = gradients.iter().position(Option::is_some)?;
        let column = columns[place].take_if(|column| matches!(column.values, Given::Numbers(_)))?;
        let Column { shape, values: Given::Numbers(numbers) } = column else { return None };
        let mut changed = numbers.memory.clone();
        let times = {
            let mut call = call(columns, params);
            call.execution.threads = Some(threads);
            call.execution.isa = Some(isa);
            let memory = std::cell::RefCell::new((&mut changed, &mut *gradients));
            let ask = || {
                let mut memory = memory.borrow_mut();
                let (values, gradients) = &mut *memory;
                let mut request = Request::value(Reduction::Named(loss.info().default_reduction));
                for (other, (slot, gradient)) in request.gradients.iter_mut().zip(gradients.iter_mut()).enumerate() {
                    *slot = gradient.as_mut().filter(|_| other != place).map(Memory::seen_mut);
                }
                let values = TensorMut { data: &mut S::seen_mut(values)[..numbers.len], shape, row_stride: None };
                run_in_place(*loss, black_box(&call), request, place, values)
            };
            let mut limit = || {
                let mut memory = memory.borrow_mut();
                let (values, gradients) = &mut *memory;
                let mut bytes = read(columns);
                bytes.overwrites.push(values);
                for (other, gradient) in gradients.iter_mut().enumerate() {
                    bytes
                        .writes
                        .extend(gradient.as_mut().filter(|_| other != place).map(|gradient| &mut gradient.memory[..]));
                }
                move_bytes(bytes, isa, threads);
            };
            // A gradient may be no number that the input admits.
            let times = ask().is_ok().then(|| in_turns(milliseconds, &mut || _ = black_box(ask()), &mut limit));
            times.filter(|_| ask().is_ok())
        };
        columns[place] = Some(Column { shape, values: Given::Numbers(numbers) });
        times
    }
}

/// The bytes of inputs.
fn read<S: Kept>(columns: &[Option<Column<S>>]) -> Bytes<'_, S::Compute> {
    let mut bytes = Bytes { reads: Vec::new(), writes: Vec::new(), overwrites: Vec::new(), labels: Vec::new() };
    for column in columns.iter().flatten() {
        match &column.values {
            Given::Numbers(numbers) => bytes.reads.push(&numbers.memory),
            Given::Whole(values) => bytes.labels.push(values),
            Given::Conditions(_) => {}
        }
    }
    bytes
}

/// One call as a user makes it.
fn ask<S: Kept>(loss: &'static dyn Loss, call: &Call<'_, S>, way: Way, gradients: &mut [Option<Memory<S>>]) {
    let reduction = Reduction::Named(loss.info().default_reduction);
    let want = match way {
        Way::Backward => Want::Nothing,
        Way::Forward | Way::Fused | Way::InPlace => Want::Value,
    };
    let mut request = Request { reduction, want, ..Request::default() };
    if way != Way::Forward {
        for (slot, gradient) in request.gradients.iter_mut().zip(gradients) {
            *slot = gradient.as_mut().map(Memory::seen_mut);
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
