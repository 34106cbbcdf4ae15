//! Lines of JSON, one object per line, each with its `event`; `docs/headless-json.md` documents them.

use std::time::Duration;

use serde_json::{Value, json};

use super::ProgressReport;
use crate::faces::exit::Exit;
use crate::faces::sentences::{clean, severity};
use crate::migration::judge::{MigrationCheck, MigrationFinding, estimated_duration, explain};
use crate::migration::model::{CopyOutcome, CopyPhase, CopySource, Figures, Folding, FollowUp, Preview};
use crate::model::finding::Severity;

fn line(event: &str, mut value: Value) -> String {
    if let Value::Object(object) = &mut value {
        object.insert("schema".to_owned(), 1.into());
        object.insert("event".to_owned(), event.into());
    }
    format!("{value}\n")
}

pub(super) fn preview(preview: &Preview, sources: &[CopySource]) -> String {
    let sources: Vec<Value> = sources
        .iter()
        .map(|source| json!({ "folder": source.folder.id(), "from": source.from.to_string_lossy(), "to": source.to.to_string_lossy() }))
        .collect();
    let room: Vec<Value> = preview
        .room
        .iter()
        .map(|room| {
            let at = room.at.to_string_lossy();
            json!({ "at": at, "free": room.free, "needed": room.needed, "inodes": room.inodes, "entries": room.entries })
        })
        .collect();
    let folding = match preview.folding {
        Folding::Folds => Some(true),
        Folding::Keeps => Some(false),
        Folding::Unknown => None,
    };
    line(
        "plan",
        json!({
            "sources": sources,
            "all": figures(preview.all),
            "copy": figures(preview.copy),
            "there": figures(preview.existing),
            "collisions": preview.collisions.len(),
            "folds_case": folding,
            "room": room,
            "resumes": preview.resumes,
            "seconds_assumed": estimated_duration(preview.copy).as_secs(),
        }),
    )
}

pub(super) fn findings(findings: &[MigrationFinding], accepted: &[MigrationCheck]) -> String {
    let one = |finding: &MigrationFinding| {
        let warns = finding.severity == Severity::Warn;
        let value = json!({
            "id": finding.check.id(),
            "severity": severity(finding.severity),
            "accepted": warns.then(|| accepted.contains(&finding.check)),
            "says": clean(&finding.says),
            "fix": (!finding.fix.is_empty()).then(|| clean(&finding.fix)),
            "remedy": finding.remedy.as_ref().map(|remedy| clean(remedy.text())),
        });
        line("concern", value)
    };
    findings.iter().map(one).collect()
}

pub(super) fn progress(report: &ProgressReport<'_>) -> String {
    let phase = match report.progress.phase {
        CopyPhase::Walking => "walking",
        CopyPhase::Comparing => "comparing",
        CopyPhase::Copying => "copying",
    };
    let waits = report.progress.waits.as_ref().map(|(path, since)| json!({ "path": path.to_string_lossy(), "seconds": since }));
    line(
        "progress",
        json!({
            "phase": phase,
            "all": figures(report.progress.all),
            "done": figures(report.progress.done),
            "bytes_a_second": report.pace.bytes(),
            "files_a_second": report.pace.files(),
            "seconds_left": report.pace.time_left(report.progress.all).map(|left| left.as_secs()),
            "seconds": report.since.as_secs(),
            "waits": waits,
        }),
    )
}

pub(super) fn outcome(outcome: &CopyOutcome, took: Duration) -> String {
    let failed: String = outcome
        .failed
        .iter()
        .map(|failed| {
            let (says, fix) = explain(&failed.path, &failed.why);
            line("failed", json!({ "path": failed.path.to_string_lossy(), "says": says, "fix": fix }))
        })
        .collect();
    let whole = json!({
        "complete": outcome.is_complete(),
        "copied": figures(outcome.copied),
        "there": figures(outcome.existing),
        "failures": outcome.failures,
        "open": outcome.open,
        "unlike": outcome.metadata_differs,
        "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    });
    failed + &line("outcome", whole)
}

pub(super) fn follow_up(what: &str, how: &FollowUp) -> String {
    let (state, text) = match how {
        FollowUp::Done => ("done", None),
        FollowUp::Already => ("already", None),
        FollowUp::ByHand(command) => ("by-hand", Some(command)),
        FollowUp::Failed(says) => ("failed", Some(says)),
    };
    line("after", json!({ "what": what, "state": state, "text": text.map(|text| clean(text)) }))
}

pub(super) fn end(exit: Exit, says: &[String]) -> String {
    let says: Vec<String> = says.iter().map(|text| clean(text)).collect();
    line("end", json!({ "exit": exit.code(), "status": exit.id(), "says": says }))
}

fn figures(figures: Figures) -> Value {
    json!({ "files": figures.files, "bytes": figures.bytes })
}
