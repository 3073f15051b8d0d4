//! The reductions that a spec names, and which of them is the default.

use crate::codes::Code;
use crate::diagnostic::{Diagnostics, suggest};
use crate::document::{DivisorEntry, Document};
use crate::model::{Divisor, Reduction};

/// Resolves the reductions; gives them and the default's name.
pub(super) fn resolve(document: &Document, diagnostics: &mut Diagnostics) -> (Vec<Reduction>, String) {
    let entry = &document.reduction;
    let mut reductions = Vec::new();
    for (name, divisor) in &entry.named {
        if name.value == "none" || name.value == "sum" {
            diagnostics
                .error(Code::BadReduction, name.span, format!("`{}` exists in every loss", name.value))
                .help("it cannot be defined anew: remove it".to_owned());
        }
        let (of, over) = match divisor {
            DivisorEntry::Word(word) => (
                None,
                match word.value.as_str() {
                    "elements" => Divisor::Elements,
                    "samples" => Divisor::Samples,
                    other => {
                        let error =
                            diagnostics.error(Code::BadReduction, word.span, format!("unknown divisor `{other}`"));
                        match suggest(other, ["elements", "samples"]) {
                            Some(near) => error.help(format!("did you mean `{near}`?")),
                            None => error.help(format!(
                                "a divisor is `elements`, `samples`, or a sum: `{{ over: \"{other}\" }}`"
                            )),
                        };
                        Divisor::Elements
                    }
                },
            ),
            DivisorEntry::Ratio { of, over } => (of.clone(), Divisor::Sum(over.clone())),
        };
        reductions.push(Reduction { name: name.value.clone(), of, over });
    }
    let named = entry.named.iter().map(|(name, _)| name.value.as_str());
    let known = ["none", "sum"].into_iter().chain(named.filter(|name| !["none", "sum"].contains(name)));
    if !known.clone().any(|name| name == entry.default.value) {
        let error = diagnostics.error(
            Code::BadReduction,
            entry.default.span,
            format!("the default reduction `{}` is not defined", entry.default.value),
        );
        match suggest(&entry.default.value, known.clone()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("there are `{}`", known.collect::<Vec<_>>().join("`, `"))),
        };
    }
    (reductions, entry.default.value.clone())
}
