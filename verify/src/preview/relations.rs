//! The declared relations at the points that are shown.

use loss_codegen::compile::Compiled;
use loss_codegen::elaborate::Library;

use crate::checks::claims::Scope;
use crate::checks::relations::{Tried, tried, words};
use crate::number::short;

use super::Standing;
use super::points::{Scene, every_place};

/// How each relation stands.
pub(super) fn standings(compiled: &Compiled, scene: &Scene<'_>, library: &Library) -> Vec<(String, Standing)> {
    let scope = Scope::of(compiled, library, scene.variant);
    let axes = scene.variant.graph.axes(scene.variant.loss);
    // A place has a coordinate for every axis, which is 0 along those that the loss does not have.
    let extents: Vec<usize> = (0u8..)
        .zip(&scene.data.extents)
        .map(|(axis, &extent)| if axes.contains(loss_codegen::expr::AxisId(axis)) { extent } else { 1 })
        .collect();
    let places = every_place(&extents);
    let standing = |relation| match tried(&scope, relation, &scene.data, &places) {
        Tried::Holds(0) => Standing::Left("says nothing of the points shown"),
        Tried::Holds(points) => Standing::Holds(points),
        Tried::Fails { row, quantity, loss, other } => {
            let found = format!("{quantity} is {}, not {}", short(loss), short(other));
            Standing::Fails(format!("{found}, at {}", scene.describe(row)))
        }
    };
    compiled.spec.relations.iter().map(|relation| (words(relation), standing(relation))).collect()
}
