//! Prints a migration, for people or for programs: the preview, the findings, a bar, the outcome.

mod json;
mod text;

use std::io::Write;
use std::time::Duration;

use crate::faces::exit::Exit;
use crate::faces::headless::Output;
use crate::migration::judge::{MigrationCheck, MigrationFinding, Pace, units};
use crate::migration::model::{CopyOutcome, CopyProgress, CopySource, FollowUp, Preview};

/// How often progress is printed without a bar.
const LINE: Duration = Duration::from_secs(10);

/// How often progress is printed for programs.
const EVENT: Duration = Duration::from_secs(1);

/// What a line of progress is made of.
#[derive(Debug)]
pub struct ProgressReport<'a> {
    pub progress: &'a CopyProgress,
    pub pace: &'a Pace,
    /// The time since the beginning.
    pub since: Duration,
}

/// Prints a migration. Once nobody reads the output any more, it prints nothing.
pub struct MigrationReporter<W> {
    output: Output,
    /// The width of the terminal, if a bar is drawn.
    bar: Option<usize>,
    out: W,
    gone: bool,
    /// The last line shows a bar.
    drawn: bool,
    told: Option<(Duration, u64)>,
    tick: usize,
}

impl<W: Write> MigrationReporter<W> {
    /// Returns a reporter. With the width of a terminal it draws a bar.
    pub const fn new(output: Output, bar: Option<usize>, out: W) -> Self {
        Self { output, bar, out, gone: false, drawn: false, told: None, tick: 0 }
    }

    /// Prints the preview.
    pub fn preview(&mut self, preview: &Preview, sources: &[CopySource]) {
        let text = match self.output {
            Output::Text => text::preview(preview, sources),
            Output::Json => json::preview(preview, sources),
        };
        self.say(&text);
    }

    /// Prints the findings.
    pub fn findings(&mut self, findings: &[MigrationFinding], accepted: &[MigrationCheck]) {
        let text = match self.output {
            Output::Text => text::findings(findings, accepted),
            Output::Json => json::findings(findings, accepted),
        };
        self.say(&text);
    }

    /// Prints progress: a bar at each call, or a line now and then.
    pub fn progress(&mut self, told: &ProgressReport<'_>) {
        let part = part(told.progress);
        let due = |every: Duration| {
            self.told.is_none_or(|(at, tenth)| {
                let since = told.since.saturating_sub(at);
                since >= every || (part / 100 != tenth && since >= EVENT)
            })
        };
        match (self.output, self.bar) {
            (Output::Json, _) if due(EVENT) => self.say(&json::progress(told)),
            (Output::Text, None) if due(LINE) => self.say(&format!("{}\n", text::line(told, part))),
            (Output::Text, Some(width)) => {
                let bar = text::bar(told, part, width, self.tick);
                self.tick += 1;
                // Overwrite the line, and clear the rest of it.
                self.write(&format!("\r{bar}\u{1b}[K"));
                self.drawn = true;
                return;
            }
            _ => return,
        }
        self.told = Some((told.since, part / 100));
    }

    /// Prints the outcome.
    pub fn outcome(&mut self, outcome: &CopyOutcome, took: Duration) {
        let text = match self.output {
            Output::Text => text::outcome(outcome, took),
            Output::Json => json::outcome(outcome, took),
        };
        self.say(&text);
    }

    /// Prints how a follow-up step ended.
    pub fn follow_up(&mut self, what: &str, how: &FollowUp) {
        let text = match self.output {
            Output::Text => text::follow_up(what, how),
            Output::Json => json::follow_up(what, how),
        };
        self.say(&text);
    }

    /// Prints the last sentences.
    pub fn end(&mut self, exit: Exit, says: &[String]) {
        let text = match self.output {
            Output::Text => text::lines(says),
            Output::Json => json::end(exit, says),
        };
        self.say(&text);
    }

    /// Prints a sentence, for people only.
    pub fn note(&mut self, says: &str) {
        if self.output == Output::Text {
            self.say(&format!("{says}\n"));
        }
    }

    /// Prints a question without a line break.
    pub fn ask(&mut self, question: &str) {
        self.say(question);
    }

    fn say(&mut self, text: &str) {
        if std::mem::take(&mut self.drawn) {
            self.write("\r\u{1b}[K");
        }
        match (self.output, self.bar) {
            (Output::Text, Some(width)) => self.write(&text::wrapped(text, width)),
            _ => self.write(text),
        }
    }

    fn write(&mut self, text: &str) {
        if !self.gone {
            self.gone = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).is_err();
        }
    }
}

/// Returns the part that is done, in thousandths.
fn part(progress: &CopyProgress) -> u64 {
    let (all, done) = (units(progress.all), units(progress.done).min(units(progress.all)));
    done.saturating_mul(1_000).checked_div(all).unwrap_or_default()
}

#[cfg(test)]
mod tests;
