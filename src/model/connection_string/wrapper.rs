//! What stands around a connection string in the file that it was copied from: quotes, JSON, and the name of a setting.

use zeroize::Zeroizing;

use super::{begins_with_keyword, keyword};

/// Returns what is between the quotes around a whole text, if there are any: no key begins with a quote. Backslashes that a JSON
/// string doubles are read as single ones.
pub(super) fn unquoted(text: &str) -> Option<Zeroizing<String>> {
    let text = text.trim().trim_end_matches([',', ';']).trim_end();
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let is_json_string = quote == '"' && length(&text[1..]) == Some(inner.len());
    let unescaped = if is_json_string { unescaped(inner) } else { None };
    Some(unescaped.unwrap_or_else(|| Zeroizing::new(inner.to_owned())))
}

/// Returns what stands behind the name of a setting: `NAME="…"`, `NAME=Server=…`, `Name: Server=…`. A keyword is no such name.
pub(super) fn unnamed(text: &str) -> Option<&str> {
    let end = text.find(['=', ':'])?;
    let name = text[..end].trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '$' | ' ' | ':');
    // `$env:NAME` has a colon of its own.
    let end = if name.eq_ignore_ascii_case("$env") { text.find('=')? } else { end };
    if name.is_empty() || keyword(name).is_some() || !text[..end].chars().all(is_name) {
        return None;
    }
    let rest = text[end + 1..].trim();
    let is_string = begins_with_keyword(rest) || unquoted(rest).is_some_and(|inner| inner.contains('='));
    is_string.then_some(rest)
}

/// Returns the strings of a piece of JSON that are no names, with their escapes read. One that is not closed, or has an escape that no
/// connection string needs, is left out.
pub(super) fn json_strings(text: &str) -> Vec<Zeroizing<String>> {
    let mut strings = Vec::new();
    let mut rest = text;
    while let Some((string, after)) = rest.split_once('"').and_then(|(_, inner)| inner.split_at_checked(length(inner)?)) {
        rest = &after[1..];
        if !rest.trim_start().starts_with(':') {
            strings.extend(unescaped(string));
        }
    }
    strings
}

/// Returns where a string ends that begins here, behind its first quote.
fn length(text: &str) -> Option<usize> {
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some(at),
            '\\' => drop(letters.next()),
            _ => {}
        }
    }
    None
}

/// Reads the escapes of a string that a connection string may need; `None` for any other.
fn unescaped(string: &str) -> Option<Zeroizing<String>> {
    // Allocated once, because a growing text leaves copies of itself behind.
    let mut clear = Zeroizing::new(String::with_capacity(string.len()));
    let mut letters = string.chars();
    while let Some(letter) = letters.next() {
        clear.push(match letter {
            '\\' => letters.next().filter(|escaped| matches!(escaped, '"' | '\\' | '/'))?,
            letter => letter,
        });
    }
    Some(clear)
}
