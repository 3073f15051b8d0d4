//! The JSON schema of a spec, made of the keys that the reader knows.

use loss_codegen::yaml::keys::{Key, Needed, SPEC, Takes, known_properties, labels};
use serde_json::{Map, Value, json};

/// The schema as text, as `specs/schema.json` holds it.
#[must_use]
pub fn text() -> String {
    format!("{:#}\n", schema())
}

/// The schema. Draft 7 is what editors know best.
#[must_use]
pub fn schema() -> Value {
    let mut schema = map(SPEC, None);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("A loss spec");
    schema["description"] = json!("A loss, declared once. `cargo verify check FILE` says more than this schema can.");
    schema["definitions"] = json!({ "data": data() });
    schema
}

/// Scalars as the reader takes them: by their source text, whatever YAML calls them.
const SCALAR: [&str; 3] = ["string", "number", "boolean"];

fn takes(takes: &Takes) -> Value {
    match takes {
        Takes::Text => json!({ "type": "string", "minLength": 1 }),
        Takes::Name => json!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$" }),
        Takes::Origin => json!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)?$" }),
        Takes::Axis => json!({ "type": "string", "pattern": "^[A-Z][A-Za-z0-9]*$" }),
        // YAML reads some words as numbers.
        Takes::Words(words) => {
            let numbers = words.iter().filter_map(|word| word.parse::<u64>().ok()).map(|number| json!(number));
            json!({ "enum": words.iter().map(|word| json!(word)).chain(numbers).collect::<Vec<Value>>() })
        }
        Takes::Label => {
            let forms = |along: bool| {
                labels().filter(|(_, is_along)| *is_along == along).map(|(name, _)| name).collect::<Vec<_>>()
            };
            json!({ "anyOf": [
                { "enum": forms(false) },
                { "type": "string", "pattern": format!("^({})\\([A-Z][A-Za-z0-9]*\\)$", forms(true).join("|")) },
            ] })
        }
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::Number => json!({ "anyOf": [{ "type": "number" }, { "enum": ["nan", "inf", "-inf"] }] }),
        Takes::Value => json!({ "type": SCALAR }),
        Takes::Formula => json!({ "type": SCALAR, "minLength": 1 }),
        Takes::Limit => json!({ "type": "string", "pattern": "->" }),
        Takes::Data => json!({ "$ref": "#/definitions/data" }),
        Takes::List(item @ Takes::Text) => json!({ "type": "array", "items": self::takes(item), "minItems": 1 }),
        Takes::List(item) => json!({ "type": "array", "items": self::takes(item) }),
        Takes::Map(keys) => map(keys, None),
        Takes::Each(value) => json!({ "type": "object", "additionalProperties": self::takes(value) }),
        Takes::EachBut(keys, value) => {
            let mut schema = map(keys, Some(value));
            schema["minProperties"] = json!(1);
            schema
        }
        Takes::Properties => {
            let properties: Map<String, Value> =
                known_properties().map(|(name, value)| (name.to_owned(), self::takes(&value))).collect();
            json!({ "type": "object", "properties": properties, "additionalProperties": false })
        }
        Takes::Either(one, other) => json!({ "anyOf": [self::takes(one), self::takes(other)] }),
    }
}

fn map(keys: &[Key], others: Option<&Takes>) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), described(key))).collect();
    let needed =
        |when: Needed| -> Vec<&str> { keys.iter().filter(|key| key.needed == when).map(|key| key.name).collect() };
    let mut schema = json!({ "type": "object", "properties": properties });
    let always = needed(Needed::Always);
    if !always.is_empty() {
        schema["required"] = json!(always);
    }
    // At most one key stands for others.
    if let Some(other) = keys.iter().find_map(|key| key.needed.instead_of()) {
        schema["anyOf"] = json!([{ "required": [other] }, { "required": needed(Needed::Without(other)) }]);
    }
    schema["additionalProperties"] = others.map_or(json!(false), takes);
    schema
}

fn described(key: &Key) -> Value {
    let mut schema = takes(&key.takes);
    schema["description"] = json!(key.says);
    schema["markdownDescription"] = json!(format!("{}\n\n```yaml\n{}: {}\n```", key.says, key.name, key.example));
    schema
}

/// What the numbers of an example may be.
fn data() -> Value {
    json!({ "anyOf": [{ "type": SCALAR }, { "type": "array", "items": { "$ref": "#/definitions/data" } }] })
}
