//! Sizes, starts and strides: where vectors, blocks, chunks and rows end.

use loss_runtime::call::MAX_INPUTS;
use loss_runtime::lane::Isa;
use loss_runtime::tensor::Array;
use loss_runtime::{Element, Execution, Reduction, Request, Tensor, Upstream, run};

use crate::audit::Bitwise;
use crate::generators::{Batch, Column, Extents, Random, Values};
use crate::subject::{Effort, Subject};

use super::probe::{Found, Probe, find, first_difference, poison, same, show};
use super::sample::{Sample, each, has_second_axis};
use super::{Finding, Tally};

/// The sums are taken in chunks of so many values.
const CHUNK: usize = 8192;

/// Sizes around everything that a kernel counts by: lanes, unrolled lanes, blocks of rows, chunks.
pub(super) fn sizes(subject: &Subject) -> Vec<Extents> {
    let mut sizes: Vec<Extents> = Vec::new();
    if has_second_axis(subject.loss.info()) {
        for extent in [1, 2, 3, 5, 10, 16, 17, 33, 64, 100, 130, 1000] {
            for rows in [1, 2, 15, 16, 17, 37] {
                sizes.push(Extents::rows([rows]).with_extent(extent));
            }
            sizes.push(Extents { rows: Vec::new(), extent });
            sizes.push(Extents::rows([2, 19]).with_extent(extent));
            sizes.push(Extents::rows([3, 4, 5]).with_extent(extent));
        }
        sizes.push(Extents::rows([2, 130]).with_extent(21));
        sizes.push(Extents::rows([3]).with_extent(CHUNK + 17));
        // Rows that interleave in memory are walked across, alone they are walked along: both cut a long row into the same chunks.
        sizes.push(Extents::rows([1, 4]).with_extent(CHUNK + 17));
        sizes.push(Extents::rows([2, 3]).with_extent(2 * CHUNK + 5));
        sizes.push(Extents::rows([1100]).with_extent(3));
        sizes.push(Extents::rows([1, 1100]).with_extent(3));
    } else {
        sizes.extend((1..=130).map(|rows| Extents::rows([rows])));
        sizes.extend(
            [CHUNK - 17, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + 17, 2 * CHUNK + 5].map(|rows| Extents::rows([rows])),
        );
        sizes.extend([Extents { rows: Vec::new(), extent: 1 }, Extents::rows([3, 5, 7]), Extents::rows([1, 129])]);
    }
    sizes
}

/// Every row of a batch, computed in the batch and alone.
pub(super) fn batch_equals_rows_alone(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let sizes = sizes(subject);
    each::<f32>(subject, effort, "batch_equals_rows_alone f32", &sizes, &mut tally, rows_alone);
    each::<f64>(subject, effort, "batch_equals_rows_alone f64", &sizes, &mut tally, rows_alone);
    let compared = tally.points();
    let mut finding = tally.finding();
    finding.evidence.bitwise = Some(Bitwise { sizes: sizes.len() as u64, compared, ..Bitwise::default() });
    finding
}

fn rows_alone<T: Element>(sample: &Sample<'_, T>, random: &mut Random, tally: &mut Tally) {
    let rows = sample.extents.row_count();
    let upstream = match upstream_each(sample, random) {
        Ok(upstream) => upstream,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    let whole = find(sample.loss, &sample.batch, Probe { upstream: Upstream::Each(&upstream), ..Probe::default() });
    let whole = match whole {
        Ok(whole) => whole,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    // All rows of a small batch; of a large one the first and last, where vectors end, and some between.
    let looked_at: Vec<usize> = if rows <= 140 {
        (0..rows).collect()
    } else {
        (0..20).chain(rows - 40..rows).chain((0..40).map(|_| random.below(rows))).collect()
    };
    for row in looked_at {
        let places = none_places(sample, whole.elements.len(), row);
        let upstream: Vec<T> = places.iter().map(|&place| upstream[place]).collect();
        let alone = sample.batch.rows(sample.info, sample.extents, &[row]);
        let probe = Probe { upstream: Upstream::Each(&upstream), ..Probe::default() };
        match find(sample.loss, &alone, probe) {
            Ok(alone) => compare_row(sample, &whole, &alone, row, &places, tally),
            Err(refusal) => refused(sample, &refusal, tally),
        }
    }
}

/// The places in `none` of one row.
fn none_places<T: Element>(sample: &Sample<'_, T>, none_len: usize, row: usize) -> Vec<usize> {
    if none_len == sample.extents.row_count() {
        return vec![row];
    }
    let layout = &sample.info.inputs[sample.info.layout];
    (0..sample.extents.extent).filter_map(|along| sample.extents.place(sample.info, layout, row, along)).collect()
}

fn compare_row<T: Element>(
    sample: &Sample<'_, T>,
    whole: &Found<T>,
    alone: &Found<T>,
    row: usize,
    places: &[usize],
    tally: &mut Tally,
) {
    let mut look = |what: String, in_batch: Vec<T>, alone: &[T]| match first_difference(&in_batch, alone) {
        None => tally.pass(alone.len() as u64),
        Some(place) => tally.fail(&format!("{what}, row {row}, place {place}; {}", sample.describe()), || {
            let at = |slice: &[T]| slice.get(place).map_or_else(|| "nothing".to_owned(), |&number| show(number));
            (format!("{} alone", at(alone)), format!("{} in the batch", at(&in_batch)))
        }),
    };
    look("value of none".to_owned(), places.iter().map(|&place| whole.elements[place]).collect(), &alone.elements);
    for (input, (in_batch, alone)) in sample.info.inputs.iter().zip(whole.gradients.iter().zip(&alone.gradients)) {
        let (Some(in_batch), Some(alone)) = (in_batch, alone) else {
            continue;
        };
        // The gradient of an input that rows share is a sum over rows.
        let Some(places) = sample.extents.places(sample.info, input, row) else { continue };
        look(format!("gradient of {}", input.name), places.iter().map(|&place| in_batch[place]).collect(), alone);
    }
}

/// An upstream gradient for each value of `none`, none of them 1.
pub(super) fn upstream_each<T: Element>(
    sample: &Sample<'_, T>,
    random: &mut Random,
) -> Result<Vec<T>, loss_runtime::Error> {
    let len = loss_runtime::shape_of_none(sample.loss, &sample.batch.call())?.len();
    Ok((0..len).map(|_| T::from_f64(*random.pick(&[0.37, -2.0, 1.5, -0.01]))).collect())
}

pub(super) fn refused<T: Element>(sample: &Sample<'_, T>, refusal: &loss_runtime::Error, tally: &mut Tally) {
    tally.fail(&sample.describe(), || ("an answer".to_owned(), refusal.to_string()));
}

/// The same batch from other places in memory.
pub(super) fn layout_changes_nothing(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(subject.loss.info()) {
        [(5, 3), (17, 10), (3, 100), (2, 1000)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        vec![Extents::rows([67]), Extents::rows([131]), Extents::rows([5, 13]), Extents::rows([3, 80])]
    };
    each::<f32>(subject, effort, "layout_changes_nothing f32", &sizes, &mut tally, other_layouts);
    each::<f64>(subject, effort, "layout_changes_nothing f64", &sizes, &mut tally, other_layouts);
    tally.finding()
}

fn other_layouts<T: Element>(sample: &Sample<'_, T>, random: &mut Random, tally: &mut Tally) {
    let expected = match find(sample.loss, &sample.batch, Probe::default()) {
        Ok(expected) => expected,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    let isas: Vec<Isa> = Isa::available().collect();
    for start in 0..16 {
        placed(sample, &expected, Placement { start, stagger: 0, gap: 0 }, Isa::detect(), tally);
        // Odd, so that over all starts every array meets every other one at every distance.
        placed(
            sample,
            &expected,
            Placement { start, stagger: 1 + 2 * random.below(8), gap: 0 },
            *random.pick(&isas),
            tally,
        );
    }
    placed(sample, &expected, Placement { start: 0, stagger: 0, gap: 1 }, Isa::detect(), tally);
    placed(
        sample,
        &expected,
        Placement { start: random.below(16), stagger: 3, gap: 1 + random.below(40) },
        *random.pick(&isas),
        tally,
    );
}

/// Where an array of floats lies in a larger one.
#[derive(Clone, Copy, Debug)]
struct Placement {
    start: usize,
    /// How much further on each array starts than the one before it, round and round in 16 places.
    stagger: usize,
    /// How many numbers that belong to nobody follow each row of the first dimension.
    gap: usize,
}

impl Placement {
    /// Where one of several arrays lies.
    fn of(self, array: usize) -> Self {
        Self { start: (self.start + array * self.stagger) % 16, ..self }
    }

    fn row_len(shape: &[usize]) -> usize {
        shape.iter().skip(1).product()
    }

    /// Whether rows of this array can have gaps: an array of no dimensions has none.
    fn stride(self, shape: &[usize]) -> Option<usize> {
        (self.gap > 0 && !shape.is_empty()).then(|| Self::row_len(shape) + self.gap)
    }

    /// Where a value of the array lies.
    fn place(self, shape: &[usize], place: usize) -> usize {
        let row = Self::row_len(shape).max(1);
        self.start + self.stride(shape).map_or(place, |stride| place / row * stride + place % row)
    }

    fn len(self, shape: &[usize], values: usize) -> usize {
        if values == 0 { self.start } else { self.place(shape, values - 1) + 1 }
    }

    fn spread<T: Element>(self, column: &Column<T>, values: &[T]) -> Vec<T> {
        let mut spread = vec![poison::<T>(); self.len(&column.shape, values.len())];
        for (place, &value) in values.iter().enumerate() {
            spread[self.place(&column.shape, place)] = value;
        }
        spread
    }
}

fn placed<T: Element>(sample: &Sample<'_, T>, expected: &Found<T>, placement: Placement, isa: Isa, tally: &mut Tally) {
    let batch: &Batch<T> = &sample.batch;
    let spread: Vec<Option<Vec<T>>> = batch
        .inputs
        .iter()
        .enumerate()
        .map(|(array, column)| {
            let column = column.as_ref()?;
            Some(placement.of(array).spread(column, column.values.reals()?))
        })
        .collect();
    let mut call = batch.call();
    call.execution = Execution { isa: Some(isa), threads: Some(1) };
    for (array, ((slot, column), spread)) in call.inputs.iter_mut().zip(&batch.inputs).zip(&spread).enumerate() {
        let (Some(column), Some(spread), Some(Array::Real(tensor))) = (column, spread, slot.as_mut()) else {
            continue;
        };
        *tensor = Tensor {
            data: &spread[placement.of(array).start..],
            shape: tensor.shape,
            row_stride: placement.stride(&column.shape),
        };
    }
    // Outputs lie elsewhere than inputs.
    let (values, of_gradient) = (placement.of(MAX_INPUTS), |array: usize| placement.of(MAX_INPUTS + 1 + array));
    let mut elements = vec![poison::<T>(); values.start + expected.elements.len()];
    let mut gradients: Vec<Option<Vec<T>>> = (expected.gradients.iter().zip(&batch.inputs).enumerate())
        .map(|(array, (gradient, column))| {
            let len = of_gradient(array).len(&column.as_ref()?.shape, gradient.as_ref()?.len());
            Some(vec![poison::<T>(); len])
        })
        .collect();
    let mut slots = [const { None }; MAX_INPUTS];
    for (array, (slot, gradient)) in slots.iter_mut().zip(&mut gradients).enumerate() {
        *slot = gradient.as_mut().map(|gradient| &mut gradient[of_gradient(array).start..]);
    }
    let request = Request {
        reduction: Reduction::None,
        elements: Some(&mut elements[values.start..]),
        gradients: slots,
        ..Request::default()
    };
    let what = |name: &str| format!("{name}, {placement:?}, {isa}; {}", sample.describe());
    if let Err(refusal) = run(sample.loss, &call, request) {
        return tally.fail(&what("call"), || ("an answer".to_owned(), refusal.to_string()));
    }
    match first_difference(&expected.elements, &elements[values.start..]) {
        None => tally.pass(expected.elements.len() as u64),
        Some(place) => tally
            .fail(&what("value of none"), || (show(expected.elements[place]), show(elements[values.start + place]))),
    }
    for (array, ((input, column), (expected, gradient))) in
        sample.info.inputs.iter().zip(&batch.inputs).zip(expected.gradients.iter().zip(&gradients)).enumerate()
    {
        let (Some(Column { shape, values: Values::Real(_) }), Some(expected), Some(gradient)) =
            (column, expected, gradient)
        else {
            continue;
        };
        // Everything between the rows still holds what it held.
        let mut whole = vec![poison::<T>(); gradient.len()];
        for (place, &value) in expected.iter().enumerate() {
            whole[of_gradient(array).place(shape, place)] = value;
        }
        match whole.iter().zip(gradient).position(|(&a, &b)| !same(a, b)) {
            None => tally.pass(expected.len() as u64),
            Some(place) => tally.fail(&what(&format!("gradient of {}, place {place} in memory", input.name)), || {
                (show(whole[place]), show(gradient[place]))
            }),
        }
    }
}
