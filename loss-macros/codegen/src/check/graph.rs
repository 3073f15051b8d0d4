//! Rules that need the typed graph of a variant: what decides a case, where a list may be read, what a divisor may read, and where
//! the gradient is not the derivative.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::check::Findings;
use crate::codes::Code;
use crate::document::{Document, Formula};
use crate::elaborate::formula::formula_span;
use crate::expr::{Binary, Comparison, Expr, ExprId, InputId, Type, Unary};
use crate::formula::print::print;
use crate::model::{Divisor, Input, Label, Spec, Variant};
use crate::source::Span;

/// Checks one variant.
pub(super) fn check(
    document: &Document,
    spec: &Spec,
    variant: &Variant,
    places: &HashMap<ExprId, Span>,
    findings: &mut Findings,
) {
    let rules = Rules { spec, variant, places };
    rules.equalities(findings);
    rules.lists(findings);
    rules.divisors(findings);
    rules.surrogates(document, findings);
}

struct Rules<'a> {
    spec: &'a Spec,
    variant: &'a Variant,
    places: &'a HashMap<ExprId, Span>,
}

impl Rules<'_> {
    fn roots(&self) -> Vec<ExprId> {
        let reductions = self.variant.reductions.iter().flat_map(|reduction| [reduction.of, reduction.over]);
        std::iter::once(self.variant.loss).chain(reductions.flatten()).collect()
    }

    fn below(&self, roots: &[ExprId]) -> BTreeSet<ExprId> {
        let mut found = BTreeSet::new();
        let mut waiting = roots.to_vec();
        while let Some(id) = waiting.pop() {
            if found.insert(id) {
                waiting.extend(self.variant.graph.expr(id).operands());
            }
        }
        found
    }

    fn place(&self, id: ExprId) -> Span {
        self.places.get(&id).copied().unwrap_or_else(|| formula_span(&self.spec.loss))
    }

    /// Two reals are equal by chance only: a case that hangs on it is a knot at best, and rounding decides it.
    fn equalities(&self, findings: &mut Findings) {
        for id in self.below(&self.roots()) {
            if let Expr::If(condition, ..) = self.variant.graph.expr(id) {
                self.equality(condition, findings);
            }
        }
    }

    fn equality(&self, condition: ExprId, findings: &mut Findings) {
        match self.variant.graph.expr(condition) {
            Expr::And(x, y) | Expr::Or(x, y) => {
                self.equality(x, findings);
                self.equality(y, findings);
            }
            Expr::Not(x) => self.equality(x, findings),
            Expr::Compare(Comparison::Equal | Comparison::NotEqual, x, y) => {
                let is_real = self.variant.graph.ty(x) == Type::Real;
                if is_real && !(self.is_discrete(x) && self.is_discrete(y)) {
                    findings.error(
                        Code::EqualityDecidesCase,
                        self.place(condition),
                        "an equality of real numbers decides a case",
                        "compare by order, `<` or `<=`; only labels and parameters may be compared with `==`",
                    );
                }
            }
            Expr::Compare(
                Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual,
                ..,
            )
            | Expr::Constant(_)
            | Expr::Boolean(_)
            | Expr::Input(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Indicator(_)
            | Expr::Unary(..)
            | Expr::Binary(..)
            | Expr::If(..)
            | Expr::Pick { .. }
            | Expr::Reduce { .. }
            | Expr::Given(_) => {}
        }
    }

    /// Whether a number is made of labels, parameters and literals alone.
    fn is_discrete(&self, id: ExprId) -> bool {
        match self.variant.graph.expr(id) {
            Expr::Input(input) => {
                let input = self.input(input);
                input.label != Label::Real && !input.gradient
            }
            Expr::Upstream | Expr::Indicator(_) => false,
            expr @ (Expr::Constant(_)
            | Expr::Boolean(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Unary(..)
            | Expr::Binary(..)
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::If(..)
            | Expr::Pick { .. }
            | Expr::Reduce { .. }
            | Expr::Given(_)) => expr.operands().all(|operand| self.is_discrete(operand)),
        }
    }

    fn input(&self, id: InputId) -> &Input {
        &self.spec.inputs[usize::from(id.0)]
    }

    /// After the first -1 a list holds nothing that may be picked by.
    fn lists(&self, findings: &mut Findings) {
        let mut seen = HashSet::new();
        for root in self.roots() {
            self.guarded(root, &BTreeSet::new(), &mut seen, findings);
        }
    }

    fn guarded(
        &self,
        id: ExprId,
        given: &BTreeSet<InputId>,
        seen: &mut HashSet<(ExprId, Vec<InputId>)>,
        findings: &mut Findings,
    ) {
        if !seen.insert((id, given.iter().copied().collect())) {
            return;
        }
        let also = |more: BTreeSet<InputId>| given.union(&more).copied().collect::<BTreeSet<_>>();
        let expr = self.variant.graph.expr(id);
        match expr {
            Expr::If(condition, value, otherwise) => {
                self.guarded(condition, given, seen, findings);
                self.guarded(value, &also(self.facts(condition, true)), seen, findings);
                self.guarded(otherwise, &also(self.facts(condition, false)), seen, findings);
            }
            Expr::And(x, y) | Expr::Or(x, y) => {
                let holds = matches!(expr, Expr::And(..));
                self.guarded(x, given, seen, findings);
                self.guarded(y, &also(self.facts(x, holds)), seen, findings);
            }
            Expr::Reduce { filter: Some(filter), value, order, .. } => {
                self.guarded(filter, given, seen, findings);
                self.guarded(value, &also(self.facts(filter, true)), seen, findings);
                order.into_iter().for_each(|order| self.guarded(order, given, seen, findings));
            }
            Expr::Pick { value, index, .. } => {
                if let Expr::Input(input) = self.variant.graph.expr(index)
                    && let Label::IndexList(_) = self.input(input).label
                    && !given.contains(&input)
                {
                    let name = &self.input(input).name;
                    findings.error(
                        Code::UsedOutsideGiven,
                        self.place(id),
                        format!("picks by the list `{name}` where it may have ended"),
                        format!("guard it: `where given({name})`"),
                    );
                }
                self.guarded(value, given, seen, findings);
                self.guarded(index, given, seen, findings);
            }
            Expr::Constant(_)
            | Expr::Boolean(_)
            | Expr::Input(_)
            | Expr::Param(_)
            | Expr::Size(_)
            | Expr::Index(_)
            | Expr::Upstream
            | Expr::Indicator(_)
            | Expr::Unary(..)
            | Expr::Binary(..)
            | Expr::Compare(..)
            | Expr::Not(_)
            | Expr::Reduce { filter: None, .. }
            | Expr::Given(_) => {
                expr.operands().for_each(|operand| self.guarded(operand, given, seen, findings));
            }
        }
    }

    /// The lists that are known to have an entry where a condition is `truth`.
    fn facts(&self, condition: ExprId, truth: bool) -> BTreeSet<InputId> {
        match (self.variant.graph.expr(condition), truth) {
            (Expr::Given(input), true) => BTreeSet::from([input]),
            (Expr::Not(x), truth) => self.facts(x, !truth),
            (Expr::And(x, y), true) | (Expr::Or(x, y), false) => {
                self.facts(x, truth).union(&self.facts(y, truth)).copied().collect()
            }
            (
                Expr::Given(_)
                | Expr::And(..)
                | Expr::Or(..)
                | Expr::Constant(_)
                | Expr::Boolean(_)
                | Expr::Input(_)
                | Expr::Param(_)
                | Expr::Size(_)
                | Expr::Index(_)
                | Expr::Upstream
                | Expr::Indicator(_)
                | Expr::Unary(..)
                | Expr::Binary(..)
                | Expr::Compare(..)
                | Expr::If(..)
                | Expr::Pick { .. }
                | Expr::Reduce { .. },
                _,
            ) => BTreeSet::new(),
        }
    }

    /// A divisor is a constant for the gradient, so it may not depend on what has one.
    fn divisors(&self, findings: &mut Findings) {
        for (reduction, typed) in self.spec.reductions.iter().zip(&self.variant.reductions) {
            let (Divisor::Sum(over), Some(id)) = (&reduction.over, typed.over) else {
                continue;
            };
            let mut waiting = vec![id];
            let mut read = BTreeSet::new();
            let mut seen = BTreeSet::new();
            while let Some(id) = waiting.pop() {
                if id == self.variant.loss || !seen.insert(id) {
                    continue;
                }
                match self.variant.graph.expr(id) {
                    Expr::Unary(Unary::Detach, _) => {}
                    Expr::Input(input) if self.input(input).gradient => {
                        read.insert(input);
                    }
                    expr @ (Expr::Input(_)
                    | Expr::Constant(_)
                    | Expr::Boolean(_)
                    | Expr::Param(_)
                    | Expr::Size(_)
                    | Expr::Index(_)
                    | Expr::Upstream
                    | Expr::Indicator(_)
                    | Expr::Unary(..)
                    | Expr::Binary(..)
                    | Expr::Compare(..)
                    | Expr::And(..)
                    | Expr::Or(..)
                    | Expr::Not(_)
                    | Expr::If(..)
                    | Expr::Pick { .. }
                    | Expr::Reduce { .. }
                    | Expr::Given(_)) => waiting.extend(expr.operands()),
                }
            }
            let names: Vec<&str> = read.iter().map(|input| self.input(*input).name.as_str()).collect();
            if !names.is_empty() {
                let has = if names.len() == 1 { "which has a gradient" } else { "which have gradients" };
                let message = format!("the divisor of `{}` reads `{}`, {has}", reduction.name, names.join("` and `"));
                let whole = match over {
                    Formula::Scalar(ast) => print(ast),
                    Formula::Cases(_) => names[0].to_owned(),
                };
                let help = format!("a divisor is a constant for the gradient: say so, `detach({whole})`");
                findings.error(Code::OverReadsGradient, formula_span(over), message, help);
            }
        }
    }

    /// Every `straight_through` is declared, for there the gradient is not the derivative.
    fn surrogates(&self, document: &Document, findings: &mut Findings) {
        let lets = &self.variant.lets;
        let declared: Vec<ExprId> = document
            .surrogates
            .iter()
            .filter_map(|entry| lets.iter().find(|(name, _)| *name == entry.of.value).map(|(_, id)| *id))
            .collect();
        let covered = self.below(&declared);
        for id in self.below(&[self.variant.loss]) {
            if let Expr::Binary(Binary::StraightThrough, ..) = self.variant.graph.expr(id)
                && !covered.contains(&id)
            {
                findings.error(
                    Code::BadSurrogate,
                    self.place(id),
                    "this `straight_through` is not declared",
                    "name it under `let`, and that name under `surrogates` with its reason",
                );
            }
        }
    }
}
