//! The declared relations: that two formulas are one expression on every piece.

use loss_codegen::expr::{Expr, ExprId, ParamId};
use loss_codegen::rewrite::reachable;

use super::Verdict;
use super::atoms::Atom;
use super::polynomial::Polynomial;
use super::properties::counted;
use super::prover::{Judgement, Open, Prover};
use super::quotient::Quotient;
use super::reader::{Change, Changes, Side, Value};

/// A relation in the graph of a variant.
#[derive(Clone, Debug)]
pub struct Relation<'s> {
    /// What the loss is equal to.
    pub equals: ExprId,
    /// Where: the domains of free variables, and the relation's own condition.
    pub conditions: Vec<ExprId>,
    /// The input of which the difference may be any function.
    pub up_to: Option<&'s str>,
    /// The parameter that goes to a number, and that number.
    pub limit: Option<(ParamId, ExprId)>,
}

impl Prover<'_> {
    /// Tries to prove a relation, of the values. Where two values are one, so are their derivatives, wherever both have one.
    pub(super) fn relation(&self, relation: &Relation<'_>) -> Verdict {
        if let Some((param, goal)) = relation.limit {
            return self.limit(relation, param, goal).into();
        }
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
    /// The value right beside the number that a parameter goes to, on the sides that its domain has, is what it should be there.
    fn limit(&self, relation: &Relation<'_>, param: ParamId, goal: ExprId) -> Result<String, Open> {
        let graph = &self.variant.graph;
        let domain = self.variant.param_domains.get(usize::from(param.0)).copied().flatten();
        let roots = [self.variant.loss].into_iter().chain(domain);
        let nodes = reachable(graph, roots).into_iter().filter(|&id| graph.expr(id) == Expr::Param(param));
        let nodes: Vec<ExprId> = nodes.collect();
        let pieces = self.everywhere(&|reader| {
            for &condition in &relation.conditions {
                if reader.condition(condition)? != Some(true) {
                    return Ok(Judgement::Silent);
                }
            }
            let goal = match reader.finite(goal)?.as_polynomial() {
                Some(goal) => goal.clone(),
                None => return Ok(Judgement::Open("a limit at a quotient".to_owned())),
            };
            let equals = reader.finite(relation.equals)?;
            let step = reader.introduced(Atom::Step)?;
            let beside = Change::Moved { scale: Polynomial::zero(), offset: Quotient::of(goal.plus(&step)) };
            let changes: Changes = nodes.iter().map(|&id| (id, beside.clone())).collect();
            for side in [Side::Above, Side::Below] {
                reader.turn(changes.clone(), side);
                if let Some(domain) = domain
                    && reader.condition(domain)? == Some(false)
                {
                    continue;
                }
                let near = reader.finite(self.variant.loss)?;
                let there = reader.stilled_quotient(&near)?;
                match reader.shows_zero(&there.minus(&equals), "the limit is another expression") {
                    Judgement::Holds => {}
                    judgement @ (Judgement::Silent | Judgement::Open(_)) => return Ok(judgement),
                }
            }
            Ok(Judgement::Holds)
        })?;
        Ok(format!("one expression a vanishing step beside it, on each of {}", counted(pieces)))
    }
}
