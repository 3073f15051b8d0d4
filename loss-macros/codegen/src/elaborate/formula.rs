//! Typing formulas: operators, comparisons, cases, and the lookup of names.
//!
//! Every function here reports what is wrong and gives `None`, so that one formula tells all its errors.

use std::collections::HashMap;

use crate::codes::Code;
use crate::diagnostic::Diagnostics;
use crate::document::{Case, Formula};
use crate::elaborate::Library;
use crate::elaborate::demands::{Called, Norm};
use crate::elaborate::fold;
use crate::elaborate::frame::{Frame, Scope, Value};
use crate::elaborate::name::choice_of;
use crate::elaborate::reach::{self, CaseLog};
use crate::expr::{AxisId, Binary, Comparison, Constant, Expr, ExprId, Graph, Type};
use crate::formula::ast::{Ast, AstKind, BinaryOperator, UnaryOperator};
use crate::model::Spec;
use crate::source::{Span, line_and_column};

/// The state of one elaboration.
pub(super) struct Elaborator<'a> {
    pub(super) root: &'a Spec,
    pub(super) library: &'a Library,
    pub(super) graph: Graph,
    pub(super) diagnostics: Diagnostics,
    pub(super) places: HashMap<ExprId, Span>,
    pub(super) cases: CaseLog,
    /// The specs whose losses are being expanded, outermost first.
    pub(super) calls: Vec<&'a str>,
    /// The calls of losses by the spec itself.
    pub(super) called: Vec<Called<'a>>,
    /// The norms that the spec itself writes.
    pub(super) norms: Vec<Norm>,
}

impl<'a> Elaborator<'a> {
    /// A fresh elaborator that adds to `graph`.
    pub(super) fn new(root: &'a Spec, library: &'a Library, graph: Graph) -> Self {
        Elaborator {
            root,
            library,
            graph,
            diagnostics: Diagnostics::new(),
            places: HashMap::new(),
            cases: CaseLog::default(),
            calls: Vec::new(),
            called: Vec::new(),
            norms: Vec::new(),
        }
    }

    /// Reports an error: at its own place, or at the call that led into another spec.
    pub(super) fn error(
        &mut self,
        frame: &Frame<'a>,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (message, help) = (message.into(), help.into());
        let (span, message, help) = match frame.blame {
            None => (span, message, help),
            Some(call) => {
                let file = &frame.spec.file;
                let (line, column) = line_and_column(&file.text, span.start);
                let place = format!("{}:{line}:{column}", file.path);
                let message = format!("in the formula of `{}`, at {place}: {message}", frame.spec.name);
                let help = if is_its_own(code) { format!("mend `{}` there", frame.spec.name) } else { help };
                (call, message, help)
            }
        };
        self.diagnostics.error(code, span, message).help(help);
    }

    /// A formula that must be a real.
    pub(super) fn real_formula(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        formula: &Formula,
    ) -> Option<ExprId> {
        let id = self.formula(frame, scope, formula)?;
        self.expect(frame, id, Type::Real, formula_span(formula))
    }

    /// A formula of any type.
    pub(super) fn formula(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, formula: &Formula) -> Option<ExprId> {
        match formula {
            Formula::Scalar(ast) => self.expr(frame, scope, ast),
            Formula::Cases(cases) => {
                let Some((Case { when: None, value: otherwise, .. }, earlier)) = cases.split_last() else {
                    let span = cases.last().map_or_else(Span::default, |case| case.span);
                    self.error(
                        frame,
                        Code::MissingOtherwise,
                        span,
                        "the cases do not end with `otherwise`",
                        "turn the last case into `{ otherwise: ... }`: it takes what is left",
                    );
                    return None;
                };
                let mut branches = Vec::new();
                for case in earlier {
                    let Some(when) = &case.when else {
                        self.error(
                            frame,
                            Code::MissingOtherwise,
                            case.span,
                            "`otherwise` is not the last case",
                            "the first case that holds is taken: nothing after this one would be",
                        );
                        return None;
                    };
                    branches.push((when, &case.value));
                }
                self.branches(frame, scope, branches, otherwise)
            }
        }
    }

    /// A tree that must be a real.
    pub(super) fn real(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, ast: &Ast) -> Option<ExprId> {
        let id = self.expr(frame, scope, ast)?;
        self.expect(frame, id, Type::Real, ast.span)
    }

    /// A tree that must be a condition.
    pub(super) fn condition(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, ast: &Ast) -> Option<ExprId> {
        let id = self.expr(frame, scope, ast)?;
        self.expect(frame, id, Type::Condition, ast.span)
    }

    /// A tree that must be an expression.
    pub(super) fn expr(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, ast: &Ast) -> Option<ExprId> {
        let value = self.value(frame, scope, ast);
        self.expression(frame, value, ast)
    }

    /// Demands that what a tree stands for is an expression.
    pub(super) fn expression(&mut self, frame: &Frame<'a>, value: Value<'a>, ast: &Ast) -> Option<ExprId> {
        let (what, help) = match value {
            Value::Expr(id) => {
                self.places.entry(id).or_insert(frame.blame.unwrap_or(ast.span));
                return Some(id);
            }
            Value::Broken => return None,
            Value::Absent => {
                let name = written(ast);
                self.error(
                    frame,
                    Code::UsedOutsideGiven,
                    ast.span,
                    format!("`{name}` may be absent"),
                    format!("guard it: `if given({name}) then ... else ...`"),
                );
                return None;
            }
            Value::Choice(word, _) => {
                let name = written(ast);
                let help = format!("compare the choice with one of its words: `{name} == {word}`");
                (format!("`{name}` is a choice"), help)
            }
            Value::Word(word) => {
                let choice = choice_of(frame.spec, &word).map_or("choice", |param| param.name.as_str());
                let help = format!("a word can only be compared with its choice: `{choice} == {word}`");
                (format!("`{word}` is a word of the choice `{choice}`"), help)
            }
        };
        self.error(frame, Code::TypeMismatch, ast.span, format!("{what}, no number or condition"), help);
        None
    }

    /// What a tree stands for; of a name it may be something else than an expression.
    pub(super) fn value(&mut self, frame: &mut Frame<'a>, scope: &Scope<'a>, ast: &Ast) -> Value<'a> {
        let id = match &ast.kind {
            AstKind::Name(name) => return self.name(frame, scope, name, ast.span),
            AstKind::Number(text) => match Constant::parse(text) {
                Some(constant) => Some(self.graph.add(Expr::Constant(constant))),
                None => {
                    self.error(
                        frame,
                        Code::BadNumber,
                        ast.span,
                        format!("the number `{}` has too many digits", shortened(text)),
                        "38 digits and exponents within 32 bits can be kept exactly",
                    );
                    None
                }
            },
            AstKind::Boolean(value) => Some(self.graph.add(Expr::Boolean(*value))),
            AstKind::Unary(UnaryOperator::Negate, x) => {
                self.real(frame, scope, x).map(|x| fold::negate(&mut self.graph, x))
            }
            AstKind::Unary(UnaryOperator::Not, x) => self.condition(frame, scope, x).map(|x| self.not(x)),
            AstKind::Binary(operator, x, y) => self.binary(frame, scope, *operator, x, y, ast.span),
            AstKind::If(..) => {
                let mut branches = Vec::new();
                let mut rest = ast;
                while let AstKind::If(when, value, otherwise) = &rest.kind {
                    branches.push((&**when, &**value));
                    rest = otherwise;
                }
                self.branches(frame, scope, branches, rest)
            }
            AstKind::Pick(value, index) => self.pick(frame, scope, value, index),
            AstKind::Call(call) => self.call(frame, scope, call, ast.span),
        };
        id.map_or(Value::Broken, Value::Expr)
    }

    /// Demands a type.
    pub(super) fn expect(&mut self, frame: &Frame<'a>, id: ExprId, wanted: Type, span: Span) -> Option<ExprId> {
        let found = self.graph.ty(id);
        if found == wanted {
            return Some(id);
        }
        let code = match (wanted, found) {
            (Type::Real, Type::Index(_) | Type::Group) | (Type::Index(_) | Type::Group, Type::Real) => {
                Code::LabelAsNumber
            }
            (Type::Real | Type::Condition | Type::Index(_) | Type::Group, _) => Code::TypeMismatch,
        };
        let help = match (wanted, found) {
            (Type::Real, Type::Condition) => "turn it into a number: `if ... then 1 else 0`".to_owned(),
            (Type::Real, Type::Index(_)) => {
                "a label names a place: pick with it, `x[target]`, or compare it, `index(C) == target`".to_owned()
            }
            (Type::Condition, Type::Real) => "compare it with something".to_owned(),
            (Type::Real, Type::Real | Type::Group)
            | (Type::Condition, Type::Condition | Type::Index(_) | Type::Group)
            | (Type::Index(_) | Type::Group, _) => format!("write {} here", self.type_name(wanted)),
        };
        let message = format!("needs {}, found {}", self.type_name(wanted), self.type_name(found));
        self.error(frame, code, span, message, help);
        None
    }

    /// A type, for messages.
    pub(super) fn type_name(&self, ty: Type) -> String {
        match ty {
            Type::Real => "a real number".to_owned(),
            Type::Condition => "a condition".to_owned(),
            Type::Index(axis) => format!("a place on the axis `{}`", self.axis_name(axis)),
            Type::Group => "a group label".to_owned(),
        }
    }

    /// An axis of the elaborated spec, for messages.
    pub(super) fn axis_name(&self, axis: AxisId) -> &'a str {
        self.root.axes.get(usize::from(axis.0)).map_or("?", |axis| &axis.name)
    }

    /// Whether two axes have the same places.
    pub(super) fn alike(&self, a: AxisId, b: AxisId) -> bool {
        let root = |axis: AxisId| self.root.axes.get(usize::from(axis.0)).and_then(|axis| axis.like).unwrap_or(axis);
        root(a) == root(b)
    }

    /// Whether two types are one; places on axes that are alike are.
    pub(super) fn same_type(&self, a: Type, b: Type) -> bool {
        match (a, b) {
            (Type::Index(a), Type::Index(b)) => self.alike(a, b),
            (Type::Real | Type::Condition | Type::Index(_) | Type::Group, _) => a == b,
        }
    }

    fn binary(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        operator: BinaryOperator,
        x: &Ast,
        y: &Ast,
        span: Span,
    ) -> Option<ExprId> {
        match operator {
            BinaryOperator::Add => self.arithmetic(frame, scope, Binary::Add, x, y),
            BinaryOperator::Subtract => self.arithmetic(frame, scope, Binary::Subtract, x, y),
            BinaryOperator::Multiply => self.arithmetic(frame, scope, Binary::Multiply, x, y),
            BinaryOperator::Divide => self.arithmetic(frame, scope, Binary::Divide, x, y),
            BinaryOperator::Power => self.arithmetic(frame, scope, Binary::Power, x, y),
            BinaryOperator::Less => self.comparison(frame, scope, Comparison::Less, x, y, span),
            BinaryOperator::LessEqual => self.comparison(frame, scope, Comparison::LessEqual, x, y, span),
            BinaryOperator::Greater => self.comparison(frame, scope, Comparison::Greater, x, y, span),
            BinaryOperator::GreaterEqual => self.comparison(frame, scope, Comparison::GreaterEqual, x, y, span),
            BinaryOperator::Equal => self.comparison(frame, scope, Comparison::Equal, x, y, span),
            BinaryOperator::NotEqual => self.comparison(frame, scope, Comparison::NotEqual, x, y, span),
            BinaryOperator::And => self.connective(frame, scope, x, y, false),
            BinaryOperator::Or => self.connective(frame, scope, x, y, true),
        }
    }

    fn arithmetic(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        operator: Binary,
        x: &Ast,
        y: &Ast,
    ) -> Option<ExprId> {
        let (x, y) = (self.real(frame, scope, x), self.real(frame, scope, y));
        let (x, mut y) = (x?, y?);
        if operator == Binary::Power {
            y = fold::exponent(&mut self.graph, y);
        }
        Some(self.graph.add(Expr::Binary(operator, x, y)))
    }

    /// `and`, `or`: `settles` is the value of one side that decides the whole; the other side is then not typed.
    fn connective(
        &mut self,
        frame: &mut Frame<'a>,
        scope: &Scope<'a>,
        x: &Ast,
        y: &Ast,
        settles: bool,
    ) -> Option<ExprId> {
        let x = self.condition(frame, scope, x);
        if let Some(x) = x
            && self.boolean(x) == Some(settles)
        {
            return Some(x);
        }
        let (x, y) = (x, self.condition(frame, scope, y));
        let (x, y) = (x?, y?);
        Some(match (self.boolean(x), self.boolean(y)) {
            (Some(_), _) => y,
            (None, Some(value)) if value == settles => y,
            (None, Some(_)) => x,
            (None, None) => self.graph.add(if settles { Expr::Or(x, y) } else { Expr::And(x, y) }),
        })
    }

    fn not(&mut self, x: ExprId) -> ExprId {
        match self.boolean(x) {
            Some(value) => self.graph.add(Expr::Boolean(!value)),
            None => self.graph.add(Expr::Not(x)),
        }
    }

    /// The truth of a condition that is constant.
    pub(super) fn boolean(&self, id: ExprId) -> Option<bool> {
        reach::boolean(&self.graph, id)
    }
}

/// Where a formula stands.
pub(crate) fn formula_span(formula: &Formula) -> Span {
    match formula {
        Formula::Scalar(ast) => ast.span,
        Formula::Cases(cases) => match (cases.first(), cases.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            (None, _) | (_, None) => Span::default(),
        },
    }
}

/// The name that a tree is, for messages.
fn written(ast: &Ast) -> String {
    match &ast.kind {
        AstKind::Name(name) => name.clone(),
        AstKind::Number(_)
        | AstKind::Boolean(_)
        | AstKind::Unary(..)
        | AstKind::Binary(..)
        | AstKind::If(..)
        | AstKind::Pick(..)
        | AstKind::Call(_) => "this".to_owned(),
    }
}

/// Whether a mistake of this kind in a called loss is that one's own, whatever it is called with.
fn is_its_own(code: Code) -> bool {
    [Code::UnknownName, Code::UnknownFunction, Code::ChainBothWays, Code::WrongArity, Code::BadNumber].contains(&code)
}

/// The beginning of a number that is too long to read.
fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.get(..MOST) {
        Some(beginning) if text.len() > MOST => format!("{beginning}…"),
        Some(_) | None => text.to_owned(),
    }
}
