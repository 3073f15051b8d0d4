//! A schedule as an implementation of the runtime's kernel traits.

use std::collections::HashMap;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::body::{Body, splat};
use super::uniform::Slots;
use crate::expr::{AxisSet, Constant, Expr, ExprId, Graph, InputId, Reducer, Type};
use crate::schedule::{Elementwise, Gradient, RowWise};

/// A kernel's type and the const arguments of its trait.
pub(super) struct Emitted {
    pub(super) item: TokenStream,
    pub(super) arguments: TokenStream,
}

/// Everything a kernel's functions are emitted from.
pub(super) struct Context<'g> {
    pub(super) graph: &'g Graph,
    pub(super) names: &'g HashMap<ExprId, String>,
}

fn index(value: usize) -> Literal {
    Literal::usize_unsuffixed(value)
}

fn input_index(input: InputId) -> Literal {
    index(input.0.into())
}

fn gradient_inputs(gradients: &[Gradient]) -> Vec<Literal> {
    gradients.iter().map(|gradient| input_index(gradient.input)).collect()
}

/// The nodes of the inputs that a kernel reads, by input.
fn input_nodes(graph: &Graph, roots: impl IntoIterator<Item = ExprId>) -> HashMap<InputId, ExprId> {
    crate::rewrite::reachable(graph, roots)
        .into_iter()
        .filter_map(|id| match graph.expr(id) {
            Expr::Input(input) => Some((input, id)),
            _ => None,
        })
        .collect()
}

pub(super) fn elementwise(context: &Context<'_>, name: &Ident, doc: &str, kernel: &Elementwise) -> Emitted {
    let graph = context.graph;
    let roots: Vec<ExprId> =
        std::iter::once(kernel.value).chain(kernel.gradients.iter().map(|gradient| gradient.cotangent)).collect();
    let nodes = input_nodes(graph, roots.iter().copied());
    let slots = Slots::new(graph, &kernel.uniforms, roots.iter().copied());
    let new_body = || {
        let mut body = Body::new(graph, context.names, &roots);
        slots.bind(&mut body);
        for (place, input) in kernel.inputs.iter().enumerate() {
            let place = index(place);
            body.bind(nodes[input], quote!(x[#place]));
        }
        body
    };

    let mut body = new_body();
    bind_upstream_as(graph, &mut body, &splat(Constant::integer(1)));
    let value = root(&mut body, kernel.value);
    let value_statements = body.statements();

    let mut body = new_body();
    bind_upstream(graph, &mut body);
    let fused_value = root(&mut body, kernel.value);
    let cotangents: Vec<TokenStream> =
        kernel.gradients.iter().map(|gradient| root(&mut body, gradient.cotangent)).collect();
    let fused_statements = body.statements();

    let (i, u, g) = (index(kernel.inputs.len()), index(slots.len()), index(kernel.gradients.len()));
    let inputs = kernel.inputs.iter().map(|&input| input_index(input));
    let gradients = gradient_inputs(&kernel.gradients);
    let uniforms = slots.values();
    let item = quote! {
        #[doc = #doc]
        pub(super) struct #name;
        impl Elementwise<#i, #u, #g> for #name {
            const INPUTS: [usize; #i] = [#(#inputs),*];
            const GRADIENTS: [usize; #g] = [#(#gradients),*];
            fn uniforms(call: &CallConstants<'_>) -> [f64; #u] { #uniforms }
            #[inline(always)]
            fn value<L: Lane>(token: L::Token, u: &[L; #u], x: &[L; #i]) -> L {
                #value_statements
                #value
            }
            #[inline(always)]
            fn fused<L: Lane>(token: L::Token, u: &[L; #u], x: &[L; #i], upstream: L) -> (L, [L; #g]) {
                #fused_statements
                (#fused_value, [#(#cotangents),*])
            }
        }
    };
    Emitted { item, arguments: quote!(#i, #u, #g) }
}

pub(super) fn row_wise(context: &Context<'_>, name: &Ident, doc: &str, kernel: &RowWise) -> Emitted {
    let functions = RowFunctions::new(context, kernel);
    let (start, steps, joins) = (functions.start(), functions.steps(), functions.joins());
    let (row, element) = (functions.row(), functions.element());

    let accumulators = kernel.passes.iter().map(Vec::len).max().unwrap_or(0);
    let counts = [
        kernel.elements.len(),
        kernel.rows.len(),
        kernel.shared.len(),
        functions.slots.len(),
        accumulators,
        kernel.carried.len(),
        kernel.element_gradients.len(),
        kernel.row_gradients.len(),
    ];
    let [e, r, s, u, a, v, g, h] = counts.map(index);
    let elements = kernel.elements.iter().map(|&input| input_index(input));
    let rows = kernel.rows.iter().map(|&id| row_source(context.graph, id));
    let shared = kernel.shared.iter().map(|&input| input_index(input));
    let (element_gradients, row_gradients) =
        (gradient_inputs(&kernel.element_gradients), gradient_inputs(&kernel.row_gradients));
    let passes = kernel.passes.iter().map(|reductions| {
        let kinds = (0..accumulators).map(|place| match reductions.get(place) {
            Some(&id) => accumulate(context.graph, id),
            None => quote!(Accumulate::Nothing),
        });
        quote!([#(#kinds),*])
    });
    let per_element = kernel.value_per_element;
    let spill = match kernel.spill {
        Some((pass, _)) => {
            let pass = index(pass);
            quote!(Some(#pass))
        }
        None => quote!(None),
    };
    let spill_replaces = kernel.spill_replaces;
    let uniforms = functions.slots.values();
    let item = quote! {
        #[doc = #doc]
        pub(super) struct #name;
        impl RowWise<#e, #r, #s, #u, #a, #v, #g, #h> for #name {
            const ELEMENTS: [usize; #e] = [#(#elements),*];
            const ROWS: [RowSource; #r] = [#(#rows),*];
            const SHARED: [usize; #s] = [#(#shared),*];
            const ELEMENT_GRADIENTS: [usize; #g] = [#(#element_gradients),*];
            const ROW_GRADIENTS: [usize; #h] = [#(#row_gradients),*];
            const PASSES: &'static [[Accumulate; #a]] = &[#(#passes),*];
            const VALUE_PER_ELEMENT: bool = #per_element;
            const SPILL: Option<usize> = #spill;
            const SPILL_REPLACES: bool = #spill_replaces;
            fn uniforms(call: &CallConstants<'_>) -> [f64; #u] { #uniforms }
            #[inline(always)]
            fn start<L: Lane>(token: L::Token, u: &[L; #u], r: &[L; #r], upstream: L) -> [L; #v] { #start }
            #[inline(always)]
            fn step<L: Lane, const P: usize>(
                token: L::Token, u: &[L; #u], v: &[L; #v], x: &[L; #e], s: &[L; #s], index: L, upstream: L,
            ) -> ([L; #a], L) { #steps }
            #[inline(always)]
            fn join<L: Lane, const P: usize>(token: L::Token, u: &[L; #u], v: &mut [L; #v], accumulated: &[L; #a]) {
                #joins
            }
            #[inline(always)]
            fn row<L: Lane>(token: L::Token, u: &[L; #u], v: &[L; #v]) -> (L, [L; #h]) { #row }
            #[inline(always)]
            fn element<L: Lane>(
                token: L::Token, u: &[L; #u], v: &[L; #v], x: &[L; #e], s: &[L; #s], index: L, upstream: L, spilled: L,
            ) -> (L, [L; #g]) { #element }
        }
    };
    Emitted { item, arguments: quote!(#e, #r, #s, #u, #a, #v, #g, #h) }
}

struct RowFunctions<'k> {
    context: &'k Context<'k>,
    kernel: &'k RowWise,
    slots: Slots<'k>,
}

impl<'k> RowFunctions<'k> {
    fn new(context: &'k Context<'k>, kernel: &'k RowWise) -> Self {
        let slots = Slots::new(context.graph, &kernel.uniforms, roots(kernel));
        RowFunctions { context, kernel, slots }
    }

    /// A body that knows the uniforms and the row values carried from the first `levels` stages.
    fn body(&self, levels: usize) -> Body<'k> {
        let mut body = Body::new(self.context.graph, self.context.names, &[]);
        self.slots.bind(&mut body);
        for (place, &(id, level)) in self.kernel.carried.iter().enumerate() {
            if level < levels {
                let place = index(place);
                body.bind(id, quote!(v[#place]));
            }
        }
        body
    }

    fn bind_element(&self, body: &mut Body<'_>) {
        let graph = self.context.graph;
        let nodes = input_nodes(graph, roots(self.kernel));
        for (place, input) in self.kernel.elements.iter().enumerate() {
            let place = index(place);
            body.bind(nodes[input], quote!(x[#place]));
        }
        for (place, input) in self.kernel.shared.iter().enumerate() {
            let place = index(place);
            body.bind(nodes[input], quote!(s[#place]));
        }
        for id in crate::rewrite::reachable(graph, roots(self.kernel)) {
            match graph.expr(id) {
                Expr::Index(_) => body.bind(id, quote!(index)),
                Expr::Upstream if self.kernel.value_per_element => body.bind(id, quote!(upstream)),
                _ => {}
            }
        }
    }

    fn start(&self) -> TokenStream {
        let mut body = self.body(0);
        for (place, &id) in self.kernel.rows.iter().enumerate() {
            let place = index(place);
            body.bind(id, quote!(r[#place]));
        }
        if !self.kernel.value_per_element {
            bind_upstream(self.context.graph, &mut body);
        }
        let values: Vec<TokenStream> = self
            .kernel
            .carried
            .iter()
            .map(|&(id, level)| if level == 0 { root(&mut body, id) } else { splat(Constant::integer(0)) })
            .collect();
        let statements = body.statements();
        quote!(#statements [#(#values),*])
    }

    fn steps(&self) -> TokenStream {
        let accumulators = self.kernel.passes.iter().map(Vec::len).max().unwrap_or(0);
        let zero = splat(Constant::integer(0));
        let arms = self.kernel.passes.iter().enumerate().map(|(pass, reductions)| {
            let mut body = self.body(pass + 1);
            self.bind_element(&mut body);
            let contributions: Vec<TokenStream> = (0..accumulators)
                .map(|place| match reductions.get(place) {
                    Some(&id) => self.contribution(&mut body, id),
                    None => zero.clone(),
                })
                .collect();
            let spilled = match self.kernel.spill {
                Some((at, id)) if at == pass => root(&mut body, id),
                _ => zero.clone(),
            };
            let statements = body.statements();
            let pass = index(pass);
            quote!(#pass => { #statements ([#(#contributions),*], #spilled) })
        });
        quote!(match P { #(#arms)* _ => ([#zero; #accumulators], #zero) })
    }

    /// What one place adds to a reduction: its value where it is chosen, the identity where not, NaN where that is undecided.
    fn contribution(&self, body: &mut Body<'_>, id: ExprId) -> TokenStream {
        let graph = self.context.graph;
        let Expr::Reduce { reducer, filter, value, .. } = graph.expr(id) else { return super::body::not_lowered() };
        let value = root(body, value);
        let Some(filter) = filter else { return value };
        let identity = splat(match reducer {
            Reducer::Max | Reducer::Shift => Constant::NegativeInfinity,
            Reducer::Min => Constant::Infinity,
            Reducer::Sum
            | Reducer::Mean
            | Reducer::Logsumexp
            | Reducer::Any
            | Reducer::All
            | Reducer::SimplexThreshold
            | Reducer::Norm
            | Reducer::Expectation => Constant::integer(0),
        });
        let otherwise = if graph.may_be_unordered(filter) {
            let (not_chosen, nan) = (body.falsity(filter), splat(Constant::Nan));
            quote!(L::select(#not_chosen, #identity, #nan))
        } else {
            identity
        };
        let chosen = body.truth(filter);
        quote!(L::select(#chosen, #value, #otherwise))
    }

    fn joins(&self) -> TokenStream {
        let arms = self.kernel.passes.iter().enumerate().map(|(pass, reductions)| {
            let mut body = self.body(pass + 1);
            for (place, &id) in reductions.iter().enumerate() {
                let place = index(place);
                body.bind(id, quote!(accumulated[#place]));
            }
            let known: Vec<(Literal, TokenStream)> = self
                .kernel
                .carried
                .iter()
                .enumerate()
                .filter(|(_, (_, level))| *level == pass + 1)
                .map(|(place, &(id, _))| (index(place), root(&mut body, id)))
                .collect();
            let statements = body.statements();
            let (places, values): (Vec<_>, Vec<_>) = known.into_iter().unzip();
            let pass = index(pass);
            quote!(#pass => { #statements #(v[#places] = #values;)* })
        });
        quote!(match P { #(#arms)* _ => {} })
    }

    fn row(&self) -> TokenStream {
        let mut body = self.body(usize::MAX);
        let value = if self.kernel.value_per_element {
            splat(Constant::integer(0))
        } else {
            root(&mut body, self.kernel.value)
        };
        let cotangents: Vec<TokenStream> =
            self.kernel.row_gradients.iter().map(|gradient| root(&mut body, gradient.cotangent)).collect();
        let statements = body.statements();
        quote!(#statements (#value, [#(#cotangents),*]))
    }

    fn element(&self) -> TokenStream {
        let mut body = self.body(usize::MAX);
        self.bind_element(&mut body);
        if let Some((_, id)) = self.kernel.spill {
            body.bind(id, quote!(spilled));
        }
        let value = if self.kernel.value_per_element {
            root(&mut body, self.kernel.value)
        } else {
            splat(Constant::integer(0))
        };
        let cotangents: Vec<TokenStream> =
            self.kernel.element_gradients.iter().map(|gradient| root(&mut body, gradient.cotangent)).collect();
        let statements = body.statements();
        quote!(#statements (#value, [#(#cotangents),*]))
    }
}

/// What a kernel computes in the end.
fn roots(kernel: &RowWise) -> Vec<ExprId> {
    let gradients = kernel.element_gradients.iter().chain(&kernel.row_gradients);
    std::iter::once(kernel.value).chain(gradients.map(|gradient| gradient.cotangent)).collect()
}

/// An output: a number, or a condition as 1 and 0 (unordered counts as true: a domain is violated only by what is false).
fn root(body: &mut Body<'_>, id: ExprId) -> TokenStream {
    if body.is_condition(id) {
        let (one, zero) = (splat(Constant::integer(1)), splat(Constant::integer(0)));
        let violated = body.falsity(id);
        quote!(L::select(#violated, #zero, #one))
    } else {
        body.value(id)
    }
}

/// The cotangent of the value: one node per set of axes, of which a kernel has one.
fn bind_upstream(graph: &Graph, body: &mut Body<'_>) {
    bind_upstream_as(graph, body, &quote!(upstream));
}

fn bind_upstream_as(graph: &Graph, body: &mut Body<'_>, upstream: &TokenStream) {
    for axes in 0..=u8::MAX {
        if let Some(id) = graph.find(Expr::Upstream, Type::Real, AxisSet(axes)) {
            body.bind(id, upstream.clone());
        }
    }
}

fn row_source(graph: &Graph, id: ExprId) -> TokenStream {
    match graph.expr(id) {
        Expr::Input(input) => {
            let input = input_index(input);
            quote!(RowSource::Input(#input))
        }
        Expr::Pick { value, index, .. } => match (graph.expr(value), graph.expr(index)) {
            (Expr::Input(values), Expr::Input(label)) => {
                let (values, label) = (input_index(values), input_index(label));
                quote!(RowSource::Gather { values: #values, label: #label })
            }
            _ => super::body::not_lowered(),
        },
        _ => super::body::not_lowered(),
    }
}

fn accumulate(graph: &Graph, id: ExprId) -> TokenStream {
    let Expr::Reduce { reducer, .. } = graph.expr(id) else { return super::body::not_lowered() };
    match reducer {
        Reducer::Sum => quote!(Accumulate::Sum),
        Reducer::Max => quote!(Accumulate::Max),
        Reducer::Min => quote!(Accumulate::Min),
        Reducer::Shift => quote!(Accumulate::Shift),
        Reducer::Mean
        | Reducer::Logsumexp
        | Reducer::Any
        | Reducer::All
        | Reducer::SimplexThreshold
        | Reducer::Norm
        | Reducer::Expectation => super::body::not_lowered(),
    }
}
