//! Two forms of the formulas of a plan, held against each other in exact arithmetic on batches of the loss: what tells them apart is more than
//! rounding. On a batch that does, a loss that computes by the other form is held against the truth.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{ExprId, Graph, ParamId};
use loss_codegen::plan::Plan;

use crate::checks::product::direction;
use crate::checks::sample::{Sample, generators, has_second_axis};
use crate::generators::{Extents, Random, Setting};
use crate::oracle::agreement::{Agreement, agreement, in_words};
use crate::subject::{Effort, Subject};

use super::decided::settle;
use super::edges::{ends, sharpen};
use super::points::drawn;
use super::product::with_direction;
use super::{Seen, TOLERATED, Tally, Wanted, compare, data, data_of, product, second, variant_of};

/// So many batches for each setting that picks the plan.
const BATCHES: usize = 24;

/// So many directions are tried on a batch where products in some direction differ.
const DIRECTIONS: usize = 8;

/// Pairs of formulas of lanes in a plan's graph.
pub(crate) struct Forms<'f> {
    pub(crate) plan: &'f Plan,
    /// What the formulas are in; a copy, for the words in which the oracle reads them.
    pub(crate) graph: Graph,
    pub(crate) pairs: &'f [(ExprId, ExprId)],
    pub(crate) of: Of,
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
pub(crate) struct Compared {
    /// At how many places each pair is one number.
    pub(crate) agreements: Vec<Agreement>,
    /// The check that finds the other form wrong, on a batch that tells the two apart.
    pub(crate) found_by: Option<&'static str>,
}

impl Forms<'_> {
    /// Holds each pair against each other, and the loss that computes by the second ones against the truth where they differ.
    pub(crate) fn compared(
        mut self,
        subject: &Subject,
        other: &Subject,
        compiled: &'static Compiled,
        seed: u64,
    ) -> Compared {
        let spec = &compiled.spec;
        let both: Vec<ExprId> = self.pairs.iter().flat_map(|&(ours, theirs)| [ours, theirs]).collect();
        let words = in_words(&mut self.graph, spec, &both);
        let pairs: Vec<(ExprId, ExprId)> = words.chunks(2).map(|pair| (pair[0], pair[1])).collect();
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
                let batch = match turn % 4 {
                    0 => batch,
                    1 => sharpen(subject.loss, batch, &mut random),
                    2 => settle(subject.loss, batch, &mut random),
                    _ => ends(subject.loss, batch, &mut random),
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
                    && let Some(check) = self.finds_wrong(other, &sample, compiled, &mut random)
                {
                    return Compared { agreements, found_by: Some(check) };
                }
                agreements.iter_mut().zip(of_batch).for_each(|(sum, of_batch)| sum.add(of_batch));
            }
        }
        Compared { agreements, found_by: None }
    }

    /// The check that another loss fails on a batch and the batch's own passes.
    fn finds_wrong(
        &self,
        other: &Subject,
        sample: &Sample<'_, f64>,
        compiled: &'static Compiled,
        random: &mut Random,
    ) -> Option<&'static str> {
        let theirs = Sample { loss: other.loss, batch: sample.batch.clone(), ..*sample };
        // Both are asked alike.
        let mut fails = |look: &dyn Fn(&Sample<'_, f64>, &mut Random, &mut Tally)| {
            let mut again = random.clone();
            let [mut of_theirs, mut of_ours] = [other, other].map(|subject| Tally::new(subject, &Effort::default()));
            look(&theirs, random, &mut of_theirs);
            of_theirs.failed() > 0 && {
                look(sample, &mut again, &mut of_ours);
                of_ours.failed() == 0
            }
        };
        let results = |wanted| {
            move |sample: &Sample<'_, f64>, random: &mut Random, tally: &mut Tally| {
                compare(sample, compiled, wanted, &TOLERATED, random, &mut Seen::default(), tally);
            }
        };
        match self.of {
            Of::Results => [
                ("value_matches_oracle", Wanted::Values),
                ("gradient_matches_oracle", Wanted::Gradients),
                ("reductions_match_oracle", Wanted::Reductions),
            ]
            .into_iter()
            .find_map(|(check, wanted)| fails(&results(wanted)).then_some(check)),
            Of::Curvatures => fails(&|sample, random, tally| {
                second::look(sample, compiled, &TOLERATED, random, &mut Seen::default(), tally);
            })
            .then_some("curvature_matches_oracle"),
            Of::Product(_) => (0..DIRECTIONS)
                .any(|_| {
                    fails(&|sample, random, tally| {
                        product::look(sample, compiled, &TOLERATED, random, &mut Seen::default(), tally);
                    })
                })
                .then_some("hessian_product_matches_oracle"),
        }
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
