//! Two forms of the formulas of a plan, held against each other in exact arithmetic on batches of the loss: what tells them apart is more than
//! rounding.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{ExprId, Graph};
use loss_codegen::plan::Plan;

use crate::checks::product::direction;
use crate::checks::sample::{Sample, generators, has_second_axis};
use crate::generators::{Extents, Random};
use crate::oracle::agreement::{Agreement, agreement, in_words};
use crate::oracle::data::Number;
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
    /// At how many places the pairs are one number.
    pub(crate) fn agreement(mut self, subject: &Subject, compiled: &'static Compiled, seed: u64) -> Agreement {
        let spec = &compiled.spec;
        let both: Vec<ExprId> = self.pairs.iter().flat_map(|&(ours, theirs)| [ours, theirs]).collect();
        let words = in_words(&mut self.graph, spec, &both);
        let pairs: Vec<(ExprId, ExprId)> = words.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        let info = subject.loss.info();
        let sizes: &[Extents] = &match has_second_axis(info) {
            true => [(4, 3), (2, 1), (3, 2), (1, 9)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)),
            false => [8, 3, 8, 1].map(|rows| Extents::rows([rows])),
        };
        let mut found = Agreement::default();
        let picks = |variant: &loss_codegen::model::Variant| variant.key == self.plan.key;
        let generators = generators(subject, &mut Tally::new(subject, &Effort { seed, points: 0 }));
        for generator in
            generators.iter().filter(|generator| variant_of(compiled, generator.setting()).is_some_and(picks))
        {
            for turn in 0..BATCHES {
                let extents = &sizes[(turn + turn / 4) % sizes.len()];
                let mut random = Random::named(seed, &format!("forms {turn}"));
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
                for zero in &self.plan.zero {
                    data.params[usize::from(zero.0)] = Some(Number::Float(0.0));
                }
                if let Some(input) = self.along {
                    let direction = direction(&sample, input, &mut random);
                    let direction = data::input_in_oracle_order(&sample, input, &direction);
                    data = with_direction(&data, loss_codegen::expr::InputId(input as u8), &direction);
                }
                match agreement(spec, &self.graph, &data, &pairs) {
                    Ok(agreed) => found.add(agreed),
                    // What cannot be read is not shown to be the same.
                    Err(_) => found.different += 1,
                }
            }
        }
        found
    }
}
