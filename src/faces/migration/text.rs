//! For people.

use std::fmt::Write as _;
use std::time::Duration;

use super::{After, Told};
use crate::faces::sentences::{clean, clean_line, severity};
use crate::model::finding::Severity;
use crate::model::migration::{Ahead, Figures, Outcome, Phase, Source};
use crate::wizard::migration::{Concern, ConcernId, amount, assumed, trouble};
use crate::wizard::say;

/// The columns of a severity and of a concern's id.
const WORD: usize = 8;
const ID: usize = 16;

pub(super) fn ahead(ahead: &Ahead, sources: &[Source]) -> String {
    let mut out = String::new();
    for source in sources {
        let (from, to) = (source.from.to_string_lossy(), source.to.to_string_lossy());
        let _ = writeln!(out, "  {:WORD$} {:ID$} {} to {}", "", source.folder.id(), clean(&from), clean(&to));
    }
    let Ahead { all, copy, there, .. } = ahead;
    let _ = writeln!(out, "There are {}; {} are to be copied, {} are there already.", told(*all), told(*copy), told(*there));
    for room in &ahead.room {
        let at = clean(&room.at.to_string_lossy());
        let free = room.free.map_or_else(|| "an unknown number of bytes".to_owned(), amount);
        let _ = writeln!(out, "At {at} {free} are free; {} are needed.", amount(room.needed));
    }
    if copy.files > 0 {
        let left = duration(assumed(*copy));
        let _ = writeln!(out, "It takes about {left} if the share takes 100 MB and 500 files a second.");
    }
    out
}

pub(super) fn concerns(concerns: &[Concern], accepted: &[ConcernId]) -> String {
    let mut out = String::new();
    for concern in concerns {
        let word = if concern.id.severity() == Severity::Warn && accepted.contains(&concern.id) {
            "accepted"
        } else {
            severity(concern.id.severity())
        };
        let _ = writeln!(out, "  {word:WORD$} {:ID$} {}", concern.id.id(), clean(&concern.says));
        let indent = WORD + ID + 4;
        if !concern.fix.is_empty() {
            let _ = writeln!(out, "{:indent$}{}", "", clean(&concern.fix));
        }
        for line in concern.remedy.iter().flat_map(|remedy| remedy.text().lines()) {
            let _ = writeln!(out, "{:indent$}  {}", "", clean_line(line));
        }
    }
    out
}

/// One line, without a bar.
pub(super) fn line(told: &Told<'_>, part: u64) -> String {
    if told.progress.phase == Phase::Walking {
        return format!("Looking at the files: {}.", self::told(told.progress.all));
    }
    format!("{}: {} %, {}.", phase(told.progress.phase), part / 10, figures(told))
}

/// One line with a bar, no wider than the terminal, and never in its last column, where some of them go on to the next line.
pub(super) fn bar(told: &Told<'_>, part: u64, width: usize, tick: usize) -> String {
    const BAR: usize = 20;
    let width = width.saturating_sub(1);
    let whole = if told.progress.phase == Phase::Walking {
        let turns = ['|', '/', '-', '\\'];
        format!("{} Looking at the files: {}", turns[tick % turns.len()], self::told(told.progress.all))
    } else {
        let filled = usize::try_from(part).unwrap_or_default() * BAR / 1_000;
        let bar: String = (0..BAR).map(|place| if place < filled { '#' } else { '-' }).collect();
        format!("{} [{bar}] {:>3} %  {}", phase(told.progress.phase), part / 10, figures(told))
    };
    whole.chars().take(width).collect()
}

fn figures(told: &Told<'_>) -> String {
    let (all, done) = (told.progress.all, told.progress.done);
    let mut out = format!("{} of {} files, {} of {}", done.files, all.files, amount(done.bytes), amount(all.bytes));
    if let (Some(bytes), Some(files)) = (told.pace.bytes(), told.pace.files()) {
        let _ = write!(out, ", {}/s, {files} files/s", amount(bytes));
    }
    if let Some(left) = told.pace.left(all) {
        let _ = write!(out, ", about {} left", duration(left));
    }
    if let Some((path, since)) = &told.progress.waits {
        let _ = write!(out, "; waiting {since} s for {}", clean(&path.to_string_lossy()));
    }
    out
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Walking => "Looking",
        Phase::Comparing => "Comparing",
        Phase::Copying => "Copying",
    }
}

pub(super) fn outcome(outcome: &Outcome, took: Duration) -> String {
    let mut out = String::new();
    for failed in &outcome.failed {
        let (says, fix) = trouble(&failed.path, &failed.why);
        let _ = writeln!(out, "  {:WORD$} {:ID$} {says}", "failed", "");
        let _ = writeln!(out, "  {:WORD$} {:ID$} {fix}", "", "");
    }
    if let Some(more) = outcome.failures.checked_sub(outcome.failed.len() as u64).filter(|more| *more > 0) {
        let _ = writeln!(out, "  {:WORD$} {:ID$} And {more} more.", "failed", "");
    }
    let copied = told(outcome.copied);
    let took = duration(took);
    if outcome.is_complete() {
        let _ = writeln!(
            out,
            "Complete: {copied} copied in {took}, {} were there already. All were read back and compared (SHA-256).",
            told(outcome.there)
        );
        let _ = writeln!(
            out,
            "Files of 4 MiB and more were read back from the disk, as far as the system obeys; smaller ones through its memory, after \
             they were written."
        );
    } else {
        let open = outcome.failures + outcome.open;
        let _ = writeln!(out, "Not complete: {copied} copied in {took}, {} left.", say::count(open, "file"));
    }
    if outcome.unlike > 0 {
        let _ = writeln!(
            out,
            "The destination did not take the time, the mode or the owner of {}; their contents are the same.",
            say::count(outcome.unlike, "file or folder").replace("file or folders", "files or folders")
        );
    }
    out
}

pub(super) fn after(what: &str, after: &After) -> String {
    match after {
        After::Done => format!("  {:WORD$} {what}\n", "done"),
        After::Already => format!("  {:WORD$} {what}\n", "already"),
        After::ByHand(command) => format!("  {:WORD$} {what}\n  {:WORD$}   {}\n", "by hand", "", clean_line(command)),
        After::Failed(says) => format!("  {:WORD$} {what}\n  {:WORD$}   {}\n", "failed", "", clean(says)),
    }
}

pub(super) fn lines(says: &[String]) -> String {
    says.iter().fold(String::new(), |out, line| out + &clean_line(line) + "\n")
}

fn told(figures: Figures) -> String {
    format!("{} with {}", say::count(figures.files, "file"), amount(figures.bytes))
}

/// Short for what is short: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, duration.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}
