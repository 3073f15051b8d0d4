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
        self.rebuilt(&mut |_| None, &mut |_| Span::default())
    }

    /// The tree as if all of it stood at one place.
    #[must_use]
    pub(crate) fn placed_at(&self, span: Span) -> Ast {
        self.rebuilt(&mut |_| None, &mut |_| span)
    }

    /// The tree with other trees in the place of some of its parts, the outermost first.
    #[must_use]
    pub(crate) fn replacing(&self, replace: &mut dyn FnMut(&Ast) -> Option<Ast>) -> Ast {
        self.rebuilt(replace, &mut |span| span)
    }

    fn rebuilt(&self, replace: &mut dyn FnMut(&Ast) -> Option<Ast>, place: &mut dyn FnMut(Span) -> Span) -> Ast {
        if let Some(other) = replace(self) {
            return other;
        }
        let kind = match &self.kind {
            AstKind::Number(_) | AstKind::Boolean(_) | AstKind::Name(_) => self.kind.clone(),
            AstKind::Unary(operator, x) => AstKind::Unary(*operator, Box::new(x.rebuilt(replace, place))),
            AstKind::Binary(operator, x, y) => {
                AstKind::Binary(*operator, Box::new(x.rebuilt(replace, place)), Box::new(y.rebuilt(replace, place)))
            }
            AstKind::If(c, x, y) => AstKind::If(
                Box::new(c.rebuilt(replace, place)),
                Box::new(x.rebuilt(replace, place)),
                Box::new(y.rebuilt(replace, place)),
            ),
            AstKind::Pick(x, i) => {
                AstKind::Pick(Box::new(x.rebuilt(replace, place)), Box::new(i.rebuilt(replace, place)))
            }
            AstKind::Call(call) => AstKind::Call(Box::new(Call {
                name: put(&call.name, place),
                axes: call.axes.iter().map(|axis| put(axis, place)).collect(),
                filter: call.filter.as_ref().map(|filter| filter.rebuilt(replace, place)),
                arguments: call.arguments.iter().map(|argument| argument.rebuilt(replace, place)).collect(),
                named: call
                    .named
                    .iter()
                    .map(|(key, value)| {
                        let value = match value {
                            NamedArgument::Formula(ast) => NamedArgument::Formula(ast.rebuilt(replace, place)),
                            NamedArgument::Axis(axis) => NamedArgument::Axis(put(axis, place)),
                        };
                        (put(key, place), value)
                    })
                    .collect(),
            })),
        };
        Ast { kind, span: place(self.span) }
    }

    /// The parts that it is directly made of.
    pub(crate) fn parts(&self) -> Vec<&Ast> {
        match &self.kind {
            AstKind::Number(_) | AstKind::Boolean(_) | AstKind::Name(_) => Vec::new(),
            AstKind::Unary(_, x) => vec![x.as_ref()],
            AstKind::Binary(_, x, y) | AstKind::Pick(x, y) => vec![x.as_ref(), y.as_ref()],
            AstKind::If(c, x, y) => vec![c.as_ref(), x.as_ref(), y.as_ref()],
            AstKind::Call(call) => {
                let named = call.named.iter().filter_map(|(_, argument)| match argument {
                    NamedArgument::Formula(formula) => Some(formula),
                    NamedArgument::Axis(_) => None,
                });
                call.filter.iter().chain(&call.arguments).chain(named).collect()
            }
        }
    }
}

fn put(name: &Spanned<String>, place: &mut dyn FnMut(Span) -> Span) -> Spanned<String> {
    Spanned { value: name.value.clone(), span: place(name.span) }
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
