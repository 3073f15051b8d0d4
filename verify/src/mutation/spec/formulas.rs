//! The changes of a formula, node by node.

use loss_codegen::document::Document;
use loss_codegen::formula::ast::{Ast, AstKind, BinaryOperator, Call, NamedArgument, UnaryOperator};
use loss_codegen::source::Span;

/// A part of a formula and what takes its place.
pub(super) struct Change {
    pub(super) operator: &'static str,
    pub(super) span: Span,
    pub(super) after: String,
}

/// Names that may stand for each other.
pub(super) struct Names {
    /// Inputs with plain numbers, by their axes.
    inputs: Vec<(String, Vec<String>)>,
    /// Parameters of real numbers.
    params: Vec<String>,
    /// Class labels, and the axis whose places they name.
    labels: Vec<(String, String)>,
}

impl Names {
    pub(super) fn of(document: &Document) -> Self {
        let mut names = Self { inputs: Vec::new(), params: Vec::new(), labels: Vec::new() };
        for (name, input) in &document.inputs {
            let label = input.label.as_ref().map_or("", |label| label.value.as_str());
            let axes = input.axes.iter().flatten().map(|axis| axis.value.clone()).collect();
            match label.strip_prefix("class_index(").and_then(|rest| rest.strip_suffix(')')) {
                Some(axis) => names.labels.push((name.value.clone(), axis.to_owned())),
                None => names.inputs.push((name.value.clone(), axes)),
            }
        }
        let is_real = |kind: &str| kind == "real";
        for (name, param) in &document.params {
            if param.kind.as_ref().is_none_or(|kind| is_real(&kind.value)) {
                names.params.push(name.value.clone());
            }
        }
        names
    }
}

/// Every change of a formula and of its parts.
pub(super) fn changes(text: &str, ast: &Ast, names: &Names) -> Vec<Change> {
    let mut walk = Walk { text, names, changes: Vec::new() };
    let whole = walk.text(ast);
    if !is_condition(ast) {
        walk.change("negate", ast, format!("(-{whole})"));
        walk.change("constant factor", ast, format!("(1.01 * {whole})"));
        walk.change("constant term", ast, format!("({whole} + 0.01)"));
    }
    walk.node(ast);
    walk.changes
}

fn is_condition(ast: &Ast) -> bool {
    match &ast.kind {
        AstKind::Boolean(_) | AstKind::Unary(UnaryOperator::Not, _) => true,
        AstKind::Binary(operator, ..) => match operator {
            BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Power => false,
            BinaryOperator::Less
            | BinaryOperator::LessEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterEqual
            | BinaryOperator::Equal
            | BinaryOperator::NotEqual
            | BinaryOperator::And
            | BinaryOperator::Or => true,
        },
        AstKind::Number(_)
        | AstKind::Name(_)
        | AstKind::Unary(UnaryOperator::Negate, _)
        | AstKind::If(..)
        | AstKind::Pick(..)
        | AstKind::Call(_) => false,
    }
}

struct Walk<'w> {
    text: &'w str,
    names: &'w Names,
    changes: Vec<Change>,
}

impl Walk<'_> {
    /// A part as it is written, in brackets.
    fn text(&self, ast: &Ast) -> String {
        let text = &self.text[ast.span.start..ast.span.end];
        match ast.kind {
            AstKind::Number(_) | AstKind::Name(_) | AstKind::Boolean(_) => text.to_owned(),
            AstKind::Unary(..) | AstKind::Binary(..) | AstKind::If(..) | AstKind::Pick(..) | AstKind::Call(_) => {
                format!("({text})")
            }
        }
    }

    fn change(&mut self, operator: &'static str, ast: &Ast, after: String) {
        self.changes.push(Change { operator, span: ast.span, after });
    }

    fn node(&mut self, ast: &Ast) {
        match &ast.kind {
            AstKind::Boolean(_) => {}
            AstKind::Number(number) => self.number(ast, number),
            AstKind::Name(name) => self.name(ast, name),
            AstKind::Unary(operator, x) => {
                let operand = self.text(x);
                match operator {
                    UnaryOperator::Negate => self.change("flip a sign", ast, operand),
                    UnaryOperator::Not => self.change("drop a not", ast, operand),
                }
                self.node(x);
            }
            AstKind::Binary(operator, x, y) => {
                self.binary(ast, *operator, x, y);
                self.node(x);
                self.node(y);
            }
            AstKind::If(condition, x, y) => {
                let (c, a, b) = (self.text(condition), self.text(x), self.text(y));
                self.change("swap branches", ast, format!("(if {c} then {b} else {a})"));
                self.change("drop a branch", ast, a);
                self.change("drop a branch", ast, b);
                [condition, x, y].into_iter().for_each(|part| self.node(part));
            }
            AstKind::Pick(values, index) => {
                let (from, label) = (self.text(values), self.text(index));
                let named = |(name, _): &&(String, String)| *name == label;
                if let Some((_, axis)) = self.names.labels.iter().find(named) {
                    self.change("another class", ast, format!("sum({axis} where index({axis}) == 0, {from})"));
                    self.change(
                        "the other classes",
                        ast,
                        format!("sum({axis} where index({axis}) != {label}, {from})"),
                    );
                    self.change("the largest class", ast, format!("max({axis}, {from})"));
                }
                self.node(values);
            }
            AstKind::Call(call) => {
                self.call(ast, call);
                call.arguments.iter().for_each(|argument| self.node(argument));
                call.filter.iter().for_each(|filter| self.node(filter));
                for (_, argument) in &call.named {
                    if let NamedArgument::Formula(argument) = argument {
                        self.node(argument);
                    }
                }
            }
        }
    }

    fn number(&mut self, ast: &Ast, number: &str) {
        match number.parse::<f64>() {
            Ok(0.0) => self.change("constant x 1.01", ast, "0.01".to_owned()),
            Ok(value) => {
                self.change("constant x 1.01", ast, (value * 1.01).to_string());
                self.change("negate a constant", ast, format!("(-{number})"));
                if value.fract() == 0.0 {
                    self.change("constant + 1", ast, (value + 1.0).to_string());
                }
            }
            Err(_) => {}
        }
    }

    fn name(&mut self, ast: &Ast, name: &str) {
        let inputs = &self.names.inputs;
        if let Some((_, axes)) = inputs.iter().find(|(known, _)| known == name) {
            let others: Vec<String> = inputs
                .iter()
                .filter(|(other, their)| other != name && their == axes)
                .map(|(other, _)| other.clone())
                .collect();
            for other in others {
                self.change("another input", ast, other);
            }
        }
        if self.names.params.iter().any(|known| known == name) {
            let others: Vec<String> = self.names.params.iter().filter(|other| *other != name).cloned().collect();
            for other in others {
                self.change("another parameter", ast, other);
            }
            self.change("scale a parameter", ast, format!("(1.01 * {name})"));
            self.change("negate a parameter", ast, format!("(-{name})"));
        }
    }

    fn binary(&mut self, ast: &Ast, operator: BinaryOperator, x: &Ast, y: &Ast) {
        let (a, b) = (self.text(x), self.text(y));
        let comparison = |walk: &mut Self, signs: [(&'static str, &str); 2]| {
            for (operator, sign) in signs {
                walk.change(operator, ast, format!("({a} {sign} {b})"));
            }
        };
        const TIE: &str = "move a tie";
        const TURN: &str = "turn a comparison";
        match operator {
            BinaryOperator::Add => {
                self.change("flip a sign", ast, format!("({a} - {b})"));
                self.change("flip a sign", ast, format!("({b} - {a})"));
                self.change("drop a term", ast, a.clone());
                self.change("drop a term", ast, b.clone());
            }
            BinaryOperator::Subtract => {
                self.change("flip a sign", ast, format!("({a} + {b})"));
                self.change("swap operands", ast, format!("({b} - {a})"));
                self.change("drop a term", ast, a.clone());
                self.change("drop a term", ast, format!("(-{b})"));
            }
            BinaryOperator::Multiply => {
                self.change("divide", ast, format!("({a} / {b})"));
                self.change("drop a factor", ast, a.clone());
                self.change("drop a factor", ast, b.clone());
            }
            BinaryOperator::Divide => {
                self.change("multiply", ast, format!("({a} * {b})"));
                self.change("swap operands", ast, format!("({b} / {a})"));
                self.change("drop a divisor", ast, a.clone());
            }
            BinaryOperator::Power => self.change("drop a power", ast, a.clone()),
            BinaryOperator::Less => comparison(self, [(TIE, "<="), (TURN, ">")]),
            BinaryOperator::LessEqual => comparison(self, [(TIE, "<"), (TURN, ">")]),
            BinaryOperator::Greater => comparison(self, [(TIE, ">="), (TURN, "<")]),
            BinaryOperator::GreaterEqual => comparison(self, [(TIE, ">"), (TURN, "<")]),
            BinaryOperator::Equal => comparison(self, [(TURN, "!="), (TIE, "<=")]),
            BinaryOperator::NotEqual => comparison(self, [(TURN, "=="), (TIE, ">")]),
            BinaryOperator::And => comparison(self, [("and for or", "or"), ("and for or", "or not")]),
            BinaryOperator::Or => comparison(self, [("or for and", "and"), ("or for and", "and not")]),
        }
    }

    fn call(&mut self, ast: &Ast, call: &Call) {
        let arguments: Vec<String> = call.arguments.iter().map(|argument| self.text(argument)).collect();
        let axes: String = call.axes.iter().map(|axis| format!("{}, ", axis.value)).collect();
        let name = call.name.value.as_str();
        if let (Some(filter), [argument]) = (&call.filter, &arguments[..]) {
            let axes = axes.trim_end_matches(", ");
            let filter = self.text(filter);
            self.change("drop a where", ast, format!("{name}({axes}, {argument})"));
            self.change("negate a where", ast, format!("{name}({axes} where not {filter}, {argument})"));
            return;
        }
        match &arguments[..] {
            [x] => {
                self.change(
                    "drop a function",
                    ast,
                    if axes.is_empty() { x.clone() } else { format!("sum({axes}{x})") },
                );
                self.change("flip an argument", ast, format!("{name}({axes}-{x})"));
                for other in relatives(name) {
                    self.change("another function", ast, format!("{other}({axes}{x})"));
                }
                if name == "relu" {
                    self.change("another tie", ast, format!("(if {x} >= 0 then {x} else 0)"));
                    self.change("another tie", ast, format!("max({x}, 0)"));
                }
            }
            [x, y] => {
                for (kept, dropped) in [(x, y), (y, x)] {
                    let operator = if name == "weigh" { "drop a weight" } else { "drop an argument" };
                    let rest = if axes.is_empty() { kept.clone() } else { format!("sum({axes}{kept})") };
                    self.change(operator, ast, rest);
                    self.change("repeat an argument", ast, format!("{name}({axes}{kept}, {kept})"));
                    self.change("flip an argument", ast, format!("{name}({axes}-{kept}, {dropped})"));
                }
                for other in relatives(name) {
                    self.change("another function", ast, format!("{other}({axes}{x}, {y})"));
                }
            }
            _ => {}
        }
    }
}

/// Functions that a slip of the pen could put in another's place.
fn relatives(name: &str) -> &'static [&'static str] {
    match name {
        "abs" => &["relu"],
        "relu" => &["abs", "softplus"],
        "softplus" => &["relu", "sigmoid"],
        "sigmoid" => &["softplus", "tanh"],
        "exp" => &["expm1"],
        "expm1" => &["exp"],
        "log" => &["log1p"],
        "log1p" => &["log"],
        "sin" => &["cos"],
        "cos" => &["sin"],
        "max" => &["min"],
        "min" => &["max"],
        "sum" => &["mean"],
        "mean" => &["sum"],
        "logsumexp" => &["max", "sum"],
        "softmax" => &["log_softmax"],
        "log_softmax" => &["softmax"],
        _ => &[],
    }
}
