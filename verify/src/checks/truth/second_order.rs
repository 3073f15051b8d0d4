//! What the checks of curvatures and of Hessian-vector products against the oracle share.

use loss_codegen::expr::InputId;
use loss_codegen::model::Spec;
use loss_runtime::Element;

use crate::generators::Random;
use crate::oracle::call::CallOutcome;
use crate::oracle::real::Real;
use crate::subject::{Effort, Subject};

use super::{Finding, SHARE, Seen, Tally};

/// A finding made by `measure` with a share of the effort, which says in words how far the worst result of each type is from the truth.
pub(super) fn measured(
    subject: &Subject,
    effort: &Effort,
    measure: impl FnOnce(&Effort, &mut Tally) -> [String; 2],
) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let worst = measure(&Effort { points: effort.points.div_ceil(SHARE), ..*effort }, &mut tally);
    let mut finding = tally.finding();
    let comma = if finding.detail.is_empty() { "" } else { "; " };
    finding.detail.push_str(&format!("{comma}{}", worst.join("; ")));
    finding
}

/// The worst of what was seen of a type, in words.
pub(super) fn worst<T: Element>(seen: Seen) -> String {
    let worst = seen.accuracy(T::NAME).into_iter().map(|accuracy| accuracy.max_ulp.0).fold(0.0, f64::max);
    format!("at most {worst:.2} ULP in {}", T::NAME)
}

/// Upstream gradients for so many places, none of them 1.
pub(super) fn upstream<T: Element>(places: usize, random: &mut Random) -> Vec<T> {
    (0..places).map(|_| T::from_f64(if random.chance(0.5) { 0.37 } else { -2.0 })).collect()
}

/// The truth about second derivatives, in the place of their input's gradient; what is not known is NaN.
pub(super) fn in_place_of_gradient(spec: &Spec, of: InputId, truth: &[Option<Real>]) -> CallOutcome {
    let mut gradients = vec![None; spec.inputs.len()];
    gradients[usize::from(of.0)] = Some(truth.iter().map(|number| number.clone().unwrap_or(Real::Nan)).collect());
    CallOutcome { values: Vec::new(), gradients, params: Vec::new() }
}
