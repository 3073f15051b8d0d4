//! What could have been made in place of a node.

use loss_codegen::expr::{Binary, Comparison, Constant, Expr, ExprId, Graph, Reducer, Type, Unary};
use loss_codegen::rewrite::reachable;

/// Another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alternative {
    /// The operand at this place, and nothing done to it.
    Operand(&'static str, usize),
    /// Operands swapped.
    Swapped,
    /// Another function of one argument.
    Unary(Unary),
    /// Another function of two.
    Binary(Binary),
    /// Another comparison.
    Compare(Comparison),
    /// Another reduction.
    Reduce(Reducer),
    /// Every place of a reduction counts.
    Unfiltered,
    /// The places that did not count do, and those that did do not.
    FilteredOut,
    /// The negative.
    Negated,
    /// A constant 1 % off.
    Scaled,
    /// 1, whatever the node is.
    One,
    /// A power one higher.
    PowerRaised,
}

impl Alternative {
    pub(super) fn operator(self) -> &'static str {
        match self {
            Self::Operand(operator, _) => operator,
            Self::Swapped => "swap operands",
            Self::Unary(_) | Self::Binary(_) => "another function",
            Self::Compare(_) => "another comparison",
            Self::Reduce(_) => "another reduction",
            Self::Unfiltered | Self::FilteredOut => "another filter",
            Self::Negated => "flip a sign",
            Self::Scaled => "constant x 1.01",
            Self::One => "drop the upstream gradient",
            Self::PowerRaised => "another power",
        }
    }

    pub(super) fn words(self) -> String {
        match self {
            Self::Operand(_, at) => format!("its operand {at}"),
            Self::Swapped => "its operands swapped".to_owned(),
            Self::Unary(function) => format!("{function:?}"),
            Self::Binary(function) => format!("{function:?}"),
            Self::Compare(comparison) => format!("{comparison:?}"),
            Self::Reduce(reducer) => format!("{reducer:?}"),
            Self::Unfiltered => "no filter".to_owned(),
            Self::FilteredOut => "the filter negated".to_owned(),
            Self::Negated => "its negative".to_owned(),
            Self::Scaled => "1.01 times it".to_owned(),
            Self::One => "1".to_owned(),
            Self::PowerRaised => "a power one higher".to_owned(),
        }
    }

    /// The node that takes a node's place; none if there is no such one.
    pub(super) fn add_to(self, graph: &mut Graph, id: ExprId) -> Option<ExprId> {
        let expr = graph.expr(id);
        let new = match (self, expr) {
            (Self::Operand(_, at), expr) => return expr.operands().nth(at),
            (Self::Swapped, Expr::Binary(function, x, y)) => Expr::Binary(function, y, x),
            (Self::Swapped, Expr::If(c, x, y)) => Expr::If(c, y, x),
            (Self::Unary(function), Expr::Unary(_, x)) => Expr::Unary(function, x),
            (Self::Binary(function), Expr::Binary(_, x, y)) => Expr::Binary(function, x, y),
            (Self::Compare(comparison), Expr::Compare(_, x, y)) => Expr::Compare(comparison, x, y),
            (Self::Reduce(reducer), Expr::Reduce { axes, filter, value, order, .. }) => {
                Expr::Reduce { reducer, axes, filter, value, order }
            }
            (Self::Unfiltered, Expr::Reduce { reducer, axes, value, order, .. }) => {
                Expr::Reduce { reducer, axes, filter: None, value, order }
            }
            (Self::FilteredOut, Expr::Reduce { reducer, axes, filter: Some(filter), value, order }) => {
                let filter = Some(graph.add(Expr::Not(filter)));
                Expr::Reduce { reducer, axes, filter, value, order }
            }
            (Self::Negated, _) => Expr::Unary(Unary::Negate, id),
            (Self::Scaled, _) => {
                let factor = graph.add(Expr::Constant(Constant::decimal(101, -2)));
                Expr::Binary(Binary::Multiply, factor, id)
            }
            (Self::One, _) => Expr::Constant(Constant::integer(1)),
            (Self::PowerRaised, Expr::Binary(Binary::Power, x, p)) => {
                let power = graph.constant(p).and_then(Constant::as_integer)? + 1;
                let power = graph.add(Expr::Constant(Constant::integer(power)));
                Expr::Binary(Binary::Power, x, power)
            }
            (
                Self::Swapped
                | Self::Unary(_)
                | Self::Binary(_)
                | Self::Compare(_)
                | Self::Reduce(_)
                | Self::Unfiltered
                | Self::FilteredOut
                | Self::PowerRaised,
                _,
            ) => return None,
        };
        Some(graph.add(new))
    }
}

/// A node in words.
pub(super) fn words(graph: &Graph, id: ExprId) -> String {
    let head = match graph.expr(id) {
        Expr::Unary(function, _) => format!("{function:?}"),
        Expr::Binary(function, ..) => format!("{function:?}"),
        Expr::Compare(comparison, ..) => format!("{comparison:?}"),
        Expr::Reduce { reducer, .. } => format!("{reducer:?}"),
        Expr::Constant(constant) => return constant.to_f64().to_string(),
        other => format!("{other:?}").split(['(', '{', ' ']).next().unwrap_or_default().to_owned(),
    };
    let operands: Vec<String> = graph.expr(id).operands().map(|operand| operand.index().to_string()).collect();
    format!("{head}({})", operands.join(", "))
}

/// Everything that could be made in place of each node under some roots.
pub(super) fn alternatives(graph: &Graph, roots: &[ExprId]) -> Vec<(ExprId, Alternative)> {
    let nodes = reachable(graph, roots.iter().copied());
    nodes.into_iter().flat_map(|id| of_node(graph, id).into_iter().map(move |other| (id, other))).collect()
}

fn of_node(graph: &Graph, id: ExprId) -> Vec<Alternative> {
    match graph.expr(id) {
        Expr::Constant(Constant::Decimal { digits, .. }) if digits != 0 => {
            vec![Alternative::Scaled, Alternative::Negated]
        }
        Expr::Constant(_)
        | Expr::Boolean(_)
        | Expr::Input(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::Given(_) => Vec::new(),
        Expr::Upstream => vec![Alternative::One],
        Expr::Unary(function, _) => unary(function),
        Expr::Binary(function, x, y) => binary(graph, function, x, y),
        Expr::Compare(comparison, x, _) if graph.ty(x) == Type::Real => comparisons(comparison),
        Expr::Compare(comparison, ..) => vec![Alternative::Compare(match comparison {
            Comparison::Equal => Comparison::NotEqual,
            Comparison::NotEqual
            | Comparison::Less
            | Comparison::LessEqual
            | Comparison::Greater
            | Comparison::GreaterEqual => Comparison::Equal,
        })],
        Expr::Not(_) => vec![Alternative::Operand("drop a not", 0)],
        Expr::Indicator(_) => vec![Alternative::One],
        Expr::If(..) => vec![
            Alternative::Swapped,
            Alternative::Operand("drop a branch", 1),
            Alternative::Operand("drop a branch", 2),
        ],
        Expr::Pick { .. } => vec![Alternative::Negated],
        Expr::Reduce { reducer, filter, .. } => {
            let mut all = match reducer {
                Reducer::Sum => vec![Alternative::Reduce(Reducer::Max), Alternative::Negated],
                Reducer::Mean => vec![Alternative::Reduce(Reducer::Sum)],
                Reducer::Max => vec![Alternative::Reduce(Reducer::Min)],
                Reducer::Min => vec![Alternative::Reduce(Reducer::Max)],
                Reducer::Shift => vec![Alternative::Reduce(Reducer::Min)],
                Reducer::Any => vec![Alternative::Reduce(Reducer::All)],
                Reducer::All => vec![Alternative::Reduce(Reducer::Any)],
                // A share of one is told from it, and has no other.
                Reducer::Logsumexp => Vec::new(),
                Reducer::SimplexThreshold | Reducer::Norm | Reducer::Expectation => Vec::new(),
            };
            if filter.is_some() {
                all.extend([Alternative::Unfiltered, Alternative::FilteredOut]);
            }
            all
        }
    }
}

fn unary(function: Unary) -> Vec<Alternative> {
    let dropped = Alternative::Operand("drop a function", 0);
    let others: &[Unary] = match function {
        Unary::Negate => return vec![Alternative::Operand("flip a sign", 0)],
        Unary::Abs => &[Unary::Negate],
        // The argument of a sign has another meaning than the sign.
        Unary::Sign => &[Unary::Abs],
        Unary::Relu => &[Unary::Abs],
        Unary::Sqrt | Unary::Lgamma | Unary::Digamma | Unary::Erf | Unary::LogNormalCdf | Unary::LogCosh => &[],
        Unary::Exp => &[Unary::Expm1],
        Unary::Expm1 => &[Unary::Exp],
        Unary::Log => &[Unary::Log1p],
        Unary::Log1p => &[Unary::Log],
        Unary::Sin => &[Unary::Cos],
        Unary::Cos => &[Unary::Sin],
        Unary::Tan => &[Unary::Tanh],
        Unary::Sinh => &[Unary::Cosh],
        Unary::Cosh => &[Unary::Sinh],
        Unary::Tanh => &[Unary::Tan],
        Unary::Atan | Unary::Acos => &[Unary::Cos],
        Unary::Sigmoid => &[Unary::Tanh],
        Unary::Softplus => &[Unary::Relu],
        // These are their argument.
        Unary::Detach | Unary::Weighed => return vec![Alternative::Negated],
        // Any other number of the size does as well, but for its rounding.
        Unary::PowerOfTwo => return vec![Alternative::Negated],
    };
    std::iter::once(dropped).chain(others.iter().map(|&other| Alternative::Unary(other))).collect()
}

fn binary(graph: &Graph, function: Binary, x: ExprId, y: ExprId) -> Vec<Alternative> {
    let operands = |what: &'static str| [Alternative::Operand(what, 0), Alternative::Operand(what, 1)];
    let mut all = Vec::new();
    match function {
        Binary::Add => {
            all.push(Alternative::Binary(Binary::Subtract));
            all.extend(operands("drop a term"));
        }
        Binary::Subtract => {
            all.extend([Alternative::Binary(Binary::Add), Alternative::Swapped]);
            all.push(Alternative::Operand("drop a term", 0));
        }
        Binary::Multiply => {
            all.push(Alternative::Binary(Binary::Divide));
            all.extend(operands("drop a factor"));
        }
        Binary::Divide => {
            all.extend([Alternative::Binary(Binary::Multiply), Alternative::Swapped]);
            all.push(Alternative::Operand("drop a divisor", 0));
        }
        Binary::Power => {
            let whole = graph.constant(y).and_then(Constant::as_integer).is_some();
            all.extend(whole.then_some(Alternative::PowerRaised));
            all.push(Alternative::Operand("drop a power", 0));
        }
        Binary::Max | Binary::Min => {
            all.push(Alternative::Binary(if function == Binary::Max { Binary::Min } else { Binary::Max }));
            all.extend(operands("drop an argument"));
        }
        Binary::Logaddexp => {}
        Binary::Weigh => all.push(Alternative::Operand("drop a weight", 1)),
        Binary::Share => all.push(Alternative::Binary(Binary::ShareOfOthers)),
        Binary::ShareOfOthers => all.push(Alternative::Binary(Binary::Share)),
        Binary::StraightThrough | Binary::Excess | Binary::Others | Binary::Deviation => {
            all.extend((x != y).then_some(Alternative::Negated));
        }
    }
    all
}

fn comparisons(comparison: Comparison) -> Vec<Alternative> {
    let others = match comparison {
        Comparison::Less => [Comparison::LessEqual, Comparison::Greater],
        Comparison::LessEqual => [Comparison::Less, Comparison::GreaterEqual],
        Comparison::Greater => [Comparison::GreaterEqual, Comparison::Less],
        Comparison::GreaterEqual => [Comparison::Greater, Comparison::LessEqual],
        Comparison::Equal => [Comparison::NotEqual, Comparison::LessEqual],
        Comparison::NotEqual => [Comparison::Equal, Comparison::Less],
    };
    others.map(Alternative::Compare).into()
}
