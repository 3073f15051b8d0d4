//! Arguments that a called loss does not take: a point within the declared domains at which it is given one.
//!
//! As with pitfalls, simple numbers are tried, so what is reported is there, and not all that is there is found.

use std::collections::BTreeSet;

use crate::check::Findings;
use crate::check::pitfalls::search::points;
use crate::check::settings::settings;
use crate::codes::Code;
use crate::elaborate::demands::Demand;
use crate::evaluate::{Evaluator, Point, number};
use crate::expr::{Expr, InputId, ParamId};
use crate::model::{Spec, Variant};

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
    for setting in settings(spec, variant) {
        for point in points(spec, variant, &setting.params, most) {
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
