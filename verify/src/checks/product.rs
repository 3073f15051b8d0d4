//! Hessian-vector products: how they are asked for, and that the way does not matter.

use loss_runtime::call::MAX_INPUTS;
use loss_runtime::{
    Array, Element, Error, Execution, HessianProduct, Loss, Reduction, Request, Tensor, Upstream, Want, run,
};

use crate::generators::{Batch, Random};
use crate::subject::{Effort, Subject};

use super::curvature::reductions_of_the_loss;
use super::geometry::{refused, sizes};
use super::probe::{Probe, find, first_difference, gradient_buffers, poison, show};
use super::sample::{Sample, each, each_once};
use super::ways::{isas, long_batches, threads, with_threads};
use super::{Finding, Tally};

/// So many rows of a batch are looked at alone.
const ALONE: usize = 12;
/// How many numbers that belong to nobody follow each row.
const GAP: usize = 3;

/// A call for a product.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a, T> {
    pub(super) input: usize,
    pub(super) direction: &'a [T],
    pub(super) beside: Beside,
    pub(super) reduction: Reduction<'a>,
    pub(super) upstream: Upstream<'a, T>,
    pub(super) execution: Execution,
}

/// What a call for a product is asked beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Beside {
    Nothing,
    /// Every gradient, the values of `none`, and the sum.
    Everything,
}

impl<'a, T: Element> Ask<'a, T> {
    /// For `none`, on one thread.
    pub(super) fn of(input: usize, direction: &'a [T]) -> Self {
        Self {
            input,
            direction,
            beside: Beside::Nothing,
            reduction: Reduction::None,
            upstream: Upstream::One,
            execution: Execution { isa: None, threads: Some(1) },
        }
    }

    pub(super) fn answer(self, loss: &dyn Loss, batch: &Batch<T>) -> Result<Vec<T>, Error> {
        let mut call = batch.call();
        call.execution = self.execution;
        let is_asked = self.beside == Beside::Everything;
        let mut gradients = gradient_buffers(loss, batch);
        let none_len = if is_asked { loss_runtime::shape_of_none(loss, &call)?.len() } else { 0 };
        let mut elements = vec![poison::<T>(); none_len];
        let mut slots = [const { None }; MAX_INPUTS];
        for (slot, gradient) in slots.iter_mut().zip(&mut gradients) {
            *slot = gradient.as_deref_mut().filter(|_| is_asked);
        }
        let mut product = vec![poison::<T>(); self.direction.len()];
        let request = Request {
            reduction: self.reduction,
            upstream: self.upstream,
            elements: is_asked.then_some(elements.as_mut_slice()),
            gradients: slots,
            product: Some(HessianProduct { input: self.input, direction: self.direction, product: &mut product }),
            want: if is_asked { Want::Partial } else { Want::Nothing },
            ..Request::default()
        };
        run(loss, &call, request)?;
        Ok(product)
    }
}

/// A direction of an input: of any size, the same everywhere or nearly so, along one place alone, with zeros.
pub(super) fn direction<T: Element>(sample: &Sample<'_, T>, input: usize, random: &mut Random) -> Vec<T> {
    let len = sample.batch.inputs[input].as_ref().map_or(0, |column| column.values.len());
    let kind = random.below(6);
    let level = random.between(-2.0, 2.0);
    let alone = random.below(len.max(1));
    let size = *random.pick(&[1e-6, 1e-2, 1.0, 1.0, 30.0, 1e5]);
    let number = |place: usize, random: &mut Random| match kind {
        0 => level,
        1 => level * (1.0 + random.between(-16.0, 16.0) * T::EPSILON.to_f64()),
        2 => f64::from(u8::from(place == alone)),
        3 if random.chance(0.5) => 0.0,
        4 => size * random.between(-1.0, 1.0).powi(5),
        _ => random.between(-2.0, 2.0),
    };
    (0..len).map(|place| T::from_f64(number(place, random))).collect()
}

/// Every way to ask for a product.
pub(super) fn hessian_product_is_reproducible(subject: &Subject, effort: &Effort) -> Finding {
    if subject.loss.info().hessian_products.is_empty() {
        return Finding::skipped("the spec asks for no Hessian-vector products");
    }
    let mut tally = Tally::new(subject, effort);
    let (sizes, reductions) = (sizes(subject), reductions_of_the_loss(subject));
    let check = "hessian_product_is_reproducible";
    each::<f32>(subject, effort, &format!("{check} f32"), &sizes, &mut tally, |sample, random, tally| {
        every_way(sample, &reductions, random, tally);
    });
    each::<f64>(subject, effort, &format!("{check} f64"), &sizes, &mut tally, |sample, random, tally| {
        every_way(sample, &reductions, random, tally);
    });
    let skipped = with_threads(|| {
        each_once::<f32>(subject, effort, &format!("{check} threads"), &long_batches(subject), &mut tally, on_threads);
    });
    skipped.unwrap_or_else(|| tally.finding())
}

fn every_way<T: Element>(
    sample: &Sample<'_, T>,
    reductions: &[Reduction<'static>],
    random: &mut Random,
    tally: &mut Tally,
) {
    for &input in sample.info.hessian_products {
        if sample.batch.inputs[input].is_none() {
            continue;
        }
        if let Err(refusal) = look(sample, input, reductions, random, tally) {
            return refused(sample, &refusal, tally);
        }
    }
}

fn look<T: Element>(
    sample: &Sample<'_, T>,
    input: usize,
    reductions: &[Reduction<'static>],
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(), Error> {
    let direction = direction(sample, input, random);
    let name = sample.info.inputs[input].name;
    let one = T::from_f64(0.37);
    let ask = Ask { upstream: Upstream::Scalar(one), ..Ask::of(input, &direction) };
    let alone = ask.answer(sample.loss, &sample.batch)?;
    let mut same = |what: &str, expected: &[T], actual: &[T]| match first_difference(expected, actual) {
        None => tally.pass(expected.len() as u64),
        Some(place) => {
            tally.fail(&format!("product in {name}, {what}, place {place}; {}", sample.describe()), || {
                let at = |slice: &[T]| slice.get(place).map_or_else(|| "nothing".to_owned(), |&number| show(number));
                (at(expected), at(actual))
            });
        }
    };
    let beside = Ask { beside: Beside::Everything, ..ask }.answer(sample.loss, &sample.batch)?;
    same("beside all else", &alone, &beside);
    for execution in isas() {
        same(&format!("{execution:?}"), &alone, &Ask { execution, ..ask }.answer(sample.loss, &sample.batch)?);
    }
    let len = loss_runtime::shape_of_none(sample.loss, &sample.batch.call())?.len();
    let each = vec![one; len];
    let by_place = Ask { upstream: Upstream::Each(&each), ..ask }.answer(sample.loss, &sample.batch)?;
    same("an upstream gradient for each", &alone, &by_place);
    for &reduction in reductions {
        let scaled = match (Ask { reduction, ..ask }).answer(sample.loss, &sample.batch) {
            Ok(scaled) => scaled,
            Err(Error::ZeroDivisor { .. }) => continue,
            Err(refusal) => return Err(refusal),
        };
        let divisor =
            find(sample.loss, &sample.batch, Probe { reduction, ..Probe::default() })?.outcome.partial.divisor;
        let upstream = Upstream::Scalar(T::from_f64(one.to_f64() / divisor.unwrap_or(1.0)));
        let expected = Ask { upstream, ..ask }.answer(sample.loss, &sample.batch)?;
        same(&format!("{reduction:?}"), &expected, &scaled);
    }
    if let Some(spread) = with_gaps(sample, ask)? {
        same("with gaps between rows", &alone, &spread);
    }
    let declared = &sample.info.inputs[input];
    let dropped = sample.batch.dropped_rows(sample.info, sample.extents);
    let some = (0..ALONE.min(sample.extents.row_count())).map(|_| random.below(sample.extents.row_count()));
    let some: Vec<usize> = some.chain(dropped.iter().position(|&dropped| dropped)).collect();
    for row in some {
        // A product that rows share is a sum over them.
        let Some(places) = sample.extents.places(sample.info, declared, row) else { break };
        let at = |slice: &[T]| -> Vec<T> { places.iter().map(|&place| slice[place]).collect() };
        let own = sample.batch.rows(sample.info, sample.extents, &[row]);
        let by_itself = Ask { direction: &at(&direction), ..ask }.answer(sample.loss, &own)?;
        same(&format!("row {row} alone"), &by_itself, &at(&alone));
        if !dropped[row] {
            continue;
        }
        same(&format!("ignored row {row}"), &vec![T::ZERO; places.len()], &at(&alone));
        // What an ignored row holds, its direction too, is not read.
        let mut unread = direction.clone();
        places.iter().for_each(|&place| unread[place] = T::NAN);
        let beside_nan = Ask { direction: &unread, ..ask }.answer(sample.loss, &sample.batch)?;
        same(&format!("a direction that is NaN in ignored row {row}"), &alone, &beside_nan);
    }
    Ok(())
}

/// The product where rows of the input, of the direction and of the product have gaps between them; nothing for an input without rows. What
/// is written into a gap shows as a number that is not there.
fn with_gaps<T: Element>(sample: &Sample<'_, T>, ask: Ask<'_, T>) -> Result<Option<Vec<T>>, Error> {
    let Some(column) = &sample.batch.inputs[ask.input] else { return Ok(None) };
    let (Some(values), [_, rest @ ..]) = (column.values.reals(), column.shape.as_slice()) else { return Ok(None) };
    let line: usize = rest.iter().product();
    if line == 0 || values.is_empty() {
        return Ok(None);
    }
    let spread = |values: &[T]| -> Vec<T> {
        values.chunks(line).flat_map(|row| row.iter().copied().chain([poison::<T>(); GAP])).collect()
    };
    let (input, direction) = (spread(values), spread(ask.direction));
    let mut product = vec![poison::<T>(); direction.len()];
    let mut call = sample.batch.call();
    call.execution = ask.execution;
    if let Some(Array::Real(tensor)) = &mut call.inputs[ask.input] {
        *tensor = Tensor { data: &input, row_stride: Some(line + GAP), ..*tensor };
    }
    let request = Request {
        upstream: ask.upstream,
        product: Some(HessianProduct { input: ask.input, direction: &direction, product: &mut product }),
        want: Want::Nothing,
        ..Request::default()
    };
    match run(sample.loss, &call, request) {
        Ok(_) => {}
        // Rows of several dimensions before the second axis have no gaps.
        Err(Error::Unsupported { .. }) => return Ok(None),
        Err(refusal) => return Err(refusal),
    }
    let untouched =
        product.chunks(line + GAP).all(|row| row[line..].iter().all(|gap| gap.bits() == poison::<T>().bits()));
    let rows = product.chunks(line + GAP).flat_map(|row| row[..line].iter().copied());
    Ok(Some(rows.chain((!untouched).then_some(T::NAN)).collect()))
}

fn on_threads<T: Element>(sample: &Sample<'_, T>, random: &mut Random, tally: &mut Tally) {
    for &input in sample.info.hessian_products {
        if sample.batch.inputs[input].is_none() {
            continue;
        }
        let direction = direction(sample, input, random);
        let answer = |execution: Execution| {
            let ask = Ask { execution, reduction: Reduction::Sum, ..Ask::of(input, &direction) };
            ask.answer(sample.loss, &sample.batch)
        };
        let alone = answer(Execution { isa: None, threads: Some(1) });
        for execution in threads() {
            match (&alone, &answer(execution)) {
                (Ok(one), Ok(many)) => match first_difference(one, many) {
                    None => tally.pass(one.len() as u64),
                    Some(place) => {
                        let what = format!("product, {execution:?}, place {place}; {}", sample.describe());
                        tally.fail(&what, || (show(one[place]), show(many[place])));
                    }
                },
                (Err(refusal), _) | (_, Err(refusal)) => refused(sample, refusal, tally),
            }
        }
    }
}
