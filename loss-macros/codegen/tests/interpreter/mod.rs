//! A plain `f64` evaluation of graphs, one row at a time, for tests: no stability, no care.

use loss_codegen::expr::{Binary, Comparison, Expr, ExprId, Graph, Reducer, Unary};

/// One row: each input's values along the second axis (one value if it has none), labels by input, parameters.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) inputs: Vec<Vec<f64>>,
    pub(crate) labels: Vec<usize>,
    pub(crate) classes: usize,
    pub(crate) params: Vec<f64>,
}

/// The value of a node at one place of the second axis; conditions as 1 and 0, unordered as NaN. The cotangent is 1.
pub(crate) fn evaluate(g: &Graph, id: ExprId, row: &Row, place: usize) -> f64 {
    let at = |id: ExprId| evaluate(g, id, row, place);
    let truth = |holds: bool| f64::from(u8::from(holds));
    match g.expr(id) {
        Expr::Constant(constant) => constant.to_f64(),
        Expr::Boolean(value) => truth(value),
        Expr::Input(input) => {
            if let loss_codegen::expr::Type::Index(_) = g.ty(id) {
                return row.labels[usize::from(input.0)] as f64;
            }
            let values = &row.inputs[usize::from(input.0)];
            values[if values.len() == 1 { 0 } else { place }]
        }
        Expr::Param(param) => row.params[usize::from(param.0)],
        Expr::Size(_) => row.classes as f64,
        Expr::Index(_) => place as f64,
        Expr::Upstream | Expr::Given(_) => 1.0,
        Expr::Unary(function, x) => unary(function, at(x)),
        Expr::Binary(function, x, y) => match function {
            Binary::Weigh => {
                let weight = at(x);
                if weight == 0.0 { 0.0 } else { weight * at(y) }
            }
            Binary::StraightThrough => at(x),
            Binary::Add => at(x) + at(y),
            Binary::Subtract => at(x) - at(y),
            Binary::Multiply => at(x) * at(y),
            Binary::Divide => at(x) / at(y),
            Binary::Power => at(x).powf(at(y)),
            Binary::Max => at(x).max(at(y)),
            Binary::Min => at(x).min(at(y)),
            Binary::Logaddexp => (at(x).exp() + at(y).exp()).ln(),
            Binary::Share => (at(x) - at(y)).exp(),
            Binary::ShareOfOthers => -(at(x) - at(y)).exp_m1(),
            Binary::Excess | Binary::Deviation => at(x) - at(y),
            Binary::Others => at(y) - at(x),
        },
        Expr::Compare(comparison, x, y) => {
            let (x, y) = (at(x), at(y));
            if x.is_nan() || y.is_nan() {
                return f64::NAN;
            }
            truth(match comparison {
                Comparison::Less => x < y,
                Comparison::LessEqual => x <= y,
                Comparison::Greater => x > y,
                Comparison::GreaterEqual => x >= y,
                Comparison::Equal => x == y,
                Comparison::NotEqual => x != y,
            })
        }
        Expr::And(x, y) => kleene([at(x), at(y)], 0.0),
        Expr::Or(x, y) => kleene([at(x), at(y)], 1.0),
        Expr::Not(x) => 1.0 - at(x),
        Expr::Indicator(x) => truth(at(x) == 1.0),
        Expr::If(c, x, y) => match at(c) {
            1.0 => at(x),
            0.0 => at(y),
            _ => f64::NAN,
        },
        Expr::Pick { value, index, .. } => {
            let picked = at(index) as usize;
            evaluate(g, value, row, picked)
        }
        Expr::Reduce { reducer: Reducer::Expectation, value, order: Some(logsumexp), .. } => {
            let Expr::Reduce { value: logits, filter, .. } = g.expr(logsumexp) else { return f64::NAN };
            let whole = at(logsumexp);
            (0..row.classes)
                .filter(|&place| filter.is_none_or(|filter| evaluate(g, filter, row, place) == 1.0))
                .map(|place| (evaluate(g, logits, row, place) - whole).exp() * evaluate(g, value, row, place))
                .sum()
        }
        Expr::Reduce { reducer, filter, value, order, .. } => {
            let values: Vec<f64> = (0..row.classes)
                .filter(|&place| filter.is_none_or(|filter| evaluate(g, filter, row, place) == 1.0))
                .map(|place| evaluate(g, value, row, place))
                .collect();
            reduce(reducer, &values, order.map(at))
        }
    }
}

/// The truth of two conditions together, of which one that is `settling` is enough; unordered if they do not say.
fn kleene(conditions: [f64; 2], settling: f64) -> f64 {
    if conditions.contains(&settling) {
        settling
    } else if conditions.iter().any(|condition| condition.is_nan()) {
        f64::NAN
    } else {
        1.0 - settling
    }
}

fn reduce(reducer: Reducer, values: &[f64], order: Option<f64>) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match reducer {
        Reducer::Sum => values.iter().sum(),
        Reducer::Mean => values.iter().sum::<f64>() / values.len() as f64,
        Reducer::Max | Reducer::Shift => largest,
        Reducer::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        Reducer::Logsumexp => values.iter().map(|x| x.exp()).sum::<f64>().ln(),
        Reducer::Any => f64::from(u8::from(values.contains(&1.0))),
        Reducer::All => f64::from(u8::from(values.iter().all(|&x| x == 1.0))),
        Reducer::Norm => {
            let order = order.unwrap_or(2.0);
            values.iter().map(|x| x.abs().powf(order)).sum::<f64>().powf(1.0 / order)
        }
        Reducer::SimplexThreshold | Reducer::Expectation => f64::NAN,
    }
}

fn unary(function: Unary, x: f64) -> f64 {
    match function {
        Unary::Negate => -x,
        Unary::Abs => x.abs(),
        Unary::Sign => {
            if x == 0.0 {
                0.0
            } else {
                x.signum()
            }
        }
        Unary::Relu => x.max(0.0),
        Unary::Sqrt => x.sqrt(),
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.exp_m1(),
        Unary::Log => x.ln(),
        Unary::Log1p => x.ln_1p(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Sinh => x.sinh(),
        Unary::Cosh => x.cosh(),
        Unary::Tanh => x.tanh(),
        Unary::Atan => x.atan(),
        Unary::Acos => x.acos(),
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Unary::Softplus => x.exp().ln_1p(),
        Unary::Detach | Unary::Weighed => x,
        Unary::LogCosh => x.cosh().ln(),
        Unary::PowerOfTwo => 2f64.powi(x.abs().log2().clamp(-1022.0, 1022.0).floor() as i32),
        Unary::Lgamma | Unary::Digamma | Unary::Erf | Unary::LogNormalCdf => f64::NAN,
    }
}
