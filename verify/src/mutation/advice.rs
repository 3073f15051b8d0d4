//! What the author of a loss can write down so that a fault that nothing finds is found.

use super::record::{Family, FamilyRecord};

/// What finds a fault in a spec, by what was done.
const SPEC: &[(&[&str], &str)] = &[
    (
        &["another divisor", "count instead of weighing"],
        "add an example that expects the reduction of an array of two places by two or more",
    ),
    (&["another default reduction"], "record an answer of the named function that leaves `reduction` out"),
    (&["another default"], "add an example that leaves this one out"),
    (&["move a tie", "another tie"], "add an example at the tie that expects its gradient, or a knot that says it"),
    (&["ignore no label"], "add an example with a label that is ignored"),
    (
        &["another class", "the other classes", "the largest class"],
        "add an example whose label is neither the first nor the largest class",
    ),
    (
        &["constant factor", "constant term", "scale a parameter", "constant x 1.01"],
        "add an example, with all digits of a number that this changes",
    ),
    (
        &["drop a where", "negate a where"],
        "add an example in which the condition holds at some places and not at others",
    ),
];

/// The same for every other change.
const OTHERS: &str = "add an example whose value or gradient this changes, or a property or relation that it breaks";

/// What to do about the faults that survive, each advice once, for a terminal; nothing where there is nothing to do.
#[must_use]
pub fn advice(record: &FamilyRecord) -> String {
    match record.family {
        Family::Spec => {}
        // Whoever writes a loss has no part in these.
        Family::Compiler | Family::Kernel => return String::new(),
    }
    let mut lines: Vec<String> = Vec::new();
    for mutant in record.survivors() {
        let found = SPEC.iter().find(|(operators, _)| operators.contains(&mutant.operator.as_str()));
        let advice = found.map_or(OTHERS, |(_, advice)| advice);
        let operator = if found.is_some() { mutant.operator.as_str() } else { "any other" };
        let line = format!("  {operator}: {advice}\n");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    format!("nothing that the spec says tells these from the loss; a claim that does, kills them:\n{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::advice;
    use crate::mutation::record::{Family, FamilyRecord, Fate, MutantRecord};

    fn survivor(operator: &str) -> MutantRecord {
        let (place, before, after) = Default::default();
        MutantRecord { operator: operator.to_owned(), place, before, after, fate: Fate::Survived }
    }

    #[test]
    fn survivors_in_a_spec_are_told_how_to_be_found_each_once() {
        let survivors = ["another divisor", "flip a sign", "another divisor", "negate", "swap cases"].map(survivor);
        let text = advice(&FamilyRecord::new(Family::Spec, survivors.to_vec()));
        assert_eq!(text.matches("two places by two or more").count(), 1, "{text}");
        assert_eq!(text.matches("any other: add an example whose value").count(), 1, "{text}");
        assert_eq!(text.lines().count(), 3, "{text}");
        assert_eq!(advice(&FamilyRecord::new(Family::Kernel, survivors.to_vec())), "");
        assert_eq!(advice(&FamilyRecord::new(Family::Spec, Vec::new())), "");
    }
}
