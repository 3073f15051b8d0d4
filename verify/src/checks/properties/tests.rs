//! Every kind of property, declared of losses that do not have it: each claim must be refuted. The kernels are those of the losses; the
//! false claims are put in their specs' place.

use std::collections::BTreeSet;

use loss_codegen::compile::{Compiled, compile};
use loss_codegen::property::Property;
use loss_codegen::source::SourceFile;

use super::hold;
use crate::audit::{ClaimRecord, Standing, Status};
use crate::registry::losses;
use crate::subject::{Effort, Subject};

/// Enough for what is seen only where a weight is 0 or two numbers are the same.
const EFFORT: Effort = Effort { seed: 3, points: 20_000 };

/// What is found of these properties, one a line, in place of a spec's own.
fn found(name: &str, properties: &[&str]) -> Vec<ClaimRecord> {
    let subject =
        Subject::all(losses()).into_iter().find(|subject| subject.name() == name).expect("there is such a loss");
    let finding = hold(&subject, &EFFORT, declaring(name, properties));
    let is_refuted = finding.evidence.claims.iter().any(|claim| claim.standing != Standing::Tested);
    assert_eq!(finding.status == Status::Failed, is_refuted, "{:#?}", finding.failures);
    finding.evidence.claims
}

/// The spec with other properties.
fn declaring(name: &str, properties: &[&str]) -> &'static Compiled {
    let sources: Vec<SourceFile> = loss_specs::SPECS
        .iter()
        .map(|spec| {
            let mut text = spec.text.to_owned();
            if spec.path.ends_with(&format!("/{name}.yaml")) || spec.path == format!("{name}.yaml") {
                let start = text.find("\nproperties:\n").expect("it has properties") + 1;
                let end = start + text[start..].find("\nrelations:\n").expect("relations follow") + 1;
                text.replace_range(start..end, &format!("properties:\n  {}\n", properties.join("\n  ")));
            }
            SourceFile { path: spec.path.to_owned(), text }
        })
        .collect();
    let compiled = compile(&sources).unwrap_or_else(|failures| {
        panic!("{}", failures.iter().flat_map(|failure| failure.rendered()).collect::<String>())
    });
    let compiled = compiled.into_iter().find(|compiled| compiled.spec.name == name).expect("it is one of them");
    Box::leak(Box::new(compiled))
}

/// False claims, each of another property, by the loss that they are made of.
const FALSE: &[(&str, &[&str])] = &[
    (
        "mse",
        &[
            "bounded: [ 0, 10 ]",
            "zero_iff: input == target",
            "odd_in: [ input ]",
            "antisymmetric_in: [ input, target ]",
            "strongly_convex_in: { input: 2.01 * weight }",
            "increasing_in: [ input ]",
            "lipschitz_in: { input: 100 * weight }",
            "lipschitz_sup_in: { target: 100 * weight }",
            "smooth_in: { input: 1.99 * weight }",
            "homogeneous_in: { input: 2 }",
            "scale_invariant_in: { input: true }",
            "through: [ r ]",
            "asymptotes: { \"input -> inf\": weight * input^2 }",
            "proper_in: { target: 0.9 * input }",
        ],
    ),
    (
        "nll",
        &[
            "nonnegative: true",
            "even_in: [ input ]",
            "strongly_convex_in: { input: 1e-3 }",
            "increasing_in: [ input ]",
            "lipschitz_in: { input: \"0.99 * weight[target]\" }",
            "lipschitz_sup_in: { input: \"0.99 * weight[target]\" }",
            "homogeneous_in: { input: 1.01 }",
            "shift_invariant_in: { input: C }",
            "gradient_sums_to_zero_in: { input: C }",
            "through: [ input ]",
        ],
    ),
    (
        "huber",
        &[
            "even_in: [ input ]",
            "strongly_convex_in: { input: weight }",
            "decreasing_in: [ input ]",
            "lipschitz_in: { input: 0.99 * weight * delta }",
            "asymptotes: { \"input -> inf\": weight * delta * (r - 0.51 * delta) }",
            "proper_in: { target: input }",
        ],
    ),
    (
        "cross_entropy",
        &[
            "lipschitz_in: { input: \"weight[target]\" }",
            "lipschitz_sup_in: { input: \"weight[target]\" }",
            "smooth_in: { input: \"0.1 * weight[target]\" }",
            "scale_invariant_in: { input: label_smoothing == 0 }",
            "proper_in: { target: \"softmax(C, input)\" }",
        ],
    ),
    (
        "margin_ranking",
        &[
            "symmetric_in: [ input1, input2 ]",
            "antisymmetric_in: [ input1, input2 ]",
            "convex_in: [ input1 ]",
            "strongly_convex_in: { input1: 1e-3 }",
            "through: [ input1, input2 ]",
            "asymptotes: { \"input1 -> inf\": 0, \"input1 -> -inf\": gap }",
        ],
    ),
    ("cosine_embedding", &["convex_in: [ input1 ]", "scale_invariant_in: { input1: true }", "through: [ cosine ]"]),
    ("bce_with_logits", &["proper_in: { target: sigmoid(input) }", "asymptotes: { \"input -> inf\": 0 }"]),
];

/// The one that is true, held beside the false ones.
const TRUE: (&str, &str) = ("margin_ranking", "convex_in input1");

#[test]
fn false_properties_are_refuted() {
    let mut wrong = Vec::new();
    for &(name, properties) in FALSE {
        for claim in found(name, properties) {
            let expected = if (name, claim.claim.as_str()) == TRUE { Standing::Tested } else { Standing::Violated };
            if claim.standing != expected {
                wrong.push(format!("{name}: {} is {:?} ({})", claim.claim, claim.standing, claim.detail));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_property_is_refuted_of_some_loss() {
    let refuted: BTreeSet<&str> =
        FALSE.iter().flat_map(|(_, properties)| properties.iter().filter_map(|line| line.split(':').next())).collect();
    // No loss depends on the order of its classes.
    let none = [Property::PermutationEquivariant];
    for property in Property::ALL {
        assert_eq!(refuted.contains(property.name()), !none.contains(property), "{}", property.name());
    }
}

#[test]
fn a_claim_that_says_nothing_fails() {
    // No class is as likely as 2.
    let claims = found("mse", &["proper_in: { target: 2 + 0 * input }"]);
    assert_eq!(claims[0].standing, Standing::Undecided);
}
