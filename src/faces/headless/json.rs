//! The report for programs. The schema is stable within its number and documented in `docs/review-json.md`; additions
//! do not change the number.

use std::io;

use serde::Serialize;

use crate::model::check::CheckId;
use crate::model::facts::{Backup, NodeSeen};
use crate::model::finding::{Finding, Remedy, Verdict};
use crate::model::node::Maker;
use crate::model::untrusted::Untrusted;
use crate::wizard::settings::SettingItem;

use super::report::{Report, ReportedCheck, Section};
use super::text::life;
use crate::faces::sentences::{self, written};

/// The schema's number.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document {
    schema: u32,
    program: &'static str,
    status: &'static str,
    exit: u8,
    error: Option<String>,
    instance: Option<String>,
    config: Option<String>,
    maker: Option<&'static str>,
    node: Option<String>,
    cluster: Option<String>,
    server: Option<String>,
    database: Option<String>,
    counts: Counts,
    settings: Vec<SettingOut>,
    checks: Vec<CheckOut>,
    nodes: Option<Vec<NodeOut>>,
    drift: Vec<FindingOut>,
    key: Key,
    backups: Option<Vec<BackupOut>>,
}

#[derive(Serialize)]
struct Counts {
    ok: usize,
    notes: usize,
    warnings: usize,
    stops: usize,
    unknown: usize,
}

#[derive(Serialize)]
struct SettingOut {
    group: &'static str,
    id: &'static str,
    value: String,
    source: &'static str,
}

#[derive(Serialize)]
struct CheckOut {
    id: &'static str,
    screen: &'static str,
    verdict: &'static str,
    evidence: Option<String>,
    findings: Vec<FindingOut>,
}

#[derive(Serialize)]
pub(super) struct FindingOut {
    check: &'static str,
    severity: &'static str,
    field: Option<&'static str>,
    says: String,
    fix: Option<String>,
    remedy: Option<RemedyOut>,
}

#[derive(Serialize)]
pub(super) struct RemedyOut {
    kind: &'static str,
    text: String,
}

#[derive(Serialize)]
struct NodeOut {
    name: String,
    life: &'static str,
    registered: bool,
    address: Option<String>,
    host: Option<String>,
    system: Option<String>,
    version: Option<String>,
    task_cap: Option<u32>,
    last_seen_seconds: Option<u64>,
    drained: bool,
}

#[derive(Serialize)]
struct Key {
    fingerprint: Option<String>,
    verdict: &'static str,
}

#[derive(Serialize)]
struct BackupOut {
    path: String,
    when: String,
    differs: bool,
}

/// Renders the report.
pub fn render(report: &Report<'_>) -> io::Result<String> {
    let mut text = serde_json::to_string_pretty(&document(report)).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

fn document(report: &Report<'_>) -> Document {
    let tally = report.tally;
    let is_drift = |check: &&ReportedCheck| matches!(check.id, CheckId::DriftRow | CheckId::DriftOctopus | CheckId::DriftHost);
    let checks = || report.sections.iter().flat_map(|section| &section.checks);
    Document {
        schema: SCHEMA,
        program: env!("CARGO_PKG_VERSION"),
        status: report.status.id(),
        exit: report.status.code(),
        error: report.error.as_deref().map(clean),
        instance: known(&report.instance),
        config: known(&report.config),
        maker: report.maker.map(|maker| match maker {
            Maker::Wizard => "octopus-setup",
            Maker::Octopus => "octopus-server",
        }),
        node: known(&report.node),
        cluster: report.cluster.clone(),
        server: known(&report.server),
        database: known(&report.database),
        counts: Counts {
            ok: tally.ok,
            notes: tally.notes,
            warnings: tally.warnings,
            stops: tally.stops,
            unknown: tally.unknown + tally.unproven,
        },
        settings: report.settings.iter().map(setting).collect(),
        checks: report.sections.iter().flat_map(|section| section.checks.iter().map(|one| check(section, one))).collect(),
        nodes: report.nodes.map(|nodes| nodes.iter().map(node).collect()),
        drift: checks().filter(is_drift).flat_map(findings).collect(),
        key: Key {
            fingerprint: report.fingerprint.clone(),
            verdict: report.check(CheckId::ClusterKey).map_or("unknown", ReportedCheck::word),
        },
        backups: report.backups.map(|backups| backups.iter().map(backup).collect()),
    }
}

fn known(text: &Untrusted) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}

fn clean(text: &str) -> String {
    Untrusted::new(text).to_string()
}

fn setting(setting: &SettingItem) -> SettingOut {
    SettingOut { group: setting.group.id(), id: setting.id, value: clean(&setting.value), source: setting.source.id() }
}

fn check(section: &Section, check: &ReportedCheck) -> CheckOut {
    CheckOut {
        id: check.id.id(),
        screen: section.screen.id(),
        verdict: check.word(),
        evidence: match &check.verdict {
            Verdict::Good(evidence) | Verdict::Unknown(evidence) => Some(clean(evidence)),
            _ => None,
        },
        findings: findings(check),
    }
}

fn findings(check: &ReportedCheck) -> Vec<FindingOut> {
    findings_of(&check.verdict)
}

/// Returns the findings of a verdict.
pub(super) fn findings_of(verdict: &Verdict) -> Vec<FindingOut> {
    match verdict {
        Verdict::Found(findings) => findings.iter().map(finding).collect(),
        _ => Vec::new(),
    }
}

fn finding(finding: &Finding) -> FindingOut {
    FindingOut {
        check: finding.check.id(),
        severity: sentences::severity(finding.severity),
        field: finding.about.map(crate::model::field::FieldId::id),
        says: written(&finding.says),
        fix: (!finding.fix.is_empty()).then(|| written(&finding.fix)),
        remedy: finding.remedy.as_ref().map(remedy),
    }
}

/// Returns the SQL or command that fixes a problem.
pub(super) fn remedy(remedy: &Remedy) -> RemedyOut {
    RemedyOut {
        kind: match remedy {
            Remedy::Sql(_) => "sql",
            Remedy::Command(_) => "command",
        },
        // Line breaks stay, because the text is meant to be run; JSON escapes control characters.
        text: remedy.text().lines().map(clean).collect::<Vec<_>>().join("\n"),
    }
}

fn node(node: &NodeSeen) -> NodeOut {
    let row = node.registered();
    NodeOut {
        name: node.name.to_string(),
        life: life(node),
        registered: row.is_some(),
        address: row.map(|row| clean(&row.address)),
        host: row.map(|row| clean(&row.host)),
        system: row.map(|row| clean(&row.system)),
        version: node.version.as_ref().map(ToString::to_string),
        task_cap: node.task_cap,
        last_seen_seconds: node.last_seen().map(|ago| ago.as_secs()),
        drained: node.drained,
    }
}

fn backup(backup: &Backup) -> BackupOut {
    BackupOut { path: backup.path.to_string(), when: backup.when.to_string(), differs: !backup.lines.is_empty() }
}
