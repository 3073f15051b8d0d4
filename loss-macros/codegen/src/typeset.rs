//! Formulas as MathML, which browsers set without fetching anything: from their text, by way of the tree that it parses to.

mod calls;
mod names;
mod piece;

use std::collections::BTreeSet;

use crate::formula::ast::{Ast, AstKind, BinaryOperator, UnaryOperator};
use crate::formula::parser::parse;
use crate::formula::text::FormulaText;

use crate::describe::Case;
use crate::equations::Equation;
use crate::markup::Escaped;

use names::{Axes, Scope};
use piece::{Level, Piece};

/// Sets the formulas of one loss.
pub struct Typesetter<'r> {
    axes: Axes<'r>,
    /// Functions of the spec's own, each set by its name.
    own: BTreeSet<&'r str>,
}

impl<'r> Typesetter<'r> {
    /// A typesetter that knows along which axes what is named varies, rows left out.
    pub fn new(axes: impl IntoIterator<Item = (&'r str, Vec<&'r str>)>) -> Self {
        Self { axes: Axes::new(axes), own: BTreeSet::new() }
    }

    /// For what a spec writes: it may call these, functions of its own. One may have the name of a function that only derivatives have;
    /// derivatives call none of a spec's.
    #[must_use]
    pub fn calling(mut self, own: impl IntoIterator<Item = &'r str>) -> Self {
        self.own = own.into_iter().collect();
        self
    }

    /// `name = formula` on lines of its own.
    #[must_use]
    pub fn equation(&self, equation: &Equation) -> String {
        let scope = Scope::along(&equation.axes);
        let name = self.name(&equation.name, &scope);
        let arguments = if equation.arguments.is_empty() {
            String::new()
        } else {
            let arguments: Vec<String> =
                equation.arguments.iter().map(|argument| names::identifier(argument, &[])).collect();
            format!("<mo>&#x2061;</mo><mrow><mo>(</mo>{}<mo>)</mo></mrow>", arguments.join("<mo>,</mo>"))
        };
        let cases = self.cases(&equation.cases, &scope);
        format!("<math display=\"block\"><mrow>{name}{arguments}<mo>=</mo>{cases}</mrow></math>")
    }

    /// A formula in a line of text.
    #[must_use]
    pub fn inline(&self, text: &str) -> String {
        match parsed(text) {
            Some(tree) => format!("<math>{}</math>", self.formula(&tree, &Scope::default()).markup),
            None => format!("<code>{}</code>", Escaped(text)),
        }
    }

    fn cases(&self, cases: &[Case], scope: &Scope) -> String {
        if let [Case { when: None, value }] = cases {
            return self.text(value, scope);
        }
        let rows = cases.iter().map(|case| {
            let condition = case.when.as_deref().map(|when| self.text(when, scope));
            (self.text(&case.value, scope), condition)
        });
        piece::brace(rows)
    }

    /// A formula from its text; text that is none stays text.
    fn text(&self, text: &str, scope: &Scope) -> String {
        parsed(text)
            .map_or_else(|| format!("<mtext>{}</mtext>", Escaped(text)), |tree| self.formula(&tree, scope).markup)
    }

    fn formula(&self, ast: &Ast, scope: &Scope) -> Piece {
        match &ast.kind {
            AstKind::Number(digits) => names::number(digits),
            AstKind::Boolean(value) => Piece::atom(format!("<mtext>{value}</mtext>")),
            AstKind::Name(name) => Piece::atom(self.name(name, scope)),
            AstKind::Unary(UnaryOperator::Negate, operand) => self.negated(operand, scope),
            AstKind::Unary(UnaryOperator::Not, operand) => {
                let operand = self.formula(operand, scope).at_least(Level::Sum);
                Piece::new(format!("<mrow><mo>¬</mo>{operand}</mrow>"), Level::Comparison)
            }
            AstKind::Binary(operator, left, right) => match without_sign(ast) {
                Some(positive) => self.negated(&positive, scope),
                None => self.binary(*operator, left, right, scope),
            },
            AstKind::If(..) => Piece::atom(piece::brace(self.branches(ast, scope))),
            AstKind::Pick(value, index) => self.pick(value, index, scope),
            AstKind::Call(call) => self.call(call, scope),
        }
    }

    fn negated(&self, operand: &Ast, scope: &Scope) -> Piece {
        let operand = self.formula(operand, scope).at_least(Level::Series);
        Piece::new(format!("<mrow><mo form=\"prefix\">−</mo>{operand}</mrow>"), Level::Sum)
    }

    /// The branches of a selection, and of the one that it ends with, and so on.
    fn branches(&self, ast: &Ast, scope: &Scope) -> Vec<(String, Option<String>)> {
        let mut rows = Vec::new();
        let mut rest = ast;
        while let AstKind::If(condition, value, otherwise) = &rest.kind {
            let condition = self.formula(condition, scope).markup;
            rows.push((self.formula(value, scope).markup, Some(condition)));
            rest = otherwise;
        }
        rows.push((self.formula(rest, scope).markup, None));
        rows
    }

    fn binary(&self, operator: BinaryOperator, left: &Ast, right: &Ast, scope: &Scope) -> Piece {
        let (x, y) = (self.formula(left, scope), self.formula(right, scope));
        let infix = |sign: &str, level: Level, least: (Level, Level)| {
            let (x, y) = (x.at_least(least.0), y.at_least(least.1));
            Piece::new(format!("<mrow>{x}{sign}{y}</mrow>"), level)
        };
        let comparison = |sign: &str| infix(&format!("<mo>{sign}</mo>"), Level::Comparison, (Level::Sum, Level::Sum));
        match operator {
            BinaryOperator::Or => {
                infix(&piece::word("or"), Level::Disjunction, (Level::Disjunction, Level::Conjunction))
            }
            BinaryOperator::And => {
                infix(&piece::word("and"), Level::Conjunction, (Level::Conjunction, Level::Comparison))
            }
            BinaryOperator::Less => comparison("&lt;"),
            BinaryOperator::LessEqual => comparison("≤"),
            BinaryOperator::Greater => comparison("&gt;"),
            BinaryOperator::GreaterEqual => comparison("≥"),
            BinaryOperator::Equal => comparison("="),
            BinaryOperator::NotEqual => comparison("≠"),
            BinaryOperator::Add => infix("<mo>+</mo>", Level::Sum, (Level::Sum, Level::Series)),
            BinaryOperator::Subtract => infix("<mo>−</mo>", Level::Sum, (Level::Sum, Level::Series)),
            BinaryOperator::Multiply => infix("<mo>⋅</mo>", Level::Product, (Level::Product, Level::Fraction)),
            BinaryOperator::Divide => piece::fraction(&x.markup, &y.markup),
            BinaryOperator::Power => match names::is_half(right) {
                true => piece::root(&x.markup),
                false => piece::power(&x, &y.markup),
            },
        }
    }

    /// `value[index]`: the place on the axis that the index is on, as a subscript.
    fn pick(&self, value: &Ast, index: &Ast, scope: &Scope) -> Piece {
        let index = self.formula(index, scope).markup;
        if let AstKind::Name(name) = &value.kind {
            return Piece::atom(names::identifier(name, &self.axes.picked(name, &index, scope)));
        }
        let value = self.formula(value, scope).at_least(Level::Atom);
        Piece::atom(format!("<msub>{value}<mrow>{index}</mrow></msub>"))
    }

    fn name(&self, name: &str, scope: &Scope) -> String {
        names::named(name, &self.axes.subscripts(name, scope))
    }
}

/// The tree of a text, if it is a formula.
fn parsed(text: &str) -> Option<Ast> {
    parse(&FormulaText::plain(text, 0)).ok()
}

/// What a product is the negative of, where its first factor is one: the sign may stand before all of them.
fn without_sign(ast: &Ast) -> Option<Ast> {
    match &ast.kind {
        AstKind::Unary(UnaryOperator::Negate, operand) => Some((**operand).clone()),
        AstKind::Binary(BinaryOperator::Multiply, left, right) => {
            let kind = AstKind::Binary(BinaryOperator::Multiply, Box::new(without_sign(left)?), right.clone());
            Some(Ast { kind, span: ast.span })
        }
        AstKind::Number(_)
        | AstKind::Boolean(_)
        | AstKind::Name(_)
        | AstKind::Unary(UnaryOperator::Not, _)
        | AstKind::Binary(..)
        | AstKind::If(..)
        | AstKind::Pick(..)
        | AstKind::Call(_) => None,
    }
}

#[cfg(test)]
mod tests;
