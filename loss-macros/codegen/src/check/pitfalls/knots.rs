//! What the declared knots say of a point.

use std::collections::BTreeSet;

use crate::document::{Formula, KnotEntry};
use crate::elaborate::{Library, elaborate_in};
use crate::evaluate::{Evaluator, Point};
use crate::expr::ExprId;
use crate::formula::ast::Ast;
use crate::model::{Spec, Variant};

/// The surfaces of a spec's knots, in the graph of a variant.
pub(super) struct Surfaces {
    variant: Variant,
    surfaces: Vec<Surface>,
}

struct Surface {
    /// The place in `Spec::knots`.
    knot: usize,
    at: ExprId,
    when: Option<ExprId>,
}

/// What is declared of a point.
pub(super) enum Declared<'s> {
    Nothing,
    /// The loss jumps there, for all that is known.
    Jump,
    /// The loss surely does not.
    Smooth(&'s KnotEntry),
}

impl Surfaces {
    pub(super) fn new(spec: &Spec, variant: &Variant, library: &Library) -> Self {
        let mut variant = variant.clone();
        let mut typed = |ast: &Ast| elaborate_in(spec, &mut variant, library, &Formula::Scalar(ast.clone()), &[]);
        let mut surfaces = Vec::new();
        for (knot, entry) in spec.knots.iter().enumerate() {
            // What has no meaning in this variant is said by the checks of claims.
            if let (Ok(at), Ok(when)) = (typed(&entry.at), entry.when.as_ref().map(&mut typed).transpose()) {
                surfaces.push(Surface { knot, at, when });
            }
        }
        Self { variant, surfaces }
    }

    pub(super) fn declared<'s>(&self, spec: &'s Spec, point: &Point) -> Declared<'s> {
        let slopes = BTreeSet::new();
        let mut evaluator = Evaluator::new(&self.variant.graph, point, &slopes);
        let mut holds = |condition: ExprId| evaluator.at(condition, 0).map(|truth| truth.number == 1.0);
        let mut declared = Declared::Nothing;
        for surface in &self.surfaces {
            let knot = &spec.knots[surface.knot];
            let parts: Vec<Option<bool>> = surface.when.into_iter().chain([surface.at]).map(&mut holds).collect();
            if parts.contains(&Some(false)) {
                continue;
            }
            if knot.smooth.value == "jump" {
                return Declared::Jump;
            }
            if parts.iter().all(|part| *part == Some(true)) {
                declared = Declared::Smooth(knot);
            }
        }
        declared
    }
}
