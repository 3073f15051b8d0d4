//! The axes of a spec: `N`, those of its inputs in order of appearance, and those that only `axes:` names.

use crate::codes::Code;
use crate::diagnostic::{Diagnostics, suggest};
use crate::document::{AxisEntry, Document};
use crate::expr::AxisId;
use crate::formula::ast::{Ast, AstKind};
use crate::model::{Axis, Position};
use crate::resolve::label::is_axis_name;
use crate::source::Spanned;

// An axis set is a byte.
const MOST_AXES: usize = 8;

/// Collects and resolves the axes.
pub(super) fn resolve(document: &Document, diagnostics: &mut Diagnostics) -> Vec<Axis> {
    let names = collect(document, diagnostics);
    names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let entry = document.axes.iter().find(|(key, _)| key.value == *name).map(|(_, entry)| entry);
            let this = AxisId(place as u8);
            Axis {
                name: name.clone(),
                meaning: entry.and_then(|entry| entry.meaning.as_ref()).map(|meaning| meaning.value.clone()),
                position: position(this, name, entry, diagnostics),
                like: entry
                    .and_then(|entry| entry.like.as_ref())
                    .and_then(|like| twin(this, like, &names, document, diagnostics)),
                size: entry.and_then(|entry| entry.size.as_ref()).and_then(|size| extent(size, &names, diagnostics)),
            }
        })
        .collect()
}

/// Looks an axis up by name, or says that there is none.
pub(super) fn find(name: &Spanned<String>, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<AxisId> {
    match axes.iter().position(|axis| axis.name == name.value) {
        Some(place) => Some(AxisId(place as u8)),
        None => {
            let names: Vec<String> = axes.iter().map(|axis| axis.name.clone()).collect();
            unknown(name, &names, diagnostics);
            None
        }
    }
}

fn collect(document: &Document, diagnostics: &mut Diagnostics) -> Vec<String> {
    let mut names = vec!["N".to_owned()];
    let of_inputs = document.inputs.iter().flat_map(|(_, input)| input.axes.iter().flatten());
    for name in of_inputs.chain(document.axes.iter().map(|(name, _)| name)) {
        if !is_axis_name(&name.value) {
            diagnostics
                .error(Code::BadAxisName, name.span, format!("`{}` is no name for an axis", name.value))
                .help("an axis begins with a capital letter and holds letters and digits: `C`".to_owned());
        } else if !names.contains(&name.value) {
            if names.len() == MOST_AXES {
                diagnostics.error(
                    Code::TooManyAxes,
                    name.span,
                    format!("`{}` is one axis too many: a spec has at most {MOST_AXES}", name.value),
                );
                break;
            }
            names.push(name.value.clone());
        }
    }
    names
}

fn position(this: AxisId, name: &str, entry: Option<&AxisEntry>, diagnostics: &mut Diagnostics) -> Position {
    let written = entry.and_then(|entry| entry.position.as_ref());
    if this == AxisId::ROWS {
        if let Some(written) = written {
            diagnostics
                .error(Code::BadAxis, written.span, "the row axis has no position".to_owned())
                .help("`N` takes every dimension that no other axis claims".to_owned());
        }
        return Position::Rows;
    }
    match written.map(|word| (word.value.as_str(), word)) {
        None if name == "C" => Position::Second,
        None => Position::Last,
        Some(("1", _)) => Position::Second,
        Some(("last", _)) => Position::Last,
        Some(("rest", _)) => Position::Rest,
        Some((other, word)) => {
            diagnostics
                .error(Code::BadAxis, word.span, format!("unknown position `{other}`"))
                .help("a position is `1` (the second dimension), `last` or `rest`".to_owned());
            Position::Last
        }
    }
}

fn twin(
    this: AxisId,
    like: &Spanned<String>,
    names: &[String],
    document: &Document,
    diagnostics: &mut Diagnostics,
) -> Option<AxisId> {
    let Some(place) = names.iter().position(|name| *name == like.value) else {
        unknown(like, names, diagnostics);
        return None;
    };
    // One step only: then every axis and those like it have one root, and there is no circle.
    let chained = document.axes.iter().any(|(key, entry)| key.value == like.value && entry.like.is_some());
    if chained || place == usize::from(this.0) || this == AxisId::ROWS {
        diagnostics
            .error(Code::BadAxis, like.span, format!("an axis cannot be like `{}`", like.value))
            .help("`like` names another axis that is not itself like one; `N` is like none".to_owned());
        return None;
    }
    Some(AxisId(place as u8))
}

fn extent(size: &Ast, names: &[String], diagnostics: &mut Diagnostics) -> Option<AxisId> {
    if let AstKind::Call(call) = &size.kind
        && call.name.value == "size"
        && let [axis] = call.axes.as_slice()
        && call.arguments.is_empty()
        && call.named.is_empty()
        && call.filter.is_none()
    {
        let place = names.iter().position(|name| *name == axis.value);
        if place.is_none() {
            unknown(axis, names, diagnostics);
        }
        return place.map(|place| AxisId(place as u8));
    }
    diagnostics
        .error(Code::BadAxis, size.span, "an axis takes its size from another axis only".to_owned())
        .help("write `size: size(C)`".to_owned());
    None
}

fn unknown(name: &Spanned<String>, names: &[String], diagnostics: &mut Diagnostics) {
    let candidates: Vec<&str> = names.iter().map(String::as_str).collect();
    let error = diagnostics.error(Code::UnknownAxis, name.span, format!("unknown axis `{}`", name.value));
    match suggest(&name.value, candidates.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("the axes here are `{}`", candidates.join("`, `"))),
    };
}
