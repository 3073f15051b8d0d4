//! Parameters: kinds, values, and defaults that must be of the kind and inside their own domain.

use crate::codes::Code;
use crate::diagnostic::{Diagnostics, suggest};
use crate::document::{Document, ParamEntry};
use crate::expr::Constant;
use crate::formula::ast::Ast;
use crate::formula::print::print;
use crate::model::{Param, ParamKind, ParamValue};
use crate::resolve::evaluate::{Known, evaluate};
use crate::source::{SourceFile, Spanned};

/// Resolves the parameters.
pub(super) fn resolve(document: &Document, source: &SourceFile, diagnostics: &mut Diagnostics) -> Vec<Param> {
    let params: Vec<Param> = document
        .params
        .iter()
        .map(|(name, entry)| {
            let kind = kind(name, entry, diagnostics);
            let default = entry.default.as_ref().and_then(|default| {
                let value = value(&default.value, &kind);
                if value.is_none() {
                    diagnostics
                        .error(
                            Code::BadDefault,
                            default.span,
                            format!("`{}` is no value for `{}`", default.value, name.value),
                        )
                        .help(point_for_comma(&default.value).unwrap_or_else(|| format!("it takes {}", takes(&kind))));
                }
                value
            });
            if let Some(default) = &entry.default
                && entry.optional
            {
                diagnostics
                    .error(Code::BadDefault, default.span, format!("`{}` is optional and has a default", name.value))
                    .help("a parameter with a default is never absent: keep one of the two".to_owned());
            }
            Param {
                name: name.value.clone(),
                default,
                domain: entry.domain.clone(),
                domain_text: entry.domain.as_ref().and_then(|domain| domain_text(entry, domain, source)),
                gradient: gradient(name, entry, &kind, diagnostics),
                optional: entry.optional,
                meaning: entry.meaning.as_ref().map(|meaning| meaning.value.clone()),
                kind,
            }
        })
        .collect();
    defaults_in_domains(document, &params, diagnostics);
    params
}

/// Whether a parameter has a gradient: only what varies without a step has a derivative.
fn gradient(name: &Spanned<String>, entry: &ParamEntry, kind: &ParamKind, diagnostics: &mut Diagnostics) -> bool {
    let Some(span) = entry.gradient else { return false };
    let what = match kind {
        ParamKind::Real => return true,
        ParamKind::Integer => "an integer",
        ParamKind::StaticInteger(_) => "an integer that selects code",
        ParamKind::Switch => "a switch",
        ParamKind::Choice(_) => "a choice",
    };
    diagnostics
        .error(Code::BadParam, span, format!("`{}` is {what}, so it has no gradient", name.value))
        .help("only a `real` parameter has one: leave out `gradient: true`");
    false
}

/// A condition as it is written, or as it would be if another loss has written it.
fn domain_text(entry: &ParamEntry, domain: &Ast, source: &SourceFile) -> Option<String> {
    if entry.from.as_ref().is_some_and(|from| from.span == domain.span) {
        return Some(print(domain));
    }
    source.text.get(domain.span.start..domain.span.end).map(str::to_owned)
}

/// The value that a text gives to a parameter of this kind, if it does.
pub(crate) fn value(text: &str, kind: &ParamKind) -> Option<ParamValue> {
    match kind {
        ParamKind::Real => match Constant::parse(text)? {
            Constant::Nan => None,
            number @ (Constant::Decimal { .. } | Constant::Pi | Constant::Infinity | Constant::NegativeInfinity) => {
                Some(ParamValue::Number(number))
            }
        },
        ParamKind::Integer => {
            let number = Constant::parse(text)?;
            number.as_integer().map(|_| ParamValue::Number(number))
        }
        ParamKind::StaticInteger(values) => {
            let number = Constant::parse(text)?;
            let integer = number.as_integer()?;
            values.iter().any(|&value| i128::from(value) == integer).then_some(ParamValue::Number(number))
        }
        ParamKind::Switch => match text {
            "true" => Some(ParamValue::Switch(true)),
            "false" => Some(ParamValue::Switch(false)),
            _ => None,
        },
        ParamKind::Choice(words) => words.iter().any(|word| word == text).then(|| ParamValue::Word(text.to_owned())),
    }
}

/// What a parameter of this kind takes, for messages.
pub(crate) fn takes(kind: &ParamKind) -> String {
    match kind {
        ParamKind::Real => "a real number".to_owned(),
        ParamKind::Integer => "an integer".to_owned(),
        ParamKind::StaticInteger(values) => {
            let values: Vec<String> = values.iter().map(i64::to_string).collect();
            format!("one of {}", values.join(", "))
        }
        ParamKind::Switch => "`true` or `false`".to_owned(),
        ParamKind::Choice(words) => format!("one of `{}`", words.join("`, `")),
    }
}

/// A parameter's value as a domain sees it.
pub(crate) fn known(value: &ParamValue) -> Known {
    match value {
        ParamValue::Number(number) => Known::Number(number.to_f64()),
        ParamValue::Switch(value) => Known::Condition(Some(*value)),
        ParamValue::Word(word) => Known::Word(word.clone()),
    }
}

fn kind(name: &Spanned<String>, entry: &ParamEntry, diagnostics: &mut Diagnostics) -> ParamKind {
    const KINDS: [&str; 4] = ["real", "integer", "switch", "choice"];
    let (word, span) = entry.kind.as_ref().map_or(("real", name.span), |kind| (kind.value.as_str(), kind.span));
    let kind = match word {
        "real" => ParamKind::Real,
        "integer" if entry.values.is_empty() => ParamKind::Integer,
        "integer" => ParamKind::StaticInteger(integers(&entry.values, diagnostics)),
        "switch" => ParamKind::Switch,
        "choice" => {
            if entry.values.is_empty() {
                diagnostics
                    .error(Code::BadParam, span, format!("the choice `{}` has no values", name.value))
                    .help("list its words: `values: [first, second]`".to_owned());
            }
            ParamKind::Choice(entry.values.iter().map(|value| value.value.clone()).collect())
        }
        other => {
            let error = diagnostics.error(Code::BadParam, span, format!("unknown kind of parameter `{other}`"));
            match suggest(other, KINDS) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help("a kind is `real`, `integer`, `switch` or `choice`".to_owned()),
            };
            ParamKind::Real
        }
    };
    if let (Some(first), "real" | "switch") = (entry.values.first(), word) {
        diagnostics
            .error(Code::BadParam, first.span, format!("a {word} parameter has no `values`"))
            .help("`values` belong to a `choice`, or to an `integer`, which they make static".to_owned());
    }
    for (place, value) in entry.values.iter().enumerate() {
        if entry.values[..place].iter().any(|earlier| earlier.value == value.value) {
            diagnostics.error(Code::BadParam, value.span, format!("`{}` is listed twice", value.value));
        }
    }
    kind
}

fn integers(values: &[Spanned<String>], diagnostics: &mut Diagnostics) -> Vec<i64> {
    let mut integers = Vec::new();
    for value in values {
        match value.value.parse() {
            Ok(integer) => integers.push(integer),
            Err(_) => {
                diagnostics.error(Code::BadParam, value.span, format!("`{}` is no integer", value.value));
            }
        }
    }
    integers
}

fn defaults_in_domains(document: &Document, params: &[Param], diagnostics: &mut Diagnostics) {
    let default = |name: &str| {
        params.iter().find(|param| param.name == name).and_then(|param| param.default.as_ref()).map(known).or_else(
            || {
                let is_word =
                    |param: &Param| matches!(&param.kind, ParamKind::Choice(words) if words.iter().any(|w| w == name));
                params.iter().any(is_word).then(|| Known::Word(name.to_owned()))
            },
        )
    };
    for ((name, entry), param) in document.params.iter().zip(params) {
        let (Some(written), Some(_), Some(domain)) = (&entry.default, &param.default, &param.domain) else {
            continue;
        };
        if evaluate(domain, &default) == Some(Known::Condition(Some(false))) {
            diagnostics
                .error(
                    Code::DefaultOutsideDomain,
                    written.span,
                    format!("the default of `{}` lies outside its own domain", name.value),
                )
                .help(format!("it must meet `{}`", param.domain_text.as_deref().unwrap_or_default()));
        }
    }
}

/// What to write for a number with a decimal comma.
fn point_for_comma(text: &str) -> Option<String> {
    let (whole, part) = text.split_once(',')?;
    let number = format!("{}.{}", whole.trim(), part.trim());
    Constant::parse(&number).map(|_| format!("a number has a decimal point: `{number}`"))
}
