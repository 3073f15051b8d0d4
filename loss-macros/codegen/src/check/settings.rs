//! The parameters that are tried: their defaults, and with one of them at another value that the declared domains admit.

use std::collections::BTreeSet;

use crate::evaluate::{Evaluator, Point, default_params};
use crate::expr::{Comparison, Expr, ExprId, Graph, ParamId, Type};
use crate::model::{ParamKind, Spec, Variant};

/// What is tried of a parameter, beside its default and the ends of its domain.
const VALUES: [f64; 7] = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0];
/// A number that stands for all large ones, and whose powers are still exact.
const LARGE: f64 = 1024.0;
/// How far from an end that does not belong to a domain.
const INSIDE: f64 = 1.0 / 1024.0;

/// A number for each parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) params: Vec<f64>,
    /// The one that is not at its default.
    pub(super) varied: Option<usize>,
}

impl Setting {
    /// Whether the parameter that differs is a number, not an infinity.
    pub(super) fn is_finite(&self) -> bool {
        self.varied.is_none_or(|place| self.params[place].is_finite())
    }
}

/// The defaults first; none where there is no number that a parameter's condition admits.
pub(super) fn settings(spec: &Spec, variant: &Variant) -> Vec<Setting> {
    let Some(defaults) = default_params(spec, variant) else { return Vec::new() };
    let mut settings = vec![Setting { params: defaults.clone(), varied: None }];
    for (place, param) in spec.params.iter().enumerate() {
        let is_open = match param.kind {
            ParamKind::Real => variant.key.params_present[place],
            // The value that marks rows is no quantity.
            ParamKind::Integer | ParamKind::StaticInteger(_) | ParamKind::Switch | ParamKind::Choice(_) => false,
        };
        for value in if is_open { values(variant, &defaults, place) } else { Vec::new() } {
            let mut params = defaults.clone();
            params[place] = value;
            let setting = Setting { params, varied: Some(place) };
            if is_admitted(variant, &setting, place) && !settings.contains(&setting) {
                settings.push(setting);
            }
        }
    }
    settings
}

/// What is tried of one parameter, admitted or not.
fn values(variant: &Variant, defaults: &[f64], place: usize) -> Vec<f64> {
    let subject = Expr::Param(ParamId(place as u8));
    let ends = variant.param_domains[place].map_or(Vec::new(), |domain| {
        let point = Point { inputs: Vec::new(), params: defaults.to_vec(), extent: 1 };
        ends(&variant.graph, domain, subject, &point)
    });
    let default = defaults[place];
    let around = [default / 2.0, default * 2.0];
    let ends = ends.into_iter().flat_map(|end| [end, end + INSIDE, end - INSIDE]);
    let far = [LARGE, -LARGE, f64::INFINITY, f64::NEG_INFINITY];
    let all = VALUES.into_iter().chain(ends).chain(around).chain(far);
    all.filter(|&value| value != default && (value.is_finite() || variant.param_domains[place].is_some())).collect()
}

/// Whether every condition on a parameter holds; one without a condition is still finite.
fn is_admitted(variant: &Variant, setting: &Setting, place: usize) -> bool {
    let point = Point { inputs: Vec::new(), params: setting.params.clone(), extent: 1 };
    let slopes = BTreeSet::new();
    let mut evaluator = Evaluator::new(&variant.graph, &point, &slopes);
    variant.param_domains.iter().enumerate().all(|(other, domain)| {
        let Some(domain) = *domain else { return true };
        match evaluator.at(domain, 0) {
            Some(truth) => truth.number == 1.0,
            // What is not known of the others is none of its business.
            None => other != place,
        }
    })
}

/// The finite numbers that a condition compares something with.
pub(super) fn ends(graph: &Graph, condition: ExprId, subject: Expr, point: &Point) -> Vec<f64> {
    let slopes = BTreeSet::new();
    let mut evaluator = Evaluator::new(graph, point, &slopes);
    let mut ends = Vec::new();
    let mut waiting = vec![condition];
    while let Some(id) = waiting.pop() {
        if let Expr::Compare(
            Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual,
            x,
            y,
        ) = graph.expr(id)
        {
            for (side, other) in [(x, y), (y, x)] {
                if graph.expr(side) == subject
                    && let Some(end) = evaluator.at(other, 0)
                    && end.number.is_finite()
                    && !ends.contains(&end.number)
                {
                    ends.push(end.number);
                }
            }
        }
        waiting.extend(graph.expr(id).operands().filter(|&operand| graph.ty(operand) == Type::Condition));
    }
    ends
}

#[cfg(test)]
mod tests {
    use crate::compile::compile;
    use crate::source::SourceFile;

    use super::{INSIDE, LARGE, settings};

    #[test]
    fn a_parameter_is_tried_at_the_ends_of_its_domain_and_beside_those_that_do_not_belong_to_it() {
        let text = "name: trial\nsummary: A trial.\nreference: [ none ]\ninputs:\n  x: { axes: [N], gradient: true }\nparams:\n  \
                    low: { default: 2, domain: 0 < low <= 5 }\n  high: { default: 6, domain: low < high <= 7 }\n  free: { default: 1 }\n\
                    loss: low * high * free * x\nreduction: { default: mean, mean: elements }\n";
        let source = SourceFile { path: "specs/trial.yaml".to_owned(), text: text.to_owned() };
        let compiled = compile(&[source]).expect("it is a spec").remove(0);
        let all = settings(&compiled.spec, &compiled.variants[0]);
        let tried = |place: usize| {
            let of = all.iter().filter(|setting| setting.varied == Some(place));
            let mut tried: Vec<f64> = of.map(|setting| setting.params[place]).collect();
            tried.sort_by(f64::total_cmp);
            tried
        };
        assert_eq!((all[0].params.as_slice(), all[0].varied), ([2.0, 6.0, 1.0].as_slice(), None));
        assert_eq!(tried(0), [INSIDE, 0.5, 1.0, 4.0, 5.0 - INSIDE, 5.0]);
        // The end that the other parameter is, and half the default.
        assert_eq!(tried(1), [2.0 + INSIDE, 3.0, 7.0 - INSIDE, 7.0]);
        assert_eq!(tried(2), [-LARGE, -2.0, -1.0, -0.5, 0.0, 0.5, 2.0, LARGE]);
    }
}
