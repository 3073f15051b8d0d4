//! The numbers that a spec pins, run through the compiled kernels: its examples, and its declared differences from PyTorch.

use loss_codegen::document::{Data, DifferenceEntry, Expectation};
use loss_codegen::expr::Constant;
use loss_codegen::source::Spanned;
use loss_runtime::info::{InputInfo, Label, LossInfo, ParamInfo, ParamKind};
use loss_runtime::registry::Shared;
use loss_runtime::{Loss, Reduction, Request, Upstream, run, shape_of_none};

use crate::audit::DifferenceRecord;
use crate::generators::{Batch, Column, Values};
use crate::oracle::real::Real;
use crate::oracle::ulp::ulps;
use crate::subject::{Effort, Subject};

use super::probe::{Probe, find, poison, show};
use super::sample::failed_inputs;
use super::{Finding, Tally, tolerance};

/// Every number and every error of `examples`.
pub(super) fn examples_hold(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    if compiled.spec.examples.is_empty() {
        return Finding::skipped("the spec has no example");
    }
    let mut tally = Tally::new(subject, effort);
    for (place, example) in compiled.spec.examples.iter().enumerate() {
        let name = format!("examples[{place}]");
        let share = example.tolerance.as_ref().map_or(Ok(0.0), number);
        match share.and_then(|share| Ok((share, stated(&example.expect)?))) {
            Ok((share, statements)) => hold(subject.loss, &name, &example.given, &statements, share, &mut tally),
            Err(problem) => unreadable(&name, problem, &mut tally),
        }
    }
    tally.finding()
}

/// Every number and every error of `ours` in `differs_from_pytorch`, and that `theirs` is another answer.
pub(super) fn differences_are_declared(subject: &Subject, effort: &Effort) -> Finding {
    let Some(compiled) = subject.compiled() else { return Finding::skipped("the loss has no spec") };
    if compiled.spec.differences.is_empty() {
        return Finding::skipped("no difference is declared");
    }
    let mut tally = Tally::new(subject, effort);
    for (place, difference) in compiled.spec.differences.iter().enumerate() {
        let name = format!("differs_from_pytorch[{place}]");
        // The others are of recorded answers, and held against these.
        let Some(shown) = &difference.shown else { continue };
        match stated(&difference.ours).and_then(|ours| Ok((ours, stated(&shown.theirs)?))) {
            Ok((ours, theirs)) => {
                hold(subject.loss, &name, &shown.given, &ours, 0.0, &mut tally);
                if differ(&ours, &theirs) {
                    tally.pass(1);
                } else {
                    tally.fail(&format!("{name}: theirs"), || {
                        let expected = format!("another answer than {}", expectation_text(&difference.ours));
                        (expected, expectation_text(&shown.theirs))
                    });
                }
            }
            Err(problem) => unreadable(&name, problem, &mut tally),
        }
    }
    let mut finding = tally.finding();
    let records = compiled.spec.differences.iter().map(|difference| DifferenceRecord {
        what: difference.what.value.clone(),
        given: difference.shown.as_ref().map_or_else(|| recorded_text(difference), |shown| entries_text(&shown.given)),
        ours: expectation_text(&difference.ours),
        theirs: difference
            .shown
            .as_ref()
            .map_or_else(|| "another answer".to_owned(), |shown| expectation_text(&shown.theirs)),
        because: difference.because.value.clone(),
    });
    finding.evidence.differences = records.collect();
    finding
}

/// The recorded calls that show a difference.
fn recorded_text(difference: &DifferenceEntry) -> String {
    let ids: Vec<&str> = difference.recorded.iter().map(|id| id.value.as_str()).collect();
    format!("recorded as {}", ids.join(", "))
}

fn unreadable(name: &str, problem: String, tally: &mut Tally) {
    tally.fail(name, || ("an entry that can be run".to_owned(), problem));
}

/// What an entry speaks of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Asked<'a> {
    /// The value under a reduction.
    Value(&'a str),
    /// The gradient of `none` with respect to an input or a parameter, for an upstream gradient of 1.
    Gradient(&'a str),
}

impl<'a> Asked<'a> {
    /// The reduction that the call has.
    fn reduction(self) -> &'a str {
        match self {
            Self::Value(reduction) => reduction,
            Self::Gradient(_) => "none",
        }
    }

    fn text(self) -> String {
        match self {
            Self::Value(reduction) => reduction.to_owned(),
            Self::Gradient(name) => format!("gradient of {name}"),
        }
    }
}

/// What came out, or should.
#[derive(Clone, Debug)]
enum Answer {
    /// An array; one number has no dimensions.
    Numbers { shape: Vec<usize>, numbers: Vec<f64> },
    /// An error.
    Refusal {
        /// Its kind in one word: all that is compared.
        kind: String,
        /// What it says; nothing where it is expected.
        message: String,
    },
}

impl Answer {
    fn text(&self) -> String {
        match self {
            Self::Numbers { shape, numbers } => format!("{numbers:?}, of shape {shape:?}"),
            Self::Refusal { kind, message } if message.is_empty() => format!("the error `{kind}`"),
            Self::Refusal { kind, message } => format!("the error `{kind}`: {message}"),
        }
    }
}

type Statement<'a> = (Asked<'a>, Answer);
type Entries = [(Spanned<String>, Data)];

/// Everything that an expectation states.
fn stated(expectation: &Expectation) -> Result<Vec<Statement<'_>>, String> {
    let read = |data| numbers(data).map(|(shape, numbers)| Answer::Numbers { shape, numbers });
    let values = expectation.values.iter().map(|(name, data)| Ok((Asked::Value(&name.value), read(data)?)));
    let gradients = expectation.gradient.iter().map(|(name, data)| Ok((Asked::Gradient(&name.value), read(data)?)));
    let refusals = expectation.error.iter().map(|(name, kind)| {
        let refusal = Answer::Refusal { kind: kind.value.clone(), message: String::new() };
        Ok((Asked::Value(&name.value), refusal))
    });
    let all: Vec<Statement<'_>> = values.chain(gradients).chain(refusals).collect::<Result<_, String>>()?;
    if all.is_empty() { Err("nothing is expected".to_owned()) } else { Ok(all) }
}

/// Whether a second list of statements differs from the first in at least one thing of which both speak.
fn differ(ours: &[Statement<'_>], theirs: &[Statement<'_>]) -> bool {
    let refuses = |answer: &Answer| matches!(answer, Answer::Refusal { .. });
    ours.iter().any(|(asked, our)| {
        theirs.iter().any(|(other, their)| {
            // A call of `none` that is refused has no gradient either.
            let same_call = asked.reduction() == other.reduction() && (refuses(our) || refuses(their));
            (asked == other || same_call) && compare(our, their, 0.0).is_err()
        })
    })
}

/// Runs an entry's call for each statement.
fn hold(loss: &dyn Loss, name: &str, given: &Entries, statements: &[Statement<'_>], share: f64, tally: &mut Tally) {
    let batch = match batch(loss.info(), given) {
        Ok(batch) => batch,
        Err(problem) => return unreadable(name, problem, tally),
    };
    for (asked, expected) in statements {
        let actual = match answer(loss, &batch, *asked) {
            Ok(actual) => actual,
            Err(problem) => {
                unreadable(&format!("{name}: {}", asked.text()), problem, tally);
                continue;
            }
        };
        match compare(expected, &actual, share) {
            Ok(points) => tally.pass(points),
            Err(parting) => {
                let place = parting.place.map(|place| format!(", place {place}")).unwrap_or_default();
                let what = format!("{name}: {}{place}; given {}", asked.text(), entries_text(given));
                let inputs = failed_inputs(loss.info(), &batch);
                tally.fail_at(&what, (parting.expected, parting.actual), parting.ulps, inputs);
            }
        }
    }
}

/// Runs a batch for what is asked.
fn answer(loss: &dyn Loss, batch: &Batch<f64>, asked: Asked<'_>) -> Result<Answer, String> {
    let reduction = Reduction::from(asked.reduction());
    let found = match find(loss, batch, Probe { reduction, ..Probe::default() }) {
        Ok(found) => found,
        Err(refusal) => {
            return Ok(Answer::Refusal { kind: refusal.kind().to_owned(), message: refusal.to_string() });
        }
    };
    let (shape, numbers) = match (asked, found.outcome.value) {
        (Asked::Value(_), Some(value)) => (Vec::new(), vec![value]),
        (Asked::Value(_), None) => {
            let shape = shape_of_none(loss, &batch.call()).map_err(|refusal| refusal.to_string())?;
            (shape.extents().to_vec(), found.elements)
        }
        (Asked::Gradient(name), _) => {
            let gradient = gradient(loss, batch, name, &found.gradients);
            gradient.ok_or_else(|| format!("there is no gradient of `{name}`"))?
        }
    };
    Ok(Answer::Numbers { shape, numbers })
}

/// The gradient with respect to an input, which may be among those found, or to a parameter: its shape and its numbers.
fn gradient(
    loss: &dyn Loss,
    batch: &Batch<f64>,
    name: &str,
    found: &[Option<Vec<f64>>],
) -> Option<(Vec<usize>, Vec<f64>)> {
    let info = loss.info();
    if let Some(input) = info.inputs.iter().position(|declared| declared.name == name) {
        let shape = batch.inputs[input].as_ref()?.shape.clone();
        let own = found[input].clone();
        return Some((shape, own.or_else(|| shared_gradient(loss, batch, Shared::Input(input)))?));
    }
    let param = info.params.iter().position(|declared| declared.name == name)?;
    Some((Vec::new(), shared_gradient(loss, batch, Shared::Param(param))?))
}

/// The gradient of the sum of all elements with respect to what all rows share, if it has one.
fn shared_gradient(loss: &dyn Loss, batch: &Batch<f64>, of: Shared) -> Option<Vec<f64>> {
    let mut request = Request::backward(Reduction::None, Upstream::One);
    let mut gradient;
    match of {
        Shared::Input(input) => {
            gradient = vec![poison(); batch.inputs[input].as_ref()?.values.len()];
            request.gradients[input] = Some(&mut gradient);
        }
        Shared::Param(param) => {
            gradient = vec![poison()];
            request.params[param] = gradient.first_mut();
        }
    }
    run(loss, &batch.call(), request).ok()?;
    Some(gradient)
}

/// Where two answers part.
#[derive(Clone, Debug)]
struct Parting {
    /// The place in the array in row-major order, if both are arrays of one shape.
    place: Option<usize>,
    expected: String,
    actual: String,
    ulps: Option<f64>,
}

/// Compares two answers; says how much was compared.
fn compare(expected: &Answer, actual: &Answer, share: f64) -> Result<u64, Parting> {
    match (expected, actual) {
        (Answer::Numbers { shape, numbers }, Answer::Numbers { shape: other, numbers: others })
            if shape == other && numbers.len() == others.len() =>
        {
            match numbers.iter().zip(others).position(|(&expected, &actual)| !agree(expected, actual, share)) {
                // That an array is empty is a thing to look at as well.
                None => Ok(numbers.len().max(1) as u64),
                Some(place) => Err(Parting {
                    place: Some(place),
                    expected: show(numbers[place]),
                    actual: show(others[place]),
                    ulps: Some(ulps(others[place], &Real::from_f64(numbers[place]))),
                }),
            }
        }
        (Answer::Refusal { kind, .. }, Answer::Refusal { kind: other, .. }) if kind == other => Ok(1),
        (Answer::Numbers { .. } | Answer::Refusal { .. }, Answer::Numbers { .. } | Answer::Refusal { .. }) => {
            Err(Parting { place: None, expected: expected.text(), actual: actual.text(), ulps: None })
        }
    }
}

/// Whether a result is the number expected: within this share of it, or as near as a kernel must be to the truth.
///
/// A spec pins the float nearest to the truth. A kernel may be four units off the truth, so at most four and a half off that float, and
/// the distance of two floats is a whole number of units.
fn agree(expected: f64, actual: f64, share: f64) -> bool {
    let was_written = actual.to_bits() != poison::<f64>().to_bits();
    let is_within_share =
        expected.is_finite() && actual.is_finite() && (actual - expected).abs() <= share * expected.abs();
    was_written && (is_within_share || ulps(actual, &Real::from_f64(expected)) <= tolerance::ORACLE_ULPS)
}

/// The call that an entry describes.
pub(super) fn batch(info: &LossInfo, given: &Entries) -> Result<Batch<f64>, String> {
    let mut inputs: Vec<Option<Column<f64>>> = info.inputs.iter().map(|_| None).collect();
    // NaN takes the default.
    let mut params = vec![f64::NAN; info.params.len()];
    for (name, data) in given {
        let name = name.value.as_str();
        if let Some(place) = info.inputs.iter().position(|input| input.name == name) {
            inputs[place] = Some(column(&info.inputs[place], data).map_err(|problem| format!("`{name}`: {problem}"))?);
        } else if let Some(place) = info.params.iter().position(|param| param.name == name) {
            params[place] = param(&info.params[place], data).map_err(|problem| format!("`{name}`: {problem}"))?;
        } else {
            return Err(format!("`{name}` is no input or parameter"));
        }
    }
    Ok(Batch { inputs, params })
}

/// An input's data: conditions as conditions, whole numbers as integers where the label is discrete, all else as floats.
fn column(input: &InputInfo, data: &Data) -> Result<Column<f64>, String> {
    let (shape, scalars) = array(data)?;
    let conditions: Vec<bool> = scalars
        .iter()
        .filter_map(|scalar| match scalar {
            Data::Boolean(truth) => Some(truth.value),
            Data::Number(_) | Data::Word(_) | Data::List(..) => None,
        })
        .collect();
    if conditions.len() == scalars.len() && !scalars.is_empty() {
        return Ok(Column { shape, values: Values::Condition(conditions) });
    }
    let (shape, numbers) = numbers(data)?;
    let is_whole = |number: &f64| number.fract() == 0.0 && number.abs() < 9e15;
    // What has a gradient comes in the compute type.
    let values = if is_discrete(input.label) && !input.gradient && numbers.iter().all(is_whole) {
        Values::Whole(numbers.iter().map(|&number| number as i64).collect())
    } else {
        Values::Real(numbers)
    };
    Ok(Column { shape, values })
}

fn is_discrete(label: Label) -> bool {
    match label {
        Label::Binary
        | Label::MultiHot
        | Label::Sign
        | Label::Flag
        | Label::Count
        | Label::ClassIndex
        | Label::Group => true,
        Label::Real | Label::Nonnegative | Label::Positive | Label::Probability | Label::Simplex => false,
    }
}

/// A parameter's value as calls have it: a switch as 0 or 1, a word by its place in the list.
fn param(declared: &ParamInfo, data: &Data) -> Result<f64, String> {
    let value = match (declared.kind, data) {
        // One past the last word is no word, and refused by the call as a wrong word is.
        (ParamKind::Choice(words), Data::Word(_) | Data::Number(_) | Data::Boolean(_)) => {
            let word = text(data);
            words.iter().position(|other| *other == word).unwrap_or(words.len()) as f64
        }
        (ParamKind::Switch, Data::Boolean(truth)) => f64::from(u8::from(truth.value)),
        (ParamKind::Real | ParamKind::Integer | ParamKind::OneOf(_) | ParamKind::Switch, Data::Number(text)) => {
            number(text)?
        }
        (
            ParamKind::Real | ParamKind::Integer | ParamKind::OneOf(_),
            Data::Boolean(_) | Data::Word(_) | Data::List(..),
        )
        | (ParamKind::Switch, Data::Word(_) | Data::List(..))
        | (ParamKind::Choice(_), Data::List(..)) => {
            return Err(format!("`{}` is no value for it", text(data)));
        }
    };
    if value.is_nan() { Err("a call takes NaN for absent".to_owned()) } else { Ok(value) }
}

/// A nested list as its shape and its scalars, row-major; a bare scalar has no dimensions.
fn array(data: &Data) -> Result<(Vec<usize>, Vec<&Data>), String> {
    let Data::List(parts, _) = data else { return Ok((Vec::new(), vec![data])) };
    let mut inner: Option<Vec<usize>> = None;
    let mut scalars = Vec::new();
    for part in parts {
        let (shape, more) = array(part)?;
        if *inner.get_or_insert_with(|| shape.clone()) != shape {
            return Err(format!("the parts of `{}` differ in shape", text(data)));
        }
        scalars.extend(more);
    }
    let shape = std::iter::once(parts.len()).chain(inner.unwrap_or_default());
    Ok((shape.collect(), scalars))
}

/// A nested list of numbers as its shape and the numbers.
fn numbers(data: &Data) -> Result<(Vec<usize>, Vec<f64>), String> {
    let (shape, scalars) = array(data)?;
    let numbers = scalars.into_iter().map(|scalar| match scalar {
        Data::Number(text) => number(text),
        Data::Boolean(_) | Data::Word(_) | Data::List(..) => Err(format!("`{}` is no number", text(scalar))),
    });
    Ok((shape, numbers.collect::<Result<_, String>>()?))
}

fn number(text: &Spanned<String>) -> Result<f64, String> {
    let constant = Constant::parse(&text.value).ok_or_else(|| format!("`{}` is no number", text.value))?;
    Ok(constant.to_f64())
}

fn text(data: &Data) -> String {
    match data {
        Data::Number(text) | Data::Word(text) => text.value.clone(),
        Data::Boolean(truth) => truth.value.to_string(),
        Data::List(parts, _) => format!("[{}]", parts.iter().map(text).collect::<Vec<_>>().join(", ")),
    }
}

fn entries_text(entries: &Entries) -> String {
    let entries: Vec<String> = entries.iter().map(|(name, data)| format!("{}: {}", name.value, text(data))).collect();
    entries.join(", ")
}

fn expectation_text(expectation: &Expectation) -> String {
    let mut parts = Vec::new();
    if !expectation.values.is_empty() {
        parts.push(entries_text(&expectation.values));
    }
    parts.extend(
        expectation.gradient.iter().map(|(input, data)| format!("gradient of {}: {}", input.value, text(data))),
    );
    parts.extend(expectation.error.iter().map(|(name, kind)| format!("{}: error {}", name.value, kind.value)));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use loss_codegen::document::{Data, Expectation};
    use loss_codegen::source::{Span, Spanned};
    use loss_runtime::info::{InputInfo, Label, ParamInfo, ParamKind};

    use super::{Answer, agree, column, compare, differ, numbers, param, stated};
    use crate::checks::probe::poison;
    use crate::generators::Values;

    fn spanned<T>(value: T) -> Spanned<T> {
        Spanned { value, span: Span::default() }
    }

    fn number(text: &str) -> Data {
        Data::Number(spanned(text.to_owned()))
    }

    fn list(parts: &[Data]) -> Data {
        Data::List(parts.to_vec(), Span::default())
    }

    fn refusal(reduction: &str, kind: &str) -> Expectation {
        let error = vec![(spanned(reduction.to_owned()), spanned(kind.to_owned()))];
        Expectation { error, ..Expectation::default() }
    }

    fn value(reduction: &str, data: Data) -> Expectation {
        Expectation { values: vec![(spanned(reduction.to_owned()), data)], ..Expectation::default() }
    }

    fn gradient(input: &str, data: Data) -> Expectation {
        Expectation { gradient: vec![(spanned(input.to_owned()), data)], ..Expectation::default() }
    }

    fn input(label: Label, gradient: bool) -> InputInfo {
        InputInfo {
            name: "x",
            axes: &[0],
            label,
            gradient,
            domain: None,
            ignore: None,
            optional: false,
            default: None,
            broadcast: &[],
            meaning: None,
        }
    }

    #[test]
    fn nearness_is_four_units_or_the_share_and_knows_infinities_and_nan() {
        let off = |units: u64| f64::from_bits(1.0_f64.to_bits() + units);
        assert!(agree(1.0, off(4), 0.0) && !agree(1.0, off(5), 0.0));
        assert!(agree(1.0, 1.0 + 1e-9, 1e-8) && !agree(1.0, 1.0 + 1e-7, 1e-8));
        assert!(agree(f64::NAN, -f64::NAN, 0.0) && !agree(f64::NAN, 0.0, 1.0) && !agree(0.0, f64::NAN, 1.0));
        assert!(agree(f64::INFINITY, f64::INFINITY, 0.0) && !agree(f64::INFINITY, f64::NEG_INFINITY, 1.0));
        assert!(!agree(f64::INFINITY, 1.0, 1.0) && !agree(f64::MAX, f64::INFINITY, 1.0));
        assert!(agree(0.0, -0.0, 0.0) && !agree(0.0, 1e-300, 1.0));
        assert!(!agree(f64::NAN, poison(), 1.0), "an output that was not written is no NaN");
    }

    #[test]
    fn nesting_gives_the_shape() {
        assert_eq!(numbers(&number("1e-2")), Ok((vec![], vec![0.01])));
        assert_eq!(numbers(&list(&[])), Ok((vec![0], vec![])));
        let rows = list(&[list(&[number("1"), number("-inf")]), list(&[number("3.5"), number("4")])]);
        assert_eq!(numbers(&rows), Ok((vec![2, 2], vec![1.0, f64::NEG_INFINITY, 3.5, 4.0])));
        assert!(numbers(&list(&[number("1"), list(&[number("2")])])).is_err());
        assert!(numbers(&Data::Boolean(spanned(true))).is_err());
    }

    #[test]
    fn whole_numbers_are_integers_only_where_the_label_is_discrete() {
        let read = |label, gradient, data: &Data| column(&input(label, gradient), data).map(|column| column.values);
        let whole = list(&[number("1"), number("-1")]);
        assert!(matches!(read(Label::Sign, false, &whole), Ok(Values::Whole(values)) if values == [1, -1]));
        assert!(matches!(read(Label::Sign, true, &whole), Ok(Values::Real(_))));
        assert!(matches!(read(Label::Real, false, &whole), Ok(Values::Real(_))));
        assert!(matches!(read(Label::Sign, false, &list(&[number("0.5")])), Ok(Values::Real(_))));
        let flags = list(&[Data::Boolean(spanned(true)), Data::Boolean(spanned(false))]);
        assert!(matches!(read(Label::Flag, false, &flags), Ok(Values::Condition(values)) if values == [true, false]));
        assert!(matches!(read(Label::ClassIndex, false, &list(&[])), Ok(Values::Whole(_))));
        assert!(read(Label::Flag, false, &list(&[Data::Boolean(spanned(true)), number("1")])).is_err());
    }

    #[test]
    fn params_are_numbers_switches_and_places_of_words() {
        let declared = |kind| ParamInfo {
            name: "p",
            kind,
            default: None,
            domain: None,
            optional: false,
            gradient: false,
            meaning: None,
        };
        let word = |word: &str| Data::Word(spanned(word.to_owned()));
        let choice = declared(ParamKind::Choice(&["batch", "row"]));
        assert_eq!(param(&choice, &word("row")), Ok(1.0));
        assert_eq!(param(&choice, &word("column")), Ok(2.0), "refused by the call");
        assert_eq!(param(&declared(ParamKind::Switch), &Data::Boolean(spanned(true))), Ok(1.0));
        assert_eq!(param(&declared(ParamKind::Real), &number("inf")), Ok(f64::INFINITY));
        assert!(param(&declared(ParamKind::Real), &number("nan")).is_err());
        assert!(param(&declared(ParamKind::Real), &word("row")).is_err());
        assert!(param(&declared(ParamKind::Integer), &list(&[])).is_err());
    }

    #[test]
    fn answers_part_at_a_place_a_shape_or_a_kind() {
        let numbers =
            |shape: &[usize], numbers: &[f64]| Answer::Numbers { shape: shape.into(), numbers: numbers.into() };
        let error = |kind: &str| Answer::Refusal { kind: kind.to_owned(), message: format!("a wrong {kind}") };
        let expected = numbers(&[2], &[1.0, 2.0]);
        assert_eq!(compare(&expected, &expected, 0.0).ok(), Some(2));
        let parting = compare(&expected, &numbers(&[2], &[1.0, 3.0]), 0.0).expect_err("2 is not 3");
        assert_eq!((parting.place, parting.ulps.is_some_and(|ulps| ulps > 4.0)), (Some(1), true));
        assert!(compare(&expected, &numbers(&[2, 1], &[1.0, 2.0]), 0.0).is_err());
        assert!(compare(&expected, &error("label"), 0.0).is_err() && compare(&error("label"), &expected, 0.0).is_err());
        assert!(compare(&error("label"), &error("label"), 0.0).is_ok());
        assert!(compare(&error("label"), &error("domain"), 0.0).is_err());
    }

    #[test]
    fn a_difference_is_one_in_something_of_which_both_speak() {
        let differs = |ours: &Expectation, theirs: &Expectation| {
            differ(&stated(ours).expect("ours states something"), &stated(theirs).expect("theirs states something"))
        };
        assert!(differs(&value("mean", number("1")), &value("mean", number("nan"))));
        assert!(!differs(&value("mean", number("nan")), &value("mean", number("nan"))));
        assert!(!differs(&value("mean", number("1")), &value("sum", number("2"))));
        assert!(differs(&refusal("mean", "zero_divisor"), &value("mean", number("nan"))));
        assert!(!differs(&refusal("mean", "zero_divisor"), &refusal("mean", "zero_divisor")));
        assert!(differs(&refusal("none", "label"), &gradient("input", number("0"))));
        assert!(!differs(&refusal("mean", "zero_divisor"), &gradient("input", number("0"))));
        assert!(!differs(&gradient("input", number("1")), &gradient("target", number("2"))));
        assert!(stated(&Expectation::default()).is_err());
    }
}
