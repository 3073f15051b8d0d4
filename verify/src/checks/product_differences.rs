//! Hessian-vector products of the compiled kernels against the gradients of the compiled kernels, by the extrapolation of central differences
//! that checks gradients against values. It knows neither the formula nor a rule.

use loss_runtime::Error;

use crate::generators::{Batch, Extents, Random};
use crate::subject::{Effort, Subject};

use super::extrapolation::{STEPS, Walk, sizes};
use super::geometry::refused;
use super::probe::{Probe, find};
use super::product::Ask;
use super::sample::{Sample, each_pair};
use super::{Finding, Tally, tolerance};

/// Numbers of the input are cut to so many bits, and directions are of few: then every step is exact.
const BITS: i32 = 26;

/// Every product of `none` in `f64`, along a direction of each row.
pub(super) fn hessian_product_matches_kernel_differences(subject: &Subject, effort: &Effort) -> Finding {
    if subject.loss.info().hessian_products.is_empty() {
        return Finding::skipped("the spec asks for no Hessian-vector products");
    }
    let mut tally = Tally::new(subject, effort);
    let name = "hessian_product_matches_kernel_differences";
    each_pair::<f64>(
        subject,
        effort,
        name,
        &sizes(subject),
        |_, batch, _| batch,
        &mut tally,
        |sample, random, tally| {
            for &input in sample.info.hessian_products {
                let row = random.below(sample.extents.row_count());
                if let Err(refusal) = look(sample, row, input, random, tally) {
                    return refused(sample, &refusal, tally);
                }
            }
        },
    );
    tally.finding()
}

/// Looks at the product of one row.
fn look(
    sample: &Sample<'_, f64>,
    row: usize,
    input: usize,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(), Error> {
    let info = sample.info;
    let copies = 1 + 2 * STEPS;
    let extents = Extents::rows([copies]).with_extent(sample.extents.extent);
    let mut batch = sample.batch.rows(info, sample.extents, &vec![row; copies]);
    let places = |copy: usize| extents.places(info, &info.inputs[input], copy);
    let (Some(here), Some(column)) = (places(0), &batch.inputs[input]) else { return Ok(()) };
    let numbers: Vec<f64> = here.iter().map(|&place| cut(column.values.number(place))).collect();
    let largest = numbers.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()));
    if !largest.is_finite() {
        return Ok(());
    }
    let direction: Vec<f64> = numbers.iter().map(|_| *random.pick(&[-1.0, -0.5, 0.0, 0.5, 1.0, 1.0])).collect();
    let first = if largest == 0.0 { 1.0 } else { largest.log2().floor().exp2() } / 16.0;
    let steps: Vec<f64> = (0..STEPS).map(|step| first * (-(step as f64)).exp2()).collect();
    let moves = std::iter::once(0.0).chain(steps.iter().flat_map(|step| [-step, *step]));
    for (copy, by) in moves.enumerate() {
        let (Some(places), Some(column)) = (places(copy), &mut batch.inputs[input]) else { return Ok(()) };
        for (&place, (x, v)) in places.iter().zip(numbers.iter().zip(&direction)) {
            column.values.set(place, x + by * v);
        }
    }
    let mut whole = vec![0.0; batch.inputs[input].as_ref().map_or(0, |column| column.values.len())];
    for (&place, v) in here.iter().zip(&direction) {
        whole[place] = *v;
    }
    let product = Ask::of(input, &whole).answer(sample.loss, &batch)?;
    let found = match find(sample.loss, &batch, Probe::default()) {
        Ok(found) => found,
        // The domain does not admit the steps.
        Err(Error::Domain { .. } | Error::Label { .. } | Error::RowSum { .. }) => {
            tally.leave_undecided();
            return Ok(());
        }
        Err(refusal) => return Err(refusal),
    };
    let Some(gradient) = &found.gradients[input] else { return Ok(()) };
    let noise = noise(&batch, gradient, largest);
    for (along, &place) in here.iter().enumerate() {
        let at = |copy: usize| places(copy).map_or(f64::NAN, |places| gradient[places[along]]);
        let pair = |step: usize| (at(1 + 2 * step), at(2 + 2 * step), 2.0 * steps[step]);
        let walk = Walk { gradient: product[place], here: at(0), steps: (0..STEPS).map(pair).collect(), noise };
        let Some(judgement) = walk.judge() else { continue };
        if judgement.is_right {
            tally.pass(1);
            continue;
        }
        let name = info.inputs[input].name;
        let what = format!("product in {name}[{along}] of row {row}; {}", sample.describe());
        let expected = format!("{:e} within {:e} by extrapolation", judgement.estimate, judgement.bound);
        let found = format!("{:e} at {numbers:?} along {direction:?}", product[place]);
        tally.fail(&what, || (expected, found));
    }
    Ok(())
}

/// A number of few bits that is near.
fn cut(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let unit = f64::from(BITS).mul_add(-1.0, number.abs().log2().floor()).exp2();
    (number / unit).round() * unit
}

/// How far a gradient may be off: roundings of the largest one, and of what it moves by when what goes in moves by a rounding, which is no more
/// than it moves by along the longest step, scaled down.
fn noise(batch: &Batch<f64>, gradient: &[f64], largest: f64) -> f64 {
    let size = gradient.iter().filter(|number| number.is_finite()).fold(0.0, |size: f64, g| size.max(g.abs()));
    let inputs = batch.inputs.iter().flatten().filter_map(|column| column.values.reals()).flatten();
    let numbers = inputs.filter(|number| number.is_finite()).fold(largest, |size: f64, number| size.max(number.abs()));
    size * (1.0 + numbers) * f64::EPSILON * tolerance::EXTRAPOLATED_ULPS
}
