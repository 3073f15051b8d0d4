//! How a loss rises and bends along an input.

use loss_codegen::property::Property;

use crate::checks::Tally;
use crate::checks::tolerance::PROPERTY;
use crate::generators::Random;

use super::scene::Scene;

/// A convex loss lies above its tangents, a strongly convex one above them by a parabola. The tangent is the kernel's gradient, so the
/// values vouch for it.
pub(super) fn above_its_tangent(scene: &Scene<'_>, random: &mut Random, tally: &mut Tally) {
    let is_strong = scene.claim.property == Property::StronglyConvexIn;
    for other in scene.drawn_anew(random) {
        scene.each_value(tally, |scene, place, value| {
            let bend = if is_strong { scene.formula(0, place)? } else { 0.0 };
            let (here, gradient) = scene.here(place)?;
            let (there, _) = scene.there(&other, place)?;
            let steps = here.iter().zip(&there).map(|(here, there)| there - here);
            let rises = steps.zip(&gradient).map(|(step, slope)| (slope * step, 0.5 * bend * step * step));
            let (rise, size) = rises.fold((0.0, 0.0), |(rise, size), (linear, square)| {
                (rise + linear + square, size + linear.abs() + square.abs())
            });
            let (below, above) = (value + rise, other.found.elements[scene.at(place)]);
            (below.is_finite() && above.is_finite()).then(|| {
                let slack = PROPERTY * (value.abs() + above.abs() + size);
                (above >= below - slack, format!("{above:e} is at least {below:e}"))
            })
        });
    }
}

/// A larger number gives no smaller (`sign` 1) or no larger (-1) loss, and the gradient says so.
pub(super) fn monotone(scene: &Scene<'_>, sign: f64, tally: &mut Tally) {
    let Some(other) = scene.moved(|number, place| number + 0.25 * (1 + place % 3) as f64) else { return };
    scene.each_value(tally, |scene, place, value| {
        let (_, gradient) = scene.here(place)?;
        let there = other.found.elements[scene.at(place)];
        let rises = sign * (there - value) >= -PROPERTY * (value.abs() + there.abs());
        let points = gradient.iter().all(|slope| sign * slope >= 0.0 || slope.is_nan());
        (value.is_finite() && there.is_finite())
            .then(|| (rises && points, format!("then {there:e}, with a gradient of {gradient:?}")))
    });
}

/// How the length of a step is measured.
#[derive(Clone, Copy)]
pub(super) enum Norm {
    /// By the sum of the squares; a gradient likewise.
    Euclidean,
    /// By its largest number; a gradient then by the sum of the sizes.
    Largest,
}

impl Norm {
    fn of_step(self, numbers: impl Iterator<Item = f64>) -> f64 {
        match self {
            Self::Euclidean => length(numbers),
            Self::Largest => numbers.fold(0.0, |size, number| if number.abs() <= size { size } else { number.abs() }),
        }
    }

    fn of_gradient(self, numbers: impl Iterator<Item = f64>) -> f64 {
        match self {
            Self::Euclidean => length(numbers),
            Self::Largest => numbers.map(f64::abs).sum(),
        }
    }
}

/// The gradient is no larger than the bound, and no step changes the loss by more.
pub(super) fn lipschitz(scene: &Scene<'_>, norm: Norm, random: &mut Random, tally: &mut Tally) {
    scene.each_value(tally, |scene, place, _| {
        let bound = scene.formula(0, place)?;
        let (here, gradient) = scene.here(place)?;
        let size = norm.of_gradient(gradient.iter().copied());
        let slack = PROPERTY * (size + bound.abs() * (1.0 + norm.of_step(here.iter().copied())));
        (!size.is_nan() && bound.is_finite())
            .then(|| (size <= bound + slack, format!("a gradient within {bound:e}, not {size:e}")))
    });
    for other in scene.drawn_anew(random) {
        scene.each_value(tally, |scene, place, value| {
            let bound = scene.formula(0, place)?;
            let ((here, _), (there, _)) = (scene.here(place)?, scene.there(&other, place)?);
            let most = bound * norm.of_step(here.iter().zip(&there).map(|(here, there)| there - here));
            let above = other.found.elements[scene.at(place)];
            let slack = PROPERTY * (value.abs() + above.abs() + most.abs() + bound * scene.largest(place));
            ((above - value).is_finite() && most.is_finite())
                .then(|| ((above - value).abs() <= most + slack, format!("{above:e} is within {most:e} of it")))
        });
    }
}

/// The gradient changes no faster than the bound.
pub(super) fn smooth(scene: &Scene<'_>, random: &mut Random, tally: &mut Tally) {
    for other in scene.drawn_anew(random) {
        scene.each_value(tally, |scene, place, _| {
            let bound = scene.formula(0, place)?;
            let ((here, own), (there, its)) = (scene.here(place)?, scene.there(&other, place)?);
            let change = length(own.iter().zip(&its).map(|(a, b)| a - b));
            let distance = length(here.iter().zip(&there).map(|(a, b)| a - b));
            let slack =
                PROPERTY * (length(own.iter().copied()) + bound.abs() * (distance + length(here.iter().copied())));
            (!change.is_nan() && distance.is_finite() && bound.is_finite()).then(|| {
                let most = bound * distance;
                (change <= most + slack, format!("a change of the gradient within {most:e}, not {change:e}"))
            })
        });
    }
}

fn length(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.map(|number| number * number).sum::<f64>().sqrt()
}
