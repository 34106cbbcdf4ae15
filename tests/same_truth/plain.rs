//! The plain face: each question is answered by the name of its field, and what is said is read.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use octopus_setup::catalog::flow;
use octopus_setup::engine::Engine;
use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::plain::{self, Echo, InputLine, LineSource, PlainOptions, fill};
use octopus_setup::model::answers::{Answers, Origin};
use octopus_setup::model::field::{FieldId, Kind};
use octopus_setup::model::finding::{Remedy, Severity};
use octopus_setup::model::screen::ScreenId;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::case::Case;
use crate::outcome::{Outcome, Plan, Told, weight};
use crate::scenes::Scene;

/// Everything that was said, to be read by who answers.
#[derive(Clone, Default)]
struct Transcript(Rc<RefCell<Vec<u8>>>);

impl Transcript {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl io::Write for Transcript {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A person who has the answer file on paper, and leaves before anything is installed.
struct Person<'a> {
    wanted: &'a Answers,
    case: &'a Case,
    said: Transcript,
    /// What is chosen at the plan and behind it, in this order.
    choices: &'static [&'static str],
    asked: Vec<FieldId>,
    /// Answers that were refused, with why.
    refused: Vec<(ScreenId, FieldId, String)>,
}

/// Sets the node up.
pub async fn install(scene: &Scene, given: &Answers, case: &Case) {
    let mut engine = Engine::new(scene.world(case), scene.defaults(), Some(case.flow));
    let mut said = Transcript::default();
    let choices = &["install", "save", "read"];
    let mut person = Person { wanted: given, case, said: said.clone(), choices, asked: Vec::new(), refused: Vec::new() };
    let ended = plain::run(&mut engine, &mut person, &mut said, PlainOptions::default()).await.unwrap();
    assert_eq!(ended.exit, Exit::Done, "{}: {}", case.name, said.text());
}

/// Answers until there is a plan, or until it does not go on.
pub async fn outcome(scene: &Scene, given: &Answers, case: &Case) -> Outcome {
    let begun = (!case.resumes).then_some(case.flow);
    let mut engine = Engine::new(scene.world(case), scene.defaults(), begun);
    let mut said = Transcript::default();
    let mut person = Person { wanted: given, case, said: said.clone(), choices: &[], asked: Vec::new(), refused: Vec::new() };
    plain::run(&mut engine, &mut person, &mut said, PlainOptions::default()).await.unwrap();
    let text = said.text();
    scene.tells_no_secret(case, &text);
    if !person.refused.is_empty() {
        return Outcome::answers(case.flow, person.refused);
    }
    let state = engine.state();
    let here = state.place.here;
    let before = flow::path(case.flow).iter().copied().take_while(|screen| *screen != here && *screen != ScreenId::Review);
    let mut told: Vec<Told> = before.map(|screen| Told::of(state, screen, case)).collect();
    let outcome = match (here, state.run().plan.as_deref()) {
        (ScreenId::Review, Some(plan)) => Outcome::Plan(told, Plan::of(plan, case)),
        (ScreenId::Review, None) => panic!("{}: no plan\n{text}", case.name),
        _ => {
            told.push(Told::of(state, here, case));
            Outcome::Checks(told)
        }
    };
    hears(&outcome, &text, case);
    outcome
}

impl LineSource for Person<'_> {
    async fn next(&mut self, _echo: Echo) -> InputLine {
        self.answer().map_or(InputLine::End, |line| InputLine::Line(Zeroizing::new(line)))
    }
}

impl Person<'_> {
    /// The line for the question that was asked last.
    fn answer(&mut self) -> Option<String> {
        let said = self.said.text();
        let prompt = said.lines().last().unwrap_or_default();
        if prompt.ends_with("(yes or no): ") {
            let names = prompt.strip_prefix("Accept ").and_then(|rest| rest.split(" and go on?").next());
            let accepts = names.is_some_and(|names| {
                let accepted = self.case.accepts();
                names.split(", ").all(|name| accepted.iter().any(|check| check.id() == name))
            });
            let yes = accepts || prompt.starts_with("End the program?");
            return Some(if yes { "yes" } else { "no" }.to_owned());
        }
        if prompt.starts_with("Change one of these?") {
            return Some("yes".to_owned());
        }
        if prompt.starts_with("Choose 1 to ") {
            if self.case.resumes && self.asked.is_empty() && !said.contains("This is what the install will do") {
                // What can be gone on with is the first choice.
                return Some("1".to_owned());
            }
            if let Some((choice, rest)) = self.choices.split_first() {
                self.choices = rest;
                return Some((*choice).to_owned());
            }
            return self.refused.is_empty().then(|| "end".to_owned());
        }
        let named = FieldId::ALL.into_iter().find(|field| prompt.contains(&format!(" ({})", field.id())));
        let field = named.unwrap_or_else(|| panic!("{}: what is asked?\n{said}", self.case.name));
        let screen = flow::screen_of(self.case.flow, field).unwrap();
        if self.refused.last().is_some_and(|(refused, ..)| *refused != screen) {
            return None;
        }
        if self.asked.contains(&field) {
            let why = said.lines().rev().nth(1).unwrap_or_default().to_owned();
            assert!(
                !self.refused.iter().any(|(_, refused, _)| *refused == field),
                "{}: asked in a circle\n{said}",
                self.case.name
            );
            self.refused.push((screen, field, why));
            // The other questions of this screen are still to come.
            return fallback(field).map(str::to_owned);
        }
        self.asked.push(field);
        Some(self.given(field))
    }

    /// What the paper says, as it is typed here; Enter where it says nothing.
    fn given(&self, field: FieldId) -> String {
        // Who types a password types it twice.
        let field = if field == FieldId::AdminPasswordAgain { FieldId::AdminPassword } else { field };
        if field == FieldId::Storage {
            // It has no default for a person.
            return self.wanted.text(field).to_owned();
        }
        if self.wanted.get(field).origin == Origin::Default {
            return String::new();
        }
        match (field.kind(), self.wanted.secret(field)) {
            (_, Some(secret)) => secret.expose_secret().to_owned(),
            (Kind::Toggle, _) => if self.wanted.is_on(field) { "yes" } else { "no" }.to_owned(),
            _ => self.wanted.text(field).to_owned(),
        }
    }
}

/// An answer that is good by itself, so that the next question is asked.
fn fallback(field: FieldId) -> Option<&'static str> {
    Some(match field {
        FieldId::Instance | FieldId::NodeName | FieldId::Database | FieldId::User | FieldId::Password => "fallback",
        FieldId::Home | FieldId::StorageRoot => "/dev/null/fallback",
        FieldId::ServiceUser => "root",
        FieldId::Server => "localhost,1",
        FieldId::CaFile | FieldId::LicenceFile | FieldId::OctopusServer => "/dev/null",
        FieldId::Fingerprint => "9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c",
        FieldId::MasterKey => "BwcHBwcHBwcHBwcHBwcHBw==",
        FieldId::AdminEmail => "fallback@example.com",
        FieldId::AdminPassword => "Fallback-4t6",
        FieldId::TaskCap => "5",
        FieldId::ListenPrefixes => "http://localhost:1/",
        FieldId::CommsPort => "2",
        FieldId::GrpcPort => "3",
        _ => return None,
    })
}

/// What was said says all of it.
fn hears(outcome: &Outcome, said: &str, case: &Case) {
    let has = |words: &str| {
        let words = fill(words);
        assert!(said.contains(&words), "{}: {words} is not said in\n{said}", case.name);
    };
    let (Outcome::Checks(all) | Outcome::Plan(all, _)) = outcome else { return };
    for told in all {
        for finding in &told.findings {
            let label = octopus_setup::words::screen(told.screen).check(finding.check).map_or("", |words| words.label.as_str());
            let (word, id) = (weight(finding.severity), finding.check.id());
            has(&format!("{word}: {label} ({id}): {}", finding.says));
            let stands_against = finding.severity == Severity::Stop
                || finding.severity == Severity::Warn
                    && all.iter().all(|told| told.findings.iter().all(|other| other.severity < Severity::Stop));
            if stands_against {
                has(&format!("{word}: {id}: {}", finding.says));
                if !finding.fix.is_empty() {
                    has(&format!("What to do: {}", finding.fix));
                }
                let remedy = finding.remedy.as_ref().map(Remedy::text).unwrap_or_default();
                remedy.lines().for_each(|line| assert!(said.contains(line), "{}: {line}\n{said}", case.name));
            }
        }
    }
    if let Outcome::Plan(_, plan) = outcome {
        plan.steps.iter().for_each(|(.., title)| assert!(said.contains(title), "{}: {title}\n{said}", case.name));
    }
}
