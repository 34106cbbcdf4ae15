//! The settings as a list.

use crate::catalog::format;
use crate::catalog::settings::{self, Group, OctopusSource, OnlyWith, Setting};
use crate::model::answers::Raw;
use crate::model::facts::{Fact, Facts, Identity, SealTrouble, Trouble};
use crate::model::field::FieldId;
use crate::model::node_config::NodeConfig;
use crate::model::octopus::OctopusConfig;
use crate::model::untrusted::Untrusted;
use crate::wizard::state::State;

use super::{Listed, Source};

/// The settings of the node under review, group by group; empty while its files have not told any.
pub fn of(state: &State) -> Vec<Listed> {
    let facts = &state.facts;
    let mut list = match (&facts.node.config, &facts.node.octopus) {
        (Fact::Seen(config), _) => of_node_config(config, facts),
        (Fact::Missing(Trouble::Unasked), Fact::Seen(Some(config))) => of_octopus(config, state),
        _ => return Vec::new(),
    };
    list.extend(of_host(facts));
    list.extend(of_registry(state));
    // Stable: within a group they stand as they came.
    list.sort_by_key(|setting| Group::ALL.iter().position(|group| *group == setting.group));
    list
}

fn item(group: Group, id: &'static str, label: &'static str, value: impl Into<String>, source: Source) -> Listed {
    let value = value.into();
    Listed { group, id, label, value: if value.is_empty() { "none".to_owned() } else { value }, source }
}

/// A setting that is a field's answer.
fn of_field(setting: &Setting, value: impl Into<String>, source: Source) -> Listed {
    item(setting.group, setting.id, setting.field.label(), value, source)
}

/// Text of a file for people: it may hold anything.
fn clean(text: &str) -> String {
    Untrusted::new(text).to_string()
}

fn of_node_config(config: &NodeConfig, facts: &Facts) -> Vec<Listed> {
    let source = Source::NodeConfig;
    let mut list = vec![
        item(Group::Cluster, "cluster", "Cluster", config.cluster.id.to_string(), source),
        item(Group::Cluster, "key-fingerprint", "Key fingerprint", config.cluster.fingerprint.to_string(), source),
    ];
    for setting in settings::all() {
        let value = match setting.field {
            FieldId::Password => Some(opened(&facts.node.password).to_owned()),
            FieldId::MasterKey => Some(opened(&facts.node.key).to_owned()),
            FieldId::ServicePassword => config.service.password.as_ref().map(|_| service_password(facts).to_owned()),
            // They stand behind the trust that they belong to.
            FieldId::CaFile | FieldId::Fingerprint => None,
            FieldId::Trust => Some(trust(config)),
            // A single node shares nothing, and is not told so.
            FieldId::Storage if config.storage.is_none() => None,
            _ => text(setting, config),
        };
        list.extend(value.map(|value| of_field(setting, value, source)));
    }
    list
}

/// What the config says of a setting; of one that is asked only with another answer, nothing where it says nothing.
fn text(setting: &Setting, config: &NodeConfig) -> Option<String> {
    let text = (setting.config?)(config)?;
    let is_told = !text.is_empty() || matches!(setting.only_with, OnlyWith::Any);
    is_told.then(|| clean(&setting.shown(&text)))
}

/// The trust with what belongs to it: `ca-file: /etc/ca.pem`.
fn trust(config: &NodeConfig) -> String {
    let trust = &config.database.trust;
    let by = trust.ca_file().or_else(|| trust.fingerprint()).map(|text| format!(": {}", clean(&text)));
    format!("{}{}", trust.kind().spelling(), by.unwrap_or_default())
}

fn service_password(facts: &Facts) -> &'static str {
    match &facts.node.service_password {
        Fact::Seen(Some(_)) => OPENS,
        Fact::Seen(None) => "none",
        Fact::Missing(trouble) => shut(trouble),
        Fact::Unknown => UNKNOWN,
    }
}

const OPENS: &str = "sealed, opens here";
const UNKNOWN: &str = "not known yet";

/// Whether a sealed value opens.
fn opened(fact: &Fact<Raw>) -> &'static str {
    match fact {
        Fact::Seen(_) => OPENS,
        Fact::Missing(trouble) => shut(trouble),
        Fact::Unknown => UNKNOWN,
    }
}

/// Why a sealed value does not open.
fn shut(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Seal(SealTrouble::OtherMachine) => "sealed on another machine",
        Trouble::Seal(SealTrouble::Damaged) => "sealed, damaged",
        Trouble::Seal(SealTrouble::Absent) => "missing",
        _ => "sealed, could not be opened",
    }
}

fn of_octopus(config: &OctopusConfig, state: &State) -> Vec<Listed> {
    let source = Source::OctopusConfig;
    let mut list = Vec::new();
    for setting in settings::all() {
        let of_field = |value: String, source| of_field(setting, value, source);
        list.extend(match (setting.octopus, config.get(setting.field)) {
            _ if setting.field == FieldId::Instance => Some(of_field(clean(state.answers.trimmed(FieldId::Instance)), source)),
            _ if setting.field == FieldId::MasterKey => {
                let key = if config.has_master_key { "protected by Octopus Server, not opened" } else { "missing" };
                Some(of_field(key.to_owned(), source))
            }
            (OctopusSource::Connection, _) if !config.has_connection => None,
            (_, Some(Raw::Secret(_))) => Some(of_field("in plain text in the file".to_owned(), source)),
            (_, Some(Raw::Text(text))) => Some(of_field(clean(text), source)),
            (OctopusSource::Nowhere, None) => None,
            (OctopusSource::Keys { .. }, None) if setting.field == FieldId::NodeName => {
                Some(of_field(state.facts.machine.host_name.to_string(), Source::Default))
            }
            (OctopusSource::Keys { .. } | OctopusSource::Connection, None) => {
                Some(of_field(setting.default.to_owned(), Source::Default))
            }
        });
    }
    if !config.has_connection {
        list.push(item(Group::Database, "connection", "Connection", "none", source));
    }
    list
}

fn of_host(facts: &Facts) -> Vec<Listed> {
    let machine = &facts.machine;
    let mut list = Vec::new();
    for (id, label, value) in [("host", "Host", &machine.host_name), ("system", "System", &machine.system)] {
        if !value.is_empty() {
            list.push(item(Group::Node, id, label, value.as_str(), Source::Host));
        }
    }
    if let Fact::Seen(version) = &machine.octopus_version {
        list.push(item(Group::Node, "octopus-version", "Octopus Server", version.as_str(), Source::Host));
    }
    list
}

fn of_registry(state: &State) -> Vec<Listed> {
    let cluster = &state.facts.cluster;
    let mut list = Vec::new();
    if let Fact::Seen(Identity::Registered(seen)) = &cluster.identity {
        let nodes = format::count(seen.node_count, "node");
        list.push(item(Group::Cluster, "created", "Created", seen.created.as_str(), Source::Registry));
        list.push(item(Group::Cluster, "nodes", "Nodes", nodes, Source::Registry));
    }
    let own = cluster.node(state.answers.trimmed(FieldId::NodeName)).and_then(|node| node.row.as_ref());
    if let Some(kept) = own {
        let at = |text: &str| clean(text);
        // The second is as much as a person wants; the zone has to be told.
        let when =
            |text: &str| if text.is_empty() { String::new() } else { format!("{} UTC", at(text.get(..19).unwrap_or(text))) };
        list.push(item(Group::Node, "joined", "Joined", when(&kept.joined), Source::Registry));
        list.push(item(Group::Node, "last-seen", "Set up", when(&kept.last_seen), Source::Registry));
        list.push(item(Group::Node, "drained", "Drained", if kept.drained { "yes" } else { "no" }, Source::Registry));
        list.push(item(Group::Web, "address", "Address", at(&kept.row.address), Source::Registry));
    }
    list
}
