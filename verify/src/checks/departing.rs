//! Where a spec says that a gradient is on purpose not the derivative of the value.

use loss_codegen::compile::Compiled;
use loss_codegen::expr::{Binary, Expr, InputId, Unary};
use loss_codegen::model::Variant;
use loss_codegen::rewrite::reachable;

/// Whether the gradient with respect to an input departs from the derivative: what the input enters is held constant, or takes the
/// gradient of something else.
pub(super) fn departs(variant: &Variant, input: InputId) -> bool {
    let graph = &variant.graph;
    reachable(graph, [variant.loss]).into_iter().any(|id| {
        let on_purpose =
            matches!(graph.expr(id), Expr::Unary(Unary::Detach, _) | Expr::Binary(Binary::StraightThrough, ..));
        on_purpose && reachable(graph, [id]).into_iter().any(|below| graph.expr(below) == Expr::Input(input))
    })
}

/// Whether it departs with respect to every input that has a gradient, however the loss is called, so that no quotient says anything.
pub(super) fn departs_everywhere(compiled: &Compiled) -> bool {
    let inputs =
        (0_u8..).zip(&compiled.spec.inputs).filter(|(_, input)| input.gradient).map(|(place, _)| InputId(place));
    let inputs: Vec<InputId> = inputs.collect();
    compiled.variants.iter().all(|variant| inputs.iter().all(|&input| departs(variant, input)))
}
