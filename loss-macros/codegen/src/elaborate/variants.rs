//! Which variants a spec has: every combination of static values and of what may be absent.

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::diagnostic::Diagnostics;
use crate::elaborate::formula::formula_span;
use crate::expr::Constant;
use crate::model::{ParamKind, ParamValue, Spec, VariantKey};
use crate::source::Span;

/// The most variants that a spec may have.
pub const MOST_VARIANTS: usize = 64;

/// How many variants a spec has (at most `usize::MAX`).
pub fn variant_count(spec: &Spec) -> usize {
    factors(spec).into_iter().map(|(_, count)| count).fold(1, usize::saturating_mul)
}

/// The names that multiply the variants, and by how much: those of parameters, then of inputs.
fn factors(spec: &Spec) -> Vec<(&str, usize)> {
    let params = spec.params.iter().map(|param| {
        let values = static_values(&param.kind).map_or(1, |values| values.len());
        (param.name.as_str(), values + usize::from(param.optional))
    });
    let inputs = spec.inputs.iter().map(|input| (input.name.as_str(), 1 + usize::from(input.may_be_absent())));
    params.chain(inputs).filter(|(_, count)| *count != 1).collect()
}

/// The first name with which there are more variants than a spec may have.
pub(crate) fn one_too_many(spec: &Spec) -> Option<&str> {
    let mut product: usize = 1;
    factors(spec).into_iter().find_map(|(name, count)| {
        product = product.saturating_mul(count);
        (product > MOST_VARIANTS).then_some(name)
    })
}

/// Every variant of a spec: the first has every static parameter at its default and everything present.
///
/// # Errors
/// More than [`MOST_VARIANTS`] of them.
pub fn spec_variants(spec: &Spec) -> Result<Vec<VariantKey>, Diagnostics> {
    let count = variant_count(spec);
    if count > MOST_VARIANTS {
        let mut diagnostics = Diagnostics::new();
        too_many(spec, formula_span(&spec.loss), &mut diagnostics);
        return Err(diagnostics);
    }
    let mut keys = vec![VariantKey { statics: Vec::new(), params_present: Vec::new(), inputs_present: Vec::new() }];
    for param in &spec.params {
        let mut values: Vec<Option<ParamValue>> = match static_values(&param.kind) {
            Some(values) => values.into_iter().map(Some).collect(),
            None => vec![None],
        };
        if let Some(default) = values.iter().position(|value| value.is_some() && *value == param.default) {
            values[..=default].rotate_right(1);
        }
        let mut settings: Vec<(Option<ParamValue>, bool)> = values.into_iter().map(|value| (value, true)).collect();
        if param.optional {
            settings.push((None, false));
        }
        keys = extend(keys, &settings, |key, (value, present)| {
            key.statics.push(value.clone());
            key.params_present.push(*present);
        });
    }
    for input in &spec.inputs {
        let settings: &[bool] = if input.may_be_absent() { &[true, false] } else { &[true] };
        keys = extend(keys, settings, |key, present| key.inputs_present.push(*present));
    }
    Ok(keys)
}

/// Reports that there are too many, and of what.
pub(crate) fn too_many(spec: &Spec, span: Span, diagnostics: &mut Diagnostics) {
    let mut by_count: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (name, count) in factors(spec) {
        by_count.entry(count).or_default().push(name);
    }
    let parts: Vec<String> = by_count
        .iter()
        .map(|(count, names)| match names.as_slice() {
            [name] => format!("{count} for `{name}`"),
            names => format!("{count} each for `{}`", names.join("`, `")),
        })
        .collect();
    let message = format!("{} variants: a spec has at most {MOST_VARIANTS}", variant_count(spec));
    let help = format!(
        "what may be absent, a switch, a choice and an integer with `values` multiply them, here {}: \
         require one, make one a `real`, or split the loss in two specs",
        parts.join(", ")
    );
    diagnostics.error(Code::TooManyVariants, span, message).help(help);
}

fn extend<T>(keys: Vec<VariantKey>, settings: &[T], set: impl Fn(&mut VariantKey, &T)) -> Vec<VariantKey> {
    let mut extended = Vec::with_capacity(keys.len() * settings.len());
    for key in keys {
        for setting in settings {
            let mut key = key.clone();
            set(&mut key, setting);
            extended.push(key);
        }
    }
    extended
}

fn static_values(kind: &ParamKind) -> Option<Vec<ParamValue>> {
    match kind {
        ParamKind::Real | ParamKind::Integer => None,
        ParamKind::StaticInteger(values) => {
            Some(values.iter().map(|&value| ParamValue::Number(Constant::integer(value.into()))).collect())
        }
        ParamKind::Switch => Some(vec![ParamValue::Switch(false), ParamValue::Switch(true)]),
        ParamKind::Choice(words) => Some(words.iter().cloned().map(ParamValue::Word).collect()),
    }
}
