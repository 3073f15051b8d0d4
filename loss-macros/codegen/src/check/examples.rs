//! Examples and declared differences: numbers of the right shape, inside their labels and domains, for names that exist.

mod values;

use crate::check::Findings;
use crate::check::claims::nearest;
use crate::check::shapes::{Array, Extents, Folding, array, data_span, disagreement, fit, learn, same_places};
use crate::codes::Code;
use crate::document::{Data, Document, Expectation};
use crate::expr::{AxisId, Constant};
use crate::model::{ParamValue, Position, Spec, Variant, VariantKey};
use crate::resolve::evaluate::{Known, evaluate};
use crate::resolve::params::{known, takes, value};
use crate::source::{Span, Spanned};

// The kinds of run-time errors; those of the second list are about what was given.
const ERRORS: [&str; 8] = ["zero_divisor", "output", "unsupported", "param", "input", "shape", "label", "domain"];
const REFUSALS: [&str; 5] = ["param", "input", "shape", "label", "domain"];

/// Checks the examples and the differences.
pub(super) fn check(document: &Document, spec: &Spec, variants: &[Variant], findings: &mut Findings) {
    for example in &document.examples {
        if let Some(tolerance) = &example.tolerance {
            let number = Constant::parse(&tolerance.value).map(Constant::to_f64).filter(|number| *number >= 0.0);
            let wrong = match number {
                None => Some(format!("`{}` is no tolerance", tolerance.value)),
                Some(number) if number > MOST_TOLERANCE => {
                    Some(format!("a tolerance of {} lets nearly every number pass", tolerance.value))
                }
                Some(_) => None,
            };
            if let Some(message) = wrong {
                let help = "write a share of the expected number, such as 1e-6";
                findings.error(Code::ExampleIncomplete, tolerance.span, message, help);
            }
        }
        Case::new(spec, variants, &example.given, example.source.span).check(&example.expect, &[], findings);
    }
    for difference in &document.differences {
        match &difference.shown {
            Some(shown) => {
                Case::new(spec, variants, &shown.given, difference.what.span).check(
                    &difference.ours,
                    &[&shown.theirs],
                    findings,
                );
            }
            None => of_recorded_calls(&difference.ours, findings),
        }
    }
}

/// What an example gives for each input, with the dimensions of each axis; none where one of them does not fit.
pub(super) fn arrays<'a>(spec: &'a Spec, given: &'a Given) -> Option<Vec<Option<(Array<'a>, Folding)>>> {
    let mut case = Case::new(spec, &[], given, Span::default());
    case.inputs(&mut Findings::default()).then_some(case.arrays)
}

/// What is said of recorded calls alone: which errors they are. Each has numbers of its own.
fn of_recorded_calls(ours: &Expectation, findings: &mut Findings) {
    if let Some((name, _)) = ours.values.iter().chain(&ours.gradient).next() {
        let message = "numbers of a call that is not given".to_owned();
        let help = "give the call under `given` and PyTorch's answer under `theirs`, or name the `error` alone";
        findings.error(Code::ExampleIncomplete, name.span, message, help);
    }
    errors_are_known(ours, findings);
}

fn errors_are_known(expectation: &Expectation, findings: &mut Findings) {
    for (_, code) in &expectation.error {
        if !ERRORS.contains(&code.value.as_str()) {
            let message = format!("unknown error code `{}`", code.value);
            findings.error(Code::ExampleIncomplete, code.span, message, nearest(&code.value, ERRORS.into_iter()));
        }
    }
}

/// Extents as people say them: `2 by 3`.
fn by(extents: &[usize]) -> String {
    match extents {
        [] => "a single place".to_owned(),
        many => many.iter().map(usize::to_string).collect::<Vec<_>>().join(" by "),
    }
}

/// No example is that vague.
const MOST_TOLERANCE: f64 = 1e-2;

type Given = [(Spanned<String>, Data)];

struct Case<'a> {
    spec: &'a Spec,
    variants: &'a [Variant],
    given: &'a Given,
    /// Where it is, if nothing is given.
    otherwise: Span,
    /// Per input.
    arrays: Vec<Option<(Array<'a>, Folding)>>,
    extents: Extents,
}

impl<'a> Case<'a> {
    fn new(spec: &'a Spec, variants: &'a [Variant], given: &'a Given, otherwise: Span) -> Self {
        Case { spec, variants, given, otherwise, arrays: vec![None; spec.inputs.len()], extents: Extents::new() }
    }

    fn check(mut self, ours: &Expectation, others: &[&Expectation], findings: &mut Findings) {
        let is_refused = ours.error.iter().any(|(_, code)| REFUSALS.contains(&code.value.as_str()));
        self.names(findings);
        if !is_refused {
            self.params(findings);
            if !self.inputs(findings) {
                return;
            }
        }
        for expectation in [ours].iter().chain(others) {
            self.expectation(expectation, findings);
        }
        errors_are_known(ours, findings);
    }

    fn value(&self, name: &str) -> Option<&'a (Spanned<String>, Data)> {
        self.given.iter().find(|(given, _)| given.value == name)
    }

    fn names(&self, findings: &mut Findings) {
        let inputs = self.spec.inputs.iter().map(|input| input.name.as_str());
        let params = self.spec.params.iter().map(|param| param.name.as_str());
        let all: Vec<&str> = inputs.chain(params).collect();
        for (name, _) in self.given {
            if !all.contains(&name.value.as_str()) {
                let message = format!("`{}` is no input or parameter", name.value);
                findings.error(Code::ExampleUnknownName, name.span, message, nearest(&name.value, all.iter().copied()));
            }
        }
    }

    /// Where to say that something is missing.
    fn place(&self) -> Span {
        self.given.first().map_or(self.otherwise, |(name, _)| name.span)
    }

    fn params(&self, findings: &mut Findings) {
        for param in &self.spec.params {
            let Some((_, data)) = self.value(&param.name) else {
                if param.default.is_none() && !param.optional {
                    let message = format!("the parameter `{}` is missing", param.name);
                    findings.error(Code::ExampleIncomplete, self.place(), message, "it has no default: give it");
                }
                continue;
            };
            if self.param(&param.name).is_none() {
                let message = format!("this is no value for `{}`", param.name);
                let help = format!("it takes {}", takes(&param.kind));
                findings.error(Code::ExampleDomain, data_span(data), message, help);
            } else if let Some(domain) = &param.domain
                && evaluate(domain, &|name| self.known_param(name)) == Some(Known::Condition(Some(false)))
            {
                let message = format!("`{}` lies outside its domain", param.name);
                let help = format!("it must meet `{}`", param.domain_text.as_deref().unwrap_or_default());
                findings.error(Code::ExampleDomain, data_span(data), message, help);
            }
        }
    }

    /// The value of a parameter here: given, or its default.
    fn param(&self, name: &str) -> Option<ParamValue> {
        let param = self.spec.params.iter().find(|param| param.name == name)?;
        match self.value(name) {
            None => param.default.clone(),
            Some((_, Data::Number(text) | Data::Word(text))) => value(&text.value, &param.kind),
            Some((_, Data::Boolean(truth))) => value(if truth.value { "true" } else { "false" }, &param.kind),
            Some((_, Data::List(..))) => None,
        }
    }

    fn known_param(&self, name: &str) -> Option<Known> {
        self.param(name).as_ref().map(known)
    }

    /// Reads and checks the arrays; whether all their shapes are sound.
    fn inputs(&mut self, findings: &mut Findings) -> bool {
        let mut sound = true;
        self.missing_inputs(findings);
        let layout = usize::from(self.spec.layout.0);
        // The input with the most axes says most about their extents.
        let order = std::iter::once(layout).chain((0..self.spec.inputs.len()).filter(|place| *place != layout));
        for place in order {
            let input = &self.spec.inputs[place];
            let Some((_, data)) = self.value(&input.name) else {
                sound &= input.may_be_absent();
                continue;
            };
            let array = match array(data) {
                Ok(array) => array,
                Err(span) => {
                    let help = "each part needs the same shape";
                    findings.error(Code::ExampleShape, span, "the parts of this list differ in shape", help);
                    sound = false;
                    continue;
                }
            };
            match fit(self.spec, input, &array.shape, &self.extents) {
                Some(folding) => {
                    learn(input, &array.shape, &folding, &mut self.extents);
                    self.arrays[place] = Some((array, folding));
                }
                None => {
                    let names: Vec<&str> = input.axes.iter().map(|axis| self.axis(*axis)).collect();
                    let message = format!("the shape {:?} does not fit `{}`", array.shape, input.name);
                    let why = match disagreement(self.spec, input, &array.shape, &self.extents) {
                        Some((axis, here)) => {
                            let there =
                                same_places(self.spec, axis, &self.extents).map_or(String::new(), |there| by(there));
                            let other = self.spec.inputs.iter().zip(&self.arrays).find_map(|(other, array)| {
                                array.as_ref().filter(|_| other.axes.contains(&axis)).map(|_| other.name.as_str())
                            });
                            let whose = other.map_or(String::new(), |other| format!(" in `{other}`"));
                            format!("`{}` is {} here and {there}{whose}", self.axis(axis), by(&here))
                        }
                        None => "extents agree between inputs".to_owned(),
                    };
                    let help = format!("its axes are [{}], and {why}", names.join(", "));
                    findings.error(Code::ExampleShape, data_span(data), message, help);
                    sound = false;
                }
            }
        }
        if sound {
            for (input, array) in self.spec.inputs.iter().zip(&self.arrays) {
                if let Some((array, folding)) = array {
                    self.values(input, array, folding, findings);
                }
            }
        }
        sound
    }

    /// What an example lacks, once for all examples that lack the same.
    fn missing_inputs(&self, findings: &mut Findings) {
        let needed = self.spec.inputs.iter().filter(|input| !input.may_be_absent());
        let missing: Vec<&str> =
            needed.map(|input| input.name.as_str()).filter(|name| self.value(name).is_none()).collect();
        let (what, help) = match missing.len() {
            0 => return,
            1 => ("the input", "it has no default: give it"),
            _ => ("the inputs", "they have no defaults: give them"),
        };
        let is = if missing.len() == 1 { "is" } else { "are" };
        let message = format!("{what} `{}` {is} missing", missing.join("`, `"));
        if !findings.says(Code::ExampleIncomplete, &message) {
            findings.error(Code::ExampleIncomplete, self.place(), message, help);
        }
    }

    fn axis(&self, axis: AxisId) -> &'a str {
        self.spec.axes.get(usize::from(axis.0)).map_or("?", |axis| &axis.name)
    }

    fn expectation(&self, expectation: &Expectation, findings: &mut Findings) {
        for name in
            expectation.values.iter().map(|(name, _)| name).chain(expectation.error.iter().map(|(name, _)| name))
        {
            let named = self.spec.reductions.iter().map(|reduction| reduction.name.as_str());
            let all: Vec<&str> = ["none", "sum"].into_iter().chain(named).collect();
            if !all.contains(&name.value.as_str()) {
                let message = format!("unknown reduction `{}`", name.value);
                findings.error(Code::ExampleUnknownName, name.span, message, nearest(&name.value, all.iter().copied()));
            }
        }
        for (name, data) in &expectation.values {
            let is_named = self.spec.reductions.iter().any(|reduction| reduction.name == name.value);
            if !is_named && !["none", "sum"].contains(&name.value.as_str()) {
                continue;
            }
            let wanted = if name.value == "none" { self.shape_of_none() } else { Some(Vec::new()) };
            let source = if name.value == "none" { self.axes_of_none() } else { String::new() };
            self.shape(data, wanted, (&name.value, &source), findings);
        }
        for (name, data) in &expectation.gradient {
            let params = self.spec.params.iter().filter(|param| param.gradient).map(|param| param.name.as_str());
            let inputs = self.spec.inputs.iter().filter(|input| input.gradient).map(|input| input.name.as_str());
            let known = inputs.chain(params);
            if !known.clone().any(|known| known == name.value) {
                let message = format!("`{}` is no input or parameter with a gradient", name.value);
                findings.error(Code::ExampleUnknownName, name.span, message, nearest(&name.value, known));
                continue;
            }
            let has_default = |name: &str| self.spec.params.iter().any(|p| p.name == name && p.default.is_some());
            if self.value(&name.value).is_none() && !has_default(&name.value) {
                let message = format!("`{}` is not given here, and so has no gradient", name.value);
                findings.error(Code::ExampleIncomplete, name.span, message, "give it, or leave its gradient out");
                continue;
            }
            let wanted = match self.spec.inputs.iter().position(|input| input.name == name.value) {
                Some(place) => self.arrays[place].as_ref().map(|(array, _)| array.shape.clone()),
                None => Some(Vec::new()),
            };
            self.shape(data, wanted, (&name.value, ""), findings);
        }
    }

    /// Compares a shape with the one that the named result has; the reason for that one is part of the message.
    fn shape(&self, data: &Data, wanted: Option<Vec<usize>>, (name, why): (&str, &str), findings: &mut Findings) {
        match array(data) {
            Err(span) => {
                let help = "each part needs the same shape";
                findings.error(Code::ExampleShape, span, "the parts of this list differ in shape", help);
            }
            Ok(array) => {
                if let Some(wanted) = wanted
                    && wanted != array.shape
                {
                    let message = format!("the shape {:?} is not that of `{name}`", array.shape);
                    let help = if wanted.is_empty() {
                        "it is one number: write it without brackets".to_owned()
                    } else {
                        format!("it has the shape {wanted:?}{why}")
                    };
                    findings.error(Code::ExampleShape, data_span(data), message, help);
                }
            }
        }
    }

    /// The shape of `none`: the layout input's dimensions of the axes that the loss keeps.
    fn shape_of_none(&self) -> Option<Vec<usize>> {
        let (array, folding) = self.arrays.get(usize::from(self.spec.layout.0))?.as_ref()?;
        let variant = self.variants.iter().find(|variant| self.is_of(&variant.key))?;
        let axes = variant.graph.axes(variant.loss);
        let is_kept = |dimension: &usize| {
            folding.iter().any(|(axis, dimensions)| axes.contains(*axis) && dimensions.contains(dimension))
        };
        let kept = (0..array.shape.len()).filter(is_kept).map(|dimension| array.shape[dimension]);
        let mut shape: Vec<usize> = kept.collect();
        // What another input alone has.
        for axis in axes.iter().filter(|axis| !folding.contains_key(axis)) {
            let [extent] = *same_places(self.spec, axis, &self.extents)?.as_slice() else { return None };
            let place = match self.spec.axes.get(usize::from(axis.0))?.position {
                Position::Second => shape.len().min(1),
                Position::Last => shape.len(),
                Position::Rows | Position::Rest => return None,
            };
            shape.insert(place, extent);
        }
        Some(shape)
    }

    /// The axes of the unreduced loss, as a reason for its shape.
    fn axes_of_none(&self) -> String {
        let Some(variant) = self.variants.iter().find(|variant| self.is_of(&variant.key)) else { return String::new() };
        let axes = variant.graph.axes(variant.loss);
        let names: Vec<&str> = axes.iter().map(|axis| self.spec.axes[usize::from(axis.0)].name.as_str()).collect();
        format!(", for the loss has the axes [{}]", names.join(", "))
    }

    fn is_of(&self, key: &VariantKey) -> bool {
        let inputs = self.spec.inputs.iter().zip(&key.inputs_present);
        let mut params = self.spec.params.iter().zip(key.params_present.iter().zip(&key.statics));
        let mut inputs = inputs.map(|(input, present)| self.value(&input.name).is_some() == *present);
        inputs.all(|fits| fits)
            && params.all(|(param, (present, setting))| match (self.param(&param.name), setting) {
                (Some(value), Some(setting)) => value == *setting,
                (value, _) => value.is_some() == *present,
            })
    }
}
