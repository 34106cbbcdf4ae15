//! One event as one line: `2026-11-21T12:04:05.678Z INFO  engine  survey begun survey=Server ticket=3`.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use crate::model::untrusted::Untrusted;

/// The line, with its line break.
pub(super) fn of(time: &str, level: Level, module: &str, event: &Event<'_>) -> String {
    let mut line = Line(format!("{time} {level:<5} {module} "));
    event.record(&mut line);
    line.0.push('\n');
    line.0
}

/// The field that holds an event's sentence.
const MESSAGE: &str = "message";

struct Line(String);

impl Line {
    /// Whatever is told is cleaned here, so that no text from outside breaks the line or acts on the terminal that it is
    /// read in; and what could be taken for a further value is quoted.
    fn put(&mut self, field: &Field, text: &str) {
        let clean = Untrusted::new(text);
        let clean = clean.as_str();
        // Writing to a string cannot fail.
        let _ = if field.name() == MESSAGE {
            write!(self.0, " {clean}")
        } else if clean.is_empty() || clean.contains([' ', '"', '=', '\\']) {
            write!(self.0, " {}={}", field.name(), quoted(clean))
        } else {
            write!(self.0, " {}={clean}", field.name())
        };
    }
}

/// In quotes, with a backslash before those in it and before itself.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}
