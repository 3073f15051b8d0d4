//! Every line has one answer, whatever it holds.

use loss_runtime::info::{InputInfo, Label, LossInfo, ParamInfo, ParamKind};
use serde_json::{Value, json};

use crate::eval::eval;
use crate::registry::losses;

use super::bytes::Bytes;

/// The first byte says what the others are: lines, or a case that is made of them.
///
/// # Panics
/// If a line has no answer or several, an answer is not what answers are, or a computation stopped by a panic.
pub fn eval_lines(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    if bytes.byte() & 1 == 0 {
        return each_is_answered(bytes.rest());
    }
    let case = case(&mut bytes);
    each_is_answered(case.to_string().as_bytes());
}

fn each_is_answered(lines: &[u8]) {
    let mut answers = Vec::new();
    eval(losses().losses, lines, &mut answers).unwrap_or_else(|error| panic!("memory cannot be written: {error}"));
    // What follows the last line end is a line if it is not empty.
    let asked =
        lines.split(|&byte| byte == b'\n').count() - usize::from(lines.last().is_none_or(|&last| last == b'\n'));
    let answers = String::from_utf8(answers).unwrap_or_else(|error| panic!("an answer is no text: {error}"));
    assert_eq!(answers.lines().count(), asked, "one answer a line");
    for answer in answers.lines() {
        let read: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("`{answer}`: {error}"));
        let is_whole = match (read.get("value"), read.get("grads"), read.get("error")) {
            (Some(value), Some(grads), None) => {
                is_array(value) && grads.as_object().is_some_and(|grads| grads.values().all(is_array))
            }
            (None, None, Some(error)) => error["kind"].is_string() && error["message"].is_string(),
            (Some(_) | None, Some(_) | None, Some(_) | None) => false,
        };
        assert!(is_whole && read.get("id").is_some(), "no answer: `{answer}`");
        assert_ne!(read["error"]["kind"], "internal", "`{answer}`");
    }
}

/// As many numbers as the shape asks for.
fn is_array(value: &Value) -> bool {
    let extents = value["shape"].as_array().into_iter().flatten().map(Value::as_u64);
    let asked = extents.collect::<Option<Vec<u64>>>().map(|extents| extents.iter().product::<u64>());
    let found = value["data"].as_array().map(|data| data.len() as u64);
    asked.is_some() && asked == found
}

fn case(bytes: &mut Bytes<'_>) -> Value {
    let info = bytes.pick(losses().losses).info();
    let mut options = serde_json::Map::new();
    if bytes.byte() & 1 == 1 {
        let named = info.reductions.iter().map(|reduction| reduction.name);
        let known: Vec<&str> = ["none", "sum", "mean", "of"].into_iter().chain(named).collect();
        options.insert("reduction".to_owned(), json!(bytes.pick(&known)));
    }
    for param in info.params {
        if bytes.byte() & 1 == 1 {
            options.insert(param.name.to_owned(), option(param, bytes));
        }
    }
    // Mostly the same shape for all, so that the call is answered.
    let extents: Vec<usize> = (0..bytes.below(4)).map(|_| bytes.below(4)).collect();
    let inputs: serde_json::Map<String, Value> = info
        .inputs
        .iter()
        .filter_map(|input| {
            if bytes.byte() & 7 == 7 {
                return None;
            }
            Some((input.name.to_owned(), array(info, input, &extents, bytes)))
        })
        .collect();
    let mut case = json!({ "id": bytes.byte(), "loss": info.name, "options": options, "inputs": inputs });
    case["dtype"] = json!(bytes.pick(&["f32", "f64"]));
    if bytes.byte() & 3 == 3 {
        let shape: &[usize] = if bytes.byte() & 1 == 1 { &extents } else { &[] };
        case["upstream"] = floats(shape, bytes);
    }
    case
}

fn option(param: &ParamInfo, bytes: &mut Bytes<'_>) -> Value {
    match param.kind {
        ParamKind::Real => float(bytes),
        ParamKind::Integer => json!(bytes.bits() as i64),
        ParamKind::OneOf(values) => json!(bytes.pick(values)),
        ParamKind::Switch => json!(bytes.byte() & 1 == 1),
        ParamKind::Choice(words) => json!(bytes.pick(words)),
    }
}

fn array(info: &LossInfo, input: &InputInfo, extents: &[usize], bytes: &mut Bytes<'_>) -> Value {
    let layout = info.inputs[info.layout].axes.len();
    // An input with fewer axes than the layout lacks the second dimension.
    let mut shape = extents.to_vec();
    if input.axes.len() < layout && shape.len() > 1 {
        shape.remove(1);
    }
    if bytes.byte() & 31 == 31 {
        shape.push(bytes.below(3));
    }
    let count = shape.iter().product::<usize>();
    match input.label {
        Label::Real | Label::Nonnegative | Label::Positive | Label::Probability | Label::Simplex => {
            floats(&shape, bytes)
        }
        Label::Binary | Label::MultiHot => numbers("float", &shape, (0..count).map(|_| json!(bytes.byte() & 1))),
        Label::Sign => numbers("int", &shape, (0..count).map(|_| json!(i32::from(bytes.byte() & 1) * 2 - 1))),
        Label::Flag => numbers("bool", &shape, (0..count).map(|_| json!(bytes.byte() & 1 == 1))),
        Label::Count | Label::ClassIndex | Label::Group => numbers(
            "int",
            &shape,
            (0..count).map(|_| json!(if bytes.byte() & 7 == 7 { -100 } else { bytes.below(4) as i64 })),
        ),
    }
}

fn floats(shape: &[usize], bytes: &mut Bytes<'_>) -> Value {
    let count = shape.iter().product::<usize>();
    numbers("float", shape, (0..count).map(|_| float(bytes)))
}

fn numbers(kind: &str, shape: &[usize], data: impl Iterator<Item = Value>) -> Value {
    json!({ "kind": kind, "shape": shape, "data": data.collect::<Vec<Value>>() })
}

/// A number of any bits.
fn float(bytes: &mut Bytes<'_>) -> Value {
    let number = f64::from_bits(bytes.bits());
    match crate::number::word_for(number) {
        Some(word) => json!(word),
        None => json!(number),
    }
}
