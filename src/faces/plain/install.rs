//! The installation as it goes: a line when a step begins and one when it has ended.

use std::io::Write;

use crate::catalog::format;
use crate::model::finding::Remedy;
use crate::model::plan::StepState;
use crate::wizard::event::{Action, Event};
use crate::wizard::run::{Phase, Row, Run};
use crate::wizard::state::State;

use super::input::Lines;
use super::talk::{Chosen, Face, MenuItem, Stop, Waiting};
use super::{checks, plan, screen};

/// What can be done with a run that stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Retry,
    Undo,
    Leave,
    Plan,
    Output,
}

/// Follows the steps to their end, and asks what to do where one failed.
pub async fn ask<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
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
            face.handle(Event::Next)
        }
        Phase::Failed => {
            face.say("The install has stopped. What is done stays until you undo it.")?;
            failures(face)?;
            choose(
                face,
                vec![
                    MenuItem::new(Way::Retry, "retry", "Run the step again, and those after it."),
                    MenuItem::new(Way::Undo, "undo", "Undo what this run created."),
                    MenuItem::new(Way::Leave, "leave", "Leave it as it is; the next start offers to go on."),
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
                    MenuItem::new(Way::Undo, "undo", "Undo it once more."),
                    MenuItem::new(Way::Leave, "leave", "Leave it as it is; the next start offers to go on."),
                ],
            )
            .await
        }
        Phase::Undone => {
            face.say("Everything that this run created is undone.")?;
            let ways = vec![
                MenuItem::new(Way::Plan, "plan", "Go back to the plan."),
                MenuItem::new(Way::Leave, "leave", "End the program."),
            ];
            choose(face, ways).await
        }
        // Nothing begins here by itself, so there is nothing to ask either.
        Phase::Idle | Phase::Running | Phase::Undoing => face.handle(Event::Back),
    }
}

async fn choose<L: Lines, W: Write>(face: &mut Face<'_, L, W>, mut ways: Vec<MenuItem<Way>>) -> Result<(), Stop> {
    if face.state().run().has_output() {
        ways.push(MenuItem::new(Way::Output, "output", "Show what Octopus Server printed."));
    }
    face.menu(&ways)?;
    loop {
        match face.choose(&ways).await? {
            Chosen::One(Way::Output) => output(face)?,
            Chosen::One(Way::Retry) => return face.handle(Event::Press(Action::Retry)),
            Chosen::One(Way::Undo) => {
                if plan::undo(face).await? {
                    return Ok(());
                }
            }
            Chosen::One(Way::Leave) => return face.handle(Event::Press(Action::Leave)),
            Chosen::One(Way::Plan) => return face.handle(Event::Next),
            Chosen::Back => face.say("The install has begun: there is no way back in the middle of it.")?,
            Chosen::Help => {
                let help = &crate::words::screen(face.state().place.here).help;
                face.tell(help)?;
            }
        }
    }
}

/// Why steps failed, or could not be undone, and what to do about it.
fn failures<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    let run = face.state().run();
    let told: Vec<_> = run.rows.iter().filter_map(|row| run.explain(row)).collect();
    for told in told {
        face.tell(&format!("stop: {}", told.says))?;
        checks::mends(face, &told.fix, told.remedy.as_ref().map(Remedy::text))?;
    }
    Ok(())
}

/// Says what the steps' programs printed, step by step.
fn output<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    let run = face.state().run().clone();
    for row in &run.rows {
        let said = run.output_of(row.kind);
        if !said.is_empty() {
            face.gap()?;
            face.say(&format!("{}:", title(&run, row)))?;
            for line in said {
                face.lay(&format!("  {line}"))?;
            }
        }
    }
    face.gap()
}

fn title<'a>(run: &'a Run, row: &Row) -> &'a str {
    let step = run.plan.as_ref().and_then(|plan| plan.steps.iter().find(|step| step.kind == row.kind));
    step.map_or(row.kind.id(), |step| step.title.as_str())
}

/// Says how each step goes, until none runs.
async fn follow<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    let mut waiting = Waiting::default();
    let mut before: Vec<Row> = face.state().run().rows.clone();
    loop {
        for line in changes(face.state().run(), &before) {
            face.say(&line)?;
        }
        before.clone_from(&face.state().run().rows);
        let working = face.state().run().is_working();
        if !face.news(&mut waiting, doing).await? && !working {
            // What came with the last news is told, too.
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

/// What has changed of the steps, a sentence each.
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
                StepState::Already => said.push(format!("{step} was so already.")),
                StepState::Undone => said.push(format!("{step} is undone.")),
                StepState::Planned | StepState::Begun => {}
            }
        }
    }
    said
}
