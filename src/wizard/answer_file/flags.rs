//! Answers that flags give, and variables that give none.

use std::path::PathBuf;

use super::near;
use super::read::why_not;
use super::value::short;
use super::{flag, judge::SET};
use crate::model::answers::{AnswerPlace, AnswerSource, GivenAnswer, Problem};
use crate::model::field::FieldId;

/// Reads `--set field=value`. Nothing of the value is ever repeated.
pub fn set(text: &str) -> Result<GivenAnswer, Problem> {
    let place = AnswerPlace::Flag(SET.to_owned());
    let stop = |field, says: String, fix: &str| Problem::stop(Some(place.clone()), field, says, fix);
    let Some((key, value)) = text.split_once('=') else {
        return Err(stop(None, format!("{SET} wants a field and its value."), "Write it as --set node-name=web02."));
    };
    let key = key.trim();
    match FieldId::from_id(key) {
        Some(field) if !field.is_presettable() => {
            Err(stop(Some(field), format!("`{key}` cannot be given beforehand."), why_not(field)))
        }
        Some(field) if field.is_secret() => Err(Problem { place: Some(place), ..in_clear(field) }),
        Some(field) => Ok(GivenAnswer { field, source: AnswerSource::Text(value.to_owned()), place }),
        None => {
            let fields = FieldId::ALL.into_iter().filter(|field| field.is_presettable()).map(FieldId::id);
            Err(stop(None, format!("{SET}: unknown field `{}`.", short(key)), &near::instead(key, fields)))
        }
    }
}

/// That a secret was written on the command line.
pub fn in_clear(field: FieldId) -> Problem {
    let place = AnswerPlace::Flag(format!("--{}", field.id()));
    let says = format!("`{}` is a secret, and a command line is for everybody to read.", field.id());
    Problem::stop(Some(place), Some(field), says, ways(field))
}

/// Reads what stands after a secret's flag: `env:NAME`, `file:PATH`, `stdin` or `prompt`. What is none of them may be the
/// secret itself, and is not repeated.
pub fn secret_from(field: FieldId, text: &str) -> Result<GivenAnswer, Problem> {
    let place = AnswerPlace::Flag(flag(field));
    let source = match text.split_once(':') {
        Some(("env", name)) if !name.trim().is_empty() && !name.contains('=') => AnswerSource::Env(name.to_owned()),
        Some(("file", path)) if !path.is_empty() => AnswerSource::File(PathBuf::from(path)),
        None if text == "stdin" => AnswerSource::Stdin,
        None if text == "prompt" => AnswerSource::Prompt,
        _ => {
            let says = format!("{} wants the place where the secret is to be had, not the secret.", flag(field));
            return Err(Problem::stop(Some(place), Some(field), says, ways(field)));
        }
    };
    Ok(GivenAnswer { field, source, place })
}

/// An answer by its own flag, which is not for secrets.
pub fn own(field: FieldId, text: &str) -> GivenAnswer {
    GivenAnswer { field, source: AnswerSource::Text(text.to_owned()), place: AnswerPlace::Flag(flag(field)) }
}

/// How a secret is given.
fn ways(field: FieldId) -> String {
    let flag = flag(field);
    format!("Write {flag} env:NAME, {flag} file:PATH, {flag} stdin or {flag} prompt, or set {}.", field.variable())
}

/// The variables of ours that are no fields; one of them is for the compose files that we write.
const OTHERS: [&str; 8] =
    ["STATE_DIR", "LOG", "DEPTH", "PASSWORD_DOUBLED", "REHEARSE_PANIC", "TEST_PROGRAM", "TEST_SQLSERVER", "REQUIRE_CLIENTS"];

/// Whether a variable is named as those that answer fields, and is none that has another use.
pub fn is_ours(name: &str) -> bool {
    name.strip_prefix(FieldId::VARIABLES).is_some_and(|rest| !OTHERS.contains(&rest))
}

/// What is to be said of a variable by its name, where it looks like one of ours and answers nothing.
pub fn variable(name: &str) -> Option<Problem> {
    let rest = name.strip_prefix(FieldId::VARIABLES)?;
    let place = Some(AnswerPlace::Variable(short(name)));
    if OTHERS.contains(&rest) {
        return None;
    }
    let field = FieldId::ALL.into_iter().find(|field| field.variable() == name);
    if let Some(field) = field {
        let says = || format!("`{}` cannot be given beforehand, so this variable is ignored.", field.id());
        return (!field.is_presettable()).then(|| Problem::warn(place, Some(field), says(), why_not(field)));
    }
    let known: Vec<String> = FieldId::ALL
        .into_iter()
        .filter(|field| field.is_presettable())
        .map(FieldId::variable)
        .chain(OTHERS.map(|other| format!("{}{other}", FieldId::VARIABLES)))
        .collect();
    // Without what all of them begin with, which would make any two of them alike.
    let tails = known.iter().filter_map(|name| name.strip_prefix(FieldId::VARIABLES));
    let fix = near::nearest(rest, tails).map(|near| format!("Did you mean {}{near}?", FieldId::VARIABLES));
    Some(Problem::warn(place, None, "no field has this variable, so it is ignored.", fix.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(problem: &Problem) -> String {
        let place = problem.place.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{place}: {} {}", problem.says, problem.fix)
    }

    #[test]
    fn a_field_is_set() {
        let given = set("node-name=a=b").expect("set");
        assert_eq!((given.field, format!("{:?}", given.source)), (FieldId::NodeName, "Text(\"a=b\")".into()));
        assert!(set("key-file=").is_ok(), "to nothing, too");
    }

    #[test]
    fn what_cannot_be_set_is_told_without_the_value() {
        for (text, part) in [
            ("hunter2", "--set wants a field and its value."),
            ("pasword=hunter2", "unknown field `pasword`. Did you mean `password`?"),
            (
                "password=hunter2",
                "`password` is a secret, and a command line is for everybody to read. Write --password-from env:NAME",
            ),
            ("key-proof=hunter2", "cannot be given beforehand"),
            ("flow=hunter2", "unknown field `flow`. Known are instance, "),
        ] {
            let problem = set(text).expect_err("refused");
            assert!(told(&problem).contains(part) && !told(&problem).contains("hunter2"), "{text}: {}", told(&problem));
        }
    }

    #[test]
    fn a_secrets_flag_names_a_place() {
        let source = |text| secret_from(FieldId::Password, text).map(|given| format!("{:?}", given.source)).map_err(|p| told(&p));
        assert_eq!(source("env:X").as_deref(), Ok("Env(\"X\")"));
        assert_eq!(source("file:C:\\x y").as_deref(), Ok("File(\"C:\\\\x y\")"));
        assert_eq!(source("stdin").as_deref(), Ok("Stdin"));
        assert_eq!(source("prompt").as_deref(), Ok("Prompt"));
        for text in ["hunter2", "env:", "file:", "hunter2:x", "stdin:hunter2", ""] {
            let told = source(text).expect_err("refused");
            assert!(told.starts_with("--password-from: ") && told.contains("--password-from file:PATH"), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_variable_that_answers_nothing_is_told() {
        let said = |name| variable(name).as_ref().map(told);
        for name in [
            "PATH",
            "OCTOPUS_SETUP_NODE_NAME",
            "OCTOPUS_SETUP_STATE_DIR",
            "OCTOPUS_SETUP_LOG",
            "OCTOPUS_SERVER",
            crate::render::compose::PASSWORD_VARIABLE,
        ] {
            assert_eq!(said(name), None);
        }
        let told = said("OCTOPUS_SETUP_PASWORD").unwrap_or_default();
        assert!(told.starts_with("environment variable OCTOPUS_SETUP_PASWORD: no field has"), "{told}");
        assert!(told.ends_with("Did you mean OCTOPUS_SETUP_PASSWORD?"), "{told}");
        assert!(said("OCTOPUS_SETUP_KEY_PROOF").unwrap_or_default().contains("cannot be given beforehand"));
        assert!(said("OCTOPUS_SETUP_XYZZY").unwrap_or_default().ends_with("ignored. "));
        assert_eq!(variable("OCTOPUS_SETUP_X").map(|p| p.severity), Some(crate::model::finding::Severity::Warn));
    }
}
