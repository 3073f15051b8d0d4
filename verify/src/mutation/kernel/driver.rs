//! A real kernel, and what goes wrong before and after it.

use std::sync::atomic::{AtomicU32, Ordering};

use loss_runtime::call::MAX_INPUTS;
use loss_runtime::info::LossInfo;
use loss_runtime::job::{Job, Outputs, Place};
use loss_runtime::lane::Isa;
use loss_runtime::registry::{Run, Shared};
use loss_runtime::tensor::LabelSlice;
use loss_runtime::{Element, Upstream};

use crate::interpret::Driver;

use super::contribution;
use super::fault::Fault;

/// As many values lie in a vector of the narrower type.
pub(super) const LANES: usize = 16;
/// So many values are summed in one go.
const CHUNK: usize = 8192;

/// What a kernel is run for.
#[derive(Clone, Copy)]
pub(super) enum Role<T: 'static> {
    /// Values; this is the kernel.
    Forward(Run<T>),
    /// Values and gradients; this is the kernel of values alone.
    Fused(Run<T>),
    /// A divisor's sum.
    Divisor,
    /// What rows contribute to the gradient of what they all share.
    Contribution(Shared),
}

/// A kernel with a fault.
pub(super) struct FaultyRun<T: 'static> {
    pub(super) run: Run<T>,
    pub(super) role: Role<T>,
    pub(super) fault: Fault,
    pub(super) info: &'static LossInfo,
}

static CALLS: AtomicU32 = AtomicU32::new(0);

/// The next number of the type: a unit in the last place away from zero.
pub(super) fn next<T: Element>(value: T) -> T {
    if value.is_nan() || !value.to_f64().is_finite() { value } else { T::from_bits(value.bits() + 1) }
}

impl<T: Element> Driver<T> for FaultyRun<T> {
    fn run(&self, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
        let forward = match self.role {
            Role::Divisor if self.fault == Fault::DivisorCounts => {
                let mut live = 0;
                rows(job, |place| live += usize::from(!job.drops(place)));
                return (live * if job.is_per_element() { job.extents()[1] } else { 1 }) as f64;
            }
            Role::Contribution(of) => {
                return match self.fault {
                    Fault::Contribution(other, fault) if of == other => {
                        contribution::run(self.run, fault, job, outputs)
                    }
                    _ => (self.run)(job, outputs),
                };
            }
            Role::Divisor => return (self.run)(job, outputs),
            Role::Forward(forward) | Role::Fused(forward) => forward,
        };
        let is_fused = matches!(self.role, Role::Fused(_));
        let before = Held::new(job, self.info, outputs);
        let sum = self.with_changed_call(job, outputs);
        // Some faults need the values even where nobody asked for them.
        let mut own = vec![T::ZERO; places(job)];
        let values = |own: &mut Vec<T>| {
            forward(job, &mut Outputs::new(Some(own.as_mut_slice()), [const { None }; MAX_INPUTS]));
        };
        let count = places(job);
        let edge = if job.is_per_element() { CHUNK } else { (CHUNK / job.extents()[1].max(1)).max(1) };
        match self.fault {
            Fault::TailValue if !count.is_multiple_of(LANES) && count > 1 => {
                return sum + change(outputs, count - 1, |elements| elements[count - 2]);
            }
            Fault::ChunkEdge if count > edge => {
                before.restore_element(outputs, edge);
            }
            Fault::SumWithoutTail if !count.is_multiple_of(LANES) => {
                values(&mut own);
                return sum - own[count - 1].to_f64();
            }
            Fault::SumWithoutEdge if count > edge => {
                values(&mut own);
                return sum - own[edge].to_f64();
            }
            Fault::SumInOrder => {
                values(&mut own);
                return own.iter().fold(T::ZERO, |sum, value| T::from_f64(sum.to_f64() + value.to_f64())).to_f64();
            }
            Fault::NanValue => {
                if let Some(elements) = outputs.elements() {
                    spread_nan(elements);
                }
            }
            Fault::ThreadSeam if job.threads() != Some(1) && count > 1 => {
                return sum + change(outputs, count / 2, |elements| elements[0]);
            }
            Fault::IsaBits if job.isa() != Isa::detect() && count > 0 => {
                return sum + change(outputs, 0, |elements| next(elements[0]));
            }
            Fault::FusedValue if is_fused && count > 0 => {
                return sum + change(outputs, 0, |elements| next(elements[0]));
            }
            Fault::Unaligned if count > 0 => {
                let aligned = outputs.elements().is_none_or(|elements| elements.as_ptr().addr() % 16 == 0);
                if !aligned {
                    return sum + change(outputs, 0, |elements| next(elements[0]));
                }
            }
            Fault::SecondVector if count > LANES => {
                return sum + change(outputs, LANES, |elements| elements[0]);
            }
            Fault::InnerSwapped if job.extents()[2] > 1 => {
                if let Some(elements) = outputs.elements() {
                    elements.swap(0, 1);
                }
            }
            Fault::Unsteady if CALLS.fetch_add(1, Ordering::Relaxed).is_multiple_of(5) && count > 0 => {
                return sum + change(outputs, 0, |elements| next(elements[0]));
            }
            Fault::DroppedUnwritten => rows(job, |place| {
                if job.drops(place) {
                    before.restore_element(outputs, row_of(job, place));
                }
            }),
            Fault::DroppedNegative => rows(job, |place| {
                if job.drops(place)
                    && let Some(elements) = outputs.elements()
                {
                    elements[row_of(job, place)] = T::from_f64(-0.0);
                }
            }),
            // Of no concern here.
            _ => self.gradients(job, outputs, &before),
        }
        sum
    }
}

impl<T: Element> FaultyRun<T> {
    /// Runs the kernel on a call in which something is not as it was.
    fn with_changed_call(&self, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
        let run = self.run;
        match self.fault {
            Fault::UpstreamDropped => run(&job.with_upstream(Upstream::One), outputs),
            Fault::UpstreamOfFirst => match job.upstream() {
                Upstream::Each(&[first, ..]) => run(&job.with_upstream(Upstream::Scalar(first)), outputs),
                Upstream::One | Upstream::Scalar(_) | Upstream::Each(_) | Upstream::Converted(_) => run(job, outputs),
            },
            Fault::UpstreamTwice => {
                let square = |upstream: T| T::from_f64(upstream.to_f64() * upstream.to_f64());
                match job.upstream() {
                    Upstream::One | Upstream::Converted(_) => run(job, outputs),
                    Upstream::Scalar(upstream) => run(&job.with_upstream(Upstream::Scalar(square(upstream))), outputs),
                    Upstream::Each(each) => {
                        let each: Vec<T> = each.iter().map(|&upstream| square(upstream)).collect();
                        run(&job.with_upstream(Upstream::Each(&each)), outputs)
                    }
                }
            }
            Fault::NotAccumulated(input) if job.is_broadcast(input) => {
                let sum = run(job, outputs);
                let mut last = vec![T::ZERO; places(job)];
                let upstream = match job.upstream() {
                    Upstream::One | Upstream::Converted(_) => T::ONE,
                    Upstream::Scalar(upstream) => upstream,
                    Upstream::Each(each) => each.last().copied().unwrap_or(T::ONE),
                };
                if let Some(place) = last.last_mut() {
                    *place = upstream;
                }
                let mut gradients = [const { None }; MAX_INPUTS];
                gradients[input] = outputs.gradient(input);
                run(&job.with_upstream(Upstream::Each(&last)), &mut Outputs::new(None, gradients));
                sum
            }
            Fault::DroppedCounted => run(&job.without_dropping(), outputs),
            Fault::NextClass(input) => {
                let extent = job.extents()[1] as i64;
                let labels = self.labels(job, input);
                let labels: Vec<i64> = labels.into_iter().map(|label| (label as i64 + 1).rem_euclid(extent)).collect();
                run(&job.with_labels(input, LabelSlice::I64(&labels)), outputs)
            }
            Fault::OtherSign(input) => {
                let labels: Vec<f64> = self.labels(job, input).into_iter().map(|label| -label).collect();
                run(&job.with_labels(input, LabelSlice::F64(&labels)), outputs)
            }
            Fault::ParamFrozen(param) => {
                let default = self.info.params[param].default.unwrap_or(0.0);
                run(&job.with_param(param, default), outputs)
            }
            // Of no concern here.
            _ => run(job, outputs),
        }
    }

    /// The labels of a call, by where they lie.
    fn labels(&self, job: &Job<'_, T>, input: usize) -> Vec<f64> {
        let mut labels = Vec::new();
        rows(job, |place| {
            let at = job.offset(input, place);
            labels.resize(labels.len().max(at + 1), 0.0);
            // A dropped row's label may be no class.
            labels[at] = if job.drops(place) { 0.0 } else { job.number(input, at) };
        });
        labels
    }

    /// What goes wrong with gradients after the kernel.
    fn gradients(&self, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>, before: &Held<T>) {
        match self.fault {
            Fault::TailGradient(input) => {
                let places = offsets(job, input);
                if let ([.., second, last], Some(slot)) = (&places[..], outputs.gradient(input))
                    && places.len() % LANES > 0
                {
                    slot[*last] = slot[*second];
                }
            }
            Fault::NotCleared(input) => {
                if let (Some(held), Some(slot)) = (&before.gradients[input], outputs.gradient(input)) {
                    for at in offsets(job, input) {
                        slot[at] = T::from_f64(slot[at].to_f64() + held[at].to_f64());
                    }
                }
            }
            Fault::GapWritten(input) => {
                let [outers, extent, inners] = job.extents();
                if outers > 1 && extent > 0 && inners > 0 {
                    let end = job.offset(input, [0, extent - 1, inners - 1]) + 1;
                    let has_gap = end < job.offset(input, [1, 0, 0]);
                    if let (true, Some(slot)) = (has_gap, outputs.gradient(input)) {
                        slot[end] = T::ZERO;
                    }
                }
            }
            Fault::NanGradient(input) => {
                if let Some(slot) = outputs.gradient(input) {
                    let per_row = if self.info.inputs[input].axes.len() > 1 { job.extents()[1] } else { 1 };
                    for at in (per_row..slot.len()).rev() {
                        if slot[at - per_row].is_nan() && at / per_row % LANES > 0 {
                            slot[at] = T::NAN;
                        }
                    }
                }
            }
            Fault::GradientsSwapped(one, other) => {
                let first = outputs.gradient(one).map(|slot| slot.to_vec());
                let second = outputs.gradient(other).map(|slot| slot.to_vec());
                for (input, from) in [(one, second), (other, first)] {
                    if let (Some(slot), Some(from)) = (outputs.gradient(input), from)
                        && slot.len() == from.len()
                    {
                        slot.copy_from_slice(&from);
                    }
                }
            }
            Fault::GradientNegated(input) => {
                let places = offsets(job, input);
                if let Some(slot) = outputs.gradient(input) {
                    for at in places {
                        slot[at] = T::from_f64(-slot[at].to_f64());
                    }
                }
            }
            Fault::LastClassForgotten(input) => {
                let last = job.extents()[1].saturating_sub(1);
                rows(job, |[outer, _, inner]| {
                    let at = job.offset(input, [outer, last, inner]);
                    if let Some(slot) = outputs.gradient(input) {
                        slot[at] = T::ZERO;
                    }
                });
            }
            // Of no concern here.
            _ => {}
        }
    }
}

/// What the outputs held before.
struct Held<T> {
    elements: Option<Vec<T>>,
    gradients: Vec<Option<Vec<T>>>,
}

impl<T: Element> Held<T> {
    fn new(_: &Job<'_, T>, info: &LossInfo, outputs: &mut Outputs<'_, T>) -> Self {
        let elements = outputs.elements().map(|elements| elements.to_vec());
        let gradients = (0..info.inputs.len()).map(|input| outputs.gradient(input).map(|slot| slot.to_vec()));
        Self { elements, gradients: gradients.collect() }
    }

    fn restore_element(&self, outputs: &mut Outputs<'_, T>, at: usize) {
        if let (Some(held), Some(elements)) = (&self.elements, outputs.elements()) {
            elements[at] = held[at];
        }
    }
}

/// How many values `none` has.
pub(super) fn places<T: Element>(job: &Job<'_, T>) -> usize {
    let [outer, extent, inner] = job.extents();
    outer * inner * if job.is_per_element() { extent } else { 1 }
}

fn rows<T: Element>(job: &Job<'_, T>, mut look: impl FnMut(Place)) {
    let [outers, _, inners] = job.extents();
    for outer in 0..outers {
        for inner in 0..inners {
            look([outer, 0, inner]);
        }
    }
}

/// Where a row's first value lies in `none`.
fn row_of<T: Element>(job: &Job<'_, T>, [outer, _, inner]: Place) -> usize {
    let [_, extent, inners] = job.extents();
    if job.is_per_element() { outer * extent * inners + inner } else { outer * inners + inner }
}

/// Where the gradients of an input lie, in the order of its places.
fn offsets<T: Element>(job: &Job<'_, T>, input: usize) -> Vec<usize> {
    let [outers, extent, inners] = job.extents();
    let mut all = Vec::new();
    for outer in 0..outers {
        for along in 0..extent {
            for inner in 0..inners {
                all.push(job.offset(input, [outer, along, inner]));
            }
        }
    }
    // Not once for each place that shares it.
    all.dedup();
    all
}

/// Changes one value, and says by how much.
fn change<T: Element>(outputs: &mut Outputs<'_, T>, at: usize, to: impl Fn(&[T]) -> T) -> f64 {
    let Some(elements) = outputs.elements() else { return 0.0 };
    let (old, new) = (elements[at], to(elements));
    elements[at] = new;
    let change = new.to_f64() - old.to_f64();
    if change.is_finite() { change } else { 0.0 }
}

/// A NaN spreads to the next value of its vector.
fn spread_nan<T: Element>(values: &mut [T]) {
    for at in (1..values.len()).rev() {
        if values[at - 1].is_nan() && at % LANES > 0 {
            values[at] = T::NAN;
        }
    }
}
