//! The conditions that inputs and parameters must meet, and the axes that a reduction's formulas may have.

use crate::codes::Code;
use crate::document::Formula;
use crate::elaborate::formula::{Elaborator, formula_span};
use crate::elaborate::frame::{Frame, Scope, Value};
use crate::expr::{AxisId, AxisSet, ExprId};
use crate::formula::ast::{Ast, AstKind};
use crate::model::{Divisor, Label, VariantReduction};

impl<'a> Elaborator<'a> {
    /// The condition of each input; `None` where there is none, or where it always holds.
    pub(super) fn input_domains(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>) -> Vec<Option<ExprId>> {
        let spec = frame.spec;
        let mut domains = Vec::new();
        for (place, input) in spec.inputs.iter().enumerate() {
            // What a default stands in for was checked with the spec.
            let is_there = frame.inputs[place] != Value::Absent && !frame.stand_in[place];
            let axes = input.axes.iter().copied().collect();
            domains.push(match &input.domain {
                Some(domain) if is_there => self.domain(frame, scope, domain, axes),
                Some(_) | None => None,
            });
        }
        domains
    }

    /// The condition of each parameter; `None` where there is none, or where it always holds.
    pub(super) fn param_domains(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>) -> Vec<Option<ExprId>> {
        let spec = frame.spec;
        let mut domains = Vec::new();
        for (place, param) in spec.params.iter().enumerate() {
            let is_there = frame.params[place] != Value::Absent;
            domains.push(match &param.domain {
                Some(domain) if is_there => self.domain(frame, scope, domain, AxisSet::EMPTY),
                Some(_) | None => None,
            });
        }
        domains
    }

    fn domain(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, domain: &Ast, axes: AxisSet) -> Option<ExprId> {
        let condition = self.condition(frame, scope, domain)?;
        let extra = self.graph.axes(condition).without(axes);
        if let Some(axis) = extra.iter().next() {
            let message = format!("the domain varies along `{}`, its value does not", self.axis_name(axis));
            let help = "a domain is a condition on one value, at its own place";
            self.error(frame, Code::BadDomain, domain.span, message, help);
            return None;
        }
        (self.boolean(condition) != Some(true)).then_some(condition)
    }

    /// The formulas of a reduction are summed over the elements of the loss: they have no further axes.
    pub(super) fn fit_reductions(&mut self, frame: &Frame<'a>, typed: &[VariantReduction], loss: Option<ExprId>) {
        let Some(loss) = loss else { return };
        let axes = self.graph.axes(loss);
        for (reduction, typed) in frame.spec.reductions.iter().zip(typed) {
            let over = match &reduction.over {
                Divisor::Elements | Divisor::Samples => None,
                Divisor::Sum(over) => Some(over),
            };
            for (formula, id) in [(reduction.of.as_ref(), typed.of), (over, typed.over)] {
                let (Some(formula), Some(id)) = (formula, id) else {
                    continue;
                };
                if let Some(axis) = self.graph.axes(id).without(axes).iter().next() {
                    let message =
                        format!("`{}` varies along `{}`, the loss does not", reduction.name, self.axis_name(axis));
                    let help = match self.picked(frame, formula, axis) {
                        Some(picked) => {
                            format!("it is summed over the elements of the loss: `{picked}` is what each row has")
                        }
                        None => "it is summed over the elements of the loss: reduce over that axis first".to_owned(),
                    };
                    self.error(frame, Code::AxesDoNotFit, formula_span(formula), message, help);
                }
            }
        }
    }

    /// The entry of a table that each row picks by its label along this axis, if a formula is nothing but the table.
    fn picked(&self, frame: &Frame<'a>, formula: &Formula, axis: AxisId) -> Option<String> {
        let Formula::Scalar(Ast { kind: AstKind::Name(table), .. }) = formula else { return None };
        let label = frame.spec.inputs.iter().find(
            |input| matches!(input.label, Label::ClassIndex(of) if self.alike(of, axis) && !input.axes.contains(&axis)),
        )?;
        Some(format!("{table}[{}]", label.name))
    }
}
