//! What the tests of applying share: a plan, a scripted database, crashes, and looks at what is left.
#![allow(clippy::missing_panics_doc, dead_code, missing_docs, reason = "tests; each uses its own part")]
#![allow(clippy::allow_attributes, reason = "shared by several test programs, so an expectation would not hold in each")]

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use futures_util::FutureExt;
use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{ClusterSeen, Content, Trouble};
use octopus_setup::model::fingerprint::Fingerprint;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::master_key::{KeySize, MasterKey};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::node::{Node, ServiceAccount, Web};
use octopus_setup::model::plan::{Failure, Plan, Progress, Step, StepKind};
use octopus_setup::model::prefixes::ListenPrefix;
use octopus_setup::model::registry::{Changed, Initialised, NewCluster, RowChange, Verified};
use octopus_setup::model::server_address::ServerAddress;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::model::target::{Encryption, Target, Trust};
use octopus_setup::world::apply::{self, Cancel, ClusterDatabase, Created, Proven, Removed};
use octopus_setup::world::places::Places;
use secrecy::SecretString;

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

/// A call of the installer to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Create,
    Initialise,
    Prove,
    UndoInitialise,
    Drop,
}

/// What happens at a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    CrashBefore,
    CrashAfter,
    /// The answer never comes, and nothing happened.
    FailBefore(Trouble),
    /// The answer never comes, but it happened.
    FailAfter(Trouble),
}

/// What the scripted server has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    pub database: bool,
    pub cluster: Option<(ClusterId, Fingerprint, Vec<String>)>,
    pub foreign: bool,
}

/// A database that does as scripted, once for each entry.
#[derive(Default)]
pub struct Fake {
    pub server: Mutex<Server>,
    pub script: Mutex<Vec<(Call, Act)>>,
    /// The target of the last proof, which came from the disk.
    pub proven_with: Mutex<Option<Target>>,
}

impl Fake {
    pub fn with(call: Call, act: Act) -> Self {
        let fake = Self::default();
        fake.script.lock().unwrap().push((call, act));
        fake
    }

    pub fn server(&self) -> Server {
        self.server.lock().unwrap().clone()
    }

    async fn call<T: Send>(&self, call: Call, effect: impl FnOnce(&mut Server) -> T + Send) -> Result<T, Trouble> {
        // A real server answers later; so no step may count on being polled once.
        tokio::task::yield_now().await;
        let act = {
            let mut script = self.script.lock().unwrap();
            script.iter().position(|(at, _)| *at == call).map(|place| script.remove(place).1)
        };
        match &act {
            Some(Act::CrashBefore) => crash(),
            Some(Act::FailBefore(trouble)) => return Err(trouble.clone()),
            _ => {}
        }
        let done = effect(&mut self.server.lock().unwrap());
        match act {
            Some(Act::CrashAfter) => crash(),
            Some(Act::FailAfter(trouble)) => Err(trouble),
            _ => Ok(done),
        }
    }
}

fn content(server: &Server) -> Content {
    match &server.cluster {
        _ if server.foreign => Content::Foreign { tables: Vec::new(), count: 1 },
        None => Content::Empty,
        Some((id, fingerprint, nodes)) => Content::Cluster(ClusterSeen {
            id: *id,
            created: "2026-11-18 12:04:05Z".into(),
            created_by: "web01".into(),
            fingerprint: *fingerprint,
            nodes: nodes.iter().map(|name| name.as_str().into()).collect(),
            node_count: nodes.len() as u64,
        }),
    }
}

impl ClusterDatabase for Fake {
    async fn create_database(&self, _: &Target) -> Result<Created, Trouble> {
        self.call(
            Call::Create,
            |server| {
                if std::mem::replace(&mut server.database, true) { Created::WasThere } else { Created::Made }
            },
        )
        .await
    }

    async fn initialise(&self, _: &Target, cluster: &NewCluster) -> Result<Initialised, Trouble> {
        let cluster = cluster.clone();
        self.call(Call::Initialise, move |server| match content(server) {
            Content::Empty => {
                server.cluster = Some((cluster.id, cluster.fingerprint, vec![cluster.node.name]));
                Initialised::Made
            }
            Content::Cluster(seen) if seen.id == cluster.id => Initialised::Ours,
            Content::Cluster(seen) => Initialised::Taken(seen),
            other => Initialised::Occupied(other),
        })
        .await
    }

    async fn prove(&self, target: &Target, cluster: ClusterId, node: &str) -> Result<Proven, Trouble> {
        *self.proven_with.lock().unwrap() = Some(target.clone());
        self.call(Call::Prove, |server| match &server.cluster {
            Some((id, _, nodes)) if *id == cluster && nodes.iter().any(|name| name == node) => Proven::Member,
            Some((id, ..)) if *id == cluster => Proven::NodeMissing,
            _ => Proven::NotThere(content(server)),
        })
        .await
    }

    async fn verify(&self, _: &Target, _: &MasterKey) -> Result<Verified, Trouble> {
        Err(Trouble::Unasked)
    }

    async fn adopt(&self, _: &Target, _: &NewCluster) -> Result<Initialised, Trouble> {
        Err(Trouble::Unasked)
    }

    async fn change(&self, _: &Target, _: &RowChange) -> Result<Changed, Trouble> {
        Err(Trouble::Unasked)
    }

    async fn unchange(&self, _: &Target, _: &RowChange) -> Result<Changed, Trouble> {
        Err(Trouble::Unasked)
    }

    async fn undo_initialise(&self, _: &Target, cluster: ClusterId) -> Result<Removed, Trouble> {
        self.call(Call::UndoInitialise, |server| match &server.cluster {
            Some((id, _, nodes)) if *id == cluster && nodes.len() <= 1 => {
                server.cluster = None;
                Removed::Gone
            }
            None => Removed::Gone,
            Some(_) => Removed::Kept(content(server)),
        })
        .await
    }

    async fn drop_database(&self, _: &Target) -> Result<Removed, Trouble> {
        self.call(Call::Drop, |server| match content(server) {
            Content::Empty => {
                server.database = false;
                Removed::Gone
            }
            other => Removed::Kept(other),
        })
        .await
    }
}

pub fn key() -> MasterKey {
    MasterKey::from_bytes(&[7; 32]).expect("a key")
}

pub fn plan(home: &Path, key: &MasterKey) -> Plan {
    Plan {
        flow: Flow::FirstNode,
        before: None,
        key_unverified: false,
        node: Node {
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
                user: "octo".into(),
                password: SecretString::from("hunter2"),
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
            },
            key_size: KeySize::Aes256,
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
        survived(apply::undo(&self.places, &self.database, INSTANCE, &target, |progress| report(&progress))).await
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

    /// All files under the root but the machine key and the locks, which outlive every run, sealed texts blotted out.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        walk(self.root.path(), self.root.path(), &mut files);
        files.retain(|path, _| path != "state/machine.key" && !path.starts_with("state/locks/"));
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

/// A text with every sealed value replaced by a word, and without the lines that tell a journal's times.
fn blotted(text: &str) -> String {
    let mut pieces = text.split("sealed:1:");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str("SEALED");
        out.push_str(piece.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '+' | '/' | '=')));
    }
    let timed = |line: &&str| !line.starts_with("begun = ") && !line.starts_with("written = ");
    out.lines().filter(timed).collect::<Vec<_>>().join("\n")
}
