//! The whole pipeline, from files to plans, and from plans to Rust.

use proc_macro2::{Ident, Span as Span2, TokenStream};
use quote::quote;

use crate::check::check;
use crate::check::support::unsupported;
use crate::codes::Code;
use crate::diagnostic::{Diagnostics, render_one};
use crate::document::Document;
use crate::elaborate::{Library, elaborate, spec_variants};
use crate::emit::{emit, exports};
use crate::model::{Spec, Variant};
use crate::plan::{NotPlanned, Plan, plan, switching_params};
use crate::resolve::resolve;
use crate::schedule::NotSchedulable;
use crate::source::{SourceFile, Span};
use crate::yaml::parse_document;

/// A spec with its kernels.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The file.
    pub source: SourceFile,
    /// The resolved spec.
    pub spec: Spec,
    /// Every variant, as written.
    pub variants: Vec<Variant>,
    /// The kernels of every variant. Where a weight may be switched off, the plan without it comes first.
    pub plans: Vec<Plan>,
    /// What looks wrong but compiles.
    pub warnings: Diagnostics,
}

/// A file that does not compile, and why.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The file.
    pub source: SourceFile,
    /// Everything wrong with it.
    pub diagnostics: Diagnostics,
}

impl Failure {
    /// Every diagnostic as text, in the order of the file.
    pub fn rendered(&self) -> Vec<String> {
        let mut sorted = self.diagnostics.clone();
        sorted.sort();
        sorted.iter().map(|diagnostic| render_one(diagnostic, &self.source)).collect()
    }
}

/// Compiles specs that may call each other.
///
/// # Errors
/// All that is wrong with any of them.
pub fn compile(sources: &[SourceFile]) -> Result<Vec<Compiled>, Vec<Failure>> {
    let mut failures = Vec::new();
    let mut resolved: Vec<(&SourceFile, Document, Spec)> = Vec::new();
    let mut library = Library::default();
    for source in sources {
        match parse_document(source).and_then(|document| Ok((resolve(&document, source)?, document))) {
            Ok((spec, document)) => {
                library.specs.insert(spec.name.clone(), spec.clone());
                resolved.push((source, document, spec));
            }
            Err(diagnostics) => failures.push(Failure { source: source.clone(), diagnostics }),
        }
    }
    let mut compiled = Vec::new();
    for (source, document, spec) in resolved {
        match compile_spec(source, &document, spec, &library) {
            Ok(done) => compiled.push(done),
            Err(diagnostics) => failures.push(Failure { source: source.clone(), diagnostics }),
        }
    }
    if failures.is_empty() { Ok(compiled) } else { Err(failures) }
}

fn compile_spec(
    source: &SourceFile,
    document: &Document,
    spec: Spec,
    library: &Library,
) -> Result<Compiled, Diagnostics> {
    let mut warnings = check(document, &spec, library);
    warnings.extend(unsupported(document, &spec, library));
    if warnings.has_errors() {
        return Err(warnings);
    }
    let mut variants = Vec::new();
    let mut plans = Vec::new();
    for key in spec_variants(&spec)? {
        let variant = elaborate(&spec, &key, library)?;
        let switching = switching_params(&variant);
        for chosen in (0..1u32 << switching.len()).rev() {
            let zero: Vec<_> =
                (0..switching.len()).filter(|bit| chosen & (1 << bit) != 0).map(|bit| switching[bit]).collect();
            plans.push(plan(&spec, &variant, &zero).map_err(|reason| not_planned(reason, loss_place(document)))?);
        }
        variants.push(variant);
    }
    Ok(Compiled { source: source.clone(), spec, variants, plans, warnings })
}

fn loss_place(document: &Document) -> Span {
    match &document.loss {
        crate::document::Formula::Scalar(ast) => ast.span,
        crate::document::Formula::Cases(cases) => cases.first().map_or(document.name.span, |case| case.span),
    }
}

fn not_planned(reason: NotPlanned, place: Span) -> Diagnostics {
    let (message, help) = match reason {
        NotPlanned::Derivative(_) => (
            "the gradient of a value that all rows share is not supported yet",
            "leave `gradient` away from inputs without `N`, and from what they alone lead to",
        ),
        NotPlanned::Schedule(NotSchedulable::TwoAxes) => (
            "more than one axis beside `N` is not supported yet",
            "fold two axes into one in the caller's array, if the formula treats them alike",
        ),
        NotPlanned::Schedule(NotSchedulable::ReducesRows) => (
            "a formula that reads other rows is not supported yet",
            "reduce over a row's own axis, or let the `reduction` sum over rows",
        ),
        NotPlanned::Schedule(NotSchedulable::Pick) => (
            "picking by anything but a class label is not supported yet",
            "pick with an input whose label is `class_index`",
        ),
        NotPlanned::Schedule(NotSchedulable::Reduction) => {
            ("this reduction has no kernel yet", "use sum, mean, max, min, logsumexp, norm, any or all")
        }
    };
    let mut diagnostics = Diagnostics::new();
    diagnostics.error(Code::Unsupported, place, message).help(help);
    diagnostics
}

/// All losses as Rust: a module each, the types at the top, and the list of them.
pub fn emit_all(compiled: &[Compiled]) -> TokenStream {
    let modules = compiled.iter().map(|loss| emit(&loss.spec, &loss.variants, &loss.plans));
    let names: Vec<Ident> = compiled.iter().map(|loss| Ident::new(&loss.spec.name, Span2::call_site())).collect();
    let exports = compiled.iter().map(|loss| exports(&loss.spec));
    quote! {
        #(#modules)*
        #(#exports)*

        /// Every loss, by the order of their names.
        pub static LOSSES: &[&dyn ::loss_runtime::registry::Loss] = &[#(&#names::Definition),*];
    }
}
