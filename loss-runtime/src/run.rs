//! A call, step by step: parameters, shapes, labels and conditions, divisor, and only then anything is written.

mod at_once;
mod in_place;
mod labels;
mod layout;
mod outputs;
mod params;
mod product;
mod shared;

use crate::call::{
    Call, Curvature, Execution, MAX_PARAMS, Outcome, OwnCall, Partial, Reduction, Request, SLOTS, Upstream, Want,
};
use crate::error::Error;
use crate::info::{Divisor, LossInfo};
use crate::job::{Dropped, Geometry, Job, Outputs, Slot, Values, View};
use crate::kernel::CURVATURE;
use crate::lane::Isa;
use crate::registry::{Element, Kernel, Loss, Over, Variant, VariantKey};
use crate::shape::Shape;
use crate::stored::Stored;
use crate::tensor::Array;

use in_place::Lent;
pub use in_place::run_in_place;
use layout::Layout;
use outputs::Bend;

/// The answers to calls of a compute type. Generic functions are compiled with the crate that calls them, as that crate is: these are
/// compiled here, so that checks of millions of labels are fast in a caller's build for development too.
pub trait Answers: Sized + 'static {
    /// The answer to a usual call, at once; `None` leaves it to [`answer`](Self::answer), with nothing written.
    fn answer_at_once(
        loss: &dyn Loss,
        supplied: &Supplied<'_, '_, Self>,
        request: &mut Request<'_, Self>,
    ) -> Option<Outcome<Self>>
    where
        Self: Stored<Compute = Self>;
    /// As [`run`].
    fn answer(loss: &dyn Loss, call: &Call<'_, Self>, asked: Asked<'_, Self>) -> Result<Outcome<Self>, Error>;
    /// As [`run_in_place`].
    fn answer_in_place(
        loss: &dyn Loss,
        call: &Call<'_, Self>,
        asked: Asked<'_, Self>,
        lent: Lent<'_, Self>,
    ) -> Result<Outcome<Self>, Error>;
    /// As [`shape_of_none`].
    fn none(loss: &dyn Loss, call: &Call<'_, Self>) -> Result<Shape, Error>;
}

macro_rules! answered {
    ($($float:ident)*) => {
        $(impl Answers for $float {
            fn answer_at_once(
                loss: &dyn Loss,
                supplied: &Supplied<'_, '_, Self>,
                request: &mut Request<'_, Self>,
            ) -> Option<Outcome<Self>> {
                at_once::answer(loss, supplied, request)
            }
            fn answer(loss: &dyn Loss, call: &Call<'_, Self>, asked: Asked<'_, Self>) -> Result<Outcome<Self>, Error> {
                answer(loss, call, asked)
            }
            fn answer_in_place(
                loss: &dyn Loss,
                call: &Call<'_, Self>,
                asked: Asked<'_, Self>,
                lent: Lent<'_, Self>,
            ) -> Result<Outcome<Self>, Error> {
                in_place::answer(loss, call, asked, lent)
            }
            fn none(loss: &dyn Loss, call: &Call<'_, Self>) -> Result<Shape, Error> {
                none(loss, call)
            }
        })*
    };
}
answered! { f32 f64 }

/// Computes what is asked for: values, the reduced value, gradients.
///
/// # Errors
/// The first thing wrong with the call, in the order: the name of the reduction, the instruction set, parameters, shapes, labels and declared conditions (row
/// by row, inputs in order), the outputs, the divisor. Then nothing has been written.
pub fn run<T: Stored>(
    loss: &dyn Loss,
    call: &Call<'_, T>,
    mut request: Request<'_, T>,
) -> Result<Outcome<T::Compute>, Error> {
    if let Some(supplied) = Supplied::of(loss.info(), call)
        && let Some(outcome) = T::at_once(loss, &supplied, &mut request)
    {
        return Ok(outcome);
    }
    T::compute(call, |call| T::Compute::answer(loss, call, Asked::new(request)))
}

impl<T: Stored, const I: usize, const P: usize> OwnCall<'_, T, I, P> {
    /// [`run`], for the loss whose call this is.
    ///
    /// # Errors
    /// As [`run`].
    #[inline]
    pub fn run(self, loss: &dyn Loss, mut request: Request<'_, T>) -> Result<Outcome<T::Compute>, Error> {
        let supplied = Supplied { inputs: &self.inputs, params: &self.params, execution: self.execution };
        match T::at_once(loss, &supplied, &mut request) {
            Some(outcome) => Ok(outcome),
            None => self.run_as_any(loss, request),
        }
    }

    /// Out of line: the room of a [`Call`] is nothing that a short call should have on its stack.
    #[inline(never)]
    fn run_as_any(self, loss: &dyn Loss, request: Request<'_, T>) -> Result<Outcome<T::Compute>, Error> {
        T::compute(&Call::from(self), |call| T::Compute::answer(loss, call, Asked::new(request)))
    }
}

/// What goes into a call, without room for more.
#[derive(Debug)]
pub struct Supplied<'c, 'a, T> {
    inputs: &'c [Option<Array<'a, T>>],
    params: &'c [f64],
    execution: Execution,
}

impl<'c, 'a, T> Supplied<'c, 'a, T> {
    /// What goes into any call, if it has nothing that the loss does not declare.
    fn of(info: &LossInfo, call: &'c Call<'a, T>) -> Option<Self> {
        let (inputs, others) = call.inputs.split_at_checked(info.inputs.len())?;
        let params = call.params.get(..info.params.len())?;
        others.iter().all(Option::is_none).then_some(Self { inputs, params, execution: call.execution })
    }
}

/// What is asked of a call of the compute type, whatever type the results are kept in.
#[derive(Debug)]
pub struct Asked<'o, T> {
    reduction: Reduction<'o>,
    upstream: Upstream<'o, T>,
    outputs: Outputs<'o, T>,
    curvature: Option<(Curvature, Slot<'o, T>)>,
    product: Option<product::Wanted<'o, T>>,
    params: shared::Slots<'o>,
    want: Want,
}

impl<'o, T: Element> Asked<'o, T> {
    fn new<S: Stored<Compute = T>>(request: Request<'o, S>) -> Self {
        let Request { reduction, upstream, elements, gradients, curvature, product, params, want } = request;
        let mut outputs = Outputs { elements: elements.map(S::slot), ..Outputs::none() };
        for (slot, gradient) in outputs.gradients.iter_mut().zip(gradients) {
            *slot = gradient.map(S::slot);
        }
        let curvature = curvature.map(|(which, values)| (which, S::slot(values)));
        let product = product.map(product::Wanted::new);
        Self { reduction, upstream: upstream.compute(), outputs, curvature, product, params, want }
    }
}

fn answer<T: Element>(loss: &dyn Loss, call: &Call<'_, T>, asked: Asked<'_, T>) -> Result<Outcome<T>, Error> {
    let info = loss.info();
    let Asked { reduction, upstream, mut outputs, curvature, product, mut params, want } = asked;
    let reduction = Chosen::find(info, reduction)?;
    let mut job = Job::blank(Isa::Scalar, call.execution.threads);
    let Checked { layout, variant } = check(loss, call, &mut job)?;
    let none_len = layout.none_len(variant.axes);
    outputs::check(info, call, &job, &outputs.gradients)?;
    let curvature = outputs::bend(info, call, curvature)?;
    fits(reduction, &upstream, &outputs, none_len)?;
    let of = reduction.summand(variant);
    let kernel = of.unwrap_or(&variant.loss);
    shared::check(info, kernel, &params)?;
    let product = product.map(|wanted| wanted.check(info, kernel, call, &job)).transpose()?;
    let divisor = reduction.divisor(info, variant, &job, &layout)?;
    // A partial is not divided by anything, nor are gradients that add up as it does; others are.
    let sums = want == Want::Partial;
    let mut gradients = outputs.gradients.iter().enumerate().filter(|(_, slot)| slot.is_some());
    let is_divided = curvature.is_some()
        || product.is_some()
        || gradients.any(|(input, _)| !(sums && shared::is_shared_input(kernel, input)))
        || !sums && params.iter().any(Option::is_some);
    if divisor == 0.0 && (want == Want::Value || is_divided) {
        return Err(Error::ZeroDivisor { reduction: reduction.name(info) });
    }
    job.upstream = upstream.over(divisor);

    shared_gradients(kernel, &job, (upstream, divisor), want, &mut outputs, &mut params);
    if let Some(bend) = curvature {
        write_curvature(kernel, &job, bend, &mut outputs, want)?;
    }
    if let Some(product) = product {
        product.write(&mut job);
    }
    if of.is_some() {
        write_values(variant, &job, &mut outputs);
    }
    let sum = run_kernel(kernel, &job, &mut outputs, want);
    Ok(finished(reduction, sum, divisor, want, none_len))
}

/// Writes the values of `none` where they are not the summands.
fn write_values<T>(variant: &Variant<T>, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) {
    if outputs.elements.is_some() {
        let mut values = Outputs { elements: outputs.elements.take(), ..Outputs::none() };
        (variant.loss.forward)(job, &mut values);
    }
}

/// Checks that the values of `none`, and upstream gradients, have their length.
fn fits<T: Element>(
    reduction: Chosen,
    upstream: &Upstream<'_, T>,
    outputs: &Outputs<'_, T>,
    none_len: usize,
) -> Result<(), Error> {
    if let Some(elements) = &outputs.elements
        && elements.len() != none_len
    {
        return Err(Error::OutputLength { output: "elements", expected: none_len, found: elements.len() });
    }
    match (upstream.count(), reduction) {
        (Some(found), Chosen::None) if found != none_len => Err(Error::Upstream { expected: none_len, found }),
        (Some(found), Chosen::Sum | Chosen::Named(_)) if found != 1 => Err(Error::Upstream { expected: 1, found }),
        (Some(_) | None, _) => Ok(()),
    }
}

/// Writes the gradients with respect to what all rows share.
fn shared_gradients<T: Element>(
    kernel: &Kernel<T>,
    job: &Job<'_, T>,
    (upstream, divisor): (Upstream<'_, T>, f64),
    want: Want,
    outputs: &mut Outputs<'_, T>,
    params: &mut shared::Slots<'_>,
) {
    if kernel.shared.is_empty() {
        return;
    }
    // Those of parts of a batch are to be added up first.
    let divisor = if want == Want::Partial { 1.0 } else { divisor };
    shared::write(kernel, job, shared::Scale::new(upstream, divisor), outputs, params);
}

fn finished<T: Element>(reduction: Chosen, sum: f64, divisor: f64, want: Want, none_len: usize) -> Outcome<T> {
    let divides = matches!(reduction, Chosen::Named(_)).then_some(divisor);
    let partial = if want == Want::Nothing { Partial::default() } else { Partial { sum, divisor: divides } };
    let value = match (want, reduction) {
        (Want::Nothing | Want::Partial, _) | (_, Chosen::None) => None,
        (Want::Value, Chosen::Sum | Chosen::Named(_)) => Some(T::from_f64(sum / divisor)),
    };
    Outcome { value, partial, none_len }
}

/// The shape of the values of `none`.
///
/// # Errors
/// What is wrong with the call's parameters or shapes.
pub fn shape_of_none<T: Stored>(loss: &dyn Loss, call: &Call<'_, T>) -> Result<Shape, Error> {
    T::compute(call, |call| T::Compute::none(loss, call))
}

fn none<T: Element>(loss: &dyn Loss, call: &Call<'_, T>) -> Result<Shape, Error> {
    let info = loss.info();
    let mut params = [f64::NAN; MAX_PARAMS];
    params::check::<T>(loss, &call.params, &mut params)?;
    let layout = Layout::agree(info, call, &mut [View::ABSENT; SLOTS])?;
    let key = VariantKey { params: &params[..info.params.len()], present: present(&call.inputs) };
    layout.none(T::variant(loss, &key).axes)
}

fn run_kernel<T>(kernel: &Kernel<T>, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>, want: Want) -> f64 {
    if outputs.gradients.iter().any(Option::is_some) {
        (kernel.fused)(job, outputs)
    } else if want != Want::Nothing || outputs.elements.is_some() {
        (kernel.forward)(job, outputs)
    } else {
        0.0
    }
}

/// Writes the curvature, and in the same reading of the inputs its input's gradient, if no other kernel has to run for this call.
fn write_curvature<T>(
    kernel: &Kernel<T>,
    job: &Job<'_, T>,
    bend: Bend<'_, T>,
    outputs: &mut Outputs<'_, T>,
    want: Want,
) -> Result<(), Error> {
    let Bend { which, input, slot } = bend;
    let code = match which {
        Curvature::Exact => kernel.curvatures.exact,
        Curvature::Step => kernel.curvatures.step,
    };
    let code = code.ok_or(Error::Unsupported { what: "the second derivative of this reduction" })?;
    let mut own = Outputs::none();
    let others = outputs.gradients.iter().enumerate().any(|(place, slot)| place != input && slot.is_some());
    if !others && want == Want::Nothing && outputs.elements.is_none() {
        own.gradients[input] = outputs.gradients[input].take();
    }
    own.gradients[CURVATURE] = Some(slot);
    code(job, &mut own);
    Ok(())
}

/// What is known of a call in which nothing is wrong with what goes in.
struct Checked<T: 'static> {
    layout: Layout,
    variant: &'static Variant<T>,
}

/// Checks what goes in, and fills in the job.
#[inline(always)]
fn check<'a, T: Element>(loss: &dyn Loss, call: &Call<'a, T>, job: &mut Job<'a, T>) -> Result<Checked<T>, Error> {
    let info = loss.info();
    job.isa = match call.execution.isa {
        Some(isa) if !isa.is_available() => return Err(Error::Isa { isa }),
        Some(isa) => isa,
        None => Isa::detect(),
    };
    params::check::<T>(loss, &call.params, &mut job.params)?;
    job.params_len = info.params.len();
    let layout = Layout::agree(info, call, &mut job.inputs)?;
    let key = VariantKey { params: &job.params[..job.params_len], present: present(&call.inputs) };
    let variant = T::variant(loss, &key);
    let per_row = variant.axes & 1 != 0;
    job.geometry = if per_row { layout.geometry } else { Geometry { outer: 1, inner: 1, ..layout.geometry } };
    job.per_element = variant.axes & 2 != 0;
    job.accumulate_f64 = variant.accumulate_f64;
    job.dropped = dropped(info, job)?;
    for value in &mut job.params[..job.params_len] {
        *value = T::from_f64(*value).to_f64();
    }
    labels::check(info, call, job, variant)?;
    if labels::none_dropped(job) {
        job.dropped = None;
    }
    Ok(Checked { layout, variant })
}

/// A bit for each input that is there.
fn present<T>(inputs: &[Option<Array<'_, T>>]) -> u32 {
    inputs.iter().enumerate().map(|(place, input)| u32::from(input.is_some()) << place).sum()
}

/// Which rows are dropped.
fn dropped<T>(info: &LossInfo, job: &Job<'_, T>) -> Result<Option<Dropped>, Error> {
    let mut found = None;
    for (input, declared) in info.inputs.iter().enumerate() {
        let Some(value) = declared.ignore.and_then(|param| job.params.get(param)).copied() else {
            continue;
        };
        let absent = matches!(job.inputs[input].values, Values::Absent);
        if absent || value.is_nan() {
            continue;
        }
        if declared.axes != [0] || found.is_some() {
            return Err(Error::Unsupported {
                what: "`ignore` on more than one input, or on one that is not along rows alone",
            });
        }
        found = Some(Dropped { input, value });
    }
    Ok(found)
}

/// A reduction that exists.
#[derive(Clone, Copy)]
enum Chosen {
    None,
    Sum,
    /// By its place in `LossInfo::reductions`.
    Named(usize),
}

impl Chosen {
    fn find(info: &'static LossInfo, reduction: Reduction<'_>) -> Result<Self, Error> {
        let name = match reduction {
            Reduction::None => return Ok(Self::None),
            Reduction::Sum => return Ok(Self::Sum),
            Reduction::Named(name) => name,
        };
        // No spec may declare `none` or `sum`, so declared names come first. A loss's own name is usually the very literal: then its address is enough.
        let is_called = |declared: &str| core::ptr::eq(declared, name) || declared == name;
        match info.reductions.iter().position(|reduction| is_called(reduction.name)) {
            Some(place) => Ok(Self::Named(place)),
            None if name == "none" => Ok(Self::None),
            None if name == "sum" => Ok(Self::Sum),
            None => Err(Error::UnknownReduction { name: name.into(), available: info.reductions }),
        }
    }

    fn name(self, info: &'static LossInfo) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sum => "sum",
            Self::Named(place) => info.reductions[place].name,
        }
    }

    /// The code of what is summed, if it is not the loss.
    fn summand<T>(self, variant: &'static Variant<T>) -> Option<&'static Kernel<T>> {
        match self {
            Self::Named(place) => variant.reductions.get(place).and_then(|reduction| reduction.of.as_ref()),
            Self::None | Self::Sum => None,
        }
    }

    fn divisor<T: Element>(
        self,
        info: &'static LossInfo,
        variant: &Variant<T>,
        job: &Job<'_, T>,
        layout: &Layout,
    ) -> Result<f64, Error> {
        let Self::Named(place) = self else {
            return Ok(1.0);
        };
        Ok(match info.reductions[place].divisor {
            Divisor::Elements => job.live_places() as f64,
            Divisor::Samples => layout.samples as f64,
            Divisor::Sum => match variant.reductions.get(place).and_then(|reduction| reduction.over) {
                Some(Over::Places) => job.live_places() as f64,
                Some(Over::Sum(over)) => over(job, &mut Outputs::none()),
                None => {
                    return Err(Error::Unsupported { what: "a reduction without its divisor's code" });
                }
            },
        })
    }
}
