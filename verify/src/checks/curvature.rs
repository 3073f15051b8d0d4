//! Second derivatives beside other outputs, batches, instruction sets and reductions.

use loss_runtime::call::MAX_INPUTS;
use loss_runtime::{Curvature, Element, Error, Execution, Reduction, Request, Upstream, Want, run};

use crate::generators::{Batch, Random};
use crate::subject::{Effort, Subject};

use super::geometry::{refused, sizes};
use super::probe::{Probe, find, first_difference, gradient_buffers, poison, show};
use super::sample::{Sample, each, each_once};
use super::ways::{isas, long_batches, threads, with_threads};
use super::{Finding, Tally};

/// So many rows of a batch are looked at alone.
const ALONE: usize = 12;

/// Every way to ask for a curvature.
pub(super) fn curvature_is_reproducible(subject: &Subject, effort: &Effort) -> Finding {
    if subject.loss.info().curvature.is_none() {
        return Finding::skipped("the loss is not of each place by itself");
    }
    let mut tally = Tally::new(subject, effort);
    let (sizes, reductions) = (sizes(subject), reductions_of_the_loss(subject));
    each::<f32>(subject, effort, "curvature_is_reproducible f32", &sizes, &mut tally, |sample, random, tally| {
        every_way(sample, &reductions, random, tally);
    });
    each::<f64>(subject, effort, "curvature_is_reproducible f64", &sizes, &mut tally, |sample, random, tally| {
        every_way(sample, &reductions, random, tally);
    });
    let long = long_batches(subject);
    let skipped = with_threads(|| {
        each_once::<f32>(subject, effort, "curvature_is_reproducible threads", &long, &mut tally, on_threads);
    });
    skipped.unwrap_or_else(|| tally.finding())
}

/// The reductions that sum the loss itself: another summand has second derivatives of its own.
pub(super) fn reductions_of_the_loss(subject: &Subject) -> Vec<Reduction<'static>> {
    let of = |place: usize| subject.compiled().and_then(|compiled| compiled.spec.reductions[place].of.as_ref());
    let named = subject.loss.info().reductions.iter().enumerate();
    let named = named.filter(|(place, _)| of(*place).is_none()).map(|(_, reduction)| Reduction::Named(reduction.name));
    std::iter::once(Reduction::Sum).chain(named).collect()
}

/// What a call for a curvature is asked beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Beside {
    Nothing,
    /// The gradient of its input.
    Gradient,
    /// Every gradient, the values of `none`, and the sum.
    Everything,
}

/// A call for a curvature.
#[derive(Clone, Copy)]
struct Ask<'a, T> {
    which: Curvature,
    beside: Beside,
    reduction: Reduction<'a>,
    upstream: Upstream<'a, T>,
    execution: Execution,
}

impl<T: Element> Ask<'_, T> {
    /// The curvature, and the gradient of its input if it was asked for.
    fn answer(self, sample: &Sample<'_, T>, batch: &Batch<T>) -> Result<(Vec<T>, Option<Vec<T>>), Error> {
        let input = sample.info.curvature.map_or(0, |curvature| curvature.input);
        let mut gradients = gradient_buffers(sample.loss, batch);
        let mut curvature = vec![poison::<T>(); gradients[input].as_ref().map_or(0, Vec::len)];
        let mut call = batch.call();
        call.execution = self.execution;
        let mut elements = match self.beside {
            Beside::Everything => vec![poison::<T>(); loss_runtime::shape_of_none(sample.loss, &call)?.len()],
            Beside::Nothing | Beside::Gradient => Vec::new(),
        };
        let mut slots = [const { None }; MAX_INPUTS];
        for (at, (slot, gradient)) in slots.iter_mut().zip(&mut gradients).enumerate() {
            let is_asked = match self.beside {
                Beside::Nothing => false,
                Beside::Gradient => at == input,
                Beside::Everything => true,
            };
            *slot = gradient.as_deref_mut().filter(|_| is_asked);
        }
        let everything = self.beside == Beside::Everything;
        let request = Request {
            reduction: self.reduction,
            upstream: self.upstream,
            elements: everything.then_some(elements.as_mut_slice()),
            gradients: slots,
            curvature: Some((self.which, &mut curvature)),
            want: if everything { Want::Partial } else { Want::Nothing },
            ..Request::default()
        };
        run(sample.loss, &call, request)?;
        let gradient = gradients[input].take().filter(|_| self.beside != Beside::Nothing);
        Ok((curvature, gradient))
    }
}

fn every_way<T: Element>(
    sample: &Sample<'_, T>,
    reductions: &[Reduction<'static>],
    random: &mut Random,
    tally: &mut Tally,
) {
    for which in [Curvature::Exact, Curvature::Step] {
        if let Err(refusal) = look(sample, which, reductions, random, tally) {
            return refused(sample, &refusal, tally);
        }
    }
}

fn look<T: Element>(
    sample: &Sample<'_, T>,
    which: Curvature,
    reductions: &[Reduction<'static>],
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(), Error> {
    let one = T::from_f64(0.37);
    let one_thread = Execution { isa: None, threads: Some(1) };
    let ask = Ask {
        which,
        beside: Beside::Nothing,
        reduction: Reduction::None,
        upstream: Upstream::Scalar(one),
        execution: one_thread,
    };
    let (alone, _) = ask.answer(sample, &sample.batch)?;
    let mut same = |what: &str, expected: &[T], actual: &[T]| match first_difference(expected, actual) {
        None => tally.pass(expected.len() as u64),
        Some(place) => tally.fail(&format!("{what}, {which:?}, place {place}; {}", sample.describe()), || {
            let at = |slice: &[T]| slice.get(place).map_or_else(|| "nothing".to_owned(), |&number| show(number));
            (at(expected), at(actual))
        }),
    };
    let backward = find(sample.loss, &sample.batch, Probe { upstream: Upstream::Scalar(one), ..Probe::default() })?;
    let input = sample.info.curvature.map_or(0, |curvature| curvature.input);
    for beside in [Beside::Gradient, Beside::Everything] {
        let (curvature, gradient) = Ask { beside, ..ask }.answer(sample, &sample.batch)?;
        same(&format!("curvature beside {beside:?}"), &alone, &curvature);
        if let (Some(expected), Some(actual)) = (&backward.gradients[input], &gradient) {
            same(&format!("gradient in a call for a curvature beside {beside:?}"), expected, actual);
        }
    }
    for execution in isas() {
        let (curvature, _) = Ask { execution, ..ask }.answer(sample, &sample.batch)?;
        same(&format!("curvature, {execution:?}"), &alone, &curvature);
    }
    for &reduction in reductions {
        let scaled = match (Ask { reduction, ..ask }).answer(sample, &sample.batch) {
            Ok((scaled, _)) => scaled,
            Err(Error::ZeroDivisor { .. }) => continue,
            Err(refusal) => return Err(refusal),
        };
        let divisor =
            find(sample.loss, &sample.batch, Probe { reduction, ..Probe::default() })?.outcome.partial.divisor;
        let upstream = Upstream::Scalar(T::from_f64(one.to_f64() / divisor.unwrap_or(1.0)));
        let (expected, _) = Ask { upstream, ..ask }.answer(sample, &sample.batch)?;
        same(&format!("curvature, {reduction:?}"), &expected, &scaled);
    }
    let declared = &sample.info.inputs[input];
    let dropped = sample.batch.dropped_rows(sample.info, sample.extents);
    for row in (0..ALONE.min(sample.extents.row_count())).map(|_| random.below(sample.extents.row_count())) {
        // A curvature that rows share is a sum over them.
        let Some(places) = sample.extents.places(sample.info, declared, row) else { break };
        let in_batch: Vec<T> = places.iter().map(|&place| alone[place]).collect();
        let own = sample.batch.rows(sample.info, sample.extents, &[row]);
        let (by_itself, _) = ask.answer(sample, &own)?;
        same(&format!("curvature of row {row} alone"), &by_itself, &in_batch);
        if dropped[row] {
            same(&format!("curvature of ignored row {row}"), &vec![T::ZERO; in_batch.len()], &in_batch);
        }
    }
    Ok(())
}

fn on_threads<T: Element>(sample: &Sample<'_, T>, _: &mut Random, tally: &mut Tally) {
    let answer = |execution: Execution| {
        let ask = Ask {
            which: Curvature::Exact,
            beside: Beside::Gradient,
            reduction: Reduction::Sum,
            upstream: Upstream::One,
            execution,
        };
        ask.answer(sample, &sample.batch)
    };
    let alone = answer(Execution { isa: None, threads: Some(1) });
    for execution in threads() {
        match (&alone, &answer(execution)) {
            (Ok((one, _)), Ok((many, _))) => match first_difference(one, many) {
                None => tally.pass(one.len() as u64),
                Some(place) => {
                    tally.fail(&format!("curvature, {execution:?}, place {place}; {}", sample.describe()), || {
                        (show(one[place]), show(many[place]))
                    });
                }
            },
            (Err(refusal), _) | (_, Err(refusal)) => refused(sample, refusal, tally),
        }
    }
}
