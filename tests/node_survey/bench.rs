//! A machine with one node on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use octopus_setup::model::answers::Raw;
use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{ConfigTrouble, Fact, NodeFacts, Trouble};
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::node_config::{
    ClusterSection, CommsSection, DatabaseSection, NodeConfig, NodeSection, SealedSignIn, ServiceSection, TrustSection,
    WebSection,
};
use octopus_setup::model::storage::SharedStorage;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::model::target::Encryption;
use octopus_setup::world::instances::{self, Instance};
use octopus_setup::world::node_config::render;
use octopus_setup::world::places::Places;
use octopus_setup::world::seal::{Destination, Purpose, Sealer};
use octopus_setup::world::survey;
use secrecy::ExposeSecret;

pub const INSTANCE: &str = "My Node";
pub const CLUSTER: ClusterId = ClusterId([9; 16]);

pub struct Bench {
    pub root: tempfile::TempDir,
    pub places: Places,
    pub home: PathBuf,
}

/// A machine with an empty home directory and a machine key.
pub fn bench() -> Bench {
    let root = tempfile::tempdir().expect("a folder");
    let mut places = Places::under(root.path().join("state"));
    places.octopus_instances = root.path().join("octopus");
    let home = root.path().join("home");
    fs::create_dir(&home).expect("created");
    let bench = Bench { root, places, home };
    bench.sealer();
    bench
}

pub fn key() -> MasterKey {
    MasterKey::from_bytes(&[7; 32]).expect("a key")
}

impl Bench {
    pub fn sealer(&self) -> Sealer {
        Sealer::open_or_create(&self.places).expect("a machine key")
    }

    pub fn path(&self) -> PathBuf {
        self.home.join(NodeConfig::FILE)
    }

    /// A config with this database password.
    pub fn config(&self, password: &str) -> NodeConfig {
        let sealer = self.sealer();
        let seal = |purpose, secret: &str| sealer.seal(&purpose, secret.as_bytes()).expect("sealed");
        NodeConfig {
            format: 1,
            instance: INSTANCE.into(),
            node: NodeSection { name: "web01".into(), home: self.home.clone(), task_cap: 5 },
            service: ServiceSection {
                account: AccountKind::Custom,
                user: "octopus".into(),
                password: Some(seal(Purpose::ServicePassword { instance: INSTANCE }, "correct horse")),
            },
            database: DatabaseSection {
                server: "sql01".into(),
                name: "Octopus".into(),
                sign_in: SealedSignIn::SqlLogin {
                    user: "octo".into(),
                    password: seal(
                        Purpose::DatabasePassword {
                            instance: INSTANCE,
                            to: &Destination::new("sql01", "octo", Encryption::Mandatory, &TrustSection::System),
                        },
                        password,
                    ),
                },
                encryption: Encryption::Mandatory,
                trust: TrustSection::System,
                multi_subnet: false,
                certificate: None,
            },
            cluster: ClusterSection {
                id: CLUSTER,
                fingerprint: key().fingerprint(),
                master_key_file: NodeConfig::KEY_FILE.into(),
            },
            web: WebSection {
                listen_prefixes: vec!["http://localhost:80/".into()],
                force_ssl: false,
                trusted_proxies: Vec::new(),
            },
            comms: CommsSection { port: 10_943, grpc_port: 8_443 },
            storage: SharedStorage::None,
        }
    }

    /// The text of a good config.
    pub fn text(&self) -> String {
        render(&self.config("hunter2")).expect("rendered")
    }

    /// Writes a good config, its key and its entry in the list.
    pub fn install(&self) {
        fs::write(self.path(), self.text()).expect("written");
        self.put_key(&self.home, &key(), INSTANCE);
        self.enter(&self.path());
    }

    pub fn put_key(&self, folder: &Path, key: &MasterKey, instance: &str) {
        let purpose = Purpose::MasterKey { instance, cluster: CLUSTER };
        let sealed = self.sealer().seal(&purpose, key.expose_bytes()).expect("sealed");
        fs::write(folder.join(NodeConfig::KEY_FILE), format!("{}\n", sealed.0)).expect("written");
    }

    pub fn enter(&self, config: &Path) {
        let entry = Instance { format: 1, name: INSTANCE.into(), home: self.home.clone(), config: config.into() };
        instances::enter(&self.places, &entry).expect("entered");
    }

    /// Lists everything in the root: kind, content, time of the last change.
    fn all(&self) -> BTreeMap<PathBuf, String> {
        let mut seen = BTreeMap::new();
        let mut folders = vec![self.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let meta = fs::symlink_metadata(&path).expect("there");
                if meta.is_dir() {
                    folders.push(path.clone());
                }
                let content =
                    if meta.is_file() && meta.len() < 1 << 20 { fs::read(&path).unwrap_or_default() } else { Vec::new() };
                seen.insert(path, format!("{:?} {} {:?} {content:?}", meta.file_type(), meta.len(), meta.modified()));
            }
        }
        seen
    }

    /// Surveys this file; nothing may change.
    pub async fn look(&self, path: &Path, maker: Maker) -> NodeFacts {
        let before = self.all();
        let subject = Subject { instance: INSTANCE.into(), config: path.into(), maker };
        let facts = survey::node(&self.places, &subject).await;
        assert_eq!(self.all(), before, "a look wrote something");
        let unknown = [
            facts.config.is_unknown(),
            facts.password.is_unknown(),
            facts.service_password.is_unknown(),
            facts.key.is_unknown(),
            facts.octopus.is_unknown(),
            facts.backups.is_unknown(),
            facts.listed.is_unknown(),
        ];
        assert!(!unknown.contains(&true), "a fact was left open: {facts:?}");
        assert!(!format!("{facts:?}").contains("hunter2"), "{facts:?}");
        facts
    }

    /// Surveys the config in the home.
    pub async fn node(&self) -> NodeFacts {
        self.look(&self.path(), Maker::Wizard).await
    }
}

/// Why the config cannot be read.
pub fn config_trouble(facts: &NodeFacts) -> &ConfigTrouble {
    match facts.config.trouble() {
        Some(Trouble::Config(trouble)) => trouble,
        other => panic!("{other:?}"),
    }
}

pub fn secret(fact: &Fact<Raw>) -> String {
    match fact {
        Fact::Seen(raw) => exposed(raw),
        other => panic!("{other:?}"),
    }
}

pub fn exposed(raw: &Raw) -> String {
    match raw {
        Raw::Secret(secret) => secret.expose_secret().to_owned(),
        Raw::Text(text) => panic!("a secret in the clear: {text}"),
    }
}
