//! What specs claim, counted.

use loss_codegen::model::Spec;

/// How many claims there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    examples: usize,
    properties: usize,
    relations: usize,
    knots: usize,
    curvatures: usize,
}

impl Claims {
    /// Those of a spec.
    #[must_use]
    pub fn of(spec: &Spec) -> Self {
        Claims {
            examples: spec.examples.len(),
            properties: spec.properties.len(),
            relations: spec.relations.len(),
            knots: spec.knots.len(),
            curvatures: spec.curvature.as_ref().map_or(0, |curvature| curvature.terms.len()),
        }
    }

    /// Those of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Claims {
            examples: self.examples + other.examples,
            properties: self.properties + other.properties,
            relations: self.relations + other.relations,
            knots: self.knots + other.knots,
            curvatures: self.curvatures + other.curvatures,
        }
    }

    /// As in `1 example, 3 properties`; empty if there are none.
    #[must_use]
    pub fn words(self) -> String {
        let counted = [
            (self.examples, "example", "examples"),
            (self.properties, "property", "properties"),
            (self.relations, "relation", "relations"),
            (self.knots, "knot", "knots"),
            (self.curvatures, "term of the curvature", "terms of the curvature"),
        ];
        let some = counted.into_iter().filter(|(count, ..)| *count > 0);
        some.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::Claims;

    #[test]
    fn claims_are_counted_in_words() {
        let one = Claims { examples: 1, properties: 2, ..Claims::default() };
        assert_eq!(one.words(), "1 example, 2 properties");
        assert_eq!(one.plus(Claims { relations: 1, ..one }).words(), "2 examples, 4 properties, 1 relation");
        assert_eq!(Claims { knots: 2, curvatures: 1, ..Claims::default() }.words(), "2 knots, 1 term of the curvature");
        assert_eq!(Claims::default().words(), "");
    }
}
