//! The files of a node under review, for the tests of the mind.

use super::{CLUSTER, HOME, KEY, PASSWORD, key};
use crate::model::answers::Raw;
use crate::model::facts::{Fact, NodeFacts};
use crate::model::field::FieldId;
use crate::model::master_key::Fingerprint;
use crate::model::node_config::{
    ClusterSection, CommsSection, DatabaseSection, NodeConfig, NodeSection, Sealed, SealedSignIn, ServiceSection, TrustSection,
    WebSection,
};
use crate::model::storage::SharedStorage;
use crate::model::survey::AccountKind;
use crate::model::target::Encryption;
use crate::model::untrusted::Untrusted;

/// The node config of the samples' node, which says what its row in the registry says.
pub fn node_config() -> NodeConfig {
    NodeConfig {
        format: NodeConfig::FORMAT,
        instance: "OctopusServer".into(),
        node: NodeSection { name: "web01".into(), home: HOME.into(), task_cap: 5 },
        service: ServiceSection { account: AccountKind::LocalSystem, user: String::new(), password: None },
        database: DatabaseSection {
            server: "sql01,1433".into(),
            name: "OctopusDeploy".into(),
            sign_in: SealedSignIn::SqlLogin { user: "octopus".into(), password: Sealed("sealed:1:x:y".into()) },
            encryption: Encryption::Mandatory,
            trust: TrustSection::System,
            multi_subnet: false,
        },
        cluster: ClusterSection { id: CLUSTER, fingerprint: fingerprint(), master_key_file: NodeConfig::KEY_FILE.into() },
        web: WebSection { listen_prefixes: vec!["http://web01/".into()], force_ssl: false, trusted_proxies: Vec::new() },
        comms: CommsSection { port: 10943, grpc_port: 8443 },
        storage: SharedStorage::None,
    }
}

/// The fingerprint of the samples' master key.
pub fn fingerprint() -> Fingerprint {
    key().fingerprint()
}

/// A node config in good order, whose secrets open and whose key is the cluster's, as far as fingerprints tell.
pub fn node() -> NodeFacts {
    NodeFacts {
        config: Fact::Seen(Box::new(node_config())),
        password: Fact::Seen(Raw::of(FieldId::Password, PASSWORD)),
        service_password: Fact::Seen(None),
        key: Fact::Seen(Raw::of(FieldId::MasterKey, KEY)),
        octopus: Fact::Seen(None),
        backups: Fact::Seen(Vec::new()),
        listed: Fact::Seen(Some(listed())),
    }
}

/// The node config's file, as this machine's list of instances names it.
pub fn listed() -> Untrusted {
    std::path::Path::new(HOME).join(NodeConfig::FILE).to_string_lossy().as_ref().into()
}
