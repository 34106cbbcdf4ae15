//! What to do next.

use std::io::Write;

use crate::faces::polling;
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::render;
use crate::wizard::event::Event;
use crate::words;

use super::lines::Lines;
use super::page;
use super::talk::{Face, Stop};

/// Tells what to do next, and ends: there is nothing left to ask.
pub fn tell<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    page::heading(face)?;
    if let Some(command) = face.state().run.plan.as_deref().and_then(polling::command) {
        face.say("On each polling Tentacle:")?;
        face.say(&command)?;
    }
    let flow = face.state().place.flow;
    // A screen reader reads one long line as one thing, and it is pasted as one.
    if let (Some(Flow::FirstNode | Flow::Join), Some(plan)) = (flow, face.state().run.plan.clone()) {
        face.say("On the next server, as one command:")?;
        face.say(&render::next_node(&plan))?;
    }
    for (number, next) in (1..).zip(words::screen(ScreenId::Done).next(flow)) {
        face.tell(&format!("{number}. {next}"))?;
    }
    face.gap()?;
    face.handle(Event::Next)
}
