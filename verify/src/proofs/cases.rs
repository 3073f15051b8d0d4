//! The cases of a formula. That one of them holds everywhere, and no two at once, is in how they are read: the first that fits. That none
//! is idle is shown by a point of each.

use std::cell::RefCell;
use std::collections::BTreeMap;

use loss_codegen::expr::{Expr, ExprId, Type};
use loss_codegen::model::Variant;
use loss_codegen::rewrite::reachable;

use super::Verdict;
use super::properties::counted;
use super::prover::{Judgement, Open, Prover};
use super::scene::Scene;
use super::witness::witness;

/// The choices of the loss, each by its condition.
fn choices(variant: &Variant) -> Vec<ExprId> {
    let graph = &variant.graph;
    let all = reachable(graph, [variant.loss]).into_iter();
    all.filter(|&id| matches!(graph.expr(id), Expr::If(..)) && graph.ty(id) == Type::Real).collect()
}

/// Whether the loss has cases.
pub(super) fn has_cases(variant: &Variant) -> bool {
    !choices(variant).is_empty()
}

impl Prover<'_> {
    /// Whether each side of each choice is taken at some point.
    pub(super) fn cases(&self) -> Verdict {
        let choices = choices(self.variant);
        if choices.is_empty() {
            return Verdict::Silent;
        }
        // Whether a point of the side is known.
        let taken: RefCell<BTreeMap<(ExprId, bool), bool>> = RefCell::default();
        let result = self.everywhere(&|reader| {
            reader.real(self.variant.loss)?;
            let sides = reader.sides().clone();
            let point = witness(reader.piece, reader.atoms, &|_| true);
            let scene = point.as_ref().map(|point| {
                Scene::of(self, point.iter().map(|(&unknown, number)| (reader.atoms.atom(unknown), number)))
            });
            for (choice, side) in sides {
                let mut taken = taken.borrow_mut();
                let known = taken.entry((choice, side)).or_default();
                // The oracle must agree: the point may have been found without regard to values of functions.
                if let (false, Some(scene), Expr::If(condition, ..)) = (*known, &scene, self.variant.graph.expr(choice))
                {
                    *known = scene.condition(condition) == Some(side);
                }
            }
            Ok(Judgement::Holds)
        });
        let pieces = match result {
            Ok(pieces) => pieces,
            Err(Open::Silent) => return Verdict::Silent,
            Err(Open::Because(why)) => return Verdict::Undecided(why),
        };
        let taken = taken.into_inner();
        let sides = choices.iter().flat_map(|&choice| [(choice, true), (choice, false)]);
        let mut unsure = false;
        for (number, side) in sides.enumerate() {
            match taken.get(&side) {
                Some(true) => {}
                Some(false) => unsure = true,
                None => {
                    let (place, side) = (number / 2 + 1, if side.1 { "holds" } else { "fails" });
                    return Verdict::Refuted(format!(
                        "there is no point at which condition {place} of the cases {side}"
                    ));
                }
            }
        }
        if unsure {
            return Verdict::Undecided("no point of one of the cases was found".to_owned());
        }
        Verdict::Proved(format!("the first that fits holds; a point of each on {}", counted(pieces)))
    }
}
