//! Inputs and parameters that are declared as another loss declares them: `target: { from: cross_entropy }`.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::diagnostic::{Diagnostics, suggest};
use crate::document::{AxisEntry, Document, InputEntry, ParamEntry};
use crate::elaborate::Library;
use crate::formula::ast::{Ast, AstKind};
use crate::model::{Axis, Input, Label, Param, ParamKind, ParamValue, Position, Spec};
use crate::resolve::evaluate::named_constant;
use crate::resolve::label;
use crate::source::{Span, Spanned};

/// The losses that a document takes declarations over from, with the places that name them.
pub(super) fn origins(document: &Document) -> impl Iterator<Item = (&str, Span)> {
    let inputs = document.inputs.iter().filter_map(|(_, entry)| entry.from.as_ref());
    let params = document.params.iter().filter_map(|(_, entry)| entry.from.as_ref());
    inputs.chain(params).map(|from| (loss_of(&from.value), from.span))
}

/// The loss in `loss.name`.
pub(crate) fn loss_of(from: &str) -> &str {
    from.split_once('.').map_or(from, |(loss, _)| loss)
}

/// Fills each entry that has an origin with what it does not say itself.
pub(crate) fn take_over(document: &mut Document, library: &Library, diagnostics: &mut Diagnostics) {
    if origins(document).next().is_none() {
        return;
    }
    let own = document.name.value.clone();
    let mut known: BTreeSet<String> = document.params.iter().map(|(name, _)| name.value.clone()).collect();
    let ignores = known.clone();
    known.extend(document.inputs.iter().map(|(name, _)| name.value.clone()));
    known.extend(document.params.iter().flat_map(|(_, entry)| &entry.values).map(|word| word.value.clone()));
    let mut axes = Vec::new();
    for (name, entry) in &mut document.inputs {
        let Some(from) = entry.from.clone() else { continue };
        let Some((spec, wanted)) = spec_of(&own, &from, &name.value, library, diagnostics) else { continue };
        let all = spec.inputs.iter().map(|input| input.name.as_str());
        match spec.inputs.iter().find(|input| input.name == wanted) {
            Some(input) => {
                axes.extend(fill_input(entry, input, spec, from.span));
                let domain = entry.domain.as_mut().filter(|domain| domain.span == from.span);
                rename(domain, &input.name, &name.value);
                reads_what_is_there(entry.domain.as_ref(), &from, &input.name, &known, diagnostics);
                knows_what_is_ignored(entry.ignore.as_ref(), &from, &ignores, diagnostics);
            }
            None => unknown(&from, spec, "input", wanted, all, diagnostics),
        }
    }
    for (name, entry) in &mut document.params {
        let Some(from) = entry.from.clone() else { continue };
        let Some((spec, wanted)) = spec_of(&own, &from, &name.value, library, diagnostics) else { continue };
        let all = spec.params.iter().map(|param| param.name.as_str());
        match spec.params.iter().find(|param| param.name == wanted) {
            Some(param) => {
                fill_param(entry, param, from.span);
                let domain = entry.domain.as_mut().filter(|domain| domain.span == from.span);
                rename(domain, &param.name, &name.value);
                known.extend(entry.values.iter().map(|word| word.value.clone()));
                reads_what_is_there(entry.domain.as_ref(), &from, &param.name, &known, diagnostics);
            }
            None => unknown(&from, spec, "parameter", wanted, all, diagnostics),
        }
    }
    for (name, entry) in axes {
        if document.axes.iter().all(|(known, _)| known.value != name.value) {
            document.axes.push((name, entry));
        }
    }
}

/// The loss that an origin names, and the name of the thing there.
fn spec_of<'l, 'n>(
    own: &str,
    from: &'n Spanned<String>,
    name: &'n str,
    library: &'l Library,
    diagnostics: &mut Diagnostics,
) -> Option<(&'l Spec, &'n str)> {
    let loss = loss_of(&from.value);
    let wanted = from.value.split_once('.').map_or(name, |(_, thing)| thing);
    if loss == own {
        let message = format!("`{own}` takes nothing over from itself");
        diagnostics.error(Code::BadOrigin, from.span, message).help("name another loss, or declare it here");
        return None;
    }
    let spec = library.specs.get(loss);
    if spec.is_none() {
        let help = match suggest(loss, library.specs.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "it is another loss, `huber`, or what another loss reads, `huber.delta`".to_owned(),
        };
        diagnostics.error(Code::BadOrigin, from.span, format!("there is no loss `{loss}`")).help(help);
    }
    Some((spec?, wanted))
}

fn unknown<'n>(
    from: &Spanned<String>,
    spec: &Spec,
    what: &str,
    wanted: &str,
    all: impl Iterator<Item = &'n str> + Clone,
    diagnostics: &mut Diagnostics,
) {
    let names: Vec<&str> = all.clone().collect();
    let help = match suggest(wanted, all) {
        Some(near) => format!("did you mean `{}.{near}`?", spec.name),
        None if names.is_empty() => "it has none".to_owned(),
        None => format!("it has `{}`", names.join("`, `")),
    };
    let message = format!("`{}` has no {what} `{wanted}`", spec.name);
    diagnostics.error(Code::BadOrigin, from.span, message).help(help);
}

/// The axes that come along, with what was declared of them.
fn fill_input(entry: &mut InputEntry, input: &Input, spec: &Spec, span: Span) -> Vec<(Spanned<String>, AxisEntry)> {
    let at = |value: String| Spanned { value, span };
    let axis = |place: &crate::expr::AxisId| &spec.axes[usize::from(place.0)];
    let mut declared = Vec::new();
    if entry.axes.is_none() {
        entry.axes = Some(input.axes.iter().map(|place| at(axis(place).name.clone())).collect());
        declared = input.axes.iter().filter_map(|place| declaration(axis(place), span)).collect();
    }
    if entry.label.is_none() {
        entry.label = label_text(input.label, spec).map(at);
    }
    if entry.domain.is_none() {
        entry.domain = input.domain.as_ref().map(|domain| domain.placed_at(span));
    }
    if entry.ignore.is_none() {
        entry.ignore = input.ignore.map(|param| at(spec.params[usize::from(param.0)].name.clone()));
    }
    if entry.default.is_none() && !entry.optional {
        entry.default = input.default.as_ref().map(|value| at(value_text(value)));
        entry.optional = input.optional;
    }
    if entry.broadcast.is_empty() {
        entry.broadcast = input.broadcast.iter().map(|place| at(axis(&place).name.clone())).collect();
    }
    if entry.meaning.is_none() {
        entry.meaning = input.meaning.clone().map(at);
    }
    declared
}

fn fill_param(entry: &mut ParamEntry, param: &Param, span: Span) {
    let at = |value: String| Spanned { value, span };
    if entry.kind.is_none() {
        let (kind, values) = match &param.kind {
            ParamKind::Real => ("real", Vec::new()),
            ParamKind::Integer => ("integer", Vec::new()),
            ParamKind::StaticInteger(values) => ("integer", values.iter().map(i64::to_string).collect()),
            ParamKind::Switch => ("switch", Vec::new()),
            ParamKind::Choice(words) => ("choice", words.clone()),
        };
        entry.kind = Some(at(kind.to_owned()));
        if entry.values.is_empty() {
            entry.values = values.into_iter().map(at).collect();
        }
    }
    if entry.default.is_none() && !entry.optional {
        entry.default = param.default.as_ref().map(|value| at(value_text(value)));
        entry.optional = param.optional;
    }
    if entry.domain.is_none() {
        entry.domain = param.domain.as_ref().map(|domain| domain.placed_at(span));
    }
    if entry.meaning.is_none() {
        entry.meaning = param.meaning.clone().map(at);
    }
}

/// What was declared of an axis, where it differs from the default.
fn declaration(axis: &Axis, span: Span) -> Option<(Spanned<String>, AxisEntry)> {
    let at = |value: &str| Spanned { value: value.to_owned(), span };
    let position = match (axis.name.as_str(), axis.position) {
        (_, Position::Rows) | ("C", Position::Second) => None,
        (_, Position::Second) => Some("1"),
        ("C", Position::Last) => Some("last"),
        (_, Position::Last) => None,
        (_, Position::Rest) => Some("rest"),
    };
    let entry =
        AxisEntry { meaning: axis.meaning.as_deref().map(at), position: position.map(at), like: None, size: None };
    (entry.meaning.is_some() || entry.position.is_some()).then(|| (at(&axis.name), entry))
}

/// The text of a label, as a spec writes it.
fn label_text(of: Label, spec: &Spec) -> Option<String> {
    label::text(of).map(|(word, axis)| match axis {
        None => word.to_owned(),
        Some(axis) => format!("{word}({})", spec.axes[usize::from(axis.0)].name),
    })
}

fn value_text(value: &ParamValue) -> String {
    match value {
        ParamValue::Number(number) => number.to_string(),
        ParamValue::Switch(on) => on.to_string(),
        ParamValue::Word(word) => word.clone(),
    }
}

/// A condition on the thing itself, under its name here.
fn rename(domain: Option<&mut Ast>, there: &str, here: &str) {
    if let Some(domain) = domain
        && there != here
    {
        *domain = domain.replacing(&mut |ast| {
            let is_it = matches!(&ast.kind, AstKind::Name(name) if name == there);
            is_it.then(|| Ast { kind: AstKind::Name(here.to_owned()), span: ast.span })
        });
    }
}

/// A domain that comes along reads only what this spec has too.
fn reads_what_is_there(
    domain: Option<&Ast>,
    from: &Spanned<String>,
    there: &str,
    known: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) {
    let mut waiting: Vec<&Ast> = domain.into_iter().filter(|domain| domain.span == from.span).collect();
    while let Some(ast) = waiting.pop() {
        if let AstKind::Name(name) = &ast.kind
            && !known.contains(name)
            && named_constant(name).is_none()
        {
            let loss = loss_of(&from.value);
            let message = format!("the domain of `{loss}.{there}` reads `{name}`, which is not declared here");
            let help = format!("declare it, `{name}: {{ from: {loss} }}`, or write a `domain` of its own");
            diagnostics.error(Code::BadOrigin, from.span, message).help(help);
            return;
        }
        waiting.extend(ast.parts());
    }
}

fn knows_what_is_ignored(
    ignore: Option<&Spanned<String>>,
    from: &Spanned<String>,
    params: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) {
    if let Some(ignore) = ignore.filter(|ignore| ignore.span == from.span && !params.contains(&ignore.value)) {
        let (loss, name) = (loss_of(&from.value), &ignore.value);
        let message = format!("`{}` drops the rows that hold `{name}`, which is not declared here", from.value);
        let help = format!("add it under `params`: `{name}: {{ from: {loss} }}`");
        diagnostics.error(Code::BadOrigin, from.span, message).help(help);
    }
}
