//! Recorded answers of PyTorch, replayed through the conformance port.
//!
//! `goldens/pytorch.jsonl` holds the cases and its `README.md` their format. A spec lists those that are meant to differ, by their ids,
//! in `differs_from_pytorch`. One that is listed and does not differ, or differs in another way, is a failure like any other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use loss_codegen::document::{DifferenceEntry, Expectation};
use serde::Deserialize;
use serde_json::Value;

use crate::audit::Goldens;
use crate::eval::{self, ArrayData, Case, Dtype, Figures, Refusal};
use crate::number::Number;
use crate::subject::{Effort, Subject};

use super::{Finding, Tally, tolerance};

/// Where the answers come from.
const SOURCE: &str = "PyTorch 2.15.0";

/// What is expected of a case.
#[derive(Deserialize)]
struct Golden {
    id: String,
    expect: BTreeMap<String, Expected>,
}

#[derive(Deserialize)]
struct Expected {
    value: Option<Array>,
    #[serde(default)]
    grads: BTreeMap<String, Array>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    data: Vec<Number>,
}

/// Where the cases are.
fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens").join("pytorch.jsonl")
}

/// All cases of this loss, in both types.
pub(super) fn pytorch_answers_replay(subject: &Subject, effort: &Effort) -> Finding {
    let mut tally = Tally::new(subject, effort);
    let mut goldens = Goldens { source: SOURCE.to_owned(), ..Goldens::default() };
    if let Err(problem) = replay(subject, &mut tally, &mut goldens) {
        tally.fail("the recorded answers", || ("readable files".to_owned(), problem));
    }
    if tally.points() == 0 {
        return Finding::skipped("no answer is recorded");
    }
    let mut finding = tally.finding();
    if finding.detail.is_empty() && goldens.declared_different > 0 {
        finding.detail = format!("{} cases differ as declared", goldens.declared_different);
    }
    finding.evidence.goldens = Some(goldens);
    finding
}

fn replay(subject: &Subject, tally: &mut Tally, goldens: &mut Goldens) -> Result<(), String> {
    let mut declared = declared(subject);
    let mut without_reduction = false;
    let cases = std::fs::read_to_string(file()).map_err(|error| format!("{}: {error}", file().display()))?;
    for (place, line) in cases.lines().enumerate() {
        // Most lines are of other losses: look at the call before the numbers that are expected.
        let unreadable = |problem: String| format!("line {} cannot be read: {problem}", place + 1);
        let case = eval::read_case(line.as_bytes()).map_err(|refusal| unreadable(refusal.message))?;
        if subject.is_mutant() && tally.failed() > 0 {
            return Ok(());
        }
        let meant = eval::find(subject.registry.losses, &case.loss, &case.inputs).map(|loss| loss.info().name);
        if meant != Ok(subject.name()) {
            continue;
        }
        let golden: Golden = serde_json::from_str(line).map_err(|error| unreadable(error.to_string()))?;
        let ours = declared.remove(golden.id.as_str());
        let outcome = match ours {
            None => agrees(subject, &case, &golden),
            Some(ours) => differs_as_declared(subject, &case, &golden, ours).map(|()| 1),
        };
        // Every function of PyTorch takes the mean if it is not told otherwise; once is enough.
        let outcome = match outcome {
            Ok(points) if ours.is_none() && !without_reduction && case.reduction.as_deref() == Some("mean") => {
                without_reduction = true;
                let unsaid = Case { reduction: None, ..case };
                agrees(subject, &unsaid, &golden).map(|more| points + more).map_err(|difference| Difference {
                    what: format!("without a reduction, which PyTorch takes for `mean`: {}", difference.what),
                    ..difference
                })
            }
            outcome => outcome,
        };
        match (outcome, ours) {
            (Ok(points), None) => {
                goldens.passed += 1;
                tally.pass(points);
            }
            (Ok(points), Some(_)) => {
                goldens.declared_different += 1;
                goldens.names.push(golden.id);
                tally.pass(points);
            }
            (Err(difference), _) => {
                goldens.failed += 1;
                let hint = "if we mean to differ, name it under `recorded` of the difference that says why";
                let hint = if ours.is_none() { format!(" ({hint})") } else { String::new() };
                let what = format!("{} of verify/goldens/pytorch.jsonl: {}{hint}", golden.id, difference.what);
                tally.fail(&what, || (difference.expected, difference.actual));
                goldens.names.push(golden.id);
            }
        }
    }
    for id in declared.keys() {
        tally.fail(&format!("`{id}` under `recorded`"), || {
            ("the id of a recorded answer for this loss".to_owned(), "there is none".to_owned())
        });
    }
    Ok(())
}

/// The answers that the spec declares to differ, with what it says of ours.
fn declared(subject: &Subject) -> BTreeMap<&'static str, &'static Expectation> {
    let differences = subject.compiled().map_or(&[][..], |compiled| &compiled.spec.differences);
    let ids = |difference: &'static DifferenceEntry| {
        difference.recorded.iter().map(|id| (id.value.as_str(), &difference.ours))
    };
    differences.iter().flat_map(ids).collect()
}

/// Whether our answer is another than PyTorch's, and an error where the spec says that it is one.
fn differs_as_declared(subject: &Subject, case: &Case, golden: &Golden, ours: &Expectation) -> Result<(), Difference> {
    let differ = |expected: String, actual: String| Difference { what: "declared".to_owned(), expected, actual };
    if agrees(subject, case, golden).is_ok() {
        return Err(differ("to differ, as declared".to_owned(), "the same answer".to_owned()));
    }
    let kinds: Vec<&str> = ours.error.iter().map(|(_, kind)| kind.value.as_str()).collect();
    match eval::compute(subject.registry.losses, case) {
        Ok(_) if kinds.is_empty() => Ok(()),
        Err(refusal) if kinds.contains(&refusal.kind) => Ok(()),
        Ok(answer) => Err(differ(format!("an error: {}", kinds.join(", ")), format!("{:?}", answer.value.data))),
        Err(refusal) => {
            let expected = if kinds.is_empty() { "numbers".to_owned() } else { kinds.join(", ") };
            Err(differ(expected, format!("{}: {}", refusal.kind, refusal.message)))
        }
    }
}

/// Where our answer and PyTorch's part.
struct Difference {
    what: String,
    expected: String,
    actual: String,
}

/// Whether our answers in both types are PyTorch's, and of how many numbers.
fn agrees(subject: &Subject, case: &Case, golden: &Golden) -> Result<u64, Difference> {
    let truth = golden.expect.get("f64").ok_or_else(|| Difference {
        what: "f64".to_owned(),
        expected: "a recorded answer in double precision".to_owned(),
        actual: "none".to_owned(),
    })?;
    let inputs = case.inputs.iter().filter_map(|(_, array)| match &array.data {
        ArrayData::Float(data) => Some(data),
        ArrayData::Int(_) | ArrayData::Bool(_) => None,
    });
    let size = inputs.flatten().map(|number| number.abs()).filter(|size| size.is_finite()).fold(1.0, f64::max);
    let mut points = 0;
    let mut case = case.clone();
    for (dtype, name) in [(Dtype::F64, "f64"), (Dtype::F32, "f32")] {
        // Inputs that `f32` cannot hold have no answer in it.
        let Some(recorded) = golden.expect.get(name) else {
            continue;
        };
        case.dtype = dtype;
        let ours = eval::compute(subject.registry.losses, &case);
        points += compare(dtype, truth, recorded, ours, size).map_err(|mut difference| {
            difference.what = format!("{name} {}", difference.what);
            difference
        })?;
    }
    Ok(points)
}

fn compare(
    dtype: Dtype,
    truth: &Expected,
    recorded: &Expected,
    ours: Result<eval::Answer, Refusal>,
    size: f64,
) -> Result<u64, Difference> {
    let differ = |what: &str, expected: String, actual: String| Difference { what: what.to_owned(), expected, actual };
    let (ours, expected) = match (ours, &recorded.value) {
        (Err(_), None) => return Ok(1),
        (Err(refusal), Some(value)) => {
            return Err(differ("value", describe(value), format!("{}: {}", refusal.kind, refusal.message)));
        }
        (Ok(ours), None) => {
            let error = recorded.error.as_ref().map_or_else(|| "an error".to_owned(), Value::to_string);
            return Err(differ("value", error, format!("{:?}", ours.value.data)));
        }
        (Ok(ours), Some(value)) => (ours, value),
    };
    let mut points =
        compare_figures(dtype, "value", truth.value.as_ref().unwrap_or(expected), expected, &ours.value, size)?;
    for (input, recorded) in &recorded.grads {
        let what = format!("gradient of {input}");
        let exact = truth.grads.get(input).unwrap_or(recorded);
        match ours.grads.iter().find(|named| named.name == input) {
            Some(ours) => points += compare_figures(dtype, &what, exact, recorded, &ours.figures, size)?,
            None => return Err(differ(&what, describe(recorded), "no gradient".to_owned())),
        }
    }
    Ok(points)
}

fn compare_figures(
    dtype: Dtype,
    what: &str,
    truth: &Array,
    recorded: &Array,
    ours: &Figures,
    size: f64,
) -> Result<u64, Difference> {
    if ours.shape != recorded.shape {
        let (expected, actual) = (format!("shape {:?}", recorded.shape), format!("shape {:?}", ours.shape));
        return Err(Difference { what: what.to_owned(), expected, actual });
    }
    let largest = truth.data.iter().map(|number| number.0.abs()).filter(|size| size.is_finite()).fold(size, f64::max);
    for (place, (&ours, (truth, recorded))) in ours.data.iter().zip(truth.data.iter().zip(&recorded.data)).enumerate() {
        if !close(dtype, truth.0, ours, largest) && !(identical(recorded.0, ours)) {
            let (expected, actual) = (truth.0.to_string(), ours.to_string());
            return Err(Difference { what: format!("{what}, place {place}"), expected, actual });
        }
    }
    Ok(ours.data.len() as u64)
}

/// Zero has no sign, and a NaN is a NaN.
fn identical(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn close(dtype: Dtype, truth: f64, ours: f64, largest: f64) -> bool {
    if identical(truth, ours) {
        return true;
    }
    // An infinity or a NaN is close to nothing but itself.
    if !truth.is_finite() || !ours.is_finite() {
        return dtype == Dtype::F32 && identical(f64::from(truth as f32), ours);
    }
    let (relative, epsilon) = match dtype {
        Dtype::F64 => (tolerance::GOLDEN_F64, f64::EPSILON),
        Dtype::F32 => (tolerance::GOLDEN_F32_ULPS * f64::from(f32::EPSILON), f64::from(f32::EPSILON)),
    };
    let tiny = match dtype {
        Dtype::F64 => f64::MIN_POSITIVE,
        Dtype::F32 => f64::from(f32::MIN_POSITIVE),
    };
    (ours - truth).abs() <= relative * truth.abs() + tolerance::GOLDEN_CANCELLATION_EPSILONS * epsilon * largest + tiny
}

fn describe(array: &Array) -> String {
    let numbers: Vec<String> = array.data.iter().take(8).map(|number| number.0.to_string()).collect();
    let dots = if array.data.len() > 8 { ", …" } else { "" };
    format!("[{}{dots}]", numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::close;
    use crate::eval::Dtype;

    #[test]
    fn nearness_knows_infinities_and_types() {
        assert!(close(Dtype::F64, 1.0, 1.0 + 5e-13, 1.0) && !close(Dtype::F64, 1.0, 1.0 + 5e-12, 1.0));
        assert!(close(Dtype::F32, 1.0, 1.0 + 5e-7, 1.0) && !close(Dtype::F32, 1.0, 1.0 + 1e-4, 1.0));
        assert!(close(Dtype::F64, f64::NAN, f64::NAN, 1.0) && !close(Dtype::F64, f64::NAN, 0.0, 1.0));
        assert!(
            close(Dtype::F64, f64::INFINITY, f64::INFINITY, 1.0) && !close(Dtype::F64, f64::INFINITY, 1e308, 1e308)
        );
        assert!(close(Dtype::F32, 1e60, f64::INFINITY, 1.0), "beyond f32's range is infinite there");
        assert!(close(Dtype::F64, 0.0, -0.0, 1.0) && !close(Dtype::F64, 0.0, 1e-10, 1.0));
    }
}
