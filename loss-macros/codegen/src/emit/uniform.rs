//! What is the same at every place, as plain `f64` code that runs once a call.

use std::collections::HashMap;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::body::{float, not_lowered};
use crate::expr::{Binary, Comparison, Expr, ExprId, Graph, Unary};

/// The body of `uniforms`: statements, and the array of slots.
pub(super) fn uniforms(graph: &Graph, slots: &[ExprId]) -> TokenStream {
    let mut scalar = Scalar { graph, done: HashMap::new(), statements: Vec::new() };
    let values: Vec<TokenStream> = slots.iter().map(|&slot| scalar.value(slot)).collect();
    let statements = scalar.statements;
    quote! { #(#statements)* [#(#values),*] }
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
