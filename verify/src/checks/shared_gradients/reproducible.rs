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

use super::{Number, Way, find, has_any, least, merged, name, shared};

/// Batches long enough for several threads, and their halves.
pub(in crate::checks) fn shared_gradients_are_reproducible(subject: &Subject, effort: &Effort) -> Finding {
    let info = subject.loss.info();
    if !has_any(info) {
        return Finding::skipped("nothing that all rows share has a gradient");
    }
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(info) {
        let rows = [Extents::rows([5]), Extents::rows([16_000]), Extents::rows([3]), Extents::rows([7, 60])];
        rows.into_iter().zip([3, 17, 2_000, 17]).map(|(rows, extent)| rows.with_extent(extent)).collect()
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
        for (at, &number) in all.iter().enumerate() {
            let (a, b) = (expected.gradients[at], found.gradients[at]);
            if same(a, b) {
                tally.pass(1);
            } else {
                let what = format!(
                    "gradient in {}, {isa:?}, {threads:?} threads; {}",
                    name(sample.info, number),
                    sample.describe()
                );
                tally.fail(&what, || (format!("{a:e}"), format!("{b:e}")));
            }
        }
    }
    parts(sample, &all, random, tally);
}

/// Partial gradients of two parts against those of the whole.
fn parts<T: Element>(sample: &Sample<'_, T>, all: &[Number], random: &mut Random, tally: &mut Tally) {
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
        let sizes = sizes(sample, all, way);
        for (at, &number) in all.iter().enumerate() {
            // The terms' sizes are not known here: rows one by one are their sum, in the same signs or not.
            let size: f64 = sizes[at].max(whole.1[at].abs());
            let least = tolerance::ORACLE_ULPS * least::<T>(&sample.batch);
            if tolerance::within(whole.1[at], gradients[at], 2.0 * tolerance::sum::<T>() * size + least) {
                tally.pass(1);
            } else {
                let what = format!(
                    "gradient in {}, {reduction:?}, cut at {cut}; {}",
                    name(sample.info, number),
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
            for (at, &number) in all.iter().enumerate() {
                let expected = whole.1[at] / value;
                let slack = expected.abs() * 4.0 * T::EPSILON.to_f64() + least::<T>(&sample.batch);
                let is_close = tolerance::within(divided.gradients[at], expected, slack);
                if is_close {
                    tally.pass(1);
                } else {
                    let what =
                        format!("gradient in {}, {reduction:?}; {}", name(sample.info, number), sample.describe());
                    tally.fail(&what, || (format!("{expected:e}"), format!("{:e}", divided.gradients[at])));
                }
            }
        }
    }
}

/// The sizes of the rows' contributions, added up.
fn sizes<T: Element>(sample: &Sample<'_, T>, all: &[Number], way: Way<'_, T>) -> Vec<f64> {
    let rows = sample.extents.row_count();
    // Enough rows to know their size, and as if the rest were as large as the largest of them.
    let looked = rows.min(64);
    let (mut sums, mut largest) = (vec![0.0; all.len()], vec![0.0_f64; all.len()]);
    for row in 0..looked {
        let batch = sample.batch.rows(sample.info, sample.extents, &[row * rows / looked]);
        let Ok(found) = find(sample, &batch, all, way) else { continue };
        for (at, gradient) in found.gradients.iter().enumerate() {
            sums[at] += gradient.abs();
            largest[at] = largest[at].max(gradient.abs());
        }
    }
    if looked == rows { sums } else { largest.into_iter().map(|largest| rows as f64 * largest).collect() }
}
