//! The names under which a loss is found.

use std::collections::BTreeSet;

use crate::emit::type_name;
use crate::model::Spec;

/// What libraries call the loss, its function in PyTorch among them, and its own name in small letters; each once, and never the type's own name.
pub(super) fn aliases(spec: &Spec) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::from([spec.name.clone()]);
    names.extend(spec.pytorch.iter().map(|(function, _)| function.clone()));
    for name in spec.guide.aliases.iter().flat_map(|(_, names)| names) {
        names.insert(name.clone());
        // A path is found by its last part as well.
        names.extend(name.rsplit(['.', ':']).next().map(str::to_owned));
    }
    names.remove(&type_name(&spec.name));
    names.into_iter().filter(|name| is_alias(name)).collect()
}

/// What rustdoc takes as an alias.
fn is_alias(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.contains(['"', '\'', '\n', '\t', '\r'])
}
