//! The face without a screen: runs a review or an unattended set-up flow to its end, and prints what it found or did
//! for people or for programs.

mod doctor;
mod json;
mod report;
mod text;
mod unattended;
pub mod undo;

use std::io::{self, Write};
use std::time::Duration;

use tokio::time::timeout;

use crate::engine::Engine;
use crate::model::check::CheckId;
use crate::wizard::event::Event;
use crate::wizard::state::State;

pub use report::{CheckTally, Report, ReportedCheck, ReviewStatus, Section};
pub use unattended::{ReportOptions, already_done, report_interrupted, run};

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutputFormat {
    /// For people: plain text, without colours.
    #[default]
    Text,
    /// For programs: JSON, as documented in `docs/review-json.md` and `docs/headless-json.md`.
    Json,
}

/// How much of a review is printed for people; programs always get all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Everything: settings, each check, the nodes, the backups.
    #[default]
    Whole,
    /// The problems, and one line for each screen without problems. Wrapped to so many columns if a terminal shows it.
    Doctor(Option<u16>),
}

/// Runs a review until nothing is in progress or the time is over, and prints what it found; what has not answered by then is
/// unknown. Returns the exit status of the process.
///
/// # Errors
///
/// If the output cannot be written. A closed pipe is not an error: the reader has seen enough.
pub async fn check(
    engine: &mut Engine,
    look_for: (&[CheckId], Duration),
    output: OutputFormat,
    out: &mut impl Write,
) -> io::Result<ReviewStatus> {
    look(engine, look_for).await;
    print(engine.state(), output, out)
}

/// Looks at everything for so long at the most, also with a login that is held back if that was accepted.
async fn look(engine: &mut Engine, (accepted, within): (&[CheckId], Duration)) {
    let looking = async {
        engine.run_until_idle().await;
        if accepted.contains(&CheckId::SqlLogin) && engine.state().held_sign_in().is_some() {
            engine.handle(Event::AcceptSignIn);
            engine.run_until_idle().await;
        }
    };
    let _ = timeout(within, looking).await;
}

/// Runs a review as [`check`] does and prints the short report for troubleshooting.
///
/// # Errors
///
/// As [`check`].
pub async fn examine(
    engine: &mut Engine,
    look_for: (&[CheckId], Duration),
    (output, columns): (OutputFormat, Option<u16>),
    out: &mut impl Write,
) -> io::Result<ReviewStatus> {
    look(engine, look_for).await;
    tell(engine.state(), output, Detail::Doctor(columns), out)
}

/// Prints the report on the node under review.
///
/// # Errors
///
/// As [`check`].
pub fn print(state: &State, output: OutputFormat, out: &mut impl Write) -> io::Result<ReviewStatus> {
    tell(state, output, Detail::Whole, out)
}

fn tell(state: &State, output: OutputFormat, detail: Detail, out: &mut impl Write) -> io::Result<ReviewStatus> {
    let report = Report::from_state(state);
    let text = match (output, detail) {
        (OutputFormat::Text, Detail::Whole) => text::render(&report),
        (OutputFormat::Text, Detail::Doctor(columns)) => doctor::render(&report, columns),
        (OutputFormat::Json, _) => json::render(&report)?,
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(report.status),
        Err(error) => Err(error),
        Ok(()) => Ok(report.status),
    }
}
