//! Calls that must be refused, with nothing written.

use loss_codegen::compile::Compiled;
use loss_runtime::call::MAX_INPUTS;
use loss_runtime::info::Position;
use loss_runtime::{Element, Error, Reduction, Request, Upstream, run};

use crate::generators::{Batch, Extents, Family, Random};
use crate::oracle::Oracle;
use crate::subject::{Effort, Subject};

use super::probe::{Probe, find, gradient_buffers, poison};
use super::sample::{Sample, each, has_second_axis};
use super::truth::{data_of, variant_of};
use super::{Finding, Tally};

/// Wrong labels, shapes, parameters and outputs.
pub(super) fn errors_write_nothing(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let sizes: Vec<Extents> = if has_second_axis(subject.loss.info()) {
        [(1, 3), (19, 5), (40, 130)].map(|(rows, extent)| Extents::rows([rows]).with_extent(extent)).into()
    } else {
        vec![Extents::rows([1]), Extents::rows([67]), Extents::rows([9_000])]
    };
    // What is refused depends on the type in no way but through the values it can hold.
    let effort = Effort { points: 1, ..*effort };
    let compiled = subject.compiled();
    each::<f32>(subject, &effort, "errors_write_nothing f32", &sizes, &mut tally, |sample, random, tally| {
        wrong_calls(sample, compiled, random, tally);
    });
    each::<f64>(subject, &effort, "errors_write_nothing f64", &sizes, &mut tally, |sample, random, tally| {
        wrong_calls(sample, compiled, random, tally);
    });
    tally.finding()
}

fn wrong_calls<T: Element>(
    sample: &Sample<'_, T>,
    compiled: Option<&'static Compiled>,
    random: &mut Random,
    tally: &mut Tally,
) {
    // A wrong label in a row that is dropped is no error.
    let batch = sample.generator.clone().without_dropped_rows().batch::<T>(sample.extents, random);
    wrong_labels(sample, &batch, random, tally);
    if let Some(compiled) = compiled {
        broken_conditions(sample, compiled, &batch, tally);
    }
    wrong_shapes(sample, &batch, tally);
    wrong_params(sample, &batch, tally);
    wrong_outputs(sample, &batch, tally);
}

fn wrong_labels<T: Element>(sample: &Sample<'_, T>, batch: &Batch<T>, random: &mut Random, tally: &mut Tally) {
    for (place, input) in sample.info.inputs.iter().enumerate() {
        let Some(column) = &batch.inputs[place] else { continue };
        let admits_nan = Family::of(input, &batch.params).admits_nan();
        for violation in sample.generator.family(place).violations(sample.extents.extent) {
            // A condition that NaN leaves undecided is not broken, however narrow the numbers are that meet it.
            if violation.is_nan() && admits_nan {
                continue;
            }
            // The last value, and any one: a check that stops early misses the one, a check by samples the other.
            for at in [column.values.len() - 1, random.below(column.values.len())] {
                let mut wrong = batch.clone();
                let held = wrong.inputs[place].as_mut().is_some_and(|column| column.values.set(at, violation));
                if held {
                    let what = format!("{violation} at place {at} of {}", input.name);
                    let names_it = |error: &Error| match *error {
                        Error::Label { input: named, .. } | Error::RowSum { input: named, .. } => named == input.name,
                        Error::Domain { input: named, index, .. } => named == input.name && index == at,
                        _ => false,
                    };
                    expect_refusal(sample, &wrong, &what, "label", names_it, tally);
                }
            }
        }
    }
}

/// Numbers that break the condition that the spec declares, by the oracle: what the loss itself refuses cannot tell that it does not look.
fn broken_conditions<T: Element>(
    sample: &Sample<'_, T>,
    compiled: &'static Compiled,
    batch: &Batch<T>,
    tally: &mut Tally,
) {
    /// One of them breaks nearly every condition that an input may have.
    const CANDIDATES: [f64; 7] = [-1.0, f64::NEG_INFINITY, f64::INFINITY, 2.0, -0.25, 1e30, 0.0];
    /// The oracle is shown a whole batch: of a large one it would be the slowest part.
    const MOST_ROWS: usize = 100;
    if sample.extents.row_count() > MOST_ROWS {
        return;
    }
    let Some(variant) = variant_of(compiled, sample.generator.setting()) else { return };
    for (place, input) in sample.info.inputs.iter().enumerate() {
        let Some(condition) = variant.input_domains[place].filter(|_| batch.inputs[place].is_some()) else { continue };
        let breaks = |wrong: &Batch<T>| {
            let data = data_of(&compiled.spec, sample.info, wrong, sample.extents);
            let first = vec![0; compiled.spec.axes.len()];
            Oracle::new(&compiled.spec, variant, &data)
                .is_ok_and(|oracle| matches!(oracle.condition(condition, &first), Ok(Some(false))))
        };
        for candidate in CANDIDATES {
            let mut wrong = batch.clone();
            let held = wrong.inputs[place].as_mut().is_some_and(|column| column.values.set(0, candidate));
            if held && breaks(&wrong) {
                let what = format!("{candidate} at place 0 of {}", input.name);
                let names_it = |error: &Error| match *error {
                    Error::Label { input: named, .. } | Error::Domain { input: named, .. } => named == input.name,
                    _ => false,
                };
                expect_refusal(sample, &wrong, &what, "label", names_it, tally);
            }
        }
    }
}

fn wrong_shapes<T: Element>(sample: &Sample<'_, T>, batch: &Batch<T>, tally: &mut Tally) {
    let is_shape = |error: &Error| error.kind() == "shape";
    for (place, input) in sample.info.inputs.iter().enumerate() {
        let Some(column) = &batch.inputs[place] else { continue };
        // A value is missing.
        let mut short = batch.clone();
        if let Some(column) = &mut short.inputs[place] {
            let fewer: Vec<usize> = (0..column.values.len() - 1).collect();
            column.values = column.values.pick(&fewer);
        }
        expect_refusal(sample, &short, &format!("{} with a value less", input.name), "shape", is_shape, tally);
        // A row more than the other inputs have.
        let along_rows = input.axes.iter().any(|&axis| sample.info.axes[axis].position == Position::Rows);
        let others = batch
            .inputs
            .iter()
            .zip(sample.info.inputs)
            .enumerate()
            .any(|(other, (column, info))| other != place && column.is_some() && info.axes.contains(&0));
        if along_rows && others && !column.shape.is_empty() {
            let mut long = batch.clone();
            if let Some(column) = &mut long.inputs[place] {
                let row = column.values.len() / column.shape[0];
                let more: Vec<usize> = (0..column.values.len()).chain(0..row).collect();
                column.values = column.values.pick(&more);
                column.shape[0] += 1;
            }
            expect_refusal(sample, &long, &format!("{} with a row more", input.name), "shape", is_shape, tally);
        }
        // A dimension of extent 2 that nothing else has.
        let mut deep = batch.clone();
        if let Some(column) = &mut deep.inputs[place] {
            let twice: Vec<usize> = (0..column.values.len()).flat_map(|place| [place, place]).collect();
            column.values = column.values.pick(&twice);
            column.shape.push(2);
        }
        if others {
            expect_refusal(sample, &deep, &format!("{} with a dimension more", input.name), "shape", is_shape, tally);
        }
        if !input.optional && input.default.is_none() {
            let mut without = batch.clone();
            without.inputs[place] = None;
            let is_missing = |error: &Error| matches!(error, Error::MissingInput { name } if *name == input.name);
            expect_refusal(sample, &without, &format!("no {}", input.name), "missing input", is_missing, tally);
        }
    }
}

fn wrong_params<T: Element>(sample: &Sample<'_, T>, batch: &Batch<T>, tally: &mut Tally) {
    for (place, param) in sample.info.params.iter().enumerate() {
        let refused = crate::generators::refused(sample.loss, sample.generator.setting(), place);
        if refused.is_empty() && param.domain.is_some() {
            // The loss itself says which values it refuses: one that refuses none does not look.
            tally.fail(&format!("the condition on {}", param.name), || {
                ("a value that is refused".to_owned(), "none".to_owned())
            });
        }
        for value in refused {
            let mut wrong = batch.clone();
            wrong.params[place] = value;
            let is_param = |error: &Error| matches!(error, Error::Param { name, .. } if *name == param.name);
            expect_refusal(sample, &wrong, &format!("{} = {value}", param.name), "parameter", is_param, tally);
        }
    }
}

fn wrong_outputs<T: Element>(sample: &Sample<'_, T>, batch: &Batch<T>, tally: &mut Tally) {
    let none_len = match find(sample.loss, batch, Probe::default()) {
        Ok(found) => found.elements.len(),
        Err(refusal) => return super::geometry::refused(sample, &refusal, tally),
    };
    let gradients = gradient_buffers(sample.loss, batch);
    for wrong in 0..=gradients.len() {
        let mut elements = vec![poison::<T>(); none_len];
        let mut gradients = gradients.clone();
        let what = match wrong.checked_sub(1) {
            None => {
                elements.push(poison());
                "room for a value too many".to_owned()
            }
            Some(input) => {
                let Some(gradient) = &mut gradients[input] else {
                    continue;
                };
                gradient.pop();
                format!("room for a gradient too few of {}", sample.info.inputs[input].name)
            }
        };
        let is_output = |error: &Error| error.kind() == "output";
        untouched(sample, batch, (elements, gradients), Asked::default(), &what, "output", is_output, tally);
    }
    for (count, reduction) in [(none_len + 1, Reduction::None), (1, Reduction::None), (2, Reduction::Sum)] {
        if count == none_len && reduction.is_none() {
            continue;
        }
        let upstream = vec![T::ONE; count];
        let asked = Asked { reduction, upstream: Upstream::Each(&upstream) };
        let outputs = (vec![poison::<T>(); none_len], gradients.clone());
        let what = format!("{count} upstream gradients of {reduction:?} of {none_len} values");
        let is_upstream = |error: &Error| matches!(error, Error::Upstream { .. });
        untouched(sample, batch, outputs, asked, &what, "output", is_upstream, tally);
    }
    let unknown = |error: &Error| matches!(error, Error::UnknownReduction { .. });
    let outputs = (vec![poison::<T>(); none_len], gradients);
    let asked = Asked { reduction: Reduction::Named("no reduction has this name"), ..Asked::default() };
    untouched(sample, batch, outputs, asked, "an unknown reduction", "reduction", unknown, tally);
}

fn expect_refusal<T: Element>(
    sample: &Sample<'_, T>,
    batch: &Batch<T>,
    what: &str,
    kind: &str,
    is_right: impl Fn(&Error) -> bool,
    tally: &mut Tally,
) {
    // As many as the right call has; the refusal comes before their lengths are looked at.
    let layout = sample.batch.inputs[sample.info.layout].as_ref().map_or(0, |column| column.values.len());
    let outputs = (vec![poison::<T>(); layout], gradient_buffers(sample.loss, batch));
    untouched(sample, batch, outputs, Asked::default(), what, kind, is_right, tally);
}

/// What is asked for beside everything.
struct Asked<'u, T> {
    reduction: Reduction<'static>,
    upstream: Upstream<'u, T>,
}

impl<T> Default for Asked<'_, T> {
    fn default() -> Self {
        Self { reduction: Reduction::None, upstream: Upstream::One }
    }
}

#[expect(clippy::too_many_arguments, reason = "a call, and what is expected of it")]
fn untouched<T: Element>(
    sample: &Sample<'_, T>,
    batch: &Batch<T>,
    (mut elements, mut gradients): (Vec<T>, Vec<Option<Vec<T>>>),
    asked: Asked<'_, T>,
    what: &str,
    kind: &str,
    is_right: impl Fn(&Error) -> bool,
    tally: &mut Tally,
) {
    let what = format!("{what}; {}", sample.describe());
    let mut slots = [const { None }; MAX_INPUTS];
    for (slot, gradient) in slots.iter_mut().zip(&mut gradients) {
        *slot = gradient.as_deref_mut();
    }
    let Asked { reduction, upstream } = asked;
    let request =
        Request { reduction, upstream, elements: Some(&mut elements), gradients: slots, ..Request::default() };
    match run(sample.loss, &batch.call(), request) {
        Err(error) if is_right(&error) => tally.pass(1),
        Err(error) => tally.fail(&what, || (format!("a {kind} error that names it"), error.to_string())),
        Ok(_) => tally.fail(&what, || (format!("a {kind} error"), "an answer".to_owned())),
    }
    let poison = poison::<T>().bits();
    let outputs = elements.iter().chain(gradients.iter().flatten().flatten());
    match outputs.enumerate().find(|(_, number)| number.bits() != poison) {
        None => tally.pass(1),
        Some((place, number)) => tally
            .fail(&what, || ("no output is touched".to_owned(), format!("place {place} of all outputs is {number}"))),
    }
}
