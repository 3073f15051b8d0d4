//! Different ways through the code, the same bits.

use loss_runtime::lane::Isa;
use loss_runtime::{Element, Reduction, Request, Upstream, run};

use crate::audit::Bitwise;
use crate::generators::Random;
use crate::subject::{Effort, Subject};

use super::geometry::{refused, sizes, upstream_each};
use super::probe::{Probe, compare, find, first_difference, poison, same, show};
use super::sample::{Sample, each, each_once};
use super::ways::{THREADS, long_batches, with_threads};
use super::{Finding, Tally};

/// Values with and without gradients.
pub(super) fn forward_equals_fused(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let sizes = sizes(subject);
    each::<f32>(subject, effort, "forward_equals_fused f32", &sizes, &mut tally, forward_alone);
    each::<f64>(subject, effort, "forward_equals_fused f64", &sizes, &mut tally, forward_alone);
    tally.finding()
}

fn forward_alone<T: Element>(sample: &Sample<'_, T>, _: &mut Random, tally: &mut Tally) {
    let fused = match find(sample.loss, &sample.batch, Probe::default()) {
        Ok(fused) => fused,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    let mut elements = vec![poison::<T>(); fused.elements.len()];
    let request = Request { reduction: Reduction::None, elements: Some(&mut elements), ..Request::default() };
    match run(sample.loss, &sample.batch.call(), request) {
        Ok(_) => {}
        Err(refusal) => return refused(sample, &refusal, tally),
    }
    match first_difference(&elements, &fused.elements) {
        None => tally.pass(elements.len() as u64),
        Some(place) => tally.fail(&format!("value {place} of none; {}", sample.describe()), || {
            (format!("{} forward", show(elements[place])), format!("{} fused", show(fused.elements[place])))
        }),
    }
    let sum = |request| run(sample.loss, &sample.batch.call(), request).map(|outcome| outcome.partial.sum);
    let forward = sum(Request { reduction: Reduction::Sum, ..Request::default() });
    let fused = find(sample.loss, &sample.batch, Probe { reduction: Reduction::Sum, ..Probe::default() });
    match (forward, fused) {
        (Ok(forward), Ok(fused)) if same(forward, fused.outcome.partial.sum) => tally.pass(1),
        (Ok(forward), Ok(fused)) => tally.fail(&format!("sum; {}", sample.describe()), || {
            (format!("{} forward", show(forward)), format!("{} fused", show(fused.outcome.partial.sum)))
        }),
        (Err(refusal), _) | (_, Err(refusal)) => refused(sample, &refusal, tally),
    }
}

/// Every instruction set of this machine.
pub(super) fn isas_agree(subject: &Subject, effort: &Effort) -> Finding {
    let isas: Vec<String> = Isa::available().map(|isa| isa.name().to_owned()).collect();
    if let [only] = &isas[..] {
        return Finding::skipped(&format!("nothing to compare: this machine and this build have {only} alone"));
    }
    let mut tally = Tally::new(subject, effort);
    let sizes = sizes(subject);
    each::<f32>(subject, effort, "isas_agree f32", &sizes, &mut tally, other_isas);
    each::<f64>(subject, effort, "isas_agree f64", &sizes, &mut tally, other_isas);
    let compared = tally.points();
    let mut finding = tally.finding();
    finding.detail = if finding.detail.is_empty() { isas.join(", ") } else { finding.detail };
    finding.evidence.bitwise = Some(Bitwise { isas, compared, ..Bitwise::default() });
    finding
}

fn other_isas<T: Element>(sample: &Sample<'_, T>, random: &mut Random, tally: &mut Tally) {
    let way = |isa: Isa| Way { name: isa.name().to_owned(), isa: Some(isa), threads: Some(1) };
    let best = Isa::detect();
    let others: Vec<Way> = Isa::available().filter(|&isa| isa != best).map(way).collect();
    in_other_ways(sample, random, tally, &way(best), &others);
}

/// One, two, three and seven threads.
pub(super) fn threads_agree(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let sizes = long_batches(subject);
    let skipped = with_threads(|| {
        each_once::<f32>(subject, effort, "threads_agree f32", &sizes, &mut tally, other_threads);
        each_once::<f64>(subject, effort, "threads_agree f64", &sizes, &mut tally, other_threads);
    });
    if let Some(skipped) = skipped {
        return skipped;
    }
    let compared = tally.points();
    let mut finding = tally.finding();
    finding.evidence.bitwise = Some(Bitwise { threads: THREADS.to_vec(), compared, ..Bitwise::default() });
    finding
}

fn other_threads<T: Element>(sample: &Sample<'_, T>, random: &mut Random, tally: &mut Tally) {
    let way = |threads: usize| Way { name: format!("{threads} threads"), isa: None, threads: Some(threads) };
    let others: Vec<Way> = THREADS.into_iter().filter(|&threads| threads > 1).map(way).collect();
    in_other_ways(sample, random, tally, &way(1), &others);
}

/// A way of running a batch that must not change the result.
struct Way {
    name: String,
    isa: Option<Isa>,
    threads: Option<usize>,
}

/// Compares one way of running a batch with others, for the values one by one and for their sum.
fn in_other_ways<T: Element>(
    sample: &Sample<'_, T>,
    random: &mut Random,
    tally: &mut Tally,
    reference: &Way,
    others: &[Way],
) {
    let upstream = match upstream_each(sample, random) {
        Ok(upstream) => upstream,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    let asked =
        [(Reduction::None, Upstream::Each(upstream.as_slice())), (Reduction::Sum, Upstream::Scalar(T::from_f64(0.37)))];
    for (reduction, upstream) in asked {
        let run = |way: &Way| {
            let probe = Probe { reduction, upstream, isa: way.isa, threads: way.threads };
            find(sample.loss, &sample.batch, probe)
        };
        let expected = match run(reference) {
            Ok(expected) => expected,
            Err(refusal) => return refused(sample, &refusal, tally),
        };
        for way in others {
            match run(way) {
                Ok(actual) => {
                    compare(sample.loss, &expected, &actual, &format!("{}; {}", way.name, sample.describe()), tally);
                }
                Err(refusal) => refused(sample, &refusal, tally),
            }
        }
    }
}
