//! A schedule over a whole call: uniforms, then row by row the passes, the joins between them, and the outputs.

use std::sync::Arc;

use loss_codegen::expr::{Expr, ExprId, Graph};
use loss_codegen::schedule::{Elementwise, Gradient, RowWise, Schedule};
use loss_runtime::job::{Job, Outputs, Place};
use loss_runtime::kernel::CURVATURE;
use loss_runtime::{Element, Upstream};

use super::slots::Driver;

use super::machine::{Body, accumulate, identity};

/// A fault in how a schedule is run, where the schedule itself has no place for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slip {
    /// A label picks its neighbour.
    PicksNext,
    /// The value that a pass stores for the last stage is that of the place before.
    SpillsShifted,
    /// This uniform's slot holds the next one's value.
    UniformsShifted(usize),
    /// This carried value's slot holds the next one's value.
    CarriedShifted(usize),
    /// This carried value is not kept.
    CarriedLost(usize),
    /// This pass goes over all places but the last.
    PassTooShort(usize),
    /// This reduction of a pass is not reset between rows.
    NotReset(usize),
}

/// A sum that loses nothing to the order of its terms (Neumaier's).
#[derive(Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        self.lost += if self.sum.abs() >= term.abs() { (self.sum - sum) + term } else { (term - sum) + self.sum };
        self.sum = sum;
    }

    fn total(&self) -> f64 {
        // Infinite terms leave NaN behind.
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// A schedule to run.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    /// What its nodes are.
    pub(crate) graph: Arc<Graph>,
    /// The schedule.
    pub(crate) schedule: Schedule,
    /// What is wrong with how it is run.
    pub(crate) slip: Option<Slip>,
}

impl<T: Element> Driver<T> for Work {
    fn run(&self, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
        let (gradients, rows): (Vec<Gradient>, Vec<Gradient>) = match &self.schedule {
            Schedule::Elementwise(kernel) => (kernel.gradients.clone(), Vec::new()),
            Schedule::RowWise(kernel) => (kernel.element_gradients.clone(), kernel.row_gradients.clone()),
        };
        for input in 0..=CURVATURE {
            let is_computed = gradients.iter().chain(&rows).any(|gradient| usize::from(gradient.input.0) == input);
            if outputs.gradient(input).is_some() && (!is_computed || job.is_broadcast(input)) {
                each_place(job.extents(), |place| put(job, outputs, input, place, 0.0));
            }
        }
        match &self.schedule {
            Schedule::Elementwise(kernel) => self.elementwise(kernel, job, outputs),
            Schedule::RowWise(kernel) => self.row_wise(kernel, job, outputs),
        }
    }

    fn first_violation(&self, job: &Job<'_, T>) -> Option<usize> {
        // Conditions read no more than one place.
        let Schedule::Elementwise(kernel) = &self.schedule else { return None };
        let uniforms = self.uniforms(&kernel.uniforms, job);
        let [outers, extent, inners] = job.extents();
        // Once along an axis that nothing it reads has: a table is looked at whatever rows there are.
        let reads = |place: Place| kernel.inputs.iter().any(|input| job.offset(usize::from(input.0), place) > 0);
        let (is_along_rows, is_along_extent) = (reads([1, 0, 0]) || reads([0, 0, 1]), reads([0, 1, 0]));
        let [outer_end, inner_end] = [outers, inners].map(|end| if is_along_rows { end } else { 1 });
        for row in 0..outer_end * inner_end {
            let (outer, inner) = (row / inner_end, row % inner_end);
            if is_along_rows && job.drops([outer, 0, inner]) {
                continue;
            }
            for along in 0..if is_along_extent { extent } else { 1 } {
                if self.body(job, uniforms.clone(), [outer, along, inner]).root(kernel.value) == 0.0 {
                    return Some((outer * extent + along) * inners + inner);
                }
            }
        }
        None
    }
}

fn each_place(extents: [usize; 3], mut look: impl FnMut(Place)) {
    for outer in 0..extents[0] {
        for along in 0..extents[1] {
            for inner in 0..extents[2] {
                look([outer, along, inner]);
            }
        }
    }
}

/// Where a place's value lies in `none`.
fn none_at<T: Element>(job: &Job<'_, T>, [outer, along, inner]: Place) -> usize {
    let [_, extent, inners] = job.extents();
    if job.is_per_element() { (outer * extent + along) * inners + inner } else { outer * inners + inner }
}

fn upstream<T: Element>(job: &Job<'_, T>, place: Place) -> f64 {
    match job.upstream() {
        Upstream::One => 1.0,
        Upstream::Scalar(upstream) => upstream.to_f64(),
        Upstream::Each(each) => each[none_at(job, place)].to_f64(),
        Upstream::Converted(each) => each.number(none_at(job, place)),
    }
}

/// Puts a gradient where it belongs.
fn put<T: Element>(job: &Job<'_, T>, outputs: &mut Outputs<'_, T>, input: usize, place: Place, gradient: f64) {
    let at = job.offset(input, place);
    if let Some(slot) = outputs.gradient(input) {
        slot[at] = T::from_f64(gradient);
    }
}

/// Adds a gradient to what is there, if several places share it.
fn add<T: Element>(job: &Job<'_, T>, outputs: &mut Outputs<'_, T>, input: usize, place: Place, gradient: f64) {
    if !job.is_broadcast(input) {
        return put(job, outputs, input, place, gradient);
    }
    let at = job.offset(input, place);
    if let Some(slot) = outputs.gradient(input) {
        slot[at] = T::from_f64(slot[at].to_f64() + gradient);
    }
}

/// Writes a value, and gives it as it is written.
fn write<T: Element>(job: &Job<'_, T>, outputs: &mut Outputs<'_, T>, place: Place, value: f64) -> f64 {
    let value = T::from_f64(value);
    let at = none_at(job, place);
    if let Some(elements) = outputs.elements() {
        elements[at] = value;
    }
    value.to_f64()
}

impl Work {
    /// What a function of the kernel knows before it begins: the uniforms, computed in `f64` and then rounded.
    fn uniforms<T: Element>(&self, slots: &[ExprId], job: &Job<'_, T>) -> Vec<Option<f64>> {
        let mut body = self.body(job, vec![None; self.graph.len()], [0; 3]);
        let mut values: Vec<f64> = slots.iter().map(|&slot| T::from_f64(body.value(slot)).to_f64()).collect();
        if let Some(Slip::UniformsShifted(at)) = self.slip {
            values[at] = values[(at + 1) % slots.len()];
        }
        let mut known = vec![None; self.graph.len()];
        for (slot, value) in slots.iter().zip(values) {
            known[slot.index()] = Some(value);
        }
        known
    }

    fn body<'b, T: Element>(&'b self, job: &'b Job<'b, T>, known: Vec<Option<f64>>, place: Place) -> Body<'b, T> {
        let slips = self.slip == Some(Slip::PicksNext);
        Body { graph: &self.graph, job, place, upstream: f64::NAN, slips, known }
    }

    fn elementwise<T: Element>(&self, kernel: &Elementwise, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
        let uniforms = self.uniforms(&kernel.uniforms, job);
        let [outer, extent, inner] = job.extents();
        let mut sum = Sum::default();
        each_place([outer, if job.is_per_element() { extent } else { 1 }, inner], |place| {
            let drops = job.drops(place);
            let mut body = self.body(job, uniforms.clone(), place);
            body.upstream = upstream(job, place);
            let value = if drops { 0.0 } else { body.root(kernel.value) };
            sum.add(write(job, outputs, place, value));
            for gradient in &kernel.gradients {
                let input = usize::from(gradient.input.0);
                if outputs.gradient(input).is_some() {
                    let number = if drops { 0.0 } else { body.root(gradient.cotangent) };
                    add(job, outputs, input, place, number);
                }
            }
        });
        sum.total()
    }

    fn row_wise<T: Element>(&self, kernel: &RowWise, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
        let uniforms = self.uniforms(&kernel.uniforms, job);
        let [outers, _, inners] = job.extents();
        let mut sum = Sum::default();
        let mut left_over = None;
        for outer in 0..outers {
            for inner in 0..inners {
                let row = Row { work: self, kernel, job, uniforms: &uniforms, at: [outer, 0, inner] };
                row.run(outputs, &mut left_over, &mut sum);
            }
        }
        sum.total()
    }
}

/// One row of a row-wise kernel.
struct Row<'r, T> {
    work: &'r Work,
    kernel: &'r RowWise,
    job: &'r Job<'r, T>,
    uniforms: &'r [Option<f64>],
    at: Place,
}

impl<T: Element> Row<'_, T> {
    fn run(&self, outputs: &mut Outputs<'_, T>, left_over: &mut Option<f64>, sum: &mut Sum) {
        let (kernel, job) = (self.kernel, self.job);
        let extent = job.extents()[1];
        let along = |along: usize| [self.at[0], along, self.at[2]];
        if job.drops(self.at) {
            for place in (0..extent).map(along) {
                for gradient in &kernel.element_gradients {
                    add(job, outputs, usize::from(gradient.input.0), place, 0.0);
                }
                write(job, outputs, place, 0.0);
            }
            for gradient in &kernel.row_gradients {
                add(job, outputs, usize::from(gradient.input.0), self.at, 0.0);
            }
            return;
        }
        let mut carried = vec![0.0; kernel.carried.len()];
        self.join(0, &[], &mut carried);
        let mut spilled = vec![0.0; extent];
        for (pass, reductions) in kernel.passes.iter().enumerate() {
            let accumulated = self.pass(pass, reductions, &carried, &mut spilled, left_over);
            self.join(pass + 1, &accumulated, &mut carried);
        }
        if self.work.slip == Some(Slip::SpillsShifted) {
            spilled.rotate_right(1);
        }
        let mut row = self.body(self.at, &carried, usize::MAX);
        for gradient in &kernel.row_gradients {
            add(job, outputs, usize::from(gradient.input.0), self.at, row.root(gradient.cotangent));
        }
        if !kernel.value_per_element {
            sum.add(write(job, outputs, self.at, row.root(kernel.value)));
        }
        let has_elements = kernel.value_per_element || !kernel.element_gradients.is_empty();
        for place in (0..if has_elements { extent } else { 0 }).map(along) {
            let mut body = self.body(place, &carried, usize::MAX);
            if let Some((_, id)) = kernel.spill {
                body.known[id.index()] = Some(spilled[place[1]]);
            }
            if kernel.value_per_element {
                sum.add(write(job, outputs, place, body.root(kernel.value)));
            }
            for gradient in &kernel.element_gradients {
                let input = usize::from(gradient.input.0);
                if outputs.gradient(input).is_some() {
                    add(job, outputs, input, place, body.root(gradient.cotangent));
                }
            }
        }
    }

    /// A function of the kernel: it knows the uniforms, and the row values carried from the first `levels` stages.
    fn body(&self, place: Place, carried: &[f64], levels: usize) -> Body<'_, T> {
        let mut known = self.uniforms.to_vec();
        for (&(id, level), &value) in self.kernel.carried.iter().zip(carried) {
            if level < levels {
                known[id.index()] = Some(value);
            }
        }
        let mut body = self.work.body(self.job, known, place);
        body.upstream = upstream(self.job, place);
        body
    }

    /// The row's own values after a stage, given what it accumulated.
    fn join(&self, stage: usize, accumulated: &[(ExprId, f64)], carried: &mut [f64]) {
        let slip = self.work.slip;
        let mut body = self.body(self.at, carried, stage);
        for &(id, value) in accumulated {
            body.known[id.index()] = Some(value);
        }
        for (at, &(id, level)) in self.kernel.carried.iter().enumerate() {
            if level == stage && slip != Some(Slip::CarriedLost(at)) {
                carried[at] = body.root(id);
            }
        }
        if let Some(Slip::CarriedShifted(at)) = slip
            && self.kernel.carried[at].1 == stage
        {
            carried[at] = carried[(at + 1) % carried.len()];
        }
    }

    /// One pass over the row.
    fn pass(
        &self,
        pass: usize,
        reductions: &[ExprId],
        carried: &[f64],
        spilled: &mut [f64],
        left_over: &mut Option<f64>,
    ) -> Vec<(ExprId, f64)> {
        let reducer = |id: ExprId| match self.work.graph.expr(id) {
            Expr::Reduce { reducer, .. } => Some(reducer),
            _ => None,
        };
        let mut accumulated: Vec<(ExprId, f64)> =
            reductions.iter().map(|&id| (id, reducer(id).map_or(f64::NAN, identity))).collect();
        let stale = self.work.slip == Some(Slip::NotReset(pass));
        if let (true, Some(left), Some((_, first))) = (stale, *left_over, accumulated.first_mut()) {
            *first = left;
        }
        let extent = spilled.len();
        let short = usize::from(self.work.slip == Some(Slip::PassTooShort(pass)));
        for (along, spilled) in spilled.iter_mut().enumerate().take(extent - short.min(extent)) {
            let mut body = self.body([self.at[0], along, self.at[2]], carried, pass + 1);
            for (id, so_far) in &mut accumulated {
                let next = body.contribution(*id);
                *so_far = reducer(*id).map_or(f64::NAN, |reducer| accumulate(reducer, *so_far, next));
            }
            if let Some((at, id)) = self.kernel.spill
                && at == pass
            {
                *spilled = body.root(id);
            }
        }
        if stale {
            *left_over = accumulated.first().map(|(_, value)| *value);
        }
        accumulated
    }
}
