//! The sum of ten million elements in `f32`, against the exact sum of the exact values' nearest `f64`.

use dashu_base::{Abs, BitTest};
use dashu_int::IBig;
use loss_runtime::{Reduction, Request, run};

use crate::generators::{Batch, Column, Extents, Generator, Random, Values, settings};
use crate::subject::{Effort, Subject};

use super::probe::{Probe, find};
use super::sample::has_second_axis;
use super::{Finding, Tally, tolerance};

/// So many elements are summed.
const ELEMENTS: usize = 10_000_000;
/// So many rows differ; they come again and again.
const DISTINCT: usize = 1 << 15;
/// The extent of a second axis.
const EXTENT: usize = 4;

/// The sum of very many elements is the exact one, but for less than a unit in the last place.
pub(super) fn large_sums_are_exact(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let info = subject.loss.info();
    let extent = if has_second_axis(info) { EXTENT } else { 1 };
    let Some(setting) = settings(subject.loss).into_iter().next() else { return tally.finding() };
    let generator = match Generator::new(subject.loss, setting) {
        Ok(generator) => generator.without_dropped_rows(),
        Err(refusal) => {
            tally.fail("a batch", || ("values that labels and conditions admit".to_owned(), refusal.to_string()));
            return tally.finding();
        }
    };
    let extents = Extents::rows([DISTINCT]).with_extent(extent);
    let distinct: Batch<f32> = generator.batch(&extents, &mut Random::named(effort.seed, "large_sums_are_exact"));
    let answers = find(subject.loss, &widened(&distinct), Probe::default());
    let many: Vec<usize> = (0..ELEMENTS / extent).map(|row| row % DISTINCT).collect();
    let rows = distinct.rows(info, &extents, &many);
    let sum = run(subject.loss, &rows.call(), Request { reduction: Reduction::Sum, ..Request::default() });
    match (answers, sum) {
        (Ok(answers), Ok(outcome)) => {
            let per_row = answers.elements.len() / DISTINCT;
            let times = |element: usize| {
                IBig::from(many.len() / DISTINCT + usize::from(element / per_row < many.len() % DISTINCT))
            };
            let terms = answers.elements.iter().enumerate().map(|(element, &term)| fixed(term) * times(element));
            let (mut exact, mut size) = (IBig::ZERO, IBig::ZERO);
            for term in terms {
                size += term.clone().abs();
                exact += term;
            }
            let sum = outcome.value.unwrap_or(f32::NAN);
            let apart =
                if sum.is_finite() { ratio((fixed(f64::from(sum)) - &exact).abs(), &size) } else { f64::INFINITY };
            if apart <= tolerance::LARGE_SUM {
                tally.pass((many.len() * per_row) as u64);
            } else {
                let setting = generator.setting().describe(subject.loss);
                tally.fail(&format!("the sum of {} rows, {setting}", many.len()), || {
                    (
                        format!("the exact one within {:e} of the sum of sizes", tolerance::LARGE_SUM),
                        format!("{sum:e}, {apart:e} off"),
                    )
                });
            }
        }
        (answers, sum) => {
            let actual = answers.err().or(sum.err()).map_or_else(String::new, |refusal| refusal.to_string());
            tally.fail("very many rows", || ("an answer".to_owned(), actual));
        }
    }
    tally.finding()
}

/// The same numbers as `f64`, parameters as `f32` rounds them.
fn widened(batch: &Batch<f32>) -> Batch<f64> {
    let column = |column: &Column<f32>| Column {
        shape: column.shape.clone(),
        values: match &column.values {
            Values::Real(values) => Values::Real(values.iter().map(|&value| f64::from(value)).collect()),
            Values::Whole(values) => Values::Whole(values.clone()),
            Values::Condition(values) => Values::Condition(values.clone()),
        },
    };
    Batch {
        inputs: batch.inputs.iter().map(|input| input.as_ref().map(column)).collect(),
        params: batch.params.iter().map(|&param| f64::from(param as f32)).collect(),
    }
}

/// A finite number in units of the smallest one.
fn fixed(number: f64) -> IBig {
    let bits = number.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as usize, bits & ((1 << 52) - 1));
    let size = if exponent == 0 { IBig::from(fraction) } else { IBig::from(fraction | 1 << 52) << (exponent - 1) };
    if number.is_sign_negative() { -size } else { size }
}

/// A ratio of two sizes, well enough for a comparison.
fn ratio(part: IBig, whole: &IBig) -> f64 {
    if part.is_zero() {
        return 0.0;
    }
    let shift = whole.bit_len().saturating_sub(1000);
    let (part, whole) = (part >> shift, whole.clone() >> shift);
    part.to_f64().value() / whole.to_f64().value()
}

#[cfg(test)]
mod tests {
    use super::{fixed, ratio};

    #[test]
    fn fixed_point_is_exact() {
        let least = f64::from_bits(1);
        assert_eq!(fixed(least), 1.into());
        assert_eq!(fixed(-f64::MIN_POSITIVE), -fixed(f64::MIN_POSITIVE));
        assert_eq!(fixed(1.5) + fixed(-0.25), fixed(1.25));
        assert_eq!(fixed(1e300) + fixed(least) - fixed(1e300), fixed(least));
        assert_eq!(ratio(fixed(1.0), &fixed(8.0)), 0.125);
    }
}
