//! The strings in a text that may be JSON.

use serde_json::Value;

/// Octopus keeps JSON in strings of JSON, in the properties of deployment steps for one. Deeper than this it does not.
const NESTED: usize = 4;

/// Gives every string of a JSON document to `take`, or the whole text where it is none, and keeps what it makes of them.
///
/// JSON that cannot be read (cut off, nested beyond the parser's limit of 128) is one text like any other: the
/// place is a fact that is missing.
pub(super) fn strings<T>(text: &str, mut take: impl FnMut(&str) -> Option<T>) -> Vec<T> {
    let mut found = Vec::new();
    read(text, NESTED, &mut |string| found.extend(take(string)));
    found
}

fn read(text: &str, depth: usize, take: &mut impl FnMut(&str)) {
    match serde_json::from_str(text) {
        Ok(value) => walk(&value, depth, take),
        Err(_) => take(text),
    }
}

fn walk(value: &Value, depth: usize, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) if depth > 0 && text.trim_start().starts_with(['{', '[']) => read(text, depth - 1, take),
        Value::String(text) => take(text),
        Value::Array(items) => items.iter().for_each(|item| walk(item, depth, take)),
        Value::Object(members) => members.values().for_each(|member| walk(member, depth, take)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        strings(text, |string| Some(string.to_owned()))
    }

    #[test]
    fn strings_are_found_at_any_depth_and_in_json_within_json() {
        assert_eq!(all(r#"{"a":"x","b":[1,null,{"c":["y"]}],"d":"{\"e\":\"z\"}","f":"[oh"}"#), ["x", "y", "z", "[oh"]);
    }

    #[test]
    fn what_is_no_json_is_one_text() {
        assert_eq!(all("abc|def"), ["abc|def"]);
        assert_eq!(all("\"abc\""), ["abc"]);
        assert_eq!(all("{\"a\":\"x\""), ["{\"a\":\"x\""]);
        assert_eq!(all("").len(), 1);
        assert_eq!(all("17").len(), 0);
    }

    #[test]
    fn nesting_without_end_ends() {
        assert_eq!(all(&"[".repeat(100_000)).len(), 1);
        let deep = format!("{}\"x\"{}", "[".repeat(120), "]".repeat(120));
        assert_eq!(all(&deep), ["x"]);
    }
}
