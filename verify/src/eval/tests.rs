use serde_json::{Value, json};

use super::eval;
use crate::specimen::LOSSES;

/// The answers to some lines, each as JSON.
fn answers(lines: &[u8]) -> Vec<Value> {
    let mut out = Vec::new();
    eval(LOSSES, lines, &mut out).expect("memory can be read and written");
    let text = String::from_utf8(out).expect("answers are text");
    text.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON")).collect()
}

fn answer(case: &Value) -> Value {
    answers(case.to_string().as_bytes()).remove(0)
}

fn floats(data: Value) -> Value {
    let shape = [data.as_array().expect("data is a list").len()];
    json!({ "kind": "float", "shape": shape, "data": data })
}

fn bent(extra: Value) -> Value {
    let mut case = json!({ "id": 1, "loss": "bent", "inputs": { "input": floats(json!([0.5, 3.0])), "target": floats(json!([0.0, 1.0])) } });
    for (key, value) in extra.as_object().expect("extra fields are an object") {
        case[key] = value.clone();
    }
    case
}

#[test]
fn a_case_is_answered_with_value_and_gradients() {
    let expected = json!({
        "id": 1,
        "value": { "shape": [2], "data": [0.125, 1.5] },
        "grads": { "input": { "shape": [2], "data": [0.5, 1.0] }, "target": { "shape": [2], "data": [-0.5, -1.0] } }
    });
    assert_eq!(answer(&bent(json!({ "options": { "reduction": "none" } }))), expected);
}

#[test]
fn what_is_left_out_is_the_default() {
    let mean = answer(&bent(json!({})));
    assert_eq!(mean["value"], json!({ "shape": [], "data": [0.8125] }));
    assert_eq!(mean["grads"]["input"]["data"], json!([0.25, 0.5]));
    assert_eq!(answer(&bent(json!({ "options": { "reduction": "mean", "beta": 1.0 }, "dtype": "f64" }))), mean);
    assert_eq!(answer(&bent(json!({ "options": null, "upstream": { "shape": [], "data": [1] } }))), mean);
    let beta = answer(&bent(json!({ "options": { "reduction": "sum", "beta": 4 } })));
    assert_eq!(beta["value"]["data"], json!([0.53125]));
}

#[test]
fn upstream_gradients_are_of_the_values_shape() {
    let one = answer(&bent(json!({ "options": { "reduction": "sum" }, "upstream": { "shape": [], "data": [-2.0] } })));
    assert_eq!(one["grads"]["input"]["data"], json!([-1.0, -2.0]));
    let each = bent(json!({ "options": { "reduction": "none" }, "upstream": { "shape": [2], "data": [4.0, 0.5] } }));
    assert_eq!(answer(&each)["grads"]["input"]["data"], json!([2.0, 0.5]));
    let wrong = bent(json!({ "options": { "reduction": "sum" }, "upstream": { "shape": [2], "data": [1.0, 1.0] } }));
    assert_eq!(answer(&wrong)["error"]["kind"], "shape");
}

#[test]
fn the_id_comes_back_as_it_was_written() {
    for id in ["\"x\"", "null", "12345678901234567890123", "1.50", "{\"a\":[1,2.0]}", "[\"\\u00e9\"]"] {
        let line = format!("{{\"loss\":\"nothing\",\"id\":{id}}}\n");
        let mut out = Vec::new();
        eval(LOSSES, line.as_bytes(), &mut out).expect("memory can be read and written");
        let text = String::from_utf8(out).expect("answers are text");
        assert!(text.starts_with(&format!("{{\"id\":{id},\"error\":")), "{text}");
    }
    assert_eq!(answers(b"{}")[0]["id"], Value::Null);
}

#[test]
fn a_bad_line_is_an_error_and_the_next_is_answered() {
    let good = bent(json!({})).to_string();
    let deep = "[".repeat(100_000);
    let deep_id = format!("{{\"id\":{deep}}}");
    let closed_id = format!("{{\"id\":{deep}{}}}", "]".repeat(100_000));
    let deep_inputs = format!("{{\"loss\":\"bent\",\"inputs\":{{\"input\":{deep}{}}}}}", "]".repeat(100_000));
    let mut lines = Vec::new();
    for bad in [
        b"not json".as_slice(),
        b"{\"id\": 3",
        b"[1, 2]",
        b"\xff\xfe",
        b"{\"loss\": \"bent\", \"inputs\": {\"input\": {\"shape\": [1], \"data\": [1e999]}}}",
        deep.as_bytes(),
        deep_id.as_bytes(),
        closed_id.as_bytes(),
        deep_inputs.as_bytes(),
        b"{\"loss\": \"bent\", \"loss\": \"bent\"}",
        b"{\"loss\": \"bent\", \"options\": {\"beta\": 1, \"beta\": 2}}",
        b"",
        b"  \r",
    ] {
        lines.extend_from_slice(bad);
        lines.push(b'\n');
    }
    lines.extend_from_slice(format!("\u{feff}{good}\r\n{good}").as_bytes());
    let answers = answers(&lines);
    assert_eq!(answers.len(), 15, "one answer a line, whether the last one ends or not");
    let (bad, good) = answers.split_at(13);
    for bad in bad {
        assert_eq!(bad["error"]["kind"], "json", "{bad}");
    }
    for good in good {
        assert_eq!(good["value"]["data"], json!([0.8125]));
    }
}

#[test]
fn wrong_cases_name_what_is_wrong() {
    let kinds = [
        (json!({ "loss": "bnt" }), "loss", "did you mean `bent`?"),
        (json!({ "loss": 3 }), "case", "`loss`"),
        (json!({ "dtype": "f16" }), "case", "`dtype`"),
        (json!({ "options": { "gamma": 1.0 } }), "option", "`gamma`; it has `beta`"),
        (json!({ "options": { "beta": "wide" } }), "param", "`beta`"),
        (json!({ "options": { "beta": "nan" } }), "param", "`beta`"),
        (json!({ "options": { "beta": -1.0 } }), "param", "`beta`"),
        (json!({ "options": { "beta": [1.0] } }), "case", "`beta`"),
        (json!({ "options": { "reduction": "median" } }), "param", "reduction"),
        (json!({ "options": { "reduction": 1 } }), "case", "`reduction`"),
        (json!({ "inputs": { "input": floats(json!([1.0])) } }), "input", "`target`"),
        (json!({ "inputs": { "x": floats(json!([1.0])) } }), "input", "`x`"),
        (json!({ "inputs": { "input": { "shape": [3], "data": [1.0] } } }), "shape", "`input`"),
        (json!({ "inputs": { "input": { "shape": [2], "data": [[1.0, 2.0]] } } }), "case", "float"),
        (json!({ "loss": "b".repeat(100_000) }), "loss", "bbb…`"),
        (json!({ "inputs": { "input": { "shape": [u64::MAX, 8], "data": [1.0] } } }), "shape", "too many"),
        (json!({ "inputs": { "input": { "shape": [-1], "data": [1.0] } } }), "case", "extent"),
        (json!({ "inputs": { "input": { "shape": [1], "data": ["NaN"] } } }), "case", "float"),
        (json!({ "inputs": { "input": { "shape": [1,1,1,1,1,1,1,1,1], "data": [1.0] } } }), "shape", "9 dimensions"),
        (
            json!({ "inputs": { "input": floats(json!([1.0, 2.0])), "target": floats(json!([1.0])) } }),
            "shape",
            "target",
        ),
        (json!({ "inputs": [] }), "case", "`inputs`"),
    ];
    for (extra, kind, named) in kinds {
        let answer = answer(&bent(extra.clone()));
        assert_eq!(answer["error"]["kind"], kind, "{extra}: {answer}");
        assert!(
            answer["error"]["message"].as_str().is_some_and(|message| message.contains(named)),
            "{extra}: {answer}"
        );
        assert_eq!(answer["id"], 1);
    }
}

#[test]
fn single_precision_is_rounded_and_printed_in_its_own_digits() {
    let case = json!({ "id": 1, "loss": "bent", "dtype": "f32", "options": { "reduction": "none", "beta": 0 },
        "inputs": { "input": floats(json!([0.1, 16777217.0, "inf", "nan", 1e39])), "target": floats(json!([0.0, 0.0, 0.0, 0.0, 0.0])) } });
    let answer = answer(&case);
    assert_eq!(answer["value"]["data"].to_string(), "[0.1,16777216.0,\"inf\",\"nan\",\"inf\"]");
    let double = json!({ "id": 1, "loss": "bent", "options": { "reduction": "none", "beta": 0 },
        "inputs": { "input": floats(json!([0.1, -1e-320])), "target": floats(json!([0.0, "-inf"])) } });
    assert!(super::answer(LOSSES, double.to_string().as_bytes()).contains("[0.1,\"inf\"]"));
}

#[test]
fn class_names_and_kinds_choose_the_loss() {
    let logits = json!({ "kind": "float", "shape": [1, 2], "data": [3.0, 5.0] });
    let with = |loss: &str, target: Value| {
        answer(
            &json!({ "id": 0, "loss": loss, "options": { "reduction": "sum" }, "inputs": { "input": logits, "target": target } }),
        )
    };
    let index = json!({ "kind": "int", "shape": [1], "data": [1] });
    let shares = json!({ "kind": "float", "shape": [1, 2], "data": [0.5, 0.5] });
    for name in ["ChoiceLoss", "choice", "choice_loss", "picked"] {
        assert_eq!(with(name, index.clone())["value"]["data"], json!([12.0]), "{name}");
    }
    for name in ["ChoiceLoss", "choice", "soft_choice"] {
        assert_eq!(with(name, shares.clone())["value"]["data"], json!([-4.0]), "{name}");
    }
    assert_eq!(with("picked", shares)["error"]["kind"], "input", "its own name means that loss alone");
    assert_eq!(with("PickedLoss", index)["grads"], json!({ "input": { "shape": [1, 2], "data": [3.0, 4.0] } }));
    assert_eq!(with("ChoiceLoss", json!({ "kind": "int", "shape": [1], "data": [7] }))["error"]["kind"], "label");
}
