//! The declared properties: each of a known kind, and each value of the shape that its kind takes.

use crate::check::Findings;
use crate::check::claims::{Claim, nearest};
use crate::codes::Code;
use crate::document::PropertyEntry;
use crate::elaborate::Library;
use crate::expr::Type;
use crate::formula::ast::{Ast, AstKind};
use crate::model::{Spec, Variant};
use crate::source::{Span, Spanned};

/// What the value of a property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// `true`, or a condition on parameters.
    Flag,
    /// A condition on anything.
    Condition,
    /// `[lowest, largest]`
    Bounds,
    /// Names of inputs or definitions.
    Names,
    /// Names of inputs.
    Inputs,
    /// A number for each of some inputs.
    Numbers,
    /// An axis for each of some inputs.
    InputAxes,
    /// Axes.
    Axes,
}

pub(crate) const PROPERTIES: &[(&str, Takes)] = &[
    ("nonnegative", Takes::Flag),
    ("zero_iff", Takes::Condition),
    ("bounded", Takes::Bounds),
    ("even_in", Takes::Names),
    ("convex_in", Takes::Inputs),
    ("increasing_in", Takes::Inputs),
    ("decreasing_in", Takes::Inputs),
    ("lipschitz_in", Takes::Numbers),
    ("smooth_in", Takes::Numbers),
    ("homogeneous_in", Takes::Numbers),
    ("shift_invariant_in", Takes::InputAxes),
    ("permutation_equivariant", Takes::Axes),
];

/// Checks the properties.
pub(super) fn check(spec: &Spec, library: &Library, variants: &[Variant], findings: &mut Findings) {
    let mut known = Vec::new();
    for (name, value) in &spec.properties {
        match PROPERTIES.iter().find(|(property, _)| *property == name.value) {
            Some((_, takes)) => {
                shape(spec, name, *takes, value, findings);
                known.push((*takes, value));
            }
            None => {
                let message = format!("unknown property `{}`", name.value);
                let help = nearest(&name.value, PROPERTIES.iter().map(|(property, _)| *property));
                findings.error(Code::BadProperty, name.span, message, help);
            }
        }
    }
    for variant in variants {
        let mut claim = Claim { spec, library, variant: variant.clone() };
        for (takes, value) in &known {
            formulas(&mut claim, *takes, value, findings);
        }
    }
}

/// The value's shape, and the names in it.
fn shape(spec: &Spec, name: &Spanned<String>, takes: Takes, value: &PropertyEntry, findings: &mut Findings) {
    let fits = match (takes, value) {
        (Takes::Flag | Takes::Condition, PropertyEntry::Formula(_)) => true,
        (Takes::Bounds, PropertyEntry::List(list)) => list.len() == 2,
        (Takes::Names | Takes::Inputs, PropertyEntry::List(list)) => {
            let inputs = spec.inputs.iter().map(|input| input.name.as_str());
            let lets = spec.lets.iter().filter(|entry| entry.arguments.is_none());
            let lets = lets.map(|entry| entry.name.value.as_str()).filter(|_| takes == Takes::Names);
            let all: Vec<&str> = inputs.chain(lets).collect();
            for ast in list {
                known_name(ast, &all, findings);
            }
            true
        }
        (Takes::Axes, PropertyEntry::List(list)) => {
            list.iter().for_each(|ast| axis(spec, ast, findings));
            true
        }
        (Takes::Numbers | Takes::InputAxes, PropertyEntry::Map(map)) => {
            for (input, ast) in map {
                input_name(spec, input, findings);
                if takes == Takes::InputAxes {
                    axis(spec, ast, findings);
                }
            }
            true
        }
        (
            Takes::Flag
            | Takes::Condition
            | Takes::Bounds
            | Takes::Names
            | Takes::Inputs
            | Takes::Axes
            | Takes::Numbers
            | Takes::InputAxes,
            PropertyEntry::Formula(_) | PropertyEntry::List(_) | PropertyEntry::Map(_),
        ) => false,
    };
    if !fits {
        let help = match takes {
            Takes::Flag => "write `true`, or a condition on the parameters",
            Takes::Condition => "write a condition: `input == target`",
            Takes::Bounds => "write the lowest and the largest value: `[ 0, 1 ]`",
            Takes::Names | Takes::Inputs => "write a list of names: `[ input ]`",
            Takes::Numbers => "write a number for each input: `{ input: 1 }`",
            Takes::InputAxes => "write an axis for each input: `{ input: C }`",
            Takes::Axes => "write a list of axes: `[ C ]`",
        };
        let message = format!("the value of `{}` has another shape", name.value);
        findings.error(Code::BadProperty, name.span, message, help);
    }
}

fn formulas(claim: &mut Claim<'_>, takes: Takes, value: &PropertyEntry, findings: &mut Findings) {
    match (takes, value) {
        (Takes::Flag, PropertyEntry::Formula(ast)) => {
            if let Some(id) = claim.tree(ast, &[], Type::Condition, findings)
                && !claim.variant.graph.axes(id).is_empty()
            {
                let message = "this condition varies from place to place";
                findings.error(Code::BadProperty, ast.span, message, "write `true`, or a condition on the parameters");
            }
        }
        (Takes::Condition, PropertyEntry::Formula(ast)) => {
            claim.tree(ast, &[], Type::Condition, findings);
        }
        (Takes::Bounds, PropertyEntry::List(list)) => {
            for ast in list {
                claim.tree(ast, &[], Type::Real, findings);
            }
        }
        (Takes::Numbers, PropertyEntry::Map(map)) => {
            for (_, ast) in map {
                claim.tree(ast, &[], Type::Real, findings);
            }
        }
        (
            Takes::Flag
            | Takes::Condition
            | Takes::Bounds
            | Takes::Names
            | Takes::Inputs
            | Takes::Axes
            | Takes::Numbers
            | Takes::InputAxes,
            PropertyEntry::Formula(_) | PropertyEntry::List(_) | PropertyEntry::Map(_),
        ) => {}
    }
}

fn known_name(ast: &Ast, all: &[&str], findings: &mut Findings) {
    let name = bare_name(ast);
    if name.is_none_or(|name| !all.contains(&name)) {
        unknown(name.unwrap_or("this"), ast.span, "name that can be listed here", all, findings);
    }
}

fn input_name(spec: &Spec, name: &Spanned<String>, findings: &mut Findings) {
    let all: Vec<&str> = spec.inputs.iter().map(|input| input.name.as_str()).collect();
    if !all.contains(&name.value.as_str()) {
        unknown(&name.value, name.span, "input", &all, findings);
    }
}

fn axis(spec: &Spec, ast: &Ast, findings: &mut Findings) {
    let all: Vec<&str> = spec.axes.iter().map(|axis| axis.name.as_str()).collect();
    let name = bare_name(ast);
    if name.is_none_or(|name| !all.contains(&name)) {
        unknown(name.unwrap_or("this"), ast.span, "axis", &all, findings);
    }
}

fn unknown(name: &str, span: Span, what: &str, all: &[&str], findings: &mut Findings) {
    let help = nearest(name, all.iter().copied());
    findings.error(Code::BadProperty, span, format!("`{name}` is no {what}"), help);
}

fn bare_name(ast: &Ast) -> Option<&str> {
    match &ast.kind {
        AstKind::Name(name) => Some(name),
        AstKind::Number(_)
        | AstKind::Boolean(_)
        | AstKind::Unary(..)
        | AstKind::Binary(..)
        | AstKind::If(..)
        | AstKind::Pick(..)
        | AstKind::Call(_) => None,
    }
}
