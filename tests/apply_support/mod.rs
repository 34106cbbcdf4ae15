//! What the tests of applying share: a plan, a scripted database, crashes, and looks at what is left.
#![allow(clippy::missing_panics_doc, dead_code, missing_docs, reason = "tests; each uses its own part")]
#![allow(clippy::allow_attributes, reason = "shared by several test programs, so an expectation would not hold in each")]

mod fake;
mod server;

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::{KeySize, MasterKey};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::node::{Node, ServiceAccount};
use octopus_setup::model::plan::{Failure, Plan, Progress, Step, StepKind};
use octopus_setup::model::secret::SecretString;
use octopus_setup::model::storage::SharedStorage;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::model::web::{ListenPrefix, Web};
use octopus_setup::world::apply::{self, Cancel};
use octopus_setup::world::places::Places;

#[allow(unused_imports, reason = "each test program uses its own part")]
pub use fake::{Act, Call, Fake};
#[allow(unused_imports, reason = "each test program uses its own part")]
pub use server::{Cluster, NOW, Server};

pub const INSTANCE: &str = "My Node";

/// Unwinds without a word: the nearest thing to a process that is killed.
pub struct Crash;

pub fn crash() -> ! {
    resume_unwind(Box::new(Crash))
}

/// Runs something that may crash; `None` when it did.
pub async fn survived<T>(work: impl Future<Output = T>) -> Option<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(value) => Some(value),
        Err(cause) if cause.is::<Crash>() => None,
        Err(cause) => resume_unwind(cause),
    }
}

pub fn key() -> MasterKey {
    MasterKey::from_bytes(&[7; 32]).expect("a key")
}

pub fn plan(home: &Path, key: &MasterKey) -> Plan {
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
            platform: octopus_setup::model::platform::Platform::Linux,
            task_cap: 5,
            instance: INSTANCE.into(),
            home: home.to_owned(),
            name: "web01".into(),
            service: ServiceAccount {
                kind: AccountKind::Custom,
                user: "octopus".into(),
                password: Some(SecretString::from("correct horse")),
            },
            target: Target {
                address: ServerAddress::parse("sql01").expect("an address"),
                database: DatabaseName::parse("OctopusDeploy").expect("a name"),
                sign_in: SignIn::sql_login("octo", SecretString::from("hunter2")),
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
        answers: BTreeMap::from([("node-name".to_owned(), "web01".to_owned())]),
    }
}

/// A machine of its own.
pub struct Bench {
    pub root: tempfile::TempDir,
    pub places: Places,
    pub home: PathBuf,
    pub database: Fake,
}

impl Bench {
    pub fn new(database: Fake) -> Self {
        // In memory where there is some: every step syncs, and a matrix of them would wait for a disk all day.
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder");
        let places = Places::under(root.path().join("state"));
        let home = root.path().join("opt").join("octopus");
        Self { root, places, home, database }
    }

    pub fn plan(&self) -> Plan {
        plan(&self.home, &key())
    }

    /// Installs; the progress goes to `report` too, which may crash.
    pub async fn install(&self, mut report: impl FnMut(&Progress) + Send) -> Option<Result<(), Failure>> {
        self.install_as(&self.plan(), &key(), &mut report).await
    }

    pub async fn install_as(
        &self,
        plan: &Plan,
        key: &MasterKey,
        mut report: impl FnMut(&Progress) + Send,
    ) -> Option<Result<(), Failure>> {
        let cancel = Cancel::default();
        survived(apply::install(&self.places, &self.database, plan, Some(key), &cancel, |progress| report(&progress))).await
    }

    /// Undoes; `None` when that crashed.
    pub async fn undo(&self, mut report: impl FnMut(&Progress) + Send) -> Option<bool> {
        let target = self.plan().node.target;
        survived(apply::undo(&self.places, &self.database, INSTANCE, Some(&target), |progress| report(&progress))).await
    }

    /// Goes on after a crash as the wizard does: with the sealed key, or with a new one where none was sealed.
    pub async fn resume(&self) -> (MasterKey, Result<(), Failure>) {
        let left = apply::resume(&self.places, INSTANCE).await;
        let key = match left {
            Ok(left) => left.key.unwrap_or_else(|| MasterKey::from_bytes(&[8; 32]).expect("a key")),
            // The crash came before the journal.
            Err(Failure::ReadBack { .. }) => key(),
            Err(other) => panic!("{other:?}"),
        };
        let outcome = self.install_as(&plan(&self.home, &key), &key, |_| {}).await.expect("no crash");
        (key, outcome)
    }

    /// All files under the root but the machine key, the locks and the list of departed instances, which outlive every run.
    pub fn raw_files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        walk(self.root.path(), self.root.path(), &mut files);
        let outlives =
            |path: &str| ["state/machine.key", "state/locks/", "state/departed/"].iter().any(|own| path.starts_with(own));
        files.retain(|path, _| !outlives(path));
        files
    }

    /// The same, sealed texts blotted out.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = self.raw_files();
        for text in files.values_mut() {
            *text = blotted(text);
        }
        files
    }
}

fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("under the root").to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path).expect("text"));
        }
    }
}

/// A text with every sealed value replaced by a word, and without the lines that tell a journal's times and its run.
fn blotted(text: &str) -> String {
    let text = text.replace("sealed:2:", "sealed:1:");
    let mut pieces = text.split("sealed:1:");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str("SEALED");
        out.push_str(piece.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '+' | '/' | '=')));
    }
    let lasting = |line: &&str| !["begun = ", "written = ", "run = "].iter().any(|start| line.starts_with(start));
    out.lines().filter(lasting).collect::<Vec<_>>().join("\n")
}
