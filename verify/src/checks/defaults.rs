//! What may be left out.

use loss_runtime::{Element, Error, Reduction, Upstream};

use crate::generators::{Batch, Column, Extents, Random, Values};
use crate::subject::{Effort, Subject};

use super::geometry::refused;
use super::probe::{Found, Probe, find, same, show};
use super::sample::{Sample, each, has_second_axis};
use super::{Finding, Tally, tolerance};

/// Inputs and parameters left out against their defaults.
pub(super) fn absent_is_the_default(subject: &Subject, effort: &Effort) -> Finding {
    let info = subject.loss.info();
    let inputs = info.inputs.iter().any(|input| input.default.is_some());
    if !inputs && !info.params.iter().any(|param| param.default.is_some()) {
        return Finding::skipped("nothing has a default");
    }
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(info) {
        [(1, 3), (6, 1), (37, 17)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        [1, 17, 131].map(|rows| Extents::rows([rows])).into()
    };
    each::<f32>(subject, effort, "absent_is_the_default f32", &sizes, &mut tally, left_out);
    each::<f64>(subject, effort, "absent_is_the_default f64", &sizes, &mut tally, left_out);
    tally.finding()
}

fn left_out<T: Element>(sample: &Sample<'_, T>, _: &mut Random, tally: &mut Tally) {
    for (place, input) in sample.info.inputs.iter().enumerate() {
        let (Some(default), Some(column)) = (input.default, &sample.batch.inputs[place]) else { continue };
        let Values::Real(values) = &column.values else { continue };
        let (mut without, mut with) = (sample.batch.clone(), sample.batch.clone());
        without.inputs[place] = None;
        let values = Values::Real(vec![T::from_f64(default); values.len()]);
        with.inputs[place] = Some(Column { shape: column.shape.clone(), values });
        agree(sample, &format!("{} left out", input.name), &with, &without, tally);
    }
    for (place, param) in sample.info.params.iter().enumerate() {
        let Some(default) = param.default else { continue };
        let (mut without, mut with) = (sample.batch.clone(), sample.batch.clone());
        (without.params[place], with.params[place]) = (f64::NAN, default);
        // Another parameter's condition may not admit the default.
        if sample.loss.param_in_domain(place, &with.params) {
            agree(sample, &format!("{} left out", param.name), &with, &without, tally);
        }
    }
}

/// Two batches that say the same, under every reduction.
pub(super) fn agree<T: Element>(
    sample: &Sample<'_, T>,
    what: &str,
    with: &Batch<T>,
    without: &Batch<T>,
    tally: &mut Tally,
) {
    let named = sample.info.reductions.iter().map(|reduction| Reduction::Named(reduction.name));
    for reduction in [Reduction::None, Reduction::Sum].into_iter().chain(named) {
        let probe = || Probe { reduction, upstream: Upstream::Scalar(T::from_f64(-2.0)), ..Probe::default() };
        match (find(sample.loss, with, probe()), find(sample.loss, without, probe())) {
            (Ok(with), Ok(without)) => compare(sample, &format!("{reduction:?}, {what}"), &with, &without, tally),
            (Err(Error::ZeroDivisor { .. }), Err(Error::ZeroDivisor { .. })) => tally.pass(1),
            // A default that breaks a condition which holds for the others: the call is refused either way.
            (Err(with), Err(without)) if with == without => tally.pass(1),
            (Err(refusal), _) | (_, Err(refusal)) => refused(sample, &refusal, tally),
        }
    }
}

/// The kernels of an input that is absent are others than those of one that is 1 everywhere: they round differently here and there.
fn compare<T: Element>(sample: &Sample<'_, T>, what: &str, with: &Found<T>, without: &Found<T>, tally: &mut Tally) {
    let mut outputs = vec![("value of none".to_owned(), &with.elements, &without.elements)];
    for (input, (a, b)) in sample.info.inputs.iter().zip(with.gradients.iter().zip(&without.gradients)) {
        if let (Some(a), Some(b)) = (a, b) {
            outputs.push((format!("gradient of {}", input.name), a, b));
        }
    }
    for (name, with, without) in outputs {
        // Where terms cancel, they are about as large as what does not: the largest number here.
        let size = with.iter().map(|number| number.to_f64().abs()).filter(|size| size.is_finite()).fold(0.0, f64::max);
        for (place, (&a, &b)) in with.iter().zip(without).enumerate() {
            let apart = tolerance::VARIANT_EPSILONS * T::EPSILON.to_f64() * (a.to_f64().abs() + size);
            if same(a, b) || (!a.is_nan() && tolerance::within(a.to_f64(), b.to_f64(), apart)) {
                tally.pass(1);
            } else {
                tally.fail(&format!("{name}, place {place}, {what}; {}", sample.describe()), || (show(a), show(b)));
            }
        }
    }
    let (a, b) = (with.outcome.partial, without.outcome.partial);
    let size: f64 = with.elements.iter().map(|value| value.to_f64().abs()).sum::<f64>().max(a.sum.abs());
    let sums = tolerance::within(a.sum, b.sum, 2.0 * tolerance::sum::<T>() * size);
    let divisors = match (a.divisor, b.divisor) {
        (Some(a), Some(b)) => (a - b).abs() <= tolerance::sum::<T>() * a.abs(),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if sums && divisors {
        tally.pass(1);
    } else {
        tally.fail(&format!("{what}; {}", sample.describe()), || (format!("{a:?}"), format!("{b:?}")));
    }
}
