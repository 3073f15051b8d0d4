//! The batches that a check looks at.

use loss_runtime::info::LossInfo;
use loss_runtime::{Element, Loss};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::audit::FailedInput;
use crate::generators::{
    Batch, BatchTree, Batches, Extents, Generator, Random, Refine, distinct, settings, settings_named,
};
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

    /// How many numbers it holds.
    pub(super) fn size(&self) -> usize {
        self.batch.inputs.iter().flatten().map(|column| column.values.len()).sum()
    }

    /// Says of failures at which numbers they are, where these are few.
    pub(super) fn show_in(&self, tally: &mut Tally) {
        const FEW: usize = 12;
        if tally.failed() > 0 && self.size() <= FEW {
            tally.show(|| failed_inputs(self.info, &self.batch));
        }
    }
}

/// The numbers of a batch, and the parameters that are given.
pub(super) fn failed_inputs<T: Element>(info: &LossInfo, batch: &Batch<T>) -> Vec<FailedInput> {
    let mut entries = Vec::new();
    for (input, column) in info.inputs.iter().zip(&batch.inputs) {
        let Some(column) = column else { continue };
        let places = 0..column.values.len();
        entries.extend(
            places.map(|place| FailedInput::new(format!("{}[{place}]", input.name), column.values.number(place))),
        );
    }
    let given = info.params.iter().zip(&batch.params).filter(|(_, value)| !value.is_nan());
    entries.extend(given.map(|(param, value)| FailedInput::new(param.name.to_owned(), *value)));
    entries
}

/// Whether a loss has an axis beside the rows.
pub(super) fn has_second_axis(info: &LossInfo) -> bool {
    info.axes.len() > 1
}

/// What a check does with a batch.
pub(super) trait Look<T>: FnMut(&Sample<'_, T>, &mut Random, &mut Tally) {}

impl<T, F: FnMut(&Sample<'_, T>, &mut Random, &mut Tally)> Look<T> for F {}

/// More rounds than this show nothing new of a loss that has few points a round.
const ROUNDS: usize = 50;

/// Looks at a batch of each size, under each setting in turn, and goes round again until there are points enough.
pub(super) fn each<T: Element>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    sizes: &[Extents],
    tally: &mut Tally,
    look: impl Look<T>,
) {
    let generators = generators(subject, tally);
    let once = sizes.len().max(generators.len());
    let turns = Turns { subject, effort, check, sizes, generators, refine: |_, batch, _| batch };
    turns.take(once..once * ROUNDS, tally, look);
}

/// Looks at a batch of each size, under each setting in turn, as [`each`] does; the check has made something of each batch.
pub(super) fn each_refined<T: Element>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    sizes: &[Extents],
    refine: Refine<T>,
    tally: &mut Tally,
    look: impl Look<T>,
) {
    let generators = generators(subject, tally);
    let once = sizes.len().max(generators.len());
    Turns { subject, effort, check, sizes, generators, refine }.take(once..once * ROUNDS, tally, look);
}

/// Looks at a batch of each size under each setting, every one with every other, and goes round again until there are points enough.
/// The check has made something of each batch.
pub(super) fn each_pair<T: Element>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    sizes: &[Extents],
    refine: Refine<T>,
    tally: &mut Tally,
    look: impl Look<T>,
) {
    let generators = generators(subject, tally);
    let once = sizes.len() * generators.len();
    Turns { subject, effort, check, sizes, generators, refine }.take(once..once * ROUNDS, tally, look);
}

/// Looks at one batch of each size, under one setting after the other: for batches so large that each takes its time.
pub(super) fn each_once<T: Element>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    sizes: &[Extents],
    tally: &mut Tally,
    look: impl Look<T>,
) {
    let generators = generators(subject, tally);
    let turns = Turns { subject, effort, check, sizes, generators, refine: |_, batch, _| batch };
    turns.take(sizes.len()..sizes.len(), tally, look);
}

/// Sizes and settings that take turns.
struct Turns<'a, T> {
    subject: &'a Subject,
    effort: &'a Effort,
    check: &'a str,
    sizes: &'a [Extents],
    generators: Vec<Generator>,
    refine: Refine<T>,
}

impl<T: Element> Turns<'_, T> {
    /// At least as many batches as the range starts with; more, but not beyond its end, until there are points enough.
    fn take(&self, range: std::ops::Range<usize>, tally: &mut Tally, mut look: impl Look<T>) {
        if self.generators.is_empty() || self.sizes.is_empty() {
            return;
        }
        let mut random = Random::named(self.effort.seed, self.check);
        let mut runner = runner(&mut random);
        let enough = tally.points() + self.effort.points;
        for turn in 0..range.end {
            if turn >= range.start && tally.points() >= enough {
                break;
            }
            let (size, setting) = pair(turn, self.sizes.len(), self.generators.len());
            let (extents, generator) = (&self.sizes[size], &self.generators[setting]);
            let drawn = Batches { generator, extents, refine: self.refine }.new_tree(&mut runner);
            let mut batches = drawn.expect("every batch is drawn, and none refused");
            let chances = random.fork();
            let mut found = self.look(generator, &batches, chances.clone(), tally, &mut look);
            if found.failed() > 0 && self.subject.is_mutant() {
                return tally.add(found);
            }
            if found.failed() > 0 && tally.keeps_more() {
                found.tell_of(self.simplest(generator, &mut batches, &chances, tally, &mut look));
            }
            tally.add(found);
        }
    }

    fn look(
        &self,
        generator: &Generator,
        batches: &BatchTree<T>,
        mut chances: Random,
        tally: &Tally,
        look: &mut impl Look<T>,
    ) -> Tally {
        let (extents, batch) = batches.current();
        let loss = self.subject.loss;
        let sample = Sample { loss, info: loss.info(), generator, extents: &extents, batch };
        let mut found = tally.fresh();
        look(&sample, &mut chances, &mut found);
        sample.show_in(&mut found);
        found
    }

    /// What a check says of the simplest batch that still fails it.
    fn simplest(
        &self,
        generator: &Generator,
        batches: &mut BatchTree<T>,
        chances: &Random,
        tally: &Tally,
        look: &mut impl Look<T>,
    ) -> Option<Tally> {
        /// A check that takes its time is not repeated for ever.
        const TRIES: usize = 400;
        let mut simplest = None;
        let mut is_new = batches.simplify();
        for _ in 0..TRIES {
            if !is_new {
                break;
            }
            let found = self.look(generator, batches, chances.clone(), tally, look);
            if found.failed() > 0 {
                simplest = Some(found);
                is_new = batches.simplify();
            } else {
                is_new = batches.complicate();
            }
        }
        simplest
    }
}

/// Which size and setting a turn has: all of each as soon as may be, and every pair after as many turns as there are pairs.
fn pair(turn: usize, sizes: usize, settings: usize) -> (usize, usize) {
    let mut common = (sizes, settings);
    while common.1 > 0 {
        common = (common.1, common.0 % common.1);
    }
    // Both come round together; from then on the settings are one ahead.
    let round = sizes / common.0 * settings;
    (turn % sizes, (turn + turn / round) % settings)
}

/// A runner of proptest whose numbers come from ours.
fn runner(random: &mut Random) -> TestRunner {
    let seed: Vec<u8> = (0..4).flat_map(|_| random.bits().to_le_bytes()).collect();
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// A generator for each setting. That one cannot be made is a failure.
pub(super) fn generators(subject: &Subject, tally: &mut Tally) -> Vec<Generator> {
    let mut generators = Vec::new();
    let named = subject.compiled().map(|compiled| settings_named(subject.loss, &compiled.spec));
    for setting in distinct(settings(subject.loss).into_iter().chain(named.into_iter().flatten()).collect()) {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::pair;

    #[test]
    fn turns_meet_every_size_and_setting() {
        for (sizes, settings) in [(1, 1), (1, 8), (3, 8), (4, 8), (8, 4), (6, 4), (145, 12)] {
            let turns = |count: usize| (0..count).map(move |turn| pair(turn, sizes, settings));
            let first: BTreeSet<usize> = turns(sizes.max(settings)).map(|(size, _)| size).collect();
            let second: BTreeSet<usize> = turns(sizes.max(settings)).map(|(_, setting)| setting).collect();
            assert_eq!((first.len(), second.len()), (sizes, settings));
            assert_eq!(turns(sizes * settings).collect::<BTreeSet<_>>().len(), sizes * settings);
        }
    }
}
