//! The plan, what to do with it, and its installation: one line when a step begins and one when it ends.

use std::io::Write;

use crate::catalog::format;
use crate::faces::sentences;
use crate::model::field::FieldId;
use crate::model::finding::Remedy;
use crate::model::flow::Flow;
use crate::model::plan::{Plan, StepState};
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::render::{self, Shell};
use crate::wizard::event::{Action, Event};
use crate::wizard::run::{Phase, Row, Run};
use crate::wizard::state::State;
use crate::wizard::summary;

use super::field::{self, QuestionEnd};
use super::input::LineSource;
use super::talk::{Face, MenuChoice, MenuItem, SessionStop, Waiting};
use super::{checks, screen};

/// What can be done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlanChoice {
    Go,
    Undo,
    Save,
    Back,
    End,
    Script,
}

/// Shows the plan and asks what to do with it.
pub async fn ask<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    screen::heading(face)?;
    face.until_idle("making the plan").await?;
    if face.state().place.here != ScreenId::Review {
        return Ok(());
    }
    match face.state().run().plan.clone() {
        Some(plan) => show(face, &plan)?,
        None => face.say("There is no plan.")?,
    }
    let choices = choices(face);
    face.menu(&choices)?;
    loop {
        match face.choose(&choices).await? {
            MenuChoice::One(PlanChoice::Go) => {
                if confirm(face).await? {
                    return face.handle(Event::Next);
                }
            }
            MenuChoice::One(PlanChoice::Undo) => {
                if undo(face).await? {
                    return Ok(());
                }
            }
            MenuChoice::One(PlanChoice::Save) => save(face).await?,
            MenuChoice::One(PlanChoice::Back) | MenuChoice::Back => return back(face),
            MenuChoice::One(PlanChoice::End) => face.quit().await?,
            MenuChoice::One(PlanChoice::Script) => script(face)?,
            MenuChoice::Help => {
                let (here, flow) = (face.state().place.here, face.state().flow());
                for paragraph in crate::words::screen(here).help(flow).split("\n\n") {
                    face.tell(paragraph)?;
                }
                face.tell(&crate::words::read_on(here))?;
            }
        }
    }
}

/// Asks for the name of a node that is to be taken out of its cluster. Returns whether to go on.
async fn confirm<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<bool, SessionStop> {
    if face.state().lacks_confirmation() && field::ask(face, FieldId::NodeConfirm).await? == QuestionEnd::Back {
        return Ok(false);
    }
    if face.state().lacks_confirmation() {
        face.say("Nothing is done: the node's name was not typed.")?;
        return Ok(false);
    }
    Ok(true)
}

fn back<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    face.backwards = true;
    face.handle(Event::Back)
}

fn choices<L: LineSource, W: Write>(face: &Face<'_, L, W>) -> Vec<MenuItem<PlanChoice>> {
    let state = face.state();
    let actions = state.actions();
    let mut choices = Vec::with_capacity(6);
    if state.run().plan.is_some() {
        choices.push(match state.flow() {
            _ if state.resuming().is_some() => MenuItem::new(PlanChoice::Go, "continue", "Go on with it."),
            Some(Flow::Edit) => MenuItem::new(PlanChoice::Go, "apply", "Apply the changes."),
            Some(Flow::Leave) => MenuItem::new(PlanChoice::Go, "leave", "Leave the cluster."),
            Some(Flow::Remove) => MenuItem::new(PlanChoice::Go, "remove", "Remove the node."),
            _ => MenuItem::new(PlanChoice::Go, "install", "Install."),
        });
    }
    if actions.contains(&Action::Undo) {
        choices.push(MenuItem::new(PlanChoice::Undo, "undo", "Undo what this run has done."));
    }
    if actions.contains(&Action::SaveAnswers) {
        choices.push(MenuItem::new(PlanChoice::Save, "save", "Save the answers, without secrets, to a file."));
    }
    if actions.contains(&Action::Script) {
        choices.push(MenuItem::new(
            PlanChoice::Script,
            "script",
            "Show the same as a script for Octopus Server's own command line.",
        ));
    }
    choices.push(MenuItem::new(PlanChoice::Back, "back", "Go back; nothing is written."));
    choices.push(MenuItem::new(PlanChoice::End, "end", "End the program; nothing is written."));
    choices
}

/// Prints the plan and its notes.
fn show<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, plan: &Plan) -> Result<(), SessionStop> {
    let mut text = String::new();
    sentences::summary(&mut text, &summary::lines(plan));
    sentences::plan(&mut text, plan);
    for line in text.lines() {
        // These lines are clean already, and their leading spaces are needed as indentation.
        face.write_line(line)?;
    }
    face.say(&format!("Cluster {}, master key fingerprint {}.", plan.cluster.short(), plan.fingerprint))?;
    if let Some(before) = &plan.before {
        let row = &before.row;
        let (name, host, seen) = (Untrusted::new(&row.name), Untrusted::new(&row.host), Untrusted::new(&before.last_seen));
        match plan.flow {
            Flow::Join => face.say(&format!("warning: It takes the place of {name} on {host}, last seen {seen} UTC."))?,
            Flow::Remove => face.say(&format!("warning: {name} on {host} was last seen {seen} UTC."))?,
            Flow::FirstNode | Flow::Review | Flow::Edit | Flow::Leave => {}
        }
    }
    if plan.key_unverified {
        face.say("warning: Nothing confirms the master key; you accepted it.")?;
    }
    Ok(())
}

/// The question before an undo.
pub const UNDO: &str = "Undo everything that this run created, and nothing else?";

/// Asks whether to undo. Returns whether the undo has begun.
pub async fn undo<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<bool, SessionStop> {
    if !face.yes_no(UNDO).await? {
        return Ok(false);
    }
    // Pressed only now, so that its confirmation is not open while the plain question is asked.
    face.quietly(Event::Press(Action::Undo));
    face.handle(Event::Reply(true))?;
    Ok(face.state().run().is_working())
}

/// Prints the plan as a script. Secrets appear only as references, so nothing has to be hidden.
fn script<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    let Some(plan) = face.state().run().plan.clone() else { return Ok(()) };
    let shell = Shell::of(plan.node.platform);
    face.gap()?;
    face.say(&format!("The same in {}. It is not run from here.", shell.name()))?;
    face.gap()?;
    for line in render::script(&plan, shell).lines() {
        face.write_line(&sentences::clean_line(line))?;
    }
    face.gap()
}

/// Asks for a file, and saves the answers there.
async fn save<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    if field::ask(face, FieldId::AnswersFile).await? == QuestionEnd::Back {
        return Ok(());
    }
    face.handle(Event::Press(Action::SaveAnswers))?;
    face.until_idle("saving").await
}

/// What can be done with a run that stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InstallChoice {
    Retry,
    Undo,
    Leave,
    Plan,
    Output,
}

/// Follows the steps to their end, and asks what to do where one failed.
pub async fn ask_install<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    if face.state().run().is_working() {
        if face.state().run().phase == Phase::Running {
            screen::heading(face)?;
        } else {
            face.gap()?;
            face.say("Undoing what this run created.")?;
        }
        follow(face).await?;
    }
    match face.state().run().phase {
        Phase::Finished => {
            face.say("Everything is done.")?;
            // After a retry its last step has opened the next screen.
            if face.state().place.here == ScreenId::Install { face.handle(Event::Next) } else { Ok(()) }
        }
        Phase::Failed => {
            face.say("The install has stopped. What is done stays until you undo it.")?;
            failures(face)?;
            choose(
                face,
                vec![
                    MenuItem::new(InstallChoice::Retry, "retry", "Run the step again, and those after it."),
                    MenuItem::new(InstallChoice::Undo, "undo", "Undo what this run created."),
                    MenuItem::new(InstallChoice::Leave, "leave", "Leave it as it is; the next start offers to go on."),
                ],
            )
            .await
        }
        Phase::UndoneInPart => {
            face.say("Some of it could not be undone.")?;
            failures(face)?;
            choose(
                face,
                vec![
                    MenuItem::new(InstallChoice::Undo, "undo", "Undo it once more."),
                    MenuItem::new(InstallChoice::Leave, "leave", "Leave it as it is; the next start offers to go on."),
                ],
            )
            .await
        }
        Phase::Undone => {
            face.say("Everything that this run created is undone.")?;
            let choices = vec![
                MenuItem::new(InstallChoice::Plan, "plan", "Go back to the plan."),
                MenuItem::new(InstallChoice::Leave, "leave", "End the program."),
            ];
            choose(face, choices).await
        }
        // Nothing starts here by itself, so there is nothing to ask.
        Phase::Idle | Phase::Running | Phase::Undoing => face.handle(Event::Back),
    }
}

async fn choose<L: LineSource, W: Write>(
    face: &mut Face<'_, L, W>,
    mut choices: Vec<MenuItem<InstallChoice>>,
) -> Result<(), SessionStop> {
    if face.state().run().has_output() {
        choices.push(MenuItem::new(InstallChoice::Output, "output", "Show what Octopus Server printed."));
    }
    face.menu(&choices)?;
    loop {
        match face.choose(&choices).await? {
            MenuChoice::One(InstallChoice::Output) => output(face)?,
            MenuChoice::One(InstallChoice::Retry) => return face.handle(Event::Press(Action::Retry)),
            MenuChoice::One(InstallChoice::Undo) => {
                if undo(face).await? {
                    return Ok(());
                }
            }
            MenuChoice::One(InstallChoice::Leave) => return face.handle(Event::Press(Action::Leave)),
            MenuChoice::One(InstallChoice::Plan) => return face.handle(Event::Next),
            MenuChoice::Back => face.say("The install has begun: there is no way back in the middle of it.")?,
            MenuChoice::Help => {
                let help = &crate::words::screen(face.state().place.here).help;
                face.tell(help)?;
            }
        }
    }
}

/// Tells why steps failed or could not be undone, and what to do about it.
fn failures<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    let state = face.state();
    let explanations: Vec<_> = state.run().rows.iter().filter_map(|row| state.explain_step(row)).collect();
    for explanation in explanations {
        face.tell(&format!("stop: {}", explanation.says))?;
        checks::tell_fix(face, &explanation.fix, explanation.remedy.as_ref().map(Remedy::text))?;
    }
    Ok(())
}

/// Prints the output of the steps' programs, step by step.
fn output<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    let run = face.state().run().clone();
    for row in &run.rows {
        let said = run.output_of(row.kind);
        if !said.is_empty() {
            face.gap()?;
            face.say(&format!("{}:", title(&run, row)))?;
            for line in said {
                face.write_line(&format!("  {line}"))?;
            }
        }
    }
    face.gap()
}

fn title<'a>(run: &'a Run, row: &Row) -> &'a str {
    let step = run.plan.as_ref().and_then(|plan| plan.steps.iter().find(|step| step.kind == row.kind));
    step.map_or(row.kind.id(), |step| step.title.as_str())
}

/// Reports the progress of each step until none is running.
async fn follow<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    let mut waiting = Waiting::default();
    let mut before: Vec<Row> = face.state().run().rows.clone();
    let mut waits = None;
    loop {
        for line in changes(face.state().run(), &before) {
            face.say(&line)?;
        }
        before.clone_from(&face.state().run().rows);
        let waits_before = std::mem::replace(&mut waits, face.state().explain_waiting());
        if let Some(words) = waits.as_ref().filter(|_| waits != waits_before) {
            face.say(words)?;
        }
        let working = face.state().run().is_working();
        if !face.news(&mut waiting, doing).await? && !working {
            // Changes that came with the last event are reported too.
            for line in changes(face.state().run(), &before) {
                face.say(&line)?;
            }
            return Ok(());
        }
    }
}

fn doing(state: &State) -> String {
    let running = state.run().rows.iter().position(|row| row.since.is_some());
    running.map_or_else(|| "working".to_owned(), |place| format!("at step {}", place + 1))
}

/// Returns a sentence for each step that has changed.
pub fn changes(run: &Run, before: &[Row]) -> Vec<String> {
    let mut said = Vec::new();
    for (place, row) in run.rows.iter().enumerate() {
        let old = before.get(place);
        if old == Some(row) {
            continue;
        }
        let title = title(run, row);
        let step = format!("Step {} of {}", place + 1, run.rows.len());
        if row.failure.is_some() {
            said.push(format!("{step} failed: {title}."));
        } else if row.since.is_some() {
            if old.and_then(|old| old.since) != row.since {
                let undoing = if run.phase == Phase::Undoing { " is being undone" } else { "" };
                said.push(format!("{step}{undoing}: {title}."));
            }
        } else if old.map(|old| old.state) != Some(row.state) || old.is_some_and(|old| old.since.is_some()) {
            match row.state {
                StepState::Done => {
                    let took = row.took.map_or(String::new(), |took| format!(", {}", format::duration(took)));
                    said.push(format!("{step} is done{took}."));
                }
                StepState::Already => said.push(format!("{step} was done already.")),
                StepState::Undone => said.push(format!("{step} is undone.")),
                StepState::Planned | StepState::Begun => {}
            }
        }
    }
    said
}
