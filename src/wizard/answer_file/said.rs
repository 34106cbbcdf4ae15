//! What the words of the screens say of a field, for those who see no screen.

use crate::catalog::flow as flows;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::words::{self, FieldWords};

use super::read::FLOWS;

/// A field's words in the first of these flows that asks it.
pub fn of(flows: &[Flow], field: FieldId) -> Option<&'static FieldWords> {
    let screen = flows.iter().find_map(|flow| flows::screen_of(*flow, field))?;
    words::screen(screen).field(field)
}

/// One sentence or two about a field, without the keys of the screens.
pub fn hint(field: FieldId) -> String {
    of(&FLOWS, field).map(about).unwrap_or_default()
}

/// The hint without keys; the beginning of the help where the hint tells of nothing else.
pub fn about(words: &FieldWords) -> String {
    let hint = without_keys(&words.hint);
    if !hint.is_empty() {
        return hint;
    }
    let help = without_keys(&words.help.replace('\n', " "));
    help.split_inclusive(". ").next().unwrap_or_default().trim().to_owned()
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

/// A text without what it says of keys: a file and a command line have none.
pub fn without_keys(text: &str) -> String {
    let mut kept = Vec::new();
    for sentence in text.split_inclusive(". ").map(|sentence| sentence.trim().trim_end_matches('.')) {
        let clauses: Vec<&str> = sentence.split("; ").filter(|clause| !names_a_key(clause)).collect();
        if !clauses.is_empty() {
            kept.push(clauses.join("; ") + ".");
        }
    }
    kept.join(" ")
}

fn names_a_key(clause: &str) -> bool {
    let is_function = |word: &str| word.strip_prefix('F').is_some_and(|number| number.parse::<u8>().is_ok());
    clause.contains("Left and right") || clause.split(|c: char| !c.is_alphanumeric()).any(is_function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_of_a_screen_is_left() {
        assert_eq!(
            without_keys("Mandatory is right for nearly everybody. Left and right choose."),
            "Mandatory is right for nearly everybody."
        );
        assert_eq!(without_keys("A new file; F7 saves, F8 reads it back."), "A new file.");
        assert_eq!(without_keys("FIPS is fine. So is F."), "FIPS is fine. So is F.");
    }

    #[test]
    fn every_field_that_can_be_given_says_something() {
        for field in FieldId::ALL.into_iter().filter(|field| field.is_given()) {
            assert!(hint(field).ends_with('.'), "{}: {:?}", field.id(), hint(field));
        }
    }
}
