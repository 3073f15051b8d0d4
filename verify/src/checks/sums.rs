//! What reductions are: a sum, and a sum over a divisor.

use loss_runtime::info::{Divisor, Label, ReductionInfo};
use loss_runtime::{Element, Error, Reduction, Upstream};

use crate::generators::{Column, Extents, Random, Values};
use crate::subject::{Effort, Subject};

use super::geometry::{refused, sizes};
use super::probe::{Found, Probe, find, first_difference, same, show};
use super::sample::{Sample, each, each_once, has_second_axis};
use super::{Finding, Tally, tolerance};

/// Sums against values one by one, means against sums.
pub(super) fn sum_is_sum_of_none(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let sizes = sizes(subject);
    each::<f32>(subject, effort, "sum_is_sum_of_none f32", &sizes, &mut tally, reductions);
    each::<f64>(subject, effort, "sum_is_sum_of_none f64", &sizes, &mut tally, reductions);
    let many = Extents::rows([MANY]).with_extent(if has_second_axis(subject.loss.info()) { 2 } else { 1 });
    each_once::<f32>(subject, effort, "sum_is_sum_of_none f32", std::slice::from_ref(&many), &mut tally, of_one_size);
    each_once::<f64>(subject, effort, "sum_is_sum_of_none f64", std::slice::from_ref(&many), &mut tally, of_one_size);
    tally.finding()
}

/// So many terms that a sum which rounds after each of them shows it.
const MANY: usize = 20_011;

/// The sum of many values of about one size: where a few are far larger than all others, the roundings of these are all that shows.
fn of_one_size<T: Element>(sample: &Sample<'_, T>, _: &mut Random, tally: &mut Tally) {
    let mut batch = sample.batch.clone();
    for (column, input) in batch.inputs.iter_mut().zip(sample.info.inputs) {
        if let (Some(Column { values: Values::Real(values), .. }), Label::Real) = (column, input.label) {
            for (place, value) in values.iter_mut().enumerate() {
                *value = T::from_f64(0.1 + 0.37 * (place % 11) as f64);
            }
        }
    }
    let found = |reduction| find(sample.loss, &batch, Probe { reduction, ..Probe::default() });
    // Declared conditions may not admit such numbers.
    if let (Ok(none), Ok(sum)) = (found(Reduction::None), found(Reduction::Sum)) {
        compare_sum(sample, &none, &sum, tally);
    }
}

fn reductions<T: Element>(sample: &Sample<'_, T>, _: &mut Random, tally: &mut Tally) {
    let none = match find(sample.loss, &sample.batch, Probe::default()) {
        Ok(none) => none,
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    let sum = match find(sample.loss, &sample.batch, Probe { reduction: Reduction::Sum, ..Probe::default() }) {
        Ok(sum) => {
            compare_sum(sample, &none, &sum, tally);
            sum.outcome.partial.sum
        }
        Err(refusal) => return refused(sample, &refusal, tally),
    };
    for reduction in sample.info.reductions {
        let upstream = T::from_f64(-2.0);
        let probe = Probe {
            reduction: Reduction::Named(reduction.name),
            upstream: Upstream::Scalar(upstream),
            ..Probe::default()
        };
        match find(sample.loss, &sample.batch, probe) {
            Ok(reduced) => compare_reduced(sample, reduction, &none, sum, &reduced, upstream, tally),
            // Nothing to divide by is an answer, where there is nothing.
            Err(Error::ZeroDivisor { .. }) if has_nothing(sample, reduction) => tally.pass(1),
            Err(refusal) => refused(sample, &refusal, tally),
        }
    }
}

/// Whether a divisor may be zero: all rows dropped, or a sum, of which nothing more is known here.
fn has_nothing<T: Element>(sample: &Sample<'_, T>, reduction: &ReductionInfo) -> bool {
    match reduction.divisor {
        Divisor::Elements => live_rows(sample) == 0,
        Divisor::Samples => false,
        Divisor::Sum => true,
    }
}

fn live_rows<T: Element>(sample: &Sample<'_, T>) -> usize {
    sample.batch.dropped_rows(sample.info, sample.extents).iter().filter(|dropped| !**dropped).count()
}

fn compare_sum<T: Element>(sample: &Sample<'_, T>, none: &Found<T>, sum: &Found<T>, tally: &mut Tally) {
    let what = || format!("sum; {}", sample.describe());
    let exact = exact_sum(none.elements.iter().map(|value| value.to_f64()));
    let size: f64 = none.elements.iter().map(|value| value.to_f64().abs()).sum();
    let found = sum.outcome.partial.sum;
    let close = size.is_finite() && (found - exact).abs() <= tolerance::sum::<T>() * size + f64::MIN_POSITIVE;
    if close || same(found, exact) {
        tally.pass(none.elements.len() as u64);
    } else {
        tally.fail(&what(), || (format!("{exact} ± {:e}", tolerance::sum::<T>() * size), found.to_string()));
    }
    match sum.outcome.value {
        Some(value) if same(value, T::from_f64(found)) && sum.outcome.partial.divisor.is_none() => tally.pass(1),
        Some(_) | None => tally.fail(&what(), || {
            (format!("{found}, not divided"), format!("{:?}, {:?}", sum.outcome.value, sum.outcome.partial))
        }),
    }
    for (input, (one, all)) in sample.info.inputs.iter().zip(none.gradients.iter().zip(&sum.gradients)) {
        let (Some(one), Some(all)) = (one, all) else { continue };
        match first_difference(one, all) {
            None => tally.pass(1),
            Some(place) => tally.fail(&format!("gradient of {}, place {place}; {}", input.name, what()), || {
                (show(one[place]), show(all[place]))
            }),
        }
    }
}

/// A sum with the error of every addition carried along (Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
/// Summen, 1974): as if added in twice the precision. A plain sum would be further off than what it is to judge.
pub(super) fn exact_sum(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut error) = (0.0_f64, 0.0);
    for term in terms {
        let next = sum + term;
        error += if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
        sum = next;
    }
    // Infinities make the error NaN, and need no correction.
    if error.is_finite() { sum + error } else { sum }
}

fn compare_reduced<T: Element>(
    sample: &Sample<'_, T>,
    reduction: &ReductionInfo,
    none: &Found<T>,
    sum: f64,
    reduced: &Found<T>,
    upstream: T,
    tally: &mut Tally,
) {
    let what = || format!("{}; {}", reduction.name, sample.describe());
    let partial = reduced.outcome.partial;
    match reduced.outcome.value {
        Some(value) if partial.value().is_some_and(|reduced| same(value, T::from_f64(reduced))) => tally.pass(1),
        Some(_) | None => tally.fail(&what(), || (format!("{partial:?}"), format!("{:?}", reduced.outcome.value))),
    }
    let rows = sample.extents.row_count();
    let divisor = match reduction.divisor {
        Divisor::Elements => (live_rows(sample) * (none.elements.len() / rows.max(1))) as f64,
        Divisor::Samples => sample.extents.rows.first().copied().unwrap_or(1) as f64,
        // What it should be is known to the formula alone, and another sum is one of other values, whose gradients are others.
        Divisor::Sum => match partial.divisor {
            Some(divisor) if same(partial.sum, sum) => divisor,
            Some(_) | None => return,
        },
    };
    if partial.divisor == Some(divisor) {
        tally.pass(1);
    } else {
        tally.fail(&format!("divisor of {}", what()), || (divisor.to_string(), format!("{:?}", partial.divisor)));
    }
    // The gradient of a mean is that of the values for an upstream gradient over the divisor, rounded once.
    let each = Upstream::Scalar(T::from_f64(upstream.to_f64() / divisor));
    match find(sample.loss, &sample.batch, Probe { upstream: each, ..Probe::default() }) {
        Ok(expected) => {
            for (input, (a, b)) in sample.info.inputs.iter().zip(expected.gradients.iter().zip(&reduced.gradients)) {
                let (Some(a), Some(b)) = (a, b) else { continue };
                match first_difference(a, b) {
                    None => tally.pass(a.len() as u64),
                    Some(place) => tally
                        .fail(&format!("gradient of {}, place {place}; {}", input.name, what()), || {
                            (show(a[place]), show(b[place]))
                        }),
                }
            }
        }
        Err(refusal) => refused(sample, &refusal, tally),
    }
}
