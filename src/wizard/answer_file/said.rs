//! What the words of the screens say of a field, for those who see no screen.

use crate::catalog::flow as flows;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::phrase;
use crate::words::{self, FieldWords};

use super::read::FLOWS;

/// A field's words in the first of these flows that asks it.
pub fn of(flows: &[Flow], field: FieldId) -> Option<&'static FieldWords> {
    let screen = flows.iter().find_map(|flow| flows::screen_of(*flow, field))?;
    words::screen(screen).field(field)
}

/// What a field is called.
pub fn label(field: FieldId) -> &'static str {
    of(&FLOWS, field).map_or(field.id(), |words| words.label.as_str())
}

/// One sentence or two about a field.
pub fn hint(field: FieldId) -> String {
    of(&FLOWS, field).map(about).unwrap_or_default()
}

/// The hint; the beginning of the help where the hint tells of keys only.
pub fn about(words: &FieldWords) -> String {
    let hint = written(&words.hint);
    if !hint.is_empty() {
        return hint;
    }
    written(&words.help).split_inclusive(". ").next().unwrap_or_default().trim().to_owned()
}

/// A text of a screen as one paragraph of a file.
pub fn written(text: &str) -> String {
    phrase::fill(text, phrase::name_in_files).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a field is when nobody says anything, as a person would write it; `None` where it has to be said.
pub fn default(field: FieldId) -> Option<&'static str> {
    match field {
        _ if field.setting().from_machine => Some("made from this machine"),
        _ if field.is_secret() || field.default().is_empty() => None,
        _ => Some(field.default()),
    }
}

/// The values of a choice, each with what it is called.
pub fn choices(words: &FieldWords, field: FieldId) -> Vec<(&'static str, String)> {
    let Kind::Choice(values) = field.kind() else { return Vec::new() };
    let called = |value: &&'static str| (*value, words.choices.get(*value).cloned().unwrap_or_default());
    values.iter().map(called).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_can_be_given_says_something() {
        for field in FieldId::ALL.into_iter().filter(|field| field.is_presettable()) {
            assert!(hint(field).ends_with('.'), "{}: {:?}", field.id(), hint(field));
        }
    }
}
