//! One batch from outside held against the oracle.

use loss_codegen::expr::Type;
use loss_codegen::model::{Spec, Variant};
use loss_codegen::rewrite::reachable;
use loss_runtime::Element;

use crate::checks::{Tally, sample::Sample, tolerance};
use crate::generators::{Batch, Extents, Generator};
use crate::oracle::Oracle;
use crate::oracle::data::Data;
use crate::oracle::real::Real;
use crate::oracle::ulp::Format;
use crate::subject::{Effort, Subject};

use super::{Early, Held, Limits, Seen, Wanted, data_of, find, variant_of};
use crate::checks::probe::Probe;

/// A batch, and how it was made.
pub(crate) struct OneBatch<'a, T> {
    pub(crate) generator: &'a Generator,
    pub(crate) extents: &'a Extents,
    pub(crate) batch: Batch<T>,
}

/// The values of `none` and every gradient, for one upstream gradient at all places. A batch that the loss refuses shows nothing, nor does
/// a result that is lost because a step of the formula is too large for the type. A batch with an error shows nothing if a step of it
/// falls below the normal numbers: what is lost there, no later step brings back.
pub(crate) fn hold_against_oracle<T: Element + Format>(subject: &Subject, one: OneBatch<'_, T>, upstream: T) -> Tally {
    let mut tally = Tally::new(subject, &Effort::default());
    let OneBatch { generator, extents, batch } = one;
    let sample = Sample { loss: subject.loss, info: subject.loss.info(), generator, extents, batch };
    let (Some(compiled), Ok(found)) = (subject.compiled(), find(sample.loss, &sample.batch, Probe::default())) else {
        return tally;
    };
    let Some(variant) = variant_of(compiled, generator.setting()) else { return tally };
    let limits = Limits { early: Early::Counts, ..Limits::same(tolerance::ORACLE_ULPS) };
    let mut seen = Seen::default();
    for wanted in [Wanted::Values, Wanted::Gradients] {
        let upstream = vec![upstream; found.elements.len()];
        let mut held =
            Held { sample: &sample, compiled, variant, wanted, limits: &limits, seen: &mut seen, tally: &mut tally };
        held.hold("none", &upstream);
    }
    let data = data_of(&compiled.spec, sample.info, &sample.batch, sample.extents);
    if tally.failed() > 0 && falls_below_normal::<T>(&compiled.spec, variant, &data) { tally.fresh() } else { tally }
}

/// Whether a step of the formula, or its derivative, is too small for the type's normal numbers.
fn falls_below_normal<T: Element>(spec: &Spec, variant: &Variant, data: &Data) -> bool {
    let Ok(oracle) = Oracle::new(spec, variant, data) else { return false };
    let is_below = |number: &Real| !number.is_zero() && number.to_f64().abs() < T::MIN_POSITIVE.to_f64();
    let steps = reachable(&variant.graph, [variant.loss]).into_iter();
    let steps =
        steps.filter(|&id| variant.graph.ty(id) == Type::Real && variant.graph.expr(id).operands().next().is_some());
    let places = data.extents.iter().fold(vec![Vec::new()], |places, &extent| {
        places.iter().flat_map(|place: &Vec<usize>| (0..extent).map(|at| [place.as_slice(), &[at]].concat())).collect()
    });
    // A step that a branch leaves out may have no value.
    let outcomes =
        steps.flat_map(|id| places.iter().filter_map(|place| oracle.expression(id, place).ok()).collect::<Vec<_>>());
    outcomes.into_iter().any(|outcome| is_below(&outcome.value) || outcome.gradient.values().any(is_below))
}
