//! The declared properties: each of a known kind, and each value of the shape that its kind takes.

use crate::check::Findings;
use crate::check::claims::{Claim, nearest};
use crate::codes::Code;
use crate::document::PropertyEntry;
use crate::elaborate::Library;
use crate::expr::{AxisId, Expr, ExprId, InputId, Type};
use crate::formula::ast::{Ast, AstKind};
use crate::model::{Label, Spec, Variant};
use crate::property::{Property, Takes, ray};
use crate::rewrite::reachable;
use crate::source::{Span, Spanned};

/// Checks the properties.
pub(super) fn check(spec: &Spec, library: &Library, variants: &[Variant], findings: &mut Findings) {
    let mut known = Vec::new();
    for (name, value) in &spec.properties {
        match Property::named(&name.value) {
            Some(property) => {
                shape(spec, name, property.takes(), value, findings);
                known.push((property.takes(), value));
            }
            None => {
                let message = format!("unknown property `{}`", name.value);
                let help = nearest(&name.value, Property::ALL.iter().map(|property| property.name()));
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
    not_in_vain(name, value, findings);
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
        (Takes::Pair, PropertyEntry::List(list)) => {
            pair(spec, name, list, findings);
            list.len() == 2
        }
        (Takes::Axes, PropertyEntry::List(list)) => {
            list.iter().for_each(|ast| axis(spec, ast, findings));
            true
        }
        (Takes::Rays, PropertyEntry::Map(map)) => {
            map.iter().for_each(|(key, _)| way(spec, key, findings));
            true
        }
        (Takes::Links, PropertyEntry::Map(map)) => {
            map.iter().for_each(|(input, _)| drawn_label(spec, input, findings));
            true
        }
        (Takes::Numbers | Takes::Conditions | Takes::InputAxes, PropertyEntry::Map(map)) => {
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
            | Takes::Pair
            | Takes::Axes
            | Takes::Numbers
            | Takes::Conditions
            | Takes::InputAxes
            | Takes::Rays
            | Takes::Links,
            PropertyEntry::Formula(_) | PropertyEntry::List(_) | PropertyEntry::Map(_),
        ) => false,
    };
    if !fits {
        let help = match takes {
            Takes::Flag => "write `true`, or a condition on the parameters",
            Takes::Condition => "write a condition: `input == target`",
            Takes::Bounds => "write the lowest and the largest value: `[ 0, 1 ]`",
            Takes::Names | Takes::Inputs => "write a list of names: `[ input ]`",
            Takes::Pair => "write the names of two inputs: `[ input, target ]`",
            Takes::Conditions => "write `true` or a condition on the parameters for each input: `{ input: true }`",
            Takes::Rays => "write what the loss comes to: `{ \"input -> inf\": input - target }`",
            Takes::Links => "write how likely the label is: `{ target: sigmoid(input) }`",
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
        (Takes::Flag, PropertyEntry::Formula(ast)) => condition_on_params(claim, ast, findings),
        (Takes::Conditions, PropertyEntry::Map(map)) => {
            map.iter().for_each(|(_, ast)| condition_on_params(claim, ast, findings));
        }
        (Takes::Links, PropertyEntry::Map(map)) => {
            map.iter().for_each(|(input, ast)| link(claim, input, ast, findings));
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
            map.iter().for_each(|(input, ast)| number(claim, input, ast, findings));
        }
        (Takes::Rays, PropertyEntry::Map(map)) => {
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
            | Takes::Pair
            | Takes::Axes
            | Takes::Numbers
            | Takes::Conditions
            | Takes::InputAxes
            | Takes::Rays
            | Takes::Links,
            PropertyEntry::Formula(_) | PropertyEntry::List(_) | PropertyEntry::Map(_),
        ) => {}
    }
}

/// A claim of nothing, or one that is made twice.
fn not_in_vain(name: &Spanned<String>, value: &PropertyEntry, findings: &mut Findings) {
    let claims_nothing = match value {
        PropertyEntry::Formula(ast) => matches!(ast.kind, AstKind::Boolean(false)),
        PropertyEntry::List(list) => list.is_empty(),
        PropertyEntry::Map(map) => map.is_empty(),
    };
    if claims_nothing {
        let message = format!("`{}` claims nothing", name.value);
        findings.error(Code::BadProperty, name.span, message, "leave the key out");
    }
    if let PropertyEntry::List(list) = value {
        let twice = |(place, ast): (usize, &Ast)| {
            let own = bare_name(ast)?;
            list[..place].iter().any(|other| bare_name(other) == Some(own)).then_some((own.to_owned(), ast.span))
        };
        if let Some((own, span)) = list.iter().enumerate().find_map(twice) {
            findings.error(Code::BadProperty, span, format!("`{own}` is listed twice"), "list it once");
        }
    }
}

/// A bound or degree that an input has.
fn number(claim: &mut Claim<'_>, name: &Spanned<String>, ast: &Ast, findings: &mut Findings) {
    let Some(id) = claim.tree(ast, &[], Type::Real, findings) else { return };
    let Some(at) = claim.spec.inputs.iter().position(|input| input.name == name.value) else { return };
    let own = Expr::Input(InputId(at as u8));
    if reachable(&claim.variant.graph, [id]).iter().any(|&id| claim.variant.graph.expr(id) == own) {
        let message = format!("what is said of `{}` reads `{}` itself", name.value, name.value);
        findings.error(Code::BadProperty, ast.span, message, "it is a formula of parameters and of the other inputs");
    }
}

fn condition_on_params(claim: &mut Claim<'_>, ast: &Ast, findings: &mut Findings) {
    if let Some(id) = claim.tree(ast, &[], Type::Condition, findings)
        && !claim.variant.graph.axes(id).is_empty()
    {
        let message = "this condition varies from place to place";
        findings.error(Code::BadProperty, ast.span, message, "write `true`, or a condition on the parameters");
    }
}

/// Two inputs can change places only if either could hold what the other does.
fn pair(spec: &Spec, name: &Spanned<String>, list: &[Ast], findings: &mut Findings) {
    let all: Vec<&str> = spec.inputs.iter().map(|input| input.name.as_str()).collect();
    list.iter().for_each(|ast| known_name(ast, &all, findings));
    let input = |ast: &Ast| bare_name(ast).and_then(|name| spec.inputs.iter().find(|input| input.name == name));
    if let [first, second] = list
        && let (Some(a), Some(b)) = (input(first), input(second))
        && (a.axes != b.axes || a.label != b.label)
    {
        let message = format!("`{}` and `{}` cannot change places", a.name, b.name);
        let help = format!("`{}` names two inputs of the same axes and label", name.value);
        findings.error(Code::BadProperty, second.span, message, help);
    }
}

/// `input -> inf`
fn way(spec: &Spec, key: &Spanned<String>, findings: &mut Findings) {
    let Some((name, _)) = ray(&key.value) else {
        let help = "write `\"input -> inf\"` or `\"input -> -inf\"`";
        findings.error(Code::BadProperty, key.span, format!("`{}` is no way to infinity", key.value), help);
        return;
    };
    let reals: Vec<&str> =
        spec.inputs.iter().filter(|input| input.label == Label::Real).map(|input| input.name.as_str()).collect();
    if !reals.contains(&name) {
        unknown(name, key.span, "input that holds any number", &reals, findings);
    }
}

/// A label whose values can be drawn.
fn drawn_label(spec: &Spec, name: &Spanned<String>, findings: &mut Findings) {
    input_name(spec, name, findings);
    let Some(input) = spec.inputs.iter().find(|input| input.name == name.value) else { return };
    let is_drawn = match input.label {
        Label::Real
        | Label::Nonnegative
        | Label::Probability
        | Label::Binary
        | Label::Sign
        | Label::Simplex(_)
        | Label::ClassIndex(_) => true,
        Label::Positive | Label::MultiHot(_) | Label::Flag | Label::Count | Label::IndexList(_) | Label::Group => false,
    };
    if !is_drawn {
        let message = format!("`{}` has no values of which one is drawn", name.value);
        let help = "name a class, a row of probabilities, a sign, or what may be 0 and 1";
        findings.error(Code::BadProperty, name.span, message, help);
    }
}

/// How likely each value of a label is: a formula of the other inputs, along the label's classes if it has any.
fn link(claim: &mut Claim<'_>, name: &Spanned<String>, ast: &Ast, findings: &mut Findings) {
    let Some(at) = claim.spec.inputs.iter().position(|input| input.name == name.value) else { return };
    let Some(id) = claim.tree(ast, &[], Type::Real, findings) else { return };
    let graph = &claim.variant.graph;
    let reads = reachable(graph, [id]);
    let reads = |wanted: &dyn Fn(InputId) -> bool| {
        reads.iter().any(|&id| matches!(graph.expr(id), Expr::Input(input) if wanted(input)))
    };
    let has_gradient = |input: InputId| claim.spec.inputs[usize::from(input.0)].gradient;
    if reads(&|input| usize::from(input.0) == at) {
        let message = format!("the probability of `{}` reads `{}`", name.value, name.value);
        findings.error(Code::BadProperty, ast.span, message, "write it by what is predicted: `sigmoid(input)`");
    } else if !reads(&has_gradient) {
        let message = "this reads nothing that is predicted";
        findings.error(Code::BadProperty, ast.span, message, "write it by an input with a gradient: `sigmoid(input)`");
    } else if let Some(axis) = classes(claim.spec.inputs[at].label)
        && !varies(claim, id, axis)
    {
        let axis = &claim.spec.axes[usize::from(axis.0)].name;
        let message = format!("this is one number, not one for each place of `{axis}`");
        findings.error(Code::BadProperty, ast.span, message, format!("write `softmax({axis}, input)`"));
    }
}

fn classes(label: Label) -> Option<AxisId> {
    match label {
        Label::Simplex(axis) | Label::ClassIndex(axis) => Some(axis),
        Label::Real
        | Label::Nonnegative
        | Label::Positive
        | Label::Probability
        | Label::Binary
        | Label::MultiHot(_)
        | Label::Sign
        | Label::Flag
        | Label::Count
        | Label::IndexList(_)
        | Label::Group => None,
    }
}

fn varies(claim: &Claim<'_>, id: ExprId, axis: AxisId) -> bool {
    claim.variant.graph.axes(id).contains(axis)
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
