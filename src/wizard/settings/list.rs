//! The settings as a list.

use crate::catalog::say;
use crate::model::answers::Raw;
use crate::model::facts::{Fact, Facts, Identity, SealTrouble, Trouble};
use crate::model::field::FieldId;
use crate::model::node_config::NodeConfig;
use crate::model::octopus_config::OctopusConfig;
use crate::model::storage::{SharedFolder, SharedStorage};
use crate::model::untrusted::Untrusted;
use crate::wizard::state::State;

use super::{Group, Setting, Source, account, trust, truth};

/// The settings of the node under review, group by group; empty while its files have not told any.
pub fn of(state: &State) -> Vec<Setting> {
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

fn setting(group: Group, id: &'static str, label: &'static str, value: impl Into<String>, source: Source) -> Setting {
    let value = value.into();
    Setting { group, id, label, value: if value.is_empty() { "none".to_owned() } else { value }, source }
}

/// A setting that is a field's answer.
fn field(group: Group, field: FieldId, label: &'static str, value: impl Into<String>, source: Source) -> Setting {
    setting(group, field.id(), label, value, source)
}

/// Text of a file for people: it may hold anything.
fn clean(text: &str) -> String {
    Untrusted::new(text).to_string()
}

fn of_node_config(config: &NodeConfig, facts: &Facts) -> Vec<Setting> {
    let NodeConfig { format: _, instance, node, service, database, cluster, web, comms, storage } = config;
    let source = Source::NodeConfig;
    let sealed = &facts.node;
    let (trusted, by) = trust(&database.trust);
    let by = by.map(|(_, text)| format!(": {}", clean(&text))).unwrap_or_default();
    let mut list = vec![
        field(Group::Node, FieldId::Instance, "Instance", clean(instance), source),
        field(Group::Node, FieldId::NodeName, "Node name", clean(&node.name), source),
        field(Group::Node, FieldId::Home, "Home directory", clean(&node.home.to_string_lossy()), source),
        field(Group::Node, FieldId::TaskCap, "Task cap", node.task_cap.to_string(), source),
        field(Group::Service, FieldId::ServiceAccount, "Account", account(service.account), source),
    ];
    if !service.user.is_empty() {
        list.push(field(Group::Service, FieldId::ServiceUser, "User", clean(&service.user), source));
    }
    if service.password.is_some() {
        let opened = match &sealed.service_password {
            Fact::Seen(Some(_)) => OPENS,
            Fact::Seen(None) => "none",
            Fact::Missing(trouble) => shut(trouble),
            Fact::Unknown => UNKNOWN,
        };
        list.push(field(Group::Service, FieldId::ServicePassword, "Password", opened, source));
    }
    list.extend([
        field(Group::Database, FieldId::Server, "Server", clean(&database.server), source),
        field(Group::Database, FieldId::Database, "Database", clean(&database.name), source),
        field(Group::Database, FieldId::User, "SQL login", clean(&database.user), source),
        field(Group::Database, FieldId::Password, "Password", opened(&sealed.password), source),
        field(Group::Database, FieldId::Encryption, "Encryption", database.encryption.id(), source),
        field(Group::Database, FieldId::Trust, "Trust", format!("{trusted}{by}"), source),
        field(Group::Database, FieldId::MultiSubnet, "Multi-subnet", truth(database.multi_subnet), source),
        setting(Group::Cluster, "cluster", "Cluster", cluster.id.to_string(), source),
        setting(Group::Cluster, "key-fingerprint", "Key fingerprint", cluster.fingerprint.to_string(), source),
        field(Group::Cluster, FieldId::MasterKey, "Master key", opened(&sealed.key), source),
        field(Group::Web, FieldId::ListenPrefixes, "Listen prefixes", clean(&web.listen_prefixes.join(", ")), source),
        field(Group::Web, FieldId::ForceSsl, "Force SSL", truth(web.force_ssl), source),
        field(Group::Web, FieldId::CommsPort, "Tentacle port", comms.port.to_string(), source),
        field(Group::Web, FieldId::GrpcPort, "gRPC port", comms.grpc_port.to_string(), source),
    ]);
    list.extend(of_storage(storage));
    list
}

/// What is shared, path by path. A single node shares nothing, and is not told so.
fn of_storage(storage: &SharedStorage) -> Vec<Setting> {
    let (choice, paths) = super::storage(storage);
    if paths.is_empty() {
        return Vec::new();
    }
    let label =
        |id: FieldId| SharedFolder::ALL.into_iter().find(|folder| folder.field() == id).map_or("Root", SharedFolder::name);
    let paths = paths.into_iter().map(|(id, text)| field(Group::Storage, id, label(id), clean(&text), Source::NodeConfig));
    [field(Group::Storage, FieldId::Storage, "Shared", choice, Source::NodeConfig)].into_iter().chain(paths).collect()
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

fn of_octopus(config: &OctopusConfig, state: &State) -> Vec<Setting> {
    let source = Source::OctopusConfig;
    let instance = state.answers.trimmed(FieldId::Instance);
    let mut list = vec![
        field(Group::Node, FieldId::Instance, "Instance", clean(instance), source),
        match &config.node_name {
            Some(name) => field(Group::Node, FieldId::NodeName, "Node name", name.as_str(), source),
            None => field(Group::Node, FieldId::NodeName, "Node name", state.facts.machine.host_name.as_str(), Source::Default),
        },
        or_default(Group::Node, FieldId::Home, "Home directory", config.home.as_ref()),
    ];
    match &config.connection {
        None => list.push(setting(Group::Database, "connection", "Connection", "none", source)),
        Some(fields) => {
            for (id, label) in [
                (FieldId::Server, "Server"),
                (FieldId::Database, "Database"),
                (FieldId::User, "SQL login"),
                (FieldId::Password, "Password"),
                (FieldId::Encryption, "Encryption"),
                (FieldId::Trust, "Trust"),
                (FieldId::MultiSubnet, "Multi-subnet"),
            ] {
                let said = fields.iter().find(|(field, _)| *field == id).map(|(_, raw)| raw);
                let (value, source) = match said {
                    Some(Raw::Secret(_)) => ("in plain text in the file".to_owned(), source),
                    Some(Raw::Text(text)) => (clean(text), source),
                    None => (id.default().to_owned(), Source::Default),
                };
                list.push(field(Group::Database, id, label, value, source));
            }
        }
    }
    let key = if config.has_master_key { "protected by Octopus Server, not opened" } else { "missing" };
    list.push(field(Group::Cluster, FieldId::MasterKey, "Master key", key, source));
    list.push(or_default(Group::Web, FieldId::ListenPrefixes, "Listen prefixes", config.prefixes.as_ref()));
    list.push(match config.force_ssl {
        Some(on) => field(Group::Web, FieldId::ForceSsl, "Force SSL", truth(on), source),
        None => field(Group::Web, FieldId::ForceSsl, "Force SSL", FieldId::ForceSsl.default(), Source::Default),
    });
    list.push(or_default(Group::Web, FieldId::CommsPort, "Tentacle port", config.comms_port.as_ref()));
    list
}

fn or_default(group: Group, id: FieldId, label: &'static str, said: Option<&Untrusted>) -> Setting {
    match said {
        Some(text) => field(group, id, label, text.as_str(), Source::OctopusConfig),
        None => field(group, id, label, id.default(), Source::Default),
    }
}

fn of_host(facts: &Facts) -> Vec<Setting> {
    let machine = &facts.machine;
    let mut list = Vec::new();
    for (id, label, value) in [("host", "Host", &machine.host_name), ("system", "System", &machine.system)] {
        if !value.is_empty() {
            list.push(setting(Group::Node, id, label, value.as_str(), Source::Host));
        }
    }
    if let Fact::Seen(version) = &machine.octopus_version {
        list.push(setting(Group::Node, "octopus-version", "Octopus Server", version.as_str(), Source::Host));
    }
    list
}

fn of_registry(state: &State) -> Vec<Setting> {
    let cluster = &state.facts.cluster;
    let mut list = Vec::new();
    if let Fact::Seen(Identity::Registered(seen)) = &cluster.identity {
        let nodes = say::count(seen.node_count, "node");
        list.push(setting(Group::Cluster, "created", "Created", seen.created.as_str(), Source::Registry));
        list.push(setting(Group::Cluster, "nodes", "Nodes", nodes, Source::Registry));
    }
    let own = cluster.node(state.answers.trimmed(FieldId::NodeName)).and_then(|node| node.row.as_ref());
    if let Some(kept) = own {
        let at = |text: &str| clean(text);
        // The second is as much as a person wants; the zone has to be told.
        let when =
            |text: &str| if text.is_empty() { String::new() } else { format!("{} UTC", at(text.get(..19).unwrap_or(text))) };
        list.push(setting(Group::Node, "joined", "Joined", when(&kept.joined), Source::Registry));
        list.push(setting(Group::Node, "last-seen", "Set up", when(&kept.last_seen), Source::Registry));
        list.push(setting(Group::Node, "drained", "Drained", if kept.drained { "yes" } else { "no" }, Source::Registry));
        list.push(setting(Group::Web, "address", "Address", at(&kept.row.address), Source::Registry));
    }
    list
}
