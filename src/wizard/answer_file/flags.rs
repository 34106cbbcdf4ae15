//! Answers given by flags, and variables that answer nothing.

use std::path::PathBuf;

use super::read::short;
use super::{SET, flag, presettable_fields, reason_not_presettable};
use crate::model::answers::{AnswerPlace, AnswerSource, GivenAnswer, Problem};
use crate::model::field::FieldId;
use crate::model::suggestion::{nearest, suggest};

/// Reads `--set field=value`. Never repeats the value.
pub fn set(text: &str) -> Result<GivenAnswer, Problem> {
    let place = AnswerPlace::Flag(SET.to_owned());
    let stop = |field, says: String, fix: &str| Problem::stop(Some(place.clone()), field, says, fix);
    let Some((key, value)) = text.split_once('=') else {
        return Err(stop(None, format!("{SET} wants a field and its value."), "Write it as --set node-name=web02."));
    };
    let key = key.trim();
    match FieldId::from_id(key) {
        Some(field) if !field.is_presettable() => {
            Err(stop(Some(field), format!("`{key}` cannot be given beforehand."), reason_not_presettable(field)))
        }
        Some(field) if field.is_secret() => Err(Problem { place: Some(place), ..secret_in_clear(field) }),
        Some(field) => Ok(GivenAnswer { field, source: AnswerSource::Text(value.to_owned()), place }),
        None => {
            let fix = suggest(key, presettable_fields().map(FieldId::id));
            Err(stop(None, format!("{SET}: unknown field `{}`.", short(key)), &fix))
        }
    }
}

/// Reports a secret that was written on the command line.
pub fn secret_in_clear(field: FieldId) -> Problem {
    let place = AnswerPlace::Flag(format!("--{}", field.id()));
    let says = format!("`{}` is a secret, and a command line is for everybody to read.", field.id());
    Problem::stop(Some(place), Some(field), says, ways_to_give(field))
}

/// Reads the value of a secret's flag: `env:NAME`, `file:PATH`, `stdin` or `prompt`. Anything else may be the secret itself and is
/// not repeated.
pub fn secret_from(field: FieldId, text: &str) -> Result<GivenAnswer, Problem> {
    let place = AnswerPlace::Flag(flag(field));
    let source = match text.split_once(':') {
        Some(("env", name)) if !name.trim().is_empty() && !name.contains('=') => AnswerSource::Env(name.to_owned()),
        Some(("file", path)) if !path.is_empty() => AnswerSource::File(PathBuf::from(path)),
        None if text == "stdin" => AnswerSource::Stdin,
        None if text == "prompt" => AnswerSource::Prompt,
        _ => {
            let says = format!("{} wants the place where the secret is to be had, not the secret.", flag(field));
            return Err(Problem::stop(Some(place), Some(field), says, ways_to_give(field)));
        }
    };
    Ok(GivenAnswer { field, source, place })
}

/// Returns the answer that a field's own flag gives; not for secrets.
pub fn from_own_flag(field: FieldId, text: &str) -> GivenAnswer {
    GivenAnswer { field, source: AnswerSource::Text(text.to_owned()), place: AnswerPlace::Flag(flag(field)) }
}

/// Says how to give a secret.
fn ways_to_give(field: FieldId) -> String {
    let flag = flag(field);
    format!("Write {flag} env:NAME, {flag} file:PATH, {flag} stdin or {flag} prompt, or set {}.", field.variable())
}

/// This program's variables that answer no field; one of them is for the compose files that it writes.
const OTHER_VARIABLES: [&str; 10] = [
    "STATE_DIR",
    "LOG",
    "DEPTH",
    "CORE_DUMPS",
    "TAKEN_FROM",
    "PASSWORD_DOUBLED",
    "REHEARSE_PANIC",
    "TEST_PROGRAM",
    "TEST_SQLSERVER",
    "REQUIRE_CLIENTS",
];

/// Returns whether a variable has the name of one that answers a field, and no other use.
pub fn may_answer(name: &str) -> bool {
    name.strip_prefix(FieldId::VARIABLES).is_some_and(|rest| !OTHER_VARIABLES.contains(&rest))
}

/// Warns of a variable whose name looks like that of an answer, if it answers nothing.
pub fn unused_variable(name: &str) -> Option<Problem> {
    let rest = name.strip_prefix(FieldId::VARIABLES)?;
    let place = Some(AnswerPlace::Variable(short(name)));
    if OTHER_VARIABLES.contains(&rest) {
        return None;
    }
    let field = FieldId::ALL.into_iter().find(|field| field.variable() == name);
    if let Some(field) = field {
        let says = || format!("`{}` cannot be given beforehand, so this variable is ignored.", field.id());
        return (!field.is_presettable()).then(|| Problem::warn(place, Some(field), says(), reason_not_presettable(field)));
    }
    let known: Vec<String> = presettable_fields()
        .map(FieldId::variable)
        .chain(OTHER_VARIABLES.map(|other| format!("{}{other}", FieldId::VARIABLES)))
        .collect();
    // Compared without their common prefix, which would make any two of them similar.
    let tails = known.iter().filter_map(|name| name.strip_prefix(FieldId::VARIABLES));
    let fix = nearest(rest, tails).map(|name| format!("Did you mean {}{name}?", FieldId::VARIABLES));
    Some(Problem::warn(place, None, "no field has this variable, so it is ignored.", fix.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(problem: &Problem) -> String {
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
    fn what_cannot_be_set_is_reported_without_the_value() {
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
            assert!(shown(&problem).contains(part) && !shown(&problem).contains("hunter2"), "{text}: {}", shown(&problem));
        }
    }

    #[test]
    fn a_secrets_flag_names_a_place() {
        let source = |text| {
            secret_from(FieldId::Password, text).map(|given| format!("{:?}", given.source)).map_err(|problem| shown(&problem))
        };
        assert_eq!(source("env:X").as_deref(), Ok("Env(\"X\")"));
        assert_eq!(source("file:C:\\x y").as_deref(), Ok("File(\"C:\\\\x y\")"));
        assert_eq!(source("stdin").as_deref(), Ok("Stdin"));
        assert_eq!(source("prompt").as_deref(), Ok("Prompt"));
        for text in ["hunter2", "env:", "file:", "hunter2:x", "stdin:hunter2", ""] {
            let refusal = source(text).expect_err("refused");
            assert!(refusal.starts_with("--password-from: ") && refusal.contains("--password-from file:PATH"), "{refusal}");
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }

    #[test]
    fn a_variable_that_answers_nothing_is_reported() {
        let warning = |name| unused_variable(name).as_ref().map(shown);
        for name in [
            "PATH",
            "OCTOPUS_SETUP_NODE_NAME",
            "OCTOPUS_SETUP_STATE_DIR",
            "OCTOPUS_SETUP_LOG",
            "OCTOPUS_SERVER",
            crate::render::compose::PASSWORD_VARIABLE,
        ] {
            assert_eq!(warning(name), None);
        }
        let typo = warning("OCTOPUS_SETUP_PASWORD").unwrap_or_default();
        assert!(typo.starts_with("environment variable OCTOPUS_SETUP_PASWORD: no field has"), "{typo}");
        assert!(typo.ends_with("Did you mean OCTOPUS_SETUP_PASSWORD?"), "{typo}");
        assert!(warning("OCTOPUS_SETUP_KEY_PROOF").unwrap_or_default().contains("cannot be given beforehand"));
        assert!(warning("OCTOPUS_SETUP_XYZZY").unwrap_or_default().ends_with("ignored. "));
        assert_eq!(unused_variable("OCTOPUS_SETUP_X").map(|p| p.severity), Some(crate::model::finding::Severity::Warn));
    }
}
