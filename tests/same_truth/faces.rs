//! The faces, and that they agree.

use octopus_setup::faces::plain::fill;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Severity;
use octopus_setup::world::answer_sources::{Mode, Resolved};

use crate::case::Case;
use crate::masks::Masks;
use crate::outcome::{Outcome, Wrong};
use crate::scenes::{Scene, SceneId};
use crate::{answers, databases, headless, plain, tui};

/// A face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Headless,
    Plain,
    Tui,
}

impl Face {
    /// Every face.
    pub const ALL: [Self; 3] = [Self::Headless, Self::Plain, Self::Tui];

    /// Those with a person, who stop where they cannot go on. The one without tells all that stands against it.
    const WITH_A_PERSON: [Self; 2] = [Self::Plain, Self::Tui];

    /// For whom the answer file is read.
    const fn mode(self) -> Mode {
        match self {
            Self::Headless => Mode::Headless,
            Self::Plain | Self::Tui => Mode::Interactive,
        }
    }

    /// What comes out of a case at this face, and what was given to it.
    async fn outcome(self, scene: &Scene, case: &Case, masks: &Masks) -> (Outcome, Resolved) {
        let given = answers::gather(scene, case, masks, self.mode()).await;
        if scene.id == SceneId::Restless {
            databases::until_alone(scene).await;
        }
        let outcome = match self {
            Self::Headless => headless::outcome(scene, &given.loaded, case).await,
            // As the program does: no face begins where something of the answers could not be read or had.
            _ if headless::refuses(&given.loaded) => Outcome::File(given.loaded.problems.iter().map(Wrong::from).collect()),
            Self::Plain => plain::outcome(scene, &given.loaded.answers, case).await,
            Self::Tui => tui::outcome(scene, &given.loaded.answers, case).await,
        };
        (outcome, given)
    }
}

/// Runs a case through every face; what is wrong, each with its place.
pub async fn agree(scene: &Scene, case: &Case) -> Vec<String> {
    let masks = scene.masks();
    let (whole, given) = Face::Headless.outcome(scene, case, &masks).await;
    let mut text = String::new();
    if !matches!(whole, Outcome::File(_)) {
        // Warnings about the answer file itself are told whatever comes out.
        for problem in given.judge().iter().filter(|problem| problem.severity != Severity::Stop) {
            Wrong::from(problem).tell(&mut text);
            text.push('\n');
        }
    }
    let mut wrong: Vec<String> = compared(case, &masks.mask(&(text + &whole.text()))).into_iter().collect();
    for face in Face::WITH_A_PERSON {
        let (found, _) = face.outcome(scene, case, &masks).await;
        wrong.extend(disagrees(face, case, (&whole, &given), &found, &masks));
    }
    wrong
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
fn disagrees(face: Face, case: &Case, (whole, given): (&Outcome, &Resolved), found: &Outcome, masks: &Masks) -> Option<String> {
    let text = |outcome: &Outcome| {
        let text = masks.mask(&outcome.text());
        // Answers are refused in the words for people who type.
        match outcome {
            Outcome::Answers(_) if face == Face::Plain => text.lines().map(|line| fill(line) + "\n").collect(),
            _ => text,
        }
    };
    let agrees = match (whole.as_far_as_it_goes(), found) {
        (Some(Outcome::File(_)), found) => {
            // What is missing in the environment a face asks for: then it is missing there. What is wrong with an answer by
            // itself it tells on its screen.
            let (asked, refused): (Vec<Wrong>, Vec<Wrong>) =
                given.loaded.problems.iter().map(Wrong::from).partition(is_asked_later);
            match found {
                Outcome::File(found) => *found == refused,
                Outcome::Answers(found) => {
                    let mut fields = found.iter().map(|(_, field, _)| Some(*field));
                    refused.is_empty() && fields.all(|field| asked.iter().any(|wrong| wrong.field == field))
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
fn is_asked_later(wrong: &Wrong) -> bool {
    wrong.field.is_some_and(FieldId::is_secret) && wrong.says.contains("is not set")
}
