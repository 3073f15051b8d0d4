//! Distances from the truth along a line, for the report: places that are spread evenly by their exponents, of either sign. Nothing is
//! judged here; the checks against the oracle do that, at harder places.

use loss_runtime::Element;

use crate::audit::{ErrorCurve, Quantity};
use crate::generators::{Batch, Column, Family, Random, Values};
use crate::number::Number;
use crate::oracle::Oracle;
use crate::oracle::real::Real;
use crate::oracle::ulp::{Format, ulps};
use crate::subject::{Effort, Subject};

use super::curves::{Line, Scene};
use super::probe::{Probe, find};
use super::truth::data_of;

/// So many places of each sign for an effort of a thousand points.
const PLACES: f64 = 48.0;
/// The powers of ten between which places lie.
const DECADES: (f64, f64) = (-8.0, 8.0);

/// The curves of value and gradient in both types along a line.
pub(super) fn error_curves(
    subject: &Subject,
    effort: &Effort,
    scene: &Scene<'_>,
    line: &Line,
    setting: &str,
) -> Vec<ErrorCurve> {
    let mut random = Random::named(effort.seed, &format!("error curve {}", line.words));
    let places = places(line.family(), effort, &mut random);
    let mut curves = measured::<f32>(subject, scene, line, &places);
    curves.extend(measured::<f64>(subject, scene, line, &places));
    for curve in &mut curves {
        curve.variant = setting.to_owned();
    }
    curves.retain(|curve| !curve.x.is_empty());
    curves
}

/// Places in ascending order.
fn places(family: Family, effort: &Effort, random: &mut Random) -> Vec<f64> {
    let (low, high, signed) = match family {
        Family::Probability | Family::Simplex | Family::Binary => (DECADES.0, 0.0, false),
        Family::Nonnegative | Family::Positive | Family::Count => (DECADES.0, DECADES.1, false),
        Family::Real | Family::Sign | Family::Flag | Family::ClassIndex { .. } | Family::Group => {
            (DECADES.0, DECADES.1, true)
        }
    };
    // More points make a denser picture, but nobody sees ten thousand of them.
    let count = (PLACES * (effort.points as f64 / 1e3).sqrt()).clamp(8.0, 400.0) as usize;
    let mut side = |sign: f64| -> Vec<f64> {
        let width = (high - low) / count as f64;
        (0..count).map(|place| sign * 10f64.powf(low + width * (place as f64 + random.unit()))).collect()
    };
    let mut all = side(1.0);
    if signed {
        all.extend(side(-1.0));
    }
    all.sort_by(f64::total_cmp);
    all
}

fn measured<T: Element + Format>(subject: &Subject, scene: &Scene<'_>, line: &Line, places: &[f64]) -> Vec<ErrorCurve> {
    let curve = |quantity| ErrorCurve {
        title: line.words.clone(),
        variant: String::new(),
        dtype: T::NAME.to_owned(),
        quantity,
        x: Vec::new(),
        ulp: Vec::new(),
    };
    let gradient_of = Quantity::Gradient(scene.info.inputs[line.input].name.to_owned());
    let (mut value, mut gradient) = (curve(Quantity::Value), curve(gradient_of));
    for &place in places {
        let batch: Batch<T> = narrowed(&line.at(T::from_f64(place).to_f64()));
        if batch.dropped_rows(scene.info, &scene.extents).contains(&true) {
            continue;
        }
        // Outside the domain, or undecided: nothing to draw.
        let Ok(found) = find(subject.loss, &batch, Probe::default()) else { continue };
        let data = data_of(scene.spec(), scene.info, &batch, &scene.extents);
        let Some(truth) =
            Oracle::new(scene.spec(), &scene.variant, &data).ok().and_then(|oracle| oracle.loss(&[]).ok())
        else {
            continue;
        };
        let x = Number(T::from_f64(place).to_f64());
        if let Some(&actual) = found.elements.first() {
            value.x.push(x);
            value.ulp.push(Number(ulps(actual, &truth.value)));
        }
        let actual = found.gradients[line.input].as_ref().and_then(|gradient| gradient.first());
        if let Some(&actual) = actual {
            let slope = truth.gradient.get(&line.element()).cloned().unwrap_or_else(Real::zero);
            gradient.x.push(x);
            gradient.ulp.push(Number(ulps(actual, &slope)));
        }
    }
    vec![value, gradient]
}

/// A batch with its numbers rounded to a type.
fn narrowed<T: Element>(batch: &Batch<f64>) -> Batch<T> {
    let column = |column: &Column<f64>| Column {
        shape: column.shape.clone(),
        values: match &column.values {
            Values::Real(values) => Values::Real(values.iter().map(|&value| T::from_f64(value)).collect()),
            Values::Whole(values) => Values::Whole(values.clone()),
            Values::Condition(values) => Values::Condition(values.clone()),
        },
    };
    Batch {
        inputs: batch.inputs.iter().map(|input| input.as_ref().map(column)).collect(),
        params: batch.params.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::places;
    use crate::generators::{Family, Random};
    use crate::subject::Effort;

    #[test]
    fn places_fill_the_decades_of_their_family() {
        let effort = Effort::default();
        let real = places(Family::Real, &effort, &mut Random::new(1));
        assert_eq!(real.len(), 96);
        assert!(real.is_sorted() && real[0] < -1e7 && real[95] > 1e7 && real.iter().all(|x| x.abs() >= 1e-8));
        let shares = places(Family::Probability, &effort, &mut Random::new(1));
        assert!(shares.iter().all(|&x| x > 0.0 && x < 1.0));
    }
}
