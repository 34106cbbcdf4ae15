//! The JSON schema of answer files, for editors and for those who make such files by programs.

use serde_json::{Map, Value, json};

use super::read::{FLOWS, FORMAT};
use super::{asked, judge, said};
use crate::catalog::flow as flows;
use crate::model::check::CheckId;
use crate::model::choice;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::platform::Platform;

/// The schema, draft 2020-12, of both flows' answer files.
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
    for field in FieldId::ALL.into_iter().filter(|field| field.is_presettable()) {
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
            "elsewhere": { "oneOf": places(FieldId::Server), "description": "Where the answer is to be had." },
            "secret": { "oneOf": places(FieldId::Password), "description": "Where the secret is to be had." },
        },
    });
    // A value that was made here can be written.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// One field.
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
    let example = said::of(&FLOWS, field).map(|words| words.example(Platform::Linux)).filter(|example| !example.is_empty());
    if let (Some(example), false) = (example, field.is_secret()) {
        property["examples"] = json!([example]);
    }
    property
}

/// What a field is, for whom, and how else it is given.
fn description(field: FieldId) -> String {
    let asking: Vec<&str> = FLOWS.into_iter().filter(|flow| flows::asks(*flow, field)).map(Flow::id).collect();
    let only = match asking.as_slice() {
        [only] => format!(" Only for {only}."),
        _ => String::new(),
    };
    let with = asked::only_with_words(field).map(|with| format!(" Counts only with {with}.")).unwrap_or_default();
    format!("{}{only}{with} Also {} and {}.", said::hint(field), judge::flag(field), field.variable())
}

/// The places from which a field's answer may come.
fn places(field: FieldId) -> Vec<Value> {
    super::value::elsewhere(field)
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
        let fields = FieldId::ALL.into_iter().filter(|field| field.kind() == Kind::Number && field.is_presettable());
        for field in fields {
            let (least, most) = field.setting().bounds;
            let is_good = |number: i64| form::problem(field, &samples::with(&[(field, &number.to_string())])).is_none();
            assert!(is_good(least.into()) && is_good(most.into()), "{}", field.id());
            assert!(!is_good(i64::from(least) - 1) && !is_good(i64::from(most) + 1), "{}", field.id());
        }
    }
}
