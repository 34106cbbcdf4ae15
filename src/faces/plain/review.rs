//! The review of a node: its report, and what can be done with the node.

use std::io::Write;

use crate::faces::headless::{self, OutputFormat};
use crate::model::facts::Liveness;
use crate::model::field::FieldId;
use crate::model::screen::ScreenId;
use crate::wizard::event::{Action, Event};
use crate::wizard::state::{Focus, State};

use super::input::{Echo, LineSource};
use super::talk::{Face, MenuChoice, MenuItem, SessionStop, TypedAnswer};
use super::{checks, key, talk};

/// The largest number of dead nodes that are offered by number; others can be typed by name.
const MOST: usize = 20;

/// What can be done with the node under review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReviewChoice {
    Report,
    Again,
    Edit,
    Key,
    Leave,
    Remove,
    Start,
    End,
}

/// Prints the report once, and asks what to do.
pub async fn ask<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    face.until_idle("checking everything").await?;
    if !std::mem::replace(&mut face.reported, true) {
        report(face)?;
    }
    let choices = choices(face.state());
    face.gap()?;
    face.menu(&choices)?;
    loop {
        match face.choose(&choices).await? {
            MenuChoice::One(ReviewChoice::Report) => report(face)?,
            MenuChoice::One(ReviewChoice::Again) => {
                face.reported = false;
                return face.handle(Event::Press(Action::CheckAgain));
            }
            MenuChoice::One(ReviewChoice::Edit) => return act(face, Action::Edit),
            MenuChoice::One(ReviewChoice::Leave) => return act(face, Action::LeaveCluster),
            MenuChoice::One(ReviewChoice::Remove) => return remove(face).await,
            MenuChoice::One(ReviewChoice::Key) => return key::ask_review(face).await,
            MenuChoice::One(ReviewChoice::Start) | MenuChoice::Back => return start(face),
            MenuChoice::One(ReviewChoice::End) => face.quit().await?,
            MenuChoice::Help => {
                for paragraph in crate::words::screen(ScreenId::Node).help.split("\n\n") {
                    face.tell(paragraph)?;
                }
            }
        }
    }
}

fn choices(state: &State) -> Vec<MenuItem<ReviewChoice>> {
    let mut choices = vec![
        MenuItem::new(ReviewChoice::Report, "report", "Print the report once more."),
        MenuItem::new(ReviewChoice::Again, talk::AGAIN, "Check everything again."),
    ];
    if state.is_ours() {
        choices.push(MenuItem::new(ReviewChoice::Edit, talk::EDIT, "Change settings."));
        choices.push(MenuItem::new(ReviewChoice::Leave, talk::LEAVE, "Have this node leave its cluster."));
    }
    if !removable(state).is_empty() {
        choices.push(MenuItem::new(ReviewChoice::Remove, talk::REMOVE, "Take a dead node out of the registry."));
    }
    if state.custody().generated.is_some() {
        choices.push(MenuItem::new(ReviewChoice::Key, "key", "Show or save the master key."));
    }
    choices.push(MenuItem::new(ReviewChoice::Start, "start", "Go to the start."));
    choices.push(MenuItem::new(ReviewChoice::End, "end", "End the program."));
    choices
}

fn report<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    face.gap()?;
    let (state, out) = face.out();
    headless::print(state, OutputFormat::Text, out)?;
    Ok(())
}

/// Presses a key in the node's own section.
fn act<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, action: Action) -> Result<(), SessionStop> {
    face.handle(Event::Jump(ScreenId::Node))?;
    face.handle(Event::Press(action))
}

/// Goes back to the start screen, by way of the first section.
fn start<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    face.handle(Event::Jump(ScreenId::Node))?;
    face.handle(Event::Back)
}

/// Returns the positions of the dead nodes that may be removed from the registry. The state offers removal only for the
/// focused node of the cluster section, so the list is computed here.
fn removable(state: &State) -> Vec<usize> {
    let Some(nodes) = state.facts.cluster.nodes.seen().filter(|_| state.is_ours()) else { return Vec::new() };
    let own = state.answers.trimmed(FieldId::NodeName);
    let dead = nodes.iter().enumerate().filter(|(_, node)| node.row.is_some() && node.life() == Liveness::Dead);
    dead.filter(|(_, node)| !node.is_called(own)).map(|(place, _)| place).collect()
}

async fn remove<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    face.handle(Event::Jump(ScreenId::Cluster))?;
    face.until_idle("looking at the cluster").await?;
    let places = removable(face.state());
    let Some(nodes) = face.state().facts.cluster.nodes.seen().cloned() else { return Ok(()) };
    for (number, place) in (1..).zip(places.iter().take(MOST)) {
        if let Some(node) = nodes.get(*place) {
            face.say(&format!("  {number} {}", checks::node_sentence(node)))?;
        }
    }
    if places.len() > MOST {
        face.say(&format!("And {} more.", places.len() - MOST))?;
    }
    let place = loop {
        match face.ask("Which node is to go, by its number or its name:", Echo::Shown).await? {
            TypedAnswer::Text(text) => {
                let by_name = || places.iter().position(|place| nodes.get(*place).is_some_and(|node| node.is_called(&text)));
                let chosen = talk::parse_number(&text, places.len().min(MOST)).or_else(by_name);
                if let Some(place) = chosen.and_then(|chosen| places.get(chosen)) {
                    break *place;
                }
                face.say("There is no such dead node. Type a number or a name from the list, or < to go back.")?;
            }
            TypedAnswer::Back => return face.handle(Event::Jump(ScreenId::Node)),
            _ => face.say("Type a number or a name from the list, or < to go back.")?,
        }
    };
    face.handle(Event::Focus(Focus::Item(place)))?;
    // The node may have come back to life in the meantime.
    if face.state().removable().is_none() {
        return face.say("That node cannot be removed any more.");
    }
    face.handle(Event::Press(Action::RemoveNode))
}
