//! A call, step by step: parameters, shapes, labels and conditions, divisor, and only then anything is written.

mod labels;
mod layout;
mod outputs;
mod params;
mod shared;

use crate::call::{Call, Curvature, Outcome, Partial, Reduction, Request, Upstream, Want};
use crate::error::Error;
use crate::info::{Divisor, LossInfo};
use crate::job::{Dropped, Geometry, Job, Outputs};
use crate::kernel::CURVATURE;
use crate::lane::Isa;
use crate::registry::{Element, Kernel, Loss, Variant, VariantKey};
use crate::shape::Shape;

use layout::Layout;
use outputs::Bend;

/// Computes what is asked for: values, the reduced value, gradients.
///
/// # Errors
/// The first thing wrong with the call, in the order: the name of the reduction, the instruction set, parameters, shapes, labels and declared conditions (row
/// by row, inputs in order), the outputs, the divisor. Then nothing has been written.
pub fn run<T: Element>(loss: &dyn Loss, call: &Call<'_, T>, request: Request<'_, T>) -> Result<Outcome<T>, Error> {
    let info = loss.info();
    let Request { reduction, upstream, elements, gradients, curvature, mut params, want } = request;
    let reduction = Chosen::find(info, reduction)?;
    let Checked { mut job, layout, variant } = check(loss, call)?;
    let none_len = layout.none(variant.axes)?.len();
    outputs::check(info, call, &gradients)?;
    let curvature = outputs::bend(info, call, curvature)?;
    if let Some(elements) = &elements
        && elements.len() != none_len
    {
        return Err(Error::OutputLength { output: "elements", expected: none_len, found: elements.len() });
    }
    match (upstream, reduction) {
        (Upstream::Each(each), Chosen::None) if each.len() != none_len => {
            return Err(Error::Upstream { expected: none_len, found: each.len() });
        }
        (Upstream::Each(each), Chosen::Sum | Chosen::Named(_)) if each.len() != 1 => {
            return Err(Error::Upstream { expected: 1, found: each.len() });
        }
        (Upstream::One | Upstream::Scalar(_) | Upstream::Each(_), _) => {}
    }
    let of = match reduction {
        Chosen::Named(place) => variant.reductions.get(place).and_then(|reduction| reduction.of.as_ref()),
        Chosen::None | Chosen::Sum => None,
    };
    let kernel = of.unwrap_or(&variant.loss);
    shared::check(info, kernel, &params)?;
    let divisor = reduction.divisor(info, variant, &job, &layout)?;
    // A partial is not divided by anything, but gradients are.
    let divides_gradients =
        gradients.iter().any(Option::is_some) || want != Want::Partial && params.iter().any(Option::is_some);
    if divisor == 0.0 && (want == Want::Value || curvature.is_some() || divides_gradients) {
        return Err(Error::ZeroDivisor { reduction: reduction.name(info) });
    }
    job.upstream = upstream.over(divisor);

    let mut outputs = Outputs::new(elements, gradients);
    if !kernel.shared.is_empty() {
        let of_params = if want == Want::Partial { 1.0 } else { divisor };
        shared::write(kernel, &job, shared::scales(upstream, of_params), &mut outputs, &mut params);
    }
    if let Some(bend) = curvature {
        write_curvature(kernel, &job, bend, &mut outputs, want)?;
    }
    if of.is_some() && outputs.elements.is_some() {
        // The values of `none` are not the summands.
        let mut values = Outputs { elements: outputs.elements.take(), ..Outputs::none() };
        (variant.loss.forward)(&job, &mut values);
    }
    let sum = run_kernel(kernel, &job, &mut outputs, want);
    let divides = matches!(reduction, Chosen::Named(_)).then_some(divisor);
    let partial = if want == Want::Nothing { Partial::default() } else { Partial { sum, divisor: divides } };
    let value = match (want, reduction) {
        (Want::Nothing | Want::Partial, _) | (_, Chosen::None) => None,
        (Want::Value, Chosen::Sum | Chosen::Named(_)) => Some(T::from_f64(sum / divisor)),
    };
    Ok(Outcome { value, partial, none_len })
}

/// The shape of the values of `none`.
///
/// # Errors
/// What is wrong with the call's parameters or shapes.
pub fn shape_of_none<T: Element>(loss: &dyn Loss, call: &Call<'_, T>) -> Result<Shape, Error> {
    let info = loss.info();
    let params = params::check::<T>(loss, &call.params)?;
    let layout = Layout::new(info, call)?;
    let key = VariantKey { params: &params[..info.params.len()], present: present(call) };
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

/// A call in which nothing is wrong with what goes in.
struct Checked<'a, T: 'static> {
    job: Job<'a, T>,
    layout: Layout<'a, T>,
    variant: &'static Variant<T>,
}

// Inlined: what it gives is a thousand bytes, which would be copied on the way.
#[inline(always)]
fn check<'a, T: Element>(loss: &dyn Loss, call: &Call<'a, T>) -> Result<Checked<'a, T>, Error> {
    let info = loss.info();
    let isa = match call.execution.isa {
        Some(isa) if !isa.is_available() => return Err(Error::Isa { isa }),
        Some(isa) => isa,
        None => Isa::detect(),
    };
    let params = params::check::<T>(loss, &call.params)?;
    let layout = Layout::new(info, call)?;
    let key = VariantKey { params: &params[..info.params.len()], present: present(call) };
    let variant = T::variant(loss, &key);
    let per_row = variant.axes & 1 != 0;
    let geometry = if per_row { layout.geometry } else { Geometry { outer: 1, inner: 1, ..layout.geometry } };
    let mut job = Job {
        isa,
        threads: call.execution.threads,
        geometry,
        per_element: variant.axes & 2 != 0,
        inputs: layout.views,
        params: params.map(|value| T::from_f64(value).to_f64()),
        params_len: info.params.len(),
        dropped: dropped(info, &params, &layout)?,
        upstream: Upstream::One,
        accumulate_f64: variant.accumulate_f64,
    };
    labels::check(info, call, &job, variant)?;
    if labels::none_dropped(&job) {
        job.dropped = None;
    }
    Ok(Checked { job, layout, variant })
}

/// A bit for each input that is there.
fn present<T>(call: &Call<'_, T>) -> u32 {
    call.inputs.iter().rev().fold(0, |bits, input| bits << 1 | u32::from(input.is_some()))
}

/// Which rows are dropped.
fn dropped<T>(info: &LossInfo, params: &[f64], layout: &Layout<'_, T>) -> Result<Option<Dropped>, Error> {
    let mut found = None;
    for (input, declared) in info.inputs.iter().enumerate() {
        let Some(value) = declared.ignore.and_then(|param| params.get(param)).copied() else {
            continue;
        };
        let absent = matches!(layout.views[input].values, crate::job::Values::Absent);
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
        match reduction {
            Reduction::None | Reduction::Named("none") => Ok(Self::None),
            Reduction::Sum | Reduction::Named("sum") => Ok(Self::Sum),
            Reduction::Named(name) => info
                .reductions
                .iter()
                .position(|reduction| reduction.name == name)
                .map(Self::Named)
                .ok_or_else(|| Error::UnknownReduction { name: name.into(), available: info.reductions }),
        }
    }

    fn name(self, info: &'static LossInfo) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sum => "sum",
            Self::Named(place) => info.reductions[place].name,
        }
    }

    fn divisor<T: Element>(
        self,
        info: &'static LossInfo,
        variant: &Variant<T>,
        job: &Job<'_, T>,
        layout: &Layout<'_, T>,
    ) -> Result<f64, Error> {
        let Self::Named(place) = self else {
            return Ok(1.0);
        };
        Ok(match info.reductions[place].divisor {
            Divisor::Elements => {
                let per_row = if job.per_element { job.geometry.extent } else { 1 };
                (job.live_rows() * per_row) as f64
            }
            Divisor::Samples => layout.samples as f64,
            Divisor::Sum => match variant.reductions.get(place).and_then(|reduction| reduction.over) {
                Some(over) => over(job, &mut Outputs::none()),
                None => {
                    return Err(Error::Unsupported { what: "a reduction without its divisor's code" });
                }
            },
        })
    }
}
