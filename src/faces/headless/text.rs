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
    let is_shown = |node: &&NodeSeen| nodes.len() <= FEW || needs_attention(node) || node.is_called(report.node.as_str());
    let mut shown = 0;
    for node in nodes.iter().filter(is_shown) {
        shown += 1;
        let _ = writeln!(out, "  {:WORD$} {:ID$} {}", life(node), node.name.as_str(), about(node));
    }
    match nodes.len() - shown {
        0 => {}
        1 => out.push_str("  1 other node is alive, takes tasks and is in the registry.\n"),
        others => {
            let _ = writeln!(out, "  {others} other nodes are alive, take tasks and are in the registry.");
        }
    }
}

/// All nodes of a cluster of this size are listed; of a larger one those that need attention, and the others are counted.
const FEW: usize = 20;

fn needs_attention(node: &NodeSeen) -> bool {
    node.life() != Liveness::Alive || node.drained || node.row.is_none()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::samples;
    use crate::faces::headless::report::CheckTally;
    use crate::model::facts::Heartbeat;

    fn printed(nodes: &[NodeSeen]) -> String {
        let report = Report {
            status: ReviewStatus::Fine,
            error: None,
            instance: "x".into(),
            config: "/x.toml".into(),
            maker: None,
            node: "web00001".into(),
            server: "sql01".into(),
            database: "Octopus".into(),
            cluster: None,
            fingerprint: None,
            tally: CheckTally::default(),
            settings: Vec::new(),
            sections: Vec::new(),
            nodes: Some(nodes),
            backups: None,
        };
        let mut out = String::new();
        super::nodes(&mut out, &report);
        out
    }

    #[test]
    fn the_list_of_nodes_grows_with_what_is_wrong_and_not_with_the_cluster() {
        let alive = |number: usize| samples::node_seen(&format!("web{number:05}"), Heartbeat::Ago(Duration::from_secs(2)));
        let mut nodes: Vec<NodeSeen> = (0..100_000).map(alive).collect();
        let said = printed(&nodes);
        assert_eq!(said.lines().count(), 4, "{said}");
        assert!(said.contains("alive    web00001"), "the node itself: {said}");
        assert!(said.ends_with("99999 other nodes are alive, take tasks and are in the registry.\n"), "{said}");
        nodes[7] = samples::dead_node("web00007");
        nodes[8].drained = true;
        nodes[9].row = None;
        let said = printed(&nodes);
        for name in ["web00007", "web00008", "web00009"] {
            assert!(said.contains(name), "{said}");
        }
        assert!(said.contains("99996 other nodes"), "{said}");
        let few: Vec<NodeSeen> = (0..FEW).map(alive).collect();
        assert_eq!(printed(&few).lines().count(), FEW + 2, "each of a few");
    }
}
