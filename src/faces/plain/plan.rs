//! The plan, and what to do with it.

use std::io::Write;

use crate::faces::sentences;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::plan::Plan;
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::render::{self, Shell};
use crate::wizard::event::{Action, Event};

use super::field::{self, Left};
use super::input::Lines;
use super::screen;
use super::talk::{Chosen, Face, MenuItem, Stop};

/// What can be done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Go,
    Undo,
    Save,
    Back,
    End,
    Script,
}

/// Shows the plan and asks what to do with it.
pub async fn ask<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    screen::heading(face)?;
    // The one question that the plan itself hangs on; where the answers go is asked when they are saved.
    if face.state().fields().contains(&FieldId::KeySize) && field::ask(face, FieldId::KeySize).await? == Left::Back {
        return back(face);
    }
    face.until_idle("making the plan").await?;
    if face.state().place.here != ScreenId::Review {
        return Ok(());
    }
    match face.state().run().plan.clone() {
        Some(plan) => show(face, &plan)?,
        None => face.say("There is no plan.")?,
    }
    let ways = ways(face);
    face.menu(&ways)?;
    loop {
        match face.choose(&ways).await? {
            Chosen::One(Way::Go) => return face.handle(Event::Next),
            Chosen::One(Way::Undo) => {
                if undo(face).await? {
                    return Ok(());
                }
            }
            Chosen::One(Way::Save) => save(face).await?,
            Chosen::One(Way::Back) | Chosen::Back => return back(face),
            Chosen::One(Way::End) => face.quit().await?,
            Chosen::One(Way::Script) => script(face)?,
            Chosen::Help => {
                let (here, flow) = (face.state().place.here, face.state().flow());
                for paragraph in crate::words::screen(here).help(flow).split("\n\n") {
                    face.tell(paragraph)?;
                }
            }
        }
    }
}

fn back<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    face.backwards = true;
    face.handle(Event::Back)
}

fn ways<L: Lines, W: Write>(face: &Face<'_, L, W>) -> Vec<MenuItem<Way>> {
    let state = face.state();
    let actions = state.actions();
    let mut ways = Vec::with_capacity(6);
    if state.run().plan.is_some() {
        ways.push(match state.flow() {
            _ if state.resuming().is_some() => MenuItem::new(Way::Go, "continue", "Go on with it."),
            Some(Flow::Edit) => MenuItem::new(Way::Go, "apply", "Apply the changes."),
            Some(Flow::Leave) => MenuItem::new(Way::Go, "leave", "Leave the cluster."),
            Some(Flow::Remove) => MenuItem::new(Way::Go, "remove", "Remove the node."),
            _ => MenuItem::new(Way::Go, "install", "Install."),
        });
    }
    if actions.contains(&Action::Undo) {
        ways.push(MenuItem::new(Way::Undo, "undo", "Undo what this run has done."));
    }
    if actions.contains(&Action::SaveAnswers) {
        ways.push(MenuItem::new(Way::Save, "save", "Save the answers, without secrets, to a file."));
    }
    if actions.contains(&Action::Script) {
        ways.push(MenuItem::new(Way::Script, "script", "Show the same as a script for Octopus Server's own command line."));
    }
    ways.push(MenuItem::new(Way::Back, "back", "Go back; nothing is written."));
    ways.push(MenuItem::new(Way::End, "end", "End the program; nothing is written."));
    ways
}

/// Says the plan, and what is to be known beside its steps.
fn show<L: Lines, W: Write>(face: &mut Face<'_, L, W>, plan: &Plan) -> Result<(), Stop> {
    let mut text = String::new();
    sentences::plan(&mut text, plan);
    for line in text.lines() {
        // Its lines are clean already; their first blanks set the steps apart.
        face.lay(line)?;
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
        face.say("warning: The master key could not be confirmed, and you took it all the same.")?;
    }
    Ok(())
}

/// Asks once whether to undo; whether it has begun.
pub async fn undo<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<bool, Stop> {
    if !face.yes_no("Undo everything that this run created, and nothing else?").await? {
        return Ok(false);
    }
    // Only now: whoever was asked in between whether to end has another question open.
    face.quietly(Event::Press(Action::Undo));
    face.handle(Event::Reply(true))?;
    Ok(face.state().run().is_working())
}

/// Shows the plan as a script, its secrets as references, so that nothing has to be hidden.
fn script<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    let Some(plan) = face.state().run().plan.clone() else { return Ok(()) };
    let shell = Shell::of(plan.node.platform);
    face.gap()?;
    face.say(&format!("The same in {}. It is not run from here.", shell.name()))?;
    face.gap()?;
    for line in render::script(&plan, shell).lines() {
        face.lay(&sentences::clean_line(line))?;
    }
    face.gap()
}

/// Asks for a file, and saves the answers there.
async fn save<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    if field::ask(face, FieldId::AnswersFile).await? == Left::Back {
        return Ok(());
    }
    face.handle(Event::Press(Action::SaveAnswers))?;
    face.until_idle("saving").await
}
