//! The declared relations: that two formulas are one expression on every piece.

use loss_codegen::expr::ExprId;

use super::Verdict;
use super::properties::counted;
use super::prover::{Judgement, Prover};
use super::reader::Value;

/// A relation in the graph of a variant.
#[derive(Clone, Debug)]
pub struct Relation<'s> {
    /// What the loss is equal to.
    pub equals: ExprId,
    /// Where: the domains of free variables, and the relation's own condition.
    pub conditions: Vec<ExprId>,
    /// The input of which the difference may be any function.
    pub up_to: Option<&'s str>,
}

impl Prover<'_> {
    /// Tries to prove a relation, of the values. Where two values are one, so are their derivatives, wherever both have one.
    pub(super) fn relation(&self, relation: &Relation<'_>) -> Verdict {
        let up_to = relation.up_to.map(|name| self.input(name));
        let others: Vec<_> = (0_u8..)
            .zip(&self.spec.inputs)
            .filter(|(_, input)| input.gradient)
            .map(|(place, _)| loss_codegen::expr::InputId(place))
            .filter(|input| up_to != Some(Some(*input)))
            .collect();
        let result = self.everywhere(&|reader| {
            for &condition in &relation.conditions {
                if reader.condition(condition)? != Some(true) {
                    return Ok(Judgement::Silent);
                }
            }
            let (loss, equals) = (reader.real(self.variant.loss)?, reader.real(relation.equals)?);
            let difference = match (loss, equals) {
                (Value::Finite(loss), Value::Finite(equals)) => loss.minus(&equals),
                (Value::Nan, Value::Nan) => return Ok(Judgement::Silent),
                (Value::Nan | Value::Infinite { .. } | Value::Undefined, _)
                | (_, Value::Nan | Value::Infinite { .. } | Value::Undefined) => {
                    return Ok(Judgement::Open("a value that is infinite or none".to_owned()));
                }
            };
            if relation.up_to.is_some() {
                let depends = others.iter().any(|&input| reader.atoms.quotient_reads(&difference, input));
                return Ok(if depends {
                    Judgement::Open("the difference depends on another input".to_owned())
                } else {
                    Judgement::Holds
                });
            }
            Ok(reader.shows_zero(&difference, "the two sides are different expressions"))
        });
        result.map(|pieces| format!("one expression on each of {}", counted(pieces))).into()
    }
}
