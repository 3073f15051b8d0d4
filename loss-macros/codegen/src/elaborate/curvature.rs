//! The curvatures that a spec gives formulas for, in a variant.

use super::reach::boolean;
use super::{Library, elaborate_in};
use crate::diagnostic::Diagnostics;
use crate::document::{CurvatureTerm, Formula};
use crate::model::{DeclaredCurvature, Spec, Variant};

/// Types in a variant what the spec declares of its second derivative: every entry that is exact and gives a value, and the one that
/// `step` names.
///
/// # Errors
/// What has no meaning in this variant.
pub(crate) fn declare(spec: &Spec, variant: &mut Variant, library: &Library) -> Result<(), Diagnostics> {
    let Some(curvature) = &spec.curvature else { return Ok(()) };
    let is_exact = |term: &CurvatureTerm| term.claim.value == "exact";
    for (_, term) in curvature.terms.iter().filter(|(_, term)| is_exact(term)) {
        let declared = declared(term, spec, variant, library)?;
        variant.exact.extend(declared);
    }
    let step =
        curvature.step.as_ref().and_then(|step| curvature.terms.iter().find(|(name, _)| name.value == step.value));
    if let Some((_, term)) = step.filter(|(_, term)| !is_exact(term)) {
        variant.step = declared(term, spec, variant, library)?;
    }
    Ok(())
}

/// An entry's formula; none if it has none, or says nothing of this variant.
fn declared(
    term: &CurvatureTerm,
    spec: &Spec,
    variant: &mut Variant,
    library: &Library,
) -> Result<Option<DeclaredCurvature>, Diagnostics> {
    let Some(value) = &term.value else { return Ok(None) };
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
    Ok(Some(DeclaredCurvature { when, value }))
}
