//! Text for people.

use std::fmt::Write as _;
use std::time::Duration;

use super::ProgressReport;
use crate::catalog::format;
use crate::faces::sentences::{clean, clean_line, severity};
use crate::faces::tui::text::wrap;
use crate::migration::judge::{MigrationCheck, MigrationFinding, estimated_duration, explain, format_bytes};
use crate::migration::model::{CopyOutcome, CopyPhase, CopySource, Figures, FollowUp, Preview};
use crate::model::finding::Severity;

/// The columns of a severity and of a finding's id.
const WORD: usize = 8;
const ID: usize = 16;

pub(super) fn preview(preview: &Preview, sources: &[CopySource]) -> String {
    let mut out = String::new();
    for source in sources {
        let (from, to) = (source.from.to_string_lossy(), source.to.to_string_lossy());
        let _ = writeln!(out, "  {:WORD$} {:ID$} {} to {}", "", source.folder.id(), clean(&from), clean(&to));
    }
    let Preview { all, copy, existing, .. } = preview;
    if existing.files == 0 {
        let _ = writeln!(out, "There are {} to be copied.", format_figures(*all));
    } else {
        let _ = writeln!(
            out,
            "There are {}; {} are to be copied, {} are there already.",
            format_figures(*all),
            format_figures(*copy),
            format_figures(*existing)
        );
    }
    for room in &preview.room {
        let at = clean(&room.at.to_string_lossy());
        let free = room.free.map_or_else(|| "an unknown number of bytes".to_owned(), format_bytes);
        let _ = writeln!(out, "At {at} {free} are free; {} are needed.", format_bytes(room.needed));
    }
    if copy.files > 0 {
        let left = duration(estimated_duration(*copy));
        let _ = writeln!(out, "It takes about {left} if the share takes 100 MB and 500 files a second.");
    }
    out
}

pub(super) fn findings(findings: &[MigrationFinding], accepted: &[MigrationCheck]) -> String {
    let mut out = String::new();
    for finding in findings {
        let word = if finding.severity == Severity::Warn && accepted.contains(&finding.check) {
            "accepted"
        } else {
            severity(finding.severity)
        };
        let _ = writeln!(out, "  {word:WORD$} {:ID$} {}", finding.check.id(), clean(&finding.says));
        let indent = WORD + ID + 4;
        if !finding.fix.is_empty() {
            let _ = writeln!(out, "{:indent$}{}", "", clean(&finding.fix));
        }
        for line in finding.remedy.iter().flat_map(|remedy| remedy.text().lines()) {
            let _ = writeln!(out, "{:indent$}  {}", "", clean_line(line));
        }
    }
    out
}

/// Returns a line of progress.
pub(super) fn line(report: &ProgressReport<'_>, part: u64) -> String {
    if report.progress.phase == CopyPhase::Walking {
        return format!("Looking at the files: {}.", format_figures(report.progress.all));
    }
    format!("{}: {} %, {}.", phase(report.progress.phase), part / 10, figures(report))
}

/// Returns a line with a bar. It leaves the terminal's last column free, because some terminals wrap there.
pub(super) fn bar(report: &ProgressReport<'_>, part: u64, width: usize, tick: usize) -> String {
    let width = width.saturating_sub(1);
    let columns = if width < 100 { 10 } else { 20 };
    let whole = if report.progress.phase == CopyPhase::Walking {
        let turns = ['|', '/', '-', '\\'];
        format!("{} Looking at the files: {}", turns[tick % turns.len()], format_figures(report.progress.all))
    } else {
        let filled = usize::try_from(part).unwrap_or_default() * columns / 1_000;
        let bar: String = (0..columns).map(|place| if place < filled { '#' } else { '-' }).collect();
        let head = format!("{} [{bar}] {:>3} %  ", phase(report.progress.phase), part / 10);
        let room = width.saturating_sub(head.chars().count());
        head + &fitting(report, room)
    };
    whole.chars().take(width).collect()
}

fn figures(report: &ProgressReport<'_>) -> String {
    let parts: Vec<String> = parts(report).into_iter().map(|(_, part)| part).collect();
    let waiting = waiting(report).map_or_else(String::new, |waiting| format!("; {waiting}"));
    parts.join(", ") + &waiting
}

/// Returns the figures that fit, the most important first: the time left, and the pace.
fn fitting(report: &ProgressReport<'_>, room: usize) -> String {
    if let Some(waiting) = waiting(report) {
        return waiting;
    }
    let mut parts = parts(report);
    let width = |parts: &[(u8, String)]| parts.iter().map(|(_, part)| part.chars().count() + 2).sum::<usize>();
    while parts.len() > 1 && width(&parts) > room + 2 {
        let least = parts.iter().map(|(rank, _)| *rank).max();
        parts.retain(|(rank, _)| Some(*rank) != least);
    }
    parts.into_iter().map(|(_, part)| part).collect::<Vec<_>>().join(", ")
}

/// Returns the figures in their order, each with its rank. The highest rank is left out first.
fn parts(report: &ProgressReport<'_>) -> Vec<(u8, String)> {
    let (all, done) = (report.progress.all, report.progress.done);
    let mut parts = vec![
        (2, format!("{} of {} files", done.files, all.files)),
        (3, format!("{} of {}", format_bytes(done.bytes), format_bytes(all.bytes))),
    ];
    if let (Some(bytes), Some(files)) = (report.pace.bytes(), report.pace.files()) {
        parts.extend([(1, format!("{}/s", format_bytes(bytes))), (4, format!("{files} files/s"))]);
    }
    parts.extend(report.pace.time_left(all).map(|left| (0, format!("about {} left", duration(left)))));
    parts
}

fn waiting(report: &ProgressReport<'_>) -> Option<String> {
    let (path, since) = report.progress.waits.as_ref()?;
    Some(format!("waiting {since} s for {}", clean(&path.to_string_lossy())))
}

/// Wraps a text for a terminal, with hanging indents. Commands stay whole: the terminal breaks them so that they can be copied.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let (words, end) = line.strip_suffix('\n').map_or((line, ""), |words| (words, "\n"));
        let lead = words.len() - words.trim_start_matches(' ').len();
        let is_command = lead == WORD + 5 || lead == WORD + ID + 6;
        if is_command || words.chars().count() <= width {
            out.push_str(line);
            continue;
        }
        let columns = [lead, 2 + WORD + 1, WORD + ID + 4];
        let starts = |column: &usize| {
            words.get(..*column).is_some_and(|head| *column == 0 || head.ends_with(' '))
                && words.get(*column..).is_some_and(|rest| !rest.starts_with(' '))
        };
        // Before the sentence come a severity and an id, a word, or nothing.
        let indent = if lead == 2 { columns.into_iter().rev().find(starts).unwrap_or(lead) } else { lead };
        let (head, rest) = words.split_at(indent.min(width / 2));
        let room = u16::try_from(width - head.len()).unwrap_or(u16::MAX);
        for (number, part) in wrap(rest, room).into_iter().enumerate() {
            let before = if number == 0 { head.to_owned() } else { format!("\n{:1$}", "", head.len()) };
            out.push_str(&before);
            out.push_str(part);
        }
        out.push_str(end);
    }
    out
}

const fn phase(phase: CopyPhase) -> &'static str {
    match phase {
        CopyPhase::Walking => "Looking",
        CopyPhase::Comparing => "Comparing",
        CopyPhase::Copying => "Copying",
    }
}

pub(super) fn outcome(outcome: &CopyOutcome, took: Duration) -> String {
    let mut out = String::new();
    for failed in &outcome.failed {
        let (says, fix) = explain(&failed.path, &failed.why);
        let _ = writeln!(out, "  {:WORD$} {:ID$} {says}", "failed", "");
        let _ = writeln!(out, "  {:WORD$} {:ID$} {fix}", "", "");
    }
    if let Some(more) = outcome.failures.checked_sub(outcome.failed.len() as u64).filter(|more| *more > 0) {
        let _ = writeln!(out, "  {:WORD$} {:ID$} And {more} more.", "failed", "");
    }
    let copied = format_figures(outcome.copied);
    let took = duration(took);
    if outcome.is_complete() {
        let existing = match outcome.existing.files {
            0 => String::new(),
            _ => format!(", {} were there already", format_figures(outcome.existing)),
        };
        let _ = writeln!(out, "Complete: {copied} copied in {took}{existing}. All were read back and compared (SHA-256).");
        let _ = writeln!(
            out,
            "Files of 4 MiB and more were read back from the disk, as far as the system obeys; smaller ones through its memory, after \
             they were written."
        );
    } else {
        let open = outcome.failures + outcome.open;
        let _ = writeln!(out, "Not complete: {copied} copied in {took}, {} left.", format::count(open, "file"));
    }
    if outcome.metadata_differs > 0 {
        let _ = writeln!(
            out,
            "The destination did not take the time, the mode or the owner of {}; their contents are the same.",
            format::count(outcome.metadata_differs, "file or folder").replace("file or folders", "files or folders")
        );
    }
    out
}

pub(super) fn follow_up(what: &str, how: &FollowUp) -> String {
    match how {
        FollowUp::Done => format!("  {:WORD$} {what}\n", "done"),
        FollowUp::Already => format!("  {:WORD$} {what}\n", "already"),
        FollowUp::ByHand(command) => format!("  {:WORD$} {what}\n  {:WORD$}   {}\n", "by hand", "", clean_line(command)),
        FollowUp::Failed(says) => format!("  {:WORD$} {what}\n  {:WORD$}   {}\n", "failed", "", clean(says)),
    }
}

pub(super) fn lines(says: &[String]) -> String {
    says.iter().fold(String::new(), |out, line| out + &clean_line(line) + "\n")
}

fn format_figures(figures: Figures) -> String {
    format!("{} with {}", format::count(figures.files, "file"), format_bytes(figures.bytes))
}

/// Formats a duration: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, duration.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}
