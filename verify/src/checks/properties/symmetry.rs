//! What may be done to the inputs without changing the loss, or changing it by a known factor.

use loss_runtime::info::{Label, LossInfo};

use crate::checks::Tally;
use crate::checks::tolerance::PROPERTY;
use crate::generators::{Extents, Values};

use super::close;
use super::scene::{Other, Place, Scene};

/// The factors of a scale: one that rounds nothing, and one that does.
const FACTORS: [f64; 2] = [2.0, 0.3];

/// The negative of an input or a definition gives `sign` times the loss.
pub(super) fn negated(scene: &Scene<'_>, sign: f64, tally: &mut Tally) {
    match scene.typed.negated {
        Some(negated) => scene.each_value(tally, |scene, place, value| {
            let there = sign * scene.truth(negated, place)?;
            let size = scene.largest(place) + there.abs();
            there.is_finite().then(|| (close(value, there, size), format!("{there:e} from the negative")))
        }),
        None => scene.unchanged(
            scene.moved(|number, _| -number).as_ref(),
            "of the negated numbers",
            |value| sign * value,
            tally,
        ),
    }
}

/// Two inputs in each other's place give `sign` times the loss, and the gradients in each other's place.
pub(super) fn swapped(scene: &Scene<'_>, sign: f64, tally: &mut Tally) {
    let [Some(a), Some(b)] = [0, 1].map(|at| scene.claim.names.get(at).and_then(|name| scene.named(name))) else {
        return;
    };
    let mut batch = scene.sample.batch.clone();
    batch.inputs.swap(a, b);
    let Some(other) = scene.answered(batch) else { return };
    scene.unchanged(Some(&other), "of the two in each other's place", |value| sign * value, tally);
    for (one, two) in [(a, b), (b, a)] {
        scene.each_value(tally, |scene, place, _| {
            let (_, here) = scene.near(one, &scene.sample.batch, scene.found, place)?;
            let (_, there) = scene.near(two, &other.batch, &other.found, place)?;
            let size = here.iter().chain(&there).fold(0.0, |size: f64, slope| size.max(slope.abs()));
            let agrees = here.iter().zip(&there).all(|(here, there)| close(*here, sign * there, size));
            size.is_finite().then(|| (agrees, format!("a gradient of {here:?}, not {sign} times {there:?}")))
        });
    }
}

/// A factor comes out as a power of it.
pub(super) fn homogeneous(scene: &Scene<'_>, tally: &mut Tally) {
    for factor in FACTORS {
        let Some(other) = scene.moved(|number, _| factor * number) else { continue };
        scene.each_value(tally, |scene, place, value| {
            let degree = scene.formula(0, place)?;
            scaled(scene, place, (&other, factor), factor.powf(degree) * value)
        });
    }
    scene.each_value(tally, |scene, place, value| {
        let degree = scene.formula(0, place)?;
        euler(scene, place, degree * value)
    });
}

/// A factor changes nothing, where the condition holds.
pub(super) fn scale_invariant(scene: &Scene<'_>, tally: &mut Tally) {
    for factor in FACTORS {
        let Some(other) = scene.moved(|number, _| factor * number) else { continue };
        scene.each_value(tally, |scene, place, value| {
            scene.condition(place)?.then(|| scaled(scene, place, (&other, factor), value))?
        });
    }
    scene.each_value(tally, |scene, place, _| scene.condition(place)?.then(|| euler(scene, place, 0.0))?);
}

/// The loss of the numbers times a factor.
fn scaled(scene: &Scene<'_>, place: &Place, (other, factor): (&Other, f64), expected: f64) -> Option<(bool, String)> {
    let there = other.found.elements[scene.at(place)];
    let size = scene.largest(place) + expected.abs();
    (expected.is_finite() && there.is_finite())
        .then(|| (close(expected, there, size), format!("{expected:e} of the numbers times {factor}, not {there:e}")))
}

/// Euler's identity: of a homogeneous function, input times gradient is degree times value.
fn euler(scene: &Scene<'_>, place: &Place, expected: f64) -> Option<(bool, String)> {
    let (numbers, gradient) = scene.here(place)?;
    let products = numbers.iter().zip(&gradient).map(|(number, slope)| number * slope);
    let (sum, size) =
        products.fold((0.0, expected.abs()), |(sum, size), product| (sum + product, size + product.abs()));
    size.is_finite().then(|| (close(sum, expected, size), format!("input times gradient {expected:e}, not {sum:e}")))
}

/// A number added to all changes nothing.
pub(super) fn shifted(scene: &Scene<'_>, tally: &mut Tally) {
    scene.unchanged(
        scene.moved(|number, _| number + 3.0).as_ref(),
        "of the numbers with 3 added to each",
        |value| value,
        tally,
    );
}

/// The gradient adds up to nothing.
pub(super) fn gradient_sums_to_zero(scene: &Scene<'_>, tally: &mut Tally) {
    scene.each_value(tally, |scene, place, _| {
        let (_, gradient) = scene.here(place)?;
        let (sum, size) = gradient.iter().fold((0.0, 0.0), |(sum, size), slope| (sum + slope, size + slope.abs()));
        size.is_finite().then(|| (sum.abs() <= PROPERTY * size, format!("a gradient that adds up to 0, not {sum:e}")))
    });
}

/// The places of an axis in another order, labels included.
pub(super) fn permuted(scene: &Scene<'_>, tally: &mut Tally) {
    let (info, extents) = (scene.sample.info, scene.sample.extents);
    let from = |along: usize| (along + 1) % extents.extent;
    let mut batch = scene.sample.batch.clone();
    for (input, column) in batch.inputs.iter_mut().enumerate() {
        let Some(column) = column else { continue };
        column.values = in_order(info, extents, input, &column.values, &from);
    }
    let Some(other) = scene.answered(batch) else { return };
    // A label may have become the ignored one.
    let dropped = other.batch.dropped_rows(info, extents);
    scene.each_value(tally, |scene, place, value| {
        let along = (place[1] + extents.extent - 1) % extents.extent;
        let there = other.found.elements[scene.at(&[place[0], along])];
        let size = scene.largest(place) + value.abs();
        (!dropped[place[0]] && value.is_finite() && there.is_finite())
            .then(|| (close(value, there, size), format!("{value:e} of the places moved on by one, not {there:e}")))
    });
}

/// An input with place `from(p)` of the second axis at p.
fn in_order(
    info: &LossInfo,
    extents: &Extents,
    input: usize,
    values: &Values<f64>,
    from: &impl Fn(usize) -> usize,
) -> Values<f64> {
    let declared = &info.inputs[input];
    if declared.label == Label::ClassIndex {
        let Values::Whole(labels) = values else { return values.clone() };
        let is_class = |label: i64| (0..extents.extent as i64).contains(&label);
        // Class `from(p)` is now at p.
        let moved = |label: i64| (label + extents.extent as i64 - 1) % extents.extent as i64;
        return Values::Whole(labels.iter().map(|&label| if is_class(label) { moved(label) } else { label }).collect());
    }
    if extents.per_row(info, declared) == 1 {
        return values.clone();
    }
    let rows = if extents.place(info, declared, 0, 0).is_some() { extents.row_count() } else { 1 };
    let place = |row, along| extents.place(info, declared, row, along).unwrap_or(along);
    let mut picks: Vec<usize> = (0..values.len()).collect();
    for row in 0..rows {
        (0..extents.extent).for_each(|along| picks[place(row, along)] = place(row, from(along)));
    }
    values.pick(&picks)
}
