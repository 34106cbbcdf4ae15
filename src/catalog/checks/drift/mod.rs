//! Drift: where node config, registry row, `OctopusServer.config` and host say different things. Each difference names
//! both sides and what to do; the program fixes none by itself.

mod octopus;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Case, Check, report, report_all, report_or};
use crate::catalog::settings::{self, Equivalence};
use crate::model::check::CheckId;
use crate::model::facts::{ClusterSeen, Fact, Heartbeat, HomeState, Identity, NodeSeen, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::node_config::NodeConfig;
use crate::model::platform::Platform;
use crate::model::quote::Shell;
use crate::model::registry::NodeRow;
use crate::model::screen::ScreenId;
use crate::model::storage::SharedStorage;
use crate::model::survey::SurveyId;
use crate::model::target::ServerAddress;
use crate::model::untrusted::Untrusted;
use crate::model::web::ListenPrefix;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::DriftRow, &[SurveyId::Node, SurveyId::Cluster], judge_row),
    row(CheckId::DriftOctopus, &[SurveyId::Node], octopus::judge),
    row(CheckId::DriftHost, &[SurveyId::Node, SurveyId::Cluster, SurveyId::Home, SurveyId::Ports], judge_host),
];

const fn row(id: CheckId, surveys: &'static [SurveyId], judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check { id, screen: ScreenId::Drift, field: None, surveys, flows: &Flow::ALL, judge }
}

/// Whether two texts of a setting mean the same.
pub fn is_same(platform: Platform, same: Equivalence, one: &str, other: &str) -> bool {
    match same {
        Equivalence::Text => one.trim() == other.trim(),
        Equivalence::AnyCase => one.to_lowercase() == other.to_lowercase(),
        Equivalence::Server => is_same_server(one, other),
        Equivalence::Folder => platform.is_same_path(one.trim(), other.trim()),
        Equivalence::Prefixes => same_prefixes(one, other),
    }
}

/// Two ways of writing one address: the default port may be left out.
pub(super) fn is_same_server(own: &str, other: &str) -> bool {
    let parsed = |text: &str| {
        let address = ServerAddress::parse(text).ok()?;
        let port = address.port.or(if address.instance.is_none() { Some(1433) } else { None });
        // With a port the browser is not asked, and the instance's name is only decoration.
        let instance = if port.is_some() { None } else { address.instance.map(|name| name.to_lowercase()) };
        Some((address.host.to_lowercase(), instance, port))
    };
    match (parsed(own), parsed(other)) {
        (Some(own), Some(other)) => own == other,
        _ => own.trim().eq_ignore_ascii_case(other.trim()),
    }
}

/// Listen prefixes as a set: neither their order nor the way of writing them counts. `None` where they are malformed.
fn prefix_set(text: &str) -> Option<BTreeSet<String>> {
    if text.trim().is_empty() {
        return Some(BTreeSet::new());
    }
    let parsed = ListenPrefix::parse_all(text).ok()?;
    Some(parsed.iter().map(|prefix| prefix.to_string().to_lowercase()).collect())
}

/// Whether two lists of prefixes ask for the same.
fn same_prefixes(one: &str, two: &str) -> bool {
    match (prefix_set(one), prefix_set(two)) {
        (Some(one), Some(two)) => one == two,
        _ => one.trim() == two.trim(),
    }
}

const WRITE_ROW_ANEW: &str = "Change settings ({key:edit}): the config and the row are then written together and agree.";

/// The node's row in the registry says what the node config says, and it is the config's own cluster.
fn judge_row(case: &Case<'_>) -> Verdict {
    let config = match &case.facts.node.config {
        Fact::Unknown => return case.pending(),
        Fact::Seen(config) => config,
        // Octopus Server made this instance, without a node config.
        Fact::Missing(Trouble::Unasked) => return Verdict::DoesNotApply,
        Fact::Missing(_) => return Verdict::NotYet,
    };
    let cluster = &case.facts.cluster;
    match &cluster.identity {
        Fact::Unknown => case.pending(),
        // Why it is not known is said where the cluster itself is judged.
        Fact::Missing(_) => Verdict::NotYet,
        Fact::Seen(Identity::Octopus { .. }) => Verdict::Unknown("not compared: the database has no registry".into()),
        Fact::Seen(Identity::Registered(seen)) => {
            if let Some(finding) = other_cluster(config, seen) {
                return report(finding);
            }
            match &cluster.nodes {
                Fact::Unknown => case.pending(),
                Fact::Missing(_) => Verdict::NotYet,
                Fact::Seen(_) => match cluster.node(&config.node.name).and_then(|node| Some((node, node.registered()?))) {
                    Some((node, row)) => {
                        report_all(row_differences(config, node, row, case), || format!("the row of {} says the same", row.name))
                    }
                    None => report(missing_row(config)),
                },
            }
        }
    }
}

/// The database holds another cluster than the config's, or one with another key.
fn other_cluster(config: &NodeConfig, seen: &ClusterSeen) -> Option<Finding> {
    let own = &config.cluster;
    if own.id != seen.id {
        return Some(
            Finding::stop(
                CheckId::DriftRow,
                format!(
                    "The node config is of cluster {}, and the database holds cluster {}: it is another database, or it was set up anew.",
                    own.id.short(),
                    seen.id.short()
                ),
                "Stop Octopus Server on this node, and find out which of the two is right before it writes there.",
            )
            .about(FieldId::Database),
        );
    }
    (own.fingerprint != seen.fingerprint).then(|| {
        Finding::stop(
            CheckId::DriftRow,
            format!(
                "The node config has a master key with the fingerprint {}, and the cluster's is {}: the key was changed, or this one was never right.",
                own.fingerprint, seen.fingerprint
            ),
            format!("Ask the operator of another node for the cluster's master key. {}", crate::catalog::checks::node::SEAL_ANOTHER_KEY),
        )
        .about(FieldId::MasterKey)
    })
}

fn missing_row(config: &NodeConfig) -> Finding {
    Finding::warn(
        CheckId::DriftRow,
        format!(
            "This node, {}, is not in the registry: it was removed on another node, or the database was restored from before it joined.",
            Untrusted::new(&config.node.name)
        ),
        "Have it leave ({key:leave-cluster}) and add this server again; the registry then has its row.",
    )
    .about(FieldId::NodeName)
}

fn row_differences(config: &NodeConfig, node: &NodeSeen, row: &NodeRow, case: &Case<'_>) -> Vec<Finding> {
    let differs = |field: FieldId, what: &str, own: &str, other: &str| {
        let says = format!("{what}: the node config says {}, the registry {}.", shown(own), shown(other));
        Finding::warn(CheckId::DriftRow, says, WRITE_ROW_ANEW).about(field)
    };
    let mut findings = Vec::new();
    let own = &config.node;
    if own.name != row.name {
        findings.push(
            Finding::warn(
                CheckId::DriftRow,
                format!(
                    "The node's name: the node config says {}, the registry {}. They differ in upper and lower case, which has \
                     broken Octopus' heartbeat before.",
                    shown(&own.name),
                    shown(&row.name)
                ),
                "Have the node leave ({key:leave-cluster}) and add it again under one spelling, and Octopus Server under the same.",
            )
            .about(FieldId::NodeName),
        );
    }
    let mut others = Vec::new();
    for setting in settings::all() {
        let (Some(config_text), Some(row_text)) = (setting.config, setting.row) else { continue };
        let (own, other) = (config_text(config).unwrap_or_default(), row_text(row));
        if !is_same(case.platform(), setting.same, &own, &other) {
            others.push(differs(setting.field, setting.field.label(), &own, &other));
        }
    }
    let prefixes = &config.web.listen_prefixes;
    let leads_elsewhere = !row.address.is_empty() && !prefixes.iter().any(|own| same_prefixes(own, &row.address));
    if leads_elsewhere && !others.iter().any(|finding: &Finding| finding.about == Some(FieldId::ListenPrefixes)) {
        findings.push(differs(FieldId::ListenPrefixes, "Address", &prefixes.join(","), &row.address));
    }
    findings.extend(others);
    findings.extend(task_cap_difference(config, node, case));
    findings.extend(storage_difference(config, case));
    findings.extend(machine_differences(row, case));
    findings
}

/// Octopus keeps the task cap in a row of its own, which is the one that counts.
fn task_cap_difference(config: &NodeConfig, node: &NodeSeen, case: &Case<'_>) -> Option<Finding> {
    let own = u32::from(config.node.task_cap);
    // Without a row of Octopus' own, the node's cap is the registry's, of which is told already.
    let real = node.task_cap.filter(|cap| *cap != own && node.beat != Heartbeat::Never)?;
    let says = format!("Task cap: the node config says {own}, and Octopus Server itself goes by {real}.");
    let fix = "Set it in Octopus too, or change settings ({key:edit}) to what is meant.";
    let finding = Finding::warn(CheckId::DriftRow, says, fix).about(FieldId::TaskCap);
    let set = octopus::fixing_command(FieldId::TaskCap.setting(), &own.to_string(), case)?;
    Some(finding.command(set))
}

/// What the nodes share, by the config and by the registry, which all nodes go by. Where the registry does not tell, or
/// was made before it could, nothing is known to differ.
fn storage_difference(config: &NodeConfig, case: &Case<'_>) -> Option<Finding> {
    let registered = case.facts.cluster.storage.seen()?;
    let own = &config.storage;
    if own == registered {
        return None;
    }
    let says = format!("Shared storage: the node config says {}, the registry {}.", storage_text(own), storage_text(registered));
    let fix = if registered.is_none() {
        "Find out whether the registry was restored from before the storage was shared. The nodes that join now would share nothing."
    } else {
        "The registry is what every node goes by. Have this node leave ({key:leave-cluster}) and add it again: it then takes the storage from there."
    };
    Some(Finding::warn(CheckId::DriftRow, says, fix).about(FieldId::Storage))
}

/// Shared storage in words: its root, or each folder and where it is.
fn storage_text(storage: &SharedStorage) -> Untrusted {
    let rows: Vec<String> = match storage {
        SharedStorage::None => vec!["nothing".into()],
        SharedStorage::Root(root) => vec![root.display().to_string()],
        SharedStorage::Folders(folders) => {
            folders.iter().map(|(folder, path)| format!("{} {}", folder.id(), path.display())).collect()
        }
    };
    Untrusted::new(&rows.join(", "))
}

/// What the row says of the machine and the program that wrote it.
fn machine_differences(row: &NodeRow, case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let system = case.facts.machine.system.as_str();
    if !system.is_empty() && !row.system.is_empty() && system != row.system {
        let says = format!("System: this machine runs {system}, the registry says {}.", shown(&row.system));
        let (severity, fix) = if Platform::of_system(system) == Platform::of_system(&row.system) {
            (Severity::Note, "")
        } else {
            (
                Severity::Warn,
                "All nodes of a cluster run one family of systems; find out whether this is the machine that is meant.",
            )
        };
        findings.push(Finding::new(CheckId::DriftRow, severity, says, fix).about(FieldId::NodeName));
    }
    let program = env!("CARGO_PKG_VERSION");
    if row.program != program {
        let says = format!("The row was written by octopus-setup {}, and this is {program}.", shown(&row.program));
        findings.push(Finding::note(CheckId::DriftRow, says).about(FieldId::NodeName));
    }
    findings
}

/// Text of a file or of the registry, safe to show; nothing is said as such.
fn shown(text: &str) -> Untrusted {
    let text = Untrusted::new(text);
    if text.is_empty() { "nothing".into() } else { text }
}

/// This machine has the name and the folders that the config and the registry say, and the node's ports are in use.
fn judge_host(case: &Case<'_>) -> Verdict {
    let facts = case.facts;
    match (&facts.node.config, &facts.node.octopus) {
        (Fact::Unknown, _) | (Fact::Missing(Trouble::Unasked), Fact::Unknown) => return case.pending(),
        (Fact::Seen(_), _) | (Fact::Missing(Trouble::Unasked), Fact::Seen(Some(_))) => {}
        (Fact::Missing(_), _) => return Verdict::NotYet,
    }
    if facts.home.folder.is_unknown() {
        return case.pending();
    }
    // While the registry is still on its way; where it cannot be had, the rest is judged without it.
    if facts.cluster.nodes.is_unknown() && case.running {
        return Verdict::Running;
    }
    let mut findings: Vec<Finding> =
        [home_finding(case), name_finding(case), ports_finding(case)].into_iter().flatten().collect();
    if let Fact::Missing(trouble) = &facts.home.folder {
        let words = crate::catalog::failures::explain_trouble(trouble);
        let says = format!("Whether the home directory is there could not be looked at. {}", words.says);
        findings.push(Finding::unproven(CheckId::DriftHost, says, words.fix).about(FieldId::Home));
    }
    report_or(findings, || match facts.cluster.nodes.seen() {
        Some(_) => Verdict::Good(format!("{}, with its home", facts.machine.host_name)),
        None => Verdict::Unknown(format!("{}, with its home; the registry was not compared", facts.machine.host_name)),
    })
}

fn home_finding(case: &Case<'_>) -> Option<Finding> {
    let home = Untrusted::new(case.answers.trimmed(FieldId::Home));
    let (says, fix) = match case.facts.home.folder.seen()? {
        HomeState::Creatable { parent } => (
            format!("The home directory {home} is not there; only {parent} is."),
            "Mount the disk that it is on, or have it restored, before Octopus Server is started.",
        ),
        HomeState::NotAFolder => (
            format!("The home directory {home}, or a part of its path, is not a folder."),
            "Find out what took its place, and have the folder restored.",
        ),
        HomeState::Empty | HomeState::KeyOnly | HomeState::Occupied { .. } | HomeState::NodeConfig { .. } => return None,
    };
    Some(Finding::stop(CheckId::DriftHost, says, fix).about(FieldId::Home))
}

/// The registry's host against this machine's name. A machine that was renamed leaves Octopus' own row behind
/// (Issues#4898), and a config that was copied would have two machines be one node.
fn name_finding(case: &Case<'_>) -> Option<Finding> {
    let facts = case.facts;
    let own = facts.machine.host_name.as_str();
    let row = facts.cluster.node(case.answers.trimmed(FieldId::NodeName))?.registered()?;
    let other = Untrusted::new(&row.host);
    if own.is_empty() || other.is_empty() || own.eq_ignore_ascii_case(other.as_str()) {
        return None;
    }
    Some(
        Finding::warn(
            CheckId::DriftHost,
            format!("This machine is called {own}, and the registry has this node on {other}: it was renamed or moved, or the config was copied."),
            "Make sure that no other machine runs this node; then change settings ({key:edit}), which writes the row anew.",
        )
        .about(FieldId::NodeName),
    )
}

/// That nothing listens is no more than good to know: it may be stopped on purpose.
fn ports_finding(case: &Case<'_>) -> Option<Finding> {
    let ports = &case.facts.ports.ports;
    let silent = !ports.is_empty() && ports.iter().all(|port| port.free == Fact::Seen(true));
    let existing = case.is_existing_node();
    (silent && existing).then(|| {
        let list: Vec<String> = ports.iter().map(|port| port.port.to_string()).collect();
        let says = format!("Nothing listens on {}: Octopus Server does not run on this machine right now.", list.join(", "));
        Finding::note(CheckId::DriftHost, says).about(FieldId::CommsPort)
    })
}

/// `Octopus.Server configure --instance '…' --webListenPrefixes '…'`.
pub fn octopus_command(case: &Case<'_>, verb: &str, options: &[(&str, &str)]) -> String {
    let shell = case.shell();
    let instance = shell.quoted(case.answers.trimmed(FieldId::Instance));
    let mut line = format!("Octopus.Server {verb} --instance {instance}");
    for (option, value) in options {
        // Writing to a string cannot fail.
        let _ = write!(line, " --{option} {}", shell.quoted(value));
    }
    line
}

/// The same with one option whose value has a secret between these two texts. The secret is in no command: a Unix shell
/// takes it from this variable and refuses to go on without it, `PowerShell` asks for it.
pub fn octopus_command_with_secret(case: &Case<'_>, verb: &str, option: &str, around: (&str, &str), variable: &str) -> String {
    format!("{} --{option} {}", octopus_command(case, verb, &[]), secret_word(around, variable, case.shell()))
}

fn secret_word((before, after): (&str, &str), variable: &str, shell: Shell) -> String {
    let text = |text: &str| if text.is_empty() { String::new() } else { shell.quoted(text) };
    if shell == Shell::PowerShell {
        let parts = [text(before), format!("(Read-Host '{variable}')"), text(after)];
        format!("({})", parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" + "))
    } else {
        format!("{}\"${{{variable}:?}}\"{}", text(before), text(after))
    }
}
