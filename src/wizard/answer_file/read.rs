//! What an answer file says: strictly, and everything that is wrong with it at once.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::spot::Text;
use super::value::{self, short};
use super::{near, syntax};
use crate::model::answers::{AnswerPlace, GivenAnswer, Problem};
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::untrusted::Untrusted;

/// The format that we write and read.
pub const FORMAT: i64 = 1;

/// The keys that are no fields.
pub const HEAD: [&str; 3] = ["format", "flow", "accept"];

/// The flows that answers are for.
pub const FLOWS: [Flow; 2] = [Flow::FirstNode, Flow::Join];

/// The most problems that are told of one file: what is no answer file at all has thousands.
const MOST: usize = 50;

/// What an answer file says.
#[derive(Debug, Default)]
pub struct AnswerFile {
    /// The flow that it is for, and where that is said.
    pub flow: Option<(Flow, AnswerPlace)>,
    /// Checks whose warnings are accepted.
    pub accept: Vec<CheckId>,
    /// The answers, in the order of the file.
    pub given: Vec<GivenAnswer>,
    /// What is wrong with it, in the order of the file.
    pub problems: Vec<Problem>,
}

/// Reads the text of an answer file. The file's name is for places only.
pub fn read(file: &Untrusted, text: &str) -> AnswerFile {
    // No editor counts the mark as a column.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let text = Text::new(file, text);
    // What the parser made of a line that it did not understand is not worth a second complaint.
    let mut broken = BTreeSet::new();
    let mut reader = Reader { text: &text, said: AnswerFile::default(), wrong: Vec::new(), merged: Vec::new() };
    for error in &errors {
        let at = error.span().map_or(text.whole.len(), |span| span.start);
        if !reader.syntax(error, at, table.get_ref()) {
            broken.insert(text.line(at));
        }
    }
    // A key without a value takes the next line with it, so what is not understood goes, and the rest is parsed by itself.
    let mended = Zeroizing::new(if broken.is_empty() { String::new() } else { text.without(&broken) });
    let again = (!broken.is_empty()).then(|| DeTable::parse_recoverable(&mended).0);
    for (key, value) in again.as_ref().unwrap_or(&table).get_ref() {
        // A section's span is its head, which may stand after its keys.
        let (one, two) = (text.line(key.span().start), text.line(value.span().end));
        let is_whole = broken.range(one.min(two)..=one.max(two)).next().is_none();
        if is_whole && !reader.merged.iter().any(|name| name == key.get_ref()) {
            reader.entry(key.get_ref(), key.span().start, value);
        }
    }
    reader.finish()
}

struct Reader<'a> {
    text: &'a Text<'a>,
    said: AnswerFile,
    /// With the byte where it is, to tell them in the order of the file.
    wrong: Vec<(usize, Problem)>,
    /// Keys that a section of the same name was mixed into: what they say now, nobody has written.
    merged: Vec<String>,
}

impl Reader<'_> {
    /// Takes what the parser does not understand; whether it is a key that is there twice.
    fn syntax(&mut self, error: &toml::de::Error, at: usize, table: &DeTable<'_>) -> bool {
        let is_twice = error.message().starts_with("duplicate key");
        if self.wrong.len() > MOST {
            return is_twice;
        }
        if is_twice {
            let name = self.text.part(error.span().unwrap_or_default());
            let first = table.iter().find(|(key, _)| key.get_ref() == name.trim_matches(['"', '\'']));
            let field = first.and_then(|(key, _)| FieldId::from_id(key.get_ref()));
            // A section takes the place of the key before it; then which came first is not known any more.
            self.merged.extend(first.filter(|(key, _)| key.span().start >= at).map(|(key, _)| key.get_ref().to_string()));
            let first = first.filter(|(key, _)| key.span().start < at);
            let before = first.map(|(key, _)| format!(", first in line {}", self.text.line(key.span().start)));
            let says = format!("`{}` is there twice{}.", short(name), before.unwrap_or_default());
            self.push(at, field, says, "Keep one of them.");
            return true;
        }
        let field = self.text.key_of_line(self.text.line(at)).and_then(FieldId::from_id);
        let (says, fix) = syntax::explain(error);
        self.push(at, field, says, fix);
        false
    }

    /// Takes a key and its value.
    fn entry(&mut self, key: &str, at: usize, value: &Spanned<DeValue<'_>>) {
        match (key, FieldId::from_id(key)) {
            (_, Some(field)) if field.is_presettable() => self.field(field, at, value),
            (_, Some(field)) => self.push(at, Some(field), format!("`{key}` cannot be given beforehand."), why_not(field)),
            ("format", None) => self.format(value),
            ("flow", None) => self.flow(value),
            ("accept", None) => self.accept(value),
            (_, None) => {
                let fields = FieldId::ALL.into_iter().filter(|field| field.is_presettable()).map(FieldId::id);
                let fix = near::instead(key, fields.chain(HEAD));
                self.push(at, None, format!("unknown key `{}`.", short(key)), fix);
            }
        }
    }

    fn field(&mut self, field: FieldId, at: usize, value: &Spanned<DeValue<'_>>) {
        match value::read(field, value) {
            Ok(source) => self.said.given.push(GivenAnswer { field, source, place: self.text.place(at) }),
            Err(wrong) => {
                for wrong in wrong {
                    self.push(wrong.at, Some(field), wrong.says, wrong.fix);
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
            self.said.flow = Some((flow, self.text.place(at)));
        } else {
            let fix = near::instead(value.get_ref().as_str().unwrap_or_default(), FLOWS.map(Flow::id));
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
                Some(Ok(check)) => self.said.accept.push(check),
                Some(Err(id)) => self.push(at, None, format!("there is no check `{}`.", short(id)), checks_like(id)),
                None => {
                    let says = format!("a check's name must be a text, and is {}.", value::kind(name.get_ref()));
                    self.push(at, None, says, "Write accept = [\"check-name\"].");
                }
            }
        }
    }

    fn push(&mut self, at: usize, field: Option<FieldId>, says: impl Into<String>, fix: impl Into<String>) {
        if self.wrong.len() <= MOST {
            self.wrong.push((at, Problem::stop(Some(self.text.place(at)), field, says, fix)));
        }
    }

    fn finish(mut self) -> AnswerFile {
        self.wrong.sort_by_key(|(at, _)| *at);
        let more = self.wrong.len() > MOST;
        self.wrong.truncate(MOST);
        self.said.problems = self.wrong.into_iter().map(|(_, problem)| problem).collect();
        if more {
            let place = Some(AnswerPlace::File(self.text.file.clone()));
            let fix = "Fix these first; is this the right file?";
            self.said.problems.push(Problem::stop(place, None, "there is more that is wrong with this file.", fix));
        }
        self.said
    }
}

/// What to do about a check that is not known.
pub fn checks_like(id: &str) -> String {
    match near::nearest(id, CheckId::ALL.into_iter().map(CheckId::id)) {
        Some(nearest) => format!("Did you mean `{nearest}`?"),
        None => "A check's name stands before what it says.".to_owned(),
    }
}

/// Why a field is for people only, and what there is instead.
pub fn why_not(field: FieldId) -> &'static str {
    match field {
        FieldId::KeyProof | FieldId::KeyConfirm => {
            "It is a person's own proof. Without a screen, `key-file` says where the new master key is kept."
        }
        _ => "It says where an interactive run keeps its answers, and these are them already. Leave it out.",
    }
}
