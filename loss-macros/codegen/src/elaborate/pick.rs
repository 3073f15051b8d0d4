//! `x[i]`: a value at another place of one of its axes.

use crate::codes::Code;
use crate::elaborate::formula::Elaborator;
use crate::elaborate::frame::{Frame, Scope};
use crate::expr::{Expr, ExprId, Type};
use crate::formula::ast::Ast;

impl<'a> Elaborator<'a> {
    /// Types a pick.
    pub(super) fn pick(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        value_ast: &Ast,
        index_ast: &Ast,
    ) -> Option<ExprId> {
        let (value, index) = (self.expr(frame, scope, value_ast), self.expr(frame, scope, index_ast));
        let (value, index) = (value?, index?);
        let named = match self.graph.ty(index) {
            Type::Index(axis) => axis,
            found @ (Type::Real | Type::Condition | Type::Group) => {
                let message = format!("`[ ]` needs a place on an axis, found {}", self.type_name(found));
                let help = "pick with an input labelled `class_index(C)`, or with `index(C)`";
                let code = if found == Type::Real { Code::NumberAsLabel } else { Code::TypeMismatch };
                self.error(frame, code, index_ast.span, message, help);
                return None;
            }
        };
        let axes = self.graph.axes(value);
        let same = axes.contains(named).then_some(named);
        if let Some(axis) = same.or_else(|| axes.iter().find(|&axis| self.alike(axis, named))) {
            return Some(self.graph.add(Expr::Pick { value, axis, index }));
        }
        // The default of an absent table is one number: every place has it.
        if axes.is_empty() && frame.reads_stand_in(scope, value_ast) {
            return Some(value);
        }
        let message = format!("what is picked from has no axis `{}`", self.axis_name(named));
        let help = self.has_axes(axes);
        self.error(frame, Code::AxesDoNotFit, value_ast.span, message, help);
        None
    }
}
