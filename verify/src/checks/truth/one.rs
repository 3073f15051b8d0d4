//! One batch from outside held against the oracle.

use loss_runtime::Element;

use crate::checks::{Tally, sample::Sample, tolerance};
use crate::generators::{Batch, Extents, Generator};
use crate::oracle::ulp::Format;
use crate::subject::{Effort, Subject};

use super::{Early, Held, Limits, Seen, Wanted, find, variant_of};
use crate::checks::probe::Probe;

/// A batch, and how it was made.
pub(crate) struct OneBatch<'a, T> {
    pub(crate) generator: &'a Generator,
    pub(crate) extents: &'a Extents,
    pub(crate) batch: Batch<T>,
}

/// The values of `none` and every gradient, for one upstream gradient at all places. A batch that the loss refuses shows nothing, nor does
/// a result that is lost because a step of the formula is too large for the type. What a step loses below the normal numbers is a part
/// of the condition.
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
    tally
}
