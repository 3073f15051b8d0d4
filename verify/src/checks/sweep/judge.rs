//! What the oracle says of a sweep: of the numbers in doubt, of those with the largest errors, and of the reference itself.

use loss_codegen::compile::Compiled;
use loss_runtime::Element;

use crate::generators::{Batch, Extents, Generator, Random};
use crate::number::Number;
use crate::oracle::call::call;
use crate::oracle::ulp::{Format, ulps};
use crate::subject::{Effort, Subject};

use super::super::Tally;
use super::super::curves::Line;
use super::super::probe::{Probe, find};
use super::super::sample::Sample;
use super::super::truth::certificate::judge;
use super::super::truth::{data_of, variant_of};
use super::block::batches;
use super::{Core, Verdict, admits};

/// Of so many stretches of bit patterns of one length, one number each is a witness of the reference.
const WITNESSES: u32 = 1 << 10;
/// A unit in the last place of `f64`, in those of `f32`.
const FINE: f64 = f64::EPSILON / f32::EPSILON as f64;

/// A core, as the oracle needs it.
pub(super) struct Asked<'a> {
    pub(super) subject: &'a Subject,
    pub(super) compiled: &'static Compiled,
    pub(super) generator: &'a Generator,
    pub(super) line: &'a Line,
}

impl Asked<'_> {
    /// Asks about all that is worth it.
    pub(super) fn verdict(&self, core: &Core) -> Verdict {
        let mut random = Random::named(1, &core.words);
        let stretch = u32::MAX / WITNESSES + 1;
        let witnesses = (0..WITNESSES).map(|at| f32::from_bits(at * stretch + random.bits() as u32 % stretch));
        let witnesses: Vec<f32> = witnesses.filter(|&x| self.admits(x)).collect();
        let mut numbers: Vec<f32> = core.doubts.iter().map(|(_, bits)| f32::from_bits(*bits)).collect();
        let worst = core.worst.each_ref().map(|worst| f32::from_bits(worst.bits));
        numbers.extend(worst.into_iter().chain(witnesses.iter().copied()).filter(|&x| self.admits(x)));
        let mut tally = Tally::new(self.subject, &Effort::default());
        self.judge(batches(self.subject, self.line, &numbers).0, numbers.len(), &mut random, &mut tally);
        let wide = batches(self.subject, self.line, &witnesses).1;
        self.judge(wide.clone(), witnesses.len(), &mut random, &mut tally);
        let reference = self.distances(&wide, witnesses.len());
        let of_worst = self.distances(&batches(self.subject, self.line, &worst).0, worst.len());
        let largest = |distances: &[f64]| distances.iter().copied().filter(|d| d.is_finite()).fold(0.0, f64::max);
        Verdict {
            asked: tally.points(),
            wrong: tally.failed(),
            reference: Number(FINE * reference.iter().map(|distances| largest(distances)).fold(0.0, f64::max)),
            worst: [0, 1].map(|which| Number(of_worst[which].get(which).copied().unwrap_or(f64::NAN))),
        }
    }

    fn admits(&self, x: f32) -> bool {
        admits(self.generator.family(self.line.input), x)
    }

    fn judge<T: Element + Format>(&self, batch: Batch<T>, rows: usize, random: &mut Random, tally: &mut Tally) {
        let (loss, info) = (self.subject.loss, self.subject.loss.info());
        let extents = Extents::rows([rows]);
        let sample = Sample { loss, info, generator: self.generator, extents: &extents, batch };
        judge(self.subject, self.compiled, &sample, random, tally);
    }

    /// How far each value, and each gradient, is from the truth, in units in the last place; empty if there is no truth.
    fn distances<T: Element + Format>(&self, batch: &Batch<T>, rows: usize) -> [Vec<f64>; 2] {
        let Asked { subject, compiled, generator, line } = self;
        let found = find(subject.loss, batch, Probe::default()).ok();
        let truth = variant_of(compiled, generator.setting()).and_then(|variant| {
            let data = data_of(&compiled.spec, subject.loss.info(), batch, &Extents::rows([rows]));
            call(&compiled.spec, variant, &data, "none", &vec![1.0; rows]).ok()
        });
        let (Some(found), Some(truth)) = (found, truth) else { return Default::default() };
        let all =
            |found: &[T], truth: &[_]| found.iter().zip(truth).map(|(&found, truth)| ulps(found, truth)).collect();
        let gradients = (&found.gradients[line.input], &truth.gradients[line.input]);
        [
            all(&found.elements, &truth.values),
            if let (Some(found), Some(truth)) = gradients { all(found, truth) } else { Vec::new() },
        ]
    }
}
