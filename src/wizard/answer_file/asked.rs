//! With which other answer a field is asked at all, in words: found by trying, so that it cannot differ from the form.

use crate::catalog::form;
use crate::model::answers::{Answers, Origin, Raw};
use crate::model::field::{FieldId, Kind};
use crate::model::platform::Platform;

/// The choice that decides whether a field is asked, and its values with which it is; `None` where it is always asked.
pub fn only_with(field: FieldId) -> Option<(FieldId, Vec<&'static str>)> {
    let shown = |by: FieldId, value: &str| {
        let mut answers = Answers::new(Platform::Linux);
        answers.set(by, Raw::of(by, value), Origin::Typed);
        form::is_visible(field, &answers)
    };
    FieldId::ALL.into_iter().find_map(|by| {
        let Kind::Choice(values) = by.kind() else { return None };
        let with: Vec<&'static str> = values.iter().copied().filter(|value| shown(by, value)).collect();
        (with.len() < values.len() && !with.is_empty()).then_some((by, with))
    })
}

/// The same as a part of a sentence: `trust = "ca-file"`.
pub fn only_with_words(field: FieldId) -> Option<String> {
    if let Some((by, values)) = only_with(field) {
        return Some(format!("{} = \"{}\"", by.id(), values.join("\" or \"")));
    }
    only_with_an_answer_to(field).map(|by| by.id().to_owned())
}

/// The field without whose answer, whatever it is, this one is not asked.
pub fn only_with_an_answer_to(field: FieldId) -> Option<FieldId> {
    let mut answers = Answers::new(Platform::Linux);
    if form::is_visible(field, &answers) {
        return None;
    }
    FieldId::ALL.into_iter().filter(|by| by.kind() == Kind::Text && by.default().is_empty()).find(|by| {
        answers = Answers::new(Platform::Linux);
        answers.set(*by, Raw::of(*by, "x"), Origin::Typed);
        form::is_visible(field, &answers)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_a_field_is_found() {
        assert_eq!(only_with_words(FieldId::CaFile).as_deref(), Some("trust = \"ca-file\""));
        assert_eq!(only_with_words(FieldId::AdminEmail).as_deref(), Some("admin-user"));
        assert_eq!(only_with_words(FieldId::Server), None);
        assert_eq!(only_with_words(FieldId::ServiceUser).as_deref(), Some("service-account = \"custom\" or \"managed\""));
        let some: Vec<FieldId> = FieldId::ALL.into_iter().filter(|field| only_with(*field).is_some()).collect();
        let mut wanted = vec![FieldId::ServiceUser, FieldId::ServicePassword, FieldId::CaFile, FieldId::Fingerprint];
        wanted.push(FieldId::StorageRoot);
        wanted.extend(crate::model::storage::SharedFolder::ALL.map(crate::model::storage::SharedFolder::field));
        wanted.push(FieldId::OctopusServer);
        assert_eq!(some, wanted);
    }
}
