//! The types that are converted on the way, against the kernels of the type that they are computed in.

use half::{bf16, f16};
use loss_runtime::call::MAX_PARAMS;
use loss_runtime::info::{Label, LossInfo};
use loss_runtime::lane::Isa;
use loss_runtime::tensor::LabelSlice;
use loss_runtime::{
    Array, Call, Error, Execution, Labels, Loss, Outcome, Reduction, Request, Shape, Stored, Tensor, Upstream, run,
};

use crate::generators::{Batch, Column, Extents, Random, Values};
use crate::subject::{Effort, Subject};

use super::geometry::{refused, sizes, upstream_each};
use super::probe::{Found, Probe, ask_params, asks, find_all, poison, same, show};
use super::sample::{Sample, each, each_once};
use super::ways::{isas, long_batches, threads, with_threads};
use super::{Finding, Tally};

/// A type that is converted on the way.
pub(super) trait Narrow: Stored<Compute = f32> {
    const NAME: &'static str;
    /// The number next to zero.
    const TINIEST: Self;
    /// The largest finite number.
    const LARGEST: Self;
    /// Bits that no conversion makes: an output that still holds them was not written.
    const POISON: Self;
}

impl Narrow for bf16 {
    const NAME: &'static str = "bf16";
    const TINIEST: Self = bf16::MIN_POSITIVE_SUBNORMAL;
    const LARGEST: Self = bf16::MAX;
    const POISON: Self = bf16::from_bits(0x7feb);
}

impl Narrow for f16 {
    const NAME: &'static str = "f16";
    const TINIEST: Self = f16::MIN_POSITIVE_SUBNORMAL;
    const LARGEST: Self = f16::MAX;
    const POISON: Self = f16::from_bits(0x7eab);
}

/// Every batch in both types: each result is that of the widened numbers, rounded once.
pub(super) fn narrow_types_are_widened(subject: &Subject, effort: &Effort) -> Finding {
    if subject.is_mutant() {
        return Finding::skipped("the faults of mutants are made between the kernels and buffers of the compute type");
    }
    let mut tally = Tally::new(subject, effort);
    let short = sizes(subject);
    let (long, isas, threads) = (long_batches(subject), isas(), threads());
    let name = "narrow_types_are_widened";
    each::<f32>(subject, effort, name, &short, &mut tally, |sample, random, tally| both(sample, random, &isas, tally));
    let skipped = with_threads(|| {
        each_once::<f32>(subject, effort, &format!("{name}, threads"), &long, &mut tally, |sample, random, tally| {
            both(sample, random, &threads, tally);
        });
    });
    skipped.unwrap_or_else(|| tally.finding())
}

fn both(sample: &Sample<'_, f32>, random: &mut Random, ways: &[Execution], tally: &mut Tally) {
    look::<bf16>(sample, random, ways, tally);
    look::<f16>(sample, random, ways, tally);
}

fn look<H: Narrow>(sample: &Sample<'_, f32>, random: &mut Random, ways: &[Execution], tally: &mut Tally) {
    let narrow = Narrowed::<H>::of(sample.info, sample.extents, &sample.batch);
    let batch = narrow.widened();
    let upstream = match upstream_each(sample, random) {
        Ok(upstream) => upstream.into_iter().map(H::round).collect::<Vec<H>>(),
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    let wide: Vec<f32> = upstream.iter().map(|number| number.widen()).collect();
    let named = sample.info.reductions.iter().map(|reduction| Reduction::Named(reduction.name));
    for reduction in [Reduction::None, Reduction::Sum].into_iter().chain(named) {
        let (upstream_wide, upstream_narrow) = if reduction.is_none() {
            (Upstream::Each(wide.as_slice()), Upstream::Each(upstream.as_slice()))
        } else {
            (Upstream::Scalar(0.37), Upstream::Scalar(0.37))
        };
        let expected = find_all(sample.loss, &batch, Probe { reduction, upstream: upstream_wide, ..Probe::default() });
        for &execution in ways {
            let what = || {
                let Execution { isa, threads } = execution;
                let isa = isa.map_or("best", Isa::name);
                format!("{} {reduction:?}, {isa}, {threads:?} threads; {}", H::NAME, sample.describe())
            };
            let actual = narrow.run(sample.loss, reduction, upstream_narrow, execution);
            match (&expected, actual) {
                (Ok(expected), Ok(actual)) => compare(sample.loss, &batch, (expected, &actual), &what(), tally),
                (Err(expected), Err(actual)) if *expected == actual => tally.pass(1),
                (expected, actual) => tally.fail(&what(), || {
                    let word = |error: Option<&Error>| error.map_or("an answer".to_owned(), ToString::to_string);
                    (word(expected.as_ref().err()), word(actual.as_ref().err()))
                }),
            }
        }
    }
}

fn compare<H: Narrow>(
    loss: &dyn Loss,
    batch: &Batch<f32>,
    (expected, actual): (&Found<f32>, &Answer<H>),
    what: &str,
    tally: &mut Tally,
) {
    let mut slices = vec![("value of none".to_owned(), &expected.elements, &actual.elements)];
    for (input, (a, b)) in loss.info().inputs.iter().zip(expected.gradients.iter().zip(&actual.gradients)) {
        if let (Some(a), Some(b)) = (a, b) {
            slices.push((format!("gradient of {}", input.name), a, b));
        }
    }
    let unwritten = H::POISON.widen().to_bits();
    for (name, a, b) in slices {
        let differs = |(wide, narrow): (&f32, &H)| {
            let (once, narrow) = (H::round(*wide).widen(), narrow.widen());
            narrow.to_bits() == unwritten || !same(once, narrow)
        };
        let differing = if a.len() == b.len() { a.iter().zip(b).position(differs) } else { Some(a.len().min(b.len())) };
        match differing {
            None => tally.pass(a.len() as u64),
            Some(place) => tally.fail(&format!("{name}, place {place}; {what}"), || {
                let once = a.get(place).map(|&wide| format!("{} from {}", show(H::round(wide).widen()), show(wide)));
                let found = b.get(place).map(|narrow| show(narrow.widen()));
                (once.unwrap_or_else(|| "nothing".to_owned()), found.unwrap_or_else(|| "nothing".to_owned()))
            }),
        }
    }
    for (place, param) in loss.info().params.iter().enumerate().filter(|(place, _)| asks(loss.info(), batch, *place)) {
        let (a, b) = (expected.params[place], actual.params[place]);
        if b.to_bits() != poison::<f64>().to_bits() && same(a, b) {
            tally.pass(1);
        } else {
            tally.fail(&format!("gradient of {}; {what}", param.name), || (show(a), show(b)));
        }
    }
    let (wide, narrow) = (&expected.outcome, &actual.outcome);
    let same_value = match (wide.value, narrow.value) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if same_value && same(wide.partial.sum, narrow.partial.sum) && wide.partial.divisor == narrow.partial.divisor {
        tally.pass(1);
    } else {
        tally.fail(&format!("reduced value; {what}"), || (format!("{wide:?}"), format!("{narrow:?}")));
    }
}

/// A batch whose numbers a narrower type holds.
pub(super) struct Narrowed<'b, H> {
    info: &'static LossInfo,
    batch: &'b Batch<f32>,
    /// For each input that holds numbers.
    numbers: Vec<Option<Vec<H>>>,
}

/// What a call gave.
pub(super) struct Answer<H> {
    pub(super) elements: Vec<H>,
    pub(super) gradients: Vec<Option<Vec<H>>>,
    params: [f64; MAX_PARAMS],
    outcome: Outcome<f32>,
}

impl<'b, H: Narrow> Narrowed<'b, H> {
    pub(super) fn of(info: &'static LossInfo, extents: &Extents, batch: &'b Batch<f32>) -> Self {
        let numbers = info.inputs.iter().zip(&batch.inputs).map(|(input, column)| {
            let column = column.as_ref()?;
            let reals = column.values.reals()?;
            let mut numbers: Vec<H> = reals.iter().map(|&number| nearest(number)).collect();
            if input.label == Label::Simplex {
                for row in 0..extents.row_count() {
                    let places = (0..extents.extent).filter_map(|along| extents.place(info, input, row, along));
                    add_up_to_one(&mut numbers, &places.collect::<Vec<usize>>());
                }
            }
            Some(numbers)
        });
        Self { info, batch, numbers: numbers.collect() }
    }

    /// The same batch in the compute type.
    pub(super) fn widened(&self) -> Batch<f32> {
        let inputs = self.batch.inputs.iter().zip(&self.numbers).map(|(column, numbers)| {
            let column = column.as_ref()?;
            let values = match numbers {
                Some(numbers) => Values::Real(numbers.iter().map(|number| number.widen()).collect()),
                None => column.values.clone(),
            };
            Some(Column { shape: column.shape.clone(), values })
        });
        Batch { inputs: inputs.collect(), params: self.batch.params.clone() }
    }

    fn call(&self) -> Call<'_, H> {
        let mut call = Call::default();
        for (slot, (column, numbers)) in call.inputs.iter_mut().zip(self.batch.inputs.iter().zip(&self.numbers)) {
            let Some(column) = column else { continue };
            let shape = Shape::new(&column.shape).unwrap_or_default();
            let labels = |data| Array::Labels(Labels { data, shape, row_stride: None });
            *slot = Some(match (numbers, &column.values) {
                (Some(data), _) => Array::Real(Tensor { data, shape, row_stride: None }),
                (None, Values::Whole(data)) => labels(LabelSlice::I64(data)),
                (None, Values::Condition(data)) => labels(LabelSlice::Bool(data)),
                (None, Values::Real(data)) => labels(LabelSlice::F32(data)),
            });
        }
        for (slot, param) in call.params.iter_mut().zip(&self.batch.params) {
            *slot = *param;
        }
        call
    }

    pub(super) fn run(
        &self,
        loss: &dyn Loss,
        reduction: Reduction<'_>,
        upstream: Upstream<'_, H, f32>,
        execution: Execution,
    ) -> Result<Answer<H>, Error> {
        let call = Call { execution, ..self.call() };
        let none_len = loss_runtime::shape_of_none(loss, &call)?.len();
        let mut elements = vec![H::POISON; if reduction.is_none() { none_len } else { 0 }];
        let mut gradients: Vec<Option<Vec<H>>> = (self.info.inputs.iter().zip(&self.numbers))
            .map(|(input, numbers)| {
                numbers.as_ref().filter(|_| input.gradient).map(|numbers| vec![H::POISON; numbers.len()])
            })
            .collect();
        let mut params = [poison(); MAX_PARAMS];
        let mut request = Request {
            reduction,
            upstream,
            elements: reduction.is_none().then_some(elements.as_mut_slice()),
            ..Request::default()
        };
        for (slot, gradient) in request.gradients.iter_mut().zip(&mut gradients) {
            *slot = gradient.as_deref_mut();
        }
        ask_params(self.info, self.batch, &mut request.params, &mut params);
        let outcome = run(loss, &call, request)?;
        Ok(Answer { elements, gradients, params, outcome })
    }
}

/// The nearest number, but neither 0 nor infinite where the number is not: conditions that hold of one hold of the other.
fn nearest<H: Narrow>(number: f32) -> H {
    let rounded = H::round(number);
    let least = |limit: H| H::round(limit.widen().copysign(number));
    if rounded.widen() == 0.0 && number != 0.0 {
        least(H::TINIEST)
    } else if rounded.widen().is_infinite() && number.is_finite() {
        least(H::LARGEST)
    } else {
        rounded
    }
}

/// How far the probabilities of a row may miss 1 in the compute type.
const MISSED: f64 = 5e-4;

/// Makes a row of rounded probabilities one whose widened numbers add up to 1 as well: in steps of 1/128, which every type holds.
fn add_up_to_one<H: Narrow>(numbers: &mut [H], row: &[usize]) {
    let number = |place: usize, numbers: &[H]| f64::from(numbers[place].widen());
    let sum: f64 = row.iter().map(|&place| number(place, numbers)).sum();
    let largest = row.iter().copied().max_by(|&a, &b| number(a, numbers).total_cmp(&number(b, numbers)));
    let Some(largest) = largest.filter(|_| (sum - 1.0).abs() > MISSED) else { return };
    let mut left = 128.0;
    for &place in row.iter().filter(|&&place| place != largest) {
        let steps = (number(place, numbers) * 127.0).floor();
        left -= steps;
        numbers[place] = H::round((steps / 128.0) as f32);
    }
    numbers[largest] = H::round((left / 128.0) as f32);
}
