//! What a driver from outside this crate may ask of a call, and may change in it: an interpreter that takes the place of compiled
//! kernels, or one that makes a mistake on purpose so that an audit can be held against it.

use super::{Dropped, Geometry, Job, Outputs, Slot, Values};
use crate::call::Upstream;
use crate::lane::Isa;
use crate::registry::Element;
use crate::tensor::LabelSlice;

/// A place of the iteration space: outer, along the second axis, inner.
pub type Place = [usize; 3];

impl<'a, T: Element> Job<'a, T> {
    /// The extents of the iteration space: outer, second axis, inner. A row is a pair of an outer and an inner place.
    #[must_use]
    pub fn extents(&self) -> [usize; 3] {
        let Geometry { outer, extent, inner } = self.geometry;
        [outer, extent, inner]
    }

    /// Whether every place along the second axis has a value of its own.
    #[must_use]
    pub fn is_per_element(&self) -> bool {
        self.per_element
    }

    /// Whether the row of a place is left out.
    #[must_use]
    pub fn drops(&self, [outer, _, inner]: Place) -> bool {
        self.is_dropped(outer, inner)
    }

    /// Where in its slice an input's value for a place lies.
    #[must_use]
    pub fn offset(&self, input: usize, [outer, extent, inner]: Place) -> usize {
        self.inputs[input].offset(outer, extent, inner)
    }

    /// An input's value at an offset, as a number: labels as their place or sign, conditions as 1 and 0; 0 if it is absent.
    #[must_use]
    pub fn number(&self, input: usize, offset: usize) -> f64 {
        match self.inputs[input].values {
            // Not rounded to the compute type on the way: a label is a place.
            Values::Labels(values) => values.number(offset),
            Values::Native(_) | Values::InPlace | Values::Absent => self.inputs[input].number(offset).to_f64(),
        }
    }

    /// Whether an input lacks an axis that its declaration has, so that its gradient is a sum.
    #[must_use]
    pub fn is_broadcast(&self, input: usize) -> bool {
        self.inputs[input].broadcast
    }

    /// Every parameter, rounded to the compute type.
    #[must_use]
    pub fn params(&self) -> &[f64] {
        &self.params[..self.params_len]
    }

    /// What gradients are multiplied by.
    #[must_use]
    pub fn upstream(&self) -> Upstream<'a, T> {
        self.upstream
    }

    /// The instruction set.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// How many threads may work on it.
    #[must_use]
    pub fn threads(&self) -> Option<usize> {
        self.threads
    }

    /// The same call with other upstream gradients: one, or one for each value of `none`.
    #[must_use]
    pub fn with_upstream<'b>(&self, upstream: Upstream<'b, T>) -> Job<'b, T>
    where
        'a: 'b,
    {
        Job { upstream, ..self.clone() }
    }

    /// The same call with another value of a parameter. There must be such a parameter.
    #[must_use]
    pub fn with_param(&self, param: usize, value: f64) -> Self {
        let mut job = self.clone();
        job.params[param] = value;
        job
    }

    /// The same call with other labels for an input, laid out as the old ones are.
    #[must_use]
    pub fn with_labels<'b>(&self, input: usize, labels: LabelSlice<'b>) -> Job<'b, T>
    where
        'a: 'b,
    {
        let mut job: Job<'b, T> = self.clone();
        job.inputs[input].values = Values::Labels(labels);
        job
    }

    /// The same call, in which no row is left out.
    #[must_use]
    pub fn without_dropping(&self) -> Self {
        Job { dropped: None::<Dropped>, ..self.clone() }
    }
}

impl<T> Outputs<'_, T> {
    /// Where the values of `none` go, if they are wanted in the compute type.
    #[must_use]
    pub fn elements(&mut self) -> Option<&mut [T]> {
        self.elements.as_mut()?.native()
    }

    /// Where an input's gradient goes, or the [curvature](crate::kernel::CURVATURE), if it is wanted in the compute type.
    #[must_use]
    pub fn gradient(&mut self, input: usize) -> Option<&mut [T]> {
        self.gradients.get_mut(input)?.as_mut()?.native()
    }

    /// The same outputs, to be handed on.
    #[must_use]
    pub fn reborrow(&mut self) -> Outputs<'_, T> {
        Outputs {
            elements: self.elements.as_mut().map(Slot::reborrow),
            gradients: self.gradients.each_mut().map(|slot| slot.as_mut().map(Slot::reborrow)),
        }
    }
}

impl<'o, T> Outputs<'o, T> {
    /// Outputs of one's own, the gradients by input.
    #[must_use]
    pub fn new(elements: Option<&'o mut [T]>, gradients: [Option<&'o mut [T]>; crate::call::MAX_INPUTS]) -> Self {
        let mut outputs = Self { elements: elements.map(Slot::Native), ..Self::none() };
        for (slot, own) in outputs.gradients.iter_mut().zip(gradients) {
            *slot = own.map(Slot::Native);
        }
        outputs
    }
}
