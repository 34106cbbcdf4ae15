//! The schema refuses what the program refuses, as far as a schema can, and takes what it takes.

use octopus_setup::wizard::answer_file::{self, FLOWS};
use serde_json::Value;

/// The few words of JSON Schema that ours uses; an unknown one fails the test.
fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    schema.as_object().unwrap().iter().all(|(word, said)| match word.as_str() {
        "$schema" | "title" | "description" | "default" | "examples" | "$defs" | "uniqueItems" => true,
        "$ref" => fits(root, root.pointer(said.as_str().unwrap().trim_start_matches('#')).unwrap(), value),
        "const" => value == said,
        "enum" => said.as_array().unwrap().contains(value),
        "oneOf" => said.as_array().unwrap().iter().filter(|one| fits(root, one, value)).count() == 1,
        "type" => match said.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64(),
            other => panic!("type {other}"),
        },
        "minimum" => value.as_i64() >= said.as_i64(),
        "maximum" => value.as_i64() <= said.as_i64(),
        "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= said.as_u64().unwrap()),
        "minItems" => value.as_array().is_none_or(|list| list.len() as u64 >= said.as_u64().unwrap()),
        "items" => value.as_array().is_none_or(|list| list.iter().all(|item| fits(root, said, item))),
        "required" => said.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
        "properties" => value.as_object().is_none_or(|entries| {
            entries.iter().all(|(key, entry)| said.get(key).is_none_or(|schema| fits(root, schema, entry)))
        }),
        "additionalProperties" => {
            let known = &schema["properties"];
            *said == Value::Bool(false)
                && value.as_object().is_none_or(|entries| entries.keys().all(|key| known.get(key).is_some()))
        }
        "pattern" => value.as_str().is_none_or(|text| match said.as_str().unwrap() {
            "^[0-9]+$" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
            "^[^=]+$" => !text.is_empty() && !text.contains('='),
            other => panic!("pattern {other}"),
        }),
        other => panic!("the test does not know {other}"),
    })
}

fn takes(text: &str) -> bool {
    let schema: Value = serde_json::from_str(&answer_file::schema()).unwrap();
    let value = serde_json::to_value(toml::from_str::<toml::Value>(text).unwrap()).unwrap();
    fits(&schema, &schema, &value)
}

#[test]
fn templates_fit_the_schema_with_and_without_their_hashes() {
    for flow in FLOWS {
        let text = answer_file::template(flow);
        assert!(takes(&text), "{flow:?}");
        let line = |line: &str| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest.to_owned(),
            _ => line.to_owned(),
        };
        let all: Vec<String> = text.lines().map(line).collect();
        assert!(takes(&all.join("\n")), "{flow:?}");
    }
}

#[test]
fn the_schema_and_the_reader_agree() {
    for text in [
        "server = 'a'",
        "server = { env = 'A' }",
        "server = { prompt = true }",
        "server = 7",
        "servr = 'a'",
        "password = 'a'",
        "password = { stdin = true }",
        "password = { stdin = false }",
        "password = {}",
        "password = { env = 'A', file = 'b' }",
        "password = { env = 'A=B' }",
        "password = { command = [] }",
        "password = { command = 'a' }",
        "password = { command = ['a', 'b'] }",
        "comms-port = 1",
        "comms-port = '10943'",
        "comms-port = 1.5",
        "force-ssl = true",
        "force-ssl = 'false'",
        "force-ssl = 1",
        "flow = 'join'",
        "flow = 'review'",
        "format = 1",
        "format = 2",
        "accept = ['sql-clock']",
        "accept = ['sql-clok']",
        "accept = 'sql-clock'",
        "key-proof = 'ABCDEF'",
        "answers-file = '/a'",
    ] {
        let is_read = answer_file::read(&"a.toml".into(), text).problems.is_empty();
        assert_eq!(takes(text), is_read, "{text}");
    }
}
