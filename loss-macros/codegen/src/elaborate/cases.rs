//! Cases: a chain of conditions, of which the first that holds is taken.

use crate::codes::Code;
use crate::elaborate::formula::Elaborator;
use crate::elaborate::frame::{Frame, Scope};
use crate::elaborate::reach;
use crate::expr::{Expr, ExprId};
use crate::formula::ast::Ast;
use crate::source::Span;

impl<'a> Elaborator<'a> {
    /// A chain of cases: the first whose condition holds. Static conditions decide at once, and what they leave out is not typed.
    pub(super) fn branches(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        branches: Vec<(&Ast, &Ast)>,
        otherwise: &Ast,
    ) -> Option<ExprId> {
        let mut typed: Vec<(ExprId, Option<ExprId>, Span)> = Vec::new();
        let mut earlier: Vec<ExprId> = Vec::new();
        let mut sound = true;
        let mut last = Some(otherwise);
        for (when, value) in branches {
            let log_here = frame.blame.is_none();
            if log_here {
                self.cases.enter(when.span);
            }
            if last.is_none() {
                continue;
            }
            let Some(condition) = self.condition(frame, scope, when) else {
                sound = false;
                if log_here {
                    self.cases.reach(when.span);
                }
                self.expr(frame, scope, value);
                continue;
            };
            match self.boolean(condition) {
                Some(false) => continue,
                Some(true) => {
                    last = None;
                    if log_here {
                        self.cases.reach(when.span);
                    }
                    typed.push((condition, self.expr(frame, scope, value), value.span));
                    continue;
                }
                None => {}
            }
            if log_here && !reach::implied_false(&self.graph, condition, &earlier) {
                self.cases.reach(when.span);
            }
            earlier.push(condition);
            typed.push((condition, self.expr(frame, scope, value), value.span));
        }
        let mut result = match last {
            Some(otherwise) => self.expr(frame, scope, otherwise),
            None => typed.pop().and_then(|(_, value, _)| value),
        };
        for (condition, value, span) in typed.into_iter().rev() {
            result = match (result, value) {
                (Some(rest), Some(value)) => self.choose(frame, condition, value, rest, span),
                (None, _) | (_, None) => None,
            };
        }
        result.filter(|_| sound)
    }

    fn choose(
        &mut self,
        frame: &Frame<'a>,
        condition: ExprId,
        value: ExprId,
        rest: ExprId,
        span: Span,
    ) -> Option<ExprId> {
        let (a, b) = (self.graph.ty(value), self.graph.ty(rest));
        if !self.same_type(a, b) {
            let message = format!("one branch is {}, the other {}", self.type_name(a), self.type_name(b));
            self.error(frame, Code::TypeMismatch, span, message, "all branches have one type");
            return None;
        }
        Some(self.graph.add(Expr::If(condition, value, rest)))
    }
}
