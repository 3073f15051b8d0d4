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
            let times = |element: usize| many.len() / DISTINCT + usize::from(element / per_row < many.len() % DISTINCT);
            let terms = answers.elements.iter().enumerate().map(|(element, &term)| (term, times(element)));
            let sum = outcome.value.unwrap_or(f32::NAN);
            let apart = Total::of(terms).distance(sum);
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

/// What terms add up to.
enum Total {
    /// So much, and the sum of their sizes.
    Exact { sum: IBig, size: IBig },
    /// Terms that `f32` cannot hold add up to this: an infinity, or NaN for one of each sign.
    Beyond(f32),
}

impl Total {
    /// Of exact terms, each so many times, that are rounded to `f32` before they are added.
    fn of(terms: impl Iterator<Item = (f64, usize)>) -> Self {
        let (mut sum, mut size) = (IBig::ZERO, IBig::ZERO);
        let mut beyond = None;
        for (term, times) in terms {
            let rounded = term as f32;
            if rounded.is_finite() {
                let term = fixed(term) * IBig::from(times);
                size += term.clone().abs();
                sum += term;
            } else if times > 0 {
                beyond = Some(beyond.unwrap_or(0.0) + rounded);
            }
        }
        beyond.map_or(Self::Exact { sum, size }, Self::Beyond)
    }

    /// How far a sum is from it, as a share of the sum of sizes.
    fn distance(&self, found: f32) -> f64 {
        match self {
            Self::Exact { sum, size } => {
                let most = fixed(f64::from(f32::MAX));
                let exact = if found.is_nan() {
                    return f64::INFINITY;
                } else if found.is_finite() {
                    sum.clone()
                } else {
                    // An infinity is right for whatever is larger than the largest number.
                    sum.clone().clamp(-most.clone(), most)
                };
                let found = f64::from(found.clamp(f32::MIN, f32::MAX));
                ratio((fixed(found) - exact).abs(), size)
            }
            Self::Beyond(total) if total.to_bits() == found.to_bits() || (total.is_nan() && found.is_nan()) => 0.0,
            Self::Beyond(_) => f64::INFINITY,
        }
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
    use super::{Total, fixed, ratio};

    #[test]
    fn fixed_point_is_exact() {
        let least = f64::from_bits(1);
        assert_eq!(fixed(least), 1.into());
        assert_eq!(fixed(-f64::MIN_POSITIVE), -fixed(f64::MIN_POSITIVE));
        assert_eq!(fixed(1.5) + fixed(-0.25), fixed(1.25));
        assert_eq!(fixed(1e300) + fixed(least) - fixed(1e300), fixed(least));
        assert_eq!(ratio(fixed(1.0), &fixed(8.0)), 0.125);
    }

    #[test]
    fn a_sum_of_what_overflows_is_infinite_or_nan_and_a_finite_one_is_finite() {
        let distance = |terms: &[f64], sum: f32| Total::of(terms.iter().map(|&term| (term, 1))).distance(sum);
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        for right in [(&[1.0, 2.0][..], 3.0), (&[1.0, 1e300], inf), (&[-1e300, 1.0], -inf), (&[1e300, -1e300], nan)] {
            assert_eq!(distance(right.0, right.1), 0.0, "{right:?}");
        }
        for wrong in [(&[1.0, 2.0][..], inf), (&[1.0, 2.0], nan), (&[1e300, 1.0], -inf), (&[1e300, 1.0], f32::MAX)] {
            assert!(distance(wrong.0, wrong.1) > 0.1, "{wrong:?}");
        }
        // No term overflows, the sum does; terms that come no time do not count.
        assert_eq!(distance(&[3e38, 3e38], inf), 0.0);
        assert!(distance(&[3e38, 3e38], -inf) > 0.1 && distance(&[3e38, -3e38], inf) > 0.1);
        assert_eq!(Total::of([(f64::INFINITY, 0), (0.5, 4)].into_iter()).distance(2.0), 0.0);
    }
}
