//! The layout of the JSON, as a JSON Schema made from the types.

use schemars::{Schema, schema_for};

use super::{Audit, SCHEMA_VERSION};

/// What an `audit.json` of this program looks like.
#[must_use]
pub fn schema() -> Schema {
    let mut schema = schema_for!(Audit);
    schema.insert("title".to_owned(), "An audit of loss functions".into());
    // A file of another version is another layout.
    if let Some(version) = schema.pointer_mut("/properties/schema_version").and_then(|version| version.as_object_mut())
    {
        version.insert("const".to_owned(), SCHEMA_VERSION.into());
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::schema;
    use crate::audit::sample;

    fn valid(audit: &Value) -> bool {
        jsonschema::validator_for(schema().as_value()).expect("it is a schema").is_valid(audit)
    }

    fn at<'a>(audit: &'a mut Value, pointer: &str) -> &'a mut Value {
        audit.pointer_mut(pointer).unwrap_or_else(|| panic!("there is no {pointer}"))
    }

    #[test]
    fn an_audit_is_as_its_schema_says() {
        let audit = serde_json::to_value(sample::audit()).expect("it is JSON");
        assert!(valid(&audit));
    }

    #[test]
    fn what_is_no_audit_is_refused() {
        let audit = serde_json::to_value(sample::audit()).expect("it is JSON");
        for (pointer, wrong) in [
            ("/schema_version", json!(1)),
            ("/seed", json!(-1)),
            ("/losses/0/accuracy/0/max_ulp", json!("infinite")),
            ("/losses/0/accuracy/0/direction", json!(2)),
            ("/losses/0/checks/0/status", json!("Passed")),
            ("/losses/0/claims/0/standing", json!("believed")),
        ] {
            let mut audit = audit.clone();
            *at(&mut audit, pointer) = wrong;
            assert!(!valid(&audit), "{pointer}");
        }
        let mut without = audit.clone();
        at(&mut without, "/losses/0").as_object_mut().expect("a record").remove("checks");
        assert!(!valid(&without));
        let mut infinite = audit;
        *at(&mut infinite, "/losses/0/accuracy/0/max_ulp") = json!("inf");
        assert!(valid(&infinite));
    }
}
