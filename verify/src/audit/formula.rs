//! Formulas as a record holds them: text that parses, so that whoever reads the record can set it as they like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A formula under a name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DefinitionRecord {
    /// The name.
    pub name: String,
    /// What a function of the spec's own is called with; nothing for a plain definition.
    pub arguments: Vec<String>,
    /// The axes along which it varies, rows left out.
    pub axes: Vec<String>,
    /// One, or one for each branch, the first that holds counting.
    pub cases: Vec<CaseRecord>,
}

/// A formula, and where it holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRecord {
    /// The condition; everywhere else, if there is none.
    pub when: Option<String>,
    /// The formula.
    pub value: String,
}

/// The gradients of a variant, derived from the formula as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DerivationRecord {
    /// What is fixed in the variant; empty if there is only one.
    pub variant: String,
    /// One for each input with a gradient, named `grad_INPUT`, for an upstream gradient of 1.
    pub gradients: Vec<DefinitionRecord>,
    /// What recurs in them.
    pub shared: Vec<DefinitionRecord>,
}
