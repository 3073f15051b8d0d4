//! Choices of parameters and of which optional inputs are present.

use loss_codegen::formula::ast::{Ast, AstKind, BinaryOperator, UnaryOperator};
use loss_codegen::model::Spec;
use loss_runtime::Loss;
use loss_runtime::info::{InputInfo, ParamInfo, ParamKind};

use crate::number::short;

mod pairs;

/// A choice of everything that is not data.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Every parameter; NaN is absent.
    pub params: Vec<f64>,
    /// Whether each input is present.
    pub present: Vec<bool>,
}

/// Values worth trying for a parameter of any real or open integer kind.
const REALS: [f64; 10] = [1.0, 0.5, 0.1, 0.0, 2.0, 0.25, 10.0, -0.5, -1.0, 1e-6];
const INTEGERS: [f64; 5] = [-100.0, 0.0, 1.0, 2.0, -1.0];

/// The values of a parameter that are worth trying, whether or not its condition admits them.
fn candidates(param: &ParamInfo) -> Vec<f64> {
    let mut values: Vec<f64> = match param.kind {
        ParamKind::Real => REALS.to_vec(),
        ParamKind::Integer => INTEGERS.to_vec(),
        ParamKind::OneOf(values) => values.iter().map(|&value| value as f64).collect(),
        ParamKind::Switch => vec![0.0, 1.0],
        ParamKind::Choice(words) => (0..words.len()).map(|place| place as f64).collect(),
    };
    if let Some(default) = param.default {
        values.retain(|&value| value != default);
        values.insert(0, default);
    }
    values
}

/// Values that a parameter of an open kind refuses, given the others.
#[must_use]
pub(crate) fn refused(loss: &dyn Loss, setting: &Setting, param: usize) -> Vec<f64> {
    let mut params = setting.params.clone();
    let tries = [-1.0, 0.0, 2.0, 1e300, f64::INFINITY, f64::NEG_INFINITY];
    tries
        .into_iter()
        .filter(|&value| {
            params[param] = value;
            let whole = value.is_finite() && value.abs() < 1e15;
            match loss.info().params[param].kind {
                ParamKind::Real => !loss.param_in_domain(param, &params),
                ParamKind::Integer => whole && !loss.param_in_domain(param, &params),
                ParamKind::OneOf(_) | ParamKind::Switch | ParamKind::Choice(_) => false,
            }
        })
        .collect()
}

/// The settings that are worth trying: the default with all inputs present; the default with none that may be absent; then, one at a
/// time, each other value of each parameter that its condition admits, the others giving way where theirs ask for it, with all and with none of these inputs; each of them left out;
/// and as many more as it takes for every two options to meet with every two of their values.
#[must_use]
pub fn settings(loss: &dyn Loss) -> Vec<Setting> {
    let mut settings = one_at_a_time(loss);
    pairs::complete(loss, &mut settings);
    distinct(settings)
}

fn one_at_a_time(loss: &dyn Loss) -> Vec<Setting> {
    let info = loss.info();
    let admitted = |param: usize, params: &[f64]| loss.param_in_domain(param, params);
    let mut params: Vec<f64> = info
        .params
        .iter()
        .map(|param| if param.optional { f64::NAN } else { candidates(param).first().copied().unwrap_or(f64::NAN) })
        .collect();
    // A parameter without a default starts at the first value that its condition admits.
    for (place, param) in info.params.iter().enumerate() {
        if param.default.is_none() && !param.optional {
            let fitting = candidates(param).into_iter().find(|&value| {
                params[place] = value;
                admitted(place, &params)
            });
            params[place] = fitting.unwrap_or(f64::NAN);
        }
    }
    let all = Setting { params, present: vec![true; info.inputs.len()] };
    let mut settings = vec![all.clone()];
    let bare = Setting { present: info.inputs.iter().map(|input| !may_be_absent(input)).collect(), ..all.clone() };
    settings.push(bare.clone());
    for (place, param) in info.params.iter().enumerate() {
        for value in candidates(param) {
            for mut setting in [all.clone(), bare.clone()] {
                setting.params[place] = value;
                if admitted(place, &setting.params) && give_way(loss, &mut setting.params, place) {
                    settings.push(setting);
                }
            }
        }
    }
    for (place, input) in info.inputs.iter().enumerate() {
        if may_be_absent(input) {
            let mut setting = all.clone();
            setting.present[place] = false;
            settings.push(setting);
        }
    }
    settings
}

/// Moves the other parameters to where their conditions admit them, for a condition may be about several: `a < b`. Says whether all are
/// admitted then.
fn give_way(loss: &dyn Loss, params: &mut [f64], fixed: usize) -> bool {
    let is_admitted = |place: usize, params: &[f64]| params[place].is_nan() || loss.param_in_domain(place, params);
    // One that moved may break the condition of one before it, which then moves in its turn.
    for _ in 0..params.len() {
        for place in (0..params.len()).filter(|&place| place != fixed) {
            if is_admitted(place, params) {
                continue;
            }
            let here = params[place];
            let beside = params.iter().filter(|other| other.is_finite()).flat_map(|&other| [2.0 * other, other / 2.0]);
            let param = &loss.info().params[place];
            let beside = beside.filter(|value| matches!(param.kind, ParamKind::Real) || value.fract() == 0.0);
            let tried: Vec<f64> = candidates(param).into_iter().chain(beside).collect();
            let fitting = tried.into_iter().find(|&value| {
                params[place] = value;
                is_admitted(place, params)
            });
            params[place] = fitting.unwrap_or(here);
        }
        if (0..params.len()).all(|place| is_admitted(place, params)) {
            return true;
        }
    }
    false
}

/// Each setting once.
pub(crate) fn distinct(settings: Vec<Setting>) -> Vec<Setting> {
    let mut distinct: Vec<Setting> = Vec::new();
    for setting in settings {
        // NaN, an absent parameter, is not equal to itself: compare bits.
        let same = |other: &Setting| {
            other.present == setting.present
                && other.params.iter().map(|p| p.to_bits()).eq(setting.params.iter().map(|p| p.to_bits()))
        };
        if !distinct.iter().any(same) {
            distinct.push(setting);
        }
    }
    distinct
}

/// The settings that a spec's own conditions name: where one asks that parameters equal numbers, these numbers.
pub(crate) fn settings_named(loss: &dyn Loss, spec: &Spec) -> Vec<Setting> {
    let relations = spec.relations.iter().filter_map(|relation| relation.when.as_ref());
    let knots = spec.knots.iter().filter_map(|knot| knot.when.as_ref());
    let Some(base) = settings(loss).into_iter().next() else { return Vec::new() };
    relations
        .chain(knots)
        .filter_map(|when| {
            let mut setting = base.clone();
            let is_named = name_params(when, loss.info().params, &mut setting.params);
            let is_admitted = (0..setting.params.len())
                .all(|place| setting.params[place].is_nan() || loss.param_in_domain(place, &setting.params));
            (is_named && is_admitted).then_some(setting)
        })
        .collect()
}

/// Sets the parameters that a condition names; says whether there are any. A switch is named by itself, or by `not`.
fn name_params(when: &Ast, params: &[ParamInfo], values: &mut [f64]) -> bool {
    let mut turn = |name: &str, value: f64| {
        let is_it = |param: &ParamInfo| param.name == name && matches!(param.kind, ParamKind::Switch);
        let place = params.iter().position(is_it);
        place.is_some_and(|place| {
            values[place] = value;
            true
        })
    };
    let (operator, left, right) = match &when.kind {
        AstKind::Binary(operator, left, right) => (operator, left, right),
        AstKind::Name(name) => return turn(name, 1.0),
        AstKind::Unary(UnaryOperator::Not, switch) => {
            return matches!(&switch.kind, AstKind::Name(name) if turn(name, 0.0));
        }
        AstKind::Unary(UnaryOperator::Negate, _)
        | AstKind::Number(_)
        | AstKind::Boolean(_)
        | AstKind::Call(_)
        | AstKind::If(..)
        | AstKind::Pick(..) => return false,
    };
    match (operator, &left.kind) {
        (BinaryOperator::And, _) => {
            let left = name_params(left, params, values);
            name_params(right, params, values) || left
        }
        (BinaryOperator::Equal, AstKind::Name(name)) => {
            let param = params.iter().position(|param| param.name == *name);
            let named = param.and_then(|place| Some((place, named_value(right, &params[place])?)));
            if let Some((place, value)) = named {
                values[place] = value;
            }
            named.is_some()
        }
        _ => false,
    }
}

fn named_value(value: &Ast, param: &ParamInfo) -> Option<f64> {
    match (&value.kind, param.kind) {
        (AstKind::Unary(UnaryOperator::Negate, value), _) => Some(-named_value(value, param)?),
        (AstKind::Number(digits), _) => digits.parse().ok(),
        (AstKind::Name(word), ParamKind::Choice(words)) => {
            words.iter().position(|known| known == word).map(|place| place as f64)
        }
        _ => None,
    }
}

/// Whether a call may leave an input out.
fn may_be_absent(input: &InputInfo) -> bool {
    input.optional || input.default.is_some()
}

impl Setting {
    /// As a caller would write it: `beta = 0.5, without weight`.
    #[must_use]
    pub fn describe(&self, loss: &dyn Loss) -> String {
        let info = loss.info();
        let params = info.params.iter().zip(&self.params).filter(|(_, value)| !value.is_nan());
        let absent = info.inputs.iter().zip(&self.present).filter(|(_, present)| !**present);
        let parts: Vec<String> = params
            .map(|(param, value)| format!("{} = {}", param.name, param_text(param, *value)))
            .chain(absent.map(|(input, _)| format!("without {}", input.name)))
            .collect();
        parts.join(", ")
    }
}

/// A parameter's value as a caller would write it.
pub(crate) fn param_text(param: &ParamInfo, value: f64) -> String {
    match param.kind {
        ParamKind::Switch => (value != 0.0).to_string(),
        ParamKind::Choice(words) => words.get(value as usize).map_or_else(|| short(value), |word| (*word).to_owned()),
        ParamKind::Real | ParamKind::Integer | ParamKind::OneOf(_) => short(value),
    }
}
