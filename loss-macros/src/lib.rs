//! The procedural macro that turns loss specs into Rust. It decodes its arguments, reads the files that they name, calls the compiler and
//! hands back tokens; everything else is in `loss-codegen`.

#![cfg_attr(feature = "nightly", feature(proc_macro_diagnostic, proc_macro_expand, proc_macro_span))]

mod arguments;
#[cfg(feature = "nightly")]
mod carets;

use loss_codegen::compile::{Compiled, Failure, compile, compile_beside, emit_all, library};
use loss_codegen::measured::Measured;
use loss_codegen::page::{Gates, Surroundings, table};
use loss_codegen::source::SourceFile;
use proc_macro::TokenStream;
use proc_macro2::{Span, TokenStream as Tokens};
use quote::{quote, quote_spanned};
use syn::parse_macro_input;

use arguments::{Arguments, SpecOnDisk};

/// Makes losses of specs: a module for each, its types at the top, `LOSSES`, the list of them all, and `SPECS`, their files.
///
/// ```ignore
/// loss_runtime::losses! { dir = "specs" }                       // every YAML file of a folder
/// loss_runtime::losses! { files = ["specs/ours.yaml"] }         // these files
/// ```
///
/// Paths begin at the folder of the crate's `Cargo.toml`. Formulas may call the losses of `loss-runtime` as well as each other; a spec of the same name takes the place of one there. The crate is compiled anew when one of the files changes;
/// for a file that is new in the folder, a build script that prints `cargo::rerun-if-changed=specs` sees to it.
///
/// An error in a spec is shown with its line and a caret; with the feature `nightly`, and such a compiler, by the compiler itself.
///
/// Each loss has a page in the crate's documentation; [`losses_table!`] makes a table of them for the crate's own page. The examples of the specs run as tests of the documentation, so the module that the
/// losses are made in is a public one.
///
/// Without arguments it makes the losses of `loss-runtime` itself.
#[proc_macro]
pub fn losses(input: TokenStream) -> TokenStream {
    match parse_macro_input!(input as Arguments).files() {
        Ok(None) => own().into(),
        Ok(Some(files)) => of_files(&files).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

/// The table of losses by task as a text, for a crate's own page: `#![doc = loss_runtime::losses_table!()]`. It takes what [`losses!`] takes.
#[proc_macro]
pub fn losses_table(input: TokenStream) -> TokenStream {
    let files = match parse_macro_input!(input as Arguments).files() {
        Ok(files) => files,
        Err(error) => return error.into_compile_error().into(),
    };
    let sources = files.map_or_else(library_sources, |files| files.into_iter().map(|file| file.source).collect());
    // What is wrong with a spec is for `losses!` to say.
    let specs = library(&sources).specs;
    let table = table(specs.values(), "crate::");
    quote!(#table).into()
}

/// The losses of the library.
fn own() -> Tokens {
    let tokens = tokens(
        compile(&library_sources()),
        Surroundings { library: None, measured: &measured(), gates: Gates::Task, root: Some("loss_runtime") },
        |_| None,
    );
    quote!(#tokens pub use ::loss_specs::SPECS;)
}

/// The losses of another crate's files.
fn of_files(files: &[SpecOnDisk]) -> Tokens {
    let sources: Vec<SourceFile> = files.iter().map(|file| file.source.clone()).collect();
    let library = library(&library_sources());
    let surroundings = Surroundings { library: Some(&library), measured: &[], gates: Gates::Open, root: None };
    let on_disk = |source: &SourceFile| files.iter().find(|file| file.source.path == source.path);
    let tokens = tokens(compile_beside(&sources, library.clone()), surroundings, on_disk);
    let specs = files.iter().map(|file| {
        let (name, path, absolute) = (&file.name, &file.source.path, &file.absolute);
        quote!(::loss_runtime::SpecFile { name: #name, path: #path, text: ::core::include_str!(#absolute) })
    });
    // Reading them as text also tells the compiler that the crate depends on them.
    quote! {
        #tokens
        /// The specs of this crate's losses, by name.
        pub const SPECS: &[::loss_runtime::SpecFile] = &[#(#specs),*];
    }
}

/// The losses' code, or what is wrong with their specs.
fn tokens<'f>(
    compiled: Result<Vec<Compiled>, Vec<Failure>>,
    surroundings: Surroundings<'_>,
    on_disk: impl Fn(&SourceFile) -> Option<&'f SpecOnDisk>,
) -> Tokens {
    match compiled {
        Ok(compiled) => emit_all(&compiled, surroundings),
        Err(failures) => failures.iter().map(|failure| errors(failure, on_disk(&failure.source))).collect(),
    }
}

/// What is wrong with a spec: each error shows the place in its file, and the compiler underlines where the macro's arguments name that. Only a
/// nightly compiler can underline what is in a file that is not Rust.
fn errors(failure: &Failure, file: Option<&SpecOnDisk>) -> Tokens {
    #[cfg(feature = "nightly")]
    if file.is_some_and(|file| carets::report(failure, &file.absolute)) {
        return Tokens::new();
    }
    let named_at = file.map_or_else(Span::call_site, |file| file.named_at);
    let messages = failure.rendered().into_iter();
    messages.map(|message| quote_spanned!(named_at=> ::core::compile_error!(#message);)).collect()
}

/// What the audit measured of the library's losses: their documentation quotes it.
fn measured() -> Vec<Measured> {
    let lines = loss_specs::accuracy::ACCURACY.iter().map(|line| Measured {
        loss: line.loss.to_owned(),
        dtype: line.dtype.to_owned(),
        quantity: line.quantity.to_owned(),
        ulp: line.bound(),
        raw_ulp: line.raw_max_ulp,
    });
    lines.collect()
}

fn library_sources() -> Vec<SourceFile> {
    let specs = loss_specs::SPECS.iter();
    specs.map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() }).collect()
}
