//! A node of the graph as formula text, for people to read.

mod definition;
mod shared;

use std::collections::HashMap;

use crate::expr::{AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, Reducer, Unary};
use crate::formula::ast::{Ast, AstKind, BinaryOperator, Call, UnaryOperator};
use crate::formula::print::print;
use crate::model::Spec;
use crate::schedule::DIRECTION;
use crate::source::{Span, Spanned};

pub use definition::{Definition, Definitions, definitions};
pub(crate) use shared::Names;

/// A formula where a condition holds and those before it do not; everywhere else, if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The condition.
    pub when: Option<String>,
    /// The formula.
    pub value: String,
}

/// The text of a node. Nodes that have a name are written by it, but for the node itself.
pub fn describe(spec: &Spec, graph: &Graph, names: &HashMap<ExprId, String>, id: ExprId) -> String {
    print(&Describer { spec, graph, names }.node(id))
}

/// A node as cases: one for each branch of the selections that it begins with.
fn cases(spec: &Spec, graph: &Graph, names: &HashMap<ExprId, String>, id: ExprId) -> Vec<Case> {
    let mut cases = Vec::new();
    Describer { spec, graph, names }.split(id, None, &mut cases);
    cases
}

struct Describer<'s> {
    spec: &'s Spec,
    graph: &'s Graph,
    names: &'s HashMap<ExprId, String>,
}

fn ast(kind: AstKind) -> Ast {
    Ast { kind, span: Span::default() }
}

fn spanned(text: &str) -> Spanned<String> {
    Spanned { value: text.to_owned(), span: Span::default() }
}

fn name(text: &str) -> Ast {
    ast(AstKind::Name(text.to_owned()))
}

fn call(function: &str, axes: Vec<Spanned<String>>, filter: Option<Ast>, arguments: Vec<Ast>) -> Ast {
    ast(AstKind::Call(Box::new(Call { name: spanned(function), axes, filter, arguments, named: Vec::new() })))
}

fn negated(x: Ast) -> Ast {
    ast(AstKind::Unary(UnaryOperator::Negate, Box::new(x)))
}

fn binary(operator: BinaryOperator, x: Ast, y: Ast) -> Ast {
    ast(AstKind::Binary(operator, Box::new(x), Box::new(y)))
}

impl Describer<'_> {
    fn operand(&self, id: ExprId) -> Ast {
        match self.names.get(&id) {
            Some(text) => name(text),
            None => self.node(id),
        }
    }

    fn split(&self, id: ExprId, when: Option<Ast>, cases: &mut Vec<Case>) {
        if let Expr::If(condition, x, y) = self.graph.expr(id) {
            let condition = self.operand(condition);
            let both = match &when {
                Some(when) => binary(BinaryOperator::And, when.clone(), condition),
                None => condition,
            };
            for (branch, when) in [(x, Some(both)), (y, when)] {
                match self.names.get(&branch) {
                    Some(name) => cases.push(Case { when: when.as_ref().map(print), value: name.clone() }),
                    None => self.split(branch, when, cases),
                }
            }
        } else {
            cases.push(Case { when: when.as_ref().map(print), value: print(&self.node(id)) });
        }
    }

    fn axes(&self, axes: AxisSet) -> Vec<Spanned<String>> {
        axes.iter().map(|axis| spanned(&self.spec.axes[usize::from(axis.0)].name)).collect()
    }

    fn node(&self, id: ExprId) -> Ast {
        match self.graph.expr(id) {
            Expr::Constant(constant) => self.constant(constant),
            Expr::Boolean(value) => ast(AstKind::Boolean(value)),
            Expr::Input(DIRECTION) => name("direction"),
            Expr::Input(input) => name(&self.spec.inputs[usize::from(input.0)].name),
            Expr::Param(param) => name(&self.spec.params[usize::from(param.0)].name),
            Expr::Size(axis) => call("size", self.axes(AxisSet::of(axis)), None, Vec::new()),
            Expr::Index(axis) => call("index", self.axes(AxisSet::of(axis)), None, Vec::new()),
            Expr::Upstream => name("upstream"),
            Expr::Unary(Unary::Negate, x) => negated(self.operand(x)),
            Expr::Unary(Unary::Weighed, x) => self.operand(x),
            Expr::Unary(function, x) => call(unary_name(function), Vec::new(), None, vec![self.operand(x)]),
            Expr::Binary(function, x, y) => self.binary(function, x, y),
            Expr::Compare(comparison, x, y) => binary(operator(comparison), self.operand(x), self.operand(y)),
            Expr::And(x, y) => binary(BinaryOperator::And, self.operand(x), self.operand(y)),
            Expr::Or(x, y) => binary(BinaryOperator::Or, self.operand(x), self.operand(y)),
            Expr::Not(x) => match self.graph.expr(x) {
                Expr::Compare(Comparison::Equal, a, b) => {
                    binary(BinaryOperator::NotEqual, self.operand(a), self.operand(b))
                }
                _ => ast(AstKind::Unary(UnaryOperator::Not, Box::new(self.operand(x)))),
            },
            Expr::If(c, x, y) => {
                ast(AstKind::If(Box::new(self.operand(c)), Box::new(self.operand(x)), Box::new(self.operand(y))))
            }
            Expr::Indicator(c) => call("indicator", Vec::new(), None, vec![self.operand(c)]),
            Expr::Pick { value, index, .. } => {
                ast(AstKind::Pick(Box::new(self.operand(value)), Box::new(self.operand(index))))
            }
            Expr::Reduce { reducer, axes, filter, value, order } => {
                let arguments = std::iter::once(value).chain(order).map(|id| self.operand(id)).collect();
                call(reducer_name(reducer), self.axes(axes), filter.map(|id| self.operand(id)), arguments)
            }
            Expr::Given(input) => {
                call("given", Vec::new(), None, vec![name(&self.spec.inputs[usize::from(input.0)].name)])
            }
        }
    }

    fn constant(&self, constant: Constant) -> Ast {
        let text = constant.to_string();
        match (constant, text.strip_prefix('-')) {
            (Constant::Decimal { .. }, None) => ast(AstKind::Number(text)),
            (Constant::Decimal { .. }, Some(magnitude)) => negated(ast(AstKind::Number(magnitude.to_owned()))),
            (Constant::NegativeInfinity, _) => negated(name("inf")),
            (Constant::Pi | Constant::Infinity | Constant::Nan, _) => name(&text),
        }
    }

    fn binary(&self, function: Binary, x: ExprId, y: ExprId) -> Ast {
        let arithmetic = match function {
            Binary::Add => BinaryOperator::Add,
            Binary::Subtract => BinaryOperator::Subtract,
            Binary::Multiply => BinaryOperator::Multiply,
            Binary::Divide => BinaryOperator::Divide,
            Binary::Power => BinaryOperator::Power,
            Binary::Max
            | Binary::Min
            | Binary::Logaddexp
            | Binary::Weigh
            | Binary::StraightThrough
            | Binary::Share
            | Binary::ShareOfOthers
            | Binary::Excess
            | Binary::Others
            | Binary::Deviation => {
                return call(binary_name(function), Vec::new(), None, vec![self.operand(x), self.operand(y)]);
            }
        };
        binary(arithmetic, self.operand(x), self.operand(y))
    }
}

fn operator(comparison: Comparison) -> BinaryOperator {
    match comparison {
        Comparison::Less => BinaryOperator::Less,
        Comparison::LessEqual => BinaryOperator::LessEqual,
        Comparison::Greater => BinaryOperator::Greater,
        Comparison::GreaterEqual => BinaryOperator::GreaterEqual,
        Comparison::Equal => BinaryOperator::Equal,
        Comparison::NotEqual => BinaryOperator::NotEqual,
    }
}

fn unary_name(function: Unary) -> &'static str {
    match function {
        Unary::Negate => "-",
        Unary::Abs => "abs",
        Unary::Sign => "sign",
        Unary::Relu => "relu",
        Unary::Sqrt => "sqrt",
        Unary::Exp => "exp",
        Unary::Expm1 => "expm1",
        Unary::Log => "log",
        Unary::Log1p => "log1p",
        Unary::Sin => "sin",
        Unary::Cos => "cos",
        Unary::Tan => "tan",
        Unary::Sinh => "sinh",
        Unary::Cosh => "cosh",
        Unary::Tanh => "tanh",
        Unary::Atan => "atan",
        Unary::Acos => "acos",
        Unary::Sigmoid => "sigmoid",
        Unary::Softplus => "softplus",
        Unary::Lgamma => "lgamma",
        Unary::Digamma => "digamma",
        Unary::Erf => "erf",
        Unary::LogNormalCdf => "log_normal_cdf",
        Unary::Detach => "detach",
        Unary::LogCosh => "log_cosh",
        Unary::Weighed => "weighed",
        Unary::PowerOfTwo => "power_of_two",
    }
}

fn binary_name(function: Binary) -> &'static str {
    match function {
        Binary::Add => "add",
        Binary::Subtract => "subtract",
        Binary::Multiply => "multiply",
        Binary::Divide => "divide",
        Binary::Power => "power",
        Binary::Max => "max",
        Binary::Min => "min",
        Binary::Logaddexp => "logaddexp",
        Binary::Weigh => "weigh",
        Binary::StraightThrough => "straight_through",
        Binary::Share => "share",
        Binary::ShareOfOthers => "share_of_others",
        Binary::Excess => "excess",
        Binary::Others => "others",
        Binary::Deviation => "deviation",
    }
}

fn reducer_name(reducer: Reducer) -> &'static str {
    match reducer {
        Reducer::Sum => "sum",
        Reducer::Mean => "mean",
        Reducer::Max => "max",
        Reducer::Min => "min",
        Reducer::Logsumexp => "logsumexp",
        Reducer::Any => "any",
        Reducer::All => "all",
        Reducer::SimplexThreshold => "simplex_threshold",
        Reducer::Norm => "norm",
        Reducer::Shift => "largest",
        Reducer::Expectation => "expectation",
    }
}
