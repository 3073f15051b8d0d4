//! Formulas as straight-line lane code. Each value is one `let`, named as in the spec where the spec names it.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use crate::expr::{Binary, Comparison, Constant, Expr, ExprId, Graph, Reducer, Type, Unary};
use crate::nan::{is_covered, needs_guard};

/// The body of one kernel function, as it grows.
pub(super) struct Body<'g> {
    graph: &'g Graph,
    names: &'g HashMap<ExprId, String>,
    /// All that the function computes, if it is all of a place.
    roots: &'g [ExprId],
    bound: HashMap<ExprId, TokenStream>,
    reciprocals: HashMap<ExprId, TokenStream>,
    truths: HashMap<ExprId, Ident>,
    falsities: HashMap<ExprId, Ident>,
    taken: HashSet<String>,
    statements: Vec<TokenStream>,
}

impl<'g> Body<'g> {
    /// A body of a function that computes these roots, or without any if what it computes goes on elsewhere.
    pub(super) fn new(graph: &'g Graph, names: &'g HashMap<ExprId, String>, roots: &'g [ExprId]) -> Self {
        // The functions' own arguments.
        let taken = ["token", "u", "v", "x", "s", "r", "index", "upstream", "spilled", "accumulated"];
        Body {
            graph,
            names,
            roots,
            bound: HashMap::new(),
            reciprocals: HashMap::new(),
            truths: HashMap::new(),
            falsities: HashMap::new(),
            taken: taken.into_iter().map(str::to_owned).collect(),
            statements: Vec::new(),
        }
    }

    /// States what a node is in this function: an argument, or a part of one.
    pub(super) fn bind(&mut self, id: ExprId, tokens: TokenStream) {
        self.bound.insert(id, tokens);
    }

    /// States what stands for the reciprocal of a node, by which quotients are computed instead.
    pub(super) fn bind_reciprocal(&mut self, id: ExprId, tokens: TokenStream) {
        self.reciprocals.insert(id, tokens);
    }

    /// Everything stated so far.
    pub(super) fn statements(&self) -> TokenStream {
        self.statements.iter().cloned().collect()
    }

    /// The value of a real, index or group node.
    pub(super) fn value(&mut self, id: ExprId) -> TokenStream {
        if let Some(tokens) = self.bound.get(&id) {
            return tokens.clone();
        }
        let tokens = self.compute(id);
        let name = self.fresh(id);
        self.statements.push(quote!(let #name = #tokens;));
        self.bound.insert(id, quote!(#name));
        quote!(#name)
    }

    fn fresh(&mut self, id: ExprId) -> Ident {
        let wished = self.names.get(&id).cloned().unwrap_or_else(|| format!("t{}", id.index()));
        self.fresh_name(wished)
    }

    fn fresh_name(&mut self, wished: String) -> Ident {
        let mut name = wished.clone();
        let mut again = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{wished}_{again}");
            again += 1;
        }
        Ident::new(&name, Span::call_site())
    }

    /// Whether it is the exponential of what is never positive, and so 0 to 1.
    fn is_decay(&self, id: ExprId) -> bool {
        matches!(self.graph.expr(id), Expr::Unary(Unary::Exp, exponent) if self.is_never_positive(exponent))
    }

    /// Whether it is certainly 0 or less, or NaN: a size, negated, or what one of some values has less than the largest of them.
    fn is_never_positive(&self, id: ExprId) -> bool {
        match self.graph.expr(id) {
            Expr::Unary(Unary::Negate, size) => self.is_size(size),
            Expr::Binary(Binary::Subtract, one, largest) => self.is_largest_of(largest, one),
            _ => false,
        }
    }

    /// Whether it is the largest of the values at all places along an axis, of which the other is one, as computed or picked.
    fn is_largest_of(&self, largest: ExprId, one: ExprId) -> bool {
        let Expr::Reduce { reducer: Reducer::Max | Reducer::Shift, filter: None, axes, value, .. } =
            self.graph.expr(largest)
        else {
            return false;
        };
        one == value
            || matches!(self.graph.expr(one), Expr::Pick { value: from, axis, .. } if from == value && axes.contains(axis))
    }

    /// Whether it is an absolute value, or a positive multiple of one: never negative, or NaN.
    fn is_size(&self, id: ExprId) -> bool {
        match self.graph.expr(id) {
            Expr::Unary(Unary::Abs, _) => true,
            Expr::Binary(Binary::Multiply, factor, size) => {
                let is_positive = matches!(self.graph.constant(factor), Some(Constant::Decimal { digits: 1.., .. }));
                is_positive && self.is_size(size)
            }
            _ => false,
        }
    }

    fn compute(&mut self, id: ExprId) -> TokenStream {
        match self.graph.expr(id) {
            Expr::Constant(constant) => splat(constant),
            Expr::Unary(function, operand) => {
                let x = self.value(operand);
                match function {
                    Unary::Negate => quote!(-#x),
                    Unary::Abs => quote!(#x.abs()),
                    Unary::Sqrt => quote!(#x.sqrt()),
                    Unary::Exp if self.is_never_positive(operand) => quote!(#x.exp_nonpositive()),
                    Unary::Exp => quote!(#x.exp()),
                    Unary::Expm1 => quote!(#x.expm1()),
                    Unary::Log => quote!(#x.log()),
                    Unary::Log1p if self.is_decay(operand) => quote!(#x.log1p_unit()),
                    Unary::Log1p => quote!(#x.log1p()),
                    Unary::Sin => quote!(#x.sin()),
                    Unary::Cos => quote!(#x.cos()),
                    Unary::Tan => quote!(#x.tan()),
                    Unary::Sinh => quote!(#x.sinh()),
                    Unary::Cosh => quote!(#x.cosh()),
                    Unary::Tanh => quote!(#x.tanh()),
                    Unary::Atan => quote!(#x.atan()),
                    Unary::Acos => quote!(#x.acos()),
                    Unary::Lgamma => quote!(#x.lgamma()),
                    Unary::Digamma => quote!(#x.digamma()),
                    Unary::Erf => quote!(#x.erf()),
                    Unary::LogNormalCdf => quote!(#x.log_normal_cdf()),
                    Unary::PowerOfTwo => quote!(#x.power_of_two()),
                    Unary::Sign
                    | Unary::Relu
                    | Unary::Sigmoid
                    | Unary::Softplus
                    | Unary::Detach
                    | Unary::LogCosh
                    | Unary::Weighed => not_lowered(),
                }
            }
            Expr::Binary(Binary::Power, x, p) => {
                let base = self.value(x);
                match self.graph.constant(p).and_then(Constant::as_integer).and_then(|n| i32::try_from(n).ok()) {
                    Some(n) => {
                        let n = Literal::i32_unsuffixed(n);
                        quote!(#base.powi(#n))
                    }
                    None => {
                        let power = self.value(p);
                        quote!(#base.pow(#power))
                    }
                }
            }
            Expr::Binary(Binary::Divide, x, y) if self.reciprocals.contains_key(&y) => {
                let x = self.value(x);
                let reciprocal = &self.reciprocals[&y];
                quote!(#x.by_reciprocal(#reciprocal))
            }
            Expr::Binary(function, x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                match function {
                    Binary::Add => quote!(#x + #y),
                    Binary::Subtract => quote!(#x - #y),
                    Binary::Multiply => quote!(#x * #y),
                    Binary::Divide => quote!(#x / #y),
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
                    | Binary::Deviation => not_lowered(),
                }
            }
            Expr::If(condition, value, otherwise) => {
                let guard =
                    needs_guard(self.graph, condition, otherwise) && !is_covered(self.graph, self.roots, id, condition);
                let (value, mut other) = (self.value(value), self.value(otherwise));
                if guard {
                    let falsity = self.falsity(condition);
                    let nan = splat(Constant::Nan);
                    other = quote!(L::select(#falsity, #other, #nan));
                }
                let truth = self.truth(condition);
                quote!(L::select(#truth, #value, #other))
            }
            Expr::Indicator(condition) => {
                let truth = self.truth(condition);
                let (one, zero) = (splat(Constant::integer(1)), splat(Constant::integer(0)));
                quote!(L::select(#truth, #one, #zero))
            }
            Expr::Boolean(_)
            | Expr::Input(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::Pick { .. }
            | Expr::Reduce { .. }
            | Expr::Given(_) => not_lowered(),
        }
    }

    /// The mask of the lanes in which a condition is true.
    pub(super) fn truth(&mut self, condition: ExprId) -> Ident {
        if let Some(name) = self.truths.get(&condition) {
            return name.clone();
        }
        let mask = match self.graph.expr(condition) {
            Expr::Compare(comparison, x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                comparison_mask(comparison, &x, &y)
            }
            Expr::And(x, y) => {
                let (x, y) = (self.truth(x), self.truth(y));
                quote!(#x & #y)
            }
            Expr::Or(x, y) => {
                let (x, y) = (self.truth(x), self.truth(y));
                quote!(#x | #y)
            }
            Expr::Not(x) => {
                let x = self.falsity(x);
                quote!(#x)
            }
            // A flag arrives as 1 or 0.
            _ => {
                let x = self.value(condition);
                let zero = splat(Constant::integer(0));
                quote!(#x.gt(#zero))
            }
        };
        let name = self.fresh_name(format!("is{}", condition.index()));
        self.statements.push(quote!(let #name = #mask;));
        self.truths.insert(condition, name.clone());
        name
    }

    /// The mask of the lanes in which a condition is false (not unordered).
    pub(super) fn falsity(&mut self, condition: ExprId) -> Ident {
        if let Some(name) = self.falsities.get(&condition) {
            return name.clone();
        }
        let mask = match self.graph.expr(condition) {
            _ if !self.graph.may_be_unordered(condition) => {
                let truth = self.truth(condition);
                quote!(!#truth)
            }
            Expr::Compare(comparison, x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                let opposite = match comparison {
                    Comparison::Less => Comparison::GreaterEqual,
                    Comparison::LessEqual => Comparison::Greater,
                    Comparison::Greater => Comparison::LessEqual,
                    Comparison::GreaterEqual => Comparison::Less,
                    Comparison::Equal => Comparison::NotEqual,
                    Comparison::NotEqual => Comparison::Equal,
                };
                comparison_mask(opposite, &x, &y)
            }
            Expr::And(x, y) => {
                let (x, y) = (self.falsity(x), self.falsity(y));
                quote!(#x | #y)
            }
            Expr::Or(x, y) => {
                let (x, y) = (self.falsity(x), self.falsity(y));
                quote!(#x & #y)
            }
            Expr::Not(x) => {
                let x = self.truth(x);
                quote!(#x)
            }
            _ => {
                let truth = self.truth(condition);
                quote!(!#truth)
            }
        };
        let name = self.fresh_name(format!("not{}", condition.index()));
        self.statements.push(quote!(let #name = #mask;));
        self.falsities.insert(condition, name.clone());
        name
    }

    /// Whether a node is a condition.
    pub(super) fn is_condition(&self, id: ExprId) -> bool {
        self.graph.ty(id) == Type::Condition
    }
}

/// An ordered comparison: false with a NaN on either side.
fn comparison_mask(comparison: Comparison, x: &TokenStream, y: &TokenStream) -> TokenStream {
    match comparison {
        Comparison::Less => quote!(#x.lt(#y)),
        Comparison::LessEqual => quote!(#x.le(#y)),
        Comparison::Greater => quote!(#x.gt(#y)),
        Comparison::GreaterEqual => quote!(#x.ge(#y)),
        Comparison::Equal => quote!(#x.eq(#y)),
        Comparison::NotEqual => quote!((#x.lt(#y) | #x.gt(#y))),
    }
}

/// A constant in every lane.
pub(super) fn splat(constant: Constant) -> TokenStream {
    let value = float(constant);
    quote!(L::splat(token, #value))
}

/// A constant as an `f64`.
pub(super) fn float(constant: Constant) -> TokenStream {
    match constant {
        Constant::Infinity => quote!(f64::INFINITY),
        Constant::NegativeInfinity => quote!(f64::NEG_INFINITY),
        Constant::Nan => quote!(f64::NAN),
        Constant::Pi => quote!(::core::f64::consts::PI),
        Constant::Decimal { .. } => {
            let value = constant.to_f64();
            let literal = Literal::f64_unsuffixed(value.abs());
            if value < 0.0 { quote!(-#literal) } else { quote!(#literal) }
        }
    }
}

/// What stands where a stage before this one broke its promise: an error in the generated code, not a panic of the compiler.
pub(super) fn not_lowered() -> TokenStream {
    quote!(::core::compile_error!(
        "internal error of the loss compiler: a node reached the emitter before it was lowered"
    ))
}
