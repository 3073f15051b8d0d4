//! Partials: the sums and divisors of parts of a batch.

use loss_runtime::info::Divisor;
use loss_runtime::{Element, Error, Partial, Reduction, Request, run};

use crate::generators::{Batch, Extents, Random};
use crate::subject::{Effort, Subject};

use super::geometry::refused;
use super::probe::same;
use super::sample::{Sample, each, has_second_axis};
use super::{Finding, Tally, tolerance};

/// Batches cut into parts of every size, empty ones among them.
pub(super) fn partials_merge_to_the_whole(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(subject.loss.info()) {
        [(1, 3), (5, 4), (37, 17), (130, 3)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        [1, 2, 17, 64, 131, 300].map(|rows| Extents::rows([rows])).into()
    };
    each::<f32>(subject, effort, "partials_merge_to_the_whole f32", &sizes, &mut tally, parts);
    each::<f64>(subject, effort, "partials_merge_to_the_whole f64", &sizes, &mut tally, parts);
    tally.finding()
}

fn parts<T: Element>(sample: &Sample<'_, T>, random: &mut Random, tally: &mut Tally) {
    let rows = sample.extents.row_count();
    let cuts = |random: &mut Random, count: usize| {
        let mut cuts: Vec<usize> = (0..count).map(|_| random.below(rows + 1)).collect();
        cuts.extend([0, rows]);
        cuts.sort_unstable();
        cuts
    };
    // Halves, a few parts, and every row by itself.
    let splits = [cuts(random, 1), cuts(random, 4), (0..=rows).collect()];
    let named =
        sample.info.reductions.iter().map(|reduction| (Reduction::Named(reduction.name), Some(reduction.divisor)));
    for (reduction, divisor) in [(Reduction::Sum, None)].into_iter().chain(named) {
        let looked = size(sample, reduction).and_then(|size| {
            splits.iter().try_for_each(|split| merged(sample, reduction, divisor, (split, size), tally))
        });
        if let Err(refusal) = looked {
            return refused(sample, &refusal, tally);
        }
    }
}

fn merged<T: Element>(
    sample: &Sample<'_, T>,
    reduction: Reduction<'_>,
    divisor: Option<Divisor>,
    (cuts, size): (&[usize], f64),
    tally: &mut Tally,
) -> Result<(), Error> {
    let whole = partial(sample, &sample.batch, reduction)?;
    let mut merged: Option<Partial> = None;
    for ends in cuts.windows(2) {
        let rows: Vec<usize> = (ends[0]..ends[1]).collect();
        let part = partial(sample, &sample.batch.rows(sample.info, sample.extents, &rows), reduction)?;
        merged = Some(merged.map_or(part, |before| before.merge(part)));
    }
    let merged = merged.unwrap_or_default();
    // Both are as near to the exact sum.
    let sums = near(whole.sum, merged.sum, 2.0 * tolerance::sum::<T>() * size);
    let divisors = match (divisor, whole.divisor, merged.divisor) {
        (None, None, None) => true,
        (Some(Divisor::Elements | Divisor::Samples), Some(whole), Some(merged)) => whole == merged,
        (Some(Divisor::Sum), Some(whole), Some(merged)) => {
            near(whole, merged, 2.0 * tolerance::sum::<T>() * whole.abs())
        }
        (None | Some(_), _, _) => false,
    };
    if sums && divisors {
        // A part is a point.
        tally.pass(cuts.len() as u64);
    } else {
        tally.fail(&format!("{reduction:?}, cut at {cuts:?}; {}", sample.describe()), || {
            (format!("{whole:?} of the whole"), format!("{merged:?} of the parts"))
        });
    }
    Ok(())
}

/// The partial of a batch.
pub(super) fn partial<T: Element>(
    sample: &Sample<'_, T>,
    batch: &Batch<T>,
    reduction: Reduction<'_>,
) -> Result<Partial, Error> {
    run(sample.loss, &batch.call(), Request::partial(reduction)).map(|outcome| outcome.partial)
}

/// The sizes of what a sum adds, row by row: whatever the reduction adds.
pub(super) fn size<T: Element>(sample: &Sample<'_, T>, reduction: Reduction<'_>) -> Result<f64, Error> {
    let rows = 0..sample.extents.row_count();
    let alone = rows.map(|row| partial(sample, &sample.batch.rows(sample.info, sample.extents, &[row]), reduction));
    // A row's own places may cancel, but no further than each is large.
    let elements = super::probe::find(sample.loss, &sample.batch, super::probe::Probe::default())?.elements;
    let places: f64 = elements.iter().map(|element| element.to_f64().abs()).sum();
    Ok(alone.collect::<Result<Vec<Partial>, Error>>()?.iter().map(|partial| partial.sum.abs()).sum::<f64>().max(places))
}

/// Whether two sums are the same but for the order of their additions.
pub(super) fn near(a: f64, b: f64, apart: f64) -> bool {
    same(a, b) || (!a.is_nan() && tolerance::within(a, b, apart + f64::MIN_POSITIVE))
}
