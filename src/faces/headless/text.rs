//! The report for people: one item per line, nothing wrapped, no colours.

use std::fmt::Write as _;

use crate::catalog::format;
use crate::model::facts::{DiffSign, Liveness, NodeSeen};
use crate::model::node::Maker;
use crate::model::untrusted::Untrusted;
use crate::words;

use super::report::{Report, ReviewStatus};
use crate::faces::sentences::{self, ID, WORD, clean};

/// Renders the report. Writing to a string cannot fail.
pub fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    if let Some(error) = &report.error {
        let _ = writeln!(out, "{}", clean(error));
        return out;
    }
    // The summary comes first for monitoring, which shows one line, and again last for people, who see the end of a
    // long text.
    let _ = writeln!(out, "{}\n", summary(report));
    head(&mut out, report);
    settings(&mut out, report);
    for section in &report.sections {
        let _ = writeln!(out, "\n{}", words::screen(section.screen).name);
        for check in &section.checks {
            sentences::check(&mut out, check.id, &check.verdict);
        }
    }
    nodes(&mut out, report);
    backups(&mut out, report);
    let _ = writeln!(out, "\n{}", summary(report));
    out
}

fn head(out: &mut String, report: &Report<'_>) {
    let unknown: Untrusted = "not known".into();
    let shown = |text: &Untrusted| if text.is_empty() { unknown.clone() } else { text.clone() };
    let maker = match report.maker {
        Some(Maker::Octopus) => " (made by Octopus Server)",
        _ => "",
    };
    let _ = writeln!(out, "Instance  {}{maker}", shown(&report.instance));
    let _ = writeln!(out, "Config    {}", shown(&report.config));
    let _ = writeln!(out, "Node      {}", shown(&report.node));
    let _ = writeln!(out, "Cluster   {}", report.cluster.as_deref().unwrap_or("not known"));
    let _ = writeln!(out, "Server    {}", shown(&report.server));
    let _ = writeln!(out, "Database  {}", shown(&report.database));
    if let Some(fingerprint) = &report.fingerprint {
        let _ = writeln!(out, "Key       fingerprint {fingerprint}");
    }
}

fn settings(out: &mut String, report: &Report<'_>) {
    let mut group = None;
    for setting in &report.settings {
        if group != Some(setting.group) {
            group = Some(setting.group);
            let _ = writeln!(out, "\nSettings: {}", setting.group.label());
        }
        let _ = writeln!(out, "  {:<16} {}  [{}]", setting.label, setting.value, setting.source.label());
    }
}

fn nodes(out: &mut String, report: &Report<'_>) {
    let Some(nodes) = report.nodes else {
        let _ = writeln!(out, "\nNodes of the cluster: not known");
        return;
    };
    let _ = writeln!(out, "\nNodes of the cluster: {}", nodes.len());
    for node in nodes {
        let _ = writeln!(out, "  {:WORD$} {:ID$} {}", life(node), node.name.as_str(), about(node));
    }
}

/// Returns as one word whether a node is alive.
pub fn life(node: &NodeSeen) -> &'static str {
    match node.life() {
        Liveness::Alive => "alive",
        Liveness::Silent => "silent",
        Liveness::Dead => "dead",
    }
}

fn about(node: &NodeSeen) -> String {
    let mut said = Vec::new();
    if let Some(row) = node.registered() {
        said.push(clean(&row.address));
        said.push(clean(&row.system));
    } else {
        said.push("not in the registry".to_owned());
    }
    if let Some(version) = &node.version {
        said.push(format!("Octopus Server {version}"));
    }
    if let Some(cap) = node.task_cap {
        said.push(format!("task cap {cap}"));
    }
    if let Some(ago) = node.last_seen() {
        said.push(format!("seen {} ago", format::span(ago.as_secs())));
    }
    if node.drained {
        said.push("drained".to_owned());
    }
    said.retain(|text| !text.is_empty());
    said.join(", ")
}

fn backups(out: &mut String, report: &Report<'_>) {
    let Some(backups) = report.backups.filter(|backups| !backups.is_empty()) else { return };
    let _ = writeln!(out, "\nBackups of the node config: {}", backups.len());
    for backup in backups {
        let changed = backup.lines.iter().filter(|line| line.sign != DiffSign::Same).count();
        let differs =
            if changed == 0 { "says the same".to_owned() } else { format!("{} differ", format::count(changed as u64, "line")) };
        let _ = writeln!(out, "  {} UTC  {}  {differs}", backup.when, backup.path);
    }
}

fn summary(report: &Report<'_>) -> String {
    let tally = report.tally;
    let said = match report.status {
        ReviewStatus::Fine => "No problems found with this node",
        ReviewStatus::Warnings => "There are warnings",
        ReviewStatus::Stops => "There are stops",
        ReviewStatus::Unknown => "Not everything could be looked at",
    };
    let counts = [
        format::count(tally.stops as u64, "stop"),
        format::count(tally.warnings as u64, "warning"),
        format::count(tally.notes as u64, "note"),
        format!("{} ok", tally.ok),
        format!("{} unknown", tally.unknown + tally.unproven),
    ];
    format!("{said}: {}.", counts.join(", "))
}
