//! The form in which derivatives are written: what is left out, taken out of a sum, and joined.

mod probe;

use std::collections::HashMap;

use loss_codegen::describe::describe;
use loss_codegen::differentiate::differentiate;
use loss_codegen::expr::InputId;
use loss_codegen::stabilize::stabilize;
use probe::probe;

/// Each formula, an input, and the derivative in it.
const FORMS: &[(&str, &str, &str)] = &[
    // What does not vary along an axis is taken out of the sum over it.
    ("sum(C, v - x)", "x", "-(upstream * size(C))"),
    ("sum(C, v * x)", "x", "upstream * sum(C, v)"),
    ("sum(C, v * x * y)", "x", "upstream * y * sum(C, v)"),
    ("sum(C, y * v * x)", "x", "upstream * (y * sum(C, v))"),
    ("sum(C, v * x / y)", "x", "upstream / y * sum(C, v)"),
    ("sum(C, v / x)", "x", "-(upstream * (sum(C, v) / x) / x)"),
    ("sum(C, x / v)", "x", "sum(C, upstream / v)"),
    ("sum(C, weigh(v, x))", "x", "weigh(sum(C, v), upstream)"),
    ("sum(C, weigh(y, v * x))", "x", "weigh(y, upstream * sum(C, v))"),
    ("sum(C, weigh(v, y * x))", "x", "weigh(sum(C, v), upstream * y)"),
    ("sum(C, weigh(exp(v), v * x))", "x", "sum(C, weigh(exp(v), upstream * v))"),
    ("sum(C, x * (v^2 - exp(v)))", "x", "upstream * sum(C, v^2 - exp(v))"),
    ("sum(C, x * (v^2 + exp(v)))", "x", "upstream * (sum(C, v^2) + sum(C, exp(v)))"),
    ("sum(C, x * -v)", "x", "-(upstream * sum(C, v))"),
    ("sum(C, if x < y then v * x else v)", "x", "if x < y then upstream * sum(C, v) else 0"),
    (
        "sum(C, if v < y then v * x else x)",
        "x",
        "sum(C, if v < y then 0 else upstream) + sum(C, if v < y then upstream * v else 0)",
    ),
    ("sum(C, (v - x)^2)", "x", "-(upstream * 2 * sum(C, v - x))"),
    ("sum(C, (v - x)^2)", "v", "upstream * 2 * (v - x)"),
    ("mean(C, (v - x)^2)", "v", "upstream / size(C) * 2 * (v - x)"),
    ("sum(C where v > 0, v * x)", "x", "sum(C, if v > 0 then upstream * v else 0)"),
    ("sum(C where v > 0, v * x)", "v", "if v > 0 then upstream * x else 0"),
    // A share less 1 is what it lacks to 1, and where it is more than a half it is told by that.
    ("logsumexp(C, v) - sum(C, v)", "v", "-(upstream * share_of_others(v, logsumexp(C, v)))"),
    (
        "logsumexp(C, v) - mean(C, v)",
        "v",
        "if share(v, logsumexp(C, v)) > 0.5 then upstream - upstream / size(C) - upstream * share_of_others(v, logsumexp(C, v)) else upstream * share(v, logsumexp(C, v)) - upstream / size(C)",
    ),
    // What is detached has none.
    ("x - detach(x)", "x", "upstream"),
    // What stands under one weight is joined.
    ("weigh(w, exp(x)) + weigh(w, x^2)", "x", "weigh(w, upstream * 2 * x + upstream * exp(x))"),
    ("weigh(w, exp(x)) - weigh(w, x^2)", "x", "weigh(w, upstream * exp(x) - upstream * 2 * x)"),
    ("weigh(w, exp(x)) + weigh(y, x^2)", "x", "weigh(y, upstream * 2 * x) + weigh(w, upstream * exp(x))"),
    ("weigh(exp(x), y) + weigh(exp(x), y^2)", "x", "weigh(exp(x), upstream * y^2 + upstream * y)"),
    ("weigh(exp(x), y) - weigh(exp(x), y^2)", "x", "weigh(exp(x), upstream * y - upstream * y^2)"),
    ("weigh(exp(x), y) + weigh(exp(x), x)", "x", "weigh(exp(x), upstream + (upstream * x + upstream * y))"),
    (
        "weigh(exp(x), weigh(exp(x), y))",
        "x",
        "weigh(exp(x), upstream * weigh(exp(x), y) + weigh(exp(x), upstream * y))",
    ),
    ("weigh(w, x)", "w", "upstream * x"),
    ("weigh(w, x / w)", "x", "if w == 0 then 0 else upstream"),
    ("-weigh(w, x^2)", "x", "-weigh(w, upstream * 2 * x)"),
    // Functions.
    ("abs(x)", "x", "upstream * sign(x)"),
    ("relu(x)", "x", "if x > 0 then upstream else 0"),
    ("max(x, y)", "x", "if x > y then upstream else if x == y then upstream * 0.5 else 0"),
    ("min(x, y)", "y", "if y < x then upstream else if x == y then upstream * 0.5 else 0"),
    ("exp(x)^p", "x", "upstream * p * exp(x)^p"),
    ("sigmoid(x)^p", "x", "upstream * p * sigmoid(x)^p * sigmoid(-x)"),
    ("x^p", "x", "if p == 0 then 0 else upstream * p * x^(p - 1)"),
    ("x^3", "x", "upstream * 3 * x^2"),
    ("p^x", "x", "upstream * weigh(p^x, log(p))"),
    ("x / y", "y", "-(upstream * (x / y) / y)"),
    ("softplus(x)", "x", "upstream * sigmoid(x)"),
    ("log(sigmoid(x))", "x", "upstream * sigmoid(-x)"),
    ("tanh(x)", "x", "upstream * 4 * sigmoid(2 * x) * sigmoid(-(2 * x))"),
    ("sqrt(x)", "x", "upstream * 0.5 / sqrt(x)"),
    ("logaddexp(x, y)", "x", "upstream * (if x == y then 0.5 else sigmoid(x - y))"),
    ("log(cosh(x))", "x", "upstream * tanh(x)"),
    ("erf(x)", "x", "upstream * (2 / sqrt(pi)) * exp(-x^2)"),
    ("logsumexp(C, v)", "v", "upstream * share(v, logsumexp(C, v))"),
    (
        "sum(C, v * softmax(C, v))",
        "v",
        "if share(v, logsumexp(C, v)) > 0.5 then upstream * share(v, logsumexp(C, v)) - others(upstream * v * share(v, logsumexp(C, v)), sum(C, upstream * v * share(v, logsumexp(C, v)))) + sum(C, upstream * v * share(v, logsumexp(C, v))) * share_of_others(v, logsumexp(C, v)) else upstream * share(v, logsumexp(C, v)) + upstream * v * share(v, logsumexp(C, v)) - sum(C, upstream * v * share(v, logsumexp(C, v))) * share(v, logsumexp(C, v))",
    ),
    (
        "logsumexp(C, v) - logsumexp(C where v > 0, v)",
        "v",
        "if share(v, logsumexp(C, v)) > 0.5 then upstream - (if v > 0 then upstream * share(v, logsumexp(C where v > 0, v)) else 0) - upstream * share_of_others(v, logsumexp(C, v)) else upstream * share(v, logsumexp(C, v)) - (if v > 0 then upstream * share(v, logsumexp(C where v > 0, v)) else 0)",
    ),
    ("x * (if y > 0 then y else 0)", "x", "if y > 0 then upstream * y else 0"),
    ("x * (if y > 0 then y else 1)", "x", "upstream * (if y > 0 then y else 1)"),
    ("max(C, v)", "v", "if v == max(C, v) then upstream / sum(C, if v == max(C, v) then 1 else 0) else 0"),
    ("norm(C, v, 2)", "v", "if norm(C, v, 2) == 0 then 0 else upstream * (v / norm(C, v, 2))"),
    ("norm(C, v, 1)", "v", "if norm(C, v, 1) == 0 then 0 else upstream * sign(v)"),
    (
        "norm(C, v, p)",
        "v",
        "if norm(C, v, p) == 0 then 0 else upstream * sign(v) * (if p == 1 then 1 else (abs(v) / norm(C, v, p))^(p - 1))",
    ),
    ("if x < y then x^2 else -x", "x", "if x < y then upstream * 2 * x else -upstream"),
    ("if x < y then y else w", "x", "0"),
];

#[test]
fn derivatives_take_the_form_that_the_table_says() {
    let mut wrong = Vec::new();
    for &(written, input, expected) in FORMS {
        let (spec, mut graph, raw) = probe(written);
        let (stable, _) = stabilize(&mut graph, &[raw]);
        let place = spec.inputs.iter().position(|given| given.name == input).expect("an input");
        let slopes = differentiate(&mut graph, stable[0], &[InputId(place as u8)]).expect("differentiable");
        let found = describe(&spec, &graph, &HashMap::new(), slopes[0]);
        if found != expected {
            wrong.push(format!("d({written}) / d{input}: expected {expected}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
