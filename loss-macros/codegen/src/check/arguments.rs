//! Arguments that a called loss does not take: a point within the declared domains at which it is given one.
//!
//! As with pitfalls, simple numbers are tried, so what is reported is there, and not all that is there is found.

use std::collections::BTreeSet;

use crate::check::Findings;
use crate::check::pitfalls::search::points_with;
use crate::codes::Code;
use crate::elaborate::demands::Demand;
use crate::evaluate::{Evaluator, Point, default_params, number};
use crate::expr::{Expr, InputId, ParamId};
use crate::model::{ParamKind, Spec, Variant};

/// What is tried of a parameter, beside its default.
const VALUES: [f64; 9] = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, f64::INFINITY, f64::NEG_INFINITY];

/// Looks at so many points of one variant for arguments that break a demand.
pub(super) fn check(spec: &Spec, variant: &Variant, most: usize, demands: &[Demand], findings: &mut Findings) {
    if demands.is_empty() {
        return;
    }
    let mut told = BTreeSet::new();
    let mut tell = |demand: &Demand, at: &str, findings: &mut Findings| {
        if told.insert((demand.place, demand.condition)) {
            let (loss, name) = &demand.of;
            let message = format!("`{loss}` does not take this for `{name}`, which must meet `{}`", demand.words);
            let at = if at.is_empty() { String::new() } else { format!("it does not at {at}: ") };
            let help = format!("{at}{}", demand.way_out);
            findings.error(Code::ArgumentOutsideDomain, demand.place, message, help);
        }
    };
    for demand in demands.iter().filter(|demand| variant.graph.expr(demand.condition) == Expr::Boolean(false)) {
        tell(demand, "", findings);
    }
    for params in settings(spec, variant) {
        for point in points_with(spec, variant, &params, most) {
            let slopes = BTreeSet::new();
            let mut evaluator = Evaluator::new(&variant.graph, &point, &slopes);
            for place in 0..point.extent {
                evaluator.at(variant.loss, place);
            }
            for demand in demands {
                let is_broken = (0..point.extent).any(|place| {
                    evaluator.has_met(demand.call, place)
                        && evaluator.at(demand.condition, place).is_some_and(|truth| truth.number == 0.0)
                });
                if is_broken {
                    tell(demand, &described(spec, variant, demand, &point), findings);
                }
            }
        }
    }
}

/// What the argument is made of at a point, in words.
fn described(spec: &Spec, variant: &Variant, demand: &Demand, point: &Point) -> String {
    let mut read = BTreeSet::new();
    let mut waiting = vec![demand.condition];
    while let Some(id) = waiting.pop() {
        if read.insert(id) {
            waiting.extend(variant.graph.expr(id).operands());
        }
    }
    let reads = |wanted: Expr| read.iter().any(|&id| variant.graph.expr(id) == wanted);
    let mut relevant = point.clone();
    for (place, values) in relevant.inputs.iter_mut().enumerate() {
        if !reads(Expr::Input(InputId(place as u8))) {
            values.clear();
        }
    }
    let params = spec.params.iter().enumerate().filter(|(place, _)| reads(Expr::Param(ParamId(*place as u8))));
    let params = params.map(|(place, param)| format!("{} = {}", param.name, number::text(point.params[place])));
    let inputs = [relevant.describe(spec)];
    inputs.into_iter().filter(|text| !text.is_empty()).chain(params).collect::<Vec<_>>().join(", ")
}

/// The defaults, and with one parameter at another value that its condition admits.
fn settings(spec: &Spec, variant: &Variant) -> Vec<Vec<f64>> {
    let Some(defaults) = default_params(spec, variant) else { return Vec::new() };
    let mut settings = vec![defaults.clone()];
    for (place, param) in spec.params.iter().enumerate() {
        let is_open = match param.kind {
            ParamKind::Real => variant.key.params_present[place],
            // The value that marks rows is no quantity.
            ParamKind::Integer | ParamKind::StaticInteger(_) | ParamKind::Switch | ParamKind::Choice(_) => false,
        };
        for value in VALUES.into_iter().filter(|_| is_open) {
            let mut params = defaults.clone();
            params[place] = value;
            let point = Point { inputs: vec![Vec::new(); spec.inputs.len()], params: params.clone(), extent: 1 };
            let slopes = BTreeSet::new();
            let mut evaluator = Evaluator::new(&variant.graph, &point, &slopes);
            // One without a condition is still finite.
            let is_admitted = match variant.param_domains[place] {
                Some(domain) => evaluator.at(domain, 0).is_some_and(|truth| truth.number == 1.0),
                None => value.is_finite(),
            };
            if is_admitted {
                settings.push(params);
            }
        }
    }
    settings
}
