//! What the language allows and the kernels cannot compute yet. Each rule is a function of its own, so that lifting one is
//! removing it.

use std::collections::BTreeSet;

use crate::check::Findings;
use crate::codes::Code;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, InputEntry};
use crate::elaborate::formula::formula_span;
use crate::elaborate::{Library, spec_variants, trace};
use crate::expr::{AxisId, AxisSet, Expr, ExprId, Reducer};
use crate::model::{Label, Position, Spec};
use crate::source::Span;

/// Reports what this spec needs of kernels that they cannot do yet. Its code differs from those of errors in the spec.
pub fn unsupported(document: &Document, spec: &Spec, library: &Library) -> Diagnostics {
    let mut findings = Findings::default();
    axes(document, spec, &mut findings);
    inputs(document, spec, &mut findings);
    counts(document, &mut findings);
    formulas(spec, library, &mut findings);
    findings.diagnostics
}

/// One axis beside the rows, in the second or the last dimension, with places of its own.
fn axes(document: &Document, spec: &Spec, findings: &mut Findings) {
    if let Some(axis) = spec.axes.get(2) {
        let message = format!("`{}` is a second axis besides `N`", axis.name);
        refuse(
            findings,
            Code::UnsupportedTwoAxes,
            axis_place(document, &axis.name),
            message,
            &format!("one axis besides the rows can be computed so far: is `{}` meant?", spec.axes[1].name),
        );
    }
    for axis in &spec.axes {
        let place = axis_place(document, &axis.name);
        if axis.position == Position::Rest {
            let message = format!("`{}` lies in all inner dimensions", axis.name);
            refuse(
                findings,
                Code::Unsupported,
                place,
                message,
                "an axis in the second or the last dimension can be computed so far",
            );
        }
        if axis.like.is_some_and(|like| like == AxisId::ROWS) {
            let message = format!("`{}` is a second name for the rows", axis.name);
            refuse(findings, Code::UnsupportedWholeBatch, place, message, WHOLE_BATCH);
        }
    }
}

const WHOLE_BATCH: &str = "losses that look at the whole batch at once cannot be computed yet";

/// Labels that fit in one number a place.
fn inputs(document: &Document, spec: &Spec, findings: &mut Findings) {
    for ((name, entry), input) in document.inputs.iter().zip(&spec.inputs) {
        if let Label::IndexList(_) = input.label {
            let message = format!("`{}` is a list of labels", name.value);
            refuse(
                findings,
                Code::Unsupported,
                label_place(entry, name.span),
                message,
                "one label a row can be computed so far",
            );
        }
    }
}

/// As many as a call has room for.
fn counts(document: &Document, findings: &mut Findings) {
    const MOST_INPUTS: usize = 8;
    const MOST_PARAMS: usize = 16;
    if let Some((name, _)) = document.inputs.get(MOST_INPUTS) {
        let message = format!("`{}` is one input too many", name.value);
        refuse(findings, Code::Unsupported, name.span, message, "a call has room for 8 so far");
    }
    if let Some((name, _)) = document.params.get(MOST_PARAMS) {
        let message = format!("`{}` is one parameter too many", name.value);
        refuse(findings, Code::Unsupported, name.span, message, "a call has room for 16 so far");
    }
}

/// Reductions over places of one row.
fn formulas(spec: &Spec, library: &Library, findings: &mut Findings) {
    let Ok(keys) = spec_variants(spec) else {
        return;
    };
    for key in &keys {
        let elaboration = trace(spec, key, library);
        let Some(variant) = elaboration.variant else {
            continue;
        };
        let whole: AxisSet = (0..spec.axes.len())
            .map(|axis| AxisId(axis as u8))
            .filter(|axis| *axis == AxisId::ROWS || spec.axes[usize::from(axis.0)].like == Some(AxisId::ROWS))
            .collect();
        let reductions = variant.reductions.iter().flat_map(|reduction| [reduction.of, reduction.over]);
        let domains = variant.input_domains.iter().chain(&variant.param_domains).copied();
        // What is written nowhere by itself is part of what stands around it.
        let around = formula_span(&spec.loss);
        let roots = reductions.chain(domains).flatten().chain([variant.loss]);
        let mut waiting: Vec<(ExprId, Span)> = roots.map(|root| (root, around)).collect();
        let mut seen = BTreeSet::new();
        while let Some((id, around)) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let place = elaboration.places.get(&id).copied().unwrap_or(around);
            let expr = variant.graph.expr(id);
            match expr {
                Expr::Reduce { axes, .. } if axes.without(whole) != axes => {
                    refuse(
                        findings,
                        Code::UnsupportedWholeBatch,
                        place,
                        "reduces over the rows".to_owned(),
                        WHOLE_BATCH,
                    );
                }
                Expr::Reduce { reducer: Reducer::SimplexThreshold, .. } => {
                    let help = "the other reductions can be computed so far";
                    refuse(findings, Code::Unsupported, place, "`simplex_threshold` sorts its row".to_owned(), help);
                }
                Expr::Index(axis) if whole.contains(axis) => {
                    refuse(
                        findings,
                        Code::UnsupportedWholeBatch,
                        place,
                        "asks which row this is".to_owned(),
                        WHOLE_BATCH,
                    );
                }
                Expr::Size(axis) if whole.contains(axis) => {
                    refuse(
                        findings,
                        Code::UnsupportedWholeBatch,
                        place,
                        "asks how many rows there are".to_owned(),
                        WHOLE_BATCH,
                    );
                }
                Expr::Index(_)
                | Expr::Size(_)
                | Expr::Reduce { .. }
                | Expr::Constant(_)
                | Expr::Boolean(_)
                | Expr::Input(_)
                | Expr::Param(_)
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
                | Expr::Given(_) => {}
            }
            waiting.extend(expr.operands().map(|operand| (operand, place)));
        }
    }
}

fn refuse(findings: &mut Findings, code: Code, span: Span, message: String, help: &str) {
    findings.error(code, span, message, help);
}

/// Where an axis is declared: under `axes`, or in the first input that has it.
fn axis_place(document: &Document, name: &str) -> Span {
    let declared = document.axes.iter().map(|(key, _)| key);
    let used = document.inputs.iter().flat_map(|(_, input)| input.axes.iter().flatten());
    declared.chain(used).find(|key| key.value == name).map_or(document.name.span, |key| key.span)
}

fn label_place(entry: &InputEntry, otherwise: Span) -> Span {
    entry.label.as_ref().map_or(otherwise, |label| label.span)
}
