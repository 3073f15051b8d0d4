//! The value of a formula at known numbers: whether a default or an example's number lies in its domain.
//!
//! It works in `f64`, which is exact for comparisons of literals, and answers "cannot tell" rather than guess.

use crate::expr::{Binary, Constant, Unary};
use crate::formula::ast::{Ast, AstKind, BinaryOperator, UnaryOperator};
use crate::resolve::functions::{Function, function};

/// A known value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Known {
    /// A number.
    Number(f64),
    /// A condition; `None` is unordered.
    Condition(Option<bool>),
    /// A word of a choice.
    Word(String),
}

/// The value of a formula, where `name` gives what each name stands for; `None` if it cannot be told.
pub(crate) fn evaluate(ast: &Ast, name: &dyn Fn(&str) -> Option<Known>) -> Option<Known> {
    match &ast.kind {
        AstKind::Number(text) => Constant::parse(text).map(|constant| Known::Number(constant.to_f64())),
        AstKind::Boolean(value) => Some(Known::Condition(Some(*value))),
        AstKind::Name(text) => match name(text) {
            Some(known) => Some(known),
            None => named_constant(text).map(|constant| Known::Number(constant.to_f64())),
        },
        AstKind::Unary(UnaryOperator::Negate, operand) => {
            apply_unary(Unary::Negate, number(operand, name)?).map(Known::Number)
        }
        AstKind::Unary(UnaryOperator::Not, operand) => {
            Some(Known::Condition(condition(operand, name)?.map(|value| !value)))
        }
        AstKind::Binary(operator, left, right) => binary(*operator, left, right, name),
        AstKind::If(test, value, otherwise) => match condition(test, name)? {
            Some(true) => evaluate(value, name),
            Some(false) => evaluate(otherwise, name),
            None => Some(Known::Number(f64::NAN)),
        },
        AstKind::Pick(..) => None,
        AstKind::Call(call) => {
            if !call.axes.is_empty() || !call.named.is_empty() {
                return None;
            }
            match (function(&call.name.value)?, call.arguments.as_slice()) {
                (Function::Unary(unary), [x]) => apply_unary(unary, number(x, name)?).map(Known::Number),
                (Function::Binary(binary) | Function::Either(binary, _), [x, y]) => {
                    apply_binary(binary, number(x, name)?, number(y, name)?).map(Known::Number)
                }
                (
                    Function::Unary(_)
                    | Function::Binary(_)
                    | Function::Either(..)
                    | Function::Reduce(_)
                    | Function::Norm
                    | Function::Dot
                    | Function::Softmax
                    | Function::LogSoftmax
                    | Function::OneHot
                    | Function::Size
                    | Function::Index
                    | Function::Given,
                    _,
                ) => None,
            }
        }
    }
}

/// The number behind `pi`, `inf` or `nan`.
pub(crate) fn named_constant(name: &str) -> Option<Constant> {
    match name {
        "pi" => Some(Constant::Pi),
        "inf" => Some(Constant::Infinity),
        "nan" => Some(Constant::Nan),
        _ => None,
    }
}

fn number(ast: &Ast, name: &dyn Fn(&str) -> Option<Known>) -> Option<f64> {
    match evaluate(ast, name)? {
        Known::Number(value) => Some(value),
        Known::Condition(_) | Known::Word(_) => None,
    }
}

fn condition(ast: &Ast, name: &dyn Fn(&str) -> Option<Known>) -> Option<Option<bool>> {
    match evaluate(ast, name)? {
        Known::Condition(value) => Some(value),
        Known::Number(_) | Known::Word(_) => None,
    }
}

fn binary(operator: BinaryOperator, left: &Ast, right: &Ast, name: &dyn Fn(&str) -> Option<Known>) -> Option<Known> {
    let arithmetic = |function| apply_binary(function, number(left, name)?, number(right, name)?).map(Known::Number);
    match operator {
        // One side may settle the matter where the other cannot be told.
        BinaryOperator::And | BinaryOperator::Or => {
            let settles = operator == BinaryOperator::Or;
            let sides = [condition(left, name), condition(right, name)];
            if sides.contains(&Some(Some(settles))) {
                return Some(Known::Condition(Some(settles)));
            }
            let [left, right] = sides;
            Some(Known::Condition(if left?.is_none() || right?.is_none() { None } else { Some(!settles) }))
        }
        BinaryOperator::Equal | BinaryOperator::NotEqual => {
            let wanted = operator == BinaryOperator::Equal;
            match (evaluate(left, name)?, evaluate(right, name)?) {
                (Known::Word(x), Known::Word(y)) => Some(Known::Condition(Some((x == y) == wanted))),
                (Known::Number(x), Known::Number(y)) => {
                    Some(Known::Condition(ordered(x, y).then_some((x == y) == wanted)))
                }
                (Known::Number(_) | Known::Condition(_) | Known::Word(_), _) => None,
            }
        }
        BinaryOperator::Less => compare(left, right, name, |x, y| x < y),
        BinaryOperator::LessEqual => compare(left, right, name, |x, y| x <= y),
        BinaryOperator::Greater => compare(left, right, name, |x, y| x > y),
        BinaryOperator::GreaterEqual => compare(left, right, name, |x, y| x >= y),
        BinaryOperator::Add => arithmetic(Binary::Add),
        BinaryOperator::Subtract => arithmetic(Binary::Subtract),
        BinaryOperator::Multiply => arithmetic(Binary::Multiply),
        BinaryOperator::Divide => arithmetic(Binary::Divide),
        BinaryOperator::Power => arithmetic(Binary::Power),
    }
}

fn compare(
    left: &Ast,
    right: &Ast,
    name: &dyn Fn(&str) -> Option<Known>,
    holds: fn(f64, f64) -> bool,
) -> Option<Known> {
    let (x, y) = (number(left, name)?, number(right, name)?);
    Some(Known::Condition(ordered(x, y).then(|| holds(x, y))))
}

fn ordered(x: f64, y: f64) -> bool {
    !x.is_nan() && !y.is_nan()
}

fn apply_unary(function: Unary, x: f64) -> Option<f64> {
    Some(match function {
        Unary::Negate => -x,
        Unary::Abs => x.abs(),
        Unary::Sign if x == 0.0 || x.is_nan() => x,
        Unary::Sign => x.signum(),
        Unary::Relu if x.is_nan() => x,
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
        Unary::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        Unary::Detach | Unary::Weighed => x,
        Unary::Lgamma | Unary::Digamma | Unary::Erf | Unary::LogNormalCdf | Unary::LogCosh | Unary::PowerOfTwo => {
            return None;
        }
    })
}

fn apply_binary(function: Binary, x: f64, y: f64) -> Option<f64> {
    let unordered = !ordered(x, y);
    Some(match function {
        Binary::Add => x + y,
        Binary::Subtract => x - y,
        Binary::Multiply => x * y,
        Binary::Divide => x / y,
        Binary::Power => x.powf(y),
        Binary::Max | Binary::Min if unordered => f64::NAN,
        Binary::Max => x.max(y),
        Binary::Min => x.min(y),
        Binary::Weigh if x == 0.0 => 0.0,
        Binary::Weigh => x * y,
        Binary::StraightThrough => x,
        Binary::Logaddexp
        | Binary::Share
        | Binary::ShareOfOthers
        | Binary::Excess
        | Binary::Others
        | Binary::Deviation => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::parser::parse;
    use crate::formula::text::FormulaText;

    fn value(text: &str) -> Option<Known> {
        let ast = parse(&FormulaText::plain(text, 0)).expect("a formula");
        evaluate(&ast, &|name| match name {
            "x" => Some(Known::Number(0.25)),
            "missing" => Some(Known::Number(f64::NAN)),
            "on" => Some(Known::Condition(Some(true))),
            "form" | "plain" => Some(Known::Word("plain".to_owned())),
            _ => None,
        })
    }

    #[test]
    fn conditions_follow_kleene() {
        let condition = |truth| Some(Known::Condition(truth));
        assert_eq!(value("0 <= x < pi / 2"), condition(Some(true)));
        assert_eq!(value("missing > 0"), condition(None));
        assert_eq!(value("missing > 0 or on"), condition(Some(true)));
        assert_eq!(value("missing > 0 and on"), condition(None));
        assert_eq!(value("not (missing > 0) and x > 1"), condition(Some(false)));
        assert_eq!(value("form == plain"), condition(Some(true)));
        assert_eq!(value("x == 0.25"), condition(Some(true)));
        assert_eq!(value("x != 0.25"), condition(Some(false)));
        assert_eq!(value("x == missing"), condition(None));
        assert_eq!(value("x > nan"), condition(None));
        assert_eq!(value("max(x, missing) > 0"), condition(None));
        assert_eq!(value("relu(missing) >= 0"), condition(None));
        assert_eq!(value("sign(missing) >= 0"), condition(None));
        assert_eq!(value("min(missing, x) > 0"), condition(None));
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert_eq!(value("elsewhere > 0"), None);
        assert_eq!(value("elsewhere > 0 or on"), Some(Known::Condition(Some(true))));
        assert_eq!(value("elsewhere > 0 and on"), None);
        assert_eq!(value("lgamma(x) > 0"), None);
        assert_eq!(value("sum(C, x)"), None);
        // Calls that are refused elsewhere.
        assert_eq!(value("max(C, x, 1)"), None);
        assert_eq!(value("abs(x, of = 1)"), None);
    }

    #[test]
    fn operators_and_functions_compute() {
        for (text, known) in [
            ("x + 1", 1.25),
            ("x - 1", -0.75),
            ("x * 3", 0.75),
            ("x / 2", 0.125),
            ("x^2", 0.0625),
            ("-x", -0.25),
            ("sqrt(x) + abs(-x)", 0.75),
            ("sign(x)", 1.0),
            ("sign(-x)", -1.0),
            ("relu(x)", 0.25),
            ("exp(0) + cos(0) + cosh(0)", 3.0),
            ("sigmoid(0)", 0.5),
            ("sigmoid(-inf)", 0.0),
            ("sigmoid(inf)", 1.0),
            ("softplus(-inf)", 0.0),
            ("softplus(1000)", 1000.0),
            ("max(x, 1) - min(x, 1)", 0.75),
            ("weigh(2, x)", 0.5),
            ("straight_through(x, 2)", 0.25),
        ] {
            assert_eq!(value(text), Some(Known::Number(known)), "{text}");
        }
        assert_eq!(value("0.693 < softplus(0) < 0.694"), Some(Known::Condition(Some(true))));
    }

    #[test]
    fn functions_have_their_edges() {
        assert_eq!(value("sign(0) + relu(-1) + weigh(0, inf)"), Some(Known::Number(0.0)));
        assert_eq!(value("max(x, -inf)"), Some(Known::Number(0.25)));
        assert_eq!(value("if on then x else elsewhere"), Some(Known::Number(0.25)));
    }
}
