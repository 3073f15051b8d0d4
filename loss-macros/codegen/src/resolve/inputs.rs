//! Inputs: their axes, labels, ignored values and defaults.

use crate::codes::Code;
use crate::compose::loss_of;
use crate::diagnostic::{Diagnostics, suggest};
use crate::document::{Document, InputEntry};
use crate::expr::{AxisId, AxisSet, Constant, InputId, ParamId};
use crate::model::{Axis, Input, Label, Param, ParamKind, ParamValue, Position};
use crate::resolve::axes;
use crate::resolve::evaluate::{Known, evaluate};
use crate::resolve::label::{Form, LABELS, split};
use crate::resolve::params::known;
use crate::source::{Span, Spanned};

/// Resolves the inputs.
pub(super) fn resolve(
    document: &Document,
    axes: &[Axis],
    params: &[Param],
    diagnostics: &mut Diagnostics,
) -> Vec<Input> {
    let mut inputs = Vec::new();
    for (name, entry) in &document.inputs {
        let own = own_axes(entry, axes, diagnostics);
        let known_label = label(name, entry, axes, &own, diagnostics);
        let label = known_label.unwrap_or(Label::Real);
        let input = Input {
            name: name.value.clone(),
            label,
            gradient: entry.gradient,
            domain: entry.domain.clone(),
            ignore: ignore(name, entry, known_label, &own, params, diagnostics),
            default: default(name, entry, label, diagnostics),
            optional: entry.optional,
            broadcast: broadcast(entry, axes, &own, diagnostics),
            meaning: entry.meaning.as_ref().map(|meaning| meaning.value.clone()),
            axes: own,
        };
        if entry.gradient && !takes_gradient(label) {
            diagnostics
                .error(
                    Code::BadLabel,
                    entry.label.as_ref().map_or(name.span, |label| label.span),
                    format!("`{}` is no number, so it has no gradient", name.value),
                )
                .help("leave out `gradient: true`".to_owned());
        }
        default_in_domain(&input, entry, params, diagnostics);
        inputs.push(input);
    }
    inputs
}

/// The first input with the most axes.
pub(super) fn layout(inputs: &[Input]) -> InputId {
    let most = inputs.iter().map(|input| input.axes.len()).max();
    let place = inputs.iter().position(|input| Some(input.axes.len()) == most).unwrap_or(0);
    InputId(place as u8)
}

fn takes_gradient(label: Label) -> bool {
    match label {
        Label::Real
        | Label::Nonnegative
        | Label::Positive
        | Label::Probability
        | Label::Binary
        | Label::MultiHot(_)
        | Label::Sign
        | Label::Count
        | Label::Simplex(_) => true,
        Label::Flag | Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => false,
    }
}

fn own_axes(entry: &InputEntry, axes: &[Axis], diagnostics: &mut Diagnostics) -> Vec<AxisId> {
    let mut own: Vec<AxisId> = Vec::new();
    for name in entry.axes.iter().flatten() {
        // A name that is no axis at all was reported when the axes were collected.
        let Some(place) = axes.iter().position(|axis| axis.name == name.value) else {
            continue;
        };
        let axis = AxisId(place as u8);
        if own.contains(&axis) {
            diagnostics
                .error(Code::BadAxis, name.span, format!("the axis `{}` stands here twice", name.value))
                .help("leave it out: an array has each axis once".to_owned());
            continue;
        }
        let position = axes[place].position;
        if let Some(other) = own.iter().find(|other| axes[usize::from(other.0)].position == position)
            && position != Position::Rows
            && entry.axes.iter().flatten().any(|name| name.value == "N")
        {
            diagnostics
                .error(
                    Code::BadAxis,
                    name.span,
                    format!("`{}` and `{}` lie in the same dimension", axes[usize::from(other.0)].name, name.value),
                )
                .help("give one of them another `position` under `axes:`".to_owned());
        }
        own.push(axis);
    }
    rows_first(entry, diagnostics);
    own
}

/// The first dimensions are the rows, whatever order is written.
fn rows_first(entry: &InputEntry, diagnostics: &mut Diagnostics) {
    let written = entry.axes.as_deref().unwrap_or_default();
    let (Some(first), Some(last)) = (written.first(), written.last()) else { return };
    if first.value == "N" || !written.iter().any(|axis| axis.value == "N") {
        return;
    }
    let others = written.iter().map(|axis| axis.value.as_str()).filter(|axis| *axis != "N");
    let order: Vec<&str> = std::iter::once("N").chain(others).collect();
    let message = "the rows come first in an array, and so does `N` in `axes`".to_owned();
    let help = format!("write `[{}]`, and let callers lay their arrays out so", order.join(", "));
    diagnostics.error(Code::BadAxis, first.span.to(last.span), message).help(help);
}

/// What an input holds; none if that was reported as wrong.
fn label(
    name: &Spanned<String>,
    entry: &InputEntry,
    axes: &[Axis],
    own: &[AxisId],
    diagnostics: &mut Diagnostics,
) -> Option<Label> {
    let Some(written) = &entry.label else {
        return Some(Label::Real);
    };
    let Some((word, axis)) = split(&written.value) else {
        diagnostics
            .error(Code::BadLabel, written.span, format!("`{}` is no label", written.value))
            .help("a label is a word, such as `sign`, or a word with an axis, such as `class_index(C)`".to_owned());
        return None;
    };
    let Some((_, form)) = LABELS.iter().find(|(known, _)| *known == word) else {
        let words = LABELS.iter().map(|(word, _)| *word);
        let error = diagnostics.error(Code::BadLabel, written.span, format!("unknown label `{word}`"));
        match suggest(word, words.clone()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("the labels are {}", words.collect::<Vec<_>>().join(", "))),
        };
        return None;
    };
    match (form, axis) {
        (Form::Plain(label), None) => Some(*label),
        (Form::Along(label), Some(axis)) => {
            let start = written.span.start + written.value.rfind(axis).unwrap_or_default();
            let axis = Spanned { value: axis.to_owned(), span: Span::new(start, start + axis.len()) };
            let id = axes::find(&axis, axes, diagnostics)?;
            let label = label(id);
            let (fits, help) = match label {
                Label::MultiHot(_) | Label::Simplex(_) => (own.contains(&id), "add the axis to its `axes`"),
                Label::ClassIndex(_) | Label::IndexList(_) => {
                    (!own.contains(&id), "the label names a place on that axis, so it does not have it itself")
                }
                Label::Real
                | Label::Nonnegative
                | Label::Positive
                | Label::Probability
                | Label::Binary
                | Label::Sign
                | Label::Flag
                | Label::Count
                | Label::Group => (true, ""),
            };
            if !fits {
                diagnostics
                    .error(
                        Code::BadLabel,
                        written.span,
                        format!("`{}` does not fit the axes of `{}`", written.value, name.value),
                    )
                    .help(help.to_owned());
            }
            if let Label::IndexList(_) = label
                && !own.iter().any(|axis| *axis != AxisId::ROWS)
            {
                diagnostics
                    .error(Code::BadLabel, written.span, format!("the list `{}` has no axis of its own", name.value))
                    .help("give it one for the places in the list: `axes: [N, L]`".to_owned());
            }
            Some(label)
        }
        (Form::Plain(label), Some(_)) => {
            diagnostics
                .error(Code::BadLabel, written.span, format!("the label `{word}` has no axis"))
                .help(format!("write `{word}`"));
            Some(*label)
        }
        (Form::Along(_), None) => {
            diagnostics
                .error(Code::BadLabel, written.span, format!("the label `{word}` needs an axis"))
                .help(format!("write `{word}(C)`"));
            None
        }
    }
}

fn ignore(
    name: &Spanned<String>,
    entry: &InputEntry,
    label: Option<Label>,
    own: &[AxisId],
    params: &[Param],
    diagnostics: &mut Diagnostics,
) -> Option<ParamId> {
    let written = entry.ignore.as_ref()?;
    let Some(place) = params.iter().position(|param| param.name == written.value) else {
        let error = diagnostics.error(
            Code::BadIgnore,
            written.span,
            format!("`ignore` names no parameter: `{}`", written.value),
        );
        match suggest(&written.value, params.iter().map(|param| param.name.as_str())) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => {
                // A number stands for itself in other libraries.
                let is_number = Constant::parse(&written.value).is_some();
                let (name, value) =
                    if is_number { ("ignore_index", &*written.value) } else { (&*written.value, "-100") };
                let naming = if is_number { ", and write `ignore: ignore_index`" } else { "" };
                error
                    .help(format!("declare it under `params`: `{name}: {{ kind: integer, default: {value} }}`{naming}"))
            }
        };
        return None;
    };
    if params[place].kind != ParamKind::Integer {
        let name = &written.value;
        let help = match entry.from.as_ref().filter(|from| from.span == written.span) {
            Some(from) => {
                format!("`from` brings `ignore: {name}`: declare `{name}: {{ from: {} }}`", loss_of(&from.value))
            }
            None => "`ignore` names a parameter of `kind: integer` without `values`".to_owned(),
        };
        diagnostics.error(Code::BadIgnore, written.span, format!("`{name}` is no open integer parameter")).help(help);
    }
    // What a label that is wrong was meant to be is not known.
    let is_index = label.is_none_or(|label| matches!(label, Label::ClassIndex(_)));
    if !is_index || own != [AxisId::ROWS] {
        diagnostics
            .error(Code::BadIgnore, written.span, format!("`{}` cannot mark rows to drop", name.value))
            .help("`ignore` belongs to a `class_index` label with `axes: [N]`".to_owned());
    }
    Some(ParamId(place as u8))
}

fn default(
    name: &Spanned<String>,
    entry: &InputEntry,
    label: Label,
    diagnostics: &mut Diagnostics,
) -> Option<ParamValue> {
    let written = entry.default.as_ref()?;
    let (value, takes) = match label {
        Label::Flag => match written.value.as_str() {
            "true" => (Some(ParamValue::Switch(true)), ""),
            "false" => (Some(ParamValue::Switch(false)), ""),
            _ => (None, "a flag takes `true` or `false`"),
        },
        Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => {
            (None, "no single label stands for an absent input: use `optional: true` and `given`")
        }
        Label::Real
        | Label::Nonnegative
        | Label::Positive
        | Label::Probability
        | Label::Binary
        | Label::MultiHot(_)
        | Label::Sign
        | Label::Count
        | Label::Simplex(_) => {
            let number = Constant::parse(&written.value);
            let allowed = number.filter(|number| holds_number(label, number.to_f64()));
            (allowed.map(ParamValue::Number), "the default must be a number that the label allows")
        }
    };
    if value.is_none() {
        diagnostics
            .error(Code::BadDefault, written.span, format!("`{}` is no default for `{}`", written.value, name.value))
            .help(takes.to_owned());
    }
    if entry.optional {
        diagnostics
            .error(Code::BadDefault, written.span, format!("`{}` is optional and has a default", name.value))
            .help("`optional: true` means absent without a stand-in: keep one of the two".to_owned());
    }
    value
}

/// Whether a label allows this number, as far as the number alone can tell.
pub(crate) fn holds_number(label: Label, x: f64) -> bool {
    let whole = x.fract() == 0.0;
    match label {
        Label::Real => true,
        // NaN passes these checks and reaches the result.
        Label::Nonnegative => x.is_nan() || x >= 0.0,
        Label::Positive => x.is_nan() || x > 0.0,
        Label::Probability | Label::Simplex(_) => x.is_nan() || (0.0..=1.0).contains(&x),
        Label::Binary | Label::MultiHot(_) | Label::Flag => x == 0.0 || x == 1.0,
        Label::Sign => x == 1.0 || x == -1.0,
        Label::Count => whole && x >= 0.0,
        Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => whole,
    }
}

fn broadcast(entry: &InputEntry, axes: &[Axis], own: &[AxisId], diagnostics: &mut Diagnostics) -> AxisSet {
    let mut set = AxisSet::EMPTY;
    for name in &entry.broadcast {
        let Some(axis) = axes::find(name, axes, diagnostics) else {
            continue;
        };
        if !own.contains(&axis) {
            diagnostics
                .error(Code::BadAxis, name.span, format!("`broadcast` names `{}`, which this input lacks", name.value))
                .help("it permits the absence of one of the input's own axes".to_owned());
        } else if axis == AxisId::ROWS && entry.gradient {
            diagnostics
                .error(Code::BadAxis, name.span, "an input that broadcasts over `N` has no gradient".to_owned())
                .help("leave out `gradient: true`, or `N`".to_owned());
        }
        set = set.union(AxisSet::of(axis));
    }
    set
}

fn default_in_domain(input: &Input, entry: &InputEntry, params: &[Param], diagnostics: &mut Diagnostics) {
    let (Some(written), Some(default), Some(domain)) = (&entry.default, &input.default, &input.domain) else {
        return;
    };
    let value = |name: &str| {
        if name == input.name {
            return Some(known(default));
        }
        params.iter().find(|param| param.name == name)?.default.as_ref().map(known)
    };
    if evaluate(domain, &value) == Some(Known::Condition(Some(false))) {
        diagnostics
            .error(
                Code::DefaultOutsideDomain,
                written.span,
                format!("the default of `{}` lies outside its own domain", input.name),
            )
            .help("change the default or the domain".to_owned());
    }
}
