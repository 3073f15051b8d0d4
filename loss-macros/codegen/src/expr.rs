//! The typed expression graph: hash-consed, immutable, one graph per variant of a spec. Every expression carries its type and
//! the set of axes it varies along.

mod constant;

use std::collections::HashMap;

pub use constant::Constant;

/// An expression in a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(u32);

impl ExprId {
    /// Its place in the graph: operands come before their users.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An axis of a spec, by its place in `Spec::axes`. Axis 0 is the row axis `N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisId(pub u8);

impl AxisId {
    /// The row axis `N`.
    pub const ROWS: AxisId = AxisId(0);
}

/// An input of a spec, by its place in `Spec::inputs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InputId(pub u8);

/// A parameter of a spec, by its place in `Spec::params`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub u8);

/// A set of axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisSet(pub u8);

impl AxisSet {
    /// No axis.
    pub const EMPTY: AxisSet = AxisSet(0);

    /// The set of one axis.
    pub fn of(axis: AxisId) -> Self {
        AxisSet(1 << axis.0)
    }

    /// Both sets together.
    pub fn union(self, other: Self) -> Self {
        AxisSet(self.0 | other.0)
    }

    /// This set without the other's axes.
    pub fn without(self, other: Self) -> Self {
        AxisSet(self.0 & !other.0)
    }

    /// Whether the axis is in the set.
    pub fn contains(self, axis: AxisId) -> bool {
        self.0 & (1 << axis.0) != 0
    }

    /// Whether all of the other's axes are in this set.
    pub fn contains_all(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The axes, in the order of the spec.
    pub fn iter(self) -> impl Iterator<Item = AxisId> {
        (0..8).map(AxisId).filter(move |&axis| self.contains(axis))
    }
}

impl FromIterator<AxisId> for AxisSet {
    fn from_iter<I: IntoIterator<Item = AxisId>>(axes: I) -> Self {
        axes.into_iter().fold(AxisSet::EMPTY, |set, axis| set.union(AxisSet::of(axis)))
    }
}

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// An extended real number.
    Real,
    /// True, false or unordered.
    Condition,
    /// A place on an axis.
    Index(AxisId),
    /// Equal or not equal, nothing else (label `group`).
    Group,
}

/// Functions of one real argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// `-x`
    Negate,
    /// `abs(x)`
    Abs,
    /// `sign(x)`: 0 at 0.
    Sign,
    /// `relu(x)`: x above 0, else 0.
    Relu,
    /// `sqrt(x)`
    Sqrt,
    /// `exp(x)`
    Exp,
    /// `exp(x) - 1`
    Expm1,
    /// `log(x)`
    Log,
    /// `log(1 + x)`
    Log1p,
    /// `sin(x)`
    Sin,
    /// `cos(x)`
    Cos,
    /// `tan(x)`
    Tan,
    /// `sinh(x)`
    Sinh,
    /// `cosh(x)`
    Cosh,
    /// `tanh(x)`
    Tanh,
    /// `atan(x)`
    Atan,
    /// `acos(x)`
    Acos,
    /// `1 / (1 + exp(-x))`
    Sigmoid,
    /// `log(1 + exp(x))`
    Softplus,
    /// `log(abs(gamma(x)))`, x > 0
    Lgamma,
    /// The derivative of `lgamma`. No formula can name it.
    Digamma,
    /// `erf(x)`
    Erf,
    /// The logarithm of the standard normal distribution function.
    LogNormalCdf,
    /// The value of x; its derivative is 0.
    Detach,
    /// `log(cosh(x))`. No formula can name it: `stabilize` makes it.
    LogCosh,
    /// x, as what a weight weighs: a derivative of 0 removes it. No formula can name it: `differentiate` makes it.
    Weighed,
    /// A power of two about as large as abs(x), by which numbers are divided without rounding; its derivative is 0. No formula can name
    /// it: `stabilize` makes it.
    PowerOfTwo,
}

/// Functions of two real arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `x + y`
    Add,
    /// `x - y`
    Subtract,
    /// `x * y`
    Multiply,
    /// `x / y`
    Divide,
    /// `x^p`; with an integer constant `p` the integer power.
    Power,
    /// `max(x, y)`
    Max,
    /// `min(x, y)`
    Min,
    /// `log(exp(x) + exp(y))`
    Logaddexp,
    /// `weigh(w, e)`: 0 where `w` is 0, whatever `e` is; else `w * e`.
    Weigh,
    /// `straight_through(x, path)`: the value of x, the derivative of path.
    StraightThrough,
    /// `exp(x - l)` where `l` is a logsumexp over places of which x is one: its share. Among infinite largest ones, even shares.
    /// No formula can name it: `differentiate` makes it.
    Share,
    /// `1 - share`, without its cancellation. No formula can name it.
    ShareOfOthers,
    /// `l - x` where `l` is a logsumexp over places of which x is one, without its cancellation. No formula can name it.
    Excess,
    /// `s - x` where `s` is a sum over places of which x is one, without the cancellation where x outweighs all others. No formula can
    /// name it.
    Others,
    /// `x - m` where `m` is an [expectation](Reducer::Expectation) of places of which x is one, without the cancellation where x outweighs
    /// all others or all are nearly the same. No formula can name it.
    Deviation,
}

/// Comparisons. With a NaN they are unordered: neither true nor false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
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
}

/// Reductions over axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reducer {
    /// Sum; of nothing 0.
    Sum,
    /// Sum over the number of places chosen; of nothing NaN.
    Mean,
    /// Largest; of nothing `-inf`. NaN if any is NaN.
    Max,
    /// Smallest; of nothing `inf`. NaN if any is NaN.
    Min,
    /// `log(sum(exp))`.
    Logsumexp,
    /// Whether any holds (of conditions).
    Any,
    /// Whether all hold (of conditions).
    All,
    /// The threshold t with `sum(relu(x - t)) = 1`.
    SimplexThreshold,
    /// `(sum abs(x)^order)^(1/order)`; the order is `Expr::Reduce::order`.
    Norm,
    /// The largest that is not NaN, of nothing `-inf`. No formula can name it: `stabilize` and `lower` make it, for a sum that carries the NaN.
    Shift,
    /// The mean under the shares of a softmax, whose logsumexp is `Expr::Reduce::order`. No formula can name it: `differentiate` makes it.
    Expectation,
}

/// A node of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A real constant.
    Constant(Constant),
    /// A constant condition.
    Boolean(bool),
    /// The value of an input at this place.
    Input(InputId),
    /// The value of a parameter (a real or an open integer; static ones are constants already).
    Param(ParamId),
    /// The extent of an axis, a real.
    Size(AxisId),
    /// The place on an axis.
    Index(AxisId),
    /// The cotangent of the loss at this place; only in derivatives.
    Upstream,
    /// A function of one argument.
    Unary(Unary, ExprId),
    /// A function of two arguments.
    Binary(Binary, ExprId, ExprId),
    /// A comparison of reals, indices or groups.
    Compare(Comparison, ExprId, ExprId),
    /// Kleene's and.
    And(ExprId, ExprId),
    /// Kleene's or.
    Or(ExprId, ExprId),
    /// Kleene's not.
    Not(ExprId),
    /// `if condition then value else otherwise`; NaN on an unordered condition.
    If(ExprId, ExprId, ExprId),
    /// 1 where the condition is true, 0 where it is false or unordered. No formula can name it: `lower` makes it.
    Indicator(ExprId),
    /// `value[index]`: `value` at another place of `axis`.
    Pick {
        /// What is read.
        value: ExprId,
        /// The axis that is fixed.
        axis: AxisId,
        /// Where.
        index: ExprId,
    },
    /// A reduction.
    Reduce {
        /// Which.
        reducer: Reducer,
        /// Over which axes.
        axes: AxisSet,
        /// Only where this holds; lazy.
        filter: Option<ExprId>,
        /// Of what.
        value: ExprId,
        /// The order of a norm; the logsumexp of an expectation.
        order: Option<ExprId>,
    },
    /// Whether the label names a class in this row (`ignore`), or an entry in this place (`index_list`).
    Given(InputId),
}

impl Expr {
    /// The operands, in the order in which they are written.
    pub fn operands(self) -> impl Iterator<Item = ExprId> {
        let all: [Option<ExprId>; 3] = match self {
            Expr::Constant(_)
            | Expr::Boolean(_)
            | Expr::Input(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Given(_) => [None, None, None],
            Expr::Unary(_, x) | Expr::Not(x) | Expr::Indicator(x) => [Some(x), None, None],
            Expr::Binary(_, x, y) | Expr::Compare(_, x, y) | Expr::And(x, y) | Expr::Or(x, y) => {
                [Some(x), Some(y), None]
            }
            Expr::If(c, x, y) => [Some(c), Some(x), Some(y)],
            Expr::Pick { value, index, .. } => [Some(value), Some(index), None],
            Expr::Reduce { filter, value, order, .. } => [filter, Some(value), order],
        };
        all.into_iter().flatten()
    }
}

#[derive(Clone, Debug)]
struct Node {
    expr: Expr,
    ty: Type,
    axes: AxisSet,
}

/// A hash-consed graph: equal expressions are one node. Operands come before their users.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    /// Inputs, as bits, whose label admits no NaN.
    never_nan: u32,
    /// Parameters, as bits, that are not 0 here.
    never_zero: u32,
    interned: HashMap<(Expr, Type, AxisSet), ExprId>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// States that an input's label admits no NaN.
    pub fn declare_never_nan(&mut self, input: InputId) {
        self.never_nan |= 1 << input.0;
    }

    /// Whether an input's label admits no NaN.
    pub fn input_is_never_nan(&self, input: InputId) -> bool {
        self.never_nan & (1 << input.0) != 0
    }

    /// States that a parameter is not 0.
    pub fn declare_never_zero(&mut self, param: ParamId) {
        self.never_zero |= 1 << param.0;
    }

    /// Whether a node is a parameter that is not 0.
    pub fn is_never_zero(&self, id: ExprId) -> bool {
        matches!(self.expr(id), Expr::Param(param) if self.never_zero & (1 << param.0) != 0)
    }

    /// The node for an expression whose type and axes the caller knows (inputs, parameters, indices).
    pub fn intern(&mut self, expr: Expr, ty: Type, axes: AxisSet) -> ExprId {
        if let Some(&id) = self.interned.get(&(expr, ty, axes)) {
            return id;
        }
        let id = ExprId(self.nodes.len() as u32);
        self.nodes.push(Node { expr, ty, axes });
        self.interned.insert((expr, ty, axes), id);
        id
    }

    /// The node for an expression, if there is one.
    pub fn find(&self, expr: Expr, ty: Type, axes: AxisSet) -> Option<ExprId> {
        self.interned.get(&(expr, ty, axes)).copied()
    }

    /// The node for an expression built from others: type and axes follow from the operands.
    pub fn add(&mut self, expr: Expr) -> ExprId {
        let united = expr.operands().fold(AxisSet::EMPTY, |set, id| set.union(self.axes(id)));
        let (ty, axes) = match expr {
            Expr::Constant(_) | Expr::Param(_) | Expr::Size(_) => (Type::Real, AxisSet::EMPTY),
            Expr::Boolean(_) => (Type::Condition, AxisSet::EMPTY),
            Expr::Index(axis) => (Type::Index(axis), AxisSet::of(axis)),
            Expr::Input(_) | Expr::Upstream | Expr::Given(_) => {
                unreachable!("inputs, upstream and given are interned with their own type and axes")
            }
            Expr::Unary(..) | Expr::Binary(..) | Expr::Indicator(_) => (Type::Real, united),
            Expr::Compare(..) | Expr::And(..) | Expr::Or(..) | Expr::Not(_) => (Type::Condition, united),
            Expr::If(_, value, _) => (self.ty(value), united),
            Expr::Pick { value, axis, index } => {
                (self.ty(value), self.axes(value).without(AxisSet::of(axis)).union(self.axes(index)))
            }
            Expr::Reduce { reducer, axes, .. } => {
                let ty = match reducer {
                    Reducer::Any | Reducer::All => Type::Condition,
                    Reducer::Sum
                    | Reducer::Mean
                    | Reducer::Max
                    | Reducer::Min
                    | Reducer::Logsumexp
                    | Reducer::SimplexThreshold
                    | Reducer::Norm
                    | Reducer::Shift
                    | Reducer::Expectation => Type::Real,
                };
                (ty, united.without(axes))
            }
        };
        self.intern(expr, ty, axes)
    }

    /// The expression of a node.
    pub fn expr(&self, id: ExprId) -> Expr {
        self.nodes[id.0 as usize].expr
    }

    /// The type of a node.
    pub fn ty(&self, id: ExprId) -> Type {
        self.nodes[id.0 as usize].ty
    }

    /// The axes along which a node varies.
    pub fn axes(&self, id: ExprId) -> AxisSet {
        self.nodes[id.0 as usize].axes
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The constant that a node is, if it is one.
    pub fn constant(&self, id: ExprId) -> Option<Constant> {
        match self.expr(id) {
            Expr::Constant(constant) => Some(constant),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;

    #[test]
    fn a_graph_is_empty_until_something_is_in_it() {
        let mut graph = Graph::new();
        assert!(graph.is_empty());
        graph.zero();
        assert_eq!((graph.is_empty(), graph.len()), (false, 1));
    }
}
