//! The start: what can be done, an unfinished run first.

use std::io::Write;

use crate::model::flow::Flow;
use crate::model::node::Maker;
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::event::{Event, StartChoice};
use crate::wizard::state::State;
use crate::words;

use super::input::Lines;
use super::talk::{Chosen, Face, MenuItem, Stop};

/// Asks what to do.
pub async fn ask<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    // What can be done hangs on what is on this machine.
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
        face.state().start_choices().into_iter().map(|choice| menu_item(face.state(), choice)).collect();
    face.menu(&choices)?;
    loop {
        match face.choose(&choices).await? {
            Chosen::One(choice) => {
                let resumes = matches!(choice, StartChoice::Resume(_));
                face.handle(Event::Begin(choice))?;
                return if resumes { face.until_idle("reading the journal").await } else { Ok(()) };
            }
            Chosen::Back => face.say("This is the start. An exclamation mark ends the program.")?,
            Chosen::Help => {
                for paragraph in words.help.split("\n\n") {
                    face.tell(paragraph)?;
                }
            }
        }
    }
}

fn menu_item(state: &State, choice: StartChoice) -> MenuItem<StartChoice> {
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
        StartChoice::Resume(instance) => (format!("continue {instance}"), unfinished(state, instance)),
    };
    MenuItem::new(choice, name, words)
}

/// An unfinished run, and how far it came.
fn unfinished(state: &State, instance: &Untrusted) -> String {
    let Some(run) = state.facts.machine.unfinished.iter().find(|run| run.instance == *instance) else {
        return format!("Go on with the unfinished run of instance {instance}.");
    };
    if run.done == run.steps {
        return format!("Go on with instance {instance}: it is installed, and its master key is still to be kept.");
    }
    format!(
        "Go on with the unfinished run of instance {instance}, or undo it: {} of {} steps are done, last written {} UTC.",
        run.done, run.steps, run.when
    )
}
