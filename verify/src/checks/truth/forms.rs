//! Two forms of the formulas of a plan, held against each other in exact arithmetic on batches of the loss: what tells them apart is more than
//! rounding. On a batch that does, a loss that computes by the other form is held against the truth.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{ExprId, Graph, ParamId};
use loss_codegen::plan::Plan;

use crate::checks::names::known;
use crate::checks::product::direction;
use crate::checks::sample::{Sample, generators, has_second_axis};
use crate::generators::{Extents, Random, Setting};
use crate::oracle::agreement::{Agreement, agreement, in_words};
use crate::subject::{Effort, Subject};

use super::decided::settle;
use super::edges::{ends, sharpen};
use super::points::drawn;
use super::product::with_direction;
use super::{DECIDED, Limits, Seen, TOLERATED, Tally, Wanted};
use super::{compare, data, data_of, product, second, variant_of};

/// So many batches for each setting that picks the plan.
const BATCHES: usize = 24;

const VALUES: &str = known("value_matches_oracle");
const GRADIENTS: &str = known("gradient_matches_oracle");
const REDUCTIONS: &str = known("reductions_match_oracle");
const CURVATURES: &str = known("curvature_matches_oracle");
const PRODUCTS: &str = known("hessian_product_matches_oracle");

/// So many directions are tried on a batch where products in some direction differ.
const DIRECTIONS: usize = 8;

/// Pairs of formulas of lanes in a plan's graph, and two losses that compute by the first ones and by the second.
pub(crate) struct Forms<'f> {
    pub(crate) plan: &'f Plan,
    /// What the formulas are in; a copy, for the words in which the oracle reads them.
    pub(crate) graph: Graph,
    pub(crate) pairs: &'f [(ExprId, ExprId)],
    pub(crate) of: Of,
    pub(crate) losses: [&'f Subject; 2],
}

/// What some formulas compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Values and gradients.
    Results,
    Curvatures,
    /// A product of the Hessian of an input with a direction, which the formulas may read.
    Product(usize),
}

/// What came of holding pairs of formulas against each other.
pub(crate) enum Compared {
    /// At how many places each pair is one number.
    Counted(Vec<Agreement>),
    /// This check fails the second loss, and passes the first, on a batch that tells the formulas apart.
    FoundBy(&'static str),
}

impl Forms<'_> {
    /// Holds each pair against each other, and where they differ, the second loss against the truth.
    pub(crate) fn compared(mut self, compiled: &'static Compiled, seed: u64) -> Compared {
        let spec = &compiled.spec;
        let both: Vec<ExprId> = self.pairs.iter().flat_map(|&(ours, theirs)| [ours, theirs]).collect();
        let words = in_words(&mut self.graph, spec, &both);
        let pairs: Vec<(ExprId, ExprId)> = words.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        let subject = self.losses[0];
        let info = subject.loss.info();
        let sizes: &[Extents] = &match has_second_axis(info) {
            true => [(4, 3), (2, 1), (3, 2), (1, 9)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)),
            false => [8, 3, 8, 1].map(|rows| Extents::rows([rows])),
        };
        let mut agreements = vec![Agreement::default(); pairs.len()];
        let generators = generators(subject, &mut Tally::new(subject, &Effort { seed, points: 0 }));
        let picked = generators.iter().filter(|generator| self.is_picked_by(generator.setting(), compiled));
        for (at, generator) in picked.enumerate() {
            for turn in 0..BATCHES {
                let extents = &sizes[(turn + turn / 4) % sizes.len()];
                let mut random = Random::named(seed, &format!("forms {at} {turn}"));
                let batch = drawn::<f64>(generator, extents, &mut random);
                // On knots, and where 0 meets infinity, forms differ that are one everywhere else.
                let (batch, limits) = match turn % 4 {
                    0 => (batch, &TOLERATED),
                    1 => (sharpen(subject.loss, batch, &mut random), &TOLERATED),
                    2 => (settle(subject.loss, batch, &mut random), &DECIDED),
                    _ => (ends(subject.loss, batch, &mut random), &TOLERATED),
                };
                let sample = Sample { loss: subject.loss, info, generator, extents, batch };
                let mut data = data_of(spec, info, &sample.batch, extents);
                if let Of::Product(input) = self.of {
                    let direction = direction(&sample, input, &mut random);
                    let direction = data::input_in_oracle_order(&sample, input, &direction);
                    data = with_direction(&data, loss_codegen::expr::InputId(input as u8), &direction);
                }
                // What cannot be read is not shown to be the same.
                let undecided = Agreement { undecided: 1, ..Agreement::default() };
                let of_batch =
                    agreement(spec, &self.graph, &data, &pairs).unwrap_or_else(|_| vec![undecided; pairs.len()]);
                if of_batch.iter().any(|of_pair| of_pair.different > 0)
                    && let Some(check) = self.finds_wrong(&sample, (compiled, limits), &mut random)
                {
                    return Compared::FoundBy(check);
                }
                agreements.iter_mut().zip(of_batch).for_each(|(sum, of_batch)| sum.add(of_batch));
            }
        }
        Compared::Counted(agreements)
    }

    /// The check that fails the second loss on a batch, and passes the first.
    fn finds_wrong(
        &self,
        sample: &Sample<'_, f64>,
        (compiled, limits): (&'static Compiled, &Limits),
        random: &mut Random,
    ) -> Option<&'static str> {
        let holds = |subject: &Subject, check: &str, random: &Random| {
            let (mut random, mut seen) = (random.clone(), Seen::default());
            let mut tally = Tally::new(subject, &Effort::default());
            let sample = &Sample { loss: subject.loss, batch: sample.batch.clone(), ..*sample };
            let mut compare = |wanted| compare(sample, compiled, wanted, limits, &mut random, &mut seen, &mut tally);
            match check {
                VALUES => compare(Wanted::Values),
                GRADIENTS => compare(Wanted::Gradients),
                REDUCTIONS => compare(Wanted::Reductions),
                CURVATURES => second::look(sample, compiled, limits, &mut random, &mut seen, &mut tally),
                _ => product::look(sample, compiled, limits, &mut random, &mut seen, &mut tally),
            }
            tally.failed() == 0
        };
        let (checks, turns): (&[&'static str], usize) = match self.of {
            Of::Results => (&[VALUES, GRADIENTS, REDUCTIONS], 1),
            Of::Curvatures => (&[CURVATURES], 1),
            // Each turn draws other directions.
            Of::Product(_) => (&[PRODUCTS], DIRECTIONS),
        };
        let [ours, theirs] = self.losses;
        let mut asked = checks.iter().flat_map(|&check| std::iter::repeat_n(check, turns));
        asked.find(|check| {
            let random = random.fork();
            !holds(theirs, check, &random) && holds(ours, check, &random)
        })
    }

    /// Whether a call of this setting is answered by the plan: the first that fits it, those for parameters that are 0 before the others.
    fn is_picked_by(&self, setting: &Setting, compiled: &'static Compiled) -> bool {
        let Some(variant) = variant_of(compiled, setting) else { return false };
        let is_zero = |param: &ParamId| setting.params[usize::from(param.0)] == 0.0;
        let mut plans = compiled.plans.iter();
        let picked = plans.find(|plan| plan.key == variant.key && plan.zero.iter().all(is_zero));
        picked.is_some_and(|picked| std::ptr::eq(picked, self.plan))
    }
}
