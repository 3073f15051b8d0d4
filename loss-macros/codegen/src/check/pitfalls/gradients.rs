//! Gradients that are NaN where the loss is not.

use std::collections::{BTreeSet, HashMap};

use crate::elaborate::formula::formula_span;
use crate::equations::{Differentiated, differentiated};
use crate::evaluate::{Evaluator, Point};
use crate::expr::{AxisId, ExprId};
use crate::model::{Spec, Variant};
use crate::source::Span;

/// The gradients of a variant; none where the derivative has no form.
pub(super) struct Gradients(Option<Differentiated>);

impl Gradients {
    pub(super) fn new(spec: &Spec, variant: &Variant) -> Self {
        Self(differentiated(spec, variant, &[]))
    }

    /// The first input whose gradient is surely NaN at a point, and the place of what makes it so.
    pub(super) fn undefined<'s>(
        &self,
        spec: &'s Spec,
        point: &Point,
        places: &HashMap<ExprId, Span>,
    ) -> Option<(&'s str, Span)> {
        let Differentiated { graph, inputs, gradients, .. } = self.0.as_ref()?;
        let slopes = BTreeSet::new();
        inputs.iter().zip(gradients).find_map(|(input, &gradient)| {
            let is_per_row = graph.axes(gradient).iter().all(|axis| axis == AxisId::ROWS);
            (0..if is_per_row { 1 } else { point.extent }).find_map(|place| {
                let mut evaluator = Evaluator::new(graph, point, &slopes);
                let value = evaluator.at(gradient, place)?;
                let (id, _) = *evaluator.traps().first().filter(|_| value.number.is_nan())?;
                // What the formula does not hold is made of the whole of it.
                let place = places.get(&id).copied().unwrap_or_else(|| formula_span(&spec.loss));
                Some((spec.inputs[usize::from(input.0)].name.as_str(), place))
            })
        })
    }
}
