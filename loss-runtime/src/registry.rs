//! What the generated code offers for each loss: its data, and its kernels by variant.

use crate::info::LossInfo;
use crate::job::{Job, Line, Outputs};
use crate::lane::Real;
use crate::run::Answers;
use crate::stored::Stored;
use crate::tensor::LabelSlice;

/// A float type that every loss has kernels for.
pub trait Element: Real + Stored<Compute = Self> + Answers {
    /// The kernels of one variant of a loss.
    fn variant(loss: &dyn Loss, key: &VariantKey<'_>) -> &'static Variant<Self>;
    /// Labels as numbers of this type, if that is what they are.
    fn same_type<'a>(labels: LabelSlice<'a>) -> Option<&'a [Self]>;
}

impl Element for f32 {
    fn variant(loss: &dyn Loss, key: &VariantKey<'_>) -> &'static Variant<Self> {
        loss.variant_f32(key)
    }
    fn same_type<'a>(labels: LabelSlice<'a>) -> Option<&'a [Self]> {
        if let LabelSlice::F32(values) = labels { Some(values) } else { None }
    }
}

impl Element for f64 {
    fn variant(loss: &dyn Loss, key: &VariantKey<'_>) -> &'static Variant<Self> {
        loss.variant_f64(key)
    }
    fn same_type<'a>(labels: LabelSlice<'a>) -> Option<&'a [Self]> {
        if let LabelSlice::F64(values) = labels { Some(values) } else { None }
    }
}

/// A loss, as tools see it.
pub trait Loss: Sync + 'static {
    /// Everything about it but its code.
    fn info(&self) -> &'static LossInfo;
    /// Whether a parameter's value meets its declared condition, given the others (NaN where absent).
    fn param_in_domain(&self, index: usize, params: &[f64]) -> bool;
    /// The kernels of one variant, for `f32`.
    fn variant_f32(&self, key: &VariantKey<'_>) -> &'static Variant<f32>;
    /// The kernels of one variant, for `f64`.
    fn variant_f64(&self, key: &VariantKey<'_>) -> &'static Variant<f64>;
}

/// What picks a variant. Its values have been checked.
#[derive(Clone, Copy, Debug)]
pub struct VariantKey<'a> {
    /// The parameters, defaults filled in; NaN where absent.
    pub params: &'a [f64],
    /// One bit for each input, set if it is present.
    pub present: u32,
}

/// The kernels of one variant.
#[derive(Debug)]
pub struct Variant<T: 'static> {
    /// The axes of `none`, a bit for each by its place in `LossInfo::axes`.
    pub axes: u8,
    /// The loss.
    pub loss: Kernel<T>,
    /// For each of `LossInfo::reductions`.
    pub reductions: &'static [VariantReduction<T>],
    /// For each input, the check of its declared condition, if it has one that can fail.
    pub input_domains: &'static [Option<DomainCheck<T>>],
    /// Whether the batch is summed in `f64` from the first addition on.
    pub accumulate_f64: bool,
}

/// What is special to a reduction.
#[derive(Debug)]
pub struct VariantReduction<T: 'static> {
    /// The summand, if it is not the loss.
    pub of: Option<Kernel<T>>,
    /// The divisor's summand, if the divisor is a sum.
    pub over: Option<Over<T>>,
}

/// The summand of a divisor.
#[derive(Clone, Copy, Debug)]
pub enum Over<T: 'static> {
    /// 1 at every place: they are counted.
    Places,
    /// A formula.
    Sum(Run<T>),
}

/// A formula's code.
#[derive(Debug)]
pub struct Kernel<T: 'static> {
    /// The values alone.
    pub forward: Run<T>,
    /// The values and the gradients that are asked for.
    pub fused: Run<T>,
    /// Whether every value and gradient comes from the numbers of its own place alone, not from a whole row's.
    pub of_places: bool,
    /// Both for calls that are answered at once. There may be some if every input has a number of its own for every place, nothing is
    /// to be checked but what its label asks of each number alone, no row is dropped, and `fused` has the gradient of every input that
    /// has one.
    pub lines: Option<LineRuns<T>>,
    /// The second derivative.
    pub curvatures: Curvatures<T>,
    /// The Hessian-vector products.
    pub products: &'static [Product<T>],
    /// The gradients with respect to what all rows share.
    pub shared: &'static [SharedGradient<T>],
}

/// A formula's code for calls whose arrays are all of one shape and without gaps.
#[derive(Clone, Copy, Debug)]
pub struct LineRuns<T> {
    /// The values alone.
    pub forward: LineRun<T>,
    /// The values and the gradients that are asked for.
    pub fused: LineRun<T>,
}

/// Runs a kernel over the numbers of such a call; gives the sum of the values. One of the drivers in [`crate::drive`].
pub type LineRun<T> = fn(&mut Line<'_, '_, T>) -> f64;

/// The code of a Hessian-vector product. It reads the direction at [`DIRECTION`](crate::kernel::DIRECTION), writes the product there, and
/// sums nothing.
#[derive(Clone, Copy, Debug)]
pub struct Product<T: 'static> {
    /// The input that the Hessian is in, by its place in `LossInfo::inputs`.
    pub of: usize,
    /// Multiplies every row's Hessian, times its upstream gradient, with the row's direction.
    pub run: Run<T>,
}

/// What all rows share and has a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// A parameter, by its place in `LossInfo::params`.
    Param(usize),
    /// An input that does not vary along the rows, by its place in `LossInfo::inputs`.
    Input(usize),
}

/// The code of a gradient that is a sum over all rows.
#[derive(Clone, Copy, Debug)]
pub struct SharedGradient<T: 'static> {
    /// Of what.
    pub of: Shared,
    /// What there is to sum, each times its upstream gradient.
    pub contributions: Contributions<T>,
}

/// The code that gives what a gradient sums.
#[derive(Clone, Copy, Debug)]
pub enum Contributions<T: 'static> {
    /// Sums one number for every place of the loss, as a loss is summed.
    Summed(Run<T>),
    /// Writes one number a row, at [`CONTRIBUTION`](crate::kernel::CONTRIBUTION).
    PerRow(Run<T>),
    /// Writes one number for each place of a row along the second axis, at [`CONTRIBUTION`](crate::kernel::CONTRIBUTION).
    PerElement(Run<T>),
}

/// The code of a formula's second derivative with respect to one input. Each also writes the gradient with respect to that input, if
/// it is asked for, and sums nothing.
#[derive(Clone, Copy, Debug)]
pub struct Curvatures<T: 'static> {
    /// [`Curvature::Exact`](crate::call::Curvature::Exact)
    pub exact: Option<Run<T>>,
    /// [`Curvature::Step`](crate::call::Curvature::Step)
    pub step: Option<Run<T>>,
}

impl<T> Curvatures<T> {
    /// There is no such code.
    pub const NONE: Self = Self { exact: None, step: None };
}

/// Runs a kernel over a whole call; gives the sum of the values over rows not dropped. One of the drivers in [`crate::drive`].
pub type Run<T> = fn(&Job<'_, T>, &mut Outputs<'_, T>) -> f64;

/// Finds the first value that breaks a condition; see [`crate::drive::first_violation`].
pub type DomainCheck<T> = fn(&Job<'_, T>) -> Option<usize>;
