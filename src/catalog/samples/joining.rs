//! Answers and facts of a node that joins, and of one that has joined.

use std::time::Duration;

use secrecy::SecretString;

use super::{HOME, KEY, PASSWORD, cluster, facts, node_config, node_seen, share, with};
use crate::model::answers::{Answers, Origin, Raw};
use crate::model::facts::{
    Content, Evidence, Fact, Facts, Heartbeat, Identity, NodeFacts, NodeSeen, Nodes, StorageFacts, Trouble,
};
use crate::model::field::FieldId;
use crate::model::key_evidence::{KeyBasis, KeyVerdict};
use crate::model::master_key::MasterKey;
use crate::model::node_config::NodeConfig;
use crate::model::storage::SharedStorage;

/// Good answers of a node that joins.
pub fn joining() -> Answers {
    joining_with(&[])
}

/// Good answers of a node that joins but for these.
pub fn joining_with(changes: &[(FieldId, &str)]) -> Answers {
    let mut answers = with(&[(FieldId::NodeName, "web02"), (FieldId::MasterKey, KEY), (FieldId::Home, HOME)]);
    for (field, text) in changes {
        answers.set(*field, Raw::of(*field, *text), Origin::Typed);
    }
    answers
}

/// Facts of a cluster of one node, seen from the machine that is to become `web02`.
pub fn facts_of_a_cluster() -> Facts {
    let mut facts = facts();
    facts.machine.host_name = "web02".into();
    facts.server.content = Fact::Seen(Content::Cluster(cluster()));
    facts.machine.octopus_version = Fact::Seen("2026.4.1".into());
    share(&mut facts);
    facts
}

/// Facts of a database that Octopus made by itself, with a key that is proven against it.
pub fn facts_of_octopus() -> Facts {
    let mut facts = facts_of_a_cluster();
    let version = Some("2026.4.1".into());
    facts.server.content = Fact::Seen(Content::Octopus { version: version.clone(), nodes: vec!["web01".into()] });
    facts.cluster.identity = Fact::Seen(Identity::Octopus { version });
    let mut web01 = node_seen("web01", Heartbeat::Ago(Duration::from_secs(2)));
    (web01.row, web01.row_age) = (None, None);
    facts.cluster.nodes = Fact::Seen(Nodes::from([web01]));
    facts.cluster.node_limit = Fact::Missing(Trouble::Unasked);
    facts.cluster.storage = Fact::Missing(Trouble::Unasked);
    facts.cluster.canaries = Fact::Missing(Trouble::Unasked);
    facts.cluster.evidence = Fact::Seen(Evidence::Certificate);
    facts.key.verdict = Fact::Seen(KeyVerdict::Correct(KeyBasis::Certificate));
    facts
}

/// A node of that name with a row that nobody has seen for twenty days.
pub fn dead_node(name: &str) -> NodeSeen {
    let long = Duration::from_secs(20 * 24 * 3600);
    NodeSeen { row_age: Some(long), ..node_seen(name, Heartbeat::Ago(long)) }
}

/// Facts of a node that is there: [`joining`]'s answers as its node config tells them, its key and password opened, and
/// its own row beside web01's.
pub fn facts_of_a_node() -> Facts {
    let mut facts = facts_of_a_cluster();
    // As its config says; `share` has it otherwise.
    (facts.storage, facts.cluster.storage) = (StorageFacts::default(), Fact::Seen(SharedStorage::None));
    facts.cluster.canaries = Fact::Seen(Vec::new());
    let mut own = node_seen("web02", Heartbeat::Ago(Duration::from_secs(3)));
    if let Some(kept) = &mut own.row {
        kept.row.address = "http://localhost:80/".into();
        kept.row.prefixes = "http://localhost:80/".into();
    }
    facts.cluster.nodes = Fact::Seen(Nodes::from([node_seen("web01", Heartbeat::Ago(Duration::from_secs(2))), own]));
    facts.node = NodeFacts {
        config: Fact::Seen(Box::new(joined_config())),
        password: Fact::Seen(Raw::of(FieldId::Password, PASSWORD)),
        service_password: Fact::Seen(None),
        key: Fact::Seen(Raw::of(FieldId::MasterKey, KEY)),
        octopus: Fact::Seen(None),
        backups: Fact::Seen(Vec::new()),
        listed: Fact::Seen(None),
    };
    facts
}

/// The node config of [`joining`]'s node.
pub fn joined_config() -> NodeConfig {
    let mut config = node_config();
    config.node.name = "web02".into();
    config.web.listen_prefixes = vec!["http://localhost:80/".into()];
    config
}

/// The key of the samples, parsed.
///
/// # Panics
/// Never: it is a key.
pub fn key() -> MasterKey {
    MasterKey::parse(&SecretString::from(KEY)).expect("a key")
}
