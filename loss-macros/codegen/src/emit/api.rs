//! A loss's face: a struct with its parameters and optional inputs, and the calls.

mod curvature;
mod in_place;
mod product;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use crate::expr::InputId;
use crate::formula::print::print;
use crate::model::{Input, Param, ParamKind, Spec};
use crate::page::convention;

pub(crate) use product::hessian_vector_method;

pub(super) fn face(spec: &Spec, prediction: Option<InputId>, page: &TokenStream) -> TokenStream {
    let face = Face::new(spec, prediction, page);
    let (structure, choices) = (face.structure(), face.choices());
    let (gradients, calls) = (face.gradients(), face.calls());
    let (curvature, products, in_place) = (face.curvature(), face.products(), face.in_place());
    quote! { #choices #structure #gradients #calls #curvature #products #in_place }
}

/// `smooth_l1` to `SmoothL1`
pub(crate) fn type_name(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect::<String>())
        })
        .collect()
}

/// A name that a spec gives. None is a keyword of Rust: resolving refuses those.
fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

struct Face<'s> {
    spec: &'s Spec,
    /// The input that curvatures are of, if there are any.
    prediction: Option<InputId>,
    page: &'s TokenStream,
    name: Ident,
    gradients_name: Ident,
    /// The inputs a call must name.
    required: Vec<(usize, &'s Input)>,
    /// The inputs that the struct carries.
    optional: Vec<(usize, &'s Input)>,
    /// The inputs with gradients.
    differentiable: Vec<(usize, &'s Input)>,
    /// The parameters with gradients.
    learned: Vec<(usize, &'s Param)>,
}

impl<'s> Face<'s> {
    fn new(spec: &'s Spec, prediction: Option<InputId>, page: &'s TokenStream) -> Self {
        let inputs = || spec.inputs.iter().enumerate();
        Face {
            spec,
            prediction,
            page,
            name: format_ident!("{}", type_name(&spec.name)),
            gradients_name: format_ident!("{}Gradients", type_name(&spec.name)),
            required: inputs().filter(|(_, input)| !input.may_be_absent()).collect(),
            optional: inputs().filter(|(_, input)| input.may_be_absent()).collect(),
            differentiable: inputs().filter(|(_, input)| input.gradient).collect(),
            learned: spec.params.iter().enumerate().filter(|(_, param)| param.gradient).collect(),
        }
    }

    /// The struct's own generics, present only if it carries inputs.
    fn generics(&self) -> (TokenStream, TokenStream, TokenStream) {
        if self.optional.is_empty() {
            (quote!(), quote!(), quote!(<'c, T: Stored>))
        } else {
            (quote!(<'a, T: Stored>), quote!(<'a, T>), quote!(<'c>))
        }
    }

    fn choice_type(&self, param: &Param) -> Ident {
        format_ident!("{}{}", self.name, type_name(&param.name))
    }

    /// An enum for each parameter that is one of several words.
    fn choices(&self) -> TokenStream {
        let enums = self.spec.params.iter().filter_map(|param| {
            let ParamKind::Choice(words) = &param.kind else { return None };
            let name = self.choice_type(param);
            let doc = format!("What `{}` of [`{}`] may be.", param.name, self.name);
            let variants = words.iter().map(|word| {
                let (doc, variant) = (format!("`{word}`"), format_ident!("{}", type_name(word)));
                quote!(#[doc = #doc] #variant)
            });
            Some(quote! {
                #[doc = #doc]
                #[derive(Clone, Copy, Debug, PartialEq, Eq)]
                pub enum #name { #(#variants),* }
            })
        });
        quote!(#(#enums)*)
    }

    fn param_type(&self, param: &Param) -> TokenStream {
        match &param.kind {
            ParamKind::Real => quote!(f64),
            ParamKind::Integer | ParamKind::StaticInteger(_) => quote!(i64),
            ParamKind::Switch => quote!(bool),
            ParamKind::Choice(_) => {
                let name = self.choice_type(param);
                quote!(#name)
            }
        }
    }

    /// A parameter's argument as the number that calls carry.
    fn encoded(&self, param: &Param, value: &Ident) -> TokenStream {
        match &param.kind {
            ParamKind::Real => quote!(#value),
            ParamKind::Integer | ParamKind::StaticInteger(_) => quote!(#value as f64),
            ParamKind::Switch => quote!(if #value { 1.0 } else { 0.0 }),
            ParamKind::Choice(_) => quote!(#value as u8 as f64),
        }
    }

    fn structure(&self) -> TokenStream {
        let (name, spec) = (&self.name, self.spec);
        let (bounded, plain, _) = self.generics();
        let page = self.page;
        let count = Literal::usize_unsuffixed(spec.params.len());
        let fields = self.optional.iter().map(|(_, input)| {
            let field = ident(&input.name);
            let ty = if input.label.is_discrete() { quote!(Labels<'a>) } else { quote!(Tensor<'a, T>) };
            quote!(#field: Option<#ty>)
        });
        let nothing = self.optional.iter().map(|(_, input)| {
            let field = ident(&input.name);
            quote!(#field: None)
        });
        let required: Vec<&Param> =
            spec.params.iter().filter(|param| param.default.is_none() && !param.optional).collect();
        let arguments = required.iter().map(|param| {
            let (argument, ty) = (ident(&param.name), self.param_type(param));
            quote!(#argument: #ty)
        });
        let initial = spec.params.iter().map(|param| match &param.default {
            Some(value) => super::info::number(param.encode(value)),
            None if param.optional => quote!(f64::NAN),
            None => self.encoded(param, &ident(&param.name)),
        });
        let default_reduction = match spec.default_reduction.as_str() {
            "none" => quote!(Reduction::None),
            "sum" => quote!(Reduction::Sum),
            named => quote!(Reduction::Named(#named)),
        };
        let setters = self.setters();
        let default = required.is_empty().then(|| {
            quote! {
                impl #bounded Default for #name #plain {
                    fn default() -> Self {
                        Self::new()
                    }
                }
            }
        });
        let new_doc = if required.is_empty() {
            "The loss with its default parameters."
        } else {
            "The loss with these parameters, the others at their defaults."
        };
        let bare = if self.optional.is_empty() { quote!() } else { quote!(<'a, T = f32>) };
        quote! {
            #page
            #[derive(Clone, Copy, Debug)]
            pub struct #name #bare {
                params: [f64; #count],
                reduction: Reduction<'static>,
                execution: Execution,
                #(#fields),*
            }
            impl #bounded #name #plain {
                #[doc = #new_doc]
                pub fn new(#(#arguments),*) -> Self {
                    Self {
                        params: [#(#initial),*],
                        reduction: #default_reduction,
                        execution: Execution::default(),
                        #(#nothing),*
                    }
                }
                #setters
                /// How the elements are reduced.
                #[must_use]
                pub fn reduction(mut self, reduction: Reduction<'static>) -> Self {
                    self.reduction = reduction;
                    self
                }
                /// Where it runs: the instruction set and the number of threads. The result's bits do not depend on it.
                #[must_use]
                pub fn execution(mut self, execution: Execution) -> Self {
                    self.execution = execution;
                    self
                }
            }
            #default
        }
    }

    fn setters(&self) -> TokenStream {
        let params = self.spec.params.iter().enumerate().map(|(place, param)| {
            let (setter, ty) = (ident(&param.name), self.param_type(param));
            let place = Literal::usize_unsuffixed(place);
            let value = self.encoded(param, &setter);
            let domain =
                param.domain.as_ref().map_or(String::new(), |domain| format!(" Must meet `{}`.", print(domain)));
            let meaning = param.meaning.as_deref().unwrap_or("sets this parameter").trim_end_matches('.');
            let default = param.default.as_ref().map_or(String::new(), |value| match value {
                crate::model::ParamValue::Number(number) => format!(" Default {number}."),
                crate::model::ParamValue::Switch(on) => format!(" Default {on}."),
                crate::model::ParamValue::Word(word) => format!(" Default `{word}`."),
            });
            let doc = format!("`{}`: {meaning}.{domain}{default}", param.name);
            quote! {
                #[doc = #doc]
                #[must_use]
                pub fn #setter(mut self, #setter: #ty) -> Self {
                    self.params[#place] = #value;
                    self
                }
            }
        });
        let inputs = self.optional.iter().map(|(_, input)| {
            let setter = ident(&input.name);
            let ty = if input.label.is_discrete() { quote!(Labels<'a>) } else { quote!(Tensor<'a, T>) };
            let domain =
                input.domain.as_ref().map_or(String::new(), |domain| format!(" Must meet `{}`.", print(domain)));
            let default = match &input.default {
                Some(crate::model::ParamValue::Number(number)) => format!(" {number} where it is absent."),
                Some(crate::model::ParamValue::Switch(on)) => format!(" {on} where it is absent."),
                Some(crate::model::ParamValue::Word(_)) | None => String::new(),
            };
            let doc = format!("`{}` ({}).{domain}{default}", input.name, convention(input, self.spec));
            quote! {
                #[doc = #doc]
                #[must_use]
                pub fn #setter(mut self, #setter: impl Into<#ty>) -> Self {
                    self.#setter = Some(#setter.into());
                    self
                }
            }
        });
        quote!(#(#params)* #(#inputs)*)
    }

    fn gradients(&self) -> TokenStream {
        if self.differentiable.is_empty() && self.learned.is_empty() {
            return TokenStream::new();
        }
        let name = &self.gradients_name;
        let of_params = if self.learned.is_empty() {
            ""
        } else {
            " A parameter's gradient is one number, summed over all rows; it takes a reading of the inputs of its own."
        };
        let doc = format!(
            "Where [`{}`] writes its gradients: a buffer of the input's own length for each that is wanted. One buffer stands for the \
             first, a tuple for all in order.{of_params}",
            self.name
        );
        let params: Vec<Ident> = self.learned.iter().map(|(_, param)| ident(&param.name)).collect();
        let param_docs = self.learned.iter().map(|(_, param)| {
            format!(
                "With respect to the parameter `{}`: of the reduced loss, or of the elements with their upstream.",
                param.name
            )
        });
        if self.differentiable.is_empty() {
            return quote! {
                #[doc = #doc]
                #[derive(Debug)]
                pub struct #name<'g, T> {
                    #(#[doc = #param_docs] pub #params: Option<&'g mut f64>,)*
                    /// No input has a gradient.
                    pub of_inputs: ::core::marker::PhantomData<&'g mut [T]>,
                }
                impl<T> Default for #name<'_, T> {
                    fn default() -> Self {
                        Self { #(#params: None,)* of_inputs: ::core::marker::PhantomData }
                    }
                }
            };
        }
        let fields: Vec<Ident> = self.differentiable.iter().map(|(_, input)| ident(&input.name)).collect();
        let docs = self.differentiable.iter().map(|(_, input)| {
            let rest = if input.is_shared() {
                ", which all rows share: summed over them, in a reading of its own"
            } else {
                ""
            };
            format!("With respect to `{}`{rest}.", input.name)
        });
        let first = &fields[0];
        let types: Vec<TokenStream> = fields.iter().map(|_| quote!(&'g mut [T])).collect();
        let tuple = (fields.len() > 1).then(|| {
            quote! {
                impl<'g, T> From<(#(#types),*)> for #name<'g, T> {
                    fn from((#(#fields),*): (#(#types),*)) -> Self {
                        Self { #(#fields: Some(#fields),)* #(#params: None),* }
                    }
                }
            }
        });
        let rest: Vec<TokenStream> = fields[1..].iter().chain(&params).map(|field| quote!(#field: None)).collect();
        quote! {
            #[doc = #doc]
            #[derive(Debug)]
            pub struct #name<'g, T> {
                #(#[doc = #docs] pub #fields: Option<&'g mut [T]>,)*
                #(#[doc = #param_docs] pub #params: Option<&'g mut f64>),*
            }
            impl<T> Default for #name<'_, T> {
                fn default() -> Self {
                    Self { #(#fields: None,)* #(#params: None),* }
                }
            }
            impl<'g, T> From<&'g mut [T]> for #name<'g, T> {
                fn from(#first: &'g mut [T]) -> Self {
                    Self { #first: Some(#first), #(#rest),* }
                }
            }
            impl<'g, T, const LENGTH: usize> From<&'g mut [T; LENGTH]> for #name<'g, T> {
                fn from(#first: &'g mut [T; LENGTH]) -> Self {
                    Self { #first: Some(#first), #(#rest),* }
                }
            }
            impl<'g, T> From<&'g mut ::loss_runtime::export::Vec<T>> for #name<'g, T> {
                fn from(#first: &'g mut ::loss_runtime::export::Vec<T>) -> Self {
                    Self { #first: Some(#first), #(#rest),* }
                }
            }
            #tuple
        }
    }

    /// A method that makes a call of these inputs, and of what the struct carries.
    fn call_of(&self, method_name: &str, inputs: &[(usize, &Input)]) -> TokenStream {
        let (_, _, method) = self.generics();
        let method_name = ident(method_name);
        let names: Vec<Ident> = inputs.iter().map(|(_, input)| ident(&input.name)).collect();
        let types = inputs
            .iter()
            .map(|(_, input)| if input.label.is_discrete() { quote!(Labels<'c>) } else { quote!(Tensor<'c, T>) });
        let given = self.spec.inputs.iter().enumerate().map(|(place, input)| {
            let name = ident(&input.name);
            if inputs.iter().any(|(given, _)| *given == place) {
                quote!(Some(#name.into()))
            } else if input.may_be_absent() {
                quote!(self.#name.map(Into::into))
            } else {
                quote!(None)
            }
        });
        let [inputs, params] = [self.spec.inputs.len(), self.spec.params.len()].map(Literal::usize_unsuffixed);
        quote! {
            #[inline]
            fn #method_name #method(&'c self, #(#names: #types),*) -> OwnCall<'c, T, #inputs, #params> {
                OwnCall { inputs: [#(#given),*], params: self.params, execution: self.execution }
            }
        }
    }

    fn calls(&self) -> TokenStream {
        let (bounded, plain, method) = self.generics();
        let name = &self.name;
        let names: Vec<Ident> = self.required.iter().map(|(_, input)| ident(&input.name)).collect();
        let types: Vec<TokenStream> = self
            .required
            .iter()
            .map(|(_, input)| if input.label.is_discrete() { quote!(Labels<'c>) } else { quote!(Tensor<'c, T>) })
            .collect();
        let call = self.call_of("call", &self.required);
        let backward = self.backward(&names, &types);
        quote! {
            impl #bounded #name #plain {
                #call

                /// The reduced loss.
                ///
                /// # Errors
                /// Where a parameter, shape or label breaks its rule, where the divisor is 0, and where the reduction is `none`.
                pub fn forward #method(&'c self, #(#names: impl Into<#types>),*) -> Result<T::Compute, Error> {
                    let call = self.call(#(#names.into()),*);
                    call.run(&Definition, Request::value(self.reduction)).and_then(Outcome::reduced)
                }

                /// Every element's loss, unreduced whatever the reduction is, into `elements`.
                ///
                /// # Errors
                /// Where a parameter, shape or label breaks its rule; nothing is written then.
                pub fn forward_into #method(&'c self, #(#names: impl Into<#types>,)* elements: &mut [T]) -> Result<(), Error> {
                    let call = self.call(#(#names.into()),*);
                    call.run(&Definition, Request::elements(elements)).map(drop)
                }

                /// The sum and the divisor of the reduction: what adds up over micro-batches and machines.
                ///
                /// # Errors
                /// Where a parameter, shape or label breaks its rule. A divisor of 0 is none.
                pub fn partial #method(&'c self, #(#names: impl Into<#types>),*) -> Result<Partial, Error> {
                    let call = self.call(#(#names.into()),*);
                    call.run(&Definition, Request::partial(self.reduction)).map(|outcome| outcome.partial)
                }

                #backward
            }
        }
    }

    fn backward(&self, names: &[Ident], types: &[TokenStream]) -> TokenStream {
        if self.differentiable.is_empty() && self.learned.is_empty() {
            return TokenStream::new();
        }
        let gradients_name = &self.gradients_name;
        let lifetimes = if self.optional.is_empty() { quote!(<'c, 'g, T: Stored + 'g>) } else { quote!(<'c, 'g>) };
        let bound = if self.optional.is_empty() { quote!() } else { quote!(where T: 'g) };
        let slots: Vec<TokenStream> = self
            .differentiable
            .iter()
            .map(|(place, input)| {
                let (place, field) = (Literal::usize_unsuffixed(*place), ident(&input.name));
                quote!(request.gradients[#place] = gradients.#field;)
            })
            .chain(self.learned.iter().map(|(place, param)| {
                let (place, field) = (Literal::usize_unsuffixed(*place), ident(&param.name));
                quote!(request.params[#place] = gradients.#field;)
            }))
            .collect();
        quote! {
            /// The gradients, given that of the reduced loss (or, if the reduction is `none`, of every element).
            ///
            /// # Errors
            /// Where a parameter, shape, label or buffer breaks its rule, and where the divisor is 0; nothing is written then.
            pub fn backward #lifetimes(
                &'c self,
                #(#names: impl Into<#types>,)*
                upstream: impl Into<Upstream<'g, T, T::Compute>>,
                gradients: impl Into<#gradients_name<'g, T>>,
            ) -> Result<(), Error> #bound {
                let call = self.call(#(#names.into()),*);
                let gradients = gradients.into();
                let mut request = Request::backward(self.reduction, upstream.into());
                #(#slots)*
                call.run(&Definition, request).map(drop)
            }

            /// The reduced loss and its gradients, in one reading of the inputs.
            ///
            /// # Errors
            /// As [`Self::forward`] and [`Self::backward`]; nothing is written then.
            pub fn forward_backward #lifetimes(
                &'c self,
                #(#names: impl Into<#types>,)*
                gradients: impl Into<#gradients_name<'g, T>>,
            ) -> Result<T::Compute, Error> #bound {
                if self.reduction.is_none() {
                    return Err(Error::NotReduced);
                }
                let call = self.call(#(#names.into()),*);
                let gradients = gradients.into();
                let mut request = Request::value(self.reduction);
                #(#slots)*
                call.run(&Definition, request).and_then(Outcome::reduced)
            }

            /// Every element's loss into `elements`, unreduced whatever the reduction is, and its gradients, in one reading of the inputs.
            ///
            /// # Errors
            /// As [`Self::forward_into`] and [`Self::backward`].
            pub fn forward_backward_into #lifetimes(
                &'c self,
                #(#names: impl Into<#types>,)*
                upstream: impl Into<Upstream<'g, T, T::Compute>>,
                elements: &'g mut [T],
                gradients: impl Into<#gradients_name<'g, T>>,
            ) -> Result<(), Error> #bound {
                let call = self.call(#(#names.into()),*);
                let gradients = gradients.into();
                let mut request = Request::elements(elements);
                request.upstream = upstream.into();
                #(#slots)*
                call.run(&Definition, request).map(drop)
            }
        }
    }
}
