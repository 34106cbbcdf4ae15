//! The checks of the home screen.

pub mod disk;
pub mod instance;
pub mod node;
pub mod path;
#[cfg(test)]
mod tests;
pub mod writable;

use crate::model::field::FieldId;
use crate::model::survey::SurveyId;

use super::{Case, Check, all, one};
use crate::catalog::failures;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, StateTrial};
use crate::model::finding::{Finding, Verdict};
use crate::model::quote::Shell;
use crate::model::screen::ScreenId;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::HomeInstance,
        screen: ScreenId::Home,
        field: Some(FieldId::Instance),
        surveys: &[SurveyId::Home],
        judge: instance::judge,
    },
    Check {
        id: CheckId::HomePath,
        screen: ScreenId::Home,
        field: Some(FieldId::Home),
        surveys: &[SurveyId::Home],
        judge: path::judge,
    },
    Check {
        id: CheckId::HomeDisk,
        screen: ScreenId::Home,
        field: Some(FieldId::Home),
        surveys: &[SurveyId::Home],
        judge: disk::judge,
    },
    Check {
        id: CheckId::HomeWritable,
        screen: ScreenId::Home,
        field: Some(FieldId::Home),
        surveys: &[SurveyId::Home],
        judge: writable::judge,
    },
    Check {
        id: CheckId::HomeNode,
        screen: ScreenId::Home,
        field: Some(FieldId::NodeName),
        surveys: &[SurveyId::Home],
        judge: node::judge,
    },
    Check { id: CheckId::StateFolder, screen: ScreenId::Home, field: None, surveys: &[SurveyId::Machine], judge: state_folder },
];

/// The journal of a run, its copies and the instance's entry take some kilobytes; with less than this, a write may fail in the
/// middle of a run.
const STATE_ROOM: u64 = 1 << 20;

/// The wizard's own state directory can be written, synced and locked, has room, and is this account's alone. The machine key
/// that every sealed secret opens with is in it.
fn state_folder(case: &Case<'_>) -> Verdict {
    let seen = match &case.facts.machine.state_folder {
        Fact::Unknown => return case.pending(),
        Fact::Seen(seen) => seen,
        Fact::Missing(trouble) => {
            let said = failures::explain_trouble(trouble).says;
            return one(stop(format!("The wizard's state directory cannot be used: {said}"), ELSEWHERE));
        }
    };
    let path = &seen.path;
    let quoted = Shell::of(case.platform()).word(path.as_str());
    if let Some((trial, said)) = &seen.refused {
        let said = format::sentence(said.as_str());
        return one(match trial {
            StateTrial::Folder => stop(
                format!("The wizard's state directory {path} is not a folder, and none can be made there: {said}"),
                format!("Move away what is in its place. {ELSEWHERE}"),
            ),
            StateTrial::Write => {
                let place = seen.above.as_ref().unwrap_or(path);
                let finding = stop(
                    format!("The wizard cannot write its state directory {path}. Creating a file in {place} failed: {said}"),
                    format!("Have the directory made for this account on a disk that can be written. {ELSEWHERE}"),
                );
                if case.is_on_windows() {
                    finding
                } else {
                    finding.command(format!("sudo install -d -m 0700 -o \"$(id -un)\" {quoted}"))
                }
            }
            StateTrial::Sync => stop(
                format!("The wizard's state directory {path} cannot be synced to its disk: {said}"),
                format!("After a power cut nobody could tell what a run has done. {ELSEWHERE}"),
            ),
            StateTrial::Lock => stop(
                format!("Files in the wizard's state directory {path} cannot be locked: {said}"),
                format!("Two wizards could work on one instance at the same time. {ELSEWHERE}"),
            ),
        });
    }
    let mut findings = Vec::new();
    if let Some(owner) = seen.owner {
        findings.push(
            stop(
                format!("The wizard's state directory {path} belongs to another account (user number {owner})."),
                format!("Start the wizard as that account, or give the directory to this one. {ELSEWHERE}"),
            )
            .command(format!("sudo chown -R \"$(id -un)\" {quoted}")),
        );
    }
    if let Some(mode) = seen.mode.filter(|mode| mode & 0o077 != 0) {
        findings.push(
            stop(
                format!("The wizard's state directory {path} is open to other accounts (mode {mode:04o}); it has this machine's sealing key in it."),
                "Close it to everybody but its owner.",
            )
            .command(format!("chmod 0700 {quoted}")),
        );
    }
    if let Some(free) = seen.free.filter(|free| *free < STATE_ROOM) {
        findings.push(stop(
            format!("The disk of the wizard's state directory {path} is full: {} are free.", format::size(free)),
            format!("Make room for at least {}. {ELSEWHERE}", format::size(STATE_ROOM)),
        ));
    }
    all(findings, || {
        let closed = if seen.mode.is_some() { "closed to others" } else { "whether others can open it cannot be told here" };
        match (&seen.above, seen.mode) {
            (Some(_), _) => "written, synced and locked in the folder above it; it is made when it is first needed".to_owned(),
            (None, _) => format!("written, synced and locked; {closed}"),
        }
    })
}

const ELSEWHERE: &str = "Another folder of this account can be named in OCTOPUS_SETUP_STATE_DIR; then start the wizard again.";

fn stop(says: String, fix: impl Into<String>) -> Finding {
    Finding::stop(CheckId::StateFolder, says, fix)
}
