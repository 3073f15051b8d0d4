//! The batches that a check looks at.

use loss_runtime::info::LossInfo;
use loss_runtime::{Element, Loss};

use crate::generators::{Batch, Extents, Generator, Random, settings};
use crate::subject::{Effort, Subject};

use super::Tally;

/// One batch, and where it comes from.
pub(super) struct Sample<'a, T> {
    pub(super) loss: &'static dyn Loss,
    pub(super) info: &'static LossInfo,
    pub(super) generator: &'a Generator,
    pub(super) extents: &'a Extents,
    pub(super) batch: Batch<T>,
}

impl<T: Element> Sample<'_, T> {
    /// Which batch this is, in words.
    pub(super) fn describe(&self) -> String {
        let setting = self.generator.setting().describe(self.loss);
        let comma = if setting.is_empty() { "" } else { ", " };
        format!("{}, rows {:?}, extent {}{comma}{setting}", T::NAME, self.extents.rows, self.extents.extent)
    }
}

/// Whether a loss has an axis beside the rows.
pub(super) fn has_second_axis(info: &LossInfo) -> bool {
    info.axes.len() > 1
}

/// Looks at a batch of each size, under each setting in turn, and goes round again until there are points enough.
pub(super) fn each<T: Element>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    sizes: &[Extents],
    tally: &mut Tally,
    look: impl FnMut(&Sample<'_, T>, &mut Random, &mut Tally),
) {
    /// More rounds than this show nothing new of a loss that has few points a round.
    const ROUNDS: usize = 50;
    let generators = generators(subject, tally);
    let once = sizes.len().max(generators.len());
    turns(subject, effort, check, (sizes, &generators), once..once * ROUNDS, tally, look);
}

/// Looks at one batch of each size, under one setting after the other: for batches so large that each takes its time.
pub(super) fn each_once<T: Element>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    sizes: &[Extents],
    tally: &mut Tally,
    look: impl FnMut(&Sample<'_, T>, &mut Random, &mut Tally),
) {
    let generators = generators(subject, tally);
    turns(subject, effort, check, (sizes, &generators), sizes.len()..sizes.len(), tally, look);
}

/// At least as many batches as the range starts with; more, but not beyond its end, until there are points enough.
fn turns<T: Element>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    (sizes, generators): (&[Extents], &[Generator]),
    range: std::ops::Range<usize>,
    tally: &mut Tally,
    mut look: impl FnMut(&Sample<'_, T>, &mut Random, &mut Tally),
) {
    if generators.is_empty() || sizes.is_empty() {
        return;
    }
    let mut random = Random::named(effort.seed, check);
    let enough = tally.points() + effort.points;
    for turn in 0..range.end {
        if turn >= range.start && tally.points() >= enough {
            break;
        }
        // Another setting for the same size in each round.
        let generator = &generators[(turn + turn / sizes.len()) % generators.len()];
        let extents = &sizes[turn % sizes.len()];
        let batch = generator.batch(extents, &mut random);
        let sample = Sample { loss: subject.loss, info: subject.loss.info(), generator, extents, batch };
        look(&sample, &mut random, tally);
    }
}

/// A generator for each setting. That one cannot be made is a failure.
pub(super) fn generators(subject: &Subject, tally: &mut Tally) -> Vec<Generator> {
    let mut generators = Vec::new();
    for setting in settings(subject.loss) {
        let words = setting.describe(subject.loss);
        match Generator::new(subject.loss, setting) {
            Ok(generator) => generators.push(generator),
            Err(refusal) => tally.fail(&format!("a batch with {words}"), || {
                ("values that labels and conditions admit".to_owned(), refusal.to_string())
            }),
        }
    }
    generators
}
