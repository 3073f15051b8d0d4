use super::weights;
use crate::registry::losses;
use crate::subject::Subject;

#[test]
fn weights_are_found_in_formulas() {
    let found = |name: &str| {
        let subject = Subject::all(losses()).into_iter().find(|subject| subject.name() == name).expect("there is one");
        let compiled = subject.compiled().expect("it has a spec");
        weights(&subject, &compiled.variants[0])
            .into_iter()
            .map(|input| subject.loss.info().inputs[input].name)
            .collect::<Vec<_>>()
    };
    assert_eq!(found("huber"), ["weight"]);
    assert_eq!(found("cross_entropy"), ["weight"]);
    // One that weighs a part of the loss is none.
    assert_eq!(found("bce_with_logits"), ["weight"]);
    assert_eq!(found("smooth_l1"), [""; 0]);
}
