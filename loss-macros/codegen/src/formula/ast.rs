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
