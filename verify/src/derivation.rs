//! A loss's formula and gradients as a record holds them.

use loss_codegen::compile::Compiled;
use loss_codegen::describe::Case;
use loss_codegen::equations::{Derivation, Equation, derivations as derive, equations};

use crate::audit::{CaseRecord, DefinitionRecord, DerivationRecord};

/// The definitions of a spec in order, then the loss.
#[must_use]
pub fn definitions(compiled: &Compiled) -> Vec<DefinitionRecord> {
    equations(&compiled.spec, &compiled.variants).into_iter().map(record).collect()
}

/// The gradients in everything that the compiler makes kernels of its own for, the plainest first.
#[must_use]
pub fn derivations(compiled: &Compiled) -> Vec<DerivationRecord> {
    let records = |equations: Vec<Equation>| equations.into_iter().map(record).collect();
    (derive(compiled).into_iter())
        .map(|Derivation { variant, gradients, shared }| DerivationRecord {
            variant,
            gradients: records(gradients),
            shared: records(shared),
        })
        .collect()
}

fn record(equation: Equation) -> DefinitionRecord {
    let Equation { name, arguments, axes, cases } = equation;
    let cases = cases.into_iter().map(|Case { when, value }| CaseRecord { when, value });
    DefinitionRecord { name, arguments, axes, cases: cases.collect() }
}

#[cfg(test)]
mod tests {
    use super::{definitions, derivations};
    use crate::audit::{CaseRecord, DefinitionRecord};
    use crate::registry::losses;
    use crate::subject::Subject;

    fn subject(name: &str) -> Subject {
        Subject::all(losses()).into_iter().find(|subject| subject.name() == name).expect("there is one")
    }

    fn case(when: Option<&str>, value: &str) -> CaseRecord {
        CaseRecord { when: when.map(str::to_owned), value: value.to_owned() }
    }

    #[test]
    fn the_gradient_is_that_of_the_formula_for_an_upstream_of_one() {
        let compiled = subject("huber").compiled().expect("it has a spec");
        let all = derivations(compiled);
        assert_eq!(all[0].variant, "weight absent", "the plainest is first");
        let cases = vec![case(Some("a <= delta"), "r"), case(None, "delta * sign(r)")];
        let gradient = DefinitionRecord { name: "grad_input".to_owned(), cases, ..DefinitionRecord::default() };
        assert_eq!(all[0].gradients[0], gradient);
        assert_eq!(all[0].gradients[1].cases, [case(None, "-grad_input")]);
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_parameter_that_is_zero_is_left_out() {
        let compiled = subject("cross_entropy").compiled().expect("it has a spec");
        let plainest = derivations(compiled).remove(0);
        assert_eq!(plainest.variant, "weight absent, label_smoothing = 0");
        let cases = [case(Some("target == index(C)"), "-share_of_others(input, lse)"), case(None, "share(input, lse)")];
        assert_eq!((plainest.gradients[0].cases.as_slice(), plainest.shared.as_slice()), (&cases[..], &[][..]));
    }

    #[test]
    fn a_definition_knows_along_which_axes_it_varies() {
        let compiled = subject("cross_entropy_soft").compiled().expect("it has a spec");
        let axes: Vec<(String, Vec<String>)> =
            definitions(compiled).into_iter().map(|definition| (definition.name, definition.axes)).collect();
        assert!(axes.contains(&("surprise".to_owned(), vec!["C".to_owned()])), "{axes:?}");
        assert!(axes.contains(&("hard".to_owned(), Vec::new())), "{axes:?}");
        assert_eq!(axes.last().map(|(name, _)| name.as_str()), Some("loss"));
        assert_eq!(derivations(compiled)[0].gradients[0].axes, ["C"]);
    }
}
