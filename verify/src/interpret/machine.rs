//! One function of a kernel at one place: the nodes of a graph, given what the function is handed.

use loss_codegen::expr::{Binary, Comparison, Constant, Expr, ExprId, Graph, InputId, Reducer, Type, Unary};
use loss_runtime::job::{Job, Place};
use loss_runtime::{Element, uniform};

/// A number, or a condition as 1, 0, and NaN where it is unordered.
type Datum = f64;

/// The nodes known in one function at one place, and what it can still read.
pub(super) struct Body<'b, T> {
    pub(super) graph: &'b Graph,
    pub(super) job: &'b Job<'b, T>,
    pub(super) place: Place,
    pub(super) upstream: f64,
    /// Reads a label's neighbour in its stead.
    pub(super) slips: bool,
    /// What is known, by node.
    pub(super) known: Vec<Option<Datum>>,
}

impl<T: Element> Body<'_, T> {
    /// The value of a node.
    pub(super) fn value(&mut self, id: ExprId) -> Datum {
        if let Some(value) = self.known[id.index()] {
            return value;
        }
        let value = self.compute(id);
        self.known[id.index()] = Some(value);
        value
    }

    /// A kernel's output: a number, or a condition as 1 and 0, where unordered counts as true.
    pub(super) fn root(&mut self, id: ExprId) -> Datum {
        let value = self.value(id);
        if self.graph.ty(id) == Type::Condition && value.is_nan() { 1.0 } else { value }
    }

    fn compute(&mut self, id: ExprId) -> Datum {
        match self.graph.expr(id) {
            Expr::Constant(constant) => number(constant),
            Expr::Boolean(value) => truth(value),
            Expr::Input(input) => self.input(id, input),
            Expr::Param(param) => self.job.params()[usize::from(param.0)],
            Expr::Size(_) => self.job.extents()[1] as f64,
            Expr::Index(_) => self.place[1] as f64,
            Expr::Upstream => self.upstream,
            Expr::Given(_) => 1.0,
            Expr::Unary(function, x) => unary(function, self.value(x)),
            Expr::Binary(Binary::Power, x, p) => {
                let base = self.value(x);
                let whole = self.graph.constant(p).and_then(Constant::as_integer);
                match whole.and_then(|n| i32::try_from(n).ok()) {
                    Some(n) => power(base, n),
                    None => uniform::pow(base, self.value(p)),
                }
            }
            Expr::Binary(function, x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                binary(function, x, y)
            }
            Expr::Compare(comparison, x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                compare(comparison, x, y)
            }
            Expr::And(x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                if x == 0.0 || y == 0.0 { 0.0 } else { x * y }
            }
            Expr::Or(x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                if x == 1.0 || y == 1.0 { 1.0 } else { x + y }
            }
            Expr::Not(x) => 1.0 - self.value(x),
            Expr::Indicator(x) => truth(self.value(x) == 1.0),
            Expr::If(condition, value, otherwise) => {
                let condition = self.value(condition);
                if condition == 1.0 {
                    self.value(value)
                } else if condition == 0.0 {
                    self.value(otherwise)
                } else {
                    f64::NAN
                }
            }
            Expr::Pick { value, index, .. } => self.pick(value, index),
            // Not accumulated yet: what its slot holds before the first pass.
            Expr::Reduce { .. } => 0.0,
        }
    }

    fn input(&self, id: ExprId, input: InputId) -> Datum {
        let input = usize::from(input.0);
        let number = self.job.number(input, self.job.offset(input, self.place));
        if self.graph.ty(id) == Type::Condition { truth(number > 0.0) } else { number }
    }

    fn pick(&mut self, value: ExprId, index: ExprId) -> Datum {
        let (Expr::Input(values), Expr::Input(label)) = (self.graph.expr(value), self.graph.expr(index)) else {
            return f64::NAN;
        };
        let [outer, _, inner] = self.place;
        let label = usize::from(label.0);
        let chosen = self.job.number(label, self.job.offset(label, [outer, 0, inner])) as usize;
        let extent = self.job.extents()[1];
        let chosen = if self.slips { (chosen + 1) % extent.max(1) } else { chosen };
        let values = usize::from(values.0);
        self.job.number(values, self.job.offset(values, [outer, chosen, inner]))
    }

    /// What one place adds to a reduction: its value where it is chosen, the identity where not, NaN where that is undecided.
    pub(super) fn contribution(&mut self, id: ExprId) -> Datum {
        let Expr::Reduce { reducer, filter, value, .. } = self.graph.expr(id) else { return f64::NAN };
        match filter.map(|filter| self.value(filter)) {
            None => self.root(value),
            Some(1.0) => self.root(value),
            Some(0.0) => identity(reducer),
            Some(_) => f64::NAN,
        }
    }
}

/// The nearest `f64`. Most constants are small whole numbers, which need not be read as decimal ones each time.
fn number(constant: Constant) -> f64 {
    match constant.as_integer().and_then(|whole| i32::try_from(whole).ok()) {
        Some(whole) => f64::from(whole),
        None => constant.to_f64(),
    }
}

/// What a reduction starts with.
pub(super) fn identity(reducer: Reducer) -> Datum {
    match reducer {
        Reducer::Max | Reducer::Shift => f64::NEG_INFINITY,
        Reducer::Min => f64::INFINITY,
        Reducer::Sum
        | Reducer::Mean
        | Reducer::Logsumexp
        | Reducer::Any
        | Reducer::All
        | Reducer::SimplexThreshold
        | Reducer::Norm
        | Reducer::Expectation => 0.0,
    }
}

/// A reduction with one more place.
pub(super) fn accumulate(reducer: Reducer, so_far: Datum, next: Datum) -> Datum {
    match reducer {
        Reducer::Sum => so_far + next,
        Reducer::Max if so_far.is_nan() || next.is_nan() => f64::NAN,
        Reducer::Max | Reducer::Shift => so_far.max(next),
        Reducer::Min if so_far.is_nan() || next.is_nan() => f64::NAN,
        Reducer::Min => so_far.min(next),
        // None of these has a kernel.
        Reducer::Mean
        | Reducer::Logsumexp
        | Reducer::Any
        | Reducer::All
        | Reducer::SimplexThreshold
        | Reducer::Norm
        | Reducer::Expectation => f64::NAN,
    }
}

fn truth(holds: bool) -> Datum {
    f64::from(u8::from(holds))
}

/// A comparison as 1 or 0; unordered, NaN.
pub(crate) fn compare(comparison: Comparison, x: Datum, y: Datum) -> Datum {
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    truth(match comparison {
        Comparison::Less => x < y,
        Comparison::LessEqual => x <= y,
        Comparison::Greater => x > y,
        Comparison::GreaterEqual => x >= y,
        Comparison::Equal => x == y,
        Comparison::NotEqual => x != y,
    })
}

/// As lanes do it: by squaring.
pub(crate) fn power(base: f64, n: i32) -> f64 {
    let mut square = if n < 0 { 1.0 / base } else { base };
    let (mut power, mut left) = (1.0, n.unsigned_abs());
    while left > 0 {
        if left & 1 == 1 {
            power *= square;
        }
        left >>= 1;
        square *= square;
    }
    power
}

/// A function of two numbers.
pub(crate) fn binary(function: Binary, x: f64, y: f64) -> f64 {
    match function {
        Binary::Add => x + y,
        Binary::Subtract => x - y,
        Binary::Multiply => x * y,
        Binary::Divide => x / y,
        // A power is told from its operands' nodes; the others are lowered away.
        Binary::Power
        | Binary::Max
        | Binary::Min
        | Binary::Logaddexp
        | Binary::Weigh
        | Binary::StraightThrough
        | Binary::Share
        | Binary::ShareOfOthers
        | Binary::Excess
        | Binary::Others
        | Binary::Deviation => f64::NAN,
    }
}

/// A function of one number.
pub(crate) fn unary(function: Unary, x: f64) -> f64 {
    match function {
        Unary::Negate => -x,
        Unary::Abs => x.abs(),
        Unary::Sqrt => x.sqrt(),
        Unary::Exp => uniform::exp(x),
        Unary::Expm1 => uniform::expm1(x),
        Unary::Log => uniform::log(x),
        Unary::Log1p => uniform::log1p(x),
        Unary::Sin => uniform::sin(x),
        Unary::Cos => uniform::cos(x),
        Unary::Tan => uniform::tan(x),
        Unary::Sinh => uniform::sinh(x),
        Unary::Cosh => uniform::cosh(x),
        Unary::Tanh => uniform::tanh(x),
        Unary::Atan => uniform::atan(x),
        Unary::Acos => uniform::acos(x),
        Unary::Lgamma => uniform::lgamma(x),
        Unary::Digamma => uniform::digamma(x),
        Unary::Erf => uniform::erf(x),
        Unary::LogNormalCdf => uniform::log_normal_cdf(x),
        Unary::PowerOfTwo => {
            f64::from_bits(x.to_bits() & f64::INFINITY.to_bits()).clamp(f64::MIN_POSITIVE, 1.0 / f64::MIN_POSITIVE)
        }
        // Lowered away.
        Unary::Sign
        | Unary::Relu
        | Unary::Sigmoid
        | Unary::Softplus
        | Unary::Detach
        | Unary::LogCosh
        | Unary::Weighed => f64::NAN,
    }
}
