//! The values that an example gives for an input.

use super::Case;
use crate::check::Findings;
use crate::check::shapes::{Array, Folding, data_span, same_places};
use crate::codes::Code;
use crate::document::Data;
use crate::expr::{AxisId, Constant};
use crate::model::{Input, Label};
use crate::resolve::evaluate::{Known, evaluate};
use crate::resolve::inputs::holds_number;
use crate::resolve::label::text as label_text;
use crate::resolve::params::known;

impl Case<'_> {
    /// Each value is one that its label takes, and inside its domain.
    pub(super) fn values(&self, input: &Input, array: &Array<'_>, folding: &Folding, findings: &mut Findings) {
        let ignored = input
            .ignore
            .and_then(|param| self.spec.params.get(usize::from(param.0)))
            .and_then(|param| self.param(&param.name));
        for data in &array.values {
            let number = match (input.label, data) {
                (Label::Flag | Label::Binary | Label::MultiHot(_), Data::Boolean(truth)) => {
                    Some(f64::from(u8::from(truth.value)))
                }
                (Label::Flag, Data::Number(_) | Data::Word(_) | Data::List(..)) => None,
                (_, Data::Number(text)) => Constant::parse(&text.value).map(Constant::to_f64),
                (_, Data::Boolean(_) | Data::Word(_) | Data::List(..)) => None,
            };
            let Some(number) = number else {
                let message = format!("this is no value for `{}`", input.name);
                let help = if input.label == Label::Flag { "write `true` or `false`" } else { "write a number" };
                findings.error(Code::ExampleDomain, data_span(data), message, help);
                continue;
            };
            if ignored.as_ref().map(known) == Some(Known::Number(number)) {
                continue;
            }
            let in_range = match input.label {
                Label::ClassIndex(axis) => same_places(self.spec, axis, &self.extents)
                    .is_none_or(|extents| number >= 0.0 && number < extents.iter().product::<usize>() as f64),
                Label::Real
                | Label::Nonnegative
                | Label::Positive
                | Label::Probability
                | Label::Binary
                | Label::MultiHot(_)
                | Label::Sign
                | Label::Flag
                | Label::Count
                | Label::Simplex(_)
                | Label::IndexList(_)
                | Label::Group => true,
            };
            if !(in_range && holds_number(input.label, number)) {
                let message = format!("the label of `{}` does not allow {number}", input.name);
                let help = format!(
                    "{}: change the number, or expect the error: `error: {{ none: label }}`",
                    self.allowed(input.label)
                );
                findings.error(Code::ExampleDomain, data_span(data), message, help);
            } else if let Some(domain) = &input.domain {
                let own = if input.label == Label::Flag {
                    Known::Condition(Some(number != 0.0))
                } else {
                    Known::Number(number)
                };
                let name = |name: &str| {
                    if name == input.name { Some(own.clone()) } else { self.known_param(name) }
                };
                if evaluate(domain, &name) == Some(Known::Condition(Some(false))) {
                    let shown = match own {
                        Known::Condition(Some(truth)) => truth.to_string(),
                        _ => number.to_string(),
                    };
                    let message = format!("{shown} lies outside the domain of `{}`", input.name);
                    let help = "change it, or expect the error: `error: { none: domain }`";
                    findings.error(Code::ExampleDomain, data_span(data), message, help);
                }
            }
        }
        if let Label::Simplex(axis) = input.label {
            self.simplex(input, axis, array, folding, findings);
        }
    }

    /// What a label takes, in words.
    fn allowed(&self, label: Label) -> String {
        let (word, axis) = label_text(label).unwrap_or(("real", None));
        let name = axis.map_or(word.to_owned(), |axis| format!("{word}({})", self.axis(axis)));
        let values = match label {
            Label::Real => "any number".to_owned(),
            Label::Nonnegative => "numbers from 0 on".to_owned(),
            Label::Positive => "numbers above 0".to_owned(),
            Label::Probability | Label::Simplex(_) => "numbers from 0 to 1".to_owned(),
            Label::Binary | Label::MultiHot(_) => "0 and 1".to_owned(),
            Label::Sign => "1 and -1".to_owned(),
            Label::Flag => "`true` and `false`".to_owned(),
            Label::Count => "whole numbers from 0 on".to_owned(),
            Label::ClassIndex(axis) => match same_places(self.spec, axis, &self.extents) {
                Some(extents) => format!("0 to {}", extents.iter().product::<usize>().saturating_sub(1)),
                None => "whole numbers from 0 on".to_owned(),
            },
            Label::IndexList(_) | Label::Group => "whole numbers".to_owned(),
        };
        format!("`{name}` takes {values}")
    }

    /// The rows of a simplex sum to 1.
    fn simplex(&self, input: &Input, axis: AxisId, array: &Array<'_>, folding: &Folding, findings: &mut Findings) {
        let Some(&[dimension]) = folding.get(&axis).map(Vec::as_slice) else {
            return;
        };
        let extent = array.shape[dimension];
        let stride: usize = array.shape[dimension + 1..].iter().product();
        for first in (0..array.values.len()).filter(|place| (place / stride.max(1)).is_multiple_of(extent.max(1))) {
            let row = (0..extent).map(|place| array.values[first + place * stride]);
            let total: f64 = row
                .map(|data| match data {
                    Data::Number(text) => Constant::parse(&text.value).map_or(f64::NAN, Constant::to_f64),
                    Data::Boolean(_) | Data::Word(_) | Data::List(..) => f64::NAN,
                })
                .sum();
            if (total - 1.0).abs() > 1e-3 {
                let message = format!("these probabilities of `{}` sum to {total}", input.name);
                findings.error(
                    Code::ExampleDomain,
                    data_span(array.values[first]),
                    message,
                    "a row of a simplex sums to 1 within 1e-3",
                );
            }
        }
    }
}
