//! Whether answers that were given beforehand are whole: everything that a flow asks, looked at by itself and at once.

use super::near;
use crate::catalog::settings::OnlyWith;
use crate::catalog::{flow as flows, form};
use crate::model::answers::{AnswerPlace, LoadedAnswers, Problem};
use crate::model::field::{FieldId, Kind};
use crate::model::finding::Severity;
use crate::model::flow::Flow;

/// What is wrong with the answers of a flow by themselves, all of it: what was wrong when they were gathered, then each
/// field that is missing or malformed, in the order in which the flow asks, then what was given and is not asked.
pub fn judge(flow: Flow, loaded: &LoadedAnswers) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    for field in FieldId::ALL.into_iter().filter(|field| field.is_presettable() && flows::asks(flow, *field)) {
        // What could not be had has been told already, with its place; what only the run itself can have is not missing.
        if is_refused(field, &problems) || loaded.open.contains(&field) {
            continue;
        }
        if let Some(says) = form::problem(field, &loaded.answers) {
            let place = loaded.places.get(&field).cloned();
            let fix = fix(field, loaded);
            problems.push(Problem::stop(place, Some(field), format!("{}: {says}", field.id()), fix));
        }
    }
    for (field, place) in &loaded.places {
        problems.extend(ignored(flow, *field, place, loaded));
    }
    problems
}

/// Whether what was given for a field is refused already.
fn is_refused(field: FieldId, problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.field == Some(field) && problem.severity == Severity::Stop)
}

/// That an answer is of no use: a slip that costs nothing, but whoever wrote it thought that it did something.
fn ignored(flow: Flow, field: FieldId, place: &AnswerPlace, loaded: &LoadedAnswers) -> Option<Problem> {
    let id = field.id();
    let why = if !flows::asks(flow, field) {
        format!("{id}: {} does not ask this, so it is ignored.", flow.id())
    } else if form::is_visible(field, &loaded.answers) {
        return None;
    } else {
        match field.setting().only_with {
            OnlyWith::Any => return None,
            OnlyWith::Answered(by) => format!("{id}: this counts only with {}, which is not given; so it is ignored.", by.id()),
            OnlyWith::Values(by, values) => {
                let now = loaded.answers.trimmed(by);
                // Where the other answer was not to be had, or is none of its values, that is told, and what follows is
                // not known.
                if !by.setting().values().contains(&now) || is_refused(by, &loaded.problems) {
                    return None;
                }
                let wanted = values.join("\" or \"");
                format!("{id}: this counts only with {} = \"{wanted}\", and that is \"{now}\"; so it is ignored.", by.id())
            }
        }
    };
    Some(Problem::warn(Some(place.clone()), Some(field), why, "Leave it out."))
}

/// What to do about a field whose form is bad: how it is given where it is missing, the nearest value of a choice.
fn fix(field: FieldId, loaded: &LoadedAnswers) -> String {
    if form::is_missing(field, &loaded.answers) {
        return format!("Give it as `{}` in an answer file, by {} or by {}.", field.id(), field.variable(), flag(field));
    }
    match field.kind() {
        Kind::Choice(values) => near::nearest(loaded.answers.trimmed(field), values.iter().copied())
            .map(|nearest| format!("Did you mean `{nearest}`?"))
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// The flag that answers any field but secrets.
pub const SET: &str = "--set";

/// The flag that answers a field. A secret's names a place and never the secret: command lines are for everybody to read.
pub fn flag(field: FieldId) -> String {
    format!("--{}{}", field.id(), if field.is_secret() { "-from" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::samples;
    use crate::model::answers::{AnswerPlace, Origin};

    fn line(line: usize) -> AnswerPlace {
        AnswerPlace::Line { file: "a.toml".into(), line, column: 1 }
    }

    fn told(problems: &[Problem]) -> Vec<String> {
        let place = |problem: &Problem| problem.place.as_ref().map(ToString::to_string).unwrap_or_default();
        problems
            .iter()
            .map(|problem| format!("{:?} {}: {} {}", problem.severity, place(problem), problem.says, problem.fix))
            .collect()
    }

    #[test]
    fn good_answers_get_no_word() {
        let loaded = LoadedAnswers::new(samples::answers());
        assert_eq!(judge(Flow::FirstNode, &loaded), []);
        let loaded = LoadedAnswers::new(samples::joining());
        assert_eq!(judge(Flow::Join, &loaded), []);
    }

    #[test]
    fn everything_that_is_missing_is_told_at_once_with_the_ways_to_give_it() {
        let problems = judge(
            Flow::FirstNode,
            &LoadedAnswers::new(crate::model::answers::Answers::new(crate::model::platform::Platform::Linux)),
        );
        let fields: Vec<_> = problems.iter().filter_map(|problem| problem.field).collect();
        assert_eq!(fields, [FieldId::Home, FieldId::NodeName, FieldId::Server, FieldId::User, FieldId::Password]);
        let password = problems.last().map(|problem| problem.fix.as_str());
        assert_eq!(password, Some("Give it as `password` in an answer file, by OCTOPUS_SETUP_PASSWORD or by --password-from."));
    }

    #[test]
    fn a_malformed_answer_is_told_at_its_place_and_a_warning_of_it_does_not_hide_that() {
        let mut loaded = LoadedAnswers::new(samples::with(&[(FieldId::Password, "a\u{7}b")]));
        loaded.answers.offer(FieldId::Encryption, "strickt", Origin::Typed);
        loaded.places.insert(FieldId::Password, line(3));
        loaded.places.insert(FieldId::Encryption, line(4));
        loaded.problems.push(Problem::warn(Some(line(3)), Some(FieldId::Password), "in clear.", ""));
        let told = told(&judge(Flow::FirstNode, &loaded));
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[1].starts_with("Stop a.toml, line 3, column 1: password: The password holds"), "{told:#?}");
        assert!(told[2].ends_with("Choose one of mandatory, strict, optional. Did you mean `strict`?"), "{told:#?}");
    }

    #[test]
    fn what_could_not_be_had_is_not_told_twice() {
        let mut loaded = LoadedAnswers::new(samples::with(&[(FieldId::Password, "")]));
        loaded.problems.push(Problem::stop(Some(line(3)), Some(FieldId::Password), "not set.", ""));
        assert_eq!(judge(Flow::FirstNode, &loaded).len(), 1);
    }

    #[test]
    fn what_hangs_on_an_answer_that_could_not_be_had_is_not_told_to_be_of_no_use() {
        let mut loaded = LoadedAnswers::new(samples::answers());
        loaded.places.insert(FieldId::Trust, line(6));
        loaded.places.insert(FieldId::CaFile, line(7));
        loaded.problems.push(Problem::stop(Some(line(6)), Some(FieldId::Trust), "not set.", ""));
        assert_eq!(told(&judge(Flow::FirstNode, &loaded)).len(), 1);
    }

    #[test]
    fn what_is_given_for_nothing_is_a_warning() {
        let mut loaded = LoadedAnswers::new(samples::answers());
        loaded.places.insert(FieldId::CaFile, line(7));
        loaded.places.insert(FieldId::TaskCap, line(8));
        let told = told(&judge(Flow::FirstNode, &loaded));
        assert_eq!(
            told,
            [
                "Warn a.toml, line 7, column 1: ca-file: this counts only with trust = \"ca-file\", and that is \"system\"; so it is \
                 ignored. Leave it out.",
                "Warn a.toml, line 8, column 1: task-cap: first-node does not ask this, so it is ignored. Leave it out.",
            ]
        );
    }
}
