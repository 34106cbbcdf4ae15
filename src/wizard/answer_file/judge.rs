//! Judges preset answers by themselves: everything that a flow asks, all at once.

use super::{dependency, flag, presettable_fields, takes};
use crate::catalog::form;
use crate::catalog::settings::OnlyWith;
use crate::model::answers::{AnswerPlace, LoadedAnswers, Problem};
use crate::model::field::{FieldId, Kind};
use crate::model::finding::Severity;
use crate::model::flow::Flow;
use crate::model::suggestion::nearest;

/// Returns everything that is wrong with the answers of a flow by themselves: what was wrong when they were gathered, then each
/// field that is missing or malformed, in the order in which the flow asks, then the answers that the flow ignores.
pub fn judge(flow: Flow, loaded: &LoadedAnswers) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    for field in presettable_fields().filter(|field| takes(flow, *field)) {
        // What is not given is the node's own.
        if flow.changes_a_node() && !loaded.places.contains_key(&field) {
            continue;
        }
        // An answer that could not be fetched is reported already, with its place; one that only the run can fetch is not missing.
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

/// Returns whether a field's answer is refused already.
fn is_refused(field: FieldId, problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.field == Some(field) && problem.severity == Severity::Stop)
}

/// Warns of an answer that has no effect: harmless, but its author expected one.
fn ignored(flow: Flow, field: FieldId, place: &AnswerPlace, loaded: &LoadedAnswers) -> Option<Problem> {
    let id = field.id();
    let why = if !takes(flow, field) {
        format!("{} does not ask this, so it is ignored.", flow.id())
    } else if form::is_visible(field, &loaded.answers) {
        return None;
    } else {
        let dependency = dependency(field)?;
        match field.setting().only_with {
            OnlyWith::Values(by, _) => {
                let answer = loaded.answers.trimmed(by);
                // A problem of the other answer is reported already, and whether this one counts is unknown until it is fixed.
                if !by.setting().values().contains(&answer) || is_refused(by, &loaded.problems) {
                    return None;
                }
                format!("this counts only with {dependency}, and that is \"{answer}\"; so it is ignored.")
            }
            OnlyWith::Answered(_) | OnlyWith::Any => {
                format!("this counts only with {dependency}, which is not given; so it is ignored.")
            }
        }
    };
    Some(Problem::warn(Some(place.clone()), Some(field), format!("{id}: {why}"), "Leave it out."))
}

/// Says what to do about a missing or malformed answer: how to give it, or the nearest value of a choice.
fn fix(field: FieldId, loaded: &LoadedAnswers) -> String {
    if form::is_missing(field, &loaded.answers) {
        return format!("Give it as `{}` in an answer file, by {} or by {}.", field.id(), field.variable(), flag(field));
    }
    match field.kind() {
        Kind::Choice(values) => nearest(loaded.answers.trimmed(field), values.iter().copied())
            .map(|nearest| format!("Did you mean `{nearest}`?"))
            .unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::samples;
    use crate::model::answers::{AnswerPlace, Origin};

    fn line(line: usize) -> AnswerPlace {
        AnswerPlace::Line { file: "a.toml".into(), line, column: 1 }
    }

    fn texts(problems: &[Problem]) -> Vec<String> {
        let place = |problem: &Problem| problem.place.as_ref().map(ToString::to_string).unwrap_or_default();
        problems
            .iter()
            .map(|problem| format!("{:?} {}: {} {}", problem.severity, place(problem), problem.says, problem.fix))
            .collect()
    }

    #[test]
    fn good_answers_have_no_problems() {
        let loaded = LoadedAnswers::new(samples::answers());
        assert_eq!(judge(Flow::FirstNode, &loaded), []);
        let loaded = LoadedAnswers::new(samples::joining());
        assert_eq!(judge(Flow::Join, &loaded), []);
    }

    #[test]
    fn everything_that_is_missing_is_reported_at_once_with_how_to_give_it() {
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
    fn a_malformed_answer_is_reported_at_its_place_in_spite_of_a_warning() {
        let mut loaded = LoadedAnswers::new(samples::with(&[(FieldId::Password, "a\u{7}b")]));
        loaded.answers.offer(FieldId::Encryption, "strickt", Origin::Typed);
        loaded.places.insert(FieldId::Password, line(3));
        loaded.places.insert(FieldId::Encryption, line(4));
        loaded.problems.push(Problem::warn(Some(line(3)), Some(FieldId::Password), "in clear.", ""));
        let shown = texts(&judge(Flow::FirstNode, &loaded));
        assert_eq!(shown.len(), 3, "{shown:#?}");
        assert!(shown[1].starts_with("Stop a.toml, line 3, column 1: password: The password holds"), "{shown:#?}");
        assert!(shown[2].ends_with("Choose one of mandatory, strict, optional. Did you mean `strict`?"), "{shown:#?}");
    }

    #[test]
    fn an_answer_that_could_not_be_fetched_is_not_reported_twice() {
        let mut loaded = LoadedAnswers::new(samples::with(&[(FieldId::Password, "")]));
        loaded.problems.push(Problem::stop(Some(line(3)), Some(FieldId::Password), "not set.", ""));
        assert_eq!(judge(Flow::FirstNode, &loaded).len(), 1);
    }

    #[test]
    fn what_depends_on_an_answer_that_could_not_be_fetched_is_not_reported_as_ignored() {
        let mut loaded = LoadedAnswers::new(samples::answers());
        loaded.places.insert(FieldId::Trust, line(6));
        loaded.places.insert(FieldId::CaFile, line(7));
        loaded.problems.push(Problem::stop(Some(line(6)), Some(FieldId::Trust), "not set.", ""));
        assert_eq!(texts(&judge(Flow::FirstNode, &loaded)).len(), 1);
    }

    #[test]
    fn an_answer_without_effect_is_a_warning() {
        let mut loaded = LoadedAnswers::new(samples::answers());
        loaded.places.insert(FieldId::CaFile, line(7));
        loaded.places.insert(FieldId::TaskCap, line(8));
        let shown = texts(&judge(Flow::FirstNode, &loaded));
        assert_eq!(
            shown,
            [
                "Warn a.toml, line 7, column 1: ca-file: this counts only with trust = \"ca-file\", and that is \"system\"; so it is \
                 ignored. Leave it out.",
                "Warn a.toml, line 8, column 1: task-cap: first-node does not ask this, so it is ignored. Leave it out.",
            ]
        );
    }
}
