//! Proper scoring rules: whoever predicts the truth loses least, on the average.

use std::collections::BTreeSet;

use loss_codegen::expr::Expr;
use loss_codegen::rewrite::reachable;
use loss_runtime::info::Label;

use crate::checks::Tally;
use crate::checks::tolerance::PROPERTY;
use crate::generators::{Batch, Random, Values};

use super::scene::{Other, Place, Scene};

/// The label drawn as the formula says: the mean loss has no slope in what is predicted, and no other prediction has a smaller one.
pub(super) fn is_least_where_labels_are_likely(scene: &Scene<'_>, random: &mut Random, tally: &mut Tally) {
    let Some(label) = scene.input() else { return };
    let predicted = predicted(scene);
    let Some(here) = each_outcome(scene, label, &scene.sample.batch) else { return };
    for &input in &predicted {
        scene.each_value(tally, |scene, place, _| {
            let likely = likely(scene, label, &here, place)?;
            let gradients = here.iter().map(|outcome| scene.near(input, &outcome.batch, &outcome.found, place));
            let gradients: Vec<Vec<f64>> =
                gradients.map(|near| near.map(|(_, gradient)| gradient)).collect::<Option<_>>()?;
            let slopes = (0..gradients[0].len()).map(|at| mean(&likely, gradients.iter().map(|gradient| gradient[at])));
            let (sloping, size) = slopes.fold((0.0_f64, 0.0), |(sloping, size), (sum, total)| {
                (sloping.max(sum.abs() - PROPERTY * total), total + size)
            });
            size.is_finite().then(|| (sloping <= 0.0, format!("a mean gradient of 0, not {sloping:e}")))
        });
    }
    for other in scene.far_and_near(&predicted.into_iter().collect::<Vec<_>>(), random) {
        let Some(there) = each_outcome(scene, label, &other.batch) else { continue };
        scene.each_value(tally, |scene, place, _| {
            let likely = likely(scene, label, &here, place)?;
            let values = |outcomes: &[Other]| -> Vec<f64> {
                outcomes.iter().map(|outcome| outcome.found.elements[scene.at(place)]).collect()
            };
            let ((least, size), (more, other_size)) =
                (mean(&likely, values(&here).into_iter()), mean(&likely, values(&there).into_iter()));
            (size + other_size).is_finite().then(|| {
                let slack = PROPERTY * (size + other_size);
                (more >= least - slack, format!("{more:e}, the mean of another prediction, is at least {least:e}"))
            })
        });
    }
}

/// The mean of numbers that are so likely, and that of their sizes. What never happens does not count, whatever it is.
fn mean(likely: &[f64], numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let happen = likely.iter().zip(numbers).filter(|(likely, _)| **likely > 0.0);
    happen.fold((0.0, 0.0), |(mean, size), (likely, number)| (mean + likely * number, size + likely * number.abs()))
}

/// The inputs with a gradient that the formula reads.
fn predicted(scene: &Scene<'_>) -> BTreeSet<usize> {
    let graph = &scene.typed.variant.graph;
    let read = reachable(graph, scene.typed.formulas.iter().copied());
    let inputs = read.into_iter().filter_map(|id| match graph.expr(id) {
        Expr::Input(input) => Some(usize::from(input.0)),
        _ => None,
    });
    inputs.filter(|&input| scene.sample.info.inputs[input].has_row_gradients()).collect()
}

/// What the label may be in a row.
enum Outcomes {
    /// One of two numbers, the first as likely as the formula says.
    Numbers([f64; 2]),
    /// One of the classes.
    Classes,
}

fn outcomes(label: Label) -> Outcomes {
    match label {
        Label::Sign => Outcomes::Numbers([1.0, -1.0]),
        Label::ClassIndex | Label::Simplex => Outcomes::Classes,
        Label::Real
        | Label::Nonnegative
        | Label::Positive
        | Label::Probability
        | Label::Binary
        | Label::MultiHot
        | Label::Flag
        | Label::Count
        | Label::Group => Outcomes::Numbers([1.0, 0.0]),
    }
}

/// The batch once for each thing that the label may be, and what the kernels give.
fn each_outcome(scene: &Scene<'_>, label: usize, batch: &Batch<f64>) -> Option<Vec<Other>> {
    let with = |set: &dyn Fn(usize) -> f64| {
        let mut batch = batch.clone();
        let values = &mut batch.inputs[label].as_mut()?.values;
        (0..values.len()).all(|place| values.set(place, set(place))).then_some(batch)
    };
    let (info, extents) = (scene.sample.info, scene.sample.extents);
    let batches: Option<Vec<Batch<f64>>> = match outcomes(info.inputs[label].label) {
        Outcomes::Numbers(numbers) => numbers.iter().map(|&number| with(&|_| number)).collect(),
        Outcomes::Classes => (0..extents.extent)
            .map(|class| {
                let mut batch =
                    with(&|_| if extents.per_row(info, &info.inputs[label]) == 1 { class as f64 } else { 0.0 })?;
                if info.inputs[label].label == Label::Simplex
                    && let Values::Real(values) = &mut batch.inputs[label].as_mut()?.values
                {
                    let places =
                        (0..extents.row_count()).filter_map(|row| extents.place(info, &info.inputs[label], row, class));
                    places.for_each(|place| values[place] = 1.0);
                }
                Some(batch)
            })
            .collect(),
    };
    batches?.into_iter().map(|batch| scene.answered(batch)).collect()
}

/// How likely each outcome is at a place; nothing where the formula gives no probabilities, or a class is one that is dropped.
fn likely(scene: &Scene<'_>, label: usize, here: &[Other], place: &Place) -> Option<Vec<f64>> {
    let info = scene.sample.info;
    if here.iter().any(|outcome| outcome.batch.dropped_rows(info, scene.sample.extents)[place[0]]) {
        return None;
    }
    let likely: Vec<f64> = match outcomes(info.inputs[label].label) {
        Outcomes::Numbers(_) => {
            let first = scene.formula(0, place)?;
            vec![first, 1.0 - first]
        }
        Outcomes::Classes => {
            (0..here.len()).map(|class| scene.formula(0, &[place[0], class])).collect::<Option<_>>()?
        }
    };
    let is_distribution =
        likely.iter().all(|&share| share >= 0.0) && (likely.iter().sum::<f64>() - 1.0).abs() <= PROPERTY;
    is_distribution.then_some(likely)
}
