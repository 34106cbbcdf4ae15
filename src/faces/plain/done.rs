//! What to do next.

use std::io::Write;

use crate::faces::polling;
use crate::model::screen::ScreenId;
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
    for (number, next) in (1..).zip(words::screen(ScreenId::Done).next(flow)) {
        face.tell(&format!("{number}. {next}"))?;
    }
    face.gap()?;
    face.handle(Event::Next)
}
