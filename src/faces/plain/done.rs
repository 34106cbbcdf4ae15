//! What to do next.

use std::io::Write;

use crate::faces::polling;
use crate::faces::sentences;
use crate::model::flow::Flow;
use crate::render;
use crate::wizard::afterwards;
use crate::wizard::event::Event;

use super::input::Lines;
use super::screen;
use super::talk::{Face, Stop};

/// Tells what to do next, and ends: there is nothing left to ask.
pub async fn tell<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    // A journal that stays is worth knowing of.
    face.until_idle("closing the journal").await?;
    screen::heading(face)?;
    if let Some(command) = face.state().run().plan.as_deref().and_then(polling::command) {
        face.say("On each polling Tentacle:")?;
        face.say(&command)?;
    }
    let flow = face.state().flow();
    let plan = face.state().run().plan.clone();
    let nexts = flow.map(|flow| afterwards::next(flow, plan.as_deref())).unwrap_or_default();
    for (number, next) in (1..).zip(nexts) {
        face.tell(&format!("{number}. {}", next.words))?;
        if let Some(command) = &next.command {
            face.lay(&sentences::clean_line(command))?;
        }
    }
    if let (Some(Flow::FirstNode | Flow::Join), Some(plan)) = (flow, plan) {
        face.say("On the next server, as one command, with its secrets in these variables of the environment:")?;
        // In one line: what is broken over several, a screen reader reads and a paste takes apart.
        face.lay(&sentences::clean_line(&render::next_node(&plan)))?;
    }
    face.gap()?;
    face.handle(Event::Next)
}
