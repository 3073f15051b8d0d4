//! The formulas of a record, set as mathematics.

use loss_codegen::describe::Case;
use loss_codegen::equations::Equation;
use loss_codegen::typeset;

use crate::audit::{CaseRecord, DefinitionRecord, InputRecord};

/// Sets the formulas of one loss.
pub(super) struct Typesetter<'r>(typeset::Typesetter<'r>);

impl<'r> Typesetter<'r> {
    /// A typesetter that knows along which axes inputs and definitions vary.
    pub(super) fn new(inputs: &'r [InputRecord], definitions: impl IntoIterator<Item = &'r DefinitionRecord>) -> Self {
        let inputs = inputs.iter().map(|input| {
            let along = input.axes.trim_matches(['[', ']']).split(", ").filter(|axis| !["", "N"].contains(axis));
            (input.name.as_str(), along.collect())
        });
        let definitions = definitions
            .into_iter()
            .map(|definition| (definition.name.as_str(), definition.axes.iter().map(String::as_str).collect()));
        Self(typeset::Typesetter::new(inputs.chain(definitions)))
    }

    /// A typesetter for what the spec itself writes, in which its functions are called.
    pub(super) fn of_spec(inputs: &'r [InputRecord], definitions: &'r [DefinitionRecord]) -> Self {
        let functions = definitions.iter().filter(|definition| !definition.arguments.is_empty());
        Self(Self::new(inputs, definitions).0.calling(functions.map(|definition| definition.name.as_str())))
    }

    /// `name = formula` as a block.
    pub(super) fn definition(&self, definition: &DefinitionRecord) -> String {
        let DefinitionRecord { name, arguments, axes, cases } = definition.clone();
        let cases = cases.into_iter().map(|CaseRecord { when, value }| Case { when, value }).collect();
        let markup = self.0.equation(&Equation { name, arguments, axes, cases });
        format!("<div class=\"scroll equation\">{markup}</div>")
    }

    /// A formula in a line of text.
    pub(super) fn inline(&self, text: &str) -> String {
        self.0.inline(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Typesetter;
    use crate::derivation::{definitions, derivations};
    use crate::describe::describe;
    use crate::registry::losses;
    use crate::subject::Subject;

    /// The text of a piece of markup that is well formed.
    fn read(markup: &str) -> String {
        let document = roxmltree::Document::parse(markup).unwrap_or_else(|error| panic!("{error} in {markup}"));
        document.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text()).collect()
    }

    #[test]
    fn every_formula_and_gradient_of_every_loss_is_mathml() {
        for subject in Subject::all(losses()) {
            let compiled = subject.compiled().expect("it has a spec");
            let record = describe(subject.loss);
            let (formulas, derivations) = (definitions(compiled), derivations(compiled));
            assert!(!derivations.is_empty(), "{}", subject.name());
            let typesetter = Typesetter::new(&record.inputs, &formulas);
            let gradients =
                derivations.iter().flat_map(|derivation| derivation.gradients.iter().chain(&derivation.shared));
            for definition in formulas.iter().chain(gradients) {
                let markup = typesetter.definition(definition);
                let text = read(&markup);
                assert!(!text.is_empty() && !markup.contains("<code>"), "{markup}");
                for case in &definition.cases {
                    assert!(!markup.contains(&format!("<mtext>{}</mtext>", case.value)), "not parsed: {}", case.value);
                }
            }
        }
    }
}
