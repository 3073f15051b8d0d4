//! Comparisons: of reals, of places, of groups, and of choices with their words.

use crate::codes::Code;
use crate::diagnostic::suggest;
use crate::elaborate::fold;
use crate::elaborate::formula::Elaborator;
use crate::elaborate::frame::{Frame, Scope, Value};
use crate::expr::{Comparison, Expr, ExprId, Type};
use crate::formula::ast::{Ast, AstKind};
use crate::formula::print::print;
use crate::model::ParamKind;
use crate::source::Span;

impl<'a> Elaborator<'a> {
    /// Types a comparison; one of constants is decided here.
    pub(super) fn comparison(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        comparison: Comparison,
        x: &Ast,
        y: &Ast,
        span: Span,
    ) -> Option<ExprId> {
        for (choice, word) in [(x, y), (y, x)] {
            if let Some(words) = self.words_of(frame, scope, choice)
                && let AstKind::Name(name) = &word.kind
                && !self.is_name(frame, scope, name)
            {
                self.no_word(frame, (choice, words), word.span, name);
                return None;
            }
        }
        let (left, right) = (self.value(frame, scope, x), self.value(frame, scope, y));
        if let Some(answer) = self.words(frame, comparison, (&left, x), (&right, y), span) {
            return answer.map(|truth| self.graph.add(Expr::Boolean(truth)));
        }
        let (left, right) = (self.expression(frame, left, x), self.expression(frame, right, y));
        let (left, right) = (left?, right?);
        let (a, b) = (self.graph.ty(left), self.graph.ty(right));
        if !self.same_type(a, b) {
            let code = match (a, b) {
                (Type::Real, Type::Index(_) | Type::Group) | (Type::Index(_) | Type::Group, Type::Real) => {
                    Code::LabelAsNumber
                }
                (Type::Index(_), Type::Index(_)) => Code::AxesDoNotFit,
                (Type::Real | Type::Condition | Type::Index(_) | Type::Group, _) => Code::TypeMismatch,
            };
            let message = format!("cannot compare {} with {}", self.type_name(a), self.type_name(b));
            let help = self.way_out(a, b);
            self.error(frame, code, span, message, help);
            return None;
        }
        let by_order = match comparison {
            Comparison::Equal | Comparison::NotEqual => false,
            Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual => true,
        };
        match a {
            Type::Condition => {
                let help = "use the condition itself, or `not`";
                self.error(frame, Code::TypeMismatch, span, "conditions are not compared", help);
                return None;
            }
            Type::Group if by_order => {
                let help = "compare them with `==` or `!=`";
                self.error(frame, Code::TypeMismatch, span, "group labels have no order", help);
                return None;
            }
            Type::Real | Type::Index(_) | Type::Group => {}
        }
        Some(match fold::comparison(&self.graph, comparison, left, right) {
            Some(truth) => self.graph.add(Expr::Boolean(truth)),
            None => self.graph.add(Expr::Compare(comparison, left, right)),
        })
    }

    /// What to compare with instead, where the sides have these types.
    fn way_out(&self, a: Type, b: Type) -> String {
        match (a, b) {
            (Type::Index(axis), Type::Real) | (Type::Real, Type::Index(axis)) => {
                let axis = self.axis_name(axis);
                format!(
                    "no place is a number; it compares with `index({axis})` or a label `class_index({axis})`, and an input \
                     `{{ axes: [{axis}], label: flag }}` says of each place whether it is meant"
                )
            }
            (Type::Index(a), Type::Index(b)) => {
                let [a, b] = [a, b].map(|axis| self.axis_name(axis));
                format!(
                    "places of one axis are compared: `index({b})` is the place on `{b}`, `index({a})` that on `{a}`"
                )
            }
            (Type::Group, _) | (_, Type::Group) => "a group label compares with another one".to_owned(),
            (Type::Condition, _) | (_, Type::Condition) => {
                "a condition is used itself, or as `if condition then 1 else 0`".to_owned()
            }
            (Type::Real, Type::Real) => "both sides of a comparison have one type".to_owned(),
        }
    }

    /// The words of the choice that a name stands for.
    fn words_of(&self, frame: &Frame<'a>, scope: &Scope<'a>, ast: &Ast) -> Option<&'a [String]> {
        let AstKind::Name(name) = &ast.kind else { return None };
        let is_argument = scope.arguments.iter().any(|(argument, ..)| argument == name);
        let param = frame.spec.params.iter().find(|param| param.name == *name && !is_argument)?;
        match &param.kind {
            ParamKind::Choice(words) => Some(words),
            ParamKind::Real | ParamKind::Integer | ParamKind::StaticInteger(_) | ParamKind::Switch => None,
        }
    }

    fn no_word(&mut self, frame: &Frame<'a>, (choice, words): (&Ast, &[String]), place: Span, word: &str) {
        let message = format!("the choice `{}` has no word `{word}`", print(choice));
        let help = match suggest(word, words.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? its words are `{}`", words.join("`, `")),
            None => format!("its words are `{}`", words.join("`, `")),
        };
        self.error(frame, Code::UnknownName, place, message, help);
    }

    /// The comparison of a choice with a word; `None` if neither side is one.
    fn words(
        &mut self,
        frame: &Frame<'a>,
        comparison: Comparison,
        (left, x): (&Value<'a>, &Ast),
        (right, y): (&Value<'a>, &Ast),
        span: Span,
    ) -> Option<Option<bool>> {
        let is_equal = match (left, right) {
            (Value::Choice(value, words), Value::Word(word)) | (Value::Word(word), Value::Choice(value, words)) => {
                if !words.contains(word) {
                    let (choice, place) = if let Value::Choice(..) = left { (x, y.span) } else { (y, x.span) };
                    self.no_word(frame, (choice, words), place, word);
                    return Some(None);
                }
                *value == word
            }
            (Value::Choice(a, _), Value::Choice(b, _)) => a == b,
            (Value::Expr(_) | Value::Choice(..) | Value::Word(_) | Value::Absent | Value::Broken, _) => return None,
        };
        match comparison {
            Comparison::Equal => Some(Some(is_equal)),
            Comparison::NotEqual => Some(Some(!is_equal)),
            Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual => {
                let help = "compare them with `==` or `!=`";
                self.error(frame, Code::TypeMismatch, span, "the words of a choice have no order", help);
                Some(None)
            }
        }
    }
}
