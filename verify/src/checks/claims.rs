//! What a spec claims of its loss: the formulas of claims in the graph of a variant, and how the claims stand.

use std::collections::BTreeMap;

use loss_codegen::compile::Compiled;
use loss_codegen::document::Formula;
use loss_codegen::elaborate::{Library, elaborate_in};
use loss_codegen::expr::{AxisId, ExprId};
use loss_codegen::formula::ast::Ast;
use loss_codegen::model::Variant;

use crate::audit::{ClaimRecord, Failure, Standing};
use crate::generators::{Extents, Random, Setting};
use crate::oracle::data::Data;
use crate::subject::{Effort, Subject};

use super::sample::{Sample, each, has_second_axis};
use super::truth::{data_of, variant_of};
use super::{Finding, Tally};

/// Small batches, of every extent that claims over an axis tell apart.
fn sizes(subject: &Subject) -> Vec<Extents> {
    let extents: &[usize] = if has_second_axis(subject.loss.info()) { &[3, 1, 4, 2] } else { &[1] };
    extents.iter().map(|&extent| Extents::rows([4]).with_extent(extent)).collect()
}

/// The places of a batch at which the loss has a value: row, and place along the second axis. Dropped rows have none.
pub(super) fn places(sample: &Sample<'_, f64>, variant: &Variant) -> Vec<[usize; 2]> {
    let dropped = sample.batch.dropped_rows(sample.info, sample.extents);
    let along = if is_per_element(variant) { sample.extents.extent } else { 1 };
    let rows = (0..sample.extents.row_count()).filter(|&row| !dropped[row]);
    rows.flat_map(|row| (0..along).map(move |place| [row, place])).collect()
}

/// Whether each place along the second axis has a value of its own.
pub(super) fn is_per_element(variant: &Variant) -> bool {
    variant.graph.axes(variant.loss).iter().any(|axis| axis != AxisId::ROWS)
}

/// Looks at every claim at small batches of every size and setting. `state` makes a claim's expressions in a variant, once for each;
/// `look` judges it at a batch.
pub(super) fn each_claim<C>(
    subject: &Subject,
    effort: &Effort,
    check: &str,
    compiled: &'static Compiled,
    words: Vec<String>,
    state: impl Fn(usize, Scope<'static, '_>) -> C,
    mut look: impl FnMut(usize, &C, &At<'_>, &mut Random, &mut Tally),
) -> Finding {
    /// For each claim one in this many of the effort's points: the oracle takes its time.
    const SHARE: u64 = 20;
    let mut tally = Tally::new(subject, effort);
    let mut stated = Stated::new(subject, compiled);
    let mut standings = Standings::new(words.len());
    let effort = Effort { points: effort.points.div_ceil(SHARE) * words.len() as u64, ..*effort };
    each::<f64>(subject, &effort, check, &sizes(subject), &mut tally, |sample, random, tally| {
        let data = data_of(&compiled.spec, sample.info, &sample.batch, sample.extents);
        let at = At { sample, data: &data };
        standings.watch(sample, tally, |claim, tally| {
            if let Some(stated) = stated.claim(claim, sample.generator.setting(), |scope| state(claim, scope)) {
                look(claim, stated, &at, random, tally);
            }
        });
    });
    standings.finding(words.into_iter(), tally)
}

/// A batch, as kernels and as the oracle read it.
pub(super) struct At<'s> {
    pub(super) sample: &'s Sample<'s, f64>,
    pub(super) data: &'s Data,
}

/// Claims as expressions in the graphs of variants, each made once.
struct Stated<C> {
    compiled: &'static Compiled,
    library: Library,
    known: BTreeMap<(usize, usize), C>,
}

impl<C> Stated<C> {
    fn new(subject: &Subject, compiled: &'static Compiled) -> Self {
        Stated { compiled, library: subject.registry.library(), known: BTreeMap::new() }
    }

    /// A claim in the variant that a setting picks.
    fn claim(&mut self, claim: usize, setting: &Setting, state: impl FnOnce(Scope<'static, '_>) -> C) -> Option<&C> {
        let chosen = variant_of(self.compiled, setting)?;
        let place = self.compiled.variants.iter().position(|variant| std::ptr::eq(variant, chosen))?;
        let scope = Scope { compiled: self.compiled, library: &self.library, variant: chosen.clone() };
        Some(self.known.entry((place, claim)).or_insert_with(|| state(scope)))
    }
}

/// A variant whose graph grows by the formulas of a claim.
#[derive(Clone)]
pub(super) struct Scope<'c, 'l> {
    pub(super) compiled: &'c Compiled,
    library: &'l Library,
    pub(super) variant: Variant,
}

impl<'c, 'l> Scope<'c, 'l> {
    /// A variant's own scope.
    pub(super) fn of(compiled: &'c Compiled, library: &'l Library, variant: &Variant) -> Self {
        Scope { compiled, library, variant: variant.clone() }
    }
}

impl Scope<'_, '_> {
    /// A formula; none where it has no meaning in this variant, which the compiler has judged.
    pub(super) fn typed(&mut self, ast: &Ast, extra: &[(&str, ExprId)]) -> Option<ExprId> {
        let formula = Formula::Scalar(ast.clone());
        elaborate_in(&self.compiled.spec, &mut self.variant, self.library, &formula, extra).ok()
    }
}

/// How each claim stands.
struct Standings(Vec<Seen>);

/// What was seen of a claim.
#[derive(Clone, Default)]
struct Seen {
    points: u64,
    failed: u64,
    /// A failure at the fewest numbers, and how many these are.
    simplest: Option<(usize, Failure)>,
}

impl Standings {
    fn new(claims: usize) -> Self {
        Standings(vec![Seen::default(); claims])
    }

    /// Looks at each claim in turn.
    fn watch(&mut self, sample: &Sample<'_, f64>, tally: &mut Tally, mut look: impl FnMut(usize, &mut Tally)) {
        let size = sample.size();
        for (claim, seen) in self.0.iter_mut().enumerate() {
            let mut own = tally.fresh();
            look(claim, &mut own);
            seen.points += own.points();
            seen.failed += own.failed();
            if seen.simplest.as_ref().is_none_or(|(known, _)| size < *known) {
                sample.show_in(&mut own);
                seen.simplest = own.first_failure().map(|failure| (size, failure.clone())).or(seen.simplest.take());
            }
            tally.add(own);
        }
    }

    /// What it comes to. A claim that never says anything fails.
    fn finding(self, words: impl Iterator<Item = String>, mut tally: Tally) -> Finding {
        let mut claims = Vec::new();
        for (claim, Seen { points, failed, simplest }) in words.zip(self.0) {
            if points == 0 {
                tally.fail(&claim, || ("a point at which it says something".to_owned(), "none".to_owned()));
            }
            let standing = match (points, failed) {
                (0, _) => Standing::Undecided,
                (_, 0) => Standing::Tested,
                _ => Standing::Violated,
            };
            let detail = match simplest {
                Some((_, failure)) => format!("{failed} of {points} points; {}", failure.sentence()),
                None => format!("{points} points"),
            };
            claims.push(ClaimRecord { claim, standing, detail });
        }
        let mut finding = tally.finding();
        finding.evidence.claims = claims;
        finding
    }
}
