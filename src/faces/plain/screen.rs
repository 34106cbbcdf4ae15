//! The screens of the plain face: the start, those with fields (asks each field, then tells its checks, then its gate),
//! and the end.

use std::io::Write;

use crate::faces::sentences;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::node::Maker;
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::end_page::end_page;
use crate::wizard::event::{Action, Event, StartChoice};
use crate::wizard::gate::Gate;
use crate::wizard::state::{Overlay, State};
use crate::words;

use super::field::{self, QuestionEnd};
use super::input::{Echo, LineSource};
use super::talk::{Face, MenuChoice, MenuItem, SessionStop, TypedAnswer};
use super::{checks, plan, talk};

/// What can be done at a closed gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GateChoice {
    Change,
    Again,
    Back,
    End,
}

/// What the operator chose at the gate.
enum GateOutcome {
    /// Another screen is open.
    On,
    /// These fields are asked again; an empty list means all.
    Ask(Vec<FieldId>),
}

/// Asks a screen's fields, and continues once they are proven.
pub async fn ask<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    let here = face.state().place.here;
    let backwards = std::mem::take(&mut face.backwards);
    heading(face)?;
    match here {
        ScreenId::Cluster => checks::tell_nodes(face).await?,
        ScreenId::Storage if face.state().flow() == Some(Flow::Join) => checks::tell_folders(face).await?,
        _ => {}
    }
    let mut asked = known_secrets(face.state());
    if backwards {
        // After going back, only the last question is asked again.
        asked = face.state().fields();
        asked.pop();
    }
    let mut known = checks::ToldVerdicts::default();
    let mut more = More::NotAsked;
    loop {
        while let Some(field) = next(face, &asked) {
            let is_closed = field.is_aside() && face.state().problem(field).is_none() && !backwards;
            match more {
                More::NotAsked if is_closed => {
                    match ask_more(face, &asked).await? {
                        Some(answer) => more = answer,
                        None if !go_back(face, &mut asked) => {
                            face.backwards = true;
                            return face.handle(Event::Back);
                        }
                        None => {}
                    }
                    continue;
                }
                More::Kept if is_closed => {
                    asked.push(field);
                    continue;
                }
                More::One(named) if is_closed && named != field => {
                    asked.push(field);
                    continue;
                }
                More::NotAsked | More::Kept | More::One(_) | More::All => {}
            }
            match field::ask(face, field).await? {
                QuestionEnd::Answered => {
                    asked.push(field);
                    if here == ScreenId::Cluster {
                        // Which fields follow depends on the result of this one's check.
                        checks::wait_for(face, here).await?;
                        if field == FieldId::MasterKey {
                            checks::tell_check(face, CheckId::ClusterKey, &mut known)?;
                        }
                    }
                }
                QuestionEnd::Filled => asked = filled(face),
                QuestionEnd::Back if !go_back(face, &mut asked) => {
                    face.backwards = true;
                    return face.handle(Event::Back);
                }
                QuestionEnd::Back => {}
            }
        }
        if face.state().gate() == Gate::Unproven {
            // The checks of these answers have not been started yet.
            face.quietly(Event::Next);
        }
        checks::tell_all(face, here, &mut known).await?;
        if face.state().place.here != here {
            return Ok(());
        }
        if next(face, &asked).is_some() {
            // The checks' results require another question.
            continue;
        }
        match pass(face, here, &mut known).await? {
            GateOutcome::On => return Ok(()),
            GateOutcome::Ask(fields) => {
                // The next answers are judged anew, so all verdicts are told again.
                known.clear();
                asked.retain(|field| !fields.is_empty() && !fields.contains(field));
            }
        }
    }
}

/// What becomes of the settings that most people leave alone, those included that other answers bring up later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    NotAsked,
    /// All of them stay.
    Kept,
    /// This one is asked, the others stay.
    One(FieldId),
    /// Each of them is asked.
    All,
}

/// Says what the settings are that most people leave alone, and asks which of them to change; `None` to go back.
async fn ask_more<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, asked: &[FieldId]) -> Result<Option<More>, SessionStop> {
    let fields = face.state().fields();
    let aside: Vec<FieldId> = fields.into_iter().filter(|field| field.is_aside() && !asked.contains(field)).collect();
    let settings: Vec<String> = aside.iter().filter_map(|field| face.state().in_short(*field)).collect();
    face.tell(&format!("More: {}.", settings.join(", ")))?;
    loop {
        match face.ask("Change one of these? Enter keeps them. (yes, no, or the name of one) [no]:", Echo::Shown).await? {
            TypedAnswer::Empty => return Ok(Some(More::Kept)),
            TypedAnswer::Back => return Ok(None),
            TypedAnswer::Text(text) => {
                let named = FieldId::from_id(&text).filter(|field| aside.contains(field));
                if let Some(named) = named {
                    return Ok(Some(More::One(named)));
                }
                match talk::parse_yes_no(&text) {
                    Some(true) => return Ok(Some(More::All)),
                    Some(false) => return Ok(Some(More::Kept)),
                    None => tell_names(face, &aside)?,
                }
            }
            TypedAnswer::Help | TypedAnswer::Clear | TypedAnswer::Connection => tell_names(face, &aside)?,
        }
    }
}

/// Tells by which names the settings can be changed that most people leave alone.
fn tell_names<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, aside: &[FieldId]) -> Result<(), SessionStop> {
    let names: Vec<&str> = aside.iter().map(|field| field.id()).collect();
    face.tell(&format!("Type yes to be asked for each of them, no to keep them, or one of: {}.", names.join(", ")))
}

/// Prints a screen's title and introduction.
pub fn heading<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    let (here, flow) = (face.state().place.here, face.state().flow());
    let words = words::screen(here);
    face.gap()?;
    face.say(words.title(flow))?;
    face.tell(words.intro(flow))
}

/// Returns the secrets that a run which is gone on with has already, sealed or given beforehand: nobody is asked for them again.
fn known_secrets(state: &State) -> Vec<FieldId> {
    let is_known =
        |field: &FieldId| field.is_secret() && !state.answers.get(*field).raw.is_empty() && state.problem(*field).is_none();
    if state.resuming().is_some() { state.fields().into_iter().filter(is_known).collect() } else { Vec::new() }
}

/// Returns the first field that has not been asked yet.
fn next<L: LineSource, W: Write>(face: &Face<'_, L, W>, asked: &[FieldId]) -> Option<FieldId> {
    face.state().fields().into_iter().find(|field| !asked.contains(field))
}

/// Goes one question back; returns `false` at the first one.
fn go_back<L: LineSource, W: Write>(face: &Face<'_, L, W>, asked: &mut Vec<FieldId>) -> bool {
    let fields = face.state().fields();
    while let Some(last) = asked.pop() {
        if fields.contains(&last) {
            return true;
        }
    }
    false
}

/// Returns the fields that a connection string has answered validly; only the others still have to be asked.
fn filled<L: LineSource, W: Write>(face: &Face<'_, L, W>) -> Vec<FieldId> {
    let state = face.state();
    state.fields().into_iter().filter(|field| state.problem(*field).is_none()).collect()
}

/// Passes the gate, or asks what to do if it is closed.
async fn pass<L: LineSource, W: Write>(
    face: &mut Face<'_, L, W>,
    here: ScreenId,
    known: &mut checks::ToldVerdicts,
) -> Result<GateOutcome, SessionStop> {
    let mut tried = false;
    loop {
        match face.state().gate() {
            Gate::Open => {
                face.handle(Event::Next)?;
                return Ok(GateOutcome::On);
            }
            // Each question says what is wrong with its answer.
            Gate::Malformed(fields) => return Ok(GateOutcome::Ask(fields)),
            Gate::Waiting | Gate::Unproven if !tried => {
                tried = true;
                face.quietly(Event::Next);
                checks::tell_all(face, here, known).await?;
                if face.state().place.here != here {
                    return Ok(GateOutcome::On);
                }
            }
            Gate::Warned(_) => {
                if accept(face, here).await? {
                    return Ok(GateOutcome::On);
                }
                let is_checking = matches!(face.state().gate(), Gate::Waiting | Gate::Unproven);
                if !is_checking && let Some(passed) = choose(face, known).await? {
                    return Ok(passed);
                }
            }
            gate => {
                if matches!(gate, Gate::Shut(_)) {
                    checks::tell_stops(face)?;
                } else {
                    face.say("Not everything could be looked at.")?;
                }
                if checks::offer_certificate(face).await? {
                    known.clear();
                    checks::tell_all(face, here, known).await?;
                    continue;
                }
                if let Some(passed) = choose(face, known).await? {
                    return Ok(passed);
                }
                tried = false;
            }
        }
        checks::tell_all(face, here, known).await?;
        if face.state().place.here != here {
            return Ok(GateOutcome::On);
        }
    }
}

/// Tells the warnings and asks to accept exactly these. Returns whether the next screen is open.
async fn accept<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, here: ScreenId) -> Result<bool, SessionStop> {
    let shown: Vec<(CheckId, Verdict)> = face.state().warnings();
    checks::tell_warnings(face)?;
    let names: Vec<&str> = shown.iter().map(|(check, _)| check.id()).collect();
    if !face.yes_no(&format!("Accept {} and go on?", names.join(", "))).await? {
        return Ok(false);
    }
    for _ in 0..2 {
        if face.state().place.here == here && face.state().warnings() == shown {
            face.quietly(Event::Next);
        }
    }
    Ok(face.state().place.here != here)
}

/// Asks what to do at a closed gate. Returns `None` if the gate is to be checked again.
async fn choose<L: LineSource, W: Write>(
    face: &mut Face<'_, L, W>,
    known: &mut checks::ToldVerdicts,
) -> Result<Option<GateOutcome>, SessionStop> {
    let fields = face.state().fields();
    let choices = [
        MenuItem::new(GateChoice::Change, "change", "Change the answers."),
        MenuItem::new(GateChoice::Again, talk::AGAIN, "Check again."),
        MenuItem::new(GateChoice::Back, "back", "Go back to the screen before."),
        MenuItem::new(GateChoice::End, "end", "End the program."),
    ];
    face.menu(&choices)?;
    if !fields.is_empty() {
        face.say("The name of a field changes only that one.")?;
    }
    loop {
        let chosen = match face.ask(&format!("Choose 1 to {}:", choices.len()), Echo::Shown).await? {
            TypedAnswer::Text(text) => {
                if let Some(field) = FieldId::from_id(&text).filter(|field| fields.contains(field)) {
                    return Ok(Some(GateOutcome::Ask(vec![field])));
                }
                talk::pick(&choices, &text).map(MenuChoice::One)
            }
            TypedAnswer::Back => Some(MenuChoice::Back),
            TypedAnswer::Help => Some(MenuChoice::Help),
            TypedAnswer::Empty | TypedAnswer::Clear | TypedAnswer::Connection => None,
        };
        match chosen {
            Some(MenuChoice::One(GateChoice::Change)) => return Ok(Some(GateOutcome::Ask(Vec::new()))),
            Some(MenuChoice::One(GateChoice::Again)) => {
                known.clear();
                face.quietly(Event::Press(Action::CheckAgain));
                return Ok(None);
            }
            Some(MenuChoice::One(GateChoice::Back) | MenuChoice::Back) => {
                face.backwards = true;
                face.handle(Event::Back)?;
                return Ok(Some(GateOutcome::On));
            }
            Some(MenuChoice::One(GateChoice::End)) => face.quit().await?,
            Some(MenuChoice::Help) => help(face)?,
            None => face.say(&format!("Type a number from 1 to {}, or the word behind it.", choices.len()))?,
        }
    }
}

/// Prints help on the whole screen and on what its checks prove.
fn help<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    let words = words::screen(face.state().place.here);
    for paragraph in words.help(face.state().flow()).split("\n\n") {
        face.tell(paragraph)?;
    }
    for check in words.checks().filter_map(|check| words.check(check)) {
        face.tell(&format!("{}: {}", check.label, check.proves))?;
    }
    face.tell(&words::read_on(face.state().place.here))
}

/// Asks what to do on the start screen.
pub async fn ask_start<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    // The choices depend on what is found on this machine.
    face.until_idle("looking at this machine").await?;
    if face.state().place.here != ScreenId::Start {
        return Ok(());
    }
    face.backwards = false;
    face.reported = false;
    let words = words::screen(ScreenId::Start);
    face.gap()?;
    face.say(&words.title)?;
    face.say(&words.intro)?;
    let unreadable: Vec<String> = face.state().facts.machine.unreadable.iter().map(ToString::to_string).collect();
    for text in unreadable {
        face.say(&format!("warning: {text}"))?;
    }
    let choices: Vec<MenuItem<StartChoice>> =
        face.state().start_choices().into_iter().map(|choice| start_item(face.state(), choice)).collect();
    face.menu(&choices)?;
    loop {
        match face.choose(&choices).await? {
            MenuChoice::One(choice) => {
                let loads = matches!(choice, StartChoice::Resume(_) | StartChoice::Undo(_));
                face.handle(Event::Begin(choice))?;
                if loads {
                    face.until_idle("reading the journal").await?;
                }
                if face.state().overlay == Some(Overlay::ConfirmUndo) {
                    let yes = face.yes_no(plan::UNDO).await?;
                    face.handle(Event::Reply(yes))?;
                }
                return Ok(());
            }
            MenuChoice::Back => face.say("This is the start. An exclamation mark ends the program.")?,
            MenuChoice::Help => {
                for paragraph in words.help.split("\n\n") {
                    face.tell(paragraph)?;
                }
            }
        }
    }
}

fn start_item(state: &State, choice: StartChoice) -> MenuItem<StartChoice> {
    let (name, words) = match &choice {
        StartChoice::Flow(flow) => match flow {
            Flow::FirstNode => {
                ("first-node".to_owned(), "Getting started. Configure the first node of a new cluster.".to_owned())
            }
            Flow::Join => ("join".to_owned(), "Add this server as a node of an existing cluster.".to_owned()),
            Flow::Review => ("review".to_owned(), "Review this node. Nothing of Octopus is on this machine yet.".to_owned()),
            Flow::Edit => ("edit".to_owned(), "Change this node.".to_owned()),
            Flow::Leave => ("leave".to_owned(), "Take this node out of its cluster.".to_owned()),
            Flow::Remove => ("remove".to_owned(), "Take a dead node out of the registry.".to_owned()),
        },
        StartChoice::Review(subject) => {
            let maker = if subject.maker == Maker::Octopus { ", made by Octopus Server" } else { "" };
            let (instance, file) = (Untrusted::new(&subject.instance), Untrusted::new(&subject.config.to_string_lossy()));
            (format!("review {instance}"), format!("Review this node: instance {instance}{maker}, {file}."))
        }
        StartChoice::Resume(instance) => (format!("continue {instance}"), unfinished_run(state, instance)),
        StartChoice::Undo(instance) => (
            format!("undo {instance}"),
            format!("Undo what the unfinished run of instance {instance} created, and nothing else."),
        ),
    };
    MenuItem::new(choice, name, words)
}

/// Describes an unfinished run and its progress.
fn unfinished_run(state: &State, instance: &Untrusted) -> String {
    let Some(run) = state.facts.machine.unfinished.iter().find(|run| run.instance == *instance) else {
        return format!("Go on with the unfinished run of instance {instance}.");
    };
    if run.done == run.steps {
        return format!("Go on with instance {instance}: it is installed, and its master key is still to be kept.");
    }
    format!(
        "Go on with the unfinished run of instance {instance}: {} of {} steps are done, last written {} UTC.",
        run.done, run.steps, run.when
    )
}

/// Tells what to do next, and ends, because nothing is left to ask.
pub async fn tell_done<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    // The operator should know if the journal could not be removed.
    face.until_idle("closing the journal").await?;
    heading(face)?;
    if let Some(end) = end_page(face.state()) {
        let plan = face.state().run().plan.clone();
        // The heading has said the first line.
        for line in sentences::end_page(&end, plan.as_deref()).iter().skip(1) {
            face.write_line(line)?;
        }
    }
    face.gap()?;
    face.handle(Event::Next)
}
