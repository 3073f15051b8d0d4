//! One formula in a spec that has an input of each kind, as it is written: nothing is simplified.

use loss_codegen::elaborate::{Library, elaborate, spec_variants};
use loss_codegen::expr::{Binary, Expr, ExprId, Graph};
use loss_codegen::model::Spec;
use loss_codegen::resolve::resolve;
use loss_codegen::source::SourceFile;
use loss_codegen::yaml::parse_document;

/// A spec with this formula over two numbers, a weight, a label, a row and a parameter; and the formula's node.
pub(crate) fn probe(formula: &str) -> (Spec, Graph, ExprId) {
    let text = format!(
        "name: probe\nsummary: Probe.\nreference: [ none ]\ninputs:\n  x: {{ axes: [N] }}\n  y: {{ axes: [N] }}\n  \
         w: {{ axes: [N] }}\n  side: {{ axes: [N], label: sign }}\n  v: {{ axes: [N, C] }}\nparams:\n  p: {{ default: 0.5 }}\n\
         loss: \"(x + y + w + side + p + sum(C, v)) + ({formula})\"\nreduction: {{ default: mean, mean: elements }}\n"
    );
    let source = SourceFile { path: "specs/probe.yaml".to_owned(), text };
    let document = parse_document(&source).unwrap_or_else(|failed| panic!("{}", failed.render(&source)));
    let spec = resolve(&document, &source).unwrap_or_else(|failed| panic!("{}", failed.render(&source)));
    let variant = elaborate(&spec, &spec_variants(&spec).expect("variants")[0], &Library::default()).expect("a graph");
    // All inputs must be used; the formula is the right side of the sum that uses them.
    match variant.graph.expr(variant.loss) {
        Expr::Binary(Binary::Add, _, formula) => (spec, variant.graph, formula),
        other => panic!("no sum: {other:?}"),
    }
}
