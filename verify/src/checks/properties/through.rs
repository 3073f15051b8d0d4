//! What a loss reads its inputs through.

use crate::checks::Tally;
use crate::checks::tolerance::{self, PROPERTY, READING};
use crate::generators::{Batch, Random, Values};
use crate::oracle::data::Data;

use super::close;
use super::scene::{Place, Scene};

/// Something that is done to two inputs, or to one alone if it is named twice.
type Deed = fn(f64, f64) -> (f64, f64);

/// Many a reading has one of these that leaves it as it is.
const DEEDS: [Deed; 6] = [
    |a, b| (-a, -b),
    |a, b| (a + 0.75, b + 0.75),
    |a, b| (a + 0.75, b - 0.75),
    |a, b| (2.0 * a, 0.5 * b),
    |a, b| (b, a),
    |a, b| (-b, -a),
];

/// The inputs changed in many ways: wherever what is read stays the same, so does the loss.
pub(super) fn reads_nothing_else(scene: &Scene<'_>, random: &mut Random, tally: &mut Tally) {
    for batch in changed(scene, random) {
        let Some(other) = scene.answered(batch) else { continue };
        let data = scene.data_of(&other.batch);
        let dropped = other.batch.dropped_rows(scene.sample.info, scene.sample.extents);
        scene.each_value(tally, |scene, place, value| {
            let inputs = 0..scene.sample.info.inputs.len();
            let differs = inputs.into_iter().any(|input| {
                scene.row(&scene.sample.batch, input, place[0]) != scene.row(&other.batch, input, place[0])
            });
            let there = other.found.elements[scene.at(place)];
            let size = scene.largest(place) + value.abs();
            (differs
                && !dropped[place[0]]
                && value.is_finite()
                && there.is_finite()
                && reads_the_same(scene, &other.batch, &data, place)?)
            .then(|| {
                (close(value, there, size), format!("{value:e}, not {there:e}, where all that is read is the same"))
            })
        });
    }
}

/// Whether all that the loss is said to read is the same in another batch.
fn reads_the_same(scene: &Scene<'_>, other: &Batch<f64>, data: &Data, place: &Place) -> Option<bool> {
    let slack = READING * scene.largest(place);
    let same = |a: f64, b: f64| !a.is_nan() && tolerance::within(a, b, slack);
    for (name, &id) in scene.claim.names.iter().zip(&scene.typed.formulas) {
        if let Some(input) = scene.named(name) {
            let (here, there) = (scene.row(&scene.sample.batch, input, place[0]), scene.row(other, input, place[0]));
            if here != there {
                return Some(false);
            }
            continue;
        }
        // A definition with a number for each place is read at all of them.
        let along = scene.typed.variant.graph.axes(id).iter().count() > 1;
        let places = if along { 0..scene.sample.extents.extent } else { place[1]..place[1] + 1 };
        for along in places {
            let place = [place[0], along];
            if !same(scene.truth(id, &place)?, scene.truth_of(data, id, &place)?) {
                return Some(false);
            }
        }
    }
    Some(true)
}

fn changed(scene: &Scene<'_>, random: &mut Random) -> Vec<Batch<f64>> {
    let batch = &scene.sample.batch;
    let drawn = scene.sample.generator.batch(scene.sample.extents, random);
    let mut changed = Vec::new();
    for a in 0..batch.inputs.len() {
        let mut anew = batch.clone();
        anew.inputs[a].clone_from(&drawn.inputs[a]);
        changed.push(anew);
        changed.extend(with(batch, a, a, |a, _| (-a, -a)));
        for b in a + 1..batch.inputs.len() {
            for deed in DEEDS {
                let Some(pair) = with(batch, a, b, deed) else { continue };
                // A label may have to turn round with them.
                let turned = (0..batch.inputs.len()).filter(|&c| c != a && c != b);
                changed.extend(turned.filter_map(|c| with(&pair, c, c, |c, _| (-c, -c))));
                changed.push(pair);
            }
        }
    }
    changed
}

/// The batch with something done to two inputs that hold as many numbers.
fn with(batch: &Batch<f64>, a: usize, b: usize, deed: Deed) -> Option<Batch<f64>> {
    let reals = |input: usize| batch.inputs[input].as_ref()?.values.reals();
    let (first, second) = (reals(a)?, reals(b)?);
    if first.len() != second.len() {
        return None;
    }
    let (first, second): (Vec<f64>, Vec<f64>) = first.iter().zip(second).map(|(&a, &b)| deed(a, b)).unzip();
    let mut changed = batch.clone();
    for (input, numbers) in [(a, first), (b, second)] {
        changed.inputs[input].as_mut()?.values = Values::Real(numbers);
    }
    Some(changed)
}

// What is read may differ by its own rounding, and the loss then by its.
const _: () = assert!(READING * 1e3 < PROPERTY);
