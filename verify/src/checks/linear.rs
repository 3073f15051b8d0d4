//! The upstream gradient is a factor.

use loss_runtime::{Element, Error, Upstream};

use crate::generators::Random;
use crate::subject::{Effort, Subject};

use super::geometry::{refused, sizes};
use super::probe::{Found, Probe, find, same, show};
use super::sample::{Sample, each};
use super::{Finding, Tally, tolerance};

/// Powers of two exactly; one number, and the same number for each, to the bit. Other factors round differently wherever a gradient
/// cancels: what they give is held against the oracle.
pub(super) fn gradient_linear_in_upstream(subject: &Subject, effort: &Effort) -> Finding {
    if !subject.loss.info().inputs.iter().any(|input| input.has_row_gradients()) {
        return Finding::skipped("the loss has no gradient");
    }
    let mut tally = Tally::new(subject, effort);
    let sizes = sizes(subject);
    each::<f32>(subject, effort, "gradient_linear_in_upstream f32", &sizes, &mut tally, factors);
    each::<f64>(subject, effort, "gradient_linear_in_upstream f64", &sizes, &mut tally, factors);
    tally.finding()
}

fn factors<T: Element>(sample: &Sample<'_, T>, _: &mut Random, tally: &mut Tally) {
    if let Err(refusal) = try_factors(sample, tally) {
        refused(sample, &refusal, tally);
    }
}

fn try_factors<T: Element>(sample: &Sample<'_, T>, tally: &mut Tally) -> Result<(), Error> {
    let with = |upstream| find(sample.loss, &sample.batch, Probe { upstream, ..Probe::default() });
    let one = with(Upstream::One)?;
    let len = one.elements.len();
    compare(sample, &one, &with(Upstream::Scalar(T::ONE))?, 1.0, "1 as a number", tally);
    compare(sample, &one, &with(Upstream::Scalar(T::from_f64(-2.0)))?, -2.0, "-2", tally);
    let factor = T::from_f64(0.37);
    let scaled = with(Upstream::Scalar(factor))?;
    compare(sample, &scaled, &with(Upstream::Each(&vec![factor; len]))?, 1.0, "0.37 for each", tally);
    Ok(())
}

fn compare<T: Element>(
    sample: &Sample<'_, T>,
    one: &Found<T>,
    scaled: &Found<T>,
    factor: f64,
    name: &str,
    tally: &mut Tally,
) {
    // -2 and 1 scale without rounding, as long as no product on the way falls below the normal numbers.
    let exact = factor == 1.0 || factor == -2.0;
    for (input, (a, b)) in sample.info.inputs.iter().zip(one.gradients.iter().zip(&scaled.gradients)) {
        let (Some(a), Some(b)) = (a, b) else { continue };
        let size = a.iter().map(|a| a.to_f64().abs()).filter(|a| a.is_finite()).fold(0.0, f64::max);
        for (place, (&a, &b)) in a.iter().zip(b).enumerate() {
            let expected = a.to_f64() * factor;
            let tiny = a.to_f64().abs() < T::MIN_POSITIVE.to_f64() / T::EPSILON.to_f64();
            let agrees = if exact && !tiny {
                same(T::from_f64(expected), b)
            } else {
                // A difference of terms keeps the error of the larger terms, which the largest gradient bounds.
                let epsilon = T::EPSILON.to_f64();
                let allowed =
                    tolerance::LINEAR_ULPS * epsilon * (expected.abs() + 0.01 * size) + T::MIN_POSITIVE.to_f64();
                (b.to_f64() - expected).abs() <= allowed || same(T::from_f64(expected), b)
            };
            if agrees {
                tally.pass(1);
            } else {
                let what = format!("gradient of {}, place {place}, upstream {name}; {}", input.name, sample.describe());
                tally.fail(&what, || (show(T::from_f64(expected)), show(b)));
            }
        }
    }
}
