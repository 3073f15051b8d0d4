//! Gradients as equations, for every kind of call that has kernels of its own.

use loss_codegen::compile::compile;
use loss_codegen::equations::{derivations, plainest_derivation};
use loss_codegen::source::SourceFile;

#[test]
fn the_gradients_of_every_kind_of_call_are_known_the_plainest_first() {
    let text = "name: weighted\nsummary: A spec.\nreference: [ none ]\ninputs:\n  input: { axes: [N], gradient: true }\n  \
                weight: { axes: [N], default: 1 }\nparams:\n  smooth: { default: 0 }\n\
                loss: weight * input + weigh(smooth, input^2)\nreduction: { default: sum }\n";
    let source = SourceFile { path: "specs/weighted.yaml".to_owned(), text: text.to_owned() };
    let compiled = compile(&[source]).unwrap_or_else(|failures| panic!("{}", failures[0].rendered().join("\n")));
    let all = derivations(&compiled[0]);
    let gradients: Vec<(&str, &str)> = (all.iter())
        .map(|derivation| (derivation.variant.as_str(), derivation.gradients[0].cases[0].value.as_str()))
        .collect();
    assert_eq!(
        gradients,
        [
            ("weight absent, smooth = 0", "1"),
            ("weight absent", "1 + weigh(smooth, 2 * input)"),
            ("weight given, smooth = 0", "weight"),
            ("weight given", "weigh(smooth, 2 * input) + weight"),
        ]
    );
    assert_eq!(plainest_derivation(&compiled[0]).as_ref(), all.first());
}
