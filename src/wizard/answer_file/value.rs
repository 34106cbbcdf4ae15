//! One value of an answer file: what it says, or where that is to be had.

use std::path::PathBuf;

use secrecy::SecretString;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::near;
use crate::model::answers::AnswerSource;
use crate::model::field::{FieldId, Kind};
use crate::model::untrusted::Untrusted;

/// What is wrong with a value: where (a byte of the text), what, and what to do. No value is ever repeated: it may be a
/// password in the wrong line.
pub(super) struct Wrong {
    pub at: usize,
    pub says: String,
    pub fix: String,
}

/// Where an answer that does not stand in the file may come from. The last two are for secrets only: everything else can be
/// written down, and a run without a screen asks for nothing that can.
const ELSEWHERE: [&str; 5] = ["env", "file", "command", "stdin", "prompt"];

/// What may stand instead of a value of this field.
pub(super) fn elsewhere(field: FieldId) -> &'static [&'static str] {
    if field.is_secret() { &ELSEWHERE } else { &ELSEWHERE[..3] }
}

/// Reads a field's value. Numbers and toggles may stand in quotes too: templates of other tools quote everything.
pub(super) fn read(field: FieldId, value: &Spanned<DeValue<'_>>) -> Result<AnswerSource, Vec<Wrong>> {
    let text = match (value.get_ref(), field.kind()) {
        (DeValue::String(text), Kind::Secret) => return Ok(AnswerSource::Clear(SecretString::from(text.as_ref()))),
        (DeValue::String(text), _) => text.to_string(),
        (DeValue::Boolean(on), Kind::Toggle) => on.to_string(),
        // A number that is too large for us stays as it is written, and its form is refused like any other's.
        (DeValue::Integer(number), Kind::Number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| number.to_string(), |number| number.to_string())
        }
        (DeValue::Table(table), _) => return source(field, table, value.span().start),
        (other, _) => {
            let says = format!("`{}` must be {}, and is {}.", field.id(), wanted(field), kind(other));
            return Err(vec![Wrong { at: value.span().start, says, fix: fix(field) }]);
        }
    };
    Ok(AnswerSource::Text(text))
}

/// Reads where an answer comes from: a table of exactly one key.
fn source(field: FieldId, table: &DeTable<'_>, at: usize) -> Result<AnswerSource, Vec<Wrong>> {
    let id = field.id();
    let mut wrong = Vec::new();
    let mut found = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if !elsewhere(field).contains(&name) {
            let says = if ELSEWHERE.contains(&name) {
                format!("`{id}` is no secret, and cannot come from `{name}`.")
            } else {
                format!("unknown key `{}` in `{id}`.", short(name))
            };
            let fix = near::instead(name, elsewhere(field).iter().copied());
            wrong.push(Wrong { at: key.span().start, says, fix });
            continue;
        }
        match one(name, value.get_ref()) {
            Ok(source) => found.push(source),
            Err(must) => {
                let says = format!("`{name}` of `{id}` must be {must}.");
                wrong.push(Wrong { at: value.span().start, says, fix: example(name).to_owned() });
            }
        }
    }
    match (wrong.is_empty(), found.len()) {
        (false, _) => Err(wrong),
        (true, 1) => found.pop().ok_or_else(Vec::new),
        (true, count) => {
            let says = if count == 0 {
                format!("`{id}` does not say where it comes from.")
            } else {
                format!("`{id}` says more than one place where it comes from.")
            };
            Err(vec![Wrong { at, says, fix: fix(field) }])
        }
    }
}

/// One place where an answer comes from; the error is what its value must be.
fn one(name: &str, value: &DeValue<'_>) -> Result<AnswerSource, &'static str> {
    match (name, value) {
        ("env", DeValue::String(name)) if is_variable(name) => Ok(AnswerSource::Env(name.to_string())),
        ("env", _) => Err("the name of an environment variable, in quotes"),
        ("file", DeValue::String(path)) if !path.trim().is_empty() && !path.contains('\0') => {
            Ok(AnswerSource::File(PathBuf::from(path.as_ref())))
        }
        ("file", _) => Err("the path of a file, in quotes"),
        ("command", DeValue::Array(words)) => {
            let words: Option<Vec<String>> = words.iter().map(|word| Some(word.get_ref().as_str()?.to_owned())).collect();
            words.filter(|words| runs(words)).map(AnswerSource::Command).ok_or("a list of texts, the program first")
        }
        ("command", _) => Err("a list of texts, the program first; no shell reads it"),
        ("stdin", DeValue::Boolean(true)) => Ok(AnswerSource::Stdin),
        ("prompt", DeValue::Boolean(true)) => Ok(AnswerSource::Prompt),
        _ => Err("true"),
    }
}

fn is_variable(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(['=', '\0'])
}

fn runs(words: &[String]) -> bool {
    words.first().is_some_and(|program| !program.trim().is_empty()) && words.iter().all(|word| !word.contains('\0'))
}

/// How a place is written.
fn example(name: &str) -> &'static str {
    match name {
        "env" => "Write { env = \"NAME\" }.",
        "file" => "Write { file = \"/path/to/file\" }.",
        "command" => "Write { command = [\"program\", \"argument\"] }.",
        "stdin" => "Write { stdin = true }.",
        _ => "Write { prompt = true }.",
    }
}

/// What a field takes.
fn wanted(field: FieldId) -> &'static str {
    match field.kind() {
        Kind::Text | Kind::Choice(_) => "a text in quotes",
        Kind::Path => "a path in quotes",
        Kind::Number => "a whole number",
        Kind::Toggle => "true or false",
        Kind::Secret => "where the secret comes from",
    }
}

/// How a field is written.
fn fix(field: FieldId) -> String {
    let id = field.id();
    match field.kind() {
        Kind::Secret => format!(
            "Write {id} = {{ env = \"{}\" }}, {{ file = \"…\" }}, {{ command = [\"…\"] }}, {{ stdin = true }} or {{ prompt = true }}.",
            field.variable()
        ),
        Kind::Choice(values) => format!("Write one of \"{}\".", values.join("\", \"")),
        Kind::Toggle => format!("Write {id} = true or {id} = false."),
        Kind::Number => format!("Write {id} = {}.", field.default()),
        Kind::Text | Kind::Path => {
            format!("Write {id} = '…', or {id} = {{ env = \"…\" }}, {{ file = \"…\" }} or {{ command = [\"…\"] }}.")
        }
    }
}

/// What a value is; never the value.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

/// A key from outside, safe to show and not long.
pub(super) fn short(name: &str) -> String {
    let clean = Untrusted::new(name);
    match clean.as_str().char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &clean.as_str()[..end]),
        None => clean.to_string(),
    }
}
