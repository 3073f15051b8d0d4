//! Warnings: points within the declared domains at which the loss or its gradient is NaN, its derivative infinite, or its value jumps unseen.
//!
//! Every warning has an example. Numbers with few digits are tried for the inputs, and for one parameter at a time the ends of its domain and what
//! lies beside its default; a finding counts only where rounding has no part in it. So nothing is reported that is not there, and not all that is
//! there is found.

mod gradients;
mod knots;
mod meant;
pub(super) mod search;

use std::collections::{BTreeSet, HashMap};

use crate::check::Findings;
use crate::check::settings::{Setting, settings};
use crate::codes::Code;
use crate::describe::describe;
use crate::diagnostic::Diagnostic;
use crate::elaborate::Library;
use crate::evaluate::{Evaluator, Point, Trap, number};
use crate::expr::{AxisId, Binary, Expr, ExprId, Graph, Type, Unary};
use crate::model::{Spec, Variant};
use crate::source::Span;

use gradients::Gradients;
use knots::{Declared, Surfaces};
use search::points;

/// At how many points a variant is searched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// With the defaults.
    pub(super) plain: usize,
    /// With other parameters, all together.
    pub(super) varied: usize,
}

/// Looks for pitfalls of one variant.
pub(super) fn check(
    spec: &Spec,
    variant: &Variant,
    library: &Library,
    effort: Effort,
    places: &HashMap<ExprId, Span>,
    findings: &mut Findings,
) {
    let mut search = Search {
        spec,
        variant,
        places,
        slopes: differentiated(spec, variant),
        borders: borders(spec, variant),
        surfaces: Surfaces::new(spec, variant, library),
        gradients: Gradients::new(spec, variant),
        told: BTreeSet::new(),
    };
    search.pardon();
    let mut settings: Vec<Setting> = settings(spec, variant);
    settings.retain(Setting::is_finite);
    let each = effort.varied.div_ceil(settings.len().max(1));
    for setting in settings {
        let most = if setting.varied.is_none() { effort.plain } else { each };
        for point in points(spec, variant, &setting.params, most) {
            search.look(&point, &setting, findings);
        }
    }
}

/// What is looked for in a variant.
struct Search<'a> {
    spec: &'a Spec,
    variant: &'a Variant,
    places: &'a HashMap<ExprId, Span>,
    /// The expressions whose derivative the gradient reads.
    slopes: BTreeSet<ExprId>,
    borders: Vec<ExprId>,
    surfaces: Surfaces,
    gradients: Gradients,
    /// What has been told, or is meant.
    told: BTreeSet<ExprId>,
}

impl Search<'_> {
    /// A NaN that an example expects is none to warn of.
    fn pardon(&mut self) {
        for point in meant::points(self.spec, self.variant) {
            let mut evaluator = Evaluator::new(&self.variant.graph, &point, &self.slopes);
            if evaluator.at(self.variant.loss, 0).is_some_and(|value| value.number.is_nan()) {
                self.told.extend(evaluator.traps().into_iter().map(|(id, _)| id));
            }
        }
    }

    fn look(&mut self, point: &Point, setting: &Setting, findings: &mut Findings) {
        let mut evaluator = Evaluator::new(&self.variant.graph, point, &self.slopes);
        let Some(value) = evaluator.at(self.variant.loss, 0) else { return };
        let at = || described(self.spec, point, setting);
        let mut traps = evaluator.traps();
        // A NaN that a weight of 0 removes, or that decides nothing, is none of the loss; and where that is NaN, its derivative says no more.
        traps.retain(|(_, trap)| matches!(trap, Trap::InfiniteDerivative(_)) != value.number.is_nan());
        for (id, trap) in &traps {
            if self.told.insert(*id)
                && let Some(&place) = self.places.get(id)
            {
                tell(*trap, place, &at(), findings);
            }
        }
        for &border in &self.borders {
            if !self.told.contains(&border)
                && let Some(&place) = self.places.get(&border)
                && let Some(jump) = jump(self.variant, point, border, value.number)
                && let Some(equation) = equation(self.spec, self.variant, border)
            {
                let declared = self.surfaces.declared(self.spec, point);
                if !matches!(declared, Declared::Jump) {
                    self.told.insert(border);
                    tell_jump(Jump { by: jump, equation, place }, &at(), declared, findings);
                }
            }
        }
        if traps.is_empty()
            && value.number.is_finite()
            && let Some((input, place)) = self.gradients.undefined(self.spec, point, self.places)
        {
            let message = format!("the gradient in `{input}` can be NaN where the loss is not");
            let help = format!("so at {}: leave the place out, as `where` and `if` do, or narrow a `domain`", at());
            findings.push(Diagnostic::warning(Code::UndefinedGradient, place, message).with_help(help));
        }
    }
}

/// A point in words: its inputs, and the parameter that is not at its default.
fn described(spec: &Spec, point: &Point, setting: &Setting) -> String {
    let param = setting.varied.map(|place| {
        let value = number::text(setting.params[place]);
        format!("{} = {value}", spec.params[place].name)
    });
    [point.describe(spec)].into_iter().filter(|text| !text.is_empty()).chain(param).collect::<Vec<_>>().join(", ")
}

fn tell(trap: Trap, place: Span, at: &str, findings: &mut Findings) {
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
    // Were one of them rounded, the comparison would be undecided, and the loss unknown if that reads it.
    let [x, y] = [evaluator.at(x, 0)?, evaluator.at(y, 0)?];
    if x.number != y.number {
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

/// A border at which the loss jumps.
struct Jump {
    by: f64,
    equation: String,
    place: Span,
}

fn tell_jump(jump: Jump, at: &str, declared: Declared<'_>, findings: &mut Findings) {
    let Jump { by, equation, mut place } = jump;
    let by = number::text(by);
    let (message, help) = match declared {
        Declared::Jump => return,
        Declared::Nothing => (
            format!("the loss jumps by {by} where `{equation}`"),
            format!("so at {at}: if it is meant, declare the knot `{{ at: \"{equation}\", smooth: jump }}`"),
        ),
        Declared::Smooth(knot) => {
            if knot.carried_from.is_none() {
                place = knot.smooth.span;
            }
            let smooth = &knot.smooth.value;
            let of = knot.carried_from.as_ref().map_or(String::new(), |loss| format!(" of `{loss}`"));
            (
                format!("a knot{of} is declared `{smooth}`, and the loss jumps by {by} there, where `{equation}`"),
                format!("so at {at}: mend the formula, or declare `smooth: jump` if the jump is meant"),
            )
        }
    };
    // How far it jumps differs between variants; that it does is one fault.
    if !findings.has(Code::JumpInGradientInput, place) {
        findings.push(Diagnostic::warning(Code::JumpInGradientInput, place, message).with_help(help));
    }
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
