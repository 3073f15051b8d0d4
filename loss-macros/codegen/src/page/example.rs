//! The first example of a spec as a program that runs.

mod exact;

use crate::compile::Compiled;
use crate::document::{Data, ExampleEntry};
use crate::emit::type_name;
use crate::model::{Label, Param, ParamKind, Spec};

use exact::is_exact;

/// A program.
pub(super) struct Example {
    /// How its numbers are known.
    pub(super) source: String,
    /// What it uses of the loss's module; the first is the loss.
    pub(super) names: Vec<String>,
    /// What follows the `use` of these names.
    pub(super) code: String,
}

/// Numbers in row-major order, and their extents.
struct Array<'d> {
    numbers: Vec<&'d str>,
    shape: Vec<usize>,
}

/// How close a number must come that is not exact, as a share of it.
const NEAR: f64 = 1e-12;

impl Example {
    /// The first example that a program can show; none if there is none.
    pub(super) fn of(compiled: &Compiled) -> Option<Self> {
        compiled.spec.examples.iter().find_map(|example| {
            let call = Call::of(&compiled.spec, example)?;
            let tolerance = example.tolerance.as_ref().map(|tolerance| tolerance.value.parse().unwrap_or(NEAR));
            let numbers = Numbers {
                is_exact: tolerance.is_none() && is_exact(compiled, example),
                tolerance: tolerance.unwrap_or(NEAR).max(NEAR),
            };
            let shown: Vec<String> = [call.elements(&numbers), call.reduced(&numbers), call.gradient(&numbers)]
                .into_iter()
                .flatten()
                .collect();
            let calls = shown.concat();
            let uses = if calls.contains("Reduction::") { "use loss_runtime::Reduction;\n" } else { "" };
            let code = format!("{uses}\n{}{calls}# Ok::<(), loss_runtime::Error>(())\n", call.given);
            (!shown.is_empty()).then(|| Example { source: example.source.value.clone(), names: call.names, code })
        })
    }
}

/// A call of the loss, being written.
struct Call<'s> {
    spec: &'s Spec,
    example: &'s ExampleEntry,
    names: Vec<String>,
    /// The inputs, and the loss with its parameters.
    given: String,
    /// What every call is given.
    arguments: String,
}

impl<'s> Call<'s> {
    /// None if an input is of a kind that a program does not write plainly.
    fn of(spec: &'s Spec, example: &'s ExampleEntry) -> Option<Self> {
        let name = type_name(&spec.name);
        let mut call =
            Call { spec, example, names: vec![name.clone()], given: String::new(), arguments: String::new() };
        let (mut arguments, mut setters, mut required) = (Vec::new(), String::new(), Vec::new());
        for input in &spec.inputs {
            let Some(data) = call.data(&input.name) else { continue };
            let array = Array::of(data)?;
            call.given.push_str(&format!("let {} = [{}];\n", input.name, literals(input.label, &array.numbers)?));
            let argument = match array.shape.as_slice() {
                [_] => format!("&{}", input.name),
                shape => format!("(&{}, {shape:?})", input.name),
            };
            if input.may_be_absent() {
                setters.push_str(&format!(".{}({argument})", input.name));
            } else {
                arguments.push(argument);
            }
        }
        for param in &spec.params {
            let Some(data) = call.data(&param.name) else { continue };
            let value = call.param(param, data)?;
            if param.default.is_none() && !param.optional {
                required.push(value);
            } else {
                setters.push_str(&format!(".{}({value})", param.name));
            }
        }
        call.given.push_str(&format!("let loss = {name}::new({}){setters};\n", required.join(", ")));
        call.arguments = arguments.join(", ");
        Some(call)
    }

    fn data(&self, name: &str) -> Option<&'s Data> {
        self.example.data_of(name)
    }

    fn param(&mut self, param: &Param, data: &Data) -> Option<String> {
        match (&param.kind, data) {
            (ParamKind::Real, Data::Number(text)) => Some(real(&text.value)),
            (ParamKind::Integer | ParamKind::StaticInteger(_), Data::Number(text)) => Some(text.value.clone()),
            (ParamKind::Switch, Data::Boolean(on)) => Some(on.value.to_string()),
            (ParamKind::Choice(_), Data::Word(word)) => {
                let choice = format!("{}{}", self.names[0], type_name(&param.name));
                self.names.push(choice.clone());
                Some(format!("{choice}::{}", type_name(&word.value)))
            }
            (
                ParamKind::Real
                | ParamKind::Integer
                | ParamKind::StaticInteger(_)
                | ParamKind::Switch
                | ParamKind::Choice(_),
                Data::Number(_) | Data::Boolean(_) | Data::Word(_) | Data::List(..),
            ) => None,
        }
    }

    fn elements(&self, numbers: &Numbers) -> Option<String> {
        let (_, data) = self.example.expect.values.iter().find(|(reduction, _)| reduction.value == "none")?;
        let array = Array::of(data)?;
        Some(format!(
            "\nlet mut each = [0.0; {}];\nloss.forward_into({}, &mut each)?;\n{}",
            array.numbers.len(),
            self.arguments,
            numbers.assert_all("each", &array.numbers)
        ))
    }

    /// The default reduction, if its value is known, or another one.
    fn reduced(&self, numbers: &Numbers) -> Option<String> {
        let default = &self.spec.default_reduction;
        let known = self.example.expect.values.iter().filter(|(reduction, _)| reduction.value != "none");
        let (reduction, data) = known.min_by_key(|(reduction, _)| reduction.value != *default)?;
        let Data::Number(expected) = data else { return None };
        let name = &reduction.value;
        let chosen = match name.as_str() {
            name if name == default => String::new(),
            "sum" => ".reduction(Reduction::Sum)".to_owned(),
            name => format!(".reduction(Reduction::Named(\"{name}\"))"),
        };
        Some(format!(
            "\nlet {name} = loss{chosen}.forward({})?;\n{}",
            self.arguments,
            numbers.assert_one(name, &expected.value)
        ))
    }

    /// The gradient of the unreduced loss with respect to the first input that has one: a single buffer stands for that.
    fn gradient(&self, numbers: &Numbers) -> Option<String> {
        let first = self.spec.inputs.iter().find(|input| input.gradient)?;
        let (_, data) = self.example.expect.gradient.iter().find(|(input, _)| input.value == first.name)?;
        let array = Array::of(data)?;
        let chosen = if self.spec.default_reduction == "none" { "" } else { ".reduction(Reduction::None)" };
        Some(format!(
            "\nlet mut gradient = [0.0; {}];\nloss{chosen}.backward({}, 1.0, &mut gradient)?;\n{}",
            array.numbers.len(),
            self.arguments,
            numbers.assert_all("gradient", &array.numbers)
        ))
    }
}

impl<'d> Array<'d> {
    /// None if there is a word in it, or nothing, or its lists are ragged, as those of a call that is refused may be.
    fn of(data: &'d Data) -> Option<Self> {
        match data {
            Data::Number(text) => Some(Array { numbers: vec![&text.value], shape: Vec::new() }),
            Data::Boolean(truth) => {
                Some(Array { numbers: vec![if truth.value { "true" } else { "false" }], shape: Vec::new() })
            }
            Data::Word(_) => None,
            Data::List(items, _) => {
                let parts = items.iter().map(Array::of).collect::<Option<Vec<_>>>()?;
                let inner = parts.first().map(|part| part.shape.clone()).unwrap_or_default();
                let is_even = parts.iter().all(|part| part.shape == inner);
                let shape = [vec![items.len()], inner].concat();
                let numbers: Vec<&str> = parts.into_iter().flat_map(|part| part.numbers).collect();
                (is_even && !numbers.is_empty()).then_some(Array { numbers, shape })
            }
        }
    }
}

/// How numbers are compared.
struct Numbers {
    is_exact: bool,
    tolerance: f64,
}

impl Numbers {
    fn assert_one(&self, name: &str, expected: &str) -> String {
        if self.is_exact && is_short(expected) {
            return format!("assert_eq!({name}, {});\n", real(expected));
        }
        format!("assert!(({name} - {}).abs() <= {:e} * {name}.abs());\n", real(expected), self.tolerance)
    }

    fn assert_all(&self, name: &str, expected: &[&str]) -> String {
        let list: Vec<String> = expected.iter().map(|number| real(number)).collect();
        let list = list.join(", ");
        if self.is_exact && expected.iter().all(|number| is_short(number)) {
            return format!("assert_eq!({name}, [{list}]);\n");
        }
        let list = list.replacen(", ", "_f64, ", 1);
        format!(
            "for (found, expected) in {name}.iter().zip([{list}]) {{\n    \
             assert!((found - expected).abs() <= {:e} * expected.abs());\n}}\n",
            self.tolerance
        )
    }
}

/// Whether a number is one of few binary digits, which nothing rounds.
fn is_short(text: &str) -> bool {
    text.parse().is_ok_and(|number: f64| (number * 1024.0).fract() == 0.0 && number.abs() < 1e6)
}

/// The numbers of an input as literals of one type.
fn literals(label: Label, numbers: &[&str]) -> Option<String> {
    let joined = |write: &dyn Fn(&str) -> String| numbers.iter().map(|text| write(text)).collect::<Vec<_>>().join(", ");
    if !label.is_discrete() {
        return Some(joined(&real).replacen(", ", "_f64, ", 1));
    }
    let is_flag = |text: &&str| ["true", "false"].contains(text);
    let is_whole = |text: &&str| text.parse::<i64>().is_ok();
    if numbers.iter().all(is_flag) {
        Some(joined(&str::to_owned))
    } else if numbers.iter().all(is_whole) {
        Some(joined(&str::to_owned).replacen(", ", "_i64, ", 1))
    } else {
        numbers.iter().all(|text| text.parse::<f64>().is_ok()).then(|| joined(&real))
    }
}

/// A number as a literal.
fn real(text: &str) -> String {
    match text {
        "inf" => "f64::INFINITY".to_owned(),
        "-inf" => "f64::NEG_INFINITY".to_owned(),
        "nan" => "f64::NAN".to_owned(),
        number if number.contains(['.', 'e', 'E']) => number.to_owned(),
        whole => format!("{whole}.0"),
    }
}
