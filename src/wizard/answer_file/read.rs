//! Answer files as they are read: strictly, and with everything that is wrong with them at once.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::{FLOWS, FORMAT, presettable_fields, reason_not_presettable};
use crate::model::answers::{AnswerPlace, AnswerSource, GivenAnswer, Problem};
use crate::model::check::CheckId;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::lookalike;
use crate::model::secret::SecretString;
use crate::model::suggestion::{suggest, suggest_check};
use crate::model::untrusted::Untrusted;

/// The keys that are not fields.
const HEAD: [&str; 3] = ["format", "flow", "accept"];

/// The most problems that are reported of one file: a file that is something else has thousands.
const MAX_PROBLEMS: usize = 50;

/// The contents of an answer file.
#[derive(Debug, Default)]
pub struct AnswerFile {
    /// Its flow, and where the file names it.
    pub flow: Option<(Flow, AnswerPlace)>,
    /// Checks whose warnings are accepted.
    pub accept: Vec<CheckId>,
    /// The answers, in the order of the file.
    pub given: Vec<GivenAnswer>,
    /// In the order of the file.
    pub problems: Vec<Problem>,
}

/// Reads the text of an answer file. The file's name is only used in places.
pub fn read(file: &Untrusted, text: &str) -> AnswerFile {
    // No editor counts the byte order mark as a column.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let text = SourceText::new(file, text);
    // A line that is not TOML is reported once; entries that the parser made of it are skipped.
    let mut broken = BTreeSet::new();
    let mut reader = Reader { text: &text, file: AnswerFile::default(), problems: Vec::new(), merged: Vec::new() };
    for error in &errors {
        let at = error.span().map_or(text.whole.len(), |span| span.start);
        if !reader.syntax(error, at, table.get_ref()) {
            broken.insert(text.line(at));
        }
    }
    // A key without a value swallows the next line, so the broken lines are blanked and the rest is parsed again.
    let without_broken = Zeroizing::new(if broken.is_empty() { String::new() } else { text.without(&broken) });
    let again = (!broken.is_empty()).then(|| DeTable::parse_recoverable(&without_broken).0);
    for (key, value) in again.as_ref().unwrap_or(&table).get_ref() {
        // The span of a section is its header, which may come after its keys.
        let (start, end) = (text.line(key.span().start), text.line(value.span().end));
        let is_whole = broken.range(start.min(end)..=start.max(end)).next().is_none();
        if is_whole && !reader.merged.iter().any(|name| name == key.get_ref()) {
            reader.entry(key.get_ref(), key.span().start, value);
        }
    }
    reader.finish()
}

struct Reader<'a> {
    text: &'a SourceText<'a>,
    file: AnswerFile,
    /// With the byte offset, to sort them in the order of the file.
    problems: Vec<(usize, Problem)>,
    /// Keys that the parser merged with a section of the same name: nobody wrote their present values.
    merged: Vec<String>,
}

impl Reader<'_> {
    /// Reports what the parser does not understand. Returns whether it is a duplicate key.
    fn syntax(&mut self, error: &toml::de::Error, at: usize, table: &DeTable<'_>) -> bool {
        let is_duplicate = error.message().starts_with("duplicate key");
        if self.problems.len() > MAX_PROBLEMS {
            return is_duplicate;
        }
        if is_duplicate {
            let name = self.text.part(error.span().unwrap_or_default());
            let first = table.iter().find(|(key, _)| key.get_ref() == name.trim_matches(['"', '\'']));
            let field = first.and_then(|(key, _)| FieldId::from_id(key.get_ref()));
            // A section replaces an earlier key of its name; then which one came first is unknown.
            self.merged.extend(first.filter(|(key, _)| key.span().start >= at).map(|(key, _)| key.get_ref().to_string()));
            let first = first.filter(|(key, _)| key.span().start < at);
            let before = first.map(|(key, _)| format!(", first in line {}", self.text.line(key.span().start)));
            let says = format!("`{}` is there twice{}.", short(name), before.unwrap_or_default());
            self.push(at, field, says, "Keep one of them.");
            return true;
        }
        let field = self.text.key_of_line(self.text.line(at)).and_then(FieldId::from_id);
        let (says, fix) = match self.text.whole_line(self.text.line(at)).and_then(lookalike::find) {
            Some(character) => (format!("this is not TOML: there is {character}, in this line."), LOOKALIKE_FIX),
            None => explain_syntax(error),
        };
        self.push(at, field, says, fix);
        false
    }

    /// Reads a key and its value.
    fn entry(&mut self, key: &str, at: usize, value: &Spanned<DeValue<'_>>) {
        match (key, FieldId::from_id(key)) {
            (_, Some(field)) if field.is_presettable() => self.field(field, at, value),
            (_, Some(field)) => {
                self.push(at, Some(field), format!("`{key}` cannot be given beforehand."), reason_not_presettable(field));
            }
            ("format", None) => self.format(value),
            ("flow", None) => self.flow(value),
            ("accept", None) => self.accept(value),
            (_, None) => {
                let fix = suggest(key, presettable_fields().map(FieldId::id).chain(HEAD));
                self.push(at, None, format!("unknown key `{}`.", short(key)), fix);
            }
        }
    }

    fn field(&mut self, field: FieldId, at: usize, value: &Spanned<DeValue<'_>>) {
        match read_value(field, value) {
            Ok(source) => self.file.given.push(GivenAnswer { field, source, place: self.text.place(at) }),
            Err(errors) => {
                for error in errors {
                    self.push(error.at, Some(field), error.says, error.fix);
                }
            }
        }
    }

    fn format(&mut self, value: &Spanned<DeValue<'_>>) {
        let at = value.span().start;
        match value.get_ref().as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok()) {
            Some(FORMAT) => {}
            Some(other) => {
                let says = format!("the file has format {other}, and this program knows {FORMAT} only.");
                self.push(at, None, says, "Use the program that the file was made for, or a later one.");
            }
            None => self.push(at, None, "`format` must be a whole number.", format!("Write format = {FORMAT}, or leave it out.")),
        }
    }

    fn flow(&mut self, value: &Spanned<DeValue<'_>>) {
        let at = value.span().start;
        let flow = value.get_ref().as_str().and_then(|id| FLOWS.into_iter().find(|flow| flow.id() == id));
        if let Some(flow) = flow {
            self.file.flow = Some((flow, self.text.place(at)));
        } else {
            let fix = suggest(value.get_ref().as_str().unwrap_or_default(), FLOWS.map(Flow::id));
            self.push(at, None, "`flow` must be \"first-node\" or \"join\".", fix);
        }
    }

    fn accept(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Array(names) = value.get_ref() else {
            let fix = "Write accept = [\"check-name\"].";
            return self.push(value.span().start, None, "`accept` must be a list of names of checks.", fix);
        };
        for name in names {
            let at = name.span().start;
            match name.get_ref().as_str().map(|id| CheckId::from_id(id).ok_or(id)) {
                Some(Ok(check)) => self.file.accept.push(check),
                Some(Err(id)) => self.push(at, None, format!("there is no check `{}`.", short(id)), suggest_check(id)),
                None => {
                    let says = format!("a check's name must be a text, and is {}.", value_kind(name.get_ref()));
                    self.push(at, None, says, "Write accept = [\"check-name\"].");
                }
            }
        }
    }

    fn push(&mut self, at: usize, field: Option<FieldId>, says: impl Into<String>, fix: impl Into<String>) {
        if self.problems.len() <= MAX_PROBLEMS {
            self.problems.push((at, Problem::stop(Some(self.text.place(at)), field, says, fix)));
        }
    }

    fn finish(mut self) -> AnswerFile {
        self.problems.sort_by_key(|(at, _)| *at);
        let has_more = self.problems.len() > MAX_PROBLEMS;
        self.problems.truncate(MAX_PROBLEMS);
        self.file.problems = self.problems.into_iter().map(|(_, problem)| problem).collect();
        if has_more {
            let place = Some(AnswerPlace::File(self.text.file.clone()));
            let fix = "Fix these first; is this the right file?";
            self.file.problems.push(Problem::stop(place, None, "there is more that is wrong with this file.", fix));
        }
        self.file
    }
}

/// A problem of a value. Never repeats the value: it may be a password in the wrong line.
struct ValueError {
    /// A byte offset in the text.
    at: usize,
    says: String,
    fix: String,
}

/// The keys of the table that says where an answer comes from. The last two are for secrets only: a run without a screen does not
/// ask for what can be written down.
const SOURCE_KEYS: [&str; 5] = ["env", "file", "command", "stdin", "prompt"];

/// Returns the keys of the table that may replace a value of this field.
pub(super) fn source_keys(field: FieldId) -> &'static [&'static str] {
    if field.is_secret() { &SOURCE_KEYS } else { &SOURCE_KEYS[..3] }
}

/// Reads a field's value. Accepts quoted numbers and toggles, because templates of other tools quote everything.
fn read_value(field: FieldId, value: &Spanned<DeValue<'_>>) -> Result<AnswerSource, Vec<ValueError>> {
    let text = match (value.get_ref(), field.kind()) {
        (DeValue::String(text), Kind::Secret) => return Ok(AnswerSource::Clear(SecretString::from(text.as_ref()))),
        (DeValue::String(text), _) => text.to_string(),
        (DeValue::Boolean(on), Kind::Toggle) => on.to_string(),
        // Keeps a number that is too large as it is written: judging refuses it like any other malformed answer.
        (DeValue::Integer(number), Kind::Number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| number.to_string(), |number| number.to_string())
        }
        (DeValue::Table(table), _) => return read_source(field, table, value.span().start),
        (other, _) => {
            let says = format!("`{}` must be {}, and is {}.", field.id(), expected(field), value_kind(other));
            return Err(vec![ValueError { at: value.span().start, says, fix: how_to_write(field) }]);
        }
    };
    Ok(AnswerSource::Text(text))
}

/// Reads where an answer comes from: a table of exactly one key.
fn read_source(field: FieldId, table: &DeTable<'_>, at: usize) -> Result<AnswerSource, Vec<ValueError>> {
    let id = field.id();
    let mut errors = Vec::new();
    let mut found = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if !source_keys(field).contains(&name) {
            let says = if SOURCE_KEYS.contains(&name) {
                format!("`{id}` is no secret, and cannot come from `{name}`.")
            } else {
                format!("unknown key `{}` in `{id}`.", short(name))
            };
            let fix = suggest(name, source_keys(field).iter().copied());
            errors.push(ValueError { at: key.span().start, says, fix });
            continue;
        }
        match source(name, value.get_ref()) {
            Ok(source) => found.push(source),
            Err(must) => {
                let says = format!("`{name}` of `{id}` must be {must}.");
                errors.push(ValueError { at: value.span().start, says, fix: source_example(name).to_owned() });
            }
        }
    }
    match (errors.is_empty(), found.len()) {
        (false, _) => Err(errors),
        (true, 1) => found.pop().ok_or_else(Vec::new),
        (true, count) => {
            let says = if count == 0 {
                format!("`{id}` does not say where it comes from.")
            } else {
                format!("`{id}` says more than one place where it comes from.")
            };
            Err(vec![ValueError { at, says, fix: how_to_write(field) }])
        }
    }
}

/// Reads one key of such a table. The error says what its value must be.
fn source(name: &str, value: &DeValue<'_>) -> Result<AnswerSource, &'static str> {
    match (name, value) {
        ("env", DeValue::String(name)) if is_variable_name(name) => Ok(AnswerSource::Env(name.to_string())),
        ("env", _) => Err("the name of an environment variable, in quotes"),
        ("file", DeValue::String(path)) if !path.trim().is_empty() && !path.contains('\0') => {
            Ok(AnswerSource::File(PathBuf::from(path.as_ref())))
        }
        ("file", _) => Err("the path of a file, in quotes"),
        ("command", DeValue::Array(words)) => {
            let words: Option<Vec<String>> = words.iter().map(|word| Some(word.get_ref().as_str()?.to_owned())).collect();
            words.filter(|words| is_command(words)).map(AnswerSource::Command).ok_or("a list of texts, the program first")
        }
        ("command", _) => Err("a list of texts, the program first; no shell reads it"),
        ("stdin", DeValue::Boolean(true)) => Ok(AnswerSource::Stdin),
        ("prompt", DeValue::Boolean(true)) => Ok(AnswerSource::Prompt),
        _ => Err("true"),
    }
}

fn is_variable_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(['=', '\0'])
}

fn is_command(words: &[String]) -> bool {
    words.first().is_some_and(|program| !program.trim().is_empty()) && words.iter().all(|word| !word.contains('\0'))
}

/// Shows how to write a source.
fn source_example(name: &str) -> &'static str {
    match name {
        "env" => "Write { env = \"NAME\" }.",
        "file" => "Write { file = \"/path/to/file\" }.",
        "command" => "Write { command = [\"program\", \"argument\"] }.",
        "stdin" => "Write { stdin = true }.",
        _ => "Write { prompt = true }.",
    }
}

/// Names what a field takes.
fn expected(field: FieldId) -> &'static str {
    match field.kind() {
        Kind::Text | Kind::Choice(_) => "a text in quotes",
        Kind::Path => "a path in quotes",
        Kind::Number => "a whole number",
        Kind::Toggle => "true or false",
        Kind::Secret => "where the secret comes from",
    }
}

/// Shows how to write a field.
fn how_to_write(field: FieldId) -> String {
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

/// Names the type of a value; never the value.
fn value_kind(value: &DeValue<'_>) -> &'static str {
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

/// Returns a key from outside, safe to show and shortened.
pub(super) fn short(name: &str) -> String {
    let clean = Untrusted::new(name);
    match clean.as_str().char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &clean.as_str()[..end]),
        None => clean.to_string(),
    }
}

/// An answer file's name and text, for finding lines and columns.
#[derive(Debug)]
struct SourceText<'a> {
    file: &'a Untrusted,
    whole: &'a str,
    /// The beginning of each line: a megabyte of nonsense has an error in every line, and none may search for its line from the top.
    starts: Vec<usize>,
}

impl<'a> SourceText<'a> {
    fn new(file: &'a Untrusted, text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, whole: text, starts }
    }

    /// Returns the place of a byte; past the end, that of the end.
    fn place(&self, at: usize) -> AnswerPlace {
        let line = self.line(at);
        let mut at = at.min(self.whole.len());
        while !self.whole.is_char_boundary(at) {
            at -= 1;
        }
        let column = self.part(self.starts[line - 1]..at).chars().count() + 1;
        AnswerPlace::Line { file: self.file.clone(), line, column }
    }

    /// Returns the line of a byte, from 1.
    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).max(1)
    }

    /// Returns a line without its end.
    fn whole_line(&self, line: usize) -> Option<&str> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        self.whole.get(start..)?.lines().next()
    }

    /// Returns the word before the first `=` of a line, which may be a key.
    fn key_of_line(&self, line: usize) -> Option<&str> {
        let (key, _) = self.whole_line(line)?.split_once('=')?;
        Some(key.trim().trim_matches(['"', '\'']))
    }

    /// Returns the text with these lines blanked; every other byte stays at its place.
    fn without(&self, lines: &BTreeSet<usize>) -> String {
        let mut text = String::with_capacity(self.whole.len());
        for (before, line) in self.whole.split_inclusive('\n').enumerate() {
            if lines.contains(&(before + 1)) {
                text.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            } else {
                text.push_str(line);
            }
        }
        text
    }

    /// Returns a part of the text; an empty one if there is no such part.
    fn part(&self, span: Range<usize>) -> &str {
        self.whole.get(span).unwrap_or_default()
    }
}

/// Explains what is not TOML to people who do not know TOML, and says what to do. Never repeats the text.
fn explain_syntax(error: &toml::de::Error) -> (String, &'static str) {
    let message = error.message().lines().next().unwrap_or_default().trim_end_matches('.');
    let (summary, _) = message.split_once(", expected ").unwrap_or((message, ""));
    let is_empty = error.span().is_none_or(|span| span.is_empty());
    let (says, fix) = match summary {
        "string values must be quoted" if is_empty => ("nothing stands after the equals sign", LINE_FIX),
        "string values must be quoted" => ("a text must stand in quotes", LINE_FIX),
        "key with no value" => ("a key without an equals sign and a value", LINE_FIX),
        "invalid basic string" | "invalid literal string" => ("the quote at the end is missing", LINE_FIX),
        other if other.contains("escape") => ("a backslash in double quotes begins an escape, and this is none", BACKSLASH_FIX),
        other => (other, LINE_FIX),
    };
    (format!("this is not TOML: {says}."), fix)
}

const LINE_FIX: &str = "A line is a key, an equals sign and a value; a text stands in quotes: server = 'sql01,1433'.";
const LOOKALIKE_FIX: &str =
    "Type the line anew in a plain editor: an editor or a web page has put it in place of what was typed.";
const BACKSLASH_FIX: &str =
    "Write the backslash twice, or take single quotes, in which it stands for itself: home = 'C:\\Octopus'.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let file = Untrusted::new("a.toml");
        let text = SourceText::new(&file, "a = 1\nä = 2\n");
        let place = |at| text.place(at).to_string();
        assert_eq!(place(0), "a.toml, line 1, column 1");
        assert_eq!(place(6), "a.toml, line 2, column 1");
        assert_eq!(place(7), "a.toml, line 2, column 1", "within a character");
        assert_eq!(place(9), "a.toml, line 2, column 3");
        assert_eq!(place(999), "a.toml, line 3, column 1");
        assert_eq!(text.key_of_line(2), Some("ä"));
        assert_eq!(text.key_of_line(0), None);
        assert_eq!(text.without(&BTreeSet::from([2])), "a = 1\n      \n");
    }
}
