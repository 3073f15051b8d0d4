//! What a loss's registry entry says, in words: the part of its record that needs no check.

use loss_runtime::Loss;
use loss_runtime::info::{Divisor, InputInfo, Label, LossInfo, ParamInfo, ParamKind};

use crate::audit::{InputRecord, LossRecord, ParamRecord, ReductionRecord};
use crate::generators::param_text;

/// A record without findings.
#[must_use]
pub fn describe(loss: &dyn Loss) -> LossRecord {
    let info = loss.info();
    let fixed = [("none", "nothing: one value each"), ("sum", "nothing: the sum of them")]
        .map(|(name, divisor)| (name, divisor.to_owned()));
    let named = info.reductions.iter().map(|reduction| {
        let summed =
            reduction.divisor_text.split_once("; ").map(|(_, summed)| format!("; {summed}")).unwrap_or_default();
        let divisor = match reduction.divisor {
            Divisor::Elements => format!("the number of values that count{summed}"),
            Divisor::Samples => format!("the extent of the first dimension{summed}"),
            Divisor::Sum => reduction.divisor_text.to_owned(),
        };
        (reduction.name, divisor)
    });
    LossRecord {
        name: info.name.to_owned(),
        summary: info.summary.to_owned(),
        reference: info.reference.iter().map(|text| (*text).to_owned()).collect(),
        pytorch: info
            .pytorch
            .map(|(function, when)| when.map_or_else(|| function.to_owned(), |when| format!("{function}, {when}"))),
        formula: info.formula.to_owned(),
        inputs: info.inputs.iter().map(|input| describe_input(info, input)).collect(),
        params: info.params.iter().map(describe_param).collect(),
        reductions: fixed
            .into_iter()
            .chain(named)
            .map(|(name, divisor)| ReductionRecord {
                name: name.to_owned(),
                divisor,
                default: name == info.default_reduction,
            })
            .collect(),
        ..LossRecord::default()
    }
}

fn describe_input(info: &LossInfo, input: &InputInfo) -> InputRecord {
    let axes = |axes: &[usize]| axes.iter().map(|&axis| info.axes[axis].name).collect::<Vec<_>>().join(", ");
    let mut notes = Vec::new();
    notes.extend(input.meaning.map(str::to_owned));
    notes.extend(input.domain.map(str::to_owned));
    notes.extend(input.ignore.map(|param| format!("rows of {} are dropped", info.params[param].name)));
    match input.default {
        Some(default) => notes.push(format!("{default} if absent")),
        None if input.optional => notes.push("may be absent".to_owned()),
        None => {}
    }
    if !input.broadcast.is_empty() {
        notes.push(format!("{} may be absent or 1", axes(input.broadcast)));
    }
    InputRecord {
        name: input.name.to_owned(),
        axes: format!("[{}]", axes(input.axes)),
        label: label(input.label).to_owned(),
        gradient: input.gradient,
        notes,
    }
}

/// What an input with this label holds.
fn label(label: Label) -> &'static str {
    match label {
        Label::Real => "any number",
        Label::Nonnegative => "numbers >= 0",
        Label::Positive => "numbers > 0",
        Label::Probability => "probabilities, 0 to 1",
        Label::Binary => "0 or 1",
        Label::MultiHot => "0 or 1 for each class",
        Label::Sign => "1 or -1",
        Label::Flag => "conditions",
        Label::Count => "whole numbers >= 0",
        Label::Simplex => "rows of probabilities that sum to 1",
        Label::ClassIndex => "class indices from 0",
        Label::Group => "group numbers",
    }
}

fn describe_param(param: &ParamInfo) -> ParamRecord {
    let kind = match param.kind {
        ParamKind::Real => "real".to_owned(),
        ParamKind::Integer => "integer".to_owned(),
        ParamKind::OneOf(values) => {
            format!("one of {}", values.iter().map(i64::to_string).collect::<Vec<_>>().join(", "))
        }
        ParamKind::Switch => "true or false".to_owned(),
        ParamKind::Choice(words) => format!("one of {}", words.join(", ")),
    };
    let default = match param.default {
        Some(default) => param_text(param, default),
        None if param.optional => "absent".to_owned(),
        None => "required".to_owned(),
    };
    let gradient = param.gradient.then_some("has a gradient");
    let notes = param.domain.into_iter().chain(param.meaning).chain(gradient).map(str::to_owned).collect();
    ParamRecord { name: param.name.to_owned(), kind, default, notes }
}
