//! The report of a review, gathered from the state, so that the text and the JSON say the same.

use crate::faces::sentences;
use crate::model::check::CheckId;
use crate::model::facts::{Backup, Fact, Identity, NodeSeen};
use crate::model::field::FieldId;
use crate::model::finding::{Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::node::Maker;
use crate::model::node_config::NodeConfig;
use crate::model::phrase;
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::review::PROVEN;
use crate::wizard::settings::{self, SettingItem};
use crate::wizard::state::State;
use crate::words;

/// How a review ended; [`code`](Self::code) is the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewStatus {
    /// No warnings and no stops; there may be notes.
    Fine,
    Warnings,
    /// At least one stop.
    Stops,
    /// Not everything could be checked; the unchecked part may hide any problem.
    Unknown,
}

impl ReviewStatus {
    /// The exit status.
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Warnings => 1,
            Self::Stops => 2,
            Self::Unknown => 3,
        }
    }

    /// Its name in the JSON report.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Warnings => "warnings",
            Self::Stops => "stops",
            Self::Unknown => "could-not-look",
        }
    }
}

/// How many checks had which result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckTally {
    /// Nothing was found.
    pub ok: usize,
    pub notes: usize,
    pub warnings: usize,
    pub stops: usize,
    /// It was not looked at or could not be read, and nothing hangs on it.
    pub unknown: usize,
    /// It could not be judged, or could not be read though somebody's data or the whole run hangs on it.
    pub unproven: usize,
}

/// A check of the report.
#[derive(Debug, Clone)]
pub struct ReportedCheck {
    pub id: CheckId,
    /// The label of its row.
    pub label: &'static str,
    pub verdict: Verdict,
}

impl ReportedCheck {
    /// Returns its verdict as one word.
    pub fn word(&self) -> &'static str {
        sentences::verdict(&self.verdict)
    }
}

/// The checks of one screen.
#[derive(Debug, Clone)]
pub struct Section {
    pub screen: ScreenId,
    /// Its checks, in order.
    pub checks: Vec<ReportedCheck>,
}

#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The exit status.
    pub status: ReviewStatus,
    /// Why nothing could be reviewed at all.
    pub error: Option<String>,
    /// The instance's name; empty if it is not known.
    pub instance: Untrusted,
    /// The file under review; empty if there is none.
    pub config: Untrusted,
    /// Who made the instance, if that is certain.
    pub maker: Option<Maker>,
    /// The node's name.
    pub node: Untrusted,
    pub server: Untrusted,
    pub database: Untrusted,
    /// The cluster's id, from the database or else from the node config.
    pub cluster: Option<String>,
    /// The master key's fingerprint, from the node config.
    pub fingerprint: Option<String>,
    pub tally: CheckTally,
    pub settings: Vec<SettingItem>,
    pub sections: Vec<Section>,
    /// The nodes of the cluster; `None` if they are not known.
    pub nodes: Option<&'a [NodeSeen]>,
    /// The backups of the node config; `None` if they are not known.
    pub backups: Option<&'a [Backup]>,
}

impl<'a> Report<'a> {
    /// Gathers the report from the state.
    pub fn from_state(state: &'a State) -> Self {
        let facts = &state.facts;
        let reviewed = state.flow() == Some(Flow::Review);
        let error = (!reviewed).then(|| match &state.notice {
            Some(notice) => phrase::fill(&notice.text, phrase::name_in_files).into_owned(),
            None => "What is on this machine could not be looked at.".to_owned(),
        });
        let sections: Vec<Section> =
            if reviewed { PROVEN.into_iter().map(|screen| section(state, screen)).collect() } else { Vec::new() };
        let tally = tally(&sections);
        let config: Option<&NodeConfig> = facts.node.config.seen().map(AsRef::as_ref);
        let cluster = match facts.cluster.identity.seen() {
            Some(Identity::Registered(seen)) => Some(seen.id.to_string()),
            _ => config.map(|config| config.cluster.id.to_string()),
        };
        // Outside a review the answers do not describe a reviewed node.
        let text = |field| if reviewed { Untrusted::new(state.answers.trimmed(field)) } else { Untrusted::default() };
        let subject = state.subject();
        let name = text(FieldId::Instance);
        Self {
            status: if reviewed { status(tally) } else { ReviewStatus::Unknown },
            error,
            instance: if name.is_empty() {
                subject.map(|subject| Untrusted::new(&subject.instance)).unwrap_or_default()
            } else {
                name
            },
            config: subject.map(|subject| Untrusted::new(&subject.config.to_string_lossy())).unwrap_or_default(),
            // The name alone suggests that Octopus Server made the file; only its contents prove it.
            maker: subject
                .map(|subject| subject.maker)
                .filter(|maker| *maker != Maker::Octopus || matches!(facts.node.octopus, Fact::Seen(Some(_)))),
            node: text(FieldId::NodeName),
            server: text(FieldId::Server),
            database: if text(FieldId::Server).is_empty() { Untrusted::default() } else { text(FieldId::Database) },
            cluster,
            fingerprint: config.map(|config| config.cluster.fingerprint.to_string()),
            tally,
            settings: if reviewed { settings::list(state) } else { Vec::new() },
            sections,
            nodes: facts.cluster.nodes.seen().map(|nodes| &**nodes),
            backups: facts.node.backups.seen().map(Vec::as_slice),
        }
    }

    /// Returns a check of the report.
    pub fn check(&self, id: CheckId) -> Option<&ReportedCheck> {
        self.sections.iter().flat_map(|section| &section.checks).find(|check| check.id == id)
    }
}

fn section(state: &State, screen: ScreenId) -> Section {
    let words = words::screen(screen);
    let checks = words.checks().map(|id| ReportedCheck {
        id,
        label: words.check(id).map_or(id.id(), |words| words.label.as_str()),
        verdict: state.verdict(id),
    });
    let checks = checks.filter(|check| check.verdict != Verdict::DoesNotApply);
    Section { screen, checks: checks.collect() }
}

fn tally(sections: &[Section]) -> CheckTally {
    let mut tally = CheckTally::default();
    for check in sections.iter().flat_map(|section| &section.checks) {
        let count = match (check.verdict.severity(), &check.verdict) {
            (Some(Severity::Stop), _) => &mut tally.stops,
            (Some(Severity::Warn), _) => &mut tally.warnings,
            (Some(Severity::Note), _) => &mut tally.notes,
            (Some(Severity::Unknown), _) => &mut tally.unknown,
            (None, Verdict::Good(_)) => &mut tally.ok,
            (None, Verdict::DoesNotApply) => continue,
            (Some(Severity::Unproven) | None, _) => &mut tally.unproven,
        };
        *count += 1;
    }
    tally
}

/// Returns the status of the tally. What could not be judged outweighs everything else, because an incomplete
/// report must not pass for a complete one.
fn status(tally: CheckTally) -> ReviewStatus {
    match tally {
        CheckTally { unproven: 1.., .. } => ReviewStatus::Unknown,
        CheckTally { stops: 1.., .. } => ReviewStatus::Stops,
        CheckTally { warnings: 1.., .. } => ReviewStatus::Warnings,
        _ => ReviewStatus::Fine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_the_worst_and_a_hole_is_worse() {
        let fine = CheckTally { ok: 9, notes: 2, ..CheckTally::default() };
        for (tally, code) in [
            (fine, 0),
            (CheckTally { warnings: 1, ..fine }, 1),
            (CheckTally { stops: 1, warnings: 1, ..fine }, 2),
            (CheckTally { unknown: 1, ..fine }, 0),
            (CheckTally { unproven: 1, stops: 1, ..fine }, 3),
        ] {
            assert_eq!(status(tally).code(), code, "{tally:?}");
        }
    }
}
