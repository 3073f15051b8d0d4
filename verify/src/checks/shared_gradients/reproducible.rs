//! The same bits however a call runs, and sums of parts that add up.

use loss_runtime::call::Want;
use loss_runtime::lane::Isa;
use loss_runtime::{Element, Execution, Reduction, Upstream};

use crate::checks::geometry::refused;
use crate::checks::probe::same;
use crate::checks::sample::{Sample, each, has_second_axis};
use crate::checks::{Finding, Tally, tolerance};
use crate::generators::{Extents, Random};
use crate::subject::{Effort, Subject};

use super::{Way, find, has_any, merged, name, shared};

/// Batches long enough for several threads, and their halves.
pub(in crate::checks) fn shared_gradients_are_reproducible(subject: &Subject, effort: &Effort) -> Finding {
    let info = subject.loss.info();
    if !has_any(info) {
        return Finding::skipped("nothing that all rows share has a gradient");
    }
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(info) {
        [(5, 3), (700, 17), (3, 2_000)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        [1, 131, 9_001, 40_000].map(|rows| Extents::rows([rows])).into()
    };
    each::<f32>(subject, effort, "shared_gradients_are_reproducible f32", &sizes, &mut tally, look);
    each::<f64>(subject, effort, "shared_gradients_are_reproducible f64", &sizes, &mut tally, look);
    tally.finding()
}

fn look<T: Element>(sample: &Sample<'_, T>, random: &mut Random, tally: &mut Tally) {
    let all = shared(sample.info, &sample.batch);
    let plain = Way::plain(Reduction::Sum, Upstream::Scalar(T::from_f64(-0.75)));
    let expected = match find(sample, &sample.batch, &all, plain) {
        Ok(expected) => expected,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    let isas = Isa::available().map(|isa| (Some(isa), Some(1)));
    let threads = [2, 3, 7].map(|threads| (None, Some(threads)));
    for (isa, threads) in isas.chain(threads) {
        let way = Way { execution: Execution { isa, threads }, ..plain };
        let found = match find(sample, &sample.batch, &all, way) {
            Ok(found) => found,
            Err(refusal) => return refused(sample, &refusal, tally),
        };
        for (at, &of) in all.iter().enumerate() {
            let (a, b) = (expected.gradients[at], found.gradients[at]);
            if same(a, b) {
                tally.pass(1);
            } else {
                let what = format!(
                    "gradient in {}, {isa:?}, {threads:?} threads; {}",
                    name(sample.info, of),
                    sample.describe()
                );
                tally.fail(&what, || (format!("{a:e}"), format!("{b:e}")));
            }
        }
    }
    parts(sample, &all, random, tally);
}

/// Partial gradients of two parts against those of the whole.
fn parts<T: Element>(
    sample: &Sample<'_, T>,
    all: &[loss_runtime::registry::Shared],
    random: &mut Random,
    tally: &mut Tally,
) {
    let rows = sample.extents.row_count();
    let cut = random.below(rows + 1);
    let named = sample.info.reductions.iter().map(|reduction| Reduction::Named(reduction.name));
    for reduction in [Reduction::Sum].into_iter().chain(named) {
        let way = Way { want: Want::Partial, ..Way::plain(reduction, Upstream::One) };
        let run = |rows: std::ops::Range<usize>| {
            let batch = sample.batch.rows(sample.info, sample.extents, &rows.collect::<Vec<_>>());
            find(sample, &batch, all, way).map(|found| (found.outcome.partial, found.gradients))
        };
        let (whole, halves) = match (run(0..rows), run(0..cut), run(cut..rows)) {
            (Ok(whole), Ok(first), Ok(second)) => (whole, [first, second]),
            (Err(refusal), ..) | (_, Err(refusal), _) | (.., Err(refusal)) => return refused(sample, &refusal, tally),
        };
        let (_, gradients) = merged(&halves);
        for (at, &of) in all.iter().enumerate() {
            // The terms' sizes are not known here: rows one by one are their sum, in the same signs or not.
            let size: f64 = sizes(sample, all, at, way).max(whole.1[at].abs());
            if tolerance::within(whole.1[at], gradients[at], 2.0 * tolerance::sum::<T>() * size + f64::MIN_POSITIVE) {
                tally.pass(1);
            } else {
                let what = format!(
                    "gradient in {}, {reduction:?}, cut at {cut}; {}",
                    name(sample.info, of),
                    sample.describe()
                );
                tally.fail(&what, || {
                    (format!("{:e} of the whole", whole.1[at]), format!("{:e} of the parts", gradients[at]))
                });
            }
        }
        // The value and its gradient have one divisor.
        if let Some(value) = whole.0.divisor.filter(|divisor| *divisor != 0.0) {
            let divided = find(sample, &sample.batch, all, Way { want: Want::Value, ..way });
            let Ok(divided) = divided else { continue };
            for (at, &of) in all.iter().enumerate() {
                let expected = whole.1[at] / value;
                let is_close =
                    tolerance::within(divided.gradients[at], expected, expected.abs() * 4.0 * T::EPSILON.to_f64());
                if is_close {
                    tally.pass(1);
                } else {
                    let what = format!("gradient in {}, {reduction:?}; {}", name(sample.info, of), sample.describe());
                    tally.fail(&what, || (format!("{expected:e}"), format!("{:e}", divided.gradients[at])));
                }
            }
        }
    }
}

/// The sizes of the rows' contributions, added up.
fn sizes<T: Element>(
    sample: &Sample<'_, T>,
    all: &[loss_runtime::registry::Shared],
    at: usize,
    way: Way<'_, T>,
) -> f64 {
    let rows = sample.extents.row_count();
    // Enough rows to know their size, and as if the rest were as large as the largest of them.
    let looked = rows.min(64);
    let each = (0..looked).filter_map(|row| {
        let batch = sample.batch.rows(sample.info, sample.extents, &[row * rows / looked]);
        find(sample, &batch, &all[at..=at], way).ok().map(|found| found.gradients[0].abs())
    });
    let each: Vec<f64> = each.collect();
    if looked == rows { each.iter().sum() } else { rows as f64 * each.iter().copied().fold(0.0, f64::max) }
}
