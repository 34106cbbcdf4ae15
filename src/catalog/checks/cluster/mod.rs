//! The checks of the cluster screen. They are judged on each frame, and a cluster may have a hundred thousand nodes: whatever
//! depends on all of them was counted when they were read ([`Nodes`]), and no check looks at each.

mod node;

use std::cmp::Ordering;

use time::Date;

use super::licence::{exceeded, how_soon, is_soon};
use super::octopus::fault_findings;
use super::{Case, Check, report, report_all, report_or, unknown};
use crate::catalog::form::read;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Heartbeat, Identity, NodeSeen, Nodes, Others, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::key_evidence::{KeyBasis, KeyVerdict, NoBasis};
use crate::model::licence::NodeLimit;
use crate::model::master_key::Fingerprint;
use crate::model::octopus::compare_versions;
use crate::model::platform::Platform;
use crate::model::registry::reach;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;
use crate::model::web::ListenPrefix;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::ClusterKey, Some(FieldId::MasterKey), &[SurveyId::Key], judge_key),
    row(CheckId::ClusterNode, Some(FieldId::NodeName), SURVEYS, node::judge),
    row(CheckId::ClusterSystem, None, SURVEYS, judge_system),
    row(CheckId::ClusterVersion, None, SURVEYS, judge_version),
    row(CheckId::ClusterLicence, None, SURVEYS, judge_licence),
    row(CheckId::ClusterNodes, None, SURVEYS, judge_nodes),
];

const SURVEYS: &[SurveyId] = &[SurveyId::Cluster, SurveyId::Key];

const fn row(id: CheckId, field: Option<FieldId>, surveys: &'static [SurveyId], judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check { id, screen: ScreenId::Cluster, field, surveys, flows: &Flow::ALL, judge }
}

/// The cluster's nodes, or the verdict while they are not known. `cluster-node` says why they cannot be read.
fn known_nodes<'a>(case: &Case<'a>) -> Result<&'a Nodes, Verdict> {
    case.optional(&case.facts.cluster.nodes)
}

/// The nodes but for this one, whose name is in the answers: as it is to be, or as its node config has it.
fn others<'a>(case: &Case<'a>, nodes: &'a Nodes) -> Others<'a> {
    nodes.except(case.answers.trimmed(FieldId::NodeName))
}

/// Another node of the cluster to compare something with: `web01`.
pub(super) fn another(case: &Case<'_>) -> Option<Untrusted> {
    let others = others(case, case.facts.cluster.nodes.seen()?);
    others.first_alive().or_else(|| others.first()).map(|node| node.name.clone())
}

/// Whether this flow adds a node, or changes one that is there already.
fn adds_node(case: &Case<'_>) -> bool {
    matches!(case.flow, Flow::FirstNode | Flow::Join)
}

/// When a node was seen last: `last seen 2 s ago`.
fn last_seen(node: &NodeSeen) -> String {
    match (node.last_seen(), node.beat) {
        (Some(age), _) => format!("last seen {} ago", format::span(age.as_secs())),
        (None, Heartbeat::Never) => "never seen".to_owned(),
        (None, _) => "last seen at an unknown time".to_owned(),
    }
}

/// What shows the key on a node of the cluster.
const SHOW: &str = "Octopus.Server show-master-key";

/// The master key is the cluster's. A wrong one never passes; one that nothing confirms only by the operator's own word.
fn judge_key(case: &Case<'_>) -> Verdict {
    if case.flow == Flow::Join && read::master_key(case.answers).is_err() {
        // What is wrong with its form stands under the field.
        return Verdict::NotYet;
    }
    match &case.facts.key.verdict {
        Fact::Unknown => case.pending(),
        Fact::Missing(trouble) => report(unverified_finding(trouble, case)),
        Fact::Seen(KeyVerdict::Correct(basis)) => Verdict::Good(correct_evidence(*basis, case)),
        Fact::Seen(KeyVerdict::Wrong(basis)) => report(wrong_finding(*basis, case)),
        Fact::Seen(KeyVerdict::Unverifiable(why)) => report(unverifiable_finding(*why, case)),
    }
}

fn correct_evidence(basis: KeyBasis, case: &Case<'_>) -> String {
    let proof = match basis {
        KeyBasis::Verifier => "it matches the cluster's own verifier".to_owned(),
        KeyBasis::Certificate => "it opens Octopus' own certificate".to_owned(),
        KeyBasis::Values(values) => format!("it opens {}", format::count(values as u64, "encrypted value")),
    };
    match own_fingerprint(case) {
        Some(fingerprint) => format!("{proof}. Fingerprint {fingerprint}. Compare it with {}.", owner_to_compare(case)),
        None => proof,
    }
}

fn wrong_finding(basis: KeyBasis, case: &Case<'_>) -> Finding {
    let tried = match basis {
        KeyBasis::Verifier => "it does not match the verifier that the first node left in the registry".to_owned(),
        KeyBasis::Certificate => "it does not open the server certificate that Octopus encrypted".to_owned(),
        KeyBasis::Values(1) => "it does not open the value that Octopus encrypted".to_owned(),
        KeyBasis::Values(values) => format!("it opens none of {values} values that Octopus encrypted"),
    };
    let prints = match (own_fingerprint(case), registered_fingerprint(case)) {
        (Some(own), Some(cluster)) if own != cluster => {
            format!(" Its fingerprint is {own}, the cluster's is {cluster}.")
        }
        (Some(own), _) => format!(" Its fingerprint is {own}."),
        (None, _) => String::new(),
    };
    let from = another(case).map_or_else(|| "a node of the cluster".to_owned(), |node| node.to_string());
    let fix = if case.flow == Flow::Join {
        format!("Give the key of {from}: octopus-setup shows it there (Review this node), and so does this command.")
    } else {
        format!(
            "The cluster's key was changed, or this is another cluster's database. Compare with {from}, where this command shows \
             the key, and check server and database."
        )
    };
    Finding::stop(CheckId::ClusterKey, format!("This master key is not the cluster's: {tried}.{prints}"), fix).command(SHOW)
}

fn unverifiable_finding(why: NoBasis, case: &Case<'_>) -> Finding {
    let why = match why {
        NoBasis::Nothing => "there is no registry, and Octopus has encrypted nothing in this database yet".to_owned(),
        NoBasis::Rotated => {
            "the registry's verifier and the certificate that Octopus encrypted contradict each other, as after a \
                             change of the key in Octopus that the registry has not been told of"
                .to_owned()
        }
        NoBasis::TooFew { values } => format!(
            "Octopus has encrypted no more than {} here, and a wrong key seems to open one of 256 by chance",
            format::count(values as u64, "value")
        ),
        NoBasis::Mixed { opened, values } => format!(
            "it opens {opened} of {values} values that Octopus encrypted and not the others, as after a change of the key that was \
             interrupted"
        ),
    };
    let says = format!("This master key cannot be verified: {why}.");
    let print = own_fingerprint(case).map_or_else(|| "key".to_owned(), |print| format!("fingerprint {print}"));
    let compare = format!("Compare the {print} with {}", owner_to_compare(case));
    if case.flow != Flow::Join {
        let finding = Finding::unproven(CheckId::ClusterKey, says, format!("{compare}; go on only where they are the same."));
        return finding.command(SHOW);
    }
    if case.answers.is_on(FieldId::UnverifiedKey) {
        Finding::warn(
            CheckId::ClusterKey,
            says,
            format!("You chose to take it anyway. {compare}; with a wrong key this node cannot read what others wrote."),
        )
        .command(SHOW)
    } else {
        Finding::stop(
            CheckId::ClusterKey,
            says,
            format!("{compare}. Where they are the same, choose Take it anyway; otherwise give the cluster's key."),
        )
        .about(FieldId::UnverifiedKey)
        .command(SHOW)
    }
}

/// A connection that is lost is no verdict, neither a good one nor a bad one.
fn unverified_finding(trouble: &Trouble, case: &Case<'_>) -> Finding {
    let words = case.explain(trouble);
    // A review only looks; every other flow would write on the strength of it.
    let severity = if case.flow == Flow::Review { Severity::Unproven } else { Severity::Stop };
    let mut finding = Finding::new(
        CheckId::ClusterKey,
        severity,
        format!("The master key could not be verified. {}", words.says),
        format!("{}{{? Then {{key:check-again}} checks it again.}}", words.fix),
    );
    finding.remedy = words.remedy;
    finding
}

/// The key's fingerprint.
fn own_fingerprint(case: &Case<'_>) -> Option<Fingerprint> {
    read::flow_key(case.flow, case.answers, case.facts).map(|key| key.fingerprint())
}

/// The fingerprint in the registry.
fn registered_fingerprint(case: &Case<'_>) -> Option<Fingerprint> {
    match case.facts.cluster.identity.seen()? {
        Identity::Registered(cluster) => Some(cluster.fingerprint),
        Identity::Octopus { .. } => None,
    }
}

/// Whose fingerprint it is to be compared with.
fn owner_to_compare(case: &Case<'_>) -> String {
    another(case).map_or_else(|| "the first node's".to_owned(), |node| format!("{node}'s"))
}

/// The other nodes run the same family of operating systems. Octopus does not support both in one cluster: paths and
/// scripts of one mean nothing to the other. Only the registry tells a node's system, and a dead node runs none.
fn judge_system(case: &Case<'_>) -> Verdict {
    let nodes = match known_nodes(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let Some(here) = Platform::of_system(case.facts.machine.system.as_str()) else {
        return Verdict::Unknown("this machine's system is not known".to_owned());
    };
    let others = others(case, nodes);
    for there in Platform::ALL.into_iter().filter(|there| *there != here) {
        if let Some(node) = others.first_of(there) {
            return report(Finding::stop(
                CheckId::ClusterSystem,
                format!("{} runs {}, and this machine runs {}.", node.name, there.name(), here.name()),
                "Octopus' nodes must not mix Windows and Linux: use a machine with the other nodes' system.",
            ));
        }
    }
    if others.first_of(here).is_some() {
        Verdict::Good(format!("{}, as the other nodes", here.name()))
    } else if others.is_empty() {
        Verdict::DoesNotApply
    } else {
        Verdict::Unknown("no other node tells its system".to_owned())
    }
}

/// All nodes run one version of Octopus Server, as far as that is known: by Octopus' installation history, and by the
/// Octopus Server that is installed here. A newer one upgrades the database under the others' feet.
fn judge_version<'a>(case: &Case<'a>) -> Verdict {
    let nodes = match known_nodes(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let others = others(case, nodes);
    // A node, and the version that it runs.
    let running = |node: Option<&'a NodeSeen>| node.and_then(|node| Some((&node.name, node.version.as_ref()?)));
    // A node that is there already runs what is recorded of it, where its program does not tell by itself.
    let told = adds_node(case) || case.facts.machine.octopus_version.seen().is_some();
    let own = if told { None } else { running(nodes.find(case.answers.trimmed(FieldId::NodeName))) };
    let all_of_them = || [running(others.oldest()), running(others.newest()), own].into_iter().flatten();
    let by_version =
        |one: &(&Untrusted, &Untrusted), other: &(&Untrusted, &Untrusted)| compare_versions(one.1.as_str(), other.1.as_str());
    let (oldest, newest) = (all_of_them().min_by(by_version), all_of_them().max_by(by_version));
    let cluster = octopus_version(case);
    let mut findings = Vec::new();
    let here = case.facts.machine.octopus_version.seen();
    if let (Some(here), Some(there)) = (here, cluster)
        && compare_versions(here.as_str(), there.as_str()) != Ordering::Equal
    {
        findings.push(other_version_here(here, there, case));
    }
    if let (Some((old, oldest)), Some((new, newest))) = (oldest, newest)
        && compare_versions(oldest.as_str(), newest.as_str()) != Ordering::Equal
    {
        findings.push(Finding::warn(
            CheckId::ClusterVersion,
            format!("The cluster's nodes run different versions of Octopus Server: {old} has {oldest}, {new} has {newest}."),
            "Bring all nodes to one version; Octopus supports no others side by side.",
        ));
    }
    let mut versions: Vec<&Untrusted> = all_of_them().map(|(_, version)| version).chain(here).collect();
    versions.sort_by(|one, other| compare_versions(one.as_str(), other.as_str()));
    versions.dedup();
    findings.extend(fault_findings(CheckId::ClusterVersion, &versions));
    let ahead = others.newest_program().and_then(|node| Some((&node.name, Untrusted::new(&node.registered()?.program))));
    if let Some((node, program)) = ahead
        && compare_versions(program.as_str(), env!("CARGO_PKG_VERSION")) == Ordering::Greater
    {
        findings.push(Finding::note(
            CheckId::ClusterVersion,
            format!("{node} was set up by octopus-setup {program}, which is newer than this one."),
        ));
    }
    report_or(findings, || match cluster {
        Some(version) => Verdict::Good(format!("{version} throughout")),
        None => Verdict::Unknown("no node tells its version".to_owned()),
    })
}

/// The version of Octopus Server that the cluster is of: the newest that another node runs, else what Octopus' installation
/// history says; `None` where neither is known.
pub fn octopus_version<'a>(case: &Case<'a>) -> Option<&'a Untrusted> {
    let newest =
        case.facts.cluster.nodes.seen().and_then(|nodes| others(case, nodes).newest()).and_then(|node| node.version.as_ref());
    newest.or(match case.facts.cluster.identity.seen() {
        Some(Identity::Octopus { version }) => version.as_ref(),
        _ => None,
    })
}

fn other_version_here(here: &Untrusted, there: &Untrusted, case: &Case<'_>) -> Finding {
    let what = match compare_versions(here.as_str(), there.as_str()) {
        Ordering::Less => "an older one refuses the database",
        _ => "a newer one upgrades the database, and the other nodes stop",
    };
    let severity = if adds_node(case) { Severity::Stop } else { Severity::Warn };
    Finding::new(
        CheckId::ClusterVersion,
        severity,
        format!("Octopus Server on this machine is of version {here}, the cluster's of {there}: {what}."),
        format!("Install Octopus Server {there} here first."),
    )
}

/// The licence allows as many nodes as there will be, and has not ended. Octopus lets the node join all the same and then
/// creates no more releases, so it is said before, in its own words.
fn judge_licence(case: &Case<'_>) -> Verdict {
    let nodes = match known_nodes(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let limit = match &case.facts.cluster.node_limit {
        Fact::Unknown => return case.pending(),
        Fact::Missing(trouble) => return unknown(trouble),
        Fact::Seen(limit) => *limit,
    };
    let ends = case.facts.cluster.licence_ends.seen().copied().flatten();
    let count = node_count(case, nodes);
    let mut found = Vec::new();
    if let Some(NodeLimit::Nodes(limit)) = limit
        && !NodeLimit::Nodes(limit).allows(count)
    {
        found.push(too_many(case, limit.into(), count));
    }
    found.extend(ends.zip(case.facts.machine.today).and_then(|(ends, today)| ending_finding(ends, today)));
    report_or(found, || {
        let with = if adds_node(case) { " with this one" } else { "" };
        let allowed = match limit {
            None => "the licence's limit is not known".to_owned(),
            Some(NodeLimit::Unlimited) => format!("{}{with}, of as many as you like", format::count(count, "node")),
            Some(NodeLimit::Nodes(limit)) => format!("{count} of {}{with}", format::count(limit.into(), "node")),
        };
        let said = match ends {
            Some(day) => format!("{allowed}; it or its maintenance ends on {}", format::date(day)),
            None => allowed,
        };
        if limit.is_some() { Verdict::Good(said) } else { Verdict::Unknown(said) }
    })
}

fn too_many(case: &Case<'_>, limit: u64, count: u64) -> Finding {
    let when = if adds_node(case) { "With this node Octopus will say" } else { "Octopus says by now" };
    Finding::warn(
        CheckId::ClusterLicence,
        format!("{when}: {}", exceeded(limit, count)),
        "Have a licence with a higher NodeLimit, or run fewer nodes: those that are online count.",
    )
}

/// That the licence has ended, or will soon. The registry keeps one day, the first on which something of it ends: of a trial
/// the licence itself, else its maintenance.
fn ending_finding(ends: Date, today: Date) -> Option<Finding> {
    let says = if is_soon(ends, today)? {
        format!("The cluster's licence, or its maintenance, ends {}.", how_soon(ends, today))
    } else {
        format!(
            "The cluster's licence, or its maintenance, ended on {}, as the registry knows it: an ended trial stops working, and an \
             Octopus Server that was released after the end of maintenance refuses to start.",
            format::date(ends)
        )
    };
    let fix = "See in the web portal, at Configuration, License; a licence that was renewed there since is not in the registry.";
    Some(Finding::warn(CheckId::ClusterLicence, says, fix))
}

/// How many nodes are online, or will be, this one included. Octopus counts no others towards the licence: its release note to
/// OctopusDeploy/Issues#4668, of December 2018; a node counts as offline once it has not been seen for a minute. Its older pages said that
/// a dead node counts until it is deleted. Ours counts a node for [`NodeSeen::BEAT`], since one that restarts is soon back.
fn node_count(case: &Case<'_>, nodes: &Nodes) -> u64 {
    let others = others(case, nodes);
    let own = adds_node(case) || nodes.find(case.answers.trimmed(FieldId::NodeName)).is_some();
    (others.len() - others.dead()) as u64 + u64::from(own)
}

/// Every other node is alive. A dead one is nobody's obstacle, but it stays on the lists.
fn judge_nodes(case: &Case<'_>) -> Verdict {
    let nodes = match known_nodes(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let tally = Tally::of(case, nodes);
    let mut findings: Vec<Finding> = same_address_finding(case, nodes).into_iter().collect();
    if tally.dead > 0 {
        findings.push(dead_finding(case, nodes, &tally));
    }
    report_all(findings, || tally.evidence())
}

/// Whether an Octopus Server has run in the cluster, or may have; `None` if its nodes are not known.
pub(super) fn has_run(case: &Case<'_>) -> Option<bool> {
    case.facts.cluster.nodes.seen().map(|nodes| others(case, nodes).ran() > 0)
}

/// Two nodes have one address: whoever asks for one of them reaches the other.
fn same_address_finding(case: &Case<'_>, nodes: &Nodes) -> Option<Finding> {
    let pair = if adds_node(case) {
        let own = case.answers.trimmed(FieldId::NodeName);
        let prefixes = ListenPrefix::parse_all(case.answers.text(FieldId::ListenPrefixes)).ok()?;
        let address = reach(&prefixes.first()?.to_string(), case.facts.machine.host_name.as_str());
        let other = nodes.with_address(&address).find(|node| !node.is_called(own))?;
        (Untrusted::new(own), other.name.clone(), address)
    } else {
        let (one, other) = nodes.sharing_an_address()?;
        (one.name.clone(), other.name.clone(), one.registered()?.reach())
    };
    let (one, other, address) = pair;
    Some(
        Finding::warn(
            CheckId::ClusterNodes,
            format!("Nodes {one} and {other} have one address, {}.", Untrusted::new(&address)),
            "Give one of them another listen prefix, by a name that leads to its own machine: load balancers and other nodes cannot tell \
             the two apart.",
        )
        .about(FieldId::ListenPrefixes),
    )
}

fn dead_finding(case: &Case<'_>, nodes: &Nodes, tally: &Tally) -> Finding {
    let says = if tally.dead == 1 {
        format!("Node {} is dead.", format::list(&tally.names, 1))
    } else {
        format!("{} nodes are dead: {}.", tally.dead, format::list(&tally.names, tally.dead))
    };
    let it = if tally.dead == 1 { "it" } else { "them" };
    let limit = case.facts.cluster.node_limit.seen().copied().flatten();
    let would_break = limit.is_some_and(|limit| !limit.allows(node_count(case, nodes) + tally.dead));
    let says = match (would_break, tally.dead) {
        (false, _) => says,
        (true, 1) => format!("{says} Back online it would exceed the licence; Octopus counts the nodes that are online."),
        (true, _) => format!("{says} Back online they would exceed the licence; Octopus counts the nodes that are online."),
    };
    if adds_node(case) {
        return Finding::note(CheckId::ClusterNodes, format!("{says} Replace or remove {it}."));
    }
    Finding::warn(
        CheckId::ClusterNodes,
        says,
        format!(
            "Replace {it} by a node that joins under the same name, or remove {it}: here from the review of a node, and in Octopus on \
             Configuration > Nodes."
        ),
    )
}

/// The other nodes, counted, and the first few dead ones by name.
struct Tally {
    all: u64,
    silent: u64,
    drained: u64,
    dead: u64,
    names: Vec<Untrusted>,
    /// Whether this node, or the one that it replaces, has a row: then the list of nodes is not empty.
    own: bool,
}

impl Tally {
    /// Without this node and the one that it replaces, which have one name.
    fn of(case: &Case<'_>, nodes: &Nodes) -> Self {
        let others = others(case, nodes);
        let count = |number: usize| number as u64;
        let mut tally = Self {
            all: count(others.len()),
            silent: count(others.silent()),
            drained: count(others.drained()),
            dead: count(others.dead()),
            names: others.first_dead().map(|node| node.name.clone()).collect(),
            own: nodes.find(case.answers.trimmed(FieldId::NodeName)).is_some(),
        };
        let own = nodes.find(case.answers.trimmed(FieldId::NodeName));
        let replaces = case.answers.is_on(FieldId::ReplaceNode);
        if let Some(in_the_way) = own.filter(|node| node.is_dead() && adds_node(case) && !replaces) {
            tally.all += 1;
            tally.dead += 1;
            tally.drained += u64::from(in_the_way.drained);
            tally.names.insert(0, in_the_way.name.clone());
            tally.names.truncate(Nodes::NAMED);
        }
        tally
    }

    fn evidence(&self) -> String {
        let mut said = match self.all {
            0 if self.own => return "this node only".to_owned(),
            0 => return "none yet".to_owned(),
            1 if self.silent == 0 => "1 other node, alive".to_owned(),
            all if self.silent == 0 => format!("{all} other nodes, all alive"),
            all => format!("{}; of {} nobody can tell whether alive", format::count(all, "other node"), self.silent),
        };
        if self.drained > 0 {
            said = format!("{said}; {} drained", self.drained);
        }
        said
    }
}

#[cfg(test)]
mod tests;
