//! The settings of a node under review, as its files tell them, and the source of each.

use crate::catalog::format;
use crate::catalog::settings::{self, Group, OctopusSource, OnlyWith, Setting};
use crate::model::answers::Raw;
use crate::model::choice::Choice;
use crate::model::facts::{Fact, Facts, Identity, NodeFacts, SealTrouble, Trouble};
use crate::model::field::FieldId;
use crate::model::node::Subject;
use crate::model::node_config::NodeConfig;
use crate::model::octopus::OctopusConfig;
use crate::model::untrusted::Untrusted;
use crate::wizard::state::State;

/// The source of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettingSource {
    NodeConfig,
    /// `OctopusServer.config`.
    OctopusConfig,
    Registry,
    /// Octopus' own default.
    Default,
    Host,
}

impl SettingSource {
    /// Returns its name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NodeConfig => "node config",
            Self::OctopusConfig => "OctopusServer.config",
            Self::Registry => "registry",
            Self::Default => "default",
            Self::Host => "host",
        }
    }

    /// Returns its id for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NodeConfig => "node-config",
            Self::OctopusConfig => "octopus-config",
            Self::Registry => "registry",
            Self::Default => "default",
            Self::Host => "host",
        }
    }
}

/// One setting of a node under review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingItem {
    pub group: Group,
    /// Its id for programs: the field's where it is one.
    pub id: &'static str,
    pub label: &'static str,
    /// Its value; for a secret, whether it exists and opens.
    pub value: String,
    pub source: SettingSource,
}

/// Returns the answers that a node's own files give. A secret that does not open becomes an empty answer, so that an earlier one
/// does not pass for it.
pub fn answers(facts: &Facts, subject: Option<&Subject>) -> Vec<(FieldId, Raw)> {
    match (&facts.node.config, &facts.node.octopus) {
        (Fact::Seen(config), _) => node_config_answers(config, &facts.node),
        (Fact::Missing(Trouble::Unasked), Fact::Seen(Some(config))) => {
            octopus_answers(config, facts.machine.host_name.as_str(), subject)
        }
        _ => Vec::new(),
    }
}

fn node_config_answers(config: &NodeConfig, node: &NodeFacts) -> Vec<(FieldId, Raw)> {
    let text = |setting: &'static Setting| Some((setting.field, Raw::of(setting.field, (setting.config?)(config)?)));
    let mut answers: Vec<_> = settings::all().filter_map(text).collect();
    let nothing = |field| Raw::of(field, "");
    let opened = |field, fact: &Fact<Raw>| (field, fact.seen().cloned().unwrap_or_else(|| nothing(field)));
    answers.push(opened(FieldId::Password, &node.password));
    answers.push(opened(FieldId::MasterKey, &node.key));
    let service = node.service_password.seen().cloned().flatten();
    answers.push((FieldId::ServicePassword, service.unwrap_or_else(|| nothing(FieldId::ServicePassword))));
    answers
}

/// Returns the answers of Octopus Server's own config, with Octopus' defaults for what it lacks.
fn octopus_answers(config: &OctopusConfig, host: &str, subject: Option<&Subject>) -> Vec<(FieldId, Raw)> {
    let instance = subject.map(|subject| subject.instance.as_str()).filter(|name| !name.is_empty());
    let defaults = settings::all().filter_map(|setting| match setting.octopus {
        OctopusSource::Keys { .. } if setting.field == FieldId::NodeName => Some((setting.field, host)),
        OctopusSource::Keys { .. } => Some((setting.field, setting.default)),
        OctopusSource::Connection | OctopusSource::Nowhere => None,
    });
    let instance = (FieldId::Instance, instance.unwrap_or(FieldId::Instance.default()));
    let trust = config.default_trust().map(|trust| (FieldId::Trust, trust.spelling()));
    let unsaid = defaults.chain([instance]).chain(trust).filter(|(field, _)| config.get(*field).is_none());
    unsaid.map(|(field, text)| (field, Raw::of(field, text))).chain(config.said.iter().cloned()).collect()
}

/// Lists the settings of the node under review, group by group; empty while its files are not read.
pub fn list(state: &State) -> Vec<SettingItem> {
    let facts = &state.facts;
    let mut list = match (&facts.node.config, &facts.node.octopus) {
        (Fact::Seen(config), _) => node_config_items(config, facts),
        (Fact::Missing(Trouble::Unasked), Fact::Seen(Some(config))) => octopus_items(config, state),
        _ => return Vec::new(),
    };
    list.extend(host_items(facts));
    list.extend(registry_items(state));
    // The sort is stable and keeps their order within a group.
    list.sort_by_key(|setting| Group::ALL.iter().position(|group| *group == setting.group));
    list
}

fn item(group: Group, id: &'static str, label: &'static str, value: impl Into<String>, source: SettingSource) -> SettingItem {
    let value = value.into();
    SettingItem { group, id, label, value: if value.is_empty() { "none".to_owned() } else { value }, source }
}

/// Returns the item of a setting that is a field's answer.
fn field_item(setting: &Setting, value: impl Into<String>, source: SettingSource) -> SettingItem {
    item(setting.group, setting.id, setting.field.label(), value, source)
}

/// Makes a text of a file safe to show.
fn clean(text: &str) -> String {
    Untrusted::new(text).to_string()
}

fn node_config_items(config: &NodeConfig, facts: &Facts) -> Vec<SettingItem> {
    let source = SettingSource::NodeConfig;
    let mut list = vec![
        item(Group::Cluster, "cluster", "Cluster", config.cluster.id.to_string(), source),
        item(Group::Cluster, "key-fingerprint", "Key fingerprint", config.cluster.fingerprint.to_string(), source),
    ];
    for setting in settings::all() {
        let value = match setting.field {
            FieldId::Password => Some(opened(&facts.node.password).to_owned()),
            FieldId::MasterKey => Some(opened(&facts.node.key).to_owned()),
            FieldId::ServicePassword => config.service.password.as_ref().map(|_| service_password(facts).to_owned()),
            // Both are shown with the trust that they belong to.
            FieldId::CaFile | FieldId::Fingerprint => None,
            FieldId::Trust => Some(trust(config)),
            // A single node without shared storage needs no line about it.
            FieldId::Storage if config.storage.is_none() => None,
            _ => text(setting, config),
        };
        list.extend(value.map(|value| field_item(setting, value, source)));
    }
    list
}

/// Returns the value of a setting in the config; `None` if it is empty and only asked with another answer.
fn text(setting: &Setting, config: &NodeConfig) -> Option<String> {
    let text = (setting.config?)(config)?;
    let is_listed = !text.is_empty() || matches!(setting.only_with, OnlyWith::Any);
    is_listed.then(|| clean(&setting.shown(&text)))
}

/// Returns the trust with its file or fingerprint: `ca-file: /etc/ca.pem`.
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

/// Says whether a sealed value opens.
fn opened(fact: &Fact<Raw>) -> &'static str {
    match fact {
        Fact::Seen(_) => OPENS,
        Fact::Missing(trouble) => shut(trouble),
        Fact::Unknown => UNKNOWN,
    }
}

/// Says why a sealed value does not open.
fn shut(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Seal(SealTrouble::OtherMachine) => "sealed on another machine",
        Trouble::Seal(SealTrouble::Damaged) => "sealed, damaged",
        Trouble::Seal(SealTrouble::OtherDestination) => "sealed for another server, login, encryption or trust",
        Trouble::Seal(SealTrouble::Absent) => "missing",
        _ => "sealed, could not be opened",
    }
}

fn octopus_items(config: &OctopusConfig, state: &State) -> Vec<SettingItem> {
    let source = SettingSource::OctopusConfig;
    let mut list = Vec::new();
    for setting in settings::all() {
        let field_item = |value: String, source| field_item(setting, value, source);
        list.extend(match (setting.octopus, config.get(setting.field)) {
            _ if setting.field == FieldId::Instance => Some(field_item(clean(state.answers.trimmed(FieldId::Instance)), source)),
            _ if setting.field == FieldId::MasterKey => {
                let key = if config.has_master_key { "protected by Octopus Server, not opened" } else { "missing" };
                Some(field_item(key.to_owned(), source))
            }
            (OctopusSource::Connection, _) if !config.has_connection => None,
            (_, Some(Raw::Secret(_))) => Some(field_item("in plain text in the file".to_owned(), source)),
            (_, Some(Raw::Text(text))) => Some(field_item(clean(text), source)),
            (OctopusSource::Nowhere, None) => None,
            (OctopusSource::Keys { .. }, None) if setting.field == FieldId::NodeName => {
                Some(field_item(state.facts.machine.host_name.to_string(), SettingSource::Default))
            }
            (OctopusSource::Connection, None) if setting.field == FieldId::Trust => {
                let trust = config.default_trust().map_or(setting.default, Choice::spelling);
                Some(field_item(trust.to_owned(), SettingSource::Default))
            }
            (OctopusSource::Keys { .. } | OctopusSource::Connection, None) => {
                Some(field_item(setting.default.to_owned(), SettingSource::Default))
            }
        });
    }
    if !config.has_connection {
        list.push(item(Group::Database, "connection", "Connection", "none", source));
    }
    list
}

fn host_items(facts: &Facts) -> Vec<SettingItem> {
    let machine = &facts.machine;
    let mut list = Vec::new();
    for (id, label, value) in [("host", "Host", &machine.host_name), ("system", "System", &machine.system)] {
        if !value.is_empty() {
            list.push(item(Group::Node, id, label, value.as_str(), SettingSource::Host));
        }
    }
    if let Fact::Seen(version) = &machine.octopus_version {
        list.push(item(Group::Node, "octopus-version", "Octopus Server", version.as_str(), SettingSource::Host));
    }
    list
}

fn registry_items(state: &State) -> Vec<SettingItem> {
    let cluster = &state.facts.cluster;
    let mut list = Vec::new();
    if let Fact::Seen(Identity::Registered(seen)) = &cluster.identity {
        let nodes = format::count(seen.node_count, "node");
        list.push(item(Group::Cluster, "created", "Created", seen.created.as_str(), SettingSource::Registry));
        list.push(item(Group::Cluster, "nodes", "Nodes", nodes, SettingSource::Registry));
    }
    let own = cluster.node(state.answers.trimmed(FieldId::NodeName)).and_then(|node| node.row.as_ref());
    if let Some(kept) = own {
        // Seconds are precise enough for people; the time zone has to be shown.
        let when =
            |text: &str| if text.is_empty() { String::new() } else { format!("{} UTC", clean(text.get(..19).unwrap_or(text))) };
        list.push(item(Group::Node, "joined", "Joined", when(&kept.joined), SettingSource::Registry));
        list.push(item(Group::Node, "last-seen", "Set up", when(&kept.last_seen), SettingSource::Registry));
        list.push(item(Group::Node, "drained", "Drained", if kept.drained { "yes" } else { "no" }, SettingSource::Registry));
        list.push(item(Group::Web, "address", "Address", clean(&kept.row.address), SettingSource::Registry));
    }
    list
}

#[cfg(test)]
mod tests;
