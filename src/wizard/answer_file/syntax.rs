//! What is not TOML, in words for people who do not know TOML. Nothing of the text is ever repeated.

/// What is wrong, and what to do.
pub(super) fn explain(error: &toml::de::Error) -> (String, &'static str) {
    let message = error.message().lines().next().unwrap_or_default().trim_end_matches('.');
    let (said, _) = message.split_once(", expected ").unwrap_or((message, ""));
    let is_empty = error.span().is_none_or(|span| span.is_empty());
    let (says, fix) = match said {
        "string values must be quoted" if is_empty => ("nothing stands after the equals sign", LINE),
        "string values must be quoted" => ("a text must stand in quotes", LINE),
        "key with no value" => ("a key without an equals sign and a value", LINE),
        "invalid basic string" | "invalid literal string" => ("the quote at the end is missing", LINE),
        said if said.contains("escape") => ("a backslash in double quotes begins an escape, and this is none", BACKSLASH),
        _ => (said, LINE),
    };
    (format!("this is not TOML: {says}."), fix)
}

const LINE: &str = "A line is a key, an equals sign and a value; a text stands in quotes: server = 'sql01,1433'.";
const BACKSLASH: &str = "Write the backslash twice, or take single quotes, in which it stands for itself: home = 'C:\\Octopus'.";
