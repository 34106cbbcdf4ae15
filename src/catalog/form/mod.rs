//! The form of answers: what is wrong with a field's text by itself, before any survey.
//!
//! It knows the other answers but no flow: [`super::flow`] says which fields a flow asks.

pub mod read;

use crate::catalog::settings::OnlyWith;
use crate::model::answers::Answers;
use crate::model::choice;
use crate::model::field::{FieldId, Kind};
use crate::model::odd_characters::OddCharacter;

/// Whether a field is asked at all with these answers: a CA file only where trust is by CA file, and so on.
pub fn is_visible(field: FieldId, answers: &Answers) -> bool {
    match field.setting().only_with {
        OnlyWith::Any => true,
        OnlyWith::Values(by, values) => {
            // An unknown value of the choice is reported there, and counts as the default until it is fixed.
            let text = Some(answers.trimmed(by)).filter(|text| by.setting().values().contains(text));
            values.contains(&text.unwrap_or(by.default()))
        }
        OnlyWith::Answered(by) => !answers.trimmed(by).is_empty(),
    }
}

/// Says in a sentence what to type instead of a field's text; `None` if its form is good or the field is not asked. A missing
/// answer is a problem too.
pub fn problem(field: FieldId, answers: &Answers) -> Option<String> {
    if !is_visible(field, answers) {
        return None;
    }
    match field.kind() {
        Kind::Choice(values) => {
            let good = values.contains(&answers.trimmed(field));
            (!good).then(|| format!("Choose one of {}.", values.join(", ")))
        }
        Kind::Toggle => {
            let good = choice::toggled(answers.trimmed(field)).is_some();
            (!good).then(|| "Choose true or false.".into())
        }
        Kind::Text | Kind::Path | Kind::Number => {
            let odd = OddCharacter::find(answers.text(field)).map(|odd| odd.to_string());
            odd.or_else(|| (field.setting().problem)(answers))
        }
        Kind::Secret => (field.setting().problem)(answers),
    }
}

/// Whether a field has no answer but needs one.
pub fn is_missing(field: FieldId, answers: &Answers) -> bool {
    let needed = match field {
        FieldId::ServicePassword => read::needs_service_password(answers.platform()),
        _ => !field.is_optional(),
    };
    let empty = if field.is_secret() { answers.get(field).raw.is_empty() } else { answers.trimmed(field).is_empty() };
    needed && empty && is_visible(field, answers)
}

#[cfg(test)]
mod tests;
