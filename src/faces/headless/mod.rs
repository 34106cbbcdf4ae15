//! The face without a screen: a review, or a set-up flow with nobody there, is run to its end, and what it found or did is
//! printed for people or for programs.

mod doctor;
mod json;
mod report;
mod text;
mod unattended;

use std::io::{self, Write};

use crate::engine::Engine;
use crate::wizard::state::State;

pub use report::{CheckTally, Report, ReportedCheck, ReviewStatus, Section};
pub use unattended::{ReportOptions, report_interrupted, run};

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutputFormat {
    /// For people: plain text, without colours.
    #[default]
    Text,
    /// For programs: JSON, as `docs/review-json.md` and `docs/headless-json.md` tell it.
    Json,
}

/// How a review is told to people; programs are told all of it in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Everything: settings, each check, the nodes, the backups.
    #[default]
    Whole,
    /// What is wrong, as somebody asks who looks for a trouble: of what is well one line a screen. In lines of so many
    /// columns, where a terminal shows it.
    Doctor(Option<u16>),
}

/// Runs a review until nothing is on its way any more, and prints what it found. The status is the process' own.
///
/// # Errors
///
/// Where it cannot be written. A closed pipe is no error: its reader has seen enough.
pub async fn check(engine: &mut Engine, output: OutputFormat, out: &mut impl Write) -> io::Result<ReviewStatus> {
    engine.run_until_idle().await;
    print(engine.state(), output, out)
}

/// The same, told as a doctor does.
///
/// # Errors
///
/// As [`check`].
pub async fn examine(
    engine: &mut Engine,
    output: OutputFormat,
    columns: Option<u16>,
    out: &mut impl Write,
) -> io::Result<ReviewStatus> {
    engine.run_until_idle().await;
    tell(engine.state(), output, Detail::Doctor(columns), out)
}

/// Prints what a state says of the node under review.
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
