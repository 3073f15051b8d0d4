//! Which formulas take a stable form, which, and that it means the same where nothing is lost.

mod interpreter;
mod probe;
mod rows;

use std::collections::HashMap;

use interpreter::{Row, evaluate};
use loss_codegen::describe::describe;
use loss_codegen::expr::{Expr, ExprId, Graph, Unary};
use loss_codegen::rewrite::reachable;
use loss_codegen::stabilize::{Stabilization, stabilize};
use probe::probe;
use rows::rows;

/// Each formula with the form that it takes, and the rules that led there.
const FORMS: &[(&str, &str, &[Stabilization])] = &{
    use Stabilization::{
        Excess, Expm1, Log1p, LogCosh, LogExp, LogSigmoid, Logsumexp, Share, Sigmoid, SigmoidComplement, Softplus,
    };
    [
        ("x", "x", &[] as &[Stabilization]),
        ("log(1 + exp(x))", "softplus(x)", &[Softplus]),
        ("log(exp(x) + 1)", "softplus(x)", &[Softplus]),
        ("log1p(exp(x))", "softplus(x)", &[Softplus]),
        ("log1p(x)", "log1p(x)", &[]),
        ("log(2 + exp(x))", "log(2 + exp(x))", &[]),
        ("log(1 + w)", "log1p(w)", &[Log1p]),
        ("log(w + 1)", "log1p(w)", &[Log1p]),
        ("log(1 - w)", "log1p(-w)", &[Log1p]),
        ("log(w - 1)", "log(w - 1)", &[]),
        ("log(w + 2)", "log(w + 2)", &[]),
        ("log(x)", "log(x)", &[]),
        ("log(exp(x))", "x", &[LogExp]),
        ("log(cosh(x))", "log_cosh(x)", &[LogCosh]),
        ("log(sigmoid(x))", "-softplus(-x)", &[LogSigmoid]),
        ("log(1 - sigmoid(x))", "-softplus(x)", &[SigmoidComplement, LogSigmoid]),
        ("log(if x < y then sigmoid(x) else w)", "if x < y then -softplus(-x) else log(w)", &[LogSigmoid]),
        ("log(if x < y then w else 1 + y)", "if x < y then log(w) else log1p(y)", &[Log1p]),
        ("log(if x < y then w else y)", "log(if x < y then w else y)", &[]),
        ("exp(x) - 1", "expm1(x)", &[Expm1]),
        ("exp(x) + -1", "expm1(x)", &[Expm1]),
        ("-1 + exp(x)", "expm1(x)", &[Expm1]),
        ("1 - exp(x)", "-expm1(x)", &[Expm1]),
        ("exp(x) - 2", "exp(x) - 2", &[]),
        ("2 - exp(x)", "2 - exp(x)", &[]),
        ("1 + exp(x)", "1 + exp(x)", &[]),
        ("1 - sigmoid(x)", "sigmoid(-x)", &[SigmoidComplement]),
        ("sigmoid(x) - 1", "-sigmoid(-x)", &[SigmoidComplement]),
        ("2 - sigmoid(x)", "2 - sigmoid(x)", &[]),
        ("x - 1", "x - 1", &[]),
        ("1 - (if x < y then sigmoid(x) else w)", "if x < y then sigmoid(-x) else 1 - w", &[SigmoidComplement]),
        ("2 - (if x < y then sigmoid(x) else w)", "2 - (if x < y then sigmoid(x) else w)", &[]),
        ("1 / (1 + exp(-x))", "sigmoid(x)", &[Sigmoid]),
        ("1 / (1 + exp(x))", "sigmoid(-x)", &[Sigmoid]),
        ("exp(x) / (1 + exp(x))", "sigmoid(x)", &[Sigmoid]),
        ("exp(x) / (exp(x) + 1)", "sigmoid(x)", &[Sigmoid]),
        ("exp(y) / (1 + exp(x))", "exp(y) / (1 + exp(x))", &[]),
        ("2 / (1 + exp(x))", "2 / (1 + exp(x))", &[]),
        ("1 / (2 + exp(x))", "1 / (2 + exp(x))", &[]),
        ("1 / (1 + x)", "1 / (1 + x)", &[]),
        ("log(sum(C, exp(v)))", "logsumexp(C, v)", &[Logsumexp]),
        ("log(sum(C where v > 0, exp(v)))", "logsumexp(C where v > 0, v)", &[Logsumexp]),
        ("log(sum(C, v^2))", "log(sum(C, v^2))", &[]),
        ("log(max(C, exp(v)))", "log(max(C, exp(v)))", &[]),
        ("sum(C, v * (logsumexp(C, v) - v))", "sum(C, v * excess(logsumexp(C, v), v))", &[Excess]),
        ("sum(C, v * (v - logsumexp(C, v)))", "sum(C, -(v * excess(logsumexp(C, v), v)))", &[Excess]),
        ("sum(C, v * (v - logsumexp(C, 2 * v)))", "sum(C, v * (v - logsumexp(C, 2 * v)))", &[]),
        ("sum(C, v * (v - max(C, v)))", "sum(C, v * (v - max(C, v)))", &[]),
        ("sum(C, v * exp(v - logsumexp(C, v)))", "sum(C, v * share(v, logsumexp(C, v)))", &[Excess, Share]),
        ("sum(C, v * exp(logsumexp(C, v) - v))", "sum(C, v * exp(excess(logsumexp(C, v), v)))", &[Excess]),
        ("sum(C, v * exp(-v))", "sum(C, v * exp(-v))", &[]),
        (
            "sum(C, v * (1 - exp(v - logsumexp(C, v))))",
            "sum(C, v * share_of_others(v, logsumexp(C, v)))",
            &[Excess, Share],
        ),
        (
            "sum(C, v * (exp(v - logsumexp(C, v)) - 1))",
            "sum(C, -(v * share_of_others(v, logsumexp(C, v))))",
            &[Excess, Share],
        ),
        ("sum(C, v * log(exp(v - logsumexp(C, v))))", "sum(C, -(v * excess(logsumexp(C, v), v)))", &[Excess, Share]),
        (
            "sum(C, v * log(1 - exp(v - logsumexp(C, v))))",
            "sum(C, v * log(share_of_others(v, logsumexp(C, v))))",
            &[Excess, Share],
        ),
    ]
};

/// A formula in its stable form beside itself as it is written.
struct Stable {
    raw: ExprId,
    stable: ExprId,
    text: String,
    made: Vec<Stabilization>,
    graph: Graph,
}

impl Stable {
    fn of(written: &str) -> Self {
        let (spec, mut graph, raw) = probe(written);
        let (found, made) = stabilize(&mut graph, &[raw]);
        let text = describe(&spec, &graph, &HashMap::new(), found[0]);
        Self { raw, stable: found[0], text, made, graph }
    }

    /// Where the stable form is another number than the formula as it is written, which is one.
    fn differences(&self) -> Vec<String> {
        let told = |row: &Row| {
            let [before, after] = [self.raw, self.stable].map(|id| evaluate(&self.graph, id, row, 0));
            let is_same = (after - before).abs() <= 1e-14 * before.abs().max(1.0);
            (before.is_finite() && !is_same)
                .then(|| format!("{before} as written, {after} as {}, at {row:?}", self.text))
        };
        rows().iter().filter_map(told).collect()
    }
}

#[test]
fn formulas_take_the_stable_form_that_the_table_says_and_mean_the_same() {
    let mut wrong = Vec::new();
    for &(written, expected, rules) in FORMS {
        let found = Stable::of(written);
        if (found.text.as_str(), found.made.as_slice()) != (expected, rules) {
            let (text, made) = (&found.text, &found.made);
            wrong.push(format!("{written}: expected {expected} by {rules:?}, found {text} by {made:?}"));
        }
        wrong.extend(found.differences().into_iter().map(|difference| format!("{written}: {difference}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_cosine_is_taken_of_scaled_vectors_and_nothing_else_is() {
    let cosines = [
        ("dot(C, v, v + x) / sqrt(dot(C, v, v) * dot(C, v + x, v + x))", 2),
        ("dot(C, v, v + x) / sqrt(dot(C, v + x, v + x) * dot(C, v, v))", 2),
        ("dot(C, v, v + x) / sqrt((dot(C, v, v) + p) * (dot(C, v + x, v + x) + 2))", 2),
        ("dot(C, v, v) / sqrt(dot(C, v, v) * dot(C, v, v))", 1),
        ("dot(C, v, v + x) / sqrt(dot(C, v, v) * dot(C, v, v))", 0),
        ("dot(C, v, v + x) / sqrt(dot(C, v, v) * dot(C, v + y, v + y))", 0),
        ("dot(C, v, v + x) / sqrt(dot(C, v, v) * dot(C, v, v + x))", 0),
        ("dot(C, v, v + x) / sqrt(dot(C, v, v) + dot(C, v + x, v + x))", 0),
        ("sum(C, dot(C, v, v + x) / sqrt((dot(C, v, v) + v^2) * dot(C, v + x, v + x)))", 0),
        ("dot(C, v, v) / sqrt(dot(C, v, v) * dot(C, v, v + x))", 0),
        ("dot(C, v, v + x) / (dot(C, v, v) * dot(C, v + x, v + x))", 0),
        ("dot(C, v, v) / sqrt(dot(C, v, v) * sum(C where v > 0, v * v))", 0),
        ("sum(C where v > 0, v * v) / sqrt(dot(C, v, v) * dot(C, v, v))", 0),
        ("max(C, v * v) / sqrt(dot(C, v, v) * dot(C, v, v))", 0),
    ];
    let mut wrong = Vec::new();
    for (written, scales) in cosines {
        let found = Stable::of(written);
        let nodes = reachable(&found.graph, [found.stable]);
        let is_scale = |id: &&ExprId| matches!(found.graph.expr(**id), Expr::Unary(Unary::PowerOfTwo, _));
        let is_told = found.made == [Stabilization::Cosine];
        let made = nodes.iter().filter(is_scale).count();
        if (made, is_told) != (scales, scales > 0) {
            wrong.push(format!("{written}: expected {scales} scales, found {made} by {:?}", found.made));
        }
        wrong.extend(found.differences().into_iter().map(|difference| format!("{written}: {difference}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
