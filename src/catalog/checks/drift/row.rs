//! `drift-row`.

use crate::catalog::checks::{Case, all, one};
use crate::catalog::settings;
use crate::model::check::CheckId;
use crate::model::facts::{ClusterSeen, Fact, Heartbeat, Identity, NodeSeen, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::node_config::NodeConfig;
use crate::model::platform::Platform;
use crate::model::registry::NodeRow;
use crate::model::storage::SharedStorage;
use crate::model::untrusted::Untrusted;

use super::octopus::mend;
use super::{is_same, same_prefixes};

const ANEW: &str = "Change settings ({key:edit}): the config and the row are then written together and agree.";

/// The node's row in the registry says what the node config says, and it is the config's own cluster.
pub fn judge(case: &Case<'_>) -> Verdict {
    let config = match &case.facts.node.config {
        Fact::Unknown => return case.pending(),
        Fact::Seen(config) => config,
        Fact::Missing(Trouble::Unasked) => {
            return Verdict::Good("not compared: Octopus Server made this instance, without a node config".into());
        }
        Fact::Missing(_) => return Verdict::NotYet,
    };
    let cluster = &case.facts.cluster;
    match &cluster.identity {
        Fact::Unknown => case.pending(),
        // Why it is not known is said where the cluster itself is judged.
        Fact::Missing(_) => Verdict::NotYet,
        Fact::Seen(Identity::Octopus { .. }) => Verdict::Good("not compared: the database has no registry of this wizard".into()),
        Fact::Seen(Identity::Registered(seen)) => {
            if let Some(finding) = another(config, seen) {
                return one(finding);
            }
            match &cluster.nodes {
                Fact::Unknown => case.pending(),
                Fact::Missing(_) => Verdict::NotYet,
                Fact::Seen(_) => match cluster.node(&config.node.name).and_then(|node| Some((node, node.registered()?))) {
                    Some((node, row)) => {
                        all(findings(config, node, row, case), || format!("the row of {} says the same", row.name))
                    }
                    None => one(missing(config)),
                },
            }
        }
    }
}

/// The database holds another cluster than the config's, or one with another key.
fn another(config: &NodeConfig, seen: &ClusterSeen) -> Option<Finding> {
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
            format!("Ask the operator of another node for the cluster's master key. {}", crate::catalog::checks::node::ANEW),
        )
        .about(FieldId::MasterKey)
    })
}

fn missing(config: &NodeConfig) -> Finding {
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

fn findings(config: &NodeConfig, node: &NodeSeen, row: &NodeRow, case: &Case<'_>) -> Vec<Finding> {
    let differs = |field: FieldId, what: &str, own: &str, other: &str| {
        let says = format!("{what}: the node config says {}, the registry {}.", shown(own), shown(other));
        Finding::warn(CheckId::DriftRow, says, ANEW).about(field)
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
    findings.extend(of_octopus_cap(config, node, case));
    findings.extend(of_storage(config, case));
    findings.extend(of_machine(row, case));
    findings
}

/// Octopus keeps the task cap in a row of its own, which is the one that counts.
fn of_octopus_cap(config: &NodeConfig, node: &NodeSeen, case: &Case<'_>) -> Option<Finding> {
    let own = u32::from(config.node.task_cap);
    // Without a row of Octopus' own, the node's cap is the registry's, of which is told already.
    let real = node.task_cap.filter(|cap| *cap != own && node.beat != Heartbeat::Never)?;
    let says = format!("Task cap: the node config says {own}, and Octopus Server itself goes by {real}.");
    let fix = "Set it in Octopus too, or change settings ({key:edit}) to what is meant.";
    let finding = Finding::warn(CheckId::DriftRow, says, fix).about(FieldId::TaskCap);
    let set = mend(FieldId::TaskCap.setting(), &own.to_string(), case)?;
    Some(finding.command(set))
}

/// What the nodes share, by the config and by the registry, which all nodes go by. Where the registry does not tell, or
/// was made before it could, nothing is known to differ.
fn of_storage(config: &NodeConfig, case: &Case<'_>) -> Option<Finding> {
    let registered = case.facts.cluster.storage.seen()?;
    let own = &config.storage;
    if own == registered {
        return None;
    }
    let says = format!("Shared storage: the node config says {}, the registry {}.", told(own), told(registered));
    let fix = if registered.is_none() {
        "Find out whether the registry was restored from before the storage was shared. The nodes that join now would share nothing."
    } else {
        "The registry is what every node goes by. Have this node leave ({key:leave-cluster}) and add it again: it then takes the storage from there."
    };
    Some(Finding::warn(CheckId::DriftRow, says, fix).about(FieldId::Storage))
}

/// Shared storage in words: its root, or each folder and where it is.
fn told(storage: &SharedStorage) -> Untrusted {
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
fn of_machine(row: &NodeRow, case: &Case<'_>) -> Vec<Finding> {
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
