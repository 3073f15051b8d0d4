//! Constructors that simplify as they build. Every rule holds at every point, infinities and NaN included, up to the sign of zero
//! (the language's zero has none). What holds only for a cotangent's chain is in `differentiate`.

use crate::expr::{AxisSet, Binary, Comparison, Constant, Expr, ExprId, Graph, Reducer, Type, Unary};

/// The constructors. They never return a node that a rule here would still change.
impl Graph {
    /// A constant.
    pub fn number(&mut self, constant: Constant) -> ExprId {
        self.add(Expr::Constant(constant))
    }

    /// An integer constant.
    pub fn integer(&mut self, value: i128) -> ExprId {
        self.number(Constant::integer(value))
    }

    /// The constant 0.
    pub fn zero(&mut self) -> ExprId {
        self.integer(0)
    }

    /// The constant 1.
    pub fn one(&mut self) -> ExprId {
        self.integer(1)
    }

    /// Whether a node is this integer constant.
    pub fn is_integer(&self, id: ExprId, value: i128) -> bool {
        self.constant(id).and_then(Constant::as_integer) == Some(value)
    }

    /// `-x`
    pub fn negate(&mut self, x: ExprId) -> ExprId {
        match self.expr(x) {
            Expr::Constant(constant) => match constant {
                Constant::Decimal { digits, exponent } => self.number(Constant::decimal(-digits, exponent)),
                Constant::Infinity => self.number(Constant::NegativeInfinity),
                Constant::NegativeInfinity => self.number(Constant::Infinity),
                Constant::Nan => x,
                Constant::Pi => self.add(Expr::Unary(Unary::Negate, x)),
            },
            Expr::Unary(Unary::Negate, inner) => inner,
            Expr::Binary(Binary::Subtract, a, b) => self.subtract(b, a),
            _ => self.add(Expr::Unary(Unary::Negate, x)),
        }
    }

    /// `x + y`
    pub fn plus(&mut self, x: ExprId, y: ExprId) -> ExprId {
        if self.is_integer(x, 0) {
            return y;
        }
        if self.is_integer(y, 0) {
            return x;
        }
        if let Some(sum) = self.fold(x, y, add_decimals) {
            return sum;
        }
        match (self.expr(x), self.expr(y)) {
            (_, Expr::Unary(Unary::Negate, b)) => self.subtract(x, b),
            (Expr::Unary(Unary::Negate, a), _) => self.subtract(y, a),
            _ => self.add(Expr::Binary(Binary::Add, x, y)),
        }
    }

    /// `x - y`
    pub fn subtract(&mut self, x: ExprId, y: ExprId) -> ExprId {
        if self.is_integer(y, 0) {
            return x;
        }
        if self.is_integer(x, 0) {
            // Not `negate`: that would turn `0 - (a - b)` into `b - a` and come back here.
            return match self.expr(y) {
                Expr::Unary(Unary::Negate, inner) => inner,
                _ => self.add(Expr::Unary(Unary::Negate, y)),
            };
        }
        if let Some(difference) = self.fold(x, y, |(a, i), (b, j)| add_decimals((a, i), (b.checked_neg()?, j))) {
            return difference;
        }
        match (self.expr(x), self.expr(y)) {
            (_, Expr::Unary(Unary::Negate, b)) => self.plus(x, b),
            (Expr::Unary(Unary::Softplus, a), Expr::Unary(Unary::Softplus, b)) if self.negate(a) == b => a,
            // 1 - (1 - a), which loses the digits of a small a.
            (Expr::Constant(Constant::Decimal { .. }), Expr::Binary(Binary::Subtract, c, a)) if c == x => a,
            _ => self.add(Expr::Binary(Binary::Subtract, x, y)),
        }
    }

    /// `x * y`. Not 0 for a factor 0: the other may be infinite.
    pub fn times(&mut self, x: ExprId, y: ExprId) -> ExprId {
        if self.is_integer(x, 1) {
            return y;
        }
        if self.is_integer(y, 1) {
            return x;
        }
        if self.is_integer(x, -1) {
            return self.negate(y);
        }
        if self.is_integer(y, -1) {
            return self.negate(x);
        }
        if let Some(product) = self.fold(x, y, |(a, i), (b, j)| Some((a.checked_mul(b)?, i.checked_add(j)?))) {
            return product;
        }
        match (self.expr(x), self.expr(y)) {
            // The sign of the other factor meets this one outside.
            (Expr::Unary(Unary::Negate, a), _) => {
                let product = self.times(a, y);
                self.negate(product)
            }
            (_, Expr::Unary(Unary::Negate, b)) => {
                let product = self.times(x, b);
                self.negate(product)
            }
            _ => self.add(Expr::Binary(Binary::Multiply, x, y)),
        }
    }

    /// `x / y`
    pub fn divide(&mut self, x: ExprId, y: ExprId) -> ExprId {
        if self.is_integer(y, 1) {
            return x;
        }
        if let (
            Some(Constant::Decimal { digits: a, exponent: i }),
            Some(Constant::Decimal { digits: b, exponent: j }),
        ) = (self.constant(x), self.constant(y))
        {
            // Only where the quotient is a decimal without rounding.
            if b != 0 && a % b == 0 {
                return self.number(Constant::decimal(a / b, i - j));
            }
        }
        match self.expr(x) {
            Expr::Unary(Unary::Negate, a) => {
                let quotient = self.divide(a, y);
                self.negate(quotient)
            }
            _ => self.add(Expr::Binary(Binary::Divide, x, y)),
        }
    }

    /// `weigh(weight, value)`: 0 where the weight is 0, whatever the value.
    pub fn weigh(&mut self, weight: ExprId, value: ExprId) -> ExprId {
        if self.is_integer(weight, 0) {
            return weight;
        }
        if self.is_integer(weight, 1) {
            return value;
        }
        if self.is_integer(value, 1) {
            return weight;
        }
        match self.expr(value) {
            Expr::Unary(Unary::Negate, inner) => {
                let weighted = self.weigh(weight, inner);
                return self.negate(weighted);
            }
            // w * (a / w), which loses the result where 1 / w overflows.
            Expr::Binary(Binary::Divide, numerator, denominator) if denominator == weight => {
                let zero = self.zero();
                let removed = self.compare(Comparison::Equal, weight, zero);
                return self.choose(removed, zero, numerator);
            }
            _ => {}
        }
        self.add(Expr::Binary(Binary::Weigh, weight, value))
    }

    /// A function of one argument.
    pub fn apply(&mut self, function: Unary, x: ExprId) -> ExprId {
        match function {
            Unary::Negate => return self.negate(x),
            // Even functions do not see the sign.
            Unary::Abs | Unary::Cos | Unary::Cosh | Unary::LogCosh | Unary::PowerOfTwo => {
                if let Expr::Unary(Unary::Negate, inner) = self.expr(x) {
                    return self.apply(function, inner);
                }
                if function == Unary::Abs && matches!(self.expr(x), Expr::Unary(Unary::Abs, _)) {
                    return x;
                }
                if function == Unary::Abs
                    && let Expr::Binary(Binary::Subtract, a, b) = self.expr(x)
                {
                    // One of the two orders, so that abs(a - b) and abs(b - a) are one node.
                    let ordered = self.subtract(a.min(b), a.max(b));
                    return self.add(Expr::Unary(Unary::Abs, ordered));
                }
            }
            Unary::Exp if self.is_integer(x, 0) => return self.one(),
            Unary::Log if self.is_integer(x, 1) => return self.zero(),
            Unary::Sqrt if self.is_integer(x, 0) || self.is_integer(x, 1) => return x,
            Unary::Sign
            | Unary::Relu
            | Unary::Sqrt
            | Unary::Exp
            | Unary::Expm1
            | Unary::Log
            | Unary::Log1p
            | Unary::Sin
            | Unary::Tan
            | Unary::Sinh
            | Unary::Tanh
            | Unary::Atan
            | Unary::Acos
            | Unary::Sigmoid
            | Unary::Softplus
            | Unary::Lgamma
            | Unary::Digamma
            | Unary::Erf
            | Unary::LogNormalCdf
            | Unary::Detach => {}
            Unary::Weighed => {
                // The mark is inside the sign, and there once.
                match self.expr(x) {
                    Expr::Unary(Unary::Negate, inner) => {
                        let marked = self.apply(Unary::Weighed, inner);
                        return self.negate(marked);
                    }
                    Expr::Unary(Unary::Weighed, _) => return x,
                    _ => {}
                }
            }
        }
        self.add(Expr::Unary(function, x))
    }

    /// A function of two arguments.
    pub fn combine(&mut self, function: Binary, x: ExprId, y: ExprId) -> ExprId {
        match function {
            Binary::Add => self.plus(x, y),
            Binary::Subtract => self.subtract(x, y),
            Binary::Multiply => self.times(x, y),
            Binary::Divide => self.divide(x, y),
            Binary::Weigh => self.weigh(x, y),
            Binary::Power if self.is_integer(y, 1) => x,
            Binary::Power if self.is_integer(y, 0) => self.one(),
            Binary::Power
            | Binary::Max
            | Binary::Min
            | Binary::Logaddexp
            | Binary::StraightThrough
            | Binary::Share
            | Binary::ShareOfOthers
            | Binary::Excess
            | Binary::Others
            | Binary::Deviation => self.add(Expr::Binary(function, x, y)),
        }
    }

    /// A comparison.
    pub fn compare(&mut self, comparison: Comparison, x: ExprId, y: ExprId) -> ExprId {
        if x == y && self.is_never_nan(x) {
            return self.add(Expr::Boolean(matches!(
                comparison,
                Comparison::Equal | Comparison::LessEqual | Comparison::GreaterEqual
            )));
        }
        if let (Some(a), Some(b)) = (self.constant(x), self.constant(y)) {
            let (a, b) = (a.to_f64(), b.to_f64());
            if !a.is_nan() && !b.is_nan() {
                return self.add(Expr::Boolean(match comparison {
                    Comparison::Less => a < b,
                    Comparison::LessEqual => a <= b,
                    Comparison::Greater => a > b,
                    Comparison::GreaterEqual => a >= b,
                    Comparison::Equal => a == b,
                    Comparison::NotEqual => a != b,
                }));
            }
        }
        let is_never_equal = |x, y| self.is_integer(x, 0) && self.is_never_zero(y);
        if matches!(comparison, Comparison::Equal | Comparison::NotEqual)
            && (is_never_equal(x, y) || is_never_equal(y, x))
        {
            return self.add(Expr::Boolean(comparison == Comparison::NotEqual));
        }
        // One order for the symmetric ones, so that equal conditions are one node.
        let (x, y) = match comparison {
            Comparison::Equal | Comparison::NotEqual => (x.min(y), x.max(y)),
            _ => (x, y),
        };
        if comparison == Comparison::NotEqual {
            let equal = self.add(Expr::Compare(Comparison::Equal, x, y));
            return self.not(equal);
        }
        self.add(Expr::Compare(comparison, x, y))
    }

    /// Kleene's and.
    pub fn and(&mut self, x: ExprId, y: ExprId) -> ExprId {
        match (self.expr(x), self.expr(y)) {
            (Expr::Boolean(true), _) => y,
            (_, Expr::Boolean(true)) => x,
            (Expr::Boolean(false), _) => x,
            (_, Expr::Boolean(false)) => y,
            _ if x == y => x,
            _ => self.add(Expr::And(x, y)),
        }
    }

    /// Kleene's or.
    pub fn or(&mut self, x: ExprId, y: ExprId) -> ExprId {
        match (self.expr(x), self.expr(y)) {
            (Expr::Boolean(false), _) => y,
            (_, Expr::Boolean(false)) => x,
            (Expr::Boolean(true), _) => x,
            (_, Expr::Boolean(true)) => y,
            _ if x == y => x,
            _ => self.add(Expr::Or(x, y)),
        }
    }

    /// Kleene's not.
    pub fn not(&mut self, x: ExprId) -> ExprId {
        match self.expr(x) {
            Expr::Boolean(value) => self.add(Expr::Boolean(!value)),
            Expr::Not(inner) => inner,
            _ => self.add(Expr::Not(x)),
        }
    }

    /// `if condition then value else otherwise`
    pub fn choose(&mut self, condition: ExprId, value: ExprId, otherwise: ExprId) -> ExprId {
        match self.expr(condition) {
            Expr::Boolean(true) => return value,
            Expr::Boolean(false) => return otherwise,
            Expr::Not(inner) => return self.choose(inner, otherwise, value),
            _ => {}
        }
        if value == otherwise && !self.may_be_unordered(condition) {
            return value;
        }
        // The same condition inside a branch is decided there.
        let value = match self.expr(value) {
            Expr::If(inner, then, _) if inner == condition => then,
            _ => value,
        };
        let otherwise = match self.expr(otherwise) {
            Expr::If(inner, _, other) if inner == condition => other,
            _ => otherwise,
        };
        self.add(Expr::If(condition, value, otherwise))
    }

    /// A reduction.
    pub fn reduce(&mut self, reducer: Reducer, axes: AxisSet, filter: Option<ExprId>, value: ExprId) -> ExprId {
        let filter = filter.filter(|&condition| !matches!(self.expr(condition), Expr::Boolean(true)));
        if reducer == Reducer::Sum && self.is_integer(value, 0) {
            return value;
        }
        self.add(Expr::Reduce { reducer, axes, filter, value, order: None })
    }

    /// Whether a value can never be NaN, by its kind: parameters, extents, places, constants.
    pub fn is_never_nan(&self, id: ExprId) -> bool {
        match self.expr(id) {
            Expr::Constant(constant) => constant != Constant::Nan,
            Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Boolean(_)
            | Expr::Given(_)
            | Expr::Indicator(_) => true,
            Expr::Input(input) => self.ty(id) != Type::Real || self.input_is_never_nan(input),
            Expr::Pick { value, .. } => self.ty(id) != Type::Real || self.is_never_nan(value),
            Expr::Unary(Unary::Negate | Unary::Abs | Unary::Sign | Unary::Relu, x) => self.is_never_nan(x),
            Expr::Upstream
            | Expr::Unary(..)
            | Expr::Binary(..)
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::If(..)
            | Expr::Reduce { .. } => false,
        }
    }

    /// Whether a condition may be unordered.
    pub fn may_be_unordered(&self, condition: ExprId) -> bool {
        match self.expr(condition) {
            Expr::Boolean(_) | Expr::Input(_) | Expr::Given(_) => false,
            Expr::Compare(_, x, y) => !(self.is_never_nan(x) && self.is_never_nan(y)),
            Expr::And(x, y) | Expr::Or(x, y) => self.may_be_unordered(x) || self.may_be_unordered(y),
            Expr::Not(x) => self.may_be_unordered(x),
            Expr::If(c, x, y) => self.may_be_unordered(c) || self.may_be_unordered(x) || self.may_be_unordered(y),
            Expr::Pick { value, .. } => self.may_be_unordered(value),
            Expr::Reduce { .. }
            | Expr::Constant(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Indicator(_)
            | Expr::Unary(..)
            | Expr::Binary(..) => true,
        }
    }

    fn fold(
        &mut self,
        x: ExprId,
        y: ExprId,
        operation: impl Fn((i128, i32), (i128, i32)) -> Option<(i128, i32)>,
    ) -> Option<ExprId> {
        let (Constant::Decimal { digits: a, exponent: i }, Constant::Decimal { digits: b, exponent: j }) =
            (self.constant(x)?, self.constant(y)?)
        else {
            return None;
        };
        let (digits, exponent) = operation((a, i), (b, j))?;
        Some(self.number(Constant::decimal(digits, exponent)))
    }
}

fn add_decimals((a, i): (i128, i32), (b, j): (i128, i32)) -> Option<(i128, i32)> {
    let exponent = i.min(j);
    let shift = |digits: i128, by: i32| 10i128.checked_pow(by as u32)?.checked_mul(digits);
    let sum = shift(a, i.checked_sub(exponent)?)?.checked_add(shift(b, j.checked_sub(exponent)?)?)?;
    Some((sum, exponent))
}
