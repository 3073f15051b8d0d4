//! Parameters that weigh a part of the loss, and have kernels of their own where they are 0.

use loss_codegen::plan::switching_params;
use loss_runtime::Element;

use crate::generators::{Batch, Extents, Random};
use crate::subject::{Effort, Subject};

use super::defaults::agree;
use super::sample::{Sample, each, has_second_axis};
use super::truth::variant_of;
use super::{Finding, Tally};

/// So little that nothing it weighs is seen beside the rest, and a normal number in every type.
const NEXT_TO_NOTHING: f64 = 1e-30;

/// The kernels without a part against those in which it weighs next to nothing.
pub(super) fn switched_off_is_weighed_by_nothing(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    if compiled.variants.iter().all(|variant| switching_params(&compiled.spec, variant).is_empty()) {
        return Finding::skipped("no parameter weighs a part of the loss");
    }
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(subject.loss.info()) {
        [(1, 3), (6, 1), (37, 17)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        [1, 17, 131].map(|rows| Extents::rows([rows])).into()
    };
    each::<f32>(
        subject,
        effort,
        "switched_off_is_weighed_by_nothing f32",
        &sizes,
        &mut tally,
        |sample, random, tally| {
            off(subject, sample, random, tally);
        },
    );
    each::<f64>(
        subject,
        effort,
        "switched_off_is_weighed_by_nothing f64",
        &sizes,
        &mut tally,
        |sample, random, tally| {
            off(subject, sample, random, tally);
        },
    );
    tally.finding()
}

fn off<T: Element>(subject: &Subject, sample: &Sample<'_, T>, _: &mut Random, tally: &mut Tally) {
    let Some(compiled) = subject.compiled() else { return };
    let variant = variant_of(compiled, sample.generator.setting());
    for param in variant.map(|variant| switching_params(&compiled.spec, variant)).unwrap_or_default() {
        let place = usize::from(param.0);
        let with = |value: f64| {
            let mut batch: Batch<T> = sample.batch.clone();
            batch.params[place] = value;
            sample.loss.param_in_domain(place, &batch.params).then_some(batch)
        };
        let (Some(off), Some(nearly)) = (with(0.0), with(NEXT_TO_NOTHING)) else { continue };
        agree(sample, &format!("{} = 0", sample.info.params[place].name), &nearly, &off, tally);
    }
}
