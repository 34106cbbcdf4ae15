//! The form of answers: what is wrong with a field's text by itself, before anything is looked up.

use crate::model::answers::Answers;
use crate::model::field::FieldId;

/// Whether a field is asked at all with these answers: a CA file only where trust is by CA file, and so on.
pub fn is_visible(_field: FieldId, _answers: &Answers) -> bool {
    true
}

/// What is wrong with a field's text, as a sentence that says what to type; `None` when its form is good.
pub fn problem(_field: FieldId, _answers: &Answers) -> Option<String> {
    None
}

/// Whether a field has no answer but needs one.
pub fn is_missing(_field: FieldId, _answers: &Answers) -> bool {
    false
}
