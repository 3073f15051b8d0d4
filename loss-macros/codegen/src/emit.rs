//! From plans to Rust: one module a loss, with its kernels, its description and its face.

pub(crate) mod api;
mod body;
mod info;
mod kernel;
mod uniform;

use std::collections::{BTreeSet, HashMap};

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use crate::describe::describe;
use crate::expr::{AxisSet, Graph, InputId};
use crate::lower::lower;
use crate::model::{ParamKind, Spec, Variant, VariantKey};
use crate::plan::curvature::Bend;
use crate::plan::shared::{self, Shared};
use crate::plan::{Plan, Program};
use crate::schedule::Schedule;
pub(crate) use api::{hessian_vector_method, type_name};
pub use info::formula_text;
pub(crate) use info::step_text;
use kernel::{Context, Emitted, elementwise, row_wise};

/// The input that curvatures are of: there are some only if every call can be answered.
pub(crate) fn curved(spec: &Spec, plans: &[Plan]) -> Option<InputId> {
    let all = plans.iter().all(|plan| plan.loss.curvature.is_some());
    spec.prediction().filter(|_| all)
}

/// The module of one loss: `plans` in the order in which the runtime looks for the one that fits a call, `page` the attributes that document it.
pub(crate) fn emit(spec: &Spec, variants: &[Variant], plans: &[Plan], page: &TokenStream) -> TokenStream {
    let module = Ident::new(&spec.name, Span::call_site());
    let doc = format!("`{}`: {}", spec.name, spec.summary);
    let mut items = Vec::new();
    let mut arms = Vec::new();
    for (number, plan) in plans.iter().enumerate() {
        items.push(variant(number, spec, plan));
        let name = format_ident!("Variant{number}");
        let fits = fits(spec, plan);
        // The last one takes what is left: a call's key is one of the plans' by construction.
        arms.push(if number + 1 == plans.len() {
            quote!(&#name::<T>::VARIANT)
        } else {
            quote!(if #fits { return &#name::<T>::VARIANT; })
        });
    }
    let curvature = curved(spec, plans);
    let info = info::info(spec, curvature);
    let param_domains = param_domains(spec, variants);
    let face = api::face(spec, curvature, page);
    quote! {
        #[doc = #doc]
        pub mod #module {
            #![allow(
                unused_variables,
                unused_imports,
                clippy::all,
                reason = "one shape of code for every loss: a kernel need not use all that it is given"
            )]
            use ::loss_runtime::call::{
                OwnCall, Curvature, Execution, HessianProduct, Outcome, Partial, Reduction, Request, Upstream,
            };
            use ::loss_runtime::drive;
            use ::loss_runtime::error::Error;
            use ::loss_runtime::info::*;
            use ::loss_runtime::kernel::*;
            use ::loss_runtime::lane::Lane;
            use ::loss_runtime::registry::{
                Contributions, Curvatures, Element, Kernel, LineRuns, Loss, Over, Product, Shared, SharedGradient, Variant, VariantKey,
                VariantReduction,
            };
            use ::loss_runtime::tensor::{Labels, Tensor, TensorMut};
            use ::loss_runtime::Stored;

            /// What the loss is.
            pub static INFO: LossInfo = #info;

            /// The loss as the registry holds it.
            #[derive(Clone, Copy, Debug)]
            pub struct Definition;

            impl Loss for Definition {
                fn info(&self) -> &'static LossInfo {
                    &INFO
                }
                fn param_in_domain(&self, index: usize, params: &[f64]) -> bool {
                    let call = CallConstants { params, extent: f64::NAN, reciprocal: ::loss_runtime::uniform::reciprocal::<f64> };
                    match index { #param_domains _ => true }
                }
                fn variant_f32(&self, key: &VariantKey<'_>) -> &'static Variant<f32> {
                    select(key)
                }
                fn variant_f64(&self, key: &VariantKey<'_>) -> &'static Variant<f64> {
                    select(key)
                }
            }

            fn select<T: Element>(key: &VariantKey<'_>) -> &'static Variant<T> {
                #(#arms)*
            }

            #(#items)*
            #face
        }
    }
}

/// The types of a loss, at the top of the crate.
pub(crate) fn exports(spec: &Spec) -> TokenStream {
    let module = Ident::new(&spec.name, Span::call_site());
    let name = format_ident!("{}", api::type_name(&spec.name));
    let learns = spec.inputs.iter().any(|input| input.gradient) || spec.params.iter().any(|param| param.gradient);
    let gradients = learns.then(|| format_ident!("{name}Gradients"));
    let choices = spec
        .params
        .iter()
        .filter(|param| matches!(param.kind, ParamKind::Choice(_)))
        .map(|param| format_ident!("{name}{}", api::type_name(&param.name)));
    let all = std::iter::once(name.clone()).chain(gradients).chain(choices);
    quote!(#[doc(inline)] pub use #module::{#(#all),*};)
}

/// The test whether a call's key is this plan's.
fn fits(spec: &Spec, plan: &Plan) -> TokenStream {
    let mut tests = Vec::new();
    for (place, input) in spec.inputs.iter().enumerate() {
        if input.may_be_absent() {
            let bit = Literal::u32_unsuffixed(1 << place);
            tests.push(if plan.key.inputs_present[place] {
                quote!(key.present & #bit != 0)
            } else {
                quote!(key.present & #bit == 0)
            });
        }
    }
    tests.extend(params_fit(spec, &plan.key, &quote!(key.params)));
    for param in &plan.zero {
        let index = Literal::usize_unsuffixed(usize::from(param.0));
        tests.push(quote!(key.params[#index] == 0.0));
    }
    all_of(&tests)
}

/// The tests whether parameters are those of a variant.
fn params_fit(spec: &Spec, key: &VariantKey, params: &TokenStream) -> Vec<TokenStream> {
    let mut tests = Vec::new();
    for (place, param) in spec.params.iter().enumerate() {
        let index = Literal::usize_unsuffixed(place);
        if param.optional {
            tests.push(if key.params_present[place] {
                quote!(!#params[#index].is_nan())
            } else {
                quote!(#params[#index].is_nan())
            });
        }
        if let Some(value) = &key.statics[place] {
            let code = Literal::f64_unsuffixed(param.encode(value));
            tests.push(quote!(#params[#index] == #code));
        }
    }
    tests
}

fn all_of(tests: &[TokenStream]) -> TokenStream {
    if tests.is_empty() { quote!(true) } else { quote!(#(#tests)&&*) }
}

/// Match arms: does a parameter's value meet its domain? One arm, or one for each variant if not all have the same.
fn param_domains(spec: &Spec, variants: &[Variant]) -> TokenStream {
    let mut arms = Vec::new();
    for place in 0..spec.params.len() {
        let index = Literal::usize_unsuffixed(place);
        let with_param: Vec<&Variant> = variants.iter().filter(|variant| variant.key.params_present[place]).collect();
        let holds = |variant: &Variant| {
            variant.param_domains[place].map_or(quote!(true), |domain| {
                let mut graph = variant.graph.clone();
                let condition = lower(&mut graph, &[domain])[0];
                uniform::holds(&graph, condition)
            })
        };
        let texts: BTreeSet<Option<String>> = with_param
            .iter()
            .map(|variant| Some(describe(spec, &variant.graph, &HashMap::new(), variant.param_domains[place]?)))
            .collect();
        if texts.len() > 1 {
            arms.extend(with_param.iter().map(|variant| {
                let (fits, holds) = (all_of(&params_fit(spec, &variant.key, &quote!(params))), holds(variant));
                quote!(#index if #fits => #holds)
            }));
        } else if let Some(variant) = with_param.first().filter(|variant| variant.param_domains[place].is_some()) {
            let holds = holds(variant);
            arms.push(quote!(#index => #holds));
        }
    }
    quote!(#(#arms)*)
}

fn variant(number: usize, spec: &Spec, plan: &Plan) -> TokenStream {
    let accumulate_f64 = spec.accumulate_f64;
    let context = Context { graph: &plan.graph, names: &plan.names };
    let prefix = format!("Kernel{number}");
    let mut kernels = Kernels { context, prefix, made: 0, items: Vec::new(), are_alike: are_alike(spec, plan) };
    let loss = kernels.program(&plan.loss, "the loss");
    let reductions: Vec<TokenStream> = plan
        .reductions
        .iter()
        .map(|reduction| {
            let of = option(reduction.of.as_ref().map(|program| kernels.program(program, "a summand")));
            let over = option(reduction.over.as_ref().map(|schedule| {
                if is_one(&plan.graph, schedule) {
                    return quote!(Over::Places);
                }
                let run = kernels.forward(schedule, "a divisor").run;
                quote!(Over::Sum(#run))
            }));
            quote!(VariantReduction { of: #of, over: #over })
        })
        .collect();
    let domains: Vec<TokenStream> = plan
        .input_domains
        .iter()
        .map(|domain| option(domain.as_ref().and_then(|schedule| kernels.violation(schedule))))
        .collect();
    let axes = Literal::u8_unsuffixed(plan.axes.0);
    let items = kernels.items;
    let name = format_ident!("Variant{number}");
    quote! {
        #(#items)*
        struct #name<T>(::core::marker::PhantomData<T>);
        impl<T: Element> #name<T> {
            const VARIANT: Variant<T> = Variant {
                axes: #axes,
                loss: #loss,
                reductions: &[#(#reductions),*],
                input_domains: &[#(#domains),*],
                accumulate_f64: #accumulate_f64,
            };
        }
    }
}

/// Whether every input that a call gives has a number of its own for every place of the loss, and only its label to be checked, one number
/// at a time.
fn are_alike(spec: &Spec, plan: &Plan) -> bool {
    let given = spec.inputs.iter().zip(&plan.key.inputs_present).filter(|(_, present)| **present);
    let mut alike = given.map(|(input, _)| {
        let axes: AxisSet = input.axes.iter().copied().collect();
        axes == plan.axes && input.label.is_of_each_number()
    });
    plan.axes.iter().count() == spec.axes.len()
        && alike.all(|alike| alike)
        && plan.input_domains.iter().all(Option::is_none)
}

/// Whether a schedule gives 1 at every place, as the divisor does of a weighted mean without weights.
fn is_one(graph: &Graph, schedule: &Schedule) -> bool {
    match schedule {
        Schedule::Elementwise(kernel) => graph.is_integer(kernel.value, 1),
        // It would have nothing to reduce.
        Schedule::RowWise(_) => false,
    }
}

fn option(tokens: Option<TokenStream>) -> TokenStream {
    match tokens {
        Some(tokens) => quote!(Some(#tokens)),
        None => quote!(None),
    }
}

struct Kernels<'g> {
    context: Context<'g>,
    prefix: String,
    made: usize,
    items: Vec<TokenStream>,
    /// See [`are_alike`].
    are_alike: bool,
}

/// A kernel's code.
struct Made {
    /// Its driver.
    run: TokenStream,
    /// The kernel and the const arguments of its trait, if it is one of single places.
    of_places: Option<TokenStream>,
}

impl Kernels<'_> {
    /// Emits a kernel and names its type with the const arguments of its trait.
    fn kernel(&mut self, schedule: &Schedule, doc: &str) -> (Ident, TokenStream) {
        let name = format_ident!("{}{}", self.prefix, self.made);
        self.made += 1;
        let Emitted { item, arguments } = match schedule {
            Schedule::Elementwise(kernel) => elementwise(&self.context, &name, doc, kernel),
            Schedule::RowWise(kernel) => row_wise(&self.context, &name, doc, kernel),
        };
        self.items.push(item);
        (name, arguments)
    }

    fn program(&mut self, program: &Program, what: &str) -> TokenStream {
        let Made { run: forward, of_places: values } = self.forward(&program.forward, &format!("The value of {what}."));
        let Made { run: fused, of_places: gradients } =
            self.fused(&program.fused, &format!("The value of {what} and its gradients."));
        let of_places = values.is_some() && gradients.is_some();
        let lines = option(values.zip(gradients).filter(|_| self.are_alike).map(|(values, gradients)| {
            quote!(LineRuns { forward: drive::line_forward::<T, #values>, fused: drive::line_fused::<T, #gradients> })
        }));
        let curvatures = self.curvatures(program, what);
        let products = self.products(program, what);
        let shared = self.shared(program, what);
        quote!(Kernel {
            forward: #forward,
            fused: #fused,
            of_places: #of_places,
            lines: #lines,
            curvatures: #curvatures,
            products: #products,
            shared: #shared,
        })
    }

    /// The kernels of Hessian-vector products.
    fn products(&mut self, program: &Program, what: &str) -> TokenStream {
        let products = program.products.iter().map(|product| {
            let doc = format!("The Hessian of {what} in an input, times a direction.");
            let run = self.fused(&product.kernel, &doc).run;
            let of = Literal::usize_unsuffixed(product.of.0.into());
            quote!(Product { of: #of, run: #run })
        });
        let products: Vec<TokenStream> = products.collect();
        quote!(&[#(#products),*])
    }

    /// The kernels that sum the gradients of what all rows share.
    fn shared(&mut self, program: &Program, what: &str) -> TokenStream {
        let gradients = program.shared.iter().map(|gradient| {
            let doc = format!("What is added up to a gradient of {what} in what all rows share.");
            let run = self.fused(&gradient.kernel, &doc).run;
            let of = match gradient.of {
                Shared::Param(param) => {
                    let place = Literal::usize_unsuffixed(param.0.into());
                    quote!(Shared::Param(#place))
                }
                Shared::Input(input) => {
                    let place = Literal::usize_unsuffixed(input.0.into());
                    quote!(Shared::Input(#place))
                }
            };
            let contributions = match gradient.contributions {
                shared::Contributions::Summed => quote!(Contributions::Summed(#run)),
                shared::Contributions::PerRow => quote!(Contributions::PerRow(#run)),
                shared::Contributions::PerElement => quote!(Contributions::PerElement(#run)),
            };
            quote!(SharedGradient { of: #of, contributions: #contributions })
        });
        let gradients: Vec<TokenStream> = gradients.collect();
        quote!(&[#(#gradients),*])
    }

    fn curvatures(&mut self, program: &Program, what: &str) -> TokenStream {
        let Some(curvature) = &program.curvature else { return quote!(Curvatures::NONE) };
        let mut run = |bend: &Bend, doc: String| self.fused(&Schedule::Elementwise(bend.kernel.clone()), &doc).run;
        let exact =
            run(&curvature.exact, format!("The gradient and the second derivative of {what} in the prediction."));
        let step = match &curvature.step {
            Some(step) => run(step, format!("The gradient of {what} in the prediction, and its declared curvature.")),
            None => exact.clone(),
        };
        quote!(Curvatures { exact: Some(#exact), step: Some(#step) })
    }

    /// A kernel's values and gradients.
    fn fused(&mut self, schedule: &Schedule, doc: &str) -> Made {
        self.made(schedule, doc, &quote!(elementwise_fused))
    }

    /// A kernel's values alone.
    fn forward(&mut self, schedule: &Schedule, doc: &str) -> Made {
        self.made(schedule, doc, &quote!(elementwise_forward))
    }

    fn made(&mut self, schedule: &Schedule, doc: &str, of_places: &TokenStream) -> Made {
        let (name, arguments) = self.kernel(schedule, doc);
        match schedule {
            Schedule::Elementwise(_) => Made {
                run: quote!(drive::#of_places::<T, #name, #arguments>),
                of_places: Some(quote!(#name, #arguments)),
            },
            Schedule::RowWise(_) => Made { run: quote!(drive::row_wise::<T, #name, #arguments>), of_places: None },
        }
    }

    /// The search for a violation. No condition is on a whole row: planning refuses it.
    fn violation(&mut self, schedule: &Schedule) -> Option<TokenStream> {
        match schedule {
            Schedule::Elementwise(kernel) => {
                let (name, _) = self.kernel(schedule, "0 where an input leaves its domain.");
                let (inputs, uniforms) = (kernel.inputs.len(), kernel.uniforms.len());
                let (inputs, uniforms) = (Literal::usize_unsuffixed(inputs), Literal::usize_unsuffixed(uniforms));
                Some(quote!(drive::first_violation::<T, #name, #inputs, #uniforms>))
            }
            Schedule::RowWise(_) => None,
        }
    }
}
