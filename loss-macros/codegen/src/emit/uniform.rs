//! What is the same at every place, as plain `f64` code that runs once a call.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::body::{Body, float, not_lowered};
use crate::expr::{Binary, Comparison, Expr, ExprId, Graph, Unary};

/// The slots of what is the same at every place: numbers, and after them the reciprocals of those that kernels divide by, three slots each.
pub(super) struct Slots<'k> {
    graph: &'k Graph,
    numbers: &'k [ExprId],
    divisors: Vec<ExprId>,
}

impl<'k> Slots<'k> {
    /// Of a kernel that computes these roots.
    pub(super) fn new(graph: &'k Graph, numbers: &'k [ExprId], roots: impl IntoIterator<Item = ExprId>) -> Self {
        let mut divisors: Vec<ExprId> = computed(graph, numbers, roots)
            .into_iter()
            .filter_map(|id| match graph.expr(id) {
                Expr::Binary(Binary::Divide, _, divisor) => Some(divisor),
                _ => None,
            })
            .filter(|divisor| numbers.contains(divisor) || has_inexact_reciprocal(graph, *divisor))
            .collect();
        divisors.sort_unstable();
        divisors.dedup();
        Slots { graph, numbers, divisors }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len() + 3 * self.divisors.len()
    }

    /// The body of `uniforms`: statements, and the array of slots.
    pub(super) fn values(&self) -> TokenStream {
        let mut scalar = Scalar { graph: self.graph, done: HashMap::new(), statements: Vec::new() };
        let mut slots: Vec<TokenStream> = self.numbers.iter().map(|&number| scalar.value(number)).collect();
        for &divisor in &self.divisors {
            let number = scalar.value(divisor);
            let name = format_ident!("reciprocal{}", divisor.index());
            scalar.statements.push(quote!(let #name = (call.reciprocal)(#number);));
            slots.extend([quote!(#name[0]), quote!(#name[1]), quote!(#name[2])]);
        }
        let statements = scalar.statements;
        quote! { #(#statements)* [#(#slots),*] }
    }

    /// Tells the body of a kernel's function what its argument `u` holds.
    pub(super) fn bind(&self, body: &mut Body<'_>) {
        for (place, &number) in self.numbers.iter().enumerate() {
            let place = Literal::usize_unsuffixed(place);
            body.bind(number, quote!(u[#place]));
        }
        for (divisor, place) in self.divisors.iter().zip((self.numbers.len()..).step_by(3)) {
            let [scale, head, tail] = [place, place + 1, place + 2].map(Literal::usize_unsuffixed);
            body.bind_reciprocal(*divisor, quote!([u[#scale], u[#head], u[#tail]]));
        }
    }
}

/// The nodes that are computed for some roots, these numbers being known.
fn computed(graph: &Graph, numbers: &[ExprId], roots: impl IntoIterator<Item = ExprId>) -> HashSet<ExprId> {
    let mut seen = HashSet::new();
    let mut stack: Vec<ExprId> = roots.into_iter().collect();
    while let Some(id) = stack.pop() {
        if !numbers.contains(&id) && seen.insert(id) {
            stack.extend(graph.expr(id).operands());
        }
    }
    seen
}

/// Whether a node is a constant by whose reciprocal no compiler multiplies instead.
fn has_inexact_reciprocal(graph: &Graph, id: ExprId) -> bool {
    let fraction = |number: f64| number.to_bits() << (u64::BITS + 1 - f64::MANTISSA_DIGITS);
    graph.constant(id).is_some_and(|constant| fraction(constant.to_f64()) != 0)
}

/// A condition on parameters alone, lowered, as a `bool` expression block. Unordered is not a violation.
pub(super) fn holds(graph: &Graph, condition: ExprId) -> TokenStream {
    let mut scalar = Scalar { graph, done: HashMap::new(), statements: Vec::new() };
    let violated = scalar.falsity(condition);
    let statements = scalar.statements;
    quote! { { #(#statements)* !(#violated) } }
}

struct Scalar<'g> {
    graph: &'g Graph,
    done: HashMap<ExprId, TokenStream>,
    statements: Vec<TokenStream>,
}

impl Scalar<'_> {
    fn value(&mut self, id: ExprId) -> TokenStream {
        if let Some(tokens) = self.done.get(&id) {
            return tokens.clone();
        }
        let tokens = match self.graph.expr(id) {
            Expr::Constant(constant) => {
                let value = float(constant);
                quote!((#value))
            }
            Expr::Param(param) => {
                let index = Literal::usize_unsuffixed(param.0.into());
                quote!(call.params[#index])
            }
            Expr::Size(_) => quote!(call.extent),
            Expr::Unary(function, x) => {
                let x = self.value(x);
                unary(function, &x)
            }
            Expr::Binary(function, x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                match function {
                    Binary::Add => quote!(#x + #y),
                    Binary::Subtract => quote!(#x - #y),
                    Binary::Multiply => quote!(#x * #y),
                    Binary::Divide => quote!(#x / #y),
                    Binary::Power => quote!(::loss_runtime::uniform::pow(#x, #y)),
                    Binary::Max
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
            Expr::If(condition, x, y) => {
                let (is, is_not) = (self.truth(condition), self.falsity(condition));
                let (x, y) = (self.value(x), self.value(y));
                quote!(if #is { #x } else if #is_not { #y } else { f64::NAN })
            }
            Expr::Indicator(condition) => {
                let is = self.truth(condition);
                quote!(if #is { 1.0 } else { 0.0 })
            }
            Expr::Boolean(_)
            | Expr::Input(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::Pick { .. }
            | Expr::Reduce { .. }
            | Expr::Given(_) => not_lowered(),
        };
        let name = format_ident!("c{}", id.index());
        self.statements.push(quote!(let #name: f64 = #tokens;));
        self.done.insert(id, quote!(#name));
        quote!(#name)
    }

    fn truth(&mut self, condition: ExprId) -> TokenStream {
        match self.graph.expr(condition) {
            Expr::Compare(comparison, x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                compare(comparison, &x, &y)
            }
            Expr::And(x, y) => {
                let (x, y) = (self.truth(x), self.truth(y));
                quote!((#x && #y))
            }
            Expr::Or(x, y) => {
                let (x, y) = (self.truth(x), self.truth(y));
                quote!((#x || #y))
            }
            Expr::Not(x) => self.falsity(x),
            _ => not_lowered(),
        }
    }

    fn falsity(&mut self, condition: ExprId) -> TokenStream {
        match self.graph.expr(condition) {
            // A domain that every number meets, or none.
            Expr::Boolean(value) => {
                let opposite = !value;
                quote!(#opposite)
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
                compare(opposite, &x, &y)
            }
            Expr::And(x, y) => {
                let (x, y) = (self.falsity(x), self.falsity(y));
                quote!((#x || #y))
            }
            Expr::Or(x, y) => {
                let (x, y) = (self.falsity(x), self.falsity(y));
                quote!((#x && #y))
            }
            Expr::Not(x) => self.truth(x),
            _ => not_lowered(),
        }
    }
}

fn compare(comparison: Comparison, x: &TokenStream, y: &TokenStream) -> TokenStream {
    match comparison {
        Comparison::Less => quote!((#x < #y)),
        Comparison::LessEqual => quote!((#x <= #y)),
        Comparison::Greater => quote!((#x > #y)),
        Comparison::GreaterEqual => quote!((#x >= #y)),
        Comparison::Equal => quote!((#x == #y)),
        Comparison::NotEqual => quote!((#x < #y || #x > #y)),
    }
}

fn unary(function: Unary, x: &TokenStream) -> TokenStream {
    let name = match function {
        Unary::Negate => return quote!(-#x),
        Unary::Abs => "abs",
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
        Unary::Lgamma => "lgamma",
        Unary::Digamma => "digamma",
        Unary::Erf => "erf",
        Unary::LogNormalCdf => "log_normal_cdf",
        Unary::Sign
        | Unary::Relu
        | Unary::Sigmoid
        | Unary::Softplus
        | Unary::Detach
        | Unary::LogCosh
        | Unary::Weighed
        // Of a number of a row, in the row's own type.
        | Unary::PowerOfTwo => {
            return not_lowered();
        }
    };
    let name = format_ident!("{name}");
    quote!(::loss_runtime::uniform::#name(#x))
}
