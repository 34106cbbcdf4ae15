//! The plain face: the whole wizard as sentences, one question at a time. For screen readers, serial consoles, terminals
//! that cannot move their cursor, and pipes.
//!
//! It never moves the cursor, goes back in a line or uses colours. Every state has a word. Nothing is wrapped, because
//! the reader's own program does that best. It sends the same events as the full-screen face and decides nothing: the
//! state says which fields are asked, whether they are valid, and whether the operator may continue.

mod checks;
mod field;
mod input;
mod key;
mod plan;
mod review;
mod screen;
mod talk;

pub use checks::sentences_of;
pub use input::{Echo, InputLine, LineSource, ScriptedLines, StdinLines};
pub use input::{keep, restore};
pub use plan::changes as changes_of;
pub use talk::fill;

use std::io::{self, Write};
use std::time::Duration;

use crate::engine::Engine;
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::wizard::event::{Action, Event};
use crate::wizard::run::Phase;

use super::exit::SessionEnd;
use super::signals::Signals;
use talk::{Face, SessionStop};

/// How the face is run.
#[derive(Debug)]
pub struct PlainOptions {
    /// The signals to listen for; `None` if nothing sends any, as in tests.
    pub signals: Option<Signals>,
    /// How often to say that something is still running: often enough to show that it is alive, and seldom enough for a
    /// screen reader to say other things.
    pub still: Duration,
}

impl Default for PlainOptions {
    fn default() -> Self {
        Self { signals: None, still: Duration::from_secs(10) }
    }
}

/// Runs the wizard as questions and answers until it ends. At the end of the input it ends without writing anything; a
/// run that has begun stays in its journal.
///
/// # Errors
///
/// If the output cannot be written and no run has begun. A closed pipe is not an error, but ends the program like a
/// hang-up.
pub async fn run(
    engine: &mut Engine,
    input: &mut impl LineSource,
    out: &mut impl Write,
    options: PlainOptions,
) -> io::Result<SessionEnd> {
    let mut face = Face::new(engine, input, out, options);
    let stopped = session(&mut face).await;
    let signal = face.signal();
    let broken = match stopped {
        SessionStop::Over => None,
        SessionStop::Io(error) => {
            // The output is gone, so this counts as leaving. A run that has begun stays in its journal.
            engine.handle(Event::Press(Action::Quit));
            engine.handle(Event::Reply(true));
            Some(error)
        }
    };
    engine.wind_down(if signal.is_none() { Duration::from_secs(5) } else { Duration::from_millis(500) }).await;
    match broken {
        // If a run has begun, the exit status reports that, which matters more than the broken output.
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe && engine.state().run().phase == Phase::Idle => Err(error),
        _ => Ok(SessionEnd::from_state(engine.state(), signal)),
    }
}

/// Runs the whole session: asks the open screen until something ends it.
async fn session<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> SessionStop {
    let greeted = face.greet();
    let mut outcome = greeted;
    while outcome.is_ok() {
        outcome = screen(face).await;
    }
    outcome.err().unwrap_or(SessionStop::Over)
}

async fn screen<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    if face.state().ending.is_some() {
        return Err(SessionStop::Over);
    }
    match (face.state().flow(), face.state().place.here) {
        (_, ScreenId::Start) => screen::ask_start(face).await,
        (Some(Flow::Review), _) => review::ask(face).await,
        (_, ScreenId::Review) => plan::ask(face).await,
        (_, ScreenId::Install) => plan::ask_install(face).await,
        (_, ScreenId::MasterKey) => key::ask(face).await,
        (_, ScreenId::Done) => screen::tell_done(face).await,
        _ => screen::ask(face).await,
    }
}
