//! The points at which a loss is shown, chosen from nothing but what its spec says of its inputs.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{AxisId, InputId, ParamId};
use loss_codegen::model::{Label, ParamKind, ParamValue, Spec, Variant};

use crate::number::short;
use crate::oracle::Oracle;
use crate::oracle::call::CallOutcome;
use crate::oracle::data::{Data, Number, Values};
use crate::oracle::real::Real;

/// Where the first input of a loss without a second axis is looked at, beside where its parameters are.
const LINE: [f64; 9] = [-3.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 3.0];
/// The rows of the first input of a loss with one.
const ROWS: [[f64; 3]; 4] = [[0.0, 0.0, 0.0], [1.0, 0.0, -1.0], [3.0, -1.0, 0.5], [-2.0, 0.5, 4.0]];
/// The rows of probabilities: the first is shared by all inputs, in the others each has its own.
const SHARES: [[f64; 3]; 4] = [[0.625, 0.25, 0.125], [0.25, 0.125, 0.625], [0.125, 0.75, 0.125], [0.0, 1.0, 0.0]];
/// How far out a parameter makes points: where a formula may bend, between such places and beyond them.
const BESIDE: [f64; 3] = [0.75, 1.0, 1.5];
/// What numbers become, one after the other, until the declared conditions are met.
const NARROWER: [fn(f64) -> f64; 6] =
    [|x| x, |x| x.abs() + 0.25, |x| -x.abs() - 0.25, |x| (x + 4.0) / 9.0, |_| 1.0, |_| 0.0];
/// Values tried for a parameter without a default.
const TRIED: [f64; 6] = [1.0, 0.5, 0.1, 2.0, 0.0, -1.0];

/// A variant of a loss, and data for it.
pub(super) struct Scene<'c> {
    spec: &'c Spec,
    pub(super) variant: &'c Variant,
    pub(super) data: Data,
    /// Where the first input of a loss without a second axis is.
    line: Vec<f64>,
}

impl<'c> Scene<'c> {
    /// Defaults for all that has one, and points that meet the declared conditions.
    pub(super) fn new(compiled: &'c Compiled) -> Result<Self, String> {
        let spec = &compiled.spec;
        let variant =
            compiled.variants.iter().find(|variant| is_default(spec, variant)).ok_or("no variant has the defaults")?;
        let mut scene = Scene { spec, variant, data: Data::new(spec, vec![3; spec.axes.len()]), line: Vec::new() };
        scene.set_params()?;
        scene.line = line(spec, &scene.data);
        scene.data.extents[0] = if spec.axes.len() > 1 { ROWS.len() } else { scene.line.len() * labels(spec) };
        scene.data.samples = scene.data.extents[0];
        for input in (0u8..).zip(&variant.key.inputs_present).filter_map(|(at, present)| present.then_some(InputId(at)))
        {
            scene.set_input(input, NARROWER[0]);
        }
        for (at, domain) in (0u8..).zip(&variant.input_domains) {
            if domain.is_some() && variant.key.inputs_present[usize::from(at)] {
                scene.meet_domain(InputId(at))?;
            }
        }
        Ok(scene)
    }

    fn set_params(&mut self) -> Result<(), String> {
        for (at, param) in (0u8..).zip(&self.spec.params) {
            if param.is_static() || !self.variant.key.params_present[usize::from(at)] {
                continue;
            }
            let tried = param.default.as_ref().map_or(TRIED.to_vec(), |value| vec![param.encode(value)]);
            let fits = |value: &f64| {
                let data = self.data.clone().with_param(ParamId(at), *value);
                self.variant.param_domains[usize::from(at)].is_none_or(|domain| {
                    let oracle = Oracle::new(self.spec, self.variant, &data);
                    oracle.is_ok_and(|oracle| oracle.condition(domain, &[]) == Ok(Some(true)))
                })
            };
            let value =
                tried.into_iter().find(fits).ok_or_else(|| format!("no value of `{}` meets its domain", param.name))?;
            self.data = self.data.clone().with_param(ParamId(at), value);
        }
        Ok(())
    }

    fn set_input(&mut self, input: InputId, change: fn(f64) -> f64) {
        let values = self.values(input, change);
        self.data = self.data.clone().with_input(self.spec, input, values);
    }

    /// Narrows an input's numbers until its condition is met everywhere.
    fn meet_domain(&mut self, input: InputId) -> Result<(), String> {
        for change in NARROWER {
            self.set_input(input, change);
            if self.meets_domain(input) {
                return Ok(());
            }
        }
        Err(format!("no numbers tried for `{}` meet its domain", self.spec.inputs[usize::from(input.0)].name))
    }

    fn meets_domain(&self, input: InputId) -> bool {
        let Some(domain) = self.variant.input_domains[usize::from(input.0)] else { return true };
        let Ok(oracle) = Oracle::new(self.spec, self.variant, &self.data) else { return false };
        every_place(&self.data.extents).iter().all(|place| oracle.condition(domain, place) != Ok(Some(false)))
    }

    /// The numbers of an input, in the order of its axes.
    fn values(&self, input: InputId, change: fn(f64) -> f64) -> Values {
        let declared = &self.spec.inputs[usize::from(input.0)];
        let extents: Vec<usize> = declared.axes.iter().map(|&axis| self.data.extent(axis)).collect();
        let places = every_place(&extents);
        let at = |place: &[usize]| {
            let of = |rows: bool| {
                declared.axes.iter().zip(place).find(|(axis, _)| (**axis == AxisId::ROWS) == rows).map(|(_, &at)| at)
            };
            (of(true), of(false).unwrap_or(0))
        };
        let spots: Vec<(Option<usize>, usize)> = places.iter().map(|place| at(place)).collect();
        // Another input of numbers stands still, or is another row.
        let is_first = input == self.spec.layout;
        let turned = if is_first { 0 } else { self.turned(input) };
        let number = |&(row, along): &(Option<usize>, usize)| match row {
            None => 1.0,
            Some(row) if self.spec.axes.len() == 1 && is_first => self.line[row % self.line.len()],
            // Where a condition is declared, its edge is no good place to stand.
            Some(_) if self.spec.axes.len() == 1 => {
                if declared.domain.is_some() {
                    0.5
                } else {
                    0.0
                }
            }
            Some(row) => ROWS[(row + turned) % ROWS.len()][along % 3],
        };
        let turn = |&(row, along): &(Option<usize>, usize)| match row {
            Some(row) if self.spec.axes.len() == 1 => row / self.line.len(),
            Some(row) => row + along,
            None => along,
        };
        let numbers = |make: &dyn Fn(f64) -> f64| Values::Real(spots.iter().map(|spot| make(number(spot))).collect());
        let turns = |make: &dyn Fn(usize) -> f64| Values::Real(spots.iter().map(|spot| make(turn(spot))).collect());
        match declared.label {
            Label::Real => numbers(&change),
            Label::Nonnegative | Label::Positive => numbers(&|x| x.abs() + 0.25),
            Label::Probability => numbers(&|x| (x + 4.0) / 9.0),
            Label::Simplex(_) => Values::Real(
                spots
                    .iter()
                    .map(|&(row, along)| match row {
                        Some(row) => SHARES[row % SHARES.len()][(along + row.min(1) * turned) % 3],
                        None => SHARES[0][along % 3],
                    })
                    .collect(),
            ),
            Label::Binary | Label::MultiHot(_) => turns(&|turn| (turn % 2) as f64),
            Label::Sign => turns(&|turn| 1.0 - 2.0 * (turn % 2) as f64),
            Label::Count => turns(&|turn| (turn % 4) as f64),
            Label::Flag => Values::Condition(spots.iter().map(|spot| turn(spot) % 2 == 0).collect()),
            Label::ClassIndex(_) | Label::IndexList(_) | Label::Group => {
                Values::Integer(spots.iter().map(|spot| (turn(spot) % 3) as i64).collect())
            }
        }
    }

    /// By how many rows an input that is not the first one lags behind it: of three vectors, no two are the same in each row.
    fn turned(&self, input: InputId) -> usize {
        let others = self
            .spec
            .inputs
            .iter()
            .zip(0u8..)
            .filter(|&(declared, at)| InputId(at) != self.spec.layout && at < input.0 && declared.axes.len() > 1);
        1 + others.count()
    }

    /// How many values the loss has.
    pub(super) fn places(&self) -> usize {
        self.variant.graph.axes(self.variant.loss).iter().map(|axis| self.data.extent(axis)).product()
    }

    /// How many rows there are.
    fn rows(&self) -> usize {
        self.data.extents[0]
    }

    /// The numbers of an input or of a gradient that belong to a row; all of one that the rows share.
    fn of_row<'v, T>(&self, input: usize, row: usize, values: &'v [T]) -> &'v [T] {
        let has_rows = self.spec.inputs[input].axes.contains(&AxisId::ROWS);
        if has_rows { part(values, row, self.rows()) } else { values }
    }

    /// Inputs, value and gradients, a row each.
    pub(super) fn table(&self, outcome: &CallOutcome) -> String {
        let shown: Vec<usize> = (0..self.spec.inputs.len())
            .filter(|&input| self.data.inputs[input].is_some() && self.spec.inputs[input].axes.contains(&AxisId::ROWS))
            .collect();
        let gradients: Vec<usize> = shown.iter().copied().filter(|&input| outcome.gradients[input].is_some()).collect();
        let name = |input: &usize| self.spec.inputs[*input].name.clone();
        let mut header: Vec<String> = shown.iter().map(name).collect();
        header.push(self.spec.name.clone());
        header.extend(gradients.iter().map(|input| format!("d {}", name(input))));
        let mut rows = vec![header];
        for row in 0..self.rows() {
            let mut cells: Vec<String> = shown.iter().map(|&input| self.cell(input, row)).collect();
            cells.push(numbers(part(&outcome.values, row, self.rows())));
            let slopes =
                gradients.iter().filter_map(|&input| Some(self.of_row(input, row, outcome.gradients[input].as_ref()?)));
            cells.extend(slopes.map(numbers));
            rows.push(cells);
        }
        let settings: Vec<String> = self.settings(outcome);
        let settings = if settings.is_empty() { String::new() } else { format!("{}\n", settings.join(", ")) };
        let columns = rows[0].len();
        settings + &aligned_rows(rows, columns)
    }

    /// What all rows share: parameters and tables, each with its gradient.
    fn settings(&self, outcome: &CallOutcome) -> Vec<String> {
        let params = self.spec.params.iter().enumerate().filter_map(|(at, param)| {
            let value = match (&self.variant.key.statics[at], &self.data.params[at]) {
                (Some(ParamValue::Word(word)), _) => word.clone(),
                (Some(ParamValue::Switch(on)), _) => on.to_string(),
                (Some(ParamValue::Number(number)), _) | (None, Some(Number::Constant(number))) => {
                    short(number.to_f64())
                }
                (None, Some(Number::Float(value))) => short(*value),
                (None, None) => return None,
            };
            Some((&param.name, value, outcome.params[at].as_ref().map(std::slice::from_ref)))
        });
        let is_shared = |input: &usize| {
            self.data.inputs[*input].is_some() && !self.spec.inputs[*input].axes.contains(&AxisId::ROWS)
        };
        let shared = (0..self.spec.inputs.len())
            .filter(is_shared)
            .map(|input| (&self.spec.inputs[input].name, self.cell(input, 0), outcome.gradients[input].as_deref()));
        let words = |(name, value, gradient): (&String, String, Option<&[Real]>)| match gradient {
            Some(gradient) => format!("{name} = {value}, d {name} = {}", numbers(gradient)),
            None => format!("{name} = {value}"),
        };
        params.chain(shared).map(words).collect()
    }

    /// What an input holds in a row.
    fn cell(&self, input: usize, row: usize) -> String {
        let Some(data) = &self.data.inputs[input] else { return String::new() };
        let texts: Vec<String> = match &data.values {
            Values::Real(values) => self.of_row(input, row, values).iter().map(|&value| short(value)).collect(),
            Values::Integer(values) => self.of_row(input, row, values).iter().map(i64::to_string).collect(),
            Values::Condition(values) => self.of_row(input, row, values).iter().map(bool::to_string).collect(),
        };
        texts.join(" ")
    }
}

/// Columns right-aligned.
fn aligned_rows(rows: Vec<Vec<String>>, columns: usize) -> String {
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}")).collect();
        format!("{}\n", cells.join("  "))
    };
    rows.into_iter().map(line).collect()
}

/// One of so many equal parts of a list.
fn part<T>(values: &[T], at: usize, parts: usize) -> &[T] {
    let len = values.len() / parts;
    &values[at * len..(at + 1) * len]
}

/// Numbers to four digits.
fn numbers(values: &[Real]) -> String {
    let text = |value: &Real| {
        let value = value.to_f64();
        // Zero has no sign.
        if value == 0.0 {
            "0".to_owned()
        } else if value.is_finite() {
            short(rounded(value))
        } else {
            value.to_string().to_lowercase()
        }
    };
    values.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// A number to five digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

/// Whether a variant is that of a call that gives nothing but what it must.
fn is_default(spec: &Spec, variant: &Variant) -> bool {
    let key = &variant.key;
    let inputs = spec.inputs.iter().zip(&key.inputs_present).all(|(input, &present)| present != input.may_be_absent());
    let params = spec.params.iter().zip(&key.params_present).all(|(param, &present)| present != param.optional);
    let statics = spec.params.iter().zip(&key.statics).all(|(param, fixed)| match (&param.default, fixed) {
        (Some(default), Some(fixed)) => default == fixed,
        // Without a default the first one is as good as another.
        (None, Some(fixed)) => match &param.kind {
            ParamKind::StaticInteger(values) => {
                values.first().is_some_and(|&first| param.encode(fixed) == first as f64)
            }
            ParamKind::Switch | ParamKind::Choice(_) => param.encode(fixed) == 0.0,
            ParamKind::Real | ParamKind::Integer => true,
        },
        (Some(_) | None, None) => true,
    });
    inputs && params && statics
}

/// The points of the first input: those of every loss, and those that the parameters point at, in order.
fn line(spec: &Spec, data: &Data) -> Vec<f64> {
    let named = data.params.iter().zip(&spec.params).filter_map(|(value, param)| match (value, &param.kind) {
        (Some(Number::Float(value)), ParamKind::Real) if (1e-3..=1e3).contains(&value.abs()) => Some(value.abs()),
        (Some(_) | None, _) => None,
    });
    let beside = named.flat_map(|value| BESIDE.into_iter().flat_map(move |factor| [factor * value, -factor * value]));
    let mut line: Vec<f64> = LINE.into_iter().chain(beside).collect();
    line.sort_by(f64::total_cmp);
    line.dedup();
    line
}

/// How many values of a label take turns on the line.
fn labels(spec: &Spec) -> usize {
    if spec.inputs.iter().any(|input| input.label.is_discrete()) { 2 } else { 1 }
}

/// Every place of some extents, the last one fastest.
fn every_place(extents: &[usize]) -> Vec<Vec<usize>> {
    extents.iter().fold(vec![Vec::new()], |places, &extent| {
        places.iter().flat_map(|place: &Vec<usize>| (0..extent).map(|at| [place.as_slice(), &[at]].concat())).collect()
    })
}
