//! The numbers that a spec pins, against its formula interpreted.

use loss_codegen::compile::Compiled;
use loss_codegen::document::{Data as Pinned, ExampleEntry};
use loss_codegen::expr::{AxisId, InputId, ParamId};
use loss_codegen::model::{Label, ParamKind, ParamValue, Spec, Variant};

use crate::number::short;
use crate::oracle::call::call;
use crate::oracle::data::{Data, InputData, Values};
use crate::oracle::real::Real;
use crate::oracle::ulp::ulps;

use super::Standing;

/// What a kernel may be off, and so a pinned number too.
const ULPS: f64 = 4.0;

/// How each example stands.
pub(super) fn standings(compiled: &Compiled) -> Vec<(String, Standing)> {
    let examples = compiled.spec.examples.iter().enumerate();
    examples.map(|(place, example)| (format!("examples[{place}]"), standing(compiled, example))).collect()
}

fn standing(compiled: &Compiled, example: &ExampleEntry) -> Standing {
    let spec = &compiled.spec;
    let Some((variant, data)) = scene(compiled, example) else { return Standing::Left("left to the audit") };
    let share = example.tolerance.as_ref().and_then(|text| text.value.parse().ok()).unwrap_or(0.0);
    let places: usize = variant.graph.axes(variant.loss).iter().map(|axis| data.extent(axis)).product();
    let mut compared = 0;
    let mut hold = |what: &str, expected: &Pinned, found: &[Real]| -> Option<String> {
        let expected = flat(expected)?;
        if expected.len() != found.len() {
            return Some(format!("{what} has {} numbers, not {}", found.len(), expected.len()));
        }
        compared += expected.len();
        let agrees = |(expected, found): &(&f64, &Real)| {
            ulps(**expected, found) <= ULPS || (found.to_f64() - **expected).abs() <= share * expected.abs()
        };
        let parting = expected.iter().zip(found).find(|pair| !agrees(pair));
        parting.map(|(expected, found)| format!("{what} is {}, not {}", short(found.to_f64()), short(*expected)))
    };
    for (reduction, expected) in &example.expect.values {
        let upstream = vec![1.0; if reduction.value == "none" { places } else { 1 }];
        match call(spec, variant, &data, &reduction.value, &upstream) {
            Ok(outcome) => {
                if let Some(parting) = hold(&reduction.value, expected, &outcome.values) {
                    return Standing::Fails(parting);
                }
            }
            Err(failure) => return Standing::Fails(format!("{}: {failure}", reduction.value)),
        }
    }
    if !example.expect.gradient.is_empty() {
        let outcome = match call(spec, variant, &data, "none", &vec![1.0; places]) {
            Ok(outcome) => outcome,
            Err(failure) => return Standing::Fails(failure.to_string()),
        };
        for (input, expected) in &example.expect.gradient {
            let place = spec.inputs.iter().position(|declared| declared.name == input.value);
            let found = place.and_then(|place| outcome.gradients[place].as_ref());
            if let Some(parting) =
                found.and_then(|found| hold(&format!("the gradient of {}", input.value), expected, found))
            {
                return Standing::Fails(parting);
            }
        }
    }
    if compared == 0 { Standing::Left("left to the audit") } else { Standing::Holds(1) }
}

/// The variant and the data of an example; none where only the runtime knows how its arrays are laid out.
fn scene<'c>(compiled: &'c Compiled, example: &ExampleEntry) -> Option<(&'c Variant, Data)> {
    let spec = &compiled.spec;
    let given = |name: &str| example.given.iter().find(|(given, _)| given.value == name).map(|(_, data)| data);
    let variant = compiled.variants.iter().find(|variant| picks(spec, variant, &given))?;
    let mut data = Data::new(spec, vec![1; spec.axes.len()]);
    let mut samples = 1;
    for (at, input) in (0u8..).zip(&spec.inputs) {
        let Some(pinned) = given(&input.name) else { continue };
        let shape = shape(pinned)?;
        // One dimension less than axes is a single row; more are rows only where nothing lies between them.
        let is_single = shape.len() + 1 == input.axes.len() && input.axes.contains(&AxisId::ROWS);
        let is_flat = input.axes == [AxisId::ROWS];
        if InputId(at) == spec.layout {
            samples = shape.first().copied().unwrap_or(1);
        }
        if !(shape.len() == input.axes.len() || is_single || is_flat) {
            return None;
        }
        let own: Vec<(AxisId, usize)> = if is_flat {
            vec![(AxisId::ROWS, shape.iter().product())]
        } else {
            input.axes.iter().copied().filter(|&axis| !(is_single && axis == AxisId::ROWS)).zip(shape).collect()
        };
        for (axis, extent) in own {
            let known = &mut data.extents[usize::from(axis.0)];
            // An extent of 1 where another input has more is broadcast.
            if *known != 1 && *known != extent {
                return None;
            }
            *known = extent;
        }
        let values = values(input.label, &flat(pinned)?);
        data.inputs[usize::from(InputId(at).0)] = Some(InputData { axes: input.axes.clone(), values });
    }
    data.samples = samples;
    for (at, param) in (0u8..).zip(&spec.params) {
        let value = match (given(&param.name), &param.default) {
            (Some(pinned), _) => flat(pinned).and_then(|numbers| numbers.first().copied()),
            (None, Some(default)) => Some(param.encode(default)),
            (None, None) => None,
        };
        if let (Some(value), false) = (value, param.is_static()) {
            data = data.with_param(ParamId(at), value);
        }
    }
    data.check(spec).ok()?;
    Some((variant, data))
}

/// Whether a variant is the one that a call picks.
fn picks<'e>(spec: &Spec, variant: &Variant, given: &impl Fn(&str) -> Option<&'e Pinned>) -> bool {
    let key = &variant.key;
    let inputs =
        spec.inputs.iter().zip(&key.inputs_present).all(|(input, &present)| given(&input.name).is_some() == present);
    let params = spec.params.iter().enumerate().all(|(place, param)| {
        let pinned = given(&param.name);
        let present = !param.optional || key.params_present[place] == pinned.is_some();
        let fixed = key.statics[place].as_ref().is_none_or(|fixed| match pinned {
            Some(pinned) => is_value(&param.kind, fixed, pinned),
            None => param.default.as_ref().is_none_or(|default| default == fixed),
        });
        present && fixed
    });
    inputs && params
}

fn is_value(kind: &ParamKind, fixed: &ParamValue, pinned: &Pinned) -> bool {
    match (fixed, pinned) {
        (ParamValue::Switch(on), Pinned::Boolean(truth)) => *on == truth.value,
        (ParamValue::Word(word), Pinned::Word(pinned)) => *word == pinned.value,
        (ParamValue::Number(number), Pinned::Number(text)) => text.value.parse() == Ok(number.to_f64()),
        (ParamValue::Switch(_) | ParamValue::Word(_) | ParamValue::Number(_), _) => {
            !matches!(kind, ParamKind::Switch | ParamKind::Choice(_) | ParamKind::StaticInteger(_))
        }
    }
}

fn values(label: Label, numbers: &[f64]) -> Values {
    match label {
        Label::Flag => Values::Condition(numbers.iter().map(|&number| number != 0.0).collect()),
        Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => {
            Values::Integer(numbers.iter().map(|&number| number as i64).collect())
        }
        Label::Real
        | Label::Nonnegative
        | Label::Positive
        | Label::Probability
        | Label::Binary
        | Label::MultiHot(_)
        | Label::Sign
        | Label::Count
        | Label::Simplex(_) => Values::Real(numbers.to_vec()),
    }
}

/// The extents of nested lists; none if they are ragged.
fn shape(pinned: &Pinned) -> Option<Vec<usize>> {
    let Pinned::List(items, _) = pinned else { return Some(Vec::new()) };
    let mut inner = items.iter().map(shape);
    let first = inner.next().unwrap_or(Some(Vec::new()))?;
    inner.all(|other| other.as_ref() == Some(&first)).then(|| [vec![items.len()], first].concat())
}

/// The numbers of nested lists, conditions as 0 and 1; none if there is a word.
fn flat(pinned: &Pinned) -> Option<Vec<f64>> {
    match pinned {
        Pinned::Number(text) => Some(vec![text.value.parse().ok()?]),
        Pinned::Boolean(truth) => Some(vec![f64::from(u8::from(truth.value))]),
        Pinned::Word(_) => None,
        Pinned::List(items, _) => Some(items.iter().map(flat).collect::<Option<Vec<_>>>()?.concat()),
    }
}
