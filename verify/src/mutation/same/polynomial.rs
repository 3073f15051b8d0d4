//! Whether two formulas are one polynomial in what they are made of.
//!
//! A polynomial of degree at most d in each of k variables is known from its values on a grid of (d + 1)^k points. On small whole
//! numbers, with constants that are short binary fractions, `f64` computes these values exactly, so equality on the grid is a proof.

use std::collections::BTreeMap;

use loss_codegen::expr::{Binary, Constant, Expr, ExprId, Graph, Unary};

/// The most points of a grid.
const MOST_POINTS: usize = 3_000;
/// Numbers up to here, in steps of [`STEP`], are exact, and so are their sums and products.
const LARGEST: f64 = (1_u64 << 30) as f64;
/// The finest binary fraction that a number on the way may have.
const STEP: f64 = 1.0 / (1_u64 << 20) as f64;

/// Whether two formulas are equal as polynomials, where quotients by anything but a number, and functions, are variables of their own.
pub(super) fn one_polynomial(graph: &Graph, ours: ExprId, theirs: ExprId) -> bool {
    let mut variables = BTreeMap::new();
    let degrees = [ours, theirs].map(|id| degree(graph, id, &mut variables));
    let [Some(our), Some(their)] = degrees else { return false };
    let side = our.max(their) as usize + 1;
    let Some(points) = side.checked_pow(variables.len() as u32).filter(|&points| points <= MOST_POINTS) else {
        return false;
    };
    (0..points).all(|mut point| {
        for value in variables.values_mut() {
            *value = (point % side) as f64;
            point /= side;
        }
        let values = [ours, theirs].map(|id| exact(graph, id, &variables));
        matches!(values, [Some(our), Some(their)] if our == their)
    })
}

/// A variable: a node, or 1 over a node.
type Variables = BTreeMap<(ExprId, bool), f64>;

/// The degree in all variables together; none if it is too large to look at.
fn degree(graph: &Graph, id: ExprId, variables: &mut Variables) -> Option<u32> {
    const MOST: u32 = 12;
    let degree = match graph.expr(id) {
        Expr::Constant(_) => 0,
        Expr::Unary(Unary::Negate, x) => degree(graph, x, variables)?,
        Expr::Binary(Binary::Add | Binary::Subtract, x, y) => {
            degree(graph, x, variables)?.max(degree(graph, y, variables)?)
        }
        Expr::Binary(Binary::Multiply, x, y) => degree(graph, x, variables)? + degree(graph, y, variables)?,
        Expr::Binary(Binary::Divide, x, y) if power_of_two(graph, y).is_some() => degree(graph, x, variables)?,
        Expr::Binary(Binary::Divide, x, y) => {
            variables.insert((y, true), 0.0);
            degree(graph, x, variables)? + 1
        }
        Expr::Binary(Binary::Power, x, p) => {
            let power = graph.constant(p).and_then(Constant::as_integer).and_then(|power| u32::try_from(power).ok())?;
            degree(graph, x, variables)?.checked_mul(power)?
        }
        _ => {
            variables.insert((id, false), 0.0);
            1
        }
    };
    (degree <= MOST).then_some(degree)
}

/// A constant by which division rounds nothing.
fn power_of_two(graph: &Graph, id: ExprId) -> Option<f64> {
    let whole = graph.constant(id)?.as_integer()?;
    let whole = u32::try_from(whole).ok().filter(|whole| whole.is_power_of_two())?;
    Some(f64::from(whole))
}

/// The value at a point, if it is exact.
fn exact(graph: &Graph, id: ExprId, variables: &Variables) -> Option<f64> {
    let value = match graph.expr(id) {
        Expr::Constant(constant @ Constant::Decimal { .. }) => {
            let value = constant.to_f64();
            // The nearest number is the constant itself only if that is a binary fraction; 0.1 is none, however it rounds.
            let Constant::Decimal { digits, exponent } = constant else { return None };
            let twos = 1_i128.checked_shl(exponent.min(0).unsigned_abs())?;
            let fives = 5_i128.checked_pow(exponent.min(0).unsigned_abs())?;
            if digits % fives != 0 || twos > 1 << 20 {
                return None;
            }
            value
        }
        Expr::Unary(Unary::Negate, x) => -exact(graph, x, variables)?,
        Expr::Binary(Binary::Add, x, y) => exact(graph, x, variables)? + exact(graph, y, variables)?,
        Expr::Binary(Binary::Subtract, x, y) => exact(graph, x, variables)? - exact(graph, y, variables)?,
        Expr::Binary(Binary::Multiply, x, y) => exact(graph, x, variables)? * exact(graph, y, variables)?,
        Expr::Binary(Binary::Divide, x, y) => match power_of_two(graph, y) {
            Some(divisor) => exact(graph, x, variables)? / divisor,
            None => exact(graph, x, variables)? * variables.get(&(y, true))?,
        },
        Expr::Binary(Binary::Power, x, p) => {
            let power = graph.constant(p).and_then(Constant::as_integer).and_then(|power| u32::try_from(power).ok())?;
            let base = exact(graph, x, variables)?;
            let mut value = 1.0;
            for _ in 0..power {
                value *= base;
                if value.abs() > LARGEST {
                    return None;
                }
            }
            value
        }
        _ => *variables.get(&(id, false))?,
    };
    (value.abs() <= LARGEST && (value / STEP).fract() == 0.0).then_some(value)
}
