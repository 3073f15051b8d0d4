//! The procedural macro that turns loss specs into Rust. It decodes its arguments, calls the compiler and hands back tokens; everything
//! else is in `loss-codegen`.

use loss_codegen::measured::Measured;
use loss_codegen::source::SourceFile;
use proc_macro::TokenStream;
use proc_macro2::Span;
use quote::{quote, quote_spanned};

/// Expands to one module for each of the specs in `loss-specs`, and `LOSSES`, the list of them all.
#[proc_macro]
pub fn losses(_arguments: TokenStream) -> TokenStream {
    let sources: Vec<SourceFile> = loss_specs::SPECS
        .iter()
        .map(|spec| SourceFile { path: spec.path.to_owned(), text: spec.text.to_owned() })
        .collect();
    let measured = loss_specs::accuracy::ACCURACY.iter().map(|line| Measured {
        loss: line.loss.to_owned(),
        dtype: line.dtype.to_owned(),
        quantity: line.quantity.to_owned(),
        ulp: line.budget,
        raw_ulp: line.raw_max_ulp,
    });
    match loss_codegen::compile::compile(&sources) {
        Ok(compiled) => loss_codegen::compile::emit_all(&compiled, &measured.collect::<Vec<_>>()).into(),
        Err(failures) => {
            let errors = failures
                .iter()
                .flat_map(|failure| failure.rendered())
                .map(|message| quote_spanned!(Span::call_site()=> ::core::compile_error!(#message);));
            quote!(#(#errors)*).into()
        }
    }
}
