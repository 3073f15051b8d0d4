//! From the file to the spec: which names, axes, labels, parameters and divisors there are. Formulas stay trees; what they mean
//! depends on the variant and is `elaborate`'s matter.

mod axes;
pub(crate) mod evaluate;
pub(crate) mod functions;
mod guide;
pub(crate) mod inputs;
pub(crate) mod label;
pub(crate) mod names;
pub(crate) mod params;
mod reductions;

use std::sync::Arc;

use crate::codes::Code;
use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::expr::InputId;
use crate::model::{Let, Spec};
use crate::source::{SourceFile, Spanned};

/// Resolves everything in a file that does not depend on a variant.
///
/// # Errors
/// All that is wrong with names, axes, labels, parameters, defaults and reductions.
pub fn resolve(document: &Document, source: &SourceFile) -> Result<Spec, Diagnostics> {
    let (spec, diagnostics) = attempt(document, source);
    spec.filter(|_| !diagnostics.has_errors()).ok_or(diagnostics)
}

/// The same, with the spec also where its mistakes leave its meaning clear, so that the checks can tell theirs as well.
pub(crate) fn attempt(document: &Document, source: &SourceFile) -> (Option<Spec>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    file_name(document, source, &mut diagnostics);
    names::check(document, &mut diagnostics);
    let axes = axes::resolve(document, &mut diagnostics);
    let params = params::resolve(document, source, &mut diagnostics);
    let inputs = inputs::resolve(document, &axes, &params, &mut diagnostics);
    let layout = inputs::layout(&inputs);
    let (reductions, default_reduction) = reductions::resolve(document, &mut diagnostics);
    let accumulate_f64 = accumulate(document, &mut diagnostics);
    few_enough(document, &mut diagnostics);
    let guide = guide::resolve(&document.guide, &mut diagnostics);
    if document.inputs.is_empty() {
        diagnostics
            .error(Code::MissingInputs, document.name.span, "a loss reads at least one input".to_owned())
            .help("list its inputs under `inputs:`".to_owned());
    }
    if !diagnostics.iter().all(|diagnostic| leaves_meaning(diagnostic.code)) {
        return (None, diagnostics);
    }
    let listed = |name: &str| inputs.iter().position(|input| input.name == name);
    let hessian_products: Vec<InputId> =
        document.hessian_products.iter().filter_map(|name| Some(InputId(listed(&name.value)? as u8))).collect();
    let spec = Spec {
        file: Arc::new(source.clone()),
        name: document.name.value.clone(),
        summary: document.summary.value.clone(),
        guide,
        reference: document.reference.iter().map(|text| text.value.clone()).collect(),
        pytorch: document.pytorch.as_ref().map(|pytorch| (pytorch.function.value.clone(), text(pytorch.when.as_ref()))),
        axes,
        inputs,
        params,
        lets: document
            .lets
            .iter()
            .map(|entry| Let {
                name: entry.name.clone(),
                arguments: entry
                    .arguments
                    .as_ref()
                    .map(|arguments| arguments.iter().map(|argument| argument.value.clone()).collect()),
                body: entry.body.clone(),
            })
            .collect(),
        loss: document.loss.clone(),
        reductions,
        default_reduction,
        layout,
        accumulate_f64,
        curvature: document.curvature.clone(),
        hessian_products,
        knots: document.knots.clone(),
        surrogates: document.surrogates.clone(),
        properties: document.properties.clone(),
        relations: document.relations.clone(),
        examples: document.examples.clone(),
        differences: document.differences.clone(),
    };
    (Some(spec), diagnostics)
}

/// Whether a mistake of this kind changes nothing in how the rest of the spec reads.
fn leaves_meaning(code: Code) -> bool {
    [
        Code::UnusedName,
        Code::NameDiffersFromFile,
        Code::DefaultOutsideDomain,
        Code::BadReduction,
        Code::BadAccumulate,
        Code::BadTask,
        Code::BadAlias,
        Code::BadIgnore,
    ]
    .contains(&code)
}

/// Inputs and parameters are numbered in a byte.
fn few_enough(document: &Document, diagnostics: &mut Diagnostics) {
    let inputs = document.inputs.iter().map(|(name, _)| name).nth(MOST_NAMES);
    let params = document.params.iter().map(|(name, _)| name).nth(MOST_NAMES);
    for name in inputs.into_iter().chain(params) {
        let message = format!("`{}` is one too many: there are at most {MOST_NAMES}", name.value);
        diagnostics.error(Code::Unsupported, name.span, message).help("split the loss in two specs");
    }
}

const MOST_NAMES: usize = 128;

fn text(scalar: Option<&Spanned<String>>) -> Option<String> {
    scalar.map(|scalar| scalar.value.clone())
}

fn file_name(document: &Document, source: &SourceFile, diagnostics: &mut Diagnostics) {
    let file = source.path.rsplit(['/', '\\']).next().unwrap_or(&source.path);
    let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(file);
    if stem != document.name.value {
        diagnostics
            .error(
                Code::NameDiffersFromFile,
                document.name.span,
                format!("the loss is named `{}`, but its file is `{file}`", document.name.value),
            )
            .help(format!("name it `{stem}`, or rename the file"));
    }
}

fn accumulate(document: &Document, diagnostics: &mut Diagnostics) -> bool {
    match &document.accumulate {
        None => false,
        Some(word) if word.value == "f64" => true,
        Some(word) => {
            diagnostics
                .error(Code::BadAccumulate, word.span, format!("cannot accumulate in `{}`", word.value))
                .help("the only choice is `f64`; leave the key out otherwise".to_owned());
            false
        }
    }
}
