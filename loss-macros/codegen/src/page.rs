//! The page of a loss: what `cargo doc` shows of it, from its spec alone.

mod alias;
mod catalogue;
mod composition;
mod conventions;
mod example;
mod formula;
mod plot;
mod prose;
mod relations;

use proc_macro2::TokenStream;
use quote::quote;

use crate::compile::Compiled;
use crate::curves::curves;
use crate::elaborate::Library;
use crate::emit::curved;
use crate::measured::{Measured, accuracy_section};
use crate::model::Spec;

pub use catalogue::table;
pub(crate) use conventions::convention;
use example::Example;
use prose::{Links, prose};

/// Which losses a user of the crate may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gates {
    /// None.
    Open,
    /// Those of a task by the cargo feature of its name.
    Task,
}

/// What the losses are made in, and what pages say beside what is in a spec.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The library's losses, where these are another crate's.
    pub library: Option<&'a Library>,
    /// What was measured of losses; of one that nothing was measured of, nothing is said.
    pub measured: &'a [Measured],
    /// Which losses a user may leave out.
    pub gates: Gates,
    /// The path at which users find the losses; without it, that of the module they are made in.
    pub root: Option<&'a str>,
}

/// The attributes of the struct that a caller uses: its documentation, and the names under which it is found.
pub(crate) fn page<'l>(compiled: &'l Compiled, own: &'l Library, surroundings: Surroundings<'l>) -> TokenStream {
    let spec = &compiled.spec;
    let others = |library: &'l Library| library.specs.keys().map(String::as_str).filter(|name| *name != spec.name);
    let mut links = Links::new(others(own), "super::");
    let mut callable = own.clone();
    if let Some(library) = surroundings.library {
        links = links.beside(others(library), "loss_runtime::");
        for (name, spec) in &library.specs {
            callable.specs.entry(name.clone()).or_insert_with(|| spec.clone());
        }
    }
    let mut before = head(spec, &links);
    before.push_str(&formula::section(compiled));
    if let Some(curves) = curves(compiled, &callable) {
        before.push_str(&plot::figure(&spec.name, &curves));
    }
    before.push_str(&conventions::shape(spec));
    before.push_str(&conventions::domain(spec));
    before.push_str(&conventions::reductions(compiled));
    before.push_str(&conventions::ties(compiled, &links));
    if let Some(prediction) = curved(spec, &compiled.plans) {
        before.push_str(&conventions::curvature(spec, prediction));
    }
    before.push_str(&conventions::hessian_products(spec));
    before.push_str(&composition::section(spec, &callable, &links));
    before.push_str(&relations::section(compiled, &links));
    before.push_str(&accuracy_section(&spec.name, surroundings.measured));
    let mut after = conventions::elsewhere(spec);
    after.push_str(&source(compiled));
    let example = Example::of(compiled).map(|example| attributes(&example, surroundings.root));
    let aliases = alias::aliases(spec);
    quote! {
        #[doc = #before]
        #example
        #[doc = #after]
        #(#[doc(alias = #aliases)])*
    }
}

/// What it is, what it means, and when to take it.
fn head(spec: &Spec, links: &Links<'_>) -> String {
    let mut text = format!("{}\n", prose(&spec.summary));
    if let Some(meaning) = &spec.guide.meaning {
        text.push_str(&format!("\n{}\n", links.prose(meaning)));
    }
    if let Some(use_when) = &spec.guide.use_when {
        text.push_str(&format!("\n**Use it when** {}.\n", links.prose(use_when.trim_end_matches('.'))));
    }
    text
}

/// The example as attributes: only the compiler knows the path of the module that it is in.
fn attributes(example: &Example, root: Option<&str>) -> TokenStream {
    let names = match example.names.as_slice() {
        [name] => name.clone(),
        names => format!("{{{}}}", names.join(", ")),
    };
    let before = "\n# Examples\n```";
    let after = format!("{}```\n\nThe numbers: {}.\n", example.code, prose(example.source.trim_end_matches('.')));
    match root {
        Some(root) => {
            let used = format!("use {root}::{names};");
            quote!(#[doc = #before] #[doc = #used] #[doc = #after])
        }
        None => {
            let rest = format!("::{names};");
            quote!(#[doc = #before] #[doc = ::core::concat!("use ", ::core::module_path!(), #rest)] #[doc = #after])
        }
    }
}

/// A text that begins with a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Where the loss is from, and its spec.
fn source(compiled: &Compiled) -> String {
    let spec = &compiled.spec;
    let mut text = "\n# Source\n".to_owned();
    spec.reference.iter().for_each(|reference| text.push_str(&format!("- {}\n", prose(reference))));
    let fence = prose::fence(&compiled.source.text);
    text.push_str(&format!(
        "\n<details><summary>The spec, <code>{}</code></summary>\n\n{fence}yaml\n{}\n{fence}\n\n</details>\n",
        crate::markup::Escaped(&compiled.source.path),
        compiled.source.text.trim_end()
    ));
    text
}

#[cfg(test)]
mod tests;
