//! The declared curvature that a step of Newton's divides by, in a variant.

use super::reach::boolean;
use super::{Library, elaborate_in};
use crate::diagnostic::Diagnostics;
use crate::document::Formula;
use crate::model::{Spec, StepCurvature, Variant};

/// The entry of `curvature` that `step` names, typed in a variant; `None` if it is the second derivative, which needs no formula, or
/// says nothing of this variant.
///
/// # Errors
/// What has no meaning in this variant.
pub(crate) fn step_curvature(
    spec: &Spec,
    variant: &mut Variant,
    library: &Library,
) -> Result<Option<StepCurvature>, Diagnostics> {
    let Some(curvature) = &spec.curvature else { return Ok(None) };
    let Some(step) = &curvature.step else { return Ok(None) };
    let named = curvature.terms.iter().find(|(name, _)| name.value == step.value);
    let Some((term, value)) = named.and_then(|(_, term)| Some((term, term.value.as_ref()?))) else { return Ok(None) };
    if term.claim.value == "exact" {
        return Ok(None);
    }
    let mut when = None;
    if let Some(condition) = &term.when {
        let id = elaborate_in(spec, variant, library, &Formula::Scalar(condition.clone()), &[])?;
        match boolean(&variant.graph, id) {
            Some(false) => return Ok(None),
            Some(true) => {}
            None => when = Some(id),
        }
    }
    let value = elaborate_in(spec, variant, library, value, &[])?;
    Ok(Some(StepCurvature { when, value }))
}
