//! The calls in a formula.

use std::collections::BTreeSet;

use crate::formula::ast::{Ast, AstKind, Call};
use crate::model::{Divisor, Spec};

/// Every call in a formula, of functions and of losses.
pub(crate) fn calls(formula: &Ast) -> Vec<&Call> {
    let mut calls = Vec::new();
    let mut waiting = vec![formula];
    while let Some(ast) = waiting.pop() {
        if let AstKind::Call(call) = &ast.kind {
            calls.push(call.as_ref());
        }
        waiting.extend(ast.parts());
    }
    calls
}

/// The names of all that a formula calls.
pub(crate) fn called(formula: &Ast) -> BTreeSet<String> {
    calls(formula).into_iter().map(|call| call.name.value.clone()).collect()
}

/// The names of all that a spec's own formulas call.
pub(super) fn called_by(spec: &Spec) -> BTreeSet<String> {
    let lets = spec.lets.iter().map(|entry| &entry.body);
    let reductions = spec.reductions.iter().flat_map(|reduction| {
        let over = match &reduction.over {
            Divisor::Elements | Divisor::Samples => None,
            Divisor::Sum(over) => Some(over),
        };
        reduction.of.iter().chain(over)
    });
    lets.chain([&spec.loss]).chain(reductions).flat_map(|formula| called(&formula.to_ast())).collect()
}
