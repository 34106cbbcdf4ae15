//! With which other answer a field is asked at all, in words.

use crate::catalog::settings::OnlyWith;
use crate::model::field::FieldId;

/// The other answer that a field depends on, as a part of a sentence: `trust = "ca-file"`; `None` where it is always asked.
pub fn only_with_words(field: FieldId) -> Option<String> {
    match field.setting().only_with {
        OnlyWith::Any => None,
        OnlyWith::Values(by, values) => Some(format!("{} = \"{}\"", by.id(), values.join("\" or \""))),
        OnlyWith::Answered(by) => Some(by.id().to_owned()),
    }
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
    }
}
