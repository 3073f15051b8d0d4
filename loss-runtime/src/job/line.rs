//! A checked call whose arrays are all of one shape and without gaps.

use crate::call::MAX_INPUTS;
use crate::lane::Isa;

/// The numbers of the usual call, by their places in it: in every array those of the same places, one after the other. It is all that a
/// kernel of single places has to know. A [`Job`](super::Job) describes any call, and takes longer to fill in than a few numbers to compute.
#[derive(Debug)]
pub struct Line<'a, 'o, T> {
    pub(crate) isa: Isa,
    pub(crate) accumulate_f64: bool,
    /// How many places there are: not 0.
    pub(crate) len: usize,
    /// The extent of the second axis; 1 if there is none.
    pub(crate) extent: usize,
    /// Every parameter, rounded to the compute type.
    pub(crate) params: &'a [f64],
    /// What is absent is empty.
    pub(crate) inputs: [&'a [T]; MAX_INPUTS],
    /// What every gradient is multiplied by.
    pub(crate) upstream: T,
    pub(crate) elements: Option<&'o mut [T]>,
    pub(crate) gradients: [Option<&'o mut [T]>; MAX_INPUTS],
}
