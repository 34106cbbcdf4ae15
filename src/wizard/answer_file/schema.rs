//! The JSON schema of answer files, for editors and for programs that write such files.

use serde_json::{Map, Value, json};

use super::read::source_keys;
use super::{FLOWS, FORMAT, dependency, field_words, flag, hint, presettable_fields};
use crate::catalog::flow as flows;
use crate::model::check::CheckId;
use crate::model::choice;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::platform::Platform;

/// Returns the schema, draft 2020-12, of both flows' answer files.
pub fn schema() -> String {
    let mut properties = Map::new();
    properties.insert("format".into(), json!({ "const": FORMAT, "description": "The format of this file." }));
    let flow_ids = FLOWS.map(Flow::id);
    properties.insert("flow".into(), json!({ "enum": flow_ids, "description": "The flow that the answers are for." }));
    let checks: Vec<&str> = CheckId::ALL.into_iter().map(CheckId::id).collect();
    properties.insert(
        "accept".into(),
        json!({
            "type": "array",
            "items": { "enum": checks },
            "uniqueItems": true,
            "description": "Checks whose warnings are accepted, by the names that they are printed with.",
        }),
    );
    for field in presettable_fields() {
        properties.insert(field.id().into(), property(field));
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answers for octopus-setup",
        "description": "The answers of `octopus-setup first-node` and `octopus-setup join`. No field is required here: each may come \
                        from the environment or a flag as well.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "$defs": {
            "elsewhere": { "oneOf": sources(FieldId::Server), "description": "Where the answer is to be had." },
            "secret": { "oneOf": sources(FieldId::Password), "description": "Where the secret is to be had." },
        },
    });
    // A value made here always serializes.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// Returns the schema of one field.
fn property(field: FieldId) -> Value {
    let mut property = json!({ "description": description(field) });
    let forms = match field.kind() {
        Kind::Text | Kind::Path => json!([{ "type": "string" }, { "$ref": "#/$defs/elsewhere" }]),
        Kind::Choice(values) => json!([{ "enum": values }, { "$ref": "#/$defs/elsewhere" }]),
        Kind::Toggle => json!([{ "type": "boolean" }, { "enum": choice::TOGGLES }, { "$ref": "#/$defs/elsewhere" }]),
        Kind::Number => {
            let (least, most) = field.setting().bounds;
            json!([
                { "type": "integer", "minimum": least, "maximum": most },
                { "type": "string", "pattern": "^[0-9]+$" },
                { "$ref": "#/$defs/elsewhere" },
            ])
        }
        Kind::Secret => json!([
            { "$ref": "#/$defs/secret" },
            { "type": "string", "description": "In clear: only in a file that its owner alone can read, and warned of." },
        ]),
    };
    property["oneOf"] = forms;
    match field.kind() {
        _ if field.default().is_empty() => {}
        Kind::Toggle => property["default"] = json!(choice::toggled(field.default()) == Some(true)),
        Kind::Number => property["default"] = json!(field.default().parse::<i64>().unwrap_or_default()),
        _ => property["default"] = json!(field.default()),
    }
    let example = field_words(&FLOWS, field).map(|words| words.example(Platform::Linux)).filter(|example| !example.is_empty());
    if let (Some(example), false) = (example, field.is_secret()) {
        property["examples"] = json!([example]);
    }
    property
}

/// Describes a field: what it is, for which flow, and how else to give it.
fn description(field: FieldId) -> String {
    let asking: Vec<&str> = FLOWS.into_iter().filter(|flow| flows::asks(*flow, field)).map(Flow::id).collect();
    let only = match asking.as_slice() {
        [only] => format!(" Only for {only}."),
        _ => String::new(),
    };
    let dependency = dependency(field).map(|dependency| format!(" Counts only with {dependency}.")).unwrap_or_default();
    format!("{}{only}{dependency} Also {} and {}.", hint(field), flag(field), field.variable())
}

/// Returns the schemas of the sources that a field's answer may come from.
fn sources(field: FieldId) -> Vec<Value> {
    source_keys(field)
        .iter()
        .map(|name| {
            let value = match *name {
                "env" => json!({ "type": "string", "minLength": 1, "pattern": "^[^=]+$" }),
                "file" => json!({ "type": "string", "minLength": 1 }),
                "command" => json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
                _ => json!({ "const": true }),
            };
            json!({ "type": "object", "properties": { *name: value }, "required": [name], "additionalProperties": false })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{form, samples};

    #[test]
    fn the_bounds_are_the_forms() {
        for field in presettable_fields().filter(|field| field.kind() == Kind::Number) {
            let (least, most) = field.setting().bounds;
            let is_good = |number: i64| form::problem(field, &samples::with(&[(field, &number.to_string())])).is_none();
            assert!(is_good(least.into()) && is_good(most.into()), "{}", field.id());
            assert!(!is_good(i64::from(least) - 1) && !is_good(i64::from(most) + 1), "{}", field.id());
        }
    }
}
