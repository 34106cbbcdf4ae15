//! A plan for tests.

use std::path::Path;

use crate::model::secret::SecretString;

use crate::model::cluster::ClusterId;
use crate::model::flow::Flow;
use crate::model::master_key::{KeySize, MasterKey};
use crate::model::names::DatabaseName;
use crate::model::node::{Node, ServiceAccount};
use crate::model::plan::{Plan, Step, StepKind};
use crate::model::storage::SharedStorage;
use crate::model::survey::AccountKind;
use crate::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use crate::model::web::{ListenPrefix, Web};

/// The database password; it must show nowhere.
pub(in crate::world) const PASSWORD: &str = "hunter2 ;'\"=";
/// The service account's.
pub(in crate::world) const SERVICE_PASSWORD: &str = "correct horse";

/// A first node with this home.
pub(in crate::world) fn plan(home: &Path) -> Plan {
    let key = MasterKey::from_bytes(&[7; 32]).expect("a key");
    Plan {
        flow: Flow::FirstNode,
        before: None,
        certificate: None,
        key_unverified: false,
        licence: None,
        hand_over: None,
        kept_passwords: Vec::new(),
        changes: Vec::new(),
        node: Node {
            platform: crate::model::platform::Platform::Linux,
            task_cap: 5,
            instance: "My Node".into(),
            home: home.to_owned(),
            name: "web01".into(),
            service: ServiceAccount {
                kind: AccountKind::Custom,
                user: "octopus".into(),
                password: Some(SecretString::from(SERVICE_PASSWORD)),
            },
            target: Target {
                address: ServerAddress::parse("sql01").expect("an address"),
                database: DatabaseName::parse("OctopusDeploy").expect("a name"),
                sign_in: SignIn::sql_login("octo", SecretString::from(PASSWORD)),
                encryption: Encryption::Mandatory,
                trust: Trust::SystemRoots,
                multi_subnet: false,
            },
            create_database: true,
            web: Web {
                prefixes: vec![ListenPrefix { secure: true, host: "web01".into(), port: 443, path: "/".into() }],
                force_ssl: true,
                comms_port: 10_943,
                grpc_port: 8_443,
                trusted_proxies: Vec::new(),
            },
            key_size: KeySize::Aes256,
            storage: SharedStorage::None,
            administrator: None,
            licensed: false,
            start_service: true,
        },
        cluster: ClusterId([9; 16]),
        fingerprint: key.fingerprint(),
        steps: StepKind::FIRST_NODE.map(|kind| Step { kind, title: kind.id().into(), mode: "" }).to_vec(),
        accepted: Vec::new(),
        answers: std::collections::BTreeMap::new(),
    }
}
