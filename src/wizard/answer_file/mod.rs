//! Answer files: the answers of a flow as TOML, with one key for each field, named by the field's id.
//!
//! Everything here comes from the fields' one table and the words of the screens.

pub mod flags;
mod judge;
mod read;
mod schema;
mod write;

use crate::catalog::flow as flows;
use crate::catalog::settings::OnlyWith;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::phrase;
use crate::words::{self, FieldWords};

pub use judge::judge;
pub use read::{AnswerFile, read};
pub use schema::schema;
pub use write::{template, write};

/// The format of the files.
const FORMAT: i64 = 1;

/// The flows that answers are for.
pub const FLOWS: [Flow; 2] = [Flow::FirstNode, Flow::Join];

/// Returns whether a flow takes an answer to this field. One that changes a node is told which.
pub fn takes(flow: Flow, field: FieldId) -> bool {
    flows::asks(flow, field) || (flow.changes_a_node() && field == FieldId::Instance)
}

/// The flag that answers any field but secrets.
const SET: &str = "--set";

/// Returns the flag that answers a field. A secret's flag takes a place and never the secret: anyone can read a command line.
pub fn flag(field: FieldId) -> String {
    format!("--{}{}", field.id(), if field.is_secret() { "-from" } else { "" })
}

/// Returns the fields that an answer file, a variable or a flag can answer.
fn presettable_fields() -> impl Iterator<Item = FieldId> + Clone {
    FieldId::ALL.into_iter().filter(|field| field.is_presettable())
}

/// Says why only a person can answer a field, and what to do instead.
fn reason_not_presettable(field: FieldId) -> &'static str {
    match field {
        FieldId::AdminPasswordAgain => "Only who types the password is asked for it twice. Leave it out.",
        FieldId::NodeConfirm => "It is a person's own proof. Without a screen, the command `leave` or `remove` names the node.",
        FieldId::KeyProof | FieldId::KeyConfirm => {
            "It is a person's own proof. Without a screen, `key-file` says where the new master key is kept."
        }
        _ => "It says where an interactive run keeps its answers, and these are them already. Leave it out.",
    }
}

/// Returns a field's words in the first of these flows that asks it.
fn field_words(flows: &[Flow], field: FieldId) -> Option<&'static FieldWords> {
    let screen = flows.iter().find_map(|flow| flows::screen_of(*flow, field))?;
    words::screen(screen).field(field)
}

/// Describes a field in one or two sentences.
pub fn hint(field: FieldId) -> String {
    field_words(&FLOWS, field).map(description).unwrap_or_default()
}

/// Returns the hint, or the beginning of the help where the hint is about keys only.
pub fn description(words: &FieldWords) -> String {
    let hint = plain_text(&words.hint);
    if !hint.is_empty() {
        return hint;
    }
    plain_text(&words.help).split_inclusive(". ").next().unwrap_or_default().trim().to_owned()
}

/// Returns a text of a screen as one paragraph of a file.
fn plain_text(text: &str) -> String {
    phrase::fill(text, phrase::name_in_files).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a field's default as a person would write it; `None` if the field has to be answered.
pub fn default(field: FieldId) -> Option<&'static str> {
    match field {
        _ if field.setting().from_machine => Some("made from this machine"),
        _ if field.is_secret() || field.default().is_empty() => None,
        _ => Some(field.default()),
    }
}

/// Returns the other answer that a field depends on, as a part of a sentence: `trust = "ca-file"`; `None` if it is always asked.
fn dependency(field: FieldId) -> Option<String> {
    match field.setting().only_with {
        OnlyWith::Any => None,
        OnlyWith::Values(by, values) => Some(format!("{} = \"{}\"", by.id(), values.join("\" or \""))),
        OnlyWith::Answered(by) => Some(by.id().to_owned()),
    }
}

#[cfg(test)]
mod tests;
