//! The whole pipeline, from files to plans, and from plans to Rust.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span as Span2, TokenStream};
use quote::quote;

use crate::check;
use crate::check::support::unsupported;
use crate::codes::Code;
use crate::compose::{Resolved, resolve_all};
use crate::diagnostic::{Diagnostics, render_one};
use crate::document::Document;
use crate::elaborate::{Library, curvature, elaborate, spec_variants};
use crate::emit::{emit, exports, type_name};
use crate::model::{Spec, Variant};
use crate::page::{Gates, Surroundings, page, table};
use crate::plan::{NotPlanned, Plan, plan, switching_params};
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
    compile_beside(sources, Library::default())
}

/// The specs of some files, to be called by others. A file that has none is left out: what is wrong with it is for [`compile`] to say.
#[must_use]
pub fn library(sources: &[SourceFile]) -> Library {
    let mut library = Library::default();
    let read = sources.iter().filter_map(|source| Some((source, parse_document(source).ok()?)));
    resolve_all(read.collect(), &mut library);
    library
}

/// Compiles specs that may call each other and those of a library; one of a name that is in both takes the other's place.
///
/// # Errors
/// All that is wrong with any of them.
pub fn compile_beside(sources: &[SourceFile], mut library: Library) -> Result<Vec<Compiled>, Vec<Failure>> {
    let mut failures = Vec::new();
    let mut read = Vec::new();
    let mut types = BTreeMap::new();
    for source in sources {
        match parse_document(source) {
            Ok(document) => read.push((source, document)),
            Err(diagnostics) => failures.push(Failure { source: source.clone(), diagnostics }),
        }
    }
    let mut compiled = Vec::new();
    let mut files = resolve_all(read, &mut library);
    for Resolved { document, diagnostics, .. } in &mut files {
        one_type(document, &mut types, diagnostics);
    }
    for Resolved { source, document, spec, diagnostics } in files {
        match compile_spec(source, &document, spec, diagnostics, &library) {
            Ok(done) => compiled.push(done),
            Err(diagnostics) => failures.push(Failure { source: source.clone(), diagnostics }),
        }
    }
    blame_once(&mut failures, &library);
    if failures.is_empty() { Ok(compiled) } else { Err(failures) }
}

/// Two losses must not become one type.
fn one_type(document: &Document, types: &mut BTreeMap<String, String>, diagnostics: &mut Diagnostics) {
    let name = &document.name;
    if let Some(other) = types.insert(type_name(&name.value), name.value.clone())
        && other != name.value
    {
        let message = format!("`{}` and `{other}` are one name in Rust", name.value);
        let help = format!("both would be the type `{}`; choose another name", type_name(&name.value));
        diagnostics.error(Code::ReservedName, name.span, message).help(help);
    }
}

/// That a loss is unknown whose own file is broken has been said there.
fn blame_once(failures: &mut Vec<Failure>, library: &Library) {
    let stems = failures.iter().filter_map(|failure| failure.source.path.rsplit(['/', '\\']).next()?.split('.').next());
    let broken: BTreeSet<String> = stems.filter(|stem| !library.specs.contains_key(*stem)).map(str::to_owned).collect();
    for Failure { source, diagnostics } in failures.iter_mut() {
        diagnostics.retain(|diagnostic| {
            let word = source.text.get(diagnostic.span.start..diagnostic.span.end).unwrap_or_default();
            let names_a_loss = [Code::UnknownFunction, Code::BadOrigin].contains(&diagnostic.code);
            !names_a_loss || !broken.contains(word.split('.').next().unwrap_or_default())
        });
    }
    failures.retain(|failure| !failure.diagnostics.is_empty());
}

fn compile_spec(
    source: &SourceFile,
    document: &Document,
    spec: Option<Spec>,
    found: Diagnostics,
    library: &Library,
) -> Result<Compiled, Diagnostics> {
    let mut warnings = check::all(document, spec.as_ref(), found, library);
    let Some(spec) = spec.filter(|_| !warnings.has_errors()) else { return Err(warnings) };
    warnings.extend(unsupported(document, &spec, library));
    if warnings.has_errors() {
        return Err(warnings);
    }
    let mut variants = Vec::new();
    let mut plans = Vec::new();
    for key in spec_variants(&spec)? {
        let mut variant = elaborate(&spec, &key, library)?;
        curvature::declare(&spec, &mut variant, library)?;
        let switching = switching_params(&spec, &variant);
        for chosen in (0..1u32 << switching.len()).rev() {
            let zero: Vec<_> =
                (0..switching.len()).filter(|bit| chosen & (1 << bit) != 0).map(|bit| switching[bit]).collect();
            plans.push(plan(&spec, &variant, &zero).map_err(|reason| not_planned(reason, document, &spec))?);
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

fn not_planned(reason: NotPlanned, document: &Document, spec: &Spec) -> Diagnostics {
    let mut place = loss_place(document);
    let (message, help) = match reason {
        NotPlanned::RowDomain(input) => {
            place = spec.inputs[usize::from(input.0)].domain.as_ref().map_or(place, |domain| domain.span);
            ("a condition on a whole row is not supported yet", "write a condition on each value by itself")
        }
        NotPlanned::HessianProduct(input) => {
            let name = &spec.inputs[usize::from(input.0)].name;
            let wanted = document.hessian_products.iter().find(|wanted| wanted.value == *name);
            place = wanted.map_or(place, |wanted| wanted.span);
            ("`lgamma` has no second derivative yet", "leave this input out")
        }
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

/// One loss as Rust: a module. The library holds what its knots call.
pub fn emit_one(compiled: &Compiled, library: &Library, surroundings: Surroundings<'_>) -> TokenStream {
    let page = page(compiled, library, surroundings);
    emit(&compiled.spec, &compiled.variants, &compiled.plans, &page)
}

/// All losses as Rust: a module each, the types at the top, and the list of them.
pub fn emit_all(compiled: &[Compiled], surroundings: Surroundings<'_>) -> TokenStream {
    let library = Library { specs: compiled.iter().map(|loss| (loss.spec.name.clone(), loss.spec.clone())).collect() };
    let gates: Vec<TokenStream> = compiled.iter().map(|loss| gate(&loss.spec, surroundings.gates)).collect();
    let modules = compiled.iter().map(|loss| emit_one(loss, &library, surroundings));
    let names: Vec<Ident> = compiled.iter().map(|loss| Ident::new(&loss.spec.name, Span2::call_site())).collect();
    let exports = compiled.iter().map(|loss| exports(&loss.spec));
    let table = table(compiled.iter().map(|loss| &loss.spec), "");
    quote! {
        #(#gates #modules)*
        #(#gates #exports)*

        /// Every loss that was compiled in, by the order of their names.
        #[doc = #table]
        pub static LOSSES: &[&dyn ::loss_runtime::registry::Loss] = &[#(#gates &#names::Definition),*];
    }
}

/// The condition on which a loss is there.
fn gate(spec: &Spec, gates: Gates) -> TokenStream {
    match (gates, spec.guide.task) {
        (Gates::Task, Some(task)) => {
            let feature = task.word();
            quote!(#[cfg(feature = #feature)])
        }
        (Gates::Open, _) | (Gates::Task, None) => TokenStream::new(),
    }
}
