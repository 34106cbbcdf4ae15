//! The faces, and that they agree.

use std::fmt::Write as _;

use octopus_setup::faces::plain::without_keys;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Severity;
use octopus_setup::model::given::{Loaded, Problem};
use octopus_setup::world::given::Manner;

use crate::case::Case;
use crate::masks::Masks;
use crate::outcome::{Outcome, weight};
use crate::scenes::{Scene, SceneId};
use crate::{beforehand, databases, headless, plain, tui};

/// A face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Headless,
    Plain,
    Tui,
}

impl Face {
    /// Every face. The first one tells all that stands against it, the others stop where they cannot go on.
    pub const ALL: [Self; 3] = [Self::Headless, Self::Plain, Self::Tui];

    /// For whom the answer file is read.
    const fn manner(self) -> Manner {
        match self {
            Self::Headless => Manner::Alone,
            Self::Plain | Self::Tui => Manner::WithFace,
        }
    }

    /// What comes out of a case at this face.
    async fn outcome(self, scene: &Scene, case: &Case, loaded: &Loaded) -> Outcome {
        if scene.id == SceneId::Restless {
            databases::until_alone(scene).await;
        }
        match self {
            Self::Headless => {
                // Twice: what is said to programs, and to people.
                let world = || scene.world(case);
                headless::outcome(world, loaded, case).await
            }
            Self::Plain => plain::outcome(scene, &loaded.answers, case).await,
            Self::Tui => tui::outcome(scene, &loaded.answers, case).await,
        }
    }
}

/// Runs a case through every face; what is wrong, each with its place.
pub async fn agree(scene: &Scene, case: &Case) -> Vec<String> {
    let masks = scene.masks();
    let mut wrong = Vec::new();
    let mut whole: Option<Outcome> = None;
    for face in Face::ALL {
        let given = beforehand::gather(scene, case, &masks, face.manner()).await;
        let refuses = given.loaded.problems.iter().any(|problem| problem.severity == Severity::Stop);
        let outcome =
            if refuses { Outcome::File(given.loaded.problems.clone()) } else { face.outcome(scene, case, &given.loaded).await };
        let Some(told) = &whole else {
            let warnings = if refuses { Vec::new() } else { given.judge() };
            let text = masks.mask(&(told_beforehand(&warnings) + &outcome.text()));
            wrong.extend(compared(case, &text));
            whole = Some(outcome);
            continue;
        };
        wrong.extend(disagrees(face, case, told, &outcome, &masks));
    }
    wrong
}

/// Warnings about the answer file itself, which are told whatever comes out.
fn told_beforehand(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems.iter().filter(|problem| problem.severity != Severity::Stop) {
        let place = problem.place.as_ref().map_or_else(|| "nowhere".to_owned(), ToString::to_string);
        let _ = writeln!(text, "{} at {place}\n    {}", weight(problem.severity), problem.says);
        if !problem.fix.is_empty() {
            let _ = writeln!(text, "    {}", problem.fix);
        }
        text.push('\n');
    }
    text
}

/// What came out beside what must, or in its place where the corpus is written anew.
fn compared(case: &Case, text: &str) -> Option<String> {
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        std::fs::write(case.expected_file(), text).unwrap();
        return None;
    }
    let expected = case.expected().unwrap_or_default();
    (expected != text).then(|| format!("== {}: expected\n{expected}\n== found\n{text}", case.name))
}

/// Where a face with a person tells something else than the one that tells all.
fn disagrees(face: Face, case: &Case, whole: &Outcome, found: &Outcome, masks: &Masks) -> Option<String> {
    let text = |outcome: &Outcome| {
        let text = masks.mask(&outcome.text());
        // Answers are refused in the words for people who type.
        match outcome {
            Outcome::Answers(_) if face == Face::Plain => text.lines().map(|line| without_keys(line) + "\n").collect(),
            _ => text,
        }
    };
    let agrees = match (whole.as_far_as_it_goes(), found) {
        (Some(Outcome::File(all)), found) => {
            // What is missing in the environment a face asks for: then it is missing there.
            let (asked, refused): (Vec<Problem>, Vec<Problem>) = all.into_iter().partition(is_asked_later);
            match found {
                Outcome::File(found) => *found == refused,
                Outcome::Answers(found) => {
                    let mut fields = found.iter().map(|(_, field, _)| Some(*field));
                    refused.is_empty() && fields.all(|field| asked.iter().any(|problem| problem.field == field))
                }
                _ => false,
            }
        }
        (Some(part), found) => text(&part) == text(found),
        // It is told behind the plan, and what was told before it is the same.
        (None, Outcome::Plan(told, _)) => match whole {
            Outcome::Checks(all) => text(&Outcome::Checks(Outcome::before_the_plan(all))) == text(&Outcome::Checks(told.clone())),
            _ => true,
        },
        (None, _) => false,
    };
    (!agrees).then(|| format!("== {}: {face:?} says\n{}\n== and not\n{}", case.name, text(found), text(whole)))
}

/// Whether a face with a person asks for what a run by itself cannot have.
fn is_asked_later(problem: &Problem) -> bool {
    problem.field.is_some_and(FieldId::is_secret) && problem.says.contains("is not set")
}
