//! Replays a recording: the recorded events are applied at their recorded times, and what they lead to is not carried out. So
//! it needs no network, no disk and no clock.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use super::recording::{Beginning, FORMAT, ReadLine, RecordingHeader};
use super::redact::RedactedEvent;
use crate::model::untrusted::Untrusted;
use crate::wizard::event::Event;
use crate::wizard::state::State;
use crate::wizard::update;

/// Why a recording cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRecording {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// The first line is something else than a recording's.
    #[error("line 1 is not the first line of a recording: {0}")]
    NoHeader(Untrusted),
    /// It is of another format.
    #[error("line 1: its format is {found}, written by octopus-setup {program}; this program knows format {FORMAT} only")]
    OtherFormat {
        /// The format.
        found: u64,
        /// The version of the program that wrote it.
        program: Untrusted,
    },
    /// A line breaks off.
    #[error("line {line} breaks off: the recording is cut short there")]
    Truncated {
        /// Its number, from 1.
        line: usize,
    },
    /// A line is not JSON, or holds no event that this program knows.
    #[error("line {line} cannot be read: {said}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        said: Untrusted,
    },
}

/// A recording, and how far it was replayed.
#[derive(Debug)]
pub struct Replay {
    header: RecordingHeader,
    state: State,
    rest: VecDeque<(Duration, Event)>,
    all: usize,
    now: Duration,
}

impl Replay {
    /// Reads a recording, all of it, and begins as it began.
    pub fn read(text: &str) -> Result<Self, BadRecording> {
        let mut lines = text.split('\n').enumerate().map(|(place, line)| (place + 1, line));
        let first = lines.next().map_or("", |(_, line)| line);
        if first.is_empty() {
            return Err(BadRecording::Empty);
        }
        let header = header(first, text.contains('\n'))?;
        let mut events = VecDeque::new();
        for (number, line) in lines {
            // Behind the last line break there is nothing, unless the recording was cut.
            if line.is_empty() {
                continue;
            }
            events.push_back(event(number, line)?);
        }
        let (state, _) = match &header.begins {
            Beginning::Flow(flow) => update::begin(header.answers(), *flow),
            Beginning::Review(wanted) => update::begin_review(header.answers(), wanted.clone()),
        };
        Ok(Self { header, state, all: events.len(), rest: events, now: Duration::ZERO })
    }

    /// How it began.
    pub fn header(&self) -> &RecordingHeader {
        &self.header
    }

    /// The state by now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// How many events there are in all, and how many are still to come.
    pub fn events(&self) -> (usize, usize) {
        (self.all, self.rest.len())
    }

    /// How long after the last event the next one came; `None` where there is none.
    pub fn pause(&self) -> Option<Duration> {
        self.rest.front().map(|(at, _)| at.saturating_sub(self.now))
    }

    /// Applies the next event, and tells what it was; `None` where there is none.
    pub fn step(&mut self) -> Option<String> {
        let (at, event) = self.rest.pop_front()?;
        self.now = at;
        let says = RedactedEvent(&event).to_string();
        // Its effects are what the next events tell of.
        let _ = update::update(&mut self.state, event, at);
        Some(says)
    }
}

fn header(line: &str, is_whole: bool) -> Result<RecordingHeader, BadRecording> {
    let no_header = |error: serde_json::Error| BadRecording::NoHeader(error.to_string().into());
    let value: Value = match serde_json::from_str(line) {
        Err(error) if error.is_eof() && !is_whole => return Err(BadRecording::Truncated { line: 1 }),
        other => other.map_err(no_header)?,
    };
    match value.get("format").and_then(Value::as_u64) {
        Some(found) if found != u64::from(FORMAT) => {
            let program = value.get("program").and_then(Value::as_str).unwrap_or("of an unknown version").into();
            Err(BadRecording::OtherFormat { found, program })
        }
        _ => serde_json::from_value(value).map_err(no_header),
    }
}

fn event(number: usize, line: &str) -> Result<(Duration, Event), BadRecording> {
    let read: ReadLine = serde_json::from_str(line).map_err(|error| {
        if error.is_eof() {
            return BadRecording::Truncated { line: number };
        }
        BadRecording::Line { line: number, said: error.to_string().replace(" at line 1 column", ", at column").into() }
    })?;
    Ok((read.at(), read.event))
}
