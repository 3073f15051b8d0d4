//! A call as data: what goes in, what is asked for, what comes out.

use alloc::vec::Vec;

use crate::error::Error;
use crate::lane::{Isa, Real};
use crate::stored::Stored;
use crate::tensor::{Array, LabelSlice};

/// The most inputs a loss may have.
pub const MAX_INPUTS: usize = 8;
/// What a call may write beside values: a gradient for each input, and a curvature or a Hessian-vector product.
pub(crate) const SLOTS: usize = MAX_INPUTS + 1;
/// The most parameters a loss may have.
pub const MAX_PARAMS: usize = 16;

/// What goes in: inputs and parameters in the order of [`LossInfo`](crate::info::LossInfo).
#[derive(Clone, Copy, Debug)]
pub struct Call<'a, T> {
    /// The inputs; `None` is absent.
    pub inputs: [Option<Array<'a, T>>; MAX_INPUTS],
    /// The parameters, switches as 0 and 1, choices by their place in the list; NaN takes the default, or is absent.
    pub params: [f64; MAX_PARAMS],
    /// How to run it. Never changes the result.
    pub execution: Execution,
}

impl<T> Default for Call<'_, T> {
    fn default() -> Self {
        Self { inputs: [const { None }; MAX_INPUTS], params: [f64::NAN; MAX_PARAMS], execution: Execution::default() }
    }
}

/// A call as a loss's own methods make it, with as many inputs and parameters as the loss has. A short one is answered before the room of a [`Call`] is
/// filled.
#[derive(Clone, Copy, Debug)]
pub struct OwnCall<'a, T, const I: usize, const P: usize> {
    /// As in [`Call`].
    pub inputs: [Option<Array<'a, T>>; I],
    /// As in [`Call`].
    pub params: [f64; P],
    /// As in [`Call`].
    pub execution: Execution,
}

impl<'a, T, const I: usize, const P: usize> From<OwnCall<'a, T, I, P>> for Call<'a, T> {
    fn from(own: OwnCall<'a, T, I, P>) -> Self {
        const { assert!(I <= MAX_INPUTS && P <= MAX_PARAMS, "a loss has at most 8 inputs and 16 parameters") };
        let mut call = Self { execution: own.execution, ..Self::default() };
        for (to, input) in call.inputs.iter_mut().zip(own.inputs) {
            *to = input;
        }
        call.params[..P].copy_from_slice(&own.params);
        call
    }
}

/// How to run a call. Never changes the result.
#[derive(Clone, Copy, Debug, Default)]
pub struct Execution {
    /// The instruction set; the best one if `None`. One that is not [available](Isa::is_available) is an error.
    pub isa: Option<Isa>,
    /// About how many threads of rayon's current pool may work on it: 1 stays on the caller's, `None` is as many as there are.
    pub threads: Option<usize>,
}

/// How the values of a batch become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction<'r> {
    /// Not at all.
    None,
    /// Their sum.
    Sum,
    /// One of the spec's own.
    Named(&'r str),
}

impl Reduction<'_> {
    /// Whether it leaves the values as they are.
    #[must_use]
    pub fn is_none(self) -> bool {
        matches!(self, Self::None | Self::Named("none"))
    }
}

impl Reduction<'static> {
    /// The one that most losses default to.
    pub const MEAN: Self = Self::Named("mean");
}

impl<'r> From<&'r str> for Reduction<'r> {
    fn from(name: &'r str) -> Self {
        match name {
            "none" => Self::None,
            "sum" => Self::Sum,
            _ => Self::Named(name),
        }
    }
}

/// The gradient of what comes after with respect to the loss's value: a number of type `S`, or numbers of type `T`.
#[derive(Clone, Copy, Debug)]
pub enum Upstream<'a, T, S = T> {
    /// 1.
    One,
    /// The same for all.
    Scalar(S),
    /// One for each value of `none`.
    Each(&'a [T]),
    /// One for each value of `none`, converted on the way.
    Converted(LabelSlice<'a>),
}

/// What is asked for.
#[derive(Debug)]
pub struct Request<'o, T: Stored> {
    /// The reduction.
    pub reduction: Reduction<'o>,
    /// What gradients are multiplied by.
    pub upstream: Upstream<'o, T, T::Compute>,
    /// Receives the values of `none`.
    pub elements: Option<&'o mut [T]>,
    /// Receive the gradients, in the order of the inputs; each has its input's shape and row stride. Those of inputs that all rows share
    /// are sums, as those of parameters are; of a table, one for each of its numbers, which takes memory for them.
    pub gradients: [Option<&'o mut [T]>; MAX_INPUTS],
    /// Receives a second derivative with respect to the input that [`LossInfo::curvature`](crate::info::LossInfo::curvature) names,
    /// laid out like it, and multiplied by the upstream gradient and divided as gradients are. Alone, or with the gradient of that input
    /// alone, it is one reading of the inputs.
    pub curvature: Option<(Curvature, &'o mut [T])>,
    /// A Hessian-vector product, multiplied by the upstream gradient and divided as gradients are. It is a reading of the inputs of its own.
    pub product: Option<HessianProduct<'o, T>>,
    /// Receive the gradients with respect to parameters, in their order, each of the reduced loss (of `none`: of the elements, each with its
    /// upstream gradient). Each is a sum over all rows, in a fixed order, and a reading of the inputs of its own; that of a
    /// loss of elements that reads whole rows takes memory for a block of rows. With [`Want::Partial`]
    /// they are not divided: those of parts of a batch add up, and the whole's divisor divides them.
    pub params: [Option<&'o mut f64>; MAX_PARAMS],
    /// Which number is wanted. It costs a pass of its own only if no gradient is.
    pub want: Want,
}

/// A direction, and where the product of a Hessian with it goes: how the gradient of every row's loss in one input moves as that input
/// moves along the direction. Both lie in memory as the input does.
#[derive(Debug)]
pub struct HessianProduct<'o, T> {
    /// One of [`LossInfo::hessian_products`](crate::info::LossInfo::hessian_products).
    pub input: usize,
    /// What the Hessian is multiplied with.
    pub direction: &'o [T],
    /// Receives the product.
    pub product: &'o mut [T],
}

/// Which second derivative is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curvature {
    /// The exact one; at a knot, that of the case that holds there. It may be 0, and of a loss that is not convex it may be negative.
    Exact,
    /// What a step of Newton's divides by: a curvature that the spec declares for it, or else the exact one.
    Step,
}

/// Which number a call is to give, beside what it writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Want {
    /// None.
    Nothing,
    /// The [`Partial`] alone, whose divisor may be 0.
    Partial,
    /// The value and the [`Partial`]. A divisor of 0 is an error.
    #[default]
    Value,
}

impl<T: Stored> Default for Request<'_, T> {
    fn default() -> Self {
        Self {
            reduction: Reduction::None,
            upstream: Upstream::One,
            elements: None,
            gradients: [const { None }; MAX_INPUTS],
            curvature: None,
            product: None,
            params: [const { None }; MAX_PARAMS],
            want: Want::Value,
        }
    }
}

impl<'o, T: Stored> Request<'o, T> {
    /// The reduced value.
    #[must_use]
    pub fn value(reduction: Reduction<'o>) -> Self {
        Self { reduction, ..Self::default() }
    }

    /// The sum and the divisor, which may be 0.
    #[must_use]
    pub fn partial(reduction: Reduction<'o>) -> Self {
        Self { reduction, want: Want::Partial, ..Self::default() }
    }

    /// The values of `none`.
    #[must_use]
    pub fn elements(elements: &'o mut [T]) -> Self {
        Self { elements: Some(elements), want: Want::Nothing, ..Self::default() }
    }

    /// Gradients alone, of this reduction, with this gradient of what comes after. The caller adds the buffers.
    #[must_use]
    pub fn backward(reduction: Reduction<'o>, upstream: Upstream<'o, T, T::Compute>) -> Self {
        Self { reduction, upstream, want: Want::Nothing, ..Self::default() }
    }
}

/// A reduction that is not finished: the sum and what it will be divided by.
///
/// Partials of parts of a batch add up to that of the whole. Addition of floats is not associative: for one result, merge in the
/// order of the parts, from the left.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Partial {
    /// The sum of the values.
    pub sum: f64,
    /// What it is divided by; `None` for `none` and `sum`, which divide by nothing.
    pub divisor: Option<f64>,
}

impl Partial {
    /// This part followed by the next one.
    #[must_use]
    pub fn merge(self, next: Self) -> Self {
        let divisor = self.divisor.zip(next.divisor).map(|(own, next)| own + next);
        Self { sum: self.sum + next.sum, divisor }
    }

    /// The reduced value; `None` if the divisor is 0.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        match self.divisor {
            None => Some(self.sum),
            Some(divisor) => (divisor != 0.0).then(|| self.sum / divisor),
        }
    }
}

/// What comes out, beside what was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome<T> {
    /// The reduced value; `None` for the reduction `none`, or if it was not wanted.
    pub value: Option<T>,
    /// The sum and the divisor. Zero if the value was not wanted.
    pub partial: Partial,
    /// How many values `none` has.
    pub none_len: usize,
}

impl<T> Outcome<T> {
    /// The reduced value.
    ///
    /// # Errors
    /// If the reduction was `none`, which has many.
    pub fn reduced(self) -> Result<T, Error> {
        self.value.ok_or(Error::NotReduced)
    }
}

impl<T> From<f32> for Upstream<'_, T, f32> {
    fn from(upstream: f32) -> Self {
        Self::Scalar(upstream)
    }
}

impl<T> From<f64> for Upstream<'_, T, f64> {
    fn from(upstream: f64) -> Self {
        Self::Scalar(upstream)
    }
}

impl<'a, T: Stored> From<&'a [T]> for Upstream<'a, T, T::Compute> {
    fn from(upstream: &'a [T]) -> Self {
        Self::Each(upstream)
    }
}

impl<'a, T: Stored, const K: usize> From<&'a [T; K]> for Upstream<'a, T, T::Compute> {
    fn from(upstream: &'a [T; K]) -> Self {
        Self::Each(upstream)
    }
}

impl<'a, T: Stored> From<&'a Vec<T>> for Upstream<'a, T, T::Compute> {
    fn from(upstream: &'a Vec<T>) -> Self {
        Self::Each(upstream)
    }
}

impl<'a, T: Stored> Upstream<'a, T, T::Compute> {
    /// The same for a call of the compute type.
    pub(crate) fn compute(self) -> Upstream<'a, T::Compute> {
        match self {
            Self::One => Upstream::One,
            Self::Scalar(upstream) => Upstream::Scalar(upstream),
            Self::Each(each) => T::each(each),
            Self::Converted(each) => Upstream::Converted(each),
        }
    }
}

impl<T: Real> Upstream<'_, T> {
    /// That of the values from a place on.
    pub(crate) fn starting_at(&self, place: usize) -> Self {
        match *self {
            Self::One => Self::One,
            Self::Scalar(upstream) => Self::Scalar(upstream),
            Self::Each(each) => Self::Each(each.get(place..).unwrap_or(&[])),
            Self::Converted(each) => Self::Converted(each.starting_at(place)),
        }
    }

    /// How many numbers there are, if there is one for each value of `none`.
    pub(crate) fn count(&self) -> Option<usize> {
        match self {
            Self::One | Self::Scalar(_) => None,
            Self::Each(each) => Some(each.len()),
            Self::Converted(each) => Some(each.len()),
        }
    }

    /// The number, if it is one for all: one value has one upstream gradient, however it is handed in.
    pub(crate) fn alone(&self) -> Option<f64> {
        match self {
            Self::One => Some(1.0),
            Self::Scalar(upstream) => Some(upstream.to_f64()),
            Self::Each(each) => (each.len() == 1).then(|| each[0].to_f64()),
            Self::Converted(each) => (each.len() == 1).then(|| each.number(0)),
        }
    }

    /// What every value's gradient is multiplied by, divided by `divisor` before it is rounded.
    pub(crate) fn over(self, divisor: f64) -> Self {
        self.alone().map_or(self, |alone| Upstream::Scalar(T::from_f64(alone / divisor)))
    }
}
