//! Prints a migration, for people or for programs: the preview, the findings, a bar, the outcome.

mod json;
mod text;

use std::io::Write;
use std::time::Duration;

use crate::faces::exit::Exit;
use crate::faces::headless::OutputFormat;
use crate::migration::judge::{MigrationCheck, MigrationFinding, Pace, work_units};
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
    output: OutputFormat,
    /// The width of the terminal, if a bar is drawn.
    bar: Option<usize>,
    out: W,
    gone: bool,
    /// The last line shows a bar.
    drawn: bool,
    /// When the last line of progress was printed, and at which tenth.
    last_line: Option<(Duration, u64)>,
    tick: usize,
}

impl<W: Write> MigrationReporter<W> {
    /// Returns a reporter. With the width of a terminal it draws a bar.
    pub const fn new(output: OutputFormat, bar: Option<usize>, out: W) -> Self {
        Self { output, bar, out, gone: false, drawn: false, last_line: None, tick: 0 }
    }

    /// Prints the preview.
    pub fn preview(&mut self, preview: &Preview, sources: &[CopySource]) {
        let text = match self.output {
            OutputFormat::Text => text::preview(preview, sources),
            OutputFormat::Json => json::preview(preview, sources),
        };
        self.say(&text);
    }

    /// Prints the findings.
    pub fn findings(&mut self, findings: &[MigrationFinding], accepted: &[MigrationCheck]) {
        let text = match self.output {
            OutputFormat::Text => text::findings(findings, accepted),
            OutputFormat::Json => json::findings(findings, accepted),
        };
        self.say(&text);
    }

    /// Prints progress: a bar at each call, or a line now and then.
    pub fn progress(&mut self, report: &ProgressReport<'_>) {
        let part = part(report.progress);
        let due = |every: Duration| {
            self.last_line.is_none_or(|(at, tenth)| {
                let since = report.since.saturating_sub(at);
                since >= every || (part / 100 != tenth && since >= EVENT)
            })
        };
        match (self.output, self.bar) {
            (OutputFormat::Json, _) if due(EVENT) => self.say(&json::progress(report)),
            (OutputFormat::Text, None) if due(LINE) => self.say(&format!("{}\n", text::line(report, part))),
            (OutputFormat::Text, Some(width)) => {
                let bar = text::bar(report, part, width, self.tick);
                self.tick += 1;
                // Overwrite the line, and clear the rest of it.
                self.write(&format!("\r{bar}\u{1b}[K"));
                self.drawn = true;
                return;
            }
            _ => return,
        }
        self.last_line = Some((report.since, part / 100));
    }

    /// Prints the outcome.
    pub fn outcome(&mut self, outcome: &CopyOutcome, took: Duration) {
        let text = match self.output {
            OutputFormat::Text => text::outcome(outcome, took),
            OutputFormat::Json => json::outcome(outcome, took),
        };
        self.say(&text);
    }

    /// Prints how a follow-up step ended.
    pub fn follow_up(&mut self, what: &str, how: &FollowUp) {
        let text = match self.output {
            OutputFormat::Text => text::follow_up(what, how),
            OutputFormat::Json => json::follow_up(what, how),
        };
        self.say(&text);
    }

    /// Prints the last sentences.
    pub fn end(&mut self, exit: Exit, says: &[String]) {
        let text = match self.output {
            OutputFormat::Text => text::lines(says),
            OutputFormat::Json => json::end(exit, says),
        };
        self.say(&text);
    }

    /// Prints a sentence, for people only.
    pub fn note(&mut self, says: &str) {
        if self.output == OutputFormat::Text {
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
            (OutputFormat::Text, Some(width)) => self.write(&text::wrapped(text, width)),
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
    let (all, done) = (work_units(progress.all), work_units(progress.done).min(work_units(progress.all)));
    done.saturating_mul(1_000).checked_div(all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::model::{CopyFailure, CopyPhase, FailedFile, Figures};
    use crate::model::storage::SharedFolder;

    fn progress(phase: CopyPhase, files: u64, bytes: u64) -> CopyProgress {
        CopyProgress { phase, all: Figures { files: 1_000, bytes: 64 << 20 }, done: Figures { files, bytes }, waits: None }
    }

    fn said(output: OutputFormat, bar: Option<usize>, tell: impl FnOnce(&mut MigrationReporter<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        tell(&mut MigrationReporter::new(output, bar, &mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_bar_is_one_line_that_fits_and_goes_before_anything_else_is_said() {
        let mut pace = Pace::default();
        pace.add_sample(Duration::ZERO, Figures::default());
        pace.add_sample(Duration::from_secs(2), Figures { files: 500, bytes: 32 << 20 });
        let told = said(OutputFormat::Text, Some(120), |reporter| {
            let progress = progress(CopyPhase::Copying, 500, 32 << 20);
            reporter.progress(&ProgressReport { progress: &progress, pace: &pace, since: Duration::from_secs(2) });
            reporter.note("Stopping.");
        });
        assert_eq!(
            told,
            "\rCopying [##########----------]  50 %  500 of 1000 files, 32.0 MiB of 64.0 MiB, 16.0 MiB/s, about 2.0 s left\u{1b}[K\
             \r\u{1b}[KStopping.\n"
        );
        for width in [1, 10, 40, 80] {
            let progress = progress(CopyPhase::Walking, 0, 0);
            let told = ProgressReport { progress: &progress, pace: &pace, since: Duration::ZERO };
            assert!(text::bar(&told, 999, width, 3).chars().count() < width.max(2));
        }
    }

    #[test]
    fn a_narrow_bar_keeps_how_long_and_how_fast() {
        let mut pace = Pace::default();
        pace.add_sample(Duration::ZERO, Figures::default());
        pace.add_sample(Duration::from_secs(2), Figures { files: 500, bytes: 32 << 20 });
        let progress = progress(CopyPhase::Copying, 500, 32 << 20);
        let told = ProgressReport { progress: &progress, pace: &pace, since: Duration::from_secs(2) };
        for width in 60..130 {
            let bar = text::bar(&told, 500, width, 0);
            assert!(bar.ends_with("about 2.0 s left") && bar.contains("16.0 MiB/s") && bar.len() < width, "{bar}");
        }
        assert!(text::bar(&told, 500, 80, 0).contains("500 of 1000 files"));
    }

    #[test]
    fn on_a_terminal_sentences_are_broken_between_words_and_commands_are_not() {
        let finding = MigrationCheck::Links.finding("a few words and more of them ".repeat(4), "b").command("x".repeat(90));
        let told = said(OutputFormat::Text, Some(60), |reporter| reporter.findings(&[finding], &[]));
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines.iter().all(|line| line.len() <= 60 || line.trim() == "x".repeat(90)), "{told}");
        assert!(lines[1].starts_with(&" ".repeat(28)) && !lines[1].starts_with(&" ".repeat(29)), "{told}");
        assert!(told.ends_with('\n'), "{told:?}");
    }

    #[test]
    fn without_a_terminal_a_line_comes_at_each_tenth_or_after_ten_seconds() {
        let pace = Pace::default();
        let told = said(OutputFormat::Text, None, |reporter| {
            for tenth in 0..600u64 {
                let progress = progress(CopyPhase::Copying, tenth / 10, 0);
                reporter.progress(&ProgressReport {
                    progress: &progress,
                    pace: &pace,
                    since: Duration::from_millis(tenth * 100),
                });
            }
        });
        assert!((6..=8).contains(&told.lines().count()) && !told.contains('\u{1b}') && !told.contains('\r'), "{told}");
        assert!(told.starts_with("Copying: 0 %, 0 of 1000 files, 0 B of 64.0 MiB.\n"), "{told}");
    }

    #[test]
    fn programs_are_told_once_a_second_and_every_line_is_an_object() {
        let pace = Pace::default();
        let source = CopySource { folder: SharedFolder::Packages, from: "/o/Packages".into(), to: "/m/Packages".into() };
        let mut outcome = CopyOutcome { open: 2, ..CopyOutcome::default() };
        outcome.fail("/o/x\u{1b}".into(), CopyFailure::KeepsChanging);
        let told = said(OutputFormat::Json, Some(80), |reporter| {
            reporter.preview(&Preview::default(), &[source]);
            reporter.findings(&[MigrationCheck::Links.finding("a", "b").command("c")], &[MigrationCheck::Links]);
            for tenth in 0..50u64 {
                let progress = progress(CopyPhase::Copying, tenth, 0);
                reporter.progress(&ProgressReport {
                    progress: &progress,
                    pace: &pace,
                    since: Duration::from_millis(tenth * 100),
                });
            }
            reporter.outcome(&outcome, Duration::from_secs(1));
            reporter.follow_up("x", &FollowUp::ByHand("y".into()));
            reporter.note("for people");
            reporter.end(Exit::Unfinished, &["z".into()]);
        });
        let all: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |event: &str| all.iter().filter(|value| value["event"] == event).collect::<Vec<_>>();
        assert_eq!(all.len(), 5 + 1 + 1 + 1 + 1 + 1 + 1);
        assert_eq!(
            (of("progress").len(), &of("concern")[0]["accepted"], &of("outcome")[0]["complete"]),
            (5, &true.into(), &false.into())
        );
        assert_eq!((&of("end")[0]["exit"], &of("after")[0]["state"]), (&7.into(), &"by-hand".into()));
    }

    #[test]
    fn what_failed_is_told_with_what_to_do_and_the_rest_is_counted() {
        let mut outcome = CopyOutcome::default();
        for number in 0..150 {
            outcome.fail(format!("/o/{number}\n").into(), CopyFailure::Gone);
        }
        let told = said(OutputFormat::Text, None, |reporter| reporter.outcome(&outcome, Duration::from_secs(75)));
        assert!(told.contains("/o/0 was gone when its turn came.") && told.contains("And 50 more."), "{told}");
        assert!(told.ends_with("Not complete: 0 files with 0 B copied in 1 min 15 s, 150 files left.\n"), "{told}");
        let told =
            said(OutputFormat::Text, None, |reporter| reporter.outcome(&CopyOutcome::default(), Duration::from_millis(400)));
        assert!(told.starts_with("Complete: 0 files with 0 B copied in 0.4 s"), "{told}");
        let _ = FailedFile { path: "x".into(), why: CopyFailure::Gone };
    }

    /// Returns the members of each event of a move, as the document tells them.
    fn documented() -> std::collections::BTreeMap<String, Vec<String>> {
        let document = include_str!("../../../docs/headless-json.md");
        let (_, part) = document.split_once("# What `migrate` prints").unwrap();
        let part = part.split("\n# ").next().unwrap();
        let rows = part.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        let words = |cell: &str| {
            let mut words: Vec<String> = cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            words.sort();
            words
        };
        rows.map(|(event, rest)| (event.to_owned(), words(rest.rsplit('|').nth(1).unwrap()))).collect()
    }

    #[test]
    fn the_document_tells_every_event_and_every_member() {
        let pace = Pace::default();
        let source = CopySource { folder: SharedFolder::Packages, from: "/o/Packages".into(), to: "/m/Packages".into() };
        let mut outcome = CopyOutcome::default();
        outcome.fail("/o/x".into(), CopyFailure::Changed);
        let told = said(OutputFormat::Json, None, |reporter| {
            reporter.preview(&Preview::default(), &[source]);
            reporter.findings(&[MigrationCheck::Room.finding("a", "")], &[]);
            let progress = progress(CopyPhase::Walking, 0, 0);
            reporter.progress(&ProgressReport { progress: &progress, pace: &pace, since: Duration::ZERO });
            reporter.outcome(&outcome, Duration::from_secs(1));
            reporter.follow_up("x", &FollowUp::Done);
            reporter.end(Exit::Unfinished, &[]);
        });
        let mut printed = std::collections::BTreeMap::new();
        for line in told.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["schema"], 1, "{line}");
            let members = value.as_object().unwrap().keys().filter(|key| !["schema", "event"].contains(&key.as_str()));
            let mut members: Vec<String> = members.cloned().collect();
            members.sort();
            printed.insert(value["event"].as_str().unwrap().to_owned(), members);
        }
        assert_eq!(printed, documented());
    }
}
