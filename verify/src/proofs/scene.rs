//! A call with one row, as the oracle reads it: where claims are put to the test by exact numbers.

use dashu_ratio::RBig;
use loss_codegen::expr::{AxisId, ExprId, InputId, ParamId};
use loss_codegen::model::{Label, ParamValue};

use crate::number::hexadecimal;
use crate::oracle::Oracle;
use crate::oracle::data::{Data, InputData, Number, Values};

use super::atoms::Atom;
use super::prover::Prover;

/// How many places every axis but the rows has.
const EXTENT: usize = 3;

/// Numbers for every input and parameter of a variant.
#[derive(Clone)]
pub(super) struct Scene<'a> {
    prover: &'a Prover<'a>,
    inputs: Vec<Option<Vec<f64>>>,
    params: Vec<Option<f64>>,
}

/// What the oracle says of a scene.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// The loss.
    pub(super) value: f64,
    /// Whether it is 0 exactly.
    pub(super) is_zero: bool,
    /// The derivative with respect to each place of the input asked for.
    pub(super) gradient: Vec<f64>,
}

impl<'a> Scene<'a> {
    /// Without numbers.
    pub(super) fn empty(prover: &'a Prover<'a>) -> Self {
        let spec = prover.spec;
        Scene { prover, inputs: vec![None; spec.inputs.len()], params: vec![None; spec.params.len()] }
    }

    /// With some numbers, and plain ones for the rest.
    pub(super) fn of<'n>(prover: &'a Prover<'a>, numbers: impl Iterator<Item = (&'n Atom, &'n RBig)>) -> Self {
        let mut scene = Self::empty(prover);
        for (atom, number) in numbers {
            let number = number.to_f64().value();
            match atom {
                Atom::Input(input, place) if place.is_empty() => scene.set_input(*input, vec![number]),
                Atom::Param(param) => scene.set_param(*param, number),
                Atom::Input(..)
                | Atom::Size(_)
                | Atom::Other(_)
                | Atom::Step
                | Atom::Function(..)
                | Atom::Power(..)
                | Atom::Reduced(..) => {}
            }
        }
        scene.fill();
        scene
    }

    /// How many numbers an input holds.
    pub(super) fn len(&self, input: InputId) -> usize {
        let axes = &self.prover.spec.inputs[usize::from(input.0)].axes;
        axes.iter().filter(|&&axis| axis != AxisId::ROWS).map(|_| EXTENT).product()
    }

    /// Whether this variant has an input.
    pub(super) fn has(&self, input: InputId) -> bool {
        self.prover.variant.key.inputs_present.get(usize::from(input.0)).copied().unwrap_or(false)
    }

    /// Gives an input its numbers; one number stands for all.
    pub(super) fn set_input(&mut self, input: InputId, numbers: Vec<f64>) {
        let len = self.len(input);
        let numbers = if numbers.len() == 1 { vec![numbers[0]; len] } else { numbers };
        self.inputs[usize::from(input.0)] = Some(numbers);
    }

    /// The numbers of an input.
    pub(super) fn input(&self, input: InputId) -> &[f64] {
        self.inputs[usize::from(input.0)].as_deref().unwrap_or_default()
    }

    /// Gives a parameter its number.
    pub(super) fn set_param(&mut self, param: ParamId, number: f64) {
        if let Some(own) = self.params.get_mut(usize::from(param.0)) {
            *own = Some(number);
        }
    }

    /// Adds to every number of an input.
    pub(super) fn move_input(&mut self, input: InputId, by: f64) {
        if let Some(numbers) = &mut self.inputs[usize::from(input.0)] {
            numbers.iter_mut().for_each(|number| *number += by);
        }
    }

    /// Gives what has no number yet a plain one.
    pub(super) fn fill(&mut self) {
        for place in 0..self.inputs.len() {
            let input = InputId(place as u8);
            if self.inputs[place].is_none() && self.has(input) {
                let label = self.prover.spec.inputs[place].label;
                let number = match label {
                    Label::ClassIndex(_) | Label::IndexList(_) | Label::Group | Label::Flag => 0.0,
                    Label::Simplex(_) => 1.0 / EXTENT as f64,
                    Label::Real
                    | Label::Nonnegative
                    | Label::Positive
                    | Label::Probability
                    | Label::Binary
                    | Label::MultiHot(_)
                    | Label::Sign
                    | Label::Count => 1.0,
                };
                self.set_input(input, vec![number]);
            }
        }
        for place in 0..self.params.len() {
            let param = &self.prover.spec.params[place];
            if self.params[place].is_none() && !param.is_static() {
                let number = match &param.default {
                    Some(ParamValue::Number(number)) => number.to_f64(),
                    Some(ParamValue::Switch(_) | ParamValue::Word(_)) | None => 1.0,
                };
                self.params[place] = Some(number);
            }
        }
    }

    /// As the oracle reads it.
    pub(super) fn data(&self) -> Data {
        let spec = self.prover.spec;
        let extents = (0..spec.axes.len()).map(|axis| if axis == 0 { 1 } else { EXTENT }).collect();
        let mut data = Data::new(spec, extents);
        for (place, numbers) in self.inputs.iter().enumerate() {
            let Some(numbers) = numbers else { continue };
            let values = match spec.inputs[place].label {
                Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => {
                    Values::Integer(numbers.iter().map(|number| *number as i64).collect())
                }
                Label::Flag => Values::Condition(numbers.iter().map(|number| *number != 0.0).collect()),
                Label::Real
                | Label::Nonnegative
                | Label::Positive
                | Label::Probability
                | Label::Binary
                | Label::MultiHot(_)
                | Label::Sign
                | Label::Count
                | Label::Simplex(_) => Values::Real(numbers.clone()),
            };
            data.inputs[place] = Some(InputData { axes: spec.inputs[place].axes.clone(), values });
        }
        for (place, number) in self.params.iter().enumerate() {
            data.params[place] = number.map(Number::Float);
        }
        data
    }

    /// Whether inputs and parameters are within their domains.
    pub(super) fn is_admitted(&self, data: &Data) -> bool {
        let variant = self.prover.variant;
        let Ok(oracle) = Oracle::new(self.prover.spec, variant, data) else { return false };
        let conditions = variant.input_domains.iter().chain(&variant.param_domains).flatten();
        let places = (0..if self.prover.spec.axes.len() > 1 { EXTENT } else { 1 }).map(|place| vec![0, place]);
        let places: Vec<Vec<usize>> =
            places.map(|place| place[..self.prover.spec.axes.len().min(2)].to_vec()).collect();
        conditions
            .into_iter()
            .all(|&condition| places.iter().all(|place| oracle.condition(condition, place) == Ok(Some(true))))
    }

    /// Whether a condition holds.
    pub(super) fn condition(&self, id: ExprId) -> Option<bool> {
        let data = self.data();
        Oracle::new(self.prover.spec, self.prover.variant, &data).ok()?.condition(id, &[]).ok()?
    }

    /// Its numbers, in decimal and hexadecimal.
    pub(super) fn words(&self) -> String {
        let spec = self.prover.spec;
        let number = |number: &f64| format!("{number} ({})", hexadecimal(*number));
        let inputs = spec.inputs.iter().zip(&self.inputs).filter_map(|(input, numbers)| {
            let numbers: Vec<String> = numbers.as_ref()?.iter().map(number).collect();
            let several = numbers.len() > 1;
            let numbers = numbers.join(", ");
            Some(format!("{} = {}", input.name, if several { format!("[{numbers}]") } else { numbers }))
        });
        let params = spec.params.iter().zip(&self.params);
        let params = params.filter_map(|(param, own)| Some(format!("{} = {}", param.name, number(own.as_ref()?))));
        inputs.chain(params).collect::<Vec<_>>().join(", ")
    }
}

/// What the oracle says of a scene, and of the gradient with respect to an input; none where it says nothing.
pub(super) fn told(scene: &Scene<'_>, input: InputId) -> Option<Told> {
    let data = scene.data();
    let oracle = Oracle::new(scene.prover.spec, scene.prover.variant, &data).ok()?;
    let outcome = oracle.loss(&[]).ok()?;
    let gradient = (0..scene.len(input).max(1))
        .map(|place| {
            let element = crate::oracle::data::Element { input, place };
            outcome.gradient.get(&element).map_or(0.0, |slope| slope.to_f64())
        })
        .collect();
    Some(Told { value: outcome.value.to_f64(), is_zero: outcome.value.is_zero(), gradient })
}
