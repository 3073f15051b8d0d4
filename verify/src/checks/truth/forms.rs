//! Two forms of the formulas of a plan, held against each other in exact arithmetic on batches of the loss: what tells them apart is more than
//! rounding.

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
use super::{Tally, data, data_of, variant_of};

/// So many batches for each setting that picks the plan.
const BATCHES: usize = 24;

/// Pairs of formulas of lanes in a plan's graph.
pub(crate) struct Forms<'f> {
    pub(crate) plan: &'f Plan,
    /// What the formulas are in; a copy, for the words in which the oracle reads them.
    pub(crate) graph: Graph,
    pub(crate) pairs: &'f [(ExprId, ExprId)],
    /// In which input there is a direction, which the formulas may read.
    pub(crate) along: Option<usize>,
}

impl Forms<'_> {
    /// At how many places each pair is one number.
    pub(crate) fn agreement(mut self, subject: &Subject, compiled: &'static Compiled, seed: u64) -> Vec<Agreement> {
        let spec = &compiled.spec;
        let both: Vec<ExprId> = self.pairs.iter().flat_map(|&(ours, theirs)| [ours, theirs]).collect();
        let words = in_words(&mut self.graph, spec, &both);
        let pairs: Vec<(ExprId, ExprId)> = words.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        let info = subject.loss.info();
        let sizes: &[Extents] = &match has_second_axis(info) {
            true => [(4, 3), (2, 1), (3, 2), (1, 9)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)),
            false => [8, 3, 8, 1].map(|rows| Extents::rows([rows])),
        };
        let mut found = vec![Agreement::default(); pairs.len()];
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
                if let Some(input) = self.along {
                    let direction = direction(&sample, input, &mut random);
                    let direction = data::input_in_oracle_order(&sample, input, &direction);
                    data = with_direction(&data, loss_codegen::expr::InputId(input as u8), &direction);
                }
                match agreement(spec, &self.graph, &data, &pairs) {
                    Ok(agreed) => found.iter_mut().zip(agreed).for_each(|(sum, of_batch)| sum.add(of_batch)),
                    // What cannot be read is not shown to be the same.
                    Err(_) => found.iter_mut().for_each(|sum| sum.undecided += 1),
                }
            }
        }
        found
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
