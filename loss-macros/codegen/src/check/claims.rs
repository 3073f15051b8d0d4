//! Knots, surrogates, relations, curvature and Hessian-vector products: that they name what there is and mean something in every variant they speak of.

use crate::check::Findings;
use crate::codes::Code;
use crate::diagnostic::suggest;
use crate::document::{Document, Formula};
use crate::elaborate::formula::formula_span;
use crate::elaborate::reach::boolean;
use crate::elaborate::{Library, elaborate_in};
use crate::expr::{Comparison, Expr, ExprId, Graph, ParamId, Type};
use crate::formula::ast::Ast;
use crate::formula::print::print;
use crate::model::{Input, ParamKind, Spec, Variant};
use crate::source::{Span, Spanned};

/// A variant in which claims are typed.
pub(super) struct Claim<'a> {
    pub(super) spec: &'a Spec,
    pub(super) library: &'a Library,
    pub(super) variant: Variant,
}

impl Claim<'_> {
    /// Types a formula that must be of one type.
    pub(super) fn typed(
        &mut self,
        formula: &Formula,
        extra: &[(&str, ExprId)],
        wanted: Type,
        findings: &mut Findings,
    ) -> Option<ExprId> {
        self.typed_or(formula, extra, (wanted, ">"), findings)
    }

    /// The same, with the sign that a help makes a condition with.
    fn typed_or(
        &mut self,
        formula: &Formula,
        extra: &[(&str, ExprId)],
        (wanted, sign): (Type, &str),
        findings: &mut Findings,
    ) -> Option<ExprId> {
        let id = match elaborate_in(self.spec, &mut self.variant, self.library, formula, extra) {
            Ok(id) => id,
            Err(diagnostics) => {
                findings.extend(diagnostics);
                return None;
            }
        };
        if self.variant.graph.ty(id) != wanted {
            let help = match wanted {
                Type::Condition => match formula {
                    Formula::Scalar(ast) => format!("compare it with something: `{} {sign} 0`", print(ast)),
                    Formula::Cases(_) => "compare it with something".to_owned(),
                },
                Type::Real | Type::Index(_) | Type::Group => "write a number".to_owned(),
            };
            let message = match wanted {
                Type::Condition => "needs a condition",
                Type::Real | Type::Index(_) | Type::Group => "needs a real number",
            };
            findings.error(Code::TypeMismatch, formula_span(formula), message, help);
            return None;
        }
        Some(id)
    }

    /// The same of a tree.
    pub(super) fn tree(
        &mut self,
        ast: &Ast,
        extra: &[(&str, ExprId)],
        wanted: Type,
        findings: &mut Findings,
    ) -> Option<ExprId> {
        self.typed(&Formula::Scalar(ast.clone()), extra, wanted, findings)
    }

    /// Whether a claim speaks of this variant: its `when` may hold here. One with an error speaks of nothing.
    fn applies(&mut self, when: Option<&Ast>, extra: &[(&str, ExprId)], findings: &mut Findings) -> bool {
        match when {
            None => true,
            Some(when) => match self.tree(when, extra, Type::Condition, findings) {
                Some(id) => boolean(&self.variant.graph, id) != Some(false),
                None => false,
            },
        }
    }
}

/// Checks the claims.
pub(super) fn check(
    document: &Document,
    spec: &Spec,
    library: &Library,
    variants: &[Variant],
    findings: &mut Findings,
) {
    words(document, spec, findings);
    for variant in variants {
        let mut claim = Claim { spec, library, variant: variant.clone() };
        knots(&mut claim, findings);
        relations(&mut claim, findings);
        curvature(document, &mut claim, findings);
    }
}

/// What does not depend on a variant: names and words.
fn words(document: &Document, spec: &Spec, findings: &mut Findings) {
    const SMOOTHNESS: [&str; 4] = ["jump", "C0", "C1", "C2"];
    const CLAIMS: [&str; 4] = ["exact", "dominates", "majorizes", "positive"];
    for knot in spec.knots.iter().filter(|knot| knot.carried_from.is_none()) {
        one_of(&knot.smooth, &SMOOTHNESS, Code::BadKnot, "smoothness", findings);
        let learns = spec.inputs.iter().find(|input| input.gradient);
        if let ("C0", true, Some(input)) = (knot.smooth.value.as_str(), knot.gradient.is_empty(), learns) {
            let help = format!("at `C0` say which one is taken: `gradient: {{ {}: 0 }}`", input.name);
            findings.error(Code::BadKnot, knot.smooth.span, "a kink has no gradient of its own", help);
        }
        for (name, _) in &knot.gradient {
            gradient_input(name, spec, Code::BadKnot, findings);
        }
    }
    for surrogate in &spec.surrogates {
        let is_plain = |name: &str| spec.lets.iter().any(|entry| entry.name.value == name && entry.arguments.is_none());
        if !is_plain(&surrogate.of.value) {
            let message = format!("`{}` is no definition", surrogate.of.value);
            let help = "a surrogate names the definition that holds the `straight_through`";
            findings.error(Code::BadSurrogate, surrogate.of.span, message, help);
        }
    }
    for relation in &spec.relations {
        if let Some((name, _)) = &relation.limit {
            let param = spec.params.iter().find(|param| param.name == name.value);
            let is_free = relation.with.iter().any(|(free, _)| free.value == name.value);
            if !is_free && param.is_none_or(|param| param.kind != ParamKind::Real) {
                let message = format!("`{}` is no real parameter, and no variable of `with`", name.value);
                findings.error(Code::BadRelation, name.span, message, "a limit is taken in one: `beta -> 0`");
            }
        }
        if let Some(name) = &relation.up_to
            && !spec.inputs.iter().any(|input| input.name == name.value)
        {
            let message = format!("`{}` is no input", name.value);
            let help = nearest(&name.value, spec.inputs.iter().map(|input| input.name.as_str()));
            findings.error(Code::BadRelation, name.span, message, help);
        }
    }
    hessian_products(document, spec, findings);
    if let Some(curvature) = &document.curvature {
        gradient_input(&curvature.of, spec, Code::BadCurvature, findings);
        for (name, term) in &curvature.terms {
            one_of(&term.claim, &CLAIMS, Code::BadCurvature, "claim", findings);
            if term.value.is_none() && term.claim.value != "exact" {
                let message = format!("the term `{}` has no `value`", name.value);
                let help = "only the `exact` second derivative can be left to the compiler";
                findings.error(Code::BadCurvature, name.span, message, help);
            }
        }
        if let Some(step) = &curvature.step {
            let names: Vec<&str> = curvature.terms.iter().map(|(name, _)| name.value.as_str()).collect();
            one_of(step, &names, Code::BadCurvature, "term", findings);
        }
    }
}

fn hessian_products(document: &Document, spec: &Spec, findings: &mut Findings) {
    for (place, name) in document.hessian_products.iter().enumerate() {
        gradient_input(name, spec, Code::BadHessianProduct, findings);
        if document.hessian_products[..place].iter().any(|other| other.value == name.value) {
            let message = format!("`{}` is listed twice", name.value);
            findings.error(Code::BadHessianProduct, name.span, message, "list it once");
        }
        let input = spec.inputs.iter().find(|input| input.name == name.value && input.gradient);
        if input.is_some_and(Input::is_shared) {
            let message = format!("all rows share `{}`, so that its Hessian is of them all", name.value);
            findings.error(Code::BadHessianProduct, name.span, message, "list inputs along the rows");
        }
    }
}

fn knots(claim: &mut Claim<'_>, findings: &mut Findings) {
    // One that is carried over has been checked where it is declared.
    for knot in claim.spec.knots.iter().filter(|knot| knot.carried_from.is_none()) {
        if !claim.applies(knot.when.as_ref(), &[], findings) {
            continue;
        }
        let equation = Formula::Scalar(knot.at.clone());
        if let Some(at) = claim.typed_or(&equation, &[], (Type::Condition, "=="), findings)
            && !is_equation(&claim.variant.graph, at)
        {
            let help = "a knot is a surface: `at: \"r == 0\"`; inequalities belong under `when`";
            findings.error(Code::BadKnot, knot.at.span, "`at` is no equation", help);
        }
        for (_, gradient) in &knot.gradient {
            claim.tree(gradient, &[], Type::Real, findings);
        }
    }
}

fn is_equation(graph: &Graph, id: ExprId) -> bool {
    match graph.expr(id) {
        Expr::Compare(Comparison::Equal, ..) | Expr::Boolean(_) => true,
        Expr::Or(x, y) => is_equation(graph, x) && is_equation(graph, y),
        Expr::And(x, y) => is_equation(graph, x) || is_equation(graph, y),
        Expr::Compare(
            Comparison::NotEqual
            | Comparison::Less
            | Comparison::LessEqual
            | Comparison::Greater
            | Comparison::GreaterEqual,
            ..,
        )
        | Expr::Constant(_)
        | Expr::Input(_)
        | Expr::Param(_)
        | Expr::Size(_)
        | Expr::Index(_)
        | Expr::Upstream
        | Expr::Indicator(_)
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Not(_)
        | Expr::If(..)
        | Expr::Pick { .. }
        | Expr::Reduce { .. }
        | Expr::Given(_) => false,
    }
}

fn relations(claim: &mut Claim<'_>, findings: &mut Findings) {
    for relation in &claim.spec.relations {
        // Free variables are numbers bound when called, as parameters are; for their types it is all the same which
        // one each is.
        let free = claim.variant.graph.add(Expr::Param(ParamId(u8::MAX)));
        let extra: Vec<(&str, ExprId)> = relation.with.iter().map(|(name, _)| (name.value.as_str(), free)).collect();
        for (_, domain) in &relation.with {
            claim.tree(domain, &extra, Type::Condition, findings);
        }
        if let Some((_, goal)) = &relation.limit {
            claim.tree(goal, &extra, Type::Real, findings);
        }
        if !claim.applies(relation.when.as_ref(), &extra, findings) {
            continue;
        }
        if let Some(id) = claim.tree(&relation.equals, &extra, Type::Real, findings) {
            within_loss(claim, id, relation.equals.span, findings);
        }
    }
}

fn curvature(document: &Document, claim: &mut Claim<'_>, findings: &mut Findings) {
    for (_, term) in document.curvature.iter().flat_map(|curvature| &curvature.terms) {
        if claim.applies(term.when.as_ref(), &[], findings)
            && let Some(value) = &term.value
        {
            claim.typed(value, &[], Type::Real, findings);
        }
    }
}

fn within_loss(claim: &Claim<'_>, id: ExprId, span: Span, findings: &mut Findings) {
    let graph = &claim.variant.graph;
    if let Some(axis) = graph.axes(id).without(graph.axes(claim.variant.loss)).iter().next() {
        let name = claim.spec.axes.get(usize::from(axis.0)).map_or("?", |axis| axis.name.as_str());
        let message = format!("this varies along `{name}`, the loss does not");
        findings.error(Code::AxesDoNotFit, span, message, "both sides of a relation are values of one place");
    }
}

fn one_of(word: &Spanned<String>, known: &[&str], code: Code, what: &str, findings: &mut Findings) {
    if !known.contains(&word.value.as_str()) {
        let message = format!("unknown {what} `{}`", word.value);
        findings.error(code, word.span, message, format!("it is one of `{}`", known.join("`, `")));
    }
}

/// Demands the name of an input with a gradient.
pub(super) fn gradient_input(name: &Spanned<String>, spec: &Spec, code: Code, findings: &mut Findings) {
    let known = || spec.inputs.iter().filter(|input| input.gradient).map(|input| input.name.as_str());
    if !known().any(|input| input == name.value) {
        let message = format!("`{}` is no input with a gradient", name.value);
        findings.error(code, name.span, message, nearest(&name.value, known()));
    }
}

/// A help for a name that is none of these.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    match suggest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let all: Vec<&str> = known.collect();
            if all.is_empty() { "there is none".to_owned() } else { format!("there are `{}`", all.join("`, `")) }
        }
    }
}
