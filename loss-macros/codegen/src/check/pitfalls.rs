//! Warnings: points within the declared domains at which the loss is NaN, its derivative infinite, or its value jumps unseen.
//!
//! Every warning has an example. Numbers with few digits are tried for the inputs, parameters have their defaults, and a finding counts only where
//! rounding has no part in it; so nothing is reported that is not there, and not all that is there is found.

pub(super) mod search;

use std::collections::{BTreeSet, HashMap};

use crate::check::Findings;
use crate::codes::Code;
use crate::describe::describe;
use crate::diagnostic::Diagnostic;
use crate::evaluate::{Evaluator, Point, Trap, number};
use crate::expr::{AxisId, Binary, Expr, ExprId, Graph, Type, Unary};
use crate::model::{Spec, Variant};
use crate::source::Span;

use search::points;

/// Looks for pitfalls of one variant at so many points.
pub(super) fn check(
    spec: &Spec,
    variant: &Variant,
    most: usize,
    places: &HashMap<ExprId, Span>,
    findings: &mut Findings,
) {
    let slopes = differentiated(spec, variant);
    let declares_jump = spec.knots.iter().any(|knot| knot.smooth.value == "jump");
    let borders: Vec<ExprId> = if declares_jump { Vec::new() } else { borders(spec, variant) };
    let mut told: BTreeSet<ExprId> = BTreeSet::new();
    for point in points(spec, variant, most) {
        let mut evaluator = Evaluator::new(&variant.graph, &point, &slopes);
        let Some(value) = evaluator.at(variant.loss, 0) else { continue };
        for (id, trap) in evaluator.traps() {
            // A NaN that a weight of 0 removes, or that decides nothing, is none of the loss.
            let is_felt = matches!(trap, Trap::InfiniteDerivative(_)) || value.number.is_nan();
            if is_felt && told.insert(id) {
                tell(trap, places.get(&id), spec, &point, findings);
            }
        }
        for &border in &borders {
            if let Some(jump) = jump(variant, &point, border, value.number)
                && let Some(equation) = equation(spec, variant, border)
                && told.insert(border)
            {
                tell_jump(jump, &point.describe(spec), places.get(&border), &equation, findings);
            }
        }
    }
}

fn tell(trap: Trap, place: Option<&Span>, spec: &Spec, point: &Point, findings: &mut Findings) {
    let Some(&place) = place else { return };
    let at = point.describe(spec);
    let (code, message, help) = match trap {
        Trap::OutOfDomain(what) => {
            let help =
                format!("the loss is NaN at {at}: narrow a `domain` or a label, or leave the place out by an `if`");
            (Code::UndefinedValue, format!("{what} can be reached"), help)
        }
        Trap::ZeroTimesInfinity => {
            let help = format!("the loss is NaN at {at}: write `weigh(w, e)` where a factor `w` of 0 removes `e`");
            (Code::ZeroTimesInfinity, "0 * inf can be reached".to_owned(), help)
        }
        Trap::InfinityMinusInfinity => {
            let help = format!("the loss is NaN at {at}: narrow a `domain`, or write it so that no part is infinite");
            (Code::InfinityMinusInfinity, "inf - inf can be reached".to_owned(), help)
        }
        Trap::InfiniteDerivative(what) => {
            let help = format!("at {at}: add a small constant inside, or use a function that is smooth there");
            (Code::InfiniteDerivative, format!("the derivative of {what} is infinite at 0, which can be reached"), help)
        }
    };
    findings.push(Diagnostic::warning(code, place, message).with_help(help));
}

/// How far the loss would move if a comparison that is an equality here were decided the other way.
fn jump(variant: &Variant, point: &Point, border: ExprId, value: f64) -> Option<f64> {
    let no_slopes = BTreeSet::new();
    let mut evaluator = Evaluator::new(&variant.graph, point, &no_slopes);
    let (Expr::Compare(_, x, y), true) = (variant.graph.expr(border), value.is_finite()) else { return None };
    let [x, y] = [evaluator.at(x, 0)?, evaluator.at(y, 0)?];
    if !(x.is_exact && y.is_exact && x.number == y.number) {
        return None;
    }
    let mut turned = Evaluator::new(&variant.graph, point, &no_slopes).with_turned(border);
    let jump = (turned.at(variant.loss, 0)?.number - value).abs();
    (jump.is_finite() && jump > number::DOUBT * value.abs().max(1.0)).then_some(jump)
}

/// The border as the equation of a knot.
fn equation(spec: &Spec, variant: &Variant, border: ExprId) -> Option<String> {
    let Expr::Compare(_, x, y) = variant.graph.expr(border) else { return None };
    let names: HashMap<ExprId, String> = variant.lets.iter().map(|(name, id)| (*id, name.clone())).collect();
    let text = |side: ExprId| match names.get(&side) {
        Some(name) => name.clone(),
        None => describe(spec, &variant.graph, &names, side),
    };
    let [x, y] = [x, y].map(text);
    Some(format!("{x} == {y}"))
}

fn tell_jump(jump: f64, at: &str, place: Option<&Span>, equation: &str, findings: &mut Findings) {
    let Some(&place) = place else { return };
    let message = format!("the loss jumps by {} where `{equation}`", number::text(jump));
    let help = format!("so at {at}: if it is meant, declare the knot `{{ at: \"{equation}\", smooth: jump }}`");
    findings.push(Diagnostic::warning(Code::JumpInGradientInput, place, message).with_help(help));
}

/// Whether an expression varies with an input that has a gradient.
fn varies(spec: &Spec, graph: &Graph, id: ExprId) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![id];
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        match graph.expr(id) {
            Expr::Input(input) if spec.inputs[usize::from(input.0)].gradient => return true,
            // A constant for the gradient.
            Expr::Unary(Unary::Detach, _) => {}
            expr => waiting.extend(expr.operands()),
        }
    }
    false
}

/// The expressions whose derivative the gradient reads.
fn differentiated(spec: &Spec, variant: &Variant) -> BTreeSet<ExprId> {
    let graph = &variant.graph;
    let mut seen = BTreeSet::new();
    let mut waiting = vec![variant.loss];
    while let Some(id) = waiting.pop() {
        if graph.ty(id) != Type::Real || !varies(spec, graph, id) || !seen.insert(id) {
            continue;
        }
        match graph.expr(id) {
            Expr::Binary(Binary::StraightThrough, _, path) => waiting.push(path),
            Expr::If(_, value, otherwise) => waiting.extend([value, otherwise]),
            Expr::Pick { value, .. } | Expr::Reduce { value, .. } => waiting.push(value),
            // A factor is differentiated with the other.
            expr => waiting.extend(expr.operands()),
        }
    }
    seen
}

/// Comparisons of reals that decide a case and vary with an input that has a gradient.
fn borders(spec: &Spec, variant: &Variant) -> Vec<ExprId> {
    let graph = &variant.graph;
    let mut seen = BTreeSet::new();
    let mut waiting = vec![variant.loss];
    let mut borders = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        if let Expr::If(condition, ..) = graph.expr(id) {
            let mut parts = vec![condition];
            while let Some(part) = parts.pop() {
                if let Expr::And(x, y) | Expr::Or(x, y) = graph.expr(part) {
                    parts.extend([x, y]);
                } else if let Expr::Not(x) = graph.expr(part) {
                    parts.push(x);
                } else if let Expr::Compare(_, x, y) = graph.expr(part)
                    && graph.ty(x) == Type::Real
                    && (varies(spec, graph, x) || varies(spec, graph, y))
                    // Along an axis a border has many places.
                    && graph.axes(part).iter().all(|axis| axis == AxisId::ROWS)
                {
                    borders.insert(part);
                }
            }
        }
        waiting.extend(graph.expr(id).operands());
    }
    borders.into_iter().collect()
}
