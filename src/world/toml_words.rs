//! What is wrong with a TOML text, in words that name the line, the key and what is expected there.
//!
//! The parser's own messages name no key where a value has the wrong type, and they repeat the value, which may be a
//! password that somebody wrote in the clear.

/// The line, from 1, and a part of a sentence.
pub(super) fn explain(text: &str, error: &toml::de::Error) -> (usize, String) {
    let message = error.message().lines().next().unwrap_or_default().trim_end_matches('.');
    let at = error.span().map_or(0, |span| span.start);
    let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let last = text.lines().count().max(1);
    if text.trim().is_empty() {
        return (1, "it is empty".into());
    }
    if let Some(name) = quoted_after(message, "missing field ") {
        return match header(text.lines().nth(line - 1).unwrap_or_default()) {
            Some(table) => (line, format!("`{table}.{name}` is missing")),
            // What lacks a whole section was most likely cut, and the cut is at the end.
            None => (last, format!("`{name}` is missing; the file may break off here")),
        };
    }
    let key = key_of(text, line);
    let said = match (&key, message.split_once(", expected ")) {
        (_, Some((head, expected))) if head.starts_with("unknown field ") => {
            let name = quoted_after(head, "unknown field ").unwrap_or_default();
            let table = table_of(text, line).filter(|table| *table != name).map(|table| format!("{table}.")).unwrap_or_default();
            format!("unknown key `{table}{name}`, expected {expected}")
        }
        (Some(key), Some((head, expected))) if head.starts_with("invalid type: ") => {
            format!("`{key}` must be {}, and is {}", wanted(expected), kind(head))
        }
        (Some(key), Some((head, expected))) if head.starts_with("invalid value: ") || head.starts_with("unknown variant ") => {
            format!("`{key}` must be {}", wanted(expected))
        }
        (Some(key), _) => format!("`{key}`: {message}"),
        (None, Some((head, expected))) if head.starts_with("invalid type: ") => {
            format!("it must be {}, and is {}", wanted(expected), kind(head))
        }
        (None, _) => message.to_owned(),
    };
    let cut = line >= last && !text.ends_with('\n');
    (line.min(last), if cut { format!("{said}; the file may break off here") } else { said })
}

/// The number that a text says is its format, where the text is no TOML that we can read: a later one may be none.
pub(super) fn format_of(text: &str) -> Option<u32> {
    let mut lines = text.lines().map(str::trim).take_while(|line| !line.starts_with('['));
    lines.find_map(|line| line.strip_prefix("format")?.trim_start().strip_prefix('=')?.trim().parse().ok())
}

/// The word in backquotes right after this.
fn quoted_after<'a>(message: &'a str, head: &str) -> Option<&'a str> {
    message.strip_prefix(head)?.strip_prefix('`')?.split('`').next()
}

/// The name of the section that a line begins.
fn header(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.split(']').next().map(|name| name.trim_start_matches('['))
}

/// The section that a line is in.
fn table_of(text: &str, line: usize) -> Option<&str> {
    text.lines().take(line).filter_map(header).last()
}

/// The whole key that a line gives a value to.
fn key_of(text: &str, line: usize) -> Option<String> {
    let (key, _) = text.lines().nth(line - 1)?.split_once('=')?;
    let key = key.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if key.is_empty() || !key.chars().all(plain) {
        return None;
    }
    Some(table_of(text, line).map_or_else(|| key.to_owned(), |table| format!("{table}.{key}")))
}

/// What a value must be, for people.
fn wanted(expected: &str) -> String {
    match expected {
        "u16" => "a whole number from 0 to 65535".into(),
        "u32" => "a whole number from 0 to 4294967295".into(),
        "a boolean" => "true or false".into(),
        "a string" | "path string" => "a text in quotes".into(),
        "a sequence" => "a list".into(),
        other if other.starts_with("struct ") => "a section".into(),
        other => other.to_owned(),
    }
}

/// What a value is; never the value.
fn kind(head: &str) -> &'static str {
    let kinds = [
        ("string", "a text"),
        ("integer", "a whole number"),
        ("floating point", "a decimal number"),
        ("boolean", "true or false"),
        ("sequence", "a list"),
        ("map", "a section"),
        ("datetime", "a date"),
    ];
    let said = head.strip_prefix("invalid type: ").unwrap_or_default();
    kinds.iter().find(|(name, _)| said.starts_with(name)).map_or("something else", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::node_config::NodeConfig;

    fn said(text: &str) -> (usize, String) {
        explain(text, &toml::from_str::<NodeConfig>(text).expect_err("malformed"))
    }

    #[test]
    fn a_value_is_never_repeated() {
        for text in [
            "format = 1\ninstance = 4711\n",
            "format = 'hunter2'\n",
            "format = 1\ninstance = hunter2\n",
            "format = 1\ninstance = \"hunter2\n",
            "format = 1\ninstance = 'a' hunter2\n",
            "format = [ 'hunter2' ]\n",
        ] {
            let (_, said) = said(text);
            assert!(!said.contains("hunter2") && !said.contains("4711"), "{text}: {said}");
        }
    }

    #[test]
    fn a_format_is_found_in_what_is_no_toml() {
        assert_eq!(format_of("# x\nformat = 7\n<<new>>"), Some(7));
        assert_eq!(format_of("formats = 7"), None);
        assert_eq!(format_of("[a]\nformat = 7"), None);
        assert_eq!(format_of("format = 99999999999"), None);
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_explained_without_a_panic(text in "(format = 1\n)?([\\[\\]a-c=\"'{}\\n.\u{e4} 0-9]{0,60})") {
            if let Err(error) = toml::from_str::<NodeConfig>(&text) {
                let (line, said) = explain(&text, &error);
                proptest::prop_assert!(line >= 1 && !said.is_empty());
            }
        }
    }
}
