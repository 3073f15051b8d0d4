//! The tree of a formula, as written.

use crate::source::{Span, Spanned};

/// A formula or a part of one.
#[derive(Clone, Debug)]
pub struct Ast {
    /// What it is.
    pub kind: AstKind,
    /// Where it stands in the file.
    pub span: Span,
}

impl Ast {
    /// The tree without its places: two formulas that are written alike, wherever they stand, then print alike under `{:?}`.
    #[must_use]
    pub fn without_places(&self) -> Ast {
        let name = |name: &Spanned<String>| Spanned { value: name.value.clone(), span: Span::default() };
        let boxed = |ast: &Ast| Box::new(ast.without_places());
        let kind = match &self.kind {
            AstKind::Number(_) | AstKind::Boolean(_) | AstKind::Name(_) => self.kind.clone(),
            AstKind::Unary(operator, x) => AstKind::Unary(*operator, boxed(x)),
            AstKind::Binary(operator, x, y) => AstKind::Binary(*operator, boxed(x), boxed(y)),
            AstKind::If(c, x, y) => AstKind::If(boxed(c), boxed(x), boxed(y)),
            AstKind::Pick(x, i) => AstKind::Pick(boxed(x), boxed(i)),
            AstKind::Call(call) => AstKind::Call(Box::new(Call {
                name: name(&call.name),
                axes: call.axes.iter().map(name).collect(),
                filter: call.filter.as_ref().map(Ast::without_places),
                arguments: call.arguments.iter().map(Ast::without_places).collect(),
                named: call
                    .named
                    .iter()
                    .map(|(key, value)| {
                        let value = match value {
                            NamedArgument::Formula(ast) => NamedArgument::Formula(ast.without_places()),
                            NamedArgument::Axis(axis) => NamedArgument::Axis(name(axis)),
                        };
                        (name(key), value)
                    })
                    .collect(),
            })),
        };
        Ast { kind, span: Span::default() }
    }
}

/// The kinds of formula nodes.
#[derive(Clone, Debug)]
pub enum AstKind {
    /// A number by its source text: an exact decimal.
    Number(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A name of the spec, `pi`, `inf`, `nan`, or the word of a choice.
    Name(String),
    /// `-x`, `not c`.
    Unary(UnaryOperator, Box<Ast>),
    /// `x + y`, `x < y`, `c and d`, …; a chain `a < b <= c` is `a < b and b <= c`.
    Binary(BinaryOperator, Box<Ast>, Box<Ast>),
    /// `if condition then value else otherwise`.
    If(Box<Ast>, Box<Ast>, Box<Ast>),
    /// `value[index]`.
    Pick(Box<Ast>, Box<Ast>),
    /// `name(A, B where filter, arguments, name = argument, C = M)`.
    Call(Box<Call>),
}

/// A call of a function, reduction, local function or other spec.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called.
    pub name: Spanned<String>,
    /// The axes before the arguments.
    pub axes: Vec<Spanned<String>>,
    /// The condition after `where`.
    pub filter: Option<Ast>,
    /// Arguments by position.
    pub arguments: Vec<Ast>,
    /// Arguments by name.
    pub named: Vec<(Spanned<String>, NamedArgument)>,
}

/// What stands after `name =` in a call.
#[derive(Clone, Debug)]
pub enum NamedArgument {
    /// `delta = 2 * beta`
    Formula(Ast),
    /// `C = M`
    Axis(Spanned<String>),
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `-`
    Negate,
    /// `not`
    Not,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `and`
    And,
    /// `or`
    Or,
}
