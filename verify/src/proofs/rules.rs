//! Rules by which the parts of a formula tell of the whole: sums of convex functions are convex, an increasing function of an increasing
//! one is increasing (disciplined convex programming, after Grant, Boyd and Ye). They reach whole rows, where pieces do not.

use loss_codegen::expr::{Binary, Constant, Expr, ExprId, InputId, Reducer, Unary};

use super::certificate::Inequality;
use super::prover::{Judgement, Prover};

/// How an expression bends as an input moves, all its places together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It does not depend on the input.
    Constant,
    /// It is affine.
    Affine,
    /// It is convex.
    Convex,
    /// It is concave.
    Concave,
}

impl Shape {
    fn flipped(self) -> Self {
        match self {
            Shape::Constant | Shape::Affine => self,
            Shape::Convex => Shape::Concave,
            Shape::Concave => Shape::Convex,
        }
    }

    /// That of a sum, or of either of two.
    fn with(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Shape::Constant, shape) | (shape, Shape::Constant) => Some(shape),
            (Shape::Affine, shape) | (shape, Shape::Affine) => Some(shape),
            (Shape::Convex, Shape::Convex) => Some(Shape::Convex),
            (Shape::Concave, Shape::Concave) => Some(Shape::Concave),
            (Shape::Convex, Shape::Concave) | (Shape::Concave, Shape::Convex) => None,
        }
    }

    fn is_convex(self) -> bool {
        match self {
            Shape::Constant | Shape::Affine | Shape::Convex => true,
            Shape::Concave => false,
        }
    }

    fn is_affine(self) -> bool {
        match self {
            Shape::Constant | Shape::Affine => true,
            Shape::Convex | Shape::Concave => false,
        }
    }
}

/// Which way an expression goes as an input grows at any place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trend {
    /// It does not depend on the input.
    Constant,
    /// It never falls.
    Up,
    /// It never rises.
    Down,
}

impl Trend {
    fn flipped(self) -> Self {
        match self {
            Trend::Constant => Trend::Constant,
            Trend::Up => Trend::Down,
            Trend::Down => Trend::Up,
        }
    }

    fn with(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Trend::Constant, trend) | (trend, Trend::Constant) => Some(trend),
            (Trend::Up, Trend::Up) => Some(Trend::Up),
            (Trend::Down, Trend::Down) => Some(Trend::Down),
            (Trend::Up, Trend::Down) | (Trend::Down, Trend::Up) => None,
        }
    }
}

/// The sign of a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    NotBelow,
    NotAbove,
}

impl Prover<'_> {
    /// The argument by which the loss is convex, if the rules say so.
    pub(super) fn convex_by_rules(&self, input: InputId) -> Option<String> {
        let shape = self.shape(self.variant.loss, input)?;
        let words = match shape {
            Shape::Constant => "it does not depend on the input",
            Shape::Affine => "it is affine",
            Shape::Convex => "it is made of convex functions by rules that keep them convex",
            Shape::Concave => return None,
        };
        Some(words.to_owned())
    }

    /// The argument by which the loss rises or falls, if the rules say so.
    pub(super) fn monotone_by_rules(&self, input: InputId, up: bool) -> Option<String> {
        let trend = self.trend(self.variant.loss, input)?;
        let fits = match trend {
            Trend::Constant => true,
            Trend::Up => up,
            Trend::Down => !up,
        };
        fits.then(|| "it is made of functions that go one way by rules that keep it".to_owned())
    }

    fn shape(&self, id: ExprId, input: InputId) -> Option<Shape> {
        if !self.depends(id, input) {
            return Some(Shape::Constant);
        }
        let of = |id| self.shape(id, input);
        match self.variant.graph.expr(id) {
            Expr::Input(_) => Some(Shape::Affine),
            Expr::Unary(function, x) => {
                let x = of(x)?;
                match function {
                    Unary::Negate => Some(x.flipped()),
                    // Convex and never falling.
                    Unary::Exp | Unary::Expm1 | Unary::Softplus | Unary::Relu => x.is_convex().then_some(Shape::Convex),
                    // Convex.
                    Unary::Abs | Unary::Cosh | Unary::LogCosh => x.is_affine().then_some(Shape::Convex),
                    // Concave and never falling.
                    Unary::Log | Unary::Log1p | Unary::Sqrt | Unary::LogNormalCdf => {
                        x.flipped().is_convex().then_some(Shape::Concave)
                    }
                    Unary::Sign
                    | Unary::Sin
                    | Unary::Cos
                    | Unary::Tan
                    | Unary::Sinh
                    | Unary::Tanh
                    | Unary::Atan
                    | Unary::Acos
                    | Unary::Sigmoid
                    | Unary::Lgamma
                    | Unary::Digamma
                    | Unary::Erf
                    | Unary::Detach
                    | Unary::Weighed
                    | Unary::PowerOfTwo => None,
                }
            }
            Expr::Binary(function, x, y) => match function {
                Binary::Add => of(x)?.with(of(y)?),
                Binary::Subtract => of(x)?.with(of(y)?.flipped()),
                Binary::Multiply if self.depends(y, input) => self.scaled(of(y)?, x, input),
                Binary::Multiply | Binary::Divide => self.scaled(of(x)?, y, input),
                Binary::Weigh => self.scaled(of(y)?, x, input),
                Binary::Power => {
                    let power = self.variant.graph.constant(y).and_then(Constant::as_integer)?;
                    let x_shape = of(x)?;
                    match power {
                        1 => Some(x_shape),
                        power if power >= 2 && power % 2 == 0 && x_shape.is_affine() => Some(Shape::Convex),
                        power if power >= 2 && x_shape.is_convex() && self.sign(x)? == Sign::NotBelow => {
                            Some(Shape::Convex)
                        }
                        _ => None,
                    }
                }
                Binary::Max | Binary::Logaddexp => (of(x)?.is_convex() && of(y)?.is_convex()).then_some(Shape::Convex),
                Binary::Min => (of(x)?.flipped().is_convex() && of(y)?.flipped().is_convex()).then_some(Shape::Concave),
                Binary::StraightThrough
                | Binary::Share
                | Binary::ShareOfOthers
                | Binary::Excess
                | Binary::Others
                | Binary::Deviation => None,
            },
            Expr::If(condition, yes, no) if !self.depends(condition, input) => of(yes)?.with(of(no)?),
            Expr::Pick { value, index, .. } if !self.depends(index, input) => of(value),
            Expr::Reduce { reducer, filter, value, order, .. } => {
                if filter.is_some_and(|filter| self.depends(filter, input)) {
                    return None;
                }
                let shape = of(value)?;
                match reducer {
                    Reducer::Sum | Reducer::Mean => Some(shape),
                    Reducer::Logsumexp | Reducer::Max => shape.is_convex().then_some(Shape::Convex),
                    Reducer::Min => shape.flipped().is_convex().then_some(Shape::Concave),
                    Reducer::Norm => {
                        let order = self.variant.graph.constant(order?)?.to_f64();
                        (order >= 1.0 && shape.is_affine()).then_some(Shape::Convex)
                    }
                    Reducer::Any | Reducer::All | Reducer::SimplexThreshold | Reducer::Shift | Reducer::Expectation => {
                        None
                    }
                }
            }
            Expr::Constant(_)
            | Expr::Boolean(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::If(..)
            | Expr::Indicator(_)
            | Expr::Pick { .. }
            | Expr::Given(_) => None,
        }
    }

    /// The shape of a product with a factor that does not depend on the input.
    fn scaled(&self, shape: Shape, factor: ExprId, input: InputId) -> Option<Shape> {
        if self.depends(factor, input) {
            return None;
        }
        if shape.is_affine() {
            return Some(shape);
        }
        Some(match self.sign(factor)? {
            Sign::NotBelow => shape,
            Sign::NotAbove => shape.flipped(),
        })
    }

    /// The sign of an expression, wherever it has one.
    fn sign(&self, id: ExprId) -> Option<Sign> {
        let is_never_below = |number: i64| {
            let shown = self.everywhere(&|reader| {
                let value = reader.finite(id)?;
                let scaled = value.times(&super::quotient::Quotient::integer(number));
                Ok(match reader.shows(&Inequality::nonnegative(scaled.above), "") {
                    Judgement::Holds => Judgement::Holds,
                    Judgement::Silent | Judgement::Open(_) => Judgement::Open("a sign that is not known".to_owned()),
                })
            });
            shown.is_ok()
        };
        if is_never_below(1) {
            return Some(Sign::NotBelow);
        }
        is_never_below(-1).then_some(Sign::NotAbove)
    }

    fn trend(&self, id: ExprId, input: InputId) -> Option<Trend> {
        if !self.depends(id, input) {
            return Some(Trend::Constant);
        }
        let of = |id| self.trend(id, input);
        let along = |trend: Trend, factor: ExprId| {
            if self.depends(factor, input) {
                return None;
            }
            Some(match self.sign(factor)? {
                Sign::NotBelow => trend,
                Sign::NotAbove => trend.flipped(),
            })
        };
        match self.variant.graph.expr(id) {
            Expr::Input(_) => Some(Trend::Up),
            Expr::Unary(function, x) => match function {
                Unary::Negate => Some(of(x)?.flipped()),
                Unary::Relu
                | Unary::Sign
                | Unary::Sqrt
                | Unary::Exp
                | Unary::Expm1
                | Unary::Log
                | Unary::Log1p
                | Unary::Sinh
                | Unary::Tanh
                | Unary::Atan
                | Unary::Sigmoid
                | Unary::Softplus
                | Unary::Erf
                | Unary::LogNormalCdf => of(x),
                Unary::Acos => Some(of(x)?.flipped()),
                Unary::Abs
                | Unary::Sin
                | Unary::Cos
                | Unary::Tan
                | Unary::Cosh
                | Unary::Lgamma
                | Unary::Digamma
                | Unary::Detach
                | Unary::LogCosh
                | Unary::Weighed
                | Unary::PowerOfTwo => None,
            },
            Expr::Binary(function, x, y) => match function {
                Binary::Add | Binary::Max | Binary::Min | Binary::Logaddexp => of(x)?.with(of(y)?),
                Binary::Subtract => of(x)?.with(of(y)?.flipped()),
                Binary::Multiply if self.depends(y, input) => along(of(y)?, x),
                Binary::Multiply | Binary::Divide => along(of(x)?, y),
                Binary::Weigh => along(of(y)?, x),
                Binary::Power
                | Binary::StraightThrough
                | Binary::Share
                | Binary::ShareOfOthers
                | Binary::Excess
                | Binary::Others
                | Binary::Deviation => None,
            },
            Expr::If(condition, yes, no) if !self.depends(condition, input) => of(yes)?.with(of(no)?),
            Expr::Pick { value, index, .. } if !self.depends(index, input) => of(value),
            Expr::Reduce { reducer, filter, value, .. } => {
                if filter.is_some_and(|filter| self.depends(filter, input)) {
                    return None;
                }
                match reducer {
                    Reducer::Sum | Reducer::Mean | Reducer::Max | Reducer::Min | Reducer::Logsumexp => of(value),
                    Reducer::Any
                    | Reducer::All
                    | Reducer::SimplexThreshold
                    | Reducer::Norm
                    | Reducer::Shift
                    | Reducer::Expectation => None,
                }
            }
            Expr::Constant(_)
            | Expr::Boolean(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::If(..)
            | Expr::Indicator(_)
            | Expr::Pick { .. }
            | Expr::Given(_) => None,
        }
    }
}
