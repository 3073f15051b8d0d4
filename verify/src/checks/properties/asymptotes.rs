//! What a loss comes to far away.

use loss_codegen::property::Direction;

use crate::checks::{Tally, tolerance};

use super::scene::Scene;

/// How far from 0 the input is taken, one after the other. Beyond all that generators draw, and not so far that rounding hides a constant.
const DISTANCES: [f64; 2] = [1024.0, 1_048_576.0];

/// The loss less the formula at least halves from the nearer to the further place, but for rounding: what goes to anything but 0 does not.
pub(super) fn comes_to(scene: &Scene<'_>, tally: &mut Tally) {
    let Some(sign) = scene.claim.direction.map(|direction| match direction {
        Direction::Up => 1.0,
        Direction::Down => -1.0,
    }) else {
        return;
    };
    let [Some(near), Some(far)] = DISTANCES.map(|distance| scene.moved(|_, _| sign * distance)) else { return };
    let data = [&near, &far].map(|other| scene.data_of(&other.batch));
    scene.each_value(tally, |scene, place, _| {
        let formula = *scene.typed.formulas.first()?;
        let at = |which: usize| {
            let value = [&near, &far][which].found.elements[scene.at(place)];
            let expected = scene.truth_of(&data[which], formula, place)?;
            Some((
                value - expected,
                tolerance::ASYMPTOTE * (value.abs() + expected.abs() + DISTANCES[which]),
                value,
                expected,
            ))
        };
        let ((near, ..), (far, slack, value, expected)) = (at(0)?, at(1)?);
        (near.is_finite() && far.is_finite()).then(|| {
            let distance = sign * DISTANCES[1];
            (far.abs() <= near.abs() / 2.0 + slack, format!("{expected:e} at {distance:e}, not {value:e}"))
        })
    });
}
